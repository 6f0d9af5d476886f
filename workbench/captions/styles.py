"""What captions look like: styles by name, and how much text suits a frame.

>>> style("karaoke").but(size=6, active="#ff2d55").active
'#ff2d55'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from workbench.errors import ParameterError, suggest
from workbench.options import Options, option

__all__ = ["STYLES", "Style", "check_frame", "limits", "rgba", "style"]

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_COLOURS = ("colour", "active", "outline")


def rgba(colour: str, *, name: str = "colour") -> tuple[int, int, int, int]:
    """Return red, green, blue and opacity, each 0 to 255.

    Parameters
    ----------
    colour
        ``#rgb``, ``#rrggbb``, ``#rrggbbaa`` or a CSS colour name.
    name
        The parameter to name in an error.

    Raises
    ------
    ParameterError
        When it is nothing of the kind.

    Examples
    --------
    >>> rgba("#f00"), rgba("#11223380"), rgba("gold")
    ((255, 0, 0, 255), (17, 34, 51, 128), (255, 215, 0, 255))
    """
    text = str(colour)
    if not _HEX.fullmatch(text):
        from PIL.ImageColor import colormap

        found = colormap.get(text.lower())
        if not isinstance(found, str):
            cure = suggest(text[:40], colormap) or "write #rrggbb or a CSS colour name"
            raise ParameterError(f"is no colour: {colour!r}", subject=name, cure=cure)
        text = found
    digits = text[1:] if len(text) > len("#rgb") else "".join(2 * digit for digit in text[1:])
    red, green, blue, alpha = bytes.fromhex(f"{digits}ff"[:8])
    return red, green, blue, alpha


@dataclass(frozen=True, kw_only=True)
class Style(Options):
    """How captions are drawn.

    Sizes follow the frame, so that one style serves every resolution.

    Raises
    ------
    ParameterError
        When a value is out of range or a colour is none.

    Examples
    --------
    >>> Style(size=6.0, colour="gold").colour
    'gold'
    >>> Style().but(colur="red")
    Traceback (most recent call last):
    workbench.errors.ParameterError: colur: is not an option; did you mean 'colour'?
    """

    name: str = option("custom", help="What the style is called")
    font: str = option("DejaVu Sans", help="A font family, or the path of a .ttf or .otf file")
    size: float = option(
        4.5, minimum=1, maximum=50, step=0.5, unit="% of the frame's height", help="Line height"
    )
    colour: str = option("#ffffff", help="The text: #rgb, #rrggbb, #rrggbbaa or a CSS name")
    active: str = option("#ffd400", help="The word being said, in karaoke")
    outline: str = option("#000000", help="The line around the letters")
    outline_width: float = option(
        6, minimum=0, maximum=20, step=0.5, unit="% of the size", help="How wide that line is"
    )
    shadow: float = option(
        0, minimum=0, maximum=20, step=0.5, unit="% of the size", help="How far the shadow falls"
    )
    bold: bool = option(False, help="Heavy letters")  # noqa: FBT003 - a default, not a switch
    italic: bool = option(False, help="Slanted letters")  # noqa: FBT003
    position: str = option(
        "bottom", choices=("top", "center", "bottom"), help="Where the text stands"
    )
    margin: float = option(
        5, minimum=0, maximum=40, step=0.5, unit="% of each side", help="What stays free of text"
    )
    letters: int = option(
        0, minimum=0, maximum=200, help="The most letters in a line; 0 takes what suits the frame"
    )
    lines: int = option(
        0, minimum=0, maximum=10, help="The most lines in a cue; 0 takes what suits the frame"
    )
    uppercase: bool = option(False, help="Draw capital letters only")  # noqa: FBT003
    karaoke: bool = option(False, help="Colour each word while it is said")  # noqa: FBT003

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in _COLOURS:
            rgba(getattr(self, field), name=field)
        if not self.font.strip() or not self.font.isprintable():
            raise ParameterError(f"is no font name or path: {self.font!r}", subject="font")

    def but(self, **changes: object) -> Self:
        """Return the style with some options changed.

        Raises
        ------
        ParameterError
            When a name is unknown (the nearest is offered) or a value is not acceptable.
        """
        return self.build({**self.to_dict(), **changes})


STYLES = MappingProxyType(
    {
        known.name: known
        for known in (
            Style(name="plain"),
            Style(name="karaoke", karaoke=True),
            Style(
                name="karaoke-bold",
                karaoke=True,
                bold=True,
                uppercase=True,
                size=5.0,
                outline_width=9,
                shadow=4,
                position="center",
            ),
        )
    }
)


def style(chosen: str | Style) -> Style:
    """Return the style of that name, or the style itself.

    Raises
    ------
    ParameterError
        When there is no such style; the nearest is offered.

    Examples
    --------
    >>> style("karaoke-blod").name
    Traceback (most recent call last):
    workbench.errors.ParameterError: style: is unknown: 'karaoke-blod'; did you mean 'karaoke-bold'?
    """
    if isinstance(chosen, Style):
        return chosen
    found = STYLES.get(chosen)
    if found is None:
        cure = suggest(str(chosen), STYLES, most=1) or f"the styles are {', '.join(STYLES)}"
        raise ParameterError(f"is unknown: {chosen!r}", subject="style", cure=cure)
    return found


# Netflix's Timed Text Style Guides: 42 letters, 16 in Chinese and Korean. Upright frames are read
# at arm's length on a phone, where shorts show 18 to 20 letters.
_WIDEST = {"landscape": 42, "portrait": 20}
_WIDEST_WIDE = {"landscape": 16, "portrait": 12}
_LINES = 2
# The width of a letter as a share of the line height, which four lines of five stay under in
# DejaVu Sans; ideographs are squares of 0.7 to 0.86.
_PROPORTION, _BOLDER, _TALLER, _PROPORTION_WIDE = 0.47, 0.06, 0.06, 0.86
_FRAME = range(16, 16_385)  # pixels


def check_frame(width: int, height: int) -> None:
    """Raise ParameterError unless both are whole numbers of pixels from 16 to 16,384."""
    for name, pixels in (("width", width), ("height", height)):
        if type(pixels) is not int or pixels not in _FRAME:
            raise ParameterError(
                f"must be a whole number from 16 to 16384, not {pixels!r}", subject=name
            )


def limits(chosen: Style, width: int, height: int, *, wide: bool = False) -> tuple[int, int]:
    """Return the most letters in a line and the most lines in a cue that suit a frame.

    What the style says holds. Else a line takes 42 letters in a landscape or square frame and 20
    in a portrait one (16 and 12 in Chinese, Japanese and Korean), or fewer where the style's size
    would not let so many fit between the margins; a cue takes two lines.

    Parameters
    ----------
    chosen
        Whose size, margin, letters and lines count.
    width, height
        The frame in pixels.
    wide
        Whether the letters are as wide as high.

    Raises
    ------
    ParameterError
        When the frame has no usual size.

    Examples
    --------
    >>> limits(STYLES["plain"], 1920, 1080), limits(STYLES["plain"], 1080, 1920)
    ((42, 2), (20, 2))
    >>> limits(STYLES["plain"], 1080, 1920, wide=True)
    (12, 2)
    """
    check_frame(width, height)
    shape = "portrait" if height > width else "landscape"
    letter = _PROPORTION + _BOLDER * chosen.bold + _TALLER * chosen.uppercase
    size = height * chosen.size / 100
    border = 2 * size * (chosen.outline_width + chosen.shadow) / 100
    room = width * (1 - 2 * chosen.margin / 100) - border
    fitting = int(room / size / (_PROPORTION_WIDE if wide else letter))
    usual = (_WIDEST_WIDE if wide else _WIDEST)[shape]
    return chosen.letters or max(1, min(usual, fitting)), chosen.lines or _LINES
