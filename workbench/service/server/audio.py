"""Speech and sound."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, UploadFile

from workbench.errors import ParameterError
from workbench.service.server.asking import Key, Running, given, submit
from workbench.service.server.storage import take
from workbench.storage.ids import FileId

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/media/audio-tools", tags=["audio"])

_LONG = 3600.0  # seconds in which an operation that answers when it is done may do so
_SAMPLES = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".opus", ".aiff", ".aac")

Text = Annotated[str, Form(description="What to say.", examples=["Hello from the server."])]
AudioId = Annotated[str, Form(description="A sound of the store.")]


@router.get("/voices")
async def voices(
    runtime: Running, engine: str | None = None, language: str | None = None
) -> dict[str, Any]:
    """List the voices of every engine that is here, or of one."""
    told: dict[str, Any] = await runtime.call(
        "voices", given({"engine": engine, "language": language})
    )
    return told


@router.get("/tts/kokoro/voices")
async def kokoro_voices(runtime: Running) -> dict[str, Any]:
    """List the names of Kokoro's voices."""
    told: dict[str, Any] = await runtime.call("kokoro_voices", {})
    return told


@router.get("/tts/chatterbox/languages")
async def chatterbox_languages(runtime: Running) -> dict[str, Any]:
    """List the languages that Chatterbox speaks."""
    told: dict[str, Any] = await runtime.call("chatterbox_languages", {})
    return told


@router.post("/tts")
async def tts(
    runtime: Running,
    key: Key,
    text: Text,
    engine: Annotated[str, Form(examples=["espeak"])] = "kokoro",
    voice: Annotated[str | None, Form(examples=["en-gb"])] = None,
    speed: Annotated[float | None, Form(description="1 is the voice's own.")] = None,
    options: Annotated[
        str, Form(description="The engine's options as JSON.", examples=['{"pitch": 60}'])
    ] = "",
    sample_audio_id: Annotated[str | None, Form(description="A voice to clone.")] = None,
    consent: Annotated[
        str, Form(description="JSON: who the cloned voice is, and the purpose they agreed to.")
    ] = "",
    language: Annotated[str | None, Form()] = None,
    seed: Annotated[int | None, Form()] = None,
    chunk_chars: Annotated[int | None, Form()] = None,
    chunk_silence_ms: Annotated[int | None, Form()] = None,
    cache: Annotated[bool, Form(description="Whether what was spoken before is used.")] = True,
) -> dict[str, str]:
    """Speak a text with any engine that is here."""
    fields = {
        "text": text,
        "engine": engine,
        "voice": voice,
        "speed": speed,
        "options": _mapping("options", options),
        "sample_id": sample_audio_id,
        "consent": _mapping("consent", consent),
        "language": language,
        "seed": seed,
        "chunk_chars": chunk_chars,
        "chunk_silence_ms": chunk_silence_ms,
        "cache": cache,
    }
    return await submit(runtime, "speak", fields, key)


@router.post("/tts/kokoro")
async def kokoro(
    runtime: Running,
    key: Key,
    text: Text,
    voice: Annotated[str | None, Form(examples=["af_heart"])] = None,
    speed: Annotated[float | None, Form(description="0.5 to 2; absent or 0 for 1.")] = None,
) -> dict[str, str]:
    """Speak a text with Kokoro, with the voice ``af_heart`` where none is named."""
    fields = {"text": text, "engine": "kokoro", "voice": voice, "speed": speed}
    return await submit(runtime, "speak", fields, key)


@router.post("/tts/chatterbox")
async def chatterbox(
    runtime: Running,
    key: Key,
    text: Text,
    sample_audio_id: Annotated[str | None, Form(description="A voice to clone.")] = None,
    sample_audio_file: Annotated[
        UploadFile | None, Form(description="It wins over the id.")
    ] = None,
    exaggeration: Annotated[float, Form()] = 0.5,
    cfg_weight: Annotated[float, Form()] = 0.5,
    temperature: Annotated[float, Form()] = 0.8,
    chunk_chars: Annotated[int, Form(description="At most 300 are spoken in one go.")] = 1024,
    chunk_silence_ms: Annotated[int, Form()] = 350,
    language: Annotated[str, Form()] = "en",
    consent: Annotated[
        str, Form(description="JSON: who the cloned voice is, and the purpose they agreed to.")
    ] = "",
) -> dict[str, str]:
    """Speak a text with Chatterbox, in a voice of yours if you send a sample of it."""
    sample = sample_audio_id
    if sample_audio_file is not None and sample_audio_file.filename:
        if not sample_audio_file.filename.lower().endswith(_SAMPLES):
            raise ParameterError(
                "is no sound", subject="sample_audio_file", cure=f"send {', '.join(_SAMPLES)}"
            )
        part = await take(runtime, sample_audio_file)
        told = await runtime.call("adopt", {"part": part, "media_type": "audio"})
        sample = told["file_id"]
    fields = {
        "text": text,
        "engine": "chatterbox",
        "sample_id": sample,
        "options": {
            "exaggeration": exaggeration,
            "cfg_weight": cfg_weight,
            "temperature": temperature,
        },
        "chunk_chars": chunk_chars,
        "chunk_silence_ms": chunk_silence_ms,
        "language": language,
        "consent": _mapping("consent", consent),
    }
    return await submit(runtime, "speak", fields, key)


