"""The ledger: which way a job may go, who may end it, and what is found again.

The old system had no ledger. Its status was guessed from a ``.tmp`` marker beside the output: 147
of 164 polls said *ready* while the file was being written, failed Kokoro jobs stayed *processing*
for ever, and failed Chatterbox jobs became *not_found*.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import stat
import threading
import time

import pytest
from faults.pools import within
from faults.watch import watched

from workbench.errors import (
    FileGone,
    JobError,
    ParameterError,
    QueueFull,
    StorageError,
    TextError,
)
from workbench.ledger import ENDED, STATES, Ledger, owner_name
from workbench.ledger import owner as owners
from workbench.ledger.job import TRANSITIONS

ME = owner_name()
OTHER = "elsewhere-1234abcd-77-1"  # of a machine that nobody here can ask


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "jobs.sqlite", bound=5)
    yield made
    made.close()


def running(ledger, owner=ME, **options):
    job = ledger.submit("fonts", {}, **options)
    claimed = ledger.claim(owner)
    assert claimed is not None
    assert claimed.id == job.id
    return claimed


def in_state(ledger, state):
    """A job that came into a state as jobs do."""
    if state == "queued":
        return ledger.submit("fonts", {})
    job = running(ledger)
    match state:
        case "done":
            ledger.finish(job.id, ME, {})
        case "failed":
            ledger.fail(job.id, ME, JobError("no"))
        case "cancelled":
            ledger.cancelled(job.id, ME)
        case "dead":
            for _ in range(ledger.attempts):
                ledger.release(ME)
                ledger.claim(ME)
    return ledger.find(job.id)


def test_a_job_from_submit_to_its_end(ledger):
    """What is told at each step is the ledger's word, and no file is looked at."""
    job = ledger.submit("speak", {"text": "Grüß \ud800 dich", "n": [1, None]}, output="audio_1.wav")
    assert (job.id, job.output, job.state) == ("audio_1.wav", "audio_1.wav", "queued")
    assert (job.attempts, job.started, job.finished, job.seconds) == (0, None, None, None)
    claimed = ledger.claim(ME)
    assert (claimed.id, claimed.state, claimed.owner, claimed.attempts) == (
        job.id,
        "running",
        ME,
        1,
    )
    assert claimed.parameters == {"text": "Grüß \ud800 dich", "n": [1, None]}
    assert ledger.claim(ME) is None
    for part, kept in [(0.25, 0.25), (0.1, 0.25), (float("nan"), 0.25), (7, 1.0), (-1, 1.0)]:
        assert ledger.progress(job.id, part, ME)
        assert ledger.find(job.id).progress == kept
    assert ledger.finish(job.id, ME, {"duration": 1.5})
    found = ledger.find(job.id)
    assert (found.state, found.result, found.progress, found.error) == (
        "done",
        {"duration": 1.5},
        1.0,
        None,
    )
    assert found.created <= found.started <= found.finished
    assert found.ended


def test_a_failure_keeps_its_reason(ledger):
    """Of the old system's failed jobs nobody learnt why, or that they had failed."""
    job = running(ledger)
    assert ledger.fail(job.id, ME, TextError("is empty", subject="script", cure="write"))
    found = ledger.find(job.id)
    assert (found.state, found.error) == (
        "failed",
        {"code": "text", "subject": "script", "problem": "is empty", "cure": "write"},
    )


def test_status_never_looks_at_the_file_system(ledger, tmp_path):
    """147 of 164 polls of the old system said *ready* while the file was being written.

    It looked whether there was a marker beside a file; failed Kokoro jobs stayed *processing* for
    ever, failed Chatterbox jobs became *not_found*.
    """
    folder = tmp_path / "audio"
    folder.mkdir()
    job = running(ledger, output="audio_1.wav")
    with watched(folder) as opened:
        for name in ("audio_1.wav", "audio_1.wav.tmp"):
            (folder / name).write_bytes(b"half")
            opened.clear()
            assert ledger.find(job.id).state == "running"
            (folder / name).unlink()
        assert ledger.find(job.id).state == "running"
        ledger.fail(job.id, ME, JobError("no"))
        assert ledger.find(job.id).state == "failed"
    assert opened == ["audio_1.wav", "audio_1.wav.tmp"]  # by this test, once each


