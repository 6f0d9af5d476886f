"""A part of a video as an animated GIF, for places that play no video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import ffmpeg

from workbench.errors import FfmpegError, ParameterError
from workbench.media.alike import lasts, pictures
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, existing, file_url, number, whole
from workbench.media.outputs import convert, target, writing
from workbench.media.pieces import Piece, moving, spelled
from workbench.media.probe import probe
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Gif", "gif"]

_PALETTE = "palette.png"
_LONGEST = 60.0  # seconds
_MOST = 300_000_000  # pixels of all frames together: about as many bytes at worst
_PAST = 0.05
_FIRST_SHARE = 0.4  # of the progress: the colours are chosen before anything is drawn
# Bayer's pattern stands still where the picture does, and so costs no bytes there.
_DITHERS: dict[str, dict[str, Any]] = {
    "bayer": {"dither": "bayer", "bayer_scale": 4},
    "sierra": {"dither": "sierra2_4a"},
    "none": {"dither": "none"},
}


@dataclass(frozen=True, kw_only=True)
class Gif:
    """What `gif` made.

    Parameters
    ----------
    path
        The file.
    duration
        Seconds.
    width, height
        Pixels.
    frames
        How many there are; those that are equal are stored once.
    size
        Bytes.
    """

    path: Path
    duration: float
    width: int
    height: int
    frames: int
    size: int

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {**vars(self), "path": str(self.path)}


def gif(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    start: float = 0.0,
    duration: float | None = None,
    fps: float = 10,
    width: int = 480,
    colours: int = 256,
    dither: str = "bayer",
    loop: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Gif:
    """Make an animated GIF of a part of a video, in the colours that suit it best.

    Parameters
    ----------
    path
        A video.
    output
        The .gif file.
    start
        Seconds into the video.
    duration
        Seconds that are shown, at most 60; None takes what there is, at most 10.
    fps
        Frames per second, 1 to 50: GIF counts in hundredths of a second.
    width
        Pixels, 16 to 2,048; the height follows. Nothing is enlarged.
    colours
        How many, 4 to 256. Fewer make a smaller file.
    dither
        ``bayer``, ``sierra`` (finer, larger) or ``none``.
    loop
        Whether it plays for ever; else once.
    limits, progress, cancel
        As for `workbench.media.merging.merge`.

    Raises
    ------
    ParameterError
        When an argument is not acceptable, or the part is not within the video.
    MediaError
        When the file cannot be used.
    StorageError, Cancelled
        When the disk refuses, or on request.
    """
    file = existing(path)
    goal = target(output, (".gif",), inputs=[file])
    begin = number("start", start, 0, limits.seconds, unit="s")
    asked = None if duration is None else number("duration", duration, 0.01, _LONGEST, unit="s")
    rate = number("fps", fps, 1, 50)
    most = whole("width", width, 16, 2048, unit="px")
    shades = whole("colours", colours, 4, 256)
    choice("dither", dither, _DITHERS)
    info = probe(file, limits=limits)
    if info.kind != "video" or info.video is None:
        raise ParameterError(f"is {info.kind}, not a video", subject=str(path))
    check_intact(file, limits=limits)
    there = float(lasts(file, info, pictures(file, limits), limits)[0])
    if begin >= there or (asked is not None and begin + asked > there + _PAST):
        raise ParameterError(
            f"to {begin + (asked or 0):g} s is past the end, at {there:.3f} s",
            subject="start" if begin >= there else "duration",
        )
    seconds = min(there - begin, asked or min(10.0, there - begin))
    columns = min(most, info.video.width)
    rows = max(1, round(info.video.height * columns / info.video.width))
    frames = max(1, round(seconds * rate))
    if frames * columns * rows > _MOST:
        raise ParameterError(
            f"would have {frames} frames of {columns}x{rows}, which is too much",
            subject="gif",
            cure="give a shorter duration, a smaller width or fewer frames a second",
        )
    piece = Piece(path=file, info=info, start=begin, count=frames)
    picture = moving(piece, Fraction(rate).limit_denominator(1000), limits,
                     t=spelled(piece.lead + seconds))  # fmt: skip
    picture = picture.filter("scale", w=columns, h=rows, flags="lanczos").filter("setsar", "1")
    run: dict[str, Any] = {"source": path, "seconds": seconds, "cancel": cancel, "limits": limits}
    with workspace() as folder, writing(goal, "making a GIF", progress) as (part, report):
        # Counting only what changes ("diff") leaves out the colours of the last frame.
        best = picture.filter("palettegen", max_colors=shades, stats_mode="full")
        first = ffmpeg.output(best, file_url(folder / _PALETTE), format="image2", update=1)
        convert(first.get_args(), folder=folder, report=lambda done: report(_FIRST_SHARE * done),
                **run)  # fmt: skip
        palette = ffmpeg.input(file_url(folder / _PALETTE), format="png_pipe")["v:0"]
        drawn = ffmpeg.filter(
            [picture, palette], "paletteuse", diff_mode="rectangle", **_DITHERS[dither]
        )
        second = ffmpeg.output(
            drawn, file_url(part), format="gif", loop=0 if loop else -1, **{"frames:v": frames}
        )
        rest = 1 - _FIRST_SHARE
        convert(second.get_args(), folder=folder,
                report=lambda done: report(_FIRST_SHARE + rest * done), **run)  # fmt: skip
        count, lasting, size = _looked(part)
        if size != (columns, rows) or abs(lasting - frames / rate) > 1 / rate + _PAST:
            raise FfmpegError(f"wrote {size[0]}x{size[1]} for {lasting:.2f} s", subject="ffmpeg")
        weight = part.stat().st_size
    return Gif(path=goal, duration=lasting, width=columns, height=rows, frames=count, size=weight)


def _looked(part: Path) -> tuple[int, float, tuple[int, int]]:
    """Return frames, seconds and size of a GIF, read frame by frame."""
    from PIL import Image, ImageSequence

    try:
        with Image.open(part, formats=["GIF"]) as image:
            times = [frame.info.get("duration", 0) for frame in ImageSequence.Iterator(image)]
            return len(times), sum(times) / 1000, image.size
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise FfmpegError("wrote a GIF that cannot be opened", subject="ffmpeg") from error
