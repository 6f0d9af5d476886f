"""A connection to the model host: one for each call, so that leaving a call is closing it."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.engines.host.wire import PROTOCOL, Ended, receive, send
from workbench.engines.isolated.process import raised
from workbench.errors import Cancelled, ModelError

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from types import TracebackType

    from workbench.audio import Audio
    from workbench.engines.host.address import Address
    from workbench.progress import Report

__all__ = ["PATIENCE", "HostEnded", "Line"]

PATIENCE = 60.0
"""Seconds in which the owner has to have started a host again."""

_TICK = 0.05  # seconds between two looks at whether somebody wants it to stop
_GREETINGS = 5  # that may come to nothing while a host ends
_LAST = 10.0  # seconds in which the host has to have stopped


class HostEnded(ModelError):
    """The host ended in the middle of a conversation."""


class Line:
    """A conversation with the host.

    Parameters
    ----------
    address
        Where it is.
    subject
        What is asked for, for messages.

    Raises
    ------
    ModelError
        When nobody answers there, or it is not of this version.
    """

    def __init__(self, address: Address, subject: str) -> None:
        self._subject = subject
        hello = {"token": address.token, "protocol": PROTOCOL, "version": __version__}
        for left in reversed(range(_GREETINGS)):
            self._channel = _connected(address, subject)
            try:
                self.settings: dict[str, str] = self.ask(hello)[0]["settings"]
            except HostEnded:  # it was ending already when it was reached
                self.close()
                if not left:
                    raise
                time.sleep(_TICK)
            except BaseException:
                self.close()
                raise
            else:
                return

    def ask(
        self,
        question: dict[str, Any],
        sounds: Sequence[Audio] = (),
        *,
        progress: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> tuple[Any, list[Audio]]:
        """Return the answer to a question, and the sounds that belong to it.

        Raises
        ------
        WorkbenchError
            Whatever was raised there.
        ModelError
            When the host ended before it had answered.
        Cancelled
            When `cancel` was set.
        """
        with contextlib.suppress(OSError):  # it may have said why it takes no more
            send(self._channel, question, sounds)
        deadline = float("inf")
        while True:
            if cancel is not None and not self._readable():
                if time.monotonic() > deadline:
                    raise Cancelled("stopped", subject=self._subject)
                if cancel.is_set() and deadline == float("inf"):
                    deadline = time.monotonic() + _LAST
                    with contextlib.suppress(OSError):  # nothing more comes from here: stop
                        self._channel.shutdown(socket.SHUT_WR)
                continue
            try:
                answer, heard = receive(self._channel)
            except Ended:
                raise self._ended() from None
            if "progress" in answer:
                if progress is not None:
                    progress(answer["progress"])
            elif "error" in answer:
                raise raised(answer["error"], self._subject)
            else:
                return answer["result"], heard

    def close(self) -> None:
        """End the conversation; the host stops what it does for it."""
        self._channel.close()

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:  # a stream that nobody began to read
        with contextlib.suppress(AttributeError):
            self._channel.close()

    def _readable(self) -> bool:
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        return bool(poll.poll(_TICK * 1000))

    def _ended(self) -> HostEnded:
        return HostEnded(
            "the model host ended before it had answered",
            subject=self._subject,
            cure="ask again: its owner starts another one (it is often want of memory)",
        )


def _connected(address: Address, subject: str) -> socket.socket:
    """Return the open connection; wait while the owner starts the host again."""
    limit = time.monotonic() + PATIENCE
    while True:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            channel.connect(address.socket)
        except BlockingIOError:  # more ask at once than can wait
            channel.close()
        except ConnectionRefusedError:  # it has ended, and its owner has not
            channel.close()
            if not _lives(address.owner) or time.monotonic() > limit:
                raise _absent(subject) from None
        except OSError:  # the socket is gone with its owner
            channel.close()
            raise _absent(subject) from None
        else:
            return channel
        time.sleep(_TICK)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _absent(subject: str) -> ModelError:
    return ModelError(
        "the model host that this process was told of has ended, and nobody starts it again",
        subject=subject,
        cure="run the batch again, or unset WORKBENCH_MODEL_HOST to load models here",
    )
