"""The voices of Kokoro: 54 by name, and blends of them.

The table is the one that comes with the weights (``VOICES.md`` of ``hexgrad/Kokoro-82M``, v1.0).
The package itself opens whatever string ends in ``.pt`` as a file, and takes any other for a name
to fetch: a name that is not in the table goes no further than this module.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass

from workbench.engines.base import VoiceInfo
from workbench.errors import ParameterError, VoiceNotFound, suggest

__all__ = ["FoundVoice", "Language", "find", "language", "voices"]


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language that Kokoro speaks.

    Parameters
    ----------
    tag
        Its BCP 47 tag in lower case.
    code
        The letter Kokoro has for it, the first one of its voices' names.
    name
        For people.
    female, male
        The voices, the best rated first.
    """

    tag: str
    code: str
    name: str
    female: tuple[str, ...]
    male: tuple[str, ...]


_LANGUAGES = (
    Language(
        tag="en-us",
        code="a",
        name="American English",
        female=(
            *("heart", "bella", "nicole", "aoede", "kore", "sarah"),
            *("nova", "alloy", "sky", "jessica", "river"),
        ),
        male=("michael", "fenrir", "puck", "echo", "eric", "liam", "onyx", "santa", "adam"),
    ),
    Language(
        tag="en-gb",
        code="b",
        name="British English",
        female=("emma", "isabella", "alice", "lily"),
        male=("george", "fable", "lewis", "daniel"),
    ),
    Language(tag="es", code="e", name="Spanish", female=("dora",), male=("alex", "santa")),
    Language(tag="fr", code="f", name="French", female=("siwis",), male=()),
    Language(tag="hi", code="h", name="Hindi", female=("alpha", "beta"), male=("omega", "psi")),
    Language(tag="it", code="i", name="Italian", female=("sara",), male=("nicola",)),
    Language(
        tag="ja",
        code="j",
        name="Japanese",
        female=("alpha", "gongitsune", "tebukuro", "nezumi"),
        male=("kumo",),
    ),
    Language(
        tag="pt", code="p", name="Brazilian Portuguese", female=("dora",), male=("alex", "santa")
    ),
    Language(
        tag="zh",
        code="z",
        name="Mandarin Chinese",
        female=("xiaobei", "xiaoni", "xiaoxiao", "xiaoyi"),
        male=("yunjian", "yunxi", "yunxia", "yunyang"),
    ),
)
# What else a language is called.
_ALIASES = {
    "en": "en-us", "english": "en-us", "american": "en-us", "british": "en-gb", "en-uk": "en-gb",
    "es-es": "es", "spanish": "es", "fr-fr": "fr", "french": "fr", "hi-in": "hi", "hindi": "hi",
    "it-it": "it", "italian": "it", "ja-jp": "ja", "japanese": "ja", "pt-br": "pt",
    "portuguese": "pt", "zh-cn": "zh", "cmn": "zh", "chinese": "zh", "mandarin": "zh",
}  # fmt: skip
_MOST = 5  # voices in a blend: the name of more would not fit into 100 letters
_PARTS = 1000  # weights are kept in thousandths, so that a canonical name means itself
_WEIGHT = re.compile(r"\d{1,6}(\.\d{0,6})?|\.\d{1,6}", re.ASCII)
_HOW = "write a blend as af_heart*0.7+am_adam*0.3"


@dataclass(frozen=True, kw_only=True)
class FoundVoice:
    """A voice or a blend.

    Parameters
    ----------
    info
        What others see of it; its name is canonical: `find` of it finds the same.
    language
        The language it speaks, that of its first part.
    parts
        The voices it is made of and their weights, which sum to 1.
    """

    info: VoiceInfo
    language: Language
    parts: tuple[tuple[str, float], ...]


def voices() -> tuple[VoiceInfo, ...]:
    """Return the 54 voices, sorted by language and name.

    Examples
    --------
    >>> len(voices()), [v.name for v in voices() if v.language == "es"]
    (54, ['ef_dora', 'em_alex', 'em_santa'])
    """
    return tuple(voice.info for voice in _table().values())


def language(tag: str) -> Language:
    """Return the language of a tag that a voice has.

    Examples
    --------
    >>> language("en-gb").code
    'b'
    """
    return next(row for row in _LANGUAGES if row.tag == tag)


