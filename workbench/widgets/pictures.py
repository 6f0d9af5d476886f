"""The picture of what plays: its outline, or a frame of it, as a notebook keeps it."""

from __future__ import annotations

import base64
import io
import struct
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line
from workbench.widgets.clip import Clip
from workbench.widgets.waveform import DENSITY, picture

if TYPE_CHECKING:
    from workbench.widgets.outputs import Bundle

__all__ = ["bundle", "with_picture"]

_POSTER = 480  # pixels, the longer side
_POSTER_COLOURS = 128


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
    sound = clip.audio or (clip.known if clip.kind == "audio" else None)
    if sound is not None:
        png, scale = picture(sound, words=clip.words, cues=clip.cues), DENSITY
    elif clip.kind == "video" and clip.path is not None and clip.path.is_file():
        png, scale = _shrunk(_poster(clip)), 1
    else:
        return data, {}
    return with_picture(data, png, scale)


def with_picture(data: dict[str, Any], png: bytes, scale: int) -> Bundle:
    """Return the data of an output with a picture, `scale` of whose pixels are one on the page."""
    width, height = struct.unpack(">II", png[16:24])  # where every PNG has them
    data["image/png"] = base64.b64encode(png).decode()
    return data, {"image/png": {"width": width // scale, "height": height // scale}}


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
