"""What a line is spoken with: text, voice, options and seed, as one checked value."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.engines.registry import engine
from workbench.errors import ParameterError, TextError, shown, suggest
from workbench.paths import file_kind
from workbench.script import Line, Script
from workbench.speech.speak import speak
from workbench.speech.speaker import Speaker
from workbench.speech.voices import resolve
from workbench.storage.cache import TakeCache
from workbench.voice import PRESETS, Preset, Voice

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Mapping

    from workbench.options import Options, Value
    from workbench.progress import Report
    from workbench.take import Narration, Take

__all__ = ["Settings", "Spoken", "is_preset", "quoted"]

_SEEDS = 2**32
_LONGEST = 50_000  # letters that are spoken at once
_MOST = 1_000_000  # letters that are kept: what is too long to be spoken can still be shortened
_NAME = "tuner"  # of the preset that carries options to `speak`, beside its own keywords


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A take, and how long its synthesis took.

    Parameters
    ----------
    take
        What was spoken.
    seconds
        Of work; None where it came from the cache.
    """

    take: Take
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a take depends on; `Settings.of` makes and checks them.

    Parameters
    ----------
    text
        What is said.
    voice
        The engine and its voice.
    language
        The voice's BCP 47 tag.
    options
        The engine's options that differ from their defaults.
    seed
        None where there is no chance in the engine, or it is left to it.

    Examples
    --------
    >>> settings = Settings.of("Hello.", "espeak:es", {"rate": 200, "pitch": 50})
    >>> settings.code()
    'wb.speak("Hello.", voice="espeak:es", rate=200)'
    >>> settings.changed(rate=175).options
    mappingproxy({})
    >>> settings.changed(rat=200)
    Traceback (most recent call last):
    workbench.errors.ParameterError: rat: is not an option; did you mean 'rate'?
    """

    text: str
    voice: Voice
    language: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __hash__(self) -> int:
        return hash((self.text, self.voice, tuple(sorted(self.options.items())), self.seed))

    def __reduce__(self) -> tuple[Any, ...]:  # a read-only view cannot be pickled
        return type(self).from_dict, (self.to_dict(),)

    @classmethod
    def of(
        cls,
        text: str,
        voice: str | Voice | Preset | None = None,
        options: Mapping[str, object] | None = None,
        *,
        seed: int | None = None,
    ) -> Settings:
        """Return the settings of a voice, and of the preset that it may be.

        Raises
        ------
        VoiceNotFound, EngineNotFound, EngineMissing
            When there is no such voice; the nearest are offered.
        ParameterError
            When an option is unknown (the nearest is offered) or a value is not acceptable.
        """
        found, info, preset = resolve(voice)
        owner = engine(found.engine)
        built = owner.options.build({**preset, **(options or {})}).to_dict()
        return cls(
            text=_checked_text(text),
            voice=found,
            language=info.language,
            options=_differing(owner.options, built),
            seed=_checked_seed(seed) if owner.capabilities.seeded else None,
        )

    def changed(self, **changes: Any) -> Settings:
        """Return the settings with some of them changed.

        Parameters
        ----------
        **changes
            ``text``, ``voice`` (as `workbench.speech.speak.speak` takes it), ``seed``, and options
            of the engine. Another engine begins with its own defaults, and a preset brings the
            options it has.

        Raises
        ------
        VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
            As `of`.
        """
        text = changes.pop("text", self.text)
        seed = changes.pop("seed", self.seed)
        voice = changes.pop("voice", self.voice)
        kept: Mapping[str, Value] = self.options
        if voice != self.voice:
            found, _, preset = resolve(voice)
            # A preset with no options is one of the defaults, not of what was set before.
            if found.engine != self.voice.engine or is_preset(voice):
                kept = preset
            voice = found
        names = [spec.name for spec in engine(voice.engine).options.describe()]
        for name in changes:
            if name not in names:
                cure = suggest(name, [*names, "text", "voice", "seed"])
                cure = cure or f"the options are {', '.join(names)}"
                raise ParameterError("is not an option", subject=name, cure=cure)
        return self.of(text, voice, {**kept, **changes}, seed=seed)

    @property
    def effective(self) -> dict[str, Value]:
        """All the options, defaults included."""
        return engine(self.voice.engine).options.build(self.options).to_dict()

    def speaks_as(self, preset: Preset) -> bool:
        """Return whether a preset has this voice and these options.

        Examples
        --------
        >>> slow = Settings.of("Hello.", "espeak:es", {"rate": 120})
        >>> slow.speaks_as(slow.preset("slow")), slow.changed(rate=130).speaks_as(slow.preset("a"))
        (True, False)
        """
        if preset.voice.engine != self.voice.engine:
            return False
        alike = self.of(self.text, preset, seed=self.seed)
        return (alike.voice, alike.options) == (self.voice, self.options)

    def speak(
        self, *, progress: Report | None = None, cancel: threading.Event | None = None
    ) -> Spoken:
        """Return what is spoken with these settings, from the cache when it was spoken before.

        Several lines, with their pauses and other speakers, become one take.

        Raises
        ------
        TextError
            When there is nothing to speak, more than 50,000 letters, or a tag is wrong.
        WeightsMissing, WeightsCorrupt, DeviceError, ModelError
            When the engine cannot work.
        Cancelled
            When `cancel` was set.
        """
        if len(self.text) > _LONGEST:
            raise TextError(
                f"has {len(self.text):,} letters, and at most {_LONGEST:,} are spoken at once",
                subject="text",
                cure="shorten it",
            )
        if file_kind(self.text):
            raise TextError("looks like a file's name", subject=self.text, cure="give the text")
        script = Script.parse(self.text)
        if len(script.items) > 1 or not isinstance(script.items[0], Line):
            narration = speak(
                script,
                self.preset(_NAME),
                seed=self.seed,
                progress=progress or (lambda _: None),
                cancel=cancel,
            )
            return Spoken(take=_joined(narration, self.voice), seconds=None)
        line = script.items[0]
        cache = _TimedCache()
        who = Speaker(line.voice or self.preset(_NAME), seed=self.seed, cache=cache)
        take = who.say(line.text, cancel=cancel)
        return Spoken(take=take, seconds=cache.seconds)

    # -- what a person keeps ------------------------------------------------------------------

    def preset(self, name: str, *, note: str = "") -> Preset:
        """Return the voice and its options as a preset; a seed is named in its note.

        Raises
        ------
        ParameterError
            When the name cannot be a preset's.
        """
        seeded = f"seed {self.seed}" if self.seed is not None else ""
        return Preset(name=name, voice=self.voice, options=self.options, note=note or seeded)

    def code(self, *, preset: str = "", folder: str | os.PathLike[str] = PRESETS) -> str:
        """Return the line of Python that speaks like this.

        Parameters
        ----------
        preset
            The name of a preset with this voice and these options; empty to spell them out.
        folder
            Where the preset lies.
        """
        options = [f"{name}={_literal(value)}" for name, value in self.options.items()]
        voice = quoted(str(self.voice))
        if preset:
            beside = str(folder) == str(PRESETS)
            path = quoted(f"{folder}/{preset}.toml")
            voice, options = quoted(preset) if beside else f"wb.Preset.load({path})", []
        seed = [f"seed={self.seed}"] if self.seed is not None else []
        return f"wb.speak({', '.join([quoted(self.text), f'voice={voice}', *options, *seed])})"

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return {
            "text": self.text,
            "voice": str(self.voice),
            "language": self.language,
            "options": dict(self.options),
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Settings:
        """Return the settings that `to_dict` described."""
        return cls(**{**data, "voice": Voice.parse(data["voice"])})


class _TimedCache(TakeCache):
    """The cache of takes, which also knows how long it took to make the one that was missing."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: float | None = None
        self._since = 0.0

    def get(self, name: str) -> Take | None:
        found = super().get(name)
        self._since = time.perf_counter()
        return found

    def put(self, name: str, take: Take) -> None:
        self.seconds = time.perf_counter() - self._since
        super().put(name, take)


