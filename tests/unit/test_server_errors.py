"""What a server refuses, and how: a status, a sentence, a code, and never what is inside.

The old server answered 500 with a bare text for a malformed id, 200 for a voice that failed later,
``null`` or ``{}`` for nothing, and told where its files lie.
"""

from __future__ import annotations

import logging
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from wire_server import AUDIO, GONE, TOKEN, M, U, Wire, wire
from wire_table import LATER, OLD, REQUIRED, Route

from workbench.errors import QueueFull

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.media

VIDEO = f"{M}/video-tools"
CAPTIONED = f"{VIDEO}/generate/tts-captioned-video"
BODY = {"error", "code", "subject", "problem", "cure"}
INSIDE = re.compile(r"(?<![:/\w.])/(?:root|tmp|home|work|usr)/|Traceback|\.py\b")

Form = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wire(tmp_path_factory.mktemp("errors")) as server:
        yield server


def refused(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert set(told) >= BODY
    assert told["code"] == code, told
    assert told["error"]
    assert not INSIDE.search(answer.text), answer.text
    assert TOKEN not in answer.text


# -- one row for each thing that can be asked for wrongly

V, A, I = "{a.mp4}", "{a.wav}", "{a.png}"  # noqa: E741
ERRORS: list[tuple[str, str, Form, int, str]] = [
    # speech
    ("no text", f"{AUDIO}/tts/kokoro", {}, 422, "parameter"),
    ("empty text", f"{AUDIO}/tts/kokoro", {"text": ""}, 422, "parameter"),
    ("blank text", f"{AUDIO}/tts/kokoro", {"text": "   "}, 400, "text"),
    ("marks alone", f"{AUDIO}/tts/chatterbox", {"text": "?! …"}, 400, "text"),
    ("unknown voice", f"{AUDIO}/tts/kokoro", {"text": "Hi.", "voice": "x"}, 400, "voice_not_found"),
    ("speed in words", f"{AUDIO}/tts/kokoro", {"text": "Hi.", "speed": "fast"}, 422, "parameter"),
    ("speed of 900", f"{AUDIO}/tts/kokoro", {"text": "Hi.", "speed": 900}, 400, "parameter"),
    ("infinite speed", f"{AUDIO}/tts/kokoro", {"text": "Hi.", "speed": "inf"}, 400, "parameter"),
    ("unknown engine", f"{AUDIO}/tts", {"text": "Hi.", "engine": "espeek"},
     400, "engine_not_found"),
    ("a path for an engine", f"{AUDIO}/tts", {"text": "Hi.", "engine": "../x"},
     400, "engine_not_found"),
    ("options in words", f"{AUDIO}/tts", {"text": "Hi.", "engine": "espeak", "options": "loud"},
     400, "parameter"),
    ("unknown option", f"{AUDIO}/tts", {"text": "Hi.", "engine": "espeak", "options": '{"x": 1}'},
     400, "parameter"),
    ("deep options", f"{AUDIO}/tts",
     {"text": "Hi.", "engine": "espeak", "options": '{"x":' * 5000}, 400, "parameter"),
    ("sample gone", f"{AUDIO}/tts/chatterbox",
     {"text": "Hi.", "sample_audio_id": GONE["audio"]}, 404, "file_gone"),
    ("chunks of none", f"{AUDIO}/tts/chatterbox", {"text": "Hi.", "chunk_chars": 0},
     400, "parameter"),
    # listening
    ("nothing to hear", f"{AUDIO}/transcribe", {"language": "en"}, 422, "parameter"),
    ("recording gone", f"{AUDIO}/transcribe", {"audio_id": GONE["audio"]}, 404, "file_gone"),
    ("a picture to hear", f"{AUDIO}/transcribe", {"audio_id": I}, 400, "media"),
    ("unknown model", f"{AUDIO}/transcribe", {"audio_id": A, "model": "smal"}, 400, "parameter"),
    ("a folder for a model", f"{AUDIO}/transcribe", {"audio_id": A, "model": "/etc"},
     400, "parameter"),
    ("a folder nearby", f"{AUDIO}/transcribe", {"audio_id": A, "model": "tests"},
     400, "parameter"),
    ("a long model", f"{AUDIO}/transcribe", {"audio_id": A, "model": "9" * 400},
     400, "parameter"),
    ("unknown mode", f"{AUDIO}/align-script", {"audio_id": A, "script": "x", "mode": "x"},
     422, "parameter"),
    ("script of a lost sound", f"{AUDIO}/align-script", {"audio_id": GONE["audio"], "script": "x"},
     404, "file_gone"),
    # files
    ("no file, no URL", f"{M}/storage", {"media_type": "image"}, 400, "parameter"),
    ("unknown type", f"{M}/storage", {"media_type": "tmp", "url": "<a.png>"}, 422, "parameter"),
    ("no URL", f"{M}/storage", {"media_type": "image", "url": "hello"}, 400, "address_refused"),
    ("another scheme", f"{M}/storage", {"media_type": "image", "url": "file:///etc/passwd"},
     400, "address_refused"),
    ("nobody there", f"{M}/storage", {"media_type": "image", "url": "<a.png>x"},
     502, "download"),
    ("another type", f"{M}/storage", {"media_type": "video", "url": "<a.png>"}, 400, "media"),
    # videos
    ("no videos", f"{VIDEO}/merge", {}, 422, "parameter"),
    ("commas alone", f"{VIDEO}/merge", {"video_ids": " , ,"}, 400, "parameter"),
    ("one video gone", f"{VIDEO}/merge", {"video_ids": f"{V},{GONE['video']}"}, 404, "file_gone"),
    ("a sound as a video", f"{VIDEO}/merge", {"video_ids": f"{V},{A}"}, 400, "media"),
    ("music gone", f"{VIDEO}/merge", {"video_ids": V, "background_music_id": GONE["audio"]},
     404, "file_gone"),
    ("too loud", f"{VIDEO}/merge", {"video_ids": V, "background_music_volume": 7},
     400, "parameter"),
    ("no background", CAPTIONED, {"text": "Hi."}, 422, "parameter"),
    ("background gone", CAPTIONED, {"background_id": GONE["image"], "text": "Hi."},
     404, "file_gone"),
    ("background not image", CAPTIONED, {"background_id": A, "text": "Hi."}, 400, "media"),
    ("audio gone", CAPTIONED, {"background_id": I, "audio_id": GONE["audio"]}, 400, "file_gone"),
    ("nothing said", CAPTIONED, {"background_id": I}, 400, "parameter"),
    ("bad voice", CAPTIONED, {"background_id": I, "text": "Hi.", "kokoro_voice": "x"},
     400, "voice_not_found"),
    ("odd width", CAPTIONED, {"background_id": I, "text": "Hi.", "width": 97}, 400, "parameter"),
    ("font too large", CAPTIONED,
     {"background_id": I, "text": "Hi.", "caption_config_font_size": 201}, 422, "parameter"),
    ("no such place", CAPTIONED,
     {"background_id": I, "text": "Hi.", "caption_config_subtitle_position": "left"},
     422, "parameter"),
    ("no such colour", CAPTIONED,
     {"background_id": I, "text": "Hi.", "caption_config_font_color": "#12"}, 400, "parameter"),
    ("overlay gone", f"{VIDEO}/add-colorkey-overlay",
     {"video_id": V, "overlay_video_id": GONE["video"]}, 404, "file_gone"),
    ("hostile colour", f"{VIDEO}/add-colorkey-overlay",
     {"video_id": V, "overlay_video_id": V, "color": "green:0.1,drawtext=textfile=/etc/passwd"},
     400, "parameter"),
    ("overlay of nothing", f"{VIDEO}/add-overlay", {"video_id": V, "overlay_id": GONE["image"]},
     404, "file_gone"),
    ("a video in a network", f"{VIDEO}/extract-frames", {"url": "rtsp://127.0.0.1/x"},
     400, "address_refused"),
    ("no frames", f"{VIDEO}/extract-frames", {"video_id": V, "amount": 0}, 400, "parameter"),
    ("frames of nothing", f"{VIDEO}/extract-frames", {"video_id": GONE["video"]},
     404, "file_gone"),
    ("no video", f"{VIDEO}/extract-frames", {"amount": 2}, 422, "parameter"),
    # pictures and sounds
    ("no pictures", f"{U}/stitch-images", {"image_urls": " , "}, 400, "parameter"),
    ("too small", f"{U}/stitch-images", {"image_ids": I, "max_width": 0}, 400, "parameter"),
    ("picture gone", f"{U}/make-image-imperfect", {"image_id": GONE["image"]}, 404, "file_gone"),
    ("too noisy", f"{U}/make-image-imperfect", {"image_id": I, "noise_strength": 101},
     422, "parameter"),
    ("samples gone", f"{U}/convert/pcm/wav", {"pcm_id": GONE["audio"]}, 400, "file_gone"),
    ("no channels", f"{U}/convert/pcm/wav", {"pcm_id": "{a.pcm}", "channels": 0},
     400, "parameter"),
    ("too short", f"{AUDIO}/extend-audio", {"audio_id": A, "duration_minutes": 1},
     422, "parameter"),
    ("no sounds", f"{AUDIO}/merge", {"audio_ids": ","}, 400, "parameter"),
    ("a pause before", f"{AUDIO}/merge", {"audio_ids": A, "pause": -1}, 400, "parameter"),
    ("a lost sound", f"{AUDIO}/trim-pauses", {"audio_id": GONE["audio"]}, 404, "file_gone"),
]  # fmt: skip


@pytest.mark.parametrize("case", ERRORS, ids=[case[0] for case in ERRORS])
def test_what_cannot_be_is_refused_before_it_is_taken_on(server: Wire, case: Any):
    _, path, form, status, code = case
    answer = server.client.post(path, data=server.filled(form))
    refused(answer, status, code)
    if status == 422:  # what clients of the framework read
        assert answer.json()["detail"][0]["loc"]


GETS = [
    (f"{VIDEO}/info/{GONE['video']}", 404, "file_gone"),
    (f"{AUDIO}/info/{GONE['audio']}", 404, "file_gone"),
    (f"{VIDEO}/extract-frame/{GONE['video']}", 404, "file_gone"),
    (f"{M}/storage/{GONE['video']}", 404, "file_gone"),
    (f"{U}/youtube-transcript", 422, "parameter"),
    (f"{U}/youtube-transcript?video_id=../etc", 404, "parameter"),
    (f"{M}/storage?media_type=tmp", 422, "parameter"),
    (f"{M}/storage/{GONE['video']}/status?wait=61", 422, "parameter"),
    (f"{M}/storage/{GONE['video']}/status?wait=nan", 422, "parameter"),
    (f"{AUDIO}/voices?engine=nobody", 400, "engine_not_found"),
]


@pytest.mark.parametrize(("path", "status", "code"), GETS)
def test_what_is_not_there(server: Wire, path: str, status: int, code: str):
    refused(server.client.get(path), status, code)


@pytest.mark.parametrize(("path", "name"), [(f"{VIDEO}/info", "a.png"), (f"{AUDIO}/info", "a.png"),
                                            (f"{VIDEO}/info", "a.wav"),
                                            (f"{VIDEO}/extract-frame", "a.wav")])  # fmt: skip
def test_facts_of_what_it_is_not(server: Wire, path: str, name: str):
    """The old server said ``{}`` and 200."""
    refused(server.client.get(f"{path}/{server.id(name)}"), 400, "media")


def test_what_is_no_media_is_not_kept(server: Wire):
    answer = server.client.post(f"{M}/storage", files={"file": ("a.png", b"no media at all" * 20)})
    refused(answer, 400, "media")
    assert list((server.runtime.store.folder / "incoming").iterdir()) == []


# -- ids that are none, wherever an id may stand

MALFORMED = [
    "x", "..", "%2e%2e", "image_", "image_x.png", "image_../../etc/passwd", "tmp_a.png",
    GONE["image"] + ".tmp", GONE["image"][:-4], GONE["image"].upper(), GONE["image"] + "\0",
    GONE["image"].replace(".png", ".exe"), GONE["image"].replace("image", "audio"),
    "image_" + "a" * 5000,
    "\u202e" + GONE["image"], "CON", "-i", "image_%00.png", "\ud83d\ude00",
]  # fmt: skip
PATHS = [
    ("GET", f"{M}/storage/{{}}"),
    ("HEAD", f"{M}/storage/{{}}"),
    ("DELETE", f"{M}/storage/{{}}"),
    ("GET", f"{M}/storage/{{}}/status"),
    ("GET", f"{VIDEO}/info/{{}}"),
    ("GET", f"{AUDIO}/info/{{}}"),
    ("GET", f"{VIDEO}/extract-frame/{{}}"),
    ("GET", "/api/v1/jobs/{}"),
    ("DELETE", "/api/v1/jobs/{}"),
    ("GET", "/api/v1/tasks/{}/status"),
]
FIELDS = [
    (f"{AUDIO}/tts/chatterbox", "sample_audio_id", {"text": "Hi."}),
    (f"{AUDIO}/tts", "sample_audio_id", {"text": "Hi.", "engine": "espeak"}),
    (f"{AUDIO}/transcribe", "audio_id", {}),
    (f"{AUDIO}/align-script", "audio_id", {"script": "x"}),
    (f"{AUDIO}/merge", "audio_ids", {}),
    (f"{AUDIO}/extend-audio", "audio_id", {"duration_minutes": 10}),
    (f"{AUDIO}/trim-pauses", "audio_id", {}),
    (f"{VIDEO}/merge", "video_ids", {}),
    (f"{VIDEO}/merge", "background_music_id", {"video_ids": V}),
    (CAPTIONED, "background_id", {"text": "Hi."}),
    (CAPTIONED, "audio_id", {"background_id": I}),
    (f"{VIDEO}/add-colorkey-overlay", "video_id", {"overlay_video_id": V}),
    (f"{VIDEO}/add-colorkey-overlay", "overlay_video_id", {"video_id": V}),
    (f"{VIDEO}/add-overlay", "video_id", {"overlay_id": V}),
    (f"{VIDEO}/add-overlay", "overlay_id", {"video_id": V}),
    (f"{VIDEO}/extract-frames", "video_id", {}),
    (f"{U}/stitch-images", "image_ids", {}),
    (f"{U}/make-image-imperfect", "image_id", {}),
    (f"{U}/convert/pcm/wav", "pcm_id", {}),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_malformed_id_in_a_path_is_no_fault_of_the_server(server: Wire, method: str, path: str):
    from urllib.parse import quote

    for text in MALFORMED:
        name = text if text.startswith("%") else quote(text.encode("utf-16", "surrogatepass")
                                                       .decode("utf-16"), safe="")  # fmt: skip
        answer = server.client.request(method, path.format(name))
        assert 400 <= answer.status_code < 500, (text, answer.text)
        if method != "HEAD":
            assert {"error", "code"} <= set(answer.json()), (text, answer.text)
            assert not INSIDE.search(answer.json()["error"].replace(text, "")), answer.text


@pytest.mark.parametrize(("path", "field", "others"), FIELDS, ids=lambda value: str(value)[-30:])
def test_a_malformed_id_in_a_form_is_no_fault_of_the_server(
    server: Wire, path: str, field: str, others: Form
):
    form = server.filled(others)
    for text in MALFORMED:
        sent = text.encode("utf-16", "surrogatepass").decode("utf-16")
        answer = server.client.post(path, data={**form, field: sent})
        assert 400 <= answer.status_code < 500, (text, answer.text)
        assert set(answer.json()) >= BODY, (text, answer.text)


# -- what the framework refuses


@pytest.mark.parametrize("route", [route for route in OLD + LATER if route.form],
                         ids=lambda route: route.name)  # fmt: skip
def test_a_required_field_is_required(server: Wire, route: Route):
    for name, one in route.form.items():
        if one.default is not REQUIRED:
            continue
        form = {n: "1" for n, each in route.form.items() if each.default is REQUIRED and n != name}
        for sent in (form, {**form, name: ""}):
            answer = server.client.post(route.path, data=sent)
            refused(answer, 422, "parameter")
            assert answer.json()["detail"][0]["loc"] == ["body", name]
            assert answer.json()["subject"] == name


@pytest.mark.parametrize("body", [b"", b"{", b'{"text": "Hi."}', b"\xff\xfe", b"[" * 9000])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain",
                                  "multipart/form-data; boundary=x"])  # fmt: skip
