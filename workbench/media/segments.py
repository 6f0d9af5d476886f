"""A video in pieces that are encoded one by one: each a scene, a part of one, or a transition.

A piece is at most `LONGEST` seconds, so that all cores have work, and a change costs the pieces it
is seen in. Where a scene is cut depends on nothing but its own length.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.errors import FfmpegError
from workbench.media.packets import packets
from workbench.storage.cache import FileCache, cache_folder, key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.media.graph import Canvas
    from workbench.media.overlays import Overlay
    from workbench.media.packets import Packets
    from workbench.media.timeline import Shot, Timeline

__all__ = ["LONGEST", "Segment", "check", "cut", "keep", "segment_cache", "segment_key"]

LONGEST = 5.0
"""Seconds: each piece begins with a key frame, which players seek by; shorter ones cost more."""

_FORMAT = 2  # of the pictures that this version draws: a change of them changes every key
_CACHE_LIMIT = 4 << 30  # bytes


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of frames that is encoded by itself.

    Parameters
    ----------
    first, count
        Which frames of the video.
    shots
        What is seen: one shot, or the two of a transition.
    """

    first: int
    count: int
    shots: tuple[Shot, ...]

    @property
    def last(self) -> int:
        """The frame after its last one."""
        return self.first + self.count

    @property
    def transition(self) -> str:
        """The name of the transition; empty in a segment that is none."""
        return self.shots[1].scene.transition if len(self.shots) > 1 else ""


def cut(timeline: Timeline) -> tuple[Segment, ...]:
    """Return the segments of a video, in order, without a gap or an overlap.

    Examples
    --------
    >>> from pathlib import Path
    >>> from workbench.media.timeline import Scene, place
    >>> scene = Scene(path=Path("a.png"), sha256="", kind="image", duration=6)
    >>> [(s.first, s.count) for s in cut(place([scene], None, 30))]
    [(0, 90), (90, 90)]
    """
    longest = max(1, round(LONGEST * timeline.fps))
    found: list[Segment] = []
    shots = timeline.shots
    for index, shot in enumerate(shots):
        if shot.enter:
            both = (shots[index - 1], shot)
            found.append(Segment(first=shot.first, count=shot.enter, shots=both))
        first = shot.first + shot.enter
        last = shots[index + 1].first if index + 1 < len(shots) else shot.last
        pieces = (
            -(-(last - first) // longest) if shot.scene.steady or shot.scene.kind != "video" else 1
        )
        edges = (
            [first + (last - first) * i // pieces for i in range(pieces + 1)]
            if last > first
            else []
        )
        found += [Segment(first=a, count=b - a, shots=(shot,)) for a, b in pairwise(edges)]
    return tuple(found)


def segment_key(
    segment: Segment,
    canvas: Canvas,
    *,
    overlays: tuple[Overlay, ...],
    captions: str,
    fonts: tuple[str, ...],
    encoder: Mapping[str, Any],
    tools: Mapping[str, str],
) -> str:
    """Return the digest of all that a segment's bytes depend on.

    Parameters
    ----------
    segment
        Its shots and which of their frames.
    canvas
        Size and rate.
    overlays
        What is laid over it.
    captions
        The ASS text, on the segment's own clock.
    fonts
        The digests of the font files it is drawn with.
    encoder
        Output options.
    tools
        Names and versions of the programs.
    """
    layers = []
    for shot in segment.shots:
        scene = shot.scene.to_dict()
        for name in ("path", "duration", "volume", "role", "transition_duration"):
            del scene[name]  # these are in its frames, or not seen
        moves = scene["move"]["name"] != "still"
        layers.append(
            {
                **scene,
                "transition": segment.transition,
                "first": segment.first - shot.first if moves or scene["kind"] == "video" else 0,
                "of": shot.count if moves or scene["kind"] == "audio" else 0,
                "moving": min(segment.last, shot.first + shot.moving(canvas.fps)) - segment.first
                if scene["kind"] == "video"
                else 0,
            }
        )
    over = [overlay.seen(segment.first, segment.count, canvas) for overlay in overlays]
    return key(
        {
            "pictures": _FORMAT,
            "canvas": [canvas.width, canvas.height, canvas.fps],
            "count": segment.count,
            "layers": layers,
            "overlays": over,
            "captions": hashlib.sha256(captions.encode()).hexdigest(),
            "fonts": list(fonts) if captions else [],
            "encoder": {name: str(value) for name, value in sorted(encoder.items())},
            "tools": dict(tools),
        }
    )


def segment_cache() -> FileCache:
    """Return where finished segments are kept."""
    return FileCache(cache_folder() / "segments", suffix=".mp4", limit=_CACHE_LIMIT)


def check(path: Path, count: int, canvas: Canvas) -> Packets:
    """Return what a segment's file says of its pictures.

    Raises
    ------
    FfmpegError
        Unless it holds exactly the frames of the segment.
    """
    found = packets(path)
    if found.frames != count or (found.width, found.height) != (canvas.width, canvas.height):
        raise FfmpegError(
            f"wrote {found.frames} frames of {found.width}x{found.height} where {count} of "
            f"{canvas.width}x{canvas.height} were planned",
            subject="ffmpeg",
        )
    return found


def keep(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such thing."""
    with contextlib.suppress(OSError):
        target.hardlink_to(source)
        return
    shutil.copyfile(source, target)
