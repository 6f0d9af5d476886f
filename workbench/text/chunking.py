"""A text in pieces that an engine can take: sentences, and chunks within a limit.

No letter is lost: the pieces, joined, are the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from workbench.errors import ParameterError
from workbench.script import tokenize
from workbench.text.letters import units
from workbench.text.sentences import ends_clause, ends_sentence, leads_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.script import Token

__all__ = ["chunks", "sentences"]

# The number of a list, which stands before its sentence: 1. or 2) or (a).
_LISTED = re.compile(r"\(?(?:[0-9]{1,3}|[A-Za-z])[.)]")
_ITEM = re.compile(r"[-–—•*·▪]|\(?(?:[0-9]{1,3}|[A-Za-z])[.)]")  # noqa: RUF001 - dashes of lists
# Punctuation alone belongs to the word before it, also where it opens a line of its own.
_BULLET = re.compile(r"\n\s*([-–—•*·▪]+)$")  # noqa: RUF001
_PARAGRAPH = re.compile(r"\n\s*\n|\u2029")
# Languages in which a full stop makes an ordinal of a number: German "am 3. Oktober".
_ORDINAL_STOPS = frozenset("de da nb nn no fi cs sk pl hu et lv sl hr sr bs is tr".split())  # noqa: SIM905
_ORDINAL = re.compile(r"[0-9]{1,2}\.")
_GREEK_QUESTION = ";\u037e"  # Greek asks with the sign that is a semicolon elsewhere
# A cut that is not the end of a sentence should leave this part of the limit before it.
_WORTHWHILE = 0.25
_LATE = 0.5
# So many times as long as what was too long is too long, however dense its letters are.
_HOPELESS = 4
_TRIED = 8  # places of a kind, the most even first


def sentences(text: str, language: str = "") -> tuple[str, ...]:
    r"""Return the sentences of `text`, white space kept after each; joined, they are the text.

    Parameters
    ----------
    text
        Any text. An empty line and the items of a list end a sentence, other line breaks do not.
    language
        A BCP 47 tag; it decides about ``3. Oktober`` and the Greek question mark. The other rules
        are those of `workbench.text.sentences`, the same in every language.

    Examples
    --------
    >>> sentences("Stop. Go now. Dr. Smith paid 3.5 on example.com/a.b at once.")
    ('Stop. ', 'Go now. ', 'Dr. Smith paid 3.5 on example.com/a.b at once.')
    >>> sentences("¿Sí? «No.» 你好。世界。", "es")
    ('¿Sí? ', '«No.» ', '你好。', '世界。')
    """
    ends = _Cuts(text, language).sentences
    return tuple(text[a:b] for a, b in pairwise([0, *ends]))


def chunks(
    text: str,
    *,
    limit: float,
    measure: Callable[[str], float] = len,
    language: str = "",
    least: float = 0,
) -> tuple[str, ...]:
    """Return `text` in pieces within a limit; joined, they are the text.

    A piece ends with a sentence if it can, else with a clause, else with a word (rather not an
    article or a title), and inside a word only when the word alone is beyond the limit: then
    between two letters with their marks, and inside such a letter only if it, too, is beyond.

    Parameters
    ----------
    text
        Any text.
    limit
        The largest measure of a piece, above 0. Only a single code point may be beyond it.
    measure
        What is counted, given a piece without white space around it: letters by default, an
        engine's own phonemes or a number of seconds. Called O(log n) times for each piece.
    language
        A BCP 47 tag, see `sentences`.
    least
        Pieces below this measure are joined to a neighbour, or take some words from it, where the
        limit allows it: engines stumble over very short texts.

    Raises
    ------
    ParameterError
        When the limit is not above 0, or `least` is above half the limit.

    Examples
    --------
    >>> chunks("One, two. Three four five six.", limit=12)
    ('One, two. ', 'Three four ', 'five six.')
    >>> chunks("No. " + "x" * 10, limit=6)
    ('No. ', 'xxxxxx', 'xxxx')
    """
    if not limit > 0:
        raise ParameterError(f"must be above 0, not {limit!r}", subject="limit")
    if not 0 <= least <= limit / 2:
        raise ParameterError(f"must be 0 to half the limit, not {least!r}", subject="least")
    cuts = _Cuts(text, language)
    edges = [0]
    fits = _Fits(text, limit, measure)
    while edges[-1] < len(text):
        edges.append(_next(cuts, edges[-1], limit, fits))
    if least:
        edges = _without_crumbs(cuts, edges, fits, least)
    return tuple(text[a:b] for a, b in pairwise(edges))


class _Cuts:
    """Where a text may be cut, from the best places to the worst; each found when needed.

    A place is the position of the letter after the cut, never of white space; the end of the text
    is a place of every kind.
    """

    def __init__(self, text: str, language: str) -> None:
        self.text = text
        self.primary = language.lower().partition("-")[0]

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return tokenize(self.text)

    def _after(self, ending: Callable[[Token, Token], bool]) -> list[int]:
        found = []
        for a, b in pairwise(self.tokens):
            if bullet := _BULLET.search(a.text):
                ending(a, b)
                found.append(a.start + bullet.start(1))
            elif ending(a, b):
                found.append(b.start)
        return [*found, len(self.text)] if self.text else []

    @cached_property
    def sentences(self) -> list[int]:
        first: Token | None = None  # of the sentence

        def ends(token: Token, after: Token) -> bool:
            nonlocal first
            first = first or token
            ended = self._ends(token, after, alone=token is first)
            if ended:
                first = None
            return ended

        return self._after(ends)

    def _ends(self, token: Token, after: Token, *, alone: bool) -> bool:
        between = self.text[token.end : after.start]
        if _BULLET.search(token.text):
            return True
        if _PARAGRAPH.search(between) or ("\n" in between and _ITEM.match(after.text)):
            return True
        if alone and _LISTED.fullmatch(token.text):
            return False
        if self.primary in _ORDINAL_STOPS and _ORDINAL.fullmatch(token.text):
            return False
        if self.primary == "el" and token.text[-1] in _GREEK_QUESTION:
            return True
        return ends_sentence(token.text, after.text)

    @cached_property
    def clauses(self) -> list[int]:
        return self._after(lambda token, _: ends_clause(token.text))

    @cached_property
    def phrases(self) -> list[int]:
        return self._after(lambda token, _: not leads_on(token.text))

    @cached_property
    def words(self) -> list[int]:
        return self._after(lambda *_: True)

    @cached_property
    def letters(self) -> list[int]:
        return self._within(units(self.text))

    @cached_property
    def codes(self) -> list[int]:
        return self._within(list(self.text))

    def _within(self, pieces: Sequence[str]) -> list[int]:
        found, place, seen = [], 0, False
        for piece in pieces:
            if seen and not piece[0].isspace():
                found.append(place)
            seen = seen or not piece.isspace()
            place += len(piece)
        return [*found, place]

    def levels(self) -> tuple[tuple[str, float], ...]:
        """Return the kinds of places, and what part of the limit each must at least fill."""
        return (
            ("sentences", 0.0),
            ("clauses", _WORTHWHILE),
            ("phrases", _LATE),
            ("words", 0.0),
            ("letters", 0.0),
            ("codes", 0.0),
        )


class _Fits:
    """Whether a stretch of the text is within the limit, measured only where that is in doubt."""

    def __init__(self, text: str, limit: float, measure: Callable[[str], float]) -> None:
        self.text, self.limit, self.measure = text, limit, measure
        self._over = len(text)  # letters of the shortest stretch that was beyond the limit

    def size(self, start: int, end: int) -> float:
        return self.measure(self.text[start:end].strip())

    def __call__(self, start: int, end: int) -> bool:
        if end - start > _HOPELESS * self._over:
            return False
        fits = self.size(start, end) <= self.limit
        if not fits:
            self._over = min(self._over, end - start)
        return fits


def _next(cuts: _Cuts, start: int, limit: float, fits: _Fits) -> int:
    """Return where the piece that begins at `start` ends."""
    places: list[int] = []
    for level, part in cuts.levels():
        places = getattr(cuts, level)
        first = low = bisect_right(places, start)
        # Gallop, then halve: a measure may cost as much as its text is long.
        step, high = 1, len(places)
        while low < high:
            probe = min(low + step - 1, high - 1)
            if fits(start, places[probe]):
                low, step = probe + 1, step * 2
            else:
                high, step = probe, max(1, (probe - low) // 2)
        if low == first:
            continue
        end = places[low - 1]
        if not part or fits.size(start, end) >= part * limit:
            return end
    return places[bisect_right(places, start)]


def _without_crumbs(cuts: _Cuts, edges: list[int], fits: _Fits, least: float) -> list[int]:
    """Return the edges with pieces below `least` joined to a neighbour, or evened out with it."""
    kept = [edges[0]]
    for index, end in enumerate(edges[1:], start=1):
        kept.append(end)
        if len(kept) < 3:  # noqa: PLR2004 - two pieces have three edges
            continue
        start, middle = kept[-3:-1]
        small = fits.size(start, middle) < least, fits.size(middle, end) < least
        if not any(small):
            continue
        if fits(start, end):
            del kept[-2]
        elif small[0] or index == len(edges) - 1:  # else the next piece may take it
            kept[-2] = _even(cuts, (start, middle, end), fits, least)
    return kept


def _even(cuts: _Cuts, edges: tuple[int, int, int], fits: _Fits, least: float) -> int:
    """Return the place between two pieces that lets both be of a good size, or the old one."""
    start, middle, end = edges
    centre = (start + end) / 2
    for level, _ in cuts.levels()[:4]:
        places = getattr(cuts, level)
        inside = places[bisect_right(places, start) : bisect_right(places, end - 1)]
        for place in sorted(inside, key=lambda place: abs(place - centre))[:_TRIED]:
            sizes = fits.size(start, place), fits.size(place, end)
            if least <= min(sizes) and max(sizes) <= fits.limit:
                return int(place)
    return middle
