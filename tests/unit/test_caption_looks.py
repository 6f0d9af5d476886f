"""Every field of a style acts, judged by pixels; so do highlights, boxes, fades and speakers."""

from __future__ import annotations

import itertools
import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
from libass import GREY, LINE, Setter, cue_of, draw, extent, far, ink, one_word_cues

from workbench.captions import pen
from workbench.captions.ass import CLOCK, prepare
from workbench.captions.cues import Cue, Cues
from workbench.captions.styles import HIGHLIGHTS, STYLES, Style
from workbench.errors import ParameterError
from workbench.timing import Word

pytestmark = pytest.mark.media

FRAME = (400, 200)
PLAIN = Style(size=20, outline_width=0, position="center")
CUE = cue_of("Hill gap", step=1.0)  # two words of a second each
FPS = 20


def frames(folder, style, moments, *, cues=None, frame=FRAME, grey=GREY, **more):
    """Return the frames at some moments, drawn as a piece of a video of 20 frames a second."""
    prepared = prepare(Cues(cues=(CUE,)) if cues is None else cues, style, *frame, **more)
    numbers = [round(moment * FPS) for moment in moments]
    first, count = min(numbers), max(numbers) - min(numbers) + 1
    text = prepared.segment(first, count, FPS)
    if not text:
        return [np.full((frame[1], frame[0], 3), grey, np.uint8)] * len(numbers)
    piece = SimpleNamespace(ass=text, fonts=prepared.fonts)
    shown = draw(folder, piece, frame, count, rate=FPS, grey=grey, start=CLOCK, pixels="rgb24")
    return [shown[number - first] for number in numbers]


def where(frame, colour, within=40):
    """Return the box of what has a colour."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return extent((np.abs(frame.astype(int) - rgb) <= within).all(axis=2))


# Field, a value, and the style in which it must be seen, at 0.1 and 1.5 seconds.
ACTS = {
    "font": ("DejaVu Serif", {}),
    "size": (21, {}),
    "bold": (True, {}),
    "italic": (True, {}),
    "uppercase": (True, {}),
    "spacing": (5, {}),
    "colour": ("#ff8000", {}),
    "outline": ("#ff0000", {"outline_width": 10}),
    "outline_width": (8, {}),
    "shadow": (8, {}),
    "shadow_colour": ("#00ff00", {"shadow": 8}),
    "blur": (6, {"outline_width": 8}),
    "shadow_blur": (6, {"shadow": 4}),
    "highlight": ("colour", {}),
    "active": ("#00ffff", {"highlight": "colour"}),
    "active_box": ("#ff0000", {"highlight": "box"}),
    "pop": (40, {"highlight": "pop"}),
    "background": ("line", {}),
    "box": ("#ff0000a0", {"background": "box"}),
    "padding": (40, {"background": "box"}),
    "corner": (40, {"background": "box"}),
    "position": ("top", {}),
    "offset_x": (10, {}),
    "offset_y": (10, {}),
    "margin": (20, {"position": "bottom"}),
    "safe_area": ("reels", {}),
    "fade_in": (400, {}),
    "fade_out": (1000, {}),
}
ELSEWHERE = {"name", "letters", "lines"}  # no matter of drawing; the limits are in test_cues


def test_every_field_is_tried():
    assert {spec.name for spec in Style.describe()} == set(ACTS) | ELSEWHERE


@pytest.mark.parametrize("field", ACTS)
def test_a_field_is_not_ignored(tmp_path, field):
    """Of the old system's style half was overridden by ffmpeg's force_style."""
    value, more = ACTS[field]
    base = PLAIN.but(**more)
    before = frames(tmp_path, base, (0.1, 1.5))
    after = frames(tmp_path, base.but(**{field: value}), (0.1, 1.5))
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("highlight", HIGHLIGHTS)
def test_every_highlight_tells_one_word_from_the_other(tmp_path, highlight):
    first, second = frames(tmp_path, PLAIN.but(highlight=highlight), (0.5, 1.5))
    assert np.array_equal(first, second) == (highlight == "none")


# --- highlights ---------------------------------------------------------------------------------


def words_at(size=40, frame=FRAME, text=("Hill", "gap"), **face):
    """Return the ink of each word of a centred line, and each word's place."""
    setter = Setter(size, frame, **face)
    ((left, baseline),) = setter.places([" ".join(text)])
    found = []
    for word in text:
        found.append((setter.box(word, left, baseline), left, left + setter.width(word)))
        left += setter.width(word + " ")
    return found, baseline


