"""The ledger among many processes, killed ones among them, and on disks that fail.

The old system's jobs lived in the memory of its server: a restart lost all of them, and their
markers said *processing* for ever.
"""

from __future__ import annotations

import collections
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING

import pytest
from faults.pools import within

from workbench.errors import StorageError, StorageFull, WorkbenchWarning
from workbench.ledger import Ledger, database, owner_name, schema

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.faults

ME = owner_name()
HEAD = """
    import os, sys, time, random
    from pathlib import Path
    from workbench.errors import QueueFull, WorkbenchError
    from workbench.ledger import Ledger, owner_name
    me, path = owner_name(), Path(sys.argv[1])
    out = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    def say(*words):
        os.write(out, (" ".join(map(str, words)) + "\\n").encode())
"""
WORK = """
    ledger = Ledger(path, attempts=int(sys.argv[3]))
    chance = random.Random(os.getpid())
    idle = 0
    while idle < 50:
        job = ledger.claim(me)
        if job is None:
            idle += 1
            time.sleep(0.01)
            continue
        idle = 0
        say("began", job.id, me)
        time.sleep(chance.uniform(0, float(sys.argv[4])))
        ledger.progress(job.id, 0.5, me)
        if ledger.finish(job.id, me, {"by": me}):
            say("finished", job.id, me)
"""
SUBMIT = """
    ledger = Ledger(path, bound=16)
    for n in range(50):
        try:
            say("accepted", ledger.submit("a", {"n": n}).id)
        except QueueFull:
            say("refused", n)
    say("key", ledger.start("a", {}, me, key="the same").id)
"""


def used(ledger: Ledger, count: int = 1) -> None:
    for _ in range(count):
        ledger.submit("a", {"text": "x" * 2000})
    ledger.jobs(limit=1000)


