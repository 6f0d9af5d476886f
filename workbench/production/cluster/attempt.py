"""A job given to the cluster, watched until it has ended, and given again if it was lost."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.errors import Cancelled, KernelDied, ServiceError, WorkbenchError
from workbench.ledger import RUNNER
from workbench.production.batch.outcome import Outcome
from workbench.production.cluster.software import here
from workbench.production.cluster.work import Order, stop, work
from workbench.production.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.production.batch.task import Task
    from workbench.production.cluster.parcel import Parcels
    from workbench.production.cluster.probe import Probe
    from workbench.production.cluster.roster import Roster
    from workbench.progress import Report

__all__ = ["Attempt"]

_LOOK = 0.2  # seconds between two looks at a job that runs
_AGAIN = 1.0  # seconds between two requests to stop
_PATIENCE = 90.0  # seconds a job that is told to stop gets: its kernel has its own grace
_INNOCENT = 10  # times a job may be taken along by the end of a worker it had not begun on


class Attempt:
    """One job on its way through the cluster.

    Parameters
    ----------
    client
        Of the scheduler.
    task
        The job.
    topic
        Where workers tell how far they are.
    needs
        Resources a worker has to have.
    roster
        Who works in the cluster, and whether anybody does.
    progress
        Called with the part that is done.
    stops
        The job stops when one of them is set.
    probe
        What the worker has to see, where files are shared.
    parcels
        Through what files go, where they are not.
    known
        Where it is to be found by its token while it is under way.
    """

    def __init__(
        self,
        client: Any,
        task: Task,
        *,
        topic: str,
        needs: Mapping[str, float],
        roster: Roster,
        progress: Report,
        stops: tuple[threading.Event, ...],
        probe: Probe | None,
        parcels: Parcels | None,
        known: dict[str, Attempt],
    ) -> None:
        self.progress = progress
        self._client = client
        self._task = task
        self._topic = topic
        self._needs = dict(needs)
        self._roster = roster
        self._stops = stops
        self._probe = probe
        self._parcels = parcels
        self._known = known
        self._workers: list[str] = []
        self._asked = 0.0

    def began(self, worker: str) -> None:
        """Take note of the worker that does it."""
        self._workers.append(worker)

    def outcome(self) -> Outcome:
        """Have the job done, and return what became of it.

        Raises
        ------
        WorkbenchError
            As `workbench.production.batch.perform.perform` does.
        KernelDied
            When it ends every worker that begins it.
        ServiceError
            When the cluster is gone, or none of its workers can do jobs of this process.
        """
        for _ in range(_INNOCENT):
            if self._stopped:
                break
            reply = self._given()
            if reply.get("lost"):
                continue
            if "unfit" in reply and self._roster.leave_out(reply["unfit"], reply["error"]):
                continue
            if "error" in reply:
                raise reply["error"]
            return Outcome.from_dict(reply["outcome"])
        if self._stopped:
            raise Cancelled("stopped on request", subject=self._task.name)
        raise ServiceError(
            f"its worker ended before it began, {_INNOCENT} times",
            subject=self._task.name,
            cure="see why the workers of the cluster end",
        )

    @property
    def _stopped(self) -> bool:
        return any(event.is_set() for event in self._stops)

    def _given(self) -> dict[str, Any]:
        """Give the job out once, and return the reply."""
        from distributed import KilledWorker

        order = self._order()
        self._workers.clear()
        self._known[order.token] = self
        done = threading.Event()
        try:
            while (fit := self._roster.fit) == []:  # all that are there are others
                self._roster.check()
                if self._stopped:
                    return {"lost": True}
                time.sleep(_LOOK)
            self._roster.check()
            future = self._client.submit(
                work,
                order,
                key=f"workbench-{order.token}",
                pure=False,
                workers=fit,
                resources=self._needs or None,
            )
            future.add_done_callback(lambda _: done.set())
            try:
                if not self._wait(done, future, order.token, fit):
                    return {"lost": True}
                reply: dict[str, Any] = future.result()
            except KilledWorker as error:
                if not self._workers:  # another job's doing
                    return {"lost": True}
                raise self._killed() from error
            except WorkbenchError:
                raise
            except Exception:
                self._roster.check()  # a scheduler that goes says so in many ways
                raise
            finally:
                with contextlib.suppress(Exception):  # the scheduler may be gone
                    future.release()
            if self._parcels is not None:
                self._parcels.receive(order, reply)
            return reply
        finally:
            del self._known[order.token]
            if self._parcels is not None:
                self._parcels.clear(order)

    def _order(self) -> Order:
        task = self._task
        if os.environ.get(RUNNER):
            # Whoever finds this process dead ends what it had started, on this machine.
            marked = {RUNNER: os.environ[RUNNER], **task.variables}
            task = replace(task, variables=marked)
        order = Order(
            token=secrets.token_hex(16),
            topic=self._topic,
            task=task,
            software=here(),
            probe=self._probe,
        )
        return order if self._parcels is None else self._parcels.send(order)

    def _wait(
        self, done: threading.Event, future: Any, token: str, fit: Sequence[str] | None
    ) -> bool:
        """Wait for the end of the job; stop it when that is wanted.

        Returns
        -------
        bool
            False when all workers that might do it have gone, and others may.

        Raises
        ------
        Cancelled
            When it was stopped before a worker had begun.
        ServiceError
            When the cluster is gone.
        """
        since = 0.0
        while not done.wait(_LOOK) and future.status == "pending":
            self._roster.check()
            if not threading.main_thread().is_alive():  # nobody closes the pool any more
                future.cancel()
                raise Cancelled("stopped with the process", subject=self._task.name)
            if self._stopped:
                since = since or time.monotonic()
                if not self._workers or time.monotonic() - since > _PATIENCE:
                    future.cancel()  # a worker that begins it all the same sees that, and stops
                    raise Cancelled("stopped on request", subject=self._task.name)
                self._stop(token)
            elif fit is not None and not self._roster.has_any(fit):
                future.cancel()
                return False
        if future.status in {"cancelled", "lost"}:
            self._roster.check()
            raise ServiceError(
                "the scheduler has forgotten it",
                subject=self._task.name,
                cure="run the batch again: it goes on where it was",
            )
        return True

    def _stop(self, token: str) -> None:
        if time.monotonic() - self._asked > _AGAIN:
            self._asked = time.monotonic()
            now = any(isinstance(one, Stop) and one.now for one in self._stops)
            with contextlib.suppress(Exception):  # the worker may have gone: then it is stopped
                self._client.run(
                    stop, token, now=now, workers=self._workers[-1:], on_error="ignore"
                )

    def _killed(self) -> KernelDied:
        times = len(self._workers)
        return KernelDied(
            f"its worker ended each of the {times} times it was begun"
            if times > 1
            else "its worker ended",
            subject=self._task.name,
            cure="look for memory running out, or a crash",
        )
