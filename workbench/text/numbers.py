"""Numbers as they are written, and what a language needs to say them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from workbench.text.tables import Noun

__all__ = ["LONGEST", "NUMBER", "Grammar", "Numeral", "numeral", "spell"]

NUMBER = (
    r"(?:[0-9]{1,3}(?:[\u00a0\u202f\u2009][0-9]{3})++(?:[.,][0-9]++)?|[0-9]++(?:[.,][0-9]++)*+)"
)
"""A number with its points and commas; thousands may be set apart by no-break and thin spaces."""
LONGEST = 15
"""Digits before the point from which on a number is read digit by digit."""

_SPACES = str.maketrans("", "", "\u00a0\u202f\u2009")
_GROUP = 3


class Numeral(NamedTuple):
    """A number taken apart: the digits before and after the point, and the point itself."""

    whole: str
    fraction: str = ""
    mark: str = "."

    @property
    def value(self) -> int:
        """The part before the point; of a number too long to be counted, its first digits."""
        return int(self.whole[: LONGEST + 1])

    @property
    def single(self) -> bool:
        """Whether it is exactly one."""
        return self.value == 1 and not self.fraction

    @property
    def coded(self) -> bool:
        """Whether it names rather than counts: ``007``, or too long to be counted."""
        long = len(self.whole) > LONGEST
        return long or (len(self.whole) > 1 and self.whole[0] == "0" and not self.fraction)


def numeral(text: str, *, decimal: str, lenient: bool = False) -> Numeral | None:
    """Return the number that `text` writes, or None where it is not understood.

    One mark with three digits after it is a matter of place: ``1.234`` is 1234 where the comma is
    the decimal mark. Everything else can be told from the number itself, except ``1,2`` where the
    point is the decimal mark: it may be two numbers.

    Parameters
    ----------
    text
        Digits, points and commas, as `NUMBER` finds them.
    decimal
        The decimal mark of the place, ``.`` or ``,``.
    lenient
        Whether ``25,50`` is a number where the point is the decimal mark, as beside ``€``.

    Examples
    --------
    >>> numeral("1,234.50", decimal=".")
    Numeral(whole='1234', fraction='50', mark='.')
    >>> numeral("1.234", decimal=",").value, numeral("1.234", decimal=".").fraction
    (1234, '234')
    >>> numeral("2.0.1", decimal=".")
    """
    text = text.translate(_SPACES)
    parts = re.split("[.,]", text)
    marks = re.findall("[.,]", text)
    grouped = all(len(part) == _GROUP for part in parts[1:]) and _head(parts[0])
    whole = len(set(marks)) < 2 and (grouped or not marks)  # noqa: PLR2004 - 1.234.567
    if whole and (len(marks) != 1 or marks[0] != decimal):
        return Numeral("".join(parts))
    if len(marks) == 1:
        doubtful = marks[0] == "," and decimal == "." and not lenient
        return None if doubtful else Numeral(parts[0], parts[1], marks[0])
    # 1,234.5: thousands, and then the other mark once.
    inner = all(len(part) == _GROUP for part in parts[1:-1]) and _head(parts[0])
    if len(set(marks)) == 2 and marks.count(marks[-1]) == 1 and inner:  # noqa: PLR2004
        return Numeral("".join(parts[:-1]), parts[-1], marks[-1])
    return None


def _head(digits: str) -> bool:
    """Whether digits may stand before a group of three."""
    return len(digits) <= _GROUP and digits[0] != "0"


@lru_cache(maxsize=4096)
def spell(value: int, language: str, to: str = "cardinal") -> str:
    """Return what num2words makes of a whole number; empty where it cannot.

    Parameters
    ----------
    value
        Any whole number.
    language
        A language of num2words, such as ``en`` or ``pt_BR``.
    to
        ``cardinal``, ``ordinal`` or ``year``.

    Examples
    --------
    >>> spell(42, "fr"), spell(42, "tlh")
    ('quarante-deux', '')
    """
    from num2words import num2words  # a hundred modules: only when there is a number to say

    try:
        return str(num2words(value, lang=language, to=to))
    except (NotImplementedError, OverflowError, ValueError, TypeError, KeyError, IndexError):
        return ""


class Grammar(ABC):
    """How a language says numbers; `workbench.text.english` and `workbench.text.spanish` are two.

    Parameters
    ----------
    language
        The BCP 47 tag; its region decides about points, dates and the like.
    """

    primary: ClassVar[str]
    """The language without its region."""
    names: ClassVar[dict[str, str]]
    """How single letters and signs are called: the digits, ``@``, ``/`` …"""
    signs: ClassVar[dict[str, str]]
    """How signs between words and numbers are said: ``&``, ``+``, ``−`` …"""  # noqa: RUF001
    decimal: str
    """The decimal mark."""
    month_first: bool
    """Whether ``2/3/2026`` is the third of February."""

    def __init__(self, language: str) -> None:
        self.language = language.lower()
        self.region = self.language.partition("-")[2]

    @abstractmethod
    def cardinal(self, value: int, *, feminine: bool = False, before: bool = False) -> str:
        """Return a whole number in words; `before` a noun it may be shorter (``un``)."""

    @abstractmethod
    def ordinal(self, value: int, *, feminine: bool = False) -> str:
        """Return ``third`` for 3."""

    @abstractmethod
    def year(self, value: int) -> str:
        """Return the name of a year."""

    @abstractmethod
    def number(self, number: Numeral, *, feminine: bool = False, before: bool = False) -> str:
        """Return a number in words, whatever is behind the point included."""

    @abstractmethod
    def counted(self, number: Numeral, noun: Noun) -> tuple[str, str]:
        """Return the number and the noun as they stand together: ``one``, ``metre``."""

    def gender(self, text: str, place: int, *, one: bool = False) -> str:  # noqa: ARG002
        """Return ``f`` or ``m`` for the noun behind a number, empty where it does not matter."""
        return ""

    def read(self, text: str, *, lenient: bool = False) -> Numeral | None:
        """Return the number that `text` writes in this place, see `numeral`."""
        return numeral(text, decimal=self.decimal, lenient=lenient)

    def digits(self, text: str) -> str:
        """Return digits one by one; other letters are left out.

        Examples
        --------
        >>> from workbench.text.english import English
        >>> English("en").digits("007")
        'zero zero seven'
        """
        return " ".join(self.names[char] for char in text if char in self.names and char.isdigit())
