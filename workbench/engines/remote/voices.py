"""The voices of a server: as it lists them, as the user does, or as OpenAI documents them."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from workbench.engines.base import VoiceInfo
from workbench.engines.remote.languages import tag
from workbench.errors import ParameterError, VoiceNotFound, one_line, suggest
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DOCUMENTED", "find", "from_server", "from_text"]

log = logging.getLogger(__name__)

UNKNOWN = "und"  # ISO 639-2: undetermined
# What the names of Kokoro's voices begin with: a language and a sex, as in af_heart.
_KOKORO = re.compile(r"([abefhijpz])([fm])_\w+")
_KOKORO_LANGUAGES = {
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "j": "ja",
    "p": "pt-br", "z": "cmn",
}  # fmt: skip
_PIPER = re.compile(r"([a-z]{2,3}_[A-Z]{2})-.+")  # as in en_US-amy-medium
_GENDERS = {"f": "female", "m": "male", "female": "female", "male": "male"}
_MOST = 5_000  # voices

DOCUMENTED = tuple(
    VoiceInfo(name=name, language="en", label=name.capitalize())
    for name in (
        "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx",
        "sage", "shimmer", "verse",
    )
)  # fmt: skip
"""The voices of OpenAI's own models; its guide calls them "optimized for English"."""


def from_text(text: str) -> tuple[VoiceInfo, ...]:
    """Return the voices that a list such as ``alloy,nova:en`` names, with their languages.

    Raises
    ------
    ParameterError
        When a name or a language in it cannot be one, or there is none.

    Examples
    --------
    >>> [(voice.name, voice.language) for voice in from_text("nova:en-GB, af_heart")]
    [('nova', 'en-gb'), ('af_heart', 'en-us')]
    """
    found = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, colon, language = item.partition(":")
        if not _usable(name.strip()) or (colon and not tag(language)):
            raise ParameterError(
                f"{item!r} is not a voice", subject="voices", cure="write it as alloy,nova:en"
            )
        found.append(_voice(name.strip(), language=tag(language)))
    if not found:
        raise ParameterError("names no voice", subject="voices", cure="write it as alloy,nova:en")
    return _sorted(found)


def from_server(payload: Any) -> tuple[VoiceInfo, ...]:
    """Return the voices that a server lists; none where it is no list of voices.

    Understood are lists of names and lists of objects with an ``id``, ``voice_id`` or ``name``,
    by themselves or as the ``voices`` or ``data`` of an object. Names that cannot stand behind
    ``remote:`` are left out; labels are shown on one line, without control characters.

    Examples
    --------
    >>> told = {"voices": [{"id": "ef_dora", "name": "Dora"}, "alloy", {"id": "a/b"}]}
    >>> [(voice.name, voice.language, voice.label) for voice in from_server(told)]
    [('alloy', 'en', 'Alloy'), ('ef_dora', 'es', 'Dora')]
    """
    if isinstance(payload, dict):
        payload = next((payload[key] for key in ("voices", "data") if key in payload), None)
    if isinstance(payload, dict):  # by name
        payload = [
            {"id": name, **(about if isinstance(about, dict) else {})}
            for name, about in payload.items()
        ]
    if not isinstance(payload, list):
        return ()
    found = []
    for item in payload[:_MOST]:
        about = item if isinstance(item, dict) else {"id": item}
        keys = ("id", "voice_id", "slug", "value", "name")
        name = next((about[key] for key in keys if isinstance(about.get(key), str)), "")
        if not _usable(name):
            log.info("a voice is left out: %r cannot be a name", name)
            continue
        labels = (about.get("name"), about.get("label"), about.get("title"))
        label = next((text for text in labels if isinstance(text, str) and text != name), "")
        spoken = about.get("languages")
        languages = [about.get(key) for key in ("language", "lang", "locale", "language_code")]
        languages += spoken if isinstance(spoken, list) else []
        language = next(filter(None, map(tag, languages)), "")
        told = about.get("gender")
        gender = _GENDERS.get(told.lower(), "") if isinstance(told, str) else ""
        found.append(_voice(name, label=label, language=language, gender=gender))
    return _sorted(found)


def find(name: str, voices: Sequence[VoiceInfo], subject: str) -> VoiceInfo:
    """Return the voice of that name, in any case.

    Raises
    ------
    VoiceNotFound
        With the nearest names, and how to name a voice that the server keeps to itself.
    """
    for voice in voices:
        if voice.name == name:
            return voice
    for voice in voices:
        if voice.name.lower() == name.lower():
            return voice
    near = suggest(name, [voice.name for voice in voices])
    raise VoiceNotFound(
        f"is not a voice of {subject}",
        subject=name or "''",
        cure=(near or f"there are {len(voices)}, such as {voices[0].name};")
        + " one that the server does not list is named in WORKBENCH_REMOTE_VOICES=alloy,nova:en",
    )


def _voice(name: str, *, label: str = "", language: str = "", gender: str = "") -> VoiceInfo:
    kokoro, piper = _KOKORO.fullmatch(name), _PIPER.fullmatch(name)
    if kokoro:
        language = language or _KOKORO_LANGUAGES[kokoro[1]]
        gender = gender or _GENDERS[kokoro[2]]
    elif piper:
        language = language or tag(piper[1])
    documented = any(voice.name == name for voice in DOCUMENTED)
    return VoiceInfo(
        name=name,
        language=language or ("en" if documented else UNKNOWN),
        label=one_line(label.strip()) or name.replace("_", " ").capitalize(),
        gender=gender,
    )


def _usable(name: str) -> bool:
    try:
        return Voice(engine="remote", name=name).name == name
    except ParameterError:
        return False


def _sorted(found: Iterable[VoiceInfo]) -> tuple[VoiceInfo, ...]:
    """Return each voice once, also those whose names differ in case alone, in order."""
    once = {voice.name.lower(): voice for voice in reversed(list(found))}
    return tuple(sorted(once.values(), key=lambda voice: (voice.language, voice.name)))
