"""Who can speak: every engine's voices, and what a name means."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.engines.registry import DEFAULT, engine, engines
from workbench.errors import EngineMissing, ModelError, ParameterError, VoiceNotFound, suggest
from workbench.voice import PRESETS, Preset, Voice

if TYPE_CHECKING:
    from workbench.engines.base import VoiceInfo

__all__ = ["DEFAULT_VOICE", "find_voice", "resolve", "voices"]

log = logging.getLogger(__name__)

DEFAULT_VOICE = f"{DEFAULT}:en-us"


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
    voice, _, options = resolve(name)
    return voice, options


def resolve(name: str | Voice | Preset | None) -> tuple[Voice, VoiceInfo, dict[str, Any]]:
    """Return what `find_voice` does, and between the two what the engine tells of the voice.

    Examples
    --------
    >>> resolve("es")[1].language
    'es'
    """
    if isinstance(name, Preset):
        found, info, options = resolve(name.voice)
        return found, info, {**options, **name.options}
    if name is None:
        name = DEFAULT_VOICE
    if isinstance(name, str) and ":" not in name:
        presets = Preset.names()
        if name in presets:
            return resolve(Preset.load(PRESETS / f"{name}.toml"))
        try:
            info = engine(DEFAULT).find_voice(name)
        except VoiceNotFound as error:
            near = suggest(name, presets)
            raise VoiceNotFound(
                "is neither a preset nor a voice",
                subject=name,
                cure=f"{near} or: {error.cure}" if near else error.cure,
            ) from None
        return Voice(engine=DEFAULT, name=info.name), info, {}
    if not isinstance(name, str | Voice):
        raise ParameterError(f"must be a name, not {type(name).__name__}", subject="voice")
    asked = Voice.parse(name) if isinstance(name, str) else name
    info = engine(asked.engine).find_voice(asked.name)
    return replace(asked, name=info.name), info, {}


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
            # An extra that nobody asked for is no fault; a plug-in that breaks is.
            level = logging.INFO if isinstance(error, EngineMissing) else logging.WARNING
            log.log(level, "the voices of %s are left out: %s", name, error)
            continue
        speaking = [i for i in infos if not wanted or f"{i.language}-".startswith(f"{wanted}-")]
        if not speaking and wanted:
            with suppress(VoiceNotFound):
                same = engine(name).find_voice(wanted).language
                speaking = [info for info in infos if info.language == same]
        found += [replace(info, name=f"{name}:{info.name}") for info in speaking]
    return tuple(found)
