"""A new voice over a video: its pictures stay as they are, its own sound gives way to the voice."""

from __future__ import annotations

import warnings as alarms
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ffmpeg

from workbench.audio import Audio
from workbench.errors import MediaError, ParameterError, WorkbenchWarning
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, Limits, existing, file_url, number
from workbench.media.loudness import CODED_PEAK
from workbench.media.mix import mix
from workbench.media.nodes import source
from workbench.media.outputs import convert, receipt, sealed, target, writing
from workbench.media.probe import length, probe
from workbench.media.recording import read_sound
from workbench.media.tracks import Track
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace
from workbench.take import Narration

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from workbench.media.mix import Mixed

__all__ = ["SUFFIXES", "VoicedOver", "voice_over"]

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
SUFFIXES = tuple(_CONTAINERS)
"""The suffixes of videos that can be written."""

_SOUND = "sound.wav"
_FADE = 0.02  # seconds


@dataclass(frozen=True, kw_only=True)
class VoicedOver:
    """A video with a new voice.

    Parameters
    ----------
    path
        The file.
    duration
        Seconds.
    mixed
        The sound, and its loudness.
    receipt
        The JSON beside it.
    warnings
        What a listener should know.
    """

    path: Path
    duration: float
    mixed: Mixed
    receipt: Path
    warnings: tuple[str, ...] = field(default=())


def voice_over(
    video: str | os.PathLike[str],
    voice: Narration | Audio,
    output: str | os.PathLike[str],
    *,
    original: float = 1.0,
    duck: float = 18.0,
    loudness: str | float | None = "shorts",
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> VoicedOver:
    """Write a video with a voice over it.

    The pictures are copied and lose nothing. The video is as long as it was: what of the voice is
    beyond its end is not heard, and a warning says so.

    Parameters
    ----------
    video
        A video with or without a sound.
    voice
        What is said, from the start of the video.
    output
        .mp4, .m4v, .mov or .mkv.
    original
        How loud its own sound stays where nobody speaks, 0 to 4.
    duck
        By how many decibels that goes down under the voice, 0 to 60.
    loudness
        What the whole is brought to: a name of `workbench.media.loudness.TARGETS`, LUFS, or None.
    limits
        What the video may be at most.
    progress
        Called with the part that is done, 0 to 1. Without it, a bar is shown.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When a value cannot be; before any work starts.
    MediaError
        When there is no such video, it is damaged, or has pictures that the output cannot hold.
    StorageError, Cancelled
        When the disk refuses, or on request. Nothing half-written stays.
    """
    file = existing(video)
    goal = target(output, SUFFIXES, inputs=[file])
    original = number("original", original, 0, 4)
    duck = number("duck", duck, 0, 60, unit="dB")
    if not isinstance(voice, Narration | Audio):
        raise ParameterError(
            f"must be a Narration or an Audio, not {type(voice).__name__}", subject="voice"
        )
    info = probe(file, limits=limits)
    if info.kind != "video":
        raise MediaError("is no video", subject=str(video))
    check_intact(file, limits=limits)
    seconds = length(file, limits=limits)
    spoken = voice.audio if isinstance(voice, Narration) else voice
    tracks = [Track(name="voice", audio=spoken)]
    if info.audio is not None and original:
        own = read_sound(file, limits=limits, cancel=cancel)
        tracks.append(
            Track(
                name="original", audio=own, kind="music", volume=original, duck=duck,
                fade_in=_FADE, fade_out=_FADE,
            )
        )  # fmt: skip
    with workspace() as folder, writing(goal, "voice over", progress) as (part, report):
        mixed = mix(
            tracks, seconds, loudness=loudness, true_peak=CODED_PEAK, cancel=cancel,
            progress=lambda done: report(0.5 * done),
        )  # fmt: skip
        mixed.audio.write(folder / _SOUND)
        sound = ffmpeg.input(_SOUND, format="wav")["a:0"]
        options: dict[str, Any] = {
            "c:v": "copy", "c:a": "aac", "b:a": "192k", "fflags": "+bitexact", "map_metadata": -1,
        }  # fmt: skip
        kind = _CONTAINERS[goal.suffix.lower()]
        if kind != "matroska":
            options["movflags"] = "+faststart"
        out = ffmpeg.output(
            source(file)["v:0"], sound, file_url(part), format=kind, t=seconds, **options
        )
        convert(
            out.get_args(), source=file, folder=folder, seconds=seconds, cancel=cancel,
            report=lambda done: report(0.5 + 0.5 * done), limits=limits,
        )  # fmt: skip
        found = judge(part, seconds=seconds, sound=True, limits=limits)
        seal = sealed(part)
    over = spoken.duration - seconds
    late = _heard_end(voice) - seconds
    notes = tuple(_of_original(note) for note in mixed.warnings)
    if late > _FADE:
        notes = (*notes, f"the voice goes on for {late:.2f} s after the video, and is not heard")
    settings = {
        "original": original, "duck": duck, "loudness": mixed.to_dict(),
        "voice": voice.describe() if isinstance(voice, Narration) else {"sha256": voice.digest()},
        "beyond": max(0.0, round(over, 3)), "warnings": list(notes),
    }  # fmt: skip
    written = receipt(goal, "voice_over", [file], settings, seal=seal)
    for note in notes:
        alarms.warn(note, WorkbenchWarning, stacklevel=2)
    return VoicedOver(
        path=goal, duration=found.duration or seconds, mixed=mixed, receipt=written, warnings=notes
    )


def _of_original(note: str) -> str:
    """Return a warning of the mix with the names that its parts have here."""
    own = note.replace("the music is", "the video's own sound is")
    return own.replace("lower its volume,", "lower `original`,")


def _heard_end(voice: Narration | Audio) -> float:
    """Return when the last word is over; of a sound alone, its end."""
    return voice.parts[-1].end if isinstance(voice, Narration) else voice.duration
