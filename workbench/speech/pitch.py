"""How high a voice is, and how far it moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.speech.blocks import blocks, stop

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from workbench.audio import Audio

__all__ = ["HIGHEST", "LOWEST", "Pitch", "pitch"]

LOWEST, HIGHEST = 50.0, 600.0
"""Hz that a voice is looked for in, from a creaking man to a child that calls out."""

_RATE = 8_000
_AT_ONCE = 10  # seconds resampled at a time
_HOP = 80  # samples, 10 ms
_WINDOW = 256  # samples compared with the later ones; longer ones smear a glide
_SHORTEST, _LONGEST = 4, math.ceil(_RATE / LOWEST)  # periods; what is above HIGHEST is no voice
_FFT = 512
_FRAMES = 2_000  # looked at together
_BELOW = 25.0  # dB under the loud frames, as in `workbench.speech.pauses`
_LOUD = 95
_QUIETEST = 1e-7  # -70 dBFS
# A voice is low, so its neighbouring samples are alike: a feature of B. Atal and L. Rabiner, "A
# pattern recognition approach to voiced-unvoiced-silence classification" (IEEE Trans. ASSP 24,
# 1976). A tone of 1.6 kHz has 0.3 at this rate.
_ALIKE = 0.3

# What a path costs, as in Boersma (1993); his correlation is one less YIN's difference.
_CANDIDATES = 4
_OCTAVE = 0.02  # for each octave that the voice would be lower
_JUMP = 0.35  # for each octave between two frames
_VOICING = 0.14  # where a voice begins or ends
_UNVOICED = 0.3
_ENOUGH = 10  # voiced frames
_LOW, _HIGH = 5, 95  # per cent


@dataclass(frozen=True, kw_only=True)
class Pitch:
    """The fundamental frequency of a voice.

    Parameters
    ----------
    median
        Hz.
    low, high
        Hz that a twentieth of the voiced frames are below and above: what a single wrong frame
        cannot move.
    """

    median: float
    low: float
    high: float

    @property
    def semitones(self) -> float:
        """From `low` to `high`; twelve are an octave."""
        return 12 * math.log2(self.high / self.low)


def pitch(audio: Audio, *, cancel: threading.Event | None = None) -> Pitch | None:
    """Return the pitch of the voiced parts of a sound.

    Every 10 ms, the periods for which YIN's normalised difference is least (A. de Cheveigné and
    H. Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 111, 2002) are
    candidates. The cheapest path through them is taken, as in P. Boersma, "Accurate short-term
    analysis of the fundamental frequency …" (Proc. Inst. Phonetic Sciences 17, 1993): a leap of an
    octave costs more than what a wrong octave could gain.

    Parameters
    ----------
    audio
        Any rate; the mean of the channels is measured.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    Pitch or None
        None where fewer than 0.1 s are voiced between 50 and 600 Hz.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> turns = np.arange(16_000) * 150 / 16_000
    >>> buzz = sum(np.sin(2 * np.pi * n * turns) / n for n in range(1, 20))
    >>> found = pitch(Audio(samples=0.2 * buzz, rate=16_000))
    >>> round(found.median), round(found.semitones, 1)
    (150, 0.0)
    """
    sound = _resampled(audio, cancel)
    count = (len(sound) - _WINDOW - _LONGEST) // _HOP
    if count < _ENOUGH:
        return None
    hops = len(sound) // _HOP
    power = (sound[: hops * _HOP].reshape(hops, _HOP) ** 2).mean(axis=1)
    power = np.convolve(power, np.full(4, 0.25), mode="valid")[:count]  # as long as the window
    loud = np.percentile(power, _LOUD)
    active = np.flatnonzero(power > max(loud * 10 ** (-_BELOW / 10), _QUIETEST))
    hertz, costs = _candidates(sound, active, cancel)
    if not len(hertz):
        return None
    path = _path(hertz, costs, np.diff(active) > 1, cancel)
    voiced = path[(path >= LOWEST) & (path <= HIGHEST)]
    if len(voiced) < _ENOUGH:
        return None
    low, median, high = np.percentile(voiced, (_LOW, 50, _HIGH)).tolist()
    return Pitch(median=median, low=low, high=high)


def _resampled(audio: Audio, cancel: threading.Event | None) -> NDArray[np.float32]:
    """Return the mean of the channels at 8 kHz, its own mean left out."""
    import soxr

    stream = soxr.ResampleStream(audio.rate, _RATE, 1, dtype="float32", quality="MQ")
    pieces = []
    for first, piece in blocks(audio, _AT_ONCE * audio.rate, cancel):
        mono = piece.mean(axis=1) if audio.channels > 1 else piece[:, 0]
        pieces.append(stream.resample_chunk(mono, last=first + len(piece) == audio.frames))
    sound: NDArray[np.float32] = np.concatenate(pieces or [np.zeros(0, np.float32)])
    return sound - sound.mean() if len(sound) else sound


def _candidates(
    sound: NDArray[np.float32], frames: NDArray[np.intp], cancel: threading.Event | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the best frequencies of each frame in Hz, and what each costs (infinity for none)."""
    wide = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW + _LONGEST)
    hertz = np.full((len(frames), _CANDIDATES), HIGHEST)
    costs = np.full((len(frames), _CANDIDATES), np.inf)
    for first in range(0, len(frames), _FRAMES):
        stop(cancel)
        at = slice(first, first + _FRAMES)
        difference, alike = _difference(wide[frames[at] * _HOP])
        inner = difference[:, _SHORTEST:-1]
        before, after = difference[:, _SHORTEST - 1 : -2], difference[:, _SHORTEST + 1 :]
        # A parabola through three points has its lowest between them.
        curve = before - 2 * inner + after
        shift = np.clip((before - after) / np.maximum(2 * curve, 1e-12), -0.5, 0.5)
        lowest = np.maximum(inner - (before - after) * shift / 4, 0)
        periods = np.arange(_SHORTEST, _SHORTEST + inner.shape[1]) + shift
        price = lowest + _OCTAVE * np.log2(periods / _SHORTEST)
        lowest_here = (inner < before) & (inner <= after) & (alike > _ALIKE)[:, np.newaxis]
        price = np.where(lowest_here, price, np.inf)
        best = np.argpartition(price, _CANDIDATES, axis=1)[:, :_CANDIDATES]
        costs[at] = np.take_along_axis(price, best, axis=1)
        hertz[at] = _RATE / np.take_along_axis(periods, best, axis=1)
    return hertz, costs


