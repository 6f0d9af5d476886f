"""What an operation is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.errors import Cancelled, ParameterError, shown, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.progress import Report
    from workbench.storage.ids import FileId
    from workbench.storage.store import Store

__all__ = ["Context", "Operation", "Parameters", "checked", "files_in"]


class Parameters(BaseModel):
    """The parameters of an operation: nothing unknown, no infinite numbers, no guessed types."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


def _nothing(done: float) -> None:
    """Report to nobody."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where an operation works.

    Parameters
    ----------
    store
        Where the files are.
    output
        The id to write to, None for operations without an output.
    report
        Called with the part that is done, 0 to 1; it may raise `Cancelled`.
    cancel
        Set to stop.
    private
        Whether URLs may lead to private addresses.
    """

    store: Store
    output: FileId | None = None
    report: Report = _nothing
    cancel: threading.Event = field(default_factory=threading.Event)
    private: bool = False

    def progress(self, done: float) -> None:
        """Report the part that is done, and stop here when that was asked for.

        Raises
        ------
        Cancelled
            When `cancel` is set.
        """
        if self.cancel.is_set():
            raise Cancelled("was stopped", subject="job")
        self.report(done)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A thing the service can do.

    Parameters
    ----------
    name
        What it is called in the ledger.
    parameters
        The model of its parameters.
    run
        Does it: parameters and context in, plain JSON values out.
    check
        Looks, before the work is taken on, whether it can be done.
    output
        The type and extension of the one file it makes; None when it makes none, or when what it
        makes is known only afterwards and told in the result.
    quick
        Whether somebody waits for its answer: a server does not let it stand behind long work.
    """

    name: str
    parameters: type[Parameters]
    run: Callable[[Any, Context], Any]
    check: Callable[[Any, Store], None] | None = None
    output: tuple[str, str] | None = None
    quick: bool = False


def checked(one: Operation, values: Mapping[str, Any]) -> Any:
    """Return the parameters of an operation as its model.

    Raises
    ------
    ParameterError
        Naming the first parameter that is wrong.
    """
    names = list(one.parameters.model_fields)
    for name in values:
        if name not in names:
            raise ParameterError(
                f"{one.name} has no such parameter",
                subject=str(name),
                cure=suggest(str(name), names) or f"it has {', '.join(names)}",
            )
    try:
        return one.parameters.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        subject = ".".join(str(part) for part in first["loc"]) or one.name
        given = "" if first["type"] == "missing" else f", not {shown(first['input'])}"
        text = str(first["msg"]).removeprefix("Value error, ")
        raise ParameterError(f"{text[:1].lower()}{text[1:]}{given}", subject=subject) from None


def files_in(told: object) -> list[str]:
    """Return the ids of the files that an operation says it made, besides its output.

    Examples
    --------
    >>> files_in({"image_ids": ["image_a.jpg"], "sheet_id": None, "duration": 1.5})
    ['image_a.jpg']
    """
    if not isinstance(told, dict):
        return []
    found = [*(told.get("image_ids") or ()), told.get("sheet_id"), told.get("file_id")]
    return [str(name) for name in found if name]
