"""Which of a recogniser's segments are doubtful, and why.

Whisper invents text where nobody speaks, and repeats itself with high confidence. No single sign
tells all of it (arXiv 2501.11378), so several are looked at, and the text is flagged, not removed.
"""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import one_line
from workbench.script import tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.recognition import Segment

__all__ = ["compression", "flagged", "flags", "warning"]

# OpenAI's whisper gives a reading up at these two (decoding options of its transcribe.py).
_COMPRESSION = 2.4
_LOG_PROBABILITY = -1.0
_NO_SPEECH = 0.6
_REPEATS = 4  # a phrase may stand this often in a row
_PHRASE = 12  # words of the longest phrase that is looked for
_PACE = 8.0  # words a second; auctioneers reach 6
_FEW = 3  # words from which on a pace means something
_WIDE = 2.0  # letters of Chinese or Japanese that count as a word
_BEYOND = 0.5  # seconds; windows are padded, and times are steps of 0.02 s


def compression(text: str) -> float:
    """Return the length of `text` over its length compressed; repetition makes it large.

    Examples
    --------
    >>> compression("thank you " * 40) > 2.4 > compression("Ask what you can do.")
    True
    """
    data = text.encode("utf-8", "replace")
    return len(data) / len(zlib.compress(data)) if data else 1.0


def flags(segment: Segment, *, end: float, duration: float) -> tuple[str, ...]:
    """Return why a segment is doubtful, empty when it is not.

    Parameters
    ----------
    segment
        As converted, its times within the recording.
    end
        Where the recogniser itself put its end, seconds.
    duration
        Seconds of the recording.

    Returns
    -------
    tuple of str
        ``repeated`` (a phrase more than 4 times in a row), ``compressed`` (compression above 2.4),
        ``fast`` (more than 8 words a second), ``beyond`` (past the end of the recording) and
        ``silent`` (no speech is likely, and the text is not).

    Examples
    --------
    >>> from workbench.recognition import Segment
    >>> flags(Segment(start=0, end=2, text="no no no no no"), end=2.0, duration=9.0)
    ('repeated',)
    """
    words = _words(segment.text)
    found = []
    if _most_repeats(words) > _REPEATS:
        found.append("repeated")
    if max(segment.compression, compression(segment.text)) > _COMPRESSION:
        found.append("compressed")
    if _count(words) >= _FEW and _count(words) > _PACE * segment.duration:
        found.append("fast")
    if end > duration + _BEYOND or (segment.text.strip() and segment.start >= duration > 0):
        found.append("beyond")
    if segment.no_speech > _NO_SPEECH and segment.log_probability < _LOG_PROBABILITY:
        found.append("silent")
    return tuple(found)


def flagged(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the segments, those marked ``repeated`` too that say the same more than 4 times.

    Examples
    --------
    >>> from workbench.recognition import Segment
    >>> again = [Segment(start=n, end=n + 1, text="Thank you.") for n in range(5)]
    >>> {segment.flags for segment in flagged(again)}
    {('repeated',)}
    """
    result = list(segments)
    first = 0
    for number in range(1, len(result) + 1):
        same = number < len(result) and _words(result[number].text) == _words(result[first].text)
        if same:
            continue
        if number - first > _REPEATS and _words(result[first].text):
            for one in range(first, number):
                if "repeated" not in result[one].flags:
                    result[one] = replace(result[one], flags=("repeated", *result[one].flags))
        first = number
    return tuple(result)


def warning(segments: Sequence[Segment]) -> tuple[str, ...]:
    """Return a line about the doubtful segments, none where there are none.

    Examples
    --------
    >>> from workbench.recognition import Segment
    >>> warning([Segment(start=3, end=4, text="Thanks!", flags=("beyond",))])
    ("1 segment is doubtful (beyond), at 3.0 s: 'Thanks!'",)
    """
    doubtful = [segment for segment in segments if segment.flags]
    if not doubtful:
        return ()
    kinds = ", ".join(sorted({flag for segment in doubtful for flag in segment.flags}))
    one = doubtful[0]
    many = f"{len(doubtful)} segments are" if len(doubtful) > 1 else "1 segment is"
    first = "the first at" if len(doubtful) > 1 else "at"
    text = one_line(one.text.strip(), limit=60)
    return (f"{many} doubtful ({kinds}), {first} {one.start:.1f} s: {text!r}",)


def _words(text: str) -> list[str]:
    """Return the words of a text without case and marks; of Chinese or Japanese, the letters."""
    found = []
    for token in tokenize(text):
        bare = "".join(c for c in token.text.casefold() if unicodedata.category(c)[0] in "LNM")
        if _wide(bare):
            found += list(bare)
        elif bare:
            found.append(bare)
    return found


def _wide(text: str) -> bool:
    return any(unicodedata.east_asian_width(c) in {"W", "F"} for c in text)


def _count(words: Sequence[str]) -> float:
    wide = sum(map(_wide, words))
    return len(words) - wide + wide / _WIDE


def _most_repeats(words: Sequence[str]) -> int:
    """Return how often in a row the phrase stands that stands most often in a row."""
    most = 1 if words else 0
    for length in range(1, min(_PHRASE, len(words) // 2) + 1):
        run = 0  # how many words are the same as the one a phrase before
        for here in range(length, len(words)):
            run = run + 1 if words[here] == words[here - length] else 0
            most = max(most, run // length + 1)
    return most
