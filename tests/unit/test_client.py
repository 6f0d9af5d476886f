"""The client of a media server: the older one with its ways, and ours."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import os
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from old_server import OldServer
from old_works import content

from workbench.errors import (
    DeadlineExceeded,
    FileGone,
    JobError,
    MediaError,
    MediaTooLarge,
    ParameterError,
    QueueFull,
    ServiceError,
    ServiceUnreachable,
    StorageError,
    TextError,
    Unauthorized,
)
from workbench.service import transfers
from workbench.service.client import RemoteBackend
from workbench.service.forms import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

pytestmark = pytest.mark.media

M = "/api/v1/media"
WAV = f"audio_{'0' * 8}-0000-4000-8000-{'0' * 12}.wav"
TOKEN = "a-token-of-the-tests"  # noqa: S105


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldServer]:
    folder = tmp_path / "old"
    folder.mkdir()
    with OldServer(folder, seconds=0.02) as server:
        yield server


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


# -- making one


def test_making_one_connects_to_nothing_and_needs_nothing(monkeypatch: pytest.MonkeyPatch):
    for name in ("MEDIA_SERVER_URL", "WORKBENCH_SERVICE_TOKEN", "MEDIA_SERVER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    backend = RemoteBackend()
    assert (backend.mode, backend.line.url) == ("remote", "http://localhost:8000")
    monkeypatch.setenv("MEDIA_SERVER_URL", "https://media.example.org/base/")
    assert repr(RemoteBackend()) == "RemoteBackend('https://media.example.org/base')"
    assert RemoteBackend("http://other").url(WAV) == f"http://other{M}/storage/{WAV}"


@pytest.mark.parametrize(
    "url",
    ["ftp://a", "localhost:8000", "http://", "http://me:secret@host", "http://a?b=1", "http://[a",
     "http://a:99999", "file:///etc", "http://a#b"],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused(url: str):
    with pytest.raises(ParameterError) as raised:
        RemoteBackend(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX-Evil: 1", "schlüssel", "\0"])
def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(token: str):
    with pytest.raises(ParameterError) as raised:
        RemoteBackend(token=token)
    assert token not in str(raised.value)


def test_the_token_is_sent_as_it_is_given(old: OldServer, monkeypatch: pytest.MonkeyPatch):
    """The old server refuses "Bearer a" where its token is "a"."""
    old.tokens = (TOKEN,)
    assert run(RemoteBackend(old.url, token=TOKEN).call("fonts", {}))["fonts"]
    with pytest.raises(Unauthorized, match="Unauthorized") as raised:
        run(RemoteBackend(old.url, token=f"Bearer {TOKEN}").call("fonts", {}))
    assert "token" in raised.value.cure
    old.tokens = (f"Bearer {TOKEN}",)
    monkeypatch.setenv("MEDIA_SERVER_TOKEN", "another")
    monkeypatch.setenv("WORKBENCH_SERVICE_TOKEN", f"Bearer {TOKEN}")
    assert run(RemoteBackend(old.url).call("fonts", {}))
    monkeypatch.delenv("WORKBENCH_SERVICE_TOKEN")
    with pytest.raises(Unauthorized):
        run(RemoteBackend(old.url).call("fonts", {}))
    assert run(RemoteBackend(old.url).health())["status"] == "ok"


def test_the_token_stands_in_no_log_no_error_and_no_text(
    old: OldServer, caplog: pytest.LogCaptureFixture
):
    """The old server wrote every Authorization header to its log."""
    caplog.set_level(logging.DEBUG)
    backend = RemoteBackend(old.url, token=TOKEN)
    told: list[str] = [repr(backend), repr(backend.line), str(vars(backend))]
    old.spoil("/fonts", f'json {{"fonts": "{TOKEN}"}}', "500", "401", "cut", "redirect http://b/")
    answer = f'{{"error": "no {TOKEN}", "code": "parameter", "problem": "no {TOKEN}"}}'

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text=answer)

    other = RemoteBackend("http://b", token=TOKEN, transport=httpx.MockTransport(refuse))
    for one in (backend, backend, backend, other):
        try:
            run(one.call("fonts", {}))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown
            told += [str(error), repr(error), str(error.__cause__), str(error.__context__)]
    told.append(caplog.text)
    assert "GET" in caplog.text
    assert len(told) > 8
    assert TOKEN not in "".join(told)


def test_a_redirect_is_not_followed_with_the_token(old: OldServer, tmp_path: Path):
    (tmp_path / "b").mkdir()
    with OldServer(tmp_path / "b") as other:
        backend = RemoteBackend(old.url, token=TOKEN)
        for path, ask in (
            ("/fonts", lambda: backend.call("fonts", {})),
            ("POST", lambda: backend.submit("speak", {"text": "Hi."})),
            ("/storage/", lambda: backend.download(WAV, tmp_path / "a.wav")),
        ):
            old.spoil(path, f"redirect {other.url}/elsewhere")
            with pytest.raises(ServiceError, match="leads on") as raised:
                run(ask())
            assert other.url in raised.value.cure
        assert not other.requests


# -- loops


def test_several_loops_use_one_client_and_leave_no_connection_open(old: OldServer):
    """A cell and a script each have a loop of their own; a connection belongs to one of them."""
    backend = RemoteBackend(old.url)
    for _ in range(3):
        asyncio.run(backend.health())  # and nothing is closed: a warning would be an error
        gc.collect()
    assert not backend.line._clients

    async def twice() -> None:
        await asyncio.gather(*(backend.health() for _ in range(20)))
        await backend.close()
        await backend.health()  # it may be used again

    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(asyncio.run(backend.health())["status"]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    asyncio.run(twice())
    for thread in threads:
        thread.join()
    assert found == ["ok"] * 8
    gc.collect()
    assert not backend.line._clients


def test_one_that_is_forgotten_closes_its_connections(old: OldServer):
    async def forget() -> None:
        await RemoteBackend(old.url).health()
        gc.collect()
        for _ in range(100):
            if not old._connections:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("a connection stays open")

    asyncio.run(forget())


def test_closing_from_another_loop_closes_those_of_a_running_one(old: OldServer):
    backend = RemoteBackend(old.url)

    async def hold(used: threading.Event, closed: threading.Event) -> None:
        await backend.health()
        used.set()
        while not closed.is_set():
            await asyncio.sleep(0.01)

    used, closed = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(hold(used, closed)))
    thread.start()
    used.wait(10)
    asyncio.run(backend.close())
    for _ in range(200):
        if not backend.line._clients:
            break
        time.sleep(0.01)
    assert not backend.line._clients
    closed.set()
    thread.join()


# -- files to a server


class Pipe(io.RawIOBase):
    """A stream that cannot go back, and gives as much as it likes."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 30_000) if size > 0 else size)


