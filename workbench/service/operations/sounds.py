"""Sounds put together, made longer, and made of bare samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from workbench.errors import MediaError, MediaTooLarge, ParameterError
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.inputs import there, writing
from workbench.service.operations.waves import HEAD, MOST, Wave, write_wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from workbench.media.probe import AudioStream
    from workbench.storage.store import Store

__all__ = ["OPERATIONS", "looped"]

_WAV = ("audio", ".wav")
_CROSSFADE = 1.0  # seconds at the seam of a sound that is repeated, and at the end of the last
_PIECE = 1 << 16  # frames
_HELD = 200_000_000  # samples that are held at once, 0.8 GB
_PCM = ".pcm"
_SAMPLE = 2  # bytes


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
    """Refuse what is no sound and no video.

    Raises
    ------
    ParameterError, FileGone, MediaError
        As `there`, or when it is bare samples, whose rate nobody knows.
    """
    for file_id in ids:
        file = there(store, file_id, "audio", "video")
        if file.id.endswith(_PCM):
            raise MediaError(
                "is bare samples, whose rate nobody knows",
                subject=file.id,
                cure="make a WAV of it first: pcm_to_wav",
            )


# -- one after the other --------------------------------------------------------------------------


def _merge(asked: _Merge, context: Context) -> dict[str, Any]:
    """Write sounds one after the other, at the best of their rates, in as many channels as any."""
    from workbench.media.recording import stream_sound

    streams = _streams(asked, context)
    rate = max(one.rate for one in streams)
    channels = min(max(one.channels for one in streams), 2)
    with writing(context) as path, Wave(path, rate, channels) as file:
        for number, file_id in enumerate(asked.audio_ids):
            context.progress(number / len(asked.audio_ids))
            if number:
                file.pause(asked.pause)
            with context.store.reading(file_id) as source:
                file.pour(stream_sound(source, cancel=context.cancel))
        context.progress(1.0)
    return {"duration": round(file.duration, 6)}


def _streams(asked: _Merge, context: Context) -> list[AudioStream]:
    """Return the sound of each file as its header tells it.

    Raises
    ------
    MediaError
        When one has none.
    MediaTooLarge
        When together they are more than a WAV file holds.
    """
    from workbench.media.probe import probe

    found: dict[str, AudioStream] = {}
    lengths: dict[str, float] = {}
    for file_id in dict.fromkeys(asked.audio_ids):
        with context.store.reading(file_id) as path:
            info = probe(path)
        if info.audio is None:
            raise MediaError("has no sound", subject=file_id)
        found[file_id], lengths[file_id] = info.audio, info.duration or 0.0
    streams = [found[file_id] for file_id in asked.audio_ids]
    seconds = sum(lengths[file_id] for file_id in asked.audio_ids)
    seconds += asked.pause * (len(streams) - 1)
    block = _SAMPLE * min(max(one.channels for one in streams), 2)
    if seconds * max(one.rate for one in streams) * block > MOST:
        raise MediaTooLarge(
            f"last {seconds:,.0f} s, more than a WAV file holds",
            subject="audio_ids",
            cure="merge fewer of them",
        )
    return streams


# -- shorter pauses -------------------------------------------------------------------------------


def _trim(asked: _Trim, context: Context) -> dict[str, Any]:
    """Write a sound whose pauses, and the silence at its ends, are no longer than they may be."""
    from workbench.media.probe import probe
    from workbench.media.sounds import read_sound, trim_silence

    with context.store.reading(asked.audio_id) as path:
        info = probe(path)
        if info.audio is not None:
            samples = (info.duration or 0.0) * info.audio.rate * min(info.audio.channels, 2)
            if samples > _HELD:
                raise MediaTooLarge(
                    f"lasts {info.duration:,.0f} s, more than is looked through at once",
                    subject=asked.audio_id,
                    cure="cut it into parts",
                )
        sound = read_sound(path, cancel=context.cancel)
    context.progress(0.5)
    longest = asked.pause_threshold
    trimmed = trim_silence(sound, keep=longest, inside=longest)
    context.progress(0.8)
    with writing(context) as path:
        write_wav(path, trimmed)
        context.progress(1.0)
    return {"duration": round(trimmed.duration, 6)}


# -- longer ---------------------------------------------------------------------------------------


def _extend(asked: _Extend, context: Context) -> dict[str, Any]:
    """Write a sound again and again; on its way it lies on disk, however long it is."""
    from workbench.media.ffmpeg import encode
    from workbench.media.recording import stream_sound

    seconds = asked.duration_minutes * 60
    with context.store.scratch() as folder, writing(context) as path:
        once = folder / "once.wav"
        with context.store.reading(asked.audio_id) as source:
            rate, channels = _poured(stream_sound(source, cancel=context.cancel), once)
        samples = np.memmap(once, "<i2", "r", offset=HEAD).reshape(-1, channels)
        frames = round(seconds * rate)
        arguments = ["-f", "s16le", "-ar", str(rate), "-ac", str(channels), "-i", "pipe:0"]
        encode(
            [*arguments, "-c:a", "libmp3lame", "-b:a", "192k", f"file:{path.absolute()}"],
            looped(samples, frames, round(_CROSSFADE * rate)),
            folder=folder,
            limit=600 + seconds,
            on_frame=lambda count: context.progress(min(0.99, count * _PIECE / frames)),
            cancel=context.cancel,
        )
    context.progress(1.0)
    return {"duration": seconds}


def _poured(pieces: Iterator[Any], path: Path) -> tuple[int, int]:
    first = next(pieces)
    with Wave(path, first.rate, first.channels) as file:
        file.add(first)
        file.pour(pieces)
    return first.rate, first.channels


def looped(samples: NDArray[np.int16], frames: int, fade: int) -> Iterator[bytes]:
    """Yield a sound from its beginning, again and again, until there are so many frames.

    Its end goes over into its beginning, so that no repetition is heard to begin, and the last
    one fades out.

    Parameters
    ----------
    samples
        Shape ``(frames, channels)``.
    frames
        How many are wanted.
    fade
        Frames of the crossfade, if the sound is four times as long; else a quarter of it.

    Examples
    --------
    >>> tone = np.full((8, 1), 1000, np.int16)
    >>> [int(v) for piece in looped(tone, 12, 2) for v in np.frombuffer(piece, "<i2")]
    [1000, 1000, 1000, 1000, 1000, 1000, 1307, 1307, 1000, 1000, 924, 383]
    """
    fade = min(fade, len(samples) // 4)
    left = frames
    for turn in _turns(samples, fade):
        for first in range(0, len(turn), _PIECE):
            part = turn[first : first + _PIECE][:left]
            left -= len(part)
            yield (_faded(part, left, fade) if left < fade else part).astype("<i2").tobytes()
            if not left:
                return


def _turns(samples: NDArray[np.int16], fade: int) -> Iterator[NDArray[np.int16]]:
    """Yield what comes after what, for ever."""
    body = len(samples) - fade
    # Equal power: two stretches of a sound have nothing to do with each other.
    rise = np.sin((np.arange(fade) + 0.5) / max(fade, 1) * np.pi / 2)[:, np.newaxis]
    turn = [_whole(samples[body:] * rise[::-1] + samples[:fade] * rise), samples[fade:body]]
    if body < _PIECE:  # a click of a few samples is not written one by one
        turn = [np.tile(np.concatenate(turn), (_PIECE // body + 1, 1))]
    yield samples[:body]
    while True:
        yield from turn


def _faded(part: NDArray[np.int16], left: int, fade: int) -> NDArray[np.int16]:
    """Return the part of the end that is `left` frames before it, faded out."""
    before = left + np.arange(len(part))[::-1] + 0.5  # frames to the end
    gain = np.sin(np.minimum(before / fade, 1.0) * np.pi / 2)[:, np.newaxis]
    return _whole(part * gain)


def _whole(samples: Any) -> NDArray[np.int16]:
    found: NDArray[np.int16] = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
    return found


# -- bare samples ---------------------------------------------------------------------------------


def _check_pcm(asked: _Pcm, store: Store) -> None:
    file = there(store, asked.pcm_id, "audio")
    if not file.id.endswith(_PCM):
        raise MediaError(
            "is no bare samples: it says itself what it is",
            subject=file.id,
            cure="it needs no conversion; samples are sent as audio under a name ending in .pcm",
        )
    block = _SAMPLE * asked.channels
    if file.size == 0 or file.size % block:
        raise ParameterError(
            f"{file.size:,} bytes are not whole frames of {asked.channels} channels in 16 bit",
            subject=file.id,
        )


def _pcm(asked: _Pcm, context: Context) -> dict[str, Any]:
    from workbench.media.extract_sound import pcm_to_wav

    _check_pcm(asked, context.store)
    with (
        context.store.reading(asked.pcm_id) as source,
        context.store.scratch() as folder,
        writing(context) as path,
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
        check=_check_pcm,
        output=_WAV,
    ),
)
