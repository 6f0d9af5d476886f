"""Captions on a picture: one moment of them, one style, or all styles beside each other.

What is drawn here is what a render draws into the same frame.
"""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

import ffmpeg
import numpy as np

from workbench.captions.ass import CLOCK, prepare
from workbench.captions.cues import Cues, caption
from workbench.captions.styles import STYLES, check_frame
from workbench.captions.styles import style as find_style
from workbench.errors import FfmpegError, ParameterError, one_line
from workbench.media.backdrop import backdrop
from workbench.media.ffmpeg import encode
from workbench.media.graph import CAPTIONS, FONTS
from workbench.media.limits import number
from workbench.media.sheet import image_grid
from workbench.script import tokenize
from workbench.storage.atomic import workspace
from workbench.timing import Transcript, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PIL import Image

    from workbench.captions.ass import Prepared
    from workbench.captions.styles import Style
    from workbench.captions.titles import Title
    from workbench.media.stills import Picture

__all__ = ["caption_frame", "drawn", "gallery", "style_frame"]

_SAMPLE = "Every word lights up exactly when you hear it."
_FPS = 30
_PACE = 0.4  # seconds a word
_SHOWN = 1.45  # words into the sample: the second is being said
_LIMIT = 60.0  # seconds for one frame
_GROUND, _FRAME = "ground.rgb", "frame.rgb"
_LANDSCAPE, _STEP = 7, 6  # blue hills
_MOST = 64  # pictures in a gallery
_LABEL = 24  # pixels below each picture for its name
_GAP = 4
_PAPER, _INK = "#181a20", "#e0e4ec"


def drawn(prepared: Prepared, ground: Picture, seconds: float = 0.0) -> Picture:
    """Return a picture with what is prepared, as it is at one moment.

    Parameters
    ----------
    prepared
        Captions and titles for a frame of the picture's size.
    ground
        RGB.
    seconds
        The moment.

    Raises
    ------
    ParameterError
        When the picture is not of the size that the captions are for.
    FfmpegError
        When they cannot be drawn.
    """
    height, width = ground.shape[:2]
    if (width, height) != (prepared.width, prepared.height):
        raise ParameterError(
            f"is {width}x{height}, and the captions are for {prepared.width}x{prepared.height}",
            subject="ground",
        )
    moment = number("seconds", seconds, 0, 1e6, unit="s")
    text = prepared.segment(math.floor(moment * _FPS + 1e-6), 1, _FPS)
    if not text:
        return ground.copy()
    shape: dict[str, object] = {
        "format": "rawvideo", "pix_fmt": "rgb24", "video_size": (width, height),
        "framerate": _FPS,
    }  # fmt: skip
    picture = ffmpeg.input(_GROUND, **shape)["v:0"].filter("setpts", f"PTS+{CLOCK}/TB")
    picture = picture.filter("ass", CAPTIONS, fontsdir=FONTS)
    out = ffmpeg.output(picture, _FRAME, format="rawvideo", pix_fmt="rgb24", **{"frames:v": 1})
    with workspace() as folder:
        (folder / _GROUND).write_bytes(np.ascontiguousarray(ground, np.uint8).tobytes())
        (folder / CAPTIONS).write_text(text, encoding="utf-8")
        (folder / FONTS).mkdir()
        for index, font in enumerate(prepared.fonts):
            shutil.copyfile(font, folder / FONTS / f"{index}{font.suffix}")
        messages = encode(out.get_args(), folder=folder, limit=_LIMIT)
        if "fontselect: failed" in messages and not prepared.warnings:
            raise FfmpegError(
                "could not open the font of the captions", subject="captions",
                cure="choose another font",
            )  # fmt: skip
        data = (folder / _FRAME).read_bytes()
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def caption_frame(
    cues: Cues | None,
    seconds: float,
    *,
    style: str | Style = "plain",
    ground: Picture | None = None,
    width: int = 360,
    height: int = 640,
    titles: Iterable[Title] = (),
    speakers: Mapping[str, str] | str | None = None,
) -> Picture:
    """Return a picture with captions as they are at one moment: a look before anything is rendered.

    Parameters
    ----------
    cues
        The captions; None for titles alone.
    seconds
        The moment.
    style
        A style or the name of one.
    ground
        What they are drawn on, RGB, at its own size; without one, a landscape.
    width, height
        The size of that landscape in pixels.
    titles, speakers
        As in `workbench.captions.ass.prepare`.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``.

    Examples
    --------
    >>> from workbench.captions.titles import Title
    >>> title = Title(text="Big news", end=2)
    >>> caption_frame(None, 1, titles=[title], width=90, height=160).shape
    (160, 90, 3)
    """
    if ground is None:
        ground = _landscape(width, height)
    height, width = ground.shape[:2]
    prepared = prepare(cues, style, width, height, titles=titles, speakers=speakers)
    return drawn(prepared, ground, seconds)


