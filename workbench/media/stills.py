"""Still pictures: read within limits, fitted to a canvas, as planar 4:2:0 frames."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.captions.colours import rgba
from workbench.errors import MediaError, ParameterError, shown
from workbench.media.images import decoding
from workbench.media.limits import DEFAULT_LIMITS, STILL_FORMATS, Limits, choice
from workbench.media.nodes import FITS, Fit
from workbench.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.media.graph import Canvas

__all__ = [
    "Picture",
    "Planes",
    "canvas_planes",
    "fitted",
    "load",
    "opaque",
    "outline",
    "planes",
]

Picture = NDArray[np.uint8]
"""Rows of RGB pixels, shape ``(height, width, 3)``."""

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
"""Y, U and V; U and V have half the width and height."""

_RED, _BLUE = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
_LUMA = np.array([0.2126, 0.7152, 0.0722])

_BLUR_SCALE = 8  # the blurred copy is made this much smaller: the same look, 1/64 of the work
_HAIR = 1e-6  # of a pixel: what rounding of floats leaves of a whole number
_DEEPEST, _OPAQUE = 65_535, 255
_GROUND, _BAR = (16, 24, 38), (122, 162, 247)


def load(path: Path, limits: Limits = DEFAULT_LIMITS, *, background: str = "black") -> Picture:
    """Return the picture of a file, upright.

    Parameters
    ----------
    path
        PNG, JPEG, WebP, BMP, GIF or TIFF of any colour mode; 16 bits are brought to 8.
    limits
        What it may be at most.
    background
        The colour that is seen where it is transparent.

    Raises
    ------
    MediaNotFound, MediaTooLarge, MediaError
        As `workbench.media.probe.probe` does, before a pixel is decoded.
    ParameterError
        When the background is no colour.
    """
    from PIL import Image, ImageOps

    ground = opaque(background, name="background")
    info = probe(path, limits=limits)
    if info.kind != "image":
        raise MediaError(f"is {info.kind}, not a picture", subject=str(path))
    with decoding(path, limits), Image.open(path, formats=STILL_FORMATS) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode[0] in "IF":
            return _shallow(np.asarray(upright), path)
        if upright.has_transparency_data:
            clear = upright.convert("RGBA")
            back = Image.new("RGBA", clear.size, ground)
            upright = Image.alpha_composite(back, clear)
        return np.asarray(upright.convert("RGB"))


def _shallow(deep: NDArray[Any], path: Path) -> Picture:
    """Return grey of 16 bits as RGB: Pillow would cut it off at 255."""
    if deep.dtype.kind == "f" or (deep.size and not 0 <= deep.min() <= deep.max() <= _DEEPEST):
        raise MediaError(
            "has more than 16 bits a pixel", subject=str(path), cure="save it with 8 or 16"
        )
    grey = ((deep.astype(np.uint32) * 255 + _DEEPEST // 2) // _DEEPEST).astype(np.uint8)
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def opaque(colour: str, *, name: str = "colour") -> tuple[int, int, int]:
    """Return red, green and blue, each 0 to 255, of a colour that nothing shines through.

    Raises
    ------
    ParameterError
        When it is no colour, or has an opacity.

    Examples
    --------
    >>> opaque("navy")
    (0, 0, 128)
    """
    *rgb, alpha = rgba(colour, name=name)
    if alpha != _OPAQUE:
        raise ParameterError(
            f"has nothing behind it to shine through: {colour!r}", subject=name, cure="use #rrggbb"
        )
    red, green, blue = rgb
    return red, green, blue


def fitted(
    picture: Picture, width: int, height: int, fit: Fit, *, background: str | None = None
) -> Picture:
    """Return the picture at the size asked for, whatever its own shape, undistorted.

    Parameters
    ----------
    picture
        RGB.
    width, height
        Pixels of the result.
    fit
        ``cover`` fills the size and cuts what stands over, ``contain`` shows all of the picture
        on a colour, ``blur`` on a blurred copy of itself.
    background
        The colour of ``contain``, black when None.

    Raises
    ------
    ParameterError
        When the fit is unknown, or a background is given to one that shows none.
    """
    choice("fit", fit, FITS)
    if background is not None and fit != "contain":
        raise ParameterError(
            f"is for fit='contain', and this is {shown(fit)}", subject="background"
        )
    picture = np.ascontiguousarray(picture)
    if fit == "cover":
        return _cover(picture, width, height)
    rows, columns = picture.shape[:2]
    scale = min(width / columns, height / rows)
    inner = _scaled(picture, scale)
    if fit == "contain":
        back = np.empty((height, width, 3), np.uint8)
        back[:] = opaque(background or "black", name="background")
    else:
        back = _blurred(picture, width, height)
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    back[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return back


def _blurred(picture: Picture, width: int, height: int) -> Picture:
    import cv2

    small_w, small_h = max(2, -(-width // _BLUR_SCALE)), max(2, -(-height // _BLUR_SCALE))
    small = _cover(picture, small_w, small_h)
    soft = cv2.GaussianBlur(small, (0, 0), max(2, small_w / 24), borderType=cv2.BORDER_REPLICATE)
    size = small_w * _BLUR_SCALE, small_h * _BLUR_SCALE
    return _middle(np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC)), width, height)


def _cover(picture: Picture, width: int, height: int) -> Picture:
    rows, columns = picture.shape[:2]
    scale = max(width / columns, height / rows)
    # Cut before scaling: the same picture, and no more work than the result is large. What is cut
    # is a little more than is seen, so that both sides are scaled alike, and cut again after.
    cut_w, cut_h = _cut_side(columns, width / scale), _cut_side(rows, height / scale)
    left, top = (columns - cut_w) // 2, (rows - cut_h) // 2
    grown = _scaled(picture[top : top + cut_h, left : left + cut_w], scale)
    return _middle(grown, width, height)


def _middle(picture: Picture, width: int, height: int) -> Picture:
    left, top = (picture.shape[1] - width) // 2, (picture.shape[0] - height) // 2
    return np.array(picture[top : top + height, left : left + width])


def _cut_side(side: int, seen: float) -> int:
    """Return how many pixels of a side are needed, as many left out on one end as the other."""
    need = min(side, math.ceil(seen - _HAIR))
    return need + (side - need) % 2


def _scaled(picture: Picture, scale: float) -> Picture:
    """Return the picture `scale` times as large, to the nearest pixel, one at the least."""
    import cv2

    rows, columns = picture.shape[:2]
    if scale == 1:
        return picture
    size = None  # with a size, the scale would be what the rounded sides say
    if round(min(rows, columns) * scale) < 1:
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, fx=scale, fy=scale, interpolation=how))


def planes(picture: Picture) -> Planes:
    """Return RGB as BT.709 limited-range planes (ITU-R BT.709-6, table 4), sides even.

    A colour's place is the middle of the four pixels it is the mean of. 1242x2208 takes 7 ms.

    Parameters
    ----------
    picture
        RGB with an even width and height.
    """
    import cv2

    height, width = picture.shape[:2]
    quarters = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    y = cv2.transform(picture, _matrix(_LUMA, 219 / 255, 16))
    u = cv2.transform(quarters, _matrix(_BLUE - _LUMA, 224 / 255 / 1.8556, 128))
    v = cv2.transform(quarters, _matrix(_RED - _LUMA, 224 / 255 / 1.5748, 128))
    return np.asarray(y), np.asarray(u), np.asarray(v)


def _matrix(weights: NDArray[np.float64], scale: float, offset: float) -> NDArray[np.float64]:
    return np.append(weights * scale, offset)[np.newaxis]


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


def canvas_planes(
    picture: Picture,
    canvas: Canvas,
    fit: Fit,
    scale: float = 1.0,
    *,
    background: str | None = None,
) -> Planes:
    """Return the picture fitted to a canvas, `scale` times as large, as planes."""
    width, height = (round(side * scale / 2) * 2 for side in (canvas.width, canvas.height))
    return planes(fitted(picture, width, height, fit, background=background))
