"""One notebook, run from start to end without a person: `run`."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from workbench.errors import (
    Cancelled,
    JobError,
    ParameterError,
    StorageError,
    WorkbenchError,
    storage_error,
    suggest,
)
from workbench.paths import user_path
from workbench.production.engine import Kernel
from workbench.production.parameters import check, parameters
from workbench.progress import bar
from workbench.storage.atomic import sweep, workspace, write_bytes
from workbench.storage.receipt import digest, read_receipt, receipt_path, write_receipt

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Future

    from workbench.progress import Report

__all__ = ["JobResult", "find_notebook", "job_notebooks", "run"]

log = logging.getLogger(__name__)

_TIMEOUT = 3_600.0
_GRACE = 15.0  # seconds an interrupted notebook gets to clean up before its kernel is killed
_LOOK = 0.1  # seconds between two looks at a running notebook
_KILLS = 60  # one a second: a kernel may take that long to start
_FIRST_WITH_IDS = (4, 5)  # of the notebook format


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
        Every file that was written, while the notebook ran, to the folders of the output and of
        the executed notebook, which is one of them. With an output, those that share its name.
    warnings
        What the output's receipt says was done differently from what was asked.
    """

    notebook: Path
    parameters: dict[str, Any]
    output: Path | None
    files: tuple[Path, ...]
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "notebook": str(self.notebook),
            "parameters": self.parameters,
            "output": None if self.output is None else str(self.output),
            "files": [str(path) for path in self.files],
            "warnings": list(self.warnings),
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
    path = user_path(name)
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
    limit: float | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> JobResult:
    """Run a notebook with parameters, headless, in a kernel of its own.

    The kernel is of this Python and works in this working directory: relative paths mean the same
    to the notebook and to the caller. The notebook itself is never written to.

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
    limit
        Seconds the whole run may take; None for as long as its cells may.
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
        With the cell and the error: an exception, `sys.exit`, a thread that failed, too long a
        time, an ``output`` that was not written. A mistake of the input (any `WorkbenchError`
        inside) leaves nothing behind; any other leaves the notebook as ``NAME.failed.ipynb``.
    KernelDied, Cancelled
        When the kernel's process ended; when `cancel` was set.
    """
    source = find_notebook(notebook)
    known = parameters(source)
    given = check(known, values or {})
    every = {p.name: p.default for p in known} | given
    watch = _Watch(source.stem, timeout=timeout, limit=limit, cancel=cancel)
    output = user_path(str(every["output"])).absolute() if every.get("output") else None
    if output is not None and not output.name:
        raise ParameterError("must name a file", subject=f"output={every['output']}")
    target = _executed_path(source, output, executed)
    folders = {target.parent} | ({output.parent} if output is not None else set())
    before = _state(folders)
    about = {"name": source.name, "sha256": digest(source), "parameters": every}
    with workspace() as folder:
        copy, scratch = folder / "notebook.ipynb", folder / "executed.ipynb"
        _copy(source, copy)
        try:
            with contextlib.nullcontext(progress) if progress else bar(source.stem) as report:
                watch.execute(copy, scratch, given, report)
            after = _state(folders)
            written = {path for path, state in after.items() if before.get(path) != state}
            if output is not None:  # other jobs may be writing into the same folder
                written = {path for path in written if path.name.startswith(f"{output.stem}.")}
            _check_output(output, written, source.stem)
        except JobError as error:
            if not error.expected:
                _keep_failed(error, scratch, source, target)
            raise
        finally:
            for place in folders:
                sweep(place)
        _save(scratch, source, target)
        _failed_path(target).unlink(missing_ok=True)  # of an earlier run, which is mended now
    warnings: tuple[str, ...] = ()
    if output is not None and receipt_path(output) in written:
        warnings = _complete_receipt(output, {**about, "executed": target.name})
    return JobResult(
        notebook=target,
        parameters=every,
        output=output,
        files=tuple(sorted({*written, target})),
        warnings=warnings,
    )


def _executed_path(
    source: Path, output: Path | None, executed: str | os.PathLike[str] | None
) -> Path:
    if executed is not None:
        target = user_path(executed)
    elif output is not None:
        target = output.with_suffix(".ipynb")
    else:
        target = Path("out") / source.name
    target = target.absolute()
    if target.suffix != ".ipynb":
        raise ParameterError("must end in .ipynb", subject=str(target))
    for written in (target, _failed_path(target)):
        if written.exists() and written.samefile(source):
            raise ParameterError(
                "would be written over", subject=str(source), cure="choose another output"
            )
    if output is not None and output in {target, _failed_path(target)}:
        raise ParameterError(
            "would be the executed notebook too",
            subject=str(output),
            cure="choose another output, or another place for the executed notebook",
        )
    return target


def _failed_path(target: Path) -> Path:
    return target.with_suffix(".failed.ipynb")


