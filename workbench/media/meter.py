"""How loud a sound is, after ITU-R BS.1770-4 and EBU R 128, by ffmpeg's meter."""

from __future__ import annotations

import math
import re
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import Cancelled, FfmpegError, ParameterError
from workbench.media.envelope import scaled
from workbench.media.ffmpeg import encode
from workbench.progress import bar
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from workbench.audio import Samples
    from workbench.progress import Report

__all__ = ["LONG", "Loudness", "loudness", "measure"]

LONG = 60.0
"""Seconds of sound from which on work that returns a value is worth a bar."""

_LEVELS = "levels.txt"
_GATE = -70.0  # LUFS: the meter's answer where nothing passes its absolute gate
_RATES = (8_000, 192_000)  # below, the weighting filter would lie above half the rate
_CHANNELS = 8
_FRAME = 10  # meter frames a second; it looks at whole ones only
_PATIENCE = 120.0
_TAIL = 4_096  # bytes: more than the lines of one meter frame
_QUIETEST = 1e-10


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """What a loudness meter shows.

    Parameters
    ----------
    integrated
        LUFS over the whole sound; ``-inf`` for silence (nothing above the gate of -70 LUFS) and
        for less than 0.4 s, which the standard gives no loudness.
    range
        Loudness range in LU (EBU Tech 3342); 0 below 3 s.
    true_peak
        Highest level between and at the samples, dBTP; ``-inf`` for digital silence.
    """

    integrated: float
    range: float
    true_peak: float

    def to_dict(self) -> dict[str, float | None]:
        """Return the values rounded, for JSON: None where there is no loudness."""
        return {k: round(v, 2) if math.isfinite(v) else None for k, v in asdict(self).items()}

    def __str__(self) -> str:
        return f"{self.integrated:.1f} LUFS, {self.range:.1f} LU, {self.true_peak:.1f} dBTP"


def loudness(
    audio: Audio, *, progress: Report | None = None, cancel: threading.Event | None = None
) -> Loudness:
    """Return how loud a sound is.

    One channel counts once, as the standard has it: the same voice in both channels of a stereo
    sound is 3 LU louder.

    Parameters
    ----------
    audio
        At most 8 channels.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown for a minute or more.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When it is not a sound, or has more channels.
    Cancelled, FfmpegError
        When the meter was stopped, or failed.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000) * 10 ** (-23 / 20)
    >>> print(loudness(Audio(samples=np.stack([tone, tone], axis=1), rate=48_000)))
    -23.0 LUFS, 0.0 LU, -23.0 dBTP
    """
    if not isinstance(audio, Audio):
        raise ParameterError(f"must be an Audio, not {type(audio).__name__}", subject="audio")
    if audio.channels > _CHANNELS:
        raise ParameterError(
            f"has {audio.channels} channels, and {_CHANNELS} can be measured",
            subject="audio",
            cure="mix it down first",
        )
    audio = audio.resample(min(max(audio.rate, _RATES[0]), _RATES[1]))
    shown = nullcontext(progress) if progress or audio.duration < LONG else bar("measuring")
    with shown as report:
        return measure(
            scaled(audio.samples, 1.0),
            audio.rate,
            audio.channels,
            frames=audio.frames,
            progress=report,
            cancel=cancel,
        )


def measure(
    pieces: Iterable[Samples],
    rate: int,
    channels: int,
    *,
    frames: int = 0,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> Loudness:
    """Return how loud a sound is that comes in pieces of shape ``(frames, channels)``.

    What is measured need never be held whole; how long it is (`frames`) is asked for `progress`.
    """
    if cancel is not None and cancel.is_set():  # a short run is over before its watcher looks
        raise Cancelled("stopped on request", subject="loudness")
    sample_peak = 0.0

    def fed() -> Iterator[memoryview]:
        nonlocal sample_peak
        done = 0
        for piece in pieces:
            if len(piece):
                sample_peak = max(sample_peak, float(piece.max()), -float(piece.min()))
                done += len(piece)
                yield np.ascontiguousarray(piece, "<f4").data
            if progress is not None and frames:
                progress(min(1.0, done / frames))
        # The meter drops what does not fill its last frame, and a peak in it.
        missing = -done % max(1, rate // _FRAME) if done else 0
        if missing:
            yield np.zeros((missing, channels), "<f4").data

    with workspace() as folder:
        encode(
            _arguments(rate, channels),
            fed(),
            folder=folder,
            limit=_PATIENCE + 4 * 3600.0,
            cancel=cancel,
        )
        shown = _last(folder / _LEVELS)
    if not shown:  # not one whole frame
        return Loudness(integrated=-math.inf, range=0.0, true_peak=_decibels(sample_peak))
    if not {"I", "LRA", "true_peak"} <= shown.keys():
        raise FfmpegError("did not tell the loudness", subject="ffmpeg", cure="use a newer one")
    integrated = shown["I"] if shown["I"] > _GATE else -math.inf
    # The meter tells peaks to three decimals of full scale, too coarse for quiet sounds.
    peak = max(shown["true_peak"], sample_peak)
    return Loudness(integrated=integrated, range=shown["LRA"], true_peak=_decibels(peak))


def _arguments(rate: int, channels: int) -> list[str]:
    """Return the arguments that measure raw float sound from standard input.

    Its metadata are read, not its log: which log levels there are differs between versions
    (``framelog=quiet`` ends 5.1 with a summary of 0.0 LUFS), and the log has one decimal.
    """
    import ffmpeg

    sound: Any = ffmpeg.input("pipe:0", format="f32le", ar=rate, ac=channels)["a:0"]
    sound = sound.filter("ebur128", peak="true", metadata=1)
    sound = sound.filter("ametadata", mode="print", file=_LEVELS)
    return list(ffmpeg.output(sound, "pipe:1", format="null").get_args())


def _last(path: Path) -> dict[str, float]:
    """Return the values after the meter's last frame, which are those of the whole."""
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        text = stream.read().decode("ascii", "replace")
    pairs = re.findall(r"^lavfi\.r128\.(I|LRA|true_peak)=(-?[\d.]+)\s*$", text, re.MULTILINE)
    return {name: float(value) for name, value in pairs}


def _decibels(level: float) -> float:
    return 20 * math.log10(level) if level > _QUIETEST else -math.inf
