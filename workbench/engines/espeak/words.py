"""From espeak's events to the time of every word of the script."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from workbench.engines.espeak.library import PHONEME, WORD, Event
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.script import Token

__all__ = ["word_times"]

# A token without sound (a pictograph) still needs a moment in which it is the one being said: the
# pause that follows, if it is at least so long (seconds), or as much as this part of a phoneme.
_MOMENT = 0.02
_SILENT = 0.25


@dataclass
class _Group:
    """Tokens that share one event: espeak says "of the" as one word. Times in frames."""

    first: int  # token
    start: int
    phonemes: list[tuple[int, int]] = field(default_factory=list)  # start and end of each


def word_times(
    tokens: Sequence[Token],
    phonemes: Sequence[int],
    events: Sequence[Event],
    *,
    frames: int,
    rate: int,
) -> tuple[Word, ...]:
    """Return a word for every token: in order, not overlapping, within the sound.

    Parameters
    ----------
    tokens
        The words of the text.
    phonemes
        How many phonemes each token has when spoken by itself, as `Spoken.phonemes`.
    events
        What the library reported, positions counted in the same text as the tokens'.
    frames, rate
        The length of the sound, and frames per second.

    Returns
    -------
    tuple of Word
        Empty when nothing sounds. A word ends where its last phoneme does, so the pause of a
        comma belongs to no word. Tokens that espeak speaks as one (``of the``) share its phonemes
        in the proportion they have when spoken alone.
    """
    groups = _groups(tokens, events, frames)
    words: list[Word] = []
    for group, after in pairwise([*groups, _Group(len(tokens), frames)]):
        own = slice(group.first, after.first)
        edges = _edges(group, after.start, phonemes[own], moment=_MOMENT * rate)
        words += [
            Word(text=token.text, start=start / rate, end=end / rate, space=token.space)
            for token, (start, end) in zip(tokens[own], edges, strict=True)
        ]
    return tuple(words)


def _groups(tokens: Sequence[Token], events: Sequence[Event], frames: int) -> list[_Group]:
    """Return one group for each token that has an event and, before the next one, a sound."""
    starts = [token.start for token in tokens]
    ends = [*[event.sample for event in events if event.kind == PHONEME][1:], frames]
    following = iter(ends)
    found: list[_Group] = []
    for event in events:
        if event.kind == WORD:
            # A number reports one event after another, some of them letters too far: what lies
            # before the next token is its own.
            token = max(bisect_right(starts, event.position) - 1, 0)
            if not found or token > found[-1].first:
                found.append(_Group(token, event.sample))
        elif event.kind == PHONEME:
            end = next(following)
            if found and event.sample < end and not event.name.startswith("_"):
                found[-1].phonemes.append((event.sample, end))
    kept: list[_Group] = []
    for group in found:
        if group.start < frames and any(end > group.start for _, end in group.phonemes):
            if kept and kept[-1].start >= group.start:  # no time passed since the event before
                kept.pop()
            kept.append(group)
    if kept:
        kept[0].first = 0
    return kept


def _edges(
    group: _Group, stop: int, phonemes: Sequence[int], *, moment: float
) -> list[tuple[float, float]]:
    """Return start and end, in frames, of each token of a group that ends before `stop`."""
    end = min(max(end for _, end in group.phonemes), stop)
    voiced = max((i + 1 for i, n in enumerate(phonemes) if n), default=1)
    silent = len(phonemes) - voiced
    if silent and stop - end < silent * moment:
        voiced, silent = len(phonemes), 0
    inner = sorted({start for start, _ in group.phonemes[1:] if group.start < start < end})
    knots = [group.start, *inner, end]
    count = len(knots) - 1
    weights = [n or _SILENT for n in phonemes[:voiced]]
    shares = [x / sum(weights) * count for x in accumulate(weights, initial=0)]
    whole = [float(round(x)) for x in shares]
    if all(a < b for a, b in pairwise(whole)):
        shares = whole  # a word starts with a phoneme
    times = np.interp(shares, range(count + 1), knots).tolist()
    pause = np.linspace(end, stop, silent + 1).tolist()
    return [*pairwise(times), *pairwise(pause)]
