"""Still pictures: read within limits, fitted to a canvas, as planar 4:2:0 frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.errors import MediaError
from workbench.media.limits import DEFAULT_LIMITS, STILL_FORMATS, Limits
from workbench.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.media.graph import Canvas, Fit

__all__ = ["Picture", "Planes", "canvas_planes", "fitted", "load", "outline", "planes"]

Picture = NDArray[np.uint8]
"""Rows of RGB pixels, shape ``(height, width, 3)``."""

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
"""Y, U and V; U and V have half the width and height."""

_BLUR_SCALE = 8
_GROUND, _BAR = (16, 24, 38), (122, 162, 247)


def load(path: Path, limits: Limits = DEFAULT_LIMITS) -> Picture:
    """Return the picture of a file: upright, on black where it is transparent.

    Raises
    ------
    MediaNotFound, MediaTooLarge, MediaError
        As `workbench.media.probe.probe` does, before a pixel is decoded.
    """
    from PIL import Image, ImageOps

    info = probe(path, limits=limits)
    if info.kind != "image":
        raise MediaError(f"is {info.kind}, not a picture", subject=str(path))
    try:
        with Image.open(path, formats=STILL_FORMATS) as image:
            upright = ImageOps.exif_transpose(image)
            if "A" in upright.getbands() or "transparency" in upright.info:
                clear = upright.convert("RGBA")
                black = Image.new("RGBA", clear.size, "black")
                upright = Image.alpha_composite(black, clear)
            return np.asarray(upright.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(
            "is damaged: its pixels cannot be read", subject=str(path), cure="make it again"
        ) from error


def fitted(picture: Picture, width: int, height: int, fit: Fit) -> Picture:
    """Return the picture at the size asked for.

    Parameters
    ----------
    picture
        RGB.
    width, height
        Pixels of the result.
    fit
        ``cover`` fills the size and cuts what stands over, ``pad`` shows all of the picture on
        black, ``blur`` on a blurred copy of itself.
    """
    if fit == "cover":
        return _cover(picture, width, height)
    rows, columns = picture.shape[:2]
    scale = min(width / columns, height / rows)
    inner = _resize(picture, max(1, round(columns * scale)), max(1, round(rows * scale)))
    if fit == "pad":
        back = np.zeros((height, width, 3), np.uint8)
    else:
        import cv2

        small = _cover(picture, max(2, width // _BLUR_SCALE), max(2, height // _BLUR_SCALE))
        soft = cv2.GaussianBlur(small, (0, 0), max(2, small.shape[1] / 24))
        back = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC))
        back = back.copy()
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    back[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return back


def _cover(picture: Picture, width: int, height: int) -> Picture:
    rows, columns = picture.shape[:2]
    scale = max(width / columns, height / rows)
    # Cut before scaling: the same picture, and no more work than the result is large.
    cut_w, cut_h = min(columns, round(width / scale)), min(rows, round(height / scale))
    left, top = (columns - cut_w) // 2, (rows - cut_h) // 2
    return _resize(picture[top : top + cut_h, left : left + cut_w], width, height)


def _resize(picture: Picture, width: int, height: int) -> Picture:
    import cv2

    if picture.shape[:2] == (height, width):
        return np.ascontiguousarray(picture)
    smaller = width * height < picture.shape[0] * picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=how))


def planes(picture: Picture) -> Planes:
    """Return RGB as BT.709 limited-range planes (ITU-R BT.709-6, table 4), sides even.

    Parameters
    ----------
    picture
        RGB with an even width and height.
    """
    red, green, blue = (picture[..., i].astype(np.float32) / 255 for i in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    chroma = [(blue - luma) / 1.8556, (red - luma) / 1.5748]
    y = np.clip(luma * 219 + 16.5, 16, 235).astype(np.uint8)
    height, width = y.shape
    quarters = [c.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)) for c in chroma]
    u, v = (np.clip(q * 224 + 128.5, 16, 240).astype(np.uint8) for q in quarters)
    return y, u, v


def outline(sound: Audio, width: int, height: int) -> Picture:
    """Return the waveform of a sound as a picture: bars of its peaks on a dark ground.

    Parameters
    ----------
    sound
        What is drawn, from left to right.
    width, height
        Pixels, even.
    """
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = _GROUND
    step = max(4, width // 100)
    margin = round(width * 0.06)
    columns = max(1, (width - 2 * margin) // step)
    peaks = np.abs(sound.peaks(columns).astype(np.int16)).max(axis=1)
    loudest = max(1, int(peaks.max(initial=0)))
    middle, most = height // 2, min(width, height) * 0.3
    for index, peak in enumerate(peaks):
        half = max(1, round(most * int(peak) / loudest))
        left = margin + index * step
        picture[middle - half : middle + half, left : left + max(2, step * 2 // 3)] = _BAR
    return picture


def canvas_planes(picture: Picture, canvas: Canvas, fit: Fit, scale: float = 1.0) -> Planes:
    """Return the picture fitted to a canvas, `scale` times as large, as planes."""
    width, height = (round(side * scale / 2) * 2 for side in (canvas.width, canvas.height))
    return planes(fitted(picture, width, height, fit))
