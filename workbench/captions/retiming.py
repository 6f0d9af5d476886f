"""When cues are shown: edges moved, cues shifted, stretched, laid on the words that are heard."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

from workbench.captions.chosen import Which, at_index, chosen, one_of, seconds
from workbench.captions.segment import TICK, within
from workbench.captions.typed import estimated, shared
from workbench.errors import ParameterError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.captions.cue import Cue
    from workbench.captions.cues import Cues
    from workbench.timing import Span

__all__ = ["Against", "Neighbours", "move", "shift", "snap", "stretch"]

Neighbours = Literal["stop", "roll", "push", "overlap"]
"""What an edge does that meets another cue: stop there; have that edge give way; have that cue,
and those behind it, give way whole; go over it."""

Against = Literal["refuse", "push", "overlap"]
"""What cues do that are shifted onto others: nothing, with an error; push them along; go over."""

_TOUCHING = 1e-3  # seconds: a step of most file formats
_DAY = 86_400.0


def move(
    cues: Cues,
    index: int,
    *,
    start: float | None = None,
    end: float | None = None,
    neighbours: Neighbours = "stop",
) -> Cues:
    """Return the cues with one's start or end, or both, at another time.

    Words keep their times as far as these are within the cue; estimated ones are estimated anew.

    Parameters
    ----------
    cues
        Captions.
    index
        Which, from 0; below 0 from the end.
    start, end
        Seconds; what is not given stays.
    neighbours
        What happens where another cue stands. With ``stop`` the edge goes as far as there is
        room. With ``roll`` the other's edge gives way, down to 0.02 s, and edges that touch stay
        together. With ``push`` the other gives way whole. With ``overlap`` both are shown.

    Raises
    ------
    ParameterError
        When there is no such cue, a time is none, or the cue would not last 0.02 s.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> two = insert(insert(Cues(cues=()), 0, end=1, text="One"), 2, end=3, text="two.")
    >>> for neighbours in ("stop", "roll", "push"):
    ...     print([(cue.start, cue.end) for cue in move(two, 0, end=2.5, neighbours=neighbours)])
    [(0.0, 2.0), (2.0, 3.0)]
    [(0.0, 2.5), (2.5, 3.0)]
    [(0.0, 2.5), (2.5, 3.5)]
    """
    i = at_index(cues, index)
    one_of("neighbours", neighbours, get_args(Neighbours))
    cue = cues[i]
    first = cue.start if start is None else seconds("start", start)
    last = cue.end if end is None else seconds("end", end)
    if last - first < min(TICK, cue.duration) * (1 - 1e-6):
        raise ParameterError(
            f"would last from {first:.3f} to {last:.3f} s", subject=f"caption {i + 1}",
            cure=f"leave at least {TICK:g} s between its start and its end",
        )  # fmt: skip
    found = list(cues.cues)
    if neighbours == "stop":
        before = max((c.end for c in cues.cues[:i]), default=0.0)
        after = found[i + 1].start if i + 1 < len(found) else math.inf
        # What overlaps already is no reason to move an edge the other way.
        first = max(first, min(before, cue.start))
        last = min(last, max(after, cue.end))
    elif neighbours == "roll":
        first, last = _rolled(found, i, first, last)
    elif neighbours == "push":
        first = max(first, sum(c.duration for c in found[:i]) if first < cue.start else 0.0)
        _pushed(found, i, first, last)
    found[i] = _timed(cue, first, last)
    return replace(cues, cues=tuple(sorted(found, key=lambda one: one.start)))


def _timed(cue: Cue, start: float, end: float) -> Cue:
    if (start, end) == (cue.start, cue.end):
        return cue
    if estimated(cue):
        rows = [[(word.text, word.space) for word in line] for line in cue.lines]
        rows = rows if any(text for row in rows for text, _ in row) else []
        return replace(cue, start=start, end=end, lines=shared(rows, start, end))
    return replace(cue, start=start, end=end, lines=within(cue.lines, start, end))


def _rolled(found: list[Cue], i: int, first: float, last: float) -> tuple[float, float]:
    """Move the neighbours' edges that are in the way or touch; return the edges that fit."""
    cue = found[i]
    if i + 1 < len(found):
        after = found[i + 1]
        last = min(last, max(cue.end, after.end - min(TICK, after.duration)))
        touching = abs(after.start - cue.end) < _TOUCHING
        if last > after.start or touching:
            found[i + 1] = _timed(after, last, after.end) if last < after.end else after
    if i:
        before = found[i - 1]
        first = max(first, min(cue.start, before.start + min(TICK, before.duration)))
        touching = abs(before.end - cue.start) < _TOUCHING
        if first < before.end or touching:
            found[i - 1] = _timed(before, before.start, first) if first > before.start else before
    return first, last


