"""Speech, and the voices it can have."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile

from workbench.errors import ParameterError, WorkbenchError
from workbench.service.operations import perform
from workbench.service.operations.base import Context
from workbench.service.runtime import ENDED
from workbench.service.server.asking import Asked, Key, Running, answers, is_sent, submit
from workbench.service.server.incoming import adopted

if TYPE_CHECKING:
    from workbench.ledger import Job
    from workbench.service.runtime import Runtime

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/media/audio-tools", tags=["speech"])

_ID = "audio_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.wav"
_MADE = {"file_id": _ID}
_LOOK = 60.0  # seconds between two looks whether a sample is still needed

Text = Annotated[str, Form(description="What to say.", examples=["Hello from the server."])]
SampleId = Annotated[
    str | None, Form(description="A sound of the store whose voice is cloned.", examples=[_ID])
]
SampleFile = Annotated[
    UploadFile | None,
    File(description="Such a sound; it wins over the id, and is not kept when the work is done."),
]
Consent = Annotated[
    str,
    Form(
        description="JSON: whose voice is cloned, and what for they allow it. Whoever runs the "
        "server can say so for all in `WORKBENCH_SAMPLE_CONSENT`.",
        examples=['{"who": "Ada", "purpose": "the news of our club"}'],
    ),
]
_VOICE = {
    "name": "espeak:en-gb",
    "engine": "espeak",
    "language": "en-gb",
    "label": "English (Great Britain)",
    "gender": "male",
}


@router.get("/voices", responses=answers({"voices": [_VOICE]}))
async def voices(
    asked: Asked, engine: str | None = None, language: str | None = None
) -> dict[str, Any]:
    """List the voices of every engine that is here, or of one."""
    return await asked.call("voices", {"engine": engine, "language": language})


@router.get("/tts/kokoro/voices", responses=answers({"voices": ["af_heart", "af_bella"]}))
async def kokoro_voices(runtime: Running) -> dict[str, Any]:
    """List the names of Kokoro's voices."""
    return await _constant(runtime, "kokoro_voices")


@router.get("/tts/chatterbox/languages", responses=answers({"languages": {"en": "English"}}))
async def chatterbox_languages(runtime: Running) -> dict[str, Any]:
    """List the languages that Chatterbox speaks."""
    return await _constant(runtime, "chatterbox_languages")


async def _constant(runtime: Runtime, operation: str) -> dict[str, Any]:
    """Return what is the same on every machine: a table, for which no worker is needed."""
    context = Context(store=runtime.store)
    told: dict[str, Any] = await runtime.thread(perform, operation, {}, context)
    return told


@router.post("/tts", responses=answers(_MADE))
async def tts(
    asked: Asked,
    key: Key,
    text: Text,
    engine: Annotated[str, Form(examples=["espeak"])] = "kokoro",
    voice: Annotated[
        str | None, Form(description="Absent for the engine's own.", examples=["en-gb"])
    ] = None,
    speed: Annotated[float | None, Form(description="0.25 to 4; 1 is the voice's own.")] = None,
    options: Annotated[
        str, Form(description="The engine's options as JSON.", examples=['{"pitch": 60}'])
    ] = "",
    sample_audio_id: SampleId = None,
    sample_audio_file: SampleFile = None,
    consent: Consent = "",
    language: Annotated[str | None, Form(description="Of a sample.", examples=["en"])] = None,
    seed: Annotated[int | None, Form(description="The same seed, the same sound.")] = None,
    chunk_chars: Annotated[int | None, Form(description="Letters spoken in one go.")] = None,
    chunk_silence_ms: Annotated[int | None, Form(description="Between two of them.")] = None,
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
    return await _speak(asked, fields, sample_audio_file, key)


@router.post("/tts/kokoro", responses=answers(_MADE))
async def kokoro(
    asked: Asked,
    key: Key,
    text: Text,
    voice: Annotated[
        str | None, Form(description="Absent for `af_heart`.", examples=["af_heart"])
    ] = None,
    speed: Annotated[float | None, Form(description="0.25 to 4; absent or 0 for 1.")] = None,
) -> dict[str, str]:
    """Speak a text with Kokoro."""
    fields = {"text": text, "engine": "kokoro", "voice": voice, "speed": speed}
    return await _speak(asked, fields, None, key)


@router.post("/tts/chatterbox", responses=answers(_MADE))
async def chatterbox(
    asked: Asked,
    key: Key,
    text: Text,
    sample_audio_id: SampleId = None,
    sample_audio_file: SampleFile = None,
    exaggeration: Annotated[float, Form()] = 0.5,
    cfg_weight: Annotated[float, Form()] = 0.5,
    temperature: Annotated[float, Form()] = 0.8,
    chunk_chars: Annotated[int, Form(description="At most 300 are spoken in one go.")] = 1024,
    chunk_silence_ms: Annotated[int, Form()] = 350,
    language: Annotated[str, Form()] = "en",
    consent: Consent = "",
) -> dict[str, str]:
    """Speak a text with Chatterbox, in a voice of yours if you send a sample of it.

    A sample may be in any format: what it is is told by its content. The older server went by its
    name, which had to end in ``.wav``.
    """
    fields = {
        "text": text,
        "engine": "chatterbox",
        "sample_id": sample_audio_id,
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
    return await _speak(asked, fields, sample_audio_file, key)


async def _speak(
    asked: Asked, fields: dict[str, Any], sample: UploadFile | None, key: str
) -> dict[str, str]:
    runtime = asked.runtime
    if sample is None or not is_sent(sample):
        return await submit(runtime, "speak", fields, key)
    file_id = await adopted(asked, sample, "audio")
    try:
        told = await submit(runtime, "speak", {**fields, "sample_id": file_id}, key)
    except BaseException:
        await asyncio.shield(runtime.delete(file_id))
        raise
    # It is somebody's voice, and the store is for what is wanted again.
    task = asyncio.create_task(_deleted_after(runtime, file_id, told["file_id"]))
    asked.later.add(task)
    task.add_done_callback(asked.later.discard)
    return told


async def _deleted_after(runtime: Runtime, file_id: str, job: str) -> None:
    """Delete a file once a job has ended."""
    found: Job | None = await runtime.wait(job, _LOOK)
    while found is not None and found.state not in ENDED:
        found = await runtime.wait(job, _LOOK)
    with contextlib.suppress(WorkbenchError):  # then it goes when it is too old
        await runtime.delete(file_id)


def _mapping(name: str, text: str) -> dict[str, Any] | None:
    """Return the mapping that a field holds as JSON, None for an empty one.

    Raises
    ------
    ParameterError
        When it is no mapping.
    """
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ParameterError("must be a JSON object", subject=name, cure='such as {"pitch": 60}')
    return found
