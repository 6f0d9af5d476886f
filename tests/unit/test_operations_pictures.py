"""Pictures out of videos, grids of pictures, and pictures made worse: all by ids."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from answering import answering
from lavfi import clip, counter
from operating import NOBODY, Shop
from PIL import Image

from workbench.errors import (
    AddressRefused,
    FileGone,
    MediaError,
    MediaTooLarge,
    ParameterError,
    WorkbenchError,
)

if TYPE_CHECKING:
    import socket
    from pathlib import Path

pytestmark = pytest.mark.media

ID = re.compile(r"image_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.jpg")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def counted(shop: Shop) -> str:
    """Four seconds whose frame n is as bright as 20 + 5 n, ten a second."""
    return shop.put(counter(shop.folder / "counter.mp4"))


@pytest.fixture(scope="module")
def colours(shop: Shop) -> list[str]:
    """Pictures of one colour each: red and lime of 60x40, blue of 40x80."""
    found = []
    for name, size in (("red", (60, 40)), ("lime", (60, 40)), ("blue", (40, 80))):
        path = shop.folder / f"{name}.png"
        Image.new("RGB", size, name).save(path)
        found.append(shop.put(path))
    return found


def opened(shop: Shop, file_id: str) -> np.ndarray:
    picture = Image.open(io.BytesIO(shop.store.get(file_id)))
    assert picture.format == "JPEG"
    return np.asarray(picture.convert("RGB")).astype(int)


def number(picture: np.ndarray) -> int:
    """Return which frame of a counter a picture is."""
    return round((picture.mean() - 20) / 5)


# -- one frame ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "frame"), [(0, 0), (1.0, 10), (2.55, 25), (3.99, 39), (4.0, 37), (900, 37)]
)
def test_a_frame_is_the_one_of_its_moment(shop: Shop, counted: str, seconds: float, frame: int):
    """From beyond the end the old server took the one 0.3 s before it, and so does this."""
    made = shop.do("extract_frame", video_id=counted, timestamp=seconds)
    assert ID.fullmatch(made)
    assert abs(number(opened(shop, made)) - frame) <= 1
    assert (shop.told["width"], shop.told["height"]) == (64, 64)


def test_a_very_short_video_has_a_frame(shop: Shop):
    """0.3 s before the end of a clip of 0.2 s the old server looked at -0.1 s."""
    short = shop.put(clip(shop.folder / "short.mp4", "blue", seconds=0.2))
    picture = opened(shop, shop.do("extract_frame", video_id=short, timestamp=5))
    assert shop.told["timestamp"] == 0
    assert picture[..., 2].min() > 200


@pytest.mark.parametrize("moment", [-0.3, float("nan"), float("inf"), "x", None, 1e12])
def test_a_moment_is_a_number(shop: Shop, counted: str, moment: Any):
    """The old server answered 500."""
    with pytest.raises(ParameterError, match="timestamp"):
        shop.do("extract_frame", video_id=counted, timestamp=moment)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (f"video_{NOBODY}.mp4", FileGone),
        ("video_../../etc/passwd", ParameterError),
        ("", ParameterError),
        (f"tmp_{NOBODY}.mp4", ParameterError),
    ],
)
def test_an_id_is_of_a_file(shop: Shop, name: str, error: type[WorkbenchError]):
    for operation in ("extract_frame", "extract_frames"):
        with pytest.raises(error):
            shop.do(operation, video_id=name)
    image = name.replace("video", "image").replace("mp4", "png")
    with pytest.raises(error):
        shop.do("imperfect_image", image_id=image)
    with pytest.raises(error):
        shop.do("stitch_images", image_ids=[image])


def test_a_file_is_of_the_right_type(shop: Shop, counted: str, colours: list[str]):
    with pytest.raises(MediaError, match="is a picture, not a video"):
        shop.do("extract_frame", video_id=colours[0])
    with pytest.raises(MediaError, match="is a video, not a picture"):
        shop.do("stitch_images", image_ids=[counted])
    with pytest.raises(MediaError, match="is a video, not a picture"):
        shop.do("imperfect_image", image_id=counted)


# -- several frames -----------------------------------------------------------------------------


def test_frames_are_evenly_spaced_and_can_be_read(shop: Shop, counted: str):
    """The old server's ids lacked their type, so that each was a 404."""
    told = shop.do("extract_frames", video_id=counted, amount=4)
    assert len(told["image_ids"]) == 4
    assert all(ID.fullmatch(name) for name in told["image_ids"])
    shown = [number(opened(shop, name)) for name in told["image_ids"]]
    assert shown == pytest.approx([5, 15, 25, 35], abs=1)
    assert told["sheet_id"] is None
    assert told["timestamps"] == [0.5, 1.5, 2.5, 3.5]
    assert "/" not in str(told)  # it told where its files lay, too
    assert shop.left() == []


