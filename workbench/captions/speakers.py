"""Who says a cue, told by its colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.captions.colours import rgba
from workbench.errors import ParameterError, one_line, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.captions.styles import Style

__all__ = ["PALETTE", "speaker_colours"]

PALETTE = ("#ffff00", "#00ffff", "#00ff00")
"""After the style's own colour: yellow, cyan and green, the BBC's order (Subtitle Guidelines)."""


def speaker_colours(
    speakers: Mapping[str, str] | str | None, names: Iterable[str], style: Style
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the colour of each speaker who has one, and what a person should know.

    Parameters
    ----------
    speakers
        Colours by the speakers' names; ``"auto"`` for the style's own colour, then `PALETTE`, in
        the order in which they first speak; None for none.
    names
        Who speaks, cue by cue.
    style
        What the captions look like.

    Raises
    ------
    ParameterError
        When it is none of these, or a colour is none.

    Examples
    --------
    >>> from workbench.captions.styles import STYLES
    >>> speaker_colours("auto", ["Ana", "", "Bob", "Ana"], STYLES["plain"])
    ({'Ana': '#ffffff', 'Bob': '#ffff00'}, ())
    """
    here = [name for name in dict.fromkeys(names) if name]
    if speakers is None:
        return {}, ()
    if speakers == "auto":
        order = (style.colour, *PALETTE)
        return {name: order[i % len(order)] for i, name in enumerate(here)}, ()
    if isinstance(speakers, str) or not hasattr(speakers, "items"):
        raise ParameterError(
            f"must be colours by name, 'auto' or None, not {speakers!r}", subject="speakers"
        )
    colours = {str(name): str(colour) for name, colour in speakers.items()}
    for name, colour in colours.items():
        rgba(colour, name=f"speakers[{one_line(name, limit=40)!r}]")
    strange = [name for name in colours if name not in here]
    if not strange or len(strange) < len(colours):
        return colours, ()
    hint = suggest(strange[0], here, most=1) or f"here speak {', '.join(here) or 'none by name'}"
    return colours, (f"speakers: no cue is said by {one_line(strange[0], limit=40)!r}; {hint}",)