ACTS = {
    "claim": lambda ledger, _: ledger.claim(ME),
    "progress": lambda ledger, job: ledger.progress(job.id, 0.5, ME),
    "finish": lambda ledger, job: ledger.finish(job.id, ME, {}),
    "fail": lambda ledger, job: ledger.fail(job.id, ME, JobError("no")),
    "cancelled": lambda ledger, job: ledger.cancelled(job.id, ME),
    "cancel": lambda ledger, job: ledger.cancel(job.id),
    "release": lambda ledger, _: ledger.release(ME),
}
AFTER = {
    ("queued", "claim"): "running",
    ("queued", "cancel"): "cancelled",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "cancelled"): "cancelled",
    ("running", "release"): "queued",
}


@pytest.mark.parametrize(("state", "act"), list(itertools.product(STATES, ACTS)))
def test_the_table_of_states(state, act, ledger):
    """42 cases: what is not in the table changes nothing."""
    job = in_state(ledger, state)
    assert job.state == state
    ACTS[act](ledger, job)
    after = ledger.find(job.id)
    assert after.state == AFTER.get((state, act), state)
    if state in ENDED:
        assert after == job


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_the_database_itself_refuses_another_way(before, after, ledger):
    """36 cases, by hand and past our code."""
    job = in_state(ledger, before)
    with sqlite3.connect(ledger.path) as connection:
        change = "UPDATE jobs SET state = ? WHERE id = ?"
        if after in TRANSITIONS[before]:
            connection.execute(change, (after, job.id))
        else:
            with pytest.raises(sqlite3.IntegrityError, match="illegal change of state"):
                connection.execute(change, (after, job.id))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE jobs SET state = 'ready' WHERE id = ?", (job.id,))
    connection.close()


def test_who_lost_a_job_cannot_end_it(ledger):
    job = running(ledger, OTHER)
    assert [one.state for one in ledger.release(OTHER)] == ["queued"]
    assert not ledger.finish(job.id, OTHER, {})
    assert ledger.claim(ME).attempts == 2
    assert not ledger.progress(job.id, 0.9, OTHER)
    assert not ledger.finish(job.id, OTHER, {"mine": True})
    assert not ledger.fail(job.id, OTHER, JobError("no"))
    assert not ledger.cancelled(job.id, OTHER)
    assert ledger.renew(OTHER) == 0
    assert ledger.find(job.id).progress == 0
    assert ledger.finish(job.id, ME, {"mine": True})
    assert not ledger.finish(job.id, ME, {"mine": False})
    assert ledger.find(job.id).result == {"mine": True}


def test_the_first_to_come_is_the_first_to_be_done(ledger):
    names = [ledger.submit("fonts", {"n": n}).id for n in range(5)]
    first = ledger.claim(ME)
    assert first.id == names[0]
    ledger.release(ME)  # and keeps its place
    assert [ledger.claim(ME).id for _ in range(5)] == names


def test_the_bound_counts_what_waits(ledger):
    for _ in range(5):
        ledger.submit("fonts", {})
    with pytest.raises(QueueFull, match="5 jobs wait"):
        ledger.submit("fonts", {})
    ledger.start("fonts", {}, ME)  # in process: it does not wait
    ledger.claim(ME)
    ledger.submit("fonts", {})
    with pytest.raises(QueueFull):
        ledger.submit("fonts", {})
    assert ledger.counts() == {
        "queued": 5,
        "running": 2,
        "done": 0,
        "failed": 0,
        "cancelled": 0,
        "dead": 0,
    }


def test_a_key_is_one_job_whatever_became_of_it(ledger):
    job = ledger.submit("fonts", {}, key="a")
    assert ledger.submit("fonts", {}, key="a") == job
    assert ledger.submit("fonts", {}, output="audio_2.wav", key="a") == job
    assert ledger.keyed("a", "fonts") == job
    assert ledger.keyed("b", "fonts") is ledger.keyed("", "fonts") is None
    for ask in (ledger.submit, lambda kind, _, key: ledger.keyed(key, kind)):
        with pytest.raises(ParameterError, match="another kind, fonts"):
            ask("voices", {}, key="a")
    for _ in range(4):
        ledger.submit("fonts", {})
    assert ledger.submit("fonts", {}, key="a") == job  # also when the queue is full
    ledger.cancel(job.id)
    assert ledger.submit("fonts", {}, key="a").state == "cancelled"
    assert ledger.start("fonts", {}, ME, key="a").id == job.id
    assert ledger.submit("fonts", {}).id != job.id  # no key is no key


