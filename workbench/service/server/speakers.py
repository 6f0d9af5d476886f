"""Which engine and voice are meant by OpenAI's two names, a model's and a voice's."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from workbench.errors import ModelError, VoiceNotFound, one_line

__all__ = ["Speaker", "named", "order", "speaker"]

_MODELS = ("tts-1", "whisper-1")  # what clients ask for when nobody has told them more
_ELSEWHERE = "remote"  # asks another server, which may be this one
_LOCAL = ("kokoro", "espeak", "chatterbox")
# OpenAI's voices, each as the one of Kokoro that was named after it or is nearest to it.
_THEIRS = {
    "alloy": "af_alloy",
    "ash": "am_michael",
    "ballad": "bm_george",
    "cedar": "am_adam",
    "coral": "af_heart",
    "echo": "am_echo",
    "fable": "bm_fable",
    "marin": "af_bella",
    "nova": "af_nova",
    "onyx": "am_onyx",
    "sage": "af_sarah",
    "shimmer": "af_sky",
    "verse": "am_liam",
}


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Who speaks.

    Parameters
    ----------
    engine
        Its name.
    voice
        The engine's own name of the voice; None for its usual one.
    note
        What is different from what was asked for, in ASCII; empty when nothing is.
    """

    engine: str
    voice: str | None = None
    note: str = ""


def named() -> list[str]:
    """Return the models that can be named: engines, recognisers, and OpenAI's names for both.

    Examples
    --------
    >>> {"espeak", "whisper", "tts-1", "whisper-1"} <= set(named())
    True
    """
    from workbench.engines.registry import transcribers

    ears = [name for name in transcribers() if name != _ELSEWHERE]
    return [*dict.fromkeys([*order(), *ears, *_MODELS])]


def order() -> list[str]:
    """Return the engines in the order in which they are asked for a voice.

    Kokoro with its weights comes first, then espeak, which is always here.
    """
    from workbench.engines.registry import engines

    known = [name for name in engines() if name != _ELSEWHERE]
    first = ["kokoro"] if _has_kokoro() else ["espeak"]
    return [name for name in dict.fromkeys([*first, *_LOCAL, *known]) if name in known]


def _has_kokoro() -> bool:
    from workbench.engines.registry import engine
    from workbench.engines.weights import find_model, state

    try:
        engine("kokoro")
        return state(find_model("kokoro")).state == "ready"
    except ModelError:
        return False


def speaker(model: str, voice: str) -> Speaker:
    """Return who speaks.

    Parameters
    ----------
    model
        An engine's name; any other one leaves the choice to the voice.
    voice
        ``engine:voice``, a voice of that engine, one of OpenAI's, or empty.

    Raises
    ------
    VoiceNotFound
        When no engine that may be meant has it, with the nearest names.
    EngineNotFound, EngineMissing
        When an engine is named that is not here.

    Examples
    --------
    >>> speaker("espeak", "en-us")
    Speaker(engine='espeak', voice='en-us', note='')
    >>> speaker("tts-1", "espeak:es").voice
    'es'
    """
    from workbench.engines.registry import engine

    voice = voice.strip()
    prefix, colon, name = voice.partition(":")
    if colon:
        return Speaker(engine=prefix, voice=engine(prefix).find_voice(name).name)
    all_ = order()
    meant = [model] if model in all_ else all_
    if not voice:
        return Speaker(engine=meant[0])
    if voice.lower() in _THEIRS:
        near = _THEIRS[voice.lower()] if meant[0] == "kokoro" else None
        note = f"the voice {voice.lower()} is {meant[0]}:{near or 'its usual one'} here"
        return Speaker(engine=meant[0], voice=near, note=note)
    # First who has a voice of just that name, as the list says, then who takes it for one.
    return _named_so(meant, voice) or _taken_for(meant, voice)


def _named_so(engines: list[str], voice: str) -> Speaker | None:
    from workbench.engines.registry import engine

    for name in engines:
        with suppress(ModelError):
            for one in engine(name).voices():
                if one.name.lower() == voice.lower():
                    return Speaker(engine=name, voice=one.name)
    return None


def _taken_for(engines: list[str], voice: str) -> Speaker:
    from workbench.engines.registry import engine

    refused: ModelError | None = None
    for name in engines:
        try:
            return Speaker(engine=name, voice=engine(name).find_voice(voice).name)
        except ModelError as error:
            refused = refused or error
    if isinstance(refused, VoiceNotFound):
        raise refused
    raise VoiceNotFound(
        "is a voice of no engine that is here",
        subject=one_line(voice, limit=80),
        cure="GET /v1/audio/voices lists them",
    ) from refused
