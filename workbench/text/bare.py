"""The words of a text as they sound, to be compared with those of another."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from workbench.text.compare import fold
from workbench.text.normalize import normalize
from workbench.text.spoken import Spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Unit", "bare"]

_RULES = {"emoji": False}  # a picture is no word, but it has its place among them


class Unit(NamedTuple):
    """A word to be compared: its letters, and the token or heard word it comes from."""

    letters: str
    owner: int


def bare(text: str, language: str, words: Sequence[str] | None = None) -> list[Unit]:
    """Return the words of a text as they sound, each with the place of its token.

    Numbers are written out in English and Spanish, words with hyphens taken apart, letters folded
    (`workbench.text.compare.fold`); what has no letters is left out.

    Parameters
    ----------
    text
        Any text.
    language
        A BCP 47 tag; it decides how numbers are read.
    words
        The words that `text` is made of, a space between each: then places are those in this list.
        A recogniser's word may be several tokens, as in Chinese.

    Examples
    --------
    >>> bare("It's 25 — well-known!", "en")[1:3]
    [Unit(letters='twenty', owner=1), Unit(letters='five', owner=1)]
    """
    ready = _written(text, language)
    owners: Sequence[int] = ready.owners
    if words is not None:
        starts = list(accumulate((len(word) + 1 for word in words), initial=0))
        # A token may begin in a word of punctuation alone and reach into the next.
        places = [bisect_right(starts, token.start) - 1 for token in ready.originals]
        owners = [places[owner] for owner in owners]
    found: list[Unit] = []
    for owner, token in zip(owners, ready.tokens, strict=True):
        for part in token.text.replace("—", "-").replace("–", "-").split("-"):  # noqa: RUF001
            letters = fold(part)
            found += [Unit(letters, owner)] if letters else []
    return found


def _written(text: str, language: str) -> Spoken:
    if language.partition("-")[0].lower() not in {"en", "es"}:
        return Spoken(text=text)
    return normalize(text, language, rules=_RULES)
