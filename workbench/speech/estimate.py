"""Word times without a recogniser: from letters, loudness and pauses."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import ParameterError
from workbench.script import tokenize
from workbench.text.bare import bare
from workbench.text.sentences import ends_clause, ends_sentence
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.audio import Audio
    from workbench.script import Token

__all__ = ["estimate"]

_FRAME = 0.01  # seconds
_PAUSE = 0.15  # seconds of quiet that are a pause and not the closure of a stop
_BLIP = 0.04  # seconds of sound that are no speech
_QUIET = 0.06  # of the loud frames' level: -24 dB
_NEAR = 0.6  # seconds by which a pause may be elsewhere than the letters say
_PREFERRED = 0.35  # of its distance counts for a place with punctuation


def estimate(text: str, audio: Audio, *, language: str = "") -> tuple[Word, ...]:
    """Return word times from the sound's loudness alone: an estimate, not a measurement.

    The letters of the text are spread evenly over the stretches that are not quiet; each pause is
    put between the two words nearest to it, rather where there is punctuation. For engines that
    tell no times, where no recogniser is at hand; use `align` where one is.

    Parameters
    ----------
    text
        What is said in the sound.
    audio
        Any rate, any number of channels.
    language
        A BCP 47 tag, so that ``25`` is as long as "twenty-five".

    Returns
    -------
    tuple of Word
        One for every token: in order, apart, within the sound.

    Raises
    ------
    ParameterError
        When there are words but no sound.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> tone = np.sin(np.arange(8000) / 4)
    >>> sound = Audio(samples=np.concatenate([tone, np.zeros(4000), tone]), rate=8000)
    >>> [(w.text, round(w.start, 1), round(w.end, 1)) for w in estimate("Yes, no.", sound)]
    [('Yes,', 0.0, 1.0), ('no.', 1.5, 2.5)]
    """
    tokens = tokenize(text)
    if not tokens:
        return ()
    if not audio.frames:
        raise ParameterError("has no sound", subject="audio")
    stretches = _voiced(audio)
    weights = [0.0] * len(tokens)
    for unit in bare(text, language):
        weights[unit.owner] += len(unit.letters)
    weights = [weight or 0.25 for weight in weights]  # a picture, as espeak's silent words
    whole = sum(weights)
    total = sum(end - start for start, end in stretches)
    edges = np.concatenate([[0.0], np.cumsum(weights) / whole * total])
    # Where each pause lies, in seconds of voice before it.
    pauses = np.cumsum([end - start for start, end in stretches])[:-1]
    knots = _knots(edges, pauses.tolist(), tokens)
    at = [float(edges[i]) for i, _ in knots]
    places = np.interp(edges, at, [pause for _, pause in knots])
    words = []
    for token, (a, b) in zip(tokens, pairwise(places.tolist()), strict=True):
        start, end = _clock(a, stretches, late=True), _clock(b, stretches, late=False)
        words.append(Word(text=token.text, start=start, end=end, space=token.space))
    return tuple(words)


def _knots(
    edges: NDArray[np.float64], pauses: Sequence[float], tokens: Sequence[Token]
) -> list[tuple[int, float]]:
    """Return which edges between words lie at which second of voice; the others lie between."""
    knots = [(0, 0.0)]
    last = len(edges) - 1
    for left, pause in enumerate(pauses):
        best, where = _NEAR, 0
        for i in range(knots[-1][0] + 1, last):
            token, after = tokens[i - 1].text, tokens[i].text
            marked = ends_clause(token) or ends_sentence(token, after)
            away = abs(float(edges[i]) - pause) * (_PREFERRED if marked else 1.0)
            if away < best:
                best, where = away, i
        if where and pause > knots[-1][1] and left < len(pauses):
            knots.append((where, pause))
    return [*knots, (last, float(edges[-1]))]


def _clock(voice: float, stretches: Sequence[tuple[float, float]], *, late: bool) -> float:
    """Return the time at which so many seconds of voice have been; `late`, after a pause there."""
    for index, (start, end) in enumerate(stretches):
        length = end - start
        final = index == len(stretches) - 1
        if voice < length - 1e-9 or (not late and voice <= length + 1e-9) or final:
            return min(start + voice, end)
        voice = max(voice - length, 0.0)
    raise AssertionError  # pragma: no cover - the last stretch has returned


def _voiced(audio: Audio) -> list[tuple[float, float]]:
    """Return the stretches that are not quiet, in seconds; all of a sound that is quiet."""
    mono = audio.mono().samples[:, 0]
    size = max(1, round(_FRAME * audio.rate))
    starts = np.arange(0, len(mono), size)
    power = np.add.reduceat(mono.astype(np.float64) ** 2, starts)
    level = np.sqrt(power / np.diff(np.append(starts, len(mono))))
    loud = float(np.quantile(level, 0.95))
    floor = float(np.quantile(level, 0.05))
    heard = level > max(_QUIET * loud, min(3 * floor, 0.3 * loud), 1e-6)
    flips = np.flatnonzero(np.diff(np.concatenate([[False], heard, [False]]).astype(np.int8)))
    ends = np.minimum(flips * size, len(mono)) / audio.rate
    found: list[tuple[float, float]] = []
    for start, end in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True):
        if found and start - found[-1][1] < _PAUSE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    spoken = [(start, end) for start, end in found if end - start >= _BLIP]
    return spoken or [(0.0, audio.duration)]
