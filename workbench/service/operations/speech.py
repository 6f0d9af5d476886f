"""Speaking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from workbench.errors import TextError
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.inputs import writing
from workbench.service.operations.samples import (
    CONSENT,
    Consent,
    check_sample,
    consent_to,
    sampled,
)
from workbench.service.operations.voices import Manner, manner, ready
from workbench.service.operations.waves import Wave, write_wav

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.script import Script
    from workbench.storage.store import Store
    from workbench.take import Narration
    from workbench.timing import Word

__all__ = ["CONSENT", "OPERATIONS", "Speak", "listed", "spoken", "voice_of"]

_LONGEST = 100_000  # letters
_ROW = 20_000  # letters of a line, as `workbench.script` has it
_LINE = 500  # letters that are spoken in one go: half a minute
# What Chatterbox is sure to come to the end of: longer chunks are cut off by the model, and the
# old server's default was 1,024.
_CHUNK, _LEAST = 280, 20
_GAP = 0.35  # seconds between two lines
_CHANNELS = {"kokoro": 2, "chatterbox": 2}  # the old ones wrote mono twice
_SPOKEN = 0.95  # of the work; the rest is a change of speed, and writing


class Speak(Parameters):
    """What is spoken, and by whom.

    Parameters
    ----------
    text
        A script as `workbench.script` has it, up to 100,000 letters.
    engine
        ``kokoro``, ``espeak``, ``chatterbox`` or another one that is installed.
    voice
        One of its voices; None for the one of `language`, else the engine's own.
    speed
        0.25 to 4; None and 0 for 1. What the engine cannot do itself is done to its sound.
    options
        Further options of the engine, by name.
    sample_id
        A sound of the store whose voice Chatterbox clones.
    consent
        Who agreed to that, and to what for; see `samples.CONSENT`.
    chunk_chars
        Letters that are spoken in one go: 20 to 500, for Chatterbox to 280; what is beyond counts
        as that.
    chunk_silence_ms
        Between two such pieces, and between two lines; None for 350 between lines, and for
        whatever the engine has between pieces.
    language
        What is spoken, as a BCP 47 tag; None for what the voice speaks.
    seed
        For engines that use chance.
    cache
        Whether what was spoken before is taken from the cache.
    """

    text: str
    engine: str = "kokoro"
    voice: str | None = None
    speed: float | None = None
    options: dict[str, bool | int | float | str] = Field(default_factory=dict)
    sample_id: str | None = None
    consent: Consent | None = None
    chunk_chars: int | None = Field(default=None, ge=1)
    chunk_silence_ms: int | None = Field(default=None, ge=0, le=5000)
    language: str | None = Field(default=None, max_length=40)
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    cache: bool = True


def voice_of(asked: Speak) -> Manner:
    """Return how a text is spoken, once all that is needed for it is known to be here.

    Raises
    ------
    VoiceNotFound, EngineNotFound, EngineMissing, WeightsMissing, WeightsCorrupt
        When the voice cannot be had.
    ParameterError
        When the language, the speed or an option is not one of the engine's.
    """
    found = manner(asked)
    ready(found.voice)
    return found


def _check(asked: Speak, store: Store) -> None:
    if len(asked.text) > _LONGEST:
        raise TextError(
            f"has {len(asked.text):,} letters, more than {_LONGEST:,}",
            subject="text",
            cure="send it in parts",
        )
    if not any(letter.isalnum() for letter in asked.text):
        raise TextError("has nothing to speak", subject="text", cure="write at least one word")
    named = {line.voice for line in _parsed(asked.text).lines if line.voice}
    if asked.sample_id is None:
        named.add(manner(asked).voice)
    else:
        check_sample(asked, store)
        found = manner(asked, sample="")
        tag = found.language.strip().lower().partition("-")[0]
        named.add(f"chatterbox:{'default' if tag == 'en' else tag}")
    for voice in sorted(named):
        ready(voice)


def _parsed(text: str) -> Script:
    """Return a text as a script; a line may be as long as it likes."""
    from workbench.script import Script
    from workbench.text.chunking import chunks

    rows = text.splitlines()
    if any(len(row) > _ROW for row in rows):
        rows = [
            piece
            for row in rows
            for piece in (chunks(row, limit=_ROW) if len(row) > _ROW else [row])
        ]
    return Script.parse("\n".join(rows))


def script_of(asked: Speak, how: Manner) -> Script:
    """Return what is spoken, with no line longer than what is spoken in one go.

    Between two lines work can be stopped, and how far it is be told.
    """
    from workbench.script import Line, Pause, Script
    from workbench.text.chunking import chunks

    cloned = asked.engine == "chatterbox"
    size = min(asked.chunk_chars or _LINE, _CHUNK if cloned else _LINE)
    size = max(size, _LEAST)
    items: list[Line | Pause] = []
    for item in _parsed(asked.text).items:
        if isinstance(item, Pause) or len(item.text) <= size:
            items.append(item)
            continue
        least = min(_LEAST, size // 2) if cloned else 0
        pieces = chunks(item.text, limit=size, language=how.language, least=least)
        for number, piece in enumerate(pieces):
            if number:
                items.append(Pause(seconds=how.gap, number=item.number))
            items.append(replace(item, text=piece.strip()))
    return Script(items=tuple(items))


def _narrated(asked: Speak, context: Context) -> tuple[Narration, Manner]:
    from workbench.speech.speak import speak
    from workbench.voice import Preset, Voice

    with sampled(asked, context) as sample:
        how = manner(asked, sample=sample)
        # As a preset: an engine's option may be called like a parameter of `speak`.
        voice = Preset(name="asked", voice=Voice.parse(how.voice), options=how.options)
        narration = speak(
            script_of(asked, how),
            voice,
            seed=asked.seed,
            cache=asked.cache,
            progress=lambda done: context.progress(_SPOKEN * done),
            cancel=context.cancel,
            gap=_GAP if asked.chunk_silence_ms is None else asked.chunk_silence_ms / 1000,
        )
    return narration, how


def spoken(asked: Speak, context: Context) -> tuple[Audio, tuple[Word, ...], list[str], str]:
    """Return a text as spoken: the sound, its words, warnings and the voice."""
    narration, how = _narrated(asked, context)
    notes = list(dict.fromkeys([*how.notes, *narration.warnings]))
    sound = _faster(narration.audio, how, context)
    return sound, _moved(narration.words, how.faster), notes, how.voice


def _faster(sound: Audio, how: Manner, context: Context) -> Audio:
    if how.faster == 1.0:
        return sound
    from workbench.media.sounds import change_speed

    return change_speed(
        sound,
        how.faster,
        progress=lambda done: context.progress(_SPOKEN + 0.04 * done),
        cancel=context.cancel,
    )


def _moved(words: Sequence[Word], faster: float) -> tuple[Word, ...]:
    if faster == 1.0:
        return tuple(words)
    return tuple(replace(word, start=word.start / faster, end=word.end / faster) for word in words)


def _speak(asked: Speak, context: Context) -> dict[str, Any]:
    narration, how = _narrated(asked, context)
    channels = _CHANNELS.get(asked.engine, 1)
    with writing(context) as path:
        if how.faster == 1.0:
            duration = _written(path, narration, channels)
        else:
            sound = _faster(narration.audio, how, context).with_channels(channels)
            write_wav(path, sound)
            duration = sound.duration
        context.progress(1.0)
    told = {
        "duration": round(duration, 6),
        "words": listed(_moved(narration.words, how.faster)),
        "warnings": list(dict.fromkeys([*how.notes, *narration.warnings])),
        "voice": how.voice,
    }
    if asked.sample_id is not None:
        consent = consent_to(asked).model_dump()
        told |= {"voice": f"{asked.engine}:{asked.sample_id}", "consent": consent}
    return told


def _written(path: Path, narration: Narration, channels: int) -> float:
    """Write a narration take by take: two hours of it in one array would be gigabytes."""
    with Wave(path, narration.parts[0].take.audio.rate, channels) as file:
        for part in narration.parts:
            file.silence(max(0, round(part.start * file.rate) - file.frames))
            file.add(part.take.audio.mono())
        file.silence(max(0, round(narration.duration * file.rate) - file.frames))
    return file.duration


def listed(words: Sequence[Word]) -> list[dict[str, Any]]:
    """Return words as plain values."""
    return [
        {"text": word.text, "start": round(word.start, 4), "end": round(word.end, 4)}
        for word in words
    ]


OPERATIONS = (
    Operation(
        name="speak",
        parameters=Speak,
        run=_speak,
        check=_check,
        output=("audio", ".wav"),
    ),
)
