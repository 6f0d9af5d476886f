"""Changes to a text, and which of its letters became which."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Change", "Course", "Draft", "Found", "applied", "composed"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A stretch of a text that is spoken otherwise than it is written.

    Parameters
    ----------
    start, end
        Where it stands in the original, in letters, ``start < end``.
    original
        ``text[start:end]``.
    spoken
        What takes its place; empty for what is left out.
    rule
        The name of the rule, see `workbench.text.normalize.RULES`.
    """

    start: int
    end: int
    original: str
    spoken: str
    rule: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return dict(vars(self))


class Found(NamedTuple):
    """What a rule found: a stretch that no later rule may touch, and its parts to be replaced."""

    start: int
    end: int
    parts: tuple[tuple[int, int, str], ...]


class Draft:
    """A text while rules go over it: what one of them has taken, no other gets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._changes: list[Change] = []
        self._taken = bytearray(len(text))

    def add(self, found: Found, rule: str) -> bool:
        """Take what was found, unless a part of it is taken already."""
        if self._taken.find(1, found.start, found.end) >= 0:
            return False
        self._taken[found.start : found.end] = b"\1" * (found.end - found.start)
        for start, end, spoken in found.parts:
            original = self.text[start:end]
            if spoken != original:
                change = Change(start=start, end=end, original=original, spoken=spoken, rule=rule)
                self._changes.append(change)
        return True

    def extend(self, found: Iterable[Found], rule: str) -> None:
        """Take all that was found and is free."""
        for one in found:
            self.add(one, rule)

    def protect(self, start: int, end: int) -> None:
        """Keep a stretch as it is."""
        self.add(Found(start, end, ()), "")

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes in the order of the text."""
        return tuple(sorted(self._changes, key=lambda change: change.start))


def applied(text: str, changes: Iterable[Change]) -> str:
    """Return `text` with its changes made.

    Examples
    --------
    >>> applied("5 kg", [Change(start=0, end=1, original="5", spoken="five", rule="numbers")])
    'five kg'
    """
    parts, place = [], 0
    for change in changes:
        parts += [text[place : change.start], change.spoken]
        place = change.end
    return "".join([*parts, text[place:]])


class Course:
    """The way from positions in the original to positions in what is spoken.

    Inside a change it is proportional, so results are fractions.
    """

    def __init__(self, text: str, changes: Sequence[Change]) -> None:
        self._from, self._to = [0], [0]
        for change in changes:
            self._step(change.start, self._to[-1] + change.start - self._from[-1])
            self._step(change.end, self._to[-1] + len(change.spoken))
        self._step(len(text), self._to[-1] + len(text) - self._from[-1])

    def _step(self, here: int, there: int) -> None:
        self._from.append(here)
        self._to.append(there)

    def __call__(self, place: int) -> float:
        """Return where the position `place` of the original lies in what is spoken."""
        index = min(bisect_right(self._from, place), len(self._from) - 1)
        a, b = self._from[index - 1], self._from[index]
        if a == b:
            return float(self._to[index])
        c, d = self._to[index - 1], self._to[index]
        return c + (place - a) / (b - a) * (d - c)


def composed(text: str, first: Sequence[Change], second: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes that do at once what `first`, and then `second` to its result, do.

    Parameters
    ----------
    text
        The original.
    first
        Changes to it.
    second
        Changes to what `first` made of it. One that touches a change of `first` takes it in.
    """
    if not first or not second:
        return tuple(first or second)
    between = applied(text, first)
    # For each change of `first`, where it stands in the text between.
    spans, offset = [], 0
    for change in first:
        start = change.start + offset
        spans.append((start, start + len(change.spoken)))
        offset += len(change.spoken) - (change.end - change.start)
    whole = [*_groups(spans, second), (len(spans), len(second))]
    found: list[Change] = []
    for (one, other), (one_end, other_end) in pairwise(whole):
        inner, outer = list(range(one, one_end)), second[other:other_end]
        if not outer:
            found += [first[i] for i in inner]
            continue
        start = min([outer[0].start, *(spans[i][0] for i in inner)])
        end = max([outer[-1].end, *(spans[i][1] for i in inner)])
        if inner:
            a = first[inner[0]].start - (spans[inner[0]][0] - start)
            b = first[inner[-1]].end + (end - spans[inner[-1]][1])
        else:
            shift = first[one - 1].end - spans[one - 1][1] if one else 0
            a, b = start + shift, end + shift
        parts, place = [], start
        for change in outer:
            parts += [between[place : change.start], change.spoken]
            place = change.end
        spoken = "".join([*parts, between[place:end]])
        if spoken != text[a:b]:
            found.append(
                Change(start=a, end=b, original=text[a:b], spoken=spoken, rule=outer[0].rule)
            )
    return tuple(found)


def _groups(spans: Sequence[tuple[int, int]], second: Sequence[Change]) -> list[tuple[int, int]]:
    """Return the first of each kind for every group of changes that have letters in common."""
    starts: list[tuple[int, int]] = []
    one = other = 0
    while one < len(spans) or other < len(second):
        starts.append((one, other))
        # The stretch of the group so far; what lies strictly inside it, or across its edge, joins.
        if other == len(second) or (one < len(spans) and spans[one][0] <= second[other].start):
            low, high = spans[one]
            one += 1
        else:
            low, high = second[other].start, second[other].end
            other += 1
        joined = low < high
        while joined:
            joined = False
            while one < len(spans) and spans[one][0] < high and _crosses(spans[one], low, high):
                high = max(high, spans[one][1])
                one, joined = one + 1, True
            while other < len(second) and second[other].start < high:
                high = max(high, second[other].end)
                other, joined = other + 1, True
    return starts


def _crosses(span: tuple[int, int], low: int, high: int) -> bool:
    start, end = span
    return low < start < high if start == end else start < high and end > low