@pytest.mark.parametrize("key", ["a" * 256, "é", "a\nb", "a\0b", "\ud800", 7, None])
def test_a_key_that_cannot_be_kept(key, ledger):
    with pytest.raises(ParameterError, match="idempotency key"):
        ledger.submit("fonts", {}, key=key)


def test_concurrent_submits_with_one_key_give_one_job(tmp_path):
    """In threads here; in processes in the fault tests."""
    found = []
    start = threading.Barrier(8)

    def submit() -> None:
        mine = Ledger(tmp_path / "jobs.sqlite")
        start.wait()
        found.append(mine.submit("fonts", {}, key="one").id)
        mine.close()

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_an_id_belongs_to_one_job(ledger):
    ledger.submit("fonts", {}, output="audio_1.wav")
    with pytest.raises(StorageError, match="another job's"):
        ledger.submit("fonts", {}, output="audio_1.wav")


@pytest.mark.parametrize("value", [object(), float("inf"), {1, 2}, b"x"])
def test_values_that_are_not_plain(value, ledger):
    with pytest.raises(ParameterError, match="plain values"):
        ledger.submit("fonts", {"a": value})
    job = running(ledger)
    with pytest.raises(ParameterError, match="plain values"):
        ledger.finish(job.id, ME, value)
    assert ledger.find(job.id).state == "running"


def test_cancelling(ledger):
    waiting = ledger.submit("fonts", {})
    assert ledger.cancel(waiting.id).state == "cancelled"
    assert ledger.find(waiting.id).finished >= waiting.created
    job = running(ledger)
    wanted = ledger.cancel(job.id)
    assert (wanted.state, wanted.cancelling) == ("running", True)
    assert ledger.cancelled(job.id, ME)
    assert (ledger.find(job.id).state, ledger.find(job.id).cancelling) == ("cancelled", False)
    with pytest.raises(FileGone, match="is no job"):
        ledger.cancel("job_nobody")


def test_a_job_that_was_to_be_cancelled_is_not_done_again(ledger):
    """Its process was killed because it did not stop."""
    job = running(ledger)
    ledger.cancel(job.id)
    assert [one.state for one in ledger.release(ME)] == ["cancelled"]
    assert ledger.find(job.id).error is None


def test_dead_after_as_many_attempts_as_may_be(ledger):
    job = running(ledger)
    for state in ("queued", "queued", "dead"):
        assert [one.state for one in ledger.release(ME)] == [state]
        ledger.claim(ME)
    found = ledger.find(job.id)
    assert (found.attempts, found.error["code"]) == (3, "job")
    assert "ended 3 times" in found.error["problem"]


def test_an_end_on_purpose_does_not_count(ledger):
    job = running(ledger)
    for _ in range(10):
        ledger.release(ME, blame=False)
        assert ledger.claim(ME).attempts == 1
    assert ledger.find(job.id).state == "running"


def test_work_in_process_is_dead_with_its_process(ledger):
    """Nobody else would take it up: it would be ``processing`` for ever."""
    job = ledger.start("fonts", {"a": 1}, "gone")
    assert (job.state, job.owner, job.attempts) == ("running", "gone", 1)
    assert ledger.claim(ME) is None
    (dead,) = ledger.release("gone")
    assert (dead.state, dead.error["code"]) == ("dead", "job")


def test_uploads_are_known_until_they_are_forgotten(ledger):
    ledger.record("image_1.jpg")
    ledger.record("image_1.jpg")
    found = ledger.find("image_1.jpg")
    assert (found.kind, found.state, found.output) == ("upload", "done", "image_1.jpg")
    assert ledger.forget("image_1.jpg")
    assert not ledger.forget("image_1.jpg")
    assert ledger.find("image_1.jpg") is None
    job = running(ledger, output="audio_1.wav")
    ledger.record("audio_1.wav")  # a job has it already
    assert ledger.find("audio_1.wav") == job


