"""Where captions stand in a frame, and how large they are there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from typing import TYPE_CHECKING

from workbench.captions import colours, styles
from workbench.captions.lines import in_sight, runs
from workbench.captions.shapes import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.captions.lines import Line
    from workbench.captions.pen import Pen
    from workbench.captions.styles import Style

__all__ = ["Block", "Page", "Piece", "reach"]

_AUTO = -1  # the Encoding that makes libass find the text's direction and lay out lines as a whole
_ALIGNMENT = {"bottom": 2, "center": 5, "top": 8}  # as on a numeric keypad
_SOFT = 1.5  # how far a blur reaches, of what it is said to be: less than 1/20 is seen beyond that
_FLAT = 0.5  # boxes reach so far above and below of what they reach at the sides


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A word, or a part of one, in its line.

    Parameters
    ----------
    word
        Its number in the cue.
    text
        Without the space after it.
    box
        Its line's height, its own width.
    baseline
        Pixels from the top of the frame.
    """

    word: int
    text: str
    box: Box
    baseline: float


def reach(style: Style) -> float:
    """Return how far outline and shadow reach beyond the letters, in % of the size.

    Examples
    --------
    >>> from workbench.captions.styles import Style
    >>> reach(Style(outline_width=6, shadow=2)), reach(Style(shadow=2, shadow_blur=10))
    (8.0, 17.0)
    """
    if style.shadow_blur:
        around = style.outline_width + _SOFT * style.blur
        return max(around, style.shadow + _SOFT * style.shadow_blur)
    return style.outline_width + style.shadow + _SOFT * style.blur


class Page:
    """A style on a frame: its sizes in pixels."""

    def __init__(self, style: Style, pen: Pen, width: int, height: int) -> None:
        self.style, self.pen = style, pen
        self.width, self.height = width, height
        self.size = height * style.size / 100
        self.outline = self.size * style.outline_width / 100
        self.fall = self.size * style.shadow / 100
        self.soft = self.size * style.shadow_blur / 100
        # libass softens outline and shadow as one: a soft shadow under a sharp outline is a text
        # of its own, and the text above has none.
        self.shadow = 0.0 if self.soft else self.fall
        self.blur = self.size * style.blur / 100
        self.growth = style.pop / 100 if style.highlight == "pop" else 0.0
        pad = self.size * style.padding / 100 * style.boxed
        ink = reach(style) * self.size / 100 + 1  # a pixel for soft edges
        self.reach = max(ink, pad + 1)
        self.rise = max(ink, _FLAT * pad + 1) + self.growth * self.size / 2
        left, top, right, bottom = styles.free(style)
        self.left, self.right = round(width * left / 100), round(width * right / 100)
        self.top = ceil(height * top / 100 + self.rise)
        self.bottom = ceil(height * bottom / 100 + self.rise)
        self.room = width * (1 - (left + right) / 100)
        self.high = height * (1 - (top + bottom) / 100)
        self.level = top == bottom

    @cached_property
    def sheet(self) -> str:
        """The fields of the style in an ASS file, after its name."""
        from pysubs2 import Alignment, Color, SSAFile, SSAStyle

        def colour(value: str) -> Color:
            red, green, blue, opacity = colours.rgba(value)
            return Color(red, green, blue, 255 - opacity)

        file = SSAFile()
        file.styles = {
            "Default": SSAStyle(
                fontname=self.pen.font.family,
                fontsize=round(self.size, 2),
                primarycolor=colour(self.style.colour),
                secondarycolor=colour(self.style.active),
                outlinecolor=colour(self.style.outline),
                backcolor=colour(self.style.shadow_colour),
                bold=self.style.bold,
                italic=self.style.italic,
                spacing=round(self.size * self.style.spacing / 100, 2),
                outline=round(self.outline, 2),
                shadow=round(self.shadow, 2),
                alignment=Alignment(_ALIGNMENT[self.style.position]),
                marginl=self.left,
                marginr=self.right,
                marginv=self.top if self.style.position == "top" else self.bottom,
                encoding=_AUTO,
            )
        }
        (row,) = (row for row in file.to_string("ass").splitlines() if row.startswith("Style:"))
        return row.partition(",")[2]

    def block(self, lines: Sequence[Line], mark: str = "", *, most: float = 1.0) -> Block:
        """Return lines of text at the largest size up to the style's own that fits the safe area.

        Parameters
        ----------
        lines
            As `workbench.captions.lines.cut` returns them.
        mark
            What `workbench.captions.lines.turn` says of them.
        most
            A share of the style's size that is not to be passed.
        """
        texts = ["".join([text for _, text in line]) for line in lines]
        shares = [self.pen.heights(text) for text in texts]
        total = sum(above + below for above, below in shares)
        scale = min(most, self.high / (total * self.size + 2 * self.rise))
        border = 2 * self.reach
        if self.growth:
            words = [text for line in lines for _, text in runs(line)]
            border += self.growth * self.size * max(map(self.pen.width, words), default=0.0)
        # The sum of the letters' widths is a fair bound, and cheaper than shaping them.
        if any((self.pen.bound(text) + 0.3) * self.size + border > self.room for text in texts):
            wide = max(map(self.pen.width, texts)) * self.size + border
            scale = min(scale, self.room / wide)
        return Block(page=self, lines=lines, mark=mark, scale=scale, shares=shares)


