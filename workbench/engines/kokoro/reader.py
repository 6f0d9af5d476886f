"""From letters to the phonemes Kokoro speaks, and which letter each of them comes from.

Kokoro has symbols for 114 phonemes and marks; the rest of what a grapheme-to-phoneme converter
says is dropped by its model without a word. Here it is counted.

Every converter gets the text as `workbench.engines.espeak.text` makes it ready: they all hand at
least the words they do not know to espeak, in this process, which certain texts would end.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
import unicodedata
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.engines.espeak.text import spoken
from workbench.engines.kokoro.ipa import MARKUP, in_symbols
from workbench.engines.kokoro.match import match
from workbench.script import tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

__all__ = ["PlainReader", "Raw", "Reader", "Reading", "shared_out", "stretches"]

log = logging.getLogger(__name__)

# Marks that end a clause in other scripts, and the ones the converters know.
_STOPS = {
    ord(mark): stop
    for marks, stop in (("।॥。．", "."), ("，、", ","), ("！", "!"), ("？", "?"), ("：", ":"))  # noqa: RUF001
    for mark in marks
}
_NO_SOUND = frozenset("PZSC")  # categories: a mark or a sign that is not said is no loss

Raw = list[tuple[str, "int | None"]]
"""Phonemes one by one, each with the letter of the text that it comes from, if it has one."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A text as phonemes.

    Parameters
    ----------
    symbols
        What the model gets, all of it known to the model.
    places
        For each symbol the letter of the text it comes from, rising; None for spaces and pauses.
    unknown
        The phonemes the model has no symbol for, in order.
    """

    symbols: str
    places: tuple[int | None, ...]
    unknown: str = ""


class Reader(ABC):
    """Reads the texts of one language; threads take turns.

    Parameters
    ----------
    vocabulary
        The symbols of the model.
    language
        Kokoro's letter for it: ``a``, ``b``, ``e`` …
    """

    def __init__(self, vocabulary: Container[str], language: str) -> None:
        self._vocabulary = vocabulary
        self.language = language
        self._lock = threading.RLock()  # espeak and spaCy have one state for all

    @abstractmethod
    def _raw(self, text: str, *, placed: bool) -> Raw:
        """Return what the converter says, with the letters' places if they are wanted."""

    def count(self, text: str) -> int:
        """Return how many symbols `text` has for the model."""
        with self._lock:
            return len(self._known(self._raw(text, placed=False)).symbols)

    def read(self, text: str) -> Reading:
        """Return `text` as phonemes; it never fails, what cannot be said has no symbols."""
        with self._lock:
            return self._known(self._raw(text, placed=True))

    def _ready(self, text: str, start: int, end: int) -> tuple[str, list[int]]:
        """Return what of a stretch the converter gets, and where each letter comes from."""
        part = text[start:end]
        tokens = tokenize(part)
        if not tokens:  # marks between two stretches of markup, or after one
            marks = [i for i, char in enumerate(part) if unicodedata.category(char)[0] == "P"]
            return "".join(part[i] for i in marks), [start + i for i in marks]
        ready = spoken(part, tokens, self._counts)
        return ready.text, [start + place for place in ready.places]

    def _counts(self, piece: str) -> list[int]:
        """Return the phonemes of each spoken word of a short text, at most its letters here."""
        return [len(piece)]

    def _known(self, raw: Raw) -> Reading:
        symbols: list[str] = []
        places: list[int | None] = []
        unknown: list[str] = []
        latest = -1
        for sound, place in raw:
            if sound.isspace():
                if symbols and symbols[-1] != " ":
                    symbols.append(" ")
                    places.append(None)
                continue
            kind = unicodedata.category(sound)[0]
            known = self._symbols(sound)
            if not known and kind not in _NO_SOUND:
                unknown.append(sound)
            if place is not None and kind != "P":
                latest = max(latest, place)
            symbols += known
            places += [None if kind == "P" or latest < 0 else latest] * len(known)
        if symbols and symbols[-1] == " ":
            symbols.pop()
            places.pop()
        return Reading(symbols="".join(symbols), places=tuple(places), unknown="".join(unknown))

    def _symbols(self, sound: str) -> tuple[str, ...]:
        """Return the symbols of a phoneme: itself, its letter and mark apart, or none."""
        if sound in self._vocabulary:
            return (sound,)
        apart = unicodedata.normalize("NFD", sound)
        return tuple(apart) if all(part in self._vocabulary for part in apart) else ()


