"""Chatterbox's voices by name: its own in 23 languages, and those that were recorded to be cloned.

============== ============================ ==============================
name           who                          model
============== ============================ ==============================
``default``    its own voice, English       English
``turbo``      its own voice, English       Turbo
``es``, ``fr`` its own voice, that language multilingual
``ana``        a recorded voice, in the     English or multilingual
               language of its record
``ana+fr``     the same, in another one     multilingual
``ana+turbo``  the same, in English         Turbo
============== ============================ ==============================
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from workbench.engines.base import VoiceInfo
from workbench.engines.chatterbox.package import MODELS, Kind
from workbench.engines.reference import ReferenceVoice
from workbench.errors import VoiceNotFound, WorkbenchError, suggest

__all__ = ["LANGUAGES", "FoundVoice", "digest", "find", "voices"]

log = logging.getLogger(__name__)

LANGUAGES = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "ms": "Malay", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish",
    "sw": "Swahili", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip
"""The languages of the multilingual model, as `SUPPORTED_LANGUAGES` in its source."""

_MOST = 100  # letters of a name that is looked for


@dataclass(frozen=True, kw_only=True)
class FoundVoice:
    """A voice, and what speaks it.

    Parameters
    ----------
    info
        What is told of it.
    model
        The model that speaks.
    reference
        The recording that is cloned; None for the model's own voice.
    """

    info: VoiceInfo
    model: Kind
    reference: ReferenceVoice | None = None

    @property
    def language(self) -> str:
        """The model's own name of the language."""
        return self.info.language.partition("-")[0]


def voices() -> tuple[VoiceInfo, ...]:
    """Return every voice, sorted by language and name; a record that is damaged is left out."""
    found = [voice.info for voice in _own().values()]
    for name in ReferenceVoice.names():
        try:
            found.append(_cloned(name, "").info)
        except WorkbenchError as error:
            log.warning("%s is left out: %s", name, error)
    return tuple(sorted(found, key=lambda info: (info.language, info.name)))


def find(name: str) -> FoundVoice:
    """Return the voice of that name.

    Raises
    ------
    VoiceNotFound
        With the nearest names.
    ConsentMissing
        When it is a recorded one whose record lacks something.

    Examples
    --------
    >>> find("ES").info.label, find("es").model.name
    ('Its own voice, Spanish', 'multilingual')
    """
    wanted = str(name).lower()
    own = _own()
    if wanted in own:
        return own[wanted]
    base, plus, how = wanted.partition("+")
    names = ReferenceVoice.names()
    if base not in names or len(wanted) > _MOST:
        near = suggest(wanted, [*own, *names])
        cure = near or "`workbench voices -e chatterbox` lists them; `workbench clone` makes one"
        raise VoiceNotFound("is not a voice of chatterbox", subject=str(name), cure=cure)
    if plus and how not in LANGUAGES and how != "turbo":
        cure = suggest(how, LANGUAGES) or f"after the + goes turbo, {', '.join(LANGUAGES)}"
        raise VoiceNotFound("is not a language of chatterbox", subject=str(name), cure=cure)
    return _cloned(base, how)


def digest() -> str:
    """Return a few letters that change when a recorded voice does; empty without one.

    What a take is spoken in and what its receipt says of consent come from the record: one that
    was made anew, of the same recording, is another voice too.
    """
    import json
    from hashlib import sha256

    parts = []
    for name in ReferenceVoice.names():
        try:
            voice = ReferenceVoice.load(name)
        except WorkbenchError:  # it does not speak, so no take is made with it
            continue
        parts.append(json.dumps([voice.consent(), voice.language], sort_keys=True))
    return sha256("\n".join(parts).encode()).hexdigest()[:8] if parts else ""


def _own() -> dict[str, FoundVoice]:
    found = {
        "default": _voice("default", "en", "Its own voice, English", "english"),
        "turbo": _voice("turbo", "en", "Its own voice, English, by the Turbo model", "turbo"),
    }
    for tag, language in LANGUAGES.items():
        label = f"Its own voice, {language}"
        if tag == "en":
            label += ", by the multilingual model"
        found[tag] = _voice(tag, tag, label, "multilingual")
    return found


def _cloned(name: str, how: str) -> FoundVoice:
    voice = ReferenceVoice.load(name)
    if how == "turbo":
        language, model = "en", "turbo"
        if voice.seconds <= MODELS["turbo"].shortest:
            raise VoiceNotFound(
                f"has {voice.seconds:.1f} s of recording, and turbo needs more than 5",
                subject=f"{name}+turbo",
                cure=f"use {name}, or record it again",
            )
    else:
        language = how or voice.language
        model = "english" if language.partition("-")[0] == "en" and not how else "multilingual"
    if language.partition("-")[0] not in LANGUAGES:
        raise VoiceNotFound(
            f"is recorded in {language!r}, which chatterbox does not speak",
            subject=name,
            cure=f"name one that it does: {name}+es, of {', '.join(LANGUAGES)}",
        )
    label = f"{voice.who}, cloned" + (f" ({voice.note})" if voice.note else "")
    full = f"{name}+{how}" if how else name
    return _voice(full, language, label, model, voice)


def _voice(
    name: str, language: str, label: str, model: str, reference: ReferenceVoice | None = None
) -> FoundVoice:
    info = VoiceInfo(name=name, language=language, label=label)
    return FoundVoice(info=info, model=MODELS[model], reference=reference)
