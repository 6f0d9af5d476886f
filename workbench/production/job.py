"""One notebook, run from start to end without a person: `run`."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import errors
from workbench.errors import (
    Cancelled,
    JobError,
    KernelDied,
    ParameterError,
    WorkbenchError,
    storage_error,
    suggest,
)
from workbench.production.parameters import check, parameters
from workbench.progress import bar
from workbench.storage.atomic import replacing, sweep, workspace
from workbench.storage.receipt import digest, read_receipt, receipt_path, write_receipt

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

__all__ = ["JobResult", "find_notebook", "job_notebooks", "run"]

log = logging.getLogger(__name__)

_TIMEOUT = 3_600.0
_GRACE = 15.0  # seconds an interrupted notebook gets to clean up before its kernel is killed


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What a run left.

    Parameters
    ----------
    notebook
        The executed notebook.
    parameters
        All its parameters, defaults included.
    output
        The main file, None when the notebook has no ``output`` parameter.
    files
        Every file of the run, the executed notebook included.
    """

    notebook: Path
    parameters: dict[str, Any]
    output: Path | None
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "notebook": str(self.notebook),
            "parameters": self.parameters,
            "output": None if self.output is None else str(self.output),
            "files": [str(path) for path in self.files],
        }


def job_notebooks() -> dict[str, Path]:
    """Return the job notebooks that come with the package, by name.

    Examples
    --------
    >>> "captioned_short" in job_notebooks()
    True
    """
    package = Path(__file__).parents[1]
    folders = (package / "notebooks" / "jobs", package.parent / "notebooks" / "jobs")
    return {
        path.stem: path
        for folder in reversed(folders)  # what is installed wins over what lies beside it
        for path in sorted(folder.glob("*.ipynb"))
        if not path.stem.startswith(".")
    }


def find_notebook(name: str | os.PathLike[str]) -> Path:
    """Return the notebook that a path, or the name of a job notebook, means.

    Raises
    ------
    JobError
        When there is none; the nearest name is offered.
    """
    path = Path(name)
    if path.suffix == ".ipynb":
        if path.is_file():
            return path.absolute()
        raise JobError("there is no such notebook", subject=str(name), cure="check the path")
    known = job_notebooks()
    if str(name) in known:
        return known[str(name)]
    cure = suggest(str(name), known) or f"the job notebooks are {', '.join(sorted(known))}"
    raise JobError("is neither a notebook nor a job's name", subject=str(name), cure=cure)


