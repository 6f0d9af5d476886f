"""What a notebook shows for the values of this package.

Values import no widget. When the package is imported in a notebook, `register` tells IPython, by
the names of their types, how they look. A value that plays has two outputs, and the order of who
may show what is the reason for both:

=====================================  ==========================================
a running notebook                     the player; it hides the second output
a notebook reopened, not trusted       the picture, and the sound with transcript
nbconvert, nbviewer                    the same
GitHub, which cuts out sound           the picture
a terminal                             the line of text
=====================================  ==========================================

So the picture stands in one bundle with the widget, and HTML never does: a viewer that takes the
HTML and then cuts the sound out of it would show nothing.
"""

from __future__ import annotations

import base64
import io
import struct
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import one_line
from workbench.widgets import tables, twin
from workbench.widgets.clip import Clip
from workbench.widgets.waveform import DENSITY, picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.player import Player

__all__ = ["Bundle", "bundle", "register", "show", "twin_bundle"]

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, and metadata by MIME type."""

_PLAYABLE = (
    ("workbench.audio", "Audio"),
    ("workbench.take", "Take"),
    ("workbench.take", "Narration"),
    ("workbench.media.rendered", "RenderedVideo"),
    ("workbench.widgets.player", "Player"),
)
_TABLES: dict[tuple[str, str], Callable[[Any], str]] = {
    ("workbench.captions.cues", "Cues"): twin.cue_table,
    ("workbench.recognition", "Recognition"): tables.heard_table,
    ("workbench.text.spoken", "Spoken"): tables.spoken_table,
}
_POSTER = 480  # pixels, the longer side
_POSTER_COLOURS = 128


class Publish(Protocol):
    """What shows an output: the `publish` of IPython's display publisher, or a stand-in."""

    def __call__(
        self, data: dict[str, Any], metadata: dict[str, Any], *, transient: dict[str, Any]
    ) -> object:
        """Show `data`."""


def register(shell: Any) -> None:
    """Teach `shell`, a running IPython, how the values look; a terminal stays as it is."""
    if any(kind.__name__ == "TerminalInteractiveShell" for kind in type(shell).__mro__):
        return

    def shown(value: object) -> None:
        show(value, shell.display_pub.publish)

    formatter = shell.display_formatter
    for module, name in _PLAYABLE:
        formatter.ipython_display_formatter.for_type_by_name(module, name, shown)
    for (module, name), table in _TABLES.items():
        formatter.formatters["text/html"].for_type_by_name(module, name, table)


def show(value: object, publish: Publish) -> Player:
    """Show a value that plays: its player with a picture, then its static twin.

    Parameters
    ----------
    value
        A `Player`, or what `Player.of` takes.
    publish
        Called twice.

    Returns
    -------
    Player
        The player shown.
    """
    from workbench.widgets.player import Player

    player = value if isinstance(value, Player) else Player.of(value)
    clip = player.clip
    data, metadata = bundle(clip)
    view = (player._repr_mimebundle_() or ({},))[0]
    publish({**view, **data}, metadata, transient={})
    html, nothing = twin_bundle(clip, player.uid)
    publish(html, nothing, transient={"display_id": f"wb-{player.uid}"})
    return player


def bundle(value: object) -> Bundle:
    """Return the picture and the line of text of a value that plays: the first output.

    Parameters
    ----------
    value
        What `Player.of` takes.

    Examples
    --------
    >>> import workbench as wb
    >>> data, metadata = bundle(wb.speak("Hello, world."))
    >>> data["text/plain"].partition(" (")[0], list(data)
    ('Hello, world.', ['text/plain', 'image/png'])
    >>> metadata["image/png"]["width"]
    720
    """
    clip = Clip.of(value)
    data: dict[str, Any] = {"text/plain": one_line(f"{clip.text} ({clip.about})")}
    if clip.audio is not None:
        png, scale = picture(clip.audio, words=clip.words, cues=clip.cues), DENSITY
    elif clip.rendered is not None and clip.rendered.path.is_file():
        png, scale = _shrunk(clip.rendered.poster_png()), 1
    else:
        return data, {}
    width, height = struct.unpack(">II", png[16:24])  # where every PNG has them
    data["image/png"] = base64.b64encode(png).decode()
    return data, {"image/png": {"width": width // scale, "height": height // scale}}


def twin_bundle(value: object, uid: str) -> Bundle:
    """Return the HTML of a value that plays: the second output; see `workbench.widgets.twin`."""
    return {"text/html": twin.html(Clip.of(value), uid)}, {}


def _shrunk(png: bytes) -> bytes:
    """Return a poster that a notebook can keep: at most 480 pixels, 128 colours."""
    from PIL import Image

    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        small = image.convert("RGB")
    small.thumbnail((_POSTER, _POSTER), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.quantize(_POSTER_COLOURS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
