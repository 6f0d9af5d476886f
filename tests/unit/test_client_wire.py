"""What goes to a server, and what its answers mean: the wire of v0.3.5 and ours beyond it."""

from __future__ import annotations

import asyncio
import io
import struct
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from old_server import OldServer
from old_works import content

from workbench.errors import (
    FileGone,
    MediaError,
    MediaTooLarge,
    ParameterError,
    QueueFull,
    ServiceError,
    Unauthorized,
    VoiceNotFound,
    WorkbenchError,
)
from workbench.service.answers import (
    error_of,
    media_info,
    retry_after,
    status_from,
    without,
)
from workbench.service.client import RemoteBackend
from workbench.service.wholeness import Wholeness
from workbench.service.wire import request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.media

M, U = "/api/v1/media", "/api/v1/utils"
NOBODY = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldServer]:
    folder = tmp_path / "old"
    folder.mkdir()
    with OldServer(folder) as server:
        yield server


def stored(server: OldServer, kind: str, extension: str) -> str:
    """The id of a file the server has."""
    name = f"{kind}_{NOBODY}{extension}"
    return server.keep(name, content(name))


# -- what is asked for

SPOKEN = {"text": "Hi.", "engine": "kokoro", "voice": "af_bella", "speed": 1.0, "cache": True}
CLONED = {
    "text": "Hi.",
    "engine": "chatterbox",
    "sample_id": f"audio_{NOBODY}.wav",
    "options": {"exaggeration": 0.7, "temperature": 0.7},
    "consent": {"who": "me", "purpose": "a test"},
    "chunk_chars": 300,
}
CALLS: list[tuple[str, dict[str, Any], str, dict[str, str]]] = [
    ("speak", SPOKEN, f"POST {M}/audio-tools/tts/kokoro",
     {"text": "Hi.", "voice": "af_bella", "speed": "1.0"}),
    ("speak", CLONED, f"POST {M}/audio-tools/tts/chatterbox",
     {"text": "Hi.", "sample_audio_id": f"audio_{NOBODY}.wav", "exaggeration": "0.7",
      "temperature": "0.7", "chunk_chars": "300"}),
    ("merge_videos", {"video_ids": ["{video}", "{video}"], "background_music_id": "{audio}",
     "background_music_volume": 0.1}, f"POST {M}/video-tools/merge",
     {"video_ids": "{video},{video}", "background_music_id": "{audio}",
      "background_music_volume": "0.1"}),
    ("captioned_video", {"background_id": "{image}", "text": "Hi.", "width": 768, "height": 1344,
     "kokoro_voice": "kokoro:af_bella", "caption_config_font_bold": True, "quality": "draft",
     "caption_on": True}, f"POST {M}/video-tools/generate/tts-captioned-video",
     {"background_id": "{image}", "text": "Hi.", "width": "768", "height": "1344",
      "kokoro_voice": "af_bella", "caption_config_font_bold": "true"}),
    ("colorkey_overlay", {"video_id": "{video}", "overlay_video_id": "{video}", "color": "#00ff00",
     "similarity": 0.1, "blend": 0.2}, f"POST {M}/video-tools/add-colorkey-overlay",
     {"video_id": "{video}", "overlay_video_id": "{video}", "color": "#00ff00",
      "similarity": "0.1", "blend": "0.2"}),
    ("imperfect_image", {"image_id": "{image}", "noise_strength": 5},
     f"POST {U}/make-image-imperfect", {"image_id": "{image}", "noise_strength": "5"}),
    ("pcm_to_wav", {"pcm_id": "{audio}", "sample_rate": 24000, "channels": 1},
     f"POST {U}/convert/pcm/wav", {"pcm_id": "{audio}", "sample_rate": "24000", "channels": "1"}),
    ("extract_frames", {"url": "http://example.org/a.mp4", "amount": 2, "stitch": False},
     f"POST {M}/video-tools/extract-frames",
     {"url": "http://example.org/a.mp4", "amount": "2", "stitch": "false"}),
    ("stitch_images", {"image_urls": ["http://example.org/a.jpg"], "max_width": 640},
     f"POST {U}/stitch-images",
     {"image_urls": "http://example.org/a.jpg", "max_width": "640"}),
    ("fetch", {"url": "http://example.org/a.jpg", "media_type": "image"}, f"POST {M}/storage",
     {"url": "http://example.org/a.jpg", "media_type": "image"}),
    ("info", {"file_id": "{video}"}, f"GET {M}/video-tools/info/{{video}}", {}),
    ("info", {"file_id": "{audio}"}, f"GET {M}/audio-tools/info/{{audio}}", {}),
    ("fonts", {}, f"GET {M}/fonts", {}),
    ("kokoro_voices", {}, f"GET {M}/audio-tools/tts/kokoro/voices", {}),
    ("transcribe", {"audio_id": "{audio}", "language": "en"}, f"POST {M}/audio-tools/transcribe",
     {"language": "en"}),
    ("extract_frame", {"video_id": "{video}", "timestamp": 0.5},
     f"GET {M}/video-tools/extract-frame/{{video}}", {}),
    ("voices", {}, f"GET {M}/audio-tools/tts/kokoro/voices", {}),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=[f"{c[0]} {n}" for n, c in enumerate(CALLS)])
