"""English letters to phonemes by misaki, whose tokens know which letters they are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from workbench.engines.kokoro.ipa import in_symbols
from workbench.engines.kokoro.reader import Raw, Reader, shared_out, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Container

__all__ = ["EnglishReader"]

log = logging.getLogger(__name__)


class EnglishReader(Reader):
    """Reads English, American or British.

    Parameters
    ----------
    sounds
        ``misaki.en.G2P``: given a text and what to make of its markup, returns the phonemes and
        its tokens.
    vocabulary, language
        See `Reader`.
    """

    def __init__(
        self, sounds: Callable[..., tuple[str, Any]], vocabulary: Container[str], language: str
    ) -> None:
        super().__init__(vocabulary, language)
        self._sounds = sounds

    def _raw(self, text: str, *, placed: bool) -> Raw:  # noqa: ARG002 - they cost nothing here
        letters: list[str] = []
        places: list[int] = []
        words: list[str] = []
        given: dict[int, str] = {}  # the word's number and its phonemes, as misaki wants them
        for start, end, markup in stretches(text):
            if markup is None:
                ready, origins = self._ready(text, start, end)
                words += ready.split()
            else:
                ready = "".join(c for c in markup[1] if c.isalpha()) or "x"
                origins = [place or 0 for _, place in shared_out(ready, *markup.span(1))]
                given[len(words)] = f"/{in_symbols(markup[2], self.language)}"
                words.append(ready)
            for part, where in ((" ", [start]), (ready, origins), (" ", [end - 1])):
                if part != " " or (text[where[0]].isspace() and letters and letters[-1] != " "):
                    letters += part
                    places += where
        return self._said("".join(letters).rstrip(), places, words, given)

    def _said(self, text: str, places: list[int], words: list[str], given: dict[int, str]) -> Raw:
        if not text:
            return []
        raw: Raw = []
        place = 0
        for token in self._tokens(text, words, given):
            found = text.find(token.text, place)
            place = found if found >= 0 else place
            end = min(place + len(token.text), len(text))
            raw += [
                (sound, places[letter or 0])
                for sound, letter in shared_out(token.phonemes or "", place, end)
            ]
            if token.whitespace:
                raw.append((" ", None))
            place = end
        return raw

    def _tokens(self, text: str, words: list[str], given: dict[int, str]) -> list[Any]:
        try:
            return list(self._sounds(text, lambda _: (text, words, given))[1])
        except Exception:  # it stumbles over numbers without a name, among others
            log.debug("no phonemes for %r", text, exc_info=True)
        if len(words) < 2:  # noqa: PLR2004
            return []
        tokens: list[Any] = []
        for number, word in enumerate(words):
            own = {0: given[number]} if number in given else {}
            tokens += self._tokens(word, [word], own)
            if tokens:
                tokens[-1].whitespace = " "
        return tokens
