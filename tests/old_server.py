"""A fake of the media server v0.3.5, with its bodies, its status words and its faults.

::

    with OldServer() as server:
        server.faults.add("stuck marker")
        backend = RemoteBackend(server.url)

Its faults are those of the old code: a marker that outlives a failed job ("stuck marker"), a failure
that looks like an unknown id ("gone on failure"), a file that is ready from its first byte ("half
ready"), facts of nothing ("empty info"), an upload that answers null ("null upload"), ids of frames
without their type, 500 as plain text ("plain 500"), and connections that break before a job is taken
("cut before") or after ("cut after").
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import socket
import struct
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["OldServer", "Submitted"]

M = "/api/v1/media"
U = "/api/v1/utils"
KOKORO = ["af_heart", "af_bella", "am_adam", "ef_dora", "bf_emma"]
SUBMITS = {
    f"{M}/audio-tools/tts/kokoro": ("audio", ".wav"),
    f"{M}/audio-tools/tts/chatterbox": ("audio", ".wav"),
    f"{M}/video-tools/merge": ("video", ".mp4"),
    f"{M}/video-tools/generate/tts-captioned-video": ("video", ".mp4"),
    f"{M}/video-tools/add-colorkey-overlay": ("video", ".mp4"),
    f"{U}/make-image-imperfect": ("image", ".jpg"),
    f"{U}/convert/pcm/wav": ("audio", ".wav"),
}


@dataclass(frozen=True)
class Submitted:
    """A form that was sent."""

    path: str
    fields: dict[str, str]
    files: dict[str, bytes]
    headers: dict[str, str]


@dataclass
class OldServer:
    """The server; everything may be changed while it runs."""

    contents: dict[str, bytes] = field(default_factory=dict)
    """What a job makes, by type: ``audio``, ``video``, ``image``."""
    faults: set[str] = field(default_factory=set)
    token: str = ""
    """The raw token it wants; ``Bearer`` before it is refused."""
    seconds: float = 0.15
    """How long a job takes."""
    marker_first: bool = False
    """Whether a status looks for the marker first, as before the "fix", or for the file."""
    files: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, float] = field(default_factory=dict)
    """When each job is done; never (infinity) for those that fail."""
    forms: list[Submitted] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Self:
        old = self

        class Handler(_Handler):
            server_of = old

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def submit(self, path: str) -> str:
        """Take on a job, and return its id at once, as it did."""
        type_, extension = SUBMITS[path]
        name = f"{type_}_{uuid.uuid4()}{extension}"
        fails = {"stuck marker", "gone on failure"} & self.faults
        self.jobs[name] = float("inf") if fails else time.monotonic() + self.seconds
        return name

    def status(self, name: str) -> str:
        """Say what it made of a marker and of a file."""
        if name in self.jobs:
            done = time.monotonic() >= self.jobs[name]
            if not done:
                if "gone on failure" in self.faults:
                    return "not_found"
                half = "half ready" in self.faults and not self.marker_first
                return "ready" if half else "processing"
            self.files.setdefault(name, self.contents[name.partition("_")[0]])
            if "marker outlives" in self.faults and self.marker_first:
                return "processing"
        return "ready" if name in self.files else "not_found"

    def content(self, name: str) -> bytes | None:
        """Return what lies under a name now."""
        if name in self.jobs and name not in self.files:
            if time.monotonic() >= self.jobs[name]:
                self.status(name)
            elif "half ready" in self.faults:
                whole = self.contents[name.partition("_")[0]]
                return whole[: len(whole) // 3]
        return self.files.get(name)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: OldServer

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def _send(self, status: int, body: Any, kind: str = "application/json") -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _cut(self) -> None:
        """Break the connection, as a server that is killed does."""
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _refused(self) -> bool:
        old = self.server_of
        if urlsplit(self.path).path == "/health" or not old.token:
            return False
        if self.headers.get("Authorization") == old.token:
            return False
        self._send(401, {"error": "Unauthorized"})
        return True

    def do_GET(self) -> None:
        old, parts = self.server_of, urlsplit(self.path)
        path, query = parts.path, parse_qs(parts.query)
        old.asked.append(path)
        if self._refused():
            return
        name = path.rpartition("/")[2]
        if path == "/health":
            self._send(200, {"status": "ok"})
        elif path == "/":
            self._send(200, {"message": "AI Agents", "version": "0.3.5", "documentation": "/docs"})
        elif "plain 500" in old.faults:
            self._send(500, b"Internal Server Error", "text/plain; charset=utf-8")
        elif "a page" in old.faults:
            self._send(502, b"<html><title>Bad &amp; Gateway</title></html>", "text/html")
        elif path == f"{M}/fonts":
            self._send(200, {"fonts": ["Arial", "DejaVu Sans"]})
        elif path == f"{M}/audio-tools/tts/kokoro/voices":
            self._send(200, {"voices": KOKORO})
        elif path.endswith("/status"):
            self._send(200, {"status": old.status(path.split("/")[-2])})
        elif "/info/" in path:
            self._info(name)
        elif "/extract-frame/" in path:
            assert "timestamp" in query
            self._send(200, old.contents["image"], "image/jpeg")
        elif path.startswith(f"{M}/storage/"):
            self._file(name)
        else:
            self._send(404, {"detail": "Not Found"})

    def _info(self, name: str) -> None:
        old = self.server_of
        content = old.content(name)
        if content is None:
            self._send(404, {"error": f"File with ID {name} not found."})
        elif "empty info" in old.faults or len(content) < len(old.contents[name.split("_")[0]]):
            self._send(200, {})
        elif name.startswith("audio"):
            told = {"duration": 1.0, "channels": 1, "sample_rate": "22050", "codec": "pcm_s16le"}
            self._send(200, {**told, "bitrate": "352800"})
        else:
            told = {"duration": 1.0, "width": 96, "height": 64, "fps": "30000"}
            self._send(200, {**told, "aspect_ratio": "3:2", "codec": "h264"})

    def _file(self, name: str) -> None:
        """Send a file as it did: in pieces, without a length."""
        content = self.server_of.content(name)
        if content is None:
            self._send(404, {"error": f"File with ID {name} not found."})
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        half = len(content) // 2
        for number, piece in enumerate((content[:half], content[half:])):
            if number == 1 and "cut download" in self.server_of.faults:
                self.server_of.faults.discard("cut download")
                self._cut()
                return
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def do_DELETE(self) -> None:
        self.server_of.asked.append(self.path)
        if self._refused():
            return
        self.server_of.files.pop(self.path.rpartition("/")[2], None)
        self._send(200, {"status": "success"})

    def do_POST(self) -> None:
        old, path = self.server_of, urlsplit(self.path).path
        old.asked.append(path)
        fields, files = self._form()
        if self._refused():
            return
        if "cut before" in old.faults:
            self._cut()
            return
        if "plain 500" in old.faults:
            self._send(500, b"Internal Server Error", "text/plain; charset=utf-8")
            return
        old.forms.append(Submitted(path, fields, files, dict(self.headers)))
        if path == f"{M}/storage":
            self._upload(fields, files)
        elif path == f"{M}/audio-tools/transcribe":
            assert files["audio_file"]
            self._send(200, {"transcription": " hello there", "duration": 1.0})
        elif path == f"{M}/video-tools/extract-frames":
            names = [str(uuid.uuid4()) + ".jpg" for _ in range(int(fields.get("amount", 5)))]
            for name in names:
                old.files[f"image_{name}"] = old.contents["image"]
            told = {"message": "ok", "template_id": "x", "template_path": "/app/media/image/x"}
            self._send(200, {**told, "image_ids": names})
        elif path == f"{U}/stitch-images":
            self._send(200, old.contents["image"], "image/jpeg")
        elif path in SUBMITS:
            self._submitted(path, fields)
        else:
            self._send(404, {"detail": "Not Found"})

    def _submitted(self, path: str, fields: dict[str, str]) -> None:
        old = self.server_of
        voice = fields.get("voice")
        if path.endswith("/tts/kokoro") and voice and voice not in KOKORO:
            self._send(400, {"error": f"Invalid voice. Valid voices: {', '.join(KOKORO)}"})
        elif "text" not in fields and "/tts/" in path:
            self._send(422, {"detail": [{"loc": ["body", "text"], "msg": "Field required"}]})
        else:
            name = old.submit(path)
            if "cut after" in old.faults:
                self._cut()
            else:
                self._send(200, {"file_id": name})

    def _upload(self, fields: dict[str, str], files: dict[str, bytes]) -> None:
        old = self.server_of
        if "null upload" in old.faults:
            self._send(200, b"null")
            return
        kind = fields.get("media_type", "")
        if kind not in {"image", "video", "audio"}:
            self._send(422, {"detail": [{"loc": ["body", "media_type"], "msg": "Input should be"}]})
            return
        name = f"{kind}_{uuid.uuid4()}{ {'image': '.png', 'video': '.mp4', 'audio': '.wav'}[kind] }"
        old.files[name] = files.get("file", b"from an address")
        self._send(200, {"file_id": name})

    def _form(self) -> tuple[dict[str, str], dict[str, bytes]]:
        """Read a multipart form; anything else was a 422, so it is an error here."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data"):
            assert body == b""
            return {}, {}
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        fields, files = {}, {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if part.get_filename() is None:
                fields[str(name)] = content.decode()
            else:
                files[str(name)] = content
        return fields, files
