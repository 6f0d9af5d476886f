"""A script and a voice become a narration, line by line."""

from __future__ import annotations

import logging
from contextlib import nullcontext, suppress
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from workbench.engines.registry import DEFAULT, engine, engines
from workbench.errors import (
    Cancelled,
    ModelError,
    ParameterError,
    TextError,
    VoiceNotFound,
    WorkbenchError,
    suggest,
)
from workbench.paths import file_kind
from workbench.progress import bar
from workbench.script import Line, Script
from workbench.storage.cache import TakeCache, key
from workbench.take import Narration, Part, Take
from workbench.voice import PRESETS, Preset, Voice

if TYPE_CHECKING:
    import threading

    from workbench.engines.base import Synthesizer, VoiceInfo
    from workbench.options import Options
    from workbench.progress import Report

__all__ = ["DEFAULT_VOICE", "Speaker", "find_voice", "speak", "voices"]

log = logging.getLogger(__name__)

DEFAULT_VOICE = f"{DEFAULT}:en-us"

_LONGEST_GAP = 60.0
_MANY = 25  # lines from which on it is worth showing a bar


class Speaker:
    """A voice ready to speak: its engine, its name there, and its effective options.

    Parameters
    ----------
    voice
        The voice or preset, see `find_voice`.
    options
        Options of the engine, on top of the preset's.
    seed
        For engines that use chance.
    cache
        Where takes are kept; None to speak every time.

    Raises
    ------
    VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
        When there is no such voice, or it has no such option.

    Examples
    --------
    >>> speaker = Speaker("espeak:es", {"rate": 200})
    >>> speaker.voice, speaker.options.rate
    (Voice(engine='espeak', name='es'), 200)
    """

    def __init__(
        self,
        voice: str | Voice | Preset | None,
        options: dict[str, Any] | None = None,
        *,
        seed: int | None = None,
        cache: TakeCache | None = None,
    ) -> None:
        self.voice, preset = find_voice(voice)
        self.engine: Synthesizer = engine(self.voice.engine)
        self.options: Options = self.engine.options.build({**preset, **(options or {})})
        self.seed = seed if self.engine.capabilities.seeded else None
        self._cache = cache

    def say(self, text: str) -> Take:
        """Return `text` as spoken, from the cache when it has been spoken before.

        Raises
        ------
        TextError
            When there is nothing to speak.
        """
        name = key(
            {
                "engine": self.voice.engine,
                "version": self.engine.version,
                "voice": self.voice.name,
                "options": self.options.to_dict(),
                "seed": self.seed,
                "text": text,
            }
        )
        take = self._cache.get(name) if self._cache is not None else None
        if take is None:
            take = self.engine.synthesize(
                text, voice=self.voice.name, options=self.options, seed=self.seed
            )
            if self._cache is not None:
                self._cache.put(name, take)
        return take


def find_voice(name: str | Voice | Preset | None) -> tuple[Voice, dict[str, Any]]:
    """Return the voice that a name means, and the options that come with it.

    Parameters
    ----------
    name
        ``engine:voice``; the name of a preset in ``presets/``; the name of a voice of the default
        engine (``es``); a `Voice` or `Preset`; None for ``espeak:en-us``.

    Raises
    ------
    VoiceNotFound
        With the nearest presets and voices.
    EngineNotFound, EngineMissing
        When the engine is not there.

    Examples
    --------
    >>> find_voice("es")
    (Voice(engine='espeak', name='es'), {})
    """
    if isinstance(name, Preset):
        found, options = find_voice(name.voice)
        return found, {**options, **name.options}
    if name is None:
        name = DEFAULT_VOICE
    if isinstance(name, str) and ":" not in name:
        presets = Preset.names()
        if name in presets:
            return find_voice(Preset.load(PRESETS / f"{name}.toml"))
        try:
            info = engine(DEFAULT).find_voice(name)
        except VoiceNotFound as error:
            near = suggest(name, presets)
            raise VoiceNotFound(
                "is neither a preset nor a voice",
                subject=name,
                cure=f"{near} or: {error.cure}" if near else error.cure,
            ) from None
        return Voice(engine=DEFAULT, name=info.name), {}
    if not isinstance(name, str | Voice):
        raise ParameterError(f"must be a name, not {type(name).__name__}", subject="voice")
    asked = Voice.parse(name) if isinstance(name, str) else name
    info = engine(asked.engine).find_voice(asked.name)
    return replace(asked, name=info.name), {}


