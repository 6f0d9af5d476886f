"""The picture of what plays: its outline, or a frame of it, as a notebook keeps it."""

from __future__ import annotations

import base64
import io
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line
from workbench.widgets.clip import Clip
from workbench.widgets.made import counted
from workbench.widgets.waveform import DENSITY, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.widgets.outputs import Bundle

__all__ = ["bundle", "poster", "stacked", "with_picture"]

_POSTER = 480  # pixels, the longer side
_POSTER_COLOURS = 128
_ROWS = 8  # that are drawn of a stack
_ROW = 80  # page pixels


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
        return with_picture(data, png, scale)
    frame = poster(clip)
    return with_picture(data, frame, 1) if frame else (data, {})


def stacked(clips: Sequence[Clip], labels: Sequence[str]) -> Bundle:
    """Return the outlines of several clips, one above the other, and a line of text.

    Parameters
    ----------
    clips
        What is drawn: the first eight that are sound.
    labels
        What they are called, as many.

    Examples
    --------
    >>> import workbench as wb
    >>> clips = [Clip.of(wb.speak(text)) for text in ("One.", "Two.")]
    >>> data, metadata = stacked(clips, ["a", "b"])
    >>> data["text/plain"].startswith("2 takes: a ("), metadata["image/png"]["height"]
    (True, 164)
    """
    from PIL import Image

    named = list(zip(labels, clips, strict=True))
    told = ", ".join(f"{label} ({clip.about})" for label, clip in named)
    data: dict[str, Any] = {
        "text/plain": one_line(f"{counted(len(clips), 'take')}: {told}", limit=500)
    }
    drawn = [
        picture(clip.audio or clip.known, height=_ROW, title=label)
        for label, clip in named
        if clip.kind == "audio"
    ][:_ROWS]
    if not drawn:
        return data, {}
    images = [Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGBA") for png in drawn]
    gap = 4 * DENSITY
    height = sum(image.height + gap for image in images) - gap
    whole = Image.new("RGBA", (images[0].width, height))
    top = 0
    for image in images:
        whole.paste(image, (0, top))
        top += image.height + gap
    buffer = io.BytesIO()
    whole.quantize(48, method=Image.Quantize.FASTOCTREE).save(buffer, "PNG", optimize=True)
    return with_picture(data, buffer.getvalue(), DENSITY)


def with_picture(data: dict[str, Any], png: bytes, scale: int) -> Bundle:
    """Return the data of an output with a picture, `scale` of whose pixels are one on the page."""
    width, height = struct.unpack(">II", png[16:24])  # where every PNG has them
    data["image/png"] = base64.b64encode(png).decode()
    return data, {"image/png": {"width": width // scale, "height": height // scale}}


def poster(clip: Clip) -> bytes | None:
    """Return a frame of a video, at most 480 pixels wide or high, as a PNG; None without one.

    Raises
    ------
    MediaError
        When the file is damaged.
    """
    if clip.kind != "video" or clip.path is None or not clip.path.is_file():
        return None
    return _kept(clip)


@lru_cache(maxsize=8)  # the picture and the twin both show it
def _kept(clip: Clip) -> bytes:
    return _shrunk(_frame(clip))


def _frame(clip: Clip) -> bytes:
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
