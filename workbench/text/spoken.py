"""A text and how it is spoken, and the way back from the spoken words to the written ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.script import tokenize
from workbench.text.edits import Change, Course, applied
from workbench.text.shares import fill
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.script import Token

__all__ = ["Spoken"]


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A text and how it is spoken.

    Parameters
    ----------
    text
        The original.
    language
        The BCP 47 tag whose rules were used.
    changes
        What is spoken otherwise than written, in the order of the text, apart.
    notes
        What a person should know besides, such as a word of the lexicon that was left as it is.

    Examples
    --------
    >>> from workbench.text.normalize import normalize
    >>> ready = normalize("It's $5 at 10:30.", "en-us")
    >>> ready.spoken
    "It's five dollars at ten thirty."
    >>> [(change.original, change.spoken, change.rule) for change in ready.changes]
    [('$5', 'five dollars', 'money'), ('10:30', 'ten thirty', 'times')]
    """

    text: str
    language: str = ""
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def spoken(self) -> str:
        """The text for the engine."""
        return applied(self.text, self.changes)

    @property
    def identity(self) -> bool:
        """Whether nothing was changed."""
        return not self.changes

    @cached_property
    def originals(self) -> tuple[Token, ...]:
        """The tokens of `text`."""
        return tokenize(self.text)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of `spoken`: the words an engine returns times for."""
        return self.originals if self.identity else tokenize(self.spoken)

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """For each token of `spoken`, which token of the original it comes from."""
        if self.identity:
            return tuple(range(len(self.tokens)))
        course = Course(self.text, self.changes)
        ends = [course(token.end) for token in self.originals]
        found: list[int] = []
        index = 0
        for token in self.tokens:
            middle = (token.start + token.end) / 2
            while index + 1 < len(ends) and ends[index] <= middle:
                index += 1
            found.append(index)
        return tuple(found)

    def restore(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Return the words of the original with the times of the words that were spoken.

        Parameters
        ----------
        words
            A word for every token of `spoken`, as an engine returns them: in order and apart.

        Returns
        -------
        tuple of Word
            One for every token of `text`, in order and apart. A token that became several words
            lasts as long as they do; several that became one word share its time by their letters;
            what is not spoken gets a moment of the pause behind it, or of its neighbour.

        Raises
        ------
        ParameterError
            When the words are not those of `spoken`.

        Examples
        --------
        >>> from workbench.text.normalize import normalize
        >>> ready = normalize("Pay $25 🎉 now", "en")
        >>> said = [Word(text=w, start=i, end=i + 1) for i, w in enumerate(ready.spoken.split())]
        >>> [(w.text, w.start, w.end) for w in ready.restore(said)]
        [('Pay', 0.0, 1.0), ('$25', 1.0, 2.98), ('🎉', 2.98, 3.0), ('now', 3.0, 4.0)]
        """
        heard = self.tokens
        if [word.text for word in words] != [token.text for token in heard]:
            raise ParameterError(
                f"{len(words)} words are not the {len(heard)} words of the spoken text",
                subject="words",
            )
        tokens = self.originals
        if not tokens or not words:
            return ()
        if self.identity:
            times = [(word.start, word.end) for word in words]
        else:
            known = _times(self, tokens, heard, words)
            weights = [float(len(token.text)) for token in tokens]
            times = fill(known, weights, end=words[-1].end)
        return tuple(
            Word(text=token.text, start=start, end=end, space=token.space)
            for token, (start, end) in zip(tokens, times, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "text": self.text,
            "spoken": self.spoken,
            "language": self.language,
            "changes": [change.to_dict() for change in self.changes],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Spoken:
        """Return what `to_dict` described."""
        return cls(
            text=data["text"],
            language=data["language"],
            changes=tuple(Change(**change) for change in data["changes"]),
            notes=tuple(data["notes"]),
        )


def _said(char: str) -> bool:
    return char.isalnum() or (not char.isspace() and bool(tokenize(char)))


def _times(
    ready: Spoken, tokens: Sequence[Token], heard: Sequence[Token], words: Sequence[Word]
) -> list[tuple[float, float] | None]:
    """Return the time of each token that has something spoken, by its share of the letters."""
    course = Course(ready.text, ready.changes)
    letters = [0]  # spoken ones before each position of the spoken text
    for char in ready.spoken:
        letters.append(letters[-1] + _said(char))

    def place(position: float) -> float:
        whole = min(int(position), len(letters) - 2)
        return letters[whole] + (position - whole) * (letters[whole + 1] - letters[whole])

    starts = [letters[token.start] for token in heard]
    ends = [letters[token.end] for token in heard]
    known: list[tuple[float, float] | None] = []
    index = 0
    for token in tokens:
        a, b = place(course(token.start)), place(course(token.end))
        if b - a < _NOTHING:
            known.append(None)
            continue
        while index + 1 < len(ends) and ends[index] <= a + _NOTHING:
            index += 1
        last = index
        while last + 1 < len(ends) and starts[last + 1] < b - _NOTHING:
            last += 1
        start, end = words[index], words[last]
        first = max(a - starts[index], 0) / (ends[index] - starts[index])
        final = min(b - starts[last], ends[last] - starts[last]) / (ends[last] - starts[last])
        begin = start.start + first * start.duration
        finish = end.end if final >= 1 else end.start + final * end.duration
        known.append((begin, finish) if begin < finish else None)
    return known


_NOTHING = 1e-6  # letters
