"""The fluent builder: scenes, a voice and captions become a plan, and the plan a file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import KW_ONLY, dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import MediaError, ParameterError, one_line, suggest
from workbench.media.graph import Canvas, Fit
from workbench.media.limits import DEFAULT_LIMITS, Limits, existing, number
from workbench.media.motion import MOTIONS, Motion
from workbench.media.probe import probe
from workbench.media.rendered import RenderedVideo
from workbench.media.timeline import Scene, Shot, place
from workbench.storage.receipt import digest
from workbench.take import Narration, Part, Take
from workbench.voice import Voice

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from workbench.captions.cues import Cues
    from workbench.captions.styles import Style
    from workbench.media.stills import Picture
    from workbench.script import Script
    from workbench.voice import Preset

__all__ = ["SIZES", "RenderedVideo", "Video"]

SIZES = {"9:16": (1080, 1920), "16:9": (1920, 1080), "1:1": (1080, 1080), "4:5": (1080, 1350)}
"""Frame sizes in pixels by their aspect; any other size is written as ``WIDTHxHEIGHT``."""

_FITS = ("cover", "pad", "blur")
_SMALLEST, _LARGEST = 16, 4096
_RGB = 3


@dataclass(frozen=True)
class Video:
    """A video that has yet to be rendered. Every method returns a new one.

    Parameters
    ----------
    size
        ``9:16``, ``16:9``, ``1:1``, ``4:5`` or ``WIDTHxHEIGHT`` in even pixels, 16 to 4096.
    fps
        Frames per second, 1 to 120.
    limits
        What its files may be at most.

    Raises
    ------
    ParameterError
        When an argument is not acceptable.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.media.backdrop import backdrop
    >>> video = (
    ...     wb.Video("9:16")
    ...     .scene(backdrop(1), motion="zoom-in")
    ...     .narrate("Hello, world.", voice="espeak:en-us")
    ...     .captions("karaoke")
    ... )
    >>> print(video.plan())
    1. picture  zoom-in  cover  0.00-1.33 s
    """

    size: str = "9:16"
    _: KW_ONLY
    fps: int = 30
    limits: Limits = DEFAULT_LIMITS
    scenes: tuple[Scene, ...] = ()
    pictures: tuple[tuple[str, bytes, tuple[int, ...]], ...] = ()
    narration: Narration | None = None
    cues: Cues | None = None
    style: Style | None = None

    def __post_init__(self) -> None:
        number("fps", self.fps, 1, 120)
        if int(self.fps) != self.fps:
            raise ParameterError(f"must be a whole number, not {self.fps!r}", subject="fps")
        self.canvas  # noqa: B018 - checks the size now, not at the first use

    @property
    def canvas(self) -> Canvas:
        """The size and rate of the frames."""
        size = self.size
        if size in SIZES:
            return Canvas(width=SIZES[size][0], height=SIZES[size][1], fps=int(self.fps))
        match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", str(size))
        if match is None:
            raise ParameterError(
                f"{size!r} is not a frame size",
                subject="size",
                cure=f"use one of {', '.join(SIZES)}, or WIDTHxHEIGHT such as 720x1280",
            )
        width, height = int(match[1]), int(match[2])
        if (
            width % 2
            or height % 2
            or not (_SMALLEST <= min(width, height) <= max(width, height) <= _LARGEST)
        ):
            raise ParameterError(
                f"{size} needs even sides of {_SMALLEST} to {_LARGEST} pixels", subject="size"
            )
        return Canvas(width=width, height=height, fps=int(self.fps))

    # -- building -----------------------------------------------------------------------------

    def scene(
        self,
        source: str | PathLike[str] | Picture,
        *,
        motion: Motion = "still",
        fit: Fit = "cover",
        duration: float | None = None,
        start: float = 0.0,
        volume: float | None = None,
    ) -> Video:
        """Add a picture, a clip or a recording after the scenes so far.

        Parameters
        ----------
        source
            A file, or a picture as an array of uint8 of shape ``(height, width, 3)``. A sound
            file is seen as its waveform.
        motion
            For pictures: ``still``, ``zoom-in``, ``zoom-out``, ``pan-left``, ``pan-right``,
            ``pan-up`` or ``pan-down``.
        fit
            ``cover`` fills the frame, ``pad`` shows all on black, ``blur`` shows all on a blurred
            copy.
        duration
            Seconds it is seen; by default scenes share the narration (`workbench.media.timeline`).
        start
            For clips and recordings: seconds into it at which it begins.
        volume
            For clips and recordings: of its own sound, 0 to 1. By default it is heard only without
            a narration.

        Raises
        ------
        MediaNotFound, MediaTooLarge, MediaError
            When the file cannot be used.
        ParameterError
            When an argument is not acceptable, or is for the other kind of source.
        """
        _choice("motion", motion, MOTIONS)
        _choice("fit", fit, _FITS)
        if duration is not None:
            number("duration", duration, 1 / self.fps, self.limits.seconds, unit="s")
        pictures = self.pictures
        if isinstance(source, np.ndarray):
            scene, held = _array_scene(source, self.limits)
            pictures = tuple({p[0]: p for p in (*pictures, held)}.values())
        else:
            scene = self._file_scene(source, number("start", start, 0, self.limits.seconds))
        if scene.kind != "image" and motion != "still":
            raise ParameterError(
                f"motion={motion!r} is for still pictures, and this is {scene.kind}",
                subject=scene.path.name,
            )
        if scene.kind == "image" and (start or volume is not None):
            name = "start" if start else "volume"
            raise ParameterError(
                f"{name} is for clips, and this is a picture", subject=scene.path.name
            )
        if volume is not None:
            number("volume", volume, 0, 1)
            if volume and not scene.sound:
                raise ParameterError("has no sound to set a volume for", subject=scene.path.name)
        scene = replace(scene, motion=motion, fit=fit, duration=duration, volume=volume)
        return replace(self, scenes=(*self.scenes, scene), pictures=pictures)

    def _file_scene(self, source: str | PathLike[str], start: float) -> Scene:
        path = existing(source)
        info = probe(path, limits=self.limits)
        if info.kind != "image":
            if info.duration is None:
                raise MediaError("does not say how long it lasts", subject=str(source))
            if start >= info.duration:
                raise ParameterError(
                    f"start={start:g} lies beyond its end at {info.duration:.2f} s",
                    subject=str(source),
                )
        return Scene(
            path=path,
            sha256=digest(path),
            kind=info.kind,
            start=start,
            natural=info.duration,
            sound=info.audio is not None,
        )

    def narrate(
        self,
        source: str | Script | Narration | Take | Audio,
        *,
        voice: str | Voice | Preset | None = None,
        **options: Any,
    ) -> Video:
        """Let a voice speak over the scenes; its length is the video's.

        Parameters
        ----------
        source
            A script; speech that `workbench.speak` returned; or a recording,
            ``Audio.read("voice.wav")``, whose captions come from a file (see `captions`).
        voice, **options
            For a script: as `workbench.speak` takes them.

        Raises
        ------
        TextError, ModelError, ParameterError
            As `workbench.speak` does.
        """
        if isinstance(source, Audio):
            source = Take(
                text="", audio=source, words=(), voice=Voice(engine="recording", name="audio")
            )
        if isinstance(source, Narration | Take):
            if voice is not None or options:
                raise ParameterError(
                    "is for a script, and this is speech already",
                    subject="voice" if voice is not None else next(iter(options)),
                )
            narration = source if isinstance(source, Narration) else _alone(source)
        else:
            # The one way from pictures to voices, for the convenience of one call: a script that
            # is spoken elsewhere comes in as a value.
            from workbench.speech.speak import speak

            narration = speak(source, voice, **options)
        self.limits.check_seconds("narration", narration.duration)
        return replace(self, narration=narration)

    def captions(
        self,
        style: str | Style = "karaoke",
        *,
        cues: Cues | str | PathLike[str] | None = None,
        **changes: Any,
    ) -> Video:
        """Draw captions into the picture.

        Parameters
        ----------
        style
            ``karaoke`` (the spoken word is lit), ``karaoke-bold``, ``plain``, or a `Style`.
        cues
            What to show, or the caption file that says it; by default the narration's words.
        **changes
            Fields of the style to change, such as ``font="DejaVu Serif"`` or ``size=6``.

        Raises
        ------
        ParameterError
            When there is no such style or field.
        """
        from workbench.captions.styles import style as find_style

        chosen = find_style(style)
        if isinstance(cues, str | PathLike):
            from workbench.captions.cues import Cues

            cues = Cues.read(cues)
        return replace(self, style=chosen.but(**changes) if changes else chosen, cues=cues)

    # -- looking ------------------------------------------------------------------------------

    def shots(self) -> tuple[Shot, ...]:
        """Return the scenes in their places.

        Raises
        ------
        ParameterError
            When the parts do not make a video.
        """
        shots = place(self.scenes, self.narration, self.canvas.fps)
        self.limits.check_seconds("video", (shots[-1].first + shots[-1].count) / self.canvas.fps)
        return shots

    def timed_cues(self) -> Cues | None:
        """Return the captions as they will be drawn, None when there are none."""
        if self.style is None:
            return None
        if self.cues is not None:
            return self.cues
        if self.narration is None or not self.narration.words:
            raise ParameterError(
                "have no words to show",
                subject="captions",
                cure="add a narration, or give cues=Cues.read('captions.srt')",
            )
        from workbench.captions.cues import caption

        canvas = self.canvas
        return caption(self.narration, style=self.style, width=canvas.width, height=canvas.height)

    def plan(self) -> str:
        """Return the timeline as text: a row a scene."""
        fps = self.canvas.fps
        rows = []
        for index, shot in enumerate(self.shots(), start=1):
            begin, end = shot.first / fps, (shot.first + shot.count) / fps
            drawn = shot.scene.sha256 in {name for name, _, _ in self.pictures}
            name = "picture" if drawn else one_line(shot.scene.path.name)
            rows.append(
                f"{index}. {name}  {shot.scene.motion}  {shot.scene.fit}  {begin:.2f}-{end:.2f} s"
            )
        return "\n".join(rows)

    # -- making -------------------------------------------------------------------------------

    def render(
        self,
        path: str | PathLike[str],
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> RenderedVideo:
        """Write the video and its receipt.

        The file appears whole or not at all: on any failure, on `cancel` and on an interrupt
        (Ctrl-C, the notebook's stop button) nothing is left, and an older file stays as it was.

        Parameters
        ----------
        path
            Where to, ending in ``.mp4``: H.264 and AAC, ready to stream.
        progress
            Called with the part that is done, 0 to 1; by default a bar is shown.
        cancel
            Set it from another thread to stop.

        Returns
        -------
        RenderedVideo
            Which shows itself in a notebook.

        Raises
        ------
        ParameterError
            When the parts do not make a video.
        MediaError, StorageError, Cancelled
            When a file is damaged, the disk is full, or it was stopped.
        """
        from workbench.media.render import render

        return render(self, path, progress=progress, cancel=cancel)


def _choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        hint = suggest(value, choices) if isinstance(value, str) else ""
        raise ParameterError(
            f"must be one of {', '.join(choices)}, not {value!r}", subject=name, cure=hint
        )


def _array_scene(
    picture: Picture, limits: Limits
) -> tuple[Scene, tuple[str, bytes, tuple[int, ...]]]:
    """Return the scene of an array, and the array as a value."""
    from pathlib import Path

    if (
        picture.dtype != np.uint8
        or picture.ndim != _RGB
        or picture.shape[2] != _RGB
        or not picture.size
    ):
        raise ParameterError(
            f"must be uint8 of shape (height, width, 3), not {picture.dtype} {picture.shape}",
            subject="picture",
        )
    limits.check_pixels("picture", picture.shape[1], picture.shape[0])
    data = np.ascontiguousarray(picture).tobytes()
    name = hashlib.sha256(repr(picture.shape).encode() + data).hexdigest()
    scene = Scene(path=Path(f"picture-{name[:12]}"), sha256=name, kind="image")
    return scene, (name, data, picture.shape)


def _alone(take: Take) -> Narration:
    from workbench.script import Line

    return Narration(
        parts=(Part(line=Line(text=take.text), take=take, start=0.0),), duration=take.duration
    )
