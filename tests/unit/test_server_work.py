"""Work is done by the workers, for as long as somebody wants it; the server itself stays light.

The old server worked on its request threads: with 45 jobs `/health` took 17 s, and what nobody
waited for any more went on.
"""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faults.pools import within
from lavfi import clip
from serving import TOKEN, Served, served
from whisper_model import FOLDER, say

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.media

M = "/api/v1/media"
LONG = "This sentence is said again and again. " * 2_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("work") / "store"
    with served(folder, "--workers", "1", environment={"WHISPER_MODEL": str(FOLDER)}) as running:
        yield running


def test_no_library_of_media_is_loaded_by_the_server(server: Served, tmp_path: Path):
    """What is sent is looked into by others: a library that it brings down is not the server's."""
    clip(tmp_path / "a.mp4", "red", size="96x64", seconds=1.0)
    with server.client() as client:

        def kept(name: str, data: bytes) -> str:
            answer = client.post(f"{M}/storage", files={"file": (name, data)})
            found: str = answer.json()["file_id"]
            return found

        video = kept("a.mp4", (tmp_path / "a.mp4").read_bytes())
        sound = kept("a.wav", say("stop").audio.encode(".wav"))
        asked: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", f"{M}/fonts", {}),
            ("GET", f"{M}/video-tools/info/{video}", {}),
            ("GET", f"{M}/video-tools/extract-frame/{video}", {}),
            ("POST", f"{M}/audio-tools/transcribe", {"data": {"audio_id": sound}}),
            ("POST", f"{M}/video-tools/merge", {"data": {"video_ids": f"{video},{video}"}}),
            ("POST", "/v1/audio/speech", {"json": {"input": "Hello.", "voice": "espeak:en"}}),
        ]
        for method, path, body in asked:
            answer = client.request(method, path, **body)
            assert answer.status_code == 200, (path, answer.text[:200])
    loaded = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
    names = set(re.findall(r"/([\w.+-]+\.so[\w.]*)", loaded))
    heavy = r"libav|libsw|cv2|ctranslate2|onnxruntime|libtorch|_imaging\b|sndfile"
    assert not [name for name in names if re.search(heavy, name)]


def jobs(server: Served, state: str) -> list[str]:
    with server.client() as client:
        told = client.get("/api/v1/jobs", params={"state": state}).json()["jobs"]
    return [one["id"] for one in told if one["operation"] == "speak"]


@pytest.mark.parametrize("state", ["running", "queued"])
def test_work_ends_when_nobody_waits_for_its_answer(server: Served, state: str):
    """Of a client that went away the old server did not know."""
    body = json.dumps({"input": LONG[:90_000], "voice": "espeak:en"}).encode()
    head = (
        "POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with server.client() as client:
        before = ""
        if state == "queued":  # something else is done first
            fields = {"text": LONG, "engine": "espeak", "cache": "false"}
            before = client.post(f"{M}/audio-tools/tts", data=fields).json()["file_id"]
            assert within(10, lambda: before in jobs(server, "running"))
        gone = set(jobs(server, "cancelled"))
        place = server.url.removeprefix("http://").rsplit(":", 1)
        with socket.create_connection((place[0], int(place[1]))) as connection:
            connection.sendall(head.encode() + body)
            assert within(10, lambda: set(jobs(server, state)) - {before})
            (job,) = set(jobs(server, state)) - {before}
        assert within(10, lambda: set(jobs(server, "cancelled")) - gone == {job})
        if before:
            client.delete(f"{M}/storage/{before}")
        kept = client.get(f"{M}/storage", params={"media_type": "audio"}).json()["data"]
        assert job not in [one["file_id"] for one in kept]
