"""The service by itself: how it is made, what its configurations mean, how it waits."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from workbench.audio import Audio
from workbench.errors import (
    Cancelled,
    DeadlineExceeded,
    FileGone,
    MediaError,
    ParameterError,
    VoiceNotFound,
)
from workbench.service.backend import Status
from workbench.service.blocking import SyncMediaService
from workbench.service.configs import caption_fields, is_path, voice_fields
from workbench.service.local import LocalBackend
from workbench.service.media_service import MediaService
from workbench.service.runtime import Runtime
from workbench.voice import Preset, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

ESPEAK = {"engine": "espeak", "voice": "en-gb"}
NOBODY = "video_9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d.mp4"
LONG = "This sentence is said again and again.\n" * 2000


# -- made without anything


@pytest.mark.parametrize("mode", ["remote", "local", "auto"])
def test_making_one_needs_nothing(mode: str, tmp_path: Path):
    """Importing the old service wanted three keys, and constructing its local mode every engine."""
    heavy = {"torch", "kokoro", "chatterbox", "faster_whisper", "fastapi", "uvicorn", "sqlite3"}
    code = (
        "import sys, workbench as wb\n"
        f"wb.MediaService(execution_mode={mode!r}); wb.SyncMediaService(execution_mode={mode!r})\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_mode_that_is_none_is_refused():
    with pytest.raises(ParameterError, match="did you mean 'local'"):
        MediaService(execution_mode="locl")
    with pytest.raises(ParameterError, match="did you mean 'draft'"):
        MediaService(quality_level="drft")


def test_a_token_is_in_no_repr():
    service = MediaService("http://127.0.0.1:9", token="secret-token")  # noqa: S106
    assert "secret" not in f"{service!r} {vars(service)['_backend']!r}"


def test_the_twin_has_every_call_with_its_signature():
    def calls(kind: type) -> dict[str, inspect.Signature]:
        return {
            name: inspect.signature(method)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert calls(SyncMediaService) == calls(MediaService)
    made, twin = inspect.signature(MediaService), inspect.signature(SyncMediaService)
    assert made.parameters == twin.parameters
    for name in calls(MediaService):
        assert getattr(SyncMediaService, name).__doc__ == getattr(MediaService, name).__doc__


def test_the_first_four_places_are_those_of_the_old_service():
    names = list(inspect.signature(MediaService).parameters)
    assert names[:4] == ["base_url", "execution_mode", "enable_cache", "quality_level"]


# -- configurations


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        (None, {"engine": "kokoro", "voice": "af_bella"}),
        ({}, {"engine": "kokoro", "voice": "af_bella"}),
        (
            {"engine": "kokoro", "voice": "ef_dora", "speed": 1.1, "temperature": 0.7},
            {"engine": "kokoro", "voice": "ef_dora", "speed": 1.1},
        ),
        (
            {"engine": "chatterbox", "exaggeration": 0.6, "cfg_weight": 0.4, "sample_path": "a"},
            {
                "engine": "chatterbox",
                "options": {"exaggeration": 0.6, "cfg_weight": 0.4, "temperature": 0.7},
            },
        ),
        (
            {"engine": "espeak", "voice": "es", "options": {"pitch": 60}, "seed": None},
            {"engine": "espeak", "voice": "es", "options": {"pitch": 60}},
        ),
        ("espeak:es", {"engine": "espeak", "voice": "es"}),
        (Voice.parse("kokoro:af_heart"), {"engine": "kokoro", "voice": "af_heart"}),
        (
            Preset(name="n", voice=Voice.parse("espeak:es"), options={"rate": 160}),
            {"engine": "espeak", "voice": "es", "options": {"rate": 160}},
        ),
    ],
)
def test_a_voice_config_means_what_it_meant(config: Any, fields: dict[str, Any]):
    assert voice_fields(config) == fields


def test_a_preset_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Preset(name="narrator", voice=Voice.parse("espeak:es"), options={"rate": 150}).save()
    assert voice_fields("narrator")["options"] == {"rate": 150}
    with pytest.raises(ParameterError):
        voice_fields("narratr")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"engin": "kokoro"}, "did you mean 'engine'"),
        ({"engine": "espeak", "temperature": 0.5}, "option of chatterbox"),
        ([1], "must be a mapping"),
    ],
)
def test_a_voice_config_that_means_nothing_is_refused(config: Any, told: str):
    with pytest.raises(ParameterError, match=told):
        voice_fields(config)


def test_a_subtitle_config_means_what_it_meant(caplog: pytest.LogCaptureFixture):
    config = {
        "font": "Arial", "font_size": 24, "bold": True, "color": "#fff", "outline_color": "#000",
        "outline_width": 2, "shadow": 3, "max_lines": 2, "max_length": 40, "alignment": 10,
        "margin_v": 20, "bg_color": None,
    }  # fmt: skip
    assert caption_fields(config) == {
        "caption_config_font_name": "Arial",
        "caption_config_font_size": 24,
        "caption_config_font_bold": True,
        "caption_config_font_color": "#fff",
        "caption_config_stroke_color": "#000",
        "caption_config_stroke_size": 2,
        "caption_config_shadow_blur": 3,
        "caption_config_line_count": 2,
        "caption_config_line_max_length": 40,
        "caption_config_subtitle_position": "center",
    }
    assert "margin_v has no effect" in caplog.text
    assert "bg_color" not in caplog.text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("E:/x.wav", True),
        ("voices/a.wav", True),
        ("a.wav", True),
        (Path("audio_a.wav"), True),
        ("./audio_a.wav", True),
        (NOBODY, False),
        ("audio_broken", False),
    ],
)
def test_paths_and_ids_are_told_apart(text: str | Path, path: bool):  # noqa: FBT001
    """The old test knew C:, D:, a slash, a dot: ``E:/x.wav`` and ``voices/a.wav`` were ids."""
    assert is_path(text) is path


# -- where the work is done


@pytest.fixture
def healthy() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"status":"ok"}'
            self.send_response(200 if self.path == "/health" else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_auto_works_on_a_server_that_answers(healthy: str):
    with SyncMediaService(healthy, "auto") as service:
        assert service.mode == "remote"


def test_auto_works_here_when_none_does(tmp_path: Path):
    with SyncMediaService("http://127.0.0.1:9", "auto", store=tmp_path) as service:
        assert service.mode == "local"
        assert service.voices("espeak")


# -- waiting


class Told:
    """A backend that says one status after the other, the last one for ever."""

    mode = "remote"

    def __init__(self, *statuses: Status) -> None:
        self.statuses, self.asked = list(statuses), 0

    async def status(self, id: str, *, wait: float = 0.0) -> Status:  # noqa: A002
        self.asked += 1
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def url(self, file_id: str) -> str:
        return f"http://server/{file_id}"

    async def close(self) -> None:
        pass


def waiting(backend: Any, **options: Any) -> Any:
    service = MediaService()
    service._backend = backend
    return asyncio.run(service.wait_for_processing(NOBODY, **options))


def status(word: str, **more: Any) -> Status:
    return Status(id=NOBODY, status=word, **more)


def test_a_job_is_waited_for():
    seen: list[float] = []
    backend = Told(status("processing", progress=0.3), status("processing"), status("ready"))
    done = waiting(backend, progress=seen.append)
    assert (done.status, done.file_id, done.url) == ("ready", NOBODY, f"http://server/{NOBODY}")
    assert seen == [0.3]
    assert backend.asked == 3


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (status("not_found"), FileGone),
        (status("failed", error=MediaError("is damaged", subject="a")), MediaError),
        (status("processing"), DeadlineExceeded),
        (status("a word nobody knows"), DeadlineExceeded),
    ],
)
def test_every_wait_ends(last: Status, error: type[Exception]):
    """A job that failed on the old server was "processing" for ever."""
    with pytest.raises(error):
        waiting(Told(status("processing"), last), timeout=0.3)
    service = MediaService()
    service._backend = Told(last)
    assert asyncio.run(service.wait_for_file_ready(NOBODY, timeout=0.2)) is False


def test_a_server_is_not_asked_too_often():
    backend = Told(status("processing"))
    with pytest.raises(DeadlineExceeded):
        waiting(backend, timeout=2.0)
    assert backend.asked <= 12  # 20 ms at first, half as long again each time


# -- in this process


@pytest.fixture
def local(tmp_path: Path) -> Iterator[SyncMediaService]:
    with SyncMediaService(execution_mode="local", store=tmp_path / "store") as service:
        yield service


def test_the_loop_goes_on_while_a_job_runs(tmp_path: Path):
    """The old local mode worked on the loop itself: nothing else moved meanwhile."""

    async def both() -> int:
        ticks = 0
        async with MediaService(execution_mode="local", store=tmp_path) as service:
            job = asyncio.ensure_future(service.generate_tts(LONG[:8000], ESPEAK))
            while not job.done():
                await asyncio.sleep(0.001)
                ticks += 1
            await job
        return ticks

    assert asyncio.run(both()) > 5


def test_who_stops_waiting_stops_the_job(tmp_path: Path):
    async def give_up() -> list[str]:
        service = MediaService(execution_mode="local", store=tmp_path)
        job = asyncio.ensure_future(service.generate_tts(LONG, ESPEAK))
        backend = LocalBackend(tmp_path)
        while not backend.ledger.jobs(states=("running",)):
            await asyncio.sleep(0.01)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        await service.close()
        states = [one.state for one in backend.ledger.jobs()]
        await backend.close()
        return states

    assert asyncio.run(give_up()) == ["cancelled"]
    assert not list(tmp_path.rglob("*.wav"))


def test_an_interrupt_stops_the_job(local: SyncMediaService, tmp_path: Path):
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            local.generate_tts(LONG, ESPEAK)
    finally:
        timer.cancel()
    backend = LocalBackend(tmp_path / "store")
    assert [job.state for job in backend.ledger.jobs()] == ["cancelled"]
    asyncio.run(backend.close())
    local.close()
    assert not list((tmp_path / "store").rglob("*.wav"))


def test_a_deadline_stops_the_job(tmp_path: Path):
    with SyncMediaService(execution_mode="local", store=tmp_path, timeout=0.2) as service:
        with pytest.raises(DeadlineExceeded):
            service.generate_tts(LONG, ESPEAK)
        assert service.list_files() == []


def test_no_more_run_at_once_than_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The old local mode had no limit but the loop it blocked."""
    from workbench.service import operations

    running, most, lock = 0, 0, threading.Lock()
    real = operations.perform

    def counted(*arguments: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        try:
            return real(*arguments)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(operations, "perform", counted)

    async def many() -> None:
        async with MediaService(execution_mode="local", store=tmp_path, at_once=3) as service:
            await asyncio.gather(*(service.generate_tts(f"Line {n}.", ESPEAK) for n in range(9)))

    asyncio.run(many())
    assert most == 3


def test_another_process_sees_the_jobs_and_the_files(local: SyncMediaService, tmp_path: Path):
    spoken = local.generate_tts("Hello.", ESPEAK)
    code = (
        "import sys, workbench as wb\n"
        "with wb.SyncMediaService(execution_mode='local', store=sys.argv[1]) as service:\n"
        "    print(service.get_processing_status(sys.argv[2]).status)\n"
        "    print(len(service.read_file(sys.argv[2])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store"), spoken.file_id],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["ready", str(len(local.read_file(spoken.file_id)))]


