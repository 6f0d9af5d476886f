"""Names that jobs of one batch cannot have, since their files could not be told apart."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.production.jobfile import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.production.batch.task import Task

__all__ = ["folded", "mixed"]


_OWN = {"batch": "ledger", "report": "report"}


def mixed(tasks: Sequence[Task], folder: Path) -> Iterator[Mistake]:
    """Yield jobs whose files would be another's, or the batch's own.

    Jobs ``show`` and ``show.es`` may stand beside each other, see `workbench.production.claims`.
    """
    rows = {folded(Path(task.executed).with_suffix("")): task.row for task in tasks}
    outputs = {folded(Path(task.output)): task.row for task in tasks if task.output}
    for task in tasks:
        main = Path(task.executed).with_suffix("")
        failed = folded(main.with_suffix("")) if main.suffix.lower() == ".failed" else ""
        if failed in rows:
            yield Mistake(
                task.row,
                "name",
                f"{main.name} has the name of what is kept of row {rows[failed]} when it fails",
                "take another name",
            )
        receipt = folded(Path(task.output).with_suffix("")) if task.output else ""
        if receipt in outputs and task.output.lower().endswith(".json"):
            yield Mistake(
                task.row,
                "output",
                f"{Path(task.output).name} is the receipt of row {outputs[receipt]}",
                "take another name",
            )
        if main.parent == folder and main.name.casefold() in _OWN:
            yield Mistake(
                task.row,
                "name",
                f"{main.name} is the name of the batch's own {_OWN[main.name.casefold()]}",
                "take another name, or another folder for the output",
            )
        if task.output and Path(task.output).with_suffix("") == folder:
            yield Mistake(
                task.row,
                "output",
                f"{Path(task.output).name} has the name of the batch's own folder",
                "take another name, or another --folder",
            )


def folded(path: Path) -> str:
    """Return what two paths have in common that are one for some file system, and for the eye."""
    return unicodedata.normalize("NFC", str(path)).casefold()
