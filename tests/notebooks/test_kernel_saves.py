"""The client killed while it saves: what is at the final name can be read."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest
from forking import eventually, fork_servers, status
from nbformat.v4 import new_code_cell, new_notebook

from workbench.production.job import run

if TYPE_CHECKING:
    from pathlib import Path

# Forks a process for each moment, which runs the notebook and kills itself there.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from workbench.production import job
from workbench.production.engine import _Files
from workbench.storage import atomic

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def half(number):
    calls = []
    def write(self, text, path):
        calls.append(path)
        if len(calls) == number:
            Path(path.removeprefix(_Files.scheme)).write_text(text[: len(text) // 2])
            die()
        return real(self, text, path)
    real = _Files.write
    _Files.write = write

def torn():
    def write_bytes(self, data):
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        die()
    Path.write_bytes = write_bytes

def before_the_rename():
    Path.replace = lambda self, target: die()

def after_the_rename():
    def replace(self, target):
        real(self, target)
        die()
    real = Path.replace
    Path.replace = replace

def before_the_flush():
    atomic.flush = lambda path: die()

moments = [lambda n=n: half(n) for n in range(1, 5)]
moments += [torn, before_the_flush, before_the_rename, after_the_rename]
for number, moment in enumerate(moments + [torn, before_the_rename]):
    pid = os.fork()
    if pid == 0:
        moment()
        fails = number >= len(moments)
        values = {"fails": True} if fails else {}
        job.run("talk.ipynb", values, kernel="workbench", progress=lambda part: None)
        os._exit(7)
    _, state = os.waitpid(pid, 0)
    print(number, os.waitstatus_to_exitcode(state), flush=True)
    for name in ("talk.ipynb", "talk.failed.ipynb"):
        path = Path("out") / name
        print(name, path.read_bytes() == Path("before").read_bytes() if path.exists() else None)
        Path(f"{number}-{name}").write_bytes(path.read_bytes()) if path.exists() else None
"""


@pytest.mark.notebook
@pytest.mark.faults
def test_ten_kills_inside_a_save(tmp_path: Path, monkeypatch):
    """papermill writes the final file in place, once a cell: 6 of 6 were left empty."""
    monkeypatch.chdir(tmp_path)
    cells = [new_code_cell("fails: bool = False", metadata={"tags": ["parameters"]})]
    cells += [new_code_cell("print('x' * 100_000)"), new_code_cell("assert not fails")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "talk.ipynb")
    with fork_servers() as folder:
        run("talk.ipynb", kernel="workbench", progress=lambda part: None)
        (tmp_path / "before").write_bytes((tmp_path / "out" / "talk.ipynb").read_bytes())
        told = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
        ).stdout.split("\n")
        eventually(lambda: not [k for server in status(folder) for k in server["kernels"]])
        run("talk.ipynb", kernel="workbench", progress=lambda part: None)
    assert [line.split()[1] for line in told if line[:1].isdigit()] == ["-9"] * 10
    kept = sorted(tmp_path.glob("*-talk*.ipynb"))
    assert len(kept) == 10, "no notebook of a failed run came to its name"
    for path in kept:
        nbformat.validate(nbformat.read(path, 4))
    changed = [line for line in told if line == "talk.ipynb False"]
    assert len(changed) >= 1, "the one killed after the rename is the new one"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["talk.ipynb"], "and nothing is left"
