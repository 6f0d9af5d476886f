"""A video's captions drawn in pieces are the captions drawn at once."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from libass import GREY, cue_of, draw, ink

from workbench.captions.ass import CLOCK, prepare
from workbench.captions.clock import time_of_frame
from workbench.captions.cues import Cue, Cues
from workbench.captions.styles import STYLES, Style
from workbench.captions.titles import Title
from workbench.errors import ParameterError
from workbench.timing import Word

FRAME = (256, 144)
LOOKS = {
    "plain": Style(size=12),
    "lit": Style(size=12, highlight="colour", background="box", fade_in=200, fade_out=150),
    "fill": Style(size=12, highlight="fill", background="line", fade_out=120),
    "box": Style(size=12, highlight="box", shadow=5),
    "pop": Style(size=12, highlight="pop", pop=40, fade_in=100),
    "word": Style(size=20, highlight="word", fade_in=250, blur=4, background="box"),
}


def spoken():
    """Two cues and a third beside the second, at times that suit no frame rate."""
    first = cue_of("Two words", "and more", start=0.0717, step=0.1213)
    second = cue_of("Say it", start=0.6301, step=0.1909)
    return Cues(cues=(first, second, cue_of("aside", start=0.8, step=0.3)))


TITLE = Title(text="Ana", detail="Soto", start=0.21, end=0.9, kind="lower-third", fade=0.17)


def frames_of(folder, prepared, first, count, fps):
    """Return the frames of a piece, drawn by itself."""
    text = prepared.segment(first, count, fps)
    if not text:
        return np.full((count, FRAME[1], FRAME[0], 3), GREY, np.uint8)
    piece = SimpleNamespace(ass=text, fonts=prepared.fonts)
    return draw(folder, piece, FRAME, count, rate=fps, grey=GREY, start=CLOCK, pixels="rgb24")


@pytest.mark.media
@pytest.mark.parametrize("fps", [24, 25, 30, 60])
@pytest.mark.parametrize("look", LOOKS)
def test_pieces_are_the_whole(tmp_path, look, fps):
    """An animation begun anew in each piece, or off by a hundredth, would change pixels."""
    prepared = prepare(spoken(), LOOKS[look], *FRAME, titles=[TITLE])
    total = round(1.25 * fps)
    whole = frames_of(tmp_path, prepared, 0, total, fps)
    assert len(whole) == total
    cuts = [0, total // 5 + 1, total * 3 // 5, total]
    pieces = [frames_of(tmp_path, prepared, a, b - a, fps) for a, b in itertools.pairwise(cuts)]
    assert np.array_equal(np.concatenate(pieces), whole)
    assert len({frame.tobytes() for frame in whole}) > (4 if look == "plain" else 8)


@pytest.mark.media
@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_a_cue_is_in_the_frames_of_its_time(tmp_path, fps):
    """Frame n stands at n / fps; rounding to hundredths moved a third of the cues by a frame."""
    times = [(0.1, 0.2), (0.3, 0.4333), (0.5 + 1 / 300, 0.61), (0.7, 0.7 + 2.5 / fps)]
    cues = Cues(
        cues=tuple(
            Cue(start=a, end=b, lines=((Word(text="M", start=a, end=b),),)) for a, b in times
        )
    )
    frames = frames_of(tmp_path, prepare(cues, Style(size=30), *FRAME), 0, fps, fps)
    seen = [ink(frame, GREY) is not None for frame in frames]
    assert seen == [any(a <= n / fps < b for a, b in times) for n in range(fps)]


@pytest.mark.media
@pytest.mark.parametrize("name", [name for name in STYLES if name != "karaoke-fill"])
def test_the_file_and_the_pieces_look_the_same(tmp_path, name):
    """Frames in the middle of a state, where nothing moves."""
    cues = Cues(cues=(cue_of("Two words", "and more", step=0.5),))
    prepared = prepare(cues, name, *FRAME)
    theirs = draw(tmp_path, prepared, FRAME, 20, rate=10, grey=GREY, pixels="rgb24")
    ours = frames_of(tmp_path, prepared, 0, 20, 10)
    for i in (3, 8, 13, 18):
        assert np.array_equal(theirs[i], ours[i])


@pytest.mark.media
def test_the_file_and_the_pieces_move_alike(tmp_path):
    """What ASS's own commands do between two moments, and what we draw there."""
    cues = Cues(cues=(cue_of("Two words", step=0.5),))
    for look in (LOOKS["fill"].but(fade_out=0), LOOKS["pop"], LOOKS["lit"]):
        prepared = prepare(cues, look.but(size=24), *FRAME)
        # What fades and grows is drawn as it is in the middle of a frame.
        fine = draw(tmp_path, prepared, FRAME, 60, rate=60, grey=GREY, pixels="rgb24")
        theirs = fine[look.highlight != "fill" :: 2]
        ours = frames_of(tmp_path, prepared, 0, 30, 30)
        apart = np.abs(theirs.astype(int) - ours).mean(axis=(1, 2, 3))
        assert apart.max() < 1.5
        assert np.median(apart) < 0.02


