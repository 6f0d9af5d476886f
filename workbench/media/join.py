"""Segments and sound become one file, without encoding a picture again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import FfmpegError
from workbench.media import graph
from workbench.media.ffmpeg import encode
from workbench.media.packets import packets
from workbench.media.verdict import judge

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbench.media.graph import Canvas
    from workbench.media.limits import Limits
    from workbench.media.probe import MediaInfo

__all__ = ["join_segments"]

_PATIENCE = 120.0  # seconds before a join is in doubt, and for each second of video


def join_segments(
    arguments: Sequence[str],
    part: Path,
    files: Sequence[Path],
    *,
    frames: int,
    canvas: Canvas,
    sound: bool,
    limits: Limits,
    folder: Path,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> MediaInfo:
    """Join segments and judge the result.

    Parameters
    ----------
    arguments
        From `workbench.media.graph.join`.
    part
        The file they write.
    files
        The segments in order, under the names of `graph.segment_name` in `folder`.
    frames
        How many there must be.
    canvas
        Their size and rate.
    sound
        Whether there must be sound.
    limits
        What the file may be at most.
    folder
        Where all is staged.
    report
        Called with the part that is done, 0 to 1.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    FfmpegError
        When a picture is lost, doubled or out of its time, or the file is not what was planned.
    Cancelled, StorageFull
        When it was stopped, or the disk is full.
    """
    lines = [f"file {file.name}\n" for file in files]
    (folder / graph.LIST).write_text("".join(lines), encoding="ascii")
    seconds = frames / canvas.fps
    encode(
        arguments,
        folder=folder,
        limit=_PATIENCE + _PATIENCE * seconds,
        on_time=lambda time: report(min(1.0, time / seconds)),
        cancel=cancel,
    )
    info = judge(
        part,
        seconds=seconds,
        size=(canvas.width, canvas.height),
        fps=canvas.fps,
        sound=sound,
        limits=limits,
    )
    report(1.0)
    found = packets(part)
    if found.frames != frames or not found.steady(canvas.fps):
        raise FfmpegError(
            f"joined {found.frames} pictures where {frames} were planned, or out of their time",
            subject="ffmpeg",
        )
    return info
