"""Run what a receipt names once more: its notebook or its command, with another output."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.errors import JobError, WorkbenchError
from workbench.production.identity import notebook_digest
from workbench.production.identity_inputs import OUTPUT, file_digest
from workbench.production.job import run
from workbench.production.notebooks import job_notebooks
from workbench.production.parameters import parameters
from workbench.production.receipts import HIDDEN
from workbench.storage.cache import VARIABLE as CACHE
from workbench.storage.receipt import place

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from workbench.progress import Report

__all__ = ["Command", "More", "make_again", "source_of"]

Command: TypeAlias = Callable[[Sequence[str], Mapping[str, Any], Path], None]
"""Runs a recorded command: its words, its parameters, and where its output goes."""

_INJECTED = "injected-parameters"  # papermill's tag for the cell it adds


@dataclass(frozen=True, kw_only=True)
class More:
    """What was found on the way.

    Parameters
    ----------
    causes
        Why the files may differ.
    notes
        What was done instead of what was asked.
    """

    causes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def make_again(
    path: Path,
    receipt: Mapping[str, Any],
    folder: Path,
    work: Path,
    *,
    command: Command | None,
    report: Report,
    cancel: threading.Event | None,
) -> More:
    """Make the files of a receipt in a folder.

    Parameters
    ----------
    path
        The file that the receipt is about.
    receipt
        As it was read.
    folder
        Where the new files go; it is there and empty.
    work
        A folder for what is needed meanwhile, caches among it: the takes and segments of before
        would be compared with themselves.
    command
        Runs a recorded command.
    report
        Told how far it is.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    JobError
        When the receipt does not say what made the file, or that fails.
    """
    notebook, recorded = receipt.get("notebook"), receipt.get("run")
    if isinstance(recorded, dict):
        return _command(path, receipt, folder, work, command)
    if isinstance(notebook, dict):
        return _notebook(path, receipt, folder, work, report=report, cancel=cancel)
    raise JobError(
        "its receipt names neither a notebook nor a command",
        subject=str(path),
        cure="it was written by hand, in a notebook or a script: run that again",
    )


def _command(
    path: Path,
    receipt: Mapping[str, Any],
    folder: Path,
    work: Path,
    command: Command | None,
) -> More:
    recorded = receipt["run"]
    words, values = recorded.get("command"), recorded.get("values")
    if not (isinstance(words, list) and isinstance(values, dict) and values.get(OUTPUT)):
        raise JobError("its receipt does not say which command made it", subject=str(path))
    _check_kept(values, path)
    if command is None:
        raise JobError(
            "was made by a command", subject=str(path), cure=f"run: workbench rebuild {path}"
        )
    main = place(str(values[OUTPUT]), place(str(recorded.get("folder", ".")), path.parent))
    # A command that fills a folder gets one, any other a file.
    goal = folder if main.is_dir() or main == path.parent else folder / main.name
    here = _directory(recorded, path)
    asked = _relocated(values, _moved(receipt, path, here))
    with contextlib.chdir(here), _variable(CACHE, str(work / "cache")):
        command([str(word) for word in words], asked, goal)
    _unfold(goal, folder)
    return More()


def _notebook(
    path: Path,
    receipt: Mapping[str, Any],
    folder: Path,
    work: Path,
    *,
    report: Report,
    cancel: threading.Event | None,
) -> More:
    about = receipt["notebook"]
    values = about.get("parameters")
    if not isinstance(values, dict):
        raise JobError("its receipt has no parameters", subject=str(path))
    _check_kept(values, path)
    if not values.get(OUTPUT):
        raise JobError(
            f"its notebook has no parameter {OUTPUT}, so that it cannot be run beside it",
            subject=str(path),
            cure=f"give the notebook a parameter {OUTPUT}",
        )
    source, more = source_of(path, about, work)
    known = {parameter.name for parameter in parameters(source)}
    here = _directory(about, path)
    moved = _moved(receipt, path, here)
    given = {name: _relocated(value, moved) for name, value in values.items() if name in known}
    main = place(str(values[OUTPUT]), here)
    # A notebook that fills a folder gets one, any other a file; its own copy is nobody's output.
    goal = folder if main == path.parent else folder / main.name
    run(
        source,
        {**given, OUTPUT: str(goal)},
        executed=work / "executed" / f"{main.stem}.ipynb",
        folder=here,
        variables={CACHE: str(work / "cache")},
        progress=report,
        cancel=cancel,
    )
    _unfold(goal, folder)
    return more


def _unfold(goal: Path, folder: Path) -> None:
    """Put what lies in a folder of its own where it is compared: a delivery may be renamed."""
    if goal == folder or not goal.is_dir():
        return
    inner = goal.rename(Path(tempfile.mkdtemp(dir=folder)) / "made")  # it may hold its own name
    for path in list(inner.iterdir()):
        path.rename(folder / path.name)
    inner.rmdir()
    inner.parent.rmdir()


def source_of(path: Path, about: Mapping[str, Any], work: Path) -> tuple[Path, More]:
    """Return the notebook that made a file.

    It is the one whose cells are still what the receipt tells: at its path, or among the job
    notebooks. Else the executed notebook beside the file holds the cells as they were.

    Parameters
    ----------
    path
        The file.
    about
        What its receipt says of the notebook.
    work
        Where a copy without outputs may be written.

    Raises
    ------
    JobError
        When no notebook is what it was.
    """
    name = Path(str(about.get("name", ""))).name
    told = str(about.get("cells") or about.get("sha256") or "")
    look = notebook_digest if about.get("cells") else file_digest
    places = [place(str(about["path"]), path.parent)] if about.get("path") else []
    places += [path.parent / name, *job_notebooks().values()]
    there = [each for each in places if each.name == name and each.is_file()]
    for each in there:
        with contextlib.suppress(WorkbenchError):
            if look(each) == told:
                return each, More()
    now = f"the notebook {name} has changed" if there else f"the notebook {name} is gone"
    executed = place(str(about.get("executed") or f"{path.stem}.ipynb"), path.parent)
    copy = work / "source" / (name or "notebook.ipynb")
    try:
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(json.dumps(_stripped(executed)), encoding="utf-8")
        same = not about.get("cells") or notebook_digest(copy) == told
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        same = False
    if not same:
        raise JobError(
            f"{now}, and {executed.name} does not hold it as it was",
            subject=str(path),
            cure=f"bring back the {name} that made it",
        )
    return copy, More(notes=(f"{now}: its cells were taken from {executed.name}",))


def _stripped(executed: Path) -> dict[str, Any]:
    """Return an executed notebook as it was before it ran."""
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    cells = []
    for cell in notebook["cells"]:
        metadata = cell.get("metadata", {})
        if _INJECTED in metadata.get("tags", ()):
            continue
        for name in ("papermill", "execution"):
            metadata.pop(name, None)
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
        cells.append(cell)
    kept = {key: notebook["metadata"][key] for key in ("kernelspec", "language_info")
            if key in notebook["metadata"]}  # fmt: skip
    return {**notebook, "cells": cells, "metadata": kept}


def _check_kept(values: Mapping[str, Any], path: Path) -> None:
    for name, value in values.items():
        if value == HIDDEN:
            raise JobError(f"its {name} is a secret, which no receipt keeps", subject=str(path))


def _directory(about: Mapping[str, Any], path: Path) -> Path:
    """Return the working directory of a run; the file's own folder where that is gone."""
    folder = place(str(about.get("folder") or "."), path.parent)
    return folder if folder.is_dir() else path.parent


def _moved(receipt: Mapping[str, Any], path: Path, here: Path) -> dict[str, str]:
    """Return where the inputs are that a delivery took along, by the texts that named them.

    What is compared with the receipt's digest is to be what is read.
    """
    listed = receipt.get("inputs")
    moved = {}
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and isinstance(each.get("from"), str) and each["from"]:
            now = place(str(each.get("path", "")), path.parent)
            if place(each["from"], here) != now:
                moved[each["from"]] = str(now)
    return moved


def _relocated(value: Any, moved: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _relocated(each, moved) for name, each in value.items()}
    if isinstance(value, list):
        return [_relocated(each, moved) for each in value]
    return moved.get(value, value) if isinstance(value, str) else value


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
