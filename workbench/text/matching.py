"""Which words of one text are which words of another."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from workbench.text.compare import likeness

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Match", "matches"]

# Words in a row that occur once in both texts: the longest first, as they err least.
_RUNS = (5, 4, 3, 2, 1)
# Cells of a table of dynamic programming; a larger one is searched along its diagonal only.
_CELLS = 60_000
# Words less alike than this are different words; two for one have to be nearly the same.
_ALIKE = 0.6
_MERGED = 0.8
_SKIP = -0.45
_NEVER = -9.0
_SHORT = 3  # letters: "un" and "una" are not one word misheard


class Match(NamedTuple):
    """Words of the first text and the words of the second that they are; one or two of each."""

    first: int
    first_end: int
    second: int
    second_end: int


def matches(first: Sequence[str], second: Sequence[str]) -> list[Match]:
    """Return the words that two texts have in common, in order and apart.

    Parameters
    ----------
    first, second
        Folded words, see `workbench.text.compare.fold`.

    Returns
    -------
    list of Match
        Words that are the same or alike; two may be one ("note book").

    Examples
    --------
    >>> [tuple(m) for m in matches(["my", "notebook", "is", "red"], ["my", "note", "book", "red"])]
    [(0, 1, 0, 1), (1, 2, 1, 3), (3, 4, 3, 4)]
    """
    found: list[Match] = []
    waiting = [(0, len(first), 0, len(second), 0)]
    while waiting:
        a, a_end, b, b_end, run = waiting.pop()
        while a < a_end and b < b_end and first[a] == second[b]:
            found.append(Match(a, a + 1, b, b + 1))
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and first[a_end - 1] == second[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
            found.append(Match(a_end, a_end + 1, b_end, b_end + 1))
        if a == a_end or b == b_end:
            continue
        small = (a_end - a) * (b_end - b) <= _CELLS // 20
        anchors: list[tuple[int, int]] = []
        while not small and run < len(_RUNS) and not anchors:
            anchors = _anchors(first[a:a_end], second[b:b_end], _RUNS[run])
            run += not anchors
        if not anchors:
            stretch = _table(first[a:a_end], second[b:b_end])
            found += [
                Match(m.first + a, m.first_end + a, m.second + b, m.second_end + b) for m in stretch
            ]
            continue
        # Each anchor begins a stretch; its equal words are taken off at the start of it.
        edges = [(a, b), *((a + i, b + j) for i, j in anchors), (a_end, b_end)]
        for (i, j), (k, m) in pairwise(edges):
            if i < k and j < m:
                waiting.append((i, k, j, m, run))
    return sorted(found)


def _anchors(first: Sequence[str], second: Sequence[str], run: int) -> list[tuple[int, int]]:
    """Return places in both where `run` words begin that occur once in each, rising in both."""
    if min(len(first), len(second)) < run:
        return []
    ours = [tuple(first[i : i + run]) for i in range(len(first) - run + 1)]
    theirs = [tuple(second[i : i + run]) for i in range(len(second) - run + 1)]
    once, again = Counter(ours), Counter(theirs)
    places = {words: i for i, words in enumerate(theirs) if again[words] == 1}
    pairs = [(i, places[w]) for i, w in enumerate(ours) if once[w] == 1 and w in places]
    return _rising(pairs)


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part of the pairs that rises in both (patience sorting)."""
    tops: list[int] = []
    heads: list[int] = []
    before: list[int] = []
    for index, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        before.append(heads[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(place)
            heads.append(index)
        else:
            tops[pile], heads[pile] = place, index
    kept: list[tuple[int, int]] = []
    index = heads[-1] if heads else -1
    while index >= 0:
        kept.append(pairs[index])
        index = before[index]
    return kept[::-1]


# Steps through the table: words of the first text, and of the second.
_STEPS = ((1, 1), (1, 0), (0, 1), (1, 2), (2, 1), (1, 3), (3, 1))


def _table(first: Sequence[str], second: Sequence[str]) -> list[Match]:
    """Return the best matches of two stretches, by dynamic programming."""
    rows, columns = len(first), len(second)
    reach = max(columns, 1) if rows * columns <= _CELLS else max(_CELLS // rows // 2, 8)
    score: list[dict[int, float]] = [{0: 0.0}]
    steps: list[dict[int, int]] = [{}]
    for i in range(rows + 1):
        middle = i * columns // rows
        low, high = max(0, middle - reach), min(columns, middle + reach)
        if i:
            score.append({})
            steps.append({})
        here, came = score[i], steps[i]
        for j in range(low, high + 1):
            best, step = (here[0], -1) if not i and not j else (-1e9, -1)
            for number, (di, dj) in enumerate(_STEPS):
                if di > i or dj > j:
                    continue
                base = score[i - di].get(j - dj)
                if base is None or base < best - di - dj:
                    continue
                gain = _gain(first[i - di : i], second[j - dj : j])
                if base + gain > best:
                    best, step = base + gain, number
            if step >= 0 or (not i and not j):
                here[j], came[j] = best, step
    return _back(steps, first, second)


def _gain(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Return what it is worth that these words of the first text are those of the second."""
    if not ours or not theirs:
        return _SKIP
    if len(ours) == len(theirs):
        (one,), (other,) = ours, theirs
        if one == other:
            return 2.0
        alike = likeness(one, other)
        # Two different words in the same place are better than one too many in each text.
        return 2 * alike - 0.5 if _alike(one, other, alike) else 1.9 * _SKIP
    one, other = "".join(ours), "".join(theirs)
    if abs(len(one) - len(other)) > max(len(one), len(other)) * (1 - _MERGED):
        return _NEVER
    alike = likeness(one, other)
    return (len(ours) + len(theirs)) * alike - 0.6 if alike >= _MERGED else _NEVER


def _alike(one: str, other: str, alike: float) -> bool:
    return alike >= _ALIKE and max(len(one), len(other)) > _SHORT


def _back(
    steps: Sequence[dict[int, int]], first: Sequence[str], second: Sequence[str]
) -> list[Match]:
    """Return the matches on the best way through the table."""
    found: list[Match] = []
    i, j = len(first), len(second)
    while i or j:
        di, dj = _STEPS[steps[i][j]]
        if di and dj:
            one, other = first[i - 1], second[j - 1]
            same = one == other or _alike(one, other, likeness(one, other))
            if di != dj or same:
                found.append(Match(i - di, i, j - dj, j))
        i, j = i - di, j - dj
    return found
