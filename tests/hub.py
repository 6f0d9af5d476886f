"""A hub of models on loopback: what the real one says of small files, and its bad days.

It answers what `workbench.engines.weights.hub` and the hub's own library ask: the listing of a
repository at a revision, and its files with ranges, digests and redirects of large files to
another address. `Trouble` says what goes wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Asked", "Hub", "Repository", "Trouble", "running_hub"]

_LARGE = 1000  # bytes from which a file is stored apart, by its sha256


@dataclass
class Trouble:
    """What goes wrong, each as often as its number says.

    Parameters
    ----------
    cut
        Bytes after which the line is cut, for so many answers as `cuts`.
    wrong
        How often a file comes with one bit turned.
    statuses
        Status, headers of the next answers to requests of files or listings.
    changed
        How often a range is refused with 416.
    whole
        Whether ranges are ignored.
    hold
        An event that each file waits for after half its bytes.
    """

    cut: int = 0
    cuts: int = 0
    wrong: int = 0
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    changed: int = 0
    whole: bool = False
    hold: threading.Event | None = None


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    host: str
    headers: dict[str, str]

    @property
    def range(self) -> str:
        return self.headers.get("range", "")


@dataclass
class Repository:
    """Files under a commit."""

    files: dict[str, bytes]
    branch: str = "main"

    @property
    def commit(self) -> str:
        text = "".join(f"{n}{hashlib.sha256(d).hexdigest()}" for n, d in sorted(self.files.items()))
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Hub:
    """What the server knows and what it was asked.

    Parameters
    ----------
    repositories
        By ``owner/name``.
    """

    def __init__(self, repositories: dict[str, Repository]) -> None:
        self.repositories = repositories
        self.trouble = Trouble()
        self.asked: list[Asked] = []
        self.sent = 0
        self.elsewhere = False
        """Whether large files are redirected to another host name."""
        self.lock = threading.Lock()
        self.half = threading.Event()
        """Set when half of a file has been sent, where `Trouble.hold` waits."""
        self.endpoint = ""
        self.port = 0

    def files_asked(self) -> list[str]:
        """The files that were asked for, in order."""
        return [a.path.split("/", 5)[-1] for a in self.asked if "/resolve/" in a.path]


def git_name(data: bytes) -> str:
    """What git calls a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asks may go in the middle of an answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._do()

    def do_GET(self) -> None:
        self._do()

    def _do(self) -> None:
        path = unquote(urlsplit(self.path).path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, path, headers.get("host", ""), headers)
        trouble = self.hub.trouble
        with self.hub.lock:
            self.hub.asked.append(asked)
            refused = trouble.statuses.pop(0) if trouble.statuses else None
        if refused is not None:
            self._answer(refused[0], b"no", refused[1])
        elif match := re.fullmatch(r"/api/models/(\w[^/]*/[^/]+)/revision/([^/]+)", path):
            self._listing(match[1], match[2])
        elif match := re.fullmatch(r"/api/models/(\w[^/]*/[^/]+)", path):
            self._listing(match[1], "main")
        elif match := re.fullmatch(r"/api/models/(\w[^/]*/[^/]+)/tree/([^/]+)/?.*", path):
            self._tree(match[1], match[2])
        elif match := re.fullmatch(r"/(\w[^/]*/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(match[1], match[2], match[3])
        elif match := re.fullmatch(r"/blobs/([0-9a-f]{64})", path):
            self._blob(match[1])
        else:
            self._answer(404, b"", {})

    def _repository(self, name: str, revision: str) -> Repository | None:
        found = self.hub.repositories.get(name)
        if found is None:
            self._answer(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif revision not in {found.branch, found.commit}:
            self._answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return None
        return found

    def _listing(self, name: str, revision: str) -> None:
        found = self._repository(name, revision)
        if found is None:
            return
        siblings = [self._about(path, data, "rfilename") for path, data in found.files.items()]
        body = {"id": name, "sha": found.commit, "private": False, "siblings": siblings}
        self._answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _tree(self, name: str, revision: str) -> None:
        found = self._repository(name, revision)
        if found is None:
            return
        rows = [
            {"type": "file", **self._about(path, data, "path"), "oid": git_name(data)}
            for path, data in found.files.items()
        ]
        self._answer(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})

    def _about(self, path: str, data: bytes, key: str) -> dict[str, object]:
        about: dict[str, object] = {key: path, "size": len(data), "blobId": git_name(data)}
        if len(data) >= _LARGE:
            sha256 = hashlib.sha256(data).hexdigest()
            about["lfs"] = {"sha256": sha256, "oid": sha256, "size": len(data), "pointerSize": 130}
        return about

    def _file(self, name: str, revision: str, path: str) -> None:
        found = self._repository(name, revision)
        if found is None:
            return
        data = found.files.get(path)
        if data is None:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        headers = {"X-Repo-Commit": found.commit, "Accept-Ranges": "bytes"}
        if len(data) < _LARGE:
            self._content(data, {**headers, "ETag": f'"{git_name(data)}"'})
            return
        sha256 = hashlib.sha256(data).hexdigest()
        headers |= {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(data))}
        host = "localhost" if self.hub.elsewhere else "127.0.0.1"
        there = f"http://{host}:{self.hub.port}/blobs/{sha256}"
        self._answer(302, b"", {**headers, "ETag": '"other"', "Location": there})

    def _blob(self, sha256: str) -> None:
        for repository in self.hub.repositories.values():
            for data in repository.files.values():
                if hashlib.sha256(data).hexdigest() == sha256:
                    self._content(data, {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes"})
                    return
        self._answer(404, b"", {})

    def _content(self, data: bytes, headers: dict[str, str]) -> None:
        trouble = self.hub.trouble
        start, status = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if asked is not None and not trouble.whole:
            start, status = int(asked[1]), 206
            if start >= len(data) or trouble.changed:
                trouble.changed = max(0, trouble.changed - 1)
                self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        body = data[start:]
        if trouble.wrong and body:
            trouble.wrong -= 1
            body = bytes([body[0] ^ 1]) + body[1:]
        self._send(status, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        trouble = self.hub.trouble
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        whole = len(body)
        if trouble.cuts and trouble.cut < len(body):
            trouble.cuts -= 1
            body = body[: trouble.cut]
        if trouble.hold is not None:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.hub.half.set()
            trouble.hold.wait(30)
            body = body[len(body) // 2 :]
        with contextlib.suppress(OSError):  # the other side may have gone
            self.wfile.write(body)
            self.wfile.flush()
        self.hub.sent += len(body)
        if len(body) < whole:
            self.close_connection = True


@contextlib.contextmanager
def running_hub(repositories: dict[str, Repository]) -> Iterator[Hub]:
    """Serve repositories on a free port of loopback while the block runs."""
    hub = Hub(repositories)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = _Server(("127.0.0.1", 0), handler)
    hub.port = server.server_address[1]
    hub.endpoint = f"http://127.0.0.1:{hub.port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