def is_preset(voice: str | Voice | Preset | None) -> bool:
    """Return whether a voice is a preset, or the name of one in ``presets/``.

    Examples
    --------
    >>> is_preset("espeak:es"), is_preset(Preset(name="n", voice=Voice.parse("espeak:es")))
    (False, True)
    """
    return isinstance(voice, Preset) or (isinstance(voice, str) and voice in Preset.names())


def quoted(text: str) -> str:
    r"""Return a text as a Python literal, in double quotes where that is as plain.

    Examples
    --------
    >>> print(quoted("It's"), quoted('"No," she said.'), quoted("a\nb"))
    "It's" '"No," she said.' "a\nb"
    """
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def _literal(value: object) -> str:
    return quoted(value) if isinstance(value, str) else repr(value)


def _joined(narration: Narration, voice: Voice) -> Take:
    """Return a narration as one take."""
    takes = [part.take for part in narration.parts]
    times = [take.synthesis_time for take in takes if take.synthesis_time is not None]
    return replace(
        takes[0],
        text=narration.text,
        voice=voice,
        audio=narration.audio,
        words=narration.words,
        warnings=narration.warnings,
        flags=tuple(dict.fromkeys(flag for take in takes for flag in take.flags)),
        spoken="",
        about={"lines": len(takes)},
        synthesis_time=sum(times) if len(times) == len(takes) else None,
    )


def _differing(options: type[Options], values: Mapping[str, Value]) -> dict[str, Value]:
    usual = {spec.name: spec.default for spec in options.describe()}
    return {name: value for name, value in values.items() if value != usual[name]}


def _checked_text(text: object) -> str:
    if not isinstance(text, str):
        raise ParameterError(f"must be text, not {shown(text)}", subject="text")
    if len(text) > _MOST:
        raise ParameterError(f"is longer than {_MOST:,} letters", subject="text")
    return text


def _checked_seed(seed: object) -> int | None:
    if seed is None:
        return None
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < _SEEDS:
        raise ParameterError(
            f"must be a whole number from 0 to 2^32 - 1, not {shown(seed)}", subject="seed"
        )
    return seed