def find(name: str) -> FoundVoice:
    """Return the voice or the blend that `name` means, in upper or lower case.

    Parameters
    ----------
    name
        One of the 54; a language (``es``, ``pt-br``, ``french``) for the best of its voices; or up
        to five names joined by ``+`` or ``,``, each with ``*`` and a weight or without:
        ``af_heart*0.7+am_adam*0.3``, ``af_heart+am_adam``. Weights count in proportion, so 7 and 3
        are 0.7 and 0.3. Voices of different languages may be blended: the first one's language is
        spoken, with the accent that the others bring.

    Raises
    ------
    VoiceNotFound
        When a part of it is not a voice, with the nearest names or all of them; when a weight is
        not a number above 0; when there are more than five parts.

    Examples
    --------
    >>> find("AF_Heart * 7, am_adam * 3").info.name
    'af_heart*0.7+am_adam*0.3'
    >>> find("es").info.name
    'ef_dora'
    >>> find("voices/ef_dora.pt")
    Traceback (most recent call last):
    workbench.errors.VoiceNotFound: voices/ef_dora.pt: is not a voice of kokoro; did you mean ...
    """
    if not isinstance(name, str):
        raise ParameterError(f"must be a name, not {name!r}", subject="voice")
    pieces = re.split(r"[+,]", name[:200].lower())
    if len(pieces) > _MOST:
        raise VoiceNotFound(
            f"blends {len(pieces)} voices, more than {_MOST}",
            subject=name,
            cure=f"take {_MOST} of them",
        )
    weights: dict[str, float] = {}
    for piece in pieces:
        voice, weight = _part(piece, name)
        weights[voice] = weights.get(voice, 0.0) + weight
    if len(weights) == 1:
        return _table()[next(iter(weights))]
    return _blend(weights)


def _part(piece: str, name: str) -> tuple[str, float]:
    """Return the voice and the weight that a part of a blend names."""
    left, star, right = (side.strip() for side in piece.partition("*"))
    if star and _WEIGHT.fullmatch(left):  # 0.7*af_heart
        left, right = right, left
    if star and (not _WEIGHT.fullmatch(right) or not float(right)):
        raise VoiceNotFound(
            f"has the weight {right!r}, which is not a number above 0", subject=name, cure=_HOW
        )
    tag = _ALIASES.get(left, left)
    for row in _LANGUAGES:
        if row.tag == tag:
            left = f"{row.code}f_{row.female[0]}"
    if left not in _table():
        raise VoiceNotFound("is not a voice of kokoro", subject=name, cure=_cure(left))
    return left, float(right) if star else 1.0


def _blend(weights: dict[str, float]) -> FoundVoice:
    total = math.fsum(weights.values())
    shares = {voice: weight / total * _PARTS for voice, weight in weights.items()}
    parts = {voice: max(int(share), 1) for voice, share in shares.items()}
    # The largest remainders are rounded up (Hamilton's method): the sum stays 1.
    order = sorted(shares, key=lambda voice: parts[voice] - shares[voice])
    for voice in order[: max(_PARTS - sum(parts.values()), 0)]:
        parts[voice] += 1
    largest = max(parts, key=lambda voice: parts[voice])
    parts[largest] += _PARTS - sum(parts.values())
    found = [_table()[voice] for voice in parts]
    genders = {voice.info.gender for voice in found}
    info = VoiceInfo(
        name="+".join(f"{voice}*{part / _PARTS:g}" for voice, part in parts.items()),
        language=found[0].info.language,
        label=" + ".join(voice.info.label for voice in found),
        gender=genders.pop() if len(genders) == 1 else "",
    )
    return FoundVoice(
        info=info,
        language=found[0].language,
        parts=tuple((voice, part / _PARTS) for voice, part in parts.items()),
    )


def _cure(wanted: str) -> str:
    near = suggest(wanted, _table())
    if near:
        return f"{near} `workbench voices` lists them"
    return f"the voices are {', '.join(_table())}"


@functools.cache
def _table() -> dict[str, FoundVoice]:
    rows = [
        (row, name, gender)
        for row in _LANGUAGES
        for gender, names in (("female", row.female), ("male", row.male))
        for name in names
    ]
    found = [
        FoundVoice(
            info=VoiceInfo(
                name=f"{row.code}{gender[0]}_{name}",
                language=row.tag,
                label=f"{name.capitalize()} ({row.name})",
                gender=gender,
            ),
            language=row,
            parts=((f"{row.code}{gender[0]}_{name}", 1.0),),
        )
        for row, name, gender in rows
    ]
    ordered = sorted(found, key=lambda voice: (voice.info.language, voice.info.name))
    return {voice.info.name: voice for voice in ordered}