def test_what_was_left_running_by_a_process_that_died_has_ended(tmp_path: Path):
    code = (
        "import os, sys, threading, time, workbench as wb\n"
        "service = wb.SyncMediaService(execution_mode='local', store=sys.argv[1])\n"
        "ledger = service.service._backend.ledger\n"
        "def die():\n"
        "    while not ledger.jobs(states=('running',)):\n"
        "        time.sleep(0.01)\n"
        "    os._exit(9)\n"
        "threading.Thread(target=die).start()\n"
        "service.generate_tts(sys.stdin.read(), {'engine': 'espeak', 'voice': 'en-gb'})\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], input=LONG, text=True, check=False, timeout=60
    )
    backend = LocalBackend(tmp_path)
    states = {job.state for job in backend.ledger.jobs()}
    asyncio.run(backend.close())
    assert states
    assert not states & {"running"}


def test_a_service_may_be_used_in_one_loop_after_the_other(tmp_path: Path):
    service = MediaService(execution_mode="local", store=tmp_path)
    first = asyncio.run(service.generate_tts_direct("Hello.", ESPEAK))
    assert asyncio.run(service.read_file(first))
    asyncio.run(service.close())
    assert asyncio.run(service.read_file(first))
    asyncio.run(service.close())


def test_the_twin_works_while_a_loop_runs(local: SyncMediaService):
    async def in_a_cell() -> str:
        return local.generate_tts_direct("Hello.", ESPEAK)

    assert asyncio.run(in_a_cell()).startswith("audio_")


