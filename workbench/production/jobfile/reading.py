"""A job file read and checked, every row of it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError, ParameterError, suggest
from workbench.paths import user_path
from workbench.production.jobfile.json_rows import read_json, read_json_lines
from workbench.production.jobfile.rows import JobFile, Mistake, Row
from workbench.production.jobfile.tables import read_table
from workbench.production.jobfile.texts import read_text
from workbench.production.jobfile.yaml_rows import read_yaml
from workbench.production.notebooks import find_notebook
from workbench.production.parameters import Parameter, missing, parameters
from workbench.production.parameters.given import NO_CELL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.production.jobfile.rows import Cell, Written

__all__ = ["read_jobs"]

_READERS: dict[str, Callable[[str], tuple[list[Written], list[Mistake]]]] = {
    ".csv": read_table,
    ".tsv": lambda text: read_table(text, "\t"),
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
}
_OWN = {name: Parameter(name=name, annotation="str", default="") for name in ("notebook", "name")}
"""The columns that are no parameters, for notebooks without one of that name."""


def read_jobs(
    path: str | os.PathLike[str], notebook: Path | None, known: Sequence[Parameter] = ()
) -> JobFile:
    """Return the rows of a job file, checked, and every mistake in it.

    Parameters
    ----------
    path
        A ``.csv``, ``.tsv``, ``.yaml``, ``.jsonl`` or ``.json`` file. Its columns are parameters;
        besides, ``notebook`` says whose (a path or a job's name), and ``name`` names the job.
    notebook
        For rows that name none.
    known
        Its parameters.

    Raises
    ------
    ParameterError
        When it is no such file, or far too large.
    StorageError
        When it cannot be opened.
    """
    source = user_path(path)
    reader = _READERS.get(source.suffix.lower())
    if reader is None:
        cure = "use .csv, .tsv, .yaml, .jsonl or .json"
        raise ParameterError("is no file of jobs", subject=str(path), cure=cure)
    text = read_text(source)
    if isinstance(text, Mistake):
        return JobFile(mistakes=(text,))
    written, mistakes = reader(text)
    checking = _Checking(default=notebook, mistakes=mistakes)
    if notebook is not None:
        checking.schemas[notebook] = {parameter.name: parameter for parameter in known}
    rows = _apart(checking.rows(_numbered(written)))
    others = [row for row in rows if row.wrong]
    if not written and not mistakes:
        mistakes.append(
            Mistake(1, "", "has no jobs", "write a row for each, under a row of names in a table")
        )
    # By row; within a row by column, as they were found.
    return JobFile(
        rows=tuple(row for row in rows if not row.wrong),
        mistakes=tuple(sorted(mistakes, key=lambda one: one.row)),
        others=tuple(others),
    )


def _numbered(written: Sequence[Written]) -> Sequence[Written]:
    """Return the rows; by their places where most share a line: such a file no person wrote."""
    lines = Counter(row.number for row in written)
    alone = sum(count == 1 for count in lines.values())
    if 2 * alone >= len(written):
        return written
    return [replace(row, number=place) for place, row in enumerate(written, 1)]


def _apart(rows: list[Row]) -> list[Row]:
    """Return the rows with numbers of their own, also where two begin in one line."""
    if len({row.number for row in rows}) == len(rows):
        return rows
    return [replace(row, number=n, line=row.number) for n, row in enumerate(rows, 1)]


@dataclass
class _Checking:
    """The rows of one file, each checked once; what they share, once for all."""

    default: Path | None
    mistakes: list[Mistake]
    schemas: dict[Path, dict[str, Parameter]] = field(default_factory=dict)
    _found: dict[str, Path | None] = field(default_factory=dict)  # notebooks by how they are named
    _told: set[tuple[Any, ...]] = field(default_factory=set)  # mistakes of what rows share
    _files: dict[tuple[str, ...], ParameterError | None] = field(default_factory=dict)
    _taken: dict[str, tuple[int, str]] = field(default_factory=dict)  # outputs, and by which row
    _strange: frozenset[str] = frozenset()  # columns that are told of once

    def rows(self, written: Sequence[Written]) -> list[Row]:
        """Return the rows, those with a mistake as far as they are right."""
        placed = [(row, self._notebook(row)) for row in written]
        self._unknown([(row, place) for row, place in placed if place is not None])
        return [self._row(row, place) for row, place in placed if place is not None]

    def _wrong(self, row: Written, column: str, error: ParameterError | JobError) -> None:
        line = row.shared.get(column)
        if line is not None:  # one mistake, whose rows are all
            mark = (column, line, error.problem)
            if mark in self._told:
                return
            self._told.add(mark)
        cure = error.cure or "look at this cell"
        self.mistakes.append(Mistake(line or row.number, column, error.problem, cure))

    # -- whose parameters -------------------------------------------------------------------------

    def _notebook(self, row: Written) -> Path | None:
        """Return the notebook of a row; None where it has none that can be used."""
        cell = row.cells.get("notebook")
        own = self.schemas.get(self.default, {}) if self.default else {}
        if cell is None or "notebook" in own:
            if self.default is None:
                self._once(
                    Mistake(
                        row.number,
                        "notebook",
                        "is not said, here and in no option",
                        "add a column notebook, or give --notebook NAME",
                    )
                )
            return self.default
        try:
            text = str(cell.read(_OWN["notebook"])).strip()
        except ParameterError as error:
            self._wrong(row, "notebook", error)
            return None
        if text not in self._found:
            self._found[text] = None
            try:
                place = find_notebook(text)
                if place not in self.schemas:
                    self.schemas[place] = {p.name: p for p in parameters(place)}
                self._found[text] = place
            except OSError as error:  # such as a name that is too long for one
                told = f"{error.strerror or error}: {text}"
                self.mistakes.append(Mistake(row.number, "notebook", told, "check the path"))
            except (JobError, ParameterError) as error:
                told = f"{text}: {error.problem}"
                cure = error.cure or "correct the notebook"
                self.mistakes.append(Mistake(row.number, "notebook", told, cure))
        return self._found[text]

    def _once(self, mistake: Mistake) -> None:
        if (mistake.column, mistake.problem) not in self._told:
            self._told.add((mistake.column, mistake.problem))
            self.mistakes.append(mistake)

    def _unknown(self, placed: Sequence[tuple[Written, Path]]) -> None:
        """Tell of each column that no notebook knows, once."""
        names = {name for place in {place for _, place in placed} for name in self.schemas[place]}
        first: dict[str, Written] = {}
        for row, _ in placed:
            for name in row.cells:
                if name not in names and name not in _OWN:
                    first.setdefault(name, row)
        for name, row in first.items():
            cure = suggest(name, [*names, *_OWN]) or (
                f"the parameters are {', '.join(sorted(names))}" if names else NO_CELL
            )
            line = row.shared.get(name) or row.head or row.number
            self.mistakes.append(Mistake(line, name, "is not a parameter of the notebook", cure))
        self._strange = frozenset(first)

    # -- what it says -----------------------------------------------------------------------------

    def _row(self, row: Written, place: Path) -> Row:
        """Return a row; what is wrong with it is told."""
        values: dict[str, Any] = {}
        name = ""
        wrong = set(self._strange & row.cells.keys())
        for column, cell in row.cells.items():
            if column in self._strange:
                continue
            try:
                parameter = self._parameter(place, column)
                if parameter is not _OWN["notebook"]:
                    value = self._value(cell, parameter)
                    if parameter is _OWN["name"]:
                        name = str(value).strip()
                    else:
                        values[column] = value
            except ParameterError as error:
                self._wrong(row, column, error)
                wrong.add(column)
        taken = self._place(row, values, name)
        if taken:
            wrong.add(taken)
        return Row(
            number=row.number,
            values=values,
            notebook=place,
            name=name,
            wrong=frozenset(wrong),
            shared=row.shared,
        )

    def _parameter(self, place: Path, column: str) -> Parameter:
        schema = self.schemas[place]
        found = schema.get(column) or _OWN.get(column)
        if found is None:
            cure = suggest(column, schema) or "empty this cell"
            raise ParameterError(f"is not a parameter of {place.stem}", cure=cure)
        return found

    def _value(self, cell: Cell, parameter: Parameter) -> Any:
        value = cell.read(parameter)
        if parameter.readable or parameter.paths(value):
            key = (parameter.name, parameter.annotation, repr(value))
            if key not in self._files:
                self._files[key] = missing(parameter, value)
            wrong = self._files[key]
            if wrong is not None:
                raise wrong
        return value

    def _place(self, row: Written, values: Mapping[str, Any], name: str) -> str:
        """Return the column by which a row writes the files of another; empty for none."""
        output = values.get("output")
        column = "output" if output else "name"
        if output:
            try:
                written = os.path.abspath(user_path(str(output)))  # noqa: PTH100 - it may be a link
            except ParameterError as error:
                self._wrong(row, "output", error)
                return "output"
            mark = os.path.splitext(written)[0]  # noqa: PTH122 - the executed notebook is beside it
        elif name:
            written, mark = name, f"\0{name}"
        else:
            return ""
        number, earlier = self._taken.setdefault(mark.casefold(), (row.number, written))
        if number == row.number:
            return ""
        told = f"is {'the output' if output else 'the name'} of row {number} too"
        if output and written.casefold() != earlier.casefold():
            told = f"shares its executed notebook with {Path(earlier).name} of row {number}"
        self.mistakes.append(Mistake(row.number, column, told, f"give each row its own {column}"))
        return column
