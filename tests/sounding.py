"""Sounds that are known to the sample, for the tests of what is done to sound."""

from __future__ import annotations

import numpy as np
import soxr

from workbench.audio import Audio

RATE = 48_000


def tone(seconds: float, *, hertz: float = 1000.0, db: float = -20.0, rate: int = RATE) -> Audio:
    """A sine whose peak is at `db` dBFS."""
    time = np.arange(round(seconds * rate)) / rate
    return Audio(samples=np.sin(2 * np.pi * hertz * time) * 10 ** (db / 20), rate=rate)


def noise(seconds: float, *, db: float = -20.0, rate: int = RATE, channels: int = 2) -> Audio:
    """White noise with an RMS of `db` dBFS."""
    grains = np.random.default_rng(7).normal(size=(round(seconds * rate), channels))
    return Audio(samples=grains * 10 ** (db / 20), rate=rate)


def chord(seconds: float, *, rate: int = RATE) -> Audio:
    """Four notes of which none has a whole number of turns in a loop."""
    time = np.arange(round(seconds * rate)) / rate
    notes = sum(np.sin(2 * np.pi * f * time) for f in (220.3, 277.7, 329.1, 441.9))
    return Audio(samples=np.asarray(notes) * 0.2, rate=rate)


def drums(seconds: float, *, rate: int = RATE) -> Audio:
    """A loud kick and snare at 120 a minute, mastered into full scale."""
    grains = np.random.default_rng(3)
    beat = np.zeros(round(seconds * rate))
    hit = np.arange(rate // 4)
    for index, first in enumerate(range(0, len(beat) - len(hit), rate // 2)):
        kick = np.sin(2 * np.pi * (60 + 90 * np.exp(-hit / 1500)) * hit / rate)
        kick *= np.exp(-hit / 4000)
        snare = grains.normal(size=len(hit)) * np.exp(-hit / 800) * 0.6
        beat[first : first + len(hit)] += kick + snare * (index % 2)
    return Audio(samples=np.clip(beat * 1.2, -1, 1), rate=rate)


def level(samples: np.ndarray) -> float:
    """RMS in dBFS."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def true_peak(audio: Audio) -> float:
    """In dBTP, by another way than the code's: eight times as many samples."""
    fine = soxr.resample(audio.samples, audio.rate, audio.rate * 8)
    return float(20 * np.log10(np.abs(fine).max() + 1e-20))
