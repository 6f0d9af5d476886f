"""How the older server reads requests and answers them, and where its answers are spoilt."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import struct
import tempfile
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from python_multipart import parse_form

if TYPE_CHECKING:
    from old_server import OldServer

__all__ = ["Answers", "Cut", "Request", "Wrong", "missing"]

CHUNK = 10 << 20


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    fields: dict[str, str]
    files: dict[str, tuple[str, int]]
    """The name and the size of each file."""


class Cut(Exception):
    """The connection is to break."""


class Wrong(Exception):
    """The answer is an error."""

    def __init__(self, status: int, told: Any) -> None:
        super().__init__(status)
        self.status, self.told = status, told


def missing(name: str) -> Wrong:
    found = {"type": "missing", "loc": ["body", name], "msg": "Field required", "input": None}
    return Wrong(422, {"detail": [found]})


class _Body:
    """What a request sends, whichever way its length is told."""

    def __init__(self, handler: Answers) -> None:
        self.file = handler.rfile
        self.chunked = "chunked" in handler.headers.get("Transfer-Encoding", "").lower()
        self.left = 0 if self.chunked else int(handler.headers.get("Content-Length") or 0)
        self.ended = not self.chunked

    def read(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            if not self.left:
                if self.ended:
                    break
                self.left = int(self.file.readline().split(b";")[0] or b"0", 16)
                if not self.left:
                    self.ended = True
                    self.file.readline()
                    break
            piece = self.file.read(min(size - len(found), self.left))
            if not piece:
                raise Cut
            found += piece
            self.left -= len(piece)
            if self.chunked and not self.left:
                self.file.readline()
        return bytes(found)


class Answers(BaseHTTPRequestHandler):
    """One connection of the older server; `route` says what it answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    def setup(self) -> None:
        super().setup()
        self.owner: OldServer = self.server.owner
        self.owner.opened(self.connection)

    def finish(self) -> None:
        self.owner.closed(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *told: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        try:
            self._serve()
        except (Cut, OSError):
            self.close_connection = True
            # At once, with a reset, as from a process that is killed.
            linger = struct.pack("ii", 1, 0)
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()

    do_POST = do_HEAD = do_DELETE = do_PUT = do_PATCH = do_GET  # noqa: N815

    def route(self, path: str) -> tuple[int, Any]:
        raise NotImplementedError

    # -- one request

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        self.query = dict(parse_qsl(parts.query))
        self.fields: dict[str, str] = {}
        self.files: dict[str, tuple[str, Path]] = {}
        with tempfile.TemporaryDirectory(prefix="old-", dir=self.owner.folder) as folder:
            self._read(Path(folder))
            self.asked = f"{self.command} {path}"
            sizes = {name: (one[0], one[1].stat().st_size) for name, one in self.files.items()}
            lowered = {name.lower(): value for name, value in self.headers.items()}
            self.owner.requests.append(
                Request(self.command, path, self.query, lowered, dict(self.fields), sizes)
            )
            fault, _, value = self.owner.fault_of(self.asked).partition(" ")
            if self.owner.delay:
                time.sleep(self.owner.delay)
            self.short = int(value) if fault == "short" else None
            if self._spoilt(fault, value):
                return
            if fault == "cut" and value == "after":
                with contextlib.suppress(Wrong):
                    self.route(path)
                raise Cut
            allowed = not self.owner.tokens or path == "/health"
            if not allowed and self.headers.get("Authorization") not in self.owner.tokens:
                self._say(401, {"error": "Unauthorized"})
                return
            try:
                status, told = self.route(path)
            except Wrong as wrong:
                status, told = wrong.status, wrong.told
            if isinstance(told, Path):
                self._stream(told, path)
            elif isinstance(told, bytes):
                self._send(status, told, "image/jpeg")
            else:
                self._say(status, told)

    def _spoilt(self, fault: str, value: str) -> bool:
        """Do what a test asked for; return whether that was the answer."""
        if fault == "cut" and not value:
            raise Cut
        if fault == "silent":
            self.owner.stopped.wait(60)
            raise Cut
        if fault == "slow":
            time.sleep(float(value))
            return False
        page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1>"
        bodies: dict[str, tuple[int, bytes, str]] = {
            "null": (200, b"null", "application/json"),
            "{}": (200, b"{}", "application/json"),
            "json": (200, value.encode(), "application/json"),
            "500": (500, b"Internal Server Error", "text/plain; charset=utf-8"),
            "html": (502, page, "text/html"),
            "404": (404, b'{"error":"not there"}', "application/json"),
            "401": (401, b'{"error":"Unauthorized"}', "application/json"),
            "429": (429, b'{"error":"busy"}', "application/json"),
            "detail": (422, json.dumps(missing("text").told).encode(), "application/json"),
            "redirect": (307, b"", "text/plain"),
        }
        if fault not in bodies:
            return False
        status, body, kind = bodies[fault]
        more = {"429": {"Retry-After": value or "1"}, "redirect": {"Location": value}}
        self._send(status, body, kind, more.get(fault, {}))
        return True

    def _read(self, folder: Path) -> None:
        kind = self.headers.get("Content-Type", "")
        body = _Body(self)
        if not kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
            while body.read(1 << 20):
                pass
            return

        def field(found: Any) -> None:
            self.fields[found.field_name.decode()] = (found.value or b"").decode()

        def file(found: Any) -> None:
            name = found.field_name.decode()
            path = folder / f"part{len(self.files)}"
            with path.open("wb") as target:
                found.file_object.seek(0)
                shutil.copyfileobj(found.file_object, target)
            found.close()
            self.files[name] = ((found.file_name or b"").decode(errors="replace"), path)

        headers = {"Content-Type": kind.encode()}
        if not body.chunked:
            headers["Content-Length"] = str(body.left).encode()
        parse_form(headers, body, field, file)

    def _say(self, status: int, told: Any) -> None:
        self._send(status, json.dumps(told, separators=(",", ":")).encode(), "application/json")

    def _send(
        self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if self.short is None else body[: self.short])
        if self.short is not None:
            raise Cut

    def _stream(self, path: Path, asked: str) -> None:
        """Send a file: as much of it as there is, without its length."""
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        name = asked.rpartition("_")[2]
        self.send_header("Content-Disposition", f"attachment; filename={name}")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                if self.short is not None and sent + len(piece) > self.short:
                    piece = piece[: self.short - sent]
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b"")
                    raise Cut
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                sent += len(piece)
        self.wfile.write(b"0\r\n\r\n")
