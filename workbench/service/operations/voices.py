"""Which voice speaks, with what options, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, VoiceNotFound

if TYPE_CHECKING:
    from workbench.engines.base import Synthesizer, VoiceInfo
    from workbench.options import Option
    from workbench.service.operations.speech import Speak

__all__ = ["Manner", "manner", "ready"]

_VOICES = {"kokoro": "af_heart", "espeak": "en-us", "chatterbox": "default"}
_USUAL_RATE = 175  # espeak's words a minute
_SLOWEST, _FASTEST = 0.25, 4.0
_PACES = ("speed", "rate")  # what engines call it


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a text is spoken.

    Parameters
    ----------
    voice
        ``engine:voice``.
    language
        What it speaks, as a BCP 47 tag.
    options
        The engine's.
    faster
        How much faster the sound is made afterwards, its pitch kept: what the engine cannot do.
    gap
        Seconds of silence between two pieces of a line.
    notes
        What somebody should know of it.
    """

    voice: str
    language: str
    options: dict[str, Any] = field(default_factory=dict)
    faster: float = 1.0
    gap: float = 0.0
    notes: tuple[str, ...] = ()


def manner(asked: Speak, *, sample: str | None = None) -> Manner:
    """Return how a text is spoken; no model is loaded.

    A speed is the engine's own where it has one: Kokoro's and a server's ``speed``, espeak's
    ``rate``. What is beyond that, and Chatterbox, which has none, is made faster afterwards.

    Parameters
    ----------
    asked
        What is asked for.
    sample
        The name of the voice that a sample becomes; empty when it is known later only.

    Raises
    ------
    VoiceNotFound, EngineNotFound, EngineMissing
        When the voice cannot be had.
    ParameterError
        When the language is not one of the engine's, the speed is out of range, or an option is
        not one of the engine's.
    """
    from workbench.engines.registry import engine

    if asked.engine == "kokoro" and asked.voice:  # its voices are known where it is not installed
        _kokoros(asked.voice)
    found = engine(asked.engine)
    notes: tuple[str, ...] = ()
    if sample is None:
        info = _voice(found, asked)
        name, language = info.name, info.language
        if asked.language and _base(asked.language) != _base(language):
            notes = (f"{name} speaks {language}, not {asked.language}",)
    else:
        name, language = sample, asked.language or "en"
    options, faster = _paced(found, asked)
    known = {spec.name: spec for spec in found.options.describe()}
    gap = 0.0
    if "gap" in known:
        if asked.chunk_silence_ms is not None:
            most = known["gap"].maximum or asked.chunk_silence_ms
            options.setdefault("gap", min(asked.chunk_silence_ms, int(most)))
        gap = float(found.options.build(options).to_dict()["gap"]) / 1000
    if asked.chunk_silence_ms is not None:
        gap = asked.chunk_silence_ms / 1000
    found.options.build(options)
    voice = f"{asked.engine}:{name}"
    return Manner(
        voice=voice, language=language, options=options, faster=faster, gap=gap, notes=notes
    )


def ready(voice: str) -> None:
    """Look whether what a voice needs is on this machine, as far as its engine can tell.

    Parameters
    ----------
    voice
        ``engine:voice``, the name of a preset or of a voice of espeak.

    Raises
    ------
    EngineMissing, WeightsMissing, WeightsCorrupt
        When something is not there, or not as it should be.
    """
    from workbench.engines.registry import engine
    from workbench.speech.voices import resolve

    found, _, _ = resolve(voice)
    look = getattr(engine(found.engine), "ready", None)
    if look is not None:
        look(found.name)


# -- which one ----------------------------------------------------------------------------------


def _kokoros(name: str) -> None:
    """Refuse what is no voice of Kokoro's, with all that are: clients have no other list."""
    from workbench.engines.kokoro import voices

    try:
        voices.find(name)
    except VoiceNotFound as error:
        listed = f"the voices are {', '.join(one.name for one in voices.voices())}"
        near, _, _ = error.cure.partition(" `workbench")
        if listed not in error.cure:
            error.cure = f"{near} {listed}" if near.startswith("did") else f"{near}; {listed}"
        raise


def _voice(found: Synthesizer, asked: Speak) -> VoiceInfo:
    name, tag = asked.voice, asked.language
    if found.name == "chatterbox" and tag and name not in {None, "default"}:
        return _cloned(found, str(name), tag)
    if name and (found.name != "chatterbox" or not tag):
        return found.find_voice(name)
    if tag and not (found.name == "chatterbox" and _base(tag) == "en"):
        return _speaking(found, tag)
    name = _VOICES.get(found.name)
    if name:
        return found.find_voice(name)
    listed = found.voices()
    if not listed:
        raise VoiceNotFound("has no voices", subject=found.name)
    return listed[0]


def _cloned(found: Synthesizer, name: str, tag: str) -> VoiceInfo:
    """Return a voice of Chatterbox in a language: those that were recorded speak all of them."""
    info = found.find_voice(name)
    if "+" in name or _base(info.language) == _base(tag):
        return info
    try:
        return found.find_voice(f"{name}+{_base(tag)}")
    except VoiceNotFound:
        return info


def _speaking(found: Synthesizer, tag: str) -> VoiceInfo:
    """Return the voice that an engine has for a language.

    Raises
    ------
    ParameterError
        When it has none.
    """
    base = _base(tag)
    for name in dict.fromkeys([tag, base]):
        try:
            info = found.find_voice(name)
        except VoiceNotFound:
            continue
        if _base(info.language) == base:  # not a voice that happens to be called so
            return info
    listed = found.voices()
    for info in listed:
        if _base(info.language) == base:
            return info
    spoken = ", ".join(sorted({_base(info.language) for info in listed}))
    raise ParameterError(
        f"{found.name} has no voice for {tag!r}",
        subject="language",
        cure=f"it speaks {spoken}; or name a voice",
    )


def _base(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").partition("-")[0]


# -- how fast -----------------------------------------------------------------------------------


def _paced(found: Synthesizer, asked: Speak) -> tuple[dict[str, Any], float]:
    """Return the engine's options, and how much faster the sound is made afterwards."""
    options = dict(asked.options)
    speed = asked.speed or 1.0  # the old server took 0 for 1 as well
    if not _SLOWEST <= speed <= _FASTEST:
        raise ParameterError(f"must be {_SLOWEST} to {_FASTEST}, not {speed:g}", subject="speed")
    known = {spec.name: spec for spec in found.options.describe()}
    found.options.build(options)
    if speed == 1.0:
        return options, 1.0
    both = [name for name in _PACES if name in known and name in options]
    if both:
        raise ParameterError(
            f"is said twice: by the option {both[0]} of {asked.engine} as well",
            subject="speed",
            cure="leave one of them out",
        )
    for name, value in (("speed", speed), ("rate", round(speed * _USUAL_RATE))):
        spec = known.get(name)
        if spec is None:
            continue
        if _within(spec, value):
            return {**options, name: value}, 1.0
        # As far as the engine goes: it does it better than what is done to a sound.
        most = (spec.maximum if speed > 1 else spec.minimum) or value
        return {**options, name: most}, value / most
    return options, speed


def _within(spec: Option, value: float) -> bool:
    low, high = spec.minimum, spec.maximum
    return (low is None or value >= low) and (high is None or value <= high)
