"""A finished video: the file, and what a notebook needs to show it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.media.frames import frame_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.captions.cues import Cues
    from workbench.media.meter import Loudness
    from workbench.timing import Word

__all__ = ["RenderedVideo"]


@dataclass(frozen=True, kw_only=True, repr=False)
class RenderedVideo:
    """A video file that was made here.

    Parameters
    ----------
    path
        The file.
    duration
        Seconds, as probed after it was written.
    width, height
        Pixels.
    cues
        The captions, None without.
    words
        The words of the narration.
    receipt
        The JSON file beside it that says how it was made.
    loudness
        As measured on the finished mix, None without sound.
    encoder
        FFmpeg's name of what encoded the pictures.
    segments, reused
        How many pieces it is made of, and how many of them were kept from before.
    stems
        The sound files of the voice, the music and the effects, by name.
    warnings
        What was done differently from what was asked.
    """

    path: Path
    duration: float
    width: int
    height: int
    cues: Cues | None = None
    words: tuple[Word, ...] = ()
    receipt: Path | None = None
    loudness: Loudness | None = None
    encoder: str = ""
    segments: int = 0
    reused: int = 0
    stems: Mapping[str, Path] = field(default_factory=dict, hash=False)
    warnings: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return (
            f"RenderedVideo({str(self.path)!r}, {self.width}x{self.height}, {self.duration:.1f} s)"
        )

    def poster_png(self, height: int = 640) -> bytes:
        """Return a frame from a third of the way in, as the bytes of a PNG.

        Parameters
        ----------
        height
            Pixels; the width follows.
        """
        from PIL import Image

        image = Image.fromarray(frame_at(self.path, self.duration / 3))
        image.thumbnail((height * image.width // image.height, height))
        buffer = io.BytesIO()
        image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Return the file and its measures as plain values, for JSON."""
        return {
            "path": str(self.path),
            "duration": self.duration,
            "width": self.width,
            "height": self.height,
            "receipt": None if self.receipt is None else str(self.receipt),
            "loudness": None if self.loudness is None else self.loudness.to_dict(),
            "encoder": self.encoder,
            "segments": self.segments,
            "reused": self.reused,
            "stems": {name: str(path) for name, path in self.stems.items()},
            "captions": 0 if self.cues is None else len(self.cues),
            "words": len(self.words),
            "warnings": list(self.warnings),
        }
