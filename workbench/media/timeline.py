"""Which scene is seen when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.media.graph import Fit
    from workbench.media.motion import Motion
    from workbench.take import Narration

__all__ = ["Scene", "Shot", "place"]

STILL_SECONDS = 4.0
"""How long a picture is seen when neither it nor a narration says."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture, a clip or a recording, and how it fills the frame.

    Parameters
    ----------
    path
        The file.
    sha256
        Its content's digest: what makes two scenes equal.
    kind
        ``image``, ``video`` or ``audio`` (which is seen as its waveform).
    motion
        How a picture moves, see `workbench.media.motion`.
    fit
        ``cover``, ``pad`` or ``blur``.
    duration
        Seconds it is seen, None to share the narration's time.
    start
        Seconds into a clip at which it begins.
    volume
        Of a clip's own sound, 0 to 1; None for 1 without a narration and 0 with one.
    natural
        The file's own length in seconds, None for a picture.
    sound
        Whether the file has sound.
    """

    path: Path
    sha256: str
    kind: str
    motion: Motion = "still"
    fit: Fit = "cover"
    duration: float | None = None
    start: float = 0.0
    volume: float | None = None
    natural: float | None = None
    sound: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the scene as plain values, for a receipt."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "kind": self.kind,
            "motion": self.motion,
            "fit": self.fit,
            "duration": self.duration,
            "start": self.start,
            "volume": self.volume,
        }


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A scene in its place.

    Parameters
    ----------
    scene
        What is seen.
    first
        Its first frame, counted from 0.
    count
        How many frames it lasts, at least 1.
    """

    scene: Scene
    first: int
    count: int


def place(scenes: tuple[Scene, ...], narration: Narration | None, fps: int) -> tuple[Shot, ...]:
    """Return the shots, one a scene, without a gap.

    With a narration the shots fill exactly its time. Scenes with a duration keep it (the last one
    takes what is left); the others change at the starts of the script's lines: at every line when
    there are as many scenes as lines, else at the lines nearest to equal shares, and in equal
    shares when there are more scenes than lines. Without one, a clip lasts as long as it is and a
    picture 4 s.

    Raises
    ------
    ParameterError
        When there is no scene, or one would be shorter than a frame.
    """
    if not scenes:
        raise ParameterError("has no scenes", subject="video", cure="add one: .scene('a.jpg')")
    if narration is None:
        ends, time = [], 0.0
        for scene in scenes:
            own = scene.natural - scene.start if scene.natural is not None else STILL_SECONDS
            time += own if scene.duration is None else scene.duration
            ends.append(time)
    else:
        ends = _shares(scenes, narration)
    # The frame that contains the last sample counts, so that no sound is cut off.
    edges = [0, *(round(end * fps) for end in ends[:-1]), max(1, math.ceil(ends[-1] * fps - 1e-6))]
    shots = []
    for scene, first, last in zip(scenes, edges, edges[1:], strict=False):
        if last <= first:
            raise ParameterError(
                "would be seen for less than a frame",
                subject=scene.path.name,
                cure="use fewer scenes, longer durations or a longer script",
            )
        shots.append(Shot(scene=scene, first=first, count=last - first))
    return tuple(shots)


def _shares(scenes: tuple[Scene, ...], narration: Narration) -> list[float]:
    """Return the end of each scene within the narration's time."""
    total = narration.duration
    starts = [part.start for part in narration.parts[1:]]
    ends: list[float] = []
    time = 0.0
    for index, scene in enumerate(scenes[:-1]):
        if scene.duration is not None:
            time += scene.duration
        else:
            rest = len(scenes) - index
            goal = time + (total - time) / rest
            later = [s for s in starts if s > time + 1e-9]
            # Leave a line's start for each of the scenes still to come, where there are enough.
            usable = later[: len(later) - (rest - 2)] if len(later) >= rest - 1 else []
            if len(later) == rest - 1:
                usable = later[:1]
            time = min(usable, key=lambda s: abs(s - goal)) if usable else goal
        ends.append(time)
    if ends and ends[-1] >= total:
        raise ParameterError(
            f"the scenes before the last take {ends[-1]:.1f} s of a narration of {total:.1f} s",
            subject="video",
            cure="shorten their durations",
        )
    return [*ends, total]
