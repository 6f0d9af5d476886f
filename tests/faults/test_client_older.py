"""What people do with a `MediaService`, on the older server, with each of its faults (F42, F43)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from old_server import OldServer
from old_works import content
from PIL import Image

from workbench.errors import (
    DeadlineExceeded,
    FileGone,
    JobError,
    MediaError,
    ParameterError,
    ServiceError,
    Unauthorized,
    WorkbenchError,
)
from workbench.media.probe import probe
from workbench.service.blocking import SyncMediaService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.media]

NOBODY = f"image_{'0' * 8}-0000-4000-8000-{'0' * 12}.jpg"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldServer]:
    folder = tmp_path / "old"
    folder.mkdir()
    with OldServer(folder, seconds=0.15, tokens=("raw-token",)) as server:
        yield server


@pytest.fixture
def service(old: OldServer) -> Iterator[SyncMediaService]:
    with SyncMediaService(old.url, token="raw-token", timeout=30) as service:  # noqa: S106
        yield service


WAYS: dict[str, dict[str, Any]] = {
    "v0.3.5": {},
    "the file first": {"order": "file"},
    "the file first, and an empty head": {"order": "file", "head": "empty"},
    "another word": {"word": "working", "progress": "50%"},
    "a marker that stays": {"order": "file", "ends": "stuck"},
    "whole ids of frames": {"bare": False},
    "slow": {"delay": 0.03},
}


@pytest.mark.parametrize("way", WAYS)
def test_what_its_clients_do_from_beginning_to_end(
    old: OldServer, service: SyncMediaService, way: str, tmp_path: Path
):
    """Health, uploads, speech, a picture from an address, a captioned video, a merge, the end."""
    for name, value in WAYS[way].items():
        setattr(old, name, value)
    assert service.health_check() is True
    (tmp_path / "me.wav").write_bytes(content("audio_a.wav"))
    music = service.upload_file(tmp_path / "me.wav")
    spoken = service.generate_tts("Hello, world.", {"engine": "kokoro", "voice": "af_bella"})
    assert (spoken.words, spoken.duration) == ((), None)
    consent = {"who": "me", "purpose": "a test"}
    config = {"engine": "chatterbox", "sample_path": tmp_path / "me.wav", "consent": consent}
    cloned = service.generate_tts_direct("Hello.", config)
    image = service.upload_image_from_url("http://example.org/a.jpg")
    video = service.generate_captioned_video(
        image, spoken.file_id, "Hello, world.", {"font_size": 80, "position": "center"}
    )
    started = service.start_captioned_video_generation(image, cloned, "Hello.")
    assert service.wait_for_file_ready(started)
    merged = service.merge_videos([video.file_id, started], background_music_id=music)
    status = service.get_processing_status(merged)
    assert (status.status, status.progress) == ("ready", 1.0)
    path = service.download_file(merged, tmp_path / "out" / "short.mp4")
    assert probe(path).duration == pytest.approx(1.0, abs=0.1)
    assert path.read_bytes() == content(merged)
    assert Image.open(io.BytesIO(service.extract_frame(merged, 0.5))).format == "JPEG"
    frames = service.extract_frames(merged, 2)
    assert [Image.open(io.BytesIO(service.read_file(one))).size for one in frames] == [(96, 64)] * 2
    assert service.info(merged)["fps"] == 10
    assert "hello" in service.transcribe(tmp_path / "me.wav", "en").text.lower()
    assert service.fonts()
    assert {one["engine"] for one in service.voices("kokoro")} == {"kokoro"}
    made = [music, spoken.file_id, cloned, image, video.file_id, started, merged, *frames]
    assert service.cleanup_files(made) == []
    assert not any(old.exists(one) for one in made)
    operations = [one.operation for one in old.works]
    assert operations == ["kokoro", "chatterbox", "captioned", "captioned", "merge"]
    sent = next(one for one in old.asked("POST") if "tts-captioned-video" in one.path)
    assert sent.fields["caption_config_subtitle_position"] == "center"
    for one in old.requests:
        assert one.headers.get("authorization") == "raw-token"
        assert one.headers["accept-encoding"] == "identity"  # lengths are those of the files


ERRORS: list[tuple[str, dict[str, Any], Callable[[SyncMediaService], Any], type]] = [
    ("a job that fails", {"ends": "fails"}, lambda s: s.generate_tts("Hi."), JobError),
    ("a job that fails for ever", {"ends": "fails marked"},
     lambda s: s.generate_tts("Hi."), DeadlineExceeded),
    ("a marker that stays", {"ends": "stuck"}, lambda s: s.generate_tts("Hi."), DeadlineExceeded),
    ("another token", {"tokens": ("other",)}, lambda s: s.fonts(), Unauthorized),
    ("no facts", {}, lambda s: s.info(s.upload_bytes(content("image_a.jpg"))), MediaError),
    ("nobody", {}, lambda s: s.read_file(NOBODY), FileGone),
    ("a voice it has not", {}, lambda s: s.generate_tts("Hi.", {"voice": "xx_yy"}), ParameterError),
    ("an engine it has not", {}, lambda s: s.generate_tts("Hi.", "espeak:es"), ServiceError),
    ("merging nobody", {}, lambda s: s.merge_videos([NOBODY]), FileGone),
    ("nothing to merge", {}, lambda s: s.merge_videos([]), ParameterError),
    ("another scheme", {}, lambda s: s.upload_from_url("ftp://a/b.jpg"), ParameterError),
    ("alignment", {}, lambda s: s.align_script(NOBODY, "Hi."), ServiceError),
    ("a list", {}, lambda s: s.list_files(), ServiceError),
    ("stopping", {}, lambda s: s.cancel(NOBODY), ServiceError),
]  # fmt: skip


@pytest.mark.parametrize(
    ("way", "ask", "kind"), [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS]
)
def test_what_goes_wrong_is_said(
    old: OldServer,
    service: SyncMediaService,
    way: dict[str, Any],
    ask: Callable[[SyncMediaService], Any],
    kind: type[WorkbenchError],
):
    for attribute, value in way.items():
        setattr(old, attribute, value)
    service.service.timeout = 1.0
    with pytest.raises(WorkbenchError) as raised:
        ask(service)
    assert type(raised.value) is kind
    assert "raw-token" not in str(raised.value)
    assert len([one for one in old.requests if "tts" in one.path and one.method == "POST"]) <= 1


def test_a_wait_for_what_failed_says_why_or_false(old: OldServer, service: SyncMediaService):
    old.ends = "fails"
    job = service.start_video_merge([service.upload_bytes(content("video_a.mp4"))])
    assert service.wait_for_file_ready(job) is False
    status = service.get_processing_status(job)
    assert status.status == "failed"
    assert "does not say why" in status.error
    with pytest.raises(JobError):
        service.wait_for_processing(job)
    with pytest.raises(FileGone):
        service.wait_for_processing(NOBODY)
