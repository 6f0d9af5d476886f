"""What the fuse measures in a sound: how long somebody speaks, noise, clipping, repetition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.audio import Samples

__all__ = ["Sound"]

Floats = NDArray[np.float64]

_FRAME = 0.01  # seconds a level is taken over
_FLOOR = -100.0  # dB, what digital silence counts as
# A frame is speech when it is at most this far below the loud ones. Readers' breaths and the noise
# of old recordings lie lower: -29 dB in the clip of 1961, -22 dB in the one from a clean room.
_BELOW = 25.0
_QUIETEST = -55.0  # dB below full scale: no speech is as quiet as that
_PAUSE = 15  # frames; a stop consonant closes the mouth for less
_SKIP = 3  # frames; a click is shorter than any sound of speech

_NOISE = 40, 0.45  # frames, and how flat a spectrum they have: speech 0.33 at most, noise 0.57
_HUM = 80, 1.0  # frames, and by how many dB their levels spread: speech 1.9 at least
_NOISE_BELOW = 18.0  # dB under the loud frames, where a recording's own noise begins to count
_LOW, _HIGH = 150.0, 8_000.0  # Hz

_BANDS = 14
_HOP, _WINDOW = 0.02, 0.032  # seconds
_SAME = 0.28  # of the speech has to come twice, from 0.4 s on


@dataclass(frozen=True, eq=False)
class Sound:
    """One channel of sound, and what is found in it.

    Parameters
    ----------
    samples
        Finite float samples, full scale 1, of one dimension.
    rate
        Frames per second.

    Examples
    --------
    >>> tone = np.sin(np.arange(16_000) * 0.2)
    >>> sound = Sound(np.concatenate([np.zeros(8_000), tone]), 16_000)
    >>> sound.seconds, round(sound.spoken, 1), sound.noisy
    (1.5, 1.0, True)
    """

    samples: Samples | Floats
    rate: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    @cached_property
    def _frames(self) -> Floats:
        size = max(1, round(self.rate * _FRAME))
        whole = len(self.samples) // size * size
        return np.asarray(self.samples[:whole], np.float64).reshape(-1, size)

    @cached_property
    def levels(self) -> Floats:
        """The level of every 10 ms, in dB below full scale."""
        power = (self._frames**2).mean(axis=1)
        return np.asarray(np.maximum(10 * np.log10(power + 1e-12), _FLOOR))

    @cached_property
    def loud(self) -> float:
        """The level that a twentieth of it exceeds, in dB below full scale."""
        return float(np.percentile(self.levels, 95)) if len(self.levels) else _FLOOR

    @cached_property
    def speaking(self) -> NDArray[np.bool_]:
        """Whether somebody speaks, for every 10 ms; gaps within words count, pauses do not."""
        on = self.levels > max(self.loud - _BELOW, _QUIETEST)
        on = _without_runs(on, value=True, shorter=_SKIP)
        inner = _without_runs(on, value=False, shorter=_PAUSE)
        voiced = np.flatnonzero(on)
        if len(voiced):  # what lies before the first and after the last of it is no gap
            inner[: voiced[0]] = inner[voiced[-1] + 1 :] = False
        return inner

    @property
    def spoken(self) -> float:
        """Seconds of speech, pauses of 0.15 s and more left out."""
        return float(self.speaking.sum()) * _FRAME

    @property
    def longest_pause(self) -> float:
        """Seconds of the longest silence, that before and after the speech included."""
        lengths = [last - first for first, last in _runs(~self.speaking)]
        return max(lengths, default=0) * _FRAME

    # -- what is wrong with it ------------------------------------------------------------------

    @cached_property
    def clipped(self) -> float:
        """The part of the samples that stand at the peak, in runs of three and more."""
        sound = np.abs(np.asarray(self.samples))
        peak = sound.max(initial=0.0)
        if peak <= 0:
            return 0.0
        flat = _without_runs(sound >= 0.999 * peak, value=True, shorter=3)
        return float(flat.mean())

    @cached_property
    def noisy(self) -> bool:
        """Whether for 0.4 s the spectrum is that of noise, or for 0.8 s the level never moves.

        Speech changes its level two to eight times a second, by syllables, and its spectrum has
        formants. Noise of any colour, its slope taken off, has a geometric mean near 0.57 of its
        arithmetic mean: e to the minus Euler's constant.
        """
        near = self.levels > max(self.loud - _NOISE_BELOW, _QUIETEST)
        for first, last in _runs(near):
            if last - first >= _HUM[0]:
                spread = np.lib.stride_tricks.sliding_window_view(self.levels[first:last], _HUM[0])
                if spread[::5].std(axis=1).min() < _HUM[1]:
                    return True
            if last - first >= _NOISE[0] and self._flattest(first, last) > _NOISE[1]:
                return True
        return False

    def _flattest(self, first: int, last: int) -> float:
        """Return how flat the spectrum of the flattest 0.4 s from frame `first` to `last` is."""
        frames = self._frames[first:last]
        frequencies = np.fft.rfftfreq(frames.shape[1], 1 / self.rate)
        band = (frequencies > _LOW) & (frequencies < min(_HIGH, 0.45 * self.rate))
        if band.sum() < 8:  # noqa: PLR2004 - too few lines to speak of a spectrum
            return 0.0
        spectra = np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1))[:, band] ** 2
        logs = np.log(spectra + 1e-12)
        octaves = np.log(frequencies[band])
        octaves -= octaves.mean()
        flattest = 0.0
        for start in range(0, len(logs) - _NOISE[0] + 1, 5):
            part = logs[start : start + _NOISE[0]]
            slope = (part.mean(axis=0) * octaves).sum() / (octaves**2).sum()
            level = part - slope * octaves
            flatness = np.exp(level.mean(axis=1)) / np.exp(level).mean(axis=1)
            flattest = max(flattest, float(flatness.mean()))
        return flattest

    @cached_property
    def repetition(self) -> float:
        """How alike two stretches of it are, each at least 28 % of it and 0.4 s: 0 to 1.

        Measured on the spectrum of the speaking frames in 14 bands, 50 times a second: the same
        words said twice by an engine reach 0.87 and more, ordinary speech 0.65 at most.
        """
        shape = self._shape
        count = len(shape)
        window = max(20, round(_SAME * count))
        best = 0.0
        for lag in range(20, count - window + 1):
            late, early = shape[lag:], shape[:-lag]
            both, first, second = (
                _sums((a * b).sum(axis=1), window)
                for a, b in ((late, early), (late, late), (early, early))
            )
            alike = both / np.sqrt(first * second + 1e-9)
            best = max(best, float(alike.max()))
        return best

    @property
    def _shape(self) -> Floats:
        """The bands' levels in dB about their means, shape ``(frames, bands)``."""
        size, hop = round(self.rate * _WINDOW), round(self.rate * _HOP)
        step = max(1, round(self.rate * _FRAME))
        speech = np.repeat(self.speaking, step)
        sound = np.asarray(self.samples[: len(speech)], np.float64)[speech]
        if len(sound) < size:
            return np.zeros((0, _BANDS))
        pieces = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop]
        power = np.abs(np.fft.rfft(pieces * np.hanning(size), axis=1)) ** 2
        pitch = _mel(np.fft.rfftfreq(size, 1 / self.rate))
        edges = np.linspace(_mel(120.0), _mel(min(7_000.0, 0.45 * self.rate)), _BANDS + 1)
        bands = [power[:, (pitch >= a) & (pitch < b)] for a, b in pairwise(edges)]
        levels = np.stack(
            [10 * np.log10(b.mean(axis=1) + 1e-9) for b in bands if b.shape[1]], axis=1
        )
        levels = np.maximum(levels, np.percentile(levels, 99) - 50)
        return np.asarray(levels - levels.mean(axis=0))

    @cached_property
    def edges(self) -> tuple[float, float]:
        """How far the first and the last 3 ms lie above the loud level, in dB.

        A voice needs longer than that to rise from nothing: -9 dB is the most of 300 ends.
        """
        size = max(1, round(self.rate * 0.003))
        ends = self.samples[:size], self.samples[-size:]
        first, last = (
            10 * math.log10(float((np.asarray(e, np.float64) ** 2).mean()) + 1e-12) for e in ends
        )
        return first - self.loud, last - self.loud

    @cached_property
    def pitch(self) -> float:
        """The median fundamental frequency of the voiced parts in Hz; 0 where nothing is voiced.

        By autocorrelation of 40 ms every 20 ms, 40 to 800 Hz.
        """
        size = 1 << math.ceil(math.log2(max(64, self.rate * 0.04)))
        hop = max(1, round(self.rate * 0.02))
        if len(self.samples) < size:
            return 0.0
        pieces = np.lib.stride_tricks.sliding_window_view(self.samples, size)[::hop]
        pieces = np.asarray(pieces, np.float64)
        power = (pieces**2).mean(axis=1)
        pieces = pieces[power > power.max(initial=0.0) * 0.03]  # 15 dB below the loudest
        pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * np.hanning(size)
        spectra = np.abs(np.fft.rfft(pieces, 2 * size, axis=1)) ** 2
        window = np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2
        echo = np.fft.irfft(spectra, axis=1)[:, :size] / np.fft.irfft(window)[:size].clip(1e-6)
        low, high = int(self.rate / 800), min(int(self.rate / 40), size // 2)
        found = []
        for row in echo / echo[:, :1].clip(1e-12):
            part = row[low:high]
            strong = np.flatnonzero(part > 0.9 * part.max())
            if part.max() > 0.6 and len(strong):  # noqa: PLR2004 - clearly periodic
                peak = low + strong[0] + int(part[strong[0] : strong[0] + low].argmax())
                if 2 * peak < size and row[2 * peak] > 0.5:  # noqa: PLR2004 - a whisper is not
                    found.append(self.rate / peak)
        return float(np.median(found)) if len(found) >= 5 else 0.0  # noqa: PLR2004 - 0.1 s


def _mel(frequency: float | NDArray[np.floating[Any]]) -> Floats:
    return np.asarray(2595 * np.log10(1 + np.asarray(frequency) / 700))


def _sums(values: Floats, window: int) -> Floats:
    """Return the sums of `window` neighbours."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[window:] - total[:-window])


def _runs(on: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield the first and the one past the last of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        yield int(first), int(last)


def _without_runs(on: NDArray[np.bool_], *, value: bool, shorter: int) -> NDArray[np.bool_]:
    """Return `on` with the runs of `value` that are too short turned round."""
    kept = on.copy()
    for first, last in _runs(on == value):
        if last - first < shorter:
            kept[first:last] = not value
    return kept
