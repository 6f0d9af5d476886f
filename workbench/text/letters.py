"""Letters as a reader counts them: a base with its marks, an emoji with its joiners, is one.

These are the extended grapheme clusters of Unicode Standard Annex 29, by their general rules
rather than its data file: marks, joiners, jamo, flags, emoji modifiers, and conjuncts after a
virama.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clusters", "count", "units", "wide"]

# Blocks in which no letter joins the one before it, so that counting is the length.
_PLAIN = re.compile(
    "[\u0020-\u02ff\u0370-\u0482\u048a-\u0590\u10a0-\u10ff\u1e00-\u1fff\u2010-\u2027"
    "\u20a0-\u20bf\u2190-\u21ff\u3000-\u3029\u3031-\u3098\u309b-\u312f\u3400-\u9fff\uac00-\ud7a3"
    "\uff00-\uff9d]*"
)
_WIDE = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]"
)
_JOINER = "\u200d"
_AM = "\u0e33\u0eb3"  # Thai and Lao AM: letters by category, marks by use
# Vowels written before the consonant they follow in speech.
_LEADING = "\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4"
_VIRAMA = 9  # canonical combining class


def _joins(before: str, char: str) -> bool:
    category = unicodedata.category(char)
    last = before[-1]
    return (
        category[0] == "M"
        or category == "Cf"  # joiners, directional marks, tags: no letter of their own
        or char in _AM
        or last == _JOINER
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or (category == "Lo" and unicodedata.combining(last) == _VIRAMA)
        or ("\u1160" <= char <= "\u11ff" and "\u1100" <= last <= "\u11ff")
        or (_flag(char) and len(before) == 1 and _flag(before))
    )


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def clusters(text: str) -> list[str]:
    r"""Return the letters of `text`, each with its marks.

    Examples
    --------
    >>> [len(letter) for letter in clusters("ne\u0301")]
    [1, 2]
    >>> len(clusters("👩‍👩‍👧🇪🇸"))
    2
    """
    if _PLAIN.fullmatch(text):
        return list(text)
    found: list[str] = []
    for char in text:
        if found and _joins(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return found


def count(text: str) -> int:
    """Return how many letters a reader sees in `text`, spaces included.

    Examples
    --------
    >>> count("año"), count("กำลัง")
    (3, 3)
    """
    return len(text) if text.isascii() or _PLAIN.fullmatch(text) else len(clusters(text))


def units(text: str) -> list[str]:
    """Return the pieces of `text` that a line break may not divide.

    A cluster, and with it a Thai or Lao vowel that is written before its consonant.

    Examples
    --------
    >>> units("แม่น้ำ")
    ['แม่', 'น้ำ']
    """
    found: list[str] = []
    for cluster in clusters(text):
        if found and found[-1][-1] in _LEADING:
            found[-1] += cluster
        else:
            found.append(cluster)
    return found


def wide(text: str) -> bool:
    """Whether most of `text` is Chinese, Japanese or Korean, whose letters are as wide as high.

    Examples
    --------
    >>> wide("你好 world"), wide("今日は 3 回")
    (False, True)
    """
    letters = sum(map(str.isalnum, text))
    return 2 * len(_WIDE.findall(text)) > letters
