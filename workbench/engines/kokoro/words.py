"""From the durations Kokoro predicts to the time of every word of the script, in any language.

The package has times for English only. But its model says for every symbol how many frames of
25 ms it lasts, one before the first and one after the last included, and the sound is exactly as
long as all of them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.script import Token

__all__ = ["SAMPLES", "Sound", "sounds", "word_times"]

SAMPLES = 600
"""Samples of one unit of duration: 25 ms at 24,000 Hz."""

# A token without a sound (a pictograph) still needs a moment in which it is the one being said: the
# pause that follows, if it is at least so long (seconds), or as much as this part of a phoneme.
_MOMENT = 0.02
_SILENT = 0.25


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A phoneme as it was spoken.

    Parameters
    ----------
    place
        The letter of the text it comes from.
    start, end
        In samples.
    """

    place: int
    start: int
    end: int


def sounds(
    places: Sequence[int | None], durations: Sequence[int], *, letters: int, samples: int
) -> tuple[Sound, ...] | None:
    """Return the phonemes of a piece of text with their times; pauses are left out.

    Parameters
    ----------
    places
        For each symbol the letter of the piece it comes from, or None for a pause.
    durations
        Of the symbols, with one more at each end, in units of 600 samples.
    letters, samples
        Where the piece begins, in the text and in the sound.

    Returns
    -------
    tuple of Sound, or None
        None when the durations are not those of the symbols.

    Examples
    --------
    >>> [(s.place, s.start, s.end) for s in sounds([0, 1], [2, 1, 3, 2], letters=10, samples=0)]
    [(10, 1200, 1800), (11, 1800, 3600)]
    """
    if len(durations) != len(places) + 2 or min(durations) < 0:
        return None
    edges = [samples + edge * SAMPLES for edge in accumulate(durations)]
    return tuple(
        Sound(place=letters + place, start=start, end=end)
        for place, (start, end) in zip(places, pairwise(edges), strict=False)
        if place is not None and start < end
    )


def word_times(
    tokens: Sequence[Token], spoken: Sequence[Sound], *, frames: int, rate: int
) -> tuple[tuple[Word, ...], tuple[Token, ...]]:
    """Return a word for every token, and the tokens without a sound.

    Parameters
    ----------
    tokens
        The words of the text.
    spoken
        The phonemes in their order.
    frames, rate
        The length of the sound in samples, above 0, and samples per second.

    Returns
    -------
    tuple
        The words in order, not overlapping, within the sound. A word begins with its first phoneme
        and ends with its last: the pause of a comma belongs to none. A word without a phoneme has
        a moment of the pause after the one before it, or of its end.
    """
    starts = [token.start for token in tokens]
    spans: dict[int, tuple[int, int]] = {}
    latest = 0
    for sound in spoken:
        latest = max(latest, bisect_right(starts, sound.place) - 1)
        first = spans[latest][0] if latest in spans else sound.start
        spans[latest] = (first, sound.end)
    voiced = sorted(spans)
    if not voiced:
        edges = _shared(0, len(tokens), 0.0, float(frames))
    elif spans[voiced[0]][0] < voiced[0] * _MOMENT * rate:
        # There is no time before the first word that sounds: it gives some of its own.
        edges = _shared(0, voiced[0] + 1, 0.0, float(spans[voiced[0]][1]), heavy=voiced[0])
    else:
        edges = _shared(0, voiced[0], 0.0, float(spans[voiced[0]][0]))
    for index, after in pairwise([*voiced, len(tokens)]):
        start, end = edges.get(index, spans[index])
        until = spans[after][0] if after < len(tokens) else frames
        silent = after - index - 1
        if silent and until - end < silent * _MOMENT * rate:
            edges |= _shared(index, after, start, end, heavy=index)
        else:
            edges[index] = (start, end)
            edges |= _shared(index + 1, after, end, float(until))
    words = tuple(
        Word(text=t.text, start=edges[i][0] / rate, end=edges[i][1] / rate, space=t.space)
        for i, t in enumerate(tokens)
    )
    return words, tuple(token for index, token in enumerate(tokens) if index not in spans)


def _shared(
    first: int, after: int, start: float, end: float, *, heavy: int | None = None
) -> dict[int, tuple[float, float]]:
    """Return the time from `start` to `end` shared out among tokens, one of them heavier."""
    weights = [1 / _SILENT if index == heavy else 1.0 for index in range(first, after)]
    parts = [part / sum(weights) for part in accumulate(weights)]
    edges = [start, *(start + (end - start) * part for part in parts[:-1]), end]
    return dict(zip(range(first, after), pairwise(edges), strict=False))
