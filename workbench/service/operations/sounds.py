"""Sounds put together, made longer, and made of bare samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from workbench.errors import MediaError
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.waves import write_wav
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from workbench.audio import Audio
    from workbench.storage.store import Store

__all__ = ["OPERATIONS"]

_WAV = ("audio", ".wav")
_CROSSFADE = 1.0  # seconds at the seam of a sound that is repeated
_KEPT = 0.1  # seconds of silence that stay at each end of a sound


class _Merge(Parameters):
    audio_ids: list[str] = Field(min_length=1, max_length=1000)
    pause: float = Field(default=0.5, ge=0, le=3600)


class _Extend(Parameters):
    audio_id: str
    duration_minutes: float = Field(ge=10, le=180)


class _Trim(Parameters):
    audio_id: str
    pause_threshold: float = Field(default=0.5, ge=0.02, le=60)


class _Pcm(Parameters):
    pcm_id: str
    sample_rate: int = Field(default=24_000, ge=1000, le=384_000)
    channels: int = Field(default=1, ge=1, le=8)
    target_sample_rate: int = Field(default=44_100, ge=1000, le=384_000)


def _sounding(store: Store, *ids: str) -> None:
    for file_id in ids:
        store.stat(file_id)
        if FileId.parse(file_id).type == "image":
            raise MediaError("is a picture, and has no sound", subject=file_id)


def _read(context: Context, file_id: str) -> Audio:
    from workbench.media.sounds import read_sound

    with context.store.reading(file_id) as path:
        return read_sound(path)


def _written(context: Context, sound: Audio) -> dict[str, Any]:
    assert context.output is not None  # noqa: S101 - the operation has one
    with context.store.writing(context.output) as path:
        write_wav(path, sound)
    return {"duration": round(sound.duration, 6)}


def _merge(asked: _Merge, context: Context) -> dict[str, Any]:
    from workbench.media.sounds import join

    parts = []
    for number, file_id in enumerate(asked.audio_ids):
        context.progress(number / (len(asked.audio_ids) + 1))
        parts.append(_read(context, file_id))
    return _written(context, join(parts, pause=asked.pause))


def _trim(asked: _Trim, context: Context) -> dict[str, Any]:
    from workbench.media.sounds import trim_silence

    sound = _read(context, asked.audio_id)
    context.progress(0.5)
    return _written(context, trim_silence(sound, keep=_KEPT, inside=asked.pause_threshold))


def _extend(asked: _Extend, context: Context) -> dict[str, Any]:
    from workbench.media.ffmpeg import encode
    from workbench.media.sounds import join

    sound = _read(context, asked.audio_id)
    seconds = asked.duration_minutes * 60
    fade = min(_CROSSFADE, sound.duration / 4)
    # The end goes over into the beginning, so that no repetition is heard to begin.
    head, rest = sound.cut(0, fade), sound.cut(fade, sound.duration)
    seamless = join([rest, head], crossfade=fade) if fade else sound
    assert context.output is not None  # noqa: S101 - the operation has one
    with context.store.scratch() as folder, context.store.writing(context.output) as path:
        write_wav(folder / "once.wav", seamless)
        arguments = ["-stream_loop", "-1", "-f", "wav", "-i", "file:once.wav", "-t", f"{seconds:g}"]
        encode(
            [*arguments, "-c:a", "libmp3lame", "-b:a", "192k", f"file:{path.absolute()}"],
            folder=folder,
            limit=600 + seconds,
            on_time=lambda done: context.progress(min(1.0, done / seconds)),
            cancel=context.cancel,
        )
    return {"duration": seconds}


def _pcm(asked: _Pcm, context: Context) -> dict[str, Any]:
    from workbench.media.extract_sound import pcm_to_wav

    assert context.output is not None  # noqa: S101 - the operation has one
    with (
        context.store.reading(asked.pcm_id) as source,
        context.store.scratch() as folder,
        context.store.writing(context.output) as path,
    ):
        made = pcm_to_wav(
            source,
            folder / "made.wav",
            rate=asked.sample_rate,
            channels=asked.channels,
            target_rate=asked.target_sample_rate,
            target_channels=2,
            progress=context.progress,
            cancel=context.cancel,
        )
        (folder / "made.wav").replace(path)
    return {"duration": made.duration}


OPERATIONS = (
    Operation(
        name="merge_audio",
        parameters=_Merge,
        run=_merge,
        check=lambda asked, store: _sounding(store, *asked.audio_ids),
        output=_WAV,
    ),
    Operation(
        name="trim_pauses",
        parameters=_Trim,
        run=_trim,
        check=lambda asked, store: _sounding(store, asked.audio_id),
        output=_WAV,
    ),
    Operation(
        name="extend_audio",
        parameters=_Extend,
        run=_extend,
        check=lambda asked, store: _sounding(store, asked.audio_id),
        output=("audio", ".mp3"),
    ),
    Operation(
        name="pcm_to_wav",
        parameters=_Pcm,
        run=_pcm,
        check=lambda asked, store: _sounding(store, asked.pcm_id),
        output=_WAV,
    ),
)
