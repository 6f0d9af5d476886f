"""The board from Python: what another process writes into the ledger, and what a click does."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from batching import Runner, failed_notebook, outcome, task

from workbench.errors import FileGone, ParameterError, StorageError
from workbench.ledger import Ledger
from workbench.production.report import write, write_report
from workbench.widgets import board_watch
from workbench.widgets.board import Board, board
from workbench.widgets.board_watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Heard(Board):
    """A board whose messages to the page can be looked at."""

    def __init__(self, where: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(where)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append({**content, "buffers": len(buffers or ())})


def until(test: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not test():
        assert time.monotonic() < end, "never"
        time.sleep(0.01)


def say(panel: Board, **message: Any) -> None:
    panel._on_message(panel, message, [])


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    made = Runner(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def ids(tmp_path: Path, runner: Runner) -> list[str]:
    """Four jobs, one running."""
    tasks = [task(tmp_path, n) for n in range(1, 5)]
    runner.enrol(*tasks)
    runner.take(tasks[0].id)
    return [each.id for each in tasks]


def test_what_another_process_writes_is_seen(
    tmp_path: Path, runner: Runner, ids: list[str]
) -> None:
    with board(tmp_path) as panel:
        assert {s: n for s, n in panel.counts.items() if n} == {"queued": 3, "running": 1}
        assert panel.left is None
        runner("progress", ids[0], 0.5)
        until(lambda: panel.part == 0.125)
        runner("finish", ids[0], outcome(task(tmp_path, 1)))
        runner.take(ids[1])
        runner("fail", ids[1], {"problem": "fell", "subject": "talk", "cell": 4})
        until(lambda: panel.counts["failed"])
        (row,) = panel.failures
        assert (row.name, row.cell, row.problem) == ("clip-0002", 4, "talk: fell")
        assert repr(panel) == "Board(2 queued, 1 done, 1 failed)"
        assert panel.left is not None
        assert not panel.ended


def test_waiting_for_the_end(tmp_path: Path, runner: Runner, ids: list[str]) -> None:
    with Board(tmp_path) as panel:
        assert panel.wait(0.05) is False
        ended: list[bool] = []
        waiting = threading.Thread(target=lambda: ended.append(panel.wait(60)))
        waiting.start()
        runner.take(*ids[1:])
        for number, name in enumerate(ids, 1):
            runner("finish", name, outcome(task(tmp_path, number)))
        waiting.join(60)
        assert ended == [True]
        assert panel.part == 1.0
        assert panel.wait() is True


def test_nobody_is_waited_for_in_vain(
    tmp_path: Path, runner: Runner, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner that was killed says nothing: its process is looked for."""
    monkeypatch.setattr(board_watch, "_ALIVE", 0.1)
    del ids
    write_report(tmp_path, [], title="night", command="workbench batch jobs.csv")
    with Board(tmp_path) as panel:
        assert panel.note == ""
        waiting = threading.Thread(target=panel.wait, daemon=True)
        waiting.start()
        runner.kill()
        waiting.join(60)
        assert not waiting.is_alive()
        assert not panel.ended
        until(lambda: "has ended. Run the batch again" in panel.note)
        assert panel.again == "workbench batch jobs.csv"
        assert panel.title == "night"