def process(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    whole = textwrap.dedent(HEAD) + textwrap.dedent(code)
    return subprocess.Popen([sys.executable, "-c", whole, *map(str, arguments)])


def said(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]


def sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def test_eight_processes_do_two_hundred_jobs_once_each(tmp_path):
    path, out = tmp_path / "jobs.sqlite", tmp_path / "out"
    ledger = Ledger(path, bound=200)
    names = [ledger.submit("a", {"n": n}).id for n in range(200)]
    workers = [process(WORK, path, out, 3, 0.01) for _ in range(8)]
    assert [worker.wait(60) for worker in workers] == [0] * 8
    counted = collections.Counter(words[0] for words in said(out))
    assert counted == {"began": 200, "finished": 200}
    assert sorted(words[1] for words in said(out) if words[0] == "finished") == sorted(names)
    assert {job.state for job in ledger.jobs(limit=1000)} == {"done"}
    assert len({words[2] for words in said(out)}) > 1
    ledger.close()


def test_eight_processes_submit_to_a_bound(tmp_path):
    """400 submits at bound 16: 16 are taken. And eight with one key are one job."""
    path, out = tmp_path / "jobs.sqlite", tmp_path / "out"
    workers = [process(SUBMIT, path, out) for _ in range(8)]
    assert [worker.wait(60) for worker in workers] == [0] * 8
    counted = collections.Counter(words[0] for words in said(out))
    assert counted == {"accepted": 16, "refused": 384, "key": 8}
    assert len({words[1] for words in said(out) if words[0] == "key"}) == 1
    ledger = Ledger(path)
    assert ledger.counts()["queued"] == 16
    ledger.close()


@pytest.mark.parametrize(
    ("attempts", "kills", "jobs"),
    [
        pytest.param(1000, 50, 600, marks=pytest.mark.slow),
        (1000, 12, 150),
        (2, 15, 200),
    ],
)
def test_killed_at_any_moment(attempts, kills, jobs, tmp_path):
    """50 times kill -9: 0 lost, 0 doubled; `dead` only after as many attempts as may be.

    Doubled would be a job that two owners have finished.
    """
    path, out = tmp_path / "jobs.sqlite", tmp_path / "out"
    out.touch()
    ledger = Ledger(path, bound=jobs, attempts=attempts)
    names = {ledger.submit("a", {"n": n}).id for n in range(jobs)}
    chance = random.Random(7)  # noqa: S311 - the same moments in every run, as far as it goes
    workers = [process(WORK, path, out, attempts, 0.03) for _ in range(3)]
    try:
        for _ in range(kills):
            victim = workers.pop(0)
            assert within(60, lambda: at_work(ledger, victim))  # noqa: B023
            time.sleep(chance.uniform(0, 0.1))
            victim.send_signal(signal.SIGKILL)
            if chance.random() < 0.5:  # before it is waited for, and after
                ledger.recover()
            victim.wait()
            workers.append(process(WORK, path, out, attempts, 0.03))
            ledger.recover()
        for worker in workers:
            assert worker.wait(60) == 0
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    ledger.recover()
    while (job := ledger.claim(ME)) is not None:  # what the last of them had no time for
        ledger.finish(job.id, ME, {})
    found = {job.id: job for job in ledger.jobs(limit=1000)}
    assert set(found) == names
    assert {job.state for job in found.values()} <= {"done", "dead"}
    finished = collections.Counter(words[1] for words in said(out) if words[0] == "finished")
    assert not finished or max(finished.values()) == 1
    assert all(found[name].state == "done" for name in finished)
    dead = [job for job in found.values() if job.state == "dead"]
    assert all(job.attempts == attempts and job.error["code"] == "job" for job in dead)
    assert attempts == 2 or not dead
    assert sum(job.attempts - 1 for job in found.values()) > kills / 5  # most met one at work
    assert sound(path)
    ledger.close()


def at_work(ledger: Ledger, worker: subprocess.Popen[bytes]) -> bool:
    """Whether it does a job, or there is none any more."""
    running = ledger.jobs(states=["running"])
    return any(f"-{worker.pid}-" in job.owner for job in running) or not ledger.counts()["queued"]


# -- files that are no ledger ---------------------------------------------------------------------


def other_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE jobs (id TEXT)")
    connection.commit()
    connection.close()


def later_version(path: Path) -> None:
    ledger = Ledger(path)
    ledger.submit("a", {})
    ledger.close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.commit()
    connection.close()


def damaged(path: Path) -> None:
    ledger = Ledger(path, bound=1000)
    for n in range(500):
        ledger.submit("a", {"n": n})
    ledger.close()
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 20] = os.urandom(4096 * 19)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (other_program, "is the database of another program"),
        (later_version, "is a ledger of version 2, and this program reads version 1"),
        (lambda path: path.write_text("hello " * 1000), "is no database, or a damaged one"),
        (damaged, "is no database, or a damaged one"),
        (lambda path: path.mkdir(), "cannot be written"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(make, problem, tmp_path):
    path = tmp_path / "jobs.sqlite"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    ledger = Ledger(path)
    with pytest.raises(StorageError, match=problem) as told:
        used(ledger)
    assert str(tmp_path) not in str(told.value)
    assert told.value.cure
    ledger.close()
    if before is not None and make is not damaged:
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["jobs.sqlite"]


def test_an_empty_file_becomes_a_ledger(tmp_path):
    (tmp_path / "jobs.sqlite").touch()
    ledger = Ledger(tmp_path / "jobs.sqlite")
    assert ledger.find("a") is None
    assert ledger.submit("a", {}).state == "queued"
    ledger.close()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    ledger = Ledger(tmp_path / "file" / "store" / "jobs.sqlite")
    with pytest.raises(StorageError) as told:
        ledger.submit("a", {})
    assert str(tmp_path) not in str(told.value)


def test_one_that_another_program_holds(tmp_path):
    """SQLite's own words, "database is locked", name neither the file nor what to do."""
    path = tmp_path / "jobs.sqlite"
    ledger = Ledger(path, wait=0.2)
    job = ledger.submit("a", {})
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match=r"jobs\.sqlite: another program has held it for more"):
        ledger.submit("a", {})
    assert ledger.find(job.id) == job  # who only looks is kept from nothing
    holder.execute("COMMIT")
    holder.close()
    assert ledger.submit("a", {}).state == "queued"
    ledger.close()


