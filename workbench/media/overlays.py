"""Pictures and clips laid over a video: where, how large, from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.captions.styles import rgba
from workbench.errors import MediaError, ParameterError, suggest
from workbench.media.containers import INDEXED
from workbench.media.images import decoding
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, STILL_FORMATS, Limits, existing, number
from workbench.media.probe import length, probe
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from numpy.typing import NDArray

    from workbench.media.graph import Canvas

__all__ = ["PLACES", "Overlay", "Position", "laid_over", "staged"]

Position = str | tuple[float, float]

PLACES = {
    "top-left": (0.0, 0.0),
    "top": (0.5, 0.0),
    "top-right": (1.0, 0.0),
    "left": (0.0, 0.5),
    "center": (0.5, 0.5),
    "right": (1.0, 0.5),
    "bottom-left": (0.0, 1.0),
    "bottom": (0.5, 1.0),
    "bottom-right": (1.0, 1.0),
}
"""The shares of the free space to the left of and above an overlay."""

_FLICKER = 1.0  # seconds; what is as short would be read again and again
_MARGIN = 0.04  # of the frame's shorter side, kept free by the named places


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A picture or a clip over the scenes, under titles and captions.

    Parameters
    ----------
    path, sha256, kind
        The file, its digest, and ``image`` or ``video``.
    width, height
        Its own size in pixels, as displayed.
    natural
        A clip's length in seconds, None for a picture.
    position
        A place's name, or where its centre lies as shares of the frame's width and height.
    scale
        Its width as a share of the frame's.
    opacity
        0 to 1.
    start, end
        Seconds of the video from and to which it is seen, None for its end.
    key
        A colour that becomes transparent; empty for none.
    similarity, blend
        How near to that colour is transparent, and how softly it ends there, 0 to 1.
    loop
        Whether a clip begins again at its end; else it disappears there.
    volume
        Of a clip's sound, 0 to 1.
    indexed
        Whether the clip can be entered in its middle.
    """

    path: Path
    sha256: str
    kind: str
    width: int
    height: int
    natural: float | None = None
    position: Position = "center"
    scale: float = 1.0
    opacity: float = 1.0
    start: float = 0.0
    end: float | None = None
    key: str = ""
    similarity: float = 0.1
    blend: float = 0.1
    loop: bool = False
    volume: float = 0.0
    indexed: bool = True

    def box(self, canvas: Canvas) -> tuple[int, int, int, int]:
        """Return the left, top, width and height in pixels."""
        width = max(2, round(canvas.width * self.scale / 2) * 2)
        height = max(2, round(width * self.height / self.width / 2) * 2)
        if isinstance(self.position, str):
            margin = round(min(canvas.width, canvas.height) * _MARGIN)
            across, down = PLACES[self.position]
            left = margin + across * (canvas.width - 2 * margin - width)
            top = margin + down * (canvas.height - 2 * margin - height)
        else:
            left = self.position[0] * canvas.width - width / 2
            top = self.position[1] * canvas.height - height / 2
        return round(left), round(top), width, height

    def frames(self, fps: int) -> tuple[int, int | None]:
        """Return the first frame it is seen in, and the one after the last (None: to the end)."""
        end = self.end
        if self.natural is not None and not self.loop:
            end = min(end or float("inf"), self.start + self.natural)
        return ceil(self.start * fps - 1e-6), None if end is None else ceil(end * fps - 1e-6)

    def seen(self, first: int, count: int, canvas: Canvas) -> dict[str, Any] | None:
        """Return what a stretch of frames shows of it, as plain values; None when nothing."""
        begin, end = self.frames(canvas.fps)
        last = first + count if end is None else min(first + count, end)
        if last <= max(first, begin):
            return None
        return {
            "sha256": self.sha256,
            "box": list(self.box(canvas)),
            "opacity": self.opacity,
            "key": list(rgba(self.key)[:3]) if self.key else None,
            "key_edges": [self.similarity, self.blend] if self.key else None,
            "from": max(first, begin) - first,
            "to": last - first,
            "turns": self._turns(max(first, begin) - begin, last - begin, canvas.fps),
        }

    def _turns(self, into: int, until: int, fps: int) -> list[dict[str, Any]]:
        """Return what is read of a clip to show its frames `into` to `until`, in order.

        Which of the clip's frames is which depends on its number alone, whatever stretch is asked
        for. Each turn of a loop begins at its own time, like the sound's, and not after so many
        frames; only a flicker without sound is read once, and repeated.
        """
        if self.natural is None:
            return []
        if not self.loop:
            return [self._entered(into, until - into, fps, 0.0)]
        natural = max(self.natural, 1 / fps)
        if natural < _FLICKER and not self.volume:
            size = max(1, round(natural * fps))
            return [{**self._entered(0, size, fps, 0.0), "after": into % size}]
        turns = []
        turn = max(0, int(into / fps / natural) - 1)
        while into < until:
            begin, end = (ceil(t * natural * fps - 1e-6) for t in (turn, turn + 1))
            if into < end:
                late = begin / fps - turn * natural  # from the turn's start to its first frame
                count = min(end, until) - into
                turns.append(self._entered(into - begin, count, fps, late))
                into += count
            turn += 1
        return turns

    def _entered(self, index: int, count: int, fps: int, late: float) -> dict[str, Any]:
        """Return how frames from number `index` on are read: entered by whole seconds."""
        seconds = index // fps if self.indexed else 0
        enter = max(0, seconds - 1)  # what is seen at a moment began before it
        lead = round(seconds - enter + late, 6)
        return {"enter": enter, "lead": lead, "skip": index - seconds * fps, "count": count}

    def to_dict(self) -> dict[str, Any]:
        """Return the overlay as plain values, for a receipt."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "kind": self.kind,
            "position": self.position if isinstance(self.position, str) else list(self.position),
            "scale": self.scale,
            "opacity": self.opacity,
            "start": self.start,
            "end": self.end,
            "key": self.key,
            "similarity": self.similarity,
            "blend": self.blend,
            "loop": self.loop,
            "volume": self.volume,
        }


def laid_over(
    source: str | os.PathLike[str],
    *,
    position: Position = "center",
    scale: float = 1.0,
    opacity: float = 1.0,
    start: float = 0.0,
    end: float | None = None,
    key: str | None = None,
    similarity: float = 0.1,
    blend: float = 0.1,
    loop: bool = False,
    volume: float = 0.0,
    limits: Limits = DEFAULT_LIMITS,
) -> Overlay:
    """Return the overlay of a file, checked; see `Overlay` for what the arguments mean.

    Raises
    ------
    MediaNotFound, MediaTooLarge, MediaError
        When the file cannot be used.
    ParameterError
        When an argument is not acceptable.
    """
    path = existing(source)
    begin = number("start", start, 0, limits.seconds, unit="s")
    last = None if end is None else number("end", end, 0, limits.seconds, unit="s")
    if last is not None and last <= begin:
        raise ParameterError(f"must lie after start={begin:g}, not at {last:g}", subject="end")
    if key is not None:
        rgba(key, name="key")
    about: dict[str, Any] = {
        "position": _position(position),
        "scale": number("scale", scale, 0.01, 4),
        "opacity": number("opacity", opacity, 0, 1),
        "start": begin,
        "end": last,
        "key": key or "",
        "similarity": number("similarity", similarity, 1e-5, 1),
        "blend": number("blend", blend, 0, 1),
        "loop": bool(loop),
        "volume": number("volume", volume, 0, 1),
    }
    info = probe(path, limits=limits)
    if info.video is None or info.kind == "audio":
        raise MediaError("is sound, and cannot be seen", subject=str(source))
    if info.kind == "image" and (loop or volume):
        name = "loop" if loop else "volume"
        raise ParameterError(f"{name} is for clips, and this is a picture", subject=path.name)
    if volume and info.audio is None:
        raise ParameterError("has no sound to set a volume for", subject=path.name)
    if info.kind == "video":
        check_intact(path, limits=limits)
        about["natural"] = length(path, limits=limits)
        about["indexed"] = info.format in INDEXED
    return Overlay(
        path=path,
        sha256=digest(path),
        kind=info.kind,
        width=info.video.width,
        height=info.video.height,
        **about,
    )


def _position(position: object) -> Position:
    if isinstance(position, str):
        if position not in PLACES:
            cure = suggest(position, PLACES) or "or two shares such as (0.5, 0.9)"
            raise ParameterError(
                f"must be one of {', '.join(PLACES)}, not {position!r}",
                subject="position",
                cure=cure,
            )
        return position
    if not isinstance(position, tuple | list) or len(position) != 2:  # noqa: PLR2004 - x and y
        raise ParameterError(
            f"must be a place's name or two shares, not {position!r}", subject="position"
        )
    across, down = (number("position", share, -1, 2) for share in position)
    return across, down


def staged(overlay: Overlay, canvas: Canvas, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return a picture as it is laid over a frame: a PNG at its size, with its transparency.

    Raises
    ------
    MediaError
        When the file is damaged.
    """
    import io

    from PIL import Image, ImageOps

    _, _, width, height = overlay.box(canvas)
    probe(overlay.path, limits=limits)
    with (
        decoding(overlay.path, limits),
        Image.open(overlay.path, formats=STILL_FORMATS) as image,
    ):
        clear = ImageOps.exif_transpose(image).convert("RGBA")
    if overlay.key:
        clear = Image.fromarray(_keyed(np.asarray(clear), overlay))
    buffer = io.BytesIO()
    sized = clear.resize((width, height), Image.Resampling.LANCZOS)
    sized.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _keyed(picture: NDArray[np.uint8], overlay: Overlay) -> NDArray[np.uint8]:
    """Return RGBA with a colour made transparent, as ffmpeg's ``colorkey`` measures colours.

    That filter takes what was transparent already for opaque.
    """
    colour = np.array(rgba(overlay.key)[:3])
    away = np.sqrt(((picture[..., :3] - colour) ** 2.0).sum(axis=2) / (3 * 255**2))
    shown = np.clip((away - overlay.similarity) / max(overlay.blend, 1e-4), 0, 1)
    made = picture.copy()
    made[..., 3] = np.rint(picture[..., 3] * shown)
    return made
