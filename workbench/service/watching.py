"""Waiting for a job, wherever it is done: until it is ready, has failed, or the time is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from workbench.errors import DeadlineExceeded, FileGone, QueueFull, ServiceUnreachable
from workbench.service.backend import READY, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from workbench.progress import Report

__all__ = ["until_ready"]

_TURN = 10.0  # seconds of one question, of whoever can wait before the answer
_FIRST, _GROWTH, _LAST = 0.02, 1.5, 1.0  # seconds between two questions to whoever cannot


async def until_ready(
    ask: Callable[..., Coroutine[Any, Any, Status]],
    id: str,  # noqa: A002 - the wire's word
    *,
    seconds: float | None = None,
    poll: float | None = None,
    progress: Report | None = None,
) -> Status:
    """Ask for a status until it is ``ready``, and return it.

    A server that is not there meanwhile may come back: jobs survive it.

    Parameters
    ----------
    ask
        Returns the status of an id, after at most ``wait`` seconds.
    id
        Of the job.
    seconds
        In which it has to be ready; None for as long as it takes.
    poll
        Seconds between two questions; None for 20 ms at first and a second in the end.
    progress
        Called with the part that is done, 0 to 1.

    Raises
    ------
    FileGone
        When there is no such job.
    DeadlineExceeded
        When the time is over. The job goes on.
    ServiceUnreachable
        When the time is over and nobody answers.
    WorkbenchError
        The job's own error.
    """
    loop = asyncio.get_running_loop()
    until = None if seconds is None else loop.time() + seconds
    pause = _FIRST
    while True:
        asked = loop.time()
        left = _TURN if until is None else max(0.0, until - asked)
        try:
            status = await ask(id, wait=min(left, _TURN))
        except (ServiceUnreachable, DeadlineExceeded, QueueFull):
            if until is not None and until <= loop.time():
                raise
            status = Status(id=id, status="processing")
        if progress is not None and status.progress is not None:
            progress(status.progress)
        if status.error is not None:
            raise status.error
        if status.status == READY:
            return status
        if status.status == "not_found":
            raise FileGone("is neither a job nor a file", subject=id)
        left = _TURN if until is None else until - loop.time()
        if left <= 0:
            raise DeadlineExceeded(
                f"is not done after {seconds:g} s",
                subject=id,
                cure="wait for it again with a longer timeout",
            )
        if loop.time() - asked < pause:  # it was answered at once
            await asyncio.sleep(min(left, poll or pause))
            pause = min(_LAST, pause * _GROWTH)
