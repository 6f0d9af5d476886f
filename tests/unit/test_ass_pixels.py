"""Captions as libass draws them, judged by pixels and not by what the file says."""

from __future__ import annotations

import itertools
import json
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from libass import (
    GREY,
    Setter,
    around,
    cue_of,
    draw,
    extent,
    far,
    ink,
    one_word_cues,
    rewritten,
)

from workbench.captions import pen
from workbench.captions.ass import prepare
from workbench.captions.cues import Cue, Cues
from workbench.captions.fonts import covering, find_font
from workbench.captions.styles import Style
from workbench.timing import Word

pytestmark = pytest.mark.media

# --- escaping -----------------------------------------------------------------------------------

BITS = [
    *("{x}", "{", "}", "\\", "\\\\", "\\N", "\\n", "\\h", "{\\p1}m 0 0 l 9 9", "{\\an8}", "{}"),
    *("{\\fs99}", "\\{", "\\}", "{\\", "C:\\New\\name", "{\\k20}", "\\t(", "{=1}", "{*}", ",,,"),
    *("Dialogue: 0,0:00:00.00,9:00:00.00,Default,,0,0,0,,X", "[Events]", "<i>", "&amp;", "%s"),
    *("a", "word", "más", "größe", "3.5", "¿qué?", "«»", "…", "  ", "\u00a0", "\t", "\n", "\r\n"),
    *("\u2028", "\u202e", "\x07", "\x85", "\ufeff", "{\\pos(0,0)}", "\\u2060", "{{}}", "}{", ";"),
]
FRAME = (1100, 130)
SIZE = 26


def generated(number):
    dice = random.Random(20)  # noqa: S311 - the same texts in every run
    texts = []
    while len(texts) < number:
        text = "".join(dice.choice(BITS) for _ in range(dice.randint(1, 7)))
        if len(text) <= 80 and len(seen(text)) <= 4:
            texts.append(text)
    return texts


def seen(text):
    """Return the lines a viewer should see, written down apart from the code under test."""
    for mark in ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"):
        text = text.replace(mark, "\n")
    for gone in ("\u202e", "\x07", "\ufeff", "\u2060"):
        text = text.replace(gone, "")
    text = text.replace("\t", " ")
    lines = [line.strip() for line in text.split("\n")]
    return [line for line in lines if line]


def wrong(frames, texts):
    """Return the texts whose ink is not as wide and as high as their letters."""
    setter = Setter(SIZE, FRAME, "DejaVu Sans Mono")
    advance = setter.width("M")
    found = []
    for text, frame in zip(texts, frames, strict=True):
        lines = seen(text)
        letters = [
            setter.box(letter, left + i * advance, baseline)
            for line, (left, baseline) in zip(lines, setter.places(lines), strict=True)
            for i, letter in enumerate(line)
            if letter not in " \xa0"
        ]
        if far(ink(frame), around(letters)) > advance / 5:
            found.append(text)
    return found


def test_hostile_captions_are_drawn_letter_by_letter(media, tmp_path, monkeypatch):
    """The old writer put text into the file as it was: 507 of 600 such captions came out wrong.

    Its own way of writing is rendered beside ours, so that the measure is seen to bite.
    """
    monkeypatch.setattr(pen, "covering", lambda *_, **__: None)  # whatever fonts are installed
    texts = json.loads(
        (media / "hostile" / "captions.json").read_text(encoding="utf-8")
    ) + generated(600)
    style = Style(
        font="DejaVu Sans Mono", size=100 * SIZE / FRAME[1], outline_width=0, margin=0,
        position="center",
    )  # fmt: skip
    ours = prepare(one_word_cues(texts), style, *FRAME)
    events = [row for row in ours.ass.splitlines() if row.startswith("Dialogue:")]
    assert len(events) == len(texts)
    assert wrong(draw(tmp_path, ours, FRAME, len(texts)), texts) == []

    rows = ours.ass.split("\n")
    first = rows.index(next(row for row in rows if row.startswith("Dialogue:")))
    for i, text in enumerate(texts, start=first):
        rows[i] = ",".join([*rows[i].split(",")[:9], text])
    theirs = rewritten(ours, "\n".join(rows))
    frames = draw(tmp_path, theirs, FRAME, len(texts), strict=False)
    assert len(wrong(frames, texts)) > len(texts) / 2


