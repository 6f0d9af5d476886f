"""Which scene is seen when, and which voice is heard when."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.media.motion import Move
from workbench.take import Narration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.media.colours import Colour, Gradient
    from workbench.media.graph import Fit

__all__ = ["BREATH", "STILL_SECONDS", "Scene", "Shot", "Timeline", "place"]

STILL_SECONDS = 4.0
"""How long a picture is seen when neither it nor a voice says."""

_GLIMPSE = 0.25  # seconds; a clip that would begin again for less stands still

BREATH = 0.3
"""Seconds after a scene's own narration before the next scene's begins: as between two lines."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture, a clip, a recording or a colour, and how it fills the frame.

    Parameters
    ----------
    path
        The file; a name in brackets for what is none.
    sha256
        Its content's digest: what makes two scenes equal.
    kind
        ``image``, ``video``, ``audio`` (which is seen as its waveform) or ``colour``.
    move
        How a picture moves, see `workbench.media.motion`.
    fit
        ``cover``, ``contain`` or ``blur``.
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
    steady
        Whether a clip's frames follow one another evenly, so that it can be decoded in pieces.
    role
        ``intro`` and ``outro`` stand before and after the narration, ``main`` is all else.
    narration
        What is said while it is seen, None to share the video's narration.
    transition, transition_duration
        How it comes in after the scene before, and how many seconds that takes.
    paint
        The colour or the gradient, for a scene of that kind.
    """

    path: Path
    sha256: str
    kind: str
    move: Move = Move()  # noqa: RUF009 - a frozen value
    fit: Fit = "cover"
    duration: float | None = None
    start: float = 0.0
    volume: float | None = None
    natural: float | None = None
    sound: bool = False
    steady: bool = True
    role: str = "main"
    narration: Narration | None = None
    transition: str = "cut"
    transition_duration: float = 0.0
    paint: Colour | Gradient | None = None

    @property
    def length(self) -> float:
        """Seconds it is seen when no voice says how long."""
        if self.duration is not None:
            return self.duration
        if self.narration is not None:
            return self.narration.duration + BREATH
        return STILL_SECONDS if self.natural is None else self.natural - self.start

    def to_dict(self) -> dict[str, Any]:
        """Return the scene as plain values, for a receipt."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "kind": self.kind,
            "move": self.move.to_dict(),
            "fit": self.fit,
            "duration": self.duration,
            "start": self.start,
            "volume": self.volume,
            "role": self.role,
            "transition": self.transition,
            "transition_duration": self.transition_duration,
            "paint": None if self.paint is None else self.paint.to_dict(),
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
    enter, leave
        How many of them it shares with the end of the shot before, its transition, and with the
        start of the one after.
    """

    scene: Scene
    first: int
    count: int
    enter: int = 0
    leave: int = 0

    @property
    def last(self) -> int:
        """The frame after its last one."""
        return self.first + self.count

    def moving(self, fps: int) -> int:
        """Return how many of its frames a clip moves in; then its last one stands still.

        A clip begins again where it is too short; but not for a glimpse of its first frames, and
        not while the next scene comes in.
        """
        return self._stop(fps)[0]

    def heard(self, fps: int) -> float:
        """Return for how many seconds a clip is heard: until it stands still."""
        return self._stop(fps)[1]

    def _stop(self, fps: int) -> tuple[int, float]:
        """Return the frame and the time at which the last turn that is worth beginning ends."""
        scene = self.scene
        if scene.natural is not None:
            whole = max(scene.natural, 1 / fps)
            time = (self.count / fps + scene.start) // whole * whole - scene.start
            frame = max(1, round(time * fps))
            if time > 0 and 0 <= self.count - frame <= max(self.leave, round(_GLIMPSE * fps)):
                return frame, time
        return self.count, self.count / fps


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The shots of a video and the voices over them.

    Parameters
    ----------
    shots
        In order; each begins where the one before ends, or overlaps it by its transition.
    fps
        Frames per second.
    voices
        When each narration begins, in seconds.
    lead
        Seconds before the main part: the intro.
    """

    shots: tuple[Shot, ...]
    fps: int
    voices: tuple[tuple[float, Narration], ...] = ()
    lead: float = 0.0

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return self.shots[-1].last

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.fps

    @cached_property
    def narration(self) -> Narration | None:
        """All that is said, its times counted from the start of the video; None without a voice."""
        if not self.voices:
            return None
        parts = [
            replace(part, start=part.start + start)
            for start, narration in self.voices
            for part in narration.parts
        ]
        start, last = self.voices[-1]
        return Narration(parts=tuple(parts), duration=start + last.duration)


