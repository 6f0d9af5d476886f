"""The way to a cluster: one that runs, or one of this machine's own processes."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, ServiceError, ServiceUnreachable
from workbench.paths import user_path
from workbench.processors import threads

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LOCAL", "Connection", "check_address", "connect"]

log = logging.getLogger(__name__)

LOCAL = "local"
"""The address of a cluster that is started here, and ends with this process."""

_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://[^\s/]+:\d+/?")
_FAILURES = 2  # workers that a job may lose before it is taken for the cause, in a cluster of ours


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A client of a scheduler, and the cluster behind it where that is our own."""

    address: str
    client: Any
    cluster: Any = None

    @property
    def alive(self) -> bool:
        """Whether the scheduler still answers."""
        return bool(self.client.status == "running")

    def lost(self) -> ServiceError:
        """Return the error for a scheduler that is gone."""
        return ServiceUnreachable(
            "the scheduler is gone",
            subject=self.address,
            cure="start it again, then run the batch again: it goes on where it was",
        )

    def mend(self) -> None:
        """Start those processes of a cluster of our own anew that Dask has given up.

        It does so, and starts none instead, with one that is away some seconds after an end of it:
        its new process may have ended meanwhile too.
        """
        cluster = self.cluster
        if cluster is None or cluster.status.name != "running":
            return
        if len(cluster.workers) < len(cluster.worker_spec):
            cluster.scale(len(cluster.worker_spec))

    def close(self) -> None:
        """Let go of the scheduler, and end the processes of a cluster of our own."""
        # What is gone already cannot be closed, and says so in many ways.
        with suppress(Exception):
            self.client.close(timeout=5)
        if self.cluster is not None:
            with suppress(Exception):
                self.cluster.close(timeout=15)


def connect(
    address: str | None, *, workers: int | None, memory: str | None, wait: float
) -> Connection:
    """Return the way to a cluster with at least one worker.

    Parameters
    ----------
    address
        Of a scheduler, or of its file; ``local`` or None for processes of this machine.
    workers
        How many processes; only for those of this machine.
    memory
        What each of them may have, such as ``4 GB``; by default its share of all there is.
    wait
        Seconds to wait for the scheduler, and for its first worker.

    Raises
    ------
    ParameterError
        When it is no address, or a number of workers that are not ours to start.
    ServiceError
        When Dask is not installed.
    ServiceUnreachable
        When nobody answers, or there are no workers.
    """
    where = LOCAL if address is None else address.strip()
    if workers is not None and (where != LOCAL or workers < 1):
        raise ParameterError(
            "must be at least 1" if where == LOCAL else "are for a cluster on this machine only",
            subject=f"workers={workers}",
            cure="" if where == LOCAL else "start them with: dask worker ADDRESS",
        )
    options = _options(where)
    try:
        import distributed
    except ImportError as error:
        raise ServiceError(
            "Dask is not installed",
            subject="a cluster",
            cure="pip install 'media-workbench[cluster]'",
        ) from error
    library: Any = distributed  # it has few types
    cluster = _start(workers or threads(), memory) if where == LOCAL else None
    try:
        client = library.Client(
            **(options if cluster is None else {"address": cluster}),
            timeout=wait,
            set_as_default=False,
            name="workbench",
        )
    except (OSError, ValueError, RuntimeError) as error:
        if cluster is not None:
            cluster.close()
        raise _unreachable(where, error) from error
    connection = Connection(address=where, client=client, cluster=cluster)
    try:
        client.wait_for_workers(1, timeout=wait)
    except Exception as error:
        connection.close()
        if not isinstance(error, TimeoutError | OSError):
            raise
        raise ServiceUnreachable(
            "has no workers",
            subject=where,
            cure="start some with: dask worker ADDRESS --nthreads 1",
        ) from error
    return connection


def check_address(address: str) -> None:
    """Refuse what cannot be the address of a cluster; nobody is asked.

    Raises
    ------
    ParameterError
        When it is neither an address, nor a scheduler's file, nor ``local``.
    """
    _options(address.strip())


def _options(where: str) -> dict[str, Any]:
    """Return what a client needs to be told of an address."""
    if where == LOCAL:
        return {}
    if _ADDRESS.fullmatch(where):
        return {"address": where.rstrip("/")}
    if "://" not in where and where and user_path(where).is_file():
        return {"scheduler_file": str(user_path(where).absolute())}
    raise ParameterError(
        "is neither the address of a scheduler nor the file it wrote",
        subject=f"cluster {where!r}",
        cure="use tcp://HOST:8786, tls://HOST:8786, the scheduler's file, or local",
    )


def _unreachable(where: str, error: Exception) -> ServiceUnreachable:
    log.info("%s: %s: %s", where, type(error).__name__, error)
    hint = ""
    if where.startswith(("tls://", "wss://")):
        hint = ", and set DASK_DISTRIBUTED__COMM__TLS__* for its certificates"
    return ServiceUnreachable(
        "no scheduler answers there",
        subject=where,
        cure=f"start one with: dask scheduler --port 8786{hint}",
    )


def _start(workers: int, memory: str | None) -> Any:
    """Start a scheduler here, and processes that end with this one."""
    import dask
    import distributed

    library: Any = distributed

    options: dict[str, Any] = {} if memory is None else {"memory_limit": memory}
    with dask.config.set(dict(_settings())):
        cluster = library.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
            security=_security(),
            **options,
        )
    # Dask has a page of its own on a port of its own, and no way to want none.
    cluster.scheduler.http_server.stop()
    return cluster


def _settings() -> Iterator[tuple[str, Any]]:
    yield "distributed.scheduler.allowed-failures", _FAILURES
    yield "distributed.scheduler.http.routes", []
    yield "distributed.worker.http.routes", []
    yield "distributed.worker.preload", ["workbench.production.cluster.calm"]
    # It says that each worker computes with one thread; here kernels do, as they do without Dask.
    yield "distributed.nanny.pre-spawn-environ", {}


def _security() -> Any:
    """Return certificates for this one cluster: whoever reaches a scheduler runs code as we do."""
    import distributed

    try:
        import cryptography  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        log.warning("the scheduler is open to all users of this machine: cryptography is missing")
        return None
    security: Any = distributed.Security
    return security.temporary()