def test_the_word_joiner_draws_nothing(tmp_path):
    """It stands after every backslash; DejaVu Sans has a glyph for it, the others do not."""
    texts = ["MM", "M\u2060M", "\\M", "\\\u2060M"]
    for font in ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono"):
        style = Style(font=font, size=30, outline_width=0, position="center")
        frames = draw(tmp_path, prepare(one_word_cues(texts), style, 300, 100), (300, 100), 4)
        boxes = [ink(frame) for frame in frames]
        assert boxes[0] == boxes[1]
        assert boxes[2] == boxes[3]
        assert boxes[0] != boxes[2]


def test_cues_after_ten_hours_are_drawn(tmp_path):
    """Pysubs2 writes no later time than 9:59:59.99, and an audiobook is longer."""
    eleven = 11 * 3600.0
    cues = Cues(cues=(cue_of("late", start=eleven), cue_of("later", start=eleven + 0.5)))
    prepared = prepare(cues, Style(position="center", size=30, outline_width=0), 300, 100)
    frames = draw(tmp_path, prepared, (300, 100), 2, rate=2, start=eleven)
    setter = Setter(30, (300, 100))
    for frame, text in zip(frames, ("late", "later"), strict=True):
        (left, baseline), *_ = setter.places([text])
        assert far(ink(frame), setter.box(text, left, baseline)) < 2


# --- karaoke ------------------------------------------------------------------------------------


def lit(frame):
    """Return the box of what is red and not white."""
    red, green = frame[..., 0].astype(int), frame[..., 1].astype(int)
    return extent(red - green > 128)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "lines",
    [
        ("AVATAR To Tomorrow", "office, fi ffi!"),
        ("Ταύτα τα λόγια", "είναι δικά μου."),
        ("Привет, мой мир", "Ещё раз!"),
        ("one",),
    ],
)
def test_the_word_being_said_is_lit_and_nothing_moves(tmp_path, lines, bold):
    """White and red are equally red, so any two states may differ in green and blue only."""
    frame, size = (640, 200), 40
    cue = cue_of(*lines, step=0.5)
    style = Style(
        size=100 * size / frame[1], outline_width=0, position="center", highlight="colour",
        active="#ff0000", bold=bold,
    )  # fmt: skip
    prepared = prepare(Cues(cues=(cue,)), style, *frame)
    number = len(cue.words)
    # A frame in the middle of each word.
    frames = draw(tmp_path, prepared, frame, number, rate=2, start=0.25, pixels="rgb24")
    setter = Setter(size, frame, bold=bold)
    texts = [line.split() for line in lines]
    expected = []
    for line, (left, baseline) in zip(texts, setter.places(list(lines)), strict=True):
        place = left
        for text in line:
            expected.append(setter.box(text, place, baseline))
            place += setter.width(text + " ")
    assert len(frames) == number
    for drawn, box in zip(frames, expected, strict=True):
        assert far(lit(drawn), box) < 2.5
        moved = np.abs(drawn[..., 0].astype(int) - frames[0][..., 0].astype(int))
        assert moved.max() <= 6


def test_a_long_word_in_pieces_stays_in_its_place(tmp_path):
    """Libass kerns nothing across a change of colour, so every state must change it alike."""
    pieces = ["AV", "AT", "AV", "AWA"]
    words = tuple(
        Word(text=text, start=i / 2, end=(i + 1) / 2, space=False) for i, text in enumerate(pieces)
    )
    cue = Cue(start=0, end=2, lines=(words,))
    style = Style(size=30, outline_width=0, position="center", highlight="colour", active="#ff0000")
    prepared = prepare(Cues(cues=(cue,)), style, 400, 120)
    frames = draw(tmp_path, prepared, (400, 120), 4, rate=2, start=0.25, pixels="rgb24")
    lefts = [lit(frame)[0] for frame in frames]
    assert lefts == sorted(lefts)
    assert len(set(lefts)) == 4
    for frame in frames:
        assert np.abs(frame[..., 0].astype(int) - frames[0][..., 0].astype(int)).max() <= 6


def test_right_to_left_text_is_lit_from_the_right(tmp_path):
    """Without libass's whole-line layout each coloured word would be a line of its own."""
    style = Style(size=30, outline_width=0, position="center", highlight="colour", active="#ff0000")
    cue = cue_of("שלום עולם יפה", "abc הכל טוב!")
    prepared = prepare(Cues(cues=(cue,), language="he"), style, 500, 120)
    frames = draw(tmp_path, prepared, (500, 120), 6, rate=2, start=0.25, pixels="rgb24")
    boxes = [lit(frame) for frame in frames]
    for line in (boxes[:3], boxes[3:]):
        assert line[0][0] >= line[1][2]
        assert line[1][0] >= line[2][2]
    for frame in frames:
        assert np.abs(frame[..., 0].astype(int) - frames[0][..., 0].astype(int)).max() <= 6


