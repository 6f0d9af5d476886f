"""Worker processes: what they do, what they say, and when they are replaced.

The old server worked on its request threads: 45 jobs kept ``/health`` waiting for 17 s, a job that
crashed took the server along, and none could be stopped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from faults.pools import Pooled, alive, operations, pooled, within

from workbench.errors import JobError, ParameterError
from workbench.ledger import Ledger, owner_name
from workbench.ledger.owner import owner_of
from workbench.processors import threads
from workbench.service.pool import WorkerPool


def test_starting_waits_for_nobody(tmp_path, monkeypatch):
    """Jobs that are submitted before a worker is there wait for it, and start without a poll.

    Of what is said meanwhile nothing reaches a worker before its settings.
    """
    for name, value in operations().items():
        monkeypatch.setenv(name, value)
    pool = Pooled(tmp_path)

    def named(pid: int) -> str:  # in the moment in which a worker is known
        pool.pool.wake()
        return owner_of(pid)

    monkeypatch.setattr("workbench.service.slot.owner_of", named)
    with pool:
        assert pool.pool.ready == 0
        jobs = [pool.submit("nothing") for _ in range(5)]
        assert {pool.ended(job).state for job in jobs} == {"done"}
        assert within(20, lambda: pool.pool.ready == 2)
        pool.pool.start()  # a second time: nothing
        assert len(pool.pool.pids) == 2


def test_a_job_runs_in_milliseconds_and_its_end_is_heard(tmp_path):
    """From submit to running 0.2 ms here at the median, to the listener 0.5 ms."""
    with pooled(tmp_path) as pool:
        pool.done("nothing")
        starts, ends = [], []
        for _ in range(50):
            begun, clock = time.perf_counter(), time.time()
            job = pool.done("nothing")
            ends.append(time.perf_counter() - begun)
            starts.append(job.started - clock)
        assert sorted(starts)[25] < 0.05
        assert sorted(ends)[25] < 0.1


def test_progress_is_told_and_kept(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        pool.done("nothing")
        job = pool.running("steps", seconds=1.0)
        seen = []
        while not pool.find(job).ended:
            seen.append(pool.find(job).progress)
            time.sleep(0.02)
        pool.ended(job)
        told = [event for name, event in pool.heard if name == job.id]
        assert told[-1] == "ended"
        # 200 reports, of which about ten a second are passed on.
        assert 2 <= told.count("progress") <= 12
        assert seen == sorted(seen)
        assert any(0.2 < part < 0.95 for part in seen)
        assert pool.find(job).progress == 1.0


@pytest.mark.parametrize(
    ("way", "code", "problem"),
    [
        ("told", "text", "is empty"),
        ("unforeseen", "job", "failed unexpectedly (TypeError"),
        ("memory", "job", "ran out of memory"),
        ("exit", "job", "SystemExit"),
        ("generator", "job", "GeneratorExit"),
        ("object", "job", "is not made of plain values"),
        ("nan", "job", "is not made of plain values"),
        ("deep", "job", "RecursionError"),
    ],
)
def test_whatever_a_job_raises_is_its_end(way, code, problem, tmp_path, capfd):
    with pooled(tmp_path, workers=1) as pool:
        job = pool.done("fail", way=way)
        assert (job.state, job.error["code"]) == ("failed", code)
        assert problem in job.error["problem"]
        assert "/" not in str(job.error)
        assert pool.done("nothing").state == "done"
    told = capfd.readouterr().err
    assert ("Traceback" in told) == (way in {"unforeseen", "exit", "generator", "deep"})


def test_an_unknown_operation_fails(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        job = pool.done("nothin")
        assert (job.state, job.error["code"]) == ("failed", "parameter")
        assert "nothing" in job.error["cure"]


def test_a_worker_stays_and_has_its_share_of_the_processors(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_THREADS", "6")
    with pooled(tmp_path, workers=2) as pool:
        told = [pool.done("where").result for _ in range(10)]
    assert len({one["pid"] for one in told}) <= 2
    assert {one["threads"] for one in told} == {"3"}
    assert not any(one["torch"] or one["engines"] for one in told)
    assert threads() == 6


def test_a_worker_is_replaced_after_some_jobs(tmp_path):
    with pooled(tmp_path, workers=1, jobs=3) as pool:
        pids = [pool.done("where").result["pid"] for _ in range(7)]
    assert pids[0] == pids[1] == pids[2] != pids[3]
    assert pids[3] == pids[4] == pids[5] != pids[6]
    assert {job.attempts for job in Ledger(pool.path).jobs()} == {1}


def test_a_worker_that_has_grown_is_replaced(tmp_path):
    with pooled(tmp_path, workers=1, memory=1) as pool:
        pids = [pool.done("where").result["pid"] for _ in range(3)]
    assert len(set(pids)) == 3


def test_a_worker_without_memory_is_replaced(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        before = pool.done("where").result["pid"]
        pool.done("fail", way="memory")
        assert pool.done("where").result["pid"] != before


@pytest.mark.parametrize(("way", "how"), [("crash", "by SIGSEGV"), ("leave", "with status 0")])
def test_a_job_that_ends_its_process_is_dead_after_three(way, how, tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        job = pool.done("fail", way=way)
        assert (job.state, job.attempts, job.error["code"]) == ("dead", 3, "job")
        assert f"ended 3 times, the last time {how}" in job.error["problem"]
        assert pool.done("nothing").state == "done"


def test_jobs_of_another_process_are_done_too(tmp_path):
    """Two servers of one store: who submits wakes its own workers only; the others look."""
    with pooled(tmp_path, workers=1) as pool:
        pool.done("nothing")
        time.sleep(0.5)  # until its worker has seen that there is nothing to do
        other = Ledger(pool.path)
        job = other.submit("nothing", {})
        assert within(15, lambda: other.find(job.id).ended)
        other.close()


def test_closing_gives_back_what_runs(tmp_path):
    """The attempt does not count: three restarts of a server would leave a long job dead."""
    with pooled(tmp_path, workers=1) as pool:
        job = pool.running("deaf", seconds=60)
        waiting = pool.submit("nothing")
        begun = time.monotonic()
        pool.pool.close(1.0)
        assert time.monotonic() - begun < 3
        assert pool.pool.pids == []
        found = pool.find(job)
        assert (found.state, found.attempts, found.owner) == ("queued", 0, "")
        assert pool.find(waiting).state == "queued"


def test_closing_lets_a_short_job_end(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        job = pool.running("steps", seconds=0.5)
        pool.pool.close(10.0)
        assert pool.find(job).state == "done"


def test_closing_ends_a_worker_that_does_not_listen(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        job = pool.running("stubborn", seconds=60)
        pool.pool.close(0.5)
        assert pool.pool.pids == []
        assert (pool.find(job).state, pool.find(job).attempts) == ("queued", 0)


def test_closing_before_a_worker_is_there(tmp_path):
    for _ in range(3):
        with pooled(tmp_path) as pool:
            pass
        assert pool.pool.pids == []


def test_closing_what_was_never_started(tmp_path):
    pool = WorkerPool(str(tmp_path), tmp_path / "jobs.sqlite")
    pool.wake()
    pool.close()
    pool.start()  # closed for good
    assert pool.pids == []
    with pytest.raises(ParameterError):
        WorkerPool(str(tmp_path), tmp_path / "jobs.sqlite", workers=0)


def test_workers_that_do_not_start_fail_what_waits(tmp_path, monkeypatch, caplog):
    """They would wait for ever, and nobody would know why."""
    for name, value in operations("nowhere.at_all").items():
        monkeypatch.setenv(name, value)
    pool = Pooled(tmp_path)
    job = pool.ledger.submit("nothing", {})
    with pool:
        ended = pool.ended(job)
        assert (ended.state, ended.error["code"]) == ("failed", "job")
        assert "no worker starts" in ended.error["problem"]
        assert "ModuleNotFoundError" in ended.error["problem"]
        assert isinstance(pool.pool.problem, JobError)
        assert pool.ended(pool.submit("nothing"), 5.0).state == "failed"
    assert "no worker starts" in caplog.text


def test_a_pool_works_again_once_workers_start(tmp_path, monkeypatch):
    broken = tmp_path / "module"
    broken.mkdir()
    (broken / "later.py").write_text("raise RuntimeError")
    monkeypatch.setattr("workbench.service.slot._PAUSES", (0.1,))
    for name, value in operations("later:OPERATIONS").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(broken), prepend=os.pathsep)
    ledger = Ledger(tmp_path / "jobs.sqlite")
    pool = WorkerPool(str(tmp_path), tmp_path / "jobs.sqlite", workers=1)
    try:
        pool.start()
        assert within(20, lambda: pool.problem is not None)
        (broken / "later.py").write_text("OPERATIONS = ()")
        assert within(20, lambda: pool.problem is None)
        job = ledger.submit("nothing", {})
        pool.wake()
        assert within(20, lambda: ledger.find(job.id).ended)
        assert ledger.find(job.id).error["code"] == "parameter"
    finally:
        pool.close(0.5)


def test_a_listener_that_fails_harms_nobody(tmp_path, caplog):
    with pooled(tmp_path, workers=1) as pool:
        pool.pool.listen(lambda *_: 1 / 0)
        assert pool.done("nothing").state == "done"
        assert pool.done("nothing").state == "done"
    assert "ZeroDivisionError" in caplog.text


def test_a_job_that_was_deleted_while_it_ran_is_broken_off(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        job = pool.running("steps", seconds=60)
        pool.ledger.forget(job.id)
        assert pool.done("nothing").state == "done"
        assert pool.ledger.find(job.id) is None


def test_terminal_s_interrupt_is_for_the_parent(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        pid = pool.done("where").result["pid"]
        assert os.getpgid(pid) == pid != os.getpgrp()
        os.kill(pid, signal.SIGINT)
        assert pool.done("where").result["pid"] == pid


def test_a_worker_that_is_told_to_terminate_does(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        pid = pool.done("where").result["pid"]
        job = pool.running("deaf", seconds=1.0)
        os.kill(pid, signal.SIGTERM)
        assert within(3, lambda: not alive(pid))
        assert (pool.ended(job).state, pool.find(job).attempts) == ("done", 2)


def test_no_secret_stands_among_the_arguments(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        pid = pool.done("where").result["pid"]
        shown = subprocess.run(
            ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=True
        ).stdout
        assert "workbench.service.worker" in shown
        assert str(tmp_path) not in shown


def test_a_file_in_the_working_directory_is_no_module(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path)
    with pooled(tmp_path / "store", workers=1) as pool:
        assert pool.done("nothing").state == "done"


def test_a_process_id_alone_is_no_owner():
    assert owner_name().split("-")[2] == str(os.getpid())
    assert sys.executable not in owner_name()
