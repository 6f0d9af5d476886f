"""What was done and can be undone: values before and after, since no value is ever changed."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["Steps"]

T = TypeVar("T")

_MOST = 200  # they share what they have in common, so they cost little


class Steps(Generic[T]):
    """A value, those it was before, and those it was until they were undone.

    Examples
    --------
    >>> steps = Steps("a")
    >>> steps.do("b")
    >>> steps.undo(), steps.now, steps.undo(), steps.redo(), steps.now
    (True, 'a', False, True, 'b')
    """

    def __init__(self, value: T) -> None:
        self.now = value
        self._past: list[T] = []
        self._future: list[T] = []

    @property
    def undoable(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past)

    @property
    def redoable(self) -> bool:
        """Whether there is something to do again."""
        return bool(self._future)

    def do(self, value: T) -> None:
        """Go on to `value`; what was undone cannot be done again."""
        self._past = [*self._past, self.now][-_MOST:]
        self._future = []
        self.now = value

    def undo(self) -> bool:
        """Go back to what was before; return whether there was anything."""
        if not self._past:
            return False
        self._future.append(self.now)
        self.now = self._past.pop()
        return True

    def redo(self) -> bool:
        """Go on to what was undone last; return whether there was anything."""
        if not self._future:
            return False
        self._past.append(self.now)
        self.now = self._future.pop()
        return True