def test_a_fill_sweeps_over_the_word_and_is_exact_at_its_ends(tmp_path):
    style = PLAIN.but(highlight="fill", active="#ff0000")
    (_, left, right), (_, _, _) = words_at()[0]
    moments = (0, 0.25, 0.5, 0.75, 0.95, 1.0, 1.95)
    shown = frames(tmp_path, style, moments)
    edges = [red[2] if (red := where(frame, "#ff0000", 90)) else 0 for frame in shown]
    assert edges[0] == 0
    for moment, edge in list(zip(moments, edges, strict=True))[1:4]:
        assert edge == pytest.approx(left + (right - left) * moment, abs=4)
    assert edges == sorted(edges)
    (_, _, second), *_ = words_at()[0][::-1]
    assert right - 8 < edges[5] <= right + 1  # at its end, the whole word and no more
    assert edges[6] == pytest.approx(second, abs=4)
    for frame in shown:  # nothing moves
        assert np.abs(frame[..., 0].astype(int) - shown[0][..., 0]).max() <= 6


def test_a_right_to_left_word_is_filled_at_once(tmp_path):
    """libass sweeps from the left, and would fill the end of a Hebrew word first."""
    style = PLAIN.but(highlight="fill", active="#ff0000", size=30)
    cues = Cues(cues=(cue_of("שלום עולם", step=1.0),), language="he")
    before, half, second = frames(tmp_path, style, (0.05, 0.5, 1.1), cues=cues)
    assert np.array_equal(before, half)
    first, both = where(half, "#ff0000", 90), where(second, "#ff0000", 90)
    whole = ink(half, GREY)
    assert first[0] > (whole[0] + whole[2]) / 2 - 15
    assert far(both, whole) < 4


@pytest.mark.parametrize(
    ("text", "language"),
    [("Hill gap", "en"), ("שלום עולם", "he"), ("שלום abc", "he"), ("abc שלום", "en")],
)
def test_a_box_lies_behind_the_word_being_said(tmp_path, text, language):
    """Its place is reckoned, not libass's: it must be where the lit word is."""
    cues = Cues(cues=(cue_of(text, step=1.0),), language=language)
    boxed = PLAIN.but(highlight="box", active_box="#0000ff", corner=0, active="#ffffff")
    lit = PLAIN.but(highlight="colour", active="#ff0000")
    for moment in (0.5, 1.5):
        (box,), (word,) = (frames(tmp_path, s, (moment,), cues=cues) for s in (boxed, lit))
        left, top, right, bottom = where(box, "#0000ff", 60)
        inside = where(word, "#ff0000", 90)
        pad = 40 * boxed.padding / 100
        assert left == pytest.approx(inside[0] - pad, abs=6)
        assert right == pytest.approx(inside[2] + pad, abs=6)
        assert top == pytest.approx(100 - 20 - pad / 2, abs=1.5)
        assert bottom == pytest.approx(100 + 20 + pad / 2, abs=1.5)


