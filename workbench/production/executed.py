"""The executed notebook: where it goes, what is run in its place, and how it is kept."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from workbench.disk import storage_error
from workbench.errors import JobError, ParameterError, StorageError
from workbench.paths import user_path
from workbench.production.parameters import inject
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from workbench.production.parameters import Parameter

__all__ = ["ABOUT", "copy", "executed_path", "failed_path", "keep_failed", "save"]

ABOUT = "workbench"
"""The entry of an executed notebook's metadata that says which job it was and what it made."""


_FIRST_WITH_IDS = (4, 5)  # of the notebook format


def executed_path(
    source: Path, output: Path | None, executed: str | os.PathLike[str] | None
) -> Path:
    """Return where the executed notebook of a run goes.

    Parameters
    ----------
    source
        The notebook.
    output
        The main file it makes.
    executed
        Where the caller wants it; else it goes beside the output.

    Raises
    ------
    ParameterError
        When that is the notebook itself, a notebook that no run has left, the output, or no name
        of a notebook.
    """
    if executed is not None:
        target = user_path(executed)
    elif output is not None:
        target = output.with_suffix(".ipynb")
    else:
        target = Path("out") / source.name
    target = target.absolute()
    if target.suffix != ".ipynb":
        raise ParameterError("must end in .ipynb", subject=str(target))
    for written in (target, failed_path(target)):
        if written.exists() and written.samefile(source):
            raise ParameterError(
                "would be written over", subject=str(source), cure="choose another output"
            )
    if foreign(target):
        raise ParameterError(
            "is a notebook that no run has left, and would be written over",
            subject=str(target),
            cure="choose another output, or move it",
        )
    if output is not None and output in {target, failed_path(target)}:
        raise ParameterError(
            "would be the executed notebook too",
            subject=str(output),
            cure="choose another output, or another place for the executed notebook",
        )
    return target


def foreign(path: Path) -> bool:
    """Whether there is a notebook that was not executed by a run: somebody's own work."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):  # nothing, or such as another program left when it was killed
        return False
    if not isinstance(found, dict) or "cells" not in found:
        return False
    metadata = found.get("metadata")
    return not isinstance(metadata, dict) or "papermill" not in metadata


def failed_path(target: Path) -> Path:
    """Return where the notebook of a failed run is kept, beside the executed one.

    Examples
    --------
    >>> failed_path(Path("out/talk.ipynb")).name
    'talk.failed.ipynb'
    """
    return target.with_suffix(".failed.ipynb")


def copy(source: Path, target: Path, known: Sequence[Parameter], given: Mapping[str, Any]) -> None:
    """Write what is run in place of a notebook: with its parameters, and an identity of each cell.

    The copy is what runs, so that nothing can be written to the notebook itself, and papermill,
    which takes braces in a path for a template, sees none.

    Parameters
    ----------
    source, target
        The notebook and its copy.
    known
        The notebook's parameters.
    given
        Values of some of them.
    """
    notebook = json.loads(source.read_text(encoding="utf-8"))
    inject(notebook, known, given)
    if (notebook.get("nbformat"), notebook.get("nbformat_minor", 0)) >= _FIRST_WITH_IDS:
        seen: set[str] = set()
        for cell in notebook["cells"]:
            if cell.get("id") in {None, *seen}:  # Jupyter warns about it
                cell["id"] = uuid4().hex[:8]
            seen.add(cell["id"])
    target.write_text(json.dumps(notebook), encoding="utf-8")


def save(
    scratch: Path,
    source: Path,
    target: Path,
    given: Mapping[str, Any],
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write the executed notebook, whole or not at all.

    Parameters
    ----------
    scratch
        As papermill left it.
    source, target
        The notebook it was and the file it becomes, whose names its metadata get.
    given
        The parameters it was given, for its metadata.
    about
        What the metadata say of the job.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    try:
        notebook = json.loads(scratch.read_text(encoding="utf-8"))
        notebook["metadata"]["papermill"].update(
            input_path=source.name, output_path=target.name, parameters=dict(given)
        )
        if about is not None:
            notebook["metadata"][ABOUT] = dict(about)
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        write_bytes(target, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise storage_error(error, target) from error


def keep_failed(
    error: JobError, scratch: Path, source: Path, target: Path, given: Mapping[str, Any]
) -> None:
    """Keep the notebook of a run as it was when it failed, and tell the error where."""
    failed = failed_path(target)
    # What was saved when a kernel died may be missing or incomplete.
    with contextlib.suppress(StorageError, ValueError, KeyError):
        save(scratch, source, failed, given)
        error.failed = str(failed)
        if not error.expected:  # which says all there is to know
            error.cure = f"{error.cure}; see {failed}" if error.cure else f"see {failed}"
