"""The ledger of a batch: jobs by content, attempts, pauses, runners that ended."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from workbench.errors import JobError, KernelDied, StorageError, StorageFull
from workbench.ledger import RUNNER, BatchLedger, Entry, batches, owner_name
from workbench.ledger.owner import owner_of, part, working

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[BatchLedger]:
    made = BatchLedger(tmp_path / "batch.sqlite")
    yield made
    made.close()


def entries(*names: str) -> list[Entry]:
    return [Entry(id=name, kind="notebook", parameters={"name": name}) for name in names]


ME = owner_name()


def test_the_same_work_is_enrolled_once(ledger: BatchLedger):
    ledger.enrol(entries("a", "b"))
    again = ledger.enrol(entries("b", "c", "a"))
    assert list(again) == ["b", "c", "a"]
    assert ledger.counts()["queued"] == 3


def test_what_is_done_stays_done_unless_it_is_wanted_again(ledger: BatchLedger):
    ledger.enrol(entries("a", "b"))
    for name in ("a", "b"):
        assert ledger.take(ME, {name}) is not None
        assert ledger.finish(name, ME, {"made": name})
    ledger.enrol(entries("a", "b"), again={"b", "elsewhere"})
    found = ledger.of(["a", "b"])
    assert (found["a"].state, found["a"].result) == ("done", {"made": "a"})
    assert (found["b"].state, found["b"].result) == ("queued", None)


def test_what_runs_is_not_begun_anew(ledger: BatchLedger):
    ledger.enrol(entries("a"))
    ledger.take(ME, {"a"})
    assert ledger.enrol(entries("a"), again={"a"})["a"].state == "running"


def test_who_waits_learns_of_other_limits_and_who_runs_keeps_them(ledger: BatchLedger):
    ledger.enrol(entries("a", "b"))
    ledger.take(ME, {"a"})
    other = [Entry(id=name, kind="notebook", parameters={"limit": 3}) for name in ("a", "b")]
    found = ledger.enrol(other)
    assert found["a"].parameters == {"name": "a"}
    assert found["b"].parameters == {"limit": 3}


def test_all_or_none_are_enrolled(ledger: BatchLedger):
    bad = Entry(id="x", kind="notebook", parameters={"n": float("nan")})
    with pytest.raises(Exception, match="plain values"):
        ledger.enrol([*entries("a"), bad])
    assert ledger.of(["a"]) == {}


def test_jobs_are_taken_in_order_and_only_those_of_the_batch(ledger: BatchLedger):
    ledger.enrol(entries("a", "b", "c"))
    taken = [ledger.take(ME, {"c", "b"}) for _ in range(3)]
    assert [job.id if job else None for job in taken] == ["b", "c", None]


def test_a_failure_is_tried_again_after_a_pause_and_ends_dead(
    ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch
):
    now = 1_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    ledger.enrol(entries("a"))
    for attempt in (1, 2):
        job = ledger.take(ME, {"a"})
        assert job is not None
        assert job.attempts == attempt
        waiting = ledger.retry("a", ME, KernelDied("its kernel died", subject="a"), delay=10)
        assert waiting is not None
        assert (waiting.state, (waiting.error or {})["code"]) == ("queued", "kernel_died")
        now += 9.9
        assert ledger.take(ME, {"a"}) is None, "it waits"
        now += 0.2
    assert ledger.take(ME, {"a"}) is not None
    dead = ledger.retry("a", ME, JobError("no", subject="a"), delay=10)
    assert dead is not None
    assert (dead.state, dead.attempts) == ("dead", 3)
    assert ledger.take(ME, {"a"}) is None
    assert ledger.enrol(entries("a"), again={"a"})["a"].attempts == 0


def test_a_failure_that_is_mended_leaves_no_error(ledger: BatchLedger):
    ledger.enrol(entries("a"))
    ledger.take(ME, {"a"})
    ledger.retry("a", ME, JobError("no"), delay=0)
    ledger.take(ME, {"a"})
    ledger.finish("a", ME, {})
    assert ledger.of(["a"])["a"].error is None


def test_who_lost_a_job_changes_nothing(ledger: BatchLedger):
    ledger.enrol(entries("a"))
    ledger.take(ME, {"a"})
    assert ledger.retry("a", "somebody-else-1-2", JobError("no"), delay=0) is None
    assert ledger.of(["a"])["a"].state == "running"


def test_a_job_that_is_to_stop_is_not_tried_again(ledger: BatchLedger):
    ledger.enrol(entries("a"))
    ledger.take(ME, {"a"})
    ledger.cancel("a")
    job = ledger.retry("a", ME, JobError("interrupted"), delay=0)
    assert job is not None
    assert job.state == "cancelled"


def test_a_thousand_jobs_are_asked_for_at_once(ledger: BatchLedger):
    names = [f"job_{number}" for number in range(1_200)]
    ledger.enrol(entries(*names))
    assert list(ledger.of(names)) == names


def test_a_runner_that_was_killed_is_not_the_fault_of_its_jobs(ledger: BatchLedger):
    """Its children are ended before anybody else may begin what they were at."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = owner_of(process.pid)
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, RUNNER: owner}
    )
    process.kill()
    process.communicate()
    ledger.enrol(entries("a"))
    ledger.take(owner, {"a"})
    (freed,) = ledger.recover()
    assert (freed.state, freed.attempts) == ("queued", 0)
    assert orphan.wait(30) == -9


