"""Pictures on one picture: where each stands is judged by its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from lavfi import counter
from PIL import Image

from workbench.errors import MediaError, MediaNotFound, MediaTooLarge, ParameterError
from workbench.media import sheet
from workbench.media.limits import Limits
from workbench.media.sheet import contact_sheet, image_grid, imperfect

if TYPE_CHECKING:
    from pathlib import Path

BAD = [float("nan"), float("inf"), -float("inf"), -1, -0.5, True, "1", [], 10**9]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def plain(colour: tuple[int, ...], width: int = 30, height: int = 20) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def quiet(_: float) -> None:
    """Show no bar."""


@pytest.fixture(scope="module")
def count(tmp_path_factory) -> Path:
    return counter(tmp_path_factory.mktemp("sheet") / "count.mp4")


# -- grids ----------------------------------------------------------------------------------------


def test_pictures_stand_in_rows_with_gaps_on_a_ground():
    five = [plain(RED), plain(GREEN), plain(BLUE), plain(RED), plain(GREEN)]
    made = image_grid(five, columns=3, cell=(30, 20), gap=4, background="#ff00ff")
    assert made.shape == (2 * 20 + 3 * 4, 3 * 30 + 4 * 4, 3)
    middles = [tuple(made[4 + 10 + 24 * (n // 3), 4 + 15 + 34 * (n % 3)]) for n in range(6)]
    assert middles == [RED, GREEN, BLUE, RED, GREEN, (255, 0, 255)]
    for row, column in ((0, 0), (3, 50), (26, 50), (10, 35), (51, 105)):
        assert tuple(made[row, column]) == (255, 0, 255)
    wide = image_grid(five, columns=5, cell=(30, 20), gap=0)
    assert wide.shape == (20, 150, 3)
    assert tuple(wide[0, 0]) == RED


def test_a_grid_is_nearly_square_and_within_its_size():
    """The old system's grid of large pictures was as large as they were together."""
    nine = [plain(RED, 3000, 2000)] * 9
    made = image_grid(nine, max_size=(640, 360), gap=6)
    assert made.shape[0] <= 360
    assert made.shape[1] <= 640
    assert made.shape[0] >= 350 or made.shape[1] >= 630
    across = np.diff((made[made.shape[0] // 2] == RED).all(axis=1).astype(int))
    assert (across == 1).sum() == 3


def test_no_picture_is_cut_or_stretched():
    ring = plain(BLUE, 40, 10)
    ring[1:-1, 1:-1] = RED
    made = image_grid([plain(GREEN, 60, 60), ring], columns=2, cell=(60, 60), gap=0)
    right = made[:, 60:].astype(int)
    seen = np.argwhere(right[..., 1] < 100)
    assert (np.ptp(seen[:, 1]) + 1, np.ptp(seen[:, 0]) + 1) == (60, 15)
    assert tuple(made[0, 61]) == WHITE


def test_a_grid_is_written_as_its_suffix_says(tmp_path):
    for suffix, kind in ((".png", "PNG"), (".jpg", "JPEG"), (".webp", "WEBP"), (".JPEG", "JPEG")):
        Image.fromarray(plain(RED)).save(tmp_path / "in.png")
        path = tmp_path / f"a b{suffix}"
        made = image_grid([tmp_path / "in.png", plain(BLUE)], path)
        with Image.open(path) as image:
            assert (image.format, image.size) == (kind, (made.shape[1], made.shape[0]))
            close = np.abs(np.asarray(image.convert("RGB")).astype(int) - made.astype(int))
            assert close.mean() < 3


def test_photographs_stand_upright_in_it(tmp_path):
    image = Image.new("RGB", (40, 20), "red")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "p.jpg", exif=exif)
    assert image_grid([tmp_path / "p.jpg"], cell=(20, 40), gap=0).mean(axis=(0, 1))[2] < 5


def test_a_grid_s_arguments_are_checked(media, tmp_path):
    one = [plain(RED)]
    for value in BAD:
        for name in ("columns", "gap"):
            with pytest.raises(ParameterError, match=name):
                image_grid(one, **{name: value})
        for name in ("cell", "max_size"):
            with pytest.raises(ParameterError, match=name):
                image_grid(one, **{name: (value, 20)})
    for pictures in ("a.png", [], 3, [3], [None], one * 401, [np.zeros((2, 2, 3))]):
        with pytest.raises(ParameterError):
            image_grid(pictures)
    for colour in ("red;x", "#12", "", "0xff0000", None):
        with pytest.raises(ParameterError, match="background"):
            image_grid(one, background=colour)
    with pytest.raises(ParameterError, match="leaves no room"):
        image_grid(one * 4, cell=(1000, 1000))
    with pytest.raises(ParameterError, match="no room for"):
        image_grid(one * 400, max_size=(100, 100))
    with pytest.raises(ParameterError, match="must end in"):
        image_grid(one, tmp_path / "a.bmp")
    with pytest.raises(MediaNotFound):
        image_grid([tmp_path / "none.png"])
    with pytest.raises(MediaTooLarge):
        image_grid([media / "hostile/png_30000x30000.png"])
    Image.new("RGB", (100, 100)).save(tmp_path / "b.png")
    with pytest.raises(MediaTooLarge):
        image_grid([tmp_path / "b.png"], limits=Limits(pixels=5_000))
    with pytest.raises(MediaError, match="is video"):
        image_grid([media / "odd/phone_rotated90.mov"])


# -- contact sheets -------------------------------------------------------------------------------


@pytest.mark.media
def test_a_contact_sheet_shows_even_frames_in_order(count, tmp_path):
    made = contact_sheet(
        count, tmp_path / "a.png", count=6, columns=3, width=218, gap=2, stamps=False,
        background="#ff0000", progress=quiet,
    )  # fmt: skip
    assert made.shape == (2 * 70 + 3 * 2, 3 * 70 + 4 * 2, 3)
    grey = [made[2 + 20 + 72 * (n // 3), 2 + 35 + 72 * (n % 3)].mean() for n in range(6)]
    assert [round((value - 18.3) / 5) for value in grey] == [3, 10, 16, 23, 30, 36]
    assert tuple(made[0, 0]) == RED
    assert (np.asarray(Image.open(tmp_path / "a.png")) == made).all()
    chosen = contact_sheet(
        count, times=[3, 0], columns=2, width=100, gap=0, stamps=False, progress=quiet
    )
    assert [round((chosen[10, x].mean() - 18.3) / 5) for x in (10, 60)] == [30, 0]


@pytest.mark.media
def test_stamps_tell_the_time_in_their_colour(count):
    marked, bare, blue = (
        contact_sheet(count, times=[1, 2], columns=2, width=400, progress=quiet, **how)
        for how in ({}, {"stamps": False}, {"colour": "blue"})
    )
    changed = np.argwhere((marked != bare).any(axis=2))
    assert changed[:, 0].min() > marked.shape[0] * 0.75
    assert (marked[changed[:, 0], changed[:, 1]].min(axis=1) > 230).sum() > 50
    assert ((blue[..., 2] > 200) & (blue[..., 0] < 60)).sum() > 50
    # 0:01.0 and 0:02.0 differ in one digit.
    half = marked.shape[1] // 2
    ink = [(part.min(axis=2) > 200) for part in (marked[:, :half], marked[:, half:])]
    both = min(part.shape[1] for part in ink)
    assert (ink[0][:, :both] != ink[1][:, -both:]).sum() > 0


@pytest.mark.media
def test_a_contact_sheet_s_arguments_are_checked(count, monkeypatch):
    monkeypatch.setattr(sheet, "frames_at", lambda *_, **__: pytest.fail("it decoded"))
    for value in BAD:
        for name in ("count", "columns", "width", "gap"):
            with pytest.raises(ParameterError, match=name):
                contact_sheet(count, progress=quiet, **{name: value})
    for name in ("background", "colour"):
        with pytest.raises(ParameterError, match=name):
            contact_sheet(count, progress=quiet, **{name: "white',drawtext="})
    with pytest.raises(ParameterError, match="leaves"):
        contact_sheet(count, columns=12, width=100, progress=quiet)


# -- imperfect ------------------------------------------------------------------------------------


def test_each_setting_of_the_filter_acts():
    half = plain((200, 60, 60), 64, 64)
    half[:, 32:] = (60, 60, 200)
    base = imperfect(half).astype(int)
    assert base.shape == half.shape
    assert (imperfect(half) == base).all()
    grey = imperfect(half, colour=0).astype(int)
    assert np.ptp(grey[32, 10]) < np.ptp(base[32, 10]) / 3
    vivid = imperfect(half, colour=2).astype(int)
    assert np.ptp(vivid[32, 10]) > np.ptp(base[32, 10])
    flat, steep = (imperfect(half, contrast=c).astype(int) for c in (0.2, 2))
    assert abs(flat[32, 10] - flat[32, 50]).sum() < abs(base[32, 10] - base[32, 50]).sum()
    assert steep[32, 10].max() >= base[32, 10].max()
    grain = imperfect(half, noise=20, seed=1).astype(int)
    assert 10 < (grain - base)[:, :30].std() < 25
    assert (imperfect(half, noise=20, seed=1) == grain).all()
    assert (imperfect(half, noise=20, seed=2) != grain).any()
    mono = (grain - base)[20:40, 4:24]
    assert np.corrcoef(mono[..., 1].ravel(), mono[..., 2].ravel())[0, 1] > 0.95
    # A fifth of sepia makes grey warm, and red lies a pixel to the right of green.
    assert np.diff(imperfect(plain((100, 100, 100)))[10, 15].astype(int)).max() < 0
    edge = np.abs(np.diff(base[32].astype(int), axis=0))
    assert np.argmax(edge[:, 0]) == np.argmax(edge[:, 2]) + 1


def test_the_filter_s_arguments_are_checked(tmp_path):
    for value in BAD:
        for name in ("colour", "contrast", "noise"):
            with pytest.raises(ParameterError, match=name):
                imperfect(plain(RED), **{name: value})
        if value != 10**9:
            with pytest.raises(ParameterError, match="seed"):
                imperfect(plain(RED), seed=value)
    Image.fromarray(plain(RED)).save(tmp_path / "a.png")
    with pytest.raises(ParameterError, match="is what is read"):
        imperfect(tmp_path / "a.png", tmp_path / "a.png")
    imperfect(tmp_path / "a.png", tmp_path / "b.jpg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.jpg"]
