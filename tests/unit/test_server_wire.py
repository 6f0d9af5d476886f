"""The 24 operations of the older server and those of its next generation: fields, defaults, bodies.

The tables in `wire_table` are written from that server, not from our routes. What it did wrong was
seen on it when it ran: ``null`` for an upload of nothing, ids of frames without their type, a list
of ids in which `` b`` was not ``b``, ``{}`` for facts of what is no video.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from wire_server import AUDIO, IDS, M, U, Wire, wire
from wire_table import LATER, OLD, REQUIRED, Field, Route

from workbench.media.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.media

VIDEO = f"{M}/video-tools"
CAPTIONED = f"{VIDEO}/generate/tts-captioned-video"
SMALL = {"width": 96, "height": 160, "caption_config_font_size": 20}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wire(tmp_path_factory.mktemp("wire")) as server:
        yield server


# -- what the documentation says, which is what the framework does


@pytest.fixture(scope="module")
def schema(server: Wire) -> dict[str, Any]:
    answer = server.client.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def resolved(schema: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema, with what it refers to and without "or null"."""
    while "$ref" in one:
        one = schema["components"]["schemas"][one["$ref"].rpartition("/")[2]]
    others = [each for each in one.get("anyOf", ()) if each.get("type") != "null"]
    if len(others) == 1:
        one = {**others[0], **{k: v for k, v in one.items() if k != "anyOf"}}
    return one


