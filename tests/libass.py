"""Captions drawn by libass as in a video, and where their ink should be by the font's metrics."""

from __future__ import annotations

import os
import shutil
import subprocess
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
from PIL import ImageFont

from workbench.captions.cues import Cue, Cues
from workbench.captions.fonts import find_font
from workbench.timing import Word

LINE = 2384 / 2048  # DejaVu's line height in ems
ASCENT = 1901 / 2384  # of the line height
GREY = 96
NO_EMOJI = b"fontselect: failed to find any fallback with glyph 0x1F3AC"


def draw(
    folder,
    prepared,
    size,
    frames,
    *,
    rate=10,
    grey=0,
    start=0.0,
    pixels="gray",
    strict=True,
    tags="",
):
    """Return the frames with the captions on plain grey, drawn in YUV as a video's are.

    `start` is a whole number of frames, in seconds; `tags` are filters before the captions.
    """
    width, height = size
    work = folder / f"draw{len(list(folder.iterdir()))}"
    (work / "fonts").mkdir(parents=True)
    for font in prepared.fonts:
        shutil.copy(font, work / "fonts")
    (work / "captions.ass").write_text(prepared.ass, encoding="utf-8", newline="")
    source = f"color=0x{grey:02x}{grey:02x}{grey:02x}:s={width}x{height}:r={rate}"
    graph = f"setpts=PTS+{start}/TB{tags},ass=captions.ass:fontsdir=fonts"
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-nostdin", "-f", "lavfi"),
        *("-i", f"{source}:d={frames / rate},format=yuv444p", "-vf", graph),
        *("-pix_fmt", pixels, "-f", "rawvideo", "-"),
    ]
    # No font but those in the folder, whatever the machine has.
    (work / "fonts.conf").write_text("<fontconfig></fontconfig>")
    done = subprocess.run(
        command,
        cwd=work,
        env={**os.environ, "FONTCONFIG_FILE": str(work / "fonts.conf")},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert not strict or b"fontselect" not in done.stderr.replace(NO_EMOJI, b""), done.stderr
    data = np.frombuffer(done.stdout, np.uint8)
    if pixels == "yuv444p":
        return np.moveaxis(data.reshape(-1, 3, height, width), 1, 3)
    depth = (3,) if pixels == "rgb24" else ()
    return data.reshape(-1, height, width, *depth)


def rewritten(prepared, ass):
    """The same fonts with other text."""
    return SimpleNamespace(ass=ass, fonts=prepared.fonts)


def ink(frame, grey=0, strength=30):
    """Return left, top, right, bottom of what differs from the background; None if nothing."""
    drawn = (frame > grey + strength) | (frame < max(grey, strength) - strength)
    return extent(drawn.any(axis=2) if drawn.ndim > 2 else drawn)


def extent(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def one_word_cues(texts, rate=10):
    """A cue a frame, each text a single word."""
    return Cues(
        cues=tuple(
            Cue(
                start=i / rate,
                end=(i + 1) / rate,
                lines=((Word(text=text, start=i / rate, end=(i + 1) / rate),),),
            )
            for i, text in enumerate(texts)
        )
    )


def cue_of(*lines, start=0.0, step=0.5):
    """A cue of these lines, each word lit for `step` seconds."""
    rows, time = [], start
    for line in lines:
        row = []
        for text in line.split():
            row.append(Word(text=text, start=time, end=time + step))
            time += step
        rows.append(tuple(row))
    return Cue(start=start, end=time, lines=tuple(rows))


def far(box, expected):
    """How far a box is from where it should be, in pixels."""
    if box is None or expected is None:
        return 0 if box is expected else 1000
    return max(abs(a - b) for a, b in zip(box, expected, strict=True))


class Setter:
    """Where ink should be, by the font's own metrics: text centred in a frame, line by line."""

    def __init__(self, size, frame, name="DejaVu Sans", *, bold=False, italic=False):
        font = find_font(name, bold=bold, italic=italic)
        self.face = ImageFont.truetype(str(font.path), 512)
        self.scale = size / LINE / 512
        self.size, self.frame = size, frame
        self.known = {}

    def width(self, text):
        return self.face.getlength(text) * self.scale

    def box(self, text, left=0.0, baseline=0.0):
        """Return the ink of `text` that begins at a point."""
        if text not in self.known:
            mask, (x, y) = self.face.getmask2(text, mode="L", anchor="ls")
            a, b, c, d = mask.getbbox() or (0, 0, 0, 0)
            self.known[text] = [v * self.scale for v in (a + x, b + y, c + x, d + y)]
        a, b, c, d = self.known[text]
        return left + a, baseline + b, left + c, baseline + d

    def places(self, lines):
        """Return where each line begins: left and baseline."""
        top = (self.frame[1] - len(lines) * self.size) / 2
        return [
            ((self.frame[0] - self.width(line)) / 2, top + (i + ASCENT) * self.size)
            for i, line in enumerate(lines)
        ]


def around(boxes):
    """Return the box around some boxes."""
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
