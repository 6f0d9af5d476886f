"""Many pictures on one: grids, contact sheets with times, and pictures made less perfect."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.captions.colours import rgba
from workbench.captions.fonts import find_font
from workbench.errors import ParameterError, shown
from workbench.media import stills
from workbench.media.extract import even_times, frames_at
from workbench.media.limits import DEFAULT_LIMITS, Limits, existing, number, whole
from workbench.media.outputs import PICTURES, target, write_picture

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbench.media.stills import Picture

__all__ = ["contact_sheet", "image_grid", "imperfect"]

_MOST = 400  # pictures on one
_SMALLEST, _LARGEST = 16, 8192  # pixels of a side
_GAP = 400  # pixels, at most
_RGB = 3
_SEPIA = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))
_SEPIA_SHARE, _SHIFT, _SOFT = 0.2, 1, 0.5


def image_grid(
    pictures: Sequence[str | os.PathLike[str] | Picture],
    output: str | os.PathLike[str] | None = None,
    *,
    columns: int | None = None,
    cell: tuple[int, int] | None = None,
    gap: int = 8,
    max_size: tuple[int, int] = (1920, 1080),
    background: str = "white",
    limits: Limits = DEFAULT_LIMITS,
) -> Picture:
    """Return pictures side by side in rows, none cut, none stretched.

    Parameters
    ----------
    pictures
        Files, or RGB pixels; 1 to 400.
    output
        Where the grid is written, .png, .jpg or .webp; None writes nothing.
    columns
        How many stand in a row; None makes the grid nearly square.
    cell
        Width and height of the room of each, in pixels; None takes the largest that fits.
    gap
        Pixels between two, and around all.
    max_size
        Width and height that the grid has at most.
    background
        What is seen between them: ``#rrggbb`` or a CSS colour name.
    limits
        What each file may be at most.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``.

    Raises
    ------
    ParameterError
        When an argument is not acceptable, or nothing would be seen at this size.
    MediaError, StorageError
        When a file cannot be read or written.

    Examples
    --------
    >>> red = np.full((20, 30, 3), (255, 0, 0), np.uint8)
    >>> image_grid([red] * 5, columns=3, cell=(30, 20), gap=2).shape
    (46, 98, 3)
    """
    files, goal = _given(pictures, output)
    across = _columns(columns, len(files))
    down = -(-len(files) // across)
    space = whole("gap", gap, 0, _GAP, unit="px")
    most = _size("max_size", max_size)
    ground = rgba(background, name="background")[:3]
    room = [(most[0] - space * (across + 1)) // across, (most[1] - space * (down + 1)) // down]
    if cell is not None:
        asked = _size("cell", cell)
        if asked[0] > room[0] or asked[1] > room[1]:
            raise ParameterError(
                f"of {asked[0]}x{asked[1]} leaves no room for {across} by {down} "
                f"in {most[0]}x{most[1]}",
                subject="cell",
                cure="give a smaller cell or a larger max_size",
            )
        room = list(asked)
    if min(room) < 1:
        raise ParameterError(
            f"of {most[0]}x{most[1]} has no room for {across} by {down} pictures",
            subject="max_size",
            cure="give fewer pictures, a smaller gap or a larger size",
        )
    first = _loaded(files[0], limits)
    if cell is None:  # as high as the first picture needs, where that is less
        scale = min(room[0] / first.shape[1], room[1] / first.shape[0])
        room = [max(1, round(first.shape[1] * scale)), max(1, round(first.shape[0] * scale))]
    width, height = (n * r + space * (n + 1) for n, r in zip((across, down), room, strict=True))
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[:] = ground
    for index, each in enumerate(files):
        picture = first if index == 0 else _loaded(each, limits)
        left = space + index % across * (room[0] + space)
        top = space + index // across * (room[1] + space)
        _paste(sheet[top : top + room[1], left : left + room[0]], picture)
    if goal is not None:
        write_picture(sheet, goal)
    return sheet


def contact_sheet(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    count: int = 12,
    times: Sequence[float] | None = None,
    columns: int | None = None,
    width: int = 1280,
    gap: int = 8,
    stamps: bool = True,
    background: str = "#101826",
    colour: str = "white",
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Picture:
    """Return frames of a video on one picture, each with its time.

    Parameters
    ----------
    path
        A video.
    output
        Where the sheet is written, .png, .jpg or .webp; None writes nothing.
    count
        How many frames from the middles of as many equal parts, 1 to 400.
    times
        Seconds of the frames instead of `count`.
    columns
        How many stand in a row; None makes the sheet nearly square.
    width
        Pixels of the sheet.
    gap
        Pixels between two frames, and around all.
    stamps
        Whether each frame tells its time, as ``m:ss.s``.
    background, colour
        Of the sheet and of the times: ``#rrggbb`` or a CSS colour name.
    limits, progress, cancel
        As for `workbench.media.extract.frames_at`.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``.

    Raises
    ------
    ParameterError
        When an argument is not acceptable.
    MediaError, StorageError, Cancelled
        When a file cannot be read or written, or on request.
    """
    file = existing(path)
    goal = None if output is None else target(output, PICTURES, inputs=[file])
    if times is not None and not isinstance(times, list | tuple):
        raise ParameterError(f"must be a list of seconds, not {shown(times)}", subject="times")
    number_of = whole("count", count, 1, _MOST) if times is None else len(times)
    across = _columns(columns, number_of)
    total = whole("width", width, _SMALLEST, _LARGEST, unit="px")
    space = whole("gap", gap, 0, _GAP, unit="px")
    ground, ink = rgba(background, name="background")[:3], rgba(colour)[:3]
    cell = (total - space * (across + 1)) // across
    if cell < _SMALLEST:
        raise ParameterError(
            f"leaves {cell} pixels for each of {across} columns",
            subject="width",
            cure="give fewer columns, a smaller gap or a larger width",
        )
    when = list(even_times(path, number_of, limits=limits)) if times is None else list(times)
    frames = frames_at(path, when, width=cell, limits=limits, progress=progress, cancel=cancel)
    if stamps:
        frames = [
            _stamped(frame, seconds, ink) for frame, seconds in zip(frames, when, strict=True)
        ]
    down = -(-len(frames) // across)
    rows = frames[0].shape[0]
    high = rows * down + space * (down + 1)
    sheet = np.empty((high, cell * across + space * (across + 1), 3), np.uint8)
    sheet[:] = ground
    for index, frame in enumerate(frames):
        top, left = (
            space + n * (side + space)
            for n, side in zip(divmod(index, across), (rows, cell), strict=True)
        )
        sheet[top : top + rows, left : left + cell] = frame
    if goal is not None:
        write_picture(sheet, goal)
    return sheet


def imperfect(
    picture: str | os.PathLike[str] | Picture,
    output: str | os.PathLike[str] | None = None,
    *,
    colour: float = 1.0,
    contrast: float = 1.0,
    noise: float = 0.0,
    seed: int = 0,
    limits: Limits = DEFAULT_LIMITS,
) -> Picture:
    """Return a picture as a cheap camera might have taken it.

    It is sharpened, then slightly blurred, and gets grain, a fifth of sepia and a red that is a
    pixel off: the filter of the old server's ``make-image-imperfect``.

    Parameters
    ----------
    picture
        A file, or RGB pixels.
    output
        Where the result is written, .png, .jpg or .webp; None writes nothing.
    colour, contrast
        Factors, 0 to 2.
    noise
        Strength of the grain, 0 to 100: its spread in values of 0 to 255.
    seed
        Of the grain: the same picture comes out for the same number.
    limits
        What the file may be at most.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``.

    Raises
    ------
    ParameterError
        When an argument is not acceptable.
    MediaError, StorageError
        When a file cannot be read or written.
    """
    from PIL import Image, ImageEnhance, ImageFilter

    files, goal = _given([picture], output)
    vivid, steep = number("colour", colour, 0, 2), number("contrast", contrast, 0, 2)
    grain, chance = number("noise", noise, 0, 100), whole("seed", seed, 0, 2**63 - 1)
    image: Any = Image.fromarray(_loaded(files[0], limits))
    image = ImageEnhance.Contrast(ImageEnhance.Color(image).enhance(vivid)).enhance(steep)
    image = image.filter(ImageFilter.SHARPEN).filter(ImageFilter.GaussianBlur(_SOFT))
    values = np.asarray(image, np.float32)
    if grain:
        spread = np.random.default_rng(chance).normal(0, grain, values.shape[:2])
        values = values + spread.astype(np.float32)[..., np.newaxis]
    sepia = values @ np.asarray(_SEPIA, np.float32).T
    values = values * (1 - _SEPIA_SHARE) + sepia * _SEPIA_SHARE
    values[:, _SHIFT:, 0] = values[:, :-_SHIFT, 0].copy()
    result = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    if goal is not None:
        write_picture(result, goal)
    return result


def _given(
    pictures: Any, output: str | os.PathLike[str] | None
) -> tuple[list[Path | Picture], Path | None]:
    """Return pictures and where the result goes, checked as far as that needs no decoding."""
    if isinstance(pictures, str | bytes | os.PathLike) or not hasattr(pictures, "__iter__"):
        raise ParameterError("must be a list of pictures", subject="pictures")
    found: list[Path | Picture] = []
    for each in pictures:
        if isinstance(each, np.ndarray):
            if (
                each.dtype != np.uint8
                or each.ndim != _RGB
                or each.shape[2] != _RGB
                or not each.size
            ):
                raise ParameterError(
                    f"needs uint8 of the shape (height, width, 3), not {each.dtype} {each.shape}",
                    subject="picture",
                )
            found.append(each)
        else:
            found.append(existing(each))
    if not 1 <= len(found) <= _MOST:
        raise ParameterError(f"must be 1 to {_MOST}, not {len(found)}", subject="pictures")
    files = [each for each in found if not isinstance(each, np.ndarray)]
    return found, None if output is None else target(output, PICTURES, inputs=files)


def _loaded(picture: Path | Picture, limits: Limits) -> Picture:
    return picture if isinstance(picture, np.ndarray) else stills.load(picture, limits)


def _columns(columns: int | None, count: int) -> int:
    if columns is None:
        return max(1, math.ceil(math.sqrt(count)))
    return min(whole("columns", columns, 1, _MOST), max(1, count))


def _size(name: str, size: object) -> tuple[int, int]:
    if not isinstance(size, tuple | list) or len(size) != 2:  # noqa: PLR2004 - width and height
        raise ParameterError(f"must be a width and a height, not {shown(size)}", subject=name)
    width, height = (whole(name, side, 1, _LARGEST, unit="px") for side in size)
    return width, height


def _paste(room: Picture, picture: Picture) -> None:
    """Draw a picture into the middle of a part of another, as large as fits."""
    import cv2

    high, wide = room.shape[:2]
    scale = min(wide / picture.shape[1], high / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    inner = np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=how))
    top, left = (high - inner.shape[0]) // 2, (wide - inner.shape[1]) // 2
    room[top : top + inner.shape[0], left : left + inner.shape[1]] = inner


def _stamped(frame: Picture, seconds: float, ink: tuple[int, ...]) -> Picture:
    """Return a frame with its time in a corner, on a dark ground that any picture bears."""
    from PIL import Image, ImageDraw, ImageFont

    high = max(9, frame.shape[0] // 10)
    face = ImageFont.truetype(str(find_font(bold=True).path), high)
    text = f"{int(seconds // 60)}:{seconds % 60:04.1f}"
    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image, "RGBA")
    left, top, right, bottom = face.getbbox(text)
    edge = high // 3
    draw.rectangle(
        (0, frame.shape[0] - (bottom - top) - 2 * edge, right - left + 2 * edge, frame.shape[0]),
        fill=(0, 0, 0, 160),
    )
    place = (edge - left, frame.shape[0] - edge - bottom)
    draw.text(place, text, font=face, fill=(*ink, 255))
    return np.array(image)
