"""Where the rows of a batch come from: a file, a list, a grid, or a grid for each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError, ParameterError
from workbench.paths import user_path
from workbench.production.batch.plan import Mistakes
from workbench.production.grid import grid as spread
from workbench.production.jobfile import Mistake, Row, read_jobs
from workbench.production.notebooks import find_notebook
from workbench.production.parameters import check, parameters
from workbench.production.parameters import mistakes as mistakes_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["rows_of"]


def rows_of(
    source: str | os.PathLike[str] | Sequence[Mapping[str, Any]] | None,
    notebook: str | os.PathLike[str] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    axes: Mapping[str, Sequence[Any]] | None = None,
) -> tuple[list[Row], str]:
    """Return the rows of a batch, checked, and what to call the whole.

    Parameters
    ----------
    source
        A job file; a list of mappings of parameters, in which ``name`` and ``notebook`` mean what
        they mean in a file; or None for a grid alone.
    notebook
        For rows that name none.
    values
        Parameters that all rows share unless they say otherwise.
    axes
        Values of parameters, all of whose combinations are made of every row.

    Raises
    ------
    Mistakes
        All that is wrong with the rows.
    ParameterError, JobError
        When there is nothing to do, no such file or notebook, or a shared value is wrong.
    """
    default = None if notebook is None else find_notebook(notebook)
    known = () if default is None else parameters(default)
    shared = check(known, values or {}) if values else {}
    if source is None:
        if default is None or not axes:
            raise ParameterError(
                "has no jobs",
                subject="batch",
                cure="give a job file, rows, or a notebook and a grid",
            )
        rows = [Row(number=1, values={}, notebook=default)]
        title = default.stem
    elif isinstance(source, str) or not _is_list(source):
        path = user_path(source)  # type: ignore[arg-type]  # what is no list is a path
        found = read_jobs(path, default, known)
        if found.mistakes:
            raise Mistakes(found.mistakes, subject=str(source), rows=found.rows)
        rows, title = list(found.rows), path.stem
    else:
        rows, title = _listed(source, default), (default.stem if default else "batch")  # type: ignore[arg-type]
    rows = [
        replace(row, values={**shared, **row.values}) if row.notebook == default else row
        for row in rows
    ]
    if axes:
        rows = _spread(rows, axes)
    if not rows:
        raise ParameterError("has no jobs", subject=str(source), cure="write at least one row")
    return rows, title


def _is_list(source: object) -> bool:
    return isinstance(source, list | tuple)


def _listed(source: Sequence[Mapping[str, Any]], default: Path | None) -> list[Row]:
    """Return rows of mappings, every one checked."""
    rows: list[Row] = []
    mistakes: list[Mistake] = []
    for number, mapping in enumerate(source, start=1):
        given = dict(mapping)
        name, named = given.pop("name", ""), given.pop("notebook", None)
        try:
            notebook = _chosen(named, default)
        except (ParameterError, JobError) as error:
            mistakes.append(Mistake(number, "notebook", error.problem, error.cure))
            continue
        known = parameters(notebook)
        if "name" in {parameter.name for parameter in known}:  # it means the parameter
            given, name = {**given, **({"name": name} if name else {})}, ""
        wrong = mistakes_of(known, given)
        mistakes += [Mistake(number, e.subject, e.problem, e.cure) for e in wrong.values()]
        if not wrong:
            values = check(known, given)
            rows.append(Row(number=number, values=values, notebook=notebook, name=str(name)))
    if mistakes:
        raise Mistakes(mistakes, subject="batch", rows=rows)
    return rows


def _chosen(named: object, default: Path | None) -> Path:
    if isinstance(named, str):
        return find_notebook(named)
    if default is None or named is not None:
        raise ParameterError("is not said", subject="notebook", cure="name one")
    return default


def _spread(rows: Sequence[Row], axes: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Return every row with every combination of the axes; numbers count the results."""
    found: list[Row] = []
    for row in rows:
        for point in spread(parameters(row.notebook), axes):
            told = "-".join(str(value) for value in point.values.values())
            name = f"{row.name}-{told}" if row.name else ""
            found.append(
                replace(
                    row,
                    number=len(found) + 1,
                    values={**row.values, **point.values},
                    name=name.replace("/", "_").replace("\\", "_")[:120],
                )
            )
    return found
