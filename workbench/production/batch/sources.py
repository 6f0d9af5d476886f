"""Where the rows of a batch come from: a file, a list, a grid, or a grid for each of them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError, ParameterError, one_line, shown
from workbench.paths import user_path
from workbench.production.batch.plan import Mistakes, Plan, Ways, plan
from workbench.production.checks import Checks
from workbench.production.grid import grid as spread
from workbench.production.grid import grid_mistakes, right_axes
from workbench.production.jobfile import Mistake, Row, read_jobs
from workbench.production.notebooks import find_notebook
from workbench.production.parameters import check, parameters
from workbench.production.parameters import mistakes as mistakes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.production.parameters import Parameter

__all__ = ["plan_of", "read_rows"]

_LONGEST = 100  # letters of a name that a grid makes
_BYTES = 180
_UNSAFE = re.compile(r"[^\w .,:;=+@()&'!#%-]")


def plan_of(
    source: str | os.PathLike[str] | Sequence[Mapping[str, Any]] | None,
    notebook: str | os.PathLike[str] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    axes: Mapping[str, Sequence[Any]] | None = None,
    folder: str | os.PathLike[str] | None = None,
    ways: Ways | None = None,
    title: str = "",
) -> Plan:
    """Return the plan of a batch; see `read_rows`.

    Parameters
    ----------
    folder
        By default ``out/TITLE``.
    ways, title
        As for `workbench.production.batch.plan.plan`; the title is by default the job file's name.

    Raises
    ------
    Mistakes
        All that is wrong with the rows, whether reading or planning them tells.
    ParameterError, JobError
        As `read_rows` does.
    """
    given: object = folder  # a person writes anything
    if not (source is None or isinstance(source, str | os.PathLike) or _is_list(source)):
        told = f"must be a job file or a list of rows, not {type(source).__name__}"
        raise ParameterError(told, subject="source", cure='such as [{"text": "Hello."}]')
    if given is not None and (given == "" or not isinstance(given, str | os.PathLike)):
        told = f"must be the path of a folder, not {shown(folder)}"
        raise ParameterError(told, subject="folder", cure="such as out/tonight")
    rows, called, found = read_rows(source, notebook, values=values, axes=axes)
    place = user_path(folder) if folder is not None else Path("out") / called
    subject = called if source is None or _is_list(source) else str(source)
    try:
        file = "" if subject == called else str(user_path(source).absolute())  # type: ignore[arg-type]
        name = one_line(title or called)
        made = plan(rows, place, ways or Ways(), title=name, source=file)
        made = replace(made, named=folder is not None, alone=source is None)
    except Mistakes as error:
        found = [*found, *error.mistakes]
    if found:
        raise Mistakes(sorted(dict.fromkeys(found), key=lambda one: one.row), subject=subject)
    return made


def read_rows(
    source: str | os.PathLike[str] | Sequence[Mapping[str, Any]] | None,
    notebook: str | os.PathLike[str] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    axes: Mapping[str, Sequence[Any]] | None = None,
) -> tuple[list[Row], str, list[Mistake]]:
    """Return the rows of a batch, what to call the whole, and all that is wrong with the rows.

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
    ParameterError, JobError
        When there is nothing to do, or no such file or notebook.
    """
    default = None if notebook is None else find_notebook(notebook)
    known = () if default is None else parameters(default)
    shared, mistakes = _shared(known, values)
    if source is None:
        if default is None or not axes:
            raise ParameterError(
                "has no jobs",
                subject="batch",
                cure="give a job file, rows, or a notebook and a grid",
            )
        rows = [Row(number=1, values={}, notebook=default, line=0)]
        title = default.stem
    elif isinstance(source, str) or not _is_list(source):
        path = user_path(source)  # type: ignore[arg-type]  # what is no list is a path
        found = read_jobs(path, default, known)
        rows = sorted((*found.rows, *found.others), key=lambda row: row.number)
        mistakes += found.mistakes
        title = path.stem
    else:
        rows, wrong = _listed(source, default)  # type: ignore[arg-type]
        mistakes += wrong
        title = default.stem if default else "batch"
    rows = [
        replace(
            row,
            values={**shared, **row.values},
            shared={**dict.fromkeys(shared.keys() - row.values.keys(), 0), **row.shared},
        )
        if shared and row.notebook == default
        else row
        for row in rows
    ]
    schemas = {
        row.notebook: parameters(row.notebook) for row in {r.notebook: r for r in rows}.values()
    }
    if axes is not None:
        wrong = _axes(rows, schemas, axes)
        more = wrong or _shared_outputs(rows, axes)
        given: object = axes  # a person writes anything
        if axes and isinstance(given, Mapping) and (wrong or not more):
            rows = _spread(rows, axes)
        mistakes += more
    if source is not None:
        mistakes += _unsaid(rows, schemas, axes if isinstance(axes, Mapping) else {})
    if not rows and not mistakes:
        raise ParameterError("has no jobs", subject=str(source), cure="write at least one row")
    return rows, title, mistakes


def _is_list(source: object) -> bool:
    return isinstance(source, list | tuple)


def _shared(
    known: Sequence[Parameter], values: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the values that all rows share, and what is wrong with them."""
    if not values:
        return {}, []
    if not isinstance(values, Mapping):
        told = f"must be values by name, not {type(values).__name__}"
        raise ParameterError(told, subject="values", cure='such as {"voice": "espeak:es"}')
    wrong = mistakes_of(known, values)
    told = [Mistake(0, name, error.problem, error.cure) for name, error in wrong.items()]
    return check(known, {n: v for n, v in values.items() if str(n) not in wrong}), told


