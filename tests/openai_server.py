"""A server on loopback that speaks the protocol of OpenAI's audio, with espeak behind it.

::

    with OpenAIServer() as server:
        engine = RemoteEngine(server.url)
        server.next("429 after 0")        # the next answer is a fault; the one after it is none
"""

from __future__ import annotations

import json
import re
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from workbench.audio import Audio
from workbench.engines.espeak import EspeakEngine, EspeakOptions
from workbench.errors import TextError, VoiceNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["OpenAIServer", "Request", "wav"]

ENDLESS = 0xFFFFFFFF
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
    hears: Callable[[Audio, Request], Any] | None = None
    """What ``POST /v1/audio/transcriptions`` answers."""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    """Ends the silence of the faults ``slow`` and ``slow body``."""

    def __post_init__(self) -> None:
        self._faults: list[str] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(_Handler):
            server_side = outer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
        try:
            self._route(request)
        except (BrokenPipeError, ConnectionResetError):  # the client has had enough
            self.close_connection = True

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
        side = self.server_side
        status = re.fullmatch(r"(\d{3})(?: after (\S+))?(?: (.*))?", fault)
        if status:
            more = {"retry-after": status[2]} if status[2] else {}
            if status[1][0] == "3":
                more["location"] = "http://elsewhere.invalid/v1?token=swordfish"
            self._error(int(status[1]), status[3] or f"it is a {status[1]}", **more)
        elif fault == "html":
            page = b"<!doctype html><html><title>Bad &amp; Gateway</title><b>x</b></html>"
            self._send(200, page, "text/html; charset=utf-8")
        elif fault == "json":
            self._error(200, "the model is not loaded")
        elif fault == "text as sound":
            self._send(200, b"out of memory", "audio/wav")
        elif fault == "garbage":
            self._send(200, bytes(range(1, 255)) * 20, "application/octet-stream")
        elif fault == "empty":
            self._send(200, b"", "audio/wav")
        elif fault == "hang up":
            self.close_connection = True
        elif fault == "slow":
            side.released.wait(60)
            self._error(500, "late")
        elif fault == "drip":
            self._head(200, "audio/wav", chunked=True)
            while not side.released.wait(0.1):
                self._chunk(b"R")
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
        data = self._encoded(audio, form, fault)
        kind = {"octets": "application/octet-stream", "untyped": ""}.get(fault, TYPES[form])
        if form == "pcm" and fault != "pcm without rate":
            kind += f"; rate={audio.rate}"
        if asked.get("stream"):
            self._head(200, kind, chunked=True)
            step = 4_410
            for start in range(0, len(data), step):
                self._chunk(data[start : start + step])
                if fault == "cut stream" and start > len(data) / 2:
                    self.close_connection = True
                    return
                if fault == "slow body" and start > len(data) / 2:
                    self.server_side.released.wait(60)
            self._chunk(b"")
        elif fault == "cut body":
            self._head(200, kind, length=len(data))
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            self._send(200, data, kind)

    def _encoded(self, audio: Audio, form: str, fault: str) -> bytes:
        if fault == "mp3 for wav":
            return audio.encode(".mp3")
        if form == "wav":
            if fault == "float":
                return wav(audio, bits=32)
            if fault == "float endless":
                return wav(audio, bits=32, size=ENDLESS)
            if fault == "list chunk":
                return _with_list(wav(audio))
            sizes = {"endless": ENDLESS, "zero size": 0, "too large a size": 10_000_000}
            return wav(audio, size=sizes.get(fault))
        if form == "pcm":
            return wav(audio)[44:]
        data = audio.encode(f".{form}")
        return data[: len(data) // 2] if fault == "cut file" else data

    # -- hearing --------------------------------------------------------------------------------

    def _hear(self, request: Request) -> None:
        import io

        import soundfile

        samples, rate = soundfile.read(io.BytesIO(request.file[1]), dtype="float32")
        hears = self.server_side.hears
        assert hears is not None
        told = hears(Audio(samples=samples, rate=rate), request)
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


def _with_list(data: bytes) -> bytes:
    """A WAV file with a chunk of an odd size before its samples, and one after them."""
    extra = b"LIST" + struct.pack("<I", 5) + b"abcde\x00"
    return data[:36] + extra + data[36:] + extra
