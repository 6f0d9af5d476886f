"""Numbers and texts of a report, for people."""

from __future__ import annotations

from html import escape

from workbench.errors import one_line
from workbench.wording import file_size

__all__ = ["counted", "in_line", "lasting", "said", "sized"]

_MINUTE, _HOUR = 60.0, 3600.0
_FINE = 10.0  # seconds below which tenths are told


def lasting(seconds: float | None) -> str:
    """Return how long something is.

    Examples
    --------
    >>> [lasting(n) for n in (3.21, 59.6, 125, 7260)]
    ['3.2 s', '1 min', '2 min 5 s', '2 h 1 min']
    """
    if seconds is None:
        return ""
    if seconds < _FINE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = round(whole / 60)
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def sized(size: int | None) -> str:
    """Return how large something is.

    Examples
    --------
    >>> [sized(n) for n in (12, 1234, 12_345_678)]
    ['12 B', '1.23 kB', '12.3 MB']
    """
    return "" if size is None else file_size(size)


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1, "job"), counted(1200, "job")
    ('1 job', '1,200 jobs')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def said(text: str, limit: int = 300) -> str:
    """Return a text on one line as HTML, whatever it holds; what cannot be seen as an escape."""
    return escape(in_line(text, limit))


def in_line(text: str, limit: int = 300) -> str:
    """Return a text on one line; the usual one, which needs nothing done, at once."""
    return text if len(text) <= limit and text.isprintable() else one_line(text, limit=limit)
