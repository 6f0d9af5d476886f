"""What a worker of the cluster does: one job, by the function that does it here as well."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Cancelled, ServiceError, WorkbenchError
from workbench.production.batch.perform import perform
from workbench.production.cluster.software import agree
from workbench.production.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.production.batch.task import Task
    from workbench.production.cluster.probe import Probe

__all__ = ["BEGAN", "PART", "Order", "stop", "work"]

BEGAN, PART = "began", "part"
"""What a worker tells while it works: that it began, and how far it is."""

_EVERY = 0.25  # seconds between two messages
_WANTED = {"executing", "long-running"}
_SERVING = {"running", "paused", "closing_gracefully"}

_STOPS = 1000  # the latest that are remembered; a worker has a few jobs at a time

_running: dict[str, Stop] = {}
_stopped: dict[str, None] = {}


@dataclass(frozen=True, kw_only=True)
class Order:
    """A job, with all that a worker has to know to do it.

    Parameters
    ----------
    token
        Of this attempt.
    topic
        Where the one who gave it out listens.
    task
        The job.
    software
        What the worker has to be.
    probe
        A file that the worker has to see; None where nothing is shared.
    store
        Where inputs come from and outputs go; empty for files that all see.
    inputs
        With a store: digest of every file that the job reads, by its path there.
    folders
        With a store: those of its output and its executed notebook, as far as they are there.
    """

    token: str
    topic: str
    task: Task
    software: Mapping[str, str]
    probe: Probe | None = None
    store: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()


def work(order: Order) -> dict[str, Any]:
    """Do a job on a worker.

    Returns
    -------
    dict
        ``outcome``, or ``error`` of a job that failed; ``made`` with a store: what lies there.
        ``lost`` when the worker was told to end, and ``unfit``, its address, when it is another or
        sees other files: somebody else has to do it.
    """
    from distributed import get_worker

    worker: Any = get_worker()
    key: str = worker.get_current_task()
    last, told = 0.0, -1.0

    def tell(what: str, value: Any) -> None:
        worker.log_event(order.topic, [order.token, what, value])

    def report(done: float) -> None:
        nonlocal last, told
        if not _wanted(worker, key):
            cancel.set()
        if done != told and time.monotonic() - last >= _EVERY:
            last, told = time.monotonic(), done
            tell(PART, done)

    made: dict[str, Any] = {}
    try:
        agree(order.software, worker.address)
        if order.probe is not None and not order.store:
            order.probe.look(worker.address)
    except ServiceError as error:
        return {"error": error, "unfit": worker.address}
    tell(BEGAN, worker.address)
    try:
        with _stoppable(order.token) as cancel:
            if order.store:
                from workbench.production.cluster.away import perform_away

                place = Path(worker.local_directory) / "workbench"
                outcome = perform_away(order, place, made, progress=report, cancel=cancel)
            else:
                outcome = perform(order.task, progress=report, cancel=cancel)
    except Cancelled as error:
        stopped = order.token in _stopped
        return {"error": error, "made": made, "lost": not stopped and not _wanted(worker, key)}
    except WorkbenchError as error:
        return {"error": error, "made": made}
    finally:
        _stopped.pop(order.token, None)
    return {"outcome": outcome.to_dict(), "made": made}


def stop(token: str, *, now: bool = False) -> None:
    """Stop a job of this worker, as the stop button does; one that has not begun will not.

    Parameters
    ----------
    token
        Of the job.
    now
        Whether its notebook gets no time to clean up.
    """
    _stopped[token] = None
    for old in list(_stopped)[:-_STOPS]:  # told of what has ended already, they would stay
        _stopped.pop(old, None)
    event = _running.get(token)
    if event is not None:
        event.set()
        if now:
            event.now = True


@contextlib.contextmanager
def _stoppable(token: str) -> Iterator[Stop]:
    event = _running[token] = Stop()
    if token in _stopped:
        event.set()
    try:
        yield event
    finally:
        del _running[token]


def _wanted(worker: Any, key: str) -> bool:
    """Whether somebody still waits for a job.

    Nobody does once whoever gave it out has ended or cannot be reached, or the worker is ending.
    """
    state = worker.state.tasks.get(key)
    return worker.status.value in _SERVING and state is not None and state.state in _WANTED
