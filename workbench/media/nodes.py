"""What several graphs have in common: inputs, fitted pictures, colours, sound on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import ffmpeg

from workbench.media.limits import CLIP_FORMATS, file_url

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FITS", "Fit", "bt709", "fit_picture", "source", "stereo"]

Fit = Literal["cover", "contain", "blur"]

FITS: tuple[str, ...] = get_args(Fit)
"""How a picture of another shape fills a frame."""

_BLUR_SCALE = 8  # the blurred backdrop is made this much smaller: the same look, 1/64 of the work


def source(path: Path, **options: Any) -> Any:
    """Return a foreign file as an input of a graph: the file itself, whatever it is called."""
    return ffmpeg.input(
        file_url(path),
        protocol_whitelist="file",
        format_whitelist=CLIP_FORMATS,
        **options,
    )


def fit_picture(picture: Any, width: int, height: int, fit: Fit) -> Any:
    """Return a picture of any size and pixel aspect at the size asked for, undistorted."""
    if fit == "cover":
        return _inside(picture, width, height, "increase").filter("crop", width, height)
    if fit == "contain":
        within = _inside(picture, width, height, "decrease")
        return within.filter("pad", w=width, h=height, x="(ow-iw)/2", y="(oh-ih)/2", color="black")
    both = picture.filter_multi_output("split")
    small = (max(2, width // _BLUR_SCALE // 2 * 2), max(2, height // _BLUR_SCALE // 2 * 2))
    back = _inside(both[0], *small, "increase").filter("crop", *small)
    back = back.filter("gblur", sigma=max(2, small[0] // 24)).filter("scale", w=width, h=height)
    front = _inside(both[1], width, height, "decrease")
    return back.overlay(front, x="(W-w)/2", y="(H-h)/2")


def _inside(picture: Any, width: int, height: int, grow: str) -> Any:
    """Scale a picture of any pixel aspect so that it covers the size or lies within it."""
    square = picture.filter("scale", w="trunc(iw*sar/2+0.5)*2", h="ih").filter("setsar", "1")
    return square.filter(
        "scale", w=width, h=height, force_original_aspect_ratio=grow, flags="bicubic"
    )


def bt709(picture: Any, pixels: str = "yuv420p") -> Any:
    """Return a picture in the colours of HD video: BT.709, limited range."""
    picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv")
    return picture.filter("format", pixels)


def stereo(sound: Any, channels: int) -> Any:
    """Return a sound that is heard from both sides, one channel as loud as it is.

    ffmpeg's own way from mono to stereo takes 3 dB off.
    """
    return sound.filter("pan", args="stereo|c0=c0|c1=c0") if channels == 1 else sound
