"""Sounds made alike in all that is not their own: loudness, rate, channels, length."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import ParameterError, shown
from workbench.speech.bounds import is_number, need_whole
from workbench.speech.loudness import loudness, true_peak

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CEILING", "LOUDEST", "Levels", "blind_wav", "levels"]

LOUDEST = -16.0
"""LUFS that no matched sound exceeds: what podcasts are made at (Apple, AES TD1008)."""

CEILING = -1.0
"""dBTP that no matched sound exceeds (EBU R 128)."""

_RATES = (8_000, 48_000)
_LEAST = 0.4  # seconds: below, the standard gives no loudness
_CLOSE = 0.02  # LU
_ATTEMPTS = 5
_MOST_GAIN = 120.0  # dB, either way


@dataclass(frozen=True, kw_only=True)
class Levels:
    """What is done to each sound so that nothing but the sound itself tells it from the others.

    Parameters
    ----------
    rate
        Frames per second of all: the highest there was, 8,000 to 48,000.
    channels
        Of all: 1, or 2 where one of them has more than one.
    frames
        How many all have: as the longest; silence is put at the end of the others.
    loudness
        LUFS of all; None where they were left as loud as they are.
    gains
        Decibels by which each is changed, by its label.

    Raises
    ------
    ParameterError
        When a number is out of range.
    """

    rate: int
    channels: int
    frames: int
    loudness: float | None
    gains: Mapping[str, float] = field(hash=False)

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("rate", self.rate, *_RATES),
            ("channels", self.channels, 1, 2),
            ("frames", self.frames, 1, 2**40),
        ):
            need_whole(name, value, low, high)
        if self.loudness is not None and not _within(self.loudness):
            raise ParameterError(f"is {shown(self.loudness)}", subject="loudness")
        for label, gain in self.gains.items():
            if not _within(gain):
                raise ParameterError(f"is {shown(gain)} for {shown(label)}", subject="gain")
        object.__setattr__(self, "gains", MappingProxyType(dict(self.gains)))

    def __getstate__(self) -> dict[str, Any]:  # a read-only view cannot be pickled
        return {**self.__dict__, "gains": dict(self.gains)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, gains=MappingProxyType(state["gains"]))

    def apply(self, label: str, audio: Audio) -> Audio:
        """Return the sound of that label as it is heard beside the others."""
        sound = _lengthened(_alike(audio, self.rate, self.channels), self.frames)
        return Audio.owning(sound.samples * _factor(self.gains[label]), self.rate)

    def to_dict(self) -> dict[str, Any]:
        """Return the levels as plain values."""
        return {
            "rate": self.rate,
            "channels": self.channels,
            "frames": self.frames,
            "loudness": self.loudness,
            "gains": dict(self.gains),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Levels:
        """Return the levels that `to_dict` described."""
        names = ("rate", "channels", "frames", "loudness", "gains")
        return cls(**{name: data[name] for name in names})


def levels(sounds: Mapping[str, Audio], *, match: bool = True) -> Levels:
    """Return how these sounds are made alike.

    Loudness is integrated, after ITU-R BS.1770, over the sound as it is played, with the silence at
    its end. Each sound could be raised or lowered until its
    true peak is at `CEILING`; all are brought to the level that even the one with the least room
    reaches so, and to no more than `LOUDEST`. That is one gain for each: nothing is limited.

    Parameters
    ----------
    sounds
        By label. Where all are below 0.4 s, which the standard gives no loudness, they are measured
        as if they were repeated.
    match
        Leave it out, and loudness stays as it is, where that is what is compared.

    Raises
    ------
    ParameterError
        When one of them is empty, or silent and to be matched.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    >>> found = levels({
    ...     "loud": Audio(samples=tone * 0.9, rate=16_000),
    ...     "quiet": Audio(samples=tone * 0.09, rate=16_000)})
    >>> round(found.gains["quiet"] - found.gains["loud"], 1)
    20.0
    """
    for label, audio in sounds.items():
        if not audio.frames:
            raise ParameterError("has no sound", subject=label, cure="leave it out")
    rate = min(max(_RATES[0], *(audio.rate for audio in sounds.values())), _RATES[1])
    channels = 2 if any(audio.channels > 1 for audio in sounds.values()) else 1
    alike = {label: _alike(audio, rate, channels) for label, audio in sounds.items()}
    frames = max(audio.frames for audio in alike.values())
    if not match:
        gains = dict.fromkeys(sounds, 0.0)
        return Levels(rate=rate, channels=channels, frames=frames, loudness=None, gains=gains)
    alike = {label: _lengthened(audio, frames) for label, audio in alike.items()}
    measured = {label: _meter(audio) for label, audio in alike.items()}
    for label, (level, peak) in measured.items():
        if not math.isfinite(level) or not math.isfinite(peak):
            raise ParameterError(
                "is silent, and silence cannot be made as loud as the others",
                subject=label,
                cure="leave it out, or compare with match=False",
            )
    target = LOUDEST
    for _ in range(_ATTEMPTS):
        target = math.floor(target * 100) / 100
        gains = {label: _gain(alike[label], target, measured[label][0]) for label in sounds}
        above = max(measured[label][1] + gains[label] for label in sounds) - CEILING
        if above <= 0:
            break
        target -= above
    return Levels(rate=rate, channels=channels, frames=frames, loudness=target, gains=gains)


def blind_wav(audio: Audio) -> bytes:
    """Return a sound as a WAV file of 16 bits that is never twice the same.

    Triangular dither of two steps (Lipshitz, Wannamaker and Vanderkooy 1992), new each time: the
    file of X has other bytes than that of A or B that it is, and files of one length have one
    size. It lies at -93 dBFS; without it the rounding would be heard before.
    """
    chance = np.random.default_rng()
    noise = chance.random(audio.samples.shape, np.float32)
    noise -= chance.random(audio.samples.shape, np.float32)
    return Audio.owning(audio.samples + noise / np.float32(32_768), audio.rate).encode(".wav")


def _within(value: object) -> bool:
    return is_number(value, -_MOST_GAIN, _MOST_GAIN)


def _alike(audio: Audio, rate: int, channels: int) -> Audio:
    return audio.with_channels(channels).resample(rate)


def _lengthened(audio: Audio, frames: int) -> Audio:
    """Return the sound with silence at its end, so that it has that many frames."""
    whole = np.zeros((frames, audio.channels), np.float32)
    whole[: audio.frames] = audio.samples[:frames]
    return Audio.owning(whole, audio.rate)


def _factor(gain: float) -> np.float32:
    return np.float32(10 ** (gain / 20))


def _gain(audio: Audio, target: float, measured: float) -> float:
    """Return the decibels to the target; the gain moves what the gate lets pass: look again."""
    gain = target - measured
    for _ in range(_ATTEMPTS):
        changed = Audio.owning(audio.samples * _factor(gain), audio.rate)
        missing = target - _meter(changed)[0]
        if not abs(missing) > _CLOSE or not math.isfinite(missing):
            break
        gain += missing
    return round(gain, 4)


def _meter(audio: Audio) -> tuple[float, float]:
    """Return the loudness in LUFS and the true peak in dBTP, -inf for silence."""
    peak = true_peak(audio)
    times = math.ceil(_LEAST * audio.rate / audio.frames)
    if times > 1:
        repeated = np.tile(audio.samples, (times + 1, 1))  # whole steps of the meter, and a rest
        audio = Audio.owning(repeated, audio.rate)
    found = loudness(audio)
    return (-math.inf if found is None else found), (-math.inf if peak is None else peak)
