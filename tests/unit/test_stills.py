"""Pictures fill the frame as asked, undistorted, and keep their colours."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from workbench.errors import MediaError
from workbench.media.backdrop import backdrop
from workbench.media.stills import fitted, load, planes


def disc(width: int, height: int) -> np.ndarray:
    """A white disc of radius 20 in the middle of grey."""
    y, x = np.indices((height, width))
    inside = (x - width / 2 + 0.5) ** 2 + (y - height / 2 + 0.5) ** 2 < 400
    return np.where(inside[..., np.newaxis], 255, 90).astype(np.uint8).repeat(3, axis=2)


def extent(mask: np.ndarray) -> tuple[int, int]:
    """Width and height of the bounding box."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1


@pytest.mark.parametrize("fit", ["cover", "contain"])
@pytest.mark.parametrize("shape", [(160, 90), (90, 160), (120, 120), (333, 77)])
def test_a_disc_stays_round(fit, shape):
    """The old system stretched pictures to the frame."""
    result = fitted(disc(*shape), 180, 320, fit)
    assert result.shape == (320, 180, 3)
    width, height = extent(result[..., 0] > 245)
    # A wide picture that covers a tall frame shows the disc cut at its sides, never squeezed.
    assert width == pytest.approx(min(height, 180), abs=3)


@pytest.mark.parametrize("shape", [(160, 90), (333, 77)])
def test_a_disc_stays_round_in_the_blurred_copy_too(shape):
    result = fitted(disc(*shape), 180, 320, "blur")[..., 0] > 172
    inner = round(180 * shape[1] / shape[0])  # the picture itself stands before the copy's middle
    above = slice(0, (320 - inner) // 2 - 1)
    columns = np.flatnonzero(result[above].any(0))
    radius = 160 - np.flatnonzero(result[above].any(1))[0]
    chord = 2 * np.sqrt(radius**2 - (160 - above.stop) ** 2)
    assert columns[-1] - columns[0] + 1 == pytest.approx(min(chord, 180), abs=3)


def test_cover_scales_both_sides_alike():
    result = fitted(disc(160, 120), 180, 320, "cover")
    width, height = extent(result[..., 0] > 220)
    assert width == pytest.approx(height, abs=3)
    assert height == pytest.approx(40 * 320 / 120, abs=4)


def test_contain_is_black_and_blur_is_not():
    pad, blur = (fitted(disc(160, 90), 180, 320, fit) for fit in ("contain", "blur"))
    assert (pad[:50] == 0).all()
    assert 60 < blur[:50].mean() < 200
    assert np.abs(np.diff(blur[:50].astype(int), axis=1)).max() <= 4, "not blurred"
    middle = slice(130, 190)
    assert (pad[middle] == blur[middle]).all(), "the picture itself differs"


def test_colours_are_bt709():
    """Reference values of ITU-R BT.709 in 8-bit limited range."""
    known = {
        (255, 0, 0): (63, 102, 240),
        (0, 255, 0): (173, 42, 26),
        (0, 0, 255): (32, 240, 118),
        (255, 255, 255): (235, 128, 128),
        (0, 0, 0): (16, 128, 128),
    }
    for rgb, yuv in known.items():
        flat = planes(np.full((4, 4, 3), rgb, np.uint8))
        assert [int(p[0, 0]) for p in flat] == pytest.approx(yuv, abs=1)


def test_transparency_becomes_black_and_photos_stand_upright(tmp_path):
    image = Image.new("RGBA", (40, 20), (255, 0, 0, 0))
    image.putpixel((0, 0), (255, 255, 255, 255))
    image.save(tmp_path / "a.png")
    picture = load(tmp_path / "a.png")
    assert (picture[0, 0] == 255).all()
    assert (picture[5:] == 0).all()
    photo = Image.new("RGB", (40, 20))
    photo.paste((255, 255, 255), (0, 0, 10, 20))
    exif = photo.getexif()
    exif[0x0112] = 6  # turned a quarter clockwise: what was left is now above
    photo.save(tmp_path / "b.jpg", exif=exif, quality=95)
    upright = load(tmp_path / "b.jpg")
    assert upright.shape == (40, 20, 3)
    assert upright[:8].mean() > 240
    assert upright[14:].mean() < 15


def test_damaged_pictures_are_named(tmp_path):
    Image.fromarray(backdrop(1, width=200, height=200)).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match=r"cut\.png: is damaged"):
        load(tmp_path / "cut.png")


def test_backdrops_differ_by_seed_and_only_by_it():
    one, again, other = (backdrop(seed, width=80, height=120) for seed in (1, 1, 2))
    assert (one == again).all()
    assert np.abs(one.astype(int) - other).mean() > 5
