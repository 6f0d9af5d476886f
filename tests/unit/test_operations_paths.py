"""No error of an operation tells where anything lies on this machine."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from answering import answering
from lavfi import clip
from operating import NOBODY, Shop
from PIL import Image

from workbench.errors import FileGone, MediaError, ParameterError, WorkbenchError
from workbench.media.kinds import kind_of
from workbench.service import operations
from workbench.service.operations import Context, base, paths
from workbench.service.operations.paths import naming, pathless
from workbench.storage.ids import FileId
from workbench.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
# A slash that begins a path, and no address's.
PATH = re.compile(r"(?<![\w/:.-])/\w")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"/srv/wb/video/{KEY}.mp4", f"video_{KEY}.mp4"),
        (f"/srv/wb/.store/work/12-ab/video_{KEY}.mp4: bad", f"video_{KEY}.mp4: bad"),
        (f"'/srv/wb/image/{KEY}.png' and", f"'image_{KEY}.png' and"),
        (f"file:/srv/wb/video/{KEY}.mp4", f"file:video_{KEY}.mp4"),
        ("no space left in /srv/wb", "no space left in the store"),
        ("/srv/wb/.store/work/12-ab/part is cut", "part is cut"),
        ("/tmp/wb-1/a.wav, /tmp/wb-1/b.wav.", "a.wav, b.wav."),
        ("see /root", "see root"),
        ("file:/etc/passwd", "file:passwd"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("~/secret/x.toml", "x.toml"),
        ("/usr/lib/python3/a.py:12", "a.py:12"),
        ("cannot read /etc/passwd; check it", "cannot read passwd; check it"),
        ("http://127.0.0.1:80/a/b.mp4 is gone", "http://127.0.0.1:80/a/b.mp4 is gone"),
        ("https://example.com/etc/passwd", "https://example.com/etc/passwd"),
        ("and/or 1/2, 30000/1001 or 16/9", "and/or 1/2, 30000/1001 or 16/9"),
        ("application/octet-stream, image/png", "application/octet-stream, image/png"),
        ("words/min, a / b, //", "words/min, a / b, //"),
        ("", ""),
    ],
)
def test_a_path_becomes_a_name(said: str, told: str):
    assert pathless(said, Path("/srv/wb")) == told


def test_a_folder_may_be_called_anything():
    root = Path("/srv/it's (my) store; new/wb")
    said = f"{root}/video/{KEY}.mp4 lies in {root}, beside {root}/incoming/x"
    assert pathless(said, root) == f"video_{KEY}.mp4 lies in the store, beside x"


def test_an_error_keeps_its_kind_and_what_else_it_says(tmp_path: Path):
    store = Store(tmp_path / "my store", judge=kind_of)
    raised = FileGone("x", subject="y", cure=f"look at {store.folder}/image/{KEY}.png")
    raised.extra = "kept"  # type: ignore[attr-defined]
    with pytest.raises(FileGone) as caught, naming(store):
        raise raised
    assert caught.value is raised
    assert caught.value.cure == f"look at image_{KEY}.png"
    with pytest.raises(KeyError), naming(store):
        raise KeyError("/etc/passwd")  # no error of ours: told in other words elsewhere


# -- thirty errors ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("a shop's (folder)"))


@pytest.fixture(scope="module")
def files(shop: Shop) -> dict[str, str]:
    """Ids of a video, a sound's video, a picture, and of three that are damaged in the store."""
    made = {
        "video": shop.put(clip(shop.folder / "a.mp4", seconds=1.0)),
        "silent": shop.put(clip(shop.folder / "b.mp4", seconds=1.0, tone=None)),
    }
    Image.new("RGB", (64, 64), "red").save(shop.folder / "a.png")
    made["image"] = shop.put(shop.folder / "a.png")
    for kind, extension, data in (
        ("video", ".mp4", b"junk" * 500),
        ("image", ".png", (shop.folder / "a.png").read_bytes()[:90]),
        ("audio", ".wav", b"RIFF" + bytes(500)),
    ):
        file_id = FileId.new(kind, extension)
        path = shop.store.folder / file_id.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)  # by what else has the disk
        made[f"bad {kind}"] = str(file_id)
    whole = (shop.folder / "a.mp4").read_bytes()
    torn = FileId.new("video", ".mp4")
    (shop.store.folder / torn.path).write_bytes(whole[: len(whole) // 2])
    made["torn video"] = str(torn)
    return made


SPOKEN = {"kokoro_voice": "espeak:en-us", "width": 64, "height": 64}
Asking = "Callable[[Shop, dict[str, str]], Any]"
ERRORS: list[Callable[[Shop, dict[str, str]], Any]] = [
    lambda s, f: s.do("info", file_id=f["bad video"]),
    lambda s, f: s.do("info", file_id=f["bad audio"]),
    lambda s, f: s.do("info", file_id=f["torn video"]),
    lambda s, f: s.do("info", file_id=f["image"]),
    lambda s, f: s.do("info", file_id="/etc/passwd"),
    lambda s, f: s.do("info", file_id=f"video_{NOBODY}.mp4"),
    lambda s, f: s.do("/etc/passwd", file_id="x"),
    lambda s, f: s.do("info", **{"/etc/passwd": 1}),
    lambda s, f: s.do("merge_videos", video_ids=[f["video"], f["bad video"]]),
    lambda s, f: s.do("merge_videos", video_ids=[f["video"], f["torn video"]]),
    lambda s, f: s.do("merge_videos", video_ids=["/etc/passwd"]),
    lambda s, f: s.do(
        "merge_videos", video_ids=[f["video"]], background_music_id=f["bad audio"]
    ),
    lambda s, f: s.do("merge_videos", video_ids=[f["video"]], background_music_id=f["silent"]),
    lambda s, f: s.do("colorkey_overlay", video_id=f["bad video"], overlay_video_id=f["video"]),
    lambda s, f: s.do("colorkey_overlay", video_id=f["video"], overlay_video_id=f["torn video"]),
    lambda s, f: s.do(
        "colorkey_overlay", video_id=f["video"], overlay_video_id=f["video"],
        color="green,drawtext=textfile=/etc/passwd",
    ),
    lambda s, f: s.do("add_overlay", video_id=f["video"], overlay_id=f["bad image"]),
    lambda s, f: s.do("add_overlay", video_id=f["torn video"], overlay_id=f["image"]),
    lambda s, f: s.do("extract_frame", video_id=f["bad video"]),
    lambda s, f: s.do("extract_frame", video_id=f["torn video"]),
    lambda s, f: s.do("extract_frames", video_id=f["bad video"]),
    lambda s, f: s.do("extract_frames", url="/etc/passwd"),
    lambda s, f: s.do("extract_frames", url="file:///etc/passwd"),
    lambda s, f: s.do("stitch_images", image_ids=[f["image"], f["bad image"]]),
    lambda s, f: s.do("stitch_images", image_urls=["/etc/passwd"]),
    lambda s, f: s.do("imperfect_image", image_id=f["bad image"]),
    lambda s, f: s.do("adopt", part="/etc/passwd"),
    lambda s, f: s.do("adopt", part="nothing"),
    lambda s, f: s.do("fetch", url="http://127.0.0.1/etc/passwd/../x"),
    lambda s, f: s.do("captioned_video", background_id=f["bad image"], text="Hi.", **SPOKEN),
    lambda s, f: s.do("captioned_video", background_id=f["bad video"], text="Hi.", **SPOKEN),
    lambda s, f: s.do(
        "captioned_video", background_id=f["image"], audio_id=f["bad audio"], text="Hi.", **SPOKEN
    ),
    lambda s, f: s.do(
        "captioned_video", background_id=f["image"], audio_id=f["silent"], text="Hi.", **SPOKEN
    ),
    lambda s, f: s.do(
        "captioned_video", background_id=f["image"], text="Hi.",
        caption_config_font_name="/etc/passwd", **SPOKEN,
    ),
    lambda s, f: s.do(
        "captioned_video", background_id=f["image"], text="[voice:/etc/passwd] Hi.", **SPOKEN
    ),
]  # fmt: skip


@pytest.mark.media
@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_no_error_tells_a_path(shop: Shop, files: dict[str, str], number: int):
    """The old server's frames came with the absolute path at which they lay."""
    with pytest.raises(WorkbenchError) as raised:
        ERRORS[number](shop, files)
    for text in (str(raised.value), *raised.value.to_dict().values(), *map(str, raised.value.args)):
        bare = re.sub(r"https?://\S+|file:///\S+", "", text)
        assert not PATH.search(bare), text
        assert str(shop.store.folder) not in text
        assert tempfile.gettempdir() not in text
    assert str(raised.value), "it says nothing"
    assert shop.left() == []


@pytest.mark.media
def test_a_damaged_file_is_named_by_its_id(shop: Shop, files: dict[str, str]):
    for name, ask in (
        ("bad video", lambda: shop.do("info", file_id=files["bad video"])),
        ("torn video", lambda: shop.do("extract_frames", video_id=files["torn video"])),
        ("bad image", lambda: shop.do("imperfect_image", image_id=files["bad image"])),
    ):
        with pytest.raises(MediaError) as raised:
            ask()
        assert files[name] in str(raised.value)


def test_what_a_plug_in_tells_is_bare_too(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    def run(asked: base.Parameters, context: Context) -> None:
        path = context.store.folder / "video" / f"{KEY}.mp4"
        raise MediaError(f"cannot open {path}", subject=str(path), cure=f"see {os.__file__}")

    def check(asked: base.Parameters, store: Store) -> None:
        raise ParameterError(f"{store.folder}/image/{KEY}.png", subject="x")

    one = base.Operation(name="one", parameters=base.Parameters, run=run)
    two = base.Operation(name="two", parameters=base.Parameters, run=run, check=check)
    monkeypatch.setattr(operations, "_added", lambda: (one, two))
    with pytest.raises(MediaError) as raised:
        shop.do("one")
    assert str(raised.value) == f"video_{KEY}.mp4: cannot open video_{KEY}.mp4; see os.py"
    with pytest.raises(ParameterError, match=f"x: image_{KEY}.png"):
        shop.do("two")


def test_the_names_of_downloads_are_those_of_their_addresses(shop: Shop):
    def respond(connection: Any, head: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\njunk")

    with answering(respond) as server, pytest.raises(MediaError) as raised:
        shop.do("stitch_images", private=True, image_urls=[server.url("/home/a.png?key=SECRET")])
    assert server.url("/home/a.png") in str(raised.value)
    assert "SECRET" not in str(raised.value)
    assert paths.__doc__
