"""A runner of a batch for the tests to kill: ``python batch_runner.py FOLDER JOBS SLOTS``.

Ledger, runner and `perform` are the real ones; what takes the place of a notebook is a little work
of the same shape: an output that appears whole, then the executed notebook that names it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from workbench.ledger import BatchLedger, Entry
from workbench.production.batch import perform
from workbench.production.batch.pools import LocalPool
from workbench.production.batch.runner import Runner
from workbench.production.batch.task import KIND, Task
from workbench.production.executed import ABOUT
from workbench.production.job import JobResult
from workbench.production.made import Made
from workbench.storage.atomic import write_bytes

SIZE = 300_000  # bytes: enough for a kill to come in the middle


def tasks(folder: Path, jobs: int) -> list[Task]:
    return [
        Task(
            id=f"job_{number:04}",
            name=f"n{number:04}",
            notebook=str(folder / "n.ipynb"),
            output=str(folder / f"n{number:04}.bin"),
            executed=str(folder / f"n{number:04}.ipynb"),
            folder=str(folder),
        )
        for number in range(jobs)
    ]


def content(task_id: str) -> bytes:
    return (task_id.encode() * SIZE)[:SIZE]


def note(folder: Path, kind: str, job: str) -> None:
    """A line that is there or not, whoever is killed."""
    handle = os.open(folder / f"{kind}.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(handle, f"{job}\n".encode())
    os.close(handle)


def little(notebook: str, values: object, **ways: Any) -> JobResult:
    executed, job = Path(ways["executed"]), ways["job"]
    folder = executed.parent
    note(folder, "begun", job)
    output = executed.with_suffix(".bin")
    time.sleep(0.005)
    write_bytes(output, content(job))
    made = Made.of([output], job=job)
    notebook_text = json.dumps({"cells": [], "metadata": {ABOUT: made.to_dict(folder)}})
    write_bytes(executed, notebook_text.encode())
    note(folder, "done", job)
    return JobResult(notebook=executed, parameters={}, output=output, files=(), made=made)


def main(folder: Path, jobs: int, slots: int) -> None:
    perform.run = little
    ledger = BatchLedger(folder / "batch.sqlite")
    entries = [Entry(id=t.id, kind=KIND, parameters=t.to_dict()) for t in tasks(folder, jobs)]
    ledger.enrol(entries)
    note(folder, "runners", "ready")
    pool = LocalPool(slots)
    Runner(ledger, [entry.id for entry in entries], pool, progress=lambda done: None).run()
    pool.close()
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
