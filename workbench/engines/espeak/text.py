"""The text as espeak gets it: the same words, nothing that harms it, nothing it would drop.

espeak 1.52 holds words and clauses in buffers of fixed size. What does not fit is left unspoken
(66 kana without a space, 200 ideographs without a comma) or written past the end: the German name
of one emoji, the Nepali one of a circled m, or forty Cyrillic initials end the process. So
pictographs are left out (they are shown, not said), initials are limited, and long words and
clauses are broken in two.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import TextError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workbench.script import Token

__all__ = ["Spoken", "nothing", "spoken"]

# In phonemes, letters, spoken words and initials. The library's own limits were measured as 91
# (Thai) to 158 phonemes in a word, 398 (Mandarin, whose tones and pauses count) to 990 phonemes and
# 300 words in a clause; its buffer for initials has 80 bytes.
_WORD_PHONEMES, _WORD_LETTERS = 80, 60
_CLAUSE_PHONEMES, _CLAUSE_WORDS = 360, 150
_INITIALS = 8
_INITIAL = re.compile(r"(?<![^\W\d_])[^\W\d_]\.")
_CLAUSE_ENDS = frozenset(",.;:!?…،؛؟۔।॥。，、！？；：")  # noqa: RUF001 - not only Latin has commas
_ABBREVIATION = 4  # letters: a dot after so few need not end the clause
# Letters in fancy dress that stand for plain ones (Unicode Standard Annex 44, table 14).
_DRESSED = re.compile(r"<(font|circle|wide|narrow|initial|medial|final|isolated|square|compat)>")
_SYMBOLS = "™℠"  # beyond Latin, the symbols that are said and known to be harmless
_LATIN = "\u024f"
_JOINERS = "\u200b\u200c\u200d"
_RUN = re.compile(rf"[^\s{_JOINERS}](?:\S*[^\s{_JOINERS}])?")


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A text made ready.

    Parameters
    ----------
    text
        What to give the library.
    places
        For each letter of `text`, where it comes from in the original.
    phonemes
        For each token, how many phonemes it has when spoken by itself; 0 where espeak is silent.
    """

    text: str
    places: tuple[int, ...]
    phonemes: tuple[int, ...]


def spoken(text: str, tokens: Sequence[Token], count: Callable[[str], list[int]]) -> Spoken:
    r"""Return `text` as the library should get it.

    Parameters
    ----------
    text, tokens
        The original, and its words.
    count
        Returns the number of phonemes of each spoken word of a short text.

    Examples
    --------
    >>> from workbench.script import tokenize
    >>> text = "hy\u00adphen 🔥"
    >>> ready = spoken(text, tokenize(text), lambda piece: [len(piece)])
    >>> ready.text, ready.phonemes
    ('hyphen', (6, 0))
    """
    letters: list[str] = []
    places: list[int] = []
    weights = [0] * len(tokens)
    phonemes = words = initials = 0  # since the last comma
    run = 0  # phonemes since the last space
    for index, token in enumerate(tokens):
        spaced = index == 0 or tokens[index - 1].space
        for piece in _pieces(text, token, count):
            dotted = len(_INITIAL.findall(piece.text))
            initials = initials + dotted if dotted else 0
            phonemes, words, run = (
                phonemes + piece.phonemes,
                words + piece.words,
                run + piece.phonemes,
            )
            gap = " " if spaced or run > _WORD_PHONEMES else ""
            if phonemes > _CLAUSE_PHONEMES or words > _CLAUSE_WORDS or initials > _INITIALS:
                gap = " , "  # after a dot, a comma without a space is overlooked
                phonemes, words, initials = piece.phonemes, piece.words, dotted
            if gap:
                run = piece.phonemes
            if letters:
                letters += gap
                places += [places[-1]] * len(gap)
            letters += piece.text
            places += piece.places
            weights[index] += piece.phonemes
            last = piece.text[-1]
            if last in _CLAUSE_ENDS and (last != "." or len(piece.text) > _ABBREVIATION):
                phonemes = words = 0
            spaced = True  # what was cut apart stays apart
    return Spoken(text="".join(letters), places=tuple(places), phonemes=tuple(weights))


def nothing(text: str) -> TextError:
    """Return the error for a text without a sound."""
    return TextError("has nothing espeak can say", subject=text, cure="write a word or a number")


@dataclass(frozen=True)
class _Piece:
    text: str
    places: list[int]
    phonemes: int
    words: int


def _pieces(text: str, token: Token, count: Callable[[str], list[int]]) -> Iterator[_Piece]:
    """Yield the parts of a token, none of them longer than the library takes whole."""
    letters: list[str] = []
    places: list[int] = []
    for plain, place in _plain(text, token):
        letters += plain
        places += [place] * len(plain)
    whole = "".join(letters)
    for run in _RUN.finditer(whole):
        waiting = [run.span()]
        while waiting:
            start, end = waiting.pop()
            part = whole[start:end]
            long = len(part) > _WORD_LETTERS or len(_INITIAL.findall(part)) > _INITIALS
            counts = [] if long else count(part)
            if long or (len(part) > 1 and max(counts, default=0) > _WORD_PHONEMES):
                middle = start + _middle(part)
                waiting += [(middle, end), (start, middle)]
            else:
                yield _Piece(part, places[start:end], sum(counts), len(counts))


def _middle(text: str) -> int:
    """Return where to cut: near the middle, after punctuation if any, never before a mark."""
    cuts = [i for i in range(1, len(text)) if not _joined(text[i - 1], text[i])]
    centre = len(text) // 2
    return min(cuts, key=lambda i: (text[i - 1].isalnum(), abs(i - centre)), default=centre)


def _joined(before: str, after: str) -> bool:
    return unicodedata.category(after)[0] == "M" or before in _JOINERS or after in _JOINERS


def _plain(text: str, token: Token) -> Iterator[tuple[str, int]]:
    """Yield each letter of a token, composed and neutralised, and its place in the text."""
    index = token.start
    while index < token.end:
        end = index + 1
        while end < token.end and unicodedata.category(text[end])[0] == "M":
            end += 1
        yield _neutral(text[index], text[index + 1 : end]), index
        index = end


def _neutral(letter: str, marks: str) -> str:
    """Return what of a letter and its combining marks may reach the library."""
    kind = unicodedata.category(letter)
    if kind == "Cf":  # soft hyphens and marks of direction split words that are one
        return letter if letter in _JOINERS else ""
    if kind[0] in "CZ":
        return " "
    if kind[0] in "LNS" and _DRESSED.match(unicodedata.decomposition(letter)):
        letter = unicodedata.normalize("NFKC", letter)
    elif kind in {"So", "Sk"} and letter > _LATIN and letter not in _SYMBOLS:
        return " "
    kept = "".join(m for m in marks if unicodedata.category(m) != "Me" and not _selects(m))
    return unicodedata.normalize("NFC", letter + kept)


def _selects(mark: str) -> bool:
    """Whether a mark only chooses between pictures of the same letter."""
    return "\ufe00" <= mark <= "\ufe0f" or "\U000e0100" <= mark <= "\U000e01ef"
