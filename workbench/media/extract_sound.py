"""The sound of a clip, and raw samples, as sound files."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import ffmpeg

from workbench.errors import MediaError, ParameterError
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, existing, file_url, whole
from workbench.media.nodes import source, stereo
from workbench.media.outputs import target, writing
from workbench.media.probe import MediaInfo, length, probe
from workbench.media.remux import remux
from workbench.media.soundfiles import SOUNDS, encode_sound
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["PCM", "ExtractedSound", "extract_audio", "pcm_to_wav"]

PCM = {
    "u8": 1, "s8": 1, "s16le": 2, "s16be": 2, "s24le": 3, "s24be": 3, "s32le": 4, "s32be": 4,
    "f32le": 4, "f32be": 4, "f64le": 8, "f64be": 8, "mulaw": 1, "alaw": 1,
}  # fmt: skip
"""The formats of raw samples, by ffmpeg's names, and the bytes of one."""

_LOWEST, _HIGHEST = 1_000, 384_000  # Hz


@dataclass(frozen=True, kw_only=True)
class ExtractedSound:
    """What `extract_audio` and `pcm_to_wav` made.

    Parameters
    ----------
    path
        The file.
    duration
        Seconds.
    codec
        What it is stored as.
    rate, channels
        Of its sound.
    copied
        Whether it is the original's stream as it was.
    """

    path: Path
    duration: float
    codec: str
    rate: int
    channels: int
    copied: bool

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {**vars(self), "path": str(self.path)}


def extract_audio(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    copy: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> ExtractedSound:
    """Write the sound of a clip into a file of its own.

    Parameters
    ----------
    path
        A video or a sound; its first sound stream is taken.
    output
        .wav, .flac, .mp3, .m4a, .ogg or .opus.
    copy
        Whether the stream is taken as it is where the format holds its codec; else it is encoded.
    limits, progress, cancel
        As for `frames_at`.

    Raises
    ------
    ParameterError
        When the output cannot be written so.
    MediaError
        When there is no sound, or it is damaged.
    StorageError, Cancelled
        When the disk refuses, or on request.
    """
    file = existing(path)
    goal = target(output, tuple(SOUNDS), inputs=[file])
    info = probe(file, limits=limits)
    if info.audio is None:
        raise MediaError("has no sound", subject=str(path))
    check_intact(file, limits=limits)
    seconds = length(file, limits=limits)
    kind = SOUNDS[goal.suffix.lower()]
    copied = copy and info.audio.codec in kind.holds
    with workspace() as folder, writing(goal, "taking the sound", progress) as (part, report):
        if copied:
            remux(
                file, part, kind.container, Fraction(0), Fraction(seconds),
                picture=False, report=report, cancel=cancel, limits=limits,
            )  # fmt: skip
        else:
            encode_sound(
                source(file, vn=None)["a:0"], part, kind.container, kind.options,
                subject=file, seconds=seconds, folder=folder, report=report, cancel=cancel,
                limits=limits,
            )  # fmt: skip
        made = judge(part, sound=True, limits=limits)
    return _extracted(goal, made, copied=copied)


def pcm_to_wav(
    pcm: bytes | str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    rate: int = 24_000,
    channels: int = 1,
    sample_format: str = "s16le",
    target_rate: int | None = None,
    target_channels: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> ExtractedSound:
    """Write raw samples, as speech services return them, as a WAV file.

    Parameters
    ----------
    pcm
        The samples, channels interleaved, or a file of them.
    output
        The .wav file.
    rate
        Frames per second of the samples, 1,000 to 384,000.
    channels
        How many there are, 1 to 8.
    sample_format
        One of `PCM`, by ffmpeg's names.
    target_rate, target_channels
        Of the file, where they are to be others; 16 bit in any case.
    limits, progress, cancel
        As for `frames_at`.

    Raises
    ------
    ParameterError
        When an argument is not acceptable, or the bytes are not whole frames.
    MediaError, StorageError, Cancelled
        When a file cannot be read or written, or on request.
    """
    choice("sample_format", sample_format, PCM)
    given = whole("rate", rate, _LOWEST, _HIGHEST, unit="Hz")
    count = whole("channels", channels, 1, 8)
    made_rate = given if target_rate is None else target_rate
    made_rate = whole("target_rate", made_rate, _LOWEST, _HIGHEST, unit="Hz")
    made_count = whole(
        "target_channels", count if target_channels is None else target_channels, 1, 8
    )
    raw = pcm if isinstance(pcm, bytes | bytearray | memoryview) else None
    file = None if raw is not None else existing(pcm)  # type: ignore[arg-type] # not bytes
    goal = target(output, (".wav",), inputs=[] if file is None else [file])
    size = len(raw) if raw is not None else file.stat().st_size  # type: ignore[union-attr]
    block = PCM[sample_format] * count
    if size == 0 or size % block:
        raise ParameterError(
            f"{size} bytes are not whole frames of {count} channels in {sample_format}",
            subject="pcm" if file is None else str(pcm),
        )
    seconds = size / block / given
    limits.check_seconds("pcm", seconds)
    with workspace() as folder, writing(goal, "converting", progress) as (part, report):
        if file is None:
            file = folder / "samples.raw"
            file.write_bytes(raw or b"")
        sound = ffmpeg.input(
            file_url(file), format=sample_format, ar=given, ac=count, protocol_whitelist="file"
        )["a:0"]
        sound = stereo(sound, count) if made_count == 2 else sound  # noqa: PLR2004 - both sides
        options = {"c:a": "pcm_s16le", "ar": made_rate, "ac": made_count}
        encode_sound(
            sound, part, "wav", options,
            subject="pcm", seconds=seconds, folder=folder, report=report, cancel=cancel,
            limits=limits,
        )  # fmt: skip
        made = judge(part, seconds=seconds, sound=True, limits=limits)
    return _extracted(goal, made, copied=False)


def _extracted(goal: Path, made: MediaInfo, *, copied: bool) -> ExtractedSound:
    audio = made.audio
    assert audio is not None  # noqa: S101 - judged
    return ExtractedSound(
        path=goal,
        duration=made.duration or 0.0,
        codec=audio.codec,
        rate=audio.rate,
        channels=audio.channels,
        copied=copied,
    )
