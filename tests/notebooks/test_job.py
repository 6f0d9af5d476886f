"""Notebooks run as jobs: what goes in, what comes out, and what is left when they fail."""

from __future__ import annotations

import json
import logging
import os
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from workbench.errors import (
    Cancelled,
    JobError,
    KernelDied,
    StorageFull,
)
from workbench.production import watch as watching
from workbench.production.engine import Kernel, failure
from workbench.production.job import run
from workbench.production.stop import Stop
from workbench.storage.receipt import digest, read_receipt, write_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = '\'"""\\\n\t\x1b[31m{x} {{y}} %s $HOME #\u2028 ¿qué? 你好 👩‍🚀'
SCHEMA = """\
text: str = "nothing"  # what is to be kept
more: dict = {}
output: str = "made/a.txt"
"""
WRITE = """
from pathlib import Path
Path(output).parent.mkdir(exist_ok=True)
Path(output).write_text(text)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def notebook(folder: Path, *cells: str, parameters: str = "", name: str = "talk") -> Path:
    """A notebook as bare as the format allows: no kernel, no language, no cell ids."""
    rows: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": "# A talk"}]
    for source in (parameters, *cells):
        tags = ["parameters"] if source is parameters and source else []
        rows.append(
            {
                "cell_type": "code",
                "metadata": {"tags": tags},
                "source": textwrap.dedent(source),
                "outputs": [],
                "execution_count": None,
            }
        )
    path = folder / f"{name}.ipynb"
    data = {"cells": rows, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# -- with a kernel ------------------------------------------------------------------------------


@pytest.mark.notebook
def test_parameters_go_in_and_everything_comes_out(here: Path, monkeypatch, capfd, caplog):
    """Also: a path with braces, which papermill fills in, and a kernel of another Python."""
    folder = here / "a {b} é"
    folder.mkdir()
    other = here / "jupyter" / "kernels" / "python3"
    other.mkdir(parents=True)
    spec = {"argv": ["false", "{connection_file}"], "display_name": "x", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(here / "jupyter"))
    source = notebook(
        folder,
        WRITE,
        """
        import os, sys
        from workbench.storage.receipt import write_receipt
        write_receipt(Path(output), {"more": more, "python": sys.executable, "cwd": os.getcwd()})
        os.write(1, b"from the process itself"); os.write(2, b"also")
        import subprocess, warnings
        subprocess.run(["cp", output, "made/a.other.txt"], check=True)
        warnings.warn("said by the notebook")
        "shown"
        """,
        parameters=SCHEMA,
    )
    before = source.read_bytes()
    more = {"a'b": [1, 2.5, None, True, {"x": "\\n"}], "ñ": -1e300}
    told: list[float] = []
    monkeypatch.delattr(os, "chdir")  # other threads' relative paths would mean something else
    result = run(source, {"text": HOSTILE, "more": more}, progress=told.append)

    made = here / "made"
    left = ["a.txt", "a.ipynb", "a.other.txt", "a.other.txt.json", "a.txt.json"]
    assert names(made) == sorted(left)
    assert result.files == tuple(made / name for name in left), "the product first"
    assert result.warnings == ("said by the notebook",)
    assert result.output == made / "a.txt"
    assert result.notebook == made / "a.ipynb"
    assert result.parameters == {"text": HOSTILE, "more": more, "output": "made/a.txt"}
    assert json.loads(json.dumps(result.to_dict()))["output"] == str(made / "a.txt")
    assert (made / "a.txt").read_text() == HOSTILE

    receipt = read_receipt(made / "a.txt")
    assert receipt["more"] == more
    assert receipt["warnings"] == ["said by the notebook"]
    assert receipt["cwd"] == str(here)
    assert receipt["python"] == sys.executable
    assert receipt["sha256"] == digest(made / "a.txt")
    of = receipt["notebook"]
    assert (of["name"], of["sha256"], of["executed"], of["folder"]) == (
        "talk.ipynb", digest(source), "a.ipynb", "..",
    )  # fmt: skip
    assert of["parameters"] == result.parameters
    assert (made / of["path"]).resolve() == source.resolve()

    executed = nbformat.read(result.notebook, 4)
    nbformat.validate(executed)
    counts = [c.execution_count for c in executed.cells if c.cell_type == "code"]
    assert counts == [1, 2, 3, 4]
    assert executed.cells[-1].outputs[-1].data["text/plain"] == "'shown'"
    assert executed.metadata.papermill.input_path == "talk.ipynb"
    assert executed.metadata.papermill.output_path == "a.ipynb"
    assert source.read_bytes() == before
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert capfd.readouterr() == ("", "")
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.notebook
def test_a_surprise_is_one_line_and_keeps_the_notebook(here: Path, capfd):
    """papermill leaves its half notebook where the good one was."""
    source = notebook(here, "x = 1", 'raise ValueError("two\\nlines")', "open('reached', 'w')")
    good = here / "out" / "talk.ipynb"
    good.parent.mkdir()
    good.write_bytes(b"the good one of last time")
    with pytest.raises(JobError) as caught:
        run(source)
    failed = here / "out" / "talk.failed.ipynb"
    assert str(caught.value) == f"talk, cell 2: ValueError: two\\nlines; see {failed}"
    assert type(caught.value) is JobError
    assert names(here) == ["out/talk.failed.ipynb", "out/talk.ipynb", "talk.ipynb"]
    assert good.read_bytes() == b"the good one of last time"
    errors = [o for c in nbformat.read(failed, 4).cells for o in c.get("outputs", ())]
    assert [e.ename for e in errors if e.output_type == "error"] == ["ValueError"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.notebook
def test_a_mistake_of_the_input_leaves_nothing(here: Path):
    source = notebook(
        here,
        """
        from workbench.errors import MediaNotFound
        raise MediaNotFound("there is no such file", subject="a.jpg", cure="check the path")
        """,
    )
    with pytest.raises(JobError) as caught:
        run(source)
    assert str(caught.value) == "talk, cell 1: a.jpg: there is no such file; check the path"
    assert names(here) == ["talk.ipynb"]


@pytest.mark.notebook
@pytest.mark.faults
def test_a_thread_that_fails_is_no_success(here: Path):
    """The run was "ok" for papermill."""
    cell = """
    import threading
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    """
    told = r"^talk: a thread ended with ZeroDivisionError: division by zero; see "
    with pytest.raises(JobError, match=told):
        run(notebook(here, cell, "y = 2"))


@pytest.mark.notebook
def test_a_notebook_may_end_early(here: Path):
    result = run(notebook(here, WRITE, "import sys; sys.exit(0)", "1 / 0", parameters=SCHEMA))
    assert result.output == here / "made" / "a.txt"
    ran = [c.execution_count for c in nbformat.read(result.notebook, 4).cells[1:]]
    assert ran == [1, 2, 3, None], "it shows what was not run"


@pytest.mark.notebook
@pytest.mark.faults
@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("os._exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),  # what a full memory looks like
    ],
)
def test_a_kernel_that_dies_is_told_with_its_cell(here: Path, death: str, how: str, capfd):
    """papermill saves such a notebook with every cell `completed` and no exception."""
    source = notebook(here, "import os, signal", death, "y = 2")
    with pytest.raises(KernelDied, match=rf"^talk, cell 2: its kernel died \({how}\); ") as caught:
        run(source)
    failed = here / "out" / "talk.failed.ipynb"
    assert caught.value.cure.endswith(f"see {failed}")
    assert names(here) == ["out/talk.failed.ipynb", "talk.ipynb"]
    nbformat.validate(nbformat.read(failed, 4))
    assert capfd.readouterr() == ("", "")


WORKING = """
import os, signal, time
from pathlib import Path
from workbench.storage.atomic import replacing
try:
    with replacing(Path("made/a.txt")) as part:
        part.write_text("half")
        Path("pid").write_text(str(os.getpid()))
        while True:
            {wait}