def test_each_operation_is_asked_for_as_the_old_server_has_it(
    old: OldServer, call: tuple[str, dict[str, Any], str, dict[str, str]]
):
    """With httpx's `data=` the older client got 404s nobody explained: all goes as multipart."""
    operation, parameters, where, fields = call
    old.seconds = 0.01
    names = {
        "video": stored(old, "video", ".mp4"),
        "audio": stored(old, "audio", ".wav"),
        "image": stored(old, "image", ".jpg"),
    }

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(one) for one in value]
        return value.format(**names) if isinstance(value, str) and "{" in value else value

    asked = {name: filled(value) for name, value in parameters.items()}
    told = asyncio.run(RemoteBackend(old.url).call(operation, asked, timeout=20))
    assert told
    (sent,) = old.asked(filled(where))
    assert sent.fields == {name: filled(value) for name, value in fields.items()}
    if sent.method == "POST":
        assert sent.headers["content-type"].startswith("multipart/form-data")
    if "file_id" in told:
        assert old.exists(told["file_id"])


LACKING = [
    ("align", {"audio_id": "a", "script": "b"}, "align"),
    ("merge_audio", {"audio_ids": []}, "merge_audio"),
    ("trim_pauses", {"audio_id": "a"}, "trim_pauses"),
    ("extend_audio", {"audio_id": "a", "duration_minutes": 10}, "extend_audio"),
    ("add_overlay", {"video_id": "a", "overlay_id": "b"}, "add_overlay"),
    ("speak", {"text": "Hi.", "engine": "espeak"}, "espeak"),
    ("speak", {"text": "Hi.", "options": {"pitch": 3}}, "pitch"),
    ("speak", {"text": "Hi.", "seed": 3}, "seed"),
    ("speak", {"text": "Hi.", "engine": "chatterbox", "speed": 1.5}, "speed"),
    ("speak", {"text": "Hi.", "engine": "chatterbox", "language": "es"}, "language"),
    ("captioned_video", {"background_id": "a", "caption_on": False}, "caption_on"),
    ("captioned_video", {"background_id": "a", "caption_style": "plain"}, "caption_style"),
    ("voices", {"engine": "espeak"}, "espeak"),
    ("transcribe", {"audio_id": "a", "model": "tiny"}, "models"),
    ("chatterbox_languages", {}, "chatterbox/languages"),
]


@pytest.mark.parametrize(("operation", "parameters", "named"), LACKING)
def test_what_an_older_server_has_not_is_said_and_not_done_otherwise(
    old: OldServer, operation: str, parameters: dict[str, Any], named: str
):
    with pytest.raises(ServiceError, match=named) as raised:
        asyncio.run(RemoteBackend(old.url).call(operation, parameters))
    assert "older" in str(raised.value)
    assert "workbench serve" in raised.value.cure
    assert not old.works


