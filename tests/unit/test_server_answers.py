"""What the operations answer that are done when they answer, and what files and jobs tell."""

from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING

import pytest
import whisper_model
from PIL import Image
from standing_in import SPOKEN
from wire_server import AUDIO, GONE, IDS, M, U, Wire, wire

import workbench
from workbench.service.runtime import ENDED

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.media

VIDEO = f"{M}/video-tools"
LONG = "This sentence is said again and again. " * 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wire(tmp_path_factory.mktemp("answers")) as server:
        yield server


# -- the server itself


@pytest.mark.parametrize("path", ["/", "/health"])
def test_head_is_get_without_a_body(server: Wire, path: str):
    got, headed = server.client.get(path), server.client.head(path)
    assert (got.status_code, headed.status_code, headed.content) == (200, 200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_it_says_what_it_is(server: Wire):
    told = server.client.get("/").json()
    assert {"message", "version", "documentation", "created_by"} <= set(told)
    assert told["version"] == workbench.__version__
    assert told["server"] == "workbench"
    assert server.client.get(told["documentation"]).status_code == 200
    assert server.client.get("/health").json() == {"status": "ok"}


# -- lists and facts


def test_lists(server: Wire):
    voices = server.client.get(f"{AUDIO}/tts/kokoro/voices").json()["voices"]
    assert len(voices) >= 49
    assert {"af_heart", "am_adam", "ef_dora", "zf_xiaobei"} <= set(voices)
    fonts = server.client.get(f"{M}/fonts").json()["fonts"]
    assert any("DejaVu Sans" in name for name in fonts)
    assert "en" in server.client.get(f"{AUDIO}/tts/chatterbox/languages").json()["languages"]
    named = server.client.get(f"{AUDIO}/voices", params={"engine": "espeak"}).json()["voices"]
    assert {"name", "engine", "language", "label", "gender"} <= set(named[0])
    assert {one["engine"] for one in named} == {"espeak"}


def test_facts_of_a_video(server: Wire):
    told = server.client.get(f"{VIDEO}/info/{server.id('a.mp4')}").json()
    assert {"duration", "width", "height", "fps", "aspect_ratio", "codec"} <= set(told)
    assert (told["width"], told["height"], told["codec"], float(told["fps"])) == (
        96,
        64,
        "h264",
        10,
    )
    assert told["duration"] == pytest.approx(1.5, abs=0.1)


def test_facts_of_a_sound(server: Wire):
    told = server.client.get(f"{AUDIO}/info/{server.id('a.wav')}").json()
    assert {"duration", "channels", "sample_rate", "codec", "bitrate"} <= set(told)
    assert (told["channels"], told["sample_rate"]) == (1, "24000")  # a text there, as it was
    assert told["duration"] == pytest.approx(1.0, abs=0.01)


def test_a_transcript_of_a_video_elsewhere(server: Wire):
    told = server.client.get(f"{U}/youtube-transcript", params={"video_id": SPOKEN})
    assert told.json() == {"video_id": SPOKEN, "transcript": "never gonna give you up"}
    other = server.client.get(f"{U}/youtube-transcript", params={"video_id": "aaaaaaaaaaa"})
    assert other.status_code == 404
    assert other.json()["code"] == "file_gone"


@pytest.mark.model
def test_what_is_said_is_written_down_and_not_kept(
    server: Wire, tiny_whisper: whisper_model.TinyWhisper
):
    (said,) = whisper_model.sentences(tiny_whisper, "en", 1)
    path = server.folder / "said.wav"
    said.audio.write(path)
    before = server.client.get(f"{M}/storage").json()
    for sent in (
        {"audio_file": ("said.wav", path.read_bytes())},
        {"audio_file": ("x", path.read_bytes())},
    ):
        told = server.client.post(f"{AUDIO}/transcribe", files=sent, data={"language": "en"}).json()
        assert {"transcription", "duration"} <= set(told)
        assert told["duration"] == pytest.approx(said.audio.duration, abs=0.05)
        heard = [whisper_model.bare(word) for word in told["transcription"].split()]
        assert whisper_model.wrong_words(list(said.words), heard) <= 1
        assert not told["transcription"].startswith(" ")
    assert server.client.get(f"{M}/storage").json() == before


@pytest.mark.model
@pytest.mark.parametrize("mode", ["word", "sentence"])
def test_a_script_is_timed_in_the_answer(
    server: Wire, tiny_whisper: whisper_model.TinyWhisper, mode: str
):
    (said,) = whisper_model.sentences(tiny_whisper, "en", 1, seed=1)
    path = server.folder / "script.wav"
    said.audio.write(path)
    script = " ".join(said.words).capitalize() + "."
    form = {"audio_id": server.id("script.wav"), "script": script, "mode": mode}
    told = server.client.post(f"{AUDIO}/align-script", data=form).json()
    pieces = told["segments"]
    assert " ".join(piece["text"] for piece in pieces) == script
    assert len(pieces) == (len(said.words) if mode == "word" else 1)
    assert pieces[0]["start"] == pytest.approx(said.starts[0], abs=0.25)
    for piece in pieces:
        assert set(piece) == {"text", "start", "end"}
        assert 0 <= piece["start"] < piece["end"] <= said.audio.duration + 0.01


# -- pictures


def test_a_frame_is_a_jpeg_that_is_not_kept(server: Wire):
    video = server.id("a.mp4")
    before = server.client.get(f"{M}/storage").json()
    for timestamp in (None, 0, 0.5, 99):
        params = {} if timestamp is None else {"timestamp": timestamp}
        answer = server.client.get(f"{VIDEO}/extract-frame/{video}", params=params)
        assert answer.headers["content-type"] == "image/jpeg"
        picture = Image.open(io.BytesIO(answer.content))
        assert (picture.format, picture.size) == ("JPEG", (96, 64))
    assert server.client.get(f"{M}/storage").json() == before


@pytest.mark.parametrize("source", ["url", "video_id"])
def test_frames_have_whole_ids(server: Wire, source: str):
    """The old server's lacked ``image_``: each of them was a 404."""
    form = {"url": "<a.mp4>"} if source == "url" else {"video_id": "{a.mp4}"}
    answer = server.client.post(
        f"{VIDEO}/extract-frames", data=server.filled({**form, "amount": 3, "stitch": "true"})
    )
    told = answer.json()
    assert {"message", "template_id", "template_path", "image_ids", "sheet_id"} <= set(told)
    assert told["template_path"] is None
    assert len(told["image_ids"]) == 3
    for name in (*told["image_ids"], told["sheet_id"]):
        assert re.fullmatch(IDS, name)
        data = server.client.get(f"{M}/storage/{name}").content
        assert Image.open(io.BytesIO(data)).format == "JPEG"


@pytest.mark.parametrize("form", [{"image_urls": "<a.png>, <b.jpg>"},
                                  {"image_ids": "{a.png},{b.jpg},{a.png}"}])  # fmt: skip
def test_pictures_are_stitched_in_the_answer(server: Wire, form: dict[str, str]):
    fields = server.filled({**form, "max_width": 300, "max_height": 200})
    before = server.client.get(f"{M}/storage").json()
    answer = server.client.post(f"{U}/stitch-images", data=fields)
    assert answer.headers["content-type"] == "image/jpeg", answer.text
    width, height = Image.open(io.BytesIO(answer.content)).size
    assert width <= 300
    assert height <= 200
    assert server.client.get(f"{M}/storage").json() == before


# -- what a job tells


def speak(server: Wire, text: str) -> str:
    form = {"text": text, "engine": "espeak", "cache": "false"}
    return server.client.post(f"{AUDIO}/tts", data=form).json()["file_id"]


def test_a_status_has_the_old_words_and_more(server: Wire):
    spoken = speak(server, LONG)
    told = server.client.get(f"{M}/storage/{spoken}/status").json()
    assert told["status"] == "processing"
    assert told["state"] in {"queued", "running"}
    assert 0 <= told["progress"] < 100
    refused = server.client.get(f"{M}/storage/{spoken}")
    assert refused.status_code == 404
    assert (refused.json()["code"], refused.json()["problem"]) == ("file_gone", "is not ready yet")
    told = server.ended(spoken)
    assert (told["status"], told["state"], told["progress"]) == ("ready", "done", 100)
    assert told["result"]["duration"] > 100
    assert len(told["result"]["words"]) == 1400
    assert "error" not in told
    task = server.client.get(f"/api/v1/tasks/{spoken}/status").json()
    assert (task["status"], task["url"]) == ("ready", f"/api/v1/media/storage/{spoken}")


def test_a_wait_ends_with_the_job(server: Wire):
    spoken = speak(server, "Hello.")
    begun = time.monotonic()
    told = server.client.get(f"{M}/storage/{spoken}/status", params={"wait": 60}).json()
    assert told["status"] == "ready"
    assert time.monotonic() - begun < 30


def test_a_file_that_is_deleted_while_it_is_made_is_not_made(server: Wire):
    spoken = speak(server, LONG + "x")
    assert server.client.delete(f"{M}/storage/{spoken}").json()["status"] == "success"
    told = server.client.get(f"{M}/storage/{spoken}/status").json()
    assert told == {"status": "not_found"}
    assert server.client.get(f"{M}/storage/{spoken}").status_code == 404
    assert server.job(spoken) is None


def test_jobs_are_listed_found_and_stopped(server: Wire):
    spoken = speak(server, LONG + "y")
    listed = server.client.get("/api/v1/jobs").json()
    assert {"jobs", "counts"} <= set(listed)
    assert spoken in [one["id"] for one in listed["jobs"]]
    found = server.client.get(f"/api/v1/jobs/{spoken}").json()
    assert (found["id"], found["operation"], found["status"]) == (spoken, "speak", "processing")
    stopped = server.client.delete(f"/api/v1/jobs/{spoken}").json()
    assert (stopped["status"], stopped["state"], stopped["code"]) == (
        "failed", "cancelled", "cancelled",
    )  # fmt: skip
    assert server.job(spoken).state in ENDED
    got = server.client.get(f"{M}/storage/{spoken}")
    assert (got.status_code, got.json()["code"]) == (409, "cancelled")


@pytest.mark.parametrize("kind", sorted(GONE))
def test_a_file_that_is_not_there(server: Wire, kind: str):
    name = GONE[kind]
    assert server.client.get(f"{M}/storage/{name}/status").json() == {"status": "not_found"}
    # As it was: deleted is deleted.
    assert server.client.delete(f"{M}/storage/{name}").json() == {
        "status": "success",
        "deleted": False,
    }
    for answer in (
        server.client.get(f"{M}/storage/{name}"),
        server.client.get(f"/api/v1/jobs/{name}"),
        server.client.delete(f"/api/v1/jobs/{name}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "file_gone")
