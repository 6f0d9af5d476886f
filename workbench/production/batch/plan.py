"""From rows to jobs: every one checked, named and placed before the first begins."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, one_line
from workbench.paths import user_path
from workbench.production.batch.mixed import folded, mixed
from workbench.production.batch.task import Task
from workbench.production.checks import Checks
from workbench.production.identity import identify
from workbench.production.jobfile import Mistake
from workbench.production.parameters import parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from workbench.production.jobfile import Row
    from workbench.production.parameters import Parameter

__all__ = ["Mistakes", "Plan", "Ways", "plan"]

_NAME = re.compile(r"[^/\\\0\n\r]{1,120}")
_BYTES = 200  # of a name: file systems take 255, and the files' endings need some
_SHOWN = 3  # mistakes in the one line of an error


class Mistakes(ParameterError):
    """The rows of a batch have mistakes; nothing was begun.

    Parameters
    ----------
    mistakes
        All of them, in the order of the rows.
    subject
        The job file.
    rows
        Those without a mistake so far.
    """

    def __init__(
        self, mistakes: Sequence[Mistake], *, subject: str = "", rows: Iterable[Row] = ()
    ) -> None:
        self.mistakes = tuple(mistakes)
        self.rows = tuple(rows)
        told = "; ".join(map(str, self.mistakes[:_SHOWN]))
        more = len(self.mistakes) - _SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        count = f"{len(self.mistakes)} mistake{'s' if len(self.mistakes) != 1 else ''}"
        super().__init__(f"has {count}: {one_line(told, limit=400)}{rest}", subject=subject)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.mistakes,), {"subject": self.subject}


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How each job of a batch is run.

    Parameters
    ----------
    timeout
        Seconds a cell may take.
    limit
        Seconds a whole run may take, None for as long as its cells may.
    kernel
        ``python3`` or ``workbench``.
    variables
        What the kernels' environment has besides that of this process.
    """

    timeout: float = 3600.0
    limit: float | None = None
    kernel: str = "python3"
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("timeout", "limit"):
            value = getattr(self, name)
            number = isinstance(value, int | float) and value > 0
            if not number and not (name == "limit" and value is None):
                raise ParameterError(f"must be more than 0 seconds, not {value!r}", subject=name)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The jobs of a batch, in the order of their rows.

    Parameters
    ----------
    title
        Of the whole.
    folder
        Where the ledger, the report and, by default, the files go.
    tasks
        The jobs.
    inputs
        Digest of every file that a job reads, by path.
    notebooks
        The notebooks' parameters, by path.
    source
        The job file; empty where there is none.
    named
        Whether the folder was given, and is not named after the job file or the notebook.
    alone
        Whether it is a grid alone, whose points have numbers instead of names.
    """

    title: str
    folder: Path
    tasks: tuple[Task, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    notebooks: Mapping[Path, tuple[Parameter, ...]] = field(default_factory=dict)
    source: str = ""
    named: bool = False
    alone: bool = False


def plan(rows: Iterable[Row], folder: Path, ways: Ways, *, title: str, source: str = "") -> Plan:
    """Return the jobs of some rows.

    A job without an ``output`` of its own gets one in the folder, named after the row.

    Parameters
    ----------
    rows
        Checked against their notebooks.
    folder
        Where the ledger, the report and, by default, the files go.
    ways
        How each is run.
    title
        Of the whole, for messages and the report.
    source
        The absolute path of the job file, empty for none.

    Raises
    ------
    Mistakes
        When a name is none, or two rows would write the same file.
    """
    rows = list(rows)
    here = Path.cwd()
    notebooks = {notebook: parameters(notebook) for notebook in {row.notebook for row in rows}}
    digits = len(str(max((row.number for row in rows), default=0)))
    tasks: list[Task] = []
    mistakes: list[Mistake] = []
    inputs: dict[str, str] = {}
    ids: dict[str, Row] = {}
    checks = Checks(here)
    taken: dict[str, Row] = {}  # rows by the executed notebooks they would leave
    for row in rows:
        known = notebooks[row.notebook]
        errors = checks.of(row.notebook, known, row.values, wrong=row.wrong)
        found = [
            Mistake(row.shared.get(e.subject, row.place), e.subject, e.problem, e.cure)
            for e in errors
        ]
        wrong = {error.subject for error in errors} | row.wrong
        try:
            name, values, executed = _placed(row, known, folder, digits)
        except ParameterError as error:
            column = error.subject or "name"
            if column not in wrong:
                found.append(Mistake(row.place, column, error.problem, error.cure))
        else:
            found += [one for one in _clash(row, executed, taken) if one.column not in row.wrong]
        mistakes += found
        if found or row.wrong:
            continue
        identity = identify(row.notebook, known, values)
        earlier = ids.setdefault(identity.id, row)
        if earlier is not row:
            mistakes.append(
                Mistake(
                    row.place, "", f"is the same job as row {earlier.place}", "remove one of them"
                )
            )
            continue
        inputs |= identity.inputs
        output = values.get("output")
        tasks.append(
            Task(
                id=identity.id,
                name=name,
                row=row.number,
                notebook=str(row.notebook),
                values=values,
                output=os.path.normpath(here / user_path(str(output))) if output else "",
                executed=str(executed),
                folder=str(here),
                timeout=ways.timeout,
                limit=ways.limit,
                kernel=ways.kernel,
                variables=dict(ways.variables),
                source=source,
            )
        )
    mistakes += mixed(tasks, folder.absolute())
    if mistakes:
        told = dict.fromkeys(mistakes)  # what rows share is told of once
        raise Mistakes(sorted(told, key=lambda one: one.row), subject=title)
    return Plan(
        title=title,
        folder=folder.absolute(),
        tasks=tuple(tasks),
        inputs=inputs,
        notebooks=notebooks,
        source=source,
    )


def _clash(row: Row, executed: Path, taken: dict[str, Row]) -> Iterator[Mistake]:
    """Yield a mistake when an earlier row leaves its notebook in the same place."""
    earlier = taken.setdefault(folded(executed), row)
    if earlier is not row:
        yield Mistake(
            row.place,
            "output" if row.values.get("output") else "name",
            f"would be kept as {executed.name}, like row {earlier.place}",
            "give each row a name or an output of its own",
        )


def _placed(
    row: Row, known: Sequence[Parameter], folder: Path, digits: int
) -> tuple[str, dict[str, Any], Path]:
    """Return the name of a row's job, its values with an output, and its executed notebook."""
    values = dict(row.values)
    known_name = _NAME.fullmatch(row.name) and len(row.name.encode()) <= _BYTES
    if row.name and (not known_name or row.name.startswith(".")):
        raise ParameterError(
            f"{row.name!r} cannot name a file",
            subject="name",
            cure="use up to 120 letters in one line, with no dot first, without / and \\",
        )
    named = row.name or f"{row.notebook.stem}-{row.number:0{digits}d}"
    default = next((p.default for p in known if p.name == "output"), None)
    if default and not values.get("output"):
        values["output"] = str(folder / f"{named}{Path(str(default)).suffix}")
    if values.get("output"):
        output = user_path(str(values["output"])).absolute()
        output = Path(os.path.normpath(output))
        if not output.name:
            raise ParameterError("names no file", subject="output", cure="name one")
        return row.name or output.stem, values, output.with_suffix(".ipynb")
    return named, values, (folder / f"{named}.ipynb").absolute()