class Block:
    """Lines of text below each other, measured, at a place in the frame."""

    def __init__(
        self,
        *,
        page: Page,
        lines: Sequence[Line],
        mark: str,
        scale: float,
        shares: list[tuple[float, float]],
    ) -> None:
        self.page, self.lines, self.mark, self.scale = page, lines, mark, scale
        self.size = page.size * scale
        self.heights = [(above * self.size, below * self.size) for above, below in shares]
        self.tall = sum(above + below for above, below in self.heights)
        self.moved = False  # from where the style alone puts it
        self.left: float | None = None  # where its lines begin; they are centred without
        style = page.style
        self.centre = (page.left + page.width - page.right) / 2
        if style.position == "center":
            self.top = (page.top + page.height - page.bottom - self.tall) / 2
            self.moved = not page.level
        elif style.position == "top":
            self.top = float(page.top)
        else:
            self.top = page.height - page.bottom - self.tall
        if style.offset_x or style.offset_y:
            self.centre += page.width * style.offset_x / 100
            half = max(self.widths, default=0.0) / 2 + page.reach
            low, high = page.left + half, page.width - page.right - half
            self.centre = min(max(self.centre, low), high) if low < high else (low + high) / 2
            self.raise_to(self.top + page.height * style.offset_y / 100)

    def raise_to(self, top: float) -> None:
        """Put the block's upper edge at `top`, or as near as the safe area allows."""
        page = self.page
        lowest = page.height - page.bottom - self.tall
        self.top, self.moved = max(min(top, lowest), float(page.top)), True

    @cached_property
    def widths(self) -> list[float]:
        """How far each line moves the pen, in pixels."""
        return [
            self.size * sum(self.page.pen.advance(text) for _, text in runs(line))
            for line in self.lines
        ]

    @cached_property
    def head(self) -> str:
        """The commands for its place and its size, where the style alone would not give them."""
        if self.left is not None:
            return f"\\an7\\pos({self.left:.2f},{self.top:.2f}){self.look}"
        place = f"\\an8\\pos({self.centre:.2f},{self.top:.2f})" if self.moved else ""
        return place + self.look

    @cached_property
    def look(self) -> str:
        """The commands for its size and its soft edges."""
        page, found = self.page, ""
        if self.scale < 1:
            size, outline, shadow = (
                max(0.01, floor(value * self.scale * 100) / 100)
                for value in (page.size, page.outline, page.shadow)
            )
            found = f"\\fs{size}\\bord{outline}\\shad{shadow}"
            if page.style.spacing:
                found += f"\\fsp{self.size * page.style.spacing / 100:.2f}"
        if page.blur:
            found += f"\\blur{page.blur * self.scale:.2f}"
        return found

    def shade(self) -> str:
        """Return the text of a soft shadow, which is drawn below the text itself."""
        page = self.page
        fall, soft = page.fall * self.scale, page.soft * self.scale
        left, corner = (self.centre, 8) if self.left is None else (self.left, 7)
        head = f"\\an{corner}\\pos({left + fall:.2f},{self.top + fall:.2f}){self.look}"
        colour = colours.ass(page.style.shadow_colour, 1)
        return f"{{{head}\\bord0\\shad0\\blur{soft:.2f}{colour}}}{self.plain}"

    @property
    def plain(self) -> str:
        """The lines as they are written, without commands of their own."""
        rows = ["".join([text for _, text in line]) for line in self.lines]
        return "\\N".join([self.mark + self.page.pen.write(row) for row in rows])

    def _rows(self) -> Iterator[tuple[Line, Box, float]]:
        """Yield each line, its box and its baseline."""
        top = self.top
        for line, width, (above, below) in zip(self.lines, self.widths, self.heights, strict=True):
            left = self.centre - width / 2 if self.left is None else self.left
            bottom = top + above + below
            yield line, Box(left, top, left + width, bottom), top + above
            top = bottom

    @cached_property
    def pieces(self) -> dict[int, list[Piece]]:
        """Where each word is."""
        found: dict[int, list[Piece]] = {}
        for line, box, baseline in self._rows():
            texts = [(word, text) for word, run in runs(line) for text in _parted(run)]
            left = box.left
            for i in in_sight([text for _, text in texts], self.mark):
                word, text = texts[i]
                right = left + self.size * self.page.pen.advance(text)
                if text.strip():
                    place = Box(left, box.top, right, box.bottom)
                    piece = Piece(word=word, text=text, box=place, baseline=baseline)
                    found.setdefault(word, []).append(piece)
                left = right
        return found

    def boxes(self) -> list[Box]:
        """Return the box of each line."""
        return [box for _, box, _ in self._rows()]

    def backdrop(self) -> list[Box]:
        """Return the boxes that the style wants behind the text, around all of it or each line."""
        boxes = self.boxes()
        if self.page.style.background == "box" and boxes:
            lefts, tops, rights, bottoms = zip(*boxes, strict=True)
            boxes = [Box(min(lefts), min(tops), max(rights), max(bottoms))]
        return self.padded(boxes)

    def padded(self, boxes: list[Box]) -> list[Box]:
        """Return the boxes with the style's padding."""
        pad = self.size * self.page.style.padding / 100
        return [box.grown(pad, _FLAT * pad) for box in boxes]

    @property
    def corner(self) -> float:
        """The radius of a box's corners in pixels."""
        return self.size * self.page.style.corner / 100


def _parted(text: str) -> list[str]:
    """Return a word and the space after it apart."""
    word = text.rstrip()
    return [part for part in (word, text[len(word) :]) if part]