def test_bytes_a_file_and_streams_are_sent_whole(old: OldServer, tmp_path: Path):
    data = content("audio_a.wav")
    path = tmp_path / "a sound.wav"
    path.write_bytes(data)
    half = io.BytesIO(b"before it" + data)
    half.seek(9)
    for source, name in (
        (data, ""), (path, ""), (io.BytesIO(data), "b.wav"), (half, ""), (Pipe(data), "c.wav"),
        (Pipe(data), ""), (Pipe(data), "d.mp4"), (Pipe(data), 'no\r\nX: 1"/\\\u202e.wav'),
    ):  # fmt: skip
        for media_type in ("audio", ""):
            seen: list[float] = []
            given = source
            if isinstance(source, Pipe):
                given = Pipe(data)
            elif isinstance(source, io.BytesIO):
                source.seek(9 if source is half else 0)
            backend = RemoteBackend(old.url)
            kept = run(
                backend.upload(given, media_type=media_type, name=name, progress=seen.append)
            )
            assert re.fullmatch(r"audio_[0-9a-f-]{36}\.wav", kept)
            assert old.path(kept).read_bytes() == data
            assert seen == sorted(seen)
            assert seen[-1] == 1.0
            (field, (sent, size)) = next(iter(old.asked("POST")[-1].files.items()))
            assert (field, size) == ("file", len(data))
            assert sent.endswith(".wav")
            assert not re.search(r'[\r\n"/\\\u202e]', sent)
    assert "file_name" not in old.asked("POST")[-1].fields


def test_a_file_that_is_not_what_it_is_said_to_be_is_not_sent_to_who_believes_all(old: OldServer):
    """The old server takes any bytes, and names them by what their file was called."""
    with pytest.raises(MediaError):
        run(RemoteBackend(old.url).upload(b"no media at all" * 9, media_type="image"))
    with pytest.raises(MediaError):
        run(RemoteBackend(old.url).upload(content("audio_a.wav"), media_type="image", name="a.png"))
    kept = run(RemoteBackend(old.url).upload(content("audio_a.wav"), name="film.mp4"))
    assert kept.startswith("audio_")
    assert kept.endswith(".wav")
    assert len(old.asked("POST")) == 1