@pytest.mark.parametrize(
    ("text", "language"), [("Hill gap", "en"), ("AVATAR Tomorrow", "en"), ("שלום abc", "he")]
)
def test_a_word_pops_in_its_place(tmp_path, text, language):
    """It grows about its own middle, and its neighbours stand still."""
    cues = Cues(cues=(cue_of(text, step=1.0),), language=language)
    base = PLAIN.but(highlight="pop", active="#ff0000", size=14)
    still = where(frames(tmp_path, base.but(pop=0), (0.5,), cues=cues)[0], "#ff0000", 90)
    plain = frames(tmp_path, base.but(highlight="colour"), (0.5,), cues=cues)[0]
    assert far(still, where(plain, "#ff0000", 90)) < 2  # ungrown, it is where the lit word is
    first, peak, rest = (
        where(frame, "#ff0000", 90)
        for frame in frames(tmp_path, base.but(pop=50), (0, 0.05, 0.5), cues=cues)
    )
    width = still[2] - still[0]
    assert first[2] - first[0] < peak[2] - peak[0]
    assert peak[2] - peak[0] > 1.3 * width
    assert rest[2] - rest[0] == pytest.approx(1.2 * width, rel=0.04)
    assert (rest[0] + rest[2]) / 2 == pytest.approx((still[0] + still[2]) / 2, abs=1.5)
    white = [where(f, "#ffffff") for f in frames(tmp_path, base, (0.05, 0.5), cues=cues)]
    assert white[0] == white[1]


def test_one_word_stands_alone_in_the_middle(tmp_path):
    style = PLAIN.but(highlight="word")
    setter = Setter(40, FRAME)
    for frame, text in zip(frames(tmp_path, style, (0.5, 1.5)), ("Hill", "gap"), strict=True):
        ((left, baseline),) = setter.places([text])
        assert far(ink(frame, GREY), setter.box(text, left, baseline)) < 2


def test_hasty_words_are_shown_together():
    """A word of no length would never be seen; nothing of the text is lost."""
    times = [(0, 0), (0, 0.05), (0.05, 0.5), (0.5, 0.5), (0.5, 0.9), (0.9, 0.95)]
    words = tuple(Word(text=f"w{i}", start=start, end=end) for i, (start, end) in enumerate(times))
    cues = Cues(cues=(Cue(start=0, end=0.95, lines=(words,)),))
    prepared = prepare(cues, Style(highlight="word"), *FRAME)
    rows = [row for row in prepared.ass.splitlines() if row.startswith("Dialogue")]
    assert [row.split(",", 9)[9] for row in rows] == ["w0 w1 w2", "w3 w4 w5"]
    assert rows[0].split(",")[2] == rows[1].split(",")[1] == "0:00:00.50"


def test_a_word_stays_until_the_next(tmp_path):
    words = (Word(text="one", start=0, end=0.3), Word(text="two", start=1.5, end=1.8))
    cues = Cues(cues=(Cue(start=0, end=2.5, lines=(words,)),))
    shown = frames(tmp_path, PLAIN.but(highlight="word"), (0.2, 1.4, 1.5, 2.4), cues=cues)
    assert np.array_equal(shown[0], shown[1])
    assert np.array_equal(shown[2], shown[3])
    assert not np.array_equal(shown[1], shown[2])


# --- boxes, edges, places -----------------------------------------------------------------------


def test_a_box_is_behind_all_and_a_line_s_box_behind_each(tmp_path):
    cues = Cues(cues=(cue_of("Hill and gap", "ox"),))
    style = PLAIN.but(box="#0000ff", corner=0, padding=20)
    boxes = {}
    for kind in ("box", "line"):
        (frame,) = frames(tmp_path, style.but(background=kind), (0.2,), cues=cues)
        blue = frame[..., 2].astype(int) - frame[..., 0] > 100
        boxes[kind] = [extent(blue[rows]) for rows in (slice(50, 94), slice(106, 150))]
        assert extent(blue)[1] == pytest.approx(100 - 40 - 4, abs=1)
        assert extent(blue)[3] == pytest.approx(100 + 40 + 4, abs=1)
    upper, lower = boxes["box"]
    assert (upper[0], upper[2]) == (lower[0], lower[2])
    upper, lower = boxes["line"]
    setter = Setter(40, FRAME)
    assert upper[2] - upper[0] == pytest.approx(setter.width("Hill and gap") + 16, abs=2)
    assert lower[2] - lower[0] == pytest.approx(setter.width("ox") + 16, abs=2)


