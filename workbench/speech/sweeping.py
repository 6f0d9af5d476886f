"""How the variants of a sweep are spoken: one after another, or several at once.

What may be done at once depends on the engine.

* The embedded engine, espeak, has no model to load, and its library is one set of static variables
  behind one lock. So more of it means more processes; each costs a third of a second to start,
  which a small sweep is done in.
* An engine over a network is waited for, not worked for: `jobs` threads ask it at once.
* Any other has a model of a gigabyte that computes on every core there is: a second one would only
  take its memory and its time. It speaks one line after another.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from workbench.engines.registry import DEFAULT, engine
from workbench.errors import Cancelled, WorkbenchError
from workbench.processors import threads
from workbench.speech.sweep_task import Outcome
from workbench.speech.sweep_worker import SweepProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.progress import Report
    from workbench.speech.grid import Choice
    from workbench.speech.sweep_task import Task

__all__ = ["speak_all"]

_WORTH = 1.5  # seconds of work left for which another process is started
_TRIED = 4  # variants by whose time that is judged
_TICK = 0.05  # seconds between two looks at whether it is to stop
_LIGHT = frozenset({DEFAULT})  # engines of which another process costs nothing but its start


def speak_all(
    task: Task,
    choices: Sequence[Choice],
    *,
    jobs: int | None = None,
    report: Report | None = None,
    cancel: threading.Event | None = None,
) -> list[Outcome]:
    """Return what became of each choice, in their order.

    Parameters
    ----------
    task
        What is the same for all.
    choices
        What is tried.
    jobs
        How many variants are spoken at once, where the engine lets them be (see the module). None
        for as many as there are cores, and only when what is left to do is worth the start of a
        process.
    report
        Called with the part that is done, after each variant, in the caller's thread.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    Cancelled
        When `cancel` was set. What was spoken by then is in the cache.
    """
    work = _Work(task, choices, report, cancel)
    groups: dict[str, list[int]] = {}
    for place, choice in enumerate(choices):
        groups.setdefault(_way(choice.voice.engine, task), []).append(place)
    for way, places in groups.items():
        most = (threads() if way == "processes" else 1) if jobs is None else jobs
        helpers = 0 if way == "alone" else min(most, len(places)) - 1
        work.do(places, way=way, helpers=helpers, at_once=jobs is not None)
    return [work.outcomes[place] for place in range(len(choices))]


def _way(name: str, task: Task) -> str:
    if task.listener is not None:  # a recogniser computes on every core, too
        return "alone"
    if name in _LIGHT:
        return "processes"
    return "threads" if engine(name).capabilities.network else "alone"


class _Work:
    """What is to be done, what is done, and who helps."""

    def __init__(
        self,
        task: Task,
        choices: Sequence[Choice],
        report: Report | None,
        cancel: threading.Event | None,
    ) -> None:
        self.task, self.choices = task, choices
        self.outcomes: dict[int, Outcome] = {}
        self.todo: deque[int] = deque()
        self.done: queue.SimpleQueue[tuple[int, Outcome] | BaseException] = queue.SimpleQueue()
        self._report, self._cancel = report, cancel

    def do(self, places: Sequence[int], *, way: str, helpers: int, at_once: bool) -> None:
        """Speak some of the choices, in this thread and with that many helpers."""
        self.todo.extend(places)
        wanted = len(self.outcomes) + len(places)
        times: deque[float] = deque(maxlen=_TRIED)
        started: list[_Helper] = []
        try:
            while len(self.outcomes) < wanted:
                self._stop()
                if helpers and not started and (at_once or self._worth(times)):
                    started = [_Helper(self, way) for _ in range(min(helpers, len(self.todo)))]
                try:
                    place = self.todo.popleft()
                except IndexError:  # the helpers have the last of them
                    self._take(_TICK)
                    continue
                begun = monotonic()
                self._note(place, self.attempt(place, self._cancel))
                times.append(monotonic() - begun)
                while self._take(0):
                    pass
        finally:
            self.todo.clear()
            for helper in started:
                helper.end()

    def attempt(self, place: int, cancel: threading.Event | None) -> Outcome:
        """Speak one of the choices in this process."""
        one = self.choices[place]
        return self.task.attempt(one.voice, one.options, one.seed, cancel=cancel)

    def _worth(self, times: Sequence[float]) -> bool:
        """Whether what is left takes longer than it takes to get help.

        The last few tell: the first variant also starts the engine, and what lies in the cache is
        read in no time.
        """
        return len(times) == _TRIED and sum(times) / _TRIED * len(self.todo) > _WORTH

    def _take(self, wait: float) -> bool:
        """Note what a helper has done, if one has by then."""
        try:
            found = self.done.get(timeout=wait) if wait else self.done.get_nowait()
        except queue.Empty:
            return False
        if isinstance(found, BaseException):
            raise found
        self._note(*found)
        return True

    def _note(self, place: int, outcome: Outcome) -> None:
        self.outcomes[place] = outcome
        if self._report is not None:
            self._report(len(self.outcomes) / len(self.choices))

    def _stop(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            kept = "what was spoken is kept: run it again to go on"
            raise Cancelled(
                f"stopped after {len(self.outcomes)} of {len(self.choices)} variants",
                subject="sweep",
                cure=kept if self.task.cache is not None else "",
            )


class _Helper:
    """A thread that takes one variant after another, and speaks it or has a process speak it."""

    def __init__(self, work: _Work, way: str) -> None:
        self._work = work
        self._ending = threading.Event()
        self._process: SweepProcess | None = None
        self._lock = threading.Lock()  # over the process, which two threads start and end
        run = self._by_process if way == "processes" else self._by_itself
        self._thread = threading.Thread(target=self._guarded, args=(run,), name="sweep")
        self._thread.start()

    def end(self) -> None:
        """Stop, in the middle of a variant if need be, and wait for the thread."""
        self._ending.set()
        with self._lock:
            if self._process is not None:
                self._process.end()
        self._thread.join()

    def _guarded(self, run: Callable[[int], Outcome]) -> None:
        """Go on until there is nothing left to do; what goes wrong is raised by the caller."""
        try:
            while not self._ending.is_set():
                try:
                    place = self._work.todo.popleft()
                except IndexError:
                    return
                self._work.done.put((place, run(place)))
        except Cancelled as error:
            if not self._ending.is_set():
                self._work.done.put(error)
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            self._work.done.put(error)
        finally:
            if self._process is not None:
                self._process.close()

    def _by_itself(self, place: int) -> Outcome:
        return self._work.attempt(place, self._ending)

    def _by_process(self, place: int) -> Outcome:
        with self._lock:
            if self._ending.is_set():
                raise Cancelled("was stopped", subject="sweep")
            if self._process is None:
                self._process = SweepProcess(self._work.task.to_dict())
        one = self._work.choices[place]
        choice = {"voice": str(one.voice), "options": dict(one.options), "seed": one.seed}
        try:
            take, measures = self._process.speak(choice)
        except WorkbenchError as error:
            with self._lock:
                if not self._process.alive:  # the next variant gets another one
                    self._process.close()
                    self._process = None
            return Outcome(error=error)
        return Outcome(take=take, measures=measures)
