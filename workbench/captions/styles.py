"""What captions look like: styles by name, and how much text suits a frame.

>>> style("karaoke").but(size=6, active="#ff2d55").active
'#ff2d55'
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from workbench.captions.colours import rgba
from workbench.errors import ParameterError, suggest
from workbench.options import Options, option

__all__ = ["HIGHLIGHTS", "STYLES", "Style", "check_frame", "free", "limits", "rgba", "style"]

_COLOURS = ("colour", "active", "outline", "shadow_colour", "active_box", "box")
HIGHLIGHTS = ("none", "colour", "fill", "box", "pop", "word")
"""What can be done to the word being said."""
# Shares of width and height that stay free: left, top, right, bottom. Graphics safe area: EBU R 95,
# 5 % a side. Reels: what Meta's advertising guide asks to keep clear of a phone's buttons.
_AREAS = {
    "margin": (0.0, 0.0, 0.0, 0.0),
    "broadcast": (5.0, 5.0, 5.0, 5.0),
    "reels": (6.0, 14.0, 6.0, 35.0),
}


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
    >>> Style().but(siez=6)
    Traceback (most recent call last):
    workbench.errors.ParameterError: siez: is not an option; did you mean 'size'?
    """

    name: str = option("custom", help="What the style is called")
    font: str = option("DejaVu Sans", help="A font family, or the path of a .ttf or .otf file")
    size: float = option(
        4.5, minimum=1, maximum=50, step=0.5, unit="% of the frame's height", help="Line height"
    )
    bold: bool = option(False, help="Heavy letters")  # noqa: FBT003 - a default, not a switch
    italic: bool = option(False, help="Slanted letters")  # noqa: FBT003
    uppercase: bool = option(False, help="Draw capital letters only")  # noqa: FBT003
    spacing: float = option(
        0, minimum=0, maximum=50, step=1, unit="% of the size", help="Room between letters"
    )
    colour: str = option("#ffffff", help="The text: #rgb, #rrggbb, #rrggbbaa or a CSS name")
    outline: str = option("#000000", help="The line around the letters")
    outline_width: float = option(
        6, minimum=0, maximum=20, step=0.5, unit="% of the size", help="How wide that line is"
    )
    shadow: float = option(
        0, minimum=0, maximum=20, step=0.5, unit="% of the size", help="How far the shadow falls"
    )
    shadow_colour: str = option("#000000bf", help="The shadow")
    blur: float = option(
        0,
        minimum=0,
        maximum=20,
        step=0.5,
        unit="% of the size",
        help="How soft the edges of outline and shadow are; without an outline, of the letters",
    )
    shadow_blur: float = option(
        0,
        minimum=0,
        maximum=100,
        step=0.5,
        unit="% of the size",
        help="How soft the shadow alone is; more than 0 leaves outline and letters sharp",
    )
    highlight: str = option("none", choices=HIGHLIGHTS, help="What is done to the word being said")
    active: str = option("#ffd400", help="The word being said, with a highlight")
    active_box: str = option("#7c3aed", help="The box behind it, for the highlight box")
    pop: float = option(
        16, minimum=0, maximum=50, step=1, unit="%", help="How much it grows, for the highlight pop"
    )
    background: str = option(
        "none", choices=("none", "box", "line"), help="One box behind all, or one behind each line"
    )
    box: str = option("#000000b0", help="That box")
    padding: float = option(
        18,
        minimum=0,
        maximum=100,
        step=1,
        unit="% of the size",
        help="How far a box reaches beyond the text: so far at the sides, half as far above",
    )
    corner: float = option(
        12, minimum=0, maximum=50, step=1, unit="% of the size", help="How round its corners are"
    )
    position: str = option(
        "bottom", choices=("top", "center", "bottom"), help="Where the text stands"
    )
    offset_x: float = option(
        0, minimum=-100, maximum=100, step=1, unit="% of the width", help="How far right of there"
    )
    offset_y: float = option(
        0, minimum=-100, maximum=100, step=1, unit="% of the height", help="How far below there"
    )
    margin: float = option(
        5, minimum=0, maximum=40, step=0.5, unit="% of each side", help="What stays free of text"
    )
    safe_area: str = option(
        "margin",
        choices=tuple(_AREAS),
        help="What else stays free: broadcast 5 % (EBU R 95), reels what a phone's buttons cover",
    )
    fade_in: int = option(0, minimum=0, maximum=5000, step=10, unit="ms", help="To appear in")
    fade_out: int = option(0, minimum=0, maximum=5000, step=10, unit="ms", help="To vanish in")
    letters: int = option(
        0, minimum=0, maximum=200, help="The most letters in a line; 0 takes what suits the frame"
    )
    lines: int = option(
        0, minimum=0, maximum=10, help="The most lines in a cue; 0 takes what suits the frame"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in _COLOURS:
            rgba(getattr(self, field), name=field)
        if not self.font.strip() or not self.font.isprintable():
            raise ParameterError(f"is no font name or path: {self.font!r}", subject="font")

    @property
    def boxed(self) -> bool:
        """Whether there is a box behind the text or behind the word being said."""
        return self.background != "none" or self.highlight == "box"

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
            Style(name="boxed", background="box", outline_width=0),
            Style(name="lined", background="line", outline_width=0, bold=True),
            Style(name="outlined", bold=True, outline_width=12, shadow=4, blur=2),
            Style(name="karaoke", highlight="colour"),
            Style(
                name="karaoke-bold", highlight="colour", bold=True, uppercase=True, size=5.0,
                outline_width=9, shadow=4, position="center",
            ),
            Style(name="karaoke-fill", highlight="fill", bold=True, outline_width=8),
            Style(name="word-box", highlight="box", active="#ffffff", bold=True, outline_width=8),
            Style(name="pop", highlight="pop", bold=True, outline_width=9, shadow=3),
            Style(
                name="one-word", highlight="word", active="#ffffff", bold=True, uppercase=True,
                size=8.0, outline_width=9, shadow=4, position="center",
            ),
        )
    }
)  # fmt: skip
"""The styles that come with the package, by name."""


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
    letter = (_PROPORTION_WIDE if wide else letter) + chosen.spacing / 100
    size = height * chosen.size / 100
    reach = max(chosen.outline_width + chosen.shadow, chosen.boxed * chosen.padding)
    left, _, right, _ = free(chosen)
    room = width * (1 - (left + right) / 100) - 2 * size * reach / 100
    fitting = int(room / size / letter)
    usual = (_WIDEST_WIDE if wide else _WIDEST)[shape]
    return chosen.letters or max(1, min(usual, fitting)), chosen.lines or _LINES


def free(chosen: Style) -> tuple[float, float, float, float]:
    """Return how much of the frame stays free of text: left, top, right, bottom, each in %.

    Examples
    --------
    >>> free(STYLES["plain"]), free(STYLES["plain"].but(safe_area="reels"))
    ((5.0, 5.0, 5.0, 5.0), (6.0, 14.0, 6.0, 35.0))
    """
    left, top, right, bottom = (max(chosen.margin, side) for side in _AREAS[chosen.safe_area])
    return left, top, right, bottom
