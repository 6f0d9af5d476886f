"""Sound files by their suffix: what each can hold, and what it is encoded with."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ffmpeg

from workbench.media.limits import Limits, file_url
from workbench.media.outputs import convert

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.progress import Report

__all__ = ["SOUNDS", "SoundFormat", "encode_sound"]


@dataclass(frozen=True, kw_only=True)
class SoundFormat:
    """A kind of sound file.

    Parameters
    ----------
    container
        FFmpeg's name of its writer.
    options
        Output options of ffmpeg that encode a sound for it.
    holds
        The codecs that are put into it as they are.
    """

    container: str
    options: Mapping[str, Any] = field(hash=False)
    holds: tuple[str, ...]


# MP3 at a constant rate: players find a time in it by proportion. 192 kbit/s of AAC and Vorbis'
# quality 6 are where listening tests no longer tell them from the original (hydrogenaudio).
SOUNDS = MappingProxyType(
    {
        ".wav": SoundFormat(
            container="wav",
            options={"c:a": "pcm_s16le"},
            holds=(
                "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8", "pcm_mulaw",
                "pcm_alaw",
            ),
        ),
        ".flac": SoundFormat(container="flac", options={"c:a": "flac"}, holds=("flac",)),
        ".mp3": SoundFormat(
            container="mp3", options={"c:a": "libmp3lame", "b:a": "192k"}, holds=("mp3",)
        ),
        ".m4a": SoundFormat(
            container="ipod", options={"c:a": "aac", "b:a": "192k"}, holds=("aac", "alac")
        ),
        ".ogg": SoundFormat(
            container="ogg",
            options={"c:a": "libvorbis", "q:a": 6},
            holds=("vorbis", "opus", "flac"),
        ),
        ".opus": SoundFormat(
            container="opus", options={"c:a": "libopus", "b:a": "128k"}, holds=("opus",)
        ),
    }
)  # fmt: skip
"""The kinds by suffix."""


def encode_sound(
    sound: Any,
    part: Path,
    container: str,
    options: Mapping[str, Any],
    *,
    subject: object,
    seconds: float,
    folder: Path,
    report: Report,
    cancel: threading.Event | None,
    limits: Limits,
) -> None:
    """Encode a sound of a graph into a file; nothing of the original's tags goes with it.

    Parameters
    ----------
    sound
        The node.
    part
        Where the file goes.
    container, options
        As in `SoundFormat`, and what else the output needs.
    subject
        The file to name in an error.
    seconds
        How long it is to last.
    folder, report, cancel, limits
        As for `workbench.media.outputs.convert`.

    Raises
    ------
    MediaError, Cancelled, StorageFull
        As for `workbench.media.outputs.convert`.
    """
    plain: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
    if container == "ipod":
        plain["movflags"] = "+faststart"
    out = ffmpeg.output(sound, file_url(part), format=container, **plain, **options)
    convert(
        out.get_args(),
        source=subject,
        folder=folder,
        seconds=seconds,
        report=report,
        cancel=cancel,
        limits=limits,
    )