def test_boxes_that_overlap_are_of_one_darkness(tmp_path):
    """ASS's own box is drawn for each line and each colour, twice where two of them meet."""
    cues = Cues(cues=(cue_of("MMM MM", "MMMM"),))
    style = PLAIN.but(background="line", box="#000000a0", highlight="colour", colour="#ffffff00",
                      active="#ffffff00", padding=50)  # fmt: skip
    (frame,) = frames(tmp_path, style, (0.2,), cues=cues, grey=200)
    middle = frame[:, 200, 0]
    half = round(200 * (1 - 0xA0 / 255))
    dark = middle[(middle > 5) & (middle < 190)]
    assert len(dark) > 20
    assert np.abs(dark.astype(int) - half).max() < 12


def test_corners_are_round(tmp_path):
    style = PLAIN.but(background="box", box="#0000ff", padding=30)
    square, round_ = (
        (where_blue(frames(tmp_path, style.but(corner=c), (0.2,))[0])) for c in (0, 50)
    )
    assert extent(square) == extent(round_)
    left, top, _, _ = extent(square)
    assert square[top + 1, left + 1]
    assert not round_[top + 1, left + 1]
    radius = 20
    assert square.sum() - round_.sum() == pytest.approx((4 - np.pi) * radius**2, rel=0.1)


def where_blue(frame):
    return (frame[..., 2].astype(int) - frame[..., 0] > 60) | (frame.min(axis=2) > 130)


def test_colours_of_shadow_and_blur(tmp_path):
    style = PLAIN.but(shadow=15, shadow_colour="#00ff00")
    (frame,) = frames(tmp_path, style, (0.2,))
    assert where(frame, "#00ff00")
    sharp, soft = (
        frames(tmp_path, PLAIN.but(outline="#ff0000", outline_width=10, blur=b), (0.2,))[0]
        for b in (0, 12)
    )
    between = [
        ((f[..., 0].astype(int) - f[..., 1] > 40) & (f[..., 0] < 215)).sum() for f in (sharp, soft)
    ]
    assert between[1] > 2 * between[0]


@pytest.mark.parametrize("highlight", HIGHLIGHTS)
def test_a_soft_shadow_leaves_the_outline_sharp(tmp_path, highlight):
    """libass softens both as one: the old system drew the shadow as a text of its own, too."""
    style = PLAIN.but(outline_width=10, shadow=10, shadow_colour="#00ff00", highlight=highlight)
    none = style.but(shadow=0)
    bare, hard, soft = (
        frames(tmp_path, s, (0.2,))[0]
        for s in (none, style.but(shadow_blur=0.5), style.but(shadow_blur=25))
    )
    for shown in (hard, soft):  # letters and outline are the same to the pixel, whatever is below
        own = (bare.min(axis=2) > 250) | (bare.max(axis=2) < 5)
        assert own.sum() > 500
        assert np.abs(shown[own].astype(int) - bare[own]).max() <= 16
    green = [(f[..., 1].astype(int) - f[..., 0]) for f in (bare, hard, soft)]
    assert green[0].max() < 20
    assert green[1].max() > 120
    assert (green[2] > 5).sum() > 1.5 * (green[1] > 5).sum()
    assert green[2].max() < green[1].max()


