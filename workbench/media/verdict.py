"""Whether a file that ffmpeg wrote is what was asked for: an exit code of 0 proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import FfmpegError, MediaError
from workbench.media.limits import DEFAULT_LIMITS, Limits
from workbench.media.probe import MediaInfo, probe

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["judge"]

_SLACK = 0.1  # seconds; encoders round to frames of their own


def judge(
    path: Path,
    *,
    seconds: float | None = None,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    sound: bool | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> MediaInfo:
    """Probe what was written and return what it is.

    Parameters
    ----------
    path
        The file, still under its temporary name.
    seconds
        How long it should last; None when that cannot be known.
    size
        Width and height of the picture it should have, None for none or any.
    fps
        Its frame rate, for the tolerance of `seconds`.
    sound
        Whether it should have sound; None when either will do.
    limits
        What it may be at most.

    Raises
    ------
    FfmpegError
        When it cannot be opened, or differs from what was asked for.
    """
    try:
        info = probe(path, limits=limits)
    except MediaError as error:
        raise FfmpegError(
            f"wrote a file that cannot be opened ({error.problem})", subject="ffmpeg"
        ) from error
    got = info.duration or 0.0
    if seconds is not None and abs(got - seconds) > max(_SLACK, 1 / (fps or 30)):
        raise FfmpegError(f"wrote {got:.2f} s where {seconds:.2f} s were planned", subject="ffmpeg")
    picture = info.video
    if size is not None and (picture is None or (picture.width, picture.height) != size):
        raise FfmpegError("wrote a picture of another size", subject="ffmpeg")
    if sound is not None and sound != (info.audio is not None):
        missing = "without its sound" if sound else "with sound that was not asked for"
        raise FfmpegError(f"wrote a file {missing}", subject="ffmpeg")
    return info
