"""A pool of workers that may be anywhere: `ClusterPool`."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

from workbench.errors import ParameterError
from workbench.paths import user_path
from workbench.production.cluster.attempt import Attempt
from workbench.production.cluster.connection import connect
from workbench.production.cluster.parcel import Parcels
from workbench.production.cluster.probe import Probe, look_all
from workbench.production.cluster.roster import Roster
from workbench.production.cluster.software import agree_all, others
from workbench.production.cluster.work import BEGAN

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from concurrent.futures import Future
    from typing import Any

    from workbench.production.batch.outcome import Outcome
    from workbench.production.batch.task import Task
    from workbench.progress import Report

__all__ = ["ClusterPool"]

_MOST = 1024  # jobs that one process looks after at once; each has a thread that waits


class ClusterPool:
    """Jobs on the workers of a Dask cluster.

    A worker that is lost loses nothing but what it was at: those jobs, and no others, are done
    again elsewhere. What is done is written down here, by the process that gave it out.

    Parameters
    ----------
    address
        Of a scheduler, ``tcp://host:8786`` or ``tls://host:8786``; or the file that it wrote. None
        or ``local`` starts one on this machine with processes that end with this one.
    workers
        How many processes on this machine, by default one for each processor.
    store
        Through what inputs and outputs go: a folder that all machines see, or a URL such as
        ``s3://bucket/jobs``. None when all machines see the same files under the same paths.
    folder
        With no store, a folder to find that out with: one the jobs write to.
    memory
        What each process on this machine may have, such as ``4 GB``. It counts what the worker
        itself has; kernels are processes of their own, and their limit is the machine's.
    resources
        What each job needs of what the workers say they have, such as ``{"GPU": 1}``.
    wait
        Seconds to wait for the scheduler, for its first worker, and for another one later on when
        all are gone.

    Raises
    ------
    ParameterError
        When the address is none.
    ServiceError
        When Dask is not installed, a worker is of another version, or does not see the files or
        the store.
    ServiceUnreachable
        When nobody answers, or there are no workers.
    StorageError
        When the store cannot be used.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        workers: int | None = None,
        store: str | None = None,
        folder: str | os.PathLike[str] = ".",
        memory: str | None = None,
        resources: Mapping[str, float] | None = None,
        wait: float = 60.0,
    ) -> None:
        needs = dict(resources or {})
        for name, need in needs.items():
            if not need > 0:
                raise ParameterError("must be more than 0", subject=f"resource {name}={need}")
        self._parcels = Parcels(store) if store else None
        self._topic = f"workbench-{secrets.token_hex(8)}"
        self._attempts: dict[str, Attempt] = {}
        self._probe: Probe | None = None
        self._roster: Roster | None = None
        self._threads = ThreadPoolExecutor(_MOST, thread_name_prefix="workbench-cluster")
        self._closing = threading.Event()
        self._needs = needs
        self._connection = connect(address, workers=workers, memory=memory, wait=wait)
        try:
            agree_all(self._connection.client)
            if self._parcels is not None:
                self._parcels.look_all(self._connection.client)
            else:
                self._probe = Probe.write(user_path(folder).absolute())
                look_all(self._connection.client, self._probe)
            self._roster = Roster(
                self._connection,
                resources=needs,
                patience=wait,
                each=self._renew,
                vet=lambda: others(self._connection.client),
            )
            self._connection.client.subscribe_topic(self._topic, self._hear)
        except BaseException:
            self.close(kill=True)
            raise

    @property
    def slots(self) -> int:
        """How many jobs may be under way: one for each thread of a worker.

        At least one, so that a cluster that grows with its work is given some.

        Raises
        ------
        ServiceError
            When the scheduler, or all workers, are gone.
        """
        self._check()
        return max(1, min(_MOST, self._roster.places if self._roster else 0))

    def submit(self, task: Task, progress: Report, cancel: threading.Event) -> Future[Outcome]:
        """Begin a job, see `workbench.production.batch.pools.Pool.submit`."""
        return self._threads.submit(self._do, task, progress, cancel)

    def close(self, *, kill: bool = False) -> None:
        """Let go of the cluster; of one on this machine, end the processes.

        Parameters
        ----------
        kill
            Stop the jobs that are under way, instead of waiting for them.
        """
        if kill:
            self._closing.set()
        self._threads.shutdown(wait=True, cancel_futures=kill)
        if self._roster is not None:
            self._roster.close()
        self._connection.close()
        if self._probe is not None:
            self._probe.remove()

    # -- one job --------------------------------------------------------------------------------

    def _do(self, task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        if self._parcels is not None:
            earlier = self._parcels.earlier(task)
            if earlier is not None:
                return earlier
        attempt = Attempt(
            self._connection.client,
            task,
            topic=self._topic,
            needs=self._needs,
            roster=cast("Roster", self._roster),  # there is one, or no pool
            progress=progress,
            stops=(cancel, self._closing),
            probe=self._probe,
            parcels=self._parcels,
            known=self._attempts,
        )
        return attempt.outcome()

    def _hear(self, event: tuple[Any, Any]) -> None:
        """Take what a worker tells to the attempt that it is about."""
        token, what, value = event[1]
        attempt = self._attempts.get(token)
        if attempt is None:
            return
        if what == BEGAN:
            attempt.began(str(value))
        else:
            attempt.progress(float(value))

    def _check(self) -> None:
        if self._roster is not None:
            self._roster.check()

    def _renew(self) -> None:
        if self._probe is not None:
            self._probe.renew()
        self._connection.mend()
