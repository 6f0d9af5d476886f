"""Small tables of words, written as text so that they can be read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Noun", "currencies", "nouns", "pairs", "words"]


@dataclass(frozen=True)
class Noun:
    """What is counted: one of it, several of it, and whether the word is feminine."""

    one: str
    many: str
    feminine: bool = False


def _rows(table: str, mark: str) -> list[list[str]]:
    lines = [line.strip() for line in table.splitlines() if line.strip()]
    return [[cell.strip() for cell in line.split(mark)] for line in lines]


def words(text: str) -> tuple[str, ...]:
    """Return the words between white space.

    Examples
    --------
    >>> words("one two")
    ('one', 'two')
    """
    return tuple(text.split())


def pairs(table: str) -> dict[str, str]:
    """Return what each short form stands for, from rows ``short | other = long``.

    Examples
    --------
    >>> pairs("vs. | vs = versus")
    {'vs.': 'versus', 'vs': 'versus'}
    """
    found: dict[str, str] = {}
    for line in table.splitlines():
        head, mark, long = line.strip().rpartition(" = ")
        if mark:
            found |= dict.fromkeys((short.strip() for short in head.split(" | ")), long)
    return found


def nouns(table: str) -> dict[str, Noun]:
    """Return the nouns of rows ``sign sign | one | several | feminine``.

    Several of it is one with an ``s`` unless it is said; ``_`` is a space within a sign.

    Examples
    --------
    >>> nouns("lb lbs | pound")["lbs"].many
    'pounds'
    """
    found: dict[str, Noun] = {}
    for signs, one, *rest in _rows(table, "|"):
        noun = Noun(one, rest[0] if rest else f"{one}s", "feminine" in rest)
        found |= {sign.replace("_", " "): noun for sign in signs.split()}
    return found


def currencies(table: str) -> dict[str, tuple[Noun, Noun | None]]:
    """Return money and its hundredth from rows ``sign | one | several | cent | cents | feminine``.

    Examples
    --------
    >>> currencies("¥ JPY | yen | yen")["¥"]
    (Noun(one='yen', many='yen', feminine=False), None)
    """
    found: dict[str, tuple[Noun, Noun | None]] = {}
    for signs, one, many, *rest in _rows(table, "|"):
        feminine = "feminine" in rest
        cents = [cell for cell in rest if cell != "feminine"]
        cent = Noun(cents[0], cents[1]) if cents else None
        found |= dict.fromkeys(signs.split(), (Noun(one, many, feminine), cent))
    return found
