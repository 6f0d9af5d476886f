"""Where a `MediaService` does its work: in this process, or on a server. Both look the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import Cancelled, JobError, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from workbench.ledger import Job
    from workbench.progress import Report

__all__ = ["READY", "Backend", "Status", "failure", "status_of"]

PROCESSING, READY, FAILED, NOT_FOUND = "processing", "ready", "failed", "not_found"
_WIRE = {
    "queued": PROCESSING,
    "running": PROCESSING,
    "done": READY,
    "failed": FAILED,
    "cancelled": FAILED,
    "dead": FAILED,
}


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a file or a job is doing.

    Parameters
    ----------
    id
        Of the file or the job.
    status
        ``processing``, ``ready``, ``failed`` or ``not_found``: the words of the wire.
    progress
        The part that is done, 0 to 1; None where a server does not say.
    error
        What went wrong, for ``failed``.
    state
        The ledger's own word: ``queued``, ``running``, ``done``, ``failed``, ``cancelled``,
        ``dead``; empty where a server has none.
    """

    id: str
    status: str
    progress: float | None = None
    error: WorkbenchError | None = None
    state: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status != PROCESSING


class Backend(Protocol):
    """What does the work of a `MediaService`."""

    mode: str
    """``local`` or ``remote``."""

    async def health(self) -> dict[str, Any]:
        """Return how it is.

        Raises
        ------
        ServiceUnreachable
            When nobody answers.
        """
        ...

    async def upload(
        self,
        source: bytes | Path | BinaryIO,
        *,
        media_type: str = "",
        name: str = "",
        progress: Report | None = None,
    ) -> str:
        """Keep a file; return its id."""
        ...

    async def fetch(self, url: str, *, media_type: str = "") -> str:
        """Keep what a URL leads to; return its id."""
        ...

    async def download(
        self, file_id: str, target: Path | None, progress: Report | None = None
    ) -> bytes | Path:
        """Return a file's content, or write it to `target`, whole or not at all."""
        ...

    async def delete(self, file_id: str) -> bool:
        """Delete a file; return whether it was there, as far as that is known."""
        ...

    async def files(self, media_type: str = "") -> list[dict[str, Any]]:
        """Return what is kept."""
        ...

    def url(self, file_id: str) -> str:
        """Return where a file can be read."""
        ...

    async def frame(self, video_id: str, timestamp: float) -> bytes:
        """Return the picture at so many seconds of a video, as a JPEG."""
        ...

    async def submit(self, operation: str, parameters: Mapping[str, Any], *, key: str = "") -> str:
        """Take on work; return the id of the job, which is that of the file it makes."""
        ...

    async def status(self, id: str, *, wait: float = 0.0) -> Status:  # noqa: A002
        """Return how a job is doing, after at most `wait` seconds in which it may end."""
        ...

    async def result(self, id: str) -> Any:  # noqa: A002 - the wire's word
        """Return what a job that is done has told; raise its error when it failed."""
        ...

    async def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the work, which goes on without it
        progress: Report | None = None,
    ) -> Any:
        """Do work and return its result, with ``file_id`` where it makes a file."""
        ...

    async def cancel(self, id: str) -> Status:  # noqa: A002
        """Stop a job."""
        ...

    async def close(self) -> None:
        """Let go of what is held. Jobs that run in this process are stopped."""
        ...


def status_of(job: Job) -> Status:
    """Return what the wire says of a job."""
    failed = _WIRE[job.state] == FAILED
    return Status(
        id=job.id,
        status=_WIRE[job.state],
        progress=1.0 if job.state == "done" else job.progress,
        error=failure(job) if failed else None,
        state=job.state,
    )


def failure(job: Job) -> WorkbenchError:
    """Return the error for which a job ended."""
    if job.error:
        return WorkbenchError.from_dict(job.error)
    if job.state == "cancelled":
        return Cancelled("was stopped", subject=job.id)
    return JobError("ended without saying why", subject=job.id)
