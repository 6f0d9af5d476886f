"""Who works in a cluster, looked up now and then."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from workbench.errors import ServiceUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    """

    def __init__(
        self,
        connection: Connection,
        *,
        resources: Mapping[str, float],
        patience: float,
        each: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._resources = dict(resources)
        self._patience = patience
        self._each = each
        self._ended = threading.Event()
        self._places = 0
        self._last = time.monotonic()  # when there was a worker
        self._look()
        self._thread = threading.Thread(target=self._watch, name="workbench-roster", daemon=True)
        self._thread.start()

    @property
    def places(self) -> int:
        """How many jobs there is room for now."""
        return self._places

    def check(self) -> None:
        """Say what has become of the cluster.

        Raises
        ------
        ServiceError
            When its scheduler is gone, or all of its workers are.
        """
        if not self._connection.alive:
            raise self._connection.lost()
        if time.monotonic() - self._last > self._patience:
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
            self._each()

    def _look(self) -> None:
        try:
            told = self._connection.client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:
            log.info("%s: %s", self._connection.address, error)
            raise self._connection.lost() from error
        self._places = sum(self._room(worker) for worker in told.values())
        if self._places:
            self._last = time.monotonic()

    def _room(self, worker: Mapping[str, Any]) -> int:
        has = worker.get("resources") or {}
        rooms = [int(has.get(name, 0) // need) for name, need in self._resources.items()]
        return min([int(worker["nthreads"]), *rooms])
