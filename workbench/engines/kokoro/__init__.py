"""Kokoro: 82 million parameters, nine languages, 54 voices and what they make together."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from workbench.audio import Audio
from workbench.engines import hardware
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.engines.kokoro import model as kokoro_model
from workbench.engines.kokoro import voices as kokoro_voices
from workbench.engines.kokoro.chunks import HARD_LIMIT, pieces
from workbench.engines.kokoro.model import PACKAGE, RATE, Piece
from workbench.engines.kokoro.words import Sound, sounds, word_times
from workbench.errors import EngineMissing, ModelError, ParameterError, TextError
from workbench.options import Options, option
from workbench.script import Token, tokenize
from workbench.take import Take
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.audio import Samples
    from workbench.engines.kokoro.reader import Reading

__all__ = ["KokoroEngine", "KokoroOptions"]

SEED = 0
"""The seed when none is given: the same words sound the same."""

_LONGEST = 50_000  # letters
_SEEDS = 2**32
_STREAMED = 0.25  # seconds of a piece of a stream
_FADE = round(0.005 * RATE)  # samples
_LOUD = 0.01  # of full scale: where a piece begins or ends louder than this there is a click
# Scripts by the first word of their letters' names, for languages that are not written in Latin.
_SCRIPTS = {
    "h": ("DEVANAGARI",),
    "j": ("HIRAGANA", "KATAKANA", "CJK", "KATAKANA-HIRAGANA", "FULLWIDTH", "HALFWIDTH"),
    "z": ("CJK", "FULLWIDTH"),
}


@dataclass(frozen=True, kw_only=True)
class KokoroOptions(Options):
    """How Kokoro speaks.

    Parameters
    ----------
    speed
        0.5 to 2 times the voice's own pace; at 2 a line takes half as long.
    device
        Where it runs: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    cpu_fallback
        Whether the CPU goes on when a GPU's memory is full; the take says so.

    Examples
    --------
    >>> KokoroOptions(speed=1.2).to_dict()
    {'speed': 1.2, 'device': 'auto', 'cpu_fallback': True}
    """

    speed: float = option(1.0, minimum=0.5, maximum=2.0, step=0.05, unit="×", help="Pace")  # noqa: RUF001
    device: str = option("auto", help="auto, cpu, cuda, cuda:1 or mps")
    cpu_fallback: bool = option(
        True,  # noqa: FBT003 - a default
        help="Whether the CPU goes on when a GPU's memory is full",
    )

    @property
    def tempo(self) -> float:
        """How fast it speaks, 1 for the voice's own pace."""
        return self.speed


