"""What the library returns, made into segments and words whose times can be relied on.

Its words may be None, their times None or reversed, numpy's numbers instead of Python's; its
windows are 30 s whatever is left of the recording. Here every time is a finite number within the
recording, and no word begins before the one before it has ended.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.engines.whisper.flags import compression, flags
from workbench.recognition import Segment
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Converter", "words_of"]

_SHORTEST = 0.02  # seconds; what Whisper's clock can tell


class _Raw(NamedTuple):
    """A word as the library has it, numbers checked."""

    text: str
    start: float | None
    end: float | None
    probability: float | None


class Converter:
    """Makes segments, one after the other, each not before the last.

    Parameters
    ----------
    duration
        Seconds of the recording.
    spaces
        Whether a space follows the last word of a segment: not in Chinese or Japanese.

    Examples
    --------
    >>> from types import SimpleNamespace as Raw
    >>> said = [Raw(word=" Hola", start=0.5, end=0.2, probability=0.9),
    ...         Raw(word=" tú.", start=None, end=None, probability=None)]
    >>> one = Raw(start=0.5, end=30.0, text=" Hola tú.", words=said, avg_logprob=-0.2,
    ...           no_speech_prob=0.1, compression_ratio=0.9)
    >>> converter = Converter(duration=2.0)
    >>> segment = converter.segment(one)
    >>> segment.start, segment.end, [word.text for word in segment.words], segment.flags
    (0.5, 2.0, ['Hola', 'tú.'], ('beyond',))
    """

    def __init__(self, *, duration: float, spaces: bool = True) -> None:
        self.duration = duration
        self._spaces = spaces
        self._start = 0.0  # of the last segment
        self._end = 0.0  # of the last word

    def segment(self, raw: Any) -> Segment:
        """Return the segment of one of the library's."""
        length = self.duration
        start, end = _number(raw.start), _number(raw.end)
        first = min(max(self._start if start is None else start, self._start, 0.0), length)
        words = words_of(
            getattr(raw, "words", None) or (),
            start=max(self._end, self._start),
            near=max(first, self._end),
            duration=length,
            spaces=self._spaces,
        )
        if words:
            first = max(min(first, words[0].start), self._start)
            self._end = words[-1].end
        last = min(max(first if end is None else end, first), length)
        last = max(last, words[-1].end) if words else last
        self._start = first
        text = str(raw.text or "").strip()
        told = _number(getattr(raw, "compression_ratio", None))
        segment = Segment(
            start=first,
            end=last,
            text=text,
            words=words,
            log_probability=_number(getattr(raw, "avg_logprob", None)) or 0.0,
            no_speech=min(max(_number(getattr(raw, "no_speech_prob", None)) or 0.0, 0.0), 1.0),
            compression=compression(text) if told is None else told,
        )
        found = flags(segment, end=last if end is None else end, duration=length)
        return replace(segment, flags=found)


def words_of(
    raws: Iterable[Any], *, start: float, near: float, duration: float, spaces: bool
) -> tuple[Word, ...]:
    """Return words with legal times.

    Parameters
    ----------
    raws
        The library's words.
    start
        Seconds before which none may begin.
    near
        Where those are put that have no time and nothing before them.
    duration
        Seconds of the recording.
    spaces
        Whether a space follows the last one.
    """
    known = [raw for raw in map(_raw, raws) if raw.text.strip()]
    starts = _starts(known, min(max(start, 0.0), duration), near, duration)
    words = []
    for number, raw in enumerate(known):
        begin = starts[number]
        until = starts[number + 1] if number + 1 < len(known) else duration
        end = until if raw.end is None else min(max(raw.end, begin + _SHORTEST), until)
        follows = known[number + 1].text[:1].isspace() if number + 1 < len(known) else spaces
        words.append(
            Word(
                text=raw.text.strip(),
                start=begin,
                end=max(begin, end),
                space=follows,
                probability=raw.probability,
            )
        )
    return tuple(words)


def _starts(known: Sequence[_Raw], first: float, near: float, duration: float) -> list[float]:
    """Return where the words begin: never earlier than the one before, never past the end."""
    starts: list[float] = []
    for number, raw in enumerate(known):
        before = starts[-1] if starts else first
        if raw.start is not None:
            wanted = raw.start
        elif number and known[number - 1].end is not None:
            wanted = known[number - 1].end or 0.0
        else:
            wanted = before if starts else near
        starts.append(min(max(wanted, before), duration))
    return starts


def _raw(word: Any) -> _Raw:
    probability = _number(getattr(word, "probability", None))
    return _Raw(
        text=str(getattr(word, "word", None) or ""),
        start=_number(getattr(word, "start", None)),
        end=_number(getattr(word, "end", None)),
        probability=None if probability is None else min(max(probability, 0.0), 1.0),
    )


def _number(value: Any) -> float | None:
    """Return a finite number as Python's own, None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
