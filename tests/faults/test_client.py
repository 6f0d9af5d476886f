"""What a server or the way to it can do wrong, and what its client makes of that."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from answering import answering
from old_server import OldServer
from old_works import content
from relay import Relay
from serving import served

from workbench.errors import (
    DeadlineExceeded,
    FileGone,
    JobError,
    MediaError,
    ParameterError,
    QueueFull,
    ServiceError,
    ServiceUnreachable,
    WorkbenchError,
)
from workbench.service import line, older, transfers
from workbench.service.client import RemoteBackend

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.media]

M = "/api/v1/media"
HI = {"text": "Hi."}


def named(kind: str, extension: str) -> str:
    return f"{kind}_{'0' * 8}-0000-4000-8000-{'0' * 12}{extension}"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldServer]:
    folder = tmp_path / "old"
    folder.mkdir()
    with OldServer(folder) as server:
        yield server


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


# -- half a file


@pytest.mark.parametrize("order", ["marker", "file"])
@pytest.mark.parametrize("head", ["told", "empty"])
def test_no_half_file_is_ready(old: OldServer, order: str, head: str, tmp_path: Path):
    """ "Ready" meant that a file is there: of 164 such answers 147 came while it was written."""
    old.order, old.head, old.seconds = order, head, 0.6
    video, image = named("video", ".mp4"), named("image", ".jpg")
    old.keep(video, content(video))
    old.keep(image, content(image))
    asks = [
        ("speak", HI),
        ("merge_videos", {"video_ids": [video]}),
        ("imperfect_image", {"image_id": image}),
        ("captioned_video", {"background_id": image, **HI}),
    ]

    async def make(operation: str, fields: dict[str, Any]) -> tuple[str, bytes, int]:
        backend = RemoteBackend(old.url)
        job = await backend.submit(operation, fields)
        early = 0
        for _ in range(25):
            status = await backend.status(job)
            whole = old.exists(job) and old.path(job).read_bytes() == content(job)
            early += status.status == "ready" and not whole
            await asyncio.sleep(0.01)
        target = tmp_path / f"{operation}.{job[-3:]}"
        made = await backend.call(operation, fields, timeout=30)
        await backend.download(made["file_id"], target)
        return made["file_id"], target.read_bytes(), early

    async def together() -> list[tuple[str, bytes, int]]:
        return await asyncio.gather(*(make(*one) for one in asks))

    for file_id, data, early in run(together()):
        assert data == content(file_id)
        assert early == 0


def test_a_download_waits_for_the_rest_or_leaves_what_was_there(
    old: OldServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Half a video has no index: players showed nothing of what had been downloaded."""
    monkeypatch.setattr(transfers, "_SETTLE", 0.2)
    old.seconds = 0.5
    target = tmp_path / "a.wav"
    target.write_bytes(b"before")

    async def early() -> str:
        backend = RemoteBackend(old.url)
        job = await backend.submit("speak", HI)
        while not old.exists(job):
            await asyncio.sleep(0.01)
        await backend.download(job, target)
        return job

    job = run(early())
    assert target.read_bytes() == content(job)
    monkeypatch.setattr(transfers, "_SETTLE", 0.02)
    for extension in (".mp4", ".wav", ".jpg"):
        kind = {".mp4": "video", ".wav": "audio", ".jpg": "image"}[extension]
        half = named(kind, extension)
        old.keep(half, content(half)[:-2000])
        with pytest.raises(FileGone, match="not ready"):
            run(RemoteBackend(old.url).download(half, target))
        with pytest.raises(FileGone, match="not ready"):
            run(RemoteBackend(old.url).download(half, None))
    assert target.read_bytes() == content(job)


def test_what_is_not_what_its_name_says_does_not_replace_a_file(
    old: OldServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transfers, "_SETTLE", 0.02)
    target = tmp_path / "a.mp4"
    target.write_bytes(b"before")
    for name, data in (
        (named("audio", ".wav"), content("image_a.jpg")),
        (named("audio", ".mp3"), b"no media at all" * 99),
        (named("image", ".gif"), content("audio_a.wav")),
    ):
        old.keep(name, data)
        with pytest.raises(MediaError) as raised:
            run(RemoteBackend(old.url).download(name, target))
        assert name in str(raised.value)
        assert str(tmp_path) not in str(raised.value)
    assert target.read_bytes() == b"before"


