"""Filter graphs and argument lists, from typed values only.

Nothing a caller writes reaches a filter: sizes and rates are numbers, captions and fonts are
staged under fixed names in the run's own folder, and paths go in as ``file:`` inputs and outputs.
ffmpeg-python joins the pieces and escapes them; it never runs anything here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import ffmpeg

from workbench.media.limits import CLIP_FORMATS, Limits, file_url

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CAPTIONS", "FONTS", "SOUND", "Canvas", "Fit", "clip_frames", "clip_sound", "delivery"]

Fit = Literal["cover", "pad", "blur"]

CAPTIONS, FONTS, SOUND = "captions.ass", "fonts", "sound.wav"
"""The names under which a run finds what was staged for it."""

_BLUR_SCALE = 8  # the blurred backdrop is made this much smaller: the same look, 1/64 of the work


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """The picture that is being made.

    Parameters
    ----------
    width, height
        Pixels, even (H.264 in 4:2:0 needs that).
    fps
        Frames per second.
    """

    width: int
    height: int
    fps: int = 30

    @property
    def frame_bytes(self) -> int:
        """Bytes of one planar 4:2:0 frame."""
        return self.width * self.height * 3 // 2


def _source(path: Path, **options: Any) -> Any:
    return ffmpeg.input(
        file_url(path),
        protocol_whitelist="file",
        format_whitelist=CLIP_FORMATS,
        **options,
    )


def _inside(picture: Any, width: int, height: int, grow: str) -> Any:
    """Scale a picture of any pixel aspect so that it covers the size or lies within it."""
    square = picture.filter("scale", w="trunc(iw*sar/2+0.5)*2", h="ih").filter("setsar", "1")
    return square.filter(
        "scale", w=width, h=height, force_original_aspect_ratio=grow, flags="bicubic"
    )


def _fit(picture: Any, canvas: Canvas, fit: Fit) -> Any:
    width, height = canvas.width, canvas.height
    if fit == "cover":
        return _inside(picture, width, height, "increase").filter("crop", width, height)
    if fit == "pad":
        within = _inside(picture, width, height, "decrease")
        return within.filter("pad", w=width, h=height, x="(ow-iw)/2", y="(oh-ih)/2", color="black")
    both = picture.filter_multi_output("split")
    small = (max(2, width // _BLUR_SCALE // 2 * 2), max(2, height // _BLUR_SCALE // 2 * 2))
    back = _inside(both[0], *small, "increase").filter("crop", *small)
    back = back.filter("gblur", sigma=max(2, small[0] // 24)).filter("scale", w=width, h=height)
    front = _inside(both[1], width, height, "decrease")
    return back.overlay(front, x="(W-w)/2", y="(H-h)/2")


def clip_frames(
    path: Path, canvas: Canvas, fit: Fit, count: int, *, start: float, limits: Limits
) -> list[str]:
    """Return the arguments that put `count` raw 4:2:0 frames of a clip on standard output.

    The clip is turned as its display matrix says, fitted, brought to the canvas's rate, and begun
    again when it is shorter. Damage is an error (``-xerror``), not a shorter clip.
    """
    source = _source(path, stream_loop=-1, ss=start, max_pixels=limits.pixels)
    picture = _fit(source["v:0"], canvas, fit).filter("fps", canvas.fps)
    picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv")
    picture = picture.filter("format", "yuv420p").filter("setsar", "1")
    out = ffmpeg.output(picture, "pipe:1", format="rawvideo", **{"frames:v": count})
    return ["-xerror", *out.get_args()]


def clip_sound(path: Path, rate: int, seconds: float, *, start: float) -> list[str]:
    """Return the arguments that put the sound of a clip, float stereo, on standard output.

    Silence follows where the sound is shorter than `seconds`.
    """
    source = _source(path, ss=start)
    sound = source["a:0"].filter("aresample", rate, **{"async": 1, "first_pts": 0})
    sound = sound.filter("apad", whole_dur=f"{seconds:.6f}")
    out = ffmpeg.output(sound, "pipe:1", format="f32le", ac=2, ar=rate, t=f"{seconds:.6f}")
    return ["-xerror", *out.get_args()]


def delivery(
    path: Path, canvas: Canvas, frames: int, *, captions: bool, sound: bool, encoder: dict[str, Any]
) -> list[str]:
    """Return the arguments that encode raw frames from standard input into the finished file.

    Parameters
    ----------
    path
        Where the file goes.
    canvas
        Size and rate of the frames.
    frames
        How many there are.
    captions
        Whether `CAPTIONS` and `FONTS` are staged and to be drawn.
    sound
        Whether `SOUND` is staged.
    encoder
        Output options of the video encoder.
    """
    picture = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="yuv420p",
        video_size=(canvas.width, canvas.height),
        framerate=canvas.fps,
    )["v:0"]
    picture = picture.filter(
        "setparams",
        range="tv",
        color_primaries="bt709",
        color_trc="bt709",
        colorspace="bt709",
    )
    if captions:
        picture = picture.filter("ass", CAPTIONS, fontsdir=FONTS)
    streams = [picture]
    options: dict[str, Any] = {**encoder, "pix_fmt": "yuv420p", "frames:v": frames}
    options |= {"movflags": "+faststart", "map_metadata": -1, "fflags": "+bitexact"}
    if sound:
        streams.append(ffmpeg.input(SOUND, format="wav")["a:0"])
        options |= {"c:a": "aac", "b:a": "160k", "ar": 48_000, "t": f"{frames / canvas.fps:.6f}"}
    return list(ffmpeg.output(*streams, file_url(path), format="mp4", **options).get_args())
