"""A server on loopback that speaks the protocol of OpenAI's audio, with espeak behind it.

::

    with OpenAIServer() as server:
        engine = RemoteEngine(server.url)
        server.next("429 after 0")        # the next answer is a fault; the one after it is none
"""

from __future__ import annotations

import contextlib
import json
import re
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from workbench.audio import Audio
from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions
from workbench.errors import TextError, VoiceNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OpenAIServer", "Request", "wav"]

ENDLESS = 0xFFFFFFFF
BODIES = {
    "html": (
        b"<!doctype html><html><title>Bad &amp; Gateway</title><b>x</b></html>",
        "text/html; charset=utf-8",
    ),
    "json": (b'{"error": {"message": "the model is not loaded"}}', "application/json"),
    "text as sound": (b"out of memory", "audio/wav"),
    "garbage": (bytes(range(1, 255)) * 20, "application/octet-stream"),
    "empty": (b"", "audio/wav"),
    "head alone": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
    "no samples": (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0" + struct.pack("<II", 24_000, 48_000)
                   + b"\2\0\x10\0data\0\0\0\0", "audio/wav"),
}  # fmt: skip
TYPES = {"wav": "audio/wav", "pcm": "audio/pcm", "flac": "audio/flac", "mp3": "audio/mpeg"}


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, list[str]]:
        """The text fields of a form; the sound is `file`."""
        found: dict[str, list[str]] = {}
        for name, _, content in self._fields():
            found.setdefault(name, []).append(content.decode("utf-8", "replace"))
        return found

    @property
    def file(self) -> tuple[str, bytes]:
        """The name and the bytes of the file in a form."""
        return next((name, content) for _, name, content in self._fields() if name)

    def _fields(self) -> Iterator[tuple[str, str, bytes]]:
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        for part in self.body.split(b"--" + boundary)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            about = head.decode("utf-8", "replace")
            name = re.search(r'[; ]name="([^"]*)"', about)
            file = re.search(r'filename="([^"]*)"', about)
            yield name[1] if name else "", file[1] if file else "", content[:-2]


def wav(audio: Audio, *, size: int | None = None, bits: int = 16) -> bytes:
    """The bytes of a WAV file whose head claims `size` bytes of samples."""
    samples = audio.samples
    if bits == 16:
        data = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes()
        kind = 1
    else:
        data, kind = samples.astype("<f4").tobytes(), 3
    step = audio.channels * bits // 8
    told = len(data) if size is None else size
    form = struct.pack("<HHIIHH", kind, audio.channels, audio.rate, audio.rate * step, step, bits)
    whole = ENDLESS if told >= ENDLESS else told + 36
    head = b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return head + b"data" + struct.pack("<I", told) + data