def test_our_server_is_asked_for_what_it_has_more():
    speak = {"text": "Hi.", "engine": "espeak", "options": {"pitch": 3}, "sample_id": "x"}
    asked = request("speak", {**speak, "cache": False, "seed": None}, ours=True)
    assert asked.path == f"{M}/audio-tools/tts"
    assert asked.fields == {
        "text": "Hi.", "engine": "espeak", "options": '{"pitch": 3}', "sample_audio_id": "x",
        "cache": "false",
    }  # fmt: skip
    fields = {"background_id": "a", "caption_on": False, "quality": "draft"}
    asked = request("captioned_video", fields, ours=True)
    assert asked.fields == {"background_id": "a", "caption_on": "false", "quality": "draft"}
    with pytest.raises(ServiceError, match="has not nothing"):
        request("nothing", {}, ours=True)


def test_frames_of_a_video_it_has_are_read_from_its_own_address(old: OldServer):
    """Its ids of frames lacked their type: each of them was a 404."""
    video = stored(old, "video", ".mp4")

    async def frames() -> None:
        backend = RemoteBackend(old.url)
        told = await backend.call("extract_frames", {"video_id": video, "amount": 3})
        assert len(told["image_ids"]) == 3
        for one in told["image_ids"]:
            assert one.startswith("image_")
            assert (await backend.download(one, None))[:2] == b"\xff\xd8"
        old.bare = False
        again = await backend.call("extract_frames", {"video_id": video, "amount": 1})
        assert again["image_ids"][0].count("image_") == 1
        grid = await backend.call("stitch_images", {"image_ids": told["image_ids"]})
        assert old.exists(grid["file_id"])

    asyncio.run(frames())
    sent = old.asked("extract-frames")[0]
    assert sent.fields["url"] == f"{old.url}{M}/storage/{video}"
    assert sent.fields["amount"] == "3"


# -- what an answer means


def answer(status: int, **told: Any) -> httpx.Response:
    asked = httpx.Request("POST", "http://server/api/v1/x")
    return httpx.Response(status, request=asked, **told)


NAMED = VoiceNotFound("is none", subject="xx", cure="use yy")
PAGE = "<html><head><title>502 Bad Gateway</title></head><h1>Bad\nGateway</h1></html>"
ERRORS: list[tuple[httpx.Response, type[WorkbenchError], str]] = [
    (answer(400, json={"error": str(NAMED), **NAMED.to_dict()}), VoiceNotFound, "xx: is none"),
    (answer(400, json={"error": "Invalid voice"}), ParameterError, "Invalid voice"),
    (answer(401, json={"error": "Unauthorized"}), Unauthorized, "Unauthorized"),
    (answer(404, json={"error": "File not found"}), FileGone, "File not found"),
    (answer(404, json={"detail": "Not Found"}), ServiceError, "has nothing at POST /api/v1/x"),
    (answer(405, json={"detail": "Method Not Allowed"}), ServiceError, "has nothing at POST"),
    (answer(413, text="too large"), MediaTooLarge, "too large"),
    (answer(422, json={"detail": [{"loc": ["body", "text"], "msg": "Field required"}]}),
     ParameterError, "text: Field required"),
    (answer(422, json={"detail": "something"}), ParameterError, "something"),
    (answer(429, json={"error": "busy"}), QueueFull, "busy"),
    (answer(500, text="Internal Server Error"), ServiceError, "Internal Server Error"),
    (answer(500, json={"error": "internal error", "code": "error", "problem": "internal error"}),
     ServiceError, "internal error"),
    (answer(502, html=PAGE), ServiceError, "502 Bad Gateway Bad Gateway"),
    (answer(503, content=b"\xff\xfe\x00"), ServiceError, "Service Unavailable"),
    (answer(500, json=["odd"]), ServiceError, "odd"),
    (answer(500, json={"error": {"message": "deep"}}), ServiceError, "deep"),
    (answer(307, headers={"location": "https://me:secret@else/a?t=1"}), ServiceError,
     "https://else"),
    (answer(400, json={"code": "from the future", "problem": "is odd"}), ServiceError, "is odd"),
]  # fmt: skip