finally:
    Path("cleaned").touch()
"""
POLITE = WORKING.format(wait="time.sleep(0.05)")
STUBBORN = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + POLITE


def once_there(path: Path, do: Callable[[], None]) -> threading.Thread:
    """Do something as soon as a file is there."""

    def watch() -> None:
        while not (path.exists() and path.read_text()):
            threading.Event().wait(0.02)
        do()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.notebook
@pytest.mark.faults
@pytest.mark.parametrize(
    ("cell", "cleaned", "now"),
    [(POLITE, True, False), (STUBBORN, False, False), (STUBBORN, False, True)],
)
def test_a_cancelled_run_leaves_no_kernel_and_no_file(
    here: Path, monkeypatch, cell: str, *, cleaned: bool, now: bool
):
    """A cell that is asked to stop cleans up; one that does not listen is killed, soon or `now`."""
    monkeypatch.setattr(watching, "_GRACE", 0.2 if not cleaned and not now else 600.0)
    source = notebook(here, cell, "open('reached', 'w')", parameters="output: str = 'made/a.txt'")
    before = source.read_bytes()
    cancel = Stop()
    watch = once_there(here / "pid", lambda: (setattr(cancel, "now", now), cancel.set()))
    with pytest.raises(Cancelled, match="talk: stopped on request"):
        run(source, cancel=cancel)
    watch.join()
    assert not alive(int((here / "pid").read_text()))
    assert (here / "cleaned").exists() == cleaned
    assert set(names(here)) - {"cleaned"} == {"pid", "talk.ipynb"}
    assert source.read_bytes() == before


@pytest.mark.notebook
@pytest.mark.faults
def test_an_interrupt_while_its_thread_begins_ends_the_run(here: Path, monkeypatch):
    """The executor waited for the whole notebook."""

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *given: Any, **more: Any) -> Any:
            super().submit(*given, **more)
            raise KeyboardInterrupt

    monkeypatch.setattr(watching, "ThreadPoolExecutor", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(notebook(here, "from pathlib import Path", "Path('ran').touch()"))
    assert names(here) == ["talk.ipynb"]


@pytest.mark.notebook
@pytest.mark.faults
def test_a_run_cancelled_while_its_kernel_starts_never_begins(here: Path, monkeypatch):
    cancel = threading.Event()
    kernels: list[Kernel] = []

    def starts(self: Kernel, manager: Any) -> None:
        real(self, manager)
        kernels.append(self)
        cancel.set()

    real = Kernel.starts
    monkeypatch.setattr(Kernel, "starts", starts)
    monkeypatch.setattr(watching, "_GRACE", 0.2)
    with pytest.raises(Cancelled):
        run(notebook(here, "open('reached', 'w')"), cancel=cancel)
    assert names(here) == ["talk.ipynb"]
    (kernel,) = kernels
    assert kernel.cell == 0
    assert not alive(kernel._manager.provisioner.pid)


@pytest.mark.notebook
@pytest.mark.faults
def test_a_cell_that_takes_too_long_is_interrupted(here: Path):
    with pytest.raises(JobError) as caught:
        run(notebook(here, "x = 1", POLITE), timeout=0.5)
    assert str(caught.value).startswith("talk, cell 2: took longer than 0.5 s; see ")
    assert (here / "cleaned").exists(), "the cell could clean up"
    assert not alive(int((here / "pid").read_text()))
    assert names(here) == ["cleaned", "out/talk.failed.ipynb", "pid", "talk.ipynb"]


@pytest.mark.notebook
@pytest.mark.faults
def test_a_run_that_takes_too_long_is_stopped_wherever_it_is(here: Path, monkeypatch):
    monkeypatch.setattr(watching, "_GRACE", 0.2)
    with pytest.raises(JobError, match=r"^talk: took longer than 0\.1 s"):
        run(notebook(here, "import time; time.sleep(600)"), limit=0.1)
    assert set(names(here)) <= {"out/talk.failed.ipynb", "talk.ipynb"}


# -- around a kernel ----------------------------------------------------------------------------


@pytest.fixture
def executes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """In place of a kernel: the notebook counts as executed when a function has been called."""

    def replace(work: Callable[[], None]) -> None:
        def execute(self: Kernel, source: Path, scratch: Path, values: dict[str, Any]) -> None:
            data = json.loads(source.read_text(encoding="utf-8"))
            data["metadata"]["papermill"] = {}
            scratch.write_text(json.dumps(data), encoding="utf-8")
            work()

        monkeypatch.setattr(Kernel, "execute", execute)

    return replace


def test_a_run_that_did_not_write_its_output_has_failed(here: Path, executes):
    """The old system called a job ready while there was no file, or the one of last time."""
    source = notebook(here, parameters=SCHEMA)
    executes(lambda: None)
    with pytest.raises(JobError, match=r"talk: did not write its output .*/made/a\.txt; see "):
        run(source)
    (here / "made" / "a.txt").write_text("of last time")
    with pytest.raises(JobError, match="did not write its output"):
        run(source)
    assert names(here / "made") == ["a.failed.ipynb", "a.txt"]


def test_the_files_of_both_folders_are_told(here: Path, executes):
    def work() -> None:
        (here / "made").mkdir()
        (here / "made" / "a.txt").write_text("x")
        (here / "made" / ".wb-hidden").write_text("x")

    (here / "runs").mkdir()
    (here / "runs" / "older.ipynb").write_text("x")
    executes(work)
    result = run(notebook(here, parameters=SCHEMA), executed="runs/b.ipynb")
    made = here / "made"
    assert result.files == (made / "a.txt", made / "a.txt.json", here / "runs" / "b.ipynb")
    assert result.notebook == here / "runs" / "b.ipynb"


def test_files_in_a_folder_of_the_output_are_its_own(here: Path, executes):
    def work() -> None:
        (here / "made" / "a" / "deep").mkdir(parents=True)
        (here / "made" / "a.txt").write_text("x")
        (here / "made" / "a" / "deep" / "one.txt").write_text("y")
        (here / "made" / "b").mkdir()
        (here / "made" / "b" / "of another.txt").write_text("z")

    executes(work)
    result = run(notebook(here, parameters=SCHEMA))
    one = here / "made" / "a" / "deep" / "one.txt"
    assert one in result.files
    assert read_receipt(one)["notebook"]["name"] == "talk.ipynb"
    assert not [path for path in result.files if "another" in path.name]


def test_a_run_claims_no_file_of_another_in_the_same_folder(here: Path, executes):
    """Each once was told to have made the other's: one began first, and one ended first."""
    made = here / "made"
    made.mkdir()
    results = {}

    def work(name: str, *inside: str) -> None:
        def write() -> None:
            (made / f"{name}.txt").write_text(name)  # as another program would: nothing is noted
            (made / f"{name}.part.txt").write_text(name)
            if inside:
                work(*inside)

        executes(write)
        results[name] = run(notebook(here, parameters=SCHEMA), {"output": f"made/{name}.txt"})

    for names_ in (("a", "a.es"), ("a.es", "a")):
        work(*names_)
        for name in names_:
            kinds = ("txt", "ipynb", "part.txt", "part.txt.json", "txt.json")
            assert results[name].files == tuple(made / f"{name}.{kind}" for kind in kinds)


