"""A job of a batch, as it is given to whoever does it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KIND", "Task"]

KIND = "notebook"
"""The operation of a batch's jobs in the ledger."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of one notebook.

    Parameters
    ----------
    id
        By content: notebook, parameters, inputs and versions, see `workbench.production.identity`.
    name
        For people.
    row
        Where it stands in the job file, 0 for none.
    notebook
        The notebook's absolute path.
    values
        The parameters that are given; the others keep their defaults.
    output
        The absolute path of the main file, empty when the notebook has no parameter ``output``.
    executed
        The absolute path of the executed notebook.
    folder
        The working directory, in which relative paths are meant.
    timeout, limit
        Seconds a cell, and the whole run, may take; None for a limit of the run's cells only.
    kernel
        ``python3`` or ``workbench``.
    variables
        What the kernel's environment has besides that of its starter.
    source
        The absolute path of the job file that names it, empty for none.

    Examples
    --------
    >>> task = Task(id="job_1", name="talk", notebook="/a.ipynb", executed="/out/talk.ipynb",
    ...             folder="/")
    >>> Task.from_dict(task.to_dict()) == task
    True
    """

    id: str
    name: str
    row: int = 0
    notebook: str
    values: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    executed: str
    folder: str
    timeout: float = 3600.0
    limit: float | None = None
    kernel: str = "python3"
    variables: dict[str, str] = field(default_factory=dict)
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Task:
        """Return what `to_dict` described; what a newer version added is left out.

        Raises
        ------
        KeyError, TypeError
            When it is no task.
        """
        names = cls.__dataclass_fields__
        return cls(**{name: value for name, value in data.items() if name in names})
