"""``workbench batch``: many runs of notebooks, checked, done, tried again, reported."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.batch_told import show_plan, show_result, tell, tell_the_rest
from workbench.commands.ending import error_data
from workbench.commands.output import AsJson, show, shown_json, warn
from workbench.errors import Cancelled, ParameterError, ServiceError, StorageError, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.production.batch.plan import Mistakes
    from workbench.production.batch.planned import Batch
    from workbench.production.batch.pools import Pool
    from workbench.production.batch.result import BatchResult

__all__ = ["add_to", "batch"]


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
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="For rows of --notebook that do not say otherwise.",
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
    began = time.monotonic()
    from workbench.production.batch.batch import chosen_kernel, prepare
    from workbench.production.batch.plan import Ways

    files, axes = _arguments(source or [], grid)
    if watch and dry_run:
        raise ParameterError("cannot be had together", subject="--watch and --dry-run")
    _check_cluster(cluster, store)
    ways = Ways(timeout=timeout, limit=limit, kernel=chosen_kernel(kernel))

    def prepared() -> Batch:
        return prepare(
            files[0] if files else None,
            notebook,
            values=_shared(notebook, parameter),
            grid=axes,
            folder=folder,
            jobs=jobs,
            ways=ways,
            retries=retries,
            only_failed=only_failed,
            preload=preload or (),
        )

    if watch:
        _watch(prepared, files, cluster, store, as_json=as_json)
        return
    made = replace(_checked(prepared), command=_again(sys.argv))
    made = replace(made, prepared=time.monotonic() - began)  # imports take their time too
    if dry_run:
        show_plan(made, as_json=as_json)
        return
    if not as_json:
        typer.echo(f"{made.plan.title}: {made.estimate}")
    if made.estimate.jobs and not yes and sys.stdin.isatty() and sys.stderr.isatty():
        _ask(made)
    if not made.estimate.fits:
        warn([f"{made.plan.folder}: the disk may not hold all of it"])
    result = _done(made, cluster, store, as_json=as_json)
    show_result(result, as_json=as_json)
    if not result.ok:
        if only_failed:
            tell_the_rest(result)
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
        is_axis = grid is not None and "=" in one and not os.path.exists(one)  # noqa: PTH110 - Path raises
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
            "needs --notebook, whose cell says of which type a value is", subject="--parameter"
        )
    return from_strings(parameters(find_notebook(notebook)), assignments)


def _check_cluster(cluster: str | None, store: str | None) -> None:
    if cluster is not None:
        from workbench.production.cluster.connection import check_address

        check_address(cluster)
    elif store is not None:
        raise ParameterError("is for a cluster", subject="--store", cure="add --cluster")


def _checked(prepared: Callable[[], Batch]) -> Batch:
    """Return the batch; every mistake of its rows is printed before the error."""
    from workbench.production.batch.plan import Mistakes

    try:
        return prepared()
    except Mistakes as error:
        _tell_mistakes(error)
        raise


def _tell_mistakes(error: Mistakes) -> None:
    for mistake in error.mistakes:
        tell(f"{error.subject}: {mistake}")
    count = len(error.mistakes)  # each has been told
    error.problem = f"has {count} mistake{'s' if count > 1 else ''}; nothing was begun"


def _again(words: list[str]) -> str:
    """Return the command by which the batch is gone on with."""
    from workbench.production.hiding import without_secrets
    from workbench.production.report.command import shell_line

    once = {"--only-failed", "--dry-run", "--watch"}
    kept = (without_secrets(word) for word in words[1:] if word not in once)
    return shell_line(["workbench", *kept], str(Path.cwd()))


def _ask(made: Batch) -> None:
    """Ask whether it is to begin.

    Raises
    ------
    Cancelled
        When it is not.
    """
    try:
        if typer.confirm("Begin?", default=made.estimate.fits, err=True):
            return
    except typer.Abort:  # Ctrl-C, which leaves the cursor behind the question
        sys.stderr.write("\n")
    raise Cancelled("nothing was begun", subject=made.plan.title)


def _done(
    made: Batch,
    cluster: str | None,
    store: str | None,
    *,
    as_json: bool,
    one_of_many: bool = False,
) -> BatchResult:
    """Return what it came to; where it ends before its end, tell how far it is first.

    Raises
    ------
    Cancelled
        When it was stopped.
    StorageError, ServiceError
        As `Batch.run` does.
    """
    began = time.monotonic()
    error: WorkbenchError
    result = None
    reached = False
    try:
        with _pool(made, cluster, store) as pool:
            reached = True
            result = made.run(pool)
        if result.error is None:
            return result
        error = result.error
    except (KeyboardInterrupt, Cancelled):
        again = "run the same command again to go on"
        error = Cancelled("stopped", subject=made.plan.title, cure=again)
    except (StorageError, ServiceError) as caught:
        error = caught
    if reached:  # else what the ledger knows is of an earlier time
        result = result or made.so_far()
    if result is not None:
        seconds = made.prepared + time.monotonic() - began
        told = replace(result, seconds=seconds)
        show_result(told, as_json=as_json, one_of_many=one_of_many, error=error)
    raise error


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
    from workbench.production.batch.plan import Mistakes
    from workbench.production.batch.watching import changes

    begun = False
    try:
        for found in changes(prepared, [Path(name) for name in files]):
            if isinstance(found, WorkbenchError):
                if isinstance(found, Mistakes):  # rows may be mended while it waits
                    _tell_mistakes(found)
                elif not begun:
                    raise found
                _tell_round(found, as_json=as_json)
            else:
                typer.echo(f"{found.plan.title}: {found.estimate}", err=as_json)
                if found.todo or as_json:
                    _round(found, cluster, store, as_json=as_json)
            begun = True
            tell("waiting for a change; Ctrl-C ends")
    except KeyboardInterrupt:
        if as_json:
            show({"error": Cancelled("stopped").to_dict()}, "", as_json=True, one_of_many=True)
        raise


def _round(made: Batch, cluster: str | None, store: str | None, *, as_json: bool) -> None:
    """Do what is to be done, and tell what it came to."""
    shown_json()  # whether anything is, is asked below
    whole = replace(made, command=_again(sys.argv))
    try:
        result = _done(whole, cluster, store, as_json=as_json, one_of_many=True)
    except (StorageError, ServiceError) as error:  # tried again at the next change
        _tell_round(error, as_json=as_json and not shown_json())
    else:
        show_result(result, as_json=as_json, one_of_many=True)


def _tell_round(error: WorkbenchError, *, as_json: bool) -> None:
    tell(f"workbench: {error}")
    if as_json:
        show({"error": error_data(error)}, "", as_json=True, one_of_many=True)
