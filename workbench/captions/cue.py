"""A cue: what a caption shows, in which lines, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from workbench.captions.segment import Lines, shown
from workbench.errors import ParameterError
from workbench.text.letters import count
from workbench.timing import Span, Word

__all__ = ["Cue"]


@dataclass(frozen=True, kw_only=True)
class Cue(Span):
    r"""A caption: what is on the screen at one time.

    Parameters
    ----------
    start, end
        Seconds, ``0 <= start < end``.
    lines
        The words of each line, from the top; at least one word.
    speaker
        Who says it, such as ``espeak:es``; empty when it is not known.

    Raises
    ------
    ParameterError
        When it lasts no time or has no word.

    Examples
    --------
    >>> words = Word(text="Hola,", start=0, end=0.4), Word(text="tú.", start=0.4, end=1.0)
    >>> cue = Cue(start=0, end=1, lines=(words[:1], words[1:]))
    >>> cue.text, cue.reading_speed
    ('Hola,\ntú.', 8.0)
    """

    lines: Lines
    speaker: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start == self.end:
            raise ParameterError(f"must last longer than nothing at {self.start} s", subject="cue")
        object.__setattr__(self, "lines", tuple(tuple(line) for line in self.lines))
        if not any(self.lines):
            raise ParameterError("needs at least one word", subject="cue")
        if not isinstance(self.speaker, str):
            raise ParameterError(f"must be a name, not {self.speaker!r}", subject="speaker")

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of all lines."""
        return tuple(word for line in self.lines for word in line)

    @property
    def text(self) -> str:
        """The lines, one below the other."""
        return "\n".join(map(shown, self.lines))

    @property
    def reading_speed(self) -> float:
        """Letters a second, spaces not counted."""
        return sum(count(word.text) for word in self.words) / self.duration

    def shift(self, seconds: float) -> Cue:
        """Return the same cue and its words `seconds` later (or earlier, if negative)."""
        lines = tuple(tuple(word.shift(seconds) for word in line) for line in self.lines)
        return replace(self, start=self.start + seconds, end=self.end + seconds, lines=lines)

    def replace(self, old: str, new: str) -> Cue:
        """Return the same cue with a text in its words replaced, at the same times.

        Raises
        ------
        ParameterError
            When a word would be left empty.
        """
        lines = tuple(
            tuple(replace(word, text=word.text.replace(old, new)) for word in line)
            for line in self.lines
        )
        if not all(word.text.strip() for line in lines for word in line):
            raise ParameterError(f"{new!r} would leave a word empty", subject="cues")
        return replace(self, lines=lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the cue as plain values, for JSON."""
        lines = [[word.to_dict() for word in line] for line in self.lines]
        data = {"start": self.start, "end": self.end, "lines": lines}
        return {**data, "speaker": self.speaker} if self.speaker else data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Cue:
        """Return the cue that `to_dict` described."""
        lines = tuple(tuple(Word.from_dict(word) for word in line) for line in data["lines"])
        return cls(
            start=data["start"], end=data["end"], lines=lines, speaker=data.get("speaker", "")
        )
