"""The fields in which the old wire says how captions look, as a style.

There they are pixels of the frame; a `Style` has shares of it. The old server's local mode drew
them at 18 pixels in yellow whatever they said, because ffmpeg was told to override them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.captions.colours import rgba
from workbench.captions.fonts import DEFAULT, find_font
from workbench.captions.layout import reach
from workbench.captions.styles import Style, style
from workbench.errors import ParameterError, shown
from workbench.service.operations.base import Parameters

__all__ = ["Looks", "check_looks", "style_of"]

_FALL = 2.0  # pixels by which the shadow falls
_MARGIN = 5.0  # % of each side
# Where the upper edge of one line stands, in % of the height. More lines go down from the top one
# and up from the bottom one, where they left the frame on the old server.
_TOP, _BOTTOM = 20.0, 75.0
_FILES = (".ttf", ".otf", ".ttc")
_LETTERS = 100  # of a font's name, or a colour


class Looks(Parameters):
    """How captions look, in pixels; the names and the defaults are the old server's."""

    caption_config_line_count: int = Field(default=1, ge=1, le=5)
    caption_config_line_max_length: int = Field(default=1, ge=1, le=200)
    caption_config_font_size: int = Field(default=120, ge=8, le=200)
    caption_config_font_name: str = Field(default="Arial", max_length=_LETTERS)
    caption_config_font_bold: bool = True
    caption_config_font_italic: bool = False
    caption_config_font_color: str = Field(default="#fff", max_length=_LETTERS)
    caption_config_subtitle_position: Literal["top", "center", "bottom"] = "top"
    caption_config_shadow_color: str = Field(default="#000", max_length=_LETTERS)
    # What the wire calls transparency is opacity: 0 is no shadow.
    caption_config_shadow_transparency: float = Field(default=0.4, ge=0, le=1)
    caption_config_shadow_blur: float = Field(default=10, ge=0, le=20)
    caption_config_stroke_color: str | None = Field(default=None, max_length=_LETTERS)
    caption_config_stroke_size: float = Field(default=5, ge=0, le=10)
    caption_style: str | None = Field(default=None, max_length=_LETTERS)


def check_looks(looks: Looks) -> None:
    """Refuse colours that are none, a font by its path, and a style that there is not.

    Raises
    ------
    ParameterError
        Naming the field.
    """
    for name in ("font_color", "shadow_color", "stroke_color"):
        field = f"caption_config_{name}"
        value = getattr(looks, field)
        if value is not None:
            rgba(value.strip(), name=field)
    font = looks.caption_config_font_name.strip()
    if not font.isprintable() or not font or set(font) & set("/\\") or _is_file(font):
        raise ParameterError(
            f"{shown(font)} is no family of fonts",
            subject="caption_config_font_name",
            cure="give a name such as DejaVu Sans; the service lists them",
        )
    if looks.caption_style is not None:
        style(looks.caption_style)


def _is_file(name: str) -> bool:
    return name.lower().endswith(_FILES)


def style_of(looks: Looks, height: int) -> tuple[Style, list[str]]:
    """Return a style that draws captions as the fields say, and what it could not do.

    With a `caption_style` it is that one, changed by those fields that have not their defaults.

    Parameters
    ----------
    looks
        The fields.
    height
        Of the frame, in pixels.

    Examples
    --------
    >>> drawn, notes = style_of(Looks(caption_config_font_name="DejaVu Sans"), 1920)
    >>> drawn.size, drawn.lines, drawn.position, notes
    (6.25, 1, 'top', [])
    """
    check_looks(looks)
    notes: list[str] = []
    base = None if looks.caption_style is None else style(looks.caption_style)
    pixels = looks.caption_config_font_size
    if base is not None and pixels == _DEFAULTS["font_size"]:
        pixels = round(base.size * height / 100)
    size = min(50.0, max(1.0, 100 * pixels / height))
    if abs(size * height / 100 - pixels) > 1:
        notes.append(
            f"a font of {pixels} pixels is drawn at {size * height / 100:.0f}, "
            f"the nearest in a frame of {height}"
        )
    options = {"size": size, **_options(looks, size, height, notes)}
    taken = set(_DEFAULTS)
    if base is not None:
        taken = {name for name in _DEFAULTS if _field(looks, name) != _DEFAULTS[name]}
    if "font_name" in taken:
        options["font"] = _font(looks, notes)
    drawn = (base or Style(name="custom", margin=_MARGIN)).but(
        **{name: value for name, value in options.items() if _OF[name] & taken}
    )
    if "subtitle_position" in taken:
        drawn = drawn.but(offset_y=_offset(drawn, height))
    return drawn, notes


def _offset(drawn: Style, height: int) -> float:
    """Return how far below its usual place a line stands where the old server's stood, in %."""
    beyond = reach(drawn) * drawn.size / 100 + 100 / height  # with a pixel for soft edges
    if drawn.position == "top":
        return _TOP - drawn.margin - beyond
    if drawn.position == "bottom":
        return min(0.0, _BOTTOM + drawn.size - (100 - drawn.margin - beyond))
    return 0.0


def _options(looks: Looks, size: float, height: int, notes: list[str]) -> dict[str, Any]:
    """Return the options of a style that the fields set, all but the size."""
    pixels = size * height / 100
    stroke = looks.caption_config_stroke_size
    if stroke > pixels / 5:
        notes.append(
            f"a stroke of {stroke:g} pixels is drawn at {pixels / 5:.0f}, "
            "a fifth of the size of the letters"
        )
    seen = looks.caption_config_shadow_transparency
    red, green, blue, opacity = rgba(looks.caption_config_shadow_color.strip())
    return {
        "bold": looks.caption_config_font_bold,
        "italic": looks.caption_config_font_italic,
        "colour": looks.caption_config_font_color.strip(),
        "outline": (looks.caption_config_stroke_color or "#000").strip(),
        "outline_width": min(20.0, 100 * stroke / pixels),
        "shadow": min(20.0, 100 * _FALL / pixels) if seen else 0.0,
        "shadow_colour": f"#{red:02x}{green:02x}{blue:02x}{round(opacity * seen):02x}",
        "shadow_blur": min(100.0, 100 * looks.caption_config_shadow_blur / pixels) if seen else 0.0,
        "position": looks.caption_config_subtitle_position,
        "lines": looks.caption_config_line_count,
        "letters": looks.caption_config_line_max_length,
    }


def _field(looks: Looks, name: str) -> object:
    return getattr(looks, f"caption_config_{name}")


# Which fields each option of a style comes from.
_SHADOW = {"shadow_color", "shadow_transparency", "shadow_blur"}
_OF = {
    "font": {"font_name"},
    "size": {"font_size"},
    "bold": {"font_bold"},
    "italic": {"font_italic"},
    "colour": {"font_color"},
    "outline": {"stroke_color"},
    "outline_width": {"stroke_size"},
    "shadow": _SHADOW,
    "shadow_colour": _SHADOW,
    "shadow_blur": _SHADOW,
    "position": {"subtitle_position"},
    "lines": {"line_count"},
    "letters": {"line_max_length"},
}
_DEFAULTS = {name: _field(Looks(), name) for name in sorted(set[str]().union(*_OF.values()))}


def _font(looks: Looks, notes: list[str]) -> str:
    """Return the font to draw with: the one that was asked for, or ours with a note."""
    name = looks.caption_config_font_name.strip()
    found = find_font(
        name, bold=looks.caption_config_font_bold, italic=looks.caption_config_font_italic
    )
    if not found.warning:
        return name
    notes.append(found.warning)
    return DEFAULT
