"""The older media server, v0.3.5, on loopback: its wire, its bodies and its faults.

::

    with OldServer(folder) as server:
        server.spoil("POST /api/v1/media/storage", "null")  # the next upload, as it could happen
        server.ends = "fails marked"  # and jobs fail, and are "processing" for ever

Each output is written where it will be read, first one half of it and then the other, as the old
server wrote; its sounds and videos are real. What it is told to do wrong is in `OldServer`.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from old_wire import Handler
from old_works import content

if TYPE_CHECKING:
    from pathlib import Path

    from old_http import Request

__all__ = ["OldServer", "Work"]


@dataclass(frozen=True)
class Work:
    """A job that was taken on."""

    operation: str
    fields: dict[str, str]
    file_id: str


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256
    owner: OldServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away, nor of one whose connection was cut."""


@dataclass
class OldServer:
    """The server; every attribute may be changed while it runs."""

    folder: Path
    order: str = "marker"
    """What the status looks at first: the ``marker`` of v0.3.5, or the ``file``, as it was changed
    to later: from then on half a file was "ready"."""
    ends: str = "whole"
    """How jobs end: ``whole``; ``stuck`` (whole, but the marker stays); ``fails marked`` (no file,
    the marker stays); ``fails`` (neither)."""
    seconds: float = 0.1
    """How long a job takes."""
    head: str = "told"
    """What the head of half a sound says: ``told`` (all of it) or ``empty`` (nothing yet)."""
    word: str = "processing"
    """What the status is called while a job is done."""
    progress: Any = None
    """What the status says of the progress."""
    tokens: tuple[str, ...] = ()
    """Taken as they are: "Bearer" is refused."""
    bare: bool = True
    """Whether the ids of extracted frames lack their type."""
    delay: float = 0.0
    """Seconds before each answer."""
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    markers: set[str] = field(default_factory=set)
    spoilt: list[tuple[str, str]] = field(default_factory=list)
    _server: _Threads | None = None
    _connections: set[socket.socket] = field(default_factory=set)
    _jobs: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    # -- running

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *told: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; after `stop`, at the same port, with the same files and markers."""
        self.stopped.clear()
        self._server = _Threads(("127.0.0.1", self.port), Handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """End as one that is killed: connections break, and what runs is never done."""
        self.stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        with self._lock:
            for each in list(self._connections):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for job in self._jobs:
            job.join()
        self._jobs.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spoil(self, path: str, *faults: str) -> None:
        """Answer the next requests whose "METHOD path" has `path` in it with these faults.

        ``null``, ``{}``, ``json TEXT``, ``500`` (text), ``html``, ``404``, ``429 SECONDS``,
        ``401``, ``detail``, ``redirect URL``; ``cut`` (the connection, before anything is done),
        ``cut after`` (once it is done), ``short N`` (after N bytes of the body), ``silent``,
        ``slow SECONDS``; an empty one is none.
        """
        with self._lock:
            self.spoilt += [(path, fault) for fault in faults]

    def fault_of(self, asked: str) -> str:
        """Return the fault of a request, once."""
        with self._lock:
            for number, (path, fault) in enumerate(self.spoilt):
                if path in asked:
                    del self.spoilt[number]
                    return fault
        return ""

    def asked(self, path: str) -> list[Request]:
        """Return the requests whose "METHOD path" has `path` in it."""
        return [one for one in self.requests if path in f"{one.method} {one.path}"]

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)

    # -- files

    def path(self, file_id: str) -> Path | None:
        """Return where a file lies; None when its id is none."""
        kind, _, name = file_id.partition("_")
        if kind not in {"image", "video", "audio", "tmp"} or len(name) > 255:
            return None
        if not name or any(part in name for part in ("..", "/", "\\", "\0")):
            return None
        return self.folder / kind / name

    def exists(self, file_id: str) -> bool:
        path = self.path(file_id)
        return path is not None and path.is_file()

    def keep(self, file_id: str, data: bytes | Path) -> str:
        """Keep bytes, or a file that is moved."""
        path = self.path(file_id)
        assert path is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, bytes):
            path.write_bytes(data)
        else:
            shutil.move(data, path)
        return file_id

    def status(self, file_id: str) -> dict[str, Any]:
        """Return what the status says: nobody keeps a record, so it looks at what there is."""
        working = {"status": self.word}
        if self.progress is not None:
            working["progress"] = self.progress
        looks = [(file_id in self.markers, working), (self.exists(file_id), {"status": "ready"})]
        if self.order == "file":
            looks.reverse()
        return next((told for there, told in looks if there), {"status": "not_found"})

    # -- jobs

    def take(self, operation: str, fields: dict[str, str], file_id: str) -> str:
        """Take a job on: in this process, with a marker for all that is known of it."""
        self.markers.add(file_id)
        job = threading.Thread(target=self._work, args=(file_id,), daemon=True)
        with self._lock:
            self.works.append(Work(operation, fields, file_id))
            self._jobs.append(job)
        job.start()
        return file_id

    def _work(self, file_id: str) -> None:
        ends, data = self.ends, content(file_id)
        if ends.startswith("fails"):
            if not self.stopped.wait(self.seconds) and ends == "fails":
                self.markers.discard(file_id)
            return
        path = self.path(file_id)
        assert path is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        half = bytearray(data[: len(data) // 2])
        if self.head == "empty" and file_id.endswith(".wav"):
            half[4:8] = half[40:44] = struct.pack("<I", 0)
        path.write_bytes(half)
        if self.stopped.wait(self.seconds):
            return
        with path.open("r+b") as file:
            file.write(data)
        if ends == "whole":
            self.markers.discard(file_id)

    def ready(self, file_id: str, seconds: float = 10.0) -> None:
        """Wait until a job has ended."""
        until = time.monotonic() + seconds
        while file_id in self.markers and time.monotonic() < until:
            time.sleep(0.01)
