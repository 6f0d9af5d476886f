"""Reading captions off a frame: which line and which part of it is lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from workbench.captions.fonts import find_font

if TYPE_CHECKING:
    from workbench.captions.cues import Cue
    from workbench.captions.styles import Style
    from workbench.timing import Word

_BRIGHT = 170  # of 255: text, on the dark lower part of a picture
_GOLD = 110  # red above blue, which is 255 in the source: 4:2:0 smears colours


@dataclass(frozen=True)
class Lit:
    """The lit part of a caption: its row from the top, and its start and end as shares of it."""

    row: int
    rows: int
    start: float
    end: float


def lit(frame: np.ndarray, style: Style, top: float = 0.72) -> Lit:
    """Return what is lit in the part of a frame below `top`."""
    assert (style.colour, style.active) == ("#ffffff", "#ffd400"), "made for white and gold"
    red, green, blue = np.moveaxis(frame[int(frame.shape[0] * top) :].astype(int), 2, 0)
    text = (red > _BRIGHT) & (green > _BRIGHT * 0.8)
    active = text & (red - blue > _GOLD)
    assert active.sum() > 50, "nothing is lit"
    inked = np.flatnonzero(text.any(axis=1))
    breaks = np.flatnonzero(np.diff(inked) > 1)
    bands = [
        [a, b]
        for a, b in zip([inked[0], *inked[breaks + 1]], [*inked[breaks], inked[-1]], strict=True)
    ]
    tallest = max(b - a for a, b in bands)
    for index in range(len(bands) - 2, -1, -1):  # accents and dots belong to what is below them
        if bands[index][1] - bands[index][0] < tallest * 0.4:
            bands[index + 1][0] = bands.pop(index)[0]
    starts, ends = zip(*bands, strict=True)
    shares = [active[a : b + 1].sum() for a, b in zip(starts, ends, strict=True)]
    row = int(np.argmax(shares))
    assert shares[row] == sum(shares), "more than one line is lit"
    band = slice(starts[row], ends[row] + 1)
    line, glow = (np.flatnonzero(m[band].any(axis=0)) for m in (text, active))
    width = line[-1] - line[0]
    return Lit(row, len(starts), (glow[0] - line[0]) / width, (glow[-1] - line[0]) / width)


def expected(cue: Cue, word: Word, style: Style) -> Lit:
    """Return where a word of a cue must be, from the shapes of the font alone."""
    font = ImageFont.truetype(find_font(style.font, bold=style.bold).path, 100)

    def ink(text: str, start: float) -> tuple[float, float]:
        """Return the leftmost and the rightmost column that has ink."""
        page = Image.new("L", (round(font.getlength(text)) + 100, 200))
        ImageDraw.Draw(page).text((20, 20), text, fill=255, font=font)
        left, _, right, _ = page.getbbox()
        return start + left - 20, start + right - 20

    for row, line in enumerate(cue.lines):
        text = "".join(w.text + (" " if w.space else "") for w in line).rstrip()
        before = ""
        for one in line:
            if one == word:
                left, right = ink(text, 0)
                start, end = ink(one.text, font.getlength(before))
                width = right - left
                return Lit(row, len(cue.lines), (start - left) / width, (end - left) / width)
            before += one.text + (" " if one.space else "")
    raise AssertionError(f"{word.text} is not in the cue {cue.text!r}")
