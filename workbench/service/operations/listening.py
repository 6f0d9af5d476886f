"""Listening: what is said in a recording."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pydantic import Field

from workbench.errors import MediaError, ParameterError, shown, suggest
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.inputs import there
from workbench.service.operations.speech import listed

if TYPE_CHECKING:
    from workbench.recognition import Recognition
    from workbench.storage.store import Store

__all__ = ["MODEL", "OPERATIONS"]

MODEL = "WHISPER_MODEL"
"""The variable that names the recogniser's model where a request does not, as in the old server."""


class Transcribe(Parameters):
    """Which recording, in what language, heard by which model."""

    audio_id: str
    language: str | None = Field(default=None, max_length=40)
    model: str | None = Field(default=None, max_length=200)


def _model(asked: Transcribe) -> str | None:
    """Return the model, None for the recogniser's own.

    Raises
    ------
    ParameterError
        When there is none of that name. A folder is none, unless whoever runs this service has
        named it: who may name any learns which there are, and has what lies there loaded.
    """
    from workbench.engines.whisper.model import names

    usual = os.environ.get(MODEL) or None
    if not asked.model or asked.model == usual:
        return usual
    if asked.model.strip() not in names():
        raise ParameterError(
            f"{shown(asked.model)} is not a Whisper model",
            subject="model",
            cure=suggest(asked.model, names())
            or f"name a size, such as small; a folder can be named in {MODEL} alone",
        )
    return asked.model


def _check(asked: Transcribe, store: Store) -> None:
    from workbench.engines.registry import transcriber

    file = there(store, asked.audio_id, "audio", "video")
    model = _model(asked)
    ears = transcriber()
    options = ears.options.build({} if model is None else {"model": model})
    look = getattr(ears, "ready", None)
    if look is not None:
        look(options)
    if file.type == "video":
        from workbench.media.probe import probe

        with store.reading(file.id) as path:
            if probe(path).audio is None:
                raise MediaError("has no sound", subject=file.id)


def heard_in(asked: Transcribe, context: Context) -> Recognition:
    """Return what is heard in a recording of the store."""
    from workbench.speech.transcribe import transcribe

    with context.store.reading(asked.audio_id) as path:
        return transcribe(
            path,
            language=(asked.language or "").strip() or None,
            model=_model(asked),
            progress=context.progress,
            cancel=context.cancel,
        )


def _transcribe(asked: Transcribe, context: Context) -> dict[str, Any]:
    heard = heard_in(asked, context)
    return {
        "transcription": heard.text.strip(),  # the old one began with a space
        "duration": heard.duration,
        "language": heard.language,
        "segments": [
            {"start": one.start, "end": one.end, "text": one.text.strip()} for one in heard.segments
        ],
        "words": listed(heard.words),
        "warnings": list(heard.warnings),
    }


OPERATIONS = (Operation(name="transcribe", parameters=Transcribe, run=_transcribe, check=_check),)