def test_a_batch_that_was_stopped_is_not_waited_for(
    tmp_path: Path, runner: Runner, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process lives on, as a notebook does after an interrupt, and owns what it did."""
    monkeypatch.setattr(write, "_BETWEEN", 0.3)
    with Board(tmp_path) as panel:
        runner("finish", ids[0], outcome(task(tmp_path, 1)))
        runner.take(ids[1])
        until(lambda: panel.counts["running"] == panel.counts["done"] == 1)
        waiting = threading.Thread(target=panel.wait, daemon=True)
        waiting.start()
        runner("release")
        write_report(tmp_path, [], title="night", command="workbench batch jobs.csv")
        waiting.join(60)
        assert not waiting.is_alive()
        assert panel.note == (
            "Stopped: 3 jobs are left. Run the batch again: it goes on where it was."
        )
        assert panel.again == "workbench batch jobs.csv"
        assert not panel.ended
        runner.take(ids[1])
        until(lambda: panel.note == "")


def test_one_that_is_tried_again_is_under_way(
    tmp_path: Path, runner: Runner, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two attempts nobody owns anything."""
    monkeypatch.setattr(write, "_BETWEEN", 0.0)
    runner("retry", ids[0], {"problem": "fell"})
    with Board(tmp_path) as panel:
        assert (panel.note, panel.counts["queued"]) == ("", 4)
        monkeypatch.setattr(write, "_PAUSE", 0.0)
        panel.refresh()
        assert panel.note.startswith("Stopped: 4 jobs are left")


def test_the_batches_near_a_folder_without_one_are_named(tmp_path: Path) -> None:
    for name in ("jobs", "talks"):
        Ledger(tmp_path / "out" / name / "batch.sqlite").submit("notebook", {})
    with Board(tmp_path / "out" / "job") as panel:
        assert "no batch.sqlite is there. Batches near it: " in panel.note
        assert str(tmp_path / "out" / "jobs") in panel.note
    with Board(tmp_path / "out") as panel:
        assert str(tmp_path / "out" / "talks") in panel.note


def test_a_batch_that_has_yet_to_begin(tmp_path: Path) -> None:
    home = tmp_path / "later"
    with Board(home) as panel:
        assert panel.note == (
            f"There is no batch in {home} yet: no batch.sqlite is there. When one begins there, "
            f"it is shown here: workbench batch JOBS.csv --folder {home}"
        )
        assert not home.exists()  # looking makes nothing
        assert panel.wait(0.05) is False
        runner = Runner(home)
        runner.enrol(task(tmp_path, 1))
        until(lambda: panel.counts["queued"])
        assert panel.note == "Nobody has begun with it yet."
        runner.kill()


def test_stopping_one_and_all(tmp_path: Path, runner: Runner, ids: list[str]) -> None:
    with Heard(tmp_path) as panel:
        panel.cancel(ids[3])
        assert panel.counts["cancelled"] == 1
        with pytest.raises(FileGone, match="is no job of this batch"):
            panel.cancel("job_none")
        say(panel, kind="cancel", id="job_none")
        assert "there is no job" in panel.error
        assert runner("cancelling", ids[0]) is False
        panel.cancel()
        assert panel.counts["cancelled"] == 3
        assert runner("cancelling", ids[0]) is True
        runner("cancelled", ids[0])
        assert panel.wait(60) is True
        assert repr(panel) == "Board(4 cancelled)"


def test_only_differences_are_sent(tmp_path: Path, runner: Runner, ids: list[str]) -> None:
    with Heard(tmp_path) as panel:
        runner("progress", ids[0], 0.1)
        until(lambda: panel.part > 0)
        assert panel.sent == []  # nobody is there to hear
        say(panel, kind="hello")
        say(panel, kind="rows?")
        assert [len(m["rows"]) for m in panel.sent] == [4]
        assert panel.sent[0]["whole"] is True
        runner("progress", ids[0], 0.2)
        until(lambda: len(panel.sent) > 1)
        assert [row["id"] for row in panel.sent[1]["rows"]] == [ids[0]]
        assert panel.sent[1]["rows"][0]["part"] == 0.2
        again = task(tmp_path, 4, id="job_other")
        runner.enrol(again)
        until(lambda: panel.sent[-1]["gone"])
        assert panel.sent[-1]["gone"] == [ids[3]]
        assert [row["id"] for row in panel.sent[-1]["rows"]] == ["job_other"]


def test_all_of_one_job_is_told_when_it_is_asked_for(
    tmp_path: Path, runner: Runner, ids: list[str]
) -> None:
    kept = failed_notebook(tmp_path / "x.failed.ipynb", "1 / 0", ["\x1b[31mZero\x1b[0m"])
    runner("fail", ids[0], {"problem": "fell", "cell": 3, "failed": kept, "cure": f"see {kept}"})
    with Heard(tmp_path) as panel:
        say(panel, kind="job?", id=ids[0])
        until(lambda: panel.sent)
        found = panel.sent[0]
        assert (found["cell"], found["source"], found["traceback"]) == (3, "1 / 0", "Zero")
        assert found["problem"] == "fell"
        assert found["command"].startswith("cd ")


def test_only_files_of_the_batch_are_played(tmp_path: Path, runner: Runner, ids: list[str]) -> None:
    """The page names a place in a list, and never a path."""
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    made = task(tmp_path, 1, output=str(picture))
    runner("finish", ids[0], outcome(made, picture))
    with Heard(tmp_path) as panel:
        say(panel, kind="play?", id=ids[0], file=0)
        until(lambda: panel.sent)
        assert (panel.sent[0]["kind"], panel.sent[0]["buffers"]) == ("picture", 1)
        for file in (1, -1, "../../etc/passwd", None, True, 2.5):
            panel.sent.clear()
            say(panel, kind="play?", id=ids[0], file=file)
            until(lambda: panel.sent)
            assert panel.sent[0]["kind"] == "no file", file
            assert "is no file of this job" in panel.sent[0]["text"]


def test_the_page_sets_nothing(tmp_path: Path) -> None:
    with Heard(tmp_path) as panel:
        panel.set_state({"counts": {"done": 5}})
        assert "not for the page to set" in panel.error
        assert panel.counts["done"] == 0
        say(panel, kind="nonsense")
        assert "no message of this widget" in panel.error


def test_where_it_looks(tmp_path: Path, runner: Runner, ids: list[str]) -> None:
    del runner, ids
    for where in (
        str(tmp_path),
        tmp_path / "batch.sqlite",
        Ledger(tmp_path / "batch.sqlite"),
        SimpleNamespace(folder=tmp_path),
    ):
        with Board(where) as panel:
            assert sum(panel.counts.values()) == 4
    with pytest.raises(ParameterError, match="the folder of a batch"):
        Board(3)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(StorageError, match="another program"):
        Board(other)


def test_it_looks_no_more_when_it_is_closed(tmp_path: Path, ids: list[str]) -> None:
    del ids
    before = set(threading.enumerate())
    panel = Board(tmp_path)
    (thread,) = set(threading.enumerate()) - before
    panel.close()
    thread.join(30)
    assert not thread.is_alive()


def test_a_ledger_that_cannot_be_read_for_a_while(tmp_path: Path, ids: list[str]) -> None:
    """It is said in the board, which goes on looking."""
    with Board(tmp_path) as panel:
        file = tmp_path / "batch.sqlite"
        kept = file.read_bytes()
        for beside in (*tmp_path.glob("batch.sqlite-*"), file):
            beside.unlink()
        file.write_bytes(b"no database at all, and more than a header's length" * 30)
        until(lambda: "is no database" in panel.error)
        other = tmp_path / "whole.sqlite"
        with Ledger(other)._database.writing():
            pass
        other.replace(file)
        until(lambda: panel.error == "" and not panel.counts["queued"])
    assert kept
    assert ids


def test_nothing_is_read_while_nothing_happens(
    tmp_path: Path, runner: Runner, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger nobody writes to is not opened; of one whose jobs advance, those that run are."""
    read: list[tuple[str, ...]] = []
    jobs = Ledger.jobs

    def counting(self: Ledger, *, states: Any = (), limit: int = 100) -> Any:
        read.append(tuple(states))
        return jobs(self, states=states, limit=limit)

    monkeypatch.setattr(Ledger, "jobs", counting)
    watcher = Watcher(tmp_path / "batch.sqlite")
    assert len(watcher.look().changed) == 4
    time.sleep(0.06)  # the files are no longer of this very moment
    watcher.look()
    read.clear()
    for _ in range(10):
        assert not watcher.look().new
    assert read == []
    runner("progress", ids[0], 0.5)
    assert [row.id for row in watcher.look().changed] == [ids[0]]
    assert read == [("running",)]
    runner("retry", ids[0], {"problem": "fell"})
    runner.take(ids[1])  # as many of each as before
    assert {row.id for row in watcher.look().changed} == set(ids[:2])
    watcher.close()


def test_the_twin_stays_without_a_kernel(tmp_path: Path, runner: Runner, ids: list[str]) -> None:
    runner("fail", ids[0], {"problem": "<img src=x>"})
    shown: list[dict[str, Any]] = []

    def publish(data: dict[str, Any], *_: object, **__: object) -> None:
        shown.append(data)

    with Board(tmp_path) as panel:
        panel.output.show(publish)
        assert "Board(3 queued, 1 failed)" in shown[0]["text/plain"]
        page = shown[1]["text/html"]
        assert "3 queued, 1 failed" in page
        assert "&lt;img src=x&gt;" in page
        assert f"wb-{panel.uid}" in page
        assert "job_" not in json.dumps(panel.get_state(panel.keys), default=str)


def test_a_batch_whose_runner_was_killed_is_stopped_at_once(
    tmp_path: Path, runner: Runner, ids: list[str]
) -> None:
    """Its job was stopping for ever, and the next run stopped it once more."""
    runner.kill()
    with board(tmp_path) as panel:
        panel.cancel(ids[0])
        assert panel.counts["cancelled"] == 1
        assert panel.counts["running"] == 0
        panel.cancel()
        assert repr(panel) == "Board(4 cancelled)"


def test_what_nobody_has_begun_is_not_forsaken_when_a_part_of_it_is_cancelled(
    tmp_path: Path, runner: Runner
) -> None:
    tasks = [task(tmp_path, n) for n in (1, 2)]
    runner.enrol(*tasks)
    with board(tmp_path) as panel:
        panel.cancel(tasks[0].id)
        assert panel.note == "Nobody has begun with it yet."


def test_batches_near_a_folder_are_named_once(
    tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.enrol(task(tmp_path, 1))
    monkeypatch.chdir(tmp_path.parent)
    with board(".") as panel:
        assert panel.note.count(str(tmp_path)) == 1
