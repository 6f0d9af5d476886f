"""The voices of espeak: which there are, and how one is found by what a person calls it."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.engines.base import VoiceInfo
from workbench.engines.espeak.install import data_folder, info
from workbench.engines.espeak.library import RawVoice
from workbench.errors import ParameterError, VoiceNotFound, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FoundVoice", "find", "variants", "voices"]

# Spanish of the Americas (UN M49 region 419, and the United States), of which espeak lists Mexico.
_AMERICAS = re.compile(r"es-(ar|bo|cl|co|cr|cu|do|ec|gt|hn|mx|ni|pa|pe|pr|py|sv|us|uy|ve)")
# Tags that ISO 639 has retired, or that mean a close relative of what espeak has.
_ALIASES = {"iw": "he", "in": "id", "nn": "nb", "zh-hk": "yue", "zh-mo": "yue"}
# Variants of 1.52 that are none: one ends the library on 2 of 43 plain sentences, the other calls
# itself unstable and changes nothing.
_UNFIT = {"robosoft2", "fast"}
_TAG = re.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?")


@dataclass(frozen=True, kw_only=True)
class FoundVoice:
    """A voice, and what the library calls it.

    Parameters
    ----------
    info
        What others see of it.
    identifier
        The library's name, such as ``roa/es-419``.
    variant
        The timbre laid over it, such as ``f3``; empty for its own.
    """

    info: VoiceInfo
    identifier: str
    variant: str = ""


@dataclass(frozen=True)
class _Catalogue:
    voices: tuple[FoundVoice, ...]
    names: dict[str, FoundVoice]


@functools.cache
def variants() -> dict[str, str]:
    """Return the variants, sorted by name, each with its gender (``female``, ``male`` or empty).

    Examples
    --------
    >>> variants()["f3"]
    'female'
    """
    files = [p for p in (data_folder() / "voices" / "!v").glob("[!.]*") if p.is_file()]
    files = [p for p in files if p.name not in _UNFIT]
    genders: dict[str, str] = {}
    for file in sorted(files, key=lambda p: (p.name.lower(), p.name)):
        text = file.read_text(encoding="utf-8", errors="replace")
        match = re.search(r"^gender\s+(female|male)\b", text, re.MULTILINE)
        genders[file.name] = match[1] if match else ""
    return genders


def voices() -> tuple[VoiceInfo, ...]:
    """Return every voice, sorted by language and name."""
    return tuple(voice.info for voice in _catalogue().voices)


def find(name: str) -> FoundVoice:
    """Return the voice that `name` means, in upper or lower case.

    Parameters
    ----------
    name
        A voice's name (``es-419``), a language tag (``en-gb``, ``zh``, ``de-at``), the label
        (``Spanish (Spain)``) or the language of it (``spanish``), or the library's identifier
        (``roa/es``); then, if wanted, ``+`` and a variant.

    Raises
    ------
    VoiceNotFound
        With the nearest names.

    Examples
    --------
    >>> find("EN-GB").info.label
    'English (Great Britain)'
    >>> find("es-mx+F3").info.name
    'es-419+f3'
    """
    if not isinstance(name, str):
        raise ParameterError(f"must be a name, not {name!r}", subject="voice")
    wanted, plus, variant = name.partition("+")
    found = _search(wanted.strip().lower().replace("_", "-"))
    if found is None:
        raise _unknown(name, wanted, _catalogue().names)
    if not plus:
        return found
    lowered = {v.lower(): v for v in variants()}
    file = lowered.get(variant.strip().lower())
    if file is None:
        raise _unknown(name, variant, variants())
    info = replace(
        found.info,
        name=f"{found.info.name}+{file}",
        label=f"{found.info.label} + {file}",
        gender=variants()[file] or found.info.gender,
    )
    return replace(found, info=info, variant=file)


def forget() -> None:
    """Drop the lists, so that the next question reads them again."""
    variants.cache_clear()
    _catalogue.cache_clear()


def _search(wanted: str) -> FoundVoice | None:
    names = _catalogue().names
    if _AMERICAS.fullmatch(wanted):
        wanted = "es-419"
    while wanted:
        found = names.get(_ALIASES.get(wanted, wanted))
        if found is not None:
            return found
        if not _TAG.fullmatch(wanted):
            return None
        wanted = wanted.rpartition("-")[0]  # as RFC 4647 looks up a language: less and less of it
    return None


def _unknown(name: str, part: str, choices: Iterable[str]) -> VoiceNotFound:
    cure = "`workbench voices` lists them"
    hint = suggest(part, choices)
    return VoiceNotFound(
        "is not a voice of espeak", subject=name, cure=f"{hint} {cure}" if hint else cure
    )


@functools.cache
def _catalogue() -> _Catalogue:
    rows = [row for row in (RawVoice(*fields) for fields in info()["voices"]) if _speaks(row)]
    found = [_describe(row) for row in rows]
    names: dict[str, FoundVoice] = {}
    for voice in found:
        names[voice.info.name] = voice
    for voice in found:
        names.setdefault(voice.identifier.lower(), voice)
    tags = [
        (p, len(r.identifier), tag, v)
        for r, v in zip(rows, found, strict=True)
        for p, tag in r.languages
    ]
    for _, _, tag, voice in sorted(tags, key=lambda t: t[:3]):
        names.setdefault(tag.lower(), voice)
    for voice in sorted(found, key=lambda v: (len(v.info.name), v.info.name)):
        names.setdefault(voice.info.label.lower(), voice)
        names.setdefault(voice.info.label.lower().partition(" (")[0], voice)
    ordered = sorted(found, key=lambda v: (v.info.language, v.info.name))
    return _Catalogue(tuple(ordered), names)


def _describe(row: RawVoice) -> FoundVoice:
    info = VoiceInfo(
        name=row.identifier.rpartition("/")[2].lower(),
        language=row.languages[0][1].lower(),
        label=row.label,
        gender="male",  # each has the one built-in timbre; a variant changes it
    )
    return FoundVoice(info=info, identifier=row.identifier)


def _speaks(row: RawVoice) -> bool:
    """Whether the voice's dictionary is there.

    The wheel of 1.52 lists three voices (fo, kaa, xex) without one; the library speaks them from
    memory that it never wrote, and ends the process now and then.
    """
    folder = data_folder()
    file = folder / "lang" / row.identifier
    if not file.is_file():  # an MBROLA voice: its sound comes from a program of its own
        return False
    text = file.read_text(encoding="utf-8", errors="replace")
    match = re.search(r"^dictionary\s+(\S+)", text, re.MULTILINE)
    language = row.languages[0][1].partition("-")[0]
    return (folder / f"{match[1] if match else language}_dict").is_file()