def run(
    notebook: str | os.PathLike[str],
    values: Mapping[str, object] | None = None,
    *,
    executed: str | os.PathLike[str] | None = None,
    timeout: float = _TIMEOUT,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> JobResult:
    """Run a notebook with parameters, headless, in a kernel of its own.

    Parameters
    ----------
    notebook
        A path ending in ``.ipynb``, or the name of a job notebook.
    values
        Parameters by name, see `workbench.production.parameters`.
    executed
        Where the executed notebook goes; by default beside the ``output`` parameter's file, or
        ``out/NAME.ipynb`` for a notebook without one.
    timeout
        Seconds a cell may take.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    JobResult

    Raises
    ------
    ParameterError
        Before a kernel starts.
    JobError
        With the cell and the error. A mistake of the input (any `WorkbenchError` inside) leaves
        nothing behind; any other leaves the notebook as ``NAME.failed.ipynb``.
    KernelDied, Cancelled
    """
    source = find_notebook(notebook)
    known = parameters(source)
    given = check(known, values or {})
    every = {p.name: p.default for p in known} | given
    target = _executed_path(source, every, executed)
    output = Path(str(every["output"])).expanduser().absolute() if every.get("output") else None
    before = _state(target.parent)
    with workspace() as folder:
        scratch = folder / "executed.ipynb"
        try:
            with contextlib.nullcontext(progress) if progress else bar(source.stem) as report:
                _execute(source, scratch, given, timeout, report, cancel)
        except JobError as error:
            _keep_failed(error, scratch, target)
            raise
        finally:
            if target.parent.is_dir():
                sweep(target.parent)
        try:
            with replacing(target) as part:
                shutil.copyfile(scratch, part)
        except OSError as error:
            raise storage_error(error, target) from error
    if output is not None and receipt_path(output).is_file():
        _complete_receipt(output, source, every, target)
    files = {path for path, state in _state(target.parent).items() if before.get(path) != state}
    return JobResult(
        notebook=target, parameters=every, output=output, files=tuple(sorted({*files, target}))
    )


def _executed_path(
    source: Path, every: Mapping[str, Any], executed: str | os.PathLike[str] | None
) -> Path:
    if executed is not None:
        target = Path(executed)
    elif every.get("output"):
        target = Path(str(every["output"])).with_suffix(".ipynb")
    else:
        target = Path("out") / source.name
    target = target.expanduser().absolute()
    if target.suffix != ".ipynb":
        raise ParameterError("must end in .ipynb", subject=str(target))
    if target == source:
        raise ParameterError(
            "would be written over", subject=str(source), cure="choose another output"
        )
    return target


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return the files of a folder and what tells that one has been written."""
    if not folder.is_dir():
        return {}
    found = {}
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            state = path.stat()
            if path.is_file():
                found[path] = (state.st_mtime_ns, state.st_ino)
    return found


def _execute(
    source: Path,
    scratch: Path,
    given: Mapping[str, Any],
    timeout: float,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> None:
    """Run papermill in a thread, so that this one stays free to stop it.

    nbclient answers Ctrl-C by killing the kernel, and what the cell was writing stays torn. Here
    the kernel is interrupted, as the stop button does, and cleans up before it ends.
    """
    from workbench.production.engine import Kernel

    kernel = Kernel(report)
    with ThreadPoolExecutor(1, thread_name_prefix="workbench-notebook") as thread:
        done = thread.submit(kernel.execute, source, scratch, dict(given), timeout)
        try:
            while not wait([done], 0.1).done:
                if cancel is not None and cancel.is_set():
                    raise Cancelled("stopped on request", subject=source.stem)
        except (KeyboardInterrupt, Cancelled):
            kernel.interrupt()
            if not wait([done], _GRACE).done:
                kernel.kill()
            wait([done], _GRACE)
            raise
        done.result()


def _keep_failed(error: JobError, scratch: Path, target: Path) -> None:
    """Keep the notebook of a surprise; a mistake of the input needs no autopsy."""
    if getattr(error, "expected", False) or not scratch.is_file():
        return
    failed = target.with_suffix(".failed.ipynb")
    with contextlib.suppress(OSError), replacing(failed) as part:
        shutil.copyfile(scratch, part)
        error.cure = f"see {failed}"


def _complete_receipt(
    output: Path, source: Path, every: Mapping[str, Any], target: Path
) -> None:
    """Add to the receipt which notebook made the file, and with what."""
    try:
        receipt = read_receipt(output)
    except WorkbenchError as error:
        log.warning("the receipt of %s was not completed: %s", output, error)
        return
    about = {
        "name": source.name,
        "sha256": digest(source),
        "parameters": json.loads(json.dumps(dict(every))),
        "executed": target.name,
    }
    own = ("schema", "file", "bytes", "sha256", "made", "workbench")
    fields = {name: value for name, value in receipt.items() if name not in own}
    write_receipt(output, {**fields, "notebook": about})


def failure(name: str, value: str, cell: int | None, notebook: str) -> JobError:
    """Return the error of a failed cell.

    Parameters
    ----------
    name, value
        The exception's class and message in the notebook.
    cell
        The number in the brackets beside the cell.
    notebook
        The notebook's name.
    """
    where = f"{notebook}, cell {cell}" if cell is not None else notebook
    if name == "DeadKernelError":
        return KernelDied(
            "its kernel died", subject=where, cure="look for memory running out, or a crash"
        )
    kind = getattr(errors, name, None)
    expected = isinstance(kind, type) and issubclass(kind, WorkbenchError)
    error = JobError(value if expected else f"{name}: {value}", subject=where)
    error.expected = expected  # type: ignore[attr-defined]
    return error
