"""A batch survives whatever happens to those who do it.

What papermill in a loop does with the same: 6 of 6 notebooks torn when it is killed while it saves,
and the next run begins from nothing.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from faults.batch_runner import content, tasks

from workbench.ledger import BatchLedger
from workbench.production.made import made_by

pytestmark = pytest.mark.faults

RUNNER = Path(__file__).with_name("batch_runner.py")


def runner(folder: Path, jobs: int, slots: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(RUNNER), str(folder), str(jobs), str(slots)])


def lines(folder: Path, kind: str) -> list[str]:
    path = folder / f"{kind}.log"
    return path.read_text().splitlines() if path.is_file() else []


def torn(folder: Path, jobs: int) -> list[str]:
    """Every file under its final name is whole, at any moment."""
    found = []
    for task in tasks(folder, jobs):
        output, executed = Path(task.output), Path(task.executed)
        if output.is_file() and output.read_bytes() != content(task.id):
            found.append(output.name)
        if executed.is_file() and made_by(executed) is None:
            found.append(executed.name)
    return found


def judge(folder: Path, jobs: int) -> None:
    ledger = BatchLedger(folder / "batch.sqlite")
    found = ledger.of([task.id for task in tasks(folder, jobs)])
    ledger.close()
    assert Counter(job.state for job in found.values()) == {"done": jobs}, "lost"
    assert torn(folder, jobs) == []
    done = Counter(lines(folder, "done"))
    assert {name for name, times in done.items() if times > 1} == set(), "doubled"
    assert all(Path(task.output).is_file() for task in tasks(folder, jobs))
    left = [path.name for path in folder.iterdir() if path.name.startswith(".wb-")]
    assert left == [], "what a killed runner left is swept"


def test_kill_9_loses_nothing_and_doubles_nothing(tmp_path: Path):
    jobs, kills = 300, 50
    luck = random.Random(7)  # noqa: S311 - the same kills each time
    for kill in range(kills):
        process = runner(tmp_path, jobs, 2)
        # Killed after so many jobs more, in the middle of whatever comes next.
        enough = len(lines(tmp_path, "begun")) + luck.randint(1, max(2, jobs // kills - 2))
        while len(lines(tmp_path, "begun")) < enough and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        assert torn(tmp_path, jobs) == [], f"after kill {kill}"
    assert len(lines(tmp_path, "done")) < jobs, "the kills came in time"
    assert runner(tmp_path, jobs, 2).wait() == 0
    judge(tmp_path, jobs)


def test_four_runners_double_nothing(tmp_path: Path):
    processes = [runner(tmp_path, 120, 2) for _ in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    judge(tmp_path, 120)
    assert Counter(lines(tmp_path, "begun")).most_common(1)[0][1] == 1
