"""The application in this process with a real runtime behind it, and files to send to it."""

from __future__ import annotations

import contextlib
import functools
import threading
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from faults.pools import operations
from lavfi import clip
from PIL import Image
from whisper_model import FOLDER

from workbench.audio import Audio
from workbench.service.server.app import create_app
from workbench.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

__all__ = ["AUDIO", "GONE", "IDS", "TOKEN", "M", "U", "Wire", "wire"]

M, U = "/api/v1/media", "/api/v1/utils"
TOKEN = "a-token-of-the-tests"  # noqa: S105
AUDIO = f"{M}/audio-tools"
NOBODY = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
GONE = {"image": f"image_{NOBODY}.png", "video": f"video_{NOBODY}.mp4",
        "audio": f"audio_{NOBODY}.wav"}  # fmt: skip
"""Ids as they are made, of files that are not there."""

IDS = r"(image|video|audio)_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{18}[0-9a-f]*\.[a-z0-9]+"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Wire:
    """A client of the server, and files by their names: made, sent and known by id when asked."""

    client: TestClient
    folder: Path
    elsewhere: str = ""
    _ids: dict[str, str] = field(default_factory=dict)

    @property
    def runtime(self) -> Any:
        return self.client.app.state.runtime

    def path(self, name: str) -> Path:
        path = self.folder / name
        if path.exists():
            return path
        stem, _, kind = name.partition(".")
        if kind in {"png", "jpg"}:
            Image.new("RGB", (64, 48), "navy").save(path)
        elif kind == "wav":
            wave = 0.3 * np.sin(np.arange(24_000) * 0.1)
            Audio(samples=wave.astype(np.float32), rate=24_000).write(path)
        elif kind == "pcm":
            path.write_bytes((np.sin(np.arange(24_000) * 0.1) * 9000).astype("<i2").tobytes())
        elif kind == "mp4":
            clip(path, "lime" if "green" in stem else "red", size="96x64", seconds=1.5)
        else:
            path.write_bytes(b"no media at all" * 20)
        return path

    def part(self, name: str) -> tuple[str, bytes]:
        """A file as a form sends it."""
        return (name, self.path(name).read_bytes())

    def id(self, name: str) -> str:
        """The id of a file; it is sent when it is asked for first."""
        if name not in self._ids:
            answer = self.client.post(
                f"{M}/storage",
                files={"file": self.part(name)},
                data={"media_type": "audio" if ".pcm" in name else ""},
            )
            assert answer.status_code == 200, answer.text
            self._ids[name] = answer.json()["file_id"]
        return self._ids[name]

    def url(self, name: str) -> str:
        """The address of a file on another server."""
        self.path(name)
        return f"{self.elsewhere}/{name}"

    def filled(self, form: dict[str, Any]) -> dict[str, Any]:
        """A form in which ``{a.png}`` is an id and ``<a.png>`` an address."""
        found = {}
        for key, value in form.items():
            text = str(value)
            for name in ("a.png", "b.jpg", "a.wav", "b.wav", "a.mp4", "green.mp4", "a.pcm"):
                if f"{{{name}}}" in text:
                    text = text.replace(f"{{{name}}}", self.id(name))
                if f"<{name}>" in text:
                    text = text.replace(f"<{name}>", self.url(name))
            found[key] = text
        return found

    def ended(self, file_id: str) -> dict[str, Any]:
        """What is said of a job once it has ended."""
        for _ in range(10):
            told = self.client.get(f"{M}/storage/{file_id}/status", params={"wait": 30}).json()
            if told["status"] != "processing":
                return told
        raise AssertionError(f"{file_id} does not end: {told}")

    def job(self, file_id: str) -> Any:
        """The job in the ledger."""
        return self.runtime.ledger.find(file_id)

    def made(self, answer: Response) -> bytes:
        """What a submit has led to."""
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"file_id"}
        file_id = answer.json()["file_id"]
        told = self.ended(file_id)
        assert told["status"] == "ready", told
        return self.client.get(f"{M}/storage/{file_id}").content


@contextlib.contextmanager
def wire(folder: Path, *, standing: bool = True, **settings: Any) -> Iterator[Wire]:
    """Run the application until the block ends.

    Parameters
    ----------
    folder
        For everything.
    standing
        Whether espeak stands in for engines that need weights.
    settings
        Of the server.
    """
    files = folder / "files"
    files.mkdir(parents=True)
    handler = functools.partial(_Quiet, directory=str(files))
    with (
        pytest.MonkeyPatch.context() as patch,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as other,
    ):
        threading.Thread(target=other.serve_forever, args=(0.05,), daemon=True).start()
        for name, value in operations("standing_in:OPERATIONS" if standing else "").items():
            patch.setenv(name, value)
        patch.setenv("WHISPER_MODEL", str(FOLDER))
        for name in ("HF_HOME", "HF_HUB_CACHE", "WORKBENCH_MODELS"):
            patch.setenv(name, str(folder / "none"))  # no weights, whoever runs this
        told = {"workers": 1, "tokens": (TOKEN,), "private": standing, **settings}
        app = create_app(Settings(store=str(folder / "store"), **told))
        with TestClient(
            app,
            base_url="http://localhost:8000",
            headers={"Authorization": TOKEN},
            raise_server_exceptions=False,
        ) as client:
            yield Wire(
                client=client, folder=files, elsewhere=f"http://127.0.0.1:{other.server_port}"
            )
        other.shutdown()