def test_colours_are_those_of_high_definition(tmp_path):
    """ffmpeg draws as BT.601 has it unless told otherwise: gold came out as orange, by 9 levels."""
    style = PLAIN.but(size=50, bold=True)
    tags = ",setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    for rgb in ((255, 212, 0), (32, 192, 64), (224, 16, 128)):
        colour = "#{:02x}{:02x}{:02x}".format(*rgb)
        prepared = prepare(Cues(cues=(CUE,)), style.but(colour=colour), *FRAME)
        for text in (prepared.ass, prepared.segment(0, 1, 30)):
            piece = SimpleNamespace(ass=text, fonts=prepared.fonts)
            start = 0.0 if text == prepared.ass else CLOCK
            (shown,) = draw(tmp_path, piece, FRAME, 1, rate=30, start=start, grey=0,
                            pixels="yuv444p", tags=tags)  # fmt: skip
            y, u, v = (shown[..., i].astype(float) for i in range(3))
            inside = np.unravel_index(y.argmax(), y.shape)
            luma, blue, red = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
            seen = np.stack([
                luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue
            ])[(slice(None), *inside)]  # fmt: skip
            assert seen * 255 == pytest.approx(np.array(rgb), abs=3)


def test_letters_are_spaced(tmp_path):
    tight, loose = (ink(frames(tmp_path, PLAIN.but(spacing=s), (0.2,))[0], GREY) for s in (0, 20))
    # Seven gaps of 8 pixels; libass counts one after the last letter too.
    assert (loose[2] - loose[0]) - (tight[2] - tight[0]) == pytest.approx(7 * 8, abs=2)
    assert loose[0] == pytest.approx(tight[0] - 4 * 8, abs=2)


def test_offsets_move_the_text_and_the_frame_holds_it(tmp_path):
    middle = ink(frames(tmp_path, PLAIN, (0.2,))[0], GREY)
    moved = ink(frames(tmp_path, PLAIN.but(offset_x=10, offset_y=-15), (0.2,))[0], GREY)
    assert [b - a for a, b in zip(middle, moved, strict=True)] == pytest.approx(
        [40, -30, 40, -30], abs=1
    )
    for x, y in itertools.product((-100, 100), repeat=2):
        box = ink(frames(tmp_path, PLAIN.but(offset_x=x, offset_y=y), (0.2,))[0], GREY)
        assert box[0] == pytest.approx(20 + 4, abs=3) if x < 0 else box[2] >= 372
        assert box[0] >= 20
        assert box[2] <= 380
        assert box[1] >= 10
        assert box[3] <= 190


def test_the_safe_area_of_reels_is_clear(tmp_path):
    """Meta asks for 14 % at the top, 35 % at the bottom and 6 % at the sides."""
    frame = (270, 480)
    for position in ("top", "center", "bottom"):
        style = Style(size=7, safe_area="reels", position=position, shadow=5)
        cues = Cues(cues=(cue_of("A line that is as long", "as it can be in there"),))
        box = ink(frames(tmp_path, style, (0.2,), cues=cues, frame=frame)[0], GREY, 12)
        assert box[0] >= 270 * 0.06 - 0.5
        assert box[2] <= 270 * 0.94 + 0.5
        assert box[1] >= 480 * 0.14 - 0.5
        assert box[3] <= 480 * 0.65 + 0.5


def test_fading_is_even(tmp_path):
    """Half seen half-way; over a text, its outline and its box alike."""
    style = PLAIN.but(fade_in=400, fade_out=800, background="box", box="#0000ff", padding=10)
    moments = (0.0, 0.2, 0.4, 1.0, 1.6, 1.95)
    shown = frames(tmp_path, style, moments)
    blue = [int(frame[100 - 22, 200, 2]) - GREY for frame in shown]
    full = blue[3]
    assert full > 100
    expected = [0.0625, 0.5625, 1, 1, 0.46875, 0.03125]  # in the middle of each frame
    assert [b / full for b in blue] == pytest.approx(expected, abs=0.03)
    assert not np.array_equal(shown[0], shown[3])


def test_a_cue_shorter_than_its_fades_is_seen(tmp_path):
    cues = Cues(cues=(Cue(start=0, end=0.5, lines=CUE.lines),))
    style = PLAIN.but(fade_in=5000, fade_out=5000)
    shown = frames(tmp_path, style, (0, 0.2, 0.45), cues=cues)
    assert [frame.max() > 200 for frame in shown] == [False, True, False]


