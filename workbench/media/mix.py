"""Tracks into one sound: the voice untouched, the music around it, the whole at a loudness.

ffmpeg's ``amix`` turns every input down by the number of inputs (a voice of -21.1 dB came out at
-27.1 with music at volume 0), and its compressor ducks by as much as it likes. Here tracks are
added, and what is done to each is a curve of gains that is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import Cancelled, ParameterError
from workbench.media.duck import speaking
from workbench.media.envelope import laid, scaled
from workbench.media.limits import DEFAULT_LIMITS, number, whole
from workbench.media.master import (
    QUIET,
    TRUE_PEAK,
    Master,
    hold,
    master,
    peak_level,
    target_level,
)
from workbench.media.meter import Loudness, measure
from workbench.media.outputs import reporting
from workbench.media.tracks import Layer, Track, bed, layer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from workbench.audio import Samples

__all__ = ["Mixed", "Stems", "Track", "bed", "mix"]

_PIECE = 1 << 17  # frames added at a time
_FULL = 1.0
_TRACKS = 1_000
_NOTICED = 0.5  # dB by which a voice may move before it is worth a warning


class Stems(Mapping[str, Audio]):
    """The tracks as they sound in the mix, each made when it is asked for.

    They add up to the mix: its gain, and the limiter's where it acted, are on every one of them.
    """

    def __init__(self, layers: Sequence[Layer], made: Master, frames: int, rate: int) -> None:
        self._layers = {one.track.name: one for one in layers}
        self._made, self._frames, self._rate = made, frames, rate

    def __getitem__(self, name: str) -> Audio:
        one = self._layers[name]
        total = np.zeros((self._frames, 2), np.float32)
        for first in range(0, self._frames, _PIECE):
            one.add(total[first : first + _PIECE], first)
        laid(total, self._made.gain, self._made.envelope, out=total)
        return Audio.owning(total, self._rate)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixed:
    """A mix, its stems and its measures.

    Parameters
    ----------
    audio
        The mix, stereo.
    stems
        Track names and their sounds, which add up to `audio`.
    before, after
        Its loudness as added up, and as it is, measured.
    gain_db
        The gain that was laid on all of it.
    limited
        Decibels the limiter takes off the highest peak; 0 where it did not act.
    warnings
        What a listener should know.
    """

    audio: Audio
    stems: Mapping[str, Audio]
    before: Loudness
    after: Loudness
    gain_db: float
    limited: float
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return all but the sound as plain values: what a receipt records."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "gain_db": round(self.gain_db, 2),
            "limited_db": round(self.limited, 2),
            "stems": list(self.stems),
            "warnings": list(self.warnings),
        }


def mix(
    tracks: Sequence[Track],
    duration: float,
    *,
    rate: int = 48_000,
    loudness: str | float | None = None,
    true_peak: float = TRUE_PEAK,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Mixed:
    """Return tracks mixed to a stereo sound.

    Without a loudness nothing is done to a voice: its stem is the voice itself, in both channels.
    Should the sum pass full scale, a limiter holds it under the true peak, and a warning says so.

    With a loudness the gain is the one that brings the *voices alone* there, as long as the whole
    then lies within 0.25 LU of the target: so a voice is as loud with music as without. Where
    music is too loud (or too long without a voice) for that, the target wins; a warning says by
    how much the voice went down.

    Parameters
    ----------
    tracks
        At least one, of different names.
    duration
        Seconds; what is longer is cut, what follows the end of all is silence.
    rate
        Frames per second, 8,000 to 192,000.
    loudness
        A name of `workbench.media.loudness.TARGETS`, LUFS from -40 to -5, or None.
    true_peak
        Highest one, -9 to 0 dBTP; `workbench.media.loudness.CODED_PEAK` for a sound that is to be
        coded as AAC or MP3.
    progress
        Called with the part that is done, 0 to 1. Without it, a bar is shown.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When there are no tracks, two of one name, or a number is out of range.
    Cancelled, FfmpegError
        When it was stopped, or the meter failed.

    Examples
    --------
    >>> tone = Audio(samples=np.sin(np.arange(48_000) / 9) * 0.2, rate=48_000)
    >>> voice = Track(name="anna", audio=tone)
    >>> made = mix([voice, bed(tone)], 2.0, loudness="podcast")
    >>> made.audio, list(made.stems)
    (Audio(2.000 s, 48000 Hz, stereo), ['anna', 'music'])
    >>> round(made.after.integrated)
    -16
    """
    chosen = _tracks(tracks)
    duration = number("duration", duration, 1 / 1000, DEFAULT_LIMITS.seconds, unit="s")
    rate = whole("rate", rate, 8_000, 192_000, unit="Hz")
    target = None if loudness is None else target_level(loudness)
    ceiling = peak_level(true_peak)
    frames = max(1, round(duration * rate))
    with reporting(progress, "mixing") as report:
        voices = [
            (track.start, speaking(track.audio))
            for track in chosen
            if track.kind == "voice" and track.volume > 0
        ]
        layers = [layer(track, rate, frames, voices) for track in chosen]
        total = np.zeros((frames, 2), np.float32)
        for first in range(0, frames, _PIECE):
            _stop(cancel)
            for one in layers:
                one.add(total[first : first + _PIECE], first)
            report(0.4 * first / frames)
        report(0.4)
        before = measure(scaled(total, 1.0), rate, 2, cancel=cancel)
        report(0.6)
        made = _master(
            total, rate, layers, before=before, target=target, true_peak=ceiling, cancel=cancel
        )
        report(0.9)
        laid(total, made.gain, made.envelope, out=total)
        audio = Audio.owning(total, rate)
        report(1.0)
    return Mixed(
        audio=audio,
        stems=Stems(layers, made, frames, rate),
        before=before,
        after=made.after,
        gain_db=made.gain_db,
        limited=made.limited,
        warnings=made.warnings,
    )


def _tracks(tracks: Sequence[Track]) -> list[Track]:
    if not isinstance(tracks, list | tuple) or not 0 < len(tracks) <= _TRACKS:
        raise ParameterError(f"must be a list of 1 to {_TRACKS} tracks", subject="tracks")
    names = set()
    for index, track in enumerate(tracks):
        if not isinstance(track, Track):
            raise ParameterError(
                f"must be a Track, not {type(track).__name__}", subject=f"tracks[{index}]"
            )
        if track.name in names:
            raise ParameterError(
                "is the name of two tracks", subject=track.name, cure="rename one of them"
            )
        names.add(track.name)
    return list(tracks)


def _master(
    total: Samples,
    rate: int,
    layers: Sequence[Layer],
    *,
    before: Loudness,
    target: float | None,
    true_peak: float,
    cancel: threading.Event | None,
) -> Master:
    """Return the gain and limiter of the mix."""
    if target is None:
        peak = max(float(total.max()), -float(total.min()))
        if peak <= _FULL:
            return Master(gain=1.0, envelope=None, after=before, warnings=())
        note = f"the tracks together pass full scale by {20 * math.log10(peak):.1f} dB: limited"
        return hold(
            total, rate, before=before, true_peak=true_peak, warnings=(note,), cancel=cancel
        )
    voices = [one for one in layers if one.track.kind == "voice" and one.track.volume > 0]
    others = [one for one in layers if one.track.kind != "voice" and one.track.volume > 0]
    prefer = None
    if voices and others:
        alone = measure(_together(voices, len(total)), rate, 2, cancel=cancel)
        if alone.integrated > QUIET:
            prefer = target - alone.integrated
    made = master(
        total,
        rate,
        before=before,
        target=target,
        true_peak=true_peak,
        prefer=prefer,
        cancel=cancel,
    )
    lower = 0.0 if prefer is None else prefer - made.gain_db
    if lower <= _NOTICED:
        return made
    note = (
        f"the music is so loud that the voice is {lower:.1f} dB lower than without it: "
        "lower its volume, or duck it more"
    )
    return Master(
        gain=made.gain, envelope=made.envelope, after=made.after, warnings=(*made.warnings, note)
    )


def _together(layers: Sequence[Layer], frames: int) -> Iterator[Samples]:
    """Yield the sum of some layers, piece by piece."""
    for first in range(0, frames, _PIECE):
        piece = np.zeros((min(_PIECE, frames - first), 2), np.float32)
        for one in layers:
            one.add(piece, first)
        yield piece


def _stop(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("stopped on request", subject="mixing")
