"""Single frames and the sound of a clip, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.audio import Audio
from workbench.errors import MediaError
from workbench.media import graph
from workbench.media.ffmpeg import Failed, read
from workbench.media.limits import (
    CLIP_FORMATS,
    DEFAULT_LIMITS,
    Limits,
    existing,
    file_url,
    number,
)
from workbench.media.probe import probe
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.media.graph import Canvas, Fit
    from workbench.media.stills import Picture

__all__ = ["clip_frames", "clip_sound", "frame_at"]

_SOUND_RATE = 48_000
_WAIT = 120.0  # seconds a decoder may take before its first frame is in doubt


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
    if info.kind != "video" or info.video is None:
        raise MediaError(f"is {info.kind}, not a video", subject=str(path))
    options = {"format_whitelist": CLIP_FORMATS, "protocol_whitelist": "file"}
    found = None
    try:
        with av.open(file_url(existing(path)), options=options) as container:
            stream = container.streams.video[0]
            base = float(stream.time_base or 1)
            start = float(stream.start_time or 0) * base
            container.seek(int((seconds + start) / base), stream=stream)
            for frame in container.decode(stream):
                if (
                    found is not None
                    and frame.time is not None
                    and frame.time - start > seconds + 1e-6
                ):
                    break
                found = frame
            if found is None:
                raise MediaError("has no frame there", subject=str(path))
            turns = round(found.rotation / 90) % 4
            return np.ascontiguousarray(np.rot90(found.to_ndarray(format="rgb24"), turns))
    except av.FFmpegError as error:
        raise MediaError("cannot be decoded there", subject=str(path)) from error


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
    MediaError
        When the clip is damaged, naming it.
    """
    arguments = graph.clip_frames(
        path, canvas, fit, count, start=start, skip=skip, limits=limits
    )
    got = 0
    with workspace() as folder:
        pieces = read(
            arguments,
            canvas.frame_bytes,
            folder=folder,
            limit=_WAIT + 4 * limits.seconds,
            memory=limits.memory,
            cancel=cancel,
        )
        try:
            for frame in pieces:
                got += 1
                yield frame
        except Failed as error:
            raise _damaged(path, error) from error
    if got < count:
        raise MediaError(
            f"gave {got} frames where {count} were needed", subject=str(path), cure="make it again"
        )


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
    limits.check_seconds(path, seconds)
    whole = probe(path, limits=limits).duration or 0.0
    if start + seconds <= whole + 1e-3:
        return _decoded(path, seconds, start, limits, cancel)
    once = _decoded(path, whole, 0.0, limits, cancel).samples
    if not len(once):
        return Audio.silence(seconds, _SOUND_RATE, 2)
    first = round(start * _SOUND_RATE)
    frames = first + round(seconds * _SOUND_RATE)
    turns = -(-frames // len(once))
    return Audio(samples=np.tile(once, (turns, 1))[first:frames], rate=_SOUND_RATE)


def _decoded(
    path: Path, seconds: float, start: float, limits: Limits, cancel: threading.Event | None
) -> Audio:
    arguments = graph.clip_sound(path, _SOUND_RATE, seconds, start=start)
    data = bytearray()
    with workspace() as folder:
        pieces = read(
            arguments,
            1 << 16,
            folder=folder,
            limit=_WAIT + seconds,
            memory=limits.memory,
            cancel=cancel,
        )
        try:
            for piece in pieces:
                data += piece
        except Failed as error:
            raise _damaged(path, error) from error
    return Audio(samples=np.frombuffer(data, "<f4").reshape(-1, 2), rate=_SOUND_RATE)


def _damaged(path: Path, error: Failed) -> MediaError:
    return MediaError(
        f"is damaged ({error.problem})", subject=str(path), cure="make or fetch it again"
    )
