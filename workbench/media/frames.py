"""Single frames and the sound of a clip, as values."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from workbench.audio import Audio
from workbench.errors import FfmpegError, MediaError, MediaTooLarge
from workbench.media import graph
from workbench.media.containers import INDEXED
from workbench.media.ffmpeg import Failed, TimedOut, read
from workbench.media.intact import check_intact
from workbench.media.limits import (
    DEFAULT_LIMITS,
    Limits,
    existing,
    number,
)
from workbench.media.probe import length, probe
from workbench.media.reel import Reel
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workbench.media.graph import Canvas, Fit
    from workbench.media.stills import Picture

__all__ = ["clip_frames", "clip_sound", "frame_at"]

_SOUND_RATE = 48_000
_WAIT = 120.0  # seconds a decoder may take before its first frame is in doubt
# A decoder waits for whoever takes its frames: this many seconds a second, as for rendering.
_PATIENCE = 120.0
_RUN_UP = 1.0  # seconds: what is seen where a clip is entered began before that
_HELD = 64 << 20  # bytes


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
        RGB, shape ``(height, width, 3)``, turned for display, pixels square.

    Raises
    ------
    MediaError
        When the file has no picture, is damaged, or the frame cannot be decoded.
    """
    number("seconds", seconds, 0, limits.seconds)
    info = probe(path, limits=limits)
    if info.kind != "video" or info.video is None:
        raise MediaError(f"is {info.kind}, not a video", subject=str(path))
    check_intact(path, limits=limits)
    with Reel(existing(path), limits) as reel:
        return reel.picture(seconds, info.video.width, info.video.height)


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

    Which of the clip's frames falls on which of the canvas's depends on its number alone, counted
    from `start`: a clip that is decoded in pieces, each leaving out what comes before it as `skip`,
    gives the same frames as a whole one.

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
    whole = max(info.duration or length(path, limits=limits), 1 / canvas.fps)
    start %= whole
    decode = partial(_run, path, canvas, fit, limits=limits, cancel=cancel)
    part = partial(_part, decode, path, canvas.fps, enter=info.format in INDEXED)

    def end(turn: int) -> int:
        # The sound begins again after this time, whatever the number of frames.
        return max(1, round((turn * whole - start) * canvas.fps))

    longest = math.ceil(whole * canvas.fps) + 1
    held: list[bytes] = []  # a clip so short that a process for each turn would be too much
    done, last = skip, skip + count
    while done < last:
        turn = max(0, int((done / canvas.fps + start) / whole) - 1)
        while end(turn + 1) <= done:
            turn += 1
        many = min(end(turn + 1), last) - done
        first = done - end(turn) if turn else done
        if not turn or longest * canvas.frame_bytes > _HELD:
            yield from part(first, many, start=0.0 if turn else start)
        else:
            held = held or [bytes(frame) for frame in part(0, longest)]
            yield from (memoryview(frame) for frame in held[first : first + many])
        done += many


def _part(
    decode: Callable[..., Iterator[memoryview]],
    path: Path,
    fps: int,
    first: int,
    count: int,
    *,
    start: float = 0.0,
    enter: bool,
) -> Iterator[memoryview]:
    """Yield `count` frames from number `first` after `start` on; the last one stands still."""
    # By whole seconds, so that frames fall as they do when all of it is decoded.
    seconds = first // fps if enter else 0
    begin = start + seconds
    lead = min(begin, _RUN_UP) if enter else begin
    got, frame = 0, None
    for frame in decode(count, start=begin - lead, lead=lead, skip=first - seconds * fps):
        got += 1
        yield frame
    if frame is None and first + begin:  # the picture ended before the sound does
        until = first + math.ceil(start * fps) + count
        frame = next(iter(deque(decode(until), maxlen=1)), None)
    if frame is None:
        raise MediaError(
            f"gave no frame where {count} were needed", subject=str(path), cure="make it again"
        )
    for _ in range(count - got):
        yield frame


def _run(
    path: Path,
    canvas: Canvas,
    fit: Fit,
    count: int,
    *,
    start: float = 0.0,
    lead: float = 0.0,
    skip: int = 0,
    limits: Limits,
    cancel: threading.Event | None,
) -> Iterator[memoryview]:
    """Yield at most `count` frames of a clip as they are decoded."""
    arguments = graph.clip_frames(
        path, canvas, fit, count, start=start, lead=lead, skip=skip, limits=limits
    )
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
