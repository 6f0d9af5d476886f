"""Files over the wire: what is taken, and what comes back.

The old server kept a page of HTML as a picture, wrote an upload's own extension into the id, named
no length and knew no parts, and cut a file short when it was deleted meanwhile.
"""

from __future__ import annotations

import io
import os
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from faults.pools import within
from PIL import Image
from serving import served
from starlette.requests import Request
from wire_server import AUDIO, GONE, IDS, M, Wire, wire

from workbench.audio import Audio
from workbench.errors import StorageError
from workbench.service.server import incoming, sending
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.media

MIB = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wire(tmp_path_factory.mktemp("files")) as server:
        yield server


def incoming_of(server: Wire) -> list[Path]:
    folder = server.runtime.store.folder / "incoming"
    return list(folder.iterdir()) if folder.exists() else []


def send(server: Wire, name: str, data: bytes, media_type: str = "", **fields: str) -> Any:
    form = {"media_type": media_type, **fields}
    return server.client.post(f"{M}/storage", data=form, files={"file": (name, data)})


def png() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(held, "PNG")
    return held.getvalue()


# -- what is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a.png", "a.mp4", "a.html", "a", ".png", "../../a.png", "a\\b.png", 'a".png',
        "b\u202eg.png", "a.png.tmp", "x" * 300 + ".png", "%00.png",
    ],
)  # fmt: skip
def test_an_upload_is_what_its_content_is(server: Wire, name: str):
    answer = send(server, name, png(), "image")
    assert answer.status_code == 200, answer.text
    file_id = answer.json()["file_id"]
    assert re.fullmatch(IDS, file_id)
    assert (file_id[:6], file_id[-4:]) == ("image_", ".png")
    back = server.client.get(f"{M}/storage/{file_id}")
    assert back.content == png()
    key = file_id.removeprefix("image_")
    assert back.headers["content-disposition"] == f'attachment; filename="{key}"'
    assert back.headers["x-content-type-options"] == "nosniff"


def test_a_type_is_not_needed_and_a_file_wins_over_an_address(server: Wire):
    answer = send(server, "a", png(), url="http://127.0.0.1:9/never-asked")
    assert answer.json()["file_id"].startswith("image_")


def test_an_address_is_fetched(server: Wire):
    for media_type in ("image", ""):
        form = {"media_type": media_type, "url": f"{server.url('a.png')}?sig=a/b"}
        answer = server.client.post(f"{M}/storage", data=form)
        assert answer.status_code == 200, answer.text
        data = server.client.get(f"{M}/storage/{answer.json()['file_id']}").content
        assert data == server.path("a.png").read_bytes()


REFUSED = [
    ("nothing", {}, None, 400, "parameter"),
    ("a type alone", {"media_type": "image"}, None, 400, "parameter"),
    ("an empty field", {"media_type": "image", "url": ""}, ("", b""), 400, "parameter"),
    ("no such type", {"media_type": "tmp"}, ("a.png", png()), 422, "parameter"),
    ("another type", {"media_type": "video"}, ("a.png", png()), 400, "media"),
    ("a page", {"media_type": "image"}, ("a.png", b"<html>hello</html>" * 9), 400, "media"),
    ("no bytes", {"media_type": "image"}, ("a.png", b""), 400, "media"),
    ("half a picture", {"media_type": "image"}, ("a.png", png()[:20]), 400, "media"),
    ("a text for a file", {"media_type": "image", "file": "text"}, None, 422, "parameter"),
    ("a file of this machine", {"url": "file:///etc/passwd"}, None, 400, "address_refused"),
    ("no address", {"url": "not a url"}, None, 400, "address_refused"),
    ("a port of no media", {"url": "http://127.0.0.1:22/a.png"}, None, 400, "address_refused"),
    ("nobody there", {"url": "<nobody>"}, None, 502, "download"),
    ("no file there", {"url": "<nothing>"}, None, 502, "download"),
]


