"""What the beginning of a help says: ``0.5..2 x, how fast``, or ``.txt or .md, the script``."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Range", "read_range", "read_suffixes"]

_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})?\.\.(?P<high>{_NUMBER})?(?![.\w])(?P<rest>.*)", re.DOTALL)
_UNIT = re.compile(r"\s+(?P<unit>[^\s,;]{1,16})\s*(?:[,;]\s*(?P<help>.*))?", re.DOTALL)
_SUFFIX = re.compile(r"(?<!\S)\.[a-z]\w{0,15}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Range:
    """From where to where a number may go, and what it counts.

    Parameters
    ----------
    minimum, maximum
        Both may be taken; None for no end.
    unit
        Such as ``dB``.
    help
        What the comment says besides.
    """

    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    help: str = ""

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.minimum is None:
            return f"at most {self.maximum:.12g}{unit}" if self.maximum is not None else ""
        if self.maximum is None:
            return f"at least {self.minimum:.12g}{unit}"
        return f"{self.minimum:.12g} to {self.maximum:.12g}{unit}"

    def holds(self, value: float) -> bool:
        """Whether a number is in the range."""
        low = self.minimum is None or value >= self.minimum
        return low and (self.maximum is None or value <= self.maximum)


def read_range(comment: str) -> Range:
    """Return what a comment says; one that does not begin with a range is all help.

    Raises
    ------
    ValueError
        When the range is empty.

    Examples
    --------
    >>> read_range("0.5..2 x, how fast")
    Range(minimum=0.5, maximum=2.0, unit='x', help='how fast')
    >>> read_range("1.., takes of each line").minimum
    1.0
    >>> read_range("... and so on").help
    '... and so on'
    """
    found = _RANGE.fullmatch(comment)
    if not found or (found["low"] is None and found["high"] is None):
        return Range(help=comment)
    low, high = (None if found[end] is None else float(found[end]) for end in ("low", "high"))
    if low is not None and high is not None and low > high:
        raise ValueError(f"the range {found['low']}..{found['high']} is empty")
    rest = found["rest"]
    measured = _UNIT.fullmatch(rest)
    if measured:
        told = measured["help"] or ""
        return Range(minimum=low, maximum=high, unit=measured["unit"], help=told.strip())
    return Range(minimum=low, maximum=high, help=rest.lstrip(" ,;:").strip())


def read_suffixes(comment: str) -> tuple[str, ...]:
    """Return the suffixes of files that a comment names; none where it does not begin with one.

    Examples
    --------
    >>> read_suffixes(".wav or .MP3; with a video .mp4"), read_suffixes("a .txt file")
    (('.wav', '.mp3', '.mp4'), ())
    """
    if not _SUFFIX.match(comment):
        return ()
    return tuple(dict.fromkeys(found.lower() for found in _SUFFIX.findall(comment)))
