"""One track of a mix: what sounds, from when, how loud, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from workbench.audio import Audio
from workbench.errors import ParameterError, shown
from workbench.media.duck import DEPTH, ducking
from workbench.media.envelope import Envelope, fade_gains
from workbench.media.limits import DEFAULT_LIMITS, choice, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.audio import Samples

__all__ = ["Kind", "Layer", "Track", "bed", "layer"]

Kind = Literal["voice", "music", "effect"]

_LOUDEST = 8.0  # +18 dB
_LONGEST_FADE = 3_600.0
_DEEPEST = 60.0
_NAME = 100
_SEAM = 0.02  # seconds over which the end of a loop goes over into its start
_NEAR = 0.01  # seconds on both sides of a seam in which a loop shows how much it moves
_SHORTEST_LOOP = 0.1


@dataclass(frozen=True, kw_only=True)
class Track:
    """A sound and its place in a mix.

    Parameters
    ----------
    name
        Names the stem; unique in a mix.
    audio
        The sound, at any rate.
    kind
        ``voice``, ``music`` or ``effect``.
    start
        Second of the mix at which it begins.
    volume
        Linear factor, 0 to 8: 1 leaves it as it is.
    loop
        Whether it begins again until the mix ends; not for a voice. Where end and start do not
        meet, they are blended over 20 ms.
    fade_in, fade_out
        Seconds at its own start and end, or at the end of the mix where that comes first.
    duck
        Decibels it goes down by under every voice, 0 to 60; not for a voice.

    Raises
    ------
    ParameterError
        When a value is out of range or they do not go together.

    Examples
    --------
    >>> Track(name="bed", kind="music", audio=Audio.silence(9, 8000), volume=0.2, duck=12).duck
    12.0
    """

    name: str
    audio: Audio
    kind: Kind = "voice"
    start: float = 0.0
    volume: float = 1.0
    loop: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0
    duck: float = 0.0

    def __post_init__(self) -> None:
        name: Any = self.name
        if not isinstance(name, str) or not 0 < len(name) <= _NAME:
            raise ParameterError(
                f"must be text of 1 to {_NAME} letters, not {shown(name)}", subject="name"
            )
        if not isinstance(self.audio, Audio):
            raise ParameterError(
                f"must be an Audio, not {type(self.audio).__name__}", subject="audio"
            )
        choice("kind", self.kind, get_args(Kind))
        if not isinstance(self.loop, bool):
            raise ParameterError(f"must be True or False, not {shown(self.loop)}", subject="loop")
        longest = DEFAULT_LIMITS.seconds
        ranges = {
            "start": (longest, "s"),
            "volume": (_LOUDEST, ""),
            "fade_in": (_LONGEST_FADE, "s"),
            "fade_out": (_LONGEST_FADE, "s"),
            "duck": (_DEEPEST, "dB"),
        }
        for field, (high, unit) in ranges.items():
            value = number(field, getattr(self, field), 0, high, unit=unit)
            object.__setattr__(self, field, value)
        self._check_together()

    def _check_together(self) -> None:
        if self.kind == "voice" and (self.loop or self.duck):
            raise ParameterError(
                "is for music and effects, not for a voice",
                subject="loop" if self.loop else "duck",
            )
        if self.loop and self.audio.duration < _SHORTEST_LOOP:
            raise ParameterError(
                f"needs a sound of at least {_SHORTEST_LOOP:g} s, not {self.audio.duration:.3f} s",
                subject="loop",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return all but the samples as plain values: what a receipt records."""
        values = {k: v for k, v in self.__dict__.items() if k != "audio"}
        sound = self.audio
        return {
            **values,
            "audio": {"sha256": sound.digest(), "seconds": sound.duration, "rate": sound.rate},
        }


