"""A cue as rows of drawing: its text, its boxes, the word being said."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from workbench.captions.clock import HUNDREDTHS, RATE, Clock, Moving, Row
from workbench.captions.colours import ass, near, neighbour
from workbench.captions.files import who
from workbench.captions.lines import Line, only, runs
from workbench.captions.moving import Fade, Filled, Pop
from workbench.captions.shapes import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.captions.cues import Cue
    from workbench.captions.layout import Block, Page

__all__ = ["Drawing", "states"]

_GAP = 0.12  # seconds of silence after which a word is no longer lit
_GLIMPSE = 0.12  # seconds below which a word is not shown alone
_CLOSE = 1e-6  # seconds; sums of the same times differ by less
_LONGEST = 10**8  # hundredths of a second: libass keeps ten times as many in 32 bits
_BACKDROP, _WORD_BOX, _TEXT, _POP = range(4)  # layers, from below
_HIDDEN = "{\\alpha&HFF&}"


def states(cue: Cue, first: int, last: int, clock: Clock) -> Iterator[tuple[int, int, int | None]]:
    """Yield which word is lit from when to when, in steps of a clock, without a gap.

    A word is lit until the next one starts, or to its own end where silence follows.
    """
    words = cue.words
    marks: list[tuple[int, int | None]] = [(first, None)]
    for i, word in enumerate(words):
        marks.append((clock.at(word.start), i))
        following = words[i + 1].start if i + 1 < len(words) else cue.end
        if following - word.end > _GAP + _CLOSE:
            marks.append((clock.at(word.end), None))
    for (time, active), (following_time, _) in pairwise([*marks, (last, None)]):
        begin = max(first, time)
        end = min(max(begin, following_time), last)
        if begin < end:
            yield begin, end, active
            first = end


class Drawing:
    """A cue on a page.

    Parameters
    ----------
    page
        Its style on a frame.
    cue
        What is said.
    number
        Its place among the cues, from 1.
    lines, mark
        What is drawn of it, and which way that runs.
    colour
        Its speaker's colour; empty for the style's.
    written
        When a file says that it is shown, in hundredths of a second.
    """

    def __init__(
        self,
        page: Page,
        cue: Cue,
        *,
        number: int,
        lines: list[Line],
        mark: str,
        colour: str,
        written: tuple[int, int],
    ) -> None:
        self.page, self.style, self.cue, self.number = page, page.style, cue, number
        self.mark, self._written = mark, written
        self.colour, self.active = colour or self.style.colour, self.style.active
        if colour and near(colour, self.active):
            self.active = self.style.colour  # a yellow speaker's words are not lit in yellow
        self.block = page.block(lines, mark)
        self.alone = [
            (start, page.block(few, mark))
            for start, few in (_glimpses(cue, lines) if self.style.highlight == "word" else ())
        ]
        self.blocks = [block for _, block in self.alone] or [self.block]

    @property
    def start(self) -> float:
        """When it appears, in seconds."""
        return self.cue.start

    @property
    def end(self) -> float:
        """When it has vanished, in seconds."""
        return self.cue.end

    @property
    def name(self) -> str:
        """What its events are called in a file."""
        said_by = who(self.cue.speaker).replace("%", "%25").replace(",", "%2C")
        return f"cue {self.number}: {said_by}" if said_by else f"cue {self.number}"

    @property
    def scale(self) -> float:
        """How much smaller than the style says its smallest text is."""
        return min(block.scale for block in self.blocks)

    def span(self, clock: Clock) -> tuple[int, int]:
        """Return when it is shown, in steps of a clock."""
        if clock is HUNDREDTHS:
            return self._written
        return clock.at(self.cue.start), clock.at(self.cue.end)

    def rows(self, clock: Clock) -> Iterator[Row]:
        """Yield what is drawn, in the order of a file."""
        first, last = self.span(clock)
        if first >= last:
            return
        if self.alone:
            yield self._row(first, last, _TEXT, self.block, self._plain(self.block), comment=True)
            marks = [max(first, clock.at(start)) for start, _ in self.alone]
            for (_, block), begin, end in zip(self.alone, marks, [*marks[1:], last], strict=True):
                yield from self._still(block, begin, min(end, last), clock)
            return
        highlight = {"colour": self._lit, "box": self._lit, "pop": self._popping}
        if self.style.highlight in highlight:
            yield from self._beneath(self.block, first, last, clock)
            yield from highlight[self.style.highlight](first, last, clock)
        elif self.style.highlight == "fill":
            yield from self._beneath(self.block, first, last, clock)
            yield self._filling(first, last, clock)
        else:
            yield from self._still(self.block, first, last, clock)

    def _row(
        self,
        first: int,
        last: int,
        layer: int,
        block: Block,
        *text: str | Moving,
        clock: Clock | None = None,
        comment: bool = False,
        shade: bool = False,
    ) -> Row:
        fade = self._fade(clock) if clock else ()
        head = "" if layer != _TEXT or shade else block.head
        parts = (*fade, f"{{{head}}}", *text) if head else (*fade, *text)
        return Row(
            first=first, last=last, layer=layer, sheet=self.page.sheet, text=parts, comment=comment
        )

    def _fade(self, clock: Clock) -> tuple[Moving, ...]:
        appear, vanish = self.style.fade_in / 1000, self.style.fade_out / 1000
        if not appear and not vanish:
            return ()
        first, last = self.span(clock)
        share = min(1.0, (last - first) / clock.rate / (appear + vanish))
        return (
            Fade(
                first=first,
                last=last,
                rate=clock.rate,
                appear=share * appear,
                vanish=share * vanish,
            ),
        )

    def _beneath(self, block: Block, first: int, last: int, clock: Clock) -> Iterator[Row]:
        """Yield what lies below the text: a box behind it, a soft shadow."""
        if self.style.background != "none" and block.lines:
            text = boxes(block.backdrop(), self.style.box, block.corner)
            yield self._row(first, last, _BACKDROP, block, text, clock=clock)
        if self.page.soft:
            yield self._row(first, last, _TEXT, block, block.shade(), clock=clock, shade=True)

    def _still(self, block: Block, first: int, last: int, clock: Clock) -> Iterator[Row]:
        """Yield a text in which no word differs from another."""
        if first < last:
            yield from self._beneath(block, first, last, clock)
            yield self._row(first, last, _TEXT, block, self._plain(block), clock=clock)

    def _plain(self, block: Block) -> str:
        tint = "" if self.colour == self.style.colour else f"{{{ass(self.colour, 1)}}}"
        return tint + block.plain

    def _parts(self) -> tuple[list[str], dict[int, list[tuple[int, str]]]]:
        """Return the text in pieces of a colour each, and for each word its pieces' places."""
        # libass shapes each stretch of one colour by itself, without kerning across its ends. So
        # that lighting a word moves nothing, neighbours always differ: by one step of blue.
        base = [f"{{{ass(colour, 1)}}}" for colour in (self.colour, neighbour(self.colour))]
        parts: list[str] = []
        spots: dict[int, list[tuple[int, str]]] = {}
        for line in self.block.lines:
            parts.append(f"\\N{self.mark}" if parts else self.mark)
            for word, run in runs(line):
                text = self.page.pen.write(run)
                spots.setdefault(word, []).append((len(parts), text))
                parts.append(base[word % 2] + text)
        return parts, spots

    def _lit(self, first: int, last: int, clock: Clock) -> Iterator[Row]:
        """Yield the text with the word being said in another colour, in a box if so asked."""
        parts, spots = self._parts()
        lit = f"{{{ass(self.active, 1)}}}"
        for begin, end, active in states(self.cue, first, last, clock):
            shown = parts.copy()
            for place, text in spots.get(-1 if active is None else active, ()):
                shown[place] = lit + text
            yield self._row(begin, end, _TEXT, self.block, "".join(shown), clock=clock)
            if self.style.highlight == "box" and active in self.block.pieces:
                pieces = self.block.pieces[active]
                around = self.block.padded([piece.box for piece in pieces])
                text = boxes(around, self.style.active_box, self.block.corner)
                yield self._row(begin, end, _WORD_BOX, self.block, text, clock=clock)

    def _popping(self, first: int, last: int, clock: Clock) -> Iterator[Row]:
        """Yield the text without the word being said, and that word by itself, growing."""
        parts, spots = self._parts()
        back = f"{{{ass(self.style.outline, 3)}{ass(self.style.shadow_colour, 4)}}}"
        for begin, end, active in states(self.cue, first, last, clock):
            shown = parts.copy()
            for place, text in spots.get(-1 if active is None else active, ()):
                shown[place] = f"{_HIDDEN}{text}{back}"
            yield self._row(begin, end, _TEXT, self.block, "".join(shown), clock=clock)
            if active is None:
                continue
            pop = Pop(first=begin, rate=clock.rate, growth=self.page.growth)
            for piece in self.block.pieces.get(active, ()):
                above, below = self.page.pen.heights(piece.text)
                x = (piece.box.left + piece.box.right) / 2
                y = piece.baseline + (below - above) * self.block.size / 2
                head = f"{{\\an5\\pos({x:.2f},{y:.2f}){self.block.look}{ass(self.active, 1)}}}"
                text = self.mark + self.page.pen.write(piece.text)
                yield self._row(begin, end, _POP, self.block, head, pop, text, clock=clock)

    def _filling(self, first: int, last: int, clock: Clock) -> Row:
        """Return the text with a colour that sweeps over each word while it is said."""
        unit = max(1, min(RATE**2 * 10, _LONGEST // (last - first))) if clock.frames else 1
        # libass sweeps from left to right only: right-to-left words change at once.
        sweep = "k" if self.mark else "kf"
        words, done = self.cue.words, first
        parts = [f"{{{ass(self.active, 1)}{ass(self.colour, 2)}}}"]
        for number, line in enumerate(self.block.lines):
            parts.append(f"\\N{self.mark}" if number else self.mark)
            for i, run in runs(line):
                begin = min(max(done, clock.at(words[i].start)), last)
                limit = clock.at(words[i + 1].start) if i + 1 < len(words) else last
                end = max(begin, min(clock.at(words[i].end), limit, last))
                wait = f"\\k{(begin - done) * unit}" if begin > done else ""
                word = run.rstrip()
                parts.append(
                    f"{{{wait}\\{sweep}{(end - begin) * unit}}}{self.page.pen.write(word)}"
                )
                if word != run:  # the sweep ends with the letters, not with the space after them
                    parts.append(f"{{\\k0}}{run[len(word) :]}")
                done = end
        filled = Filled(first=first, unit=unit)
        return self._row(first, last, _TEXT, self.block, filled, "".join(parts), clock=clock)


def _glimpses(cue: Cue, lines: list[Line]) -> list[tuple[float, list[Line]]]:
    """Return the words one at a time, with what is drawn of each; hasty ones together."""
    drawn = {word for line in lines for word, _ in line}
    groups: list[list[int]] = []
    hasty = True
    for i in sorted(drawn):
        if groups and hasty:
            groups[-1].append(i)
        else:
            groups.append([i])
        after = cue.words[i + 1].start if i + 1 < len(cue.words) else cue.end
        hasty = after - cue.words[groups[-1][0]].start < _GLIMPSE - _CLOSE
    if hasty and len(groups) > 1:
        last = groups.pop()
        groups[-1] += last
    return [(cue.words[group[0]].start, only(lines, group)) for group in groups]