class KokoroEngine:
    """The engine; what it loads is shared by the whole process.

    Raises
    ------
    EngineMissing
        When its package is not installed.
    """

    name: ClassVar[str] = PACKAGE
    capabilities: ClassVar[Capabilities] = Capabilities(
        rate=RATE, word_times="predicted", streaming=True, seeded=True, phonemes=True
    )
    options: ClassVar[type[Options]] = KokoroOptions

    def __init__(self) -> None:
        if find_spec(PACKAGE) is None:
            raise EngineMissing(
                f"needs a package that is not installed ({PACKAGE})",
                subject=PACKAGE,
                cure=f"pip install 'media-workbench[{PACKAGE}]'",
            )

    @property
    def version(self) -> str:
        """The versions of the packages, and digests of the weights."""
        return kokoro_model.version()

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the 54 voices, sorted by language and name; blends of them are not listed."""
        return kokoro_voices.voices()

    def find_voice(self, name: str) -> VoiceInfo:
        """Return the voice of that name, or the blend; see `kokoro.voices.find`.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        """
        return kokoro_voices.find(name).info

    def ready(self, voice: str) -> None:
        """Look whether all that a voice needs is here; nothing is loaded.

        Raises
        ------
        VoiceNotFound
            When there is no such voice.
        EngineMissing, WeightsMissing, WeightsCorrupt
            When a package or a file is missing, or not as it should be.
        """
        found = kokoro_voices.find(voice)
        kokoro_model.check(found)
        kokoro_model.folder(found)

    def synthesize(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Take:
        """Return `text` as spoken; the same seed on the same device gives the same bytes.

        Parameters
        ----------
        text
            Up to 50,000 letters; ``[word](/ipa/)`` says how a word sounds.
        voice
            A voice, a language or a blend.
        options
            `KokoroOptions`.
        seed
            0 to 2^32 - 1; without one it is 0.

        Raises
        ------
        VoiceNotFound
            When there is no such voice.
        TextError
            When the text has nothing to speak, or is too long.
        ParameterError
            When the options are another engine's, or the seed is none.
        EngineMissing
            When what reads Japanese or Chinese is not installed.
        WeightsMissing, WeightsCorrupt
            When the model, the voice or spaCy's English model is not here or not whole.
        DeviceError
            When the device does not work, or has not enough memory.
        """
        job = _Job.prepare(text, voice, options, seed)
        parts: list[Samples] = []
        spoken: list[Sound] = []
        frames = 0
        for chunk, piece in job.speak():
            spoken += job.times(chunk, piece, frames)
            parts.append(piece.samples)
            frames += len(piece.samples)
        tokens = tokenize(text)
        words, silent = word_times(tokens, spoken, frames=frames, rate=RATE)
        return Take(
            text=text,
            audio=Audio(samples=np.concatenate(parts), rate=RATE),
            words=words,
            voice=Voice(engine=self.name, name=job.voice.info.name),
            language=job.voice.info.language,
            engine_version=self.version,
            options=job.options.to_dict(),
            seed=job.seed,
            device="+".join(dict.fromkeys(job.devices)),
            warnings=tuple(dict.fromkeys([*job.notes, *job.remarks(tokens, silent)])),
        )

    def stream(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Iterator[Audio]:
        """Yield the sound in pieces of 0.25 s; the first sentence is made before the others.

        Raises
        ------
        WorkbenchError
            As `synthesize`: what is wrong with voice and options before the first piece is asked
            for, the rest with it.
        """
        _check(text, options, seed)
        kokoro_voices.find(voice)
        return _sound(text, voice, options, seed)

    def unload(self) -> None:
        """Give back the memory of all engines of this kind; the next call loads again."""
        kokoro_model.unload()


def _sound(text: str, voice: str, options: Options | None, seed: int | None) -> Iterator[Audio]:
    step = round(_STREAMED * RATE)
    for _, piece in _Job.prepare(text, voice, options, seed).speak():
        for start in range(0, len(piece.samples), step):
            yield Audio(samples=piece.samples[start : start + step], rate=RATE)


@dataclass(frozen=True)
class _Chunk:
    """A part of the text, and how it is read."""

    start: int
    end: int
    reading: Reading


@dataclass(frozen=True)
class _Job:
    """What is to be spoken, checked and read."""

    text: str
    voice: kokoro_voices.FoundVoice
    options: KokoroOptions
    seed: int
    folder: Path
    reads: kokoro_model.Voices
    chunks: tuple[_Chunk, ...]
    devices: list[str] = field(default_factory=list)  # where each chunk was made
    notes: list[str] = field(default_factory=list)

    @classmethod
    def prepare(cls, text: str, voice: str, options: Options | None, seed: int | None) -> _Job:
        _check(text, options, seed)
        found = kokoro_voices.find(voice)
        if not tokenize(text):  # before anything is loaded
            raise _nothing(text)
        kokoro_model.check(found)
        folder = kokoro_model.folder(found)
        reads = kokoro_model.readers.get((found.language.code, folder))
        chunks = [
            _Chunk(start, end, reads.reader.read(text[start:end]))
            for start, end in pieces(text, reads.reader.count, found.language.tag)
        ]
        chunks = [chunk for chunk in chunks if any(p is not None for p in chunk.reading.places)]
        if not chunks:
            raise _nothing(text)
        return cls(
            text=text,
            voice=found,
            options=options if isinstance(options, KokoroOptions) else KokoroOptions(),
            seed=SEED if seed is None else seed,
            folder=folder,
            reads=reads,
            chunks=tuple(chunks),
        )

    def speak(self) -> Iterator[tuple[_Chunk, Piece]]:
        """Yield each chunk and its sound; a chunk that fails ends it all."""
        # The variable that names a device is asked for when nothing else does.
        asked = self.options.device
        device = hardware.choose(None if asked == "auto" else asked)
        for chunk in self.chunks:
            symbols = chunk.reading.symbols
            if len(symbols) > HARD_LIMIT:  # the model would cut it off
                raise ModelError(
                    f"{len(symbols)} phonemes are more than {HARD_LIMIT}", subject=PACKAGE
                )
            style = self.reads.style(self.voice, len(symbols))

            def work(where: str, _: int, symbols: str = symbols, style: object = style) -> Piece:
                model = kokoro_model.models.get((self.folder, where))
                return model.say(symbols, style, speed=self.options.speed, seed=self.seed)

            outcome = hardware.run_with_fallback(work, device=device, cpu=self.options.cpu_fallback)
            device = outcome.device  # what did not fit for one chunk is not tried for each
            self.devices.append(device)
            self.notes.extend(outcome.notes)
            made = outcome.value
            yield chunk, Piece(samples=_faded(made.samples), durations=made.durations)

    def times(self, chunk: _Chunk, piece: Piece, frames: int) -> tuple[Sound, ...]:
        """Return the phonemes of a chunk whose sound begins at `frames`."""
        found = sounds(chunk.reading.places, piece.durations, letters=chunk.start, samples=frames)
        if found:
            return found
        self.notes.append("the times of some words are guessed from their letters")
        letters = [i for i in range(chunk.start, chunk.end) if not self.text[i].isspace()]
        edges = np.linspace(frames, frames + len(piece.samples), len(letters) + 1).astype(int)
        return tuple(
            Sound(place=letter, start=int(start), end=int(end))
            for letter, start, end in zip(letters, edges[:-1], edges[1:], strict=True)
        )

    def remarks(self, tokens: tuple[Token, ...], silent: tuple[Token, ...]) -> Iterator[str]:
        """Yield what a listener should know."""
        for token in silent:
            yield f"kokoro has no sound for {token.text!r}"
        unknown = dict.fromkeys("".join(chunk.reading.unknown for chunk in self.chunks))
        if unknown:
            yield f"kokoro leaves out sounds it does not know: {' '.join(unknown)}"
        skipped = {token.text for token in silent}
        for token in tokens:
            if token.text not in skipped and _foreign(token.text, self.voice.language.code):
                yield (
                    f"{token.text!r} is in a script that kokoro does not read in "
                    f"{self.voice.language.name}: letters are named, or guessed at"
                )


def _check(text: str, options: Options | None, seed: int | None) -> None:
    if not isinstance(text, str):
        raise ParameterError(f"must be text, not {text!r}", subject="text")
    if not isinstance(options, KokoroOptions | None):
        kind = type(options).__name__
        raise ParameterError(f"must be KokoroOptions, not {kind}", subject="options")
    whole = isinstance(seed, int) and not isinstance(seed, bool)
    if seed is not None and (not whole or not 0 <= seed < _SEEDS):
        raise ParameterError(
            f"must be a whole number from 0 to 2^32 - 1, not {seed!r}", subject="seed"
        )
    if len(text) > _LONGEST:
        raise TextError(
            f"is {len(text):,} letters long, more than {_LONGEST:,}",
            subject=text[:40],
            cure="break it into several lines",
        )


def _nothing(text: str) -> TextError:
    return TextError("has nothing kokoro can say", subject=text, cure="write a word or a number")


def _faded(samples: Samples) -> Samples:
    """Return the sound without a click where it begins and ends."""
    length = min(_FADE, len(samples) // 2)
    made = samples.copy()
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    if abs(float(made[0])) > _LOUD:
        made[:length] *= ramp
    if abs(float(made[-1])) > _LOUD:
        made[len(made) - length :] *= ramp[::-1]
    return made


def _foreign(text: str, code: str) -> bool:
    """Whether a word has a letter of a script that its language does not use."""
    known = ("LATIN", "MODIFIER", "FEMININE", "MASCULINE", *_SCRIPTS.get(code, ()))
    return any(
        unicodedata.name(char, "LATIN").split()[0] not in known
        for char in text
        if unicodedata.category(char)[0] == "L"
    )
