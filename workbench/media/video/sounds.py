"""What is heard: the voice, music, effects, and how loud all of it is."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from workbench.media.loudness import target_level
from workbench.media.soundtrack import Sound, sound_of
from workbench.media.video.pictures import Pictures
from workbench.media.video.speech import spoken

if TYPE_CHECKING:
    from os import PathLike

    from workbench.audio import Audio
    from workbench.media.timeline import Timeline
    from workbench.script import Script
    from workbench.take import Narration, Take
    from workbench.voice import Preset, Voice

__all__ = ["Sounds"]

_AUTO = "auto"


@dataclass(frozen=True)
class Sounds(Pictures):
    """The part of a `workbench.media.video.Video` that is heard."""

    _: KW_ONLY
    narration: Narration | None = None
    sounds: tuple[Sound, ...] = ()
    target: str | float | None = _AUTO

    def narrate(
        self,
        source: str | Script | Narration | Take | Audio,
        *,
        voice: str | Voice | Preset | None = None,
        **options: Any,
    ) -> Self:
        """Let a voice speak over the scenes; its length is that of the main scenes.

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
        narration = spoken(source, voice, options)
        self.limits.check_seconds("narration", narration.duration)
        return replace(self, narration=narration)

    def music(
        self,
        source: str | PathLike[str] | Audio,
        *,
        volume: float = 0.3,
        duck: bool | float = True,
        loop: bool = True,
        start: float = 0.0,
        fade_in: float = 0.5,
        fade_out: float = 2.0,
    ) -> Self:
        """Play music under everything.

        Parameters
        ----------
        source
            A sound file, a video whose sound is taken, or an Audio.
        volume
            0 to 4, 1 for its own level.
        duck
            Whether it gives way while a voice is heard, or by how many decibels, 0 to 60; True
            is 12 dB.
        loop
            Whether it is begun again until the video ends.
        start
            Seconds of the video at which it begins.
        fade_in, fade_out
            Seconds in which it comes and goes.

        Raises
        ------
        MediaNotFound, MediaTooLarge, MediaError
            When the file cannot be used.
        ParameterError
            When an argument is not acceptable.
        """
        sound = sound_of(
            source,
            "music",
            start=start,
            volume=volume,
            loop=loop,
            fade_in=fade_in,
            fade_out=fade_out,
            duck=duck,
            limits=self.limits,
        )
        return replace(self, sounds=(*self.sounds, sound))

    def effect(
        self,
        source: str | PathLike[str] | Audio,
        *,
        at: float,
        volume: float = 1.0,
        fade_in: float = 0.0,
        fade_out: float = 0.0,
    ) -> Self:
        """Play a sound once, `at` so many seconds of the video.

        The other arguments and the errors are those of `music`.
        """
        sound = sound_of(
            source,
            "effect",
            start=at,
            volume=volume,
            loop=False,
            fade_in=fade_in,
            fade_out=fade_out,
            duck=False,
            limits=self.limits,
        )
        return replace(self, sounds=(*self.sounds, sound))

    def loudness(self, target: str | float | None) -> Self:
        """Say how loud the finished sound is.

        Parameters
        ----------
        target
            ``shorts`` (-14 LUFS), ``podcast`` (-16), ``audiobook`` (-20), a number of LUFS, or
            None to leave all levels as they are. Without this call a video with a voice gets
            ``shorts``, and one without keeps its levels. The true peak stays under -1 dBTP.

        Raises
        ------
        ParameterError
            When there is no such target.
        """
        if target is not None:
            target_level(target)
        return replace(self, target=target)

    # -- what rendering asks ------------------------------------------------------------------

    def target_loudness(self, timeline: Timeline) -> str | float | None:
        """Return the target in force, None for none."""
        if self.target == _AUTO:
            return "shorts" if timeline.voices else None
        return self.target

    def sounding(self, timeline: Timeline) -> bool:
        """Whether the finished file has sound."""
        if timeline.voices or self.sounds or any(o.volume for o in self.overlays):
            return True
        return any(s.scene.sound and s.scene.volume != 0 for s in timeline.shots)
