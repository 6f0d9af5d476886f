"""What the runner of a batch makes of each way in which a job may end."""

from __future__ import annotations

import os
import signal
import threading
import time
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
    StorageFull,
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


def test_a_runner_that_is_stopped_leaves_those_of_another_in_its_process_alone(
    ledger: BatchLedger,
):
    """Two batches in one notebook were one owner: the end of one freed the jobs of the other."""
    enrolled(ledger, "mine", "hers")
    both, stop, go_on = threading.Barrier(2), threading.Event(), threading.Event()
    marks: list[str | None] = []

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        both.wait(30)
        if task.id == "mine":
            stop.set()
            assert cancel.wait(30)
            raise Cancelled("stopped on request", subject="talk")
        assert go_on.wait(30)
        marks.append(os.environ.get(RUNNER))
        return Outcome()

    other = threading.Thread(target=run, args=(ledger, ["hers"], do))
    other.start()
    with pytest.raises(Cancelled):
        run(ledger, ["mine"], do, cancel=stop)
    ledger.recover()  # as any other runner does
    assert states(ledger, ["mine", "hers"]) == {"mine": ("queued", 0), "hers": ("running", 1)}
    go_on.set()
    other.join()
    assert states(ledger, ["hers"]) == {"hers": ("done", 1)}
    assert marks == [owner_name()], "what it starts is still found after its end"
    assert RUNNER not in os.environ


def test_no_job_is_free_before_its_kernel_has_ended(ledger: BatchLedger):
    """A second Ctrl-C freed jobs whose kernels still cleaned up; the next run began them twice."""
    enrolled(ledger, "a")
    seen: list[str] = []

    def do(task: Task, progress: Report, cancel: Any) -> Outcome:
        os.kill(os.getpid(), signal.SIGINT)
        assert cancel.wait(30)
        assert not cancel.now, "it may clean up"
        os.kill(os.getpid(), signal.SIGINT)
        limit = time.monotonic() + 30
        while not cancel.now and time.monotonic() < limit:
            time.sleep(0.01)
        assert cancel.now
        seen.append(ledger.of(["a"])["a"].state)
        raise Cancelled("stopped on request", subject="talk")

    with pytest.raises(KeyboardInterrupt):
        run(ledger, ["a"], do)
    assert seen == ["running"]
    assert states(ledger, ["a"]) == {"a": ("queued", 0)}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_while_a_job_is_begun_does_not_lose_it(ledger: BatchLedger):
    """Between `submit` and the note of it, what ran was known to nobody."""
    enrolled(ledger, "a")
    ended: list[str] = []

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        assert cancel.wait(30)
        ended.append(ledger.of(["a"])["a"].state)
        raise Cancelled("stopped on request", subject="talk")

    class Interrupted(Hands):
        def submit(self, *given: Any) -> Future[Outcome]:
            future = super().submit(*given)
            signal.raise_signal(signal.SIGINT)
            return future

    hands = Interrupted(do)
    with pytest.raises(KeyboardInterrupt):
        Runner(ledger, ["a"], hands, progress=lambda done: None).run()
    assert ended == ["running"]
    assert states(ledger, ["a"]) == {"a": ("queued", 0)}
    hands.close()


def test_jobs_that_could_not_be_let_go_are_taken_up_by_the_next_run(
    ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch
):
    """A full disk hid why it ended, and the jobs ran for ever."""
    enrolled(ledger, "a")

    def gone(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        raise ServiceUnreachable("the scheduler is gone", subject="tcp://a:8786")

    def full(*_: object, **__: object) -> list[Any]:
        raise StorageFull("no space left to write it", subject="batch.sqlite")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "release", full)
        with pytest.raises(ServiceUnreachable):
            run(ledger, ["a"], gone)
    assert states(ledger, ["a"]) == {"a": ("running", 1)}
    run(ledger, ["a"], well)
    assert states(ledger, ["a"]) == {"a": ("done", 1)}


def test_what_could_not_be_written_down_at_once_is_when_it_is_let_go(
    ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch
):
    """It was forgotten first, and made again."""
    enrolled(ledger, "a")
    real, errors = ledger.finish, [StorageError("is locked", subject="ledger")]

    def finish(*given: Any) -> None:
        if errors:
            raise errors.pop()
        real(*given)

    monkeypatch.setattr(ledger, "finish", finish)
    with pytest.raises(StorageError, match="is locked"):
        run(ledger, ["a"], well)
    assert states(ledger, ["a"]) == {"a": ("done", 1)}


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_pause_is_as_long_as_it_is_whatever_the_clock_says(
    ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch, jump: float
):
    """Set back by an hour, it kept a job waiting for an hour."""
    enrolled(ledger, "a")
    real, times = time.time, []

    def do(task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        times.append(time.monotonic())
        if len(times) == 1:
            raise KernelDied("its kernel died", subject="talk")
        return Outcome()

    hands = Hands(do)
    runner = Runner(ledger, ["a"], hands, progress=lambda done: None, backoff=0.5)
    retry = ledger.retry

    def set_after(*given: Any, **ways: Any) -> Any:
        job = retry(*given, **ways)
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        return job

    monkeypatch.setattr(ledger, "retry", set_after)
    runner.run()
    hands.close()
    assert 0.5 <= times[1] - times[0] < 60
