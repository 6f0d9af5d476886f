"""A cluster whose workers, scheduler or runner are taken away in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from workbench.errors import (
    Cancelled,
    KernelDied,
    ServiceError,
    ServiceUnreachable,
    WorkbenchWarning,
)
from workbench.production.batch.task import Task
from workbench.production.cluster import ClusterPool
from workbench.storage.receipt import read_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.faults, pytest.mark.notebook]

WAIT = 240.0

PARAMETERS = """\
text: str = "a"  # what to say
output: str = "a.txt"  # the file
"""
WRITE = """\
import os, time
from pathlib import Path
Path(output).parent.mkdir(parents=True, exist_ok=True)
with open(output + ".log", "a") as log:
    log.write(f"{os.getpid()}\\n")
worker = os.getppid()
exec(open(text).read() if text.endswith(".py") else "")
Path(output).write_text(f"{text} {os.getpid()}")
"""


def notebook(path: Path) -> Path:
    def cell(name: str, source: str, *tags: str) -> dict[str, Any]:
        return {
            "cell_type": "code",
            "id": name,
            "metadata": {"tags": list(tags)},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }

    data = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "cells": [cell("first", PARAMETERS, "parameters"), cell("second", WRITE)],
    }
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def job(folder: Path, number: int, text: str = "x") -> Task:
    return Task(
        id=f"job_{number}_{folder.name}",
        name=f"n{number}",
        notebook=str(notebook(folder / "talk.ipynb")) if number == 0 else f"{folder}/talk.ipynb",
        values={"text": text, "output": f"out/{number}.txt"},
        output=str(folder / "out" / f"{number}.txt"),
        executed=str(folder / "out" / f"{number}.ipynb"),
        folder=str(folder),
    )


def until(true: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    try:  # where nobody waits for orphans, they stay as zombies
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def workers(pool: ClusterPool) -> list[int]:
    told = pool._connection.client.run(os.getpid)
    return sorted(told.values())


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    """A client that is left looks for its scheduler, at a port that is another test's by then."""
    yield
    from distributed.client import Client

    left = [client for client in Client._instances if client.status != "closed"]
    ours = [client for client in left if client.cluster in shared_clusters]
    assert left == ours


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterPool]:
    folder = tmp_path_factory.mktemp("shared")
    pool = ClusterPool(workers=2, folder=folder, memory="2 GB")
    shared_clusters.append(pool._connection.cluster)
    try:
        yield pool
        pids = workers(pool)
    finally:
        pool.close(kill=True)
    until(lambda: not any(map(runs, pids)), "the end of the workers")
    assert not list(folder.iterdir()), "the probe is left"
    listening = [c for c in psutil.Process().net_connections() if c.status == "LISTEN"]
    assert not [c for c in listening if c.laddr.port in pool_ports], "a port is left"


pool_ports: set[int] = set()
shared_clusters: list[Any] = []


