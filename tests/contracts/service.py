"""What `MediaService` promises wherever its work is done.

Inherit `ServiceContract`, give it the fixture `service`, a `SyncMediaService`, and run pytest. The
old system had two code bases for its two modes, of which the local one could only speak: uploads,
downloads and deletions went to a server all the same.
"""

from __future__ import annotations

import io
import re
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lavfi import clip
from PIL import Image

from workbench.audio import Audio
from workbench.errors import (
    AddressRefused,
    EngineNotFound,
    FileGone,
    MediaError,
    MediaNotFound,
    ParameterError,
    TextError,
    VoiceNotFound,
    WorkbenchError,
)
from workbench.media.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.service.blocking import SyncMediaService

__all__ = ["ERRORS", "ServiceContract", "Shelf"]

NOBODY = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
ESPEAK = {"engine": "espeak", "voice": "en-gb"}
ID = re.compile(r"(image|video|audio)_[0-9a-f-]{36}\.[a-z0-9]+")


class Shelf:
    """Files of this machine, and their ids once they are in the service's store."""

    def __init__(self, folder: Path, service: SyncMediaService) -> None:
        self.folder, self.service = folder, service
        self._ids: dict[str, str] = {}

    def __getitem__(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            if name.endswith(".png"):
                Image.new("RGB", (200, 120), "navy").save(path)
            elif name.endswith(".wav"):
                wave = 0.3 * np.sin(np.arange(48_000) * 0.0576)
                Audio(samples=wave.astype(np.float32), rate=48_000).write(path)
            elif name.endswith(".mp4"):
                colour = "lime" if "green" in name else "red"
                clip(path, colour, size="96x64", seconds=1.0)
            else:
                path.write_bytes(b"no media at all" * 20)
        return path

    def id(self, name: str) -> str:
        if name not in self._ids:
            self._ids[name] = self.service.upload_file(self[name])
        return self._ids[name]


Case = tuple[str, "Callable[[SyncMediaService, Shelf], Any]", type[WorkbenchError], str]

ERRORS: list[Case] = [
    ("blank text", lambda s, f: s.generate_tts("   ", ESPEAK), TextError, "text"),
    (
        "unknown voice",
        lambda s, f: s.generate_tts("Hi.", {"engine": "espeak", "voice": "xx-yy"}),
        VoiceNotFound,
        "voice_not_found",
    ),
    (
        "unknown engine",
        lambda s, f: s.generate_tts("Hi.", {"engine": "espeek"}),
        EngineNotFound,
        "engine_not_found",
    ),
    (
        "misspelt key",
        lambda s, f: s.generate_tts("Hi.", {"engine": "espeak", "sped": 1.0}),
        ParameterError,
        "parameter",
    ),
    (
        "speed out of range",
        lambda s, f: s.generate_tts("Hi.", {**ESPEAK, "speed": 900.0}),
        ParameterError,
        "parameter",
    ),
    (
        "unknown option",
        lambda s, f: s.generate_tts("Hi.", {**ESPEAK, "options": {"rato": 1}}),
        ParameterError,
        "parameter",
    ),
    ("no such path", lambda s, f: s.upload_file("nowhere.png"), MediaNotFound, "media_not_found"),
    ("no media", lambda s, f: s.upload_file(f["text.bin"]), MediaError, "media"),
    ("empty bytes", lambda s, f: s.upload_bytes(b"", "image"), MediaError, "media"),
    (
        "sound as a picture",
        lambda s, f: s.upload_file(f["a.wav"], "image"),
        MediaError,
        "media",
    ),
    ("unknown type", lambda s, f: s.upload_file(f["a.wav"], "tmp"), ParameterError, "parameter"),
    ("malformed id", lambda s, f: s.read_file("image_../../x"), ParameterError, "parameter"),
    ("unknown id", lambda s, f: s.read_file(f"image_{NOBODY}.png"), FileGone, "file_gone"),
    ("malformed deletion", lambda s, f: s.delete_file("audio_.wav"), ParameterError, "parameter"),
    (
        "private address",
        lambda s, f: s.upload_image_from_url("http://127.0.0.1:9/a.png"),
        AddressRefused,
        "address_refused",
    ),
    (
        "another scheme",
        lambda s, f: s.upload_image_from_url("file:///etc/passwd"),
        AddressRefused,
        "address_refused",
    ),
    ("nothing to merge", lambda s, f: s.merge_videos([]), ParameterError, "parameter"),
    (
        "merging what is not there",
        lambda s, f: s.merge_videos([f.id("a.mp4"), f"video_{NOBODY}.mp4"]),
        FileGone,
        "file_gone",
    ),
    (
        "merging a sound",
        lambda s, f: s.merge_videos([f.id("a.mp4"), f.id("a.wav")]),
        MediaError,
        "media",
    ),
    (
        "hostile colour",
        lambda s, f: s.add_colorkey_overlay(
            f.id("a.mp4"), f.id("green.mp4"), "green:0.1:0.1,drawtext=textfile=/etc/passwd"
        ),
        ParameterError,
        "parameter",
    ),
    (
        "font too large",
        lambda s, f: s.generate_captioned_video(
            f.id("a.png"), f.id("a.wav"), "Hi.", {"font_size": 9000}
        ),
        ParameterError,
        "parameter",
    ),
    (
        "unknown subtitle key",
        lambda s, f: s.generate_captioned_video(
            f.id("a.png"), f.id("a.wav"), "Hi.", {"fontsize": 90}
        ),
        ParameterError,
        "parameter",
    ),
    (
        "unknown field",
        lambda s, f: s.generate_captioned_video(f.id("a.png"), f.id("a.wav"), "Hi.", widht=300),
        ParameterError,
        "parameter",
    ),
    (
        "one id for a list",
        lambda s, f: s.cleanup_files("image_a.png"),
        ParameterError,
        "parameter",
    ),
    (
        "a place that is none",
        lambda s, f: s.generate_captioned_video(
            f.id("a.png"), f.id("a.wav"), "Hi.", {"alignment": "center"}
        ),
        ParameterError,
        "parameter",
    ),
    (
        "a sound as the background",
        lambda s, f: s.generate_captioned_video(f.id("a.wav"), f.id("a.wav"), "Hi."),
        MediaError,
        "media",
    ),
    ("info of a picture", lambda s, f: s.info(f.id("a.png")), MediaError, "media"),
    ("waiting for nobody", lambda s, f: s.wait_for_processing(f"video_{NOBODY}.mp4"),
     FileGone, "file_gone"),
]  # fmt: skip
"""What is asked for, and which error says that it cannot be: the same everywhere."""


class ServiceContract:
    """What every service has to do."""

    @pytest.fixture(scope="class")
    @classmethod
    def shelf(cls, tmp_path_factory: pytest.TempPathFactory, service: SyncMediaService) -> Shelf:
        return Shelf(tmp_path_factory.mktemp("shelf"), service)

    # -- files

    def test_it_is_well(self, service: SyncMediaService):
        assert service.health_check() is True

    @pytest.mark.parametrize("name", ["a.png", "a.wav", "a.mp4"])
    def test_a_file_comes_back_as_it_went(
        self, service: SyncMediaService, shelf: Shelf, tmp_path: Path, name: str
    ):
        seen: list[float] = []
        file_id = service.upload_file(shelf[name], progress=seen.append)
        kind = {"a.png": "image", "a.wav": "audio", "a.mp4": "video"}[name]
        assert ID.fullmatch(file_id)
        assert file_id.startswith(f"{kind}_")
        assert file_id.endswith(name[1:])
        assert seen[-1] == 1.0
        assert service.read_file(file_id) == shelf[name].read_bytes()
        target = service.download_file(file_id, tmp_path / "sub" / "back")
        assert target.read_bytes() == shelf[name].read_bytes()
        assert file_id in [f["id"] for f in service.list_files(kind)]
        assert service.get_processing_status(file_id).status == "ready"
        assert service.wait_for_file_ready(file_id) is True
        service.delete_file(file_id)
        assert service.get_processing_status(file_id).status == "not_found"
        assert service.wait_for_file_ready(file_id) is False
        with pytest.raises(FileGone):
            service.read_file(file_id)

    def test_bytes_and_streams_are_files_too(self, service: SyncMediaService, shelf: Shelf):
        data = shelf["a.png"].read_bytes()
        first = service.upload_bytes(data, "image", name="\u202eevil\n.html")
        second = service.upload_file(io.BytesIO(data))
        assert service.read_file(first) == service.read_file(second) == data
        assert service.cleanup_files([first, second, f"image_{NOBODY}.png"]) == []

    def test_a_path_becomes_an_id_and_an_id_stays_one(
        self, service: SyncMediaService, shelf: Shelf
    ):
        """The old test for a path knew C:, D:, a slash and a dot: `voices/a.wav` was an id."""
        file_id = service.upload_local_file_if_needed(str(shelf["a.wav"]), "audio")
        assert ID.fullmatch(file_id)
        assert service.upload_local_file_if_needed(file_id, "audio") == file_id

    def test_a_download_that_fails_leaves_what_was_there(
        self, service: SyncMediaService, tmp_path: Path
    ):
        target = tmp_path / "kept.png"
        target.write_bytes(b"before")
        with pytest.raises(FileGone):
            service.download_file(f"image_{NOBODY}.png", target)
        assert target.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [target]

    def test_an_address_reads_the_file(self, service: SyncMediaService, shelf: Shelf):
        assert service.get_download_url(shelf.id("a.png")).endswith(
            shelf.id("a.png").rpartition("_")[2]
        )

    # -- speech

    def test_speech_has_its_words(self, service: SyncMediaService, tmp_path: Path):
        seen: list[float] = []
        spoken = service.generate_tts("Hello, brave world.", ESPEAK, progress=seen.append)
        assert [word.text for word in spoken.words] == ["Hello,", "brave", "world."]
        path = service.download_file(spoken.file_id, tmp_path / "a.wav")
        info = probe(path)
        assert info.kind == "audio"
        assert spoken.duration == pytest.approx(info.duration, abs=0.01)
        assert 0.8 < spoken.words[-1].end <= spoken.duration + 0.01
        assert np.abs(Audio.read(path).samples).max() > 0.1
        assert sorted(seen) == seen

    def test_a_voice_may_be_named_and_its_speed_acts(self, service: SyncMediaService):
        slow = service.generate_tts("Hello, brave world.", {**ESPEAK, "speed": 0.7})
        usual = service.generate_tts("Hello, brave world.", "espeak:en-gb")
        fast = service.generate_tts("Hello, brave world.", {**ESPEAK, "speed": 1.6})
        assert slow.duration > 1.2 * usual.duration > 1.5 * fast.duration

    def test_sounds_are_joined_with_a_pause(self, service: SyncMediaService, shelf: Shelf):
        merged = service.merge_audio([shelf.id("a.wav"), shelf.id("a.wav")], pause=0.5)
        assert service.info(merged)["duration"] == pytest.approx(2.5, abs=0.01)

    # -- video

    def test_a_captioned_video_is_as_long_as_its_speech(
        self, service: SyncMediaService, shelf: Shelf, tmp_path: Path
    ):
        spoken = service.generate_tts("Hello, brave world.", ESPEAK)
        seen: list[float] = []
        made = service.generate_captioned_video(
            shelf.id("a.png"),
            spoken.file_id,
            "Hello, brave world.",
            {"font": "DejaVu Sans", "font_size": 40, "max_length": 20, "position": "center"},
            width=180,
            height=320,
            progress=seen.append,
        )
        info = service.info(made.file_id)
        assert (info["width"], info["height"]) == (180, 320)
        assert info["duration"] == pytest.approx(spoken.duration, abs=0.1)
        assert (made.tts_id, made.image_id) == (spoken.file_id, shelf.id("a.png"))
        # The service spoke it, so it knows when each word is said, and need not guess.
        assert not [note for note in made.warnings if "estimated" in note]
        frame = Image.open(io.BytesIO(service.extract_frame(made.file_id, 0.5))).convert("L")
        middle = np.asarray(frame)[120:200]
        assert middle.max() > 200, "no caption is seen"
        assert np.asarray(frame)[:80].max() < 90, "something is seen where no caption should be"
        assert seen

    def test_a_started_video_is_ready_only_when_it_is_whole(
        self, service: SyncMediaService, shelf: Shelf, tmp_path: Path
    ):
        """Of the old server's answers while a file was written, 147 of 164 said it was ready."""
        started = service.start_captioned_video_generation(
            shelf.id("a.png"), shelf.id("a.wav"), "Hello.", width=180, height=320
        )
        words = {service.get_processing_status(started).status for _ in range(5)}
        assert words <= {"processing", "ready"}
        status = service.wait_for_processing(started)
        assert status.status == "ready"
        assert status.url is not None
        path = service.download_file(started, tmp_path / "a.mp4")
        assert probe(path).duration == pytest.approx(1.0, abs=0.1)

    def test_videos_are_merged(self, service: SyncMediaService, shelf: Shelf):
        merged = service.merge_videos([shelf.id("a.mp4"), shelf.id("green.mp4")])
        assert service.info(merged)["duration"] == pytest.approx(2.0, abs=0.1)
        with_music = service.merge_videos(
            [shelf.id("a.mp4")], background_music_path=shelf["a.wav"], music_volume=0.2
        )
        assert service.info(with_music)["duration"] == pytest.approx(1.0, abs=0.1)

    def test_a_colour_is_keyed_out(self, service: SyncMediaService, shelf: Shelf):
        made = service.add_colorkey_overlay(
            shelf.id("a.mp4"), shelf.id("green.mp4"), "#00ff00", similarity=0.3
        )
        pixel = Image.open(io.BytesIO(service.extract_frame(made, 0.5))).getpixel((48, 32))
        assert pixel[0] > 180
        assert pixel[1] < 80

    # -- pictures and facts

    def test_frames_have_ids_that_can_be_read(self, service: SyncMediaService, shelf: Shelf):
        """The old server's ids of frames lacked their type: each of them was a 404."""
        ids = service.extract_frames(shelf.id("a.mp4"), 3, stitch=True)
        assert len(ids) == 4
        for file_id in ids:
            picture = Image.open(io.BytesIO(service.read_file(file_id)))
            assert picture.format == "JPEG"

    def test_pictures_are_stitched_and_made_imperfect(
        self, service: SyncMediaService, shelf: Shelf
    ):
        grid = service.stitch_images([shelf.id("a.png")] * 4, max_width=400, max_height=300)
        width, height = Image.open(io.BytesIO(service.read_file(grid))).size
        assert width <= 400
        assert height <= 300
        worn = service.make_image_imperfect(shelf.id("a.png"), noise_strength=30)
        assert np.asarray(Image.open(io.BytesIO(service.read_file(worn)))).std() > 2

    def test_facts(self, service: SyncMediaService, shelf: Shelf):
        info = service.info(shelf.id("a.mp4"))
        assert (info["width"], info["height"]) == (96, 64)
        assert float(info["fps"]) == 10
        assert any("DejaVu Sans" in name for name in service.fonts())
        names = {voice["name"] for voice in service.voices("espeak")}
        assert {"espeak:es", "espeak:en-us"} <= names

    # -- jobs that go wrong

    @pytest.mark.parametrize("case", ERRORS, ids=[case[0] for case in ERRORS])
    def test_an_error_is_the_same_everywhere(
        self, service: SyncMediaService, shelf: Shelf, case: Case
    ):
        _, ask, kind, code = case
        with pytest.raises(WorkbenchError) as raised:
            ask(service, shelf)
        error = raised.value
        assert (type(error), error.code) == (kind, code)
        assert str(error)
        if "nowhere" not in str(error):
            assert not re.search(r"(?<![:/\w.])/(?:root|tmp|home|work|usr)/", str(error))

    def test_a_running_job_is_cancelled(self, service: SyncMediaService, shelf: Shelf):
        long = "This sentence is said again and again.\n" * 400
        job = service.start_captioned_video_generation(
            shelf.id("a.png"), None, long, kokoro_voice="espeak:en-gb", width=720, height=1280
        )
        stopped = service.cancel(job)
        assert service.wait_for_file_ready(job) is False
        status = service.get_processing_status(job)
        assert (stopped.file_id, status.status) == (job, "failed")
        assert "stopped" in (status.error or "")
        with pytest.raises(WorkbenchError):
            service.read_file(job)

    def test_eight_at_once_do_not_mix(self, service: SyncMediaService):
        found: dict[int, str] = {}

        def speak(number: int) -> None:
            said = service.generate_tts(f"Number {number}.", ESPEAK)
            found[number] = said.words[-1].text

        threads = [threading.Thread(target=speak, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {number: f"{number}." for number in range(8)}
