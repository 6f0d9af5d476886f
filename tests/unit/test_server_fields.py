"""No value of any field is a fault of the server.

Every field of every form gets what no form means: the answer is a 4xx with its reason, or the work
is taken on, but never a 500, a path of the server or nothing at all. The old server answered 500
with a bare text to a malformed background, and passed colours and texts on to ffmpeg.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from wire_server import AUDIO, M, U, Wire, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.media

FEW = ["\0", "-1", "1e400", "nan", "9" * 400, "1" * 5000, "/etc/passwd", "[", "x" * 70_000]
MANY = [
    "0", "-inf", "0x10", "1_000", "\uff11\uff12", "true", "None", "null", "[]", "{}", "{0}", "%s%n",
    "'; DROP TABLE jobs;--", "a\r\nX: y", "<script>", "file:///etc/passwd", "http://[",
    "http://\0/", "//x", "a,b,,c", " ", "\u202e", "\U0001f600", "[pause 1s]", "{pause}",
    "[voice x]y[/voice]", "\ud7ff", "\u00e9\u0301" * 3, "tests", "../..", "~", "-i", "CON",
]  # fmt: skip
NEEDED = {
    "text": "Hi.", "engine": "espeak", "script": "hi", "duration_minutes": "10",
    "video_ids": "{a.mp4}", "background_id": "{a.png}", "video_id": "{a.mp4}",
    "overlay_video_id": "{green.mp4}", "overlay_id": "{a.png}", "image_id": "{a.png}",
    "pcm_id": "{a.pcm}", "audio_ids": "{a.wav}", "audio_id": "{a.wav}",
}  # fmt: skip
BESIDES = {
    f"{AUDIO}/tts": {"engine": "espeak"},
    f"{AUDIO}/transcribe": {"audio_id": "{a.wav}"},
    f"{M}/video-tools/extract-frames": {"video_id": "{a.mp4}"},
    f"{U}/stitch-images": {"image_ids": "{a.png}"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wire(tmp_path_factory.mktemp("fields"), bound=100_000) as server:
        yield server


def forms(server: Wire) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every form, as the documentation has it."""
    schema = server.client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        body = methods.get("post", {}).get("requestBody")
        if body is None or path.startswith("/v1/"):
            continue
        (told,) = body["content"].values()
        one = told["schema"]
        while "$ref" in one:
            one = schema["components"]["schemas"][one["$ref"].rpartition("/")[2]]
        yield path, one


def faults(server: Wire, values: list[str]) -> list[str]:
    """Send each value in each field; return what should not have been answered."""
    found, sent = [], 0
    for path, form in forms(server):
        needed = {name: NEEDED[name] for name in form.get("required", ())}
        usual = server.filled(needed | BESIDES.get(path, {}))
        for name in form["properties"]:
            for value in values:
                answer = server.client.post(path, data={**usual, name: value})
                sent += 1
                about = f"{path} {name}={value[:20]!r}: {answer.status_code} {answer.text[:200]}"
                # An address that leads nowhere is 502, an engine that is not here 503.
                if answer.status_code >= 500 and answer.status_code not in {502, 503}:
                    found.append(about)
                elif answer.status_code >= 400:
                    told = answer.json()
                    text = answer.text.replace(value, "")
                    if not {"error", "code"} <= set(told) or str(server.folder.parent) in text:
                        found.append(about)
                elif "file_id" in answer.text[:20]:
                    server.client.delete(f"{M}/storage/{answer.json()['file_id']}")
    assert sent > 80 * len(values)
    return found


def test_no_value_is_a_fault_of_the_server(server: Wire):
    assert faults(server, FEW) == []


@pytest.mark.slow
def test_no_value_of_many_is_a_fault_of_the_server(server: Wire):
    assert faults(server, MANY) == []
