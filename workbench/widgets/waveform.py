"""A waveform as a picture, for where no widget runs: saved notebooks, GitHub, print."""

from __future__ import annotations

import importlib.util
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import ImageDraw, ImageFont

    from workbench.audio import Audio
    from workbench.media.outline import Outline
    from workbench.timing import Word
    from workbench.widgets.clip import Caption

__all__ = ["DENSITY", "picture"]

# One look on light and dark pages: a light card with rounded corners, transparent outside.
_CARD = "#f6f8fb"
_EDGE = "#d9e0ea"
_WAVE = "#9db2d0"
_PLAYED = "#2f6fde"
_CUE = "#e6edf9"
_INK = "#333f50"
_MUTED = "#6b7789"

DENSITY = 2
"""Pixels of the picture for one on the page."""

_PAD = 10
_BAR = 3  # a bar of two and a gap of one
_AXIS = 16
_LABEL = 15  # a row of words
_COLOURS = 48
# DejaVu Sans has these (Latin, Greek, Cyrillic, Armenian, punctuation) and needs no shaping.
_LETTERS = (*range(0x20, 0x590), *range(0x1E00, 0x2000), *range(0x2010, 0x2070), 0x20AC)


def picture(
    audio: Audio | Outline,
    *,
    words: Sequence[Word] = (),
    cues: Sequence[Caption] = (),
    position: float | None = None,
    width: int = 720,
    height: int = 120,
    title: str = "",
) -> bytes:
    r"""Return the waveform of `audio` as a PNG, the same bytes for the same sound.

    Parameters
    ----------
    audio
        The sound, or its outline.
    words
        Written below the wave where they begin, as far as there is room.
    cues
        Drawn as bands behind it.
    position
        Seconds; what lies before it is drawn as played. None: all of it.
    width, height
        In page pixels, 80 to 4,000; the picture has twice as many.
    title
        Written at the top left, as far as there is room.

    Raises
    ------
    ParameterError
        When a size is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from workbench.audio import Audio
    >>> tone = Audio(samples=np.sin(np.arange(8000) / 5), rate=8000)
    >>> picture(tone)[:4], picture(tone) == picture(tone)
    (b'\x89PNG', True)
    """
    from PIL import Image, ImageDraw

    for name, value in (("width", width), ("height", height)):
        if not 80 <= value <= 4_000:  # noqa: PLR2004
            raise ParameterError(f"must be 80 to 4000 pixels, not {value!r}", subject=name)
    played = audio.duration if position is None else position
    scale = DENSITY
    image = Image.new("RGBA", (width * scale, height * scale))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle(
        (0, 0, width * scale - 1, height * scale - 1), 8 * scale, fill=_CARD, outline=_EDGE
    )
    inner = width - 2 * _PAD

    def x(seconds: float) -> float:
        return (_PAD + inner * min(1.0, seconds / (audio.duration or 1.0))) * scale

    labels = _rows(draw, words, x)
    rows = max((row + 1 for _, row, _ in labels), default=0)
    floor = height - _AXIS - _PAD // 2 - (4 + rows * _LABEL if rows else 0)
    for cue in cues:
        box = (x(cue.start), _PAD * scale // 2, max(x(cue.start) + 1, x(cue.end) - scale))
        draw.rounded_rectangle((*box, floor * scale), 3 * scale, fill=_CUE)
    _bars(draw, audio, x(played), inner, (_PAD // 2 + (_LABEL if title else 0), floor))
    for at, row, text in labels:
        draw.line((at, (floor + 1) * scale, at, (floor + 5) * scale), _MUTED, scale // 2)
        draw.text((at, (floor + 4 + row * _LABEL) * scale), text, fill=_INK, font=_font(11))
    _axis(draw, audio.duration, x, height, inner)
    _titled(draw, title)

    buffer = io.BytesIO()
    # A palette makes the file a third of the size; octrees are the method that keeps transparency.
    flat = image.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    flat.save(buffer, "PNG", optimize=True, dpi=(72 * scale, 72 * scale))
    return buffer.getvalue()


def _bars(
    draw: ImageDraw.ImageDraw,
    audio: Audio | Outline,
    played: float,
    inner: int,
    room: tuple[int, int],
) -> None:
    columns = inner // _BAR
    peaks = audio.peaks(columns).astype(float)
    loudest = max(32.0, float(abs(peaks).max(initial=0)))  # a whisper is drawn as one
    middle = (room[0] + room[1]) / 2 * DENSITY
    reach = (room[1] - room[0]) / 2 * DENSITY - DENSITY
    for i, (low, high) in enumerate(peaks):
        left = (_PAD + i * inner / len(peaks)) * DENSITY
        top = middle - max(DENSITY * 0.75, max(high, 0.0) / loudest * reach)
        bottom = middle + max(DENSITY * 0.75, max(-low, 0.0) / loudest * reach)
        colour = _PLAYED if left < played else _WAVE
        draw.rounded_rectangle((left, top, left + 2 * DENSITY - 1, bottom), DENSITY, fill=colour)


def _rows(
    draw: ImageDraw.ImageDraw, words: Sequence[Word], x: Callable[[float], float]
) -> list[tuple[float, int, str]]:
    """Return where and in which of two rows each word is written, as far as there is room."""
    written: list[tuple[float, int, str]] = []
    free = [0.0, 0.0]
    for word in words:
        at, text = x(word.start), " ".join(word.text.split())
        row = next((r for r in range(2) if at >= free[r]), None)
        if row is None or not all(ord(letter) in _LETTERS for letter in text):
            continue  # before it is measured, which takes its time: an hour has 9,000 words
        end = at + draw.textlength(text, font=_font(11))
        if end < draw.im.size[0] - _PAD:
            free[row] = end + 5 * DENSITY
            written.append((at, row, text))
    return written


def _titled(draw: ImageDraw.ImageDraw, title: str) -> None:
    """Write a title above the wave."""
    text = "".join(letter for letter in " ".join(title.split()) if ord(letter) in _LETTERS)
    room = draw.im.size[0] / 2
    while text and draw.textlength(text, font=_font(11)) > room:
        text = text[:-1]
    if text:
        draw.text((_PAD * DENSITY, 4 * DENSITY), text, fill=_INK, font=_font(11))


def _axis(
    draw: ImageDraw.ImageDraw,
    duration: float,
    x: Callable[[float], float],
    height: int,
    inner: int,
) -> None:
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    step = next((s for s in steps if s * inner / (duration or 1.0) > 56), 7200)  # noqa: PLR2004
    for i in range(int(duration / step) + 1):
        minutes, seconds = divmod(i * step, 60)
        text = f"{minutes:.0f}:{seconds:02.0f}" if step >= 1 else f"{seconds:.1f} s"
        at = x(i * step)
        if at + draw.textlength(text, font=_font(9)) < draw.im.size[0] - _PAD:
            draw.text((at, (height - _AXIS) * DENSITY), text, fill=_MUTED, font=_font(9))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return DejaVu Sans: matplotlib brings it, and need not be imported for it."""
    from PIL import ImageFont

    spec = importlib.util.find_spec("matplotlib")
    folder = Path(spec.submodule_search_locations[0]) if spec else Path()  # type: ignore[index]
    return ImageFont.truetype(folder / "mpl-data/fonts/ttf/DejaVuSans.ttf", size * DENSITY)
