"""Who works in a cluster, looked up now and then."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from workbench.errors import ServiceUnreachable, WorkbenchWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from workbench.errors import ServiceError
    from workbench.production.cluster.connection import Connection

__all__ = ["Roster"]

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds between two looks


class Roster:
    """How many jobs a cluster takes at once.

    Parameters
    ----------
    connection
        To the cluster.
    resources
        What each job needs of what workers say they have.
    patience
        Seconds that there may be no worker at all.
    each
        Called at each look.
    vet
        Called when there are new workers; returns what is wrong with those that can do no jobs.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        resources: Mapping[str, float],
        patience: float,
        each: Callable[[], None],
        vet: Callable[[], Mapping[str, ServiceError]] | None = None,
    ) -> None:
        self._connection = connection
        self._resources = dict(resources)
        self._patience = patience
        self._each = each
        self._vet = vet
        self._vetted: frozenset[str] = frozenset()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._workers: frozenset[str] = frozenset()
        self._unfit: dict[str, ServiceError] = {}
        self._places = 0
        self._last = time.monotonic()  # when there was a worker
        self._look()
        self._thread = threading.Thread(target=self._watch, name="workbench-roster", daemon=True)
        self._thread.start()

    @property
    def places(self) -> int:
        """How many jobs there is room for now."""
        return self._places

    @property
    def fit(self) -> list[str] | None:
        """The workers that may be given jobs, None for all."""
        with self._lock:
            return sorted(self._workers - self._unfit.keys()) if self._unfit else None

    def has_any(self, workers: Iterable[str]) -> bool:
        """Whether any of some workers is still there."""
        return not self._workers.isdisjoint(workers)

    def leave_out(self, worker: str, error: ServiceError) -> bool:
        """Give no job to a worker that came later and is another; warn of it, once.

        Returns
        -------
        bool
            Whether there are others.
        """
        with self._lock:
            new = worker not in self._unfit
            self._unfit[worker] = error
        with contextlib.suppress(Exception):  # `check` tells of a scheduler that is gone
            self._look()
        others = bool(self.fit)
        if new and others:
            warnings.warn(f"{error}; it is given no jobs", WorkbenchWarning, stacklevel=2)
        return others

    def check(self) -> None:
        """Say what has become of the cluster.

        Raises
        ------
        ServiceError
            When its scheduler is gone, or all of its workers are; of workers that are there and
            cannot be given jobs, why.
        """
        if not self._connection.alive:
            raise self._connection.lost()
        if time.monotonic() - self._last > self._patience:
            with self._lock:
                unfit = list(self._unfit.values())
            if unfit:
                raise unfit[0]
            needed = ", ".join(f"{name}={value:g}" for name, value in self._resources.items())
            raise ServiceUnreachable(
                f"no worker {f'with {needed} ' if needed else ''}is left",
                subject=self._connection.address,
                cure="start some, then run the batch again: it goes on where it was",
            )

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(_EVERY)

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            with contextlib.suppress(Exception):  # `check` tells of a scheduler that is gone
                self._look()
                self._vet_new()
            self._each()

    def _vet_new(self) -> None:
        """Leave out new workers that are others, before they are given a job where that can be."""
        now = self._workers
        if self._vet is not None and now - self._vetted:
            for worker, error in self._vet().items():
                self.leave_out(worker, error)
            self._vetted = now

    def _look(self) -> None:
        try:
            told = self._connection.client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:
            log.info("%s: %s", self._connection.address, error)
            raise self._connection.lost() from error
        self._workers = frozenset(told)
        with self._lock:  # an address may be another worker's later on
            for name in self._unfit.keys() - told.keys():
                del self._unfit[name]
        self._places = sum(
            self._room(worker) for name, worker in told.items() if name not in self._unfit
        )
        if self._places:
            self._last = time.monotonic()

    def _room(self, worker: Mapping[str, Any]) -> int:
        has = worker.get("resources") or {}
        rooms = [int(has.get(name, 0) // need) for name, need in self._resources.items()]
        return min([int(worker["nthreads"]), *rooms])
