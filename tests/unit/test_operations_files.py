"""Files come into the store from a request's body and from addresses, and nothing else does."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from answering import answering
from lavfi import clip
from operating import Shop
from PIL import Image

from workbench.errors import (
    AddressRefused,
    DownloadError,
    FileGone,
    MediaError,
    MediaTooLarge,
    ParameterError,
)
from workbench.service.operations.files import INCOMING

if TYPE_CHECKING:
    import socket
    from pathlib import Path

PART = "0f8fad5bd9cb469fa16570867728950e"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def picture(colour: str = "navy", size: tuple[int, int] = (60, 40), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def left_by_a_request(shop: Shop, data: bytes, name: str = PART) -> Path:
    path = shop.store.folder / INCOMING / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# -- adopt --------------------------------------------------------------------------------------


def test_what_a_request_left_is_moved_into_the_store(shop: Shop):
    data = picture(kind="JPEG")
    path = left_by_a_request(shop, data)
    told = shop.do("adopt", part=PART, media_type="image", name="holiday \u202e.html")
    assert told["file_id"].startswith("image_")
    assert told["file_id"].endswith(".jpg")  # what it is, not what it is called
    assert told["size"] == len(data)
    assert shop.store.get(told["file_id"]) == data
    assert shop.store.stat(told["file_id"]).name == "holiday \u202e.html"
    assert not path.exists()
    assert shop.left() == []


def test_raw_samples_are_told_by_their_name(shop: Shop):
    left_by_a_request(shop, os.urandom(4000))
    told = shop.do("adopt", part=PART, media_type="audio", name="call.pcm")
    assert told["file_id"].endswith(".pcm")


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"<script>alert(1)</script>" * 50, ""),
        (b"<script>alert(1)</script>" * 50, "image"),
        (b"", "image"),
        (picture(), "video"),
        (picture()[:60], "image"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "video"),
    ],
)
def test_what_is_no_media_is_gone_afterwards(shop: Shop, data: bytes, media_type: str):
    """The old server kept an `evil.html` as a picture."""
    path = left_by_a_request(shop, data)
    with pytest.raises(MediaError):
        shop.do("adopt", part=PART, media_type=media_type, name="evil.html")
    assert not path.exists()
    assert shop.store.list() == []
    assert shop.left() == []


@pytest.mark.parametrize(
    "part", ["../image/x", "/etc/passwd", ".hidden", "", "a/b", "a\\b", "a\0b", "..", "x" * 101]
)
def test_a_part_is_no_path(shop: Shop, part: str):
    with pytest.raises(ParameterError):
        shop.do("adopt", part=part)


def test_a_link_is_not_followed(shop: Shop, tmp_path: Path):
    """The old server followed them: it handed out the file outside."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture())
    folder = shop.store.folder / INCOMING
    folder.mkdir(parents=True)
    (folder / PART).symlink_to(secret)
    with pytest.raises(FileGone):
        shop.do("adopt", part=PART)
    assert secret.exists()
    for name in ("folder", "pipe"):
        path = folder / name
        path.mkdir() if name == "folder" else os.mkfifo(path)
    with pytest.raises(FileGone):
        shop.do("adopt", part="pipe")
    with pytest.raises(FileGone):
        shop.do("adopt", part="folder")
    assert shop.store.list() == []


def test_a_part_that_is_not_there_is_gone(shop: Shop):
    with pytest.raises(FileGone, match="send it again"):
        shop.do("adopt", part=PART)


def test_an_adoption_is_stopped(shop: Shop):
    path = left_by_a_request(shop, os.urandom(3 << 20))
    for raising in (False, True):
        path.write_bytes(os.urandom(3 << 20))
        assert shop.stopped("adopt", at=0.1, raising=raising, part=PART, media_type="audio",
                            name="a.pcm")  # fmt: skip
        assert shop.store.list() == []
        assert shop.left() == []
        assert not path.exists()


# -- fetch --------------------------------------------------------------------------------------


def serve(data: bytes, head: str = "", *, length: int | None = None):
    """Return what answers every request with some bytes."""

    def respond(connection: socket.socket, request: str) -> None:
        size = len(data) if length is None else length
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}Content-Length: {size}\r\n\r\n".encode())
        connection.sendall(data)

    return respond


def test_what_an_address_leads_to_is_kept(shop: Shop):
    data = picture(kind="WEBP")
    with answering(serve(data, "Content-Type: text/html\r\n")) as server:
        told = shop.do(
            "fetch", private=True, url=server.url("/a/b.png?sig=SECRET/1"), media_type="image"
        )
    assert told["file_id"].endswith(".webp")
    assert told["size"] == len(data)
    assert "SECRET" not in str(told)
    assert shop.store.get(told["file_id"]) == data
    assert sorted(shop.reports) == shop.reports
    assert shop.reports == sorted(shop.reports)
    assert shop.left() == []


def test_what_it_leads_to_is_judged(shop: Shop):
    with answering(serve(b"<html>" * 300)) as server, pytest.raises(MediaError) as raised:
        shop.do("fetch", private=True, url=server.url("/film.mp4?key=SECRET"), media_type="video")
    assert "film.mp4" in str(raised.value)
    assert "SECRET" not in str(raised.value)
    with answering(serve(picture())) as server, pytest.raises(MediaError, match="not a video"):
        shop.do("fetch", private=True, url=server.url("/film.mp4"), media_type="video")
    assert shop.store.list() == []
    assert shop.left() == []


def test_too_much_or_too_little_is_refused(shop: Shop):
    with answering(serve(picture() * 100)) as server, pytest.raises((DownloadError, MediaTooLarge)):
        shop.do("fetch", private=True, url=server.url("/a.png"), limit=1000)
    with answering(serve(picture()[:50], length=5000)) as server, pytest.raises(DownloadError):
        shop.do("fetch", private=True, url=server.url("/a.png"))
    assert shop.store.list() == []
    assert shop.left() == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "/etc/passwd", "ftp://example.com/a", "concat:a|b",
        "data:image/png;base64,AAAA", "http://me:pw@example.com/a", "", "http://",
    ],
)  # fmt: skip
def test_only_web_addresses_are_fetched(shop: Shop, url: str):
    """The old server gave whatever came to ffmpeg, /etc/passwd included."""
    with pytest.raises(AddressRefused):
        shop.do("fetch", url=url)


def test_private_addresses_are_not_fetched(shop: Shop):
    with answering(serve(picture())) as server:
        with pytest.raises(AddressRefused):
            shop.do("fetch", url=server.url("/a.png"))
        with pytest.raises(AddressRefused):
            shop.do("extract_frames", url=server.url("/a.mp4"))
        with pytest.raises(AddressRefused):
            shop.do("stitch_images", image_urls=[server.url("/a.png")])
    assert server.accepted == 0


@pytest.mark.media
def test_a_fetch_is_stopped(shop: Shop, tmp_path: Path):
    data = clip(tmp_path / "a.mp4", seconds=2.0).read_bytes() + bytes(4 << 20)
    with answering(serve(data)) as server:
        for raising in (False, True):
            assert shop.stopped(
                "fetch", at=0.3, raising=raising, private=True, url=server.url("/a.mp4")
            )
            assert shop.store.list() == []
            assert shop.left() == []
