"""Sound: written down, put together, cut, told of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, UploadFile

from workbench.errors import MediaError
from workbench.service.server.asking import (
    Asked,
    Key,
    Running,
    answers,
    is_sent,
    listed,
    missing,
    submit,
)
from workbench.service.server.incoming import borrowed
from workbench.storage.ids import FileId

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/media/audio-tools", tags=["audio"])

_ID = "audio_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.wav"
AudioId = Annotated[str, Form(description="A sound of the store.", examples=[_ID])]
_MADE = {"file_id": _ID}
_PIECE = {"text": "Hello there.", "start": 0.05, "end": 0.9}
_HEARD = {
    "transcription": "Hello there.",
    "duration": 1.2,
    "language": "en",
    "segments": [_PIECE],
    "words": [{"text": "Hello", "start": 0.05, "end": 0.4}],
}
_INFO = {
    "kind": "audio",
    "format": "wav",
    "size": 48_044,
    "duration": 1.0,
    "channels": 1,
    "sample_rate": "24000",
    "codec": "pcm_s16le",
    "bitrate": "384000",
    "rate": 24_000,
    "bit_rate": 384_000,
}


@router.post("/transcribe", responses=answers(_HEARD))
async def transcribe(
    asked: Asked,
    audio_file: Annotated[UploadFile | None, File(description="A sound or a clip.")] = None,
    language: Annotated[
        str | None, Form(description="Absent to find out.", examples=["en"])
    ] = None,
    audio_id: Annotated[
        str | None, Form(description="Or a sound of the store.", examples=[_ID])
    ] = None,
    model: Annotated[str | None, Form(description="Of Whisper.", examples=["small"])] = None,
) -> dict[str, Any]:
    """Write down what is said. The answer comes when that is done; the file is not kept."""
    fields = {"language": language, "model": model}
    if audio_file is not None and is_sent(audio_file):
        async with borrowed(asked, audio_file) as file_id:
            return await asked.call("transcribe", {**fields, "audio_id": file_id})
    if not audio_id:
        raise missing("audio_file")
    return await asked.call("transcribe", {**fields, "audio_id": audio_id})


@router.post("/align-script", responses=answers({"segments": [_PIECE]}))
async def align_script(
    asked: Asked,
    audio_id: AudioId,
    script: Annotated[str, Form(description="What is said in it.", examples=["Hello there."])],
    mode: Annotated[
        Literal["word", "sentence", "sentence_punc", "fixed_words", "max_chars"],
        Form(description="What a segment is."),
    ] = "sentence",
    limit: Annotated[int | None, Form(description="Words or letters of a segment.")] = None,
    lang_code: Annotated[str, Form(description="ISO 639-3.")] = "eng",
) -> dict[str, Any]:
    """Say when each piece of a script is said. The answer comes when that is done."""
    fields = {
        "audio_id": audio_id,
        "script": script,
        "mode": mode,
        "limit": limit,
        "lang_code": lang_code,
    }
    return await asked.call("align", fields)


@router.post("/merge", responses=answers(_MADE))
async def merge(
    runtime: Running,
    key: Key,
    audio_ids: Annotated[
        str, Form(description="Ids, separated by commas.", examples=[f"{_ID},{_ID}"])
    ],
    pause: Annotated[float, Form(description="Seconds between two.")] = 0.5,
) -> dict[str, str]:
    """Put sounds one after the other."""
    fields = {"audio_ids": listed(audio_ids), "pause": pause}
    return await submit(runtime, "merge_audio", fields, key)


@router.post("/extend-audio", responses=answers({"file_id": _ID.replace(".wav", ".mp3")}))
async def extend_audio(
    runtime: Running,
    key: Key,
    audio_id: AudioId,
    duration_minutes: Annotated[float, Form(ge=10, le=180, examples=[30])],
) -> dict[str, str]:
    """Repeat a sound, without a seam, until it lasts so long; the result is an MP3."""
    fields = {"audio_id": audio_id, "duration_minutes": duration_minutes}
    return await submit(runtime, "extend_audio", fields, key)


@router.post("/trim-pauses", responses=answers(_MADE))
async def trim_pauses(
    runtime: Running,
    key: Key,
    audio_id: AudioId,
    pause_threshold: Annotated[float, Form(description="Seconds that a pause may last.")] = 0.5,
) -> dict[str, str]:
    """Shorten the pauses that are longer; where they are is heard, so no script is needed."""
    fields = {"audio_id": audio_id, "pause_threshold": pause_threshold}
    return await submit(runtime, "trim_pauses", fields, key)


@router.get("/info/{file_id}", responses=answers(_INFO))
async def info(asked: Asked, file_id: str) -> dict[str, Any]:
    """Say what a sound is; of a file that is none the older server said ``{}``, and 200."""
    name = FileId.parse(file_id)
    if name.type != "audio":
        await asked.runtime.thread(asked.runtime.store.stat, name)
        raise MediaError(
            "is no sound file", subject=file_id, cure="ask video-tools/info what a video is"
        )
    return await asked.call("info", {"file_id": file_id})
