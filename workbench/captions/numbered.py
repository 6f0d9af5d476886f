"""Cues that keep their number while those around them come and go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, shown

if TYPE_CHECKING:
    from workbench.captions.cues import Cues

__all__ = ["Change", "Numbered"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """Where two sets of cues differ.

    Parameters
    ----------
    first
        The first cue that is not as it was, from 0.
    removed, added
        How many stood there before, and how many do now.
    """

    first: int
    removed: int
    added: int


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """Cues and their numbers: who names a cue by its number means the same one after an edit.

    Parameters
    ----------
    cues
        Captions.
    numbers
        One for each, each once.
    following
        The number that the next new cue gets.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert, split
    >>> two = insert(insert(Cues(cues=()), 0, end=1, text="A b"), 2, end=3, text="c d")
    >>> before = Numbered.of(two)
    >>> after, change = before.after(split(two, 0))
    >>> after.numbers, change
    ((0, 2, 1), Change(first=0, removed=1, added=2))
    """

    cues: Cues
    numbers: tuple[int, ...]
    following: int

    @classmethod
    def of(cls, cues: Cues) -> Numbered:
        """Return the cues with numbers from 0."""
        return cls(cues=cues, numbers=tuple(range(len(cues))), following=len(cues))

    def index(self, number: object) -> int:
        """Return where the cue of that number stands, from 0.

        Raises
        ------
        ParameterError
            When there is none, or none any more.
        """
        try:
            return self.numbers.index(number)
        except ValueError:
            raise ParameterError(
                f"caption {shown(number)} is there no more", subject="edit", cure="choose another"
            ) from None

    def after(self, cues: Cues) -> tuple[Numbered, Change]:
        """Return other cues, numbered as these as far as they are the same, and where they differ.

        A cue that changed in place keeps its number. Of two that became one, the first one's
        stays; of one that became two, the first has it.
        """
        old, new = self.cues.cues, cues.cues
        short = min(len(old), len(new))
        first = next((i for i in range(short) if old[i] is not new[i]), short)
        last = next(
            (i for i in range(short - first) if old[-1 - i] is not new[-1 - i]), short - first
        )
        middle_old = range(first, len(old) - last)
        middle_new = range(first, len(new) - last)
        # Cues that only changed places take their numbers along.
        known = {id(old[i]): self.numbers[i] for i in middle_old}
        kept = {i: known.pop(id(new[i])) for i in middle_new if id(new[i]) in known}
        left = iter([self.numbers[i] for i in middle_old if id(old[i]) in known])
        following = self.following
        numbers = []
        for i in middle_new:
            number = kept[i] if i in kept else next(left, None)
            if number is None:
                number, following = following, following + 1
            numbers.append(number)
        tail = self.numbers[len(old) - last :]
        made = Numbered(
            cues=cues, numbers=(*self.numbers[:first], *numbers, *tail), following=following
        )
        return made, Change(first=first, removed=len(middle_old), added=len(middle_new))