def test_no_word_is_lit_in_silence(tmp_path):
    words = (
        Word(text="one", start=0.5, end=1.0),
        Word(text="two", start=2.0, end=2.5),
        Word(text="three", start=2.6, end=3.0),
    )
    cue = Cue(start=0, end=4, lines=(words,))
    style = Style(size=30, outline_width=0, position="center", highlight="colour", active="#ff0000")
    prepared = prepare(Cues(cues=(cue,)), style, 400, 100)
    frames = draw(tmp_path, prepared, (400, 100), 40, pixels="rgb24")
    states = [box and box[0] for box in map(lit, frames)]
    assert all(ink(frame) for frame in frames)
    runs = [(place, len(list(run))) for place, run in itertools.groupby(states)]
    places = [place for place, _ in runs]
    assert [length for _, length in runs] == [5, 5, 10, 6, 4, 10]
    assert [place is None for place in places] == [True, False, True, False, False, True]
    assert places[1] < places[3] < places[4]


# --- the safe area ------------------------------------------------------------------------------

SCRIPTS = {
    "latin": "palabra ñandú WWW größe straße información mañana y fi Ångström ÀÉÎ żółć jgpq",
    "greek": "λόγος και ψυχή Ωμέγα Ξένος ήταν ένα μικρό καράβι",
    "cyrillic": "широкая Щука жжёт мой дом Федя съёмка и объявление",
    "hebrew": "שלום עולם זה משפט ארוך מאוד בעברית עם מילים",
    "arabic": "مرحبا بالعالم هذه جملة طويلة جدا باللغة العربية كلمات",
}


# A file that is neither bold nor slanted, so that libass imitates both.
MONO = str(find_font("DejaVu Sans Mono").path)


def wide_cues(number):
    dice = random.Random(7)  # noqa: S311
    cues = []
    for i, words in zip(range(number), itertools.cycle(SCRIPTS.values())):
        lines = [
            " ".join(dice.choice(words.split()) for _ in range(dice.randint(1, 7)))
            for _ in range(dice.randint(1, 4))
        ]
        cue = cue_of(*lines, step=0.1 / sum(len(line.split()) for line in lines))
        cues.append(replace(cue.shift(i / 10), end=(i + 1) / 10))
    return Cues(cues=tuple(cues))


@pytest.mark.parametrize(
    ("style", "frame"),
    [
        (Style(size=9, outline_width=10, shadow=6, margin=6), (270, 480)),
        (
            Style(size=9, bold=True, italic=True, font=MONO, highlight="colour", uppercase=True),
            (360, 360),
        ),
        (Style(size=16, outline_width=4, italic=True, position="top", margin=10), (480, 270)),
    ],
)
def test_ink_stays_inside_the_safe_area(tmp_path, style, frame):
    """Two hundred texts in five scripts; without the fitting most run off, as they used to."""
    cues = wide_cues(200)
    prepared = prepare(cues, style, *frame)
    left, top = (side * style.margin / 100 for side in frame)
    safe = (left - 0.5, top - 0.5, frame[0] - left + 0.5, frame[1] - top + 0.5)

    def outside(prepared):
        boxes = [ink(f, GREY, 12) for f in draw(tmp_path, prepared, frame, 200, grey=GREY)]
        assert all(boxes)
        return [
            (i, box)
            for i, box in enumerate(boxes)
            if box[0] < safe[0] or box[1] < safe[1] or box[2] > safe[2] or box[3] > safe[3]
        ]

    assert outside(prepared) == []
    unfitted = re.sub(r"\{\\fs[^}]*\}", "", prepared.ass)
    assert len(outside(rewritten(prepared, unfitted))) > 60


def test_chinese_is_drawn_in_a_font_that_has_it(tmp_path):
    if covering("你好世界") is None:
        pytest.skip("no font with Chinese letters is installed")
    cues = one_word_cues(["你好世界" * 8, "Kanji: 你好世界" * 3])
    style = Style(size=10, margin=5, outline_width=0)
    prepared = prepare(cues, style, 270, 480)
    assert len(prepared.fonts) == 2
    for frame in draw(tmp_path, prepared, (270, 480), 2):
        left, _, right, _ = ink(frame)
        assert left >= 13
        assert right <= 257
        assert right - left > 235  # it fills the line: boxes of another font would not fit so


