"""Colours and gradients are what CSS says they are, smooth in eight bits, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ParameterError
from workbench.media.colours import Colour, Gradient, colour, gradient, parse_background
from workbench.media.stills import planes


def test_a_colour_is_that_colour_everywhere():
    """The old system cut the first letter off: `red` became `0xRED`, and `#f00` failed."""
    for name, rgb in {
        "red": (255, 0, 0),
        "#f00": (255, 0, 0),
        "face": None,
        "#0b5": (0, 187, 85),
    }.items():
        if rgb is None:
            with pytest.raises(ParameterError, match="no colour"):
                Colour(name)
            continue
        picture = colour(name, 6, 4)
        assert picture.shape == (4, 6, 3)
        assert (picture == rgb).all()


@pytest.mark.parametrize(
    ("angle", "first", "last"),
    [
        (0, (-1, 30), (0, 30)),
        (90, (20, 0), (20, -1)),
        (180, (0, 30), (-1, 30)),
        (270, (20, -1), (20, 0)),
        (-90, (20, -1), (20, 0)),
        (45, (-1, 0), (0, -1)),
        (135, (0, 0), (-1, -1)),
    ],
)
def test_an_angle_is_that_of_css(angle, first, last):
    picture = gradient(("#202020", "#e0e0e0"), 60, 40, angle=angle)[..., 0].astype(int)
    # Half a pixel's step lies between the middle of the first pixel and the corner itself.
    assert picture[first] == pytest.approx(0x20, abs=4)
    assert picture[last] == pytest.approx(0xE0, abs=4)
    assert picture.mean() == pytest.approx(0x80, abs=1)


def test_the_other_two_corners_of_a_slanted_one_are_as_css_has_them():
    """In a frame of 60 x 40 at 45 degrees: 40 of the 100 px along the line, and 60."""
    picture = gradient(("black", "white"), 60, 40, angle=45)[..., 0].astype(int)
    assert picture[0, 0] == pytest.approx(0.4 * 255, abs=4)
    assert picture[-1, -1] == pytest.approx(0.6 * 255, abs=4)


def test_every_colour_has_its_place():
    picture = gradient(("red", "lime", "blue"), 301, 4, angle=90)
    assert (np.abs(picture[:, 150].astype(int) - (0, 255, 0)) <= 3).all()
    assert picture[:, 75] == pytest.approx(np.full((4, 3), (127, 127, 0)), abs=3)
    assert picture[:, 226] == pytest.approx(np.full((4, 3), (0, 127, 127)), abs=3)


def test_slow_changes_do_not_band():
    """Eight levels over 1024 columns: rounded, they are eight bars; these rise column by column."""
    picture = gradient(("#202020", "#282828"), 1024, 512, angle=90)
    ideal = 0x20 + 8 * (np.arange(1024) + 0.5) / 1024
    error = picture[..., 1].mean(axis=0) - ideal
    assert np.sqrt((error**2).mean()) < 0.08
    # Luma has fewer levels than RGB, so that a mean may be off; but nowhere does it jump.
    luma = planes(picture)[0].reshape(512, 64, 16).mean(axis=(0, 2))
    assert np.abs(np.diff(luma)).max() < 0.3
    assert np.abs(luma - ideal.reshape(64, 16).mean(axis=1) * 219 / 255 - 16).max() < 0.5
    assert (picture[..., 0] == picture[..., 2]).all(), "the grain has a colour"
    assert np.abs(picture[..., 0] - np.rint(ideal)).max() <= 1


def test_the_grain_is_the_same_every_time():
    one, two = (gradient(("navy", "teal"), 64, 48, angle=30) for _ in range(2))
    assert (one == two).all()
    assert not one[..., 0].any(), "grain where there is nothing to smooth"


@given(
    st.lists(st.sampled_from(["navy", "#123", "#A1b2C3", "Teal"]), min_size=2, max_size=16),
    st.floats(-360, 360).map(lambda a: float(f"{a:g}")).filter(lambda a: "e" not in f"{a:g}"),
)
def test_text_and_values_are_the_same_thing(colours, angle):
    made = Gradient(tuple(colours), angle)
    assert parse_background(str(made)) == made
    assert Gradient.from_dict(made.to_dict()) == made
    plain = Colour(colours[0])
    assert parse_background(str(plain)) == Colour.from_dict(plain.to_dict()) == plain
    assert parse_background(colours[0]) == plain


def test_defaults_and_spellings():
    assert parse_background("gradient:navy,teal").angle == 180
    assert parse_background("color:navy") == parse_background("colour:navy")
    assert Gradient(["navy", "teal"]) == Gradient(("navy", "teal"))
    assert len({Colour("navy"), Colour("navy"), Gradient(("navy", "teal"))}) == 2


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "colour:",
        "gradient:navy",
        "gradient:navy,teal@",
        "gradient:navy,teal@nan",
        "gradient:navy,teal@1e3",
        "gradient:navy,teal@361",
        "gradient:navy,,teal",
        "gradient:navy,teal;movie=/etc/passwd",
        "colour:navy@45",
        "navy,teal",
        "navy\n",
        "color=red:s=100x100",
        "colour:#12345678",
        "colour:#11223380",
        "colour:0xff0000",
        "gradient:" + ",".join(["navy"] * 17),
        "gradient:" + "navy," * 10_000 + "teal",
        "ｎavy",
        "navy\0",
        "../navy.png",
        None,
        3,
        b"navy",
    ],
)
def test_anything_else_is_refused(spec):
    with pytest.raises(ParameterError):
        parse_background(spec)


@pytest.mark.parametrize("size", [0, -1, 8193, 1.5, float("nan"), True, "10", None])
def test_sizes_are_whole_pixels(size):
    with pytest.raises(ParameterError, match="width"):
        Colour("navy").picture(size, 10)
    with pytest.raises(ParameterError, match="height"):
        Gradient(("navy", "teal")).picture(10, size)


@pytest.mark.parametrize("angle", [float("nan"), float("inf"), 361, "45", True, None])
def test_angles_are_degrees(angle):
    with pytest.raises(ParameterError, match="angle"):
        Gradient(("navy", "teal"), angle)


@pytest.mark.parametrize(
    "colours", ["navy,teal", ("navy",), (), None, ("navy", "#12345678"), ("navy", 3)]
)
def test_gradients_are_of_colours(colours):
    with pytest.raises(ParameterError, match=r"gradient|colour"):
        Gradient(colours)


def test_the_smallest_pictures():
    assert gradient(("navy", "teal"), 1, 1).shape == (1, 1, 3)
    assert gradient(("navy", "teal"), 1, 9, angle=90).shape == (9, 1, 3)