def _pushed(found: list[Cue], i: int, first: float, last: float) -> None:
    """Move cues that are in the way, whole, and what they would meet."""
    limit = last
    for j in range(i + 1, len(found)):
        if found[j].start >= limit:
            break
        found[j] = found[j].shift(limit - found[j].start)
        limit = found[j].end
    limit = first
    for j in range(i - 1, -1, -1):
        if found[j].end <= limit:
            break
        found[j] = found[j].shift(max(limit - found[j].end, -found[j].start))
        limit = found[j].start


def shift(cues: Cues, by: float, which: Which = None, *, against: Against = "refuse") -> Cues:
    """Return the cues with some of them, or all, earlier or later.

    Parameters
    ----------
    cues
        Captions.
    by
        Seconds; below 0 is earlier.
    which
        All when None; one index from 0, several, or a slice: ``slice(3, None)`` is from the
        fourth on.
    against
        What happens where those that move meet those that do not.

    Raises
    ------
    ParameterError
        When there is no such cue, one would begin before 0, or there is no room.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> two = insert(insert(Cues(cues=()), 0, end=1, text="One"), 2, end=3, text="two.")
    >>> [cue.start for cue in shift(two, 0.5)], [cue.start for cue in shift(two, 0.5, 1)]
    ([0.5, 2.5], [0.0, 2.5])
    >>> shift(two, 1.5, 0)
    Traceback (most recent call last):
    workbench.errors.ParameterError: caption 1: would stand over caption 2; shift by 1.000 s at \
most, or with against='push'
    """
    seconds("by", by, least=-_DAY)
    one_of("against", against, get_args(Against))
    moving = set(chosen(cues, which))
    if not moving or not by:
        return cues
    earliest = min(cues[i].start for i in moving)
    if earliest + by < 0:
        raise ParameterError(
            f"would begin before 0, at {earliest + by:.3f} s", subject=f"caption {min(moving) + 1}",
            cure=f"shift by {-earliest:.3f} s at most",
        )  # fmt: skip
    if against == "refuse":
        _check_room(cues, by, moving)
    if against == "push":
        found = _pushing(cues.cues, by, moving)
    else:
        found = [cue.shift(by) if i in moving else cue for i, cue in enumerate(cues)]
    return replace(cues, cues=tuple(sorted(found, key=lambda one: one.start)))


def _check_room(cues: Cues, by: float, moving: set[int]) -> None:
    """Refuse where a cue that moves would come to stand over one that stays."""
    for i in sorted(moving):
        j = i + 1 if by > 0 else i - 1
        if j in moving or not 0 <= j < len(cues):
            continue
        near, far = (cues[i], cues[j]) if by > 0 else (cues[j], cues[i])
        room = max(0.0, far.start - near.end)
        if abs(by) > room + 1e-9:
            most = math.copysign(room, by)
            raise ParameterError(
                f"would stand over caption {j + 1}", subject=f"caption {i + 1}",
                cure=f"shift by {most:.3f} s at most, or with against='push'",
            )  # fmt: skip


