"""What rules for numbers have in common: signs, gaps, and the words to count with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.text.tables import Noun

__all__ = ["DASH", "GAP", "SIGN", "START", "Counting", "choice", "joined"]

SIGN = r"(?P<sign>[-−])?"  # noqa: RUF001 - the sign of subtraction is meant
DASH = r"[ ]?[-–—][ ]?"  # noqa: RUF001
START = r"(?<![\w.,:/\\^#$€£¥−-])"  # noqa: RUF001
GAP = r"[ \u00a0\u202f]?"


class Counting(NamedTuple):
    """The words a language counts with."""

    currencies: Mapping[str, tuple[Noun, Noun | None]]
    scales: Mapping[str, Noun]
    units: Mapping[str, Noun]
    minus: str
    to: str
    percent: str
    permille: str
    cents: str
    """Between the whole and the cents: ``and``."""
    half: str
    """Between a number and ``½``."""


def choice(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def joined(text: str, parts: list[tuple[int, int, str]]) -> tuple[tuple[int, int, str], ...]:
    """Return the parts, those without white space between them as one."""
    kept: list[tuple[int, int, str]] = []
    for start, end, spoken in parts:
        if kept and not text[kept[-1][1] : start].strip() and kept[-1][1] < start:
            kept.append((start, end, spoken))
        elif kept:
            kept[-1] = (kept[-1][0], end, f"{kept[-1][2]} {spoken}".strip())
        else:
            kept.append((start, end, spoken))
    return tuple(kept)
