"""Workers that are stopped, killed, or orphaned: nothing is left, and every job has a true end.

A pilot of a server with a ProcessPoolExecutor left two workers running when it was terminated; the
old server could not stop a job at all, and forgot all of them when it was started anew.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from faults.pools import alive, operations, pooled, within
from faults.processes import running

from workbench.ledger import Ledger
from workbench.storage.ids import FileId

pytestmark = pytest.mark.faults

BOUND = 2.0  # seconds from a cancel to a job that is cancelled, and no process of it
LEFT = 3.0  # seconds after the end of the parent


@pytest.mark.parametrize("times", [2, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["steps", "deaf", "stubborn", "greedy"])
def test_a_running_job_is_cancelled(kind, times, tmp_path):
    """5 of the 20 each; those that take notice of nothing cost their process."""
    taken = []
    with pooled(tmp_path, workers=1) as pool:
        for i in range(times):
            worker = pool.done("where").result["pid"]
            job = pool.running(kind, seconds=60)
            time.sleep(0.02 * i)
            begun = time.monotonic()
            pool.cancel(job)
            found = pool.ended(job, 10.0)
            taken.append(time.monotonic() - begun)
            assert (found.state, found.error, found.attempts) == ("cancelled", None, 1)
            stayed = pool.done("where").result["pid"] == worker
            assert stayed == (kind in {"steps", "deaf"})  # its models are still loaded
    assert max(taken) <= BOUND, taken


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.5])
def test_its_child_goes_with_it(moment, tmp_path):
    """A child in a session of its own, which takes no notice of SIGTERM."""
    with pooled(tmp_path, workers=1) as pool:
        pool.done("nothing")
        mark = f"mark-{tmp_path.name}-{moment}"
        job = pool.running("child", seconds=60, path=str(tmp_path / "going"), text=mark)
        assert within(10, lambda: running(mark))
        time.sleep(moment)
        pool.cancel(job)
        assert pool.ended(job, BOUND).state == "cancelled"
        assert within(1.0, lambda: not running(mark))


def test_a_killed_worker_s_child_goes_with_it(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        pid = pool.done("where").result["pid"]
        mark = f"mark-{tmp_path.name}"
        job = pool.running("child", seconds=60, path=str(tmp_path / "going"), text=mark)
        assert within(10, lambda: running(mark))
        pool.ledger.cancel(job.id)
        os.kill(pid, signal.SIGKILL)
        assert pool.ended(job, BOUND).state == "cancelled"
        assert within(1.0, lambda: not running(mark))


@pytest.mark.media
@pytest.mark.parametrize("moment", [0.0, 0.5, 2.0])
def test_a_render_is_cancelled(moment, made, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with pooled(tmp_path, workers=1) as pool:
        pool.done("nothing")
        job = pool.running("render", path=str(made["clip.mp4"]), text=str(out))
        time.sleep(moment)
        begun = time.monotonic()
        pool.cancel(job)
        assert pool.ended(job, 10.0).state == "cancelled"
        assert time.monotonic() - begun <= BOUND
        assert within(BOUND, lambda: not list(out.iterdir()))
        assert within(BOUND, lambda: not running(str(made["clip.mp4"].parent)))


def test_a_job_that_has_just_begun_is_cancelled(tmp_path):
    """The cancel meets the claim: whichever comes first, it is not lost."""
    with pooled(tmp_path, workers=1) as pool:
        pool.done("nothing")
        for _ in range(40):
            job = pool.submit("steps", seconds=30)
            time.sleep(random.uniform(0, 0.003))  # noqa: S311 - no secret in it
            pool.cancel(job)
            assert within(BOUND, lambda: pool.find(job).ended), pool.find(job)  # noqa: B023
            assert pool.find(job).state == "cancelled"


def test_a_cancel_from_another_process_is_seen(tmp_path):
    with pooled(tmp_path, workers=1) as pool:
        job = pool.running("deaf", seconds=60)
        other = Ledger(pool.path)
        assert other.cancel(job.id).cancelling
        assert pool.ended(job, BOUND).state == "cancelled"
        other.close()


def test_workers_killed_at_any_moment_lose_and_double_nothing(tmp_path):
    """20 kills; each job is done once, or was begun again by another after its worker's end."""
    lines = tmp_path / "lines"
    chance = random.Random(5)  # noqa: S311
    with pooled(tmp_path, workers=2) as pool:
        pool.ledger.attempts = 50
        jobs = [pool.submit("note", path=str(lines), text=str(i), seconds=0.05) for i in range(120)]
        for _ in range(20):
            time.sleep(chance.uniform(0.02, 0.2))
            for pid in chance.sample(pool.pool.pids, min(1, len(pool.pool.pids))):
                os.kill(pid, signal.SIGKILL)
        found = [pool.ended(job, 60.0) for job in jobs]
    assert {job.state for job in found} == {"done"}
    runs = [line.split()[0] for line in lines.read_text().splitlines()]
    assert set(runs) == {str(i) for i in range(120)}
    # One that was killed between its line and its end is done again: at most one for each kill.
    assert len(runs) <= 120 + 20
    assert sum(job.attempts - 1 for job in found) <= 20