@pytest.mark.parametrize("count", [8, pytest.param(40, marks=pytest.mark.slow)])
def test_a_worker_killed_in_the_middle_loses_nothing(pool: ClusterPool, tmp_path: Path, count: int):
    pool_ports.update(
        c.laddr.port for c in psutil.Process().net_connections() if c.status == "LISTEN"
    )
    until(lambda: pool.slots == 2, "both workers")
    tasks = [job(tmp_path, number) for number in range(count)]
    futures = {t.id: pool.submit(t, lambda _: None, threading.Event()) for t in tasks}
    until(lambda: sum(f.done() for f in futures.values()) >= count // 4, "a quarter")
    victim = workers(pool)[0]
    # One that has begun a job, so that something is lost.
    until(
        lambda: any(
            c.ppid() == victim
            for c in psutil.Process(victim).children()
            if "ipykernel" in " ".join(c.cmdline())
        ),
        "a kernel of the victim",
    )
    os.kill(victim, signal.SIGKILL)
    outcomes = [futures[task.id].result(timeout=WAIT) for task in tasks]
    for task, outcome in zip(tasks, outcomes, strict=True):
        assert outcome.output == task.output
        text, pid = Path(task.output).read_text().split()
        log = Path(f"{task.output}.log").read_text().split()
        assert text == "x"
        assert log[-1] == pid  # what is there is from the attempt that counts
        assert len(log) <= 2
    again = [t for t in tasks if len(Path(f"{t.output}.log").read_text().split()) == 2]
    assert len(again) <= 1, "only what the lost worker was at is done again"
    assert len({o.executed for o in outcomes}) == count


def test_a_job_that_is_stopped_stops_its_notebook(pool: ClusterPool, tmp_path: Path):
    (tmp_path / "long.py").write_text(
        "try:\n    Path('began').touch(); time.sleep(600)\n"
        "finally:\n    Path('stopped').write_text('yes')\n"
    )
    parts: list[float] = []
    cancel = threading.Event()
    future = pool.submit(job(tmp_path, 0, "long.py"), parts.append, cancel)
    until((tmp_path / "began").exists, "the notebook's beginning")
    until(lambda: any(part > 0 for part in parts), "progress while it works")
    before = workers(pool)
    for pid in before:  # as a terminal does: it ended them, and the notebook stayed
        os.kill(pid, signal.SIGINT)
    cancel.set()
    with pytest.raises(Cancelled):
        future.result(timeout=WAIT)
    assert workers(pool) == before
    assert (tmp_path / "stopped").read_text() == "yes"
    assert not (tmp_path / "out" / "0.txt").exists()


def test_a_job_that_ends_its_workers_fails_alone(pool: ClusterPool, tmp_path: Path):
    (tmp_path / "kill.py").write_text("os.kill(worker, 9); time.sleep(60)")
    bad = pool.submit(job(tmp_path, 0, "kill.py"), lambda _: None, threading.Event())
    good = [
        pool.submit(job(tmp_path, number), lambda _: None, threading.Event())
        for number in range(1, 4)
    ]
    with pytest.raises(KernelDied, match=r"^n0: its worker ended"):
        bad.result(timeout=WAIT)
    for number, future in enumerate(good, start=1):
        assert future.result(timeout=WAIT).output == str(tmp_path / "out" / f"{number}.txt")


def test_an_error_of_the_notebook_comes_as_it_is(pool: ClusterPool, tmp_path: Path):
    (tmp_path / "bad.py").write_text("1 / 0")
    future = pool.submit(job(tmp_path, 0, "bad.py"), lambda _: None, threading.Event())
    with pytest.raises(Exception, match="division by zero") as caught:
        future.result(timeout=WAIT)
    assert caught.value.code == "job"
    assert Path(caught.value.failed) == tmp_path / "out" / "0.failed.ipynb"
    assert Path(caught.value.failed).is_file()


def test_a_worker_that_dask_gave_up_is_started_anew(pool: ClusterPool):
    """Dask lets go of one that is away 15 s after another end of it, and starts none instead."""
    until(lambda: pool.slots == 2, "both workers")
    cluster = pool._connection.cluster
    nanny = cluster.workers.pop(next(iter(cluster.workers)))
    cluster.sync(nanny.close)
    until(lambda: len(cluster.workers) == 2 and len(set(workers(pool))) == 2, "another worker")


def test_a_worker_that_sees_other_files_refuses(pool: ClusterPool, tmp_path: Path):
    until(lambda: len(set(workers(pool))) == pool.slots == 2, "both workers")
    probe = pool._probe
    word = probe.path.read_text()
    try:
        probe.path.write_text("of another machine")
        with (
            pytest.warns(WorkbenchWarning, match="is given no jobs"),  # the first of the two
            pytest.raises(ServiceError, match=r"does not see .* give --store"),
        ):
            pool.submit(job(tmp_path, 0), lambda _: None, threading.Event()).result(timeout=WAIT)
    finally:
        probe.path.write_text(word)
    assert not (tmp_path / "out").exists()


class Outside:
    """A scheduler and workers that are not ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start(
            "scheduler", "--scheduler-file", self.file, "--port", 0, "--no-dashboard",
            "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0",
        )  # fmt: skip
        until(self.file.is_file, "the scheduler's file")

    def worker(self, **variables: str) -> None:
        self.start(
            "worker", "--scheduler-file", self.file, "--nthreads", 1, "--no-dashboard",
            "--no-nanny", "--local-directory", self.folder, "--host", "127.0.0.1",
            **variables,
        )  # fmt: skip

    def start(self, *arguments: object, **variables: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *map(str, arguments)],
            env=os.environ | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        # The scheduler last: who lost it looks for it where another test may listen by then.
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    folder = tmp_path / "dask"
    folder.mkdir()
    outside = Outside(folder)
    yield outside
    outside.close()


def test_a_worker_of_another_version_is_refused(outside: Outside, tmp_path: Path):
    other = tmp_path / "other" / "media_workbench-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: media-workbench\nVersion: 0.0.1\n"
    )
    outside.worker(PYTHONPATH=str(other.parent))
    with pytest.raises(ServiceError, match=r"worker tcp://.*: has workbench 0\.0\.1, and here is"):
        ClusterPool(str(outside.file), folder=tmp_path, wait=WAIT)
    assert not list(tmp_path.glob(".wb-*"))


def test_a_scheduler_that_is_gone_is_told_and_what_runs_stops(outside: Outside, tmp_path: Path):
    outside.worker()
    (tmp_path / "long.py").write_text("Path('began').write_text(str(os.getpid())); time.sleep(600)")
    pool = ClusterPool(str(outside.file), folder=tmp_path, wait=WAIT)
    try:
        future = pool.submit(job(tmp_path, 0, "long.py"), lambda _: None, threading.Event())
        until((tmp_path / "began").exists, "the notebook's beginning")
        outside.scheduler.kill()
        with pytest.raises(ServiceUnreachable, match=r"the scheduler is gone; start it again"):
            future.result(timeout=WAIT)
        with pytest.raises(ServiceUnreachable):
            pool.slots  # noqa: B018
        late = pool.submit(job(tmp_path, 0), lambda _: None, threading.Event())
        with pytest.raises(ServiceUnreachable):
            late.result(timeout=WAIT)
    finally:
        pool.close(kill=True)
    until(lambda: (tmp_path / "began").read_text() != "", "a whole file")
    kernel = int((tmp_path / "began").read_text())
    until(lambda: not runs(kernel), "the end of the notebook")


RUNNER = """
import sys, threading
from pathlib import Path
sys.path.insert(0, {tests!r})
from faults.test_cluster import job, workers
from workbench.production.cluster import ClusterPool
if __name__ == "__main__":
    here = Path({folder!r})
    pool = ClusterPool({address!r}, folder=here, wait=240)
    future = pool.submit(job(here, 0, "long.py"), print, threading.Event())
    (here / "pids").write_text(" ".join(map(str, workers(pool))) + " ")
    future.result()
"""


def killed_runner(folder: Path, address: str) -> tuple[list[int], int]:
    """Kill a runner while a notebook runs; return its workers and the notebook's kernel."""
    (folder / "long.py").write_text("Path('began').write_text(f'{os.getpid()} '); time.sleep(600)")
    script = folder / "runner.py"
    tests = str(Path(__file__).parents[1])
    script.write_text(RUNNER.format(tests=tests, folder=str(folder), address=address))
    runner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.DEVNULL, cwd=folder)
    try:
        for name in ("pids", "began"):
            path = folder / name
            until(lambda path=path: path.is_file() and path.read_text().endswith(" "), name)
    finally:
        runner.kill()
        runner.wait()
    pids = [int(pid) for pid in (folder / "pids").read_text().split()]
    return pids, int((folder / "began").read_text())


