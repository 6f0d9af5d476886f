"""How sure a recogniser was, as a table: of the whole and of each segment."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line

if TYPE_CHECKING:
    from workbench.recognition import Recognition, Segment
    from workbench.timing import Word

__all__ = ["Confidence", "SegmentRow", "confidence"]

_DOUBTFUL = 0.5
"""Below this probability a word is more likely wrong than right."""

_LISTED = 12  # doubtful words that are named


@dataclass(frozen=True, kw_only=True)
class SegmentRow:
    """A segment: when, what, and how sure.

    Parameters
    ----------
    start, end
        Seconds.
    text
        What was heard.
    probability
        The mean over its words, 0 to 1; None where nobody judged.
    lowest
        That of its least certain word.
    doubtful
        How many of its words are below one half.
    flags
        Why it is doubtful as a whole.
    """

    start: float
    end: float
    text: str
    probability: float | None
    lowest: float | None
    doubtful: int
    flags: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**vars(self), "flags": list(self.flags)}


@dataclass(frozen=True, kw_only=True, repr=False)
class Confidence:
    """How sure a recogniser was.

    Parameters
    ----------
    language, language_probability
        What was detected or asked for, and how sure that is.
    probability
        The mean over all words; None where nobody judged.
    words
        How many there are.
    doubtful
        Those below one half, in time order.
    rows
        One for each segment.
    by
        Who heard it.
    warnings
        What a reader should know.
    """

    language: str
    language_probability: float
    probability: float | None
    words: int
    doubtful: tuple[Word, ...]
    rows: tuple[SegmentRow, ...]
    by: str
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        sure = "nobody judged" if self.probability is None else f"{self.probability:.0%} sure"
        return (
            f"Confidence({sure}, {len(self.doubtful)} of {self.words} words doubtful, "
            f"{self.language} {self.language_probability:.0%})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            **vars(self),
            "doubtful": [word.to_dict() for word in self.doubtful],
            "rows": [row.to_dict() for row in self.rows],
            "warnings": list(self.warnings),
        }

    def _repr_html_(self) -> str:
        heads = ("from", "to", "text", "sure", "least", "doubtful", "flags")
        head = "".join(f"<th>{name}</th>" for name in heads)
        rows = "".join(
            f"<tr><td>{row.start:.2f}</td><td>{row.end:.2f}</td>"
            f'<td style="text-align:left" dir="auto">{escape(row.text)}</td>'
            f"<td>{_percent(row.probability)}</td><td>{_percent(row.lowest)}</td>"
            f"<td>{row.doubtful or ''}</td><td>{escape(', '.join(row.flags))}</td></tr>"
            for row in self.rows
        )
        about = [
            f"{self.by or 'nobody'}",
            f"{self.language or 'unknown language'} ({self.language_probability:.0%})",
            f"{self.words} words, {_percent(self.probability)} sure",
            f"{len(self.doubtful)} doubtful",
        ]
        named = ", ".join(
            f"{word.text.strip()} ({word.start:.1f} s)" for word in self.doubtful[:_LISTED]
        )
        notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in self.warnings)
        return (
            f"<p>{escape(' · '.join(about))}</p>"
            f"{f'<p>Doubtful: {escape(named)}</p>' if named else ''}"
            f"<table><tr>{head}</tr>{rows}</table>{f'<ul>{notes}</ul>' if notes else ''}"
        )


def confidence(heard: Recognition) -> Confidence:
    """Return how sure a recogniser was.

    Parameters
    ----------
    heard
        What it heard.

    Examples
    --------
    >>> from workbench.recognition import Recognition, Segment
    >>> from workbench.timing import Word
    >>> words = [Word(text=t, start=n, end=n + 1, probability=p)
    ...          for n, (t, p) in enumerate([("so", 0.9), ("sew", 0.3)])]
    >>> confidence(Recognition(
    ...     segments=(Segment(start=0, end=2, text="so sew", words=tuple(words)),),
    ...     language="en", duration=2))
    Confidence(60% sure, 1 of 2 words doubtful, en 100%)
    """
    known = [word for word in heard.words if word.probability is not None]
    return Confidence(
        language=heard.language,
        language_probability=heard.language_probability,
        probability=_mean(known),
        words=len(heard.words),
        doubtful=tuple(word for word in known if _doubtful(word)),
        rows=tuple(_row(segment) for segment in heard.segments),
        by=" ".join(part for part in (heard.engine, heard.model) if part),
        warnings=heard.warnings,
    )


def _row(segment: Segment) -> SegmentRow:
    known = [word for word in segment.words if word.probability is not None]
    return SegmentRow(
        start=segment.start,
        end=segment.end,
        text=" ".join(segment.text.split()),
        probability=_mean(known),
        lowest=min((word.probability or 0.0 for word in known), default=None),
        doubtful=sum(_doubtful(word) for word in known),
        flags=segment.flags,
    )


def _mean(words: list[Word]) -> float | None:
    if not words:
        return None
    return sum(word.probability or 0.0 for word in words) / len(words)


def _doubtful(word: Word) -> bool:
    return word.probability is not None and word.probability < _DOUBTFUL


def _percent(value: float | None) -> str:
    return "\u2013" if value is None else f"{value:.0%}"
