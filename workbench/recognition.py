"""What a recogniser heard: segments of words, how sure it was, and what is doubtful."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.timing import Span, Transcript, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Recognition", "Segment"]


@dataclass(frozen=True, kw_only=True)
class Segment(Span):
    """A stretch of speech as the recogniser cut it.

    Parameters
    ----------
    start, end
        Seconds.
    text
        What was heard.
    words
        Its words with their times and probabilities; none where they were not asked for.
    log_probability
        The mean logarithm of the probability of its tokens, 0 for certainty.
    no_speech
        How likely it is that nobody speaks, 0 to 1.
    compression
        Length of the text over its length compressed by zlib; repetition makes it large.
    flags
        Why it is doubtful, as short words: ``repeated``, ``compressed``, ``fast``, ``beyond`` …
    """

    text: str
    words: tuple[Word, ...] = ()
    log_probability: float = 0.0
    no_speech: float = 0.0
    compression: float = 1.0
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "words", tuple(self.words))
        object.__setattr__(self, "flags", tuple(self.flags))

    def to_dict(self) -> dict[str, Any]:
        """Return the segment as plain values, for JSON."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "words": [word.to_dict() for word in self.words],
            "log_probability": self.log_probability,
            "no_speech": self.no_speech,
            "compression": self.compression,
            "flags": list(self.flags),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Segment:
        """Return the segment that `to_dict` described."""
        words = tuple(Word.from_dict(word) for word in data["words"])
        return cls(**{**data, "words": words, "flags": tuple(data["flags"])})


@dataclass(frozen=True, kw_only=True, repr=False)
class Recognition:
    """What was heard in a recording.

    Parameters
    ----------
    segments
        In time order.
    language
        The BCP 47 tag that was detected or asked for.
    language_probability
        How sure the detection was, 0 to 1; 1 for a language that was asked for.
    duration
        Seconds of the recording; where it is damaged, silence stands.
    declared
        Seconds that the file says it has; None where it says nothing.
    engine, model, device
        What heard it, and where it ran.
    options
        All the options in force, defaults included.
    warnings
        What a reader should know: a damaged file, an uncertain language, doubtful segments.

    Examples
    --------
    >>> word = Word(text="Hola", start=0.2, end=0.6)
    >>> heard = Recognition(
    ...     segments=(Segment(start=0.2, end=0.6, text="Hola", words=(word,)),),
    ...     language="es", duration=1.0)
    >>> heard.text, heard.words[0].start
    ('Hola', 0.2)
    """

    segments: tuple[Segment, ...]
    language: str
    duration: float
    language_probability: float = 1.0
    declared: float | None = None
    engine: str = ""
    model: str = ""
    device: str = "cpu"
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        segments = tuple(self.segments)
        for before, after in pairwise(segments):
            if after.start < before.start:
                raise ParameterError(
                    f"segments must be in time order, but one at {after.start:.3f} s "
                    f"follows one at {before.start:.3f} s",
                    subject="recognition",
                )
        object.__setattr__(self, "segments", segments)
        object.__setattr__(self, "warnings", tuple(self.warnings))
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __hash__(self) -> int:
        return hash((self.segments, self.language, self.duration, self.engine, self.model))

    def __getstate__(self) -> dict[str, Any]:  # a read-only view cannot be pickled
        return {**self.__dict__, "options": dict(self.options)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, options=MappingProxyType(state["options"]))

    def __repr__(self) -> str:
        return (
            f"Recognition({len(self.segments)} segments, {len(self.words)} words, "
            f"{self.duration:.1f} s, {self.language} {self.language_probability:.0%})"
        )

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of all segments, in time order."""
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def text(self) -> str:
        """What was heard, as one line."""
        return " ".join(segment.text.strip() for segment in self.segments if segment.text.strip())

    @property
    def transcript(self) -> Transcript:
        """The words and their language."""
        return Transcript(words=self.words, language=self.language)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of all segments, each once, sorted."""
        return tuple(sorted({flag for segment in self.segments for flag in segment.flags}))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "text": self.text,
            "language": self.language,
            "language_probability": self.language_probability,
            "duration": self.duration,
            "declared": self.declared,
            "engine": self.engine,
            "model": self.model,
            "device": self.device,
            "options": dict(self.options),
            "warnings": list(self.warnings),
            "segments": [segment.to_dict() for segment in self.segments],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recognition:
        """Return what `to_dict` described."""
        plain = {name: value for name, value in data.items() if name != "text"}
        segments = tuple(Segment.from_dict(segment) for segment in data["segments"])
        return cls(**{**plain, "segments": segments, "warnings": tuple(data["warnings"])})