@pytest.mark.parametrize("case", REFUSED, ids=[case[0] for case in REFUSED])
def test_an_upload_is_refused(server: Wire, case: Any):
    """To nothing the old server answered ``null``, with 200."""
    _, form, file, status, code = case
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/a.png"
    places = {"<nothing>": f"{server.elsewhere}/nothing.png", "<nobody>": nobody}
    form = {name: places.get(value, value) for name, value in form.items()}
    before = server.client.get(f"{M}/storage").json()["data"]
    answer = server.client.post(f"{M}/storage", data=form, files={"file": file} if file else None)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), told
    assert told["error"]
    assert str(server.runtime.store.folder) not in answer.text
    assert incoming_of(server) == []
    assert server.client.get(f"{M}/storage").json()["data"] == before


def test_the_store_is_listed(server: Wire):
    one, other = server.id("a.png"), server.id("a.wav")
    told = {each["file_id"]: each for each in server.client.get(f"{M}/storage").json()["data"]}
    assert {one, other} <= set(told)
    assert set(told[one]) == {"file_id", "type", "size", "created", "name"}
    assert (told[one]["type"], told[one]["name"]) == ("image", "a.png")
    assert told[one]["size"] == server.path("a.png").stat().st_size
    assert told[one]["created"] == pytest.approx(time.time(), abs=600)
    sounds = server.client.get(f"{M}/storage", params={"media_type": "audio"}).json()["data"]
    assert {each["type"] for each in sounds} == {"audio"}
    assert server.client.get(f"{M}/storage", params={"media_type": "tmp"}).status_code == 422


def test_a_sample_of_a_voice_goes_when_its_work_is_done(server: Wire):
    """The old server kept every sample that was ever sent."""
    before = {each["file_id"] for each in server.client.get(f"{M}/storage").json()["data"]}

    def left() -> set[str]:
        now = {each["file_id"] for each in server.client.get(f"{M}/storage").json()["data"]}
        return now - before

    for path, more in ((f"{AUDIO}/tts/chatterbox", {}), (f"{AUDIO}/tts", {"engine": "chatterbox"})):
        answer = server.client.post(
            path,
            data={"text": "Hello there.", "sample_audio_id": GONE["audio"], **more},
            files={"sample_audio_file": server.part("a.wav")},
        )
        made = answer.json()["file_id"]
        assert server.job(made).parameters["sample_id"] != GONE["audio"]
        assert server.ended(made)["status"] == "ready"
        assert within(5, lambda made=made: left() == {made}), left()
        server.client.delete(f"{M}/storage/{made}")
    refused = server.client.post(
        f"{AUDIO}/tts/chatterbox", data={"text": "  "},
        files={"sample_audio_file": server.part("a.wav")},
    )  # fmt: skip
    assert (refused.status_code, left()) == (400, set())
    page = server.client.post(
        f"{AUDIO}/tts/chatterbox", data={"text": "Hi."},
        files={"sample_audio_file": ("a.wav", b"<html>" * 40)},
    )  # fmt: skip
    assert (page.status_code, page.json()["code"], left()) == (400, "media", set())


def test_what_a_killed_server_left_is_swept(server: Wire):
    folder = server.runtime.store.folder / "incoming"
    old, new = folder / "old", folder / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    incoming.sweep(server.runtime)
    assert (old.exists(), new.exists()) == (False, True)
    new.unlink()


# -- what comes back ----------------------------------------------------------------------------


PARTS = [
    ("bytes=0-", 206, slice(0, None)),
    ("bytes=0-0", 206, slice(0, 1)),
    ("bytes=10-19", 206, slice(10, 20)),
    ("bytes=100-99999999", 206, slice(100, None)),
    ("bytes=-7", 206, slice(-7, None)),
    ("bytes=-99999999", 206, slice(0, None)),
    ("Bytes = 4 - 5", 206, slice(4, 6)),
    ("bytes=99999999-", 416, None),
    ("bytes=-0", 416, None),
    # What is no range is no reason to refuse the file: RFC 9110, 14.2.
    ("bytes=5-4", 200, slice(0, None)),
    ("bytes=0-1,4-5", 200, slice(0, None)),
    ("bytes=", 200, slice(0, None)),
    ("bytes=-", 200, slice(0, None)),
    ("lines=1-2", 200, slice(0, None)),
    ("bytes=1-" + "9" * 400, 200, slice(0, None)),
]