def test_pruning_removes_what_ended_long_ago(ledger):
    ended = [in_state(ledger, state).id for state in ("done", "failed", "cancelled", "dead")]
    stays = in_state(ledger, "running").id
    waits = in_state(ledger, "queued").id
    assert ledger.prune(3600) == 0
    assert ledger.prune(-1) == 4
    assert [ledger.find(name) for name in ended] == [None] * 4
    assert {job.id for job in ledger.jobs()} == {stays, waits}


def test_listing(ledger):
    names = [in_state(ledger, state).id for state in ("done", "failed", "done")]
    assert [job.id for job in ledger.jobs()] == names[::-1]
    assert [job.id for job in ledger.jobs(limit=1)] == names[-1:]
    assert [job.id for job in ledger.jobs(states=["failed"])] == [names[1]]
    assert ledger.jobs(limit=-1) == []
    with pytest.raises(ParameterError, match="state"):
        ledger.jobs(states=["'; DROP TABLE jobs; --"])


@pytest.mark.parametrize("name", ["", "'; --", "é", "\ud800", "a\0b", "x" * 10**6, 7, None])
def test_odd_ids_are_nobody_s(name, ledger):
    ledger.submit("fonts", {})
    assert ledger.find(name) is None
    assert not ledger.forget(name)
    with pytest.raises(FileGone):
        ledger.cancel(name)


def test_nothing_is_made_before_it_is_needed(tmp_path):
    ledger = Ledger(tmp_path / "store" / "jobs.sqlite")
    assert ledger.find("a") is None
    assert ledger.jobs() == []
    assert set(ledger.counts().values()) == {0}
    assert (ledger.recover(), ledger.release(ME), ledger.claim(ME)) == ([], [], None)
    assert (ledger.forget("a"), ledger.prune(0)) == (False, 0)
    with pytest.raises(FileGone):
        ledger.cancel("a")
    assert list(tmp_path.iterdir()) == []
    ledger.record("image_1.jpg")
    assert ledger.find("image_1.jpg") is not None
    ledger.close()


def test_others_cannot_read_it(tmp_path):
    """Jobs hold what people wrote."""
    old = os.umask(0)
    try:
        ledger = Ledger(tmp_path / "jobs.sqlite")
        ledger.submit("fonts", {})
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert modes == dict.fromkeys(("jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"), 0o600)
    ledger.close()


# -- clocks -------------------------------------------------------------------------------------


class Clock:
    """The time of day, which somebody sets."""

    def __init__(self, monkeypatch):
        self.shift = 0.0
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + self.shift)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.mark.parametrize("jump", [3600, -3600, 86_400 * 365, -86_400 * 365])
def test_setting_the_clock_takes_no_job_from_a_living_process(jump, ledger, clock):
    job = running(ledger)
    clock.shift = jump
    assert ledger.recover() == []
    assert ledger.finish(job.id, ME, {})
    found = ledger.find(job.id)
    assert 0 <= found.seconds < 60


@pytest.mark.parametrize("jump", [3600, -3600])
def test_jobs_after_the_clock_was_set_keep_their_order(jump, ledger, clock):
    first = ledger.submit("fonts", {})
    clock.shift = jump
    ledger.submit("fonts", {})
    claimed = ledger.claim(ME)
    assert claimed.id == first.id
    assert claimed.started >= claimed.created
    ledger.cancel(ledger.submit("fonts", {}).id)


def test_a_lease_of_another_machine(ledger, clock):
    """Its process cannot be looked for: there, time has to tell."""
    job = running(ledger, OTHER)
    assert ledger.recover() == []
    clock.shift = 29
    assert ledger.recover() == []
    ledger.renew(OTHER)
    clock.shift = 58
    assert ledger.recover() == []
    clock.shift = 60
    assert [one.id for one in ledger.recover()] == [job.id]
    assert ledger.find(job.id).state == "queued"


