"""A batch of real notebooks in real kernels, whose runner is killed with -9 again and again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import nbformat
import psutil
import pytest

from workbench.production.kernels import available
from workbench.production.made import made_by

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.notebook]

JOBS, KILLS = 12, 4
WORK = """
import os, time
with open("pids", "a") as log:
    log.write(f"{os.getpid()}\\n")
time.sleep(0.3)
with open(output, "w") as file:
    file.write(str(number))
"""


def command(kernel: str) -> list[str]:
    ways = ["-n", "work.ipynb", "-o", "out", "-j", "2", "--kernel", kernel, "--yes", "--json"]
    return [sys.executable, "-m", "workbench", "batch", "jobs.csv", *ways]


def kernels(folder: Path) -> list[int]:
    path = folder / "pids"
    return [int(line) for line in path.read_text().splitlines()] if path.is_file() else []


def ended(pids: list[int]) -> bool:
    """Whether kernels have ended, soon: a stock one looks for its parent once a second."""
    for _ in range(300):
        if not any(psutil.pid_exists(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    "kernel",
    [
        pytest.param(
            "workbench",
            marks=pytest.mark.skipif(not available(), reason="kernels are forked on Linux only"),
        ),
        pytest.param("python3", marks=pytest.mark.slow),
    ],
)
def test_kill_9(tmp_path: Path, kernel: str):
    cells = [
        nbformat.v4.new_code_cell(
            'number: int = 0\noutput: str = "o.txt"', metadata={"tags": ["parameters"]}
        ),
        nbformat.v4.new_code_cell(WORK),
    ]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), tmp_path / "work.ipynb")
    rows = "".join(f"n{number},{number}\n" for number in range(JOBS))
    (tmp_path / "jobs.csv").write_text(f"name,number\n{rows}")
    for kill in range(KILLS):
        process = subprocess.Popen(command(kernel), cwd=tmp_path, stdout=subprocess.DEVNULL)
        # While a notebook runs, or just after one did.
        enough = len(kernels(tmp_path)) + 1 + kill % 3
        while len(kernels(tmp_path)) < enough and process.poll() is None:
            time.sleep(0.005)
        assert process.poll() is None, "the kill came in time"
        process.kill()
        process.wait()
        for path in tmp_path.glob("out/*.ipynb"):
            assert made_by(path) is not None, "an executed notebook is whole or not there"
    done = subprocess.run(command(kernel), cwd=tmp_path, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["counts"] == {"done": JOBS}
    # A runner that was killed is not the fault of its jobs.
    assert {job["attempts"] for job in told["jobs"]} == {1}
    assert [(tmp_path / f"out/n{n}.txt").read_text() for n in range(JOBS)] == [
        str(n) for n in range(JOBS)
    ]
    assert ended(kernels(tmp_path)), "a kernel outlives its runner"
