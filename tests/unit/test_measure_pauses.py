"""Pauses are found where they were put, and noise is as loud as it was made."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sounding import noise, tone

from workbench.audio import Audio
from workbench.errors import Cancelled
from workbench.media.recording import read_sound
from workbench.speech.pauses import PAUSE, levels
from workbench.timing import Span

RATE = 24_000


def said(seconds: float, *, db: float = -20.0, rate: int = RATE) -> Audio:
    """Something as loud as speech whose level moves as that of syllables."""
    sound = noise(seconds, db=db, rate=rate, channels=1).samples[:, 0]
    time = np.arange(len(sound)) / rate
    return Audio(samples=sound * (0.65 + 0.35 * np.sin(2 * np.pi * 4 * time)), rate=rate)


def rest(seconds: float, db: float | None = None) -> Audio:
    if db is None:
        return Audio.silence(seconds, RATE)
    grains = np.random.default_rng(3).normal(size=round(seconds * RATE)) * 10 ** (db / 20)
    return Audio(samples=grains, rate=RATE)


def spans(audio: Audio) -> list[tuple[float, float]]:
    return [(round(p.start, 2), round(p.end, 2)) for p in levels(audio).pauses]


@pytest.mark.parametrize("db", [None, -80, -60, -45, -36])
def test_pauses_are_found_where_they_are(db):
    """In silence and in noise; what lies before and after the speech is none."""
    parts = [rest(0.5, db), said(1), rest(0.3, db), said(1), rest(0.8, db), said(1), rest(1, db)]
    found = spans(Audio.join(parts))
    assert np.allclose(found, [(1.5, 1.8), (2.8, 3.6)], atol=0.021)
    extent = levels(Audio.join(parts)).extent
    assert (extent.start, extent.end) == pytest.approx((0.5, 4.6), abs=0.021)


@pytest.mark.parametrize(("seconds", "count"), [(0.2, 0), (0.24, 0), (0.25, 1), (0.26, 1), (2, 1)])
def test_a_quarter_of_a_second_is_a_pause(seconds, count):
    assert PAUSE == 0.25
    assert len(spans(Audio.join([said(1), rest(seconds), said(1)]))) == count


def test_a_click_does_not_end_a_pause():
    quiet = rest(0.4).samples[:, 0].copy()
    quiet[4_800:5_200] = 0.3
    click = Audio(samples=quiet, rate=RATE)
    assert len(spans(Audio.join([said(1), click, said(1)]))) == 1
    assert spans(Audio.join([said(1), rest(0.4), click])) == []


def test_how_loud_it_is_does_not_matter():
    parts = [said(1), rest(0.5), said(1)]
    whole = Audio.join(parts)
    quiet = Audio(samples=whole.samples * 0.01, rate=RATE)
    assert spans(quiet) == spans(whole) == [(1.0, 1.5)]


def test_an_offset_is_no_sound():
    whole = Audio.join([said(1), rest(0.5), said(1)])
    moved = Audio(samples=whole.samples * 0.5 + 0.3, rate=RATE)
    assert spans(moved) == [(1.0, 1.5)]


def test_channels_do_not_cancel_each_other():
    one = Audio.join([said(1), rest(0.5), said(1)]).samples
    assert spans(Audio(samples=np.hstack([one, -one]), rate=RATE)) == [(1.0, 1.5)]


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000])
def test_any_rate_gives_the_same(rate):
    whole = Audio.join([said(30, rate=rate), Audio.silence(0.5, rate), said(1, rate=rate)])
    assert spans(whole) == [(pytest.approx(30, abs=0.02), pytest.approx(30.5, abs=0.02))]


def test_steady_sound_has_no_pause():
    assert spans(tone(3)) == []
    assert spans(noise(3)) == []


@pytest.mark.parametrize(
    "audio",
    [
        Audio.silence(2, RATE),
        Audio.silence(0, RATE),
        Audio(samples=np.array([0.5]), rate=RATE),
        rest(2, -80),
    ],
)
def test_where_nothing_is_said_there_is_no_extent(audio):
    assert levels(audio).extent is None
    assert levels(audio).pauses == ()


@pytest.mark.media
def test_speech_after_noise_begins_where_the_noise_ends(media):
    """1.5 s of noise are followed by speech, and the other way round."""
    before = read_sound(media / "odd" / "vad_ns.wav")
    assert levels(before).extent.start == pytest.approx(1.5, abs=0.1)
    after = read_sound(media / "odd" / "vad_sn.wav")
    assert levels(after).extent.end == pytest.approx(after.duration - 1.5, abs=0.2)
    assert levels(read_sound(media / "odd" / "vad_zero.wav")).extent is None


@pytest.mark.media
def test_a_reader_pauses_between_the_words(media):
    found = spans(read_sound(media / "speech" / "en_one_two_three.wav"))
    assert len(found) == 2
    assert spans(read_sound(media / "speech" / "en_LJ001-0002.wav")) == []


# -- noise ----------------------------------------------------------------------------------


@pytest.mark.parametrize("db", [-90, -70, -60, -50])
def test_the_floor_is_the_noise_between_the_words(db):
    parts = [rest(0.3, db), said(1), rest(0.3, db), said(2), rest(0.3, db)]
    assert levels(Audio.join(parts)).noise_floor() == pytest.approx(db, abs=1.5)


def test_an_offset_is_no_noise():
    whole = Audio.join([said(1), rest(0.5, -60)])
    moved = Audio(samples=whole.samples + 0.1, rate=RATE)
    assert levels(moved).noise_floor() == pytest.approx(-60, abs=1.5)


def test_digital_silence_has_no_noise():
    assert levels(Audio.join([said(1), rest(0.5)])).noise_floor() is None
    assert levels(Audio.silence(3, RATE)).noise_floor() is None


def test_what_was_put_between_the_lines_is_left_out():
    line = Audio.join([rest(0.3, -60), said(1), rest(0.3, -60)])
    whole = levels(Audio.join([line, rest(2), line]))
    assert whole.noise_floor() is None
    within = [Span(start=0, end=1.6), Span(start=3.6, end=5.2)]
    assert whole.noise_floor(within) == pytest.approx(-60, abs=1.5)


def test_too_little_to_tell():
    assert levels(said(0.4)).noise_floor() is None
    assert levels(Audio.silence(0, RATE)).noise_floor() is None


def test_it_stops():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        levels(said(1), cancel=cancel)
