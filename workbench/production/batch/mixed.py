"""Names that jobs of one batch cannot have, since their files could not be told apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.production.jobfile import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.production.batch.task import Task

__all__ = ["mixed"]


def mixed(tasks: Sequence[Task], folder: Path) -> Iterator[Mistake]:
    """Yield jobs whose files could not be told from another's, or from the batch's own.

    What a run made is known by its name: the files of ``talk`` begin with ``talk.``
    """
    rows = {str(Path(task.executed).with_suffix("")).casefold(): task.row for task in tasks}
    for task in tasks:
        main = Path(task.executed).with_suffix("")
        parts = main.name.split(".")
        for count in range(1, len(parts)):
            other = str(main.with_name(".".join(parts[:count]))).casefold()
            if other in rows:
                yield Mistake(
                    task.row,
                    "name",
                    f"{main.name}: its files could not be told from those of row {rows[other]}",
                    "take another name, without a dot",
                )
        if task.output and Path(task.output).with_suffix("") == folder:
            yield Mistake(
                task.row,
                "output",
                f"{Path(task.output).name} has the name of the batch's own folder",
                "take another name, or another --folder",
            )