def _listed(
    source: Sequence[Mapping[str, Any]], default: Path | None
) -> tuple[list[Row], list[Mistake]]:
    """Return rows of mappings as far as they are right, and what is wrong with them."""
    rows: list[Row] = []
    mistakes: list[Mistake] = []
    for number, mapping in enumerate(source, start=1):
        if not isinstance(mapping, Mapping):
            told = f"is {shown(mapping)}, and no job"
            mistakes.append(Mistake(number, "", told, 'write {"name": value} for each'))
            continue
        given = dict(mapping)
        name, named = given.pop("name", None) or "", given.pop("notebook", None)
        try:
            notebook = _chosen(named, default)
        except (ParameterError, JobError) as error:
            told = error.problem if named is None else f"{shown(named)}: {error.problem}"
            mistakes.append(Mistake(number, "notebook", told, error.cure))
            continue
        known = parameters(notebook)
        if "name" in {parameter.name for parameter in known}:  # it means the parameter
            given, name = {**given, **({"name": name} if name else {})}, ""
        wrong = mistakes_of(known, given)
        if not isinstance(name, str):
            wrong["name"] = ParameterError(f"must be a text, not {shown(name)}", subject="name")
            name = ""
        mistakes += [Mistake(number, c, e.problem, e.cure or "quote it") for c, e in wrong.items()]
        right = check(known, {n: value for n, value in given.items() if str(n) not in wrong})
        rows.append(
            Row(number=number, values=right, notebook=notebook, name=name, wrong=frozenset(wrong))
        )
    return rows, mistakes


def _chosen(named: object, default: Path | None) -> Path:
    if isinstance(named, str):
        return find_notebook(named)
    if default is None or named is not None:
        raise ParameterError("is not said", subject="notebook", cure="name one")
    return default


def _axes(
    rows: Sequence[Row], schemas: Mapping[Path, Sequence[Parameter]], axes: Mapping[str, Any]
) -> list[Mistake]:
    """Return what is wrong with a grid; for some notebooks alone, with the first row of each."""
    wrong = {notebook: grid_mistakes(known, axes) for notebook, known in schemas.items()}
    told = [{str(error) for error in errors} for errors in wrong.values()]
    found: dict[Mistake, None] = {}
    for notebook, errors in wrong.items():
        first = next((row.place for row in rows if row.notebook == notebook), 0)
        for e in errors:
            every = all(str(e) in others for others in told)
            row, name = (0, "") if every else (first, f"{notebook.stem}: ")
            found[Mistake(row, e.subject, f"{name}{e.problem}", e.cure)] = None
    return list(found)


def _shared_outputs(rows: Sequence[Row], axes: Mapping[str, Any]) -> list[Mistake]:
    """Return the rows whose output all points of a grid would write."""
    if all(len(points) == 1 for points in axes.values()):
        return []
    told = "would be written by every point of the grid"
    cure = "leave it out, and name the row: its files are called after that"
    return [Mistake(r.place, "output", told, cure) for r in rows if r.values.get("output")]


def _unsaid(
    rows: Sequence[Row], schemas: Mapping[Path, Sequence[Parameter]], axes: Mapping[str, Any]
) -> list[Mistake]:
    """Return the rows that would make a notebook's sample; once where all of them would."""
    checks = Checks()
    found = []
    for row in rows:
        names = {parameter.name for parameter in schemas[row.notebook]}
        if row.wrong - names - {"name", "notebook"}:  # it may be what a misspelt column holds
            continue
        given = row.values.keys() | row.wrong | set(axes)
        error = checks.unsaid(row.notebook, schemas[row.notebook], given)
        if error is not None:
            found.append(Mistake(row.place, error.subject, error.problem, error.cure))
    if len(found) == len(rows) > 1 and len({one.column for one in found}) == 1:
        told = found[0].problem.replace("is not given", "is given in no row", 1)
        return [replace(found[0], row=0, problem=told)]
    return found


def _spread(rows: Sequence[Row], axes: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Return every row with every combination of the axes; numbers count the results.

    What is wrong with the axes is left out, so that other mistakes can be told with it.
    """
    found: list[Row] = []
    for row in rows:
        known = parameters(row.notebook)
        shared = {**row.shared, **dict.fromkeys(axes, 0)}
        for point in spread(known, right_axes(known, axes)):
            name = _name(row.name, point.values) if row.name else ""
            values = {**row.values, **point.values}
            made = replace(row, values=values, name=name, shared=shared, line=row.place)
            found.append(replace(made, number=len(found) + 1))
    return found


def _name(name: str, values: Mapping[str, Any]) -> str:
    """Return the name of a point of a grid; where it cannot name a file, with a digest in it."""
    told = "-".join([name, *map(str, values.values())])
    plain = _UNSAFE.sub("_", told)[:_LONGEST].encode()[:_BYTES].decode(errors="ignore")
    if plain == told:
        return plain
    text = json.dumps([name, dict(values)], sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{plain}-{digest[:8]}"
