"""Titles and lower thirds: where they stand, what they say, and that nothing lies on them."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
from libass import GREY, cue_of, draw, extent, ink

from workbench.captions.ass import CLOCK, prepare
from workbench.captions.cues import Cues
from workbench.captions.styles import STYLES, Style
from workbench.captions.titles import KINDS, TITLES, Title, title_style
from workbench.errors import ParameterError

FRAME = (480, 270)


def shown(folder, titles, *, cues=None, style="plain", frame=FRAME, moment=1.0, fps=10):
    prepared = prepare(cues, style, *frame, titles=titles)
    text = prepared.segment(round(moment * fps), 1, fps)
    if not text:
        return np.full((frame[1], frame[0], 3), GREY, np.uint8)
    piece = SimpleNamespace(ass=text, fonts=prepared.fonts)
    return draw(folder, piece, frame, 1, rate=fps, grey=GREY, start=CLOCK, pixels="rgb24")[0]


def differs(frame, other):
    return extent((np.abs(frame.astype(int) - other) > 24).any(axis=2))


# --- values -------------------------------------------------------------------------------------


def test_a_title_is_plain_values():
    for title in (
        Title(text="A", start=1, end=2.5),
        Title(text="Ana", detail="x", kind="lower-third", style="title", fade=0),
        Title(text="A\nB", style=Style(size=7, colour="gold")),
    ):
        assert Title.from_dict(json.loads(json.dumps(title.to_dict()))) == title
        assert hash(title) == hash(Title.from_dict(title.to_dict()))


def test_a_title_stays_as_long_as_it_takes_to_read():
    assert Title(text="Hi", start=3).end == 5.5
    assert Title(text="x" * 120).end == 10
    assert Title(text="x" * 60, detail="y" * 60).end == 10


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"text": ""}, "must say something"),
        ({"text": " \n "}, "must say something"),
        ({"text": 3}, "title"),
        ({"text": "x" * 501}, "500 letters"),
        ({"detail": None}, "detail"),
        ({"start": -1}, "start"),
        ({"start": float("nan")}, "start"),
        ({"start": "0"}, "start"),
        ({"start": True}, "start"),
        ({"end": 0}, "end"),
        ({"end": float("inf")}, "end"),
        ({"start": 2, "end": 1}, "end"),
        ({"kind": "lowerthird"}, "did you mean 'lower-third'"),
        ({"kind": None}, "kind"),
        ({"style": "titel"}, "style"),
        ({"style": 3}, "style"),
        ({"fade": -0.1}, "fade"),
        ({"fade": 6}, "fade"),
    ],
)
def test_what_is_no_title_is_refused(change, match):
    with pytest.raises(ParameterError, match=match):
        Title(**{"text": "A", **change})


def test_styles_of_titles_are_data():
    assert set(TITLES) == set(KINDS)
    assert title_style("title") is TITLES["title"]
    assert title_style("boxed") is STYLES["boxed"]
    assert TITLES["lower-third"].background == "box"


# --- places -------------------------------------------------------------------------------------


@pytest.mark.media
@pytest.mark.parametrize("frame", [(480, 270), (270, 480), (300, 300)])
def test_a_title_is_large_and_in_the_middle(tmp_path, frame):
    box = ink(shown(tmp_path, [Title(text="Big news", end=3)], frame=frame), GREY)
    assert (box[0] + box[2]) / 2 == pytest.approx(frame[0] / 2, abs=4)
    assert (box[1] + box[3]) / 2 == pytest.approx(frame[1] / 2, abs=frame[1] * 0.03)
    caption = cue_of("Big news", step=1.0)
    small = ink(shown(tmp_path, [], cues=Cues(cues=(caption,)), frame=frame), GREY)
    assert box[2] - box[0] > 1.2 * (small[2] - small[0])


@pytest.mark.media
def test_a_detail_is_smaller_and_below(tmp_path):
    alone = shown(tmp_path, [Title(text="HHH", end=3, fade=0)])
    both = shown(tmp_path, [Title(text="HHH", detail="HHH", end=3, fade=0)])
    rows = (both.min(axis=2) > 200).any(axis=1)
    bands = np.flatnonzero(np.diff(rows.astype(int)))
    assert len(bands) == 4
    upper, lower = bands[1] - bands[0], bands[3] - bands[2]
    assert lower == pytest.approx(0.62 * upper, abs=1.5)
    assert ink(both, GREY)[3] > ink(alone, GREY)[3]


@pytest.mark.media
def test_a_lower_third_stands_left_in_a_box_with_a_bar(tmp_path):
    title = Title(text="Ana Soto", detail="Biologist", kind="lower-third", end=3, fade=0)
    frame = shown(tmp_path, [title])
    box = ink(frame, GREY)
    assert FRAME[0] * 0.05 <= box[0] <= FRAME[0] * 0.05 + 4
    assert FRAME[1] * 0.6 < box[1]
    assert FRAME[1] * 0.95 - 5 <= box[3] <= FRAME[1] * 0.95
    bar = extent((np.abs(frame.astype(int) - (0xFF, 0xD4, 0)) < 40).all(axis=2))
    assert bar[0] - box[0] <= 1
    assert bar[2] - bar[0] <= 4
    assert bar[3] - bar[1] == pytest.approx(box[3] - box[1], abs=3)
    white = extent(frame.min(axis=2) > 200)
    assert white[0] > bar[2]
    assert white[2] < box[2] - 3
    names = (frame.min(axis=2) > 200).any(axis=1)
    assert np.count_nonzero(np.diff(names.astype(int))) >= 4  # name and detail


@pytest.mark.media
@pytest.mark.parametrize("style", ["plain", "boxed", "pop", "karaoke-bold", "one-word"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frame", [(480, 270), (270, 480)])
def test_titles_and_captions_keep_clear_of_each_other(tmp_path, kind, style, frame):
    cues = Cues(cues=(cue_of("Two lines of words", "for all to read", step=0.4),))
    title = Title(text="Who this is", detail="What they do", kind=kind, end=3, fade=0)
    alone = shown(tmp_path, [], cues=cues, style=style, frame=frame)
    both = shown(tmp_path, [title], cues=cues, style=style, frame=frame)
    ground = np.full_like(alone, alone[0, 0])
    captions, titled = differs(alone, ground), differs(both, alone)
    assert titled[3] <= captions[1] or titled[1] >= captions[3]
    if kind == "lower-third" and style in {"plain", "boxed", "pop"}:
        assert titled[3] <= captions[1]  # above the captions
    # The captions themselves are drawn as they were without it.
    rows = slice(captions[1], captions[3])
    assert np.array_equal(alone[rows], both[rows])


@pytest.mark.media
def test_two_lower_thirds_and_the_captions_safe_area(tmp_path):
    titles = [Title(text=text, kind="lower-third", end=3, fade=0) for text in ("One", "Two")]
    first = ink(shown(tmp_path, titles[:1]), GREY)
    both = shown(tmp_path, titles)
    second = differs(both, shown(tmp_path, titles[:1]))
    assert second[3] <= first[1]
    cues = Cues(cues=(cue_of("Hi", step=0.01),))
    style = Style(safe_area="reels")
    box = ink(shown(tmp_path, titles, cues=cues, style=style, frame=(270, 480)), GREY)
    assert box[3] <= 480 * 0.65
    assert box[0] >= 270 * 0.06 - 0.5


@pytest.mark.media
def test_a_title_fades_in_and_out_and_is_gone(tmp_path):
    title = Title(text="MMM", start=0.5, end=2.5, fade=0.5)
    bright = [
        int(shown(tmp_path, [title], moment=moment).max()) for moment in (0.4, 0.6, 1.5, 2.3, 2.5)
    ]
    assert bright[0] == bright[4] < 100
    assert 110 < bright[1] < 180
    assert bright[2] > 230
    assert 110 < bright[3] < 220
    still = Title(text="MMM", start=0.5, end=2.5, fade=0)
    assert shown(tmp_path, [still], moment=0.5).max() > 230


@pytest.mark.media
def test_a_style_of_one_s_own(tmp_path):
    style = Style(size=20, colour="#00ff00", position="top", outline_width=0, uppercase=True)
    frame = shown(tmp_path, [Title(text="mm", style=style, end=3, fade=0)])
    box = extent((np.abs(frame.astype(int) - (0, 255, 0)) < 60).all(axis=2))
    assert box[1] < 60
    assert box[3] - box[1] == pytest.approx(54 * 1493 / 2384, abs=2)  # capital letters


# --- hostile and long ---------------------------------------------------------------------------


@pytest.mark.media
@pytest.mark.parametrize("kind", KINDS)
def test_long_titles_are_wrapped_then_shrunk_and_told(tmp_path, kind):
    dice = random.Random(1)  # noqa: S311
    words = ["title", "of", "a", "film", "that", "nobody", "has", "ever", "seen"]
    for length in (4, 9, 20, 200):
        text = " ".join(dice.choice(words) for _ in range(length))[:500]
        titles = [Title(text=text, detail=text[:200], kind=kind, end=3, fade=0)]
        for frame in ((480, 270), (270, 480)):
            box = ink(shown(tmp_path, titles, frame=frame), GREY, 12)
            margin = 0.05 if kind == "lower-third" else 0.08
            assert box[0] >= frame[0] * margin - 0.5
            assert box[2] <= frame[0] * (1 - margin) + 0.5
            assert box[1] >= frame[1] * margin - 0.5
            assert box[3] <= frame[1] * (1 - margin) + 0.5
            warnings = prepare(None, "plain", *frame, titles=titles).warnings
            if length == 4:
                assert warnings == ()
            if length == 200 and (kind == "title" or frame[1] > frame[0]):
                assert len(warnings) == 1
                assert "title 1" in warnings[0]
                assert "% of its size" in warnings[0]


@pytest.mark.media
def test_one_endless_word(tmp_path):
    box = ink(shown(tmp_path, [Title(text="W" * 200, end=3)]), GREY, 12)
    assert box[0] >= FRAME[0] * 0.08 - 0.5
    assert box[2] <= FRAME[0] * 0.92 + 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_titles_stay_text(media, kind):
    """Events are those given, whatever the text; nothing in it is a command."""
    texts = json.loads((media / "hostile" / "captions.json").read_text(encoding="utf-8"))
    for text in [t for t in texts if t.strip()]:
        title = Title(text=text[:500], detail=text[:500], kind=kind, end=3, fade=0)
        prepared = prepare(None, "plain", *FRAME, titles=[title])
        rows = [row for row in prepared.ass.splitlines() if row.startswith("Dialogue")]
        assert len(rows) == (4 if kind == "lower-third" else 2)
        assert prepared.ass.count("[Events]") == (
            1 + prepared.ass.split("[Events]\n", 1)[1].count("[Events]")
        )
        for row in rows[-2:]:
            body = row.split(",", 9)[9].removeprefix("{").partition("}")[2]
            commands = body.replace("\\{", "").split("{")[1:]
            assert all(part.startswith("\\fn") for part in commands)


@pytest.mark.media
def test_a_hostile_title_is_drawn_letter_by_letter(tmp_path):
    style = Style(font="DejaVu Sans Mono", size=12, outline_width=0, position="center")
    for text in ("{\\an9}x", "a\\Nb", "C:\\New", "}{", "{\\p1}m 0 0", "{\\fs90}M"):
        frame = shown(tmp_path, [Title(text=f"M{text}M", style=style, end=3, fade=0)])
        box = ink(frame, GREY)
        advance = 270 * 0.12 * 1233 / 2384
        assert box[2] - box[0] == pytest.approx(advance * (len(text) + 2), abs=5)
