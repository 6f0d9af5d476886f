"""What is seen: scenes, what lies over them, and titles."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from workbench.captions.titles import Title
from workbench.errors import ParameterError, suggest
from workbench.media.limits import number
from workbench.media.motion import Move
from workbench.media.overlays import Overlay, laid_over
from workbench.media.video.frame import Frame
from workbench.media.video.sources import Held, Role, make_scene
from workbench.media.video.speech import spoken

if TYPE_CHECKING:
    from os import PathLike

    from workbench.audio import Audio
    from workbench.captions.styles import Style
    from workbench.media.colours import Colour, Gradient
    from workbench.media.graph import Fit
    from workbench.media.motion import Easing, Motion, Speed
    from workbench.media.overlays import Position
    from workbench.media.stills import Picture
    from workbench.media.timeline import Scene
    from workbench.script import Script
    from workbench.take import Narration, Take
    from workbench.voice import Preset, Voice

__all__ = ["Pictures"]


@dataclass(frozen=True)
class Pictures(Frame):
    """The part of a `workbench.media.video.Video` that is seen."""

    _: KW_ONLY
    scenes: tuple[Scene, ...] = ()
    pictures: tuple[Held, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    titles: tuple[Title, ...] = ()
    backed: bool = False

    def scene(
        self,
        source: str | PathLike[str] | Picture | Colour | Gradient,
        *,
        motion: Motion = "still",
        focus: tuple[float, float] = (0.5, 0.5),
        speed: Speed = "normal",
        easing: Easing = "ease",
        fit: Fit = "cover",
        duration: float | None = None,
        start: float = 0.0,
        volume: float | None = None,
        narration: str | Script | Narration | Take | Audio | None = None,
        voice: str | Voice | Preset | None = None,
        transition: str = "cut",
        transition_duration: float = 0.5,
    ) -> Self:
        """Add a picture, a clip, a recording or a colour after the scenes so far.

        Parameters
        ----------
        source
            A file; a picture as an array of uint8 of shape ``(height, width, 3)``; or a
            `workbench.media.colours.Colour` or `Gradient`. A sound file is seen as its waveform.
        motion
            For pictures: ``still``, ``zoom-in``, ``zoom-out``, ``pan-left``, ``pan-right``,
            ``pan-up`` or ``pan-down``.
        focus
            What a zoom goes to, as shares of the picture's width and height.
        speed
            How far the motion travels while the scene is seen: ``slow``, ``normal`` or ``fast``.
        easing
            ``linear``, ``ease`` (in and out), ``ease-in`` or ``ease-out``.
        fit
            ``cover`` fills the frame, ``contain`` shows all on black, ``blur`` shows all on a
            blurred copy.
        duration
            Seconds it is seen; by default scenes share the narration (`workbench.media.timeline`).
        start
            For clips and recordings: seconds into it at which it begins.
        volume
            For clips and recordings: of its own sound, 0 to 1. By default it is heard only without
            a narration.
        narration
            What is said while it is seen: a script, or speech that is there already. The scene
            then lasts as long as that.
        voice
            For a script: who says it.
        transition
            How it comes in: ``cut``, or a name of ffmpeg's xfade family such as ``fade``,
            ``dissolve``, ``wipeleft`` or ``circleopen`` (`workbench.media.graph.TRANSITIONS`).
        transition_duration
            Seconds that takes, 0.05 to 10. Words stay where they are.

        Raises
        ------
        MediaNotFound, MediaTooLarge, MediaError
            When the file cannot be used.
        ParameterError
            When an argument is not acceptable, or is for the other kind of source.
        TextError, ModelError
            When the scene's script cannot be spoken.
        """
        if voice is not None and narration is None:
            raise ParameterError("is for a scene's own narration", subject="voice")
        silent = self._with_scene(
            source,
            role="main",
            move=Move(name=motion, focus=focus, speed=speed, easing=easing),
            fit=fit,
            duration=duration,
            start=start,
            volume=volume,
            transition=transition,
            transition_duration=transition_duration,
        )
        if narration is None:
            return silent
        said = spoken(narration, voice, {})
        self.limits.check_seconds("narration", said.duration)
        scene = replace(silent.scenes[-1], narration=said)
        return replace(silent, scenes=(*self.scenes, scene))

    def background(
        self,
        source: str | PathLike[str] | Picture | Colour | Gradient,
        *,
        fit: Fit = "cover",
        volume: float | None = None,
    ) -> Self:
        """Show one picture, clip or colour for as long as the voice speaks.

        A clip is begun again when the voice is longer, and cut where it is shorter.

        Raises
        ------
        ParameterError
            When there are scenes already: they are the background.
        MediaNotFound, MediaTooLarge, MediaError
            When the file cannot be used.
        """
        if any(scene.role == "main" for scene in self.scenes):
            raise ParameterError(
                "stands for all scenes, and there are some already",
                subject="background",
                cure="use .scene for each of them, or .overlay over it",
            )
        one = self._with_scene(source, role="main", move=Move(), fit=fit, volume=volume)
        return replace(one, backed=True)

    def intro(
        self, source: str | PathLike[str] | Picture | Colour | Gradient, **about: Any
    ) -> Self:
        """Add a scene before the narration begins; its own sound is heard.

        Parameters
        ----------
        source, **about
            As for `scene`, without a narration. A picture is seen for 4 s unless `duration` says
            otherwise.
        """
        return self._outside("intro", source, about)

    def outro(
        self, source: str | PathLike[str] | Picture | Colour | Gradient, **about: Any
    ) -> Self:
        """Add a scene after the narration has ended; as `intro`."""
        return self._outside("outro", source, about)

    def _outside(self, role: Role, source: Any, about: dict[str, Any]) -> Self:
        known = (
            "motion", "focus", "speed", "easing", "fit", "duration", "start", "volume",
            "transition", "transition_duration",
        )  # fmt: skip
        for name in about:
            if name not in known:
                cure = suggest(name, known) or f"there are {', '.join(known)}"
                raise ParameterError(f"is not an option of {role}", subject=name, cure=cure)
        moves = {n: about.pop(n) for n in ("focus", "speed", "easing") if n in about}
        move = Move(name=about.pop("motion", "still"), **moves)
        return self._with_scene(source, role=role, move=move, **about)

    def overlay(
        self,
        source: str | PathLike[str],
        *,
        position: Position = "center",
        scale: float = 0.5,
        opacity: float = 1.0,
        start: float = 0.0,
        end: float | None = None,
        key: str | None = None,
        similarity: float = 0.1,
        blend: float = 0.1,
        loop: bool = False,
        volume: float = 0.0,
    ) -> Self:
        """Lay a picture or a clip over the scenes, under titles and captions.

        Parameters
        ----------
        source
            A file; transparent parts of a picture stay so.
        position
            ``top-left``, ``top``, ``top-right``, ``left``, ``center``, ``right``, ``bottom-left``,
            ``bottom``, ``bottom-right``, or where its centre lies, as shares of the frame.
        scale
            Its width as a share of the frame's, 0.01 to 4; its height follows.
        opacity
            0 to 1.
        start, end
            Seconds of the video from and to which it is seen; to the end when None.
        key
            A colour (``green``, ``#0f0``, ``#00ff00``) that becomes transparent.
        similarity, blend
            How near to it is transparent too, and how softly that ends, 0 to 1.
        loop
            For clips: begin again at the end.
        volume
            For clips: of its own sound, 0 to 1.

        Raises
        ------
        MediaNotFound, MediaTooLarge, MediaError
            When the file cannot be used.
        ParameterError
            When an argument is not acceptable.
        """
        overlay = laid_over(
            source,
            position=position,
            scale=scale,
            opacity=opacity,
            start=start,
            end=end,
            key=key,
            similarity=similarity,
            blend=blend,
            loop=loop,
            volume=volume,
            limits=self.limits,
        )
        _, _, width, height = overlay.box(self.canvas)
        self.limits.check_pixels(f"{overlay.path.name} at scale={scale:g}", width, height)
        return replace(self, overlays=(*self.overlays, overlay))

    def logo(
        self,
        source: str | PathLike[str],
        *,
        position: Position = "top-right",
        scale: float = 0.14,
        opacity: float = 0.9,
    ) -> Self:
        """Lay a small picture over the whole video; as `overlay`."""
        return self.overlay(source, position=position, scale=scale, opacity=opacity)

    def title(
        self,
        text: str,
        *,
        detail: str = "",
        start: float = 0.0,
        end: float | None = None,
        style: str | Style | None = None,
        fade: float = 0.3,
    ) -> Self:
        """Show a title, large and centred.

        Parameters
        ----------
        text, detail
            The title, and a smaller line below it.
        start, end
            Seconds of the video; by default it stays for as long as it takes to read.
        style
            How it is drawn, see `workbench.captions.titles`.
        fade
            Seconds in which it comes and goes.

        Raises
        ------
        ParameterError
            When an argument is not acceptable.
        """
        about: dict[str, Any] = {"detail": detail, "style": style, "fade": fade}
        return self._with_title("title", text, start, end, about)

    def lower_third(
        self,
        text: str,
        *,
        detail: str = "",
        start: float = 0.0,
        end: float | None = None,
        style: str | Style | None = None,
        fade: float = 0.3,
    ) -> Self:
        """Show who is speaking, or where: a name and a line below it, above the captions.

        The arguments are those of `title`.
        """
        about: dict[str, Any] = {"detail": detail, "style": style, "fade": fade}
        return self._with_title("lower-third", text, start, end, about)

    def _with_title(
        self,
        kind: Literal["title", "lower-third"],
        text: str,
        start: float,
        end: float | None,
        about: dict[str, Any],
    ) -> Self:
        begin = number("start", start, 0, self.limits.seconds, unit="s")
        last = None if end is None else number("end", end, 0, self.limits.seconds, unit="s")
        title = Title(text=text, start=begin, end=last, kind=kind, **about)
        return replace(self, titles=(*self.titles, title))

    def _with_scene(self, source: Any, *, role: Role, **about: Any) -> Self:
        if self.backed and role == "main":
            raise ParameterError(
                "cannot follow a background, which is seen for as long as the voice speaks",
                subject="scene",
                cure="use .scene for each of them, or .overlay over the background",
            )
        scene, held = make_scene(source, role=role, fps=self.fps, limits=self.limits, **about)
        first = not any(role in {one.role, "outro"} or one.role == "intro" for one in self.scenes)
        if first and scene.transition != "cut":
            raise ParameterError(
                f"{scene.transition!r} leads from one scene to the next, and this is the first",
                subject="transition",
                cure="add what is seen before it first",
            )
        pictures = self.pictures
        if held is not None:
            pictures = tuple({p[0]: p for p in (*pictures, held)}.values())
        return replace(self, scenes=(*self.scenes, scene), pictures=pictures)

    def held_pictures(self) -> dict[str, Picture]:
        """Return the pictures that were given as arrays, by their digests."""
        return {
            name: np.frombuffer(data, np.uint8).reshape(shape)
            for name, data, shape in self.pictures
        }
