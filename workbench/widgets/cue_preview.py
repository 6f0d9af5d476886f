"""A caption as a render draws it, on a frame of the video: what the cue editor shows on request."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.captions.typed import is_empty

if TYPE_CHECKING:
    from workbench.captions.cues import Cues
    from workbench.captions.styles import Style
    from workbench.widgets.clip import Clip

__all__ = ["preview_png"]

_LARGEST = 720  # pixels, the longer side of what is sent


def preview_png(
    cues: Cues, seconds: float, style: Style, size: tuple[int, int], clip: Clip | None = None
) -> bytes:
    r"""Return one moment of a video with its captions, as the bytes of a PNG.

    Parameters
    ----------
    cues
        Captions; those without text draw nothing.
    seconds
        The moment.
    style
        How they are drawn.
    size
        Width and height in pixels of the picture, where there is no video.
    clip
        A video whose frame they are drawn on.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> from workbench.captions.styles import STYLES
    >>> one = insert(Cues(cues=()), 0, text="Hola")
    >>> preview_png(one, 1.0, STYLES["plain"], (160, 90))[:4]
    b'\x89PNG'
    """
    from PIL import Image

    from workbench.media.frames import frame_at
    from workbench.media.gallery import caption_frame

    ground = None
    if clip is not None and clip.kind == "video" and clip.path is not None:
        ground = frame_at(clip.path, seconds)
    width, height = size
    scale = min(1.0, _LARGEST / max(width, height))
    around = [cue for cue in cues if cue.start - 1 <= seconds <= cue.end + 1 and not is_empty(cue)]
    frame = caption_frame(
        replace(cues, cues=tuple(around)) if around else None,
        seconds,
        style=style,
        ground=ground,
        width=max(2, round(width * scale)),
        height=max(2, round(height * scale)),
    )
    image = Image.fromarray(frame)
    image.thumbnail((_LARGEST, _LARGEST), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
