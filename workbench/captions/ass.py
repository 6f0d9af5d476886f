"""Cues as ASS, the format that libass draws onto video.

Karaoke is one event for each state of a cue: all its words, the one being said in another colour.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, floor
from operator import itemgetter
from typing import TYPE_CHECKING

from workbench.captions import styles
from workbench.captions.files import plain, ticks
from workbench.captions.pen import Pen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workbench.captions.cues import Cue, Cues
    from workbench.captions.styles import Style

__all__ = ["Prepared", "prepare"]

_RATE = 100  # ASS counts time in hundredths of a second
_GAP = 0.12  # seconds of silence after which a word is no longer lit
_SMALL = 0.75  # of the style's size: below it the shrinking is worth a word
_AUTO = -1  # the Encoding that makes libass find the text's direction and lay out lines as a whole
# Embeddings, overrides and isolates of direction turn the text that follows them around; a byte
# order mark is none of the text.
_TURNS = re.compile("[\ufeff\u202a-\u202e\u2066-\u2069]")
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?=-|$)")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_RIGHT_TO_LEFT_LANGUAGES = frozenset({"ar", "ckb", "dv", "fa", "he", "iw", "ps", "ug", "ur", "yi"})
_ALIGNMENT = {"bottom": 2, "center": 5, "top": 8}  # as on a numeric keypad

Line = list[tuple[int, str]]  # pieces of text, each with the number of its word in the cue


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Captions ready for ffmpeg's ``ass`` filter.

    Parameters
    ----------
    ass
        The text of the .ass file.
    fonts
        The font files to put into ``fontsdir``.
    warnings
        What a person should know, a sentence each.
    """

    ass: str
    fonts: tuple[Path, ...]
    warnings: tuple[str, ...]


def _shown(text: str) -> str:
    """Return what is drawn of `text`: its letters, and newlines."""
    return text if text.isprintable() else _TURNS.sub("", plain(text))


def prepare(
    cues: Cues, style: str | Style = "plain", width: int = 1920, height: int = 1080
) -> Prepared:
    r"""Return the ASS text of `cues` and the fonts that it is drawn with.

    A cue too wide or too high for the frame inside the style's margins is drawn smaller. Letters
    that the style's font lacks are drawn in another font of the machine, if one has them.

    Parameters
    ----------
    cues
        The captions.
    style
        A style or the name of one.
    width, height
        The video's size in pixels, each 16 to 16,384.

    Raises
    ------
    ParameterError
        When there is no such style, its font is no font file, or the size is none.

    Examples
    --------
    >>> from workbench.captions.cues import Cue, Cues
    >>> from workbench.timing import Word
    >>> word = Word(text="{Hola}", start=0, end=1)
    >>> prepared = prepare(Cues(cues=(Cue(start=0, end=1, lines=((word,),)),)))
    >>> prepared.ass.splitlines()[-1]
    'Dialogue: 0,0:00:00.00,0:00:01.00,Default,cue 1,0,0,0,,\\{Hola\\}'
    >>> [path.name for path in prepared.fonts]
    ['DejaVuSans.ttf']
    """
    styles.check_frame(width, height)
    chosen = styles.style(style)
    lines = [_lines(cue, upper=chosen.uppercase) for cue in cues]
    pen = Pen(chosen, "".join({t for cue in lines for line in cue for _, t in line}), cues.language)
    page = _Page(chosen, pen, width, height)
    rows = [page.header(cues.language)]
    for number, (cue, drawn, (start, end)) in enumerate(
        zip(cues, lines, ticks(cues, _RATE), strict=True), start=1
    ):
        head = f"Default,cue {number},0,0,0,,{page.fit(drawn, number)}"
        turn = _direction(cue.text, cues.language)
        if chosen.karaoke:
            lit = page.states(drawn, turn)
            events = [(a, b, lit(active)) for a, b, active in _states(cue, start, end)]
        else:
            events = [(start, end, page.text(drawn, turn))]
        # pysubs2 ends at ten hours, and an audiobook may not.
        rows += [f"Dialogue: 0,{_clock(a)},{_clock(b)},{head}{text}\n" for a, b, text in events]
    return Prepared(ass="".join(rows), fonts=pen.files, warnings=(*pen.warnings, *page.warnings))


def _clock(hundredths: int) -> str:
    seconds, hundredths = divmod(hundredths, _RATE)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{hundredths:02}"


def _lines(cue: Cue, *, upper: bool) -> list[Line]:
    """Return what is drawn, line by line, without white space at either end of a line."""
    found: list[Line] = []
    number = 0
    for words in cue.lines:
        line: Line = []
        for word in words:
            first, *more = _shown(word.text.upper() if upper else word.text).split("\n")
            line.append((number, first))
            for text in more:
                found.append(line)
                line = [(number, text)]
            if word.space:
                line.append((number, " "))
            number += 1
        found.append(line)
    return [trimmed for line in found if (trimmed := _trim(line))]


def _trim(line: Line) -> Line:
    while line and not line[0][1].strip():
        del line[0]
    while line and not line[-1][1].strip():
        del line[-1]
    if line:
        line[0] = (line[0][0], line[0][1].lstrip())
        line[-1] = (line[-1][0], line[-1][1].rstrip())
    return line


def _direction(text: str, language: str) -> str:
    """Return the mark that makes every line of a cue run the same way; mostly none is needed.

    libass takes a line's direction from its first letter, so a Hebrew cue whose second line begins
    with a Latin name would have that line turned around.
    """
    if text.isascii():
        return ""
    kinds = list(map(unicodedata.bidirectional, text))
    if _RIGHT_TO_LEFT.isdisjoint(kinds):
        return ""
    first = next(kind for kind in kinds if kind == "L" or kind in _RIGHT_TO_LEFT)
    right = first != "L" or language.partition("-")[0].lower() in _RIGHT_TO_LEFT_LANGUAGES
    return "\u200f" if right else "\u200e"


