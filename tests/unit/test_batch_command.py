"""What ``workbench batch`` tells a person and a program, however it ends; no kernel runs."""

from __future__ import annotations

import io
import json
import signal
import sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import workbench as wb
from workbench import cli
from workbench.errors import (
    JobError,
    ParameterError,
    ServiceUnreachable,
    StorageFull,
    WorkbenchWarning,
)
from workbench.ledger import BatchLedger, Entry, part, working
from workbench.production.batch import planned
from workbench.production.batch.outcome import Outcome
from workbench.production.batch.plan import Mistakes
from workbench.production.executed import ABOUT
from workbench.production.made import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.production.batch.task import Task

    Command = Callable[..., tuple[int, str, str]]

CELL = 'times: int = 1  # 1..9\noutput: str = "out/a.txt"'


class Pool:
    """Does jobs at once: what `ends` says of their names happens."""

    slots = 1
    ends: dict[str, BaseException]
    warns: tuple[str, ...] = ()

    def __init__(self, *_: Any, **__: Any) -> None:
        """Be it what it may, it is one."""

    def submit(self, task: Task, *_: Any) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        end = self.ends.get(task.name)
        if isinstance(end, KeyboardInterrupt):
            raise end
        if end is not None:
            future.set_exception(end)
        else:
            made = Made(job=task.id).to_dict(Path())
            Path(task.executed).write_text(json.dumps({"metadata": {ABOUT: made}}))
            about: dict[str, Any] = {
                "files": (),
                "warnings": self.warns,
                "seconds": 1.0,
                "cpu": None,
            }
            about |= {"media": None, "where": "here:1", "states": {}}
            future.set_result(Outcome(output=task.output, executed=task.executed, **about))
        return future

    def close(self, *, kill: bool = False) -> None:
        """There is nothing to close."""


