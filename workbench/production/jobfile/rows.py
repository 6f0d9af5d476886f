"""The rows of a job file, as they are used and as they are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.production.parameters import Parameter

__all__ = ["Cell", "JobFile", "Mistake", "Row", "Written"]


@dataclass(frozen=True)
class Mistake:
    """Something in a job file that is to be corrected before anything begins.

    Parameters
    ----------
    row
        The line where the row begins, as an editor counts them; 0 for what is meant for all rows.
    column
        The column or key; empty when the whole row is meant.
    problem
        What is wrong.
    cure
        What to do about it.

    Examples
    --------
    >>> print(Mistake(7, "speed", "must be 0.5 to 2 x, not 3.0", "choose a number in that range"))
    row 7, speed: must be 0.5 to 2 x, not 3.0; choose a number in that range
    """

    row: int
    column: str
    problem: str
    cure: str = ""

    def __str__(self) -> str:
        where = ", ".join(filter(None, (f"row {self.row}" if self.row else "", self.column)))
        cure = f"; {self.cure}" if self.cure else ""
        told = one_line(self.problem + cure, limit=600)
        return f"{one_line(where)}: {told}" if where else told

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return vars(self).copy()


@dataclass(frozen=True, kw_only=True)
class Row:
    """A job as a row of a file or a point of a grid says it.

    Parameters
    ----------
    number
        The line where the row begins, or its place from 1 where rows share lines.
    values
        Parameters by name, of the notebook's types; what is not there has its default.
    notebook
        Whose parameters they are.
    name
        What the job is called; empty for what its output or its notebook is called.
    wrong
        Columns whose values are wrong, and not among `values`: the row is no job, and kept for
        what else may be wrong with it.
    shared
        The line of each value that stands elsewhere, for many rows; 0 for what is in no file.
    line
        Where it stands, if its number is not the line: one of several that a grid has made of a row
        stands where that does, and those of a grid alone nowhere, 0.
    """

    number: int
    values: dict[str, Any]
    notebook: Path = field(default_factory=Path)
    name: str = ""
    wrong: frozenset[str] = frozenset()
    shared: Mapping[str, int] = field(default_factory=dict)
    line: int | None = None

    @property
    def place(self) -> int:
        """Where a mistake of it is told to be."""
        return self.number if self.line is None else self.line


@dataclass(frozen=True, kw_only=True)
class JobFile:
    """What a job file says.

    Parameters
    ----------
    rows
        Those without a mistake.
    mistakes
        All, in the order of the rows; with any of them nothing should begin.
    others
        The rows with a mistake, as far as they are right.
    """

    rows: tuple[Row, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    others: tuple[Row, ...] = ()


class Cell(Protocol):
    """What stands in a column of a row."""

    def read(self, parameter: Parameter) -> Any:
        """Return what it means for a parameter.

        Raises
        ------
        ParameterError
            When it means nothing for it.
        """


@dataclass(frozen=True, kw_only=True)
class Written:
    """A row as it is written.

    Parameters
    ----------
    number
        The line where it begins.
    cells
        By column; one that is empty is not there.
    shared
        The line of each cell that stands elsewhere, for all rows.
    head
        The line that names the columns; 0 where the row does.
    """

    number: int
    cells: Mapping[str, Cell]
    shared: Mapping[str, int] = field(default_factory=dict)
    head: int = 0
