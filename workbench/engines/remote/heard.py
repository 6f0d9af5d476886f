"""A server's transcription as segments and words, whatever it tells of their times."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.recognition import Segment
from workbench.script import tokenize
from workbench.text.compare import fold
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Heard", "heard"]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a server heard in one sound.

    Parameters
    ----------
    segments
        In time order, with words.
    language
        As the server names it, or empty.
    estimated
        Whether the times of words are guessed, by their letters.
    """

    segments: tuple[Segment, ...]
    language: str
    estimated: bool

    def shift(self, seconds: float) -> tuple[Segment, ...]:
        """Return the segments and their words `seconds` later."""
        return tuple(
            replace(s.shift(seconds), words=tuple(word.shift(seconds) for word in s.words))
            for s in self.segments
        )


def heard(payload: Any, duration: float) -> Heard:
    """Return what a JSON answer says was heard.

    Words are spelled as the segment's text spells them, with its punctuation: OpenAI's own have
    none. Where there are no words, those of the text share the segment's time by their letters;
    where there are no segments, all the text is one.

    Parameters
    ----------
    payload
        As ``verbose_json`` or ``json``: ``text``, ``language``, ``segments``, ``words``.
    duration
        Seconds of sound; times beyond are brought back to it.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError
        When it is no transcription.

    Examples
    --------
    >>> found = heard({"text": "Hi, you.", "words": [
    ...     {"word": "Hi", "start": 0.1, "end": 0.3}, {"word": "you", "start": 0.4, "end": 9.0},
    ... ]}, 1.0)
    >>> [(word.text, word.start, word.end) for word in found.segments[0].words]
    [('Hi,', 0.1, 0.3), ('you.', 0.4, 1.0)]
    """
    whole = payload["text"]
    if not isinstance(whole, str):
        raise TypeError("text")
    rows = [row for row in payload.get("segments") or [] if str(row["text"]).strip()]
    told = payload.get("words") or [w for row in rows for w in row.get("words") or []]
    words = _words(told, duration)
    if not rows and whole.strip():
        rows = [
            {
                "text": whole,
                "start": words[0].start if words else 0.0,
                "end": max(word.end for word in words) if words else duration,
            }
        ]
    rows = sorted(rows, key=lambda row: float(row["start"]))
    segments, estimated = [], False
    starts = [_time(row["start"], duration) for row in rows]
    for index, row in enumerate(rows):
        text = str(row["text"]).strip()
        start = starts[index]
        end = max(start, _time(row["end"], duration))
        until = starts[index + 1] if index + 1 < len(rows) else math.inf
        since = start if index else -math.inf
        mine = [word for word in words if since <= word.middle < until]
        estimated = estimated or not mine
        spelled = _spelled(text, mine) if mine else _shared(text, start, end)
        segments.append(
            Segment(
                start=start,
                end=end,
                text=text,
                words=spelled,
                log_probability=_number(row, "avg_logprob", 0.0),
                no_speech=_number(row, "no_speech_prob", 0.0),
                compression=_number(row, "compression_ratio", 1.0),
            )
        )
    language = payload.get("language")
    return Heard(
        segments=tuple(segments),
        language=language if isinstance(language, str) else "",
        estimated=estimated,
    )


def _words(rows: Sequence[Any], duration: float) -> list[Word]:
    """Return the words of an answer, in order and within the sound."""
    found: list[Word] = []
    for row in rows:
        text = str(row["word"] if "word" in row else row["text"]).strip()
        if not text:
            continue
        start = _time(row["start"], duration)
        start = max(start, found[-1].start if found else 0.0)
        sure = row.get("probability", row.get("score"))
        found.append(
            Word(
                text=text,
                start=start,
                end=max(start, _time(row["end"], duration)),
                probability=float(sure) if isinstance(sure, int | float) else None,
            )
        )
    return found


def _spelled(text: str, words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words of `text` at the times of `words`, where both are the same letters."""
    tokens = tokenize(text)
    bare = [fold(word.text) for word in words]
    wanted = [fold(token.text) for token in tokens]
    if "".join(bare) != "".join(wanted) or not all(bare):
        return tuple(words)
    edges = [0]
    for letters in bare:
        edges.append(edges[-1] + len(letters))

    def find(place: int, *, last: bool) -> tuple[int, float]:
        """Return the word in which a letter stands, and the time there."""
        index = 0
        while index + 1 < len(words) and (edges[index + 1] < place + (not last)):
            index += 1
        word = words[index]
        part = (place - edges[index]) / len(bare[index])
        return index, word.start + part * word.duration

    found, place = [], 0
    for token, letters in zip(tokens, wanted, strict=True):
        first, start = find(place, last=False)
        place += len(letters)
        last, end = find(place, last=True) if letters else (first, start)
        sure = [w.probability for w in words[first : last + 1] if w.probability is not None]
        found.append(
            Word(
                text=token.text,
                start=start,
                end=max(start, end),
                space=token.space,
                probability=min(sure, default=None),
            )
        )
    return tuple(found)


def _shared(text: str, start: float, end: float) -> tuple[Word, ...]:
    """Return the words of `text`, each with a part of the time as large as its letters."""
    tokens = tokenize(text)
    total = sum(len(token.text) for token in tokens)
    found, place = [], 0
    for token in tokens:
        times = [start + (end - start) * p / total for p in (place, place + len(token.text))]
        place += len(token.text)
        found.append(Word(text=token.text, start=times[0], end=times[1], space=token.space))
    return tuple(found)


def _time(value: Any, duration: float) -> float:
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError("a time is not finite")
    return min(max(seconds, 0.0), duration)


def _number(row: Any, name: str, default: float) -> float:
    value = row.get(name)
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else default