@pytest.fixture
def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """How the jobs of ``jobs.csv`` end, where they do not end well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {"tags": ["parameters"]}}
    cell |= {"source": CELL, "outputs": [], "execution_count": None}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    Path("echo.ipynb").write_text(json.dumps(notebook))
    Path("jobs.csv").write_text("name,times\na,1\nb,2\nc,3\n")
    monkeypatch.setattr(planned, "LocalPool", Pool)
    monkeypatch.setattr(Pool, "ends", {}, raising=False)
    return Pool.ends


@pytest.fixture
def batch(ends: dict[str, BaseException], monkeypatch, capsys) -> Iterator[Command]:
    """``workbench batch jobs.csv`` in this process: the code, what it printed, what it told."""

    def run(*arguments: str, stdin: str = "", terminal: bool = False) -> tuple[int, str, str]:
        words = ["workbench", "batch", "jobs.csv", "-n", "echo.ipynb", "-o", "made", *arguments]
        given = io.StringIO(stdin)
        given.isatty = lambda: terminal  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "argv", words)
        monkeypatch.setattr(sys, "stdin", given)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    handler = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, handler)


def test_a_stopped_batch_tells_how_far_it_is_and_how_to_go_on(batch: Command, ends):
    """It said "stopped", and nothing else."""
    ends["b"] = KeyboardInterrupt()
    code, out, err = batch()
    assert code == 130
    assert "jobs: 2 queued, 1 done, " in out
    assert out.endswith(f"{Path('made/report.html')}\n")
    assert err == "workbench: jobs: stopped; run the same command again to go on\n"

    # What was not made is not well, and is not said to be unchanged.
    code, out, err = batch("--only-failed")
    assert code == 1
    assert "2 of 3 jobs were not made yet; without --only-failed they are" in err
    Path("made/a.ipynb").unlink()  # what the first made is gone: it is made again
    code, out, _ = batch("--json")
    told = json.loads(out)
    assert (code, told["counts"], told["error"]["code"]) == (
        130,
        {"queued": 3},
        "cancelled",
    )

    ends.clear()
    assert batch()[0] == 0
    assert batch("--only-failed")[0] == 0


def test_the_report_gives_the_command_that_was_typed(batch: Command, ends):
    """Without --yes, a line of crontab would have been another."""
    batch("--yes", "--only-failed")
    told = json.loads(Path("made/report.json").read_text())
    again = "workbench batch jobs.csv -n echo.ipynb -o made --yes"
    assert told["command"] == f"cd {Path.cwd()} && {again}"


def test_a_row_that_is_mended_is_one_that_failed(batch: Command, ends):
    """The report says to mend it, and then to do what failed alone."""
    ends["b"] = ParameterError("is too much", subject="times")
    assert batch()[0] == 1
    Path("jobs.csv").write_text("name,times\na,1\nb,4\nc,5\n")
    assert batch("--only-failed")[0] == 1  # b is tried, and c, which is new, is not made
    ends.clear()
    code, out, err = batch("--only-failed", "--json")
    told = json.loads(out)
    assert (code, told["counts"], told["unmade"]) == (1, {"done": 2}, 1)
    assert "1 of 3 jobs was not made yet" in err


def test_a_cluster_that_cannot_be_reached_brings_up_nothing_old(batch: Command, ends, monkeypatch):
    """It told the failures of the run before as if they were of this one."""
    ends["b"] = JobError("it broke")
    batch("--retries", "0")
    ends.clear()

    def nobody(*_: Any, **__: Any) -> None:
        raise ServiceUnreachable("no scheduler answers there", subject="tcp://nowhere:1")

    monkeypatch.setattr("workbench.production.cluster.ClusterPool", nobody)
    code, out, err = batch("--cluster", "tcp://nowhere:1", "--yes")
    assert (code, out.count("\n")) == (1, 1)  # the estimate
    assert err == "workbench: tcp://nowhere:1: no scheduler answers there\n"
    code, out, _ = batch("--cluster", "tcp://nowhere:1", "--yes", "--json")
    assert (code, [*json.loads(out)]) == (1, ["error"])


def test_a_row_that_was_never_begun_is_not_well_either(batch: Command, ends):
    assert batch()[0] == 0
    with Path("jobs.csv").open("a") as file:
        file.write("d,4\n")
    code, _, err = batch("--only-failed")
    assert (code, "1 of 4 jobs was not made yet" in err) == (1, True)


def test_each_failure_says_in_what_way(batch: Command, ends):
    """Nobody knew what sets "dead" apart from "failed"."""
    ends["a"] = JobError("it broke", subject="echo, cell 3")
    ends["b"] = JobError("is empty", subject="echo, cell 3", cure="write a line")
    ends["b"].expected = True
    code, out, err = batch("--retries", "0", "--json")
    assert code == 1
    assert "a: dead after 1 attempt: echo, cell 3: it broke" in err
    assert (
        "b: failed (its input, which trying again does not mend): echo, cell 3: is empty; " in err
    )
    assert json.loads(out)["counts"] == {"done": 1, "failed": 1, "dead": 1}


def test_warnings_of_jobs_are_told_with_their_names(batch: Command, monkeypatch):
    monkeypatch.setattr(Pool, "warns", tuple(f"line {n} is\nnot heard" for n in range(4)))
    code, out, err = batch("--yes", "--json")
    told = [line for line in err.splitlines() if "warning" in line]
    assert told[0] == r"workbench: warning: a: line 0 is\nnot heard"
    assert told[-1] == "workbench: warning: and 2 more warnings, which stand in the report"
    assert (code, len(told)) == (0, 11)
    assert json.loads(out)["jobs"][2]["warnings"][3] == "line 3 is\nnot heard"
    code, out, err = batch("--only-failed", "--json")  # nothing is made: nothing is told again
    assert (code, err) == (0, "")
    assert json.loads(out)["jobs"][2]["warnings"][3] == "line 3 is\nnot heard"


def test_the_result_is_told_before_what_keeps_it_from_being_written(batch: Command, monkeypatch):
    """A full disk hid which jobs were done."""

    def full(*_: Any, **__: Any) -> Path:
        raise StorageFull("no space left to write it", subject="made/report.html")

    monkeypatch.setattr("workbench.production.report.write_report", full)
    code, out, err = batch()
    assert code == 1
    assert "jobs: 3 done, " in out
    assert err == "workbench: made/report.html: no space left to write it\n"
    told = json.loads(batch("--json")[1])
    assert (told["counts"], told["error"]["code"]) == ({"done": 3}, "storage_full")


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_no_is_an_answer_and_no_fault_of_ours(batch: Command, answer: str):
    code, _, err = batch(stdin=answer, terminal=True)
    assert code == 130
    assert err.endswith("workbench: jobs: nothing was begun\n")
    assert "DEBUG" not in err
    assert not Path("made").exists()


def test_watching_prints_a_line_of_json_for_each_round(batch: Command, ends, monkeypatch):
    def rounds(prepared: Callable[[], Any], _: list[Path]) -> Iterator[Any]:
        yield prepared()
        ends["b"] = KeyboardInterrupt()
        Path("jobs.csv").write_text("name,times\na,4\nb,5\n")
        yield prepared()

    monkeypatch.setattr("workbench.production.batch.watching.changes", rounds)
    code, out, _ = batch("--watch", "--json")
    assert code == 130
    first, rest = out.split("\n", 1)
    assert json.loads(first)["counts"] == {"done": 3}
    assert json.loads(rest)["error"]["problem"] == "stopped"


def test_every_round_that_is_watched_is_a_line_of_json_and_so_is_the_end(batch, ends, monkeypatch):
    """Rounds with mistakes, and with nothing to do, printed none; nor did the end."""

    def rounds(prepared: Callable[[], Any], _: list[Path]) -> Iterator[Any]:
        yield prepared()
        text = Path("jobs.csv").read_text()
        Path("jobs.csv").write_text("name,times\na,1\nb,99\n")
        try:
            prepared()
        except Mistakes as error:
            yield error
        Path("jobs.csv").write_text(text)
        yield prepared()
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.production.batch.watching.changes", rounds)
    code, out, _ = batch("--watch", "--json")
    made, wrong, same, end = map(json.loads, out.splitlines())
    assert (code, made["unchanged"], same["unchanged"]) == (130, 0, 3)
    assert [(one["row"], one["column"]) for one in wrong["error"]["mistakes"]] == [(3, "times")]
    assert end["error"]["code"] == "cancelled"


def test_watching_goes_on_after_what_keeps_a_round_from_its_end(batch: Command, monkeypatch):
    """A ledger that another program held for a moment ended a night of watching."""

    def rounds(prepared: Callable[[], Any], _: list[Path]) -> Iterator[Any]:
        Path("made/batch.sqlite").mkdir(parents=True)
        yield prepared_once
        Path("made/batch.sqlite").rmdir()
        yield prepared()

    prepared_once = planned_now()
    monkeypatch.setattr("workbench.production.batch.watching.changes", rounds)
    code, out, err = batch("--watch")
    assert code == 0
    assert "made/batch.sqlite: " in err
    assert "jobs: 3 done, " in out


def planned_now() -> Any:
    from workbench.production.batch.batch import prepare

    return prepare("jobs.csv", "echo.ipynb", folder="made")


def test_a_job_file_that_is_not_there_is_not_watched(batch: Command):
    """It waited, for a slip of the finger."""
    Path("jobs.csv").unlink()
    assert batch("--watch")[0] == 2


def test_json_holds_every_mistake(batch: Command):
    Path("jobs.csv").write_text("name,times\na,0\nb,many\n")
    code, out, err = batch("--json")
    assert code == 2
    error = json.loads(out)["error"]
    assert [(one["row"], one["column"]) for one in error["mistakes"]] == [
        (2, "times"),
        (3, "times"),
    ]
    assert "jobs.csv: has 2 mistakes; nothing was begun" in err
    assert not Path("made").exists()


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        ({"jobs": "two"}, "jobs='two': must be a whole number, 1 to 256"),
        ({"jobs": 0}, "jobs=0: must be"),
        ({"jobs": True}, "jobs=True: must be"),
        ({"retries": 1.5}, "retries=1.5: must be a whole number, 0 to 20"),
        ({"retries": None}, "retries=None: must be"),
        ({"kernel": "julia"}, "kernel julia: must be workbench or python3"),
        ({"cluster": "foo"}, "cluster 'foo': is neither the address of a scheduler"),
        ({"store": "s3://a"}, "store: is for a cluster"),
        ({"cluster": 3}, "cluster: must be a text, not 3"),
        ({"timeout": "ten"}, "timeout: must be more than 0 seconds, not 'ten'"),
        ({"limit": 0}, "limit: must be more than 0 seconds, not 0"),
        ({"preload": "nosuch_module"}, "nosuch_module: is no module"),
        ({"preload": ["nosuch_module"]}, "nosuch_module: is no module"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_begins(ends, ways: dict[str, Any], told: str):
    with pytest.raises(ParameterError, match="^" + told.replace("(", r"\(")):
        wb.batch("jobs.csv", "echo.ipynb", folder="made", **ways)
    assert not Path("made").exists()


def test_a_wrong_cluster_is_told_without_one_as_well(batch: Command):
    code, _, err = batch("--cluster", "foo", "--dry-run")
    assert (code, "cluster 'foo': is neither" in err) == (2, True)


def test_a_ledger_that_cannot_be_used_names_its_folder_and_the_cure(batch: Command):
    """It was called batch.sqlite, and there is one in every folder."""
    Path("made").write_text("a file where the folder should be")
    code, _, err = batch()
    assert code == 2
    assert "made: is a file, and the batch needs a folder; name another one" in err
    Path("made").unlink()
    Path("made/batch.sqlite").mkdir(parents=True)
    code, _, err = batch()
    assert code == 1
    assert "made/batch.sqlite: cannot be written; check its permissions, its folder's, " in err


def test_names_cannot_write_to_the_terminal(batch: Command):
    """What turns a text around, or moves the cursor, was printed as it stood in the job file."""
    Path("jobs.csv").write_text('name,times\n"a\x1b[2Jb\u202ec",1\n', encoding="utf-8")
    code, out, _ = batch("--dry-run")
    assert code == 0
    assert r"a\x1b[2Jb\u202ec" in out
    assert all(line.isprintable() for line in out.splitlines())


def in_python(**ways: Any) -> wb.BatchResult:
    ways = {"folder": "made", "progress": lambda done: None, **ways}
    return wb.batch("jobs.csv", "echo.ipynb", **ways)


def test_a_batch_that_is_stopped_in_a_notebook_says_how_to_go_on(ends):
    """It left a screen of traceback, and jobs that ran as long as the notebook's process lived."""
    ends["b"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as stopped:
        in_python()
    told = "jobs: stopped with 2 queued, 1 done; run it again to go on"
    assert str(stopped.value) == told
    assert stopped.value._render_traceback_() == [f"Interrupted: {told}"]  # type: ignore[attr-defined]
    report = json.loads(Path("made/report.json").read_text())
    assert sorted(job["state"] for job in report["jobs"]) == ["done", "queued", "queued"]

    left = in_python(only_failed=True)  # the first has no files, and only what failed is looked at
    assert (left.ok, left.unmade, left.unchanged) == (False, 2, 1)
    assert str(left).startswith("jobs: 2 queued, 1 done (1 unchanged), ")
    with Path("jobs.csv").open("a") as file:
        file.write("d,4\n")
    more = in_python(only_failed=True)
    assert (more.ok, more.unmade) == (False, 3)
    assert "1 not made" in str(more)
    ends.clear()
    assert in_python().ok
    assert in_python(only_failed=True).ok


def test_a_report_that_cannot_be_written_does_not_hide_the_result(ends, monkeypatch):
    def full(*_: Any, **__: Any) -> Path:
        raise StorageFull("no space left to write it", subject="made/report.html")

    monkeypatch.setattr("workbench.production.report.write_report", full)
    with pytest.warns(WorkbenchWarning, match="made/report.html: no space left"):
        result = in_python()
    assert (result.ok, result.counts, result.error.code) == (True, {"done": 3}, "storage_full")
    assert Path("cache/rates.json").is_file(), "what jobs took is kept where WORKBENCH_CACHE says"


def test_a_batch_keeps_what_its_own_jobs_took_and_all_the_time_it_took(ends, monkeypatch):
    """Two runners on one ledger counted every job twice."""
    made = planned_now()
    entries = [Entry(id=t.id, kind="notebook", parameters=t.to_dict()) for t in made.todo]
    ledger = BatchLedger(made.ledger)
    Path("made").mkdir()
    ledger.enrol(entries)
    other = part()
    theirs = made.todo[1].id
    ledger.take(other, {theirs})
    kept: list[str] = []
    monkeypatch.setattr(
        planned, "remember", lambda jobs, _: kept.extend(job.parameters["name"] for job in jobs)
    )
    with working(other):
        submit = Pool.submit

        def meanwhile(self: Pool, task: Task, *given: Any) -> Future[Outcome]:
            ledger.finish(theirs, other, Outcome().to_dict())
            return submit(self, task, *given)

        monkeypatch.setattr(Pool, "submit", meanwhile)
        result = replace(made, prepared=100.0).run(progress=lambda done: None)
    ledger.close()
    assert (result.counts, kept) == ({"done": 3}, ["a", "c"])
    assert 100 < result.seconds < 160
    assert json.loads(Path("made/report.json").read_text())["totals"]["wall_seconds"] > 100
