"""Pictures fill the frame as asked, undistorted, and keep their colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from workbench.errors import MediaError, ParameterError
from workbench.media.backdrop import backdrop
from workbench.media.graph import FITS, Canvas
from workbench.media.stills import canvas_planes, fitted, load, opaque, planes


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


def grid(width: int, height: int) -> np.ndarray:
    """A picture that says where each of its pixels is: red rises to the right, green down."""
    x = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    y = np.broadcast_to(np.linspace(0, 255, height)[:, np.newaxis], (height, width))
    return np.rint(np.stack([x, y, np.full_like(x, 77)], axis=2)).astype(np.uint8)


@pytest.mark.parametrize("frame", [(180, 320), (320, 180), (64, 64), (16, 16)])
@pytest.mark.parametrize("shape", [(1000, 10), (10, 1000), (640, 480), (500, 503), (47, 31)])
def test_both_sides_are_scaled_alike_and_the_middle_stays_there(shape, frame):
    """Up to 1:100, where a cut at whole pixels alone would squeeze what is left."""
    scale = max(frame[0] / shape[0], frame[1] / shape[1])
    result = fitted(grid(*shape), *frame, "cover").astype(float)
    for axis, channel in ((1, 0), (0, 1)):
        side, seen = shape[1 - axis], frame[1 - axis]
        line = result[..., channel].mean(axis=1 - axis)
        place = (np.arange(seen) + 0.5 - seen / 2) / scale + side / 2 - 0.5
        wanted = np.clip(place / (side - 1), 0, 1) * 255
        inner = slice(2, -2)
        slack = 3 + 255 / (side - 1) / scale  # a pixel of the frame
        assert np.abs(line - wanted)[inner].max() <= slack
        assert np.ptp(line[inner]) == pytest.approx(np.ptp(wanted[inner]), abs=3)
    assert (result[..., 2] == 77).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 2), (3, 1), (1, 100), (100, 1), (1, 20_000), (20_000, 1), (2, 2)]
)
def test_pictures_of_any_size_fit(shape, fit):
    picture = np.full((shape[1], shape[0], 3), (200, 100, 50), np.uint8)
    for frame in ((180, 320), (16, 16), (1242, 2)):
        result = fitted(picture, *frame, fit)
        assert result.shape == (frame[1], frame[0], 3)
        assert (result[(frame[1] - 1) // 2, (frame[0] - 1) // 2] == (200, 100, 50)).all()
        if fit != "contain":
            assert (result == (200, 100, 50)).all()


def test_a_picture_that_fits_is_left_as_it_is():
    picture = backdrop(2, width=90, height=160)
    for fit in FITS:
        assert (fitted(picture, 90, 160, fit) == picture).all()
    turned = fitted(picture[::-1, ::-1], 90, 160, "cover")  # a view that runs backwards
    assert (turned == picture[::-1, ::-1]).all()


def test_contain_shows_all_of_the_picture_on_its_colour():
    picture = np.full((40, 80, 3), 200, np.uint8)
    result = fitted(picture, 160, 200, "contain", background="#123456")
    assert (result[60:140] == 200).all()
    assert (result[:60] == (0x12, 0x34, 0x56)).all()
    assert (result[140:] == (0x12, 0x34, 0x56)).all()
    canvas = Canvas(width=160, height=200)
    y, u, v = canvas_planes(picture, canvas, "contain", background="navy")
    assert (int(y[0, 0]), int(u[0, 0]), int(v[0, 0])) == pytest.approx((24, 184, 124), abs=1)


@pytest.mark.parametrize(
    ("fit", "background", "message"),
    [
        ("covr", None, r"fit: .*did you mean 'cover'"),
        (None, None, r"fit: None is not one of"),
        ("cover", "navy", r"background: is for fit='contain', and this is 'cover'"),
        ("blur", "navy", r"background: is for fit='contain'"),
        ("contain", "navyy", r"background: is no colour: 'navyy'; did you mean 'navy'"),
        ("contain", "#11223380", r"background: has nothing behind it"),
    ],
)
def test_fits_and_backgrounds_are_checked(fit, background, message):
    with pytest.raises(ParameterError, match=message):
        fitted(disc(20, 20), 32, 32, fit, background=background)


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


def test_every_colour_is_what_the_formula_says():
    picture = np.random.default_rng(5).integers(0, 256, (400, 300, 3)).astype(np.uint8)
    red, green, blue = np.moveaxis(picture / 255, 2, 0)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    y, u, v = planes(picture)
    assert np.abs(y - (16 + 219 * luma)).max() <= 0.51
    for plane, off in ((u, (blue - luma) / 1.8556), (v, (red - luma) / 1.5748)):
        exact = 128 + 224 * off.reshape(200, 2, 150, 2).mean(axis=(1, 3))
        assert np.abs(plane - exact).max() <= 1
        assert abs((plane - exact).mean()) < 0.02
    assert (y.shape, u.shape, v.shape) == ((400, 300), (200, 150), (200, 150))
    assert 16 <= y.min() <= y.max() <= 235


def test_colours_that_nothing_shines_through():
    assert opaque("#fff") == opaque("#ffffffff") == (255, 255, 255)
    with pytest.raises(ParameterError, match="colour: has nothing behind it"):
        opaque("#ffffff00")


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


def corners(picture: np.ndarray) -> list[int]:
    """Which quarter has which brightness, in order of reading."""
    rows, columns = (side // 2 for side in picture.shape[:2])
    return [
        round(float(picture[y : y + rows, x : x + columns].mean()))
        for y in (0, rows)
        for x in (0, columns)
    ]


@pytest.mark.parametrize("turn", range(1, 9))
def test_photos_stand_upright_whichever_way_they_were_held(tmp_path, turn):
    """The old system ignored rotation in width and height."""
    upright = np.repeat([[0, 80], [160, 240]], 8, axis=0).repeat(16, axis=1).astype(np.uint8)
    stored = {
        1: lambda p: p,
        2: np.fliplr,
        3: lambda p: np.rot90(p, 2),
        4: np.flipud,
        5: lambda p: p.T,
        6: lambda p: np.rot90(p, 1),
        7: lambda p: np.rot90(p, 2).T,
        8: lambda p: np.rot90(p, -1),
    }[turn](upright)
    image = Image.fromarray(np.ascontiguousarray(stored))
    exif = image.getexif()
    exif[0x0112] = turn
    image.save(tmp_path / "a.png", exif=exif)
    picture = load(tmp_path / "a.png")
    assert picture.shape == (16, 32, 3)
    assert corners(picture) == [0, 80, 160, 240]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "I;16", "LA", "PA", "RGBX"])
def test_pictures_of_every_mode_look_the_same(tmp_path, mode):
    """Pillow cuts 16 bits off at 255: white all over."""
    grey = np.repeat([[0, 80], [160, 240]], 8, axis=0).repeat(16, axis=1).astype(np.uint8)
    if mode == "I;16":
        image, name = Image.fromarray(grey.astype(np.uint16) * 257), "a.png"
    elif mode == "1":
        image, name = Image.fromarray(grey).convert("1", dither=Image.Dither.NONE), "a.png"
    else:
        lossless = mode in {"L", "LA", "P", "PA"}
        image, name = Image.fromarray(grey).convert("RGB"), "a.png" if lossless else "a.tiff"
        image = image.convert(mode) if mode != "PA" else image.convert("P").convert("PA")
        name = "a.tiff" if mode == "PA" else name
    if mode in {"PA", "RGBX"}:  # which no writer here keeps
        image, name = image.convert("RGBA"), "a.webp"
        image.save(tmp_path / name, lossless=True)
    else:
        image.save(tmp_path / name)
    picture = load(tmp_path / name)
    assert picture.dtype == np.uint8
    assert picture.shape == (16, 32, 3)
    wanted = [0, 0, 255, 255] if mode == "1" else [0, 80, 160, 240]
    assert corners(picture) == pytest.approx(wanted, abs=2)


def test_sixteen_bits_of_colour_become_eight(tmp_path):
    deep = np.zeros((4, 4, 3), np.uint16)
    deep[:] = (65535, 32896, 257)
    cv2.imwrite(str(tmp_path / "a.png"), deep[..., ::-1])
    assert (load(tmp_path / "a.png") == (255, 128, 1)).all()


def test_brightness_of_no_known_range_is_refused(tmp_path):
    Image.fromarray(np.full((8, 8), 0.5, np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(MediaError, match=r"a\.tiff: has more than 16 bits"):
        load(tmp_path / "a.tiff")
    Image.fromarray(np.full((8, 8), 70_000, np.int32)).save(tmp_path / "b.tiff")
    with pytest.raises(MediaError, match=r"b\.tiff: has more than 16 bits"):
        load(tmp_path / "b.tiff")


def test_a_background_is_seen_through_what_is_transparent(tmp_path):
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 0))
    image.paste((255, 255, 255, 128), (0, 0, 10, 10))
    image.save(tmp_path / "a.png")
    picture = load(tmp_path / "a.png", background="#0000ff")
    assert (picture[:, 10:] == (0, 0, 255)).all()
    assert picture[5, 5] == pytest.approx((128, 128, 255), abs=1)
    indexed = image.convert("RGB").quantize(4)
    indexed.save(tmp_path / "b.png", transparency=indexed.getpixel((15, 5)))
    assert (load(tmp_path / "b.png", background="lime")[:, 12:] == (0, 255, 0)).all()
    with pytest.raises(ParameterError, match="background: is no colour"):
        load(tmp_path / "a.png", background="nothing")
