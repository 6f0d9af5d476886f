r"""Text as libass draws it: in which font, how wide, and how it is written in ASS.

In ASS ``{…}`` is a command and a backslash may be one, and there is no escape for a backslash
(libass issues 194 and 462). So braces are written ``\{`` and ``\}``, and a backslash is followed by
U+2060 WORD JOINER, which draws nothing and makes it a backslash.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from workbench.captions.files import JOINER
from workbench.captions.fonts import ascent, covering, find_font, missing_glyphs, ruler
from workbench.text.letters import clusters, count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.captions.fonts import FontFile
    from workbench.captions.styles import Style

__all__ = ["Pen", "escape"]

_ESCAPED = str.maketrans({"\\": f"\\{JOINER}", "{": "\\{", "}": "\\}", "\n": "\\N"})
_SPARES = 3  # fonts beside the style's own
_SLANT = 0.3  # of the line height
_NAMED = 5  # letters a warning spells out


def escape(text: str) -> str:
    r"""Return `text` so that libass draws it letter by letter.

    Examples
    --------
    >>> print(ascii(escape(r"{\an7}")))
    '\\{\\\u2060an7\\}'
    """
    return text.translate(_ESCAPED)


class Pen:
    r"""A style's font, and others for the letters that it lacks.

    Parameters
    ----------
    style
        Whose font, bold and italic count.
    text
        All that will be drawn.
    language
        A BCP 47 tag, for the choice of the others.

    Examples
    --------
    >>> from workbench.captions.styles import STYLES
    >>> pen = Pen(STYLES["plain"], "ab")
    >>> pen.width("ab") > pen.width("a"), pen.write("a{b")
    (True, 'a\\{b')
    """

    def __init__(self, style: Style, text: str, language: str = "") -> None:
        self.font = find_font(style.font, bold=style.bold, italic=style.italic)
        self.slanted = style.italic
        self.spacing = style.spacing / 100
        self.others: dict[str, FontFile] = {}  # by letter
        self._bounds: dict[str, float] = {}
        self._advances: dict[str, float] = {}
        self.lost = missing_glyphs("".join(sorted(set(text))), self.font)
        for _ in range(_SPARES):
            spare = covering(self.lost, bold=style.bold, language=language) if self.lost else None
            if spare is None:
                break
            still = missing_glyphs(self.lost, spare)
            self.others |= dict.fromkeys(set(self.lost) - set(still), spare)
            self.lost = still

    @property
    def files(self) -> tuple[Path, ...]:
        """The font files, the style's own first."""
        spares = sorted({font.path for font in self.others.values()})
        return tuple(dict.fromkeys((self.font.path, *spares)))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of the fonts."""
        found = [self.font.warning] if self.font.warning else []
        if self.others:
            families = sorted({font.family for font in self.others.values()})
            found.append(
                f"{self.font.family} lacks {_named(sorted(self.others))}; "
                f"{' and '.join(families)} {'is' if len(families) == 1 else 'are'} used for that"
            )
        if self.lost:
            found.append(
                f"no font here has {_named(self.lost)}: a box is drawn; "
                "install a font that has it, or name one in the style"
            )
        return tuple(found)

    def _runs(self, text: str) -> Iterator[tuple[FontFile, str]]:
        """Yield stretches of text in one font, and the font."""
        if self.others.keys().isdisjoint(text):
            yield self.font, text
            return

        def font(letter: str) -> FontFile:
            return next((self.others[char] for char in letter if char in self.others), self.font)

        for chosen, run in groupby(clusters(text), font):
            yield chosen, "".join(run)

    def write(self, text: str) -> str:
        """Return the ASS text that draws `text`."""
        return "".join(
            escape(run) if font == self.font else f"{_choose(font)}{escape(run)}{{\\fn\\b\\i}}"
            for font, run in self._runs(text)
        )

    def advance(self, text: str) -> float:
        """Return how far `text` moves the pen at a Fontsize of 1."""
        if text not in self._advances:
            drawn = sum(ruler(font)(run)[0] for font, run in self._runs(text))
            self._advances[text] = drawn + self.spacing * count(text)
        return self._advances[text]

    def width(self, text: str) -> float:
        """Return how wide the ink of `text` is at a Fontsize of 1, as it stands centred."""
        # libass slants an upright font by a third, to the right above the baseline.
        slant = _SLANT if self.slanted and not self.font.italic else 0.0
        total, overhang = self.spacing * count(text), slant
        for font, run in self._runs(text):
            advance, over = ruler(font)(run)
            total += advance
            overhang = max(overhang, over + slant)
        return total + 2 * overhang

    def heights(self, text: str) -> tuple[float, float]:
        """Return how far a line of `text` reaches above and below its baseline, at a Fontsize of 1.

        In the style's own font the sum is 1; another font may stand higher or hang lower.
        """
        above = [ascent(font) for font, _ in self._runs(text)] or [ascent(self.font)]
        return max(above), 1 - min(above)

    def bound(self, text: str) -> float:
        """Return about the most that `width` can be, from its letters one by one."""
        bounds = self._bounds
        try:
            return sum([bounds[letter] for letter in text])
        except KeyError:
            for letter in set(text) - bounds.keys():
                bounds[letter] = self.width(letter)
            return sum([bounds[letter] for letter in text])


def _choose(font: FontFile) -> str:
    """Return the command for a font, its weight and slant, so that libass imitates neither."""
    return f"{{\\fn{font.family}\\b{font.bold:d}\\i{font.italic:d}}}"


def _named(letters: str | list[str]) -> str:
    """Return the first few letters with their code points."""
    shown = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in letters[:_NAMED])
    more = len(letters) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