@dataclass
class OpenAIServer:
    """The server; every attribute may be changed while it runs."""

    voices: Any = field(
        default_factory=lambda: {"voices": ["en-us", "en-gb", {"id": "es", "name": "Spanish"}]}
    )
    """What ``GET /v1/audio/voices`` answers; None for 404."""
    key: str = ""
    """The key it wants."""
    rate: int = 0
    """The rate of its sound in Hz; 0 for espeak's own."""
    hears: Any = None
    """What ``POST /v1/audio/transcriptions`` answers, or a function of the sound and the request
    that returns it: bytes, JSON, or a status and a message; None for 404."""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    """Where it listens; 0 for any free port."""
    released: threading.Event = field(default_factory=threading.Event)
    """Ends the silence of the faults ``slow`` and ``slow body``."""

    def __post_init__(self) -> None:
        self._faults: list[str] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(_Handler):
            server_side = outer

        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def next(self, *faults: str) -> None:
        """Let the next answers be faults, one each."""
        with self._lock:
            self._faults += faults

    def take_fault(self) -> str:
        with self._lock:
            return self._faults.pop(0) if self._faults else ""

    def speech(self) -> list[Any]:
        """The bodies of the requests for speech."""
        return [request.json for request in self.requests if request.path.endswith("/speech")]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server_side: OpenAIServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server_side.connections += 1

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client has had enough
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.server_side.requests.append(request)
        self._route(request)

    def _route(self, request: Request) -> None:
        side = self.server_side
        fault = side.take_fault()
        if side.key and request.headers.get("authorization") != f"Bearer {side.key}":
            sent = request.headers.get("authorization", "nothing")
            self._error(401, f"Incorrect API key provided: {sent}")
        elif fault and self._fault(fault):
            pass
        elif request.path == "/v1/audio/voices" and side.voices is not None:
            self._send(200, json.dumps(side.voices).encode())
        elif request.path == "/v1/audio/speech":
            self._speak(request, fault)
        elif request.path == "/v1/audio/transcriptions" and side.hears is not None:
            self._hear(request)
        else:
            self._error(404, f"Not Found: {request.path}")

    def _fault(self, fault: str) -> bool:
        """Answer with a fault that has nothing to do with what was asked; else return false."""
        status = re.fullmatch(r"(\d{3})(?: after (\S+))?(?: (.*))?", fault)
        if status:
            more = {"retry-after": status[2]} if status[2] else {}
            if status[1][0] == "3":
                more["location"] = "http://elsewhere.invalid/v1?token=swordfish"
            self._error(int(status[1]), status[3] or f"it is a {status[1]}", **more)
        elif fault in BODIES:
            self._send(200, *BODIES[fault])
        elif fault == "hang up":
            self.close_connection = True
        elif fault == "slow":
            self.server_side.released.wait(60)
            self._error(500, "late")
        elif fault == "drip":
            self._head(200, "audio/wav", chunked=True)
            for _ in range(80):
                if not self.server_side.released.wait(0.1):
                    self._chunk(b"R")
            self._chunk(b"")
        else:
            return False
        return True

    # -- speech ---------------------------------------------------------------------------------

    def _speak(self, request: Request, fault: str) -> None:
        asked = request.json
        try:
            options = EspeakOptions(rate=round(175 * asked.get("speed", 1)))
            audio = (
                EspeakEngine()
                .synthesize(asked["input"], voice=asked["voice"], options=options)
                .audio
            )
        except VoiceNotFound:
            self._error(400, f"Voice '{asked['voice']}' not found")
            return
        except TextError as error:
            self._error(400, str(error))
            return
        if self.server_side.rate:
            audio = audio.resample(self.server_side.rate)
        if fault == "stereo":
            audio = audio.with_channels(2)
        form = asked["response_format"]
        data = _encoded(audio, form, fault)
        kind = {"octets": "application/octet-stream", "untyped": ""}.get(fault, TYPES[form])
        if form == "pcm" and fault != "pcm without rate":
            kind += f"; rate={audio.rate}"
        if asked.get("stream"):
            self._stream(data, kind, fault)
        elif fault == "cut body":
            self._head(200, kind, length=len(data))
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            self._send(200, data, kind)

    def _stream(self, data: bytes, kind: str, fault: str) -> None:
        self._head(200, kind, chunked=True)
        for start in range(0, len(data), 4_410):
            self._chunk(data[start : start + 4_410])
            half = start > len(data) / 2
            if half and fault == "cut stream":
                self.close_connection = True
                return
            if half and fault == "slow body":
                self.server_side.released.wait(60)
        self._chunk(b"")

    # -- hearing --------------------------------------------------------------------------------

    def _hear(self, request: Request) -> None:
        import io

        import soundfile

        samples, rate = soundfile.read(io.BytesIO(request.file[1]), dtype="float32")
        told = self.server_side.hears
        if callable(told):
            told = told(Audio(samples=samples, rate=rate), request)
        if isinstance(told, tuple):
            self._error(*told)
        else:
            self._send(200, told if isinstance(told, bytes) else json.dumps(told).encode())

    # -- the wire -------------------------------------------------------------------------------

    def _error(self, status: int, message: str, **headers: str) -> None:
        body = json.dumps({"error": {"message": message, "type": "invalid_request_error"}})
        self._send(status, body.encode(), **headers)

    def _send(
        self, status: int, body: bytes, kind: str = "application/json", **headers: str
    ) -> None:
        self._head(status, kind, length=len(body), **headers)
        self.wfile.write(body)

    def _head(
        self,
        status: int,
        kind: str,
        *,
        length: int | None = None,
        chunked: bool = False,
        **headers: str,
    ) -> None:
        self.send_response(status)
        if kind:
            self.send_header("content-type", kind)
        if length is not None:
            self.send_header("content-length", str(length))
        if chunked:
            self.send_header("transfer-encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def _encoded(audio: Audio, form: str, fault: str) -> bytes:
    """The bytes of a file in that format, with what is wrong with it."""
    if form == "wav":
        if fault == "mp3 for wav":
            return audio.encode(".mp3")
        sizes = {"endless": ENDLESS, "float endless": ENDLESS, "zero size": 0,
                 "too large a size": 10_000_000}  # fmt: skip
        data = wav(audio, size=sizes.get(fault), bits=32 if fault.startswith("float") else 16)
        return _with_list(data) if fault == "list chunk" else data
    data = wav(audio)[44:] if form == "pcm" else audio.encode(f".{form}")
    return data[: len(data) // 2] if fault == "cut file" else data


def _with_list(data: bytes) -> bytes:
    """A WAV file with a chunk of an odd size before its samples, and one after them."""
    extra = b"LIST" + struct.pack("<I", 5) + b"abcde\x00"
    return data[:36] + extra + data[36:] + extra
