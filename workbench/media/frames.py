"""Single frames and the sound of a clip, as values."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import FfmpegError, MediaError, MediaTooLarge
from workbench.media import graph
from workbench.media.containers import opened, shown_stream
from workbench.media.ffmpeg import Failed, TimedOut, read
from workbench.media.intact import check_intact
from workbench.media.limits import (
    DEFAULT_LIMITS,
    Limits,
    existing,
    number,
)
from workbench.media.probe import length, probe
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from workbench.media.graph import Canvas, Fit
    from workbench.media.stills import Picture

__all__ = ["INDEXED", "clip_frames", "clip_sound", "frame_at"]

_SOUND_RATE = 48_000
_WAIT = 120.0  # seconds a decoder may take before its first frame is in doubt
# A decoder waits for whoever takes its frames: this many seconds a second, as for rendering.
_PATIENCE = 120.0
_KEYED = 12.0  # seconds between two key frames at the most, but for screen recordings
INDEXED = frozenset({"mov", "matroska", "wav", "flac", "aiff", "avi"})
"""Formats that are entered exactly where they are asked to be, and begun again by ffmpeg. Others
are read from the start: of MPEG-TS it reads without an end after the first turn, and gives no
frame."""


def frame_at(
    path: str | os.PathLike[str], seconds: float = 0.0, *, limits: Limits = DEFAULT_LIMITS
) -> Picture:
    """Return the frame of a video that is seen at a time.

    Parameters
    ----------
    path
        A video.
    seconds
        From the start; beyond the end, the last frame is returned.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``, turned for display.

    Raises
    ------
    MediaError
        When the file has no picture, or the frame cannot be decoded.
    """
    import av

    number("seconds", seconds, 0, limits.seconds)
    info = probe(path, limits=limits)
    if info.kind != "video":
        raise MediaError(f"is {info.kind}, not a video", subject=str(path))
    # Some formats are entered between two key frames, and show nothing until the next.
    for begin in dict.fromkeys((seconds, max(0.0, seconds - _KEYED), 0.0)):
        try:
            found = _seen(existing(path), seconds, begin, limits)
        except av.FFmpegError as error:
            raise MediaError("cannot be decoded there", subject=str(path)) from error
        if found is not None:
            turns = round(found.rotation / 90) % 4
            return np.ascontiguousarray(np.rot90(found.to_ndarray(format="rgb24"), turns))
    raise MediaError("has no frame there", subject=str(path))


def _seen(path: Path, seconds: float, begin: float, limits: Limits) -> Any:
    """Return the last frame up to a time, decoding from `begin` on; None when that is too late."""
    with opened(path, limits) as container:
        stream = shown_stream(container, limits)
        base = float(stream.time_base or 1)
        start = float(stream.start_time or 0) * base
        if begin:
            container.seek(int((begin + start) / base), stream=stream)
        found: Any = None
        for frame in container.decode(stream):
            time: float | None = frame.time
            if time is not None and time - start > seconds + 1e-6:
                return found if found is not None or begin else frame
            found = frame
        return found


def clip_frames(
    path: Path,
    canvas: Canvas,
    fit: Fit,
    count: int,
    *,
    start: float = 0.0,
    skip: int = 0,
    limits: Limits = DEFAULT_LIMITS,
    cancel: threading.Event | None = None,
) -> Iterator[memoryview]:
    """Yield `count` planar frames of a clip, fitted to a canvas; begun again when it is shorter.

    The first `skip` frames after `start` are left out. A clip that is decoded in pieces gives the
    same frames as a whole one when each piece begins a little early and leaves that out.

    Raises
    ------
    ParameterError
        When `count` or `start` is no number that makes sense.
    MediaError
        When the clip is damaged, cut short or over the limits, naming it.
    """
    number("count", count, 1, limits.seconds * canvas.fps, unit="frames")
    number("start", start, 0, limits.seconds, unit="s")
    info = probe(path, limits=limits)
    if info.kind != "video":
        raise MediaError("has no picture that moves", subject=str(path), cure="use a video")
    check_intact(path, limits=limits)
    whole = info.duration or length(path, limits=limits)
    start %= whole  # a piece of a clip that has begun again
    if info.format in INDEXED:
        frames = _run(
            path, canvas, fit, count, start=start, skip=skip, limits=limits, cancel=cancel
        )
        yield from _exactly(path, count, frames)
        return
    start += skip / canvas.fps
    done, skipped = 0, round(start * canvas.fps)
    for turn in itertools.count(1):
        # The sound begins again after this time, whatever the number of frames.
        due = min(count, max(done + 1, round((turn * whole - start) * canvas.fps)))
        frames = _run(
            path, canvas, fit, due - done + skipped, loop=False, limits=limits, cancel=cancel
        )
        yield from _exactly(path, due - done, itertools.islice(frames, skipped, None), hold=True)
        done, skipped = due, 0
        if done == count:
            return


def _exactly(
    path: Path, count: int, frames: Iterable[memoryview], *, hold: bool = False
) -> Iterator[memoryview]:
    """Yield `count` frames; the last one stands for those that are missing, if it may."""
    got, last = 0, None
    for last in frames:
        got += 1
        yield last
    if last is None or (got < count and not hold):
        raise MediaError(
            f"gave {got} frames where {count} were needed", subject=str(path), cure="make it again"
        )
    for _ in range(count - got):
        yield last


def _run(
    path: Path,
    canvas: Canvas,
    fit: Fit,
    count: int,
    *,
    start: float = 0.0,
    skip: int = 0,
    loop: bool = True,
    limits: Limits,
    cancel: threading.Event | None,
) -> Iterator[memoryview]:
    """Yield at most `count` frames of a clip as they are decoded."""
    arguments = graph.clip_frames(path, canvas, fit, count, start=start, skip=skip, limits=limits)
    if not loop:
        arguments = _from_the_start(arguments)
    with workspace() as folder, _naming(path, limits):
        for frame in read(
            arguments,
            canvas.frame_bytes,
            folder=folder,
            limit=_WAIT + _PATIENCE * count / canvas.fps,
            memory=limits.memory,
            cancel=cancel,
        ):
            if len(frame) < canvas.frame_bytes:
                raise MediaError("ends within a frame", subject=str(path), cure="make it again")
            yield frame


def clip_sound(
    path: Path,
    seconds: float,
    *,
    start: float = 0.0,
    limits: Limits = DEFAULT_LIMITS,
    cancel: threading.Event | None = None,
) -> Audio:
    """Return `seconds` of a clip's sound, stereo at 48 kHz.

    What follows the end is what the picture shows there: the file from its start. A sound that is
    shorter than its picture is silent for the rest of it.

    Raises
    ------
    MediaError
        When the sound is damaged or over the limits, naming the file.
    """
    number("seconds", seconds, 0, limits.seconds)
    number("start", start, 0, limits.seconds)
    info = probe(path, limits=limits)
    if info.audio is None:
        raise MediaError("has no sound", subject=str(path), cure="use a file with a sound track")
    check_intact(path, limits=limits)
    channels = info.audio.channels
    whole = info.duration or length(path, limits=limits)
    if start + seconds <= whole + 1e-3:
        if info.format in INDEXED:
            return _decoded(path, seconds, start, channels, limits=limits, cancel=cancel)
        whole_sound = _decoded(path, start + seconds, 0.0, channels, limits=limits, cancel=cancel)
        return whole_sound.cut(start, start + seconds)
    once = _decoded(path, whole, 0.0, channels, limits=limits, cancel=cancel).samples
    if not len(once):
        return Audio.silence(seconds, _SOUND_RATE, 2)
    first = round(start * _SOUND_RATE)
    frames = first + round(seconds * _SOUND_RATE)
    turns = -(-frames // len(once))
    return Audio.owning(np.tile(once, (turns, 1))[first:frames], _SOUND_RATE)


def _decoded(
    path: Path,
    seconds: float,
    start: float,
    channels: int,
    *,
    limits: Limits,
    cancel: threading.Event | None,
) -> Audio:
    arguments = graph.clip_sound(path, _SOUND_RATE, seconds, start=start, channels=channels)
    if not start:
        arguments = _from_the_start(arguments)
    data = bytearray()
    with workspace() as folder, _naming(path, limits):
        for piece in read(
            arguments,
            1 << 16,
            folder=folder,
            limit=_WAIT + seconds,
            memory=limits.memory,
            cancel=cancel,
        ):
            data += piece
    samples = np.frombuffer(data, "<f4").reshape(-1, 2)
    if not np.isfinite(samples).all():
        raise MediaError("is damaged: its sound holds NaN", subject=str(path), cure="make it again")
    return Audio.owning(samples, _SOUND_RATE)


def _from_the_start(arguments: list[str]) -> list[str]:
    """Return the arguments without looping and seeking: even to 0 that skips a lone key frame."""
    pairs = zip(arguments, ["", *arguments], strict=False)
    out = {"-ss", "-stream_loop"}
    return [a for a, before in pairs if a not in out and before not in out]


@contextlib.contextmanager
def _naming(path: Path, limits: Limits) -> Iterator[None]:
    """Say of which file it is what ffmpeg says of itself."""
    try:
        yield
    except TimedOut as error:
        raise FfmpegError(f"ffmpeg {error.problem}", subject=str(path)) from error
    except Failed as error:
        if "specified max pixel count" in error.problem:
            raise MediaTooLarge(
                f"has frames over the limit of {limits.pixels / 1e6:,.0f} megapixels",
                subject=str(path),
                cure="scale it down first",
            ) from error
        if "Cannot allocate memory" in error.problem:
            raise MediaTooLarge(
                f"takes more memory than the limit of {limits.memory / 2**20:,.0f} MiB",
                subject=str(path),
                cure="scale it down first",
            ) from error
        what = "makes ffmpeg fail" if "by signal" in error.problem else "is damaged"
        raise MediaError(
            f"{what} ({error.problem})", subject=str(path), cure="make or fetch it again"
        ) from error
