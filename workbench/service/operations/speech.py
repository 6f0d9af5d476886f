"""Speaking and listening."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from pydantic import Field

from workbench.errors import (
    ConsentMissing,
    MediaError,
    ParameterError,
    TextError,
    shown,
    suggest,
)
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.waves import write_wav
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.audio import Audio
    from workbench.storage.store import Store
    from workbench.timing import Word

__all__ = ["CONSENT", "OPERATIONS", "Speak", "spoken", "voice_of"]

CONSENT = "WORKBENCH_SAMPLE_CONSENT"
"""The variable in which whoever runs a server says, as ``who; purpose``, that the owners of all
voices that are sent to be cloned agree: what the older wire has no field for."""

_LONGEST = 100_000  # letters
_VOICES = {"kokoro": "af_heart", "espeak": "en-us", "chatterbox": "default"}
_USUAL_RATE = 175  # espeak's words a minute
_SLOWEST, _FASTEST = 0.25, 4.0
# The lab's limits: longer chunks are cut off by the model, and the old default of 1,024 was.
_CHUNK = 300
_LINE = 500  # letters: half a minute of speech
_GAP = 0.35  # seconds between two lines
_CHANNELS = {"kokoro": 2, "chatterbox": 2}  # the old ones wrote mono twice


class Consent(Parameters):
    """Whose voice it is, and what they agreed to."""

    who: str = Field(min_length=1, max_length=200)
    purpose: str = Field(min_length=1, max_length=500)


class Speak(Parameters):
    """What is spoken, and by whom."""

    text: str
    engine: str = "kokoro"
    voice: str | None = None
    speed: float | None = None
    options: dict[str, bool | int | float | str] = Field(default_factory=dict)
    sample_id: str | None = None
    consent: Consent | None = None
    chunk_chars: int | None = Field(default=None, ge=1)
    chunk_silence_ms: int | None = Field(default=None, ge=0, le=5000)
    language: str | None = None
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    cache: bool = True


class _Transcribe(Parameters):
    audio_id: str
    language: str | None = None
    model: str | None = None


def voice_of(asked: Speak) -> tuple[str, dict[str, Any], float]:
    """Return the voice, the engine's options, and how much faster the sound is made afterwards.

    Raises
    ------
    ParameterError
        When the speed is out of range, or an option is not one of the engine's.
    VoiceNotFound, EngineNotFound, EngineMissing
        When the voice cannot be had.
    """
    from workbench.engines.registry import engine

    found = engine(asked.engine)
    name = asked.voice or _VOICES.get(asked.engine) or found.voices()[0].name
    if asked.engine == "chatterbox" and asked.voice is None and asked.language:
        name = asked.language
    voice = found.find_voice(name).name
    options = dict(asked.options)
    speed = asked.speed or 1.0  # the old server took 0 for 1 as well
    if not _SLOWEST <= speed <= _FASTEST:
        raise ParameterError(f"must be {_SLOWEST} to {_FASTEST}, not {speed:g}", subject="speed")
    known = {spec.name: spec for spec in found.options.describe()}
    if asked.chunk_silence_ms is not None and "gap" in known:
        options.setdefault("gap", asked.chunk_silence_ms)
    faster = 1.0
    if speed != 1.0 and "speed" in known and _within(known["speed"], speed):
        options.setdefault("speed", speed)
    elif speed != 1.0 and "rate" in known and _within(known["rate"], speed * _USUAL_RATE):
        options.setdefault("rate", round(speed * _USUAL_RATE))
    else:  # beyond what the engine can: the sound is made faster, its pitch kept
        faster = speed
    found.options.build(options)
    return f"{asked.engine}:{voice}", options, faster


def _within(spec: Any, value: float) -> bool:
    return bool(spec.minimum <= value <= spec.maximum)


def _check_speak(asked: Speak, store: Store) -> None:
    from workbench.script import Script

    if len(asked.text) > _LONGEST:
        raise TextError(
            f"has {len(asked.text):,} letters, more than {_LONGEST:,}",
            subject="text",
            cure="send it in parts",
        )
    if not any(letter.isalnum() for letter in asked.text):
        raise TextError("has nothing to speak", subject="text", cure="write at least one word")
    Script.parse(_in_lines(asked))
    if asked.sample_id is None:
        voice_of(asked)
        return
    from workbench.engines.registry import engine

    engine(asked.engine)
    if asked.engine != "chatterbox":
        raise ParameterError(f"{asked.engine} clones no voices", subject="sample_id")
    store.stat(asked.sample_id)
    if FileId.parse(asked.sample_id).type == "image":
        raise MediaError("is a picture, not a voice", subject=asked.sample_id)
    _consent(asked)


def _consent(asked: Speak) -> Consent:
    if asked.consent is not None:
        return asked.consent
    who, _, purpose = os.environ.get(CONSENT, "").partition(";")
    if who.strip() and purpose.strip():
        return Consent(who=who.strip(), purpose=purpose.strip())
    raise ConsentMissing(
        "is a voice that nobody has said may be cloned",
        subject=asked.sample_id or "sample",
        cure="say whose it is and what they agreed to: consent, with who and purpose",
    )


@contextlib.contextmanager
def _sampled(asked: Speak, context: Context) -> Iterator[str | None]:
    """Yield the name of the voice that a sample becomes while the block runs."""
    if asked.sample_id is None:
        yield None
        return
    from workbench.engines.reference import ReferenceVoice

    consent = _consent(asked)
    name = f"sample-{FileId.parse(asked.sample_id).key[:23]}"
    with context.store.reading(asked.sample_id) as path:
        voice = ReferenceVoice.record(
            name,
            path,
            who=consent.who,
            purpose=consent.purpose,
            consent=True,
            language=asked.language or "en",
            replace=True,
        )
    try:
        yield name
    finally:
        for file in voice.folder.glob(f"{name}.*"):
            file.unlink(missing_ok=True)


def spoken(asked: Speak, context: Context) -> tuple[Audio, tuple[Word, ...], list[str], str]:
    """Return a text as spoken: the sound, its words, warnings and the voice."""
    from workbench.speech.speak import speak

    with _sampled(asked, context) as sample:
        if sample is not None:
            asked = asked.model_copy(update={"voice": sample})
        voice, options, faster = voice_of(asked)
        narration = speak(
            _in_lines(asked),
            voice,
            seed=asked.seed,
            cache=asked.cache,
            progress=context.progress,
            cancel=context.cancel,
            gap=_GAP if asked.chunk_silence_ms is None else asked.chunk_silence_ms / 1000,
            **options,
        )
    sound, words = narration.audio, narration.words
    if faster != 1.0:
        from workbench.media.sounds import change_speed

        sound = change_speed(sound, faster, progress=context.progress, cancel=context.cancel)
        words = tuple(_moved(word, faster) for word in words)
    return sound, words, list(narration.warnings), voice


def _moved(word: Word, faster: float) -> Word:
    from dataclasses import replace

    return replace(word, start=word.start / faster, end=word.end / faster)


def _in_lines(asked: Speak) -> str:
    """Return the text with no line longer than is spoken in one go.

    Between two lines work can be stopped, and how far it is be told.
    """
    from workbench.text.chunking import chunks

    size = _LINE if asked.chunk_chars is None else min(asked.chunk_chars, _CHUNK)
    lines = []
    for line in asked.text.splitlines():
        pieces = [line] if len(line) <= size else chunks(line, limit=size)
        lines += [piece.strip() for piece in pieces]
    return "\n".join(lines)


def _speak(asked: Speak, context: Context) -> dict[str, Any]:
    sound, words, warnings, voice = spoken(asked, context)
    sound = sound.with_channels(_CHANNELS.get(asked.engine, sound.channels))
    assert context.output is not None  # noqa: S101 - the operation has one
    with context.store.writing(context.output) as path:
        write_wav(path, sound)
    return {
        "duration": round(sound.duration, 6),
        "words": listed(words),
        "warnings": warnings,
        "voice": voice,
    }


def listed(words: Sequence[Word]) -> list[dict[str, Any]]:
    """Return words as plain values."""
    return [
        {"text": word.text, "start": round(word.start, 4), "end": round(word.end, 4)}
        for word in words
    ]


def _check_recording(audio_id: str, store: Store) -> None:
    store.stat(audio_id)
    if FileId.parse(audio_id).type == "image":
        raise MediaError("is a picture, and has no sound", subject=audio_id)


def _check_transcribe(asked: _Transcribe, store: Store) -> None:
    _check_recording(asked.audio_id, store)
    if asked.model is None:
        return
    # By its name alone: a folder is named by whoever runs the service, in WHISPER_MODEL. A client
    # that may name one learns which there are, and has whatever lies there loaded.
    from workbench.engines.whisper.model import names

    if asked.model.strip() not in names():
        raise ParameterError(
            f"{shown(asked.model)} is not a Whisper model",
            subject="model",
            cure=suggest(asked.model, names()) or "use a size such as small",
        )


def heard_in(asked: _Transcribe, context: Context) -> Any:
    """Return what is heard in a recording of the store."""
    from workbench.speech.transcribe import transcribe

    with context.store.reading(asked.audio_id) as path:
        return transcribe(
            path,
            language=asked.language,
            model=asked.model or os.environ.get("WHISPER_MODEL") or None,
            progress=context.progress,
            cancel=context.cancel,
        )


def _transcribe(asked: _Transcribe, context: Context) -> dict[str, Any]:
    heard = heard_in(asked, context)
    return {
        "transcription": heard.text.strip(),
        "duration": heard.duration,
        "language": heard.language,
        "segments": [
            {"start": one.start, "end": one.end, "text": one.text.strip()} for one in heard.segments
        ],
        "words": listed(heard.words),
        "warnings": list(heard.warnings),
    }


OPERATIONS = (
    Operation(
        name="speak",
        parameters=Speak,
        run=_speak,
        check=_check_speak,
        output=("audio", ".wav"),
    ),
    Operation(name="transcribe", parameters=_Transcribe, run=_transcribe, check=_check_transcribe),
)