class PlainReader(Reader):
    """Reads with a converter that only says phonemes: all languages but English.

    Parameters
    ----------
    sounds
        Returns the phonemes of a text.
    vocabulary, language
        See `Reader`.

    Examples
    --------
    >>> reader = PlainReader(str.upper, "ABC ,", "e")
    >>> reader.read("ab, xc [c](/BA/)").symbols, reader.read("ab, xc").places
    ('AB, C BA', (0, 0, None, None, 5))
    """

    def __init__(
        self, sounds: Callable[[str], str], vocabulary: Container[str], language: str
    ) -> None:
        super().__init__(vocabulary, language)
        self._sounds = sounds
        self._alone = functools.lru_cache(4096)(self._say)

    def _raw(self, text: str, *, placed: bool) -> Raw:
        raw: Raw = []
        for start, end, markup in stretches(text):
            if markup is not None:
                raw += self._marked(markup)
                continue
            ready, places = self._ready(text, start, end)
            raw += [(" ", None)] if text[start].isspace() else []
            if not tokenize(ready):
                raw += [(mark, None) for mark in ready]
            elif placed:
                raw += self._placed(ready, places)
            else:
                raw += [(sound, None) for sound in self._say(ready)]
            raw += [(" ", None)] if text[end - 1].isspace() else []
        return raw

    def _marked(self, markup: re.Match[str]) -> Raw:
        """Return the phonemes that markup gives, word by word where there are as many."""
        sounds = in_symbols(markup[2], self.language)
        words = [word.span() for word in re.finditer(r"\S+", markup[1])]
        said = sounds.split()
        if len(words) != len(said):
            return shared_out(sounds, *markup.span(1))
        start = markup.start(1)
        raw: Raw = []
        for own, (first, last) in zip(said, words, strict=True):
            raw += [(" ", None)] if raw else []
            raw += shared_out(own, start + first, start + last)
        return raw

    def _ready(self, text: str, start: int, end: int) -> tuple[str, list[int]]:
        ready, places = super()._ready(text, start, end)
        if self.language in "jz":
            return ready, places
        own = "०१२३४५६७८९" if self.language == "h" else ""
        return _plain_digits(ready.translate(_STOPS), but=own), places

    def _counts(self, piece: str) -> list[int]:
        if self.language in "jz":  # not espeak: nothing is too long for it
            return [0]
        return [len(word) for word in self._alone(piece).split()]

    def _say(self, text: str) -> str:
        if not text:
            return ""
        try:
            return self._sounds(text)
        except Exception:  # converters stumble over odd numbers and signs
            log.debug("no phonemes for %r", text, exc_info=True)
        words = text.split()
        return " ".join(self._say(word) for word in words) if len(words) > 1 else ""

    def _placed(self, ready: str, places: list[int]) -> Raw:
        """Return the phonemes with their letters, found by those of each word alone."""
        whole = self._say(ready)
        alone: Raw = []
        for token in tokenize(ready):
            start, end = _sounding(ready, token.start, token.end)
            alone += [*shared_out(self._alone(token.text), start, end), (" ", None)]
        if not alone:
            return [(sound, None) for sound in whole]
        found = match(whole, "".join(sound for sound, _ in alone))
        raw: Raw = []
        for index, sound in enumerate(whole):
            partner = _partner(whole, found, index)
            letter = None if partner is None else alone[partner][1]
            raw.append((sound, None if letter is None else places[letter]))
        return raw


def stretches(text: str) -> Iterator[tuple[int, int, re.Match[str] | None]]:
    """Yield start and end of each stretch of text, and the markup it is or None.

    Examples
    --------
    >>> [(start, end) for start, end, markup in stretches("a [b](/c/).")]
    [(0, 2), (2, 10), (10, 11)]
    """
    end = 0
    for markup in MARKUP.finditer(text):
        if markup.start() > end:
            yield end, markup.start(), None
        yield markup.start(), markup.end(), markup
        end = markup.end()
    if end < len(text):
        yield end, len(text), None


def shared_out(symbols: str, start: int, end: int) -> Raw:
    """Return the symbols with the letters from `start` to `end` shared out among them.

    Examples
    --------
    >>> shared_out("ABCD", 10, 12)
    [('A', 10), ('B', 10), ('C', 11), ('D', 11)]
    """
    return [
        (symbol, start + index * (end - start) // len(symbols))
        for index, symbol in enumerate(symbols)
    ]


def _plain_digits(text: str, *, but: str) -> str:
    """Return a text with the digits of other scripts as those that every language says."""
    return "".join(str(int(c)) if c.isdecimal() and c not in but else c for c in text)


def _sounding(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where a word begins and ends without the marks around it."""
    inner = [i for i in range(start, end) if unicodedata.category(text[i])[0] in "LNS"]
    return (inner[0], inner[-1] + 1) if inner else (start, end)


def _partner(whole: str, found: list[int | None], index: int) -> int | None:
    """Return what a phoneme answers to, or the rest of its word where it has no partner."""
    if found[index] is not None:
        return found[index]
    for step in (-1, 1):
        place = index + step
        while 0 <= place < len(whole) and not whole[place].isspace():
            if found[place] is not None:
                return found[place]
            place += step
    return next((where for where in reversed(found[:index]) if where is not None), None)
