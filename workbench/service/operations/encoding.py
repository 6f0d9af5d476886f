"""A sound as another kind of file, for clients that ask for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import MediaError
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from workbench.storage.store import Store

__all__ = ["OPERATIONS"]

_RATE = "24000"  # Hz: what OpenAI calls pcm is 16 bit, one channel, at this rate
_SECONDS = 1200.0
_HOW = {
    "mp3": (".mp3", ["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"]),
    "opus": (".opus", ["-c:a", "libopus", "-b:a", "64k", "-f", "ogg"]),
    "aac": (".aac", ["-c:a", "aac", "-b:a", "128k", "-f", "adts"]),
    "flac": (".flac", ["-c:a", "flac", "-sample_fmt", "s16", "-f", "flac"]),
    "wav": (".wav", ["-c:a", "pcm_s16le", "-f", "wav"]),
    "pcm": (".pcm", ["-c:a", "pcm_s16le", "-ar", _RATE, "-f", "s16le"]),
}


class _Encode(Parameters):
    audio_id: str
    format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]


def _check(asked: _Encode, store: Store) -> None:
    store.stat(asked.audio_id)
    if FileId.parse(asked.audio_id).type == "image":
        raise MediaError("is a picture, and has no sound", subject=asked.audio_id)


def _encode(asked: _Encode, context: Context) -> dict[str, Any]:
    """Write the sound of a file, in one channel."""
    from workbench.media.ffmpeg import encode

    suffix, how = _HOW[asked.format]
    with context.store.reading(asked.audio_id) as path, context.store.scratch() as folder:
        made = folder / f"made{suffix}"
        encode(
            ["-i", f"file:{path.absolute()}", "-vn", "-ac", "1", *how, f"file:{made.name}"],
            folder=folder,
            limit=_SECONDS,
            cancel=context.cancel,
        )
        context.progress(0.9)
        kept = context.store.put(made, type="audio", name=made.name)
    return {"file_id": kept.id, "size": kept.size}


OPERATIONS = (
    Operation(name="encode_audio", parameters=_Encode, run=_encode, check=_check, quick=True),
)