def moved(cues, frames, fps):
    """The same cues so many frames later."""
    return cues.shift(frames / fps)


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
@pytest.mark.parametrize("look", LOOKS)
def test_a_piece_that_moved_keeps_its_text(look, fps):
    """It is the key under which its encoded frames are kept."""
    cues = spoken()
    before = prepare(cues, LOOKS[look], *FRAME, titles=[TITLE])
    for shift in (1, 7, 100, 12345):
        title = replace(TITLE, start=TITLE.start + shift / fps, end=TITLE.end + shift / fps)
        earlier = cue_of("before", start=0, step=0.01)  # so that the numbers of the cues differ
        later = Cues(cues=(earlier, *moved(cues, shift, fps)))
        after = prepare(later, LOOKS[look], *FRAME, titles=[title])
        for first, count in ((2, 20), (0, 200), (17, 3)):
            ours = before.segment(first, count, fps)
            assert ours
            assert after.segment(first + shift, count, fps) == ours


def test_a_piece_does_not_know_of_others():
    """A word changed in one scene must leave every other scene's key alone."""
    one, two = cue_of("One", start=0, step=1.0), cue_of("Two", start=1, step=1.0)
    other = cue_of("Changed, and much too long for the frame it is in", start=1, step=1.0)
    first, second = (
        prepare(Cues(cues=cues), "karaoke", *FRAME) for cues in ((one, two), (one, other))
    )
    assert first.segment(0, 30, 30) == second.segment(0, 30, 30)
    assert first.segment(30, 30, 30) != second.segment(30, 30, 30)


def test_a_piece_lists_only_the_styles_it_uses():
    titles = [Title(text="A", start=2, end=3)]
    prepared = prepare(Cues(cues=(cue_of("One", step=1.0),)), "plain", *FRAME, titles=titles)
    assert prepared.ass.count("\nStyle: ") == 2
    assert prepared.segment(0, 30, 30).count("\nStyle: ") == 1
    assert prepared.segment(60, 30, 30).count("\nStyle: ") == 1
    assert prepared.segment(30, 30, 30) == ""


def test_nothing_is_nothing():
    prepared = prepare(None, "plain", *FRAME)
    assert prepared.segment(0, 100, 30) == ""
    assert prepared.fonts == ()
    assert prepare(Cues(cues=()), "plain", *FRAME).segment(0, 1, 30) == ""
    for args in ((-1, 1, 30), (0, 0, 30), (0, 1, 0), (0, 1.0, 30), (True, 1, 30), (0, 1, 29.97)):
        with pytest.raises(ParameterError, match=r"first|count|fps"):
            prepared.segment(*args)


@pytest.mark.parametrize("fps", [*range(1, 100)])
def test_every_boundary_lies_between_two_frames(fps):
    """libass counts milliseconds, cut off, and ffmpeg's may be one less than they should."""
    for frame in range(400):
        milliseconds = 10 * time_of_frame(frame, fps)
        now = CLOCK * 1000 + frame * 1000 / fps
        assert milliseconds <= int(now - 1e-6)
        assert milliseconds > now - 1000 / fps


