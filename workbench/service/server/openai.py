"""OpenAI's audio: speech and transcriptions, for clients that speak nothing else.

Bodies and formats are those of its API reference; `refusals` tells errors below ``/v1`` as
``{"error": {"message", "type", "param", "code"}}``.
"""

from __future__ import annotations

import os
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from workbench.errors import FileGone, ParameterError
from workbench.service.server.asking import Asked, Asking, answers, given
from workbench.service.server.incoming import borrowed
from workbench.service.server.sending import stream
from workbench.service.server.speakers import Speaker, named, order, speaker

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["OpenAI"])

_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm; rate=24000; channels=1",
}
_LETTERS = 4096  # OpenAI's limit
_NOTES = "X-Workbench-Notes"
_OWN = ("whisper", "gpt-")  # OpenAI's names of models mean the server's own
_MODEL = {"id": "espeak", "object": "model", "created": 0, "owned_by": "workbench"}
_VOICE = {"id": "en", "name": "English", "language": "en-gb", "gender": "", "engine": "espeak"}
_SAID = {"text": "Hello there."}


class Speech(BaseModel):
    """What is to be said."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(
        default="tts-1",
        description="An engine that is here, such as `espeak`; any other name is the best one "
        "that is here: Kokoro with its weights, else espeak.",
        examples=["espeak"],
    )
    input: str = Field(
        description="OpenAI takes 4,096 letters, this server as many as its own operation.",
        examples=["Hello from the server."],
    )
    voice: str = Field(
        default="",
        description="`engine:voice`, or a name from `/v1/audio/voices`; OpenAI's own names are "
        "taken for the nearest voice.",
        examples=["en-gb"],
    )
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    instructions: str = Field(default="", description="Left aside, and a header says so.")
    stream_format: str = Field(default="audio", description="`audio` only.")


@router.get("/models", responses=answers({"object": "list", "data": [_MODEL]}))
async def models(asked: Asked) -> dict[str, Any]:
    """List the engines, and OpenAI's names that are taken for the ones that are here."""
    names = await asked.runtime.thread(named)
    return {"object": "list", "data": [{**_MODEL, "id": name} for name in names]}


@router.get("/models/{model}", responses=answers(_MODEL))
async def model(asked: Asked, model: str) -> dict[str, Any]:
    """Tell of one of them."""
    if model not in await asked.runtime.thread(named):
        raise FileGone("is no model of this server", subject=model)
    return {**_MODEL, "id": model}


@router.get("/audio/voices", responses=answers({"voices": [_VOICE]}))
async def voices(asked: Asked) -> dict[str, Any]:
    """List the voices by the names that `voice` takes where no engine is named."""
    told = await asked.call("voices", {})
    engines = await asked.runtime.thread(order)
    found: dict[str, dict[str, Any]] = {}
    for engine in engines:
        for one in told["voices"]:
            name = one["name"].removeprefix(f"{engine}:")
            if one["engine"] == engine:  # the first engine that has it is the one that is asked
                found.setdefault(name.lower(), {**one, "id": name, "name": one["label"]})
    return {"voices": [{key: one[key] for key in _VOICE} for one in found.values()]}


@router.post("/audio/speech", response_class=Response, responses=answers(kind="audio/mpeg"))
async def speech(asked: Asked, wanted: Speech) -> Response:
    """Speak a text. The sound is the answer, and is not kept."""
    if wanted.stream_format != "audio":
        raise ParameterError("must be audio", subject="stream_format")
    chosen: Speaker = await asked.runtime.thread(speaker, wanted.model, wanted.voice)
    fields = {
        "text": wanted.input,
        "engine": chosen.engine,
        "voice": chosen.voice,
        "speed": wanted.speed,
    }
    told = await asked.call("speak", fields)
    if wanted.response_format != "wav":
        spoken = told["file_id"]
        try:
            form = {"audio_id": spoken, "format": wanted.response_format}
            told = await asked.call("encode_audio", form)
        finally:
            await asked.runtime.delete(spoken)
    notes = [chosen.note] if chosen.note else []
    if len(wanted.input) > _LETTERS:
        notes.append(f"input is longer than {_LETTERS:,} letters, and was spoken to its end")
    if wanted.instructions:
        notes.append("instructions were left aside: no engine here takes them")
    headers = {_NOTES: "; ".join(notes)} if notes else {}
    return await _once(asked, told["file_id"], headers, _TYPES[wanted.response_format])