def _pushing(cues: Sequence[Cue], by: float, moving: set[int]) -> list[Cue]:
    found = list(cues)
    if by > 0:
        limit = 0.0
        for i in range(min(moving), len(found)):
            wanted = found[i].start + (by if i in moving else 0)
            found[i] = found[i].shift(max(wanted, limit) - found[i].start)
            limit = found[i].end
        return found
    limit = math.inf
    for i in range(max(moving), -1, -1):
        wanted = found[i].end + (by if i in moving else 0)
        step = min(wanted, limit) - found[i].end
        if found[i].start + step < 0:
            raise ParameterError("would be pushed to before 0", subject=f"caption {i + 1}")
        found[i] = found[i].shift(step)
        limit = found[i].start
    return found


def stretch(
    cues: Cues, first: tuple[float, float], second: tuple[float, float], which: Which = None
) -> Cues:
    """Return the cues laid on other media by two points: all times between follow in proportion.

    This sets right what was made for another frame rate, or for a recording with another start.

    Parameters
    ----------
    cues
        Captions.
    first, second
        A time in seconds now, and where it belongs.
    which
        As in `shift`.

    Raises
    ------
    ParameterError
        When the points are one, would turn time around, or put a cue before 0.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> two = insert(insert(Cues(cues=()), 0, end=1, text="One"), 2, end=3, text="two.")
    >>> [(cue.start, cue.end) for cue in stretch(two, (0, 1), (2, 5))]
    [(1.0, 3.0), (5.0, 7.0)]
    """
    (a, to_a), (b, to_b) = (_point(n, p) for n, p in (("first", first), ("second", second)))
    if abs(b - a) < TICK or (to_b - to_a) / (b - a) <= 0:
        raise ParameterError(
            "must be two times, whose places are in the same order", subject="second"
        )
    factor = (to_b - to_a) / (b - a)

    def there(time: float) -> float:
        return to_a + (time - a) * factor

    found = list(cues.cues)
    for i in chosen(cues, which):
        cue = found[i]
        if there(cue.start) < 0:
            raise ParameterError(
                f"would begin before 0, at {there(cue.start):.3f} s", subject=f"caption {i + 1}"
            )
        lines = tuple(
            tuple(
                replace(w, start=max(0.0, there(w.start)), end=max(0.0, there(w.end))) for w in line
            )
            for line in cue.lines
        )
        found[i] = replace(cue, start=there(cue.start), end=there(cue.end), lines=lines)
    return replace(cues, cues=tuple(sorted(found, key=lambda one: one.start)))


def _point(name: str, point: object) -> tuple[float, float]:
    if not isinstance(point, tuple | list) or len(point) != 2:  # noqa: PLR2004 - a pair
        raise ParameterError(f"must be two times, not {shown(point)}", subject=name)
    now, there = point
    return seconds(name, now), seconds(name, there)


def snap(cues: Cues, index: int, words: Iterable[Span], *, reach: float = 0.5) -> Cues:
    """Return the cues with one laid on what is heard: from a word's start to a word's end.

    Parameters
    ----------
    cues
        Captions.
    index
        Which, from 0; below 0 from the end.
    words
        What is heard, as of a `Take`; or any spans, such as those between silences.
    reach
        The most seconds that an edge moves.

    Raises
    ------
    ParameterError
        When there is no such cue, or nothing begins or ends within reach.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> from workbench.timing import Span
    >>> one = insert(Cues(cues=()), 0.1, end=1, text="One")
    >>> [(cue.start, cue.end) for cue in snap(one, 0, [Span(start=0.25, end=0.9)])]
    [(0.25, 0.9)]
    """
    i = at_index(cues, index)
    most = seconds("reach", reach)
    cue, heard = cues[i], list(words)
    start = min((w.start for w in heard), key=lambda t: abs(t - cue.start), default=math.inf)
    end = min((w.end for w in heard), key=lambda t: abs(t - cue.end), default=math.inf)
    near, far = abs(start - cue.start) <= most, abs(end - cue.end) <= most
    if not near and not far:
        raise ParameterError(
            f"nothing begins or ends within {most:g} s of it", subject=f"caption {i + 1}"
        )
    return move(cues, i, start=start if near else None, end=end if far else None)