def test_a_file_that_is_not_there_or_becomes_shorter_is_an_error(tmp_path: Path, old: OldServer):
    backend = RemoteBackend(old.url)
    with pytest.raises(StorageError, match="nowhere"):
        run(transfers.upload(backend.line, tmp_path / "nowhere.wav", media_type="audio", name="a"))
    shrinking = tmp_path / "a.wav"
    shrinking.write_bytes(b"0" * 3_000_000)

    async def shrink() -> None:
        with Source(shrinking) as source:
            async for _ in source.pieces():
                os.truncate(shrinking, 1_500_000)

    with pytest.raises(StorageError, match="shorter"):
        run(shrink())
    with pytest.raises(MediaError, match="neither bytes"):
        Source("a.wav")


def test_an_upload_of_which_nothing_is_kept_is_an_error(old: OldServer):
    """The old server answers `null`, with 200."""
    for fault in ("null", "{}", 'json {"file_id": null}', 'json ["a"]', "html", "500"):
        old.spoil("POST", fault)
        with pytest.raises((MediaError, ServiceError)):
            run(RemoteBackend(old.url).upload(content("audio_a.wav"), media_type="audio"))
    assert len(old.asked("POST")) == 6


# -- files from a server


def test_a_download_is_whole_or_not_there(old: OldServer, tmp_path: Path):
    data = content("video_a.mp4")
    name = WAV.replace("audio", "video").replace("wav", "mp4")
    old.keep(name, data)
    target = tmp_path / "sub" / "a.mp4"
    seen: list[float] = []
    backend = RemoteBackend(old.url)
    assert run(backend.download(name, target, seen.append)) == target
    assert target.read_bytes() == run(backend.download(name, None)) == data
    assert seen[-1] == 1.0
    old.path(name).unlink()
    with pytest.raises(FileGone):
        run(backend.download(name, target))
    assert target.read_bytes() == data
    assert [one.name for one in target.parent.iterdir()] == ["a.mp4"]


def test_a_download_to_where_nothing_can_be_written_says_so(old: OldServer, tmp_path: Path):
    old.keep(WAV, content(WAV))
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        run(RemoteBackend(old.url).download(WAV, tmp_path / "file" / "a.wav"))


def test_a_download_into_memory_has_an_end(old: OldServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transfers, "_IN_MEMORY", 50_000)
    old.keep(WAV, content(WAV))
    with pytest.raises(MediaTooLarge, match="50,000"):
        run(RemoteBackend(old.url).download(WAV, None))


def test_an_older_server_deletes_whatever_it_is_asked_to(old: OldServer):
    old.keep(WAV, b"a")
    assert run(RemoteBackend(old.url).delete(WAV)) is True
    assert run(RemoteBackend(old.url).delete(WAV)) is True  # it does not say
    assert not old.exists(WAV)
    with pytest.raises(ServiceError, match="list of files"):
        run(RemoteBackend(old.url).files())
    with pytest.raises(ServiceError, match="stop a job"):
        run(RemoteBackend(old.url).cancel(WAV))


def test_an_address_is_kept_by_the_server_as_what_its_path_says(old: OldServer):
    backend = RemoteBackend(old.url)
    kept = run(backend.fetch("http://example.org/a.png?size=a/b.mp4"))
    assert kept.startswith("image_")
    assert old.asked("POST")[-1].fields["media_type"] == "image"
    with pytest.raises(ParameterError, match="media_type"):
        run(backend.fetch("http://example.org/a"))
    with pytest.raises(ParameterError, match="Invalid URL"):
        run(backend.fetch("ftp://example.org/a.png"))


# -- ours


