"""Colours as people write them, as numbers, and as commands of an ASS file."""

from __future__ import annotations

import re

from workbench.errors import ParameterError, suggest

__all__ = ["ass", "near", "neighbour", "rgba"]

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_NEAR = 80  # of 255, in the colour that differs most


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
        if found is None:
            cure = suggest(text[:40], colormap) or "write #rrggbb or a CSS colour name"
            raise ParameterError(f"is no colour: {colour!r}", subject=name, cure=cure)
        # Pillow keeps a name that it has looked up as numbers.
        text = found if isinstance(found, str) else "#" + bytes(found[:3]).hex()
    digits = text[1:] if len(text) > len("#rgb") else "".join(2 * digit for digit in text[1:])
    red, green, blue, alpha = bytes.fromhex(f"{digits}ff"[:8])
    return red, green, blue, alpha


def neighbour(colour: str) -> str:
    """Return a colour that no one can tell from this one: a step of blue away.

    Examples
    --------
    >>> neighbour("#ffffff"), neighbour("#10203040")
    ('#fffffeff', '#10203140')
    """
    red, green, blue, opacity = rgba(colour)
    blue += 1 if blue < 255 else -1  # noqa: PLR2004 - a byte
    return f"#{red:02x}{green:02x}{blue:02x}{opacity:02x}"


def near(colour: str, other: str) -> bool:
    """Whether two colours are hard to tell apart in moving text.

    Examples
    --------
    >>> near("#ffff00", "#ffd400"), near("white", "yellow")
    (True, False)
    """
    pairs = zip(rgba(colour)[:3], rgba(other)[:3], strict=True)
    return max(abs(a - b) for a, b in pairs) < _NEAR


def ass(colour: str, *places: int) -> str:
    r"""Return the commands that set a colour and its opacity.

    Parameters
    ----------
    colour
        As for `rgba`.
    places
        Which of an ASS style's four colours: 1 the letters, 2 the letters before karaoke has
        reached them, 3 the outline, 4 the shadow.

    Examples
    --------
    >>> print(ass("#ffcc00", 1))
    \1c&H00CCFF&\1a&H00&
    """
    red, green, blue, opacity = rgba(colour)
    return "".join(
        f"\\{place}c&H{blue:02X}{green:02X}{red:02X}&\\{place}a&H{255 - opacity:02X}&"
        for place in places
    )
