"""``workbench batch``: many runs of notebooks, checked, done, tried again, reported."""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.output import AsJson, show, warn
from workbench.errors import ParameterError, WorkbenchError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.production.batch.planned import Batch
    from workbench.production.batch.pools import Pool
    from workbench.production.batch.result import BatchResult

__all__ = ["add_to", "batch"]

# A report is shown around; what opens a door is not for it.
_SECRET = re.compile(r"(?i)^(\w*(?:token|secret|passw|api_?key)\w*=).*", re.DOTALL)


def batch(
    *,
    source: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[JOBS] [NAME=A,B]...",
            help="A .csv, .tsv, .yaml, .jsonl or .json file of jobs; more axes of --grid.",
        ),
    ] = None,
    notebook: Annotated[
        str | None,
        typer.Option("--notebook", "-n", help="For rows without a notebook: a path or a name."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", "-p", metavar="NAME=VALUE", help="For rows that do not say otherwise."
        ),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option("--grid", "-g", metavar="NAME=A,B", help="All combinations of some values."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="How many at once; a processor each.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "-o", help="Of the ledger, the report and unnamed outputs."),
    ] = None,
    only_failed: Annotated[
        bool, typer.Option("--only-failed", help="Do again what failed, and nothing else.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and do again what changes.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and estimate, and begin nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Begin without asking.")] = False,
    retries: Annotated[
        int, typer.Option(help="How often a job that fails is tried again.", min=0, max=20)
    ] = 2,
    timeout: Annotated[float, typer.Option(help="Seconds a cell may take.", min=1)] = 3600,
    limit: Annotated[float | None, typer.Option(help="Seconds a job may take.", min=1)] = None,
    kernel: Annotated[
        str | None, typer.Option(help="workbench (forked; the default) or python3.")
    ] = None,
    preload: Annotated[
        list[str] | None,
        typer.Option(help="What forked kernels find loaded: a module, kokoro:VOICE, MODULE:CALL."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="A Dask scheduler: tcp://HOST:8786, or local for one of its own."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(help="A folder or s3:// address for a cluster without a shared disk."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a notebook for every row of a job file; run it again to go on or to make what changed."""
    from workbench.production.batch.batch import best_kernel, prepare
    from workbench.production.batch.plan import Ways

    files, axes = _arguments(source or [], grid)
    if watch and dry_run:
        raise ParameterError("cannot be had together", subject="--watch and --dry-run")
    if store is not None and cluster is None:
        raise ParameterError("is for a cluster", subject="--store", cure="add --cluster")
    ways = Ways(timeout=timeout, limit=limit, kernel=_known(kernel) if kernel else best_kernel())

    def prepared() -> Batch:
        return prepare(
            files[0] if files else None,
            notebook,
            values=_shared(notebook, parameter),
            grid=axes,
            folder=folder,
            jobs=jobs,
            ways=ways,
            attempts=retries + 1,
            only_failed=only_failed,
            preload=preload or (),
        )

    if watch:
        _watch(prepared, files, cluster, store, as_json=as_json)
        return
    made = replace(_checked(prepared), command=_again(sys.argv))
    if dry_run:
        _show_plan(made, as_json=as_json)
        return
    if not as_json:
        typer.echo(f"{made.plan.title}: {made.estimate}")
    if made.todo and not yes and sys.stdin.isatty() and sys.stderr.isatty():
        typer.confirm("Begin?", default=made.estimate.fits, abort=True, err=True)
    if not made.estimate.fits:
        warn([f"{made.plan.folder}: the disk may not hold all of it"])
    with _pool(made, cluster, store) as pool:
        result = made.run(pool)
    _show(result, as_json=as_json)
    if not result.ok and not (only_failed and not result.failures):
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(batch)


def _arguments(source: list[str], grid: list[str] | None) -> tuple[list[str], dict[str, list[str]]]:
    """Return the job files and the axes among what was given."""
    from workbench.production.grid import read_axes

    files: list[str] = []
    axes: list[str] = []
    for one in source:
        is_axis = grid is not None and "=" in one and not Path(one).exists()
        (axes if is_axis else files).append(one)
    if len(files) > 1:
        raise ParameterError(
            f"is one file too many, after {files[0]}",
            subject=files[1],
            cure="give one job file; an axis of a grid is NAME=A,B after --grid",
        )
    return files, read_axes([*(grid or []), *axes])


def _shared(notebook: str | None, assignments: list[str] | None) -> dict[str, Any]:
    from workbench.production.notebooks import find_notebook
    from workbench.production.parameters import from_strings, parameters

    if not assignments:
        return {}
    if notebook is None:
        raise ParameterError(
            "are typed by a notebook", subject="--parameter", cure="name it with --notebook"
        )
    return from_strings(parameters(find_notebook(notebook)), assignments)


def _known(kernel: str) -> str:
    if kernel not in {"python3", "workbench"}:
        raise ParameterError("must be workbench or python3", subject=f"--kernel {kernel}")
    return kernel


def _checked(prepared: Callable[[], Batch]) -> Batch:
    """Return the batch; every mistake of its rows is printed before the error."""
    from workbench.production.batch.plan import Mistakes

    try:
        return prepared()
    except Mistakes as error:
        for mistake in error.mistakes:
            _tell(f"{error.subject}: {mistake}")
        count = len(error.mistakes)
        raise ParameterError(
            f"has {count} mistake{'s' if count > 1 else ''}; nothing was begun",
            subject=error.subject,
        ) from error


def _again(words: list[str]) -> str:
    """Return the command by which the batch is gone on with."""
    once = {"--only-failed", "--dry-run", "--yes", "-y", "--watch"}
    kept = (_SECRET.sub(r"\1…", word) for word in words[1:] if word not in once)
    return shlex.join(["workbench", *kept])


def _tell(text: str) -> None:
    sys.stderr.write(f"{one_line(text, limit=1000)}\n")


def _show_plan(made: Batch, *, as_json: bool) -> None:
    todo = {task.id for task in made.todo}
    rows = [
        f"{'to do' if task.id in todo else 'as it is':<9} {task.name:<24} {task.output}"
        for task in made.plan.tasks
    ]
    data = {
        **made.estimate.to_dict(),
        "folder": str(made.plan.folder),
        "tasks": [{**t.to_dict(), "todo": t.id in todo} for t in made.plan.tasks],
    }
    show(data, "\n".join([*rows, str(made.estimate)]), as_json=as_json)


def _show(result: BatchResult, *, as_json: bool) -> None:
    for job in result.failures:
        error = job.error or {}
        told = ": ".join(filter(None, (error.get("subject"), error.get("problem"))))
        cure = f"; {error['cure']}" if error.get("cure") else ""
        _tell(f"workbench: {job.parameters.get('name')}: {job.state}: {told}{cure}")
    show(result.to_dict(), f"{result}\n{result.report}", as_json=as_json)


@contextlib.contextmanager
def _pool(made: Batch, cluster: str | None, store: str | None) -> Iterator[Pool | None]:
    """Yield those who do the jobs, None for this machine."""
    if cluster is None or not made.todo:
        yield None
        return
    from workbench.production.cluster import ClusterPool

    own = cluster == "local"
    pool = ClusterPool(
        None if own else cluster,
        workers=made.slots if own else None,
        store=store,
        folder=made.plan.folder,
    )
    try:
        yield pool
    finally:
        pool.close(kill=True)


def _watch(
    prepared: Callable[[], Batch],
    files: list[str],
    cluster: str | None,
    store: str | None,
    *,
    as_json: bool,
) -> None:
    """Stay until the person interrupts."""
    from workbench.production.batch.watching import changes

    for found in changes(lambda: _checked(prepared), [Path(name) for name in files]):
        if isinstance(found, WorkbenchError):
            _tell(f"workbench: {found}")
        elif found.todo:
            typer.echo(f"{found.plan.title}: {found.estimate}", err=as_json)
            with _pool(found, cluster, store) as pool:
                _show(found.run(pool), as_json=as_json)
        else:
            typer.echo(f"{found.plan.title}: {found.estimate}", err=as_json)
        _tell("waiting for a change; Ctrl-C ends")
