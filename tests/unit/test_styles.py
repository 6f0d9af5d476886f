"""Styles, colours, and how much text suits a frame."""

from __future__ import annotations

import json

import pytest
from PIL import ImageFont

from workbench.captions.fonts import find_font
from workbench.captions.styles import STYLES, Style, limits, rgba, style
from workbench.errors import ParameterError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("#fff", (255, 255, 255, 255)),
        ("#F0a", (255, 0, 170, 255)),
        ("#102030", (16, 32, 48, 255)),
        ("#10203040", (16, 32, 48, 64)),
        ("red", (255, 0, 0, 255)),
        ("RebeccaPurple", (102, 51, 153, 255)),
    ],
)
def test_colours(text, value):
    """The old check skipped the first letter: "red" and "face" became 0xRED and 0xFACE."""
    assert rgba(text) == value


HOSTILE = [
    *("", " ", "#", "#f", "#ff", "#ffff", "#fffff", "#fffffff", "#fffffffff", "f00", "face"),
    *("#ggg", "#12345g", "red ", " red", "red\n", "#fff\n", "reds", "0xff0000", "&H0000FF&"),
    *("rgb(1,2,3)", "rgb(255,0,0)", "hsl(0,100%,50%)", "red,movie=x", "red;", "red'", 'red"'),
    *("{\\c}", "\\N", "white}{\\p1", "#fff,Arial", "#fff\nDialogue: 0", "#\uff11" * 3),
    *("#\u0661\u0662\u0663", "rot", "#fff;", "\u202e#fff"),
    *("green:0.1:0.1,drawtext=textfile=/etc/passwd", "None", "transparent", "currentcolor", "\x00"),
    *("#fff\x00", "red" * 1000, "#" + "f" * 1000, "-1", "1", "true", "#-12", "#+12", "#1 2", "%s"),
]  # fmt: skip


@pytest.mark.parametrize("value", [*HOSTILE, None, 3, (255, 0, 0), b"red", True])
def test_hostile_colours_are_refused_by_name(value):
    """Colour text was pasted into the style, and once into a filter graph."""
    for field in ("colour", "active", "outline"):
        with pytest.raises(ParameterError, match=field):
            Style(**{field: value})


def test_there_are_fifty_hostile_colours():
    assert len(HOSTILE) >= 50


def test_a_wrong_colour_is_answered_with_the_nearest():
    with pytest.raises(ParameterError, match=r"colour: is no colour: 'rde'.*'red'"):
        Style(colour="rde")


@pytest.mark.parametrize(
    "change",
    [
        *({"size": 0}, {"size": 51}, {"size": float("inf")}, {"size": "4"}, {"outline_width": -1}),
        *({"shadow": 21}, {"bold": 1}, {"italic": "yes"}, {"position": "left"}, {"margin": 41}),
        *({"letters": -1}, {"lines": 11}, {"highlight": None}, {"font": ""}, {"font": "a\nb"}),
        *({"font": "\x00"}, {"font": " "}, {"font": None}),
    ],
)
def test_values_out_of_range_are_refused_by_name(change):
    with pytest.raises(ParameterError, match=next(iter(change))):
        Style(**change)


def test_a_style_is_changed_by_name():
    bold = STYLES["karaoke-bold"]
    changed = bold.but(size=7, active="lime", position="top")
    assert (changed.size, changed.active, changed.position) == (7.0, "lime", "top")
    assert changed.highlight == "colour"
    assert changed.bold
    assert bold.size != 7
    with pytest.raises(ParameterError, match=r"postion.*did you mean 'position'"):
        bold.but(postion="top")
    with pytest.raises(ParameterError, match=r"color.*did you mean 'colour'"):
        bold.but(color="red")


def test_styles_are_found_by_name():
    assert style("plain") is STYLES["plain"]
    assert style(STYLES["karaoke"]) is STYLES["karaoke"]
    assert {"plain", "karaoke", "karaoke-bold"} <= set(STYLES)
    assert all(name == known.name for name, known in STYLES.items())
    with pytest.raises(ParameterError, match=r"'karaoke_bold'.*did you mean 'karaoke-bold'"):
        style("karaoke_bold")
    with pytest.raises(ParameterError, match="the styles are plain, boxed"):
        style("zzz")
    with pytest.raises(TypeError):
        STYLES["mine"] = Style()


def test_a_style_is_plain_values():
    for known in STYLES.values():
        assert Style.build(json.loads(json.dumps(known.to_dict()))) == known


def test_every_option_says_what_it_is():
    for spec in Style.describe():
        assert spec.help
        if spec.kind in (int, float):
            assert spec.minimum is not None
            assert spec.maximum is not None


def test_limits_follow_the_frame():
    plain = STYLES["plain"]
    assert limits(plain, 1920, 1080) == limits(plain, 1280, 720) == (42, 2)
    assert limits(plain, 1080, 1080) == (42, 2)
    assert 18 <= limits(plain, 1080, 1920)[0] <= 20
    assert limits(plain, 1920, 1080, wide=True) == (16, 2)
    assert limits(plain.but(letters=30, lines=1), 1080, 1920) == (30, 1)
    assert limits(plain.but(size=10), 1080, 1920)[0] < 12
    assert limits(plain.but(size=50, margin=40), 100, 2000) == (1, 2)


TEXTS = (
    "Welcome back to the channel, friends, today we tune a voice by ear",
    "Bienvenidos de nuevo al canal: hoy afinamos una voz de oído y con números",
    "Willkommen zurück auf dem Kanal, heute stimmen wir eine Stimme nach Gehör",
)


@pytest.mark.parametrize("known", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("frame", [(1920, 1080), (1080, 1920), (1080, 1080), (640, 360)])
def test_lines_of_that_length_mostly_fit_at_full_size(known, frame):
    """Otherwise nearly every cue would be drawn at a size of its own."""
    letters, _ = limits(known, *frame)
    font = find_font(known.font, bold=known.bold)
    face = ImageFont.truetype(str(font.path), 200)
    line = 200 * 2384 / 2048
    room = frame[0] * (1 - 2 * known.margin / 100)
    border = 2 * frame[1] * known.size / 100 * (known.outline_width + known.shadow) / 100
    fitting = total = 0
    for text in TEXTS:
        drawn = text.upper() if known.uppercase else text
        for start in range(len(drawn) - letters):
            width = face.getlength(drawn[start : start + letters].strip())
            total += 1
            fitting += width * frame[1] * known.size / 100 / line + border + 2 <= room
    assert fitting / total > 0.75


def test_a_colour_that_pillow_has_looked_up_is_still_a_colour():
    """Pillow then holds it as numbers: after a black picture, black was refused."""
    from PIL import ImageColor

    ImageColor.getrgb("black")
    assert rgba("black") == (0, 0, 0, 255)
    ImageColor.getrgb("rebeccapurple")
    assert rgba("RebeccaPurple") == (102, 51, 153, 255)