def test_another_body_is_refused(server: Wire, body: bytes, kind: str):
    answer = server.client.post(f"{AUDIO}/tts/kokoro", content=body, headers={"content-type": kind})
    assert answer.status_code in {400, 422}, answer.text
    assert {"error", "code", "detail"} <= set(answer.json())


def test_what_routing_says_keeps_its_shape(server: Wire):
    for answer, status in (
        (server.client.get("/nothing"), 404),
        (server.client.put(f"{M}/storage"), 405),
        (server.client.get(f"{AUDIO}/tts/kokoro"), 405),
    ):
        assert answer.status_code == status
        assert {"detail", "error", "code"} <= set(answer.json())


# -- who is let in


@pytest.mark.parametrize("route", OLD + LATER, ids=lambda route: route.name)
def test_nothing_but_health_is_open(server: Wire, route: Route):
    path = route.path.replace("{file_id}", GONE["video"]).replace("{video_id}", GONE["video"])
    for token in ("", "Bearer ", f"Bearer {TOKEN}x", TOKEN[:-1]):
        answer = server.client.request(route.method, path, headers={"Authorization": token})
        if route.path == "/health":
            assert answer.status_code == 200
            continue
        assert answer.status_code == 401
        if route.method != "HEAD":
            assert answer.json()["error"] == "Unauthorized"
            assert answer.json()["code"] == "unauthorized"
    for token in (TOKEN, f"Bearer {TOKEN}"):
        answer = server.client.request(route.method, path, headers={"Authorization": token})
        assert answer.status_code != 401