def test_a_lease_after_the_clock_was_set_back(ledger, clock):
    """It would hold for a year; it holds as long as it was given, from then on."""
    job = running(ledger, OTHER)
    clock.shift = -86_400 * 365
    assert ledger.recover() == []
    clock.shift += 29
    assert ledger.recover() == []
    clock.shift += 2
    assert [one.id for one in ledger.recover()] == [job.id]


# -- owners -------------------------------------------------------------------------------------


def test_a_process_that_has_ended_loses_its_jobs(ledger):
    job = ledger.submit("fonts", {})
    path = ledger.path
    ledger.close()
    pid = os.fork()
    if not pid:
        child = Ledger(path)
        claimed = child.claim(owner_name())
        os._exit(0 if claimed is not None else 1)
    # Before it is waited for, too: a zombie does nothing.
    assert within(10, lambda: ledger.find(job.id).state == "running")
    assert within(10, ledger.recover)
    assert os.waitpid(pid, 0)[1] == 0
    found = ledger.find(job.id)
    assert (found.state, found.attempts) == ("queued", 1)


def test_a_process_id_that_is_used_again_is_another_process(ledger):
    machine, boot, pid, start = ME.rsplit("-", 3)
    earlier = f"{machine}-{boot}-{pid}-{int(start) - 1}"
    assert owners.gone(ME) is False
    assert owners.gone(earlier) is True
    running(ledger, earlier)
    assert [job.state for job in ledger.recover()] == ["queued"]


def test_who_is_gone_and_who_cannot_be_known():
    machine, _, pid, start = ME.rsplit("-", 3)
    assert owners.gone(f"{machine}-00000000-{pid}-{start}") is True  # before the last boot
    assert owners.gone(OTHER) is None
    for odd in ("", "a", "a-b-c-d", f"{machine}-x-1"):
        assert owners.gone(odd) is None
    assert owners.owner_name() == owners.owner_of(os.getpid())


def test_a_process_without_proc(monkeypatch, tmp_path):
    """As on macOS: whether it runs is all that can be seen."""
    monkeypatch.setattr(owners, "_PROC", tmp_path / "none")
    owners._boot.cache_clear()
    try:
        mine = owner_name()
        assert mine.endswith(f"-0-{os.getpid()}-0")
        assert owners.gone(mine) is False
        assert owners.gone(mine.replace(f"-{os.getpid()}-", "-4194305-")) is True
    finally:
        owners._boot.cache_clear()


# -- connections --------------------------------------------------------------------------------


def test_a_forked_process_has_a_connection_of_its_own(ledger):
    first = ledger.submit("fonts", {})
    parents = ledger._database._own.it.connection
    pid = os.fork()
    if not pid:
        ledger.submit("fonts", {"child": 1})
        other = ledger._database._own.it.connection is not parents
        ledger.close()
        os._exit(0 if other and parents.execute("SELECT 1").fetchone() else 1)
    assert os.waitpid(pid, 0)[1] == 0
    second = ledger.submit("fonts", {})
    assert len(ledger.jobs()) == 3
    assert {first.id, second.id} < {job.id for job in ledger.jobs()}


def test_an_ended_thread_leaves_no_open_file(ledger):
    ledger.submit("fonts", {})

    def count() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    before = count()
    for _ in range(20):
        thread = threading.Thread(target=ledger.counts)
        thread.start()
        thread.join()
    assert count() <= before + 3


def test_a_file_that_was_moved_away_is_not_written_to(ledger):
    """Jobs in a file that nobody finds any more would wait for ever."""
    ledger.submit("fonts", {})
    ledger.path.unlink()
    job = ledger.submit("fonts", {})
    other = Ledger(ledger.path)
    assert [one.id for one in other.jobs()] == [job.id]
    other.close()


def test_an_interrupt_in_a_transaction_leaves_it_usable(ledger, monkeypatch):
    job = running(ledger)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("workbench.ledger.changes.known", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ledger.cancel(job.id)
    assert not ledger.find(job.id).cancelling
    other = Ledger(ledger.path, wait=0.2)
    assert other.cancel(job.id).cancelling
    other.close()


def test_bounds_that_make_no_sense(tmp_path):
    for options in ({"bound": 0}, {"attempts": 0}):
        with pytest.raises(ParameterError):
            Ledger(tmp_path / "a", **options)