def _state(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Return the files of folders, and for each what tells that it has been written."""
    found = {}
    for folder in folders:
        with contextlib.suppress(OSError):  # it is not there yet, or cannot be listed
            for path in folder.iterdir():
                if path.is_file() and not path.name.startswith("."):
                    state = path.stat()
                    found[path] = (state.st_mtime_ns, state.st_ino)
    return found


def _copy(source: Path, copy: Path) -> None:
    """Copy a notebook, and give each cell the identity that Jupyter warns about when it lacks it.

    The copy is what runs, so that nothing can be written to the notebook itself, and papermill,
    which takes braces in a path for a template, sees none.
    """
    notebook = json.loads(source.read_text(encoding="utf-8"))
    if (notebook.get("nbformat"), notebook.get("nbformat_minor", 0)) >= _FIRST_WITH_IDS:
        seen: set[str] = set()
        for cell in notebook["cells"]:
            if cell.get("id") in {None, *seen}:
                cell["id"] = uuid4().hex[:8]
            seen.add(cell["id"])
    copy.write_text(json.dumps(notebook), encoding="utf-8")


class _Watch:
    """A run under limits.

    Papermill works in a thread, so that this one stays free to stop it. nbclient answers Ctrl-C
    by killing the kernel, and what the cell was writing stays torn. Here the kernel is
    interrupted, as the stop button does, and cleans up before it ends.
    """

    def __init__(
        self,
        name: str,
        *,
        timeout: float,
        limit: float | None,
        cancel: threading.Event | None,
    ) -> None:
        for subject, seconds in (("timeout", timeout), ("limit", limit)):
            if seconds is not None and not seconds > 0:
                raise ParameterError(
                    f"must be more than 0 seconds, not {seconds!r}", subject=subject
                )
        self._name = name
        self._timeout = timeout
        self._limit = limit
        self._cancel = cancel
        self._kernel = Kernel(name)

    def execute(self, copy: Path, scratch: Path, given: dict[str, Any], report: Report) -> None:
        """Execute `copy` into `scratch`."""
        began = time.monotonic()
        self._check(began)
        with ThreadPoolExecutor(1, thread_name_prefix="workbench-notebook") as thread:
            done = thread.submit(self._kernel.execute, copy, scratch, given)
            try:
                while not wait([done], _LOOK).done:
                    report(self._kernel.part)
                    self._check(began)
            except BaseException:
                self._stop(done)
                raise
            done.result()
        report(1.0)

    def _check(self, began: float) -> None:
        """Raise the reason to stop, if there is one."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("stopped on request", subject=self._name)
        now = time.monotonic()
        if self._limit is not None and now - began > self._limit:
            raise JobError(f"took longer than {self._limit:g} s", subject=self._name)
        kernel = self._kernel
        if kernel.cell and now - kernel.cell_began > self._timeout:
            where = f"{self._name}, cell {kernel.cell}"
            raise JobError(f"took longer than {self._timeout:g} s", subject=where)

    def _stop(self, done: Future[None]) -> None:
        self._kernel.interrupt()
        try:
            wait([done], _GRACE)
        finally:  # a second Ctrl-C does not wait any longer
            for _ in range(_KILLS):
                if done.done():
                    break
                self._kernel.kill()  # it may be starting, and not be there to kill at first
                wait([done], 1.0)


def _check_output(output: Path | None, written: set[Path], name: str) -> None:
    if output is not None and output not in written and not output.is_dir():
        raise JobError(f"did not write its output {output}", subject=name)


def _save(scratch: Path, source: Path, target: Path) -> None:
    """Write the executed notebook, which names the real files in its metadata."""
    try:
        notebook = json.loads(scratch.read_text(encoding="utf-8"))
        notebook["metadata"]["papermill"].update(input_path=source.name, output_path=target.name)
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        write_bytes(target, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise storage_error(error, target) from error


def _keep_failed(error: JobError, scratch: Path, source: Path, target: Path) -> None:
    """Keep the notebook of a surprise; a mistake of the input needs no autopsy."""
    failed = _failed_path(target)
    # What was saved when a kernel died may be missing or incomplete.
    with contextlib.suppress(StorageError, ValueError, KeyError):
        _save(scratch, source, failed)
        error.cure = f"{error.cure}; see {failed}" if error.cure else f"see {failed}"


def _complete_receipt(output: Path, about: Mapping[str, Any]) -> tuple[str, ...]:
    """Add to the receipt which notebook made the file, and with what; return its warnings."""
    try:
        receipt = read_receipt(output)
    except WorkbenchError as error:
        log.warning("the receipt of %s was not completed: %s", output, error)
        return ()
    own = ("schema", "file", "bytes", "sha256", "made", "workbench")
    fields = {name: value for name, value in receipt.items() if name not in own}
    seal = (receipt["bytes"], receipt["sha256"])
    write_receipt(output, {**fields, "notebook": dict(about)}, seal=seal)
    return tuple(map(str, receipt.get("warnings", ())))