def form_of(schema: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    (body,) = told["requestBody"]["content"].values()
    return resolved(schema, body["schema"])


def kind_of(one: dict[str, Any]) -> str:
    if one.get("format") == "binary" or "contentMediaType" in one:
        return "file"
    return one["type"]


def check(schema: dict[str, Any], name: str, found: dict[str, Any], wanted: Field, needed: bool):  # noqa: FBT001
    kinds = {wanted.kind} | ({"number"} if wanted.kind == "integer" else set())
    assert kind_of(found) in kinds, name
    assert needed is (wanted.default is REQUIRED), name
    if wanted.default is not REQUIRED:
        assert found.get("default") in ({wanted.default, ""} if wanted.default is None
                                        else {wanted.default}), name  # fmt: skip
    if wanted.lowest is not None:  # where it had none, ours has what can be worked with
        assert (found["minimum"], found["maximum"]) == (wanted.lowest, wanted.highest), name


def told_of(schema: dict[str, Any], route: Route) -> dict[str, Any]:
    assert route.path in schema["paths"], route.path
    return schema["paths"][route.path][route.method.lower()]


@pytest.mark.parametrize("route", OLD + LATER, ids=lambda route: route.name)
def test_the_fields_are_those_of_the_older_server(schema: dict[str, Any], route: Route):
    told = told_of(schema, route)
    if route.form:
        form = form_of(schema, told)
        for name, wanted in route.form.items():
            needed = name in form.get("required", ())
            check(schema, name, resolved(schema, form["properties"][name]), wanted, needed)
        if route in OLD:  # what is new may be left out
            assert set(form.get("required", ())) <= set(route.form)
    asked = {each["name"]: each for each in told.get("parameters", ()) if each["in"] == "query"}
    for name, wanted in route.query.items():
        one = asked[name]
        check(schema, name, resolved(schema, one["schema"]), wanted, one.get("required", False))
    if route in OLD:
        assert {n for n, each in asked.items() if each.get("required")} <= set(route.query)


def test_there_are_all_24(schema: dict[str, Any]):
    assert len(OLD) == len({route.name for route in OLD}) == 24
    there = {(method.upper(), path) for path, all_ in schema["paths"].items() for method in all_}
    assert {(route.method, route.path) for route in OLD} <= there


def test_every_operation_is_documented_with_an_example(schema: dict[str, Any]):
    names: set[str] = set()
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            where = f"{method} {path}"
            assert told["operationId"] not in names, where
            names.add(told["operationId"])
            assert told.get("description"), where
            good = told["responses"]["200"]["content"]
            for kind, about in good.items():
                if method != "head" and kind == "application/json":
                    assert "example" in about or "examples" in about, where
            if "requestBody" in told:
                form = form_of(schema, told)
                for name in form.get("required", ()):
                    one = resolved(schema, form["properties"][name])
                    assert kind_of(one) == "file" or one.get("examples") or "example" in form, where


# -- what is answered


def is_wav(data: bytes, server: Wire) -> None:
    samples, _ = soundfile.read(io.BytesIO(data))
    assert np.abs(samples).max() > 0.05


def is_video(data: bytes, server: Wire) -> None:
    path = server.folder / "made.mp4"
    path.write_bytes(data)
    info = probe(path)
    assert info.kind == "video"
    assert info.duration > 0.3


def is_jpeg(data: bytes, server: Wire) -> None:
    assert Image.open(io.BytesIO(data)).format == "JPEG"


def is_stereo(data: bytes, server: Wire) -> None:
    samples, rate = soundfile.read(io.BytesIO(data))
    assert (samples.shape, rate) == ((44_100, 2), 44_100)


Form = dict[str, Any]
Good = tuple[str, str, Form, "Callable[[bytes, Wire], None]"]

SUBMITS: list[Good] = [
    ("kokoro", f"{AUDIO}/tts/kokoro", {"text": "Hello there."}, is_wav),
    ("kokoro in full", f"{AUDIO}/tts/kokoro",
     {"text": "Hello there.", "voice": "am_adam", "speed": 0}, is_wav),
    ("chatterbox", f"{AUDIO}/tts/chatterbox", {"text": "Hello there."}, is_wav),
    ("any engine", f"{AUDIO}/tts",
     {"text": "Hello there.", "engine": "espeak", "options": '{"pitch": 60}'}, is_wav),
    ("merge", f"{VIDEO}/merge", {"video_ids": "{a.mp4}, {green.mp4}"}, is_video),
    ("merge with music", f"{VIDEO}/merge",
     {"video_ids": "{a.mp4}", "background_music_id": "{a.wav}"}, is_video),
    ("text", CAPTIONED, {"background_id": "{a.png}", "text": "Hello there.", **SMALL}, is_video),
    ("recording", CAPTIONED, {"background_id": "{a.png}", "audio_id": "{a.wav}",
                              "text": "Hello.", "image_effect": "still", **SMALL}, is_video),
    ("colour key", f"{VIDEO}/add-colorkey-overlay",
     {"video_id": "{a.mp4}", "overlay_video_id": "{green.mp4}", "color": "#0f0"}, is_video),
    ("overlay", f"{VIDEO}/add-overlay", {"video_id": "{a.mp4}", "overlay_id": "{a.png}"}, is_video),
    ("imperfect", f"{U}/make-image-imperfect",
     {"image_id": "{a.png}", "enhance_color": 1.5, "noise_strength": 10}, is_jpeg),
    ("pcm", f"{U}/convert/pcm/wav", {"pcm_id": "{a.pcm}"}, is_stereo),
    ("joined sounds", f"{AUDIO}/merge", {"audio_ids": "{a.wav}, {b.wav}"}, is_wav),
    ("trimmed", f"{AUDIO}/trim-pauses", {"audio_id": "{a.wav}"}, is_wav),
    ("extended", f"{AUDIO}/extend-audio",
     {"audio_id": "{a.wav}", "duration_minutes": 10}, lambda data, server: None),
]  # fmt: skip


@pytest.mark.parametrize("case", SUBMITS, ids=[case[0] for case in SUBMITS])
def test_a_submit_answers_an_id_that_leads_to_the_file(server: Wire, case: Good):
    """Multipart, as the old client sends; the same again with each other field there and empty."""
    _, path, form, good = case
    fields = server.filled(form)
    answer = server.client.post(path, files={name: (None, text) for name, text in fields.items()})
    assert re.fullmatch(IDS, answer.json()["file_id"]), answer.text
    good(server.made(answer), server)


@pytest.mark.parametrize("case", SUBMITS, ids=[case[0] for case in SUBMITS])
def test_an_empty_field_is_an_absent_one(server: Wire, schema: dict[str, Any], case: Good):
    """Urlencoded, as a form of a page sends it. The same key is the same job, so none is done."""
    _, path, form, _ = case
    fields = server.filled(form)
    properties = form_of(schema, schema["paths"][path]["post"])["properties"]
    texts = [n for n, one in properties.items() if kind_of(resolved(schema, one)) != "file"]
    full = dict.fromkeys(texts, "") | fields
    first = server.client.post(path, data=fields)
    second = server.client.post(path, data=full)
    assert (first.status_code, second.status_code) == (200, 200), second.text
    jobs = [server.job(answer.json()["file_id"]) for answer in (first, second)]
    assert jobs[0].kind == jobs[1].kind
    assert jobs[0].parameters == jobs[1].parameters
    for job in jobs:
        server.client.delete(f"{M}/storage/{job.output}")


# What a form says, and what the operation is told.
PASSED: list[tuple[str, Form, Form]] = [
    (f"{AUDIO}/tts/kokoro", {"text": "Hi.", "voice": "am_adam", "speed": 1.5},
     {"text": "Hi.", "engine": "kokoro", "voice": "am_adam", "speed": 1.5}),
    (f"{AUDIO}/tts/chatterbox",
     {"text": "Hi.", "exaggeration": 0.7, "cfg_weight": 0.3, "temperature": 0.9,
      "chunk_chars": 99, "chunk_silence_ms": 10, "language": "de"},
     {"text": "Hi.", "engine": "chatterbox", "chunk_chars": 99, "chunk_silence_ms": 10,
      "language": "de",
      "options": {"exaggeration": 0.7, "cfg_weight": 0.3, "temperature": 0.9}}),
    (f"{AUDIO}/tts/chatterbox", {"text": "Hi."},
     {"chunk_chars": 1024, "chunk_silence_ms": 350, "language": "en", "sample_id": None,
      "options": {"exaggeration": 0.5, "cfg_weight": 0.5, "temperature": 0.8}}),
    (f"{AUDIO}/tts/chatterbox",
     {"text": "Hi.", "sample_audio_id": "{a.wav}", "consent": '{"who": "Ada", "purpose": "me"}'},
     {"sample_id": "{a.wav}", "consent": {"who": "Ada", "purpose": "me"}}),
    (f"{AUDIO}/tts",
     {"text": "Hi.", "engine": "espeak", "voice": "en-gb", "speed": 2, "seed": 7,
      "options": '{"pitch": 70}', "cache": "false"},
     {"engine": "espeak", "voice": "en-gb", "speed": 2.0, "seed": 7, "options": {"pitch": 70},
      "cache": False}),
    (f"{VIDEO}/merge",
     {"video_ids": " {a.mp4} ,{green.mp4},", "background_music_id": "{a.wav}",
      "background_music_volume": 0.25},
     {"video_ids": ["{a.mp4}", "{green.mp4}"], "background_music_id": "{a.wav}",
      "background_music_volume": 0.25}),
    (CAPTIONED,
     {"background_id": "{a.png}", "text": "Hi.", "width": 96, "height": 160,
      "kokoro_voice": "espeak:en-gb", "kokoro_speed": 1.25, "language": "en",
      "image_effect": "pan", "caption_on": "false", "alignment_language_code": "eng",
      "quality": "draft", "caption_style": "karaoke"},
     {"background_id": "{a.png}", "text": "Hi.", "width": 96, "height": 160,
      "kokoro_voice": "espeak:en-gb", "kokoro_speed": 1.25, "language": "en",
      "image_effect": "pan", "caption_on": False, "alignment_language_code": "eng",
      "quality": "draft", "caption_style": "karaoke"}),
    (CAPTIONED,
     {"background_id": "{a.png}", "audio_id": "{a.wav}", **{f"caption_config_{n}": v for n, v in (
         ("line_count", 3), ("line_max_length", 40), ("font_size", 33), ("font_name", "Serif"),
         ("font_bold", "false"), ("font_italic", "true"), ("font_color", "#123"),
         ("subtitle_position", "bottom"), ("shadow_color", "red"), ("shadow_transparency", 0.9),
         ("shadow_blur", 3), ("stroke_color", "blue"), ("stroke_size", 2))}},
     {"audio_id": "{a.wav}", "text": None, **{f"caption_config_{n}": v for n, v in (
         ("line_count", 3), ("line_max_length", 40), ("font_size", 33), ("font_name", "Serif"),
         ("font_bold", False), ("font_italic", True), ("font_color", "#123"),
         ("subtitle_position", "bottom"), ("shadow_color", "red"), ("shadow_transparency", 0.9),
         ("shadow_blur", 3), ("stroke_color", "blue"), ("stroke_size", 2))}}),
    (f"{VIDEO}/add-colorkey-overlay",
     {"video_id": "{a.mp4}", "overlay_video_id": "{green.mp4}", "color": "#00ff00",
      "similarity": 0.3, "blend": 0.2},
     {"video_id": "{a.mp4}", "overlay_video_id": "{green.mp4}", "color": "#00ff00",
      "similarity": 0.3, "blend": 0.2}),
    (f"{VIDEO}/add-overlay", {"video_id": "{a.mp4}", "overlay_id": "{a.png}", "opacity": 0.9},
     {"video_id": "{a.mp4}", "overlay_id": "{a.png}", "opacity": 0.9}),
    (f"{U}/make-image-imperfect",
     {"image_id": "{a.png}", "enhance_color": 2, "enhance_contrast": 0, "noise_strength": 50},
     {"image_id": "{a.png}", "enhance_color": 2.0, "enhance_contrast": 0.0,
      "noise_strength": 50.0}),
    (f"{U}/convert/pcm/wav",
     {"pcm_id": "{a.pcm}", "sample_rate": 16000, "channels": 2, "target_sample_rate": 48000},
     {"pcm_id": "{a.pcm}", "sample_rate": 16000, "channels": 2, "target_sample_rate": 48000}),
    (f"{AUDIO}/merge", {"audio_ids": "{a.wav}, ,{b.wav}", "pause": 0.25},
     {"audio_ids": ["{a.wav}", "{b.wav}"], "pause": 0.25}),
    (f"{AUDIO}/extend-audio", {"audio_id": "{a.wav}", "duration_minutes": 12.5},
     {"audio_id": "{a.wav}", "duration_minutes": 12.5}),
    (f"{AUDIO}/trim-pauses", {"audio_id": "{a.wav}", "pause_threshold": 0.2},
     {"audio_id": "{a.wav}", "pause_threshold": 0.2}),
]  # fmt: skip


def plain(server: Wire, wanted: Any) -> Any:
    if isinstance(wanted, str):
        return server.filled({"x": wanted})["x"]
    return [plain(server, each) for each in wanted] if isinstance(wanted, list) else wanted


@pytest.mark.parametrize("case", PASSED, ids=lambda case: f"{case[0]} {len(case[1])}")
def test_every_field_reaches_the_operation_and_a_key_makes_one_job(server: Wire, case: Any):
    path, form, wanted = case
    key = {"Idempotency-Key": f"key of {path} {len(form)}"}
    answers = [
        server.client.post(path, data=server.filled(form), headers=key).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    job = server.job(answers[0]["file_id"])
    found = {name: job.parameters[name] for name in wanted}
    assert found == {name: plain(server, each) for name, each in wanted.items()}
    server.client.delete(f"{M}/storage/{job.output}")