def _difference(
    wide: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return YIN's cumulative mean normalised difference, shape ``(frames, periods)`` from 0.

    And how alike neighbouring samples are in each frame, 1 at most.
    """
    early = np.fft.rfft(wide[:, :_WINDOW], _FFT)
    late = np.fft.rfft(wide, _FFT)
    product = np.fft.irfft(late * early.conj(), _FFT)[:, : _LONGEST + 1]
    squares = np.cumsum(wide.astype(np.float64) ** 2, axis=1)
    power = squares[:, _WINDOW - 1 :].copy()
    power[:, 1:] -= squares[:, :_LONGEST]
    difference = np.maximum(power[:, :1] + power - 2 * product, 0)
    difference[:, 0] = 0
    mean = np.cumsum(difference, axis=1) / np.maximum(np.arange(_LONGEST + 1), 1)
    alike = 1 - difference[:, 1] / np.maximum(power[:, 0] + power[:, 1], 1e-20)
    found: NDArray[np.float64] = difference / np.maximum(mean, 1e-20)
    found[:, 0] = 1
    return found, alike


def _path(
    hertz: NDArray[np.float64],
    costs: NDArray[np.float64],
    apart: NDArray[np.bool_],
    cancel: threading.Event | None,
) -> NDArray[np.float64]:
    """Return the frequency of each frame on the cheapest path, 0 where it has no voice.

    The last state of each frame is that of no voice; `apart` says which neighbours are none.
    """
    count, states = len(hertz), _CANDIDATES + 1
    local = np.concatenate([costs, np.full((count, 1), _UNVOICED)], axis=1)
    octaves = np.log2(hertz)
    came = np.zeros((count, states), np.int8)
    total = local[0]
    columns = np.arange(states)
    for first in range(1, count, _FRAMES):
        stop(cancel)
        last = min(first + _FRAMES, count)
        steps = np.full((last - first, states, states), _VOICING)
        apart_by = octaves[first - 1 : last - 1, :, np.newaxis] - octaves[first:last, np.newaxis]
        steps[:, :-1, :-1] = _JUMP * np.abs(apart_by)
        steps[:, -1, -1] = 0
        steps[apart[first - 1 : last - 1]] = 0
        for i, step in enumerate(steps, first):
            ways = total[:, np.newaxis] + step
            back = ways.argmin(axis=0)
            came[i] = back
            total = ways[back, columns] + local[i]
    found = np.zeros(count)
    state = int(total.argmin())
    for i in range(count - 1, -1, -1):
        if state < _CANDIDATES:
            found[i] = hertz[i, state]
        state = int(came[i, state])
    return found
