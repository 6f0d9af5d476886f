"""Reading captions off a frame: which line and which part of it is lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageFont

from workbench.captions.fonts import find_font
from workbench.captions.styles import rgba

if TYPE_CHECKING:
    from workbench.captions.cues import Cue
    from workbench.captions.styles import Style
    from workbench.timing import Word

_NEAR = 70  # of 255: how far the encoder may bend a colour


@dataclass(frozen=True)
class Lit:
    """The lit part of a caption: its row from the top, and its start and end as shares of it."""

    row: int
    rows: int
    start: float
    end: float


def mask(frame: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    """Return where a frame has a colour, as near as 4:2:0 and an encoder leave it."""
    return (np.abs(frame.astype(int) - np.array(colour[:3])) < _NEAR).all(axis=2)


def lit(frame: np.ndarray, style: Style, top: float = 0.72) -> Lit:
    """Return what is lit in the part of a frame below `top`."""
    below = frame[int(frame.shape[0] * top) :]
    active, plain = mask(below, rgba(style.active)), mask(below, rgba(style.colour))
    assert active.sum() > 50, "nothing is lit"
    text = active | plain
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
    """Return where a word of a cue must be, from the metrics of the font alone."""
    font = ImageFont.truetype(find_font(style.font, bold=style.bold).path, 200)
    for row, line in enumerate(cue.lines):
        text = ""
        for one in line:
            space = font.getlength(text)
            text += one.text
            if one == word:
                whole = "".join(w.text + (" " if w.space else "") for w in line).rstrip()
                box, left = font.getbbox(whole), font.getbbox(one.text)[0]
                width = box[2] - box[0]
                start = (space + left - box[0]) / width
                return Lit(row, len(cue.lines), start, (font.getbbox(text)[2] - box[0]) / width)
            text += " " if one.space else ""
    raise AssertionError(f"{word.text} is not in the cue {cue.text!r}")
