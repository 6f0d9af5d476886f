"""Where titles stand and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbench.captions.clock import Clock, Moving, Row
from workbench.captions.layout import Page
from workbench.captions.lines import Line, shown, turn
from workbench.captions.moving import Fade
from workbench.captions.pen import Pen
from workbench.captions.shapes import Box, boxes
from workbench.errors import one_line
from workbench.script import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from workbench.captions.drawing import Drawing
    from workbench.captions.styles import Style
    from workbench.captions.titles import Title

__all__ = ["TitleDrawing", "Titling", "titling"]

_DETAIL = 0.62  # of the title's size
_GAP = 0.12  # of the size: between text and detail, and between a title and captions
_BAR = 0.13  # of the size
_SMALL = 0.75  # of the style's size: below it the shrinking is worth a word
_MOST_LINES = 12
# How much of the safe area's height a text and its detail may fill.
_SHARES = {"title": (0.65, 0.25), "lower-third": (0.25, 0.15)}
_BOX, _MARK, _TEXT = 8, 9, 10  # layers above those of captions


class Zone(NamedTuple):
    """Rows of the frame that are taken."""

    top: float
    bottom: float


@dataclass(frozen=True, kw_only=True)
class Titling:
    """What titles come to.

    Parameters
    ----------
    drawn
        In the order given.
    sheets
        Their styles by name, as fields.
    fonts
        The files of their fonts.
    warnings
        What a person should know, a sentence each.
    """

    drawn: tuple[TitleDrawing, ...]
    sheets: dict[str, str]
    fonts: tuple[Path, ...]
    warnings: tuple[str, ...]


def titling(
    titles: Iterable[Title],
    captions: Sequence[Drawing],
    width: int,
    height: int,
    *,
    language: str = "",
    safe_area: str = "margin",
) -> Titling:
    """Return the titles, laid out clear of the captions that are shown at their time.

    Parameters
    ----------
    titles
        What they say.
    captions
        The cues, laid out.
    width, height
        The frame in pixels.
    language
        A BCP 47 tag.
    safe_area
        The captions', which titles without a style of their own keep too.
    """
    drawn: list[TitleDrawing] = []
    sheets: dict[str, str] = {}
    fonts: list[Path] = []
    warnings: list[str] = []
    for number, title in enumerate(titles, start=1):
        style = title.look(width, height, safe_area)
        one = TitleDrawing(
            title, number=number, style=style, width=width, height=height, language=language
        )
        taken = [
            Zone(block.top - cue.page.rise, block.top + block.tall + cue.page.rise)
            for cue in captions
            if cue.start < one.end and one.start < cue.end
            for block in cue.blocks
        ]
        taken += [other.zone for other in drawn if other.start < one.end and one.start < other.end]
        one.place(taken)
        drawn.append(one)
        for page, part in ((one.page, "title"), (one.small, "detail"))[: len(one.blocks)]:
            if page.sheet not in sheets.values():
                sheets[f"{part} {number}"] = page.sheet
            fonts += page.pen.files
            warnings += page.pen.warnings
        if one.scale < _SMALL:
            warnings.append(
                f"title {number} ({one_line(title.text, limit=30)!r}) is too large for its place "
                f"and is drawn at {one.scale:.0%} of its size"
            )
    unique = tuple(dict.fromkeys(fonts))
    return Titling(
        drawn=tuple(drawn), sheets=sheets, fonts=unique, warnings=tuple(dict.fromkeys(warnings))
    )


class TitleDrawing:
    """A title on a frame."""

    def __init__(
        self,
        title: Title,
        *,
        number: int,
        style: Style,
        width: int,
        height: int,
        language: str = "",
    ) -> None:
        self.title, self.name = title, f"title {number}"
        self.start, self.end = title.start, float(title.end or 0)
        said = [_shown(text, upper=style.uppercase) for text in (title.text, title.detail)]
        self.marks = [turn(text, language) for text in said]
        below = style.but(size=max(1.0, style.size * _DETAIL), bold=False, background="none")
        self.page = Page(style, Pen(style, said[0], language), width, height)
        self.small = Page(below, Pen(below, said[1], language), width, height)
        shares = _SHARES[title.kind]
        self.lines, self.most = _wrapped(said[0], self.page, shares[0])
        self.below: list[Line] = []
        if said[1]:
            self.below, most = _wrapped(said[1], self.small, shares[1])
            self.most = min(self.most, most)
        self.left = title.kind == "lower-third"
        self.place([])

    def _set(self, most: float) -> None:
        """Lay the text out at a share of its size, or less where the frame asks for it."""
        self.scale = most
        self.blocks = [self.page.block(self.lines, self.marks[0], most=most)]
        if self.below:
            self.blocks.append(self.small.block(self.below, self.marks[1], most=most))
        least = min(block.scale for block in self.blocks)
        self.gap = _GAP * self.page.size * least
        self.tall = sum(block.tall for block in self.blocks) + self.gap * (len(self.blocks) - 1)
        if least < most:
            self._set(least)

    def place(self, taken: Sequence[Zone]) -> None:
        """Put the title as near to its place as what is taken allows, smaller if need be."""
        self._set(self.most)
        page, rise = self.page, self.page.rise
        low, high = page.top - rise, page.height - page.bottom + rise
        room = max(bottom - top for top, bottom in _free(taken, low, high))
        while self.tall + 2 * rise > room and self.scale > 0.05:  # noqa: PLR2004 - still a line
            self._set(self.scale * min(0.95, (room - 2 * rise) / self.tall))
        tall = self.tall + 2 * rise
        wanted = {"top": low, "center": (low + high - tall) / 2, "bottom": high - tall}
        top = wanted[page.style.position] + page.height * page.style.offset_y / 100
        spots = [
            min(max(top, free.top), free.bottom - tall)
            for free in _free(taken, low, high)
            if free.bottom - free.top >= tall - 1e-6
        ]
        top = min(spots, key=lambda spot: abs(spot - top), default=low) + rise
        self.zone = Zone(top - rise, top + self.tall + rise)
        for block in self.blocks:
            block.raise_to(top)
            if self.left:
                block.left = page.left + page.reach + page.width * page.style.offset_x / 100
            top += block.tall + self.gap

    def rows(self, clock: Clock) -> Iterator[Row]:
        """Yield what is drawn, in steps of a clock."""
        first, last = clock.at(self.start), clock.at(self.end)
        if first >= last:
            return
        fade: tuple[Moving, ...] = ()
        if self.title.fade:
            lasting = min(self.title.fade, (last - first) / clock.rate / 2)
            fade = (Fade(first=first, last=last, rate=clock.rate, appear=lasting, vanish=lasting),)
        style, sheet = self.page.style, self.page.sheet
        if style.background != "none":
            around = self._around()
            box = boxes([around], style.box, self.blocks[0].corner)
            yield Row(first=first, last=last, layer=_BOX, sheet=sheet, text=(*fade, box))
            if self.left:
                bar = around._replace(right=around.left + _BAR * self.blocks[0].size)
                mark = boxes([bar], style.active)
                yield Row(first=first, last=last, layer=_MARK, sheet=sheet, text=(*fade, mark))
        for block in self.blocks:
            texts = [f"{{{block.head}}}{block.plain}"]
            if block.page.soft:
                texts.insert(0, block.shade())
            for said in texts:
                text: tuple[str | Moving, ...] = (*fade, said)
                yield Row(first=first, last=last, layer=_TEXT, sheet=block.page.sheet, text=text)

    def _around(self) -> Box:
        """Return the box behind text and detail."""
        boxes_ = [box for block in self.blocks for box in block.boxes()]
        lefts, tops, rights, bottoms = zip(*boxes_, strict=True)
        whole = Box(min(lefts), min(tops), max(rights), max(bottoms))
        return self.blocks[0].padded([whole])[0]


def _shown(text: str, *, upper: bool) -> str:
    lines = [" ".join(line.split()) for line in shown(text).split("\n")]
    kept = "\n".join(filter(None, lines))
    return kept.upper() if upper else kept


def _free(taken: Sequence[Zone], low: float, high: float) -> list[Zone]:
    """Return the rows between `low` and `high` that nothing stands in."""
    found, top = [], low
    for zone in sorted(taken):
        if zone.top > top:
            found.append(Zone(top, min(zone.top, high)))
        top = max(top, zone.bottom)
    return [zone for zone in [*found, Zone(top, high)] if zone.top < zone.bottom] or [
        Zone(low, high)
    ]


def _wrapped(text: str, page: Page, share: float) -> tuple[list[Line], float]:
    """Return the text in as few lines as leave it largest, and how large that is, up to 1."""
    room, tall = page.room - 2 * page.reach, share * page.high
    rows = text.split("\n")
    if 1 < len(rows) <= _MOST_LINES:
        widest = max(map(page.pen.advance, rows)) * page.size
        scale = min(1.0, room / widest, tall / (len(rows) * page.size)) if widest else 1.0
        return [[(0, row)] for row in rows], scale
    text = " ".join(rows)
    tokens = [token.text + " " * token.space for token in tokenize(text)] or [text]
    widths = [page.pen.advance(token) * page.size for token in tokens]
    best, lines = -1.0, [tokens]
    for number in range(1, min(_MOST_LINES, len(tokens)) + 1):
        starts, widest = _even(widths, number)
        scale = min(1.0, room / widest, tall / (number * page.size)) if widest else 1.0
        if scale > best + 1e-9:
            best = scale
            lines = [tokens[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True)]
    return [[(0, "".join(line).rstrip())] for line in lines], best


def _even(widths: list[float], number: int) -> tuple[list[int], float]:
    """Return where each of at most `number` lines begins when the widest is as narrow as can be."""

    def broken(room: float) -> list[int]:
        starts, used = [0], 0.0
        for i, width in enumerate(widths):
            if used + width > room and used:
                starts.append(i)
                used = 0.0
            used += width
        return starts

    low, high = max(widths), sum(widths)
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if len(broken(middle)) <= number else (middle, high)
    return broken(high), high
