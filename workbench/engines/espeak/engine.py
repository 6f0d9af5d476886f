"""espeak-ng: real speech in a hundred languages, with nothing to download."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.audio import Audio
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.engines.espeak import install as espeak_install
from workbench.engines.espeak import process as espeak_process
from workbench.engines.espeak import voices as espeak_voices
from workbench.engines.espeak.library import RATE, Event
from workbench.engines.espeak.text import nothing
from workbench.engines.espeak.words import word_times
from workbench.errors import EngineMissing, ParameterError, TextError
from workbench.options import Option, Options, option
from workbench.script import Token, tokenize
from workbench.take import Take
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EspeakEngine", "EspeakOptions"]

_LONGEST = 50_000  # letters
_USUAL = 175  # words a minute
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class EspeakOptions(Options):
    """How espeak speaks.

    Parameters
    ----------
    rate
        Words a minute, 80 to 450.
    pitch
        Height of the voice, 0 to 99 points, 50 for the voice's own.
    intonation
        How far the pitch moves, 0 (monotone) to 99 points, 50 for the voice's own.
    volume
        Per cent, 0 (silent) to 200; loud phonemes clip from about 130.
    word_gap
        Added between words, 0 to 200, in units of 10 ms at the default rate.
    variant
        The timbre, such as ``f3`` or ``whisper``; empty for the voice's own. It takes the place
        of a variant in the voice's name.

    Examples
    --------
    >>> EspeakOptions(rate=200).rate
    200
    >>> EspeakOptions(variant="wisper")
    Traceback (most recent call last):
    workbench.errors.ParameterError: variant: must be one of ...; did you mean 'whisper' ...
    """

    rate: int = option(175, minimum=80, maximum=450, step=5, unit="words/min", help="Pace")
    pitch: int = option(
        50, minimum=0, maximum=99, step=1, unit="points", help="Height of the voice"
    )
    intonation: int = option(
        50, minimum=0, maximum=99, step=1, unit="points", help="How far the pitch moves"
    )
    volume: int = option(100, minimum=0, maximum=200, step=5, unit="%", help="Loudness")
    word_gap: int = option(
        0, minimum=0, maximum=200, step=1, unit="10 ms", help="Pause added between words"
    )
    variant: str = option("", help="Timbre laid over the voice, such as f3 or whisper")

    @property
    def tempo(self) -> float:
        """How fast it speaks, 1 for 175 words a minute; gaps between words are no speech."""
        return self.rate / _USUAL

    @classmethod
    def describe(cls) -> tuple[Option, ...]:
        """Return what is known of each option; the variants are those that are installed."""
        specs = super().describe()
        try:
            choices = ("", *espeak_voices.variants())
        except EngineMissing:  # the options can be looked at without the library
            return specs
        return tuple(replace(s, choices=choices) if s.name == "variant" else s for s in specs)


class EspeakEngine:
    """The embedded default engine.

    Examples
    --------
    >>> take = EspeakEngine().synthesize("Hello, world.", voice="en-us")
    >>> [(word.text, round(word.start, 1)) for word in take.words]
    [('Hello,', 0.0), ('world.', 0.6)]
    """

    name: ClassVar[str] = "espeak"
    capabilities: ClassVar[Capabilities] = Capabilities(
        rate=RATE, word_times="exact", streaming=True
    )
    options: ClassVar[type[Options]] = EspeakOptions

    @property
    def version(self) -> str:
        """The library's version and a digest of the library and its data."""
        return espeak_install.version()

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return every voice, sorted by language and name."""
        return espeak_voices.voices()

    def find_voice(self, name: str) -> VoiceInfo:
        """Return the voice of that name, language tag or label, with ``+`` and a variant or not.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        """
        return espeak_voices.find(name).info

    def synthesize(
        self,
        text: str,
        *,
        voice: str,
        options: Options | None = None,
        seed: int | None = None,  # noqa: ARG002 - nothing in it is left to chance
    ) -> Take:
        """Return `text` as spoken; the same text, voice and options give the same bytes.

        Raises
        ------
        VoiceNotFound
            When there is no such voice.
        TextError
            When the text has nothing to speak, or is longer than 50,000 letters.
        ParameterError
            When `options` are another engine's.
        """
        job = _Job.prepare(text, voice, options)
        pcm, answer = espeak_process.ask(job.request)
        audio = Audio.from_pcm16(pcm, RATE)
        phonemes = answer["phonemes"]
        events = [Event(*fields) for fields in answer["events"]]
        words = word_times(job.tokens, phonemes, events, frames=audio.frames, rate=RATE)
        if not words:
            raise nothing(text)
        return Take(
            text=text,
            audio=audio,
            words=words,
            voice=Voice(engine=self.name, name=job.voice.info.name),
            language=job.voice.info.language,
            engine_version=self.version,
            options=job.options.to_dict(),
            warnings=tuple(
                f"espeak has no sound for {token.text!r}"
                for token, count in zip(job.tokens, phonemes, strict=True)
                if not count
            ),
        )

    def stream(
        self,
        text: str,
        *,
        voice: str,
        options: Options | None = None,
        seed: int | None = None,  # noqa: ARG002
    ) -> Iterator[Audio]:
        """Yield the sound in pieces of about 0.1 s while the rest is made.

        Raises
        ------
        VoiceNotFound, ParameterError
            Before the first piece is asked for.
        TextError
            With the first piece, when the text has nothing to speak.
        """
        return _sound(_Job.prepare(text, voice, options))

    def unload(self) -> None:
        """End the worker process and forget the voices; the next call starts it again."""
        espeak_voices.forget()
        espeak_install.forget()
        espeak_process.end()


@dataclass(frozen=True)
class _Job:
    """What is to be spoken, checked."""

    text: str
    tokens: tuple[Token, ...]
    voice: espeak_voices.FoundVoice
    options: EspeakOptions

    @classmethod
    def prepare(cls, text: str, voice: str, options: Options | None) -> _Job:
        if not isinstance(text, str):
            raise ParameterError(f"must be text, not {text!r}", subject="text")
        if not isinstance(options, EspeakOptions | None):
            kind = type(options).__name__
            raise ParameterError(f"must be EspeakOptions, not {kind}", subject="options")
        found = espeak_voices.find(voice)
        chosen = options or EspeakOptions()
        chosen = replace(chosen, variant=chosen.variant or found.variant)
        if len(text) > _LONGEST:
            raise TextError(
                f"is {len(text):,} letters long, more than {_LONGEST:,}",
                subject=text[:40],
                cure="break it into several lines",
            )
        tokens = tokenize(text)
        if not tokens:
            raise nothing(text)
        return cls(text, tokens, found, chosen)

    @property
    def request(self) -> dict[str, Any]:
        return {
            "task": "speak",
            # JSON would make one letter of two halves that stand side by side.
            "text": _SURROGATES.sub("\ufffd", self.text),
            "spans": [(token.start, token.end, token.space) for token in self.tokens],
            "voice": self.voice.identifier,
            "settings": self.options.to_dict(),
        }


def _sound(job: _Job) -> Iterator[Audio]:
    with contextlib.closing(espeak_process.pieces(job.request)) as pieces:
        for piece in pieces:
            yield Audio.from_pcm16(piece, RATE)
