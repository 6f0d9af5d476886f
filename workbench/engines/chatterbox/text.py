"""A text as Chatterbox can speak it: without what it stumbles over, in chunks it can finish.

A model stops after 1,000 speech tokens, 40 s, in the middle of a word and says nothing about it
(resemble-ai/chatterbox#76); it wanders from 25 s on (#543) and from 350 letters (#424), and babbles
when it is given less than a few words (#97). Hence 20 to 280 letters, and at most 20 s.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from workbench.errors import TextError
from workbench.script import tokenize
from workbench.text.chunking import chunks

__all__ = ["Ready", "halves", "ready", "seconds"]

_LONGEST = 20_000  # letters, as of a line of a script
_LETTERS = 280
_SECONDS = 20.0
_PACE = _LETTERS / _SECONDS  # letters a second; readers were measured at 14.3 to 15.4
_LEAST = 20
# Seconds that a letter takes where it stands for more, or for less. Syllables a second: Mandarin
# 5.2, Japanese 7.8 (Pellegrino, Coupé, Marsico, "Speech Information Rate", Language 87, 2011).
_SYLLABLES = (
    (re.compile("[\u3040-\u30ff]"), 1 / 7.0),  # kana: a mora each
    (re.compile("[\uac00-\ud7a3]"), 1 / 5.5),  # Hangul: a syllable each
    (re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 1 / 4.5),
    (re.compile("[\u0590-\u06ff]"), 1 / 10.0),  # Hebrew, Arabic: written without most vowels
    (re.compile(r"\d"), 0.35),  # "seventy-seven" is two digits
    (re.compile("[%&@#+=$€£¥°/*]"), 0.5),
)
_SPACE = re.compile(r"\s+")
_BRACKET = re.compile(r"[\[\]]+")
# All that the English models have learnt; other scripts are the multilingual one's.
_LATIN = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]")


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A text that can be spoken.

    Parameters
    ----------
    chunks
        What the model is given, one after the other.
    warnings
        What was left out, and what it may stumble over.
    """

    chunks: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def ready(text: str, language: str, *, latin: bool = False, tags: bool = False) -> Ready:
    r"""Return `text` in chunks.

    Parameters
    ----------
    text
        Any text.
    language
        A BCP 47 tag.
    latin
        Whether the model knows Latin letters only.
    tags
        Whether ``[laugh]`` means something to the model. Elsewhere a bracket could name one of its
        control tokens: ``[STOP]`` ends the speech.

    Raises
    ------
    TextError
        When nothing in it can be spoken, or it is longer than 20,000 letters.

    Examples
    --------
    >>> ready("Two words\u200b 🎉.", "en")
    Ready(chunks=('Two words .',), warnings=("left out '\\u200b', '🎉'",))
    """
    if len(text) > _LONGEST:
        raise TextError(
            f"is {len(text):,} letters long, more than {_LONGEST:,}",
            subject=text[:40],
            cure="break it into several lines",
        )
    kept, dropped = _kept(text)
    if not tags and _BRACKET.search(kept):
        kept = _BRACKET.sub(" ", kept)
        dropped.append("[ ]")
    kept = _SPACE.sub(" ", kept).strip()
    if not tokenize(kept):
        what = f" ({', '.join(map(repr, dropped))} cannot be spoken)" if tokenize(text) else ""
        raise TextError(
            f"has nothing to speak{what}", subject=repr(text[:40]), cure="write a word or a number"
        )
    notes = []
    if dropped:
        notes.append(f"left out {', '.join(map(repr, dict.fromkeys(dropped)))}")
    strange = _strange(kept) if latin else ""
    if strange:
        notes.append(f"the model has not learnt the letters of {strange!r}")
    parts = chunks(kept, limit=_LETTERS, measure=_size, language=language, least=_LEAST)
    return Ready(chunks=tuple(part.strip() for part in parts), warnings=tuple(notes))


def halves(chunk: str, language: str) -> tuple[str, ...]:
    """Return a chunk in two or three smaller ones; itself when it is too short for that."""
    limit = _size(chunk) * 0.6
    if limit < 2 * _LEAST:
        return (chunk,)
    parts = chunks(chunk, limit=limit, measure=_size, language=language, least=_LEAST)
    return tuple(part.strip() for part in parts)


def seconds(text: str) -> float:
    """Return about how long `text` takes to say, for the limits only.

    Examples
    --------
    >>> round(seconds("seven letters a second would be slow")), round(seconds("1984"), 1)
    (3, 1.4)
    """
    total = len(text) / _PACE
    for letters, each in _SYLLABLES:
        total += len(letters.findall(text)) * (each - 1 / _PACE)
    return total


def _size(text: str) -> float:
    return max(len(text), seconds(text) * _PACE)


def _kept(text: str) -> tuple[str, list[str]]:
    """Return the text without what has no sound, and what that was."""
    kept, dropped = [], []
    for char in text:
        category = unicodedata.category(char)
        if char.isspace():
            kept.append(" ")
        elif char == "°":
            kept.append(char)
        elif category[0] == "C" or category in {"So", "Sk"} or "\ufe00" <= char <= "\ufe0f":
            # Controls, marks of direction, halves of letters, private letters; emoji
            dropped.append(char)
            if category in {"So", "Sk", "Cc"}:
                kept.append(" ")
        else:
            kept.append(char)
    return "".join(kept), dropped


def _strange(text: str) -> str:
    return "".join(dict.fromkeys(c for c in text if c.isalpha() and not _LATIN.match(c)))