def style_frame(
    style: str | Style,
    text: str = _SAMPLE,
    width: int = 360,
    height: int = 640,
    *,
    ground: Picture | None = None,
    seconds: float | None = None,
) -> Picture:
    """Return a picture with a text in a style, its second word being said.

    Parameters
    ----------
    style
        A style or the name of one.
    text
        What is said, 0.4 seconds a word.
    width, height
        Pixels, when no ground is given.
    ground
        What it is drawn on, RGB; without one, a landscape.
    seconds
        Another moment of it.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``.

    Examples
    --------
    >>> style_frame("pop", "One two three", 90, 160).shape
    (160, 90, 3)
    """
    if ground is None:
        ground = _landscape(width, height)
    chosen = find_style(style)
    height, width = ground.shape[:2]
    cues = _said(text, chosen, width, height)
    moment = min(_SHOWN, len(cues.words) - 0.5) * _PACE if seconds is None else seconds
    return drawn(prepare(cues, chosen, width, height), ground, moment)


def gallery(
    styles: Iterable[str | Style] = tuple(STYLES),
    text: str = _SAMPLE,
    width: int = 180,
    height: int = 320,
    *,
    ground: Picture | None = None,
    columns: int = 5,
) -> Image.Image:
    """Return pictures of styles beside each other, the name of each below it.

    Parameters
    ----------
    styles
        Styles or their names, up to 64; all that come with the package if none are given.
    text
        What is said in each.
    width, height
        Pixels of one picture, when no ground is given.
    ground
        What they are drawn on, RGB; without one, a landscape.
    columns
        How many stand in a row, 1 to 12.

    Returns
    -------
    PIL.Image.Image
        RGB; a notebook shows it.

    Raises
    ------
    ParameterError
        When there is no style, or one of them is unknown.

    Examples
    --------
    >>> gallery(["plain", "pop"], "One two", 90, 160, columns=2).size
    (192, 192)
    """
    from PIL import Image

    chosen = [find_style(style) for style in styles]
    if not 1 <= len(chosen) <= _MOST:
        raise ParameterError(f"must be 1 to {_MOST} styles, not {len(chosen)}", subject="styles")
    across = min(int(number("columns", columns, 1, 12)), len(chosen))
    if ground is None:
        ground = _landscape(width, height)
    tiles = [_labelled(style_frame(one, text, ground=ground), one.name) for one in chosen]
    high, wide = tiles[0].shape[:2]
    sheet = image_grid(
        tiles, columns=across, cell=(wide, high), gap=_GAP, max_size=(8192, 8192), background=_PAPER
    )
    return Image.fromarray(sheet)


def _labelled(picture: Picture, name: str) -> Picture:
    """Return a picture with a name below it."""
    from PIL import Image, ImageDraw, ImageFont

    from workbench.captions.fonts import find_font

    high, wide = picture.shape[:2]
    tile = Image.new("RGB", (wide, high + _LABEL), _PAPER)
    tile.paste(Image.fromarray(picture), (0, 0))
    font = ImageFont.truetype(str(find_font().path), _LABEL // 2)
    place = (wide / 2, high + _LABEL / 2)
    ImageDraw.Draw(tile).text(place, one_line(name), fill=_INK, font=font, anchor="mm")
    return np.asarray(tile)


def _landscape(width: int, height: int) -> Picture:
    check_frame(width, height)
    ground = backdrop(_LANDSCAPE, width=width, height=height)
    # Neither black nor white, so that text and box of any colour are seen; in few steps, so that
    # the picture stays small in a notebook.
    return 40 + ground // (2 * _STEP) * _STEP


def _said(text: str, style: Style, width: int, height: int) -> Cues:
    """Return the text as if it were said, 0.4 seconds a word, cut as the style and frame ask."""
    tokens = tokenize(str(text))
    if not tokens:
        raise ParameterError("must say something", subject="text")
    words = tuple(
        Word(text=token.text, start=i * _PACE, end=(i + 1) * _PACE, space=token.space)
        for i, token in enumerate(tokens)
    )
    return caption(Transcript(words=words), style=style, width=width, height=height)
