"""What a video sounds like: voices, clips, music and effects, as the tracks of one mix."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.errors import MediaError, ParameterError
from workbench.media import frames as clips
from workbench.media.duck import DEPTH
from workbench.media.limits import Limits, existing, number
from workbench.media.probe import probe
from workbench.media.tracks import Track
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    import os
    import threading
    from pathlib import Path

    from workbench.media.overlays import Overlay
    from workbench.media.timeline import Shot, Timeline

__all__ = ["STEM", "Sound", "sound_of", "tracks"]

_SPARE = 0.1  # seconds, so that nothing ends before the mix does
STEM = re.compile(r"(voice|clip|overlay|music|effect)(-[0-9]+)?\.wav")
"""What follows a video's name in the files of its tracks."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Music or an effect, and how it is heard.

    Parameters
    ----------
    name
        What it is called.
    kind
        ``music`` or ``effect``.
    sha256
        The digest of its content.
    path
        The file; None for sound that was given as a value.
    audio
        The sound, where it was given as a value.
    start
        Seconds of the video at which it begins.
    natural
        Its own length in seconds.
    volume
        0 to 4, 1 for its own level.
    loop
        Whether it begins again at its end.
    fade_in, fade_out
        Seconds.
    duck
        Decibels by which it gives way while a voice is heard; 0 for none.
    """

    name: str
    kind: str
    sha256: str
    path: Path | None = None
    audio: Audio | None = None
    start: float = 0.0
    natural: float = 0.0
    volume: float = 1.0
    loop: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0
    duck: float = 0.0

    def track(self, until: float, limits: Limits, cancel: threading.Event | None) -> Track:
        """Return the sound as a track of a mix that ends at `until` seconds.

        Raises
        ------
        MediaError
            When the file is damaged, or not what it was.
        """
        audio = self.audio
        if audio is None:
            path = existing(self.path or "")
            if digest(path) != self.sha256:
                raise MediaError(
                    "has changed since it was added", subject=str(path), cure="build it again"
                )
            seconds = min(self.natural, until - self.start + _SPARE)  # not all of a long album
            audio = clips.clip_sound(path, seconds, limits=limits, cancel=cancel)
        return Track(
            name=self.kind,
            kind="music" if self.kind == "music" else "effect",
            audio=audio,
            start=self.start,
            volume=self.volume,
            loop=self.loop,
            fade_in=self.fade_in,
            fade_out=self.fade_out,
            duck=self.duck,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all but the sound itself as plain values, for a receipt."""
        about = {name: value for name, value in vars(self).items() if name != "audio"}
        return {**about, "path": None if self.path is None else str(self.path)}


def sound_of(
    source: str | os.PathLike[str] | Audio,
    kind: str,
    *,
    start: float,
    volume: float,
    loop: bool,
    fade_in: float,
    fade_out: float,
    duck: bool | float,
    limits: Limits,
) -> Sound:
    """Return the sound of a file or a value, checked; see `Sound` for what the arguments mean.

    Raises
    ------
    MediaNotFound, MediaTooLarge, MediaError
        When the file cannot be used.
    ParameterError
        When an argument is not acceptable.
    """
    about: dict[str, Any]
    if isinstance(source, Audio):
        if not source.frames:
            raise ParameterError("has no samples", subject=kind)
        about = {
            "name": kind,
            "audio": source,
            "sha256": source.digest(),
            "natural": source.duration,
        }
    else:
        path = existing(source)
        info = probe(path, limits=limits)
        if info.audio is None:
            raise MediaError("has no sound", subject=str(source))
        if info.duration is None:
            raise MediaError("does not say how long it lasts", subject=str(source))
        about = {
            "name": path.name,
            "path": path,
            "sha256": digest(path),
            "natural": info.duration,
        }
    depth = DEPTH * duck if isinstance(duck, bool) else number("duck", duck, 0, 60, unit="dB")
    return Sound(
        **about,
        kind=kind,
        start=number("start", start, 0, limits.seconds, unit="s"),
        volume=number("volume", volume, 0, 4),
        loop=bool(loop),
        fade_in=number("fade_in", fade_in, 0, 600, unit="s"),
        fade_out=number("fade_out", fade_out, 0, 600, unit="s"),
        duck=depth,
    )


def tracks(
    timeline: Timeline,
    *,
    sounds: tuple[Sound, ...],
    overlays: tuple[Overlay, ...],
    limits: Limits,
    cancel: threading.Event | None,
) -> list[Track]:
    """Return every track of a video: voices, clips that are heard, overlays, music, effects."""
    found = [
        Track(name="voice", kind="voice", audio=narration.audio, start=start)
        for start, narration in timeline.voices
    ]
    spoken = bool(timeline.voices)
    for shot in timeline.shots:
        volume = shot.scene.volume
        if volume is None:
            volume = float(not spoken or shot.scene.role != "main")
        if shot.scene.sound and volume:
            found.append(_clip(shot, volume, timeline.fps, limits=limits, cancel=cancel))
    for overlay in overlays:
        first, last = overlay.frames(timeline.fps)
        last = min(timeline.frames, timeline.frames if last is None else last)
        if overlay.volume and last > first:
            found.append(
                Track(
                    name="overlay",
                    kind="effect",
                    audio=clips.clip_sound(
                        overlay.path, (last - first) / timeline.fps, limits=limits, cancel=cancel
                    ),
                    start=first / timeline.fps,
                    volume=overlay.volume,
                )
            )
    found += [sound.track(timeline.duration, limits, cancel) for sound in sounds]
    return [replace(track, name=name) for name, track in zip(_names(found), found, strict=True)]


def _names(found: list[Track]) -> list[str]:
    """Return a name for each track: its own, with a number from the second of that name on."""
    counted: Counter[str] = Counter()
    names = []
    for track in found:
        counted[track.name] += 1
        number = counted[track.name]
        names.append(track.name if number == 1 else f"{track.name} {number}")
    return names


def _clip(
    shot: Shot,
    volume: float,
    fps: int,
    *,
    limits: Limits,
    cancel: threading.Event | None,
) -> Track:
    """Return the sound of a clip where its picture is, faded as its transitions are."""
    audio = clips.clip_sound(
        shot.scene.path, shot.heard(fps), start=shot.scene.start, limits=limits, cancel=cancel
    )
    return Track(
        name="clip",
        kind="effect",
        audio=audio,
        start=shot.first / fps,
        volume=volume,
        fade_in=shot.enter / fps,
        fade_out=shot.leave / fps,
    )