@pytest.mark.parametrize(("got", "kind", "text"), ERRORS, ids=[e[2][:20] for e in ERRORS])
def test_an_answer_is_the_error_it_names_else_that_of_its_status(
    got: httpx.Response, kind: type[WorkbenchError], text: str
):
    error = error_of(got, "it")
    assert type(error) is kind
    assert text in str(error)
    assert "\n" not in str(error)
    assert "<" not in str(error)
    assert "secret" not in str(error)


STATUSES: list[tuple[Any, str, float | None]] = [
    ({"status": "ready"}, "ready", 1.0),
    ({"status": "processing", "progress": 40}, "processing", 0.4),
    ({"status": "processing", "progress": "12.5"}, "processing", 0.125),
    ({"status": "processing", "progress": "frame 3, 40%"}, "processing", 0.4),
    ({"status": "processing", "progress": "nearly"}, "processing", None),
    ({"status": "processing", "progress": True}, "processing", None),
    ({"status": "processing", "progress": 1e9}, "processing", 1.0),
    ({"status": "rendering"}, "processing", None),
    ({"status": 7}, "processing", None),
    ({"status": ["ready"]}, "processing", None),
    (None, "processing", None),
    ([], "processing", None),
    ({}, "processing", None),
    ({"status": "not_found"}, "not_found", None),
]


@pytest.mark.parametrize(("told", "status", "progress"), STATUSES)
def test_a_status_of_any_generation_is_understood(told: Any, status: str, progress: float | None):
    """One generation writes the progress as a text; a word that nobody knows is work going on."""
    found = status_from(told, "a")
    assert (found.status, found.error) == (status, None)
    assert found.progress == (None if progress is None else pytest.approx(progress))


def test_a_failure_is_the_error_it_names():
    named = status_from({"status": "failed", "error": str(NAMED), **NAMED.to_dict()}, "a").error
    assert type(named) is VoiceNotFound
    assert "says" not in str(status_from({"status": "failed", "error": "no disk"}, "a").error)
    assert status_from({"status": "failed"}, "a").error.code == "job"


def test_facts_of_what_is_no_media_are_an_error():
    """The old server answered 200 and an empty object."""
    for nothing in ({}, None, [], "odd"):
        with pytest.raises(MediaError):
            media_info(nothing, "video_a.mp4")
    assert media_info({"duration": "2.5", "fps": "30000/1001"}, "a") == {
        "duration": 2.5,
        "fps": pytest.approx(29.97, abs=0.001),
    }
    assert media_info({"fps": "30/0", "duration": "N/A"}, "a") == {"fps": None, "duration": None}


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3", 3, 3),
        ("0", 0.05, 0.05),
        ("9999", 30, 30),
        ("-4", 0.05, 0.05),
        ("nan", 1, 1),
        ("soon", 1, 1),
        ("", 1, 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.05, 0.05),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 30, 30),
    ],
)
def test_a_server_says_when_to_come_back(text: str, low: float, high: float):
    assert low <= retry_after(answer(429, headers={"retry-after": text})) <= high


def test_a_secret_that_a_server_repeats_does_not_stand_in_the_error():
    error = without("tok", ParameterError("'tok' is wrong", subject="tok", cure="not tok"))
    assert type(error) is ParameterError
    assert "tok" not in f"{error!s} {error!r}"


# -- whether all of a file came


def box(name: bytes, size: int, *, told: int | None = None) -> bytes:
    return struct.pack(">I4s", size if told is None else told, name) + b"\0" * (size - 8)


LONG = struct.pack(">I4sQ", 1, b"mdat", 40) + b"\0" * 24
MP4 = box(b"ftyp", 24) + box(b"mdat", 100) + box(b"moov", 60)


