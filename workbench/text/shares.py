"""Times for words that have none of their own, from the words around them."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["divide", "fill"]

Interval = tuple[float, float]

# A word that is not said still needs a time in which it is the one being said: so many seconds,
# as for espeak's silent words, and never more than half of what its neighbour has.
_MOMENT = 0.02
_MOST = 0.5


def divide(start: float, end: float, weights: Sequence[float]) -> list[Interval]:
    """Return the parts of a stretch of time, as long in proportion as their weights.

    Parameters
    ----------
    start, end
        Seconds, ``start < end``.
    weights
        Above 0.

    Examples
    --------
    >>> divide(1.0, 3.0, [1, 3])
    [(1.0, 1.5), (1.5, 3.0)]
    """
    whole = sum(weights)
    inner = [start + (end - start) * x / whole for x in accumulate(weights[:-1])]
    return list(pairwise([start, *inner, end]))


def fill(
    known: Sequence[Interval | None],
    weights: Sequence[float],
    *,
    end: float,
    pace: float = float("inf"),
) -> list[Interval]:
    """Return a time for every word: in order, apart, within 0 and `end`.

    Parameters
    ----------
    known
        The times of the words that have one, in order and apart; None for the others.
    weights
        How long each word is, in letters; above 0.
    end
        Seconds of sound, after the last known word or with it.
    pace
        The longest that a word without a time may last for each unit of its weight, in seconds.

    Returns
    -------
    list of tuple of float
        Known times stay as they are. Words without one share the pause they stand in; where there
        is none, the word before it (the one after it, for the first words) ends earlier.

    Examples
    --------
    >>> fill([(0.0, 1.0), None, (2.0, 3.0)], [1, 1, 1], end=3.0)
    [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    >>> fill([(0.0, 1.0), None], [1, 1], end=1.0)
    [(0.0, 0.98), (0.98, 1.0)]
    """
    times: list[Interval | None] = list(known)
    index = 0
    while index < len(times):
        if times[index] is not None:
            index += 1
            continue
        first = index
        while index < len(times) and times[index] is None:
            index += 1
        before = times[first - 1] if first else None
        after = times[index] if index < len(times) else None
        start, stop = _room(before, after, index - first, end)
        if before and start < before[1]:
            times[first - 1] = (before[0], start)
        elif after and stop > after[0]:
            times[index] = (stop, after[1])
        part = weights[first:index]
        longest = pace * sum(part)
        if stop - start > longest:
            start, stop = (
                (start, start + longest) if before or not after else (stop - longest, stop)
            )
        times[first:index] = divide(start, stop, part)
    return [time for time in times if time is not None]


def _room(before: Interval | None, after: Interval | None, count: int, end: float) -> Interval:
    """Return the stretch that `count` words without a time get between two that have one."""
    start = before[1] if before else 0.0
    stop = after[0] if after else max(end, start)
    wanted = count * _MOMENT
    if stop - start >= wanted or not (before or after):
        return start, stop
    if before:
        return stop - min(wanted, _MOST * (stop - before[0])), stop
    assert after is not None  # noqa: S101 - one of the two is there
    return start, start + min(wanted, _MOST * (after[1] - start))
