"""A kernel that dies: who learns of it, how soon, and what the notebook says then."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from forking import eventually, fork_servers, gone
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbench.errors import KernelDied
from workbench.production.engine import Kernel
from workbench.production.job import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.notebook, pytest.mark.faults]

SOON = 5.0  # seconds: the demand
# Holds the interpreter's lock, so that no thread of the kernel can do anything.
STUCK = """
import ctypes, os
from pathlib import Path
Path("pid").write_text(str(os.getpid()))
ctypes.PyDLL(None).sleep(600)
"""
# The clock that never goes back is the same in all processes of a machine.
DEATH = """
import os, signal, time
from pathlib import Path
Path({when!r}).write_text(repr(time.monotonic()))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[Path]:
    with fork_servers() as folder:
        yield folder


@pytest.fixture(params=["python3", "workbench"])
def kernel(request) -> str:
    return str(request.param)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def talk(folder: Path, *cells: str) -> Path:
    notebook = new_notebook(cells=[new_markdown_cell("# A talk"), *map(new_code_cell, cells)])
    path = folder / "talk.ipynb"
    nbformat.write(notebook, path)
    return path


def died(source: Path, kernel: str, **more: Any) -> tuple[KernelDied, dict[str, Any], list[str]]:
    """Run; return the error, what the kept notebook says of the run, and of its cells."""
    with pytest.raises(KernelDied) as caught:
        run(source, kernel=kernel, **more)
    kept = source.parent / "out" / "talk.failed.ipynb"
    assert not (source.parent / "out" / "talk.ipynb").exists()
    notebook = nbformat.read(kept, 4)
    return (
        caught.value,
        notebook.metadata.papermill,
        [cell.metadata.papermill.status for cell in notebook.cells],
    )


def death(folder: Path) -> str:
    """Return code that writes down when it is, and kills its own process."""
    return DEATH.format(when=str(folder / "when"))


def since_death(folder: Path) -> float:
    return time.monotonic() - float((folder / "when").read_text())


def dies_after(monkeypatch: pytest.MonkeyPatch, number: int) -> list[float]:
    """Kill the kernel as soon as that cell has ended; the list will have the moment."""
    real, when = Kernel.cell_ends, []

    def cell_ends(self: Kernel) -> None:
        real(self)
        if self.cell == number and not when:
            pid = self._manager.provisioner.pid
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: gone(pid))
            when.append(time.monotonic())

    monkeypatch.setattr(Kernel, "cell_ends", cell_ends)
    return when


def test_before_the_first_cell(here: Path, kernel: str):
    startup = here / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text(death(here))
    with pytest.raises(KernelDied, match=r"^talk: its kernel did not start .*SIGKILL"):
        run(talk(here, "1", "2"), kernel=kernel, variables={"IPYTHONDIR": str(here / "ipython")})
    assert since_death(here) <= SOON
    kept = nbformat.read(here / "out" / "talk.failed.ipynb", 4)
    assert [c.metadata.papermill.status for c in kept.cells] == ["pending"] * 3
    assert kept.metadata.papermill.exception is True


def test_in_a_cell(here: Path, kernel: str):
    """papermill saves all four cells as `completed`, and no exception."""
    error, run_, cells = died(talk(here, "1", death(here), "3"), kernel)
    assert since_death(here) <= SOON
    assert str(error).startswith("talk, cell 2: its kernel died (SIGKILL)")
    assert cells == ["completed", "completed", "failed", "pending"]
    assert run_["exception"] is True
    kept = nbformat.read(here / "out" / "talk.failed.ipynb", 4)
    assert [c.metadata.papermill.exception for c in kept.cells] == [False, False, True, None]


def test_in_code_that_holds_the_lock_of_python(here: Path, kernel: str):
    when: list[float] = []

    def kill() -> None:
        pid = int(eventually(lambda: (here / "pid").exists() and (here / "pid").read_text()))
        os.kill(pid, signal.SIGKILL)
        when.append(time.monotonic())

    watch = threading.Thread(target=kill)
    watch.start()
    error, run_, cells = died(talk(here, STUCK, "2"), kernel)
    watch.join()
    assert time.monotonic() - when[0] <= SOON
    assert str(error).startswith("talk, cell 1: its kernel died (SIGKILL)")
    assert cells == ["completed", "failed", "pending"]
    assert run_["exception"] is True


def test_between_two_cells(here: Path, kernel: str, monkeypatch):
    when = dies_after(monkeypatch, 1)
    error, run_, cells = died(talk(here, "1", "2", "3"), kernel)
    assert time.monotonic() - when[0] <= SOON
    assert str(error).startswith("talk, cell 2: its kernel died (SIGKILL)")
    assert cells == ["completed", "completed", "failed", "pending"]
    assert run_["exception"] is True


def test_after_the_last_cell(here: Path, kernel: str, monkeypatch):
    """The notebook is about to be saved as a success; papermill asks the kernel one more thing."""
    when = dies_after(monkeypatch, 2)
    error, run_, cells = died(talk(here, "1", "2"), kernel)
    assert time.monotonic() - when[0] <= SOON
    assert str(error).startswith("talk, cell 2: its kernel died (SIGKILL)")
    assert cells == ["completed"] * 3
    assert run_["exception"] is True