# --- style --------------------------------------------------------------------------------------

PLAIN = Style(size=20, outline_width=0, position="center", margin=5)
CANVAS = (400, 200)


def styled(folder, text="Hill", grey=GREY, **changes):
    prepared = prepare(one_word_cues([text]), PLAIN.but(**changes), *CANVAS)
    return draw(folder, prepared, CANVAS, 1, grey=grey, pixels="rgb24")[0]


def test_size_is_the_height_of_a_line(tmp_path):
    """The old builder's force_style overrode it: 120 pixels became 18."""
    for size in (10, 20, 40):
        box = ink(styled(tmp_path, "HH", size=size), GREY)
        assert box[3] - box[1] == pytest.approx(2 * size * 1493 / 2384, abs=1.2)


def test_colours_are_those_asked_for(tmp_path):
    frame = styled(tmp_path, "MMM", colour="#20c040", outline="#e01080", outline_width=15)
    for colour in ((0x20, 0xC0, 0x40), (0xE0, 0x10, 0x80)):
        near = (np.abs(frame.astype(int) - colour) <= 4).all(axis=2)
        assert near.sum() > 100
    half = styled(tmp_path, "MMM", colour="#ffffff80", grey=0)
    assert half.max() == pytest.approx(128, abs=4)


def test_outline_widens_the_ink_on_every_side(tmp_path):
    thin, thick = (ink(styled(tmp_path, outline_width=w), GREY) for w in (0, 10))
    grown = [b - a for a, b in zip(thin, thick, strict=True)]
    assert grown == pytest.approx([-4, -4, 4, 4], abs=1)


def test_shadow_falls_to_the_right_and_below(tmp_path):
    none, some = (ink(styled(tmp_path, shadow=s), GREY) for s in (0, 10))
    grown = [b - a for a, b in zip(none, some, strict=True)]
    assert grown == pytest.approx([0, 0, 4, 4], abs=1)


@pytest.mark.parametrize(
    ("changes", "face"),
    [
        ({}, {}),
        ({"bold": True}, {"bold": True}),
        ({"italic": True}, {"italic": True}),
        ({"bold": True, "italic": True}, {"bold": True, "italic": True}),
        ({"font": "DejaVu Serif"}, {"name": "DejaVu Serif"}),
        ({"font": str(find_font("DejaVu Sans Mono").path)}, {"name": "DejaVu Sans Mono"}),
    ],
)
def test_the_face_is_the_one_asked_for(tmp_path, changes, face):
    setter = Setter(40, CANVAS, **face)
    (place,) = setter.places(["Willful"])
    box = ink(styled(tmp_path, "Willful", grey=0, **changes))
    assert far(box, setter.box("Willful", *place)) < 2


def test_the_faces_differ():
    """Or the test above would prove nothing."""
    boxes = {
        tuple(Setter(40, CANVAS, name, bold=bold, italic=italic).box("Willful"))
        for name in ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")
        for bold in (False, True)
        for italic in (False, True)
    }
    assert len(boxes) == 12


def test_a_font_without_a_bold_face_is_thickened(tmp_path):
    thin, thick = (
        (styled(tmp_path, "HHH", grey=0, font=MONO, size=40, bold=bold) > 128).sum()
        for bold in (False, True)
    )
    assert thick > 1.1 * thin


def test_position_and_margin(tmp_path):
    for margin in (5, 15):
        edge = CANVAS[1] * margin / 100
        top, center, bottom = (
            ink(styled(tmp_path, "Ág", position=p, margin=margin), GREY)
            for p in ("top", "center", "bottom")
        )
        assert edge <= top[1] <= edge + 8
        assert CANVAS[1] - edge - 8 <= bottom[3] <= CANVAS[1] - edge
        assert (center[1] + center[3]) / 2 == pytest.approx(CANVAS[1] / 2, abs=4)
        for box in (top, center, bottom):
            assert (box[0] + box[2]) / 2 == pytest.approx(CANVAS[0] / 2, abs=1.5)


def test_uppercase_is_only_drawn(tmp_path):
    assert ink(styled(tmp_path, "niño", uppercase=True), GREY) == ink(
        styled(tmp_path, "NIÑO"), GREY
    )