@pytest.mark.parametrize("name", ["audio_a.wav", "video_a.mp4", "image_a.jpg"])
def test_20_transfers_that_end_early_without_saying_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Where a proxy takes the length away, a connection that breaks looks like the end."""
    monkeypatch.setattr(transfers, "_SETTLE", 0.01)
    monkeypatch.setattr(transfers, "_LOOKS", 2)
    data, dice = content(name), random.Random(4)  # noqa: S311
    kind, _, extension = name.partition("_a")
    cuts = [dice.randrange(1, len(data) - 1) for _ in range(20)]
    place = [0]

    def respond(connection: socket.socket, head: str) -> None:
        if head.startswith("GET / "):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + data[: place[0]])

    with answering(respond) as server:
        backend = RemoteBackend(server.url(""))
        for cut in cuts:
            place[0] = cut
            with pytest.raises((FileGone, MediaError)):
                run(backend.download(named(kind, extension), tmp_path / "a"))
        place[0] = len(data)
        target = run(backend.download(named(kind, extension), tmp_path / "a"))
    assert target.read_bytes() == data
    assert list(tmp_path.iterdir()) == [target]


def test_20_transfers_that_are_cut(old: OldServer, tmp_path: Path):
    data, dice = content("video_a.mp4"), random.Random(5)  # noqa: S311
    name = named("video", ".mp4")
    old.keep(name, data)
    backend = RemoteBackend(old.url)

    async def three() -> None:
        for cut in [dice.randrange(len(data)) for _ in range(20)]:
            old.spoil("GET /api/v1/media/storage", f"short {cut}")
        jobs = (backend.download(name, tmp_path / f"{n}.mp4") for n in range(20))
        for path in await asyncio.gather(*jobs):
            assert path.read_bytes() == data
            path.unlink()
        old.spoil("GET /api/v1/media/storage", *["short 999"] * 4)
        with pytest.raises(ServiceError, match="broke off 4 times"):
            await backend.download(name, tmp_path / "a.mp4")

    run(three())
    assert [one.name for one in tmp_path.iterdir()] == ["old"]


# -- jobs that end otherwise


@pytest.mark.parametrize(("ends", "order"), [("stuck", "marker"), ("fails marked", "file")])
def test_a_marker_that_stays_is_not_waited_for_for_ever(old: OldServer, ends: str, order: str):
    """A job that failed was "processing" for ever, and so was one that was done."""
    old.ends, old.order = ends, order
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"audio_.*is not done after 1"):
        run(RemoteBackend(old.url).call("speak", HI, timeout=1.0))
    assert 0.9 < time.monotonic() - started < 3.0


def test_a_job_that_left_nothing_has_failed(old: OldServer):
    """The old server's word for it is that of an id it never had."""
    old.ends = "fails"
    started = time.monotonic()
    with pytest.raises(JobError, match="does not say why"):
        run(RemoteBackend(old.url).call("speak", HI, timeout=30))
    assert time.monotonic() - started < 1.1


def test_words_that_nobody_knows_are_work_that_goes_on(old: OldServer):
    old.word, old.seconds = "rendering", 0.4
    assert run(RemoteBackend(old.url).call("speak", HI, timeout=30))["file_id"]
    old.ends = "stuck"
    with pytest.raises(DeadlineExceeded):
        run(RemoteBackend(old.url).call("speak", HI, timeout=0.8))


FAULTS = ["500", "html", "cut", "{}", "null", "json [1]", "short 3", "429 0.05"]