def test_the_ledger_and_the_report_of_a_batch_are_nobody_s(here: Path, executes):
    def work() -> None:
        for name in ("batch.sqlite", "batch.sqlite-wal", "report.html", "report.json", "a.txt"):
            (here / "out").mkdir(exist_ok=True)
            (here / "out" / name).write_text("x")

    executes(work)
    result = run(notebook(here))
    assert [path.name for path in result.files] == ["a.txt", "a.txt.json", "talk.ipynb"]


def test_an_older_receipt_is_not_signed_by_this_run(here: Path, executes):
    output = here / "made" / "a.txt"
    output.parent.mkdir()
    output.write_text("of last time")
    write_receipt(output, {"voice": "espeak:es"})
    executes(lambda: output.write_text("of this time") and None)
    run(notebook(here, parameters=SCHEMA))
    receipt = read_receipt(output)
    assert "voice" not in receipt, "that was another file"
    assert receipt["sha256"] == digest(output)


def test_without_an_output_the_notebook_is_the_result(here: Path, executes):
    executes(lambda: None)
    result = run(notebook(here))
    assert result.output is None
    assert result.files == (here / "out" / "talk.ipynb",)


@pytest.mark.faults
def test_a_full_disk_keeps_the_executed_notebook_of_last_time(here: Path, executes, monkeypatch):
    """papermill rewrites its output in place: 6 of 6 notebooks were empty when it was killed."""
    executed = here / "out" / "talk.ipynb"
    executed.parent.mkdir()
    executed.write_bytes(b"of last time")
    executes(lambda: None)
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        write(self, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFull, match=r"out/talk\.ipynb: no space left"):
        run(notebook(here))
    assert names(here / "out") == ["talk.ipynb"]
    assert executed.read_bytes() == b"of last time"


