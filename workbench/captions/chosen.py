"""What an operation on cues is told: which cues, which times, checked before anything is done."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from workbench.errors import ParameterError, shown, suggest

if TYPE_CHECKING:
    from collections.abc import Collection

    from workbench.captions.cues import Cues

__all__ = ["Which", "at_index", "chosen", "flag", "one_of", "seconds", "whole"]

Which = int | slice | Iterable[int] | None
"""One cue, a slice of them such as ``slice(3, None)``, several, or all (None)."""

_LONGEST = 360_000.0  # seconds: a hundred hours


def at_index(cues: Cues, index: object, *, name: str = "index") -> int:
    """Return an index from 0 on.

    Raises
    ------
    ParameterError
        When it is no whole number, or there is no such cue.
    """
    if not isinstance(index, int) or isinstance(index, bool):
        raise ParameterError(f"must be the number of a cue, not {shown(index)}", subject=name)
    if not -len(cues) <= index < len(cues):
        has = f"0 to {len(cues) - 1}" if len(cues) else "none"
        raise ParameterError(f"there is no caption at index {index}: there are {has}", subject=name)
    return index % len(cues)


def chosen(cues: Cues, which: Which) -> tuple[int, ...]:
    """Return the indices that `which` means, in order, each once.

    Raises
    ------
    ParameterError
        When there is no such cue.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> two = insert(insert(Cues(cues=()), 0, end=1, text="One"), 2, end=3, text="two.")
    >>> chosen(two, None), chosen(two, slice(1, None)), chosen(two, [-1, 0, 0])
    ((0, 1), (1,), (0, 1))
    """
    if which is None:
        return tuple(range(len(cues)))
    if isinstance(which, slice):
        try:
            return tuple(sorted(range(len(cues))[which]))
        except (TypeError, ValueError) as error:
            raise ParameterError(f"is no slice of cues: {error}", subject="which") from error
    if not isinstance(which, int | str | bytes) and isinstance(which, Iterable):
        return tuple(sorted({at_index(cues, one, name="which") for one in which}))
    return (at_index(cues, which, name="which"),)


def seconds(name: str, value: object, *, least: float = 0.0) -> float:
    """Return a time in seconds, from `least` to a hundred hours.

    Raises
    ------
    ParameterError
        When it is no such number.
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)  # numpy's too
    if not number or not least <= cast("float", value) <= _LONGEST:
        raise ParameterError(
            f"must be {least:g} to {_LONGEST:g} seconds, not {shown(value)}", subject=name
        )
    return float(cast("float", value))


def whole(name: str, value: int, least: int, most: int) -> int:
    """Return a whole number between two.

    Raises
    ------
    ParameterError
        When it is none.
    """
    if type(value) is not int or not least <= value <= most:
        raise ParameterError(
            f"must be a whole number from {least} to {most}, not {shown(value)}", subject=name
        )
    return value


def flag(name: str, value: bool) -> bool:  # noqa: FBT001 - the value is what is checked
    """Return True or False.

    Raises
    ------
    ParameterError
        When it is neither.
    """
    if type(value) is not bool:
        raise ParameterError(f"must be True or False, not {shown(value)}", subject=name)
    return value


def one_of(name: str, value: object, known: Collection[str]) -> str:
    """Return one of some names.

    Raises
    ------
    ParameterError
        When it is another; the nearest is offered.
    """
    if not isinstance(value, str) or value not in known:
        cure = suggest(value, known) if isinstance(value, str) else ""
        raise ParameterError(
            f"{shown(value)} is none of them", subject=name, cure=cure or f"use {', '.join(known)}"
        )
    return value
