"""Waiting for a job, wherever it is done: until it is ready, has failed, or the time is over.

It is asked for often at first and never for ever, and a server that restarts meanwhile may come
back. The older client asked every 15 seconds, which was most of what it waited.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from workbench.errors import (
    DeadlineExceeded,
    FileGone,
    QueueFull,
    ServiceError,
    ServiceUnreachable,
)
from workbench.service.backend import READY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from workbench.progress import Report
    from workbench.service.backend import Status

__all__ = ["TURN", "attended", "late", "until_ready"]

_T = TypeVar("_T")

TURN = 10.0
"""Seconds of one question, of whoever can wait before the answer."""

_FIRST, _GROWTH, _LAST = 0.02, 1.5, 1.0  # seconds between two questions to whoever cannot
# What is wrong with a server for a while, and says nothing of a job.
_PASSING = {ServiceError, ServiceUnreachable, DeadlineExceeded, QueueFull}


async def until_ready(
    ask: Callable[..., Coroutine[Any, Any, Status]],
    id: str,  # noqa: A002 - the wire's word
    *,
    seconds: float | None = None,
    until: float | None = None,
    poll: float | None = None,
    progress: Report | None = None,
) -> Status:
    """Ask for a status until it is ``ready``, and return it.

    A server that is not there meanwhile, or not well, may come back: jobs survive it.

    Parameters
    ----------
    ask
        Returns the status of an id, after at most ``wait`` seconds.
    id
        Of the job.
    seconds
        In which it has to be ready; None for as long as it takes.
    until
        The time of the loop at which those seconds are over; None for that many from now.
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
    if until is None and seconds is not None:
        until = loop.time() + max(0.0, seconds)
    pause, left = _FIRST, TURN
    trouble: ServiceError | None = None
    while left > 0:
        asked = loop.time()
        left = TURN if until is None else until - asked  # it is asked once, even without time
        try:
            async with asyncio.timeout(None if until is None else max(1.0, left)):
                status = await ask(id, wait=max(0.0, min(left, TURN)))
        except TimeoutError:
            break
        except ServiceError as error:
            if type(error) not in _PASSING:
                raise
            trouble = error
        else:
            trouble = None
            if _told(status, progress):
                return status
        if loop.time() - asked < pause:  # it was answered at once
            rest = pause if until is None else max(0.0, until - loop.time())
            await asyncio.sleep(min(rest, poll or pause))
            pause = min(_LAST, pause * _GROWTH)
    if isinstance(trouble, ServiceUnreachable):
        raise trouble
    raise late(id, seconds, trouble)


async def attended(
    work: Coroutine[Any, Any, _T], left: Callable[[asyncio.Future[_T]], Awaitable[None]]
) -> _T:
    """Wait for some work; who is cancelled meanwhile leaves it to `left`, which is awaited."""
    going = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(going)
    except asyncio.CancelledError:
        await left(going)
        raise


def _told(status: Status, progress: Report | None) -> bool:
    """Tell how far a job is; return whether it is done.

    Raises
    ------
    FileGone
        When there is none.
    WorkbenchError
        When it failed.
    """
    if progress is not None and status.progress is not None:
        progress(status.progress)
    if status.error is not None:
        raise status.error
    if status.status == "not_found":
        raise FileGone("is neither a job nor a file", subject=status.id)
    return status.status == READY


def late(
    subject: str, seconds: float | None, trouble: ServiceError | None = None
) -> DeadlineExceeded:
    """Return the error of what was not done in time, with what was wrong at last."""
    said = "" if trouble is None else f" (at last: {trouble.problem})"
    return DeadlineExceeded(
        f"is not done after {seconds or 0:.3g} s{said}",
        subject=subject,
        cure="wait for it again with a longer timeout",
    )