def _states(cue: Cue, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Yield which word is lit from when to when, in hundredths of a second, without a gap.

    A word is lit until the next one starts, or to its own end where silence follows.
    """
    words = cue.words
    marks: list[tuple[int, int | None]] = [(start, None)]
    for i, word in enumerate(words):
        marks.append((int(word.start * _RATE + 0.5), i))
        following = words[i + 1].start if i + 1 < len(words) else cue.end
        if following - word.end > _GAP:
            marks.append((int(word.end * _RATE + 0.5), None))
    for (time, active), (following_time, _) in pairwise([*marks, (end, None)]):
        first = max(start, time)
        last = min(max(first, following_time), end)
        if first < last:
            yield first, last, active
            start = last


class _Page:
    """A style on a frame."""

    def __init__(self, style: Style, pen: Pen, width: int, height: int) -> None:
        self.style, self.pen = style, pen
        self.width, self.height = width, height
        self.size = height * style.size / 100
        self.outline = self.size * style.outline_width / 100
        self.shadow = self.size * style.shadow / 100
        self.border = self.outline + self.shadow + 1  # a pixel for soft edges
        self.smallest = (1.0, 0)
        # libass shapes each stretch of one colour by itself, without kerning across its ends. So
        # that lighting a word moves nothing, neighbours always differ: by one step of blue.
        self.base = [_colour(style.colour, step) for step in (0, 1)]
        self.active = _colour(style.active, 0)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of the layout."""
        scale, number = self.smallest
        if scale >= _SMALL:
            return ()
        return (f"cue {number} is too large for the frame and is drawn at {scale:.0%} of its size",)

    def header(self, language: str) -> str:
        """Return all but the events."""
        from pysubs2 import Alignment, Color, SSAFile, SSAStyle

        def colour(value: str) -> Color:
            red, green, blue, opacity = styles.rgba(value)
            return Color(red, green, blue, 255 - opacity)

        file = SSAFile()
        file.info = {
            "WrapStyle": "2",
            "PlayResX": str(self.width),
            "PlayResY": str(self.height),
            "ScaledBorderAndShadow": "yes",
            "Kerning": "yes",
        }
        if tag := _LANGUAGE.match(language):
            file.info["Language"] = tag[0].lower()
        share = self.style.margin / 100
        file.styles = {
            "Default": SSAStyle(
                fontname=self.pen.font.family,
                fontsize=round(self.size, 2),
                primarycolor=colour(self.style.colour),
                secondarycolor=colour(self.style.active),
                outlinecolor=colour(self.style.outline),
                backcolor=Color(0, 0, 0, 64),
                bold=self.style.bold,
                italic=self.style.italic,
                outline=round(self.outline, 2),
                shadow=round(self.shadow, 2),
                alignment=Alignment(_ALIGNMENT[self.style.position]),
                marginl=round(self.width * share),
                marginr=round(self.width * share),
                marginv=ceil(self.height * share + self.border),
                encoding=_AUTO,
            )
        }
        return file.to_string("ass", header_notice="Captions")

    def fit(self, lines: list[Line], number: int) -> str:
        """Return the command that makes a cue as small as the safe area asks; mostly none."""
        if not lines:
            return ""
        share = 1 - 2 * self.style.margin / 100
        border = 2 * self.border
        room = self.width * share
        texts = ["".join(text for _, text in line) for line in lines]
        high = len(lines) * self.size + border
        scale = min(1.0, self.height * share / high)
        # The sum of the letters' widths is a fair bound, and cheaper than shaping them.
        if any((self.pen.bound(text) + 0.3) * self.size + border > room for text in texts):
            wide = max(map(self.pen.width, texts)) * self.size + border
            scale = min(scale, room / wide)
        if scale == 1:
            return ""
        self.smallest = min(self.smallest, (scale, number))
        size, outline, shadow = (
            max(0.01, floor(value * scale * 100) / 100)
            for value in (self.size, self.outline, self.shadow)
        )
        return f"{{\\fs{size}\\bord{outline}\\shad{shadow}}}"

    def text(self, lines: list[Line], turn: str) -> str:
        """Return the text of a plain event, each line after `turn`."""
        rows = ["".join([text for _, text in line]) for line in lines]
        return "\\N".join([turn + self.pen.write(row) for row in rows])

    def states(self, lines: list[Line], turn: str) -> Callable[[int | None], str]:
        """Return a function that gives the text of an event in which a word is lit, or none."""
        parts: list[str] = []
        spots: dict[int, list[tuple[int, str]]] = {}  # where each word is, and how it looks lit
        for line in lines:
            parts.append(f"\\N{turn}" if parts else turn)
            for word, run in groupby(line, itemgetter(0)):
                text = self.pen.write("".join([text for _, text in run]))
                spots.setdefault(word, []).append((len(parts), self.active + text))
                parts.append(self.base[word % 2] + text)

        def lit(active: int | None) -> str:
            shown = parts.copy()
            for place, text in spots.get(-1 if active is None else active, ()):
                shown[place] = text
            return "".join(shown)

        return lit


def _colour(colour: str, step: int) -> str:
    """Return the command for a colour, or for its neighbour."""
    red, green, blue, opacity = styles.rgba(colour)
    blue += step if blue < 255 else -step  # noqa: PLR2004 - a byte
    return f"{{\\1c&H{blue:02X}{green:02X}{red:02X}&\\1a&H{255 - opacity:02X}&}}"