def test_errors_of_the_old_kind_reach_the_caller(local: SyncMediaService):
    """The old local mode ignored that an engine had failed, and returned the id of no file."""
    with pytest.raises(VoiceNotFound):
        local.generate_tts_direct("Hello.", {"engine": "espeak", "voice": "nobody"})
    assert local.list_files() == []


def test_cancelling_says_so(local: SyncMediaService, tmp_path: Path):
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    picture = local.upload_file(tmp_path / "a.png")
    job = local.start_captioned_video_generation(
        picture, None, LONG, kokoro_voice="espeak:en-gb", width=320, height=240
    )
    local.cancel(job)
    with pytest.raises(Cancelled):
        local.wait_for_processing(job)


def test_two_first_calls_choose_one_place(healthy: str):
    async def both() -> bool:
        service = MediaService(healthy, "auto")
        one, other = await asyncio.gather(service._ready(), service._ready())
        await service.close()
        return one is other

    assert asyncio.run(both())


def test_a_key_finds_its_job_after_what_it_was_made_of_is_gone(tmp_path: Path):
    """Whoever lost the first answer asks again, maybe after cleaning up."""
    from PIL import Image

    async def twice() -> tuple[str, str]:
        backend = LocalBackend(tmp_path / "store")
        Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
        asked = {"image_id": await backend.upload(tmp_path / "a.png")}
        first = await backend.submit("imperfect_image", asked, key="mine")
        while not (await backend.status(first, wait=5)).ended:
            pass
        await backend.delete(asked["image_id"])
        again = await backend.submit("imperfect_image", asked, key="mine")
        with pytest.raises(ParameterError, match="another kind, imperfect_image"):
            await backend.submit("merge_audio", asked, key="mine")
        await backend.close()
        return first, again

    first, again = asyncio.run(twice())
    assert first == again


