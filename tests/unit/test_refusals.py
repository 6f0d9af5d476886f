"""What an error is over HTTP: each has a status, and says the same to whoever reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wire_server import AUDIO, M, Wire, wire

from workbench import errors
from workbench.errors import ParameterError, QueueFull, TextError, WorkbenchError
from workbench.service.server.refusals import refusal, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

STATUSES = {
    "AddressRefused": 400, "Cancelled": 409, "ConsentMissing": 403, "DeadlineExceeded": 504,
    "DeviceError": 503, "DownloadError": 502, "EngineMissing": 503, "EngineNotFound": 400,
    "FfmpegError": 500, "FileGone": 404, "JobError": 500, "KernelDied": 500, "MediaError": 400,
    "MediaNotFound": 404, "MediaTooLarge": 413, "ModelAccess": 502, "ModelError": 500,
    "ParameterError": 400, "QueueFull": 429, "QuotaExceeded": 507, "ServiceError": 500,
    "ServiceUnreachable": 500, "StorageError": 500, "StorageFull": 507, "TextError": 400,
    "Unauthorized": 401, "VoiceNotFound": 400, "WeightsCorrupt": 503, "WeightsMissing": 503,
    "WorkbenchError": 500,
}  # fmt: skip
KINDS = [
    kind
    for name in errors.__all__
    if isinstance(kind := getattr(errors, name), type) and issubclass(kind, WorkbenchError)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_and_comes_back_as_itself(kind: type[WorkbenchError]):
    error = kind("is wrong", subject="a.wav", cure="give another one")
    answer = refusal(error)
    assert answer.status_code == status_of(error) == STATUSES[kind.__name__]
    told = json.loads(answer.body)
    assert told["error"] == "a.wav: is wrong; give another one"
    back = WorkbenchError.from_dict(told)
    assert (type(back), str(back)) == (kind, str(error))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_below_v1_it_is_told_as_openai_tells_it(kind: type[WorkbenchError]):
    answer = refusal(kind("is wrong", subject="voice"), "/v1/audio/speech")
    (name, told), *others = json.loads(answer.body).items()
    assert (name, others) == ("error", [])
    assert set(told) == {"message", "type", "param", "code"}
    assert told["message"] == "voice: is wrong"
    assert told["code"] == kind.code
    usual = "invalid_request_error" if answer.status_code < 500 else "server_error"
    assert told["type"] == ("rate_limit_exceeded" if kind is QueueFull else usual)
    assert told["param"] == ("voice" if kind is ParameterError else None)


def test_a_full_queue_says_when_to_come_back():
    for path in ("", "/v1/audio/speech"):
        assert int(refusal(QueueFull("is full"), path).headers["retry-after"]) >= 1
        assert "retry-after" not in refusal(TextError("is empty"), path).headers


@pytest.mark.parametrize("text", ["\ud800", "\0", "\u202e", "\n" * 5, "é" * 9000, "{{}}"])
def test_whatever_was_sent_can_be_told_of(text: str):
    """Half a letter made the answer itself fail, with 500."""
    told = json.loads(refusal(ParameterError("is none", subject=text)).body)
    assert told["subject"] == text
    assert "\n" not in told["error"]


# -- in the application -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wire(tmp_path_factory.mktemp("refusals")) as server:
        yield server


def failing(server: Wire, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> TestClient:
    async def fails(*_: Any, **__: Any) -> Any:
        raise error

    for name in ("find", "submit", "call"):
        monkeypatch.setattr(server.runtime, name, fails)
    return server.client


def test_a_fault_of_the_server_is_told_below_v1_too(
    server: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    client = failing(server, monkeypatch, RuntimeError(f"at {Path.cwd()}/secret.py"))
    answer = client.get("/v1/audio/voices")
    assert answer.status_code == 500
    assert answer.json()["error"]["message"].startswith("internal error")
    assert answer.json()["error"]["type"] == "server_error"
    assert "secret" not in answer.text
    assert any(record.exc_info for record in caplog.records)
    assert client.get("/health").json() == {"status": "ok"}


def test_an_error_of_the_work_keeps_its_words(server: Wire, monkeypatch: pytest.MonkeyPatch):
    told = errors.JobError("its process ended 3 times", subject="video_1.mp4")
    client = failing(server, monkeypatch, told)
    answer = client.post(f"{AUDIO}/tts", data={"text": "Hi."})
    assert (answer.status_code, answer.json()["code"]) == (500, "job")
    assert answer.json()["error"] == "video_1.mp4: its process ended 3 times"


def test_a_key_is_for_one_kind_of_work(server: Wire):
    """It would else be answered with the id of a sound where a video was asked for."""
    key = {"Idempotency-Key": "the same for two"}
    spoken = server.client.post(f"{AUDIO}/tts", data={"text": "Hi.", "engine": "espeak"},
                                headers=key)  # fmt: skip
    assert spoken.status_code == 200
    video = {"video_ids": server.id("a.mp4")}
    other = server.client.post(f"{M}/video-tools/merge", data=video, headers=key)
    assert (other.status_code, other.json()["subject"]) == (400, "Idempotency-Key")
    for bad in ("x" * 256, "\u00e9"):
        sent = {"Idempotency-Key": bad.encode("latin-1")}
        answer = server.client.post(f"{M}/video-tools/merge", data=video, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter")