def test_frames_of_the_beginning_alone(shop: Shop, counted: str):
    told = shop.do("extract_frames", video_id=counted, amount=2, length_seconds=2)
    shown = [number(opened(shop, name)) for name in told["image_ids"]]
    assert shown == pytest.approx([5, 15], abs=1)
    longer = shop.do("extract_frames", video_id=counted, amount=2, length_seconds=900)
    assert longer["timestamps"] == [1.0, 3.0]


def test_a_sheet_shows_all_of_them(shop: Shop, counted: str):
    """The old server took `stitch` and did nothing with it."""
    told = shop.do("extract_frames", video_id=counted, amount=4, stitch=True)
    sheet = opened(shop, told["sheet_id"])
    assert ID.fullmatch(told["sheet_id"])
    height, width = sheet.shape[:2]
    cells = [
        sheet[int(height * y) - 5 : int(height * y) + 5, int(width * x) - 5 : int(width * x) + 5]
        for y in (0.25, 0.75)
        for x in (0.25, 0.75)
    ]
    assert [number(cell) for cell in cells] == pytest.approx([5, 15, 25, 35], abs=1)


@pytest.mark.parametrize("fields", [{}, {"video_id": "x", "url": "http://a.example/"}])
def test_either_an_address_or_an_id(shop: Shop, fields: dict[str, str]):
    with pytest.raises(ParameterError, match="one of the two"):
        shop.do("extract_frames", **fields)


@pytest.mark.parametrize("amount", [0, -1, 201, 10**9, float("nan"), "many"])
def test_so_many_frames_and_no_more(shop: Shop, counted: str, amount: Any):
    with pytest.raises(ParameterError, match="amount"):
        shop.do("extract_frames", video_id=counted, amount=amount)


def test_an_address_is_downloaded_first(shop: Shop):
    """The old server gave it to ffmpeg: /etc/passwd came back as a JPEG."""
    for url in ("/etc/passwd", "file:///etc/passwd", "concat:a|b", "subfile,,start,0,end,9,,:/x"):
        with pytest.raises(AddressRefused):
            shop.do("extract_frames", url=url)
    data = clip(shop.folder / "web.mp4", "red", seconds=1.0).read_bytes()
    with answering(files({"/web.mp4": data})) as server:
        told = shop.do("extract_frames", private=True, url=server.url("/web.mp4?k=1"), amount=2)
    assert all(opened(shop, name)[..., 0].min() > 200 for name in told["image_ids"])
    assert len(server.heads) == 1
    assert shop.left() == []


def test_what_an_address_leads_to_may_be_a_trap(shop: Shop, media: Path):
    """ffmpeg follows what a playlist says, whatever its name."""
    before = len(shop.store.list())
    for name in ("evil_hls_abs.mp4", "evil_concat_rel.mp4"):
        data = (media / "hostile" / name).read_bytes()
        with answering(files({"/a.mp4": data})) as server, pytest.raises(MediaError) as raised:
            shop.do("extract_frames", private=True, url=server.url("/a.mp4?key=SECRET"))
        assert "/a.mp4" in str(raised.value)
        assert "SECRET" not in str(raised.value)
    assert len(shop.store.list()) == before


