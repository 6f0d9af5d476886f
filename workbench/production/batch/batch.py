"""Many runs of notebooks as one piece of work: checked, done, tried again, reported."""

from __future__ import annotations

import time
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, WorkbenchWarning
from workbench.ledger import BatchLedger
from workbench.processors import threads
from workbench.production.batch.owning import check_owner
from workbench.production.batch.plan import Ways
from workbench.production.batch.planned import ATTEMPTS, LEDGER, Batch
from workbench.production.batch.sources import plan_of
from workbench.production.batch.standing import standing
from workbench.production.kernels.names import found
from workbench.production.made import made_by

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Mapping, Sequence

    from workbench.production.batch.result import BatchResult
    from workbench.progress import Report

__all__ = ["batch", "chosen_kernel", "prepare"]


def prepare(
    source: str | os.PathLike[str] | Sequence[Mapping[str, Any]] | None = None,
    notebook: str | os.PathLike[str] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    folder: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    ways: Ways | None = None,
    retries: int = ATTEMPTS - 1,
    only_failed: bool = False,
    preload: Sequence[str] | str = (),
    title: str = "",
) -> Batch:
    """Return a batch with every job checked and nothing begun; see `batch` for the parameters.

    Raises
    ------
    Mistakes
        All that is wrong with the rows, each with row, column and cure.
    ParameterError, JobError, StorageError
        When there is no such file or notebook, an argument is wrong, or the ledger is none.
    """
    began = time.monotonic()
    if jobs is not None:
        _within("jobs", jobs, 1, 256)  # more is a slip of the finger
    _within("retries", retries, 0, 20)
    loaded = found((preload,) if isinstance(preload, str) else tuple(preload))
    planned = plan_of(
        source, notebook, values=values, axes=grid, folder=folder, ways=ways, title=title
    )
    if planned.folder.exists() and not planned.folder.is_dir():
        raise ParameterError(
            "is a file, and the batch needs a folder",
            subject=str(planned.folder),
            cure="name another one",
        )
    slots = jobs or max(1, min(threads(), len(planned.tasks)))
    ledger = BatchLedger(planned.folder / LEDGER)
    try:
        look = cache(made_by)  # an executed notebook holds pictures and sounds: it is read once
        replaced = check_owner(planned, ledger, look)
        stands = standing(planned, ledger, only_failed=only_failed, look=look)
    finally:
        ledger.close()
    return Batch(
        plan=planned,
        stands=stands,
        slots=slots,
        attempts=retries + 1,
        preload=loaded,
        prepared=time.monotonic() - began,
        replaced=replaced,
    )


def _within(name: str, value: object, least: int, most: int) -> None:
    """Refuse what is no whole number in a range."""
    if type(value) is not int or not least <= value <= most:
        raise ParameterError(
            f"must be a whole number, {least} to {most}", subject=f"{name}={value!r}"
        )


def _text(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise ParameterError(f"must be a text, not {value!r}", subject=name)


def batch(
    source: str | os.PathLike[str] | Sequence[Mapping[str, Any]] | None = None,
    notebook: str | os.PathLike[str] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    folder: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    kernel: str | None = None,
    timeout: float = 3600.0,
    limit: float | None = None,
    retries: int = ATTEMPTS - 1,
    only_failed: bool = False,
    preload: Sequence[str] | str = (),
    cluster: str | None = None,
    store: str | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> BatchResult:
    """Run a notebook, or several, for every row of a job file, and report.

    All rows are checked before the first job begins. A job that fails does not stop the others and
    is tried again, `retries` times after growing pauses; a mistake of its input is not tried
    again. Run it again after an edit, a failure or a power cut: what is done and has not changed
    stays as it is, by content of notebook, parameters, input files and versions.

    Parameters
    ----------
    source
        A job file (.csv, .tsv, .yaml, .jsonl, .json), a list of mappings of parameters, or None for
        a grid alone.
    notebook
        For rows that name none: a path, or a job notebook's name.
    values
        Parameters that all rows share unless they say otherwise.
    grid
        Values of parameters, all of whose combinations are made of every row.
    folder
        Where ledger, report and, for rows that name no output, the files go; by default
        ``out/NAME OF THE JOB FILE``.
    jobs
        How many at once; by default as many as there are processors.
    kernel
        ``workbench`` (forked, where that can be had: the default) or ``python3``.
    timeout, limit
        Seconds that a cell, and a whole run, may take.
    retries
        How often a job that fails is tried again, 0 to 20.
    only_failed
        Whether only those are done that failed before.
    preload
        Modules, voices such as ``kokoro:af_heart``, or ``module:function``, that forked kernels
        find loaded; voices of Kokoro that the jobs name are by themselves.
    cluster
        The address of a Dask scheduler, or ``local`` for one of its own.
    store
        A folder or an S3 address through which a cluster without a shared disk gets its files.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    BatchResult
        It shows itself in a notebook; `BatchResult.ok` tells whether every job is done.

    Raises
    ------
    Mistakes
        Before anything begins: all that is wrong with the rows.
    ParameterError, JobError, StorageError, ServiceError, Cancelled
        When there is no such notebook; when the ledger cannot be written; when the cluster is
        gone; when `cancel` was set.
    KeyboardInterrupt
        After Ctrl-C or the stop button: jobs that were under way wait again. It says how many are
        done; run it again to go on.
    """
    _text("cluster", cluster)
    _text("store", store)
    if cluster is not None:
        from workbench.production.cluster.connection import check_address

        check_address(cluster)
    elif store is not None:
        raise ParameterError("is for a cluster", subject="store", cure="name a cluster too")
    ways = Ways(timeout=timeout, limit=limit, kernel=chosen_kernel(kernel))
    made = prepare(
        source,
        notebook,
        values=values,
        grid=grid,
        folder=folder,
        jobs=jobs,
        ways=ways,
        retries=retries,
        only_failed=only_failed,
        preload=preload,
    )
    if made.replaced:
        warnings.warn(made.estimate.told_replaced, WorkbenchWarning, stacklevel=2)
    if cluster is None or not made.todo:
        return _warned(made.run(progress=progress, cancel=cancel))
    from workbench.production.cluster import ClusterPool

    own = cluster == "local"
    pool = ClusterPool(
        None if own else cluster,
        workers=made.slots if own else None,
        store=store,
        folder=made.plan.folder,
    )
    try:
        return _warned(made.run(pool, progress=progress, cancel=cancel))
    finally:
        pool.close(kill=True)


def _warned(result: BatchResult) -> BatchResult:
    """Warn of a report that could not be written; what was done is the result all the same."""
    if result.error is not None:
        warnings.warn(f"the report was not written: {result.error}", WorkbenchWarning, stacklevel=3)
    return result


def chosen_kernel(asked: str | None) -> str:
    """Return the kernel that is used: the one that is named, else the best there is.

    Raises
    ------
    ParameterError
        When there is none of that name.
    """
    from workbench.production.kernels import available

    if asked is None:
        return "workbench" if available() else "python3"
    if asked not in {"python3", "workbench"}:
        raise ParameterError("must be workbench or python3", subject=f"kernel {asked}")
    return asked
