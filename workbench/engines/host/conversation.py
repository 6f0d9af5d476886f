"""One client of the host: its questions, the answers, and how it ends.

Two threads serve it. One reads, because the end of what a client says is the only sign that it
wants no more; the other writes, because a client that reads slowly must not hold up the model.
"""

from __future__ import annotations

import hmac
import logging
import os
import queue
import socket
import struct
import threading
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.engines import registry
from workbench.engines.host.desk import HostDesk, computes
from workbench.engines.host.leaving import Leaving
from workbench.engines.host.wire import PROTOCOL, Ended, receive, send
from workbench.engines.isolated.worker import told
from workbench.engines.registry import TRANSCRIBERS
from workbench.engines.voices_folder import voices_in
from workbench.errors import Cancelled, ModelError, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.audio import Audio
    from workbench.engines.host.lanes import Lane
    from workbench.engines.host.server import Host

__all__ = ["Conversation"]

log = logging.getLogger(__name__)

_CREDENTIALS = struct.Struct("3i")
_OF_THE_HOST: dict[Any, Callable[[Host], Callable[[], Any]]] = {
    "status": lambda host: host.status,
    "computes": lambda _: computes,
}


class Conversation:
    """What one connection is about.

    Parameters
    ----------
    host
        The lanes of the models, and what is counted.
    channel
        The open connection.
    """

    def __init__(self, host: Host, channel: socket.socket) -> None:
        self._host = host
        self._channel = channel
        self._client = _who(channel)
        self._cancel = threading.Event()
        self._leaving = Leaving()
        self._answers: queue.SimpleQueue[tuple[dict[str, Any], list[Audio]] | None] = (
            queue.SimpleQueue()
        )
        self._desk: HostDesk | None = None
        self._lane: Lane | None = None
        self._numbers = count(1)
        self._waiting: set[int] = set()  # questions that nobody has begun to answer
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Answer until the client says no more."""
        writer = threading.Thread(target=self._write, name="answers", daemon=True)
        try:
            self._greet()
            writer.start()
            while True:
                self._take(*receive(self._channel))
        except Ended:
            pass
        except WorkbenchError as error:
            self._refuse(error)
        except OSError as error:  # the client went away while it was greeted
            log.debug("a client left: %s", error)
        finally:
            self._end(writer)

    def _greet(self) -> None:
        hello, _ = receive(self._channel, sounds=False)
        if not hmac.compare_digest(str(hello.get("token", "")).encode(), self._host.token.encode()):
            raise ModelError("refuses: the token is not its own", subject="model host")
        there = (hello.get("protocol"), hello.get("version"))
        if there != (PROTOCOL, __version__):
            raise ModelError(
                f"is of version {__version__}, and this process runs {there[1]}",
                subject="model host",
                cure="restart whichever is older: the batch or the kernel",
            )
        send(self._channel, {"result": {"settings": self._host.settings}})

    def _refuse(self, error: WorkbenchError) -> None:
        try:
            send(self._channel, {"error": error.to_dict()})
        except OSError:
            log.debug("a client that was refused has not waited for it")

    def _take(self, question: dict[str, Any], sounds: list[Audio]) -> None:
        method = question.get("method")
        if method in _OF_THE_HOST:  # answered at once, whatever the models do
            self._answer(_OF_THE_HOST[method](self._host))
            return
        if self._lane is None:  # a conversation is about one engine
            self._lane = self._host.lane(question)
        number = next(self._numbers)
        with self._lock:
            self._waiting.add(number)
        self._lane.put(self._client, partial(self._work, number, question, sounds))

    def _work(self, number: int, question: dict[str, Any], sounds: list[Audio]) -> None:
        with self._lock:
            if number not in self._waiting:  # the client left meanwhile
                return
            self._waiting.discard(number)
        self._answer(partial(self._done, question, sounds))
        self._host.settle()

    def _done(self, question: dict[str, Any], sounds: list[Audio]) -> Any:
        if self._desk is None:
            hears = question["group"] == TRANSCRIBERS
            named = registry.transcriber if hears else registry.engine
            self._desk = HostDesk(named(question["engine"]), self._cancel)
        self._host.called(self._desk.name, question["method"])
        with voices_in(Path(question["voices"])):
            if question["method"] == "transcribe":
                return self._desk.transcribe(question["arguments"], sounds[0], self._report)
            return self._leaving.run(
                partial(self._desk.answer, question["method"], question["arguments"])
            )

    def _answer(self, work: Callable[[], Any]) -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - the client raises it
            self._host.failed(error)
            self._answers.put(({"error": told(error)}, []))
        else:
            self._answers.put(({"result": result}, self._desk.taken() if self._desk else []))

    def _report(self, part: float) -> None:
        self._answers.put(({"progress": part}, []))

    def _write(self) -> None:
        while (item := self._answers.get()) is not None:
            try:
                send(self._channel, *item)
            except OSError:  # gone: what is being done for it stops
                self._cancel.set()

    def _end(self, writer: threading.Thread) -> None:
        self._cancel.set()
        with self._lock:
            waiting, self._waiting = len(self._waiting), set()
        for _ in range(waiting):
            error = Cancelled("stopped before it began", subject="transcription")
            self._answers.put(({"error": error.to_dict()}, []))
        if self._lane is not None:
            # Behind what is being answered now: a stream cannot be closed while it works.
            self._lane.put(self._client, self._close)
            self._leaving.leave()
        else:
            self._answers.put(None)
        if writer.ident is not None:
            writer.join()
        self._channel.close()

    def _close(self) -> None:
        try:
            if self._desk is not None:
                self._desk.end()
        except Exception as error:  # noqa: BLE001 - nobody is left to tell
            self._host.failed(error)
        finally:
            self._answers.put(None)


def _who(channel: socket.socket) -> int:
    """Return the process at the other end; where that is not told, each connection is one.

    Raises
    ------
    ModelError
        When it is another user's.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return channel.fileno()
    pid, user, _ = _CREDENTIALS.unpack(
        channel.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    )
    if user != os.getuid():
        raise ModelError("refuses: another user asks", subject="model host")
    return int(pid)