def place(scenes: Sequence[Scene], narration: Narration | None, fps: int) -> Timeline:
    """Return the shots, one a scene, without a gap, and the voices over them.

    With a narration the main scenes fill exactly its time. Scenes with a duration keep it (the
    last one takes what is left); the others change at the starts of the script's lines: at every
    line when there are as many scenes as lines, else at the lines nearest to equal shares, and in
    equal shares when there are more scenes than lines. Scenes with narrations of their own last as
    long as these. Without a voice a clip lasts as long as it is and a picture 4 s.

    A transition never moves a word: where a voice says when a scene begins, it stands around that
    moment, and the scene before is seen on under it. Elsewhere two scenes overlap by it, and the
    whole is that much shorter.

    Raises
    ------
    ParameterError
        When there is no scene, one would be shorter than a frame or than its transitions, or a
        video has two kinds of narration.
    """
    order = {"intro": 0, "main": 1, "outro": 2}
    ordered = sorted(scenes, key=lambda scene: order[scene.role])
    if not ordered:
        raise ParameterError("has no scenes", subject="video", cure="add one: .scene('a.jpg')")
    main = tuple(scene for scene in ordered if scene.role == "main")
    spoken = narration is not None or any(scene.narration for scene in main)
    _check_voices(main, narration)
    bounds: list[tuple[int, int]] = []
    voices: list[tuple[float, Narration]] = []
    lead, time = 0.0, 0.0
    ends = iter(_shares(main, narration) if narration is not None else ())
    for index, scene in enumerate(ordered):
        before = ordered[index - 1] if index else None
        shared = before is not None and not (spoken and "main" in {scene.role, before.role})
        if shared:
            time -= scene.transition_duration
        first = round(time * fps)
        if scene.role == "main" and (before is None or before.role != "main"):
            time = lead = first / fps
            if narration is not None:
                voices.append((lead, narration))
        if scene.narration is not None:
            voices.append((first / fps, scene.narration))
            time = first / fps
        time = lead + next(ends) if scene.role == "main" and narration else time + scene.length
        # The frame that contains the last sample counts, so that no sound is cut off.
        over = index == len(ordered) - 1
        bounds.append((first, math.ceil(time * fps - 1e-6) if over else round(time * fps)))
    shots = _overlapped(ordered, bounds, fps, spoken=spoken)
    return Timeline(shots=shots, fps=fps, voices=tuple(voices), lead=lead)


def _check_voices(main: tuple[Scene, ...], narration: Narration | None) -> None:
    if narration is not None and not main:
        raise ParameterError(
            "has a voice and nothing to see while it speaks", subject="video", cure="add a scene"
        )
    for scene in main:
        if scene.narration is None:
            continue
        if narration is not None:
            raise ParameterError(
                "has a narration of its own, and so has the video",
                subject=scene.path.name,
                cure="give one narration, or one to each scene",
            )
        if scene.duration is not None and scene.duration < scene.narration.duration - 1e-6:
            raise ParameterError(
                f"is seen for {scene.duration:g} s, and what is said takes "
                f"{scene.narration.duration:.2f} s",
                subject=scene.path.name,
                cure="leave out its duration",
            )


def _overlapped(
    scenes: list[Scene], bounds: list[tuple[int, int]], fps: int, *, spoken: bool
) -> tuple[Shot, ...]:
    """Return the shots, lengthened around the transitions where a voice fixes the change."""
    firsts = [first for first, _ in bounds]
    lasts = [last for _, last in bounds]
    enters = [0] * len(scenes)
    for index, scene in enumerate(scenes):
        if not index or scene.transition == "cut":
            continue
        enters[index] = max(1, round(scene.transition_duration * fps))
        if spoken and "main" in {scene.role, scenes[index - 1].role}:
            firsts[index] -= enters[index] // 2
            lasts[index - 1] = firsts[index] + enters[index]
        else:
            firsts[index] = lasts[index - 1] - enters[index]
    shots = []
    for index, scene in enumerate(scenes):
        count = lasts[index] - firsts[index]
        if bounds[index][1] <= bounds[index][0] or count < 1:
            raise ParameterError(
                "would be seen for less than a frame",
                subject=scene.path.name,
                cure="use fewer scenes, longer durations or a longer script",
            )
        leaving = enters[index + 1] if index + 1 < len(scenes) else 0
        if enters[index] + leaving > count or firsts[index] < 0:
            raise ParameterError(
                f"is seen for {count / fps:.2f} s, and its transitions take "
                f"{(enters[index] + leaving) / fps:.2f} s",
                subject=scene.path.name,
                cure="shorten transition_duration",
            )
        shot = Shot(
            scene=scene, first=firsts[index], count=count, enter=enters[index], leave=leaving
        )
        shots.append(shot)
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