# --- speakers -----------------------------------------------------------------------------------


def dialogue():
    cues = [cue_of("MMM WWW", start=2.0 * i, step=1.0) for i in range(4)]
    names = ["espeak:es", "Ana", "espeak:es", ""]
    return Cues(
        cues=tuple(
            Cue(start=cue.start, end=cue.end, lines=cue.lines, speaker=name)
            for cue, name in zip(cues, names, strict=True)
        )
    )


@pytest.mark.parametrize("highlight", ["none", "colour", "fill", "box", "pop", "word"])
def test_speakers_have_their_colours(tmp_path, highlight):
    style = PLAIN.but(highlight=highlight, active="#ff00ff")
    speakers = {"espeak:es": "#00ff00", "Ana": "#00ffff"}
    moments = (1.02, 3.02, 5.02, 7.02)
    shown = frames(tmp_path, style, moments, cues=dialogue(), speakers=speakers)
    for frame, colour in zip(shown, ("#00ff00", "#00ffff", "#00ff00", "#ffffff"), strict=True):
        others = {"#00ff00", "#00ffff", "#ffffff"} - {colour}
        assert where(frame, colour)
        assert not any(where(frame, other, 20) for other in others)


def test_speakers_get_colours_by_themselves(tmp_path):
    """White, then yellow, cyan and green, as the BBC has them, in order of appearance."""
    shown = frames(tmp_path, PLAIN, (1, 3, 5), cues=dialogue(), speakers="auto")
    for frame, colour in zip(shown, ("#ffffff", "#ffff00", "#ffffff"), strict=True):
        assert where(frame, colour)
    lit = frames(tmp_path, STYLES["karaoke"], (2.5,), cues=dialogue(), speakers="auto")[0]
    assert where(lit, "#ffff00")
    assert where(lit, "#ffffff")  # a yellow speaker's words are not lit in yellow


def test_speakers_that_are_none_are_refused_or_told():
    for bad, match in (
        ({"Ana": "gren"}, "speakers.*Ana.*did you mean 'green'"),
        ("aut", "speakers"),
        (3, "speakers"),
        ({"Ana": "red,x"}, "colour"),
    ):
        with pytest.raises(ParameterError, match=match):
            prepare(dialogue(), "plain", *FRAME, speakers=bad)
    assert prepare(dialogue(), "plain", *FRAME, speakers={"Ana": "red"}).warnings == ()
    (warning,) = prepare(dialogue(), "plain", *FRAME, speakers={"Anna": "red"}).warnings
    assert "did you mean 'Ana'" in warning


# --- hostile text, and the frame ----------------------------------------------------------------

BITS = [
    *("{x}", "{\\p1}m 0 0 l 9 9", "\\N", "\\h", "C:\\New", "{\\k20}", "{\\t(\\fs90)}", "}{", "{"),
    *("\\", "a", "word", "ñ", "{\\rDefault}", "{\\alpha&HFF&}", "{\\fade(255,255)}", "\\{", "é"),
]
WIDE, SMALL = (1100, 130), 26


