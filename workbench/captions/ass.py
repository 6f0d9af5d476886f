"""Cues and titles as ASS, the format that libass draws onto video.

The same drawing is written in two ways. `Prepared.ass` is a file for people and players: one event
for each state of a cue, what moves in ASS's own commands. `Prepared.segment` is a piece of a video
alone, to be drawn into its frames: what moves is a text of its own in every frame, so that a video
drawn in pieces is, pixel by pixel, the video drawn at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from workbench.captions import styles
from workbench.captions.clock import (
    CLOCK,
    HUNDREDTHS,
    Clock,
    Row,
    stamp,
    time_of_frame,
)
from workbench.captions.drawing import Drawing
from workbench.captions.files import ticks
from workbench.captions.layout import Page
from workbench.captions.lines import cut, turn
from workbench.captions.pen import Pen
from workbench.captions.speakers import speaker_colours
from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from workbench.captions.cues import Cues
    from workbench.captions.styles import Style
    from workbench.captions.titles import Title

__all__ = ["CLOCK", "Prepared", "prepare"]

_SMALL = 0.75  # of the style's size: below it the shrinking is worth a word
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?=-|$)")
_FPS = range(1, 1001)
_TOUCHING = 1e-3  # seconds; an overlap shorter than that is rounding
# Without a matrix, ffmpeg draws colours as BT.601 has them into a video of BT.709: gold is orange.
_INFO = """\
[Script Info]
; Captions
ScriptType: v4.00+
WrapStyle: 2
PlayResX: {width}
PlayResY: {height}
ScaledBorderAndShadow: yes
Kerning: yes
YCbCr Matrix: None
{language}
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
{sheets}
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class Drawn(Protocol):
    """What is drawn for a time: a cue or a title."""

    @property
    def name(self) -> str:
        """What its events are called in a file."""
        ...

    @property
    def start(self) -> float:
        """When it appears, in seconds."""
        ...

    @property
    def end(self) -> float:
        """When it has vanished, in seconds."""
        ...

    def rows(self, clock: Clock) -> Iterable[Row]:
        """Return what is drawn when, in steps of a clock."""
        ...


@dataclass(frozen=True, kw_only=True, repr=False)
class Prepared:
    """Captions and titles ready for ffmpeg's ``ass`` filter.

    Parameters
    ----------
    width, height
        The video's size in pixels.
    language
        Two letters, or nothing.
    drawn
        The cues and the titles.
    sheets
        The styles that a whole file lists, by name, as fields.
    fonts
        The font files to put into ``fontsdir``.
    warnings
        What a person should know, a sentence each.
    """

    width: int
    height: int
    language: str
    drawn: Sequence[Drawn] = field(compare=False)
    sheets: Mapping[str, str]
    fonts: tuple[Path, ...]
    warnings: tuple[str, ...]

    @cached_property
    def ass(self) -> str:
        """The text of the whole .ass file."""
        names = {sheet: name for name, sheet in self.sheets.items()}
        rows = [
            (row, drawn.name, stamp(row.first), stamp(row.last), row.going())
            for drawn in self.drawn
            for row in drawn.rows(HUNDREDTHS)
        ]
        events = [
            f"{'Comment' if row.comment else 'Dialogue'}: {row.layer},{start},{end},"
            f"{names[row.sheet]},{name},0,0,0,,{text}\n"
            for row, name, start, end, text in rows
        ]
        return self._header(self.sheets) + "".join(events)

    def segment(self, first: int, count: int, fps: int) -> str:
        """Return the ASS text of a piece of the video alone; empty when nothing is drawn in it.

        Its first frame stands at `CLOCK` seconds. Frame n of the video stands at ``n / fps``
        seconds and shows a cue if ``start <= n / fps < end``. The text holds nothing else of the
        time, so a piece that moved as a whole keeps its text.

        Parameters
        ----------
        first
            The piece's first frame, counted in the video from 0.
        count
            How many frames it has.
        fps
            Frames a second, up to 99 exactly; above, an event may come a frame early.

        Raises
        ------
        ParameterError
            When one of them is no such whole number.

        Examples
        --------
        >>> from workbench.captions.cues import Cue, Cues
        >>> from workbench.timing import Word
        >>> word = Word(text="Hola", start=1, end=2)
        >>> prepared = prepare(Cues(cues=(Cue(start=1, end=2, lines=((word,),)),)))
        >>> prepared.segment(0, 30, 30)
        ''
        >>> prepared.segment(15, 30, 30).splitlines()[-1]
        'Dialogue: 2,0:01:00.49,0:01:00.99,Default,,0,0,0,,Hola'
        """
        for name, value, low in (("first", first, 0), ("count", count, 1), ("fps", fps, 1)):
            if type(value) is not int or value < low or (name == "fps" and value not in _FPS):
                raise ParameterError(
                    f"must be a whole number from {low}, not {value!r}", subject=name
                )
        clock, last = Clock(fps, frames=True), first + count
        here = [d for d in self.drawn if clock.at(d.start) < last and clock.at(d.end) > first]
        names: dict[str, str] = {}
        events = []
        for drawn in here:
            for row in drawn.rows(clock):
                for begin, end, text in () if row.comment else row.stills(first, last):
                    name = names.setdefault(
                        row.sheet, f"Style {len(names)}" if names else "Default"
                    )
                    start, stop = (stamp(time_of_frame(f - first, fps)) for f in (begin, end))
                    events.append(f"Dialogue: {row.layer},{start},{stop},{name},,0,0,0,,{text}\n")
        if not events:
            return ""
        return self._header({name: sheet for sheet, name in names.items()}) + "".join(events)

    def _header(self, sheets: Mapping[str, str]) -> str:
        return _INFO.format(
            width=self.width,
            height=self.height,
            language=f"Language: {self.language}\n" if self.language else "",
            sheets="".join(f"Style: {name},{sheet}\n" for name, sheet in sheets.items()),
        )