def test_one_that_another_program_is_just_making(tmp_path):
    """Setting up the log does not wait by itself for who has the file."""
    path = tmp_path / "jobs.sqlite"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(0.3, holder.execute, ("COMMIT",))
    timer.start()
    ledger = Ledger(path)
    assert ledger.submit("a", {}).state == "queued"
    timer.join()
    holder.close()
    ledger.close()


# -- disks ----------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(small_disk):
    ledger = Ledger(small_disk / "jobs.sqlite", bound=10**6)
    first = ledger.submit("a", {})
    mine = ledger.claim(ME)
    with pytest.raises(StorageFull, match="no space left"):
        used(ledger, 1000)
    count = ledger.counts()["queued"]
    assert count
    with pytest.raises(StorageFull):
        ledger.submit("a", {"text": "x" * 200_000})
    assert ledger.counts()["queued"] == count
    assert ledger.find(first.id) == mine
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert ledger.finish(first.id, ME, {})
    ledger.close()
    assert sound(small_disk / "jobs.sqlite")


def test_a_disk_that_is_full_from_the_start(small_disk):
    (small_disk / "ballast").write_bytes(bytes(290_000))
    ledger = Ledger(small_disk / "jobs.sqlite")
    with pytest.raises(StorageFull):
        ledger.submit("a", {"text": "x" * 20_000})
    (small_disk / "ballast").unlink()
    assert ledger.submit("a", {}).state == "queued"
    ledger.close()


def test_a_file_that_may_not_grow(tmp_path):
    """A limit on the size of files stands in for a full disk where nothing can be mounted."""
    code = """
        import resource
        ledger = Ledger(path, bound=10**6)
        ledger.submit("a", {})
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            while True:
                ledger.submit("a", {"text": "x" * 2000})
        except WorkbenchError as error:
            say(type(error).__name__, ledger.counts()["queued"])
    """
    with process(code, tmp_path / "jobs.sqlite", tmp_path / "out") as child:
        assert child.wait(60) == 0
    ((kind, count),) = said(tmp_path / "out")
    assert kind in {"StorageFull", "StorageError"}
    ledger = Ledger(tmp_path / "jobs.sqlite")
    assert ledger.counts()["queued"] == int(count)
    ledger.close()


def without_shared_memory(path: Path, wait: float) -> database._Connection:
    """SQLite's way to lock where nothing else works; it holds no write-ahead log."""
    return sqlite3.connect(
        f"{path.as_uri()}?vfs=unix-dotfile",
        uri=True,
        timeout=wait,
        isolation_level=None,
        check_same_thread=False,
        factory=database._Connection,
    )


def test_a_file_system_without_a_write_ahead_log(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "connect", without_shared_memory)
    ledger = Ledger(tmp_path / "jobs.sqlite")
    with pytest.warns(WorkbenchWarning, match="cannot hold a write-ahead log"):
        job = ledger.submit("a", {})
    assert ledger.claim(ME).id == job.id
    assert ledger.finish(job.id, ME, {})
    assert not (tmp_path / "jobs.sqlite-wal").exists()
    ledger.close()


def test_a_file_system_of_several_machines(tmp_path, monkeypatch):
    """There a write-ahead log seems to work, and is damaged by the second machine."""
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/vda / ext4 rw 0 0\nserver:/share {tmp_path}/a\\040b nfs4 rw 0 0\n"
        f"/dev/vdb {tmp_path}/a\\040b/c ext4 rw 0 0\n"
    )
    monkeypatch.setattr(database, "_MOUNTS", mounts)
    (tmp_path / "a b" / "c").mkdir(parents=True)
    kinds = [database.file_system(tmp_path / n) for n in ("x", "a b/x", "a b/c/x", "a bc/x")]
    assert kinds == ["ext4", "nfs4", "ext4", "ext4"]
    ledger = Ledger(tmp_path / "a b" / "jobs.sqlite")
    with pytest.warns(WorkbenchWarning, match="write-ahead log"):
        ledger.submit("a", {})
    assert sorted(p.name for p in (tmp_path / "a b").iterdir()) == ["c", "jobs.sqlite"]
    ledger.close()
    good = Ledger(tmp_path / "a b" / "c" / "jobs.sqlite")
    good.submit("a", {})
    assert (tmp_path / "a b" / "c" / "jobs.sqlite-wal").exists()
    good.close()