def bed(audio: Audio, name: str = "music", **changes: Any) -> Track:
    """Return a track of music as it suits a voice: looped, faded, ducked, 12 dB down.

    Mastered music is louder than speech; at this level it adds less than 0.25 LU to a mix, so that
    the voice stays where it is.

    Parameters
    ----------
    audio
        The music.
    name
        Of the track.
    changes
        Other values of `Track`.

    Examples
    --------
    >>> bed(Audio.silence(9, 8000), fade_out=0).volume
    0.25
    """
    track = Track(
        name=name,
        audio=audio,
        kind="music",
        volume=0.25,
        loop=True,
        fade_in=0.5,
        fade_out=2.0,
        duck=DEPTH,
    )
    return replace(track, **changes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A track brought to a mix's rate and length; gives any stretch of it.

    Parameters
    ----------
    track
        The track.
    samples
        Its sound, one or two channels.
    first, last
        The frames of the mix between which it sounds.
    rate
        Frames per second.
    period
        Frames from one turn of a loop to the next.
    seam
        What each turn but the first begins with.
    ducking
        Gains over the whole mix; None where nothing lowers it.
    """

    track: Track
    samples: Samples
    first: int
    last: int
    rate: int
    period: int
    seam: Samples
    ducking: Envelope | None

    def add(self, mix: Samples, first: int) -> None:
        """Add what sounds from frame `first` on to a stretch of a mix."""
        begin, end = max(first, self.first), min(first + len(mix), self.last)
        if begin < end:
            mix[begin - first : end - first] += self._piece(begin, end)

    def _piece(self, begin: int, end: int) -> Samples:
        """Return the frames from `begin` to `end` of the mix."""
        piece = self._source(begin - self.first, end - self.first)
        gains: Samples | None = None
        rising = self.track.fade_in * self.rate
        falling = self.track.fade_out * self.rate
        if begin - self.first < rising or self.last - end < falling:
            frames = np.arange(begin, end)
            up = (frames - self.first) / rising if rising else np.ones(len(frames))
            down = (self.last - 1 - frames) / falling if falling else np.ones(len(frames))
            gains = (fade_gains(up) * fade_gains(down)).astype(np.float32)
        if self.ducking is not None:
            ducked = self.ducking.over(begin, end - begin)
            gains = ducked if gains is None else gains * ducked
        if self.track.volume != 1.0:
            loud = np.float32(self.track.volume)
            gains = loud * (np.ones(1, np.float32) if gains is None else gains)
        return piece if gains is None else piece * gains[:, np.newaxis]

    def _source(self, begin: int, end: int) -> Samples:
        """Return frames of the sound, counted from where it begins, turn after turn."""
        if end <= self.period:
            return self.samples[begin:end]
        parts = []
        while begin < end:
            turn, place = divmod(begin, self.period)
            source = self.samples[: self.period]
            if turn and place < len(self.seam):
                source = self.seam
            part = source[place : place + end - begin]
            parts.append(part)
            begin += len(part)
        return np.concatenate(parts)


def layer(
    track: Track,
    rate: int,
    frames: int,
    voices: Sequence[tuple[float, NDArray[np.bool_]]],
) -> Layer:
    """Return a track as a layer of a mix.

    Parameters
    ----------
    track
        The track.
    rate, frames
        Of the mix.
    voices
        When each voice sounds, as `workbench.media.duck.ducking` takes it.
    """
    sound = track.audio.resample(rate)
    if sound.channels > 2:  # noqa: PLR2004 - a mix is stereo
        sound = sound.with_channels(2)
    samples = sound.samples
    first = min(round(track.start * rate), frames)
    last = frames if track.loop else min(first + len(samples), frames)
    seam = samples[:0]
    if last - first > len(samples) and not _meets(samples, rate):
        seam = _seam(samples, rate)
    ducks = track.duck and voices
    return Layer(
        track=track,
        samples=samples,
        first=first,
        last=last,
        rate=rate,
        period=len(samples) - len(seam),
        seam=seam,
        ducking=ducking(voices, rate, frames, depth=track.duck) if ducks else None,
    )


def _seam(samples: Samples, rate: int) -> Samples:
    """Return the blend of the end of a loop into its start; its power stays even."""
    count = round(_SEAM * rate)
    angle = (np.arange(count) + 0.5) / count * (np.pi / 2)
    rise, fall = (f(angle).astype(np.float32)[:, np.newaxis] for f in (np.sin, np.cos))
    blend: Samples = samples[len(samples) - count :] * fall + samples[:count] * rise
    return blend


def _meets(samples: Samples, rate: int) -> bool:
    """Whether a loop goes on at its start as it ends: one cut on the beat must keep its length."""
    near = max(4, round(_NEAR * rate))
    around = np.concatenate([samples[-near:], samples[:near]]).astype(np.float64)
    for order in (1, 2):
        steps = np.abs(np.diff(around, order, axis=0)).max(axis=1)
        middle = slice(near - order, near)
        elsewhere = np.delete(steps, np.r_[middle])
        if steps[middle].max() > elsewhere.max() * (1 + 1e-6):
            return False
    return True