class Ours:
    """What `workbench serve` says, as far as the client can tell."""

    def __init__(self, *polls: dict[str, Any], **answers: Any) -> None:
        self.polls, self.answers = list(polls), answers
        self.requests: list[httpx.Request] = []
        self.backend = RemoteBackend("http://ours", transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if path == "/":
            return httpx.Response(200, json={"server": "workbench", "version": "1"})
        for part, given in self.answers.items():
            if part in f"{request.method.lower()}{path.replace('/', '_')}":
                told = given.pop(0) if isinstance(given, list) else given
                if isinstance(told, Exception):
                    raise told
                return told if isinstance(told, httpx.Response) else httpx.Response(200, json=told)
        if path.endswith("/status"):
            told = self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
            return httpx.Response(200, json=told)
        return httpx.Response(200, json={"file_id": WAV})

    def sent(self, text: str) -> list[httpx.Request]:
        return [one for one in self.requests if text in f"{one.method} {one.url}"]


WORKING = {"status": "processing", "progress": 40, "state": "running"}
DONE = {"status": "ready", "progress": 100, "state": "done", "result": {"duration": 1.5}}
SPEAK = {"text": "Hi.", "engine": "espeak"}


def test_our_server_is_asked_once_who_it_is_and_waits_itself():
    ours = Ours(WORKING, DONE)
    seen: list[float] = []
    told = run(ours.backend.call("speak", SPEAK, timeout=30, progress=seen.append))
    assert told == {"file_id": WAV, "duration": 1.5}
    assert seen == [0.4, 1.0]
    run(ours.backend.status(WAV, wait=99))
    assert len(ours.sent("http://ours/")) - len(ours.sent("/api/")) == 1
    assert [one.url.query for one in ours.sent("/status")] == [b"wait=10"] * 3


def test_a_submit_has_a_key_and_is_sent_again_with_the_same_one():
    lost = httpx.ReadError("gone")
    ours = Ours(DONE, post=[lost, httpx.RemoteProtocolError("cut"), {"file_id": WAV}])
    assert run(ours.backend.submit("speak", SPEAK)) == WAV
    keys = [one.headers["idempotency-key"] for one in ours.sent("POST")]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    again = Ours(DONE)
    run(again.backend.submit("speak", SPEAK, key="mine"))
    run(again.backend.submit("speak", SPEAK))
    run(again.backend.submit("speak", SPEAK))
    keys = [one.headers["idempotency-key"] for one in again.sent("POST")]
    assert keys[0] == "mine"
    assert len(set(keys)) == 3


def test_a_jobs_error_is_that_of_the_job():
    named = TextError("is empty", subject="text", cure="write a word")
    ours = Ours({"status": "failed", "state": "failed", "error": str(named), **named.to_dict()})
    with pytest.raises(TextError, match="text: is empty; write a word"):
        run(ours.backend.call("speak", SPEAK))
    with pytest.raises(TextError):
        run(ours.backend.result(WAV))
    status = run(ours.backend.status(WAV))
    assert (status.status, status.state, status.error.code) == ("failed", "failed", "text")
    assert not ours.sent("DELETE")


def test_a_job_that_is_not_done_in_time_is_stopped():
    ours = Ours(WORKING, delete={"status": "failed"})
    with pytest.raises(DeadlineExceeded, match=WAV):
        run(ours.backend.call("speak", SPEAK, timeout=0.3))
    assert [one.url.path for one in ours.sent("DELETE")] == [f"/api/v1/jobs/{WAV}"]


@pytest.mark.parametrize("way", ["cancelled", "raises"])
def test_a_job_that_nobody_waits_for_is_stopped(way: str):
    ours = Ours(WORKING, delete={"status": "failed"})

    def stop(done: float) -> None:
        if way == "raises":
            raise KeyError(done)

    async def leave() -> None:
        call = asyncio.create_task(ours.backend.call("speak", SPEAK, progress=stop))
        await asyncio.sleep(0.2)
        call.cancel()
        await call

    with pytest.raises((asyncio.CancelledError, KeyError)):
        run(leave())
    assert len(ours.sent("DELETE")) == 1


@pytest.mark.parametrize("way", ["call", "submit", "late", "keyed"])
def test_a_job_is_stopped_by_who_leaves_before_its_id_is_told(way: str):
    """The request was there, the answer was not: an interrupted script left its job running.

    One with a key of one's own may have been begun before, and works for others.
    """
    ours = Ours(WORKING, delete={"status": "failed"})
    asked = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            asked.set()
            await asyncio.sleep(0.3)
        return ours.answer(request)

    backend = RemoteBackend("http://ours", transport=httpx.MockTransport(answer))

    async def leave() -> None:
        if way == "late":
            await backend.call("speak", SPEAK, timeout=0.1)
        name, more = ("submit", {"key": "nightly"}) if way == "keyed" else (way, {})
        call = asyncio.create_task(getattr(backend, name)("speak", SPEAK, **more))
        await asked.wait()
        call.cancel()
        await call

    with pytest.raises(DeadlineExceeded if way == "late" else asyncio.CancelledError):
        run(leave())
    stopped = [] if way == "keyed" else [f"/api/v1/jobs/{WAV}"]
    assert [one.url.path for one in ours.sent("DELETE")] == stopped


def test_a_full_queue_is_asked_again_until_there_is_no_time_left():
    full = httpx.Response(429, headers={"Retry-After": "0.1"}, json={"error": "busy"})
    ours = Ours(DONE, post=[full, full, full, full, full, {"file_id": WAV}])
    assert run(ours.backend.call("speak", SPEAK, timeout=30))["file_id"] == WAV
    assert len({one.headers["idempotency-key"] for one in ours.sent("POST")}) == 1
    never = Ours(DONE, post=full)
    started = time.monotonic()
    with pytest.raises(QueueFull):
        run(never.backend.call("speak", SPEAK, timeout=0.5))
    assert time.monotonic() - started < 5
    assert 2 <= len(never.sent("POST")) <= 6


def test_files_of_our_server_are_listed():
    one = {"file_id": WAV, "type": "audio", "size": 3, "created": 1.5, "name": "a", "more": 1}
    ours = Ours(get_api_v1_media_storage={"data": [one]})
    (found,) = run(ours.backend.files("audio"))
    assert found == {"id": WAV, "type": "audio", "size": 3, "created": 1.5, "name": "a"}
    assert ours.sent("storage?media_type=audio")


def test_who_the_server_is_is_asked_again_after_it_was_not_well():
    """A proxy's page while a server starts says nothing of the server."""
    ours = Ours(DONE)
    pages = [httpx.Response(502, html="<h1>Bad Gateway</h1>")] * 4
    real = ours.answer

    def answer(request: httpx.Request) -> httpx.Response:
        return pages.pop() if pages else real(request)

    ours.backend.line._transport = httpx.MockTransport(answer)
    with pytest.raises(ServiceError, match="Bad Gateway"):
        run(ours.backend.call("speak", SPEAK))
    assert run(ours.backend.call("speak", SPEAK))["file_id"] == WAV


def test_an_answer_that_has_no_end_is_not_kept(monkeypatch: pytest.MonkeyPatch):
    from workbench.service import line

    monkeypatch.setattr(line, "_ANSWER", 100_000)
    ours = Ours(get=httpx.Response(200, content=b"[" * 200_000))
    with pytest.raises(ServiceError, match="more than 100,000 bytes"):
        run(ours.backend.call("fonts", {}))


def test_a_download_goes_on_where_it_broke(tmp_path: Path):
    data = content("video_a.mp4")
    name = WAV.replace("audio", "video").replace("wav", "mp4")
    asked: list[str] = []

    class Broken(httpx.AsyncByteStream):
        def __init__(self, data: bytes) -> None:
            self.data = data

        async def __aiter__(self):
            yield self.data
            raise httpx.ReadError("cut")

    class Whole(Broken):
        async def __aiter__(self):
            yield self.data

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/":
            return httpx.Response(200, json={"server": "workbench"})
        asked.append(request.headers.get("range", ""))
        start = int(asked[-1][6:-1] or 0)
        headers = {"Accept-Ranges": "bytes", "Content-Length": str(len(data) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        part = data[start:]
        if len(asked) < 3:
            return httpx.Response(206 if start else 200, headers=headers, stream=Broken(part[:500]))
        return httpx.Response(206, headers=headers, stream=Whole(part))

    backend = RemoteBackend("http://ours", transport=httpx.MockTransport(serve))
    target = run(backend.download(name, tmp_path / "a.mp4"))
    assert target.read_bytes() == data
    assert asked == ["", "bytes=500-", "bytes=1000-"]


# -- the older server


def test_an_older_server_is_asked_often_at_first(old: OldServer):
    """The older client asked every 15 s: of 8 lines of speech, most of 144 s was waiting."""
    old.seconds = 0.5
    started = time.monotonic()
    backend = RemoteBackend(old.url)
    told = run(backend.call("speak", {"text": "Hi."}))
    assert time.monotonic() - started < 2.5
    assert run(backend.result(told["file_id"])) == told
    assert 4 <= len(old.asked("/status")) <= 20
    assert old.asked("/status")[0].query == {}
    assert "idempotency-key" not in old.asked("POST")[0].headers
    assert len([one for one in old.requests if one.path == "/"]) == 1


def test_a_server_that_says_nothing_of_itself_is_an_older_one(old: OldServer):
    """One generation has no page at the root."""
    for fault in ("404", "json [1]", 'json "workbench"', "null"):
        old.spoil("GET /", fault)
        assert run(RemoteBackend(old.url).call("fonts", {}))["fonts"]


def test_progress_of_a_later_generation_is_told(old: OldServer):
    old.progress, old.seconds, seen = "Rendering: 40%", 0.3, []
    run(RemoteBackend(old.url).call("speak", {"text": "Hi."}, progress=seen.append))
    assert set(seen) == {0.4, 1.0}


def test_voices_of_an_older_server_are_known_by_their_ids(old: OldServer):
    told = run(RemoteBackend(old.url).call("voices", {"language": "es"}))["voices"]
    assert [one["name"] for one in told] == ["kokoro:ef_dora", "kokoro:em_alex"]
    everything = run(RemoteBackend(old.url).call("voices", {"engine": "kokoro"}))["voices"]
    assert len(everything) == 11


def test_nobody_answers(tmp_path: Path):
    (tmp_path / "old").mkdir()
    with OldServer(tmp_path / "old") as server:
        url = server.url
    backend = RemoteBackend(url)
    asks: list[Callable[[], Any]] = [
        backend.health,
        lambda: backend.call("fonts", {}),
        lambda: backend.call("speak", {"text": "Hi."}),
        lambda: backend.upload(content("audio_a.wav"), media_type="audio"),
        lambda: backend.download(WAV, tmp_path / "a.wav"),
    ]

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(ask() for ask in asks), return_exceptions=True)

    for error in run(all_of_them()):
        assert type(error) is ServiceUnreachable
        assert url in str(error)
        assert "workbench serve" in error.cure
    assert [one.name for one in tmp_path.iterdir()] == ["old"]


def test_what_answers_but_is_no_media_server_is_said(old: OldServer):
    for fault in ("html", "{}", "null", 'json {"status": "down"}'):
        old.spoil("/health", fault, fault, fault, fault)
        with pytest.raises(ServiceError):
            run(RemoteBackend(old.url).health())
        old.spoilt.clear()


def test_ids_of_odd_extensions_are_ids(old: OldServer):
    """The old server took extensions from addresses and names, as they were."""
    name = f"image_{'0' * 8}-0000-4000-8000-{'0' * 12}.JPEG"
    old.keep(name, content("image_a.jpg"))
    assert run(RemoteBackend(old.url).status(name)).status == "ready"
    assert run(RemoteBackend(old.url).download(name, None)) == content("image_a.jpg")


def test_a_job_that_failed_is_told_from_a_file_that_is_gone(old: OldServer):
    """For both, and for an id nobody knows, the old server says "not_found"."""

    async def ask() -> None:
        backend = RemoteBackend(old.url)
        made = (await backend.call("speak", {"text": "Hi."}))["file_id"]
        assert (await backend.status(made)).status == "ready"
        old.path(made).unlink()
        gone = await backend.status(made)
        assert (gone.status, gone.error) == ("not_found", None)
        with pytest.raises(FileGone):
            await backend.result(made)
        old.ends = "fails"
        failed = await backend.submit("speak", {"text": "Hi."})
        with pytest.raises(JobError, match="does not say why"):
            await backend.call("speak", {"text": "Hi."})
        await asyncio.to_thread(old.ready, failed)
        status = await backend.status(failed)
        assert (status.status, status.error.code) == ("failed", "job")
        await backend.delete(failed)
        assert (await backend.status(failed)).status == "not_found"
        assert (await RemoteBackend(old.url).status(failed)).status == "not_found"

    run(ask())


def test_what_is_remembered_of_jobs_has_an_end(old: OldServer, monkeypatch: pytest.MonkeyPatch):
    from workbench.service import client

    monkeypatch.setattr(client, "_REMEMBERED", 3)
    old.ends = "fails"

    async def many() -> int:
        backend = RemoteBackend(old.url)
        for _ in range(5):
            await backend.submit("speak", {"text": "Hi."})
        return len(backend._whole)

    assert run(many()) == 3


def test_json_in_a_form_is_json():
    ours = Ours(DONE)
    run(ours.backend.submit("speak", {**SPEAK, "options": {"pitch": 3, "range": 0.5}}))
    body = ours.sent("POST")[0].content.decode()
    assert json.loads(re.search(r'name="options"\r\n\r\n(.*?)\r\n', body)[1]) == {
        "pitch": 3,
        "range": 0.5,
    }
