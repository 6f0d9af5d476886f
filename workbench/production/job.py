"""One notebook, run from start to end without a person: `run`."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError, ParameterError
from workbench.paths import user_path
from workbench.production.checks import Checks
from workbench.production.claims import Claim, Notes
from workbench.production.engine import Kernel
from workbench.production.executed import copy, executed_path, failed_path, keep_failed, save
from workbench.production.identity import identify
from workbench.production.made import Made
from workbench.production.notebooks import find_notebook
from workbench.production.parameters import check, missing, parameters
from workbench.production.parameters.given import together
from workbench.production.receipts import outputs, seal
from workbench.production.watch import Watch
from workbench.progress import bar
from workbench.storage.atomic import sweep, workspace
from workbench.storage.receipt import digest, receipt_path

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from workbench.progress import Report

__all__ = ["JobResult", "run"]

_TIMEOUT = 3_600.0


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
        Every file that the run wrote to the folders of the output and of the executed notebook,
        which is one of them; the output first. With an output, those that share its name.
    warnings
        What was done differently from what was asked, as the receipts say it: the notebook's
        warnings are among them.
    made
        The files without the executed notebook, with their digests.
    """

    notebook: Path
    parameters: dict[str, Any]
    output: Path | None
    files: tuple[Path, ...]
    warnings: tuple[str, ...] = ()
    made: Made = field(default_factory=Made)

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        more = len(self.files) - 1
        told = [f"{self.output or self.notebook}"]
        told += [f"{more} more file{'s' if more > 1 else ''}"] if more else []
        noted = len(self.warnings)
        told += [f"{noted} warning{'s' if noted > 1 else ''}"] if noted else []
        return f"{self.notebook.stem}: {', '.join(told)}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "notebook": str(self.notebook),
            "parameters": self.parameters,
            "output": None if self.output is None else str(self.output),
            "files": [str(path) for path in self.files],
            "warnings": list(self.warnings),
        }


def run(
    notebook: str | os.PathLike[str],
    values: Mapping[str, object] | None = None,
    *,
    executed: str | os.PathLike[str] | None = None,
    timeout: float = _TIMEOUT,
    limit: float | None = None,
    kernel: str = "python3",
    folder: str | os.PathLike[str] | None = None,
    job: str = "",
    source: str = "",
    variables: Mapping[str, str] | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> JobResult:
    """Run a notebook with parameters, headless, in a kernel of its own.

    The kernel is of this Python and works in this working directory, unless another is named: there
    relative paths mean the same to the notebook and to the caller. The notebook itself is never
    written to.

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
    kernel
        ``python3``, a new process; or ``workbench``, forked from one that has all imports, see
        `workbench.production.kernels`.
    folder
        Where the notebook works, by default here; the paths of its parameters are meant there.
    job
        What it is called in a batch; kept in the executed notebook and the receipts.
    source
        The job file that names it; kept in the executed notebook.
    variables
        What the kernel's environment has besides that of this process.
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
        With the cell and the error: an exception, `sys.exit(1)`, a thread that failed, too long a
        time, an ``output`` that was not written. A mistake of the input (any `WorkbenchError`
        inside) leaves nothing behind, outside of a batch; any other leaves the notebook as
        ``NAME.failed.ipynb``.
    KernelDied, Cancelled
        When the kernel's process ended; when `cancel` was set.
    """
    original = find_notebook(notebook)
    known = parameters(original)
    given = check(known, values or {})
    here = user_path(folder or ".").absolute()
    gone = (missing(p, given[p.name], folder=here) for p in known if p.name in given)
    # A batch has looked at the rest before its first job.
    wrong = [*filter(None, gone)] if job else Checks(here).of(original, known, given)
    if wrong:
        raise together(wrong)
    every = {p.name: p.default for p in known} | given
    runner = Kernel(original.stem, kernel=kernel, folder=here, variables=variables)
    watch = Watch(runner, original.stem, timeout=timeout, limit=limit, cancel=cancel)
    output = here / user_path(str(every["output"])) if every.get("output") else None
    if output is not None and not output.name:
        raise ParameterError("must name a file", subject=f"output={every['output']}")
    target = executed_path(original, output, executed)
    folders = {target.parent} | ({output.parent} if output is not None else set())
    claim = Claim(executed=target, output=output, alone=not job)
    before = _state(folders) | _state(claim.inner, deep=True)
    identity = identify(original, known, given, folder=here)
    about = {
        "notebook": {
            "path": str(original),
            "sha256": digest(original),
            "cells": identity.notebook_sha256,
            "parameters": every,
            "executed": str(target),
        },
        "folder": str(here),
        "job": job or identity.id,
        "inputs": identity.inputs,
        "versions": identity.versions,
    }
    with workspace() as work:
        copied, scratch = work / "notebook.ipynb", work / "executed.ipynb"
        notes = Notes(folder=work)
        claim.announce(work)
        copy(original, copied, known, given)
        try:
            with contextlib.nullcontext(progress) if progress else bar(original.stem) as report:
                watch.execute(copied, scratch, report)
            after = _state(folders) | _state(claim.inner, deep=True)
            changed = {path for path, state in after.items() if before.get(path) != state}
            written = claim.of(changed, notes)
            _check_output(output, written, original.stem)
        except JobError as error:
            if error.cell is None:
                error.cell = runner.cell or None
            if job or not error.expected:  # a mistake of the input needs no autopsy, but a report
                keep_failed(error, scratch, original, target, given)
            raise
        finally:
            for place in folders:
                sweep(place)
        files = written - {target}
        warnings = seal(files, {**about, "warnings": notes.warnings()}, main=output)
        made = Made.of(
            files | {receipt_path(path) for path in outputs(files)},
            job=job or identity.id,  # a batch that has the same job need not do it again
            source=source,
            warnings=warnings,
            cpu=runner.cpu,
        )
        # Last of all: who finds it knows that the rest is there.
        save(scratch, original, target, given, made.to_dict(target.parent))
        failed_path(target).unlink(missing_ok=True)  # of an earlier run, which is mended now
    return JobResult(
        notebook=target,
        parameters=every,
        output=output,
        files=tuple(sorted({*made.files, target}, key=lambda path: (path != output, path))),
        warnings=warnings,
        made=made,
    )


def _state(folders: Iterable[Path], *, deep: bool = False) -> dict[Path, tuple[int, int]]:
    """Return the files of folders, and for each what tells that it has been written."""
    found = {}
    for folder in folders:
        with contextlib.suppress(OSError):  # it is not there yet, or cannot be listed
            for path in folder.rglob("*") if deep else folder.iterdir():
                with contextlib.suppress(FileNotFoundError):  # it went away just now
                    if path.is_file() and not path.name.startswith("."):
                        state = path.stat()
                        found[path] = (state.st_mtime_ns, state.st_ino)
    return found


def _check_output(output: Path | None, written: set[Path], name: str) -> None:
    if output is not None and output not in written and not output.is_dir():
        raise JobError(f"did not write its output {output}", subject=name)
