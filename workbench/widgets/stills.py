"""Pictures a notebook shows for what is a look: a caption style, a title, a colour, a GIF."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.media.stills import Picture

__all__ = ["DRAWN", "gif_html", "paint_png", "style_png", "title_png"]

_WIDTH, _HEIGHT = 480, 270
_SAMPLE = "Every word lights up."
_GIF_LIMIT = 1_500_000  # bytes that a notebook keeps of one


def style_png(style: Any) -> bytes | None:
    """Return a line of captions in a style; None where it cannot be drawn."""
    from workbench.media.gallery import style_frame

    return _tried(lambda: style_frame(style, _SAMPLE, _WIDTH, _HEIGHT))


def title_png(title: Any) -> bytes | None:
    """Return a title in the middle of its time; None where it cannot be drawn."""
    from workbench.media.gallery import caption_frame

    moment = (title.start + title.end) / 2

    def drawn() -> Picture:
        return caption_frame(None, moment, titles=[title], width=_WIDTH, height=_HEIGHT)

    return _tried(drawn)


def paint_png(paint: Any) -> bytes | None:
    """Return a colour or a gradient."""
    return _tried(lambda: paint.picture(_WIDTH // 2, _HEIGHT // 2))


def gif_html(made: Any) -> str | None:
    """Return a GIF as an image that moves, or where it is; None when the file is gone."""
    about = f"{made.path.name}: {made.width}x{made.height}, {made.duration:.1f} s"
    told = f"<p><small>{escape(about)}, {made.size:,} bytes</small></p>"
    try:
        size = made.path.stat().st_size
        if size > _GIF_LIMIT:
            return f"<p>{escape(str(made.path))} is too large to be kept in the notebook.</p>{told}"
        data = base64.b64encode(made.path.read_bytes()).decode()
    except OSError:
        return None
    return f'<img src="data:image/gif;base64,{data}">{told}'


def _tried(draw: Callable[[], Picture]) -> bytes | None:
    """Return what is drawn as the bytes of a PNG; a notebook without it shows the line of text."""
    from PIL import Image

    try:
        picture = draw()
    except WorkbenchError:
        return None
    buffer = io.BytesIO()
    Image.fromarray(picture).quantize(128).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


DRAWN: dict[tuple[str, str, str], Callable[[Any], bytes | str | None]] = {
    ("image/png", "workbench.captions.styles", "Style"): style_png,
    ("image/png", "workbench.captions.titles", "Title"): title_png,
    ("image/png", "workbench.media.colours", "Colour"): paint_png,
    ("image/png", "workbench.media.colours", "Gradient"): paint_png,
    ("text/html", "workbench.media.animation", "Gif"): gif_html,
}
"""What is drawn for a value, by MIME type, module and name."""