@pytest.mark.parametrize("case", PARTS, ids=[case[0][:20] for case in PARTS])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_part_is_that_part(server: Wire, case: Any, method: str):
    asked, status, wanted = case
    whole = server.path("a.wav").read_bytes()
    path = f"{M}/storage/{server.id('a.wav')}"
    answer = server.client.request(method, path, headers={"Range": asked})
    assert answer.status_code == status
    assert answer.headers["accept-ranges"] == "bytes"
    if wanted is None:
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
        return
    part = whole[wanted]
    assert int(answer.headers["content-length"]) == len(part)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.content == (part if method == "GET" else b"")
    if status == 206:
        first = whole.index(part) if len(part) > 6 else wanted.start
        last = first + len(part) - 1
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"


def test_a_part_of_another_version_is_the_whole(server: Wire):
    path = f"{M}/storage/{server.id('a.wav')}"
    etag = server.client.head(path).headers["etag"]
    assert re.fullmatch(r'"[\w-]+"', etag)
    part = {"Range": "bytes=5-9"}
    assert server.client.get(path, headers={**part, "If-Range": etag}).status_code == 206
    for other in ('"other"', f"W/{etag}", "Fri, 27 Nov 2026 00:00:00 GMT"):
        answer = server.client.get(path, headers={**part, "If-Range": other})
        assert (answer.status_code, answer.content) == (200, server.path("a.wav").read_bytes())


def large(folder: Path) -> bytes:
    """A sound of 24 MB, no two pieces of it the same."""
    wave = np.random.default_rng(7).uniform(-0.5, 0.5, 12 * MIB).astype(np.float32)
    path = Audio(samples=wave, rate=48_000).write(folder / "large.wav")
    return path.read_bytes()


def begun(server: Wire, file_id: str, then: Any) -> bytes:
    """What is sent of a file to which something happens after the first piece."""

    async def read() -> bytes:
        request = Request({"type": "http", "method": "GET", "headers": []})
        answer: Any = await sending.sent(server.runtime, request, FileId.parse(file_id))
        pieces = answer.body_iterator
        found = [await anext(pieces)]
        await then()
        found += [piece async for piece in pieces]
        return b"".join(found)

    assert server.client.portal is not None
    return server.client.portal.call(read)


def test_a_file_that_is_deleted_while_it_is_sent_is_sent_whole(server: Wire, tmp_path: Path):
    data = large(tmp_path)
    file_id = send(server, "large.wav", data).json()["file_id"]
    assert begun(server, file_id, lambda: server.runtime.delete(file_id)) == data
    assert server.client.get(f"{M}/storage/{file_id}").status_code == 404


def test_a_file_that_becomes_shorter_is_never_a_short_answer(server: Wire, tmp_path: Path):
    file_id = send(server, "large.wav", large(tmp_path)).json()["file_id"]

    async def cut() -> None:
        os.truncate(server.runtime.store.path(file_id), 2 * MIB)

    with pytest.raises(StorageError, match="shorter"):
        begun(server, file_id, cut)


def test_over_a_connection_too(tmp_path: Path):
    """As a client sees it: all of a deleted file, an error for one that was cut."""
    data = large(tmp_path)
    with served(tmp_path / "store", "--workers", "1") as running, running.client() as client:

        def kept() -> str:
            answer = client.post(f"{M}/storage", files={"file": ("a.wav", data)})
            found: str = answer.json()["file_id"]
            return found

        gone, short = kept(), kept()
        with client.stream("GET", f"{M}/storage/{gone}") as answer:
            pieces = answer.iter_raw(MIB)
            found = [next(pieces)]
            assert client.delete(f"{M}/storage/{gone}").json()["deleted"] is True
            assert client.get(f"{M}/storage/{gone}").status_code == 404
            assert b"".join([*found, *pieces]) == data
        with client.stream("GET", f"{M}/storage/{short}") as answer:
            pieces = answer.iter_raw(MIB)
            next(pieces)
            os.truncate(tmp_path / "store" / FileId.parse(short).path, 20 * MIB)
            with pytest.raises(httpx.RemoteProtocolError):
                list(pieces)
        assert client.get("/health").status_code == 200
