"""What is drawn of a text: its letters line by line, and which way they run."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from workbench.captions.files import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from workbench.timing import Word

__all__ = ["Line", "cut", "in_sight", "only", "runs", "shown", "turn"]

# Embeddings, overrides and isolates of direction turn the text that follows them around; a byte
# order mark is none of the text.
_TURNS = re.compile("[\ufeff\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_RIGHT_TO_LEFT_LANGUAGES = frozenset({"ar", "ckb", "dv", "fa", "he", "iw", "ps", "ug", "ur", "yi"})
_RIGHT, _LEFT = "\u200f", "\u200e"

Line = list[tuple[int, str]]  # pieces of text, each with the number of its word in the cue


def shown(text: str) -> str:
    """Return what is drawn of `text`: its letters, and newlines."""
    return text if text.isprintable() else _TURNS.sub("", plain(text))


def cut(lines: Iterable[Sequence[Word]], *, upper: bool = False) -> list[Line]:
    """Return what is drawn, line by line, without white space at either end of a line.

    Examples
    --------
    >>> from workbench.timing import Word
    >>> words = Word(text="One", start=0, end=1), Word(text="two.", start=1, end=2)
    >>> cut([words])
    [[(0, 'One'), (0, ' '), (1, 'two.')]]
    """
    found: list[Line] = []
    number = 0
    for words in lines:
        line: Line = []
        for word in words:
            first, *more = shown(word.text.upper() if upper else word.text).split("\n")
            line.append((number, first))
            for text in more:
                found.append(line)
                line = [(number, text)]
            if word.space:
                line.append((number, " "))
            number += 1
        found.append(line)
    return [trimmed for line in found if (trimmed := _trim(line))]


def _trim(line: Line) -> Line:
    while line and not line[0][1].strip():
        del line[0]
    while line and not line[-1][1].strip():
        del line[-1]
    if line:
        line[0] = (line[0][0], line[0][1].lstrip())
        line[-1] = (line[-1][0], line[-1][1].rstrip())
    return line


def only(lines: Iterable[Line], words: Collection[int]) -> list[Line]:
    """Return what is drawn of some words alone."""
    few = [[part for part in line if part[0] in words] for line in lines]
    return [trimmed for line in few if (trimmed := _trim(line))]


def runs(line: Line) -> list[tuple[int, str]]:
    """Return the text of each word of a line, the space after it included."""
    return [
        (word, "".join([text for _, text in run])) for word, run in groupby(line, itemgetter(0))
    ]


def turn(text: str, language: str) -> str:
    """Return the mark that makes every line of a cue run the same way; mostly none is needed.

    libass takes a line's direction from its first letter, so a Hebrew cue whose second line begins
    with a Latin name would have that line turned around.
    """
    if text.isascii():
        return ""
    kinds = list(map(unicodedata.bidirectional, text))
    if _RIGHT_TO_LEFT.isdisjoint(kinds):
        return ""
    first = next(kind for kind in kinds if kind == "L" or kind in _RIGHT_TO_LEFT)
    right = first != "L" or language.partition("-")[0].lower() in _RIGHT_TO_LEFT_LANGUAGES
    return _RIGHT if right else _LEFT


def in_sight(texts: Sequence[str], mark: str) -> list[int]:
    """Return the pieces of a line as they stand from left to right, by number.

    Parameters
    ----------
    texts
        Words and the spaces between them.
    mark
        What `turn` says of the cue.

    Examples
    --------
    >>> in_sight(["שלום", " ", "abc", " ", "def"], "\u200f")
    [2, 3, 4, 1, 0]
    """
    if not mark:
        return list(range(len(texts)))
    base = mark == _RIGHT
    ways: list[bool | None] = []  # whether each runs to the left; None for a space
    for text in texts:
        strong = [kind for c in text if (kind := unicodedata.bidirectional(c)) in {"L", "R", "AL"}]
        if strong:
            ways.append(strong[0] != "L")
        else:  # figures go with what stands before them, spaces with what is around them
            said = [way for way in ways if way is not None]
            ways.append((said[-1] if said else base) if text.strip() else None)
    for i, way in enumerate(ways):
        if way is None:
            around = {w for w in (*ways[:i][-1:], *ways[i + 1 :][:1]) if w is not None}
            ways[i] = around.pop() if len(around) == 1 else base
    order = list(range(len(texts)))
    inner = [list(run) for _, run in groupby(order, lambda i: ways[i])]
    # The runs stand in the cue's own direction, and what is in a run in the run's.
    inner = [run[::-1] if ways[run[0]] else run for run in inner]
    return [i for run in (inner[::-1] if base else inner) for i in run]