def test_frames_are_all_there_or_none(shop: Shop, counted: str):
    before = [file.id for file in shop.store.list()]
    for raising in (False, True):
        for at in (0.0, 0.35, 0.9):
            assert shop.stopped(
                "extract_frames", at=at, raising=raising, video_id=counted, amount=8, stitch=True
            )
            assert [file.id for file in shop.store.list()] == before
            assert shop.left() == []


# -- grids --------------------------------------------------------------------------------------


def files(known: dict[str, bytes]):
    """Return what answers requests with files by their paths."""

    def respond(connection: socket.socket, head: str) -> None:
        data = known.get(head.split()[1].partition("?")[0])
        status, data = ("200 OK", data) if data is not None else ("404 Not Found", b"")
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        connection.sendall(data)

    return respond


def test_a_grid_is_within_its_size_and_white_between(shop: Shop, colours: list[str]):
    made = shop.do("stitch_images", image_ids=colours, max_width=400, max_height=300)
    grid = opened(shop, made)
    assert ID.fullmatch(made)
    assert grid.shape[0] <= 300
    assert grid.shape[1] <= 400
    assert (shop.told["width"], shop.told["height"]) == (grid.shape[1], grid.shape[0])
    height, width = grid.shape[:2]
    tops = [grid[height // 4, int(width * x)] for x in (0.25, 0.75)]
    assert [int(pixel.argmax()) for pixel in tops] == [0, 1]
    assert all(pixel.max() > 230 and np.median(pixel) < 60 for pixel in tops)
    assert grid[height * 3 // 4, width // 4][2] > 230
    assert grid[0, 0].min() > 240


def test_pictures_of_the_web_come_first(shop: Shop, colours: list[str]):
    data = {f"/{n}.png": (shop.folder / f"{n}.png").read_bytes() for n in ("red", "lime")}
    with answering(files(data)) as server:
        made = shop.do(
            "stitch_images",
            private=True,
            image_urls=[server.url("/lime.png?sig=a/b"), f" {server.url('/red.png')} "],
            image_ids=[colours[2]],
        )
    grid = opened(shop, made)
    height, width = grid.shape[:2]
    assert grid[height // 4, width // 4].argmax() == 1
    assert grid[height // 4, width * 3 // 4].argmax() == 0
    assert grid[height * 3 // 4, width // 4].argmax() == 2
    assert shop.left() == []


def test_pictures_may_be_listed_with_commas(shop: Shop, colours: list[str]):
    """Of "a, b" the old server asked the store for " b"; it cut addresses at their own commas."""
    data = {f"/{n}.png": (shop.folder / f"{n}.png").read_bytes() for n in ("red", "lime")}
    with answering(files(data)) as server:
        made = shop.do(
            "stitch_images",
            private=True,
            image_urls=f"{server.url('/lime.png?crop=0,9')}, {server.url('/red.png')},",
            image_ids=f" {colours[2]} ,{colours[0]}",
        )
    grid = opened(shop, made)
    height, width = grid.shape[:2]
    spots = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
    shown = [int(grid[int(height * down), int(width * across)].argmax()) for down, across in spots]
    assert shown == [1, 0, 2, 0]
    with pytest.raises(ParameterError, match="pictures"):
        shop.do("stitch_images", image_urls=" , ", image_ids="")
    for said in ("http://a.example/a.png,file:///etc/passwd", "a,b"):
        with pytest.raises(WorkbenchError):
            shop.do("stitch_images", image_urls=said)
    with pytest.raises(ParameterError, match="pictures"):
        shop.do("stitch_images", image_urls="http://a.example/," * 51)


@pytest.mark.parametrize("count", [0, 51])
def test_a_grid_has_some_pictures_but_not_too_many(shop: Shop, colours: list[str], count: int):
    """The old server took any number of them."""
    with pytest.raises(ParameterError, match="pictures"):
        shop.do("stitch_images", image_ids=[colours[0]] * count)
    half = ["http://a.example/"] * (count // 2)
    with pytest.raises(ParameterError, match="pictures"):
        shop.do("stitch_images", image_urls=half, image_ids=colours[:1] * (count - len(half)))


def test_one_of_fifty_that_is_not_there_fails_all(shop: Shop):
    data = {"/red.png": (shop.folder / "red.png").read_bytes()}
    with answering(files(data)) as server, pytest.raises(WorkbenchError) as raised:
        shop.do(
            "stitch_images",
            private=True,
            image_urls=[server.url("/red.png"), server.url("/none.png")],
        )
    assert "/none.png" in str(raised.value)
    assert shop.left() == []


def bomb() -> bytes:
    """Return a PNG of 900 megapixels in about 100 kB."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(3751) * 30_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_its_size(shop: Shop):
    """The old server let Pillow decode whatever it had fetched."""
    with answering(files({"/bomb.png": bomb()})) as server, pytest.raises(MediaTooLarge) as raised:
        shop.do("stitch_images", private=True, image_urls=[server.url("/bomb.png")])
    assert "900 megapixels" in str(raised.value)
    assert "/bomb.png" in str(raised.value)
    assert shop.left() == []


def test_a_grid_is_stopped(shop: Shop, colours: list[str]):
    data = {"/red.png": (shop.folder / "red.png").read_bytes()}
    before = [file.id for file in shop.store.list()]
    with answering(files(data)) as server:
        for raising in (False, True):
            for at in (0.3, 0.8, 0.95):
                assert shop.stopped(
                    "stitch_images",
                    at=at,
                    raising=raising,
                    private=True,
                    image_urls=[server.url("/red.png")] * 3,
                    image_ids=colours,
                ) or (at == 0.95 and not raising)  # it was done by then
                assert shop.left() == []
    assert len(shop.store.list()) <= len(before) + 1


# -- imperfect pictures -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene(shop: Shop) -> str:
    ramp = np.linspace(0, 255, 120, dtype=np.uint8)
    picture = np.stack([np.tile(ramp, (80, 1)), np.full((80, 120), 90, np.uint8),
                        np.tile(ramp[::-1], (80, 1))], axis=2)  # fmt: skip
    Image.fromarray(picture).save(shop.folder / "scene.png")
    return shop.put(shop.folder / "scene.png")


def test_noise_is_as_strong_as_asked_and_its_seed_is_told(shop: Shop, scene: str):
    plain = opened(shop, shop.do("imperfect_image", image_id=scene))
    noisy, seed = opened(shop, shop.do("imperfect_image", image_id=scene, noise_strength=30)), None
    seed = shop.told["seed"]
    assert (noisy - plain).std() == pytest.approx(30, rel=0.3)
    again = opened(shop, shop.do("imperfect_image", image_id=scene, noise_strength=30, seed=seed))
    other = opened(shop, shop.do("imperfect_image", image_id=scene, noise_strength=30))
    assert np.array_equal(again, noisy)
    assert not np.array_equal(other, noisy)  # as on the old server, no two are alike


def test_colour_and_contrast_act(shop: Shop, scene: str):
    plain = opened(shop, shop.do("imperfect_image", image_id=scene))
    grey = opened(shop, shop.do("imperfect_image", image_id=scene, enhance_color=0))
    vivid = opened(shop, shop.do("imperfect_image", image_id=scene, enhance_color=2))

    def spread(picture: np.ndarray) -> float:
        return float((picture.max(axis=2) - picture.min(axis=2)).mean())

    assert spread(grey) < 0.5 * spread(plain) < spread(vivid)
    flat = opened(shop, shop.do("imperfect_image", image_id=scene, enhance_contrast=0.2))
    assert flat.std() < 0.5 * plain.std()


@pytest.mark.parametrize(
    "fields",
    [
        {"enhance_color": 2.1}, {"enhance_color": -0.1}, {"enhance_contrast": float("nan")},
        {"noise_strength": 101}, {"noise_strength": -1}, {"seed": -1}, {"sed": 1},
    ],
)  # fmt: skip
def test_factors_have_their_ranges(shop: Shop, scene: str, fields: dict[str, Any]):
    with pytest.raises(ParameterError, match=next(iter(fields))):
        shop.do("imperfect_image", image_id=scene, **fields)
