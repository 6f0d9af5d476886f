"""The process that owns the models: it listens, and ends with whoever started it."""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from workbench.engines import loaded
from workbench.engines.host.address import Address, settings
from workbench.engines.host.conversation import Conversation
from workbench.engines.host.lanes import Lane
from workbench.engines.host.memory import resident, settle
from workbench.engines.registry import HOST
from workbench.errors import WorkbenchError

__all__ = ["READY", "Host", "main"]

log = logging.getLogger(__name__)

READY = b"ready\n"
"""What is written to standard output once it listens."""

_WAITING = 512  # connections that nobody has accepted yet
_TICK = 0.5  # seconds between two looks at whether the owner lives
_CALLS = {"synthesize", "open", "transcribe"}


class Host:
    """The lanes of the models, and what is counted.

    Parameters
    ----------
    token
        What a client has to know.
    memory
        Bytes above which models are given up.
    """

    def __init__(self, token: str, memory: int) -> None:
        self.token = token
        self.settings = settings()
        self._memory = memory
        self._lanes: dict[tuple[str, ...], Lane] = {}
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def lane(self, question: dict[str, Any]) -> Lane:
        """Return the queue of the model that a question is for."""
        options = question["arguments"].get("options") or {}
        key = (question["group"], question["engine"], str(options.get("model", "")))
        with self._lock:
            if key not in self._lanes:
                self._lanes[key] = Lane(" ".join(key[1:]).strip())
            return self._lanes[key]

    def called(self, engine: str, method: str) -> None:
        """Count a question that takes a model."""
        if method in _CALLS:
            with self._lock:
                self._counts["calls"] += 1
                self._counts[engine] += 1

    def failed(self, error: Exception) -> None:
        """Count an answer that is an error; what nobody foresaw stands in the log."""
        with self._lock:
            self._counts["failures"] += 1
        if not isinstance(error, WorkbenchError):
            log.warning("a call failed", exc_info=error)

    def settle(self) -> None:
        """Give up models where there are too many."""
        given = settle(self._memory)
        with self._lock:
            self._counts["given up"] += given

    def status(self) -> dict[str, Any]:
        """Return what `ModelHost.status` tells."""
        with self._lock:
            counts = Counter(self._counts)
            waiting = sum(map(len, self._lanes.values()))
        return {
            "pid": os.getpid(),
            "models": list(loaded.standing()),
            "loads": loaded.loads(),
            "calls": counts["calls"],
            "failures": counts["failures"],
            "given_up": counts["given up"],
            "waiting": waiting,
            "rss": resident(),
        }

    def listen(self, path: Path) -> None:
        """Serve whoever connects, for ever."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            # The name appears when it can be connected to: one that is started again takes the
            # place of the one before.
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            before = os.umask(0o177)
            door.bind(str(fresh))
            os.umask(before)
            door.listen(_WAITING)
            fresh.replace(path)
            os.write(1, READY)
            os.dup2(2, 1)  # what a library prints from now on
            while True:
                channel, _ = door.accept()
                threading.Thread(
                    target=self._serve, args=(channel,), name="client", daemon=True
                ).start()

    def _serve(self, channel: socket.socket) -> None:
        with channel:
            try:
                Conversation(self, channel).serve()
            except Exception as error:
                log.exception("a conversation failed", exc_info=error)


def main() -> None:
    """Listen at the address that the environment holds; ``memory`` and ``models`` by argument."""
    logging.basicConfig(level=logging.WARNING)
    setting = json.loads(sys.argv[1])
    # Taken out of the environment: what runs here asks no host.
    address = Address.parse(os.environ.pop(HOST))
    threading.Thread(target=_watch, args=(address.owner,), daemon=True, name="owner").start()
    loaded.keep(int(setting["models"]))
    Host(address.token, int(setting["memory"])).listen(Path(address.socket))


def _watch(owner: int) -> None:
    """End this process when its owner ends, however that was.

    A fork of the owner keeps the pipe open, so its end alone is no sign to rely on.
    """
    poll = select.poll()
    poll.register(0, select.POLLIN)
    while os.getppid() == owner:
        if poll.poll(_TICK * 1000) and not os.read(0, 1):
            break
    os._exit(0)


if __name__ == "__main__":
    main()