def test_what_is_asked_in_passing_leaves_nothing_in_the_ledger(tmp_path: Path):
    async def ask() -> int:
        backend = LocalBackend(tmp_path / "store")
        await backend.call("fonts", {})
        with pytest.raises(FileGone):
            await backend.call("info", {"file_id": NOBODY})
        left = len(backend.ledger.jobs())
        await backend.close()
        return left

    assert asyncio.run(ask()) == 0


def test_what_was_sent_for_one_call_goes_with_it(local: SyncMediaService, tmp_path: Path):
    music = Audio.silence(1.0, 8000).write(tmp_path / "bed.wav")
    with pytest.raises(FileGone):
        local.merge_videos([NOBODY], background_music_path=music)
    assert local.list_files() == []


def test_who_gives_up_while_work_is_taken_on_leaves_no_job():
    async def give_up() -> list[str]:
        runtime, stopped = Runtime.__new__(Runtime), []

        async def submit(kind: str, parameters: Any) -> Any:
            await asyncio.sleep(0.05)
            return SimpleNamespace(id="job_1")

        async def cancel(id: str) -> None:  # noqa: A002
            stopped.append(id)

        runtime.submit, runtime.cancel = submit, cancel  # type: ignore[method-assign]
        asking = asyncio.ensure_future(runtime.call("fonts", {}))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        return stopped

    assert asyncio.run(give_up()) == ["job_1"]


def test_files_of_a_folder_that_had_no_ledger_are_known(tmp_path: Path):
    """A folder of the older server: its files had been "not found" by their status."""
    first = LocalBackend(tmp_path)
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    file_id = first.store.put(tmp_path / "a.png").id
    asyncio.run(first.close())
    for path in tmp_path.glob("jobs.sqlite*"):
        path.unlink()
    again = LocalBackend(tmp_path)
    assert asyncio.run(again.status(file_id)).status == "ready"
    asyncio.run(again.close())