def test_a_runner_that_is_killed_takes_its_own_workers_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WORKBENCH_THREADS", "1")
    pids, kernel = killed_runner(tmp_path, "local")
    assert len(pids) == 1
    until(lambda: not any(map(runs, [*pids, kernel])), "the end of what it started")


@pytest.mark.slow
def test_a_runner_that_is_killed_stops_its_notebooks_elsewhere(outside: Outside, tmp_path: Path):
    outside.worker()
    pids, kernel = killed_runner(tmp_path, str(outside.file))
    until(lambda: not runs(kernel), "the end of the notebook")
    assert all(map(runs, pids)), "a worker that is not ours has ended"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bucket that nobody has used."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        boto3.client("s3").create_bucket(Bucket="jobs")
        yield "s3://jobs/tonight"
    server.stop()


def test_files_go_through_a_bucket_and_come_back_under_their_names(bucket: str, tmp_path: Path):
    import boto3

    folder, data = tmp_path / "work", tmp_path / "data"
    folder.mkdir()
    data.mkdir()
    # It reads beside the working directory, and looks for what no worker may see.
    (data / "read.py").write_text(f"assert not Path({str(folder)!r}) == Path.cwd()\ntext = 'read'")
    pool = ClusterPool(workers=1, store=bucket, folder=folder)
    try:
        tasks = [job(folder, 0, str(data / "read.py")), job(folder, 1, "../data/read.py")]
        for task in tasks:
            outcome = pool.submit(task, lambda _: None, threading.Event()).result(timeout=WAIT)
            assert Path(task.output).read_text().startswith("read ")
            assert set(outcome.states) == set(outcome.files) - {task.executed}
            for path, (size, changed, _) in outcome.states.items():
                state = Path(path).stat()
                assert (state.st_size, state.st_mtime_ns) == (size, changed)
            receipt = json.dumps(read_receipt(Path(task.output)))
            executed = Path(task.executed).read_text()
            assert "/else/" not in receipt + executed
            assert "/workbench/job-" not in receipt + executed
        for task in tasks:
            (found,) = read_receipt(Path(task.output))["inputs"]
            assert (folder / found["from"]).resolve() == data / "read.py"
            assert (folder / "out" / found["path"]).resolve() == data / "read.py"
            assert read_receipt(Path(task.output))["job"] == task.id
        keys = [o["Key"] for o in boto3.client("s3").list_objects_v2(Bucket="jobs")["Contents"]]
        assert len(keys) == 2  # the notebook and the one script, each once; nothing that was made
        # Nobody does it again: what is here is whole.
        before = Path(tasks[0].output).stat().st_mtime_ns
        outcome = pool.submit(tasks[0], lambda _: None, threading.Event()).result(timeout=WAIT)
        assert outcome.output == tasks[0].output
        assert Path(tasks[0].output).stat().st_mtime_ns == before
    finally:
        pool.close(kill=True)
