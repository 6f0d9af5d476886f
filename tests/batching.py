"""A batch's ledger as a runner in another process leaves it, for the board and the report."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.production.batch.task import Task

# Takes orders, a line of JSON each, and answers each with a line; it owns what it takes.
RUNNER = """
import json, sys
from pathlib import Path
from workbench.errors import JobError
from workbench.ledger import BatchLedger, Entry, owner_name
ledger = BatchLedger(Path(sys.argv[1]))
me = owner_name()
def enrol(tasks, again=()):
    entries = [Entry(id=t["id"], kind="notebook", parameters=t) for t in tasks]
    ledger.enrol(entries, again=again)
def take(id): ledger.take(me, {id})
def progress(id, part): ledger.progress(id, part, me)
def finish(id, result): ledger.finish(id, me, result)
def problem(error):
    made = JobError(error["problem"], subject=error.get("subject", ""), cure=error.get("cure", ""))
    made.cell, made.failed = error.get("cell"), error.get("failed", "")
    return made
def fail(id, error): ledger.fail(id, me, problem(error))
def retry(id, error): ledger.retry(id, me, problem(error), delay=0)
def cancelling(id): return ledger.find(id).cancelling
def cancelled(id): ledger.cancelled(id, me)
def release(): ledger.release(me, blame=False)
for line in sys.stdin:
    name, given = json.loads(line)
    print(json.dumps(globals()[name](*given)), flush=True)
"""


class Runner:
    """Who works on a batch: a real process that writes into its ledger as it is told."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(folder / "batch.sqlite")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def __call__(self, name: str, *given: Any) -> Any:
        """Do one thing, and return when it is written."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, given]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the runner has ended"
        return json.loads(line)

    def enrol(self, *tasks: Task, again: tuple[str, ...] = ()) -> None:
        self("enrol", [task.to_dict() for task in tasks], list(again))

    def take(self, *ids: str) -> None:
        for name in ids:
            self("take", name)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.kill()
        self._process.communicate()


def task(folder: Path, number: int, /, **more: Any) -> Task:
    """Return a task, such as row `number` of a job file gives."""
    from workbench.production.batch.task import Task

    output = folder / f"clip-{number:04}.mp4"
    given: dict[str, Any] = {
        "id": f"job_{number:024x}",
        "name": output.stem,
        "row": number + 1,
        "notebook": str(folder / "captioned.ipynb"),
        "values": {"script": "talk.txt", "speed": 0.9 + number / 10, "output": str(output)},
        "output": str(output),
        "executed": str(output.with_suffix(".ipynb")),
        "folder": str(folder),
    }
    return Task(**{**given, **more})


def outcome(
    made: Task, *files: Path, warnings: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """Return what a worker says of a task that is done."""
    from workbench.production.batch.outcome import Outcome
    from workbench.storage.receipt import digest

    states = {str(f): [f.stat().st_size, f.stat().st_mtime_ns, digest(f)] for f in files}
    given: dict[str, Any] = {"seconds": 2.0, "cpu": 3.0, "media": 4.0, "where": "here:1", **more}
    return Outcome(
        files=(*states, made.executed),
        output=made.output,
        executed=made.executed,
        warnings=warnings,
        states=states,
        **given,
    ).to_dict()


def failed_notebook(path: Path, source: str, traceback: list[str], number: int = 3) -> str:
    """Write what is kept of a run that failed in cell `number`; return its path."""
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": traceback}
    told = {"cell_type": "markdown", "source": "An exception", "metadata": {}}
    fine = {"cell_type": "code", "execution_count": 1, "source": "x = 1", "outputs": []}
    bad = {"cell_type": "code", "execution_count": number, "source": [source], "outputs": [error]}
    cells = {"cells": [told, fine, bad], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(cells), encoding="utf-8")
    return str(path)
