"""A job in a thread of this process."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.ledger import Ledger
    from workbench.progress import Report

__all__ = ["Running", "ended"]

_STEP = 0.01  # of the work, between two notes of how far it is


class Running:
    """How to hear of the end of a job in a thread, and how to stop it."""

    def __init__(self, progress: Report | None) -> None:
        self.future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self.cancel = threading.Event()
        self.begun = False
        self._progress = progress

    def reporting(self, id: str, ledger: Ledger) -> Report:  # noqa: A002 - the wire's word
        """Return what work calls; the ledger hears of every hundredth."""
        told = -1.0

        def report(done: float) -> None:
            nonlocal told
            if done - told >= _STEP or done >= 1.0 > told:
                told = done
                ledger.progress(id, done)
                if self._progress is not None:
                    self._progress(done)

        return report


async def ended(future: concurrent.futures.Future[Any], seconds: float | None) -> bool:
    """Wait until a job has ended; return whether it has."""
    waiting = asyncio.wrap_future(future)
    waiting.add_done_callback(lambda one: one.cancelled() or one.exception())  # it was heard
    await asyncio.wait([waiting], timeout=seconds)
    # Cancelling what waits would cancel what is waited for.
    return future.done()