def speak(
    text: str | Script,
    voice: str | Voice | Preset | None = None,
    *,
    gap: float = 0.35,
    seed: int | None = None,
    cache: bool = True,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Narration:
    r"""Speak a script.

    Parameters
    ----------
    text
        The script: a line of text is a line of speech. ``[pause 0.5s]`` and ``[voice:NAME]`` are
        understood, see `workbench.script`.
    voice
        Who speaks where the script does not say, see `find_voice`.
    gap
        Seconds of silence between two lines, 0 to 60; a ``[pause]`` takes its place.
    seed
        For engines that use chance.
    cache
        Whether a line that was spoken before, by the same voice with the same options, is taken
        from the cache.
    progress
        Called with the part that is done, 0 to 1; by default long scripts show a bar.
    cancel
        Set it from another thread to stop.
    **options
        The engine's options, such as ``rate=160``; they are for `voice`, not for voices that the
        script names.

    Returns
    -------
    Narration
        With ``.audio`` (``.samples``, ``.rate``, ``.duration``) and ``.words`` (each with
        ``.text``, ``.start``, ``.end`` in seconds).

    Raises
    ------
    TextError
        When there is nothing to speak, or a tag is wrong.
    VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
        Before anything is spoken.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> narration = speak("Hello, world.\nIt works.", voice="espeak:en-gb", rate=150)
    >>> [word.text for word in narration.words]
    ['Hello,', 'world.', 'It', 'works.']
    """
    if isinstance(text, str) and file_kind(text):
        raise TextError(
            "looks like a file's name", subject=text, cure=f"speak(Script.load({text!r})) reads it"
        )
    script = text if isinstance(text, Script) else Script.parse(text)
    _check_gap(gap)
    kept = TakeCache() if cache else None
    default = Speaker(voice, options, seed=seed, cache=kept)
    speakers: dict[str | None, Speaker] = {None: default}
    for line in script.lines:  # every voice is found before the first line is spoken
        if line.voice not in speakers:
            try:
                speakers[line.voice] = Speaker(line.voice, seed=seed, cache=kept)
            except WorkbenchError as error:
                error.subject = f"script line {line.number}: {error.subject}"
                raise

    many = progress is None and len(script.lines) >= _MANY
    with bar("speaking") if many else nullcontext(progress) as report:
        return _narrate(script, speakers, gap, report, cancel)


def _narrate(
    script: Script,
    speakers: dict[str | None, Speaker],
    gap: float,
    report: Report | None,
    cancel: threading.Event | None,
) -> Narration:
    parts: list[Part] = []
    time = 0.0
    silence: float | None = 0.0  # before the next line; None for the usual gap
    total = len(script.lines)
    for item in script.items:
        if not isinstance(item, Line):
            silence = (silence or 0.0) + item.seconds
            continue
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"stopped after {len(parts)} of {total} lines", subject="speech")
        time += gap if silence is None else silence
        take = speakers[item.voice].say(item.text)
        parts.append(Part(line=item, take=take, start=time))
        time += take.duration
        silence = None
        if report is not None:
            report(len(parts) / total)
    return Narration(parts=tuple(parts), duration=time + (silence or 0.0))


def _check_gap(gap: object) -> None:
    number = isinstance(gap, Real) and not isinstance(gap, bool)
    if not number or not 0 <= cast("float", gap) <= _LONGEST_GAP:
        raise ParameterError(f"must be 0 to 60 seconds, not {gap!r}", subject="gap")


def voices(language: str = "", *, engine_name: str = "") -> tuple[VoiceInfo, ...]:
    """Return the voices of every engine, their names as `speak` takes them.

    Parameters
    ----------
    language
        Only those of a language: ``es`` finds ``es`` and ``es-419``. What an engine takes for a
        voice (``zh``, ``spanish``) stands for that voice's language.
    engine_name
        Only those of one engine. Without it, engines that cannot be loaded are left out.

    Raises
    ------
    EngineNotFound, EngineMissing
        When the engine that is named is not there.

    Examples
    --------
    >>> "espeak:es" in [voice.name for voice in voices("es")]
    True
    """
    wanted = language.lower()
    found: list[VoiceInfo] = []
    for name in [engine_name] if engine_name else engines():
        try:
            infos = engine(name).voices()
        except ModelError as error:
            if engine_name:
                raise
            log.warning("the voices of %s are left out: %s", name, error)
            continue
        found += [replace(info, name=f"{name}:{info.name}") for info in infos]
    speaking = [i for i in found if not wanted or f"{i.language}-".startswith(f"{wanted}-")]
    if not speaking and wanted:
        for name in dict.fromkeys(info.name.partition(":")[0] for info in found):
            with suppress(VoiceNotFound):
                same = engine(name).find_voice(wanted).language
                speaking += [info for info in found if info.language == same]
    return tuple(speaking)
