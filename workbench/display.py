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

A plan, and a video that has yet to be rendered, are a picture and then a table. A caption style, a
title, a colour and a GIF are pictures.
"""

from __future__ import annotations

import base64
import io
import struct
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import WorkbenchError, one_line
from workbench.widgets import stills, tables, twin
from workbench.widgets.clip import Clip
from workbench.widgets.made import MADE
from workbench.widgets.waveform import DENSITY, picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.player import Player

__all__ = ["Bundle", "bundle", "plan_bundles", "register", "show", "show_plan", "twin_bundle"]

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, and metadata by MIME type."""

_PLAYABLE = (
    ("workbench.audio", "Audio"),
    ("workbench.take", "Take"),
    ("workbench.take", "Narration"),
    ("workbench.media.rendered", "RenderedVideo"),
    ("workbench.widgets.player", "Player"),
    *MADE,
)
_PLANNED = (("workbench.media.plan", "Plan"), ("workbench.media.video", "Video"))
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

    formatter = shell.display_formatter
    by_name = formatter.ipython_display_formatter.for_type_by_name
    for how, kinds in ((show, _PLAYABLE), (show_plan, _PLANNED)):
        for module, name in kinds:
            by_name(module, name, partial(_shown, shell, how))
    for (module, name), table in _TABLES.items():
        formatter.formatters["text/html"].for_type_by_name(module, name, table)
    for (mime, module, name), drawn in stills.DRAWN.items():
        formatter.formatters[mime].for_type_by_name(module, name, drawn)


def _shown(shell: Any, how: Callable[[Any, Publish], object], value: object) -> None:
    """Show a value; where it cannot be (its file was removed, say), a line says why."""
    publish = shell.display_pub.publish
    try:
        how(value, publish)
    except WorkbenchError as error:
        told = one_line(f"{type(value).__name__}: {error}", limit=500)
        publish({"text/plain": told}, {}, transient={})


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


def show_plan(value: object, publish: Publish) -> None:
    """Show a plan, or a video by its plan: a picture of it, then the table.

    Raises
    ------
    ParameterError
        When the parts do not make a video.
    """
    for data, metadata in plan_bundles(value):
        publish(data, metadata, transient={})


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
    elif clip.kind == "video" and clip.path is not None and clip.path.is_file():
        png, scale = _shrunk(_poster(clip)), 1
    else:
        return data, {}
    return _with_picture(data, png, scale)


def _with_picture(data: dict[str, Any], png: bytes, scale: int) -> Bundle:
    width, height = struct.unpack(">II", png[16:24])  # where every PNG has them
    data["image/png"] = base64.b64encode(png).decode()
    return data, {"image/png": {"width": width // scale, "height": height // scale}}


def plan_bundles(value: Any) -> tuple[Bundle, Bundle]:
    """Return the two outputs of a plan, or of a video by its plan: the picture, then the table.

    Raises
    ------
    ParameterError
        When the parts do not make a video.

    Examples
    --------
    >>> import workbench as wb
    >>> picture, table = plan_bundles(wb.Video("16:9").scene(wb.Colour("navy"), duration=2))
    >>> list(picture[0]), "colour:navy" in table[0]["text/html"]
    (['text/plain', 'image/png'], True)
    """
    plan = value.plan() if hasattr(value, "plan") else value
    first = _with_picture({"text/plain": str(plan)}, plan.picture(), 1)
    return first, ({"text/html": tables.plan_table(plan)}, {})


def twin_bundle(value: object, uid: str) -> Bundle:
    """Return the HTML of a value that plays: the second output; see `workbench.widgets.twin`."""
    return {"text/html": twin.html(Clip.of(value), uid)}, {}


def _poster(clip: Clip) -> bytes:
    """Return a frame of a video as the bytes of a PNG."""
    if clip.rendered is not None:
        return clip.rendered.poster_png()
    from PIL import Image

    from workbench.media.frames import frame_at

    buffer = io.BytesIO()
    Image.fromarray(frame_at(str(clip.path), clip.duration / 3)).save(buffer, "PNG")
    return buffer.getvalue()


def _shrunk(png: bytes) -> bytes:
    """Return a poster that a notebook can keep: at most 480 pixels, 128 colours."""
    from PIL import Image

    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        small = image.convert("RGB")
    small.thumbnail((_POSTER, _POSTER), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.quantize(_POSTER_COLOURS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
