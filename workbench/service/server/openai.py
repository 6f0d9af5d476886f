"""OpenAI's audio: speech and transcriptions, for clients that speak nothing else.

The shapes are those of its API reference: bodies, formats, and errors as
``{"error": {"message", "type", "param", "code"}}``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from workbench.errors import ModelError, ParameterError, WorkbenchError
from workbench.service.server.asking import Running
from workbench.service.server.audio import heard
from workbench.service.server.refusals import status_of

if TYPE_CHECKING:
    from workbench.audio import Audio

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["OpenAI"])

_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_PCM_RATE = 24_000  # what OpenAI's pcm is: 16 bit, mono
_LETTERS = 100_000
_THEIRS = {"alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"}


class Speech(BaseModel):
    """What is to be said."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(
        default="tts-1",
        description="An engine that is here, such as `espeak`; another name for the default one.",
        examples=["espeak"],
    )
    input: str = Field(max_length=_LETTERS, examples=["Hello from the server."])
    voice: str = Field(default="", description="`engine:voice`, or a voice of the engine.")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    instructions: str = Field(default="", description="Taken, and left aside.")


@router.get("/models")
async def models() -> dict[str, Any]:
    """List the engines and the recognisers."""
    from workbench.engines.registry import engines, transcribers

    names = [name for name in (*engines(), *transcribers()) if name != "remote"]
    listed = [{"id": name, "object": "model", "owned_by": "workbench"} for name in names]
    return {"object": "list", "data": listed}


@router.get("/audio/voices")
async def voices(runtime: Running) -> dict[str, Any]:
    """List the voices, as `engine:voice`."""
    told = await runtime.call("voices", {})
    return {
        "voices": [
            {"id": one["name"], "name": one["label"], "language": one["language"]}
            for one in told["voices"]
        ]
    }


@router.post("/audio/speech", response_class=Response)
async def speech(runtime: Running, asked: Speech) -> Response:
    """Speak a text. The sound is the answer, and is not kept."""
    try:
        engine, voice = await runtime.thread(_voice, asked)
        fields = {"text": asked.input, "engine": engine, "voice": voice, "speed": asked.speed}
        told = await runtime.call("speak", fields, seconds=3600)
        try:
            sound = await runtime.thread(runtime.store.get, told["file_id"])
        finally:
            await runtime.delete(told["file_id"])
        data = await runtime.thread(_encoded, sound, asked.response_format)
    except WorkbenchError as error:
        return _refused(error)
    return Response(data, media_type=_TYPES[asked.response_format])


def _voice(asked: Speech) -> tuple[str, str | None]:
    """Return the engine and the voice that a request means.

    A client that knows only OpenAI's names gets the default engine with its own voice: Kokoro
    where its weights are here, else espeak.
    """
    from workbench.engines.registry import engine, engines

    if ":" in asked.voice:
        name, _, voice = asked.voice.partition(":")
        return name, voice
    name = asked.model if asked.model in engines() and asked.model != "remote" else _default()
    if not asked.voice:
        return name, None
    try:
        engine(name).find_voice(asked.voice)
    except ModelError:
        if asked.voice.lower() in _THEIRS:
            return name, None
        raise
    return name, asked.voice


def _default() -> str:
    from workbench.engines.registry import engine
    from workbench.engines.weights import find_model, state

    try:
        engine("kokoro")
    except ModelError:
        return "espeak"
    return "kokoro" if state(find_model("kokoro")).state == "ready" else "espeak"


def _encoded(wav: bytes, form: str) -> bytes:
    """Return a WAV as another format."""
    if form == "wav":
        return wav
    import soundfile

    from workbench.audio import Audio

    samples, rate = soundfile.read(io.BytesIO(wav), dtype="float32", always_2d=True)
    sound = Audio(samples=samples, rate=rate)
    if form == "pcm":
        return _pcm(sound.mono().resample(_PCM_RATE))
    return sound.encode(f".{form}") if form in {"mp3", "flac"} else _by_ffmpeg(wav, form)


def _pcm(sound: Audio) -> bytes:
    import numpy as np

    clipped = np.clip(sound.samples, -1, 1) * 32_767
    return np.rint(clipped).astype("<i2").tobytes()


def _by_ffmpeg(wav: bytes, form: str) -> bytes:
    from workbench.media.ffmpeg import encode
    from workbench.storage.atomic import workspace

    container, coder = {"opus": ("ogg", "libopus"), "aac": ("adts", "aac")}[form]
    with workspace() as folder:
        (folder / "in.wav").write_bytes(wav)
        arguments = ["-f", "wav", "-i", "file:in.wav", "-c:a", coder, "-b:a", "96k"]
        encode([*arguments, "-f", container, "file:out"], folder=folder, limit=300)
        return (folder / "out").read_bytes()


@router.post("/audio/transcriptions")
async def transcriptions(
    runtime: Running,
    file: Annotated[UploadFile, Form()],
    model: Annotated[str, Form(examples=["whisper-1"])] = "whisper-1",
    language: Annotated[str | None, Form()] = None,
    prompt: Annotated[str, Form(description="Taken, and left aside.")] = "",  # noqa: ARG001
    response_format: Annotated[
        Literal["json", "text", "srt", "verbose_json", "vtt"], Form()
    ] = "json",
    temperature: Annotated[float, Form(ge=0, le=1)] = 0.0,  # noqa: ARG001 - of the model's own
) -> Any:
    """Write down what is said in a recording, which is not kept."""
    fields: dict[str, Any] = {} if language in {None, ""} else {"language": language}
    if not model.startswith(("whisper-1", "gpt-")):  # OpenAI's names mean the server's own model
        fields["model"] = model
    try:
        told = await heard(runtime, file, fields)
    except WorkbenchError as error:
        return _refused(error)
    if response_format == "json":
        return {"text": told["transcription"]}
    if response_format == "text":
        return PlainTextResponse(told["transcription"] + "\n")
    if response_format == "verbose_json":
        words = [{"word": w["text"], "start": w["start"], "end": w["end"]} for w in told["words"]]
        segments = [{"id": n, **one} for n, one in enumerate(told["segments"])]
        return {
            "task": "transcribe",
            "language": told["language"],
            "duration": told["duration"],
            "text": told["transcription"],
            "words": words,
            "segments": segments,
        }
    return PlainTextResponse(_captions(told, response_format))


def _captions(told: dict[str, Any], form: str) -> str:
    from workbench.captions.cues import caption
    from workbench.timing import Transcript, Word

    words = tuple(Word(**word) for word in told["words"])
    if not words:
        return "" if form == "srt" else "WEBVTT\n"
    cues = caption(Transcript(words=words, language=told["language"]))
    return cues.to_srt() if form == "srt" else cues.to_vtt()


def _refused(error: WorkbenchError) -> JSONResponse:
    status = status_of(error)
    kind = "invalid_request_error" if status < 500 else "server_error"  # noqa: PLR2004
    param = error.subject if isinstance(error, ParameterError) else None
    told = {"message": str(error), "type": kind, "param": param, "code": error.code}
    return JSONResponse({"error": told}, status)
