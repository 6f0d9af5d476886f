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
    counts: Sequence[int],
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
    counts
        How many frames each of them has.
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
    (folder / graph.LIST).write_text(_listed(files, counts, canvas.fps), encoding="ascii")
    frames = sum(counts)
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


def _listed(files: Sequence[Path], counts: Sequence[int], fps: int) -> str:
    """Return the list that ffmpeg joins.

    Each lasts as long as its frames do: before ffmpeg 6 that was taken from its header, in
    thousandths of a second. It counts in millionths, so that errors must not add up.
    """
    lines, done = [], 0
    for file, count in zip(files, counts, strict=True):
        first, done = round(done * 1_000_000 / fps), done + count
        lasts = round(done * 1_000_000 / fps) - first
        lines.append(f"file {file.name}\nduration {lasts // 1_000_000}.{lasts % 1_000_000:06}\n")
    return "".join(lines)
