"""Which phoneme of a sentence belongs to which of its words.

A word alone does not sound as it does among others: "les amis" is lez ami in French, "el" loses
its stress, "Il y a" runs together. So the phonemes of a whole sentence are matched to those of its
words spoken one by one, as two spellings of one text (Needleman and Wunsch, 1970).
"""

# ruff: noqa: RUF002 - IPA looks like Latin, and is meant

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from workbench.engines.kokoro.ipa import VOWELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["match"]

_MARKS = "ˈˌːʰʲ↓→↗↘\u0303"
# Kinds of symbols, and what it costs to take one for another: never less than leaving both out
# unless they are alike.
_SPACE, _PAUSE, _MARK, _VOWEL, _CONSONANT = range(5)
_LEFT_OUT = np.array([0.6, 0.6, 0.2, 1.0, 1.0])
_TAKEN = np.full((5, 5), 3.0)
np.fill_diagonal(_TAKEN, [0.0, 0.3, 0.2, 0.7, 0.9])


def match(whole: str, alone: str) -> list[int | None]:
    """Return, for each symbol of `whole`, the place in `alone` it answers to, if there is one.

    Parameters
    ----------
    whole
        The phonemes of a text.
    alone
        Those of its words one by one, with a space between two.

    Returns
    -------
    list of int or None
        Rising.

    Examples
    --------
    >>> match("lez ami", "lˈe amˈi")
    [0, 2, None, 3, 4, 5, 7]
    """
    rows, columns = _kinds(whole), _kinds(alone)
    same = np.array(list(whole))[:, None] == np.array(list(alone))[None, :]
    cost = np.where(same, 0.0, _TAKEN[rows[:, None], columns[None, :]])
    table = _table(cost, _LEFT_OUT[rows], _LEFT_OUT[columns])
    found: list[int | None] = [None] * len(whole)
    i, j = len(whole), len(alone)
    while i and j:
        here = table[i, j]
        if np.isclose(here, table[i - 1, j - 1] + cost[i - 1, j - 1]):
            i, j = i - 1, j - 1
            found[i] = j
        elif np.isclose(here, table[i - 1, j] + _LEFT_OUT[rows[i - 1]]):
            i -= 1
        else:
            j -= 1
    return found


def _table(
    cost: NDArray[np.float64], down: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the least cost of every pair of beginnings."""
    # Going right along a row adds up what is left out: subtracted beforehand, the best place to
    # come from is a running minimum.
    along = np.concatenate([[0.0], np.cumsum(right)])
    table = np.empty((len(down) + 1, len(along)))
    table[0] = along
    for i, price in enumerate(down):
        best = table[i] + price
        best[1:] = np.minimum(best[1:], table[i, :-1] + cost[i])
        table[i + 1] = np.minimum.accumulate(best - along) + along
    return table


def _kinds(symbols: str) -> NDArray[np.intp]:
    return np.array([_kind(symbol) for symbol in symbols], dtype=np.intp)


def _kind(symbol: str) -> int:
    if symbol == " ":
        return _SPACE
    if symbol in _MARKS:
        return _MARK
    if symbol in VOWELS:
        return _VOWEL
    return _PAUSE if unicodedata.category(symbol)[0] == "P" else _CONSONANT