# -- what goes wrong inside


def test_a_fault_of_ours_tells_nothing_outside_and_all_inside(
    server: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: Any) -> Any:
        raise RuntimeError("at /root/secret")

    monkeypatch.setattr(server.runtime.store, "list", broken)
    with caplog.at_level(logging.ERROR):
        answer = server.client.get(f"{M}/storage")
    assert answer.status_code == 500
    assert answer.json()["error"] == "internal error"
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "at /root/secret" in caplog.text
    assert "Traceback" in caplog.text


def test_a_full_queue_is_429_and_says_when_to_come_again(
    server: Wire, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: Any, **__: Any) -> Any:
        raise QueueFull("64 jobs wait already", cure="ask again in a moment")

    monkeypatch.setattr(server.runtime.ledger, "submit", full)
    form = {"text": "Hi.", "engine": "espeak"}
    for path, sent in ((f"{AUDIO}/tts", form), (f"{VIDEO}/merge", {"video_ids": V})):
        answer = server.client.post(path, data=server.filled(sent))
        refused(answer, 429, "busy")
        assert int(answer.headers["retry-after"]) >= 1


class TestWithoutWeights:
    """What a server says that has no models, and may not look into its own network."""

    @pytest.fixture(scope="class")
    @classmethod
    def bare(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
        with wire(tmp_path_factory.mktemp("bare"), standing=False, bound=2) as server:
            yield server

    def test_kokoro_says_what_is_missing(self, bare: Wire):
        """At once or with the job: the old one said 200, and "processing" for ever."""
        answer = bare.client.post(f"{AUDIO}/tts/kokoro", data={"text": "Hello."})
        if find_spec("kokoro") is None:
            refused(answer, 503, "engine_missing")
            return
        if answer.status_code == 200:
            told = bare.ended(answer.json()["file_id"])
            assert told["status"] == "failed"
            assert (told["code"], told["subject"]) == ("weights_missing", "kokoro")
            assert "workbench models pull kokoro" in told["cure"]
            answer = bare.client.get(f"{M}/storage/{answer.json()['file_id']}")
        refused(answer, 503, "weights_missing")

    def test_an_engine_that_is_not_installed(self, bare: Wire):
        from workbench.engines.registry import engine
        from workbench.errors import EngineMissing

        try:
            engine("chatterbox")
        except EngineMissing:
            answer = bare.client.post(f"{AUDIO}/tts/chatterbox", data={"text": "Hello."})
            refused(answer, 503, "engine_missing")
            assert "pip install" in answer.json()["cure"]

    def test_its_own_network_is_closed(self, bare: Wire):
        for path, field in ((f"{M}/storage", "url"), (f"{VIDEO}/extract-frames", "url"),
                            (f"{U}/stitch-images", "image_urls")):  # fmt: skip
            for url in (bare.url("a.png"), "http://[::1]/", "http://169.254.169.254/latest"):
                answer = bare.client.post(path, data={field: url, "media_type": "image"})
                refused(answer, 400, "address_refused")

    def test_a_queue_of_two(self, bare: Wire):
        form = {"text": "Again and again. " * 2000, "engine": "espeak", "cache": "false"}
        answers = [bare.client.post(f"{AUDIO}/tts", data=form) for _ in range(8)]
        codes = [answer.status_code for answer in answers]
        assert set(codes) == {200, 429}
        assert codes.count(200) >= 2
        for answer in answers:
            if answer.status_code == 200:
                bare.client.delete(f"/api/v1/jobs/{answer.json()['file_id']}")
            else:
                refused(answer, 429, "busy")
                assert int(answer.headers["retry-after"]) >= 1
