"""Lower music while someone speaks, and only then (a sidechain ducker).

A compressor lowers by as much as the voice happens to be loud; here the voice only opens and closes
a gate, so that the depth is the one that was asked for. The gate knows what comes: the fall is over
when the voice begins.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.media.envelope import Envelope, fade_gains
from workbench.media.limits import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ATTACK", "DEPTH", "HOLD", "RELEASE", "duck", "ducking", "speaking"]

DEPTH = 12.0
"""Decibels music goes down by under a voice: the voice is understood, the music still heard."""

ATTACK = 0.15
"""Seconds the music takes to go down."""

HOLD = 0.35
"""Seconds after the voice for which it stays down: the music does not rise between two words."""

RELEASE = 0.6
"""Seconds it takes to come back."""

_HOP = 0.01  # seconds between two looks at the voice
_KNOT = 0.002  # seconds between two gains
_FLOOR = 1e-7  # power of -70 dBFS: silence whatever the voice's level
_FIRST_GATE, _GATE = 10 ** (-10 / 10), 10 ** (-20 / 10)  # as in BS.1770; then below what remains
_LONGEST = 10.0  # seconds of a ramp or a hold
_DEEPEST = 60.0


def duck(
    music: Audio,
    voice: Audio,
    *,
    depth: float = DEPTH,
    attack: float = ATTACK,
    hold: float = HOLD,
    release: float = RELEASE,
    look_ahead: float | None = None,
) -> Audio:
    """Return the music, lowered where the voice sounds; both begin at the same time.

    Parameters
    ----------
    music, voice
        At any rates and channels. Where one is longer, the music is left as it is.
    depth
        Decibels, 0 to 60.
    attack
        Seconds in which the music goes down, 0.005 to 10.
    hold
        Seconds it stays down after the voice, 0 to 10.
    release
        Seconds in which it comes back, 0.005 to 10. It is back at its level in any pause longer
        than `hold` and `release`.
    look_ahead
        Seconds before the voice at which it begins to go down, 0 to 10; None for `attack`, so that
        it is down when the voice begins.

    Raises
    ------
    ParameterError
        When a number is out of range, or one of the two is not a sound.

    Examples
    --------
    >>> voice = Audio.join([Audio.silence(1, 8000), Audio(samples=np.full(8000, 0.2), rate=8000)])
    >>> bed = Audio(samples=np.full(16_000, 0.5), rate=8000)
    >>> lower = duck(bed, voice, depth=20).samples[:, 0]
    >>> [round(float(level), 3) for level in lower[[0, 9_000]]]
    [0.5, 0.05]
    """
    for name, sound in (("music", music), ("voice", voice)):
        if not isinstance(sound, Audio):
            raise ParameterError(f"must be an Audio, not {type(sound).__name__}", subject=name)
    envelope = ducking(
        speaking(voice),
        music.rate,
        music.frames,
        depth=depth,
        attack=attack,
        hold=hold,
        release=release,
        look_ahead=look_ahead,
    )
    gains = envelope.over(0, music.frames)[:, np.newaxis]
    return Audio.owning(music.samples * gains, music.rate)


def speaking(voice: Audio) -> NDArray[np.bool_]:
    """Return whether a voice sounds in each hundredth of a second.

    The gate follows the voice's own level: it closes 20 dB below the mean of what is loud in it,
    so that a quiet recording ducks as a loud one does, and its noise does not.

    Examples
    --------
    >>> voice = Audio(samples=np.repeat([0.0, 0.1, 0.0], 80), rate=8000)
    >>> speaking(voice).tolist()
    [False, True, False]
    """
    if not voice.frames:
        return np.zeros(0, bool)
    # At 22,050 Hz a look is 220.5 frames: rounding each would be 8 s off after an hour.
    looks = math.ceil(voice.frames / (voice.rate * _HOP))
    edges = (np.arange(looks) * (voice.rate * _HOP)).astype(np.intp)
    squares = np.einsum("fc,fc->f", voice.samples, voice.samples) / np.float32(voice.channels)
    lengths = np.diff(np.append(edges, voice.frames))
    power = np.add.reduceat(squares, edges).astype(np.float64) / lengths
    loud = power[power > _FLOOR]
    if not len(loud):
        return np.zeros(len(power), bool)
    level = loud[loud > loud.mean() * _FIRST_GATE].mean()
    sounds: NDArray[np.bool_] = power > max(level * _GATE, _FLOOR)
    return sounds


def ducking(
    voices: NDArray[np.bool_] | Sequence[tuple[float, NDArray[np.bool_]]],
    rate: int,
    frames: int,
    *,
    depth: float = DEPTH,
    attack: float = ATTACK,
    hold: float = HOLD,
    release: float = RELEASE,
    look_ahead: float | None = None,
) -> Envelope:
    """Return the gains that lower a music of so many frames under voices.

    Parameters
    ----------
    voices
        What `speaking` returned; or several, each with the second at which the voice begins.
    rate, frames
        Of the music.
    depth, attack, hold, release, look_ahead
        As for `duck`.
    """
    depth = number("depth", depth, 0, _DEEPEST, unit="dB")
    attack = number("attack", attack, 0.005, _LONGEST, unit="s")
    hold = number("hold", hold, 0, _LONGEST, unit="s")
    release = number("release", release, 0.005, _LONGEST, unit="s")
    ahead = attack if look_ahead is None else number("look_ahead", look_ahead, 0, _LONGEST)
    hop = max(1, round(rate * _KNOT))
    count = frames // hop + 2
    down = _down(voices, hop / rate, count, early=ahead - attack, late=hold)
    # How far down, 0 to 1: whole where the gate is open, on straight slopes before and after.
    far = np.where(down, 0.0, np.inf)
    index = np.arange(count)
    fall, rise = index * (hop / rate / attack), index * (hop / rate / release)
    after = np.minimum.accumulate(far - rise) + rise
    before = np.minimum.accumulate((far + fall)[::-1])[::-1] - fall
    reached = 1.0 - np.minimum(np.minimum(after, before), 1.0)
    return Envelope(step=hop, gains=10 ** (-depth * fade_gains(reached) / 20))


def _down(
    voices: NDArray[np.bool_] | Sequence[tuple[float, NDArray[np.bool_]]],
    hop: float,
    count: int,
    *,
    early: float,
    late: float,
) -> NDArray[np.bool_]:
    """Return at which hops the music is to be down altogether."""
    several = [(0.0, voices)] if isinstance(voices, np.ndarray) else voices
    down = np.zeros(count + 1, np.int64)  # +1 where a stretch begins, -1 behind its end
    for start, sounds in several:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], sounds, [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2):
            begins = start + first * _HOP - early
            ends = max(begins, start + last * _HOP + late)
            a = min(max(math.floor(begins / hop), 0), count)
            b = min(max(math.ceil(ends / hop) + 1, a), count)
            down[a] += 1
            down[b] -= 1
    return np.cumsum(down[:count]) > 0