async def _once(asked: Asking, file_id: str, headers: dict[str, str], kind: str) -> Response:
    """Send a file that is deleted by then; what is open is read to its end all the same."""

    def opened() -> tuple[BinaryIO, int]:
        file = asked.runtime.store.open(file_id)
        return file, file.seek(0, os.SEEK_END)

    try:
        file, size = await asked.runtime.thread(opened)
    finally:
        await asked.runtime.delete(file_id)
    return stream(asked.runtime, file, 0, size, headers=headers, kind=kind)


@router.post("/audio/transcriptions", responses=answers(_SAID))
async def transcriptions(
    asked: Asked,
    file: Annotated[UploadFile, File(description="A sound or a clip; it is not kept.")],
    model: Annotated[
        str, Form(description="`whisper-1`, or a size of Whisper.", examples=["whisper-1"])
    ] = "whisper-1",
    language: Annotated[
        str | None, Form(description="Absent to find out.", examples=["en"])
    ] = None,
    prompt: Annotated[str, Form(description="Left aside, and a header says so.")] = "",
    response_format: Annotated[
        Literal["json", "text", "srt", "verbose_json", "vtt"], Form()
    ] = "json",
    temperature: Annotated[
        float, Form(ge=0, le=1, description="Left aside: the likeliest words are written.")
    ] = 0.0,
    granularities: Annotated[
        list[Literal["word", "segment"]] | None, Form(alias="timestamp_granularities[]")
    ] = None,
) -> Any:
    """Write down what is said in a recording."""
    own = model.startswith(_OWN)
    async with borrowed(asked, file) as file_id:
        fields = {"audio_id": file_id, "language": language, "model": None if own else model}
        told = await asked.call("transcribe", given(fields))
    left = [name for name, value in (("prompt", prompt), ("temperature", temperature)) if value]
    headers = {_NOTES: f"{' and '.join(left)} left aside"} if left else None
    if response_format in {"srt", "vtt"}:
        text = await asked.runtime.thread(_captions, told, response_format)
        return PlainTextResponse(text, headers=headers)
    if response_format == "text":
        return PlainTextResponse(f"{told['transcription']}\n", headers=headers)
    body = {"text": told["transcription"]}
    if response_format == "verbose_json":
        body = _verbose(told, granularities or ["segment"])
    from fastapi.responses import JSONResponse

    return JSONResponse(body, headers=headers)


def _verbose(told: dict[str, Any], granularities: list[Any]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": told["language"],
        "duration": told["duration"],
        "text": told["transcription"],
    }
    if "segment" in granularities:
        # What a segment has beyond its text and times is not told here; clients expect numbers.
        unknown = {"seek": 0, "tokens": [], "temperature": 0.0, "avg_logprob": 0.0,
                   "compression_ratio": 1.0, "no_speech_prob": 0.0}  # fmt: skip
        body["segments"] = [{"id": n, **one, **unknown} for n, one in enumerate(told["segments"])]
    if "word" in granularities:
        body["words"] = [
            {"word": one["text"], "start": one["start"], "end": one["end"]} for one in told["words"]
        ]
    return body


def _captions(told: dict[str, Any], form: str) -> str:
    from workbench.captions.cues import Cues, caption
    from workbench.timing import Transcript, Word

    words = tuple(Word(**word) for word in told["words"])
    cues = Cues(cues=(), language=told["language"])
    if words:
        cues = caption(Transcript(words=words, language=told["language"]))
    return cues.to_srt() if form == "srt" else cues.to_vtt()
