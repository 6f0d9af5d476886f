"""An edit of cues as a value: what it is called and what it is told, to be kept, sent or undone."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.captions import cutting, retiming, searching
from workbench.errors import ParameterError, shown, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.captions.cues import Cues

__all__ = ["OPERATIONS", "Edit"]

OPERATIONS: Mapping[str, Callable[..., Cues]] = MappingProxyType(
    {
        "delete": cutting.delete,
        "insert": cutting.insert,
        "merge": cutting.merge,
        "move": retiming.move,
        "rebreak": cutting.rebreak,
        "retype": cutting.retype,
        "shift": retiming.shift,
        "split": cutting.split,
        "stretch": retiming.stretch,
        "substitute": searching.substitute,
    }
)
"""The operations by name: functions of `Cues` that return new ones."""

_SIGNATURES = {name: inspect.signature(made) for name, made in OPERATIONS.items()}


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One operation on cues and what it is told; called with cues, it returns the new ones.

    Parameters
    ----------
    op
        A name in `OPERATIONS`.
    options
        Its arguments by name, all but the cues.

    Raises
    ------
    ParameterError
        When there is no such operation, or it takes no such argument; the nearest is offered.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> edit = Edit.of("insert", start=1, text="Hola")
    >>> edit(Cues(cues=())).text, Edit.from_dict(edit.to_dict()) == edit
    ('Hola', True)
    >>> Edit.of("inzert", start=0)
    Traceback (most recent call last):
    workbench.errors.ParameterError: inzert: is no operation on cues; did you mean 'insert'?
    """

    op: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        op: object = self.op
        if not isinstance(op, str) or op not in OPERATIONS:
            name = op if isinstance(op, str) else shown(op)
            cure = suggest(name, OPERATIONS) or f"they are {', '.join(OPERATIONS)}"
            raise ParameterError("is no operation on cues", subject=name, cure=cure)
        options = dict(self.options)
        known = [*_SIGNATURES[self.op].parameters][1:]
        for name in options:
            if name not in known:
                cure = suggest(str(name), known) or f"it takes {', '.join(known)}"
                raise ParameterError(f"is no argument of {self.op}", subject=str(name), cure=cure)
        try:
            _SIGNATURES[self.op].bind(None, **options)
        except TypeError as error:
            raise ParameterError(str(error), subject=self.op) from error
        object.__setattr__(self, "options", MappingProxyType(options))

    @classmethod
    def of(cls, op: str, /, **options: Any) -> Edit:
        """Return the edit of that name with these arguments."""
        return cls(op=op, options=options)

    def __call__(self, cues: Cues) -> Cues:
        """Return the cues with the edit done.

        Raises
        ------
        ParameterError
            When it cannot be done on these cues.
        """
        return OPERATIONS[self.op](cues, **self.options)

    def to_dict(self) -> dict[str, Any]:
        """Return the edit as plain values, for JSON."""
        return {"op": self.op, **{name: _plain(value) for name, value in self.options.items()}}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Edit:
        """Return the edit that `to_dict` described.

        Raises
        ------
        ParameterError
            As the class does.
        """
        options = {name: value for name, value in data.items() if name != "op"}
        if isinstance(span := options.get("which"), dict):
            options["which"] = slice(span.get("start"), span.get("stop"), span.get("step"))
        return cls(op=data.get("op", ""), options=options)


def _plain(value: Any) -> Any:
    if isinstance(value, slice):
        return {"start": value.start, "stop": value.stop, "step": value.step}
    return list(value) if isinstance(value, tuple | set | frozenset | range) else value
