"""A real server under load, slow clients, kills and signals.

The old server shared its request threads with its jobs: with 45 of them `/health` took 17.2 s and
none was refused, an upload of 600 MiB cost 630 MB of memory, 300 half-sent requests stayed open,
and what ran when it was killed was "processing" for ever.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from lavfi import clip
from serving import TOKEN, Served, served

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.media.probe import probe
from workbench.service.blocking import SyncMediaService
from workbench.service.runtime import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.media]

M = "/api/v1/media"
LONG = "This sentence is said again and again. " * 2000  # seconds of work
SHORT = "A few words are said."


def speak(client: httpx.Client, text: str, **headers: str) -> httpx.Response:
    fields = {"text": text, "engine": "espeak", "voice": "en-gb", "cache": "false"}
    return client.post(f"{M}/audio-tools/tts", data=fields, headers=headers)


def offspring(server: Served) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(server.process.pid).children(recursive=True)
    return []


def gone(processes: list[psutil.Process], seconds: float = 3.0) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("server") / "store"
    with served(folder, "--queue", "16", "--workers", "2") as running:
        yield running


def test_a_full_queue_refuses_and_health_answers_meanwhile(server: Served, media: Path):
    latencies: list[float] = []
    over = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
            while not over.is_set():
                asked = time.perf_counter()
                assert client.get("/health").status_code == 200
                latencies.append(time.perf_counter() - asked)
                time.sleep(0.01)

    with server.client() as client:
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            first = [speak(client, LONG) for _ in range(2)]
            assert [one.status_code for one in first] == [200, 200]
            jobs = [one.json()["file_id"] for one in first]
            while {_state(client, job) for job in jobs} != {"running"}:
                time.sleep(0.05)  # both workers are at it now, and stay so
            with ThreadPoolExecutor(8) as many:
                answers = list(many.map(lambda _: speak(client, LONG[:8000]), range(200)))
        finally:
            over.set()
            watcher.join()
        taken = [one for one in answers if one.status_code == 200]
        refused = [one for one in answers if one.status_code == 429]
        assert len(taken) + len(refused) == 200
        jobs += [one.json()["file_id"] for one in taken]
        finished = sum(_state(client, job) == "done" for job in jobs)
        assert 16 <= len(taken) <= 16 + finished  # each that ended left its place to another
        for one in refused:
            assert int(one.headers["retry-after"]) >= 1
            assert one.json()["code"] == "busy"
        assert statistics.quantiles(latencies, n=100)[98] <= 1.0
        # An upload does not stand behind them, and what it is can be asked.
        with SyncMediaService(server.url, token=TOKEN) as service:
            sound = service.upload_file(media / "speech" / "en_jfk.flac", "audio")
            assert service.info(sound)["duration"] == pytest.approx(11.0, abs=0.1)
            states = {_state(client, job) for job in jobs}
        assert "queued" in states
        for job in jobs:  # all of them can be stopped, running or not
            assert client.delete(f"/api/v1/jobs/{job}").status_code == 200
        until = time.monotonic() + 10
        while {_state(client, job) for job in jobs} & {"queued", "running"}:
            assert time.monotonic() < until
            time.sleep(0.05)
        for job in jobs:
            assert client.delete(f"{M}/storage/{job}").status_code == 200


def _state(client: httpx.Client, job: str) -> str:
    return client.get(f"{M}/storage/{job}/status").json().get("state", "")


def test_a_large_upload_is_refused_while_it_comes(server: Served):
    """The old one held all of it in memory: 93 MB became 723."""
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    kept = _kept(server)
    most, sent, over = [before], [0], threading.Event()

    def watch() -> None:
        while not over.is_set():
            most[0] = max(most[0], process.memory_info().rss)
            time.sleep(0.02)

    def body() -> Iterator[bytes]:
        yield (
            b'--x\r\nContent-Disposition: form-data; name="media_type"\r\n\r\nvideo\r\n--x\r\n'
            b'Content-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        )
        for _ in range(600):
            sent[0] += 1
            yield bytes(1 << 20)
        yield b"\r\n--x--\r\n"

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with server.client() as client:
            answer = client.post(
                f"{M}/storage",
                content=body(),
                headers={"Content-Type": "multipart/form-data; boundary=x"},
            )
        assert answer.status_code == 413
        assert answer.json()["code"] == "media_too_large"
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        assert sent[0] < 600  # it hung up in the middle, which refuses it as well
    finally:
        over.set()
        watcher.join()
    assert most[0] - before <= 64 << 20
    assert _kept(server) - kept < 50 << 20


def _kept(server: Served) -> int:
    """The bytes of all files in the store's folder, those that are being written among them."""
    sizes = []
    for path in _store(server).rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            sizes.append(path.lstat().st_size)
    return sum(sizes)


def _store(server: Served) -> Path:
    return server.log.with_suffix("")


