"""Parts of clips as raw frames and raw sound, all of one size and rate.

Each is decoded by a process of its own, which may use so much memory and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import ffmpeg

from workbench.errors import MediaError, ParameterError, shown
from workbench.media.containers import INDEXED
from workbench.media.ffmpeg import Failed, read
from workbench.media.limits import Limits, whole
from workbench.media.nodes import Fit, bt709, fit_picture, source, stereo
from workbench.media.outputs import PATIENCE

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.media.probe import MediaInfo, VideoStream

__all__ = [
    "RATE",
    "Frame",
    "Piece",
    "checked_size",
    "constant_rate",
    "damaged",
    "even_size",
    "frame_rate",
    "frames",
    "moving",
    "sound",
    "sound_filter",
    "spelled",
]

RATE = 48_000
"""Frames a second of the sound that is made."""

_LEAD = 1.0  # seconds decoded before a piece begins, so that the frame seen there is known
_LEAD_VARIABLE = 5.0  # as above, where frames may stand long
_SMALLEST, _LARGEST = 16, 4096  # pixels of a side
_USUAL_RATE = Fraction(30)
# What cameras and broadcasters use; a container's average is off by what rounding cost it.
_RATES = (
    Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30),
    Fraction(48), Fraction(50), Fraction(60_000, 1001), Fraction(60),
)  # fmt: skip
_NEAR = 4e-4  # 24 and 23.976 are 1e-3 apart
_SLOWEST, _FASTEST = 1, 120


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The picture that is made.

    Parameters
    ----------
    width, height
        Pixels, even.
    fps
        Frames per second, exact.
    """

    width: int
    height: int
    fps: Fraction

    @property
    def bytes(self) -> int:
        """Bytes of one planar 4:2:0 frame."""
        return self.width * self.height * 3 // 2

    def samples(self, frames: int) -> int:
        """How many frames of sound `frames` pictures last; sums of pieces do not drift."""
        return round(frames * RATE / self.fps)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a clip.

    Parameters
    ----------
    path
        The clip.
    info
        What it is.
    start
        Seconds into it.
    count
        How many frames of the result it lasts.
    """

    path: Path
    info: MediaInfo
    start: float = 0.0
    count: int

    @property
    def lead(self) -> float:
        """Seconds before the start at which decoding begins: all, where seeking is inexact."""
        if self.info.format not in INDEXED:
            return self.start
        video = self.info.video
        most = _LEAD_VARIABLE if video is not None and video.variable else _LEAD
        return min(self.start, most)


def even_size(video: VideoStream) -> tuple[int, int]:
    """Return the size at which a picture is seen, in even pixels that encoders take.

    Examples
    --------
    >>> from workbench.media.probe import VideoStream
    >>> even_size(VideoStream(width=321, height=240, codec="h264"))
    (322, 240)
    """
    width, height = video.width, video.height
    scale = min(1.0, _LARGEST / max(width, height))
    sides = (round(side * scale / 2 + 1e-9) * 2 for side in (width, height))
    width, height = (max(_SMALLEST, side) for side in sides)
    return width, height


def frame_rate(video: VideoStream) -> Fraction:
    """Return a constant rate that suits a picture, exact for the usual ones.

    Where it varies, the average says nothing of how smoothly it moves: 30 is taken.

    Examples
    --------
    >>> from workbench.media.probe import VideoStream
    >>> frame_rate(VideoStream(width=2, height=2, codec="h264", fps=29.97))
    Fraction(30000, 1001)
    """
    if video.variable or not video.fps:
        return _USUAL_RATE
    return constant_rate(video.fps)


def constant_rate(fps: float) -> Fraction:
    """Return a number of frames per second exactly, within 1 to 120.

    Examples
    --------
    >>> constant_rate(23.976), constant_rate(12.5)
    (Fraction(24000, 1001), Fraction(25, 2))
    """
    for rate in _RATES:
        if abs(fps / float(rate) - 1) < _NEAR:
            return rate
    near = Fraction(fps).limit_denominator(1001)
    return min(max(near, Fraction(_SLOWEST)), Fraction(_FASTEST))


def checked_size(size: object) -> tuple[int, int]:
    """Return a width and height, having checked that encoders take them.

    Raises
    ------
    ParameterError
        Unless they are two even numbers of 16 to 4,096 pixels.

    Examples
    --------
    >>> checked_size((1080, 1920))
    (1080, 1920)
    """
    if not isinstance(size, tuple | list) or len(size) != 2:  # noqa: PLR2004 - width and height
        raise ParameterError(f"must be a width and a height, not {shown(size)}", subject="size")
    width, height = (
        whole(f"size ({name})", side, _SMALLEST, _LARGEST, unit="px")
        for name, side in zip(("width", "height"), size, strict=True)
    )
    if width % 2 or height % 2:
        raise ParameterError(f"needs even sides, not {width}x{height}", subject="size")
    return width, height


def spelled(value: float | Fraction) -> str:
    """Return seconds as ffmpeg takes them, never in scientific notation."""
    return f"{float(value):.9f}"


def _seek(piece: Piece) -> dict[str, Any]:
    first = piece.start - piece.lead
    return {"ss": spelled(first)} if first > 0 else {}


def moving(piece: Piece, fps: Fraction, limits: Limits, **options: Any) -> Any:
    """Return the picture of a piece as a node of a graph, from its start on at a constant rate."""
    picture = source(piece.path, max_pixels=limits.pixels, **_seek(piece), **options)["V:0"]
    picture = picture.filter("setpts", f"PTS-{spelled(piece.lead)}/TB")
    return picture.filter("fps", fps=str(fps), start_time=0)


def _pictures(piece: Piece, frame: Frame, fit: Fit, limits: Limits) -> list[str]:
    """Return the arguments that put the frames of a piece on standard output."""
    picture = moving(piece, frame.fps, limits)
    picture = fit_picture(picture, frame.width, frame.height, fit)
    # The last frame stands where the sound is longer than the picture.
    picture = picture.filter("tpad", stop=-1, stop_mode="clone")
    picture = bt709(picture).filter("setsar", "1")
    out = ffmpeg.output(picture, "pipe:1", format="rawvideo", **{"frames:v": piece.count})
    return ["-xerror", *out.get_args()]


def frames(
    piece: Piece,
    frame: Frame,
    fit: Fit,
    folder: Path,
    *,
    limits: Limits,
    cancel: threading.Event | None,
) -> Iterator[memoryview]:
    """Yield the planar 4:2:0 frames of a piece; each is valid until the next is asked for.

    Raises
    ------
    MediaError
        When the clip is damaged, or has no picture there, naming it.
    """
    got = 0
    try:
        for picture in read(
            _pictures(piece, frame, fit, limits),
            frame.bytes,
            folder=folder,
            limit=PATIENCE + PATIENCE * (piece.lead + float(piece.count / frame.fps)),
            memory=limits.memory,
            cancel=cancel,
        ):
            got += 1
            yield picture
    except Failed as error:
        raise damaged(piece.path, error) from error
    if got < piece.count:
        raise MediaError(
            f"has {got} frames from {piece.start:.2f} s on, where {piece.count} were needed",
            subject=str(piece.path),
            cure="cut where it has a picture",
        )


def damaged(path: Path, error: Failed) -> MediaError:
    """Return the error that names the file ffmpeg could not read."""
    return MediaError(
        f"is damaged ({error.problem})", subject=str(path), cure="make or fetch it again"
    )


def sound_filter(sound: Any, channels: int) -> Any:
    """Return a sound as float stereo at `RATE`, one channel as loud as it is."""
    return (
        stereo(sound, channels)
        .filter("aresample", RATE, **{"async": 1})
        .filter("aformat", sample_fmts="flt", channel_layouts="stereo")
    )


def sound(
    piece: Piece,
    samples: int,
    folder: Path,
    *,
    limits: Limits,
    cancel: threading.Event | None,
) -> Iterator[memoryview]:
    """Yield `samples` frames of a piece's sound in bits, as float32 stereo at `RATE`.

    Raises
    ------
    MediaError
        When the sound is damaged, naming the clip.
    """
    try:
        yield from read(
            _sound(piece, samples),
            1 << 16,
            folder=folder,
            limit=PATIENCE + piece.lead + samples / RATE,
            memory=limits.memory,
            cancel=cancel,
        )
    except Failed as error:
        raise damaged(piece.path, error) from error


def _sound(piece: Piece, samples: int) -> list[str]:
    audio = piece.info.audio
    sound = source(piece.path, vn=None, **_seek(piece))["a:0"]
    if piece.lead:
        sound = sound.filter("atrim", start=spelled(piece.lead))
        sound = sound.filter("asetpts", f"PTS-{spelled(piece.lead)}/TB")
    sound = sound_filter(sound, audio.channels if audio is not None else 2)
    sound = sound.filter("aresample", **{"async": 1, "first_pts": 0})
    sound = sound.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)
    return ["-xerror", *ffmpeg.output(sound, "pipe:1", format="f32le").get_args()]