def _wav(size: int, told: int) -> bytes:
    return b"RIFF" + struct.pack("<I", told) + b"\0" * (size - 8)


FILES: list[tuple[str, bytes, bool | None]] = [
    (".mp4", MP4, True),
    (".mp4", MP4[:-1], False),
    (".mp4", MP4[:-30], False),
    (".mp4", box(b"ftyp", 24) + box(b"mdat", 100), False),
    (".mp4", box(b"ftyp", 24) + box(b"free", 8) + box(b"mdat", 100, told=0), False),
    (".mov", box(b"moov", 60) + box(b"mdat", 100, told=0), None),
    (".mp4", box(b"ftyp", 24) + box(b"moov", 60) + LONG, True),
    (".mp4", box(b"ftyp", 24) + box(b"moov", 60) + LONG[:-1], False),
    (".mp4", box(b"ftyp", 24) + LONG[:12], False),
    (".mp4", b"G\x40\x11\x10" * 50, None),
    (".mp4", box(b"ftyp", 24, told=3), None),
    (".mp4", MP4[:5], False),
    (".wav", _wav(1000, 992), True),
    (".wav", _wav(1001, 992), True),
    (".wav", _wav(500, 992), False),
    (".wav", _wav(500, 0), None),
    (".wav", _wav(500, 0xFFFFFFFF), None),
    (".jpg", b"\xff\xd8 picture \xff\xd9", True),
    (".JPEG", b"\xff\xd8 picture \xff\xd9\0\0", True),
    (".jpg", b"\xff\xd8 pict", False),
    (".png", b"\x89PNG IEND\xaeB`\x82", True),
    (".png", b"\x89PNG", False),
    (".mp3", b"anything", None),
    (".mp3", b"", False),
]


@pytest.mark.parametrize(("extension", "data", "whole"), FILES)
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_a_file_tells_whether_it_is_whole(extension: str, data: bytes, whole: Any, step: int):
    seen = Wholeness(extension)
    stream = io.BytesIO(data)
    while piece := stream.read(step):
        seen.feed(piece)
    assert seen.whole is whole
    assert seen.size == len(data)


@pytest.mark.parametrize("name", ["audio_a.wav", "video_a.mp4", "image_a.jpg"])
def test_no_beginning_of_a_real_file_is_taken_for_all_of_it(name: str):
    """Of status polls while a file was written, 147 of 164 said that it was ready."""
    data = content(name)
    extension = f".{name.rpartition('.')[2]}"
    whole = Wholeness(extension)
    whole.feed(data)
    assert whole.whole is True
    for part in range(1, 100):
        seen = Wholeness(extension)
        seen.feed(data[: len(data) * part // 100])
        assert seen.whole is False


def test_an_open_box_is_known_before_the_end():
    seen = Wholeness(".mp4")
    seen.feed(box(b"ftyp", 24) + box(b"mdat", 16, told=0))
    assert seen.hopeless
    closed = Wholeness(".mp4")
    closed.feed(MP4[:50])
    assert not closed.hopeless


CHECKS: list[Callable[[RemoteBackend], Any]] = [
    lambda b: b.download("image_../../x", None),
    lambda b: b.delete("audio_.wav"),
    lambda b: b.status("video_1.mp4"),
    lambda b: b.result("job_1"),
    lambda b: b.cancel("job_../x"),
    lambda b: b.frame("..", 1.0),
    lambda b: b.call("info", {"file_id": "image_%2e%2e"}),
    lambda b: b.call("extract_frame", {"video_id": "video_a/b.mp4"}),
    lambda b: b.call("stitch_images", {"image_ids": ["image_a,image_b"]}),
    lambda b: b.status(f"audio_{NOBODY}.wav\n"),
]


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_no_id_is_never_part_of_a_path(
    old: OldServer, check: Callable[[RemoteBackend], Any]
):
    async def ask() -> None:
        await check(RemoteBackend(old.url))

    with pytest.raises(ParameterError):
        asyncio.run(ask())
    assert {one.path for one in old.requests} <= {"/"}
