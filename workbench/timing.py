"""Spans of time in seconds, the words that fill them, and the algebra between them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

from workbench.errors import ParameterError

__all__ = ["Span", "Transcript", "Word"]


@dataclass(frozen=True, kw_only=True, order=True)
class Span:
    """A stretch of time.

    Parameters
    ----------
    start, end
        Seconds, ``0 <= start <= end``, finite.

    Raises
    ------
    ParameterError
        When a time is not finite, is negative, or the end lies before the start.

    Examples
    --------
    >>> Span(start=1.0, end=2.0) & Span(start=1.5, end=3.0)
    Span(start=1.5, end=2.0)
    >>> (Span(start=0, end=1) | Span(start=2, end=3)).duration
    3.0
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        start, end = float(self.start), float(self.end)
        if not (math.isfinite(start) and math.isfinite(end)) or not 0 <= start <= end:
            raise ParameterError(
                f"a span needs 0 <= start <= end, not start={start!r} and end={end!r}",
                subject=type(self).__name__.lower(),
            )
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """The time half-way through, in seconds."""
        return (self.start + self.end) / 2

    def __contains__(self, time: float) -> bool:
        return self.start <= time < self.end

    def __and__(self, other: Span) -> Span | None:
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start=start, end=end) if start < end else None

    def __or__(self, other: Span) -> Span:
        return Span(start=min(self.start, other.start), end=max(self.end, other.end))

    def shift(self, seconds: float) -> Self:
        """Return the same span `seconds` later (or earlier, if negative)."""
        return replace(self, start=self.start + seconds, end=self.end + seconds)


@dataclass(frozen=True, kw_only=True, order=True)
class Word(Span):
    """One word of the script and the time at which it is said.

    Parameters
    ----------
    text
        The word as the script spells it, its punctuation attached.
    start, end
        Seconds.
    space
        Whether a space follows it in the script; Chinese and Japanese have none.
    probability
        How sure a recogniser was, 0 to 1; None for a word that comes from a script. Two words
        that differ in it alone are equal.

    Examples
    --------
    >>> Word(text="Hola,", start=0.1, end=0.5).shift(1.0)
    Word(start=1.1, end=1.5, text='Hola,', space=True)
    """

    text: str
    space: bool = field(default=True)
    probability: float | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the word as plain values, for JSON."""
        data = {"text": self.text, "start": self.start, "end": self.end, "space": self.space}
        return data if self.probability is None else {**data, "probability": self.probability}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Word:
        """Return the word that `to_dict` described."""
        return cls(
            text=data["text"],
            start=data["start"],
            end=data["end"],
            space=data.get("space", True),
            probability=data.get("probability"),
        )


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """Words in time order, and the language they are in.

    Parameters
    ----------
    words
        In order of their start.
    language
        A BCP 47 tag such as ``es`` or ``en-us``; empty when it is not known.

    Examples
    --------
    >>> Transcript(words=(Word(text="Hola", start=0, end=1), Word(text="tú.", start=1, end=2))).text
    'Hola tú.'
    """

    words: tuple[Word, ...]
    language: str = ""

    def __post_init__(self) -> None:
        words = tuple(self.words)
        for before, after in pairwise(words):
            if after.start < before.start:
                raise ParameterError(
                    f"words must be in time order, but {after.text!r} at {after.start:.3f} s "
                    f"follows {before.text!r} at {before.start:.3f} s",
                    subject="transcript",
                )
        object.__setattr__(self, "words", words)

    @property
    def text(self) -> str:
        """The words joined as the script spells them."""
        return "".join(w.text + (" " if w.space else "") for w in self.words).rstrip()

    @property
    def duration(self) -> float:
        """The end of the last word in seconds, 0 without words."""
        return max((w.end for w in self.words), default=0.0)

    def shift(self, seconds: float) -> Transcript:
        """Return the same words `seconds` later."""
        return replace(self, words=tuple(w.shift(seconds) for w in self.words))

    def to_dict(self) -> dict[str, Any]:
        """Return the transcript as plain values, for JSON."""
        return {"language": self.language, "words": [w.to_dict() for w in self.words]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Transcript:
        """Return the transcript that `to_dict` described."""
        words = tuple(Word.from_dict(w) for w in data["words"])
        return cls(words=words, language=data.get("language", ""))