def test_a_long_cue_fills_without_overflow(tmp_path):
    """libass keeps ten times the hundredths in 32 bits: 3.5 minutes of frames."""
    words = tuple(Word(text="Mmmm", start=1000.0 * i, end=1000.0 * (i + 1)) for i in range(3))
    cues = Cues(cues=(Cue(start=0, end=3000, lines=(words,)),))
    prepared = prepare(cues, Style(size=12, highlight="fill", outline_width=0), *FRAME)
    text = prepared.segment(60 * 1500, 1, 60)
    times = [int(n) for n in re.findall(r"\\kf?-?(\d+)", text)]
    assert max(times) * 10 < 2**31
    frame = frames_of(tmp_path, prepared, 60 * 1500, 1, 60)[0].astype(int)
    yellow = (frame[..., 0] > 180) & (frame[..., 2] < 90)
    white = frame.min(axis=2) > 200
    left, _, right, _ = ink(frame, GREY)
    assert np.flatnonzero(yellow.any(axis=0)).max() == pytest.approx((left + right) / 2, abs=4)
    assert np.flatnonzero(white.any(axis=0)).min() == pytest.approx((left + right) / 2, abs=4)


def test_a_pause_at_the_limit_stays_on_its_side():
    """0.12 seconds more or less a rounding decide whether a word goes dark: they must not."""
    for fps in (24, 30, 60):
        texts = set()
        for shift in range(40):
            start = shift / fps
            words = tuple(
                Word(text="a", start=start + a, end=start + b) for a, b in ((0, 0.38), (0.5, 0.9))
            )
            cue = Cue(start=start, end=start + 1, lines=(words,))
            prepared = prepare(Cues(cues=(cue,)), "karaoke", *FRAME)
            texts.add(prepared.segment(shift, fps, fps))
        assert len(texts) == 1


def random_cues(dice):
    """Cues without overlap, of words of every length, some of none."""
    time, cues = 0.0, []
    for _ in range(dice.randint(1, 5)):
        words, start = [], time
        for _ in range(dice.randint(1, 6)):
            said = dice.choice([0.0, 0.003, 0.1, 0.25, 1.0])
            text = dice.choice(["a", "word", "{x}", "\\N", "ñ\nb", " "])
            words.append(Word(text=text, start=time, end=time + said, space=dice.random() < 0.8))
            time += said + dice.choice([0.0, 0.0, 0.05, 0.5])
        time = max(time, start + 0.01)
        rows = (tuple(words[:2]), tuple(words[2:]))
        cues.append(Cue(start=start, end=time, lines=tuple(filter(None, rows))))
        time += dice.choice([0.0, 0.0, 0.3])
    return Cues(cues=tuple(cues))


@pytest.mark.parametrize("look", LOOKS)
def test_events_of_any_words_are_legal(look):
    """Three hundred lists: in order, none empty, none beyond the piece, no frame forgotten."""
    dice = random.Random(6)  # noqa: S311 - the same lists in every run
    for _ in range(50):
        cues, fps = random_cues(dice), dice.choice([24, 25, 30, 50, 60])
        prepared = prepare(cues, LOOKS[look], *FRAME)
        first, count = dice.randint(0, 20), dice.randint(1, 120)
        events = [
            row.split(",", 9)
            for row in prepared.segment(first, count, fps).splitlines()
            if row.startswith("Dialogue")
        ]
        seen = set()
        bounds = {time_of_frame(frame, fps): frame for frame in range(count + 1)}
        for event in events:
            start, stop = (
                bounds[round(sum(float(n) * 60**i for i, n in enumerate(t.split(":")[::-1])) * 100)]
                for t in event[1:3]
            )
            assert start < stop
            if event[0] == "Dialogue: 2":
                assert seen.isdisjoint(range(start, stop))
                seen |= set(range(start, stop))
        shown = {
            n - first
            for cue in cues
            for n in range(first, first + count)
            if cue.start <= n / fps + 1e-9 and n / fps + 1e-9 < cue.end
        }
        if look == "word":
            assert seen <= shown
        else:
            assert seen == shown
