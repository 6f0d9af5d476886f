"""A text in pieces that Kokoro speaks well, none of them too long for its model.

The package cuts what is not English at full stops only, and what is then longer than the 510
phonemes its model takes it cuts off: an ordinary Spanish paragraph lost 29 of 1,151 phonemes, the
same with commas for full stops 644 of 1,154. Here the phonemes are counted before, and nothing is
cut off. What is a good length is in the notes that come with the weights (``VOICES.md``): 100 to
200 phonemes, weak below 20, rushed above 400.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from workbench.engines.kokoro.ipa import MARKUP
from workbench.text.chunking import chunks, sentences

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HARD_LIMIT", "LIMIT", "pieces"]

HARD_LIMIT = 510
"""Phonemes the model takes; its context of 512 has one more at each end."""
LIMIT = 480
"""The most phonemes of a piece."""
_GOOD = 200  # sentences are put together up to here
_RUSHED = 400  # and one is cut from here on
_FEW = 20  # letters
# In the place of markup while a text is cut, so that no cut falls into it: letters, as those of a
# word, and of a script (cuneiform) that nothing here can read.
_STAND_INS = range(0x12000, 0x12300)
_STAND_IN = re.compile("([\U00012000-\U000122ff])\\1*")


def pieces(text: str, count: Callable[[str], int], language: str) -> tuple[tuple[int, int], ...]:
    """Return start and end of each piece, in letters; together they are the whole text.

    Parameters
    ----------
    text
        Any text; ``[word](/ipa/)`` is not cut.
    count
        Returns how many phonemes a text has.
    language
        A BCP 47 tag.

    Returns
    -------
    tuple of (int, int)
        At most 480 phonemes each. The first is only one sentence, so that it is soon heard; the
        others are as many sentences as 200 phonemes hold. A piece of fewer than 20 letters goes
        with a neighbour.

    Examples
    --------
    >>> text = "One sentence is the first. Two. Sentences are the next. " + "And so on. " * 30
    >>> pieces(text, len, "en")
    ((0, 27), (27, 221), (221, 386))
    """
    masked, marked = _mask(text)
    counted: dict[str, int] = {}

    def measure(piece: str) -> int:
        plain = _STAND_IN.sub(lambda run: marked.get(run[0], run[0]), piece.strip())
        if plain not in counted:
            counted[plain] = count(plain)
        return counted[plain]

    parts: list[str] = []
    for sentence in sentences(masked, language):
        parts += chunks(sentence, limit=_RUSHED, measure=measure, language=language)
    joined = _without_crumbs(_together(parts, measure), measure)
    ends = [0]
    for part in joined:
        own = text[ends[-1] : ends[-1] + len(part)]
        if measure(own) > LIMIT:  # markup glued to so long a word that it had to be cut
            lengths = [len(piece) for piece in chunks(own, limit=LIMIT, measure=measure)]
        else:
            lengths = [len(own)]
        ends += list(accumulate(lengths, initial=ends[-1]))[1:]
    return tuple(pairwise(ends))


def _together(parts: list[str], measure: Callable[[str], int]) -> list[str]:
    """Return the parts, those after the first put together up to a good length."""
    joined: list[str] = parts[:1]
    for part in parts[1:]:
        most = LIMIT if _letters(joined[-1]) < _FEW else _GOOD if len(joined) > 1 else 0
        if measure(joined[-1] + part) <= most:
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _without_crumbs(parts: list[str], measure: Callable[[str], int]) -> list[str]:
    """Return the parts, each of too few letters joined to the shorter of its neighbours."""
    parts = list(parts)
    index = 0
    while index < len(parts):
        options = [
            measure(parts[place] + parts[place + 1])
            if place >= 0 and place + 1 < len(parts)
            else LIMIT + 1
            for place in (index - 1, index)
        ]
        if _letters(parts[index]) >= _FEW or min(options) > LIMIT:
            index += 1
            continue
        index = index - 1 if options[0] <= options[1] else index
        parts[index : index + 2] = [parts[index] + parts[index + 1]]
    return parts


def _letters(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _mask(text: str) -> tuple[str, dict[str, str]]:
    """Return the text with a stand-in of the same length for each markup, and what it stands for.

    Nothing else of the text may look like one.
    """
    plain = _STAND_IN.sub(lambda run: "\ue000" * len(run[0]), text)
    marked: dict[str, str] = {}

    def hide(found: re.Match[str]) -> str:
        letter = chr(_STAND_INS[len(marked) % len(_STAND_INS)])
        hidden = letter * len(found[0])
        marked[hidden] = found[0]
        return hidden

    return MARKUP.sub(hide, plain), marked