@pytest.mark.parametrize("end", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_slow_clients_keep_nobody_waiting(server: Served, end: bool):  # noqa: FBT001
    """They are ended as well, after the 10 s a head may take; `test_slow_clients` has less time."""
    port = int(server.url.rpartition(":")[2])
    slow = []
    for _ in range(300):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(b"POST /api/v1/media/storage HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
        slow.append(one)
    started = time.monotonic()
    try:
        with server.client() as client:
            honest = []
            for _ in range(20):
                asked = time.perf_counter()
                assert client.get("/health").status_code == 200
                honest.append(time.perf_counter() - asked)
            assert max(honest) <= 1.0
        left = list(slow) if end else []
        while left and time.monotonic() - started < 30:
            for one in list(left):
                one.setblocking(False)  # noqa: FBT003 - a socket's own word
                with contextlib.suppress(BlockingIOError):
                    try:
                        closed = one.recv(4096) == b""
                    except ConnectionError:
                        closed = True
                    if closed:
                        left.remove(one)
            time.sleep(0.2)
        assert left == []
    finally:
        for one in slow:
            one.close()


def test_ready_is_never_said_of_half_a_file(server: Served, tmp_path: Path):
    """147 of 164 answers of the old server said "ready" while the file was written."""
    clip(tmp_path / "a.mp4", "red", size="1280x720", seconds=8.0)
    clip(tmp_path / "b.mp4", "lime", size="640x360", seconds=8.0)
    with server.client() as client, SyncMediaService(server.url, token=TOKEN) as service:
        ids = [service.upload_file(tmp_path / name) for name in ("a.mp4", "b.mp4", "a.mp4")]
        job = service.start_video_merge(ids)
        words = []
        for _ in range(20_000):
            told = client.get(f"{M}/storage/{job}/status").json()
            words.append(told["status"])
            if told["status"] != "processing":
                break
            if len(words) % 10 == 1:
                answer = client.get(f"{M}/storage/{job}")
                if answer.status_code != 404:  # it was finished between the two questions
                    assert client.get(f"{M}/storage/{job}/status").json()["status"] == "ready"
        assert len(words) >= 100, "the job was too short for 100 polls"
        assert words[-1] == "ready"
        assert set(words[:-1]) == {"processing"}
        path = service.download_file(job, tmp_path / "merged.mp4")
        assert probe(path).duration == pytest.approx(24.0, abs=0.2)


def test_a_job_that_fails_says_so_within_a_second(server: Served, tmp_path: Path, media: Path):
    """Of Kokoro's failures the old server said "processing", of Chatterbox's "not_found"."""
    damaged = (media / "broken" / "bitflips_seed7.mp4").read_bytes()
    with server.client() as client, SyncMediaService(server.url, token=TOKEN) as service:
        video = service.upload_bytes(damaged, "video")
        job = service.start_video_merge([video, video])
        states: list[tuple[float, dict[str, str]]] = []
        while not states or states[-1][1]["status"] == "processing":
            states.append((time.monotonic(), client.get(f"{M}/storage/{job}/status").json()))
            time.sleep(0.02)
        told = states[-1][1]
        assert told["status"] == "failed"
        assert told["error"]
        assert told["code"] == "media"
        with contextlib.closing(Ledger(_store(server) / LEDGER)) as ledger:
            ended = ledger.find(job).finished
        assert ended is not None
        assert time.time() - (time.monotonic() - states[-1][0]) - ended <= 1.0
        with pytest.raises(WorkbenchError):
            service.wait_for_processing(job)


def test_no_token_is_in_the_logs(server: Served, tmp_path: Path):
    """The old middleware wrote every Authorization header into its log."""
    with server.client(token=False) as client:
        for value in ("wrong-token-1234", "Bearer wrong-token-1234", f"Basic {TOKEN}x"):
            answer = client.get(f"{M}/fonts?token={TOKEN}", headers={"Authorization": value})
            assert answer.status_code == 401
            assert answer.json()["error"] == "Unauthorized"
    with server.client() as client:
        for value in (TOKEN, f"Bearer {TOKEN}"):
            assert client.get(f"{M}/storage/x", headers={"Authorization": value}).status_code < 500
    told = server.log.read_text(errors="replace")
    assert TOKEN not in told
    assert "wrong-token" not in told


def test_an_interrupt_of_a_script_stops_its_job_on_the_server(server: Served):
    code = (
        "import sys, workbench as wb\n"
        "service = wb.SyncMediaService(sys.argv[1], token=sys.argv[2], enable_cache=False)\n"
        "service.generate_tts(sys.stdin.read(), 'espeak:en-gb')\n"
    )
    script = subprocess.Popen(
        [sys.executable, "-c", code, server.url, TOKEN],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert script.stdin is not None
    script.stdin.write(LONG)
    script.stdin.close()
    with contextlib.closing(Ledger(_store(server) / LEDGER)) as ledger:
        while not (running := ledger.jobs(states=("running",))):
            time.sleep(0.01)
        script.send_signal(signal.SIGINT)
        assert script.stderr is not None
        told = script.stderr.read()
        script.stderr.close()
        script.wait(30)
        assert told.count("Traceback") == 1, told
        for _ in range(600):  # the script is told at once, the worker stops soon
            job = ledger.find(running[0].id)
            if job is None or job.ended:
                break
            time.sleep(0.05)
        assert job is not None
        assert job.state == "cancelled"


def test_who_leaves_in_the_middle_of_an_answer_leaves_no_traceback(server: Served):
    with server.client() as client:
        job = speak(client, LONG).json()["file_id"]
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{M}/storage/{job}/status?wait=30", timeout=0.5)
        client.delete(f"/api/v1/jobs/{job}")
        while _state(client, job) in {"queued", "running"}:
            time.sleep(0.02)
        client.delete(f"{M}/storage/{job}")
    time.sleep(0.3)
    assert "Traceback" not in server.log.read_text(errors="replace")


def test_a_token_that_is_made_is_told_once(tmp_path: Path):
    with served(tmp_path / "store", environment={"AUTH_TOKENS": ""}) as server:
        told = server.log.read_text()
        token = next(
            word.strip(".,'\"") for word in told.split() if len(word) >= 32 and "/" not in word
        )
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            refused = client.get("/", headers={"Authorization": "x"})
            allowed = client.get("/", headers={"Authorization": token})
        assert (refused.status_code, allowed.status_code) == (401, 200)
    assert server.log.read_text().count(token) == 1


def _wait_at(server: Served, job: str) -> None:
    with server.client() as client, contextlib.suppress(httpx.HTTPError):
        client.get(f"{M}/storage/{job}/status?wait=30")


@pytest.mark.parametrize("how", ["terminated", "killed"])
def test_no_process_is_left(tmp_path: Path, how: str):
    """A pool of the standard library left two workers running."""
    clip(tmp_path / "a.mp4", "red", size="1280x720", seconds=8.0)
    with served(tmp_path / "store", "--workers", "2") as server:
        with server.client() as client, SyncMediaService(server.url, token=TOKEN) as service:
            speak(client, LONG)
            video = service.upload_file(tmp_path / "a.mp4")
            job = service.start_video_merge([video, service.upload_file(tmp_path / "a.mp4")])
            while _state(client, job) != "running":
                time.sleep(0.02)
            time.sleep(0.3)
        children = offspring(server)
        assert len(children) >= 3
        waiting = threading.Thread(target=_wait_at, args=(server, job), daemon=True)
        waiting.start()  # a question that is open all the while
        time.sleep(0.2)
        asked = time.monotonic()
        if how == "terminated":
            server.process.terminate()
        else:
            server.kill()
        assert gone(children, 3.0 - (time.monotonic() - asked))
        assert server.process.wait(30) == (0 if how == "terminated" else -9)
        waiting.join(30)
        assert not waiting.is_alive()


@pytest.mark.parametrize(
    "moments", [(0, 4, 9), pytest.param(range(10), marks=pytest.mark.slow)], ids=len
)
def test_every_job_ends_in_a_true_state_whenever_the_server_is_killed(
    moments: Sequence[int], tmp_path: Path
):
    """What ran when the old server was stopped was "processing" for whoever asked, for ever."""
    folder = tmp_path / "store"
    ended: list[str] = []
    waits: list[threading.Thread] = []
    port = _free_port()

    def wait(job: str) -> None:
        service = SyncMediaService(f"http://127.0.0.1:{port}", token=TOKEN)
        try:
            ended.append(service.wait_for_processing(job, timeout=120).status)
        except WorkbenchError as error:
            ended.append(error.code)
        finally:
            service.close()

    jobs: list[str] = []
    for moment in moments:
        with served(folder, "--workers", "2", port=port) as server, server.client() as client:
            for number in range(3):
                text = LONG[: 4000 * (number + 1)]
                jobs.append(speak(client, text).raise_for_status().json()["file_id"])
                waits.append(threading.Thread(target=wait, args=(jobs[-1],), daemon=True))
                waits[-1].start()
            time.sleep(0.03 * moment)
            server.kill()
    with served(folder, "--workers", "2", port=port) as server, server.client() as client:
        for thread in waits:
            thread.join(150)
        assert not [thread for thread in waits if thread.is_alive()]
        assert len(ended) == len(jobs) == 3 * len(moments)
        assert set(ended) <= {"ready", "job"}
        with contextlib.closing(Ledger(folder / LEDGER)) as ledger:
            found = {job: ledger.find(job) for job in jobs}
        for job, record in found.items():
            answer = client.get(f"{M}/storage/{job}")
            if record.state == "done":
                (tmp_path / "a.wav").write_bytes(answer.content)
                told = json.loads(json.dumps(record.result))["duration"]
                assert probe(tmp_path / "a.wav").duration == pytest.approx(told, abs=0.01)
            else:
                assert record.state in {"dead", "failed"}
                assert answer.status_code >= 400
        assert sum(record.state == "done" for record in found.values()) >= 2 * len(moments)
    assert not [path for path in folder.rglob("*") if "part" in path.name]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