@router.post("/transcribe")
async def transcribe(
    runtime: Running,
    audio_file: Annotated[UploadFile | None, Form(description="A sound or a clip.")] = None,
    audio_id: Annotated[str | None, Form(description="Or one that is in the store.")] = None,
    language: Annotated[str | None, Form(examples=["en"])] = None,
    model: Annotated[str | None, Form(examples=["small"])] = None,
) -> dict[str, Any]:
    """Write down what is said. The answer comes when that is done."""
    fields = {"language": language, "model": model}
    if audio_file is not None and (audio_file.filename or audio_file.size):
        return await heard(runtime, audio_file, given(fields))
    if not audio_id:
        raise ParameterError("no sound was sent", subject="audio_file", cure="send one")
    told: dict[str, Any] = await runtime.call(
        "transcribe", given({**fields, "audio_id": audio_id}), seconds=_LONG
    )
    return told


async def heard(runtime: Any, file: UploadFile, fields: dict[str, Any]) -> dict[str, Any]:
    """Return what is heard in a file that was sent, which is not kept."""
    part = await take(runtime, file)
    kept = await runtime.call("adopt", {"part": part, "name": (file.filename or "")[-1000:]})
    try:
        told: dict[str, Any] = await runtime.call(
            "transcribe", {**fields, "audio_id": kept["file_id"]}, seconds=_LONG
        )
        return told
    finally:
        await runtime.delete(kept["file_id"])


@router.post("/align-script")
async def align_script(
    runtime: Running,
    audio_id: AudioId,
    script: Annotated[str, Form(description="What is said in it.")],
    mode: Annotated[
        Literal["word", "sentence", "sentence_punc", "fixed_words", "max_chars"], Form()
    ] = "sentence",
    limit: Annotated[int | None, Form(description="Words or letters of a piece.")] = None,
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
    told: dict[str, Any] = await runtime.call("align", given(fields), seconds=_LONG)
    return told


@router.post("/merge")
async def merge(
    runtime: Running,
    key: Key,
    audio_ids: Annotated[str, Form(description="Ids, separated by commas.")],
    pause: Annotated[float, Form(description="Seconds between two.")] = 0.5,
) -> dict[str, str]:
    """Put sounds one after the other."""
    ids = [one.strip() for one in audio_ids.split(",") if one.strip()]
    return await submit(runtime, "merge_audio", {"audio_ids": ids, "pause": pause}, key)


@router.post("/extend-audio")
async def extend_audio(
    runtime: Running,
    key: Key,
    audio_id: AudioId,
    duration_minutes: Annotated[float, Form(description="10 to 180.")],
) -> dict[str, str]:
    """Repeat a sound, without a seam, until it lasts so long; the result is an MP3."""
    fields = {"audio_id": audio_id, "duration_minutes": duration_minutes}
    return await submit(runtime, "extend_audio", fields, key)


@router.post("/trim-pauses")
async def trim_pauses(
    runtime: Running,
    key: Key,
    audio_id: AudioId,
    pause_threshold: Annotated[float, Form(description="Seconds that a pause may last.")] = 0.5,
) -> dict[str, str]:
    """Shorten the pauses that are longer."""
    fields = {"audio_id": audio_id, "pause_threshold": pause_threshold}
    return await submit(runtime, "trim_pauses", fields, key)


@router.get("/info/{file_id}")
async def info(runtime: Running, file_id: str) -> dict[str, Any]:
    """Say what a sound is."""
    told: dict[str, Any] = await runtime.call("info", {"file_id": str(FileId.parse(file_id))})
    return told


def _mapping(name: str, text: str) -> dict[str, Any] | None:
    """Return the mapping that a field holds as JSON, None for an empty one."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ParameterError("must be a JSON object", subject=name, cure='such as {"pitch": 60}')
    return found