def test_a_server_that_is_not_well_for_a_while_is_asked_again(
    old: OldServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(line, "_PAUSE", 0.01)
    old.seconds = 2.0
    old.spoil("/status", *FAULTS * 2)
    assert run(RemoteBackend(old.url).call("speak", HI, timeout=60))["file_id"]
    assert not old.spoilt
    assert len(old.works) == 1


def test_a_token_that_is_refused_meanwhile_ends_the_waiting(old: OldServer):
    old.seconds = 30
    old.spoil("/status", "", "", "401")
    with pytest.raises(WorkbenchError) as raised:
        run(RemoteBackend(old.url).call("speak", HI, timeout=60))
    assert raised.value.code == "unauthorized"


ANSWERS = [
    "null", "{}", "json []", "json 3", 'json {"file_id": 7}', 'json {"file_id": "../../etc"}',
    'json {"file_id": "audio_a/b.wav"}', "json " + "[" * 200_000, "json {", "html", "500",
    'json {"file_id": "' + "a" * 100_000 + '"}', "short 9", "detail", "404", "redirect http://b/",
    "redirect http://[", "redirect ",
]  # fmt: skip
"""What is no answer at all, in many ways."""


@pytest.mark.parametrize("fault", ANSWERS, ids=[a[:30] for a in ANSWERS])
def test_an_answer_that_is_none_is_an_error_of_ours(
    old: OldServer, fault: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(line, "_PAUSE", 0.005)
    backend = RemoteBackend(old.url)
    run(backend.line.ours())
    for path, ask in (
        ("POST", lambda: backend.call("speak", HI, timeout=5)),
        ("POST", lambda: backend.upload(content("audio_a.wav"), media_type="audio")),
        ("POST", lambda: backend.fetch("http://a/b.jpg")),
        ("/info/", lambda: backend.call("info", {"file_id": named("video", ".mp4")})),
        ("/voices", lambda: backend.call("kokoro_voices", {})),
        ("/extract-frame/", lambda: backend.frame(named("video", ".mp4"), 1.0)),
    ):
        old.spoil(path, *[fault] * 4)
        try:
            told = run(ask())
        except WorkbenchError as error:
            assert len(str(error)) < 1500  # noqa: PT017 - some are no error everywhere
        else:
            assert isinstance(told, dict | str)
            assert isinstance(told, dict) or told.startswith("image_")
        old.spoilt.clear()


# -- lost answers and doubled jobs


@pytest.mark.parametrize("cut", ["cut after", "cut", "short 5", "500", "html"])
def test_50_lost_answers_of_an_older_server_double_no_job(old: OldServer, cut: str):
    """The older client tried everything three times: a timeout was three jobs, 15 minutes each."""
    old.seconds = 0.01

    async def ask() -> list[Any]:
        backend = RemoteBackend(old.url)
        await backend.line.ours()
        old.spoil("POST", *[cut] * 50)
        calls = (backend.call("speak", {"text": f"Number {n}."}, timeout=30) for n in range(50))
        return await asyncio.gather(*calls, return_exceptions=True)

    for error in run(ask()):
        assert type(error) is ServiceError
        if cut.startswith(("cut", "short")):
            assert "may be running" in str(error)
    assert len(old.asked("POST")) == 50
    texts = [one.fields["text"] for one in old.works]
    assert len(texts) == len(set(texts))
    assert len(texts) == {"cut after": 50, "short 5": 50}.get(cut, 0)


def test_50_cut_connections_to_ours_do_each_job_once(tmp_path: Path):
    """With a key it may be asked again: each job is there, and there once."""
    speak = {"engine": "espeak", "voice": "en-gb"}
    with served(tmp_path / "store") as server, Relay(server.url) as relay:

        async def ask() -> list[Any]:
            backend = RemoteBackend(relay.url, token=server.token)
            await backend.line.ours()
            relay.cuts = 50
            calls = [
                backend.call("speak", {**speak, "text": f"{n}"}, timeout=120) for n in range(50)
            ]
            return await asyncio.gather(*calls)

        made = {one["file_id"] for one in run(ask())}
        with server.client() as client:
            jobs = client.get("/api/v1/jobs", params={"limit": 1000}).json()["jobs"]
        assert relay.cuts == 0
        assert len(made) == 50
        assert {one["id"] for one in jobs if one["operation"] == "speak"} == made


def test_what_was_never_sent_is_sent_again(tmp_path: Path):
    """A refused connection is no lost answer: nobody took the job."""
    (tmp_path / "old").mkdir()
    with OldServer(tmp_path / "old", seconds=0.01) as server:
        backend = RemoteBackend(server.url)

        async def ask() -> Any:
            await backend.line.ours()
            server.stop()
            threading.Timer(0.5, server.start).start()
            return await backend.call("speak", HI, timeout=30)

        assert run(ask())["file_id"]
        assert len(server.works) == 1


def test_an_upload_is_sent_again_only_where_it_can_be(old: OldServer):
    data = content("audio_a.wav")
    read, write = socket.socketpair()
    old.spoil("POST", "429 0.05", "429 0.05")
    kept = run(RemoteBackend(old.url).upload(data, media_type="audio"))
    assert old.path(kept).read_bytes() == data
    old.spoil("POST", "429 0.05", "429 0.05")
    with read, write, read.makefile("rb") as stream:
        write.sendall(data[:50_000])
        write.shutdown(socket.SHUT_WR)
        with pytest.raises(QueueFull):
            run(RemoteBackend(old.url).upload(stream, media_type="audio", name="a.wav"))
    old.spoilt.clear()
    old.spoil("POST", "cut after")
    with pytest.raises(ServiceError, match="may be"):
        run(RemoteBackend(old.url).upload(data, media_type="audio"))
    assert len(old.asked("POST")) == 5


# -- a server that goes and comes


def test_a_server_that_comes_back_is_waited_for(old: OldServer):
    async def ask() -> Any:
        backend = RemoteBackend(old.url)
        old.seconds = 0.4
        job = asyncio.create_task(backend.call("speak", HI, timeout=60))
        while not old.works:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(old.stop)
        made = old.works[0].file_id
        await asyncio.sleep(1.0)
        assert not job.done()
        old.keep(made, content(made))  # as if it had been done just before
        old.markers.discard(made)
        old.start()
        return await job

    assert run(ask())["file_id"] == old.works[0].file_id
    assert len(old.works) == 1


def test_a_server_that_stays_away_is_told_at_the_deadline(old: OldServer):
    async def ask() -> Any:
        old.seconds = 30
        backend = RemoteBackend(old.url)
        job = asyncio.create_task(backend.call("speak", HI, timeout=2.5))
        while not old.works:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(old.stop)
        return await job

    started = time.monotonic()
    with pytest.raises((ServiceUnreachable, DeadlineExceeded)):
        run(ask())
    assert 2.0 < time.monotonic() - started < 6.0


def test_our_server_is_killed_and_does_the_job_when_it_is_back(tmp_path: Path):
    """After a restart the older server knew nothing of its jobs but their markers."""
    store = tmp_path / "store"
    long = "One thing and another. " * 200
    found: dict[str, Any] = {}

    def ask(url: str, token: str) -> None:
        asked = {"text": long, "engine": "espeak", "cache": False}
        backend = RemoteBackend(url, token=token)

        async def speak() -> None:
            found["job"] = await backend.submit("speak", asked)
            found.update(await backend.call("speak", asked, timeout=120))

        asyncio.run(speak())

    with served(store) as server:
        port = int(server.url.rpartition(":")[2])
        asking = threading.Thread(target=ask, args=(server.url, server.token))
        asking.start()
        while "job" not in found:
            time.sleep(0.02)
        time.sleep(0.3)
        server.kill()
    time.sleep(0.5)
    with served(store, port=port):
        asking.join(120)
    assert found["duration"] > 60
    assert found["file_id"] != found["job"]


def test_a_silent_server_is_left_at_the_deadline(old: OldServer, tmp_path: Path):
    name = named("audio", ".wav")
    old.keep(name, content(name))
    backend = RemoteBackend(old.url, timeout=20, transfer=0.5)
    run(backend.line.ours())
    for path, ask in (
        ("/status", lambda: backend.call("speak", HI, timeout=0.6)),
        ("POST", lambda: backend.call("speak", HI, timeout=0.6)),
        ("/fonts", lambda: backend.call("fonts", {}, timeout=0.6)),
        ("GET", lambda: backend.download(name, tmp_path / "a.wav")),
        ("GET", lambda: backend.download(name, None)),
        ("POST", lambda: backend.upload(content(name), media_type="audio")),
    ):
        old.spoilt.clear()
        old.spoil(path, *["silent"] * 5)
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            run(ask())
        assert time.monotonic() - started < 4.0
    assert not (tmp_path / "a.wav").exists()
    old.spoilt.clear()


def test_a_download_that_is_cancelled_leaves_nothing(old: OldServer, tmp_path: Path):
    name = named("audio", ".pcm")
    path = old.path(old.keep(name, b"\1"))
    with path.open("wb") as file:
        file.truncate(200 << 20)
    target = tmp_path / "sub" / "a.pcm"

    async def leave() -> None:
        backend = RemoteBackend(old.url)
        loading = asyncio.create_task(backend.download(name, target))
        while not (target.parent.exists() and any(target.parent.iterdir())):
            await asyncio.sleep(0.001)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        assert list(target.parent.iterdir()) == []
        for _ in range(200):
            if len(old._connections) <= 1:
                break
            await asyncio.sleep(0.02)
        assert len(old._connections) <= 1

    run(leave())


def test_an_upload_that_is_cancelled_ends(old: OldServer):
    read, write = socket.socketpair()

    async def leave(stream: Any) -> None:
        backend = RemoteBackend(old.url)
        sending = asyncio.create_task(backend.upload(stream, media_type="audio", name="a.wav"))
        await asyncio.sleep(0.3)
        assert (await backend.health())["status"] == "ok", "the loop waits for the stream"
        sending.cancel()
        write.close()  # a read in a thread cannot be stopped otherwise
        with pytest.raises(asyncio.CancelledError):
            await sending

    with read, write, read.makefile("rb") as stream:
        run(leave(stream))
    assert not (old.folder / "audio").exists()


# -- large files

MEASURE = """
import asyncio, resource, sys
from pathlib import Path
from workbench.service.client import RemoteBackend

url, source, target = sys.argv[1:]
backend = RemoteBackend(url)


def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1])


async def main():
    small = Path(source).with_name("small.wav")
    kept = await backend.upload(small, media_type="audio")
    await backend.download(kept, Path(target))
    before = peak()
    kept = await backend.upload(Path(source), media_type="audio")
    sent = peak()
    await backend.download(kept, Path(target))
    print(before, sent, peak())
    await backend.close()


asyncio.run(main())
"""


def test_300_mb_are_sent_and_fetched_without_being_in_memory(old: OldServer, tmp_path: Path):
    """The older client read a file whole, and had 30 s for it."""
    size = 300_000_000
    head = bytearray(content("audio_a.wav")[:44])
    for name, count in (("small.wav", 48_000), ("large.wav", size)):
        head[4:8] = (count + 36).to_bytes(4, "little")
        head[40:44] = count.to_bytes(4, "little")
        with (tmp_path / name).open("wb") as file:
            file.write(head)
            file.truncate(count + 44)
    command = [sys.executable, "-c", MEASURE, old.url, tmp_path / "large.wav", tmp_path / "b.wav"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    before, sent, fetched = (int(one) for one in told.stdout.split())
    assert (tmp_path / "b.wav").stat().st_size == size + 44
    assert sent - before < 32_000
    assert fetched - before < 32_000


def test_settling_of_what_tells_no_length_is_two_looks(
    old: OldServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(older, "_SETTLE", 0.3)
    name = named("audio", ".mp3")
    path = old.path(old.keep(name, b"one"))

    async def look() -> tuple[bool, bool]:
        way = RemoteBackend(old.url).line
        looking = asyncio.create_task(older.settled(way, name))
        await asyncio.sleep(0.15)
        path.write_bytes(b"one two")
        return await looking, await older.settled(way, name)

    assert run(look()) == (False, True)
    with pytest.raises(ParameterError):
        run(RemoteBackend(old.url).status("audio_1.mp3"))