def test_cancelled_before_it_starts_it_does_not_start(here: Path, monkeypatch):
    monkeypatch.delattr(Kernel, "execute")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        run(notebook(here), cancel=cancel)
    assert names(here) == ["talk.ipynb"]


def test_what_the_kernel_thread_raises_reaches_the_caller(here: Path, executes):
    def work() -> None:
        raise RuntimeError("something else")

    executes(work)
    with pytest.raises(RuntimeError, match="something else"):
        run(notebook(here))
    assert names(here) == ["talk.ipynb"]


def test_only_errors_of_this_package_are_expected():
    known = failure("MediaNotFound", "a.jpg: there is no such file", 3, "talk")
    assert (str(known), known.expected) == ("talk, cell 3: a.jpg: there is no such file", True)
    for name in ("ValueError", "WorkbenchWarning", "one_line", "annotations", "NoSuchName"):
        other = failure(name, "x", None, "talk")
        assert (str(other), other.expected) == (f"talk: {name}: x", False)


def test_the_bar_of_a_cell_moves_the_run_s_own(tmp_path: Path):
    """Most of a run is one cell that renders; without this the bar stood still for it."""
    notebook = new_notebook(
        cells=[
            new_code_cell("import time\nfrom workbench.progress import bar"),
            new_code_cell(
                "with bar('work') as report:\n"
                "    for step in range(10):\n"
                "        report(step / 10)\n"
                "        time.sleep(0.3)\n"
            ),
        ]
    )
    path = tmp_path / "bar.ipynb"
    nbformat.write(notebook, path)
    seen: list[float] = []
    run(path, executed=tmp_path / "done.ipynb", progress=seen.append)
    assert seen == sorted(seen)
    assert len({round(part, 2) for part in seen if 0.5 < part < 1}) >= 3
