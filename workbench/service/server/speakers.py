"""Which engine and voice are meant by OpenAI's two names, a model's and a voice's."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import ModelError, VoiceNotFound, one_line

__all__ = ["Speaker", "named", "order", "speaker"]

_MODELS = ("tts-1", "whisper-1")  # what clients ask for when nobody has told them more
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

    return [*dict.fromkeys([*order(), *transcribers(), *_MODELS])]


def order() -> list[str]:
    """Return the engines in the order in which they are asked for a voice.

    Kokoro with its weights comes first, then espeak, which is always here. An engine that would
    ask another server is left out: that may be this one.
    """
    from workbench.engines.registry import engines

    known = [name for name in engines() if name != "remote"]
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
    >>> speaker("espeak", "en-gb")
    Speaker(engine='espeak', voice='en-gb', note='')
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
    refused: ModelError | None = None
    for name in meant:
        try:
            return Speaker(engine=name, voice=engine(name).find_voice(voice).name)
        except ModelError as error:
            if refused is None or len(meant) == 1:
                refused = error
    if isinstance(refused, VoiceNotFound):
        raise refused
    raise VoiceNotFound(
        "is a voice of no engine that is here",
        subject=one_line(voice, limit=80),
        cure="GET /v1/audio/voices lists them",
    ) from refused
