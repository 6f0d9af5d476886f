"""Edits that can be undone: what the cues were, what they are, what they will be again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.errors import ParameterError

if TYPE_CHECKING:
    from workbench.captions.cues import Cues

__all__ = ["LONGEST_PAST", "History", "Step"]

LONGEST_PAST = 500
"""The most steps that can be undone; each holds on to no more than the cues that it changed."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was done.

    Parameters
    ----------
    cues
        The captions before it.
    label
        What it is called, such as ``split``.
    visit
        Steps in a row with the same one are undone as one; empty for a step by itself.
    """

    cues: Cues
    label: str
    visit: str = ""


@dataclass(frozen=True, kw_only=True)
class History:
    """Cues, and the way they came and went.

    Parameters
    ----------
    present
        The captions now.
    past
        What was done, the last one last.
    future
        What was undone, the first to be done again last; a step's cues are those after it.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> history = History(present=Cues(cues=()))
    >>> history = history.after(insert(history.present, 0, text="Hola"), "insert")
    >>> len(history.undo().present), len(history.undo().redo().present)
    (0, 1)
    """

    present: Cues
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def after(self, cues: Cues, label: str, *, visit: str = "") -> History:
        """Return the history with one more step; without a change, as it is.

        Parameters
        ----------
        cues
            The captions from now on.
        label
            What was done.
        visit
            Joins the step to the one before, where that has the same.
        """
        if cues == self.present:
            return self
        if visit and not self.future and self.past and self.past[-1].visit == visit:
            return replace(self, present=cues)
        step = Step(cues=self.present, label=label, visit=visit)
        return History(present=cues, past=(*self.past, step)[-LONGEST_PAST:])

    def undo(self) -> History:
        """Return the history a step back.

        Raises
        ------
        ParameterError
            When nothing was done.
        """
        if not self.past:
            raise ParameterError("there is nothing to undo", subject="cues")
        step = self.past[-1]
        ahead = replace(step, cues=self.present, visit="")
        return History(present=step.cues, past=self.past[:-1], future=(*self.future, ahead))

    def redo(self) -> History:
        """Return the history a step forward again.

        Raises
        ------
        ParameterError
            When nothing was undone.
        """
        if not self.future:
            raise ParameterError("there is nothing to do again", subject="cues")
        step = self.future[-1]
        behind = replace(step, cues=self.present)
        return History(present=step.cues, past=(*self.past, behind), future=self.future[:-1])
