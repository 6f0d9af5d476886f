"""Where a job's files are on a machine that has none of them: below a folder of its own.

What lies in the working directory of the job lies in ``work/`` at the same place, so that relative
paths mean the same; what lies elsewhere is in ``else/`` under its whole path.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.paths import user_path
from workbench.production.executed import ABOUT
from workbench.production.identity_inputs import OUTPUT
from workbench.production.made import Made
from workbench.production.parameters import parameters
from workbench.storage.receipt import receipt_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from workbench.production.batch.task import Task

__all__ = ["Places"]


class Places:
    """The two names of each path of a job.

    Parameters
    ----------
    folder
        The working directory of the job, where it comes from.
    root
        A folder for it here.

    Examples
    --------
    >>> places = Places(Path("/home/a"), Path("/tmp/j1"))
    >>> [places.here(path).as_posix() for path in ("/home/a/out/x.mp4", "/data/t.txt")]
    ['/tmp/j1/work/out/x.mp4', '/tmp/j1/else/data/t.txt']
    >>> places.named("in /tmp/j1/else/data and /tmp/j1/work/out")
    'in /data and /home/a/out'
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = Path(os.path.normpath(folder))
        self._work = root / "work"
        self._else = root / "else"

    def here(self, path: str | Path) -> Path:
        """Return where a file of there is here."""
        there = Path(os.path.normpath(self._folder / user_path(path)))
        if there.is_relative_to(self._folder):
            return self._work / there.relative_to(self._folder)
        return self._else / there.relative_to(there.anchor)

    def there(self, path: str | Path) -> Path:
        """Return where a file of here belongs."""
        return Path(self.named(str(path)))

    def named(self, text: str, escape: Callable[[str], str] = str) -> str:
        """Return a text with the paths of there in place of those of here.

        Parameters
        ----------
        text
            The text.
        escape
            How a path is written in it.
        """
        folder = str(self._folder).rstrip("/")
        text = text.replace(str(self._work), escape(folder))
        return text.replace(str(self._else), "")

    # -- there to here --------------------------------------------------------------------------

    def task(self, task: Task, inputs: Iterable[str]) -> Task:
        """Return a job with the paths of here; its notebook has to be here."""
        files = set(inputs)
        folders = {str(parent) for path in files for parent in Path(path).parents}
        known = {p.name: p.default for p in parameters(self.here(task.notebook))}

        def moved(value: Any, *, output: bool) -> Any:
            if isinstance(value, list | tuple):
                return [moved(one, output=output) for one in value]
            if not isinstance(value, str) or not value or "\n" in value or "\0" in value:
                return value
            here = self.here(value)
            there = os.path.normpath(self._folder / user_path(value))
            if not (output or there in files or there in folders):
                return value
            # A relative path that stays in the working directory means the same here.
            same = value[0] not in "/~" and here.is_relative_to(self._work)
            return value if same else str(here)

        values = dict(task.values)
        for name, value in {**known, **task.values}.items():
            found = moved(value, output=name == OUTPUT)
            if found != value:
                values[name] = found
        return replace(
            task,
            notebook=str(self.here(task.notebook)),
            values=values,
            output=str(self.here(task.output)) if task.output else "",
            executed=str(self.here(task.executed)),
            folder=str(self._work),
            variables={
                name: str(self.here(value)) if value in files else value
                for name, value in task.variables.items()
            },
        )

    # -- here to there --------------------------------------------------------------------------

    def rename_in(self, executed: Path, made: Made) -> Made:
        """Have the receipts and the executed notebook name the paths of there.

        Parameters
        ----------
        executed
            The executed notebook, here.
        made
            What it says of the files.

        Returns
        -------
        Made
            What is true of the files now, with their paths here.
        """
        receipts = {receipt_path(path) for path in made.files} & set(made.files)
        for path in receipts:
            self._rewrite(path, partial(self._receipt, path.parent), indent=2)
        found = Made.of(made.files, job=made.job, warnings=made.warnings, cpu=made.cpu)
        files = {self.there(p): state for p, state in found.files.items()}
        moved = replace(found, source=made.source, files=files)

        def about(notebook: Any) -> Any:
            notebook = self._notebook(notebook)
            notebook["metadata"][ABOUT] |= moved.to_dict(self.there(executed).parent)
            return notebook

        self._rewrite(executed, about, indent=1)
        return found

    def rename_failed(self, notebook: Path) -> None:
        """Have the notebook of a failed run name the paths of there."""
        self._rewrite(notebook, self._notebook, indent=1)

    def _receipt(self, folder: Path, data: Any) -> Any:
        """Rename in a receipt, where paths may be meant as they are seen from its folder."""
        if isinstance(data, list):
            return [self._receipt(folder, one) for one in data]
        if isinstance(data, dict):
            return {
                self._seen(folder, name): self._receipt(folder, one) for name, one in data.items()
            }
        return self._seen(folder, data) if isinstance(data, str) else data

    def _seen(self, folder: Path, text: str) -> str:
        if text.startswith("../") and "\n" not in text:
            here = Path(os.path.normpath(folder / text))
            if here.is_relative_to(self._work) or here.is_relative_to(self._else):
                return os.path.relpath(self.there(here), self.there(folder))
        return self.named(text)

    def _notebook(self, notebook: Any) -> Any:
        cells = [
            self._renamed(cell, str)
            | {"source": self._renamed(cell["source"], _quoted if _is_code(cell) else str)}
            for cell in notebook["cells"]
        ]
        rest = {name: value for name, value in notebook.items() if name != "cells"}
        return {**self._renamed(rest, str), "cells": cells}

    def _rewrite(self, path: Path, change: Callable[[Any], Any], *, indent: int) -> None:
        data = change(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(data, ensure_ascii=False, indent=indent) + "\n"
        path.write_bytes(text.encode("utf-8", "backslashreplace"))

    def _renamed(self, data: Any, escape: Callable[[str], str]) -> Any:
        if isinstance(data, str):
            return self.named(data, escape)
        if isinstance(data, list):
            return [self._renamed(one, escape) for one in data]
        if isinstance(data, dict):
            return {self.named(name): self._renamed(value, escape) for name, value in data.items()}
        return data


def _is_code(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "code"


def _quoted(path: str) -> str:
    """Return a path as it may stand between quotes of either kind."""
    for letter in "\\'\"":
        path = path.replace(letter, f"\\{letter}")
    return path