def prepare(
    cues: Cues | None,
    style: str | Style = "plain",
    width: int = 1920,
    height: int = 1080,
    *,
    titles: Iterable[Title] = (),
    speakers: Mapping[str, str] | str | None = None,
) -> Prepared:
    r"""Return the ASS text of `cues` and `titles`, and the fonts that they are drawn with.

    A cue too wide or too high for the frame inside the style's safe area is drawn smaller. Letters
    that the style's font lacks are drawn in another font of the machine, if one has them. Cues at
    the same time stand above each other.

    Parameters
    ----------
    cues
        The captions; None for titles alone.
    style
        A style or the name of one.
    width, height
        The video's size in pixels, each 16 to 16,384.
    titles
        Titles and lower thirds; see `workbench.captions.titles`.
    speakers
        The colours of the speakers' words by the speakers' names, such as
        ``{"espeak:es": "#ffcc00"}``; ``"auto"`` gives each speaker a colour.

    Raises
    ------
    ParameterError
        When there is no such style, its font is no font file, a colour is none, or the size is.

    Examples
    --------
    >>> from workbench.captions.cues import Cue, Cues
    >>> from workbench.timing import Word
    >>> word = Word(text="{Hola}", start=0, end=1)
    >>> prepared = prepare(Cues(cues=(Cue(start=0, end=1, lines=((word,),)),)))
    >>> prepared.ass.splitlines()[-1]
    'Dialogue: 2,0:00:00.00,0:00:01.00,Default,cue 1,0,0,0,,\\{Hola\\}'
    >>> [path.name for path in prepared.fonts]
    ['DejaVuSans.ttf']
    """
    styles.check_frame(width, height)
    chosen = styles.style(style)
    language = cues.language if cues is not None else ""
    drawings: list[Drawing] = []
    sheets: dict[str, str] = {}
    fonts: tuple[Path, ...] = ()
    warnings: list[str] = []
    if cues is not None:
        cut_cues = [cut(cue.lines, upper=chosen.uppercase) for cue in cues]
        texts = {text for lines in cut_cues for line in lines for _, text in line}
        pen = Pen(chosen, "".join(texts), language)
        page = Page(chosen, pen, width, height)
        colours, notes = speaker_colours(speakers, (cue.speaker for cue in cues), chosen)
        for number, (cue, lines, written) in enumerate(
            zip(cues, cut_cues, ticks(cues, HUNDREDTHS.rate), strict=True), start=1
        ):
            mark, colour = turn(cue.text, language), colours.get(cue.speaker, "")
            drawings.append(
                Drawing(
                    page, cue, number=number, lines=lines, mark=mark, colour=colour, written=written
                )
            )
        _stack(drawings)
        sheets["Default"] = page.sheet
        fonts = pen.files
        warnings += [*pen.warnings, *notes, *_small(drawings)]
    drawn: list[Drawn] = list(drawings)
    titles = tuple(titles)
    if titles:
        from workbench.captions.titling import titling

        shown = titling(
            titles, drawings, width, height, language=language, safe_area=chosen.safe_area
        )
        drawn += shown.drawn
        sheets |= shown.sheets
        fonts = tuple(dict.fromkeys((*fonts, *shown.fonts)))
        warnings += shown.warnings
    tag = _LANGUAGE.match(language)
    return Prepared(
        width=width,
        height=height,
        language=tag[0].lower() if tag else "",
        drawn=tuple(drawn),
        sheets=sheets,
        fonts=fonts,
        warnings=tuple(warnings),
    )


def _small(drawings: list[Drawing]) -> Iterator[str]:
    """Yield what is to be said of the cue that is drawn smallest."""
    smallest = min(drawings, key=lambda drawing: drawing.scale, default=None)
    if smallest is not None and smallest.scale < _SMALL:
        yield (
            f"cue {smallest.number} is too large for the frame and is drawn at "
            f"{smallest.scale:.0%} of its size"
        )


def _stack(drawings: list[Drawing]) -> None:
    """Move cues away from those that are still shown, upwards, or downwards from the top."""
    shown: list[Drawing] = []
    for drawing in drawings:
        shown = [other for other in shown if other.end - drawing.start > _TOUCHING]
        for other in shown if drawing.style.highlight != "word" else ():
            theirs, ours = other.block, drawing.block
            apart = 2 * drawing.page.rise
            if ours.top < theirs.top + theirs.tall and theirs.top < ours.top + ours.tall:
                below = drawing.style.position == "top"
                ours.raise_to(
                    theirs.top + theirs.tall + apart if below else theirs.top - apart - ours.tall
                )
        shown.append(drawing)
