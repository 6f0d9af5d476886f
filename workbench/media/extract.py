"""Frames of a clip, at some times or evenly spaced, as pictures or files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import MediaError, ParameterError, shown
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, existing, number, whole
from workbench.media.outputs import PICTURES, reporting, write_picture
from workbench.media.probe import length, probe
from workbench.media.reel import Reel
from workbench.paths import user_path

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from workbench.media.stills import Picture

__all__ = ["SavedFrame", "even_times", "frames_at", "frames_evenly", "save_frames"]

_MOST = 1_000  # frames
_HELD = 1 << 30  # bytes of pictures that are returned at once
_SMALLEST, _LARGEST = 16, 8192  # pixels of a side


@dataclass(frozen=True, kw_only=True)
class SavedFrame:
    """A frame of a video in a file.

    Parameters
    ----------
    path
        The picture.
    seconds
        The time that was asked for, at most the video's length.
    width, height
        Pixels.
    """

    path: Path
    seconds: float
    width: int
    height: int

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {**vars(self), "path": str(self.path)}


def even_times(
    path: str | os.PathLike[str], count: int, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[float, ...]:
    """Return the middles of `count` equal parts of a video, in seconds.

    Raises
    ------
    ParameterError
        When `count` is not 1 to 1,000.
    MediaError
        When the file cannot be used.
    """
    parts = whole("count", count, 1, _MOST)
    seconds = length(path, limits=limits)
    return tuple(seconds * (index + 0.5) / parts for index in range(parts))


def frames_at(
    path: str | os.PathLike[str],
    times: Sequence[float],
    *,
    width: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> list[Picture]:
    """Return the frames of a video that are seen at some times, in one pass.

    Parameters
    ----------
    path
        A video.
    times
        Seconds from the start, in any order; beyond the end, the last frame is returned.
    width
        Pixels of the result, the height follows; None for the video's own.
    limits
        What the file may be at most.
    progress
        Called with the part that is done; None shows a bar.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    list of ndarray of uint8
        RGB, shape ``(height, width, 3)``, turned for display, pixels square.

    Raises
    ------
    ParameterError
        When an argument is not acceptable, or the pictures are too much to be held at once.
    MediaError
        When the file has no picture, or is damaged there.
    Cancelled
        On request.
    """
    wanted = _times(times, limits)
    file, size = _video(path, width, limits)
    if len(wanted) * size[0] * size[1] * 3 > _HELD:
        raise ParameterError(
            f"{len(wanted)} pictures of {size[0]}x{size[1]} are too much to be held at once",
            subject="times",
            cure="ask for a smaller width, or save_frames",
        )
    found: dict[int, Picture] = {}
    with reporting(progress, "taking frames") as report:
        for index, picture in _walk(file, wanted, size, limits=limits, cancel=cancel):
            found[index] = picture
            report(len(found) / len(wanted))
    return [found[index] for index in range(len(wanted))]


def frames_evenly(
    path: str | os.PathLike[str],
    count: int,
    *,
    width: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> list[Picture]:
    """Return `count` frames from the middles of as many equal parts; see `frames_at`."""
    times = even_times(path, count, limits=limits)
    return frames_at(path, times, width=width, limits=limits, progress=progress, cancel=cancel)


def save_frames(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    times: Sequence[float] | None = None,
    count: int | None = None,
    suffix: str = ".jpg",
    width: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> tuple[SavedFrame, ...]:
    """Write frames of a video into a folder, one file each, in one pass.

    Parameters
    ----------
    path
        A video.
    folder
        Where the files ``frame-0001.jpg`` … go; it is made when it is not there. Only frames
        that are wanted are written over.
    times, count
        Seconds from the start, or how many evenly spaced frames; one of the two.
    suffix
        ``.jpg``, ``.png`` or ``.webp``.
    width
        Pixels of the pictures; None for the video's own.
    limits, progress, cancel
        As for `frames_at`.

    Raises
    ------
    ParameterError
        When an argument is not acceptable.
    MediaError, StorageError, Cancelled
        As for `frames_at`; or when the disk refuses.
    """
    if (times is None) == (count is None):
        raise ParameterError("needs either times or a count", subject="frames")
    choice("suffix", suffix, PICTURES)
    home = user_path(folder).absolute()
    if home.exists() and not home.is_dir():
        raise ParameterError("is not a folder", subject=str(folder))
    wanted = _times(even_times(path, count, limits=limits) if times is None else times, limits)  # type: ignore[arg-type] # one of the two
    file, size = _video(path, width, limits)
    whole_seconds = length(path, limits=limits)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, home) from error
    made: dict[int, SavedFrame] = {}
    with reporting(progress, "taking frames") as report:
        for index, picture in _walk(file, wanted, size, limits=limits, cancel=cancel):
            name = home / f"frame-{index + 1:04d}{suffix}"
            write_picture(picture, name)
            made[index] = SavedFrame(
                path=name,
                seconds=min(wanted[index], whole_seconds),
                width=picture.shape[1],
                height=picture.shape[0],
            )
            report(len(made) / len(wanted))
    return tuple(made[index] for index in range(len(wanted)))


def _times(times: Sequence[float], limits: Limits) -> list[float]:
    if isinstance(times, str | bytes) or not hasattr(times, "__iter__"):
        raise ParameterError(f"must be a list of seconds, not {shown(times)}", subject="times")
    wanted = [number("times", each, 0, limits.seconds, unit="s") for each in times]
    if not 1 <= len(wanted) <= _MOST:
        raise ParameterError(f"must be 1 to {_MOST:,}, not {len(wanted)}", subject="times")
    return wanted


def _video(
    path: str | os.PathLike[str], width: int | None, limits: Limits
) -> tuple[Path, tuple[int, int]]:
    """Return a video that is whole, and the size of its frames."""
    columns = None if width is None else whole("width", width, _SMALLEST, _LARGEST, unit="px")
    info = probe(path, limits=limits)
    if info.kind != "video" or info.video is None:
        raise MediaError(f"is {info.kind}, not a video", subject=str(path))
    check_intact(path, limits=limits)
    seen = info.video
    if columns is None:
        return existing(path), (seen.width, seen.height)
    rows = max(1, round(seen.height * columns / seen.width))
    if rows > _LARGEST:
        raise ParameterError(f"makes the picture {rows} pixels high", subject="width")
    return existing(path), (columns, rows)


def _walk(
    file: Path,
    times: list[float],
    size: tuple[int, int],
    *,
    limits: Limits,
    cancel: threading.Event | None,
) -> Iterator[tuple[int, Picture]]:
    """Yield the number of each time and the frame that is seen then, the earliest first."""
    with Reel(file, limits, cancel) as reel:
        for index in sorted(range(len(times)), key=times.__getitem__):
            yield index, reel.picture(times[index], *size)
