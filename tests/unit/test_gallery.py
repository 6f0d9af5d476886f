"""Captions on a picture, before anything is rendered."""

from __future__ import annotations

import numpy as np
import pytest
from libass import cue_of, extent

from workbench.captions.ass import prepare
from workbench.captions.cues import Cues
from workbench.captions.styles import STYLES, Style
from workbench.captions.titles import Title
from workbench.errors import ParameterError
from workbench.media.gallery import caption_frame, drawn, gallery, style_frame

pytestmark = pytest.mark.media

GROUND = np.random.default_rng(1).integers(0, 256, (120, 200, 3), np.uint8)


def test_only_the_caption_changes_the_picture():
    style = Style(size=20, outline_width=0, position="bottom")
    shown = style_frame(style, "MMM", ground=GROUND)
    assert shown.shape == GROUND.shape
    assert np.array_equal(shown[:80], GROUND[:80])
    white = extent((shown[80:] == 255).all(axis=2))
    assert white[2] - white[0] > 20


@pytest.mark.parametrize("colour", ["#ffd400", "#20c040", "#e01080", "#ff0000", "#ffffff"])
def test_colours_are_exact(colour):
    """Without a word on the matrix, ffmpeg drew gold in an HD video as orange."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    style = Style(size=50, outline_width=0, position="center", colour=colour)
    shown = style_frame(style, "MM", 200, 100)
    assert ((shown == rgb).all(axis=2)).sum() > 200


def test_a_moment_is_chosen():
    cues = Cues(cues=(cue_of("Hill gap", step=1.0),))
    look = {"style": "one-word", "ground": GROUND}
    first, second, gone = (caption_frame(cues, t, **look) for t in (0.5, 1.5, 2.5))
    assert not np.array_equal(first, second)
    assert np.array_equal(gone, GROUND)
    assert np.array_equal(first, style_frame("one-word", "Hill gap", ground=GROUND, seconds=0.2))
    assert np.array_equal(GROUND, caption_frame(None, 0, ground=GROUND))


def test_titles_and_speakers_are_drawn():
    title = Title(text="M", start=0, end=2, kind="lower-third", fade=0)
    with_title = caption_frame(None, 1, titles=[title], ground=GROUND)
    assert not np.array_equal(with_title, GROUND)
    said = cue_of("MMM", step=1.0)
    cues = Cues.from_dict({"cues": [{**said.to_dict(), "speaker": "Ana"}]})
    style = Style(size=30, outline_width=0)
    shown = caption_frame(cues, 0.5, style=style, speakers={"Ana": "#00ff00"}, ground=GROUND)
    assert (shown == (0, 255, 0)).all(axis=2).sum() > 50


def test_every_style_has_its_picture():
    page = np.asarray(gallery(width=90, height=120, columns=5))
    assert page.shape == (2 * (120 + 24 + 4) + 4, 5 * 94 + 4, 3)
    tiles = [
        page[4 + row * 148 : 124 + row * 148, 4 + column * 94 : 94 + column * 94].tobytes()
        for row in range(2)
        for column in range(5)
    ]
    assert len(set(tiles)) == len(STYLES) == 10
    names = page[124:148]
    assert (names.max(axis=2) > 180).any()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: gallery([]), "styles"),
        (lambda: gallery(["popp"]), "did you mean 'pop'"),
        (lambda: gallery(["pop"] * 65), "styles"),
        (lambda: gallery(columns=0), "columns"),
        (lambda: style_frame("pop", "  "), "text"),
        (lambda: style_frame("pop", "a", 10, 10), "width"),
        (lambda: style_frame("pop", "a", ground=GROUND, seconds=float("nan")), "seconds"),
        (lambda: caption_frame(None, -1), "seconds"),
        (lambda: drawn(prepare(None, "plain", 64, 64), GROUND), "200x120.*64x64"),
    ],
)
def test_what_makes_no_picture_is_refused(call, match):
    with pytest.raises(ParameterError, match=match):
        call()


def test_hostile_text_is_drawn_and_no_command(tmp_path):
    style = Style(font="DejaVu Sans Mono", size=20, outline_width=0, position="center")
    plain, hostile = (
        extent((style_frame(style, text, 200, 100) == 255).all(axis=2))
        for text in ("MxxxxM", "M{\\}M")
    )
    advance = 20 * 1233 / 2384
    assert plain[2] - plain[0] == pytest.approx(6 * advance, abs=3)
    assert hostile[2] - hostile[0] == pytest.approx(5 * advance, abs=3)
