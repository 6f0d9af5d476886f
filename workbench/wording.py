"""Text for people: on one line, not too long, and with the nearest name where one is misspelt."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["file_size", "one_line", "shown", "suggest"]

_WORD = 4  # letters of a name that is meant where it stands in what was written


def file_size(count: float) -> str:
    """Return a number of bytes as people say it, in powers of 1,000.

    Examples
    --------
    >>> file_size(25), file_size(31_300), file_size(999_600), file_size(2.5e9)
    ('25 B', '31.3 kB', '1 MB', '2.5 GB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:  # noqa: PLR2004 - more is 1e+03 in three digits
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def one_line(text: str, *, limit: int = 300) -> str:
    r"""Return `text` on one line, at most `limit` letters.

    Control characters, line breaks and invisible marks are shown as escapes, so that no message
    can move a terminal's cursor or turn its text around.

    Examples
    --------
    >>> one_line("a\nb")
    'a\\nb'
    """
    shown = "".join(
        c if c == " " or unicodedata.category(c)[0] not in "CZ" else repr(c)[1:-1] for c in text
    )
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def shown(value: object, *, limit: int = 80) -> str:
    """Return a value as it stands in an error, whatever it is and however long.

    Examples
    --------
    >>> shown("a" * 100, limit=5), shown(10**5000)
    ("'aaaa…", 'a int')
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - Python refuses to write out thousands of digits
        return f"a {type(value).__name__}"
    return text if len(text) <= limit else f"{text[:limit]}…"


def suggest(name: str, choices: Iterable[str], *, most: int = 3) -> str:
    """Return a hint such as ``did you mean 'rate'?``, or an empty string.

    Examples
    --------
    >>> suggest("ratee", ["rate", "pitch"])
    "did you mean 'rate'?"
    >>> suggest("the-rate-of-speech", ["rate", "pitch"])
    "did you mean 'rate'?"
    >>> suggest("zzz", ["rate", "pitch"])
    ''
    """
    lowered = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(name.lower(), lowered, n=most, cutoff=0.6)
    word = name.lower() if " " not in name else ""  # a sentence names much that is not meant
    near = near or [one for one in lowered if len(one) >= _WORD and one in word]
    if not near:
        return ""
    return f"did you mean {' or '.join(repr(lowered[n]) for n in near[:most])}?"