def test_it_is_a_ledger_like_the_others(tmp_path: Path):
    (tmp_path / "batch.sqlite").write_text("not a database, by any means " * 100)
    ledger = BatchLedger(tmp_path / "batch.sqlite")
    with pytest.raises(StorageError, match="no database") as caught:
        ledger.enrol(entries("a"))
    assert caught.value.subject == str(tmp_path / "batch.sqlite"), "there is one in every folder"
    ledger.close()


def test_a_runner_that_ended_is_known_though_its_process_lives(
    ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch
):
    """Here at once; in another process, once it has long ceased to renew its lease."""
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    ledger.enrol(entries("a", "b"))
    mine, other = part(), f"{owner_of(os.getppid())}.1"
    with working(mine):
        ledger.take(mine, {"a"})
        ledger.take(other, {"b"})
        assert ledger.recover() == []
        now = 170.0
        assert ledger.recover() == []
        ledger.renew(other)
        assert ledger.recover() == []
        now = 340.0
        assert ledger.recover() == [], "it gave a sign meanwhile"
        now = 360.0
        with monkeypatch.context() as patch:
            patch.setattr(batches, "stopped", lambda owner: owner == other)
            assert ledger.recover() == [], "Ctrl-Z held it up, and its kernels work on"
        now = 545.0
        assert [(job.id, job.attempts) for job in ledger.recover()] == [("b", 0)]
    assert [(job.id, job.state) for job in ledger.recover()] == [("a", "queued")]


def test_a_pause_does_not_grow_when_the_clock_is_set_back(
    ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch
):
    """Whoever comes later knows nothing of another's clock."""
    now = time.time()
    ledger.enrol(entries("a"))
    ledger.take(ME, {"a"})
    ledger.retry("a", ME, JobError("no"), delay=30)
    assert ledger.take(ME, {"a"}) is None
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    assert ledger.take(ME, {"a"}) is not None


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it does not work")
    error.sqlite_errorcode = code
    return error


def test_what_is_wrong_with_a_ledger_names_its_folder_and_a_cure(ledger: BatchLedger):
    def told(code: int) -> str:
        return str(ledger._database._error(sqlite_error(code)))

    where = str(ledger.path)
    assert told(sqlite3.SQLITE_FULL).startswith(f"{where}: no space left to write it (")
    assert f"bytes free in {ledger.path.parent}" in told(sqlite3.SQLITE_FULL)
    assert told(sqlite3.SQLITE_READONLY) == (
        f"{where}: cannot be written; "
        "check its permissions, its folder's, and that its disk is not read-only"
    )
    assert told(sqlite3.SQLITE_IOERR) == (
        f"{where}: could not be used (it does not work); "
        "check its disk, and that its folder is still there"
    )


def test_a_full_disk_is_not_taken_for_one_without_a_log(ledger: BatchLedger):
    """Before that, it was told that its file system cannot hold a write-ahead log."""

    class Full:
        def execute(self, statement: str) -> None:
            raise sqlite_error(sqlite3.SQLITE_FULL)

    with (
        pytest.raises(StorageFull),
        ledger._database._translated(),
    ):
        ledger._database._journal(Full())
