"""How far two texts are apart: letters as they sound, not as they are set."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["distance", "fold", "likeness"]


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return the letters and digits of `text` without case, accents, width or punctuation.

    The letters are those of compatibility decomposition (Unicode Standard Annex 15), its marks
    left out; signs that are spoken (``% & + = @ # $ €`` …) are kept.

    Examples
    --------
    >>> fold("¡Qué día!"), fold("Straße"), fold("№—1"), fold("が"), fold("5 %")
    ('quedia', 'strasse', 'no1', 'か', '5%')
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold()  # № is No
    kept = []
    for char in plain:
        kind = unicodedata.category(char)
        # Vowel signs of Indic scripts are marks too (Mc): without them words would be others.
        if kind[0] in "LN" or kind in {"Mc", "Sc", "Sm"} or char in "%&@#":
            kept.append(char)
    return "".join(kept)


def distance(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Return how many items are to be changed, added or removed to make `other` of `one`.

    The Levenshtein distance, by the bit-parallel algorithm of Myers (1999) as simplified by
    Hyyrö (2003, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances",
    Nordic Journal of Computing 10), on whole numbers as wide as `one` is long.

    Parameters
    ----------
    one, other
        Letters or words: anything that can be hashed.

    Examples
    --------
    >>> distance("kitten", "sitting"), distance(["a", "b"], []), distance("", "")
    (3, 2, 0)
    """
    low, high = 0, min(len(one), len(other))
    while low < high and one[low] == other[low]:
        low += 1
    back = 0
    while back < high - low and one[-1 - back] == other[-1 - back]:
        back += 1
    one, other = one[low : len(one) - back], other[low : len(other) - back]
    if not one or not other:
        return len(one) + len(other)
    places: dict[Any, int] = {}
    for index, item in enumerate(one):
        places[item] = places.get(item, 0) | 1 << index
    full, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    plus, minus, score = full, 0, len(one)
    for item in other:
        x = places.get(item, 0) | minus
        diagonal = (((x & plus) + plus) ^ plus) | x
        more, less = minus | (full & ~(plus | diagonal)), plus & diagonal
        score += bool(more & last) - bool(less & last)
        shifted = more << 1 | 1
        plus = (less << 1 | ~(shifted | diagonal)) & full
        minus = shifted & diagonal & full
    return score


@lru_cache(maxsize=65_536)
def likeness(one: str, other: str) -> float:
    """Return how alike two folded words are, 0 to 1: 1 less their distance over their length.

    Examples
    --------
    >>> likeness("colour", "color"), likeness("one", "two")
    (0.8333333333333334, 0.0)
    """
    if one == other:
        return 1.0
    longest = max(len(one), len(other))
    return 1 - distance(one, other) / longest
