"""What the runner of a batch makes of each way in which a job may end."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from workbench.errors import (
    Cancelled,
    JobError,
    KernelDied,
    ParameterError,
    ServiceUnreachable,
    StorageError,
)
from workbench.ledger import RUNNER, BatchLedger, Entry, owner_name
from workbench.production.batch.outcome import Outcome
from workbench.production.batch.runner import Runner
from workbench.production.batch.task import KIND, Task
from workbench.production.engine import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workbench.progress import Report


class Hands:
    """A pool that does what a test says."""

    def __init__(self, do: Callable[[Task, Report, threading.Event], Outcome], slots: int = 2):
        self.slots = slots
        self.do = do
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(8)

    def submit(self, task: Task, progress: Report, cancel: threading.Event) -> Future[Outcome]:
        def work() -> Outcome:
            with self._lock:
                self._now += 1
                self.most = max(self.most, self._now)
            try:
                return self.do(task, progress, cancel)
            finally:
                with self._lock:
                    self._now -= 1

        return self._threads.submit(work)

    def close(self, *, kill: bool = False) -> None:
        self._threads.shutdown(cancel_futures=kill)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[BatchLedger]:
    made = BatchLedger(tmp_path / "batch.sqlite")
    yield made
    made.close()


def enrolled(ledger: BatchLedger, *names: str) -> None:
    entries = []
    for name in names:
        task = Task(id=name, name=name, notebook="/n.ipynb", executed="/o.ipynb", folder="/")
        entries.append(Entry(id=name, kind=KIND, parameters=task.to_dict()))
    ledger.enrol(entries)


def run(ledger: BatchLedger, names: list[str], do: Any, **ways: Any) -> list[float]:
    seen: list[float] = []
    hands = Hands(do, slots=ways.pop("slots", 2))
    try:
        Runner(ledger, names, hands, progress=seen.append, backoff=0.0, **ways).run()
    finally:
        hands.close(kill=True)
    return seen


def states(ledger: BatchLedger, names: list[str]) -> dict[str, tuple[str, int]]:
    return {name: (job.state, job.attempts) for name, job in ledger.of(names).items()}


def well(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
    return Outcome(output=task.id)


def test_a_failure_does_not_stop_the_rest(ledger: BatchLedger):
    """1 of 20 always crashes its kernel: 19 are done, and the one is dead after three attempts."""
    names = [f"j{number}" for number in range(20)]
    enrolled(ledger, *names)

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        if task.id == "j7":
            raise KernelDied("its kernel died (SIGKILL)", subject="talk, cell 2")
        return Outcome(output=task.id)

    seen = run(ledger, names, do)
    found = states(ledger, names)
    assert found.pop("j7") == ("dead", 3)
    assert set(found.values()) == {("done", 1)}
    assert seen[-1] == 1.0
    job = ledger.of(["j7"])["j7"]
    assert (job.error or {})["subject"] == "talk, cell 2"
    assert ledger.of(["j3"])["j3"].result["output"] == "j3"


def test_what_goes_well_the_second_time_is_done(ledger: BatchLedger):
    enrolled(ledger, "a")
    errors: list[Exception] = [StorageError("no space"), RuntimeError("a mistake of ours")]

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        if errors:
            raise errors.pop()
        return Outcome()

    run(ledger, ["a"], do)
    assert states(ledger, ["a"]) == {"a": ("done", 3)}


def expected() -> JobError:
    error = JobError("there is no such file", subject="talk, cell 1")
    error.expected = True
    return error


def test_what_may_pass_is_tried_again(ledger: BatchLedger):
    enrolled(ledger, "a")
    errors = [failure("ServiceUnreachable", "a: nobody answers", 3, "talk")]

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        if errors:
            raise errors.pop()
        return Outcome()

    run(ledger, ["a"], do)
    assert states(ledger, ["a"]) == {"a": ("done", 2)}


@pytest.mark.parametrize("error", [expected(), ParameterError("must be positive", subject="n")])
def test_a_mistake_of_the_input_is_not_tried_again(ledger: BatchLedger, error: Exception):
    enrolled(ledger, "a")

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        raise error

    run(ledger, ["a"], do)
    assert states(ledger, ["a"]) == {"a": ("failed", 1)}


def test_as_many_at_once_as_there_are_slots(ledger: BatchLedger):
    names = [f"j{number}" for number in range(9)]
    enrolled(ledger, *names)
    meet = threading.Barrier(3)

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        meet.wait(30)  # breaks unless three are there
        return Outcome()

    hands = Hands(do, slots=3)
    Runner(ledger, names, hands, progress=lambda done: None).run()
    hands.close()
    assert hands.most == 3
    assert set(states(ledger, names).values()) == {("done", 1)}


def test_a_job_is_stopped_by_whoever_says_so_in_the_ledger(ledger: BatchLedger):
    enrolled(ledger, "a", "b")

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        if task.id == "b":
            return Outcome()
        ledger.cancel("a")  # as another process would
        assert cancel.wait(30)
        raise Cancelled("stopped on request", subject="talk")

    run(ledger, ["a", "b"], do)
    assert states(ledger, ["a", "b"]) == {"a": ("cancelled", 1), "b": ("done", 1)}


def test_a_batch_that_is_stopped_can_be_gone_on_with(ledger: BatchLedger):
    names = ["a", "b", "c"]
    enrolled(ledger, *names)
    stop = threading.Event()

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        if task.id == "a":
            return Outcome()
        stop.set()
        assert cancel.wait(30)
        raise Cancelled("stopped on request", subject="talk")

    with pytest.raises(Cancelled):
        run(ledger, names, do, cancel=stop)
    found = states(ledger, names)
    assert found.pop("a") == ("done", 1)
    assert set(found.values()) == {("queued", 0)}, "the attempt does not count"
    assert RUNNER not in os.environ
    run(ledger, names, well)
    assert {state for state, _ in states(ledger, names).values()} == {"done"}


def test_a_cluster_that_is_gone_gives_its_jobs_back(ledger: BatchLedger):
    names = ["a", "b"]
    enrolled(ledger, *names)
    begun = threading.Barrier(2)

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        begun.wait(30)
        raise ServiceUnreachable("the scheduler is gone", subject="tcp://a:8786")

    with pytest.raises(ServiceUnreachable):
        run(ledger, names, do)
    assert states(ledger, names) == {"a": ("queued", 0), "b": ("queued", 0)}


def test_jobs_of_others_are_left_alone(ledger: BatchLedger):
    enrolled(ledger, "a", "mine")
    run(ledger, ["mine"], well)
    assert states(ledger, ["a", "mine"]) == {"a": ("queued", 0), "mine": ("done", 1)}


def test_it_waits_for_what_another_runner_does(ledger: BatchLedger):
    """Its report tells of the whole batch, whoever did it."""
    enrolled(ledger, "a", "b")
    other = ledger.take(owner_name(), {"a"})
    assert other is not None

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        ledger.finish("a", owner_name(), Outcome(output="by the other").to_dict())
        return Outcome()

    run(ledger, ["a", "b"], do)
    assert ledger.of(["a"])["a"].result["output"] == "by the other"


def test_how_far_it_is_can_be_seen_by_others(ledger: BatchLedger):
    enrolled(ledger, "a")
    seen = []

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        progress(0.5)
        deadline = threading.Event()
        for _ in range(300):
            job = ledger.of(["a"])["a"]
            if job.progress == 0.5:
                seen.append(job.progress)
                break
            deadline.wait(0.1)
        return Outcome()

    run(ledger, ["a"], do)
    assert seen == [0.5]
    assert ledger.of(["a"])["a"].progress == 1.0


def test_what_is_no_task_fails_alone(ledger: BatchLedger):
    enrolled(ledger, "a")
    ledger.enrol([Entry(id="odd", kind=KIND, parameters={"what": 1})])
    run(ledger, ["a", "odd"], well)
    assert states(ledger, ["a", "odd"]) == {"a": ("done", 1), "odd": ("failed", 1)}