@pytest.mark.parametrize("highlight", ["colour", "fill", "box", "pop", "word"])
def test_hostile_captions_with_every_highlight(media, tmp_path, monkeypatch, highlight):
    """The old writer put text in as it was; an `{x}` in a lit word ended the word."""
    monkeypatch.setattr(pen, "covering", lambda *_, **__: None)
    dice = random.Random(4)  # noqa: S311 - the same texts in every run
    texts = ["".join(dice.choice(BITS) for _ in range(dice.randint(1, 6))) for _ in range(110)]
    texts += [
        text
        for text in json.loads((media / "hostile" / "captions.json").read_text(encoding="utf-8"))
        if text.strip() == text != "" and text.isprintable() and text.isascii()
    ]
    assert len(texts) > 120
    style = Style(
        font="DejaVu Sans Mono", size=100 * SMALL / WIDE[1], outline_width=0, margin=0, pop=0,
        position="center", highlight=highlight, active="#ffffff", active_box="#000000", padding=0,
    )  # fmt: skip
    prepared = prepare(one_word_cues(texts), style, *WIDE)
    piece = SimpleNamespace(ass=prepared.segment(0, len(texts), 10), fonts=prepared.fonts)
    shown = draw(tmp_path, piece, WIDE, len(texts), rate=10, start=CLOCK)
    setter = Setter(SMALL, WIDE, "DejaVu Sans Mono")
    advance = setter.width("M")
    wrong = []
    for text, frame in zip(texts, shown, strict=True):
        left, baseline = (WIDE[0] - advance * len(text)) / 2, setter.places([text])[0][1]
        boxes = [
            setter.box(letter, left + i * advance, baseline)
            for i, letter in enumerate(text)
            if letter != " "
        ]
        whole = (min(b[0] for b in boxes), max(b[2] for b in boxes))
        box = ink(frame) or (0, 0, 0, 0)
        if max(abs(box[0] - whole[0]), abs(box[2] - whole[1])) > advance / 5:
            wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize(
    "style",
    [
        Style(size=9, highlight="pop", pop=50, outline_width=8, shadow=5),
        Style(size=9, highlight="box", padding=40, italic=True),
        Style(size=9, background="line", padding=60, highlight="fill"),
        Style(size=9, blur=15, outline_width=10, spacing=15, offset_x=30, offset_y=-40),
        Style(size=22, highlight="word", background="box", bold=True, uppercase=True),
    ],
    ids=["pop", "box", "line", "soft", "word"],
)
def test_ink_stays_inside_whatever_is_drawn(tmp_path, style):
    """Sixty texts in five scripts, at the moment when the first word is largest."""
    scripts = (
        "palabra ñandú WWW straße información", "λόγος και ψυχή Ωμέγα", "широкая Щука жжёт мой",
        "שלום עולם זה משפט ארוך", "مرحبا بالعالم هذه جملة",
    )  # fmt: skip
    dice = random.Random(3)  # noqa: S311
    cues = []
    for i, words in zip(range(60), itertools.cycle(scripts)):
        lines = [
            " ".join(dice.choice(words.split()) for _ in range(dice.randint(1, 6)))
            for _ in range(dice.randint(1, 3))
        ]
        cues.append(cue_of(*lines, start=i * 2.0, step=2.0 / sum(len(n.split()) for n in lines)))
    frame = (270, 360)
    prepared = prepare(Cues(cues=tuple(cues)), style, *frame)
    outside = []
    text = prepared.segment(0, 60 * 40, 20)
    piece = SimpleNamespace(ass=text, fonts=prepared.fonts)
    shown = draw(tmp_path, piece, frame, 120 * 5, rate=5, grey=GREY, start=CLOCK)
    for number, drawn in enumerate(shown[1::5]):
        box = ink(drawn, GREY, 12)
        assert box
        if box[0] < 13 or box[1] < 17.5 or box[2] > 257 or box[3] > 342.5:
            outside.append((number, box))
    assert outside == []


def test_cues_at_the_same_time_stand_above_each_other(tmp_path):
    """The first stays where it is; libass would move them about with the frame it began at."""
    both = Cues(cues=(cue_of("Hill", step=2.0), cue_of("gap", start=1.0, step=2.0)))
    for position in ("bottom", "top", "center"):
        style = PLAIN.but(position=position)
        alone, two, left = (
            ink(frame, GREY) for frame in frames(tmp_path, style, (0.5, 1.5, 2.5), cues=both)
        )
        if position == "top":
            assert two[1] == alone[1]
            assert left[1] > alone[3]
        else:
            assert two[3] == alone[3]
            assert left[3] < alone[1] + LINE * 10