def test_what_a_killed_worker_was_writing_is_swept(tmp_path):
    name = str(FileId.new("audio", ".wav"))
    told = tmp_path / "told"
    store = tmp_path / "store"
    with pooled(store, workers=1) as pool:
        values = {"path": str(told), "seconds": 60}
        job = pool.ledger.submit("half", values, output=name)
        pool.pool.wake()
        assert within(20, lambda: told.exists() and told.read_text())
        part = told.read_text()
        assert os.path.exists(part)  # noqa: PTH110
        pool.cancel(job)
        assert pool.ended(job, BOUND).state == "cancelled"
        assert pool.done("nothing").state == "done"
        assert not os.path.exists(part)  # noqa: PTH110
        assert not list((store / "audio").glob("*")) if (store / "audio").exists() else True


PARENT = """
    import signal, sys, time
    from pathlib import Path
    from faults.pools import Pooled, within
    kind, how, mark, clip = sys.argv[1:5]
    folder = Path(sys.argv[5])
    if how == "end well":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Pooled(folder, workers=2) as pool:
        if kind == "starting":
            print(*pool.pool.pids, flush=True)
            time.sleep(60)
        pool.done("nothing")
        if kind == "child":
            pool.running("child", seconds=60, path=str(folder / "going"), text=mark)
            assert within(10, (folder / "going").exists)
        elif kind == "render":
            pool.running("render", path=clip, text=str(folder))
            time.sleep(1)
        elif kind != "idle":
            pool.running(kind, seconds=60)
        print(*pool.pool.pids, flush=True)
        time.sleep(60)
"""


KINDS = ("idle", "starting", "deaf", "greedy", "early", "child", "render")
HOWS = ("KILL", "TERM", "end well", "KILL all")
OFTEN = {  # each kind and each way; all together they take a minute
    *[("KILL", "greedy"), ("TERM", "starting"), ("TERM", "render"), ("end well", "deaf")],
    *[("end well", "idle"), ("KILL all", "child"), ("KILL all", "early")],
}


def often(how: str, kind: str) -> object:
    marks = () if (how, kind) in OFTEN else pytest.mark.slow
    return pytest.param(how, kind, marks=marks)


@pytest.mark.media
@pytest.mark.parametrize(("how", "kind"), [often(how, kind) for how in HOWS for kind in KINDS])
def test_nobody_is_left_when_the_parent_has_ended(how, kind, made, tmp_path):
    """0 children 3 s later, whatever they are at: also when the workers were killed with it."""
    mark = f"mark-{tmp_path.name}"
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    store = tmp_path / mark
    with subprocess.Popen(
        [sys.executable, script, kind, how, mark, str(made["clip.mp4"]), str(store)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **operations(), "TMPDIR": str(tmp_path)},
    ) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert kind == "starting" or len(pids) == 2
        before = family(parent.pid)
        assert set(pids) <= set(before)
        if how == "KILL all":
            for pid in [parent.pid, *pids]:
                os.kill(pid, signal.SIGKILL)
        else:
            parent.send_signal(signal.SIGKILL if how == "KILL" else signal.SIGTERM)
        begun = time.monotonic()
        if how == "end well":
            parent.wait(LEFT)
    assert within(LEFT - (time.monotonic() - begun), lambda: not any(map(alive, before)))
    assert not running(mark)
    if kind not in {"idle", "starting"}:
        ledger = Ledger(store / "jobs.sqlite")
        ledger.recover()
        (job,) = [job for job in ledger.jobs() if job.kind == kind]
        assert job.state == "queued"
        ledger.close()


def family(pid: int) -> list[int]:
    """A process's children, theirs, and so on."""
    told = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.split()
    parents = dict(zip(map(int, told[::2]), map(int, told[1::2]), strict=True))
    found = [pid]
    for one in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def test_a_second_server_takes_up_what_the_first_left(tmp_path):
    """Restarts lost every job; those were ``processing`` for ever."""
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    with subprocess.Popen(
        [sys.executable, script, "deaf", "KILL", "mark", "", str(tmp_path / "store")],
        stdout=subprocess.PIPE,
        env={**os.environ, **operations()},
    ) as parent:
        assert parent.stdout.readline()
        parent.kill()
    with pooled(tmp_path / "store", workers=1) as pool:
        (job,) = pool.ledger.jobs(states=["running"])
        assert within(LEFT, lambda: pool.ledger.recover() or pool.find(job).state != "running")
        pool.ledger.cancel(job.id)
        pool.pool.cancel(job.id)
        assert within(BOUND, lambda: pool.find(job).state == "cancelled")
