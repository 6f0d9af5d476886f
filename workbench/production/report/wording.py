"""Numbers and texts of a report, for people."""

from __future__ import annotations

from html import escape

from workbench.errors import one_line

__all__ = ["counted", "in_line", "lasting", "said", "sized"]

_MINUTE, _HOUR, _KILO = 60.0, 3600.0, 1000.0
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
    ['12 B', '1.2 kB', '12.3 MB']
    """
    if size is None:
        return ""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < _KILO:
            break
        value, unit = value / _KILO, larger
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"


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
