"""Music goes down under a voice by as much as was asked, and comes back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sounding import RATE, chord, level, noise, tone

import workbench as wb
from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.media import duck as ducker
from workbench.media.duck import duck, ducking, speaking

# Two seconds of nothing, two of voice, three of nothing, one of voice, two of nothing.
SPOKEN = [(2.0, 4.0), (7.0, 8.0)]


def voice(rate: int = RATE, db: float = -20.0) -> Audio:
    samples = np.zeros(10 * rate, np.float32)
    for begin, end in SPOKEN:
        a, b = round(begin * rate), round(end * rate)
        samples[a:b] = tone(end - begin, hertz=200, db=db, rate=rate).samples[:, 0]
    return Audio(samples=samples, rate=rate)


def fall(audio: Audio, music: Audio, begin: float, end: float) -> float:
    """Decibels between the ducked music and the music, in a stretch of it."""
    a, b = round(begin * music.rate), round(end * music.rate)
    return level(audio.samples[a:b]) - level(music.samples[a:b])


@pytest.mark.parametrize("depth", [6, 12, 18])
@pytest.mark.parametrize("bed", [noise(10), chord(10)])
def test_the_depth_is_the_one_asked_for(depth, bed):
    """A compressor's depth depends on how loud the voice happens to be."""
    low = duck(bed, voice(), depth=depth)
    for begin, end in SPOKEN:
        for t in np.arange(begin, end - 0.05, 0.05):  # from its first moment to its last
            assert fall(low, bed, t, t + 0.05) == pytest.approx(-depth, abs=0.1)


@pytest.mark.parametrize("name", ["en-us", "es", "en-us+f3"])
def test_under_real_speech_too(name):
    spoken = wb.speak("One moment. [pause 2s] Here we are again.", voice=f"espeak:{name}").audio
    bed = noise(spoken.duration)
    low = duck(bed, spoken, depth=12)
    samples = spoken.resample(RATE).samples[:, 0]
    hop = RATE // 50
    loudest = level(samples) - 10
    for first in range(0, len(samples) - hop, hop):
        if level(samples[first : first + hop]) > loudest:
            got = level(low.samples[first : first + hop]) - level(bed.samples[first : first + hop])
            assert got == pytest.approx(-12, abs=1.5)


@pytest.mark.parametrize("db", [-6.0, -30.0, -50.0])
def test_a_quiet_voice_ducks_as_a_loud_one_does(db):
    bed = noise(10)
    assert fall(duck(bed, voice(db=db)), bed, 2.2, 3.8) == pytest.approx(-12, abs=0.1)


def test_the_voices_own_noise_does_not_duck():
    noisy = voice().samples + noise(10, db=-50, channels=1).samples
    bed = noise(10)
    low = duck(bed, Audio(samples=noisy, rate=RATE))
    assert fall(low, bed, 5.2, 6.5) == pytest.approx(0, abs=0.05)


def test_silence_does_not_duck():
    bed = noise(3)
    assert duck(bed, Audio.silence(3, RATE)) == bed
    assert duck(bed, Audio.silence(0, RATE)) == bed
    assert duck(bed, noise(3, db=-90)) == bed


def test_music_is_back_in_pauses_longer_than_hold_and_release():
    bed = noise(10)
    low = duck(bed, voice(), attack=0.1, hold=0.3, release=0.5)
    assert fall(low, bed, 0, 1.88) == pytest.approx(0, abs=0.02)
    assert fall(low, bed, 4.84, 6.88) == pytest.approx(0, abs=0.02)
    assert fall(low, bed, 8.84, 10) == pytest.approx(0, abs=0.02)


def test_attack_is_how_long_it_takes_to_go_down():
    bed = noise(10)
    slow, quick = (duck(bed, voice(), attack=a) for a in (1.0, 0.05))
    assert fall(slow, bed, 1.45, 1.55) == pytest.approx(-6, abs=0.7)
    assert fall(quick, bed, 1.45, 1.55) == pytest.approx(0, abs=0.01)


def test_hold_keeps_it_down():
    bed = noise(10)
    long, short = (duck(bed, voice(), hold=h, release=0.1) for h in (1.0, 0.0))
    assert fall(long, bed, 4.0, 4.95) == pytest.approx(-12, abs=0.1)
    assert fall(short, bed, 4.15, 4.95) == pytest.approx(0, abs=0.02)


def test_hold_bridges_the_gaps_between_words():
    bed = noise(10)
    assert fall(duck(bed, voice(), hold=3.0), bed, 4.0, 7.0) == pytest.approx(-12, abs=0.1)


def test_release_is_how_long_it_takes_to_come_back():
    bed = noise(10)
    low = duck(bed, voice(), hold=0, release=2.0)
    assert fall(low, bed, 4.95, 5.05) == pytest.approx(-6, abs=0.7)
    assert fall(low, bed, 4.1, 4.2) < -11


def test_look_ahead_is_when_it_begins_to_go_down():
    bed = noise(10)
    early = duck(bed, voice(), attack=0.2, look_ahead=1.0)
    late = duck(bed, voice(), attack=0.2, look_ahead=0.0)
    assert fall(early, bed, 1.25, 1.95) == pytest.approx(-12, abs=0.1)
    assert fall(late, bed, 1.9, 2.0) == pytest.approx(0, abs=0.05)
    assert fall(late, bed, 2.25, 3.9) == pytest.approx(-12, abs=0.1)


def test_there_is_no_zipper_noise():
    """On a constant, a step of the gain would be a step of the sound."""
    flat = Audio(samples=np.full(10 * RATE, 0.5, np.float32), rate=RATE)
    low = duck(flat, voice(), depth=18, attack=0.02, hold=0, release=0.02).samples[:, 0]
    steps = np.abs(np.diff(low))
    # A fall of 0.44 in 20 ms is 0.00046 a frame on a straight line.
    assert steps.max() < 0.002
    assert np.abs(np.diff(low, 2)).max() < 0.0005


def test_rates_may_differ_and_do_not_drift():
    """At 22,050 Hz a hundredth of a second is 220.5 frames; rounding it is 8 s off in an hour."""
    rate = 22_050
    long = Audio.join([Audio.silence(600, rate), tone(1, hertz=200, rate=rate)])
    sounds = speaking(long)
    assert np.flatnonzero(sounds)[0] == 60_000
    envelope = ducking(sounds, 8_000, 602 * 8_000, attack=0.1)
    gains = 20 * np.log10(envelope.over(599 * 8_000, 2 * 8_000))
    assert gains[int(0.85 * 8_000)] == pytest.approx(0, abs=0.05)
    assert gains[8_000:].max() == pytest.approx(-12, abs=0.05)


def test_lengths_may_differ():
    bed, short = noise(2.5), noise(12)
    assert duck(bed, voice()).frames == bed.frames
    low = duck(short, voice())
    assert fall(low, short, 10.0, 12.0) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("name", ["depth", "attack", "hold", "release", "look_ahead"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 1e9, True, "12", [1]])
def test_numbers_that_are_none_are_refused(name, value):
    with pytest.raises(ParameterError, match=name):
        duck(noise(1), voice(), **{name: value})


def test_what_is_no_sound_is_refused():
    with pytest.raises(ParameterError, match="music"):
        duck(np.zeros(3), voice())
    with pytest.raises(ParameterError, match="voice"):
        duck(noise(1), "voice.wav")


def test_defaults_are_named():
    assert (ducker.DEPTH, ducker.ATTACK, ducker.HOLD, ducker.RELEASE) == (12, 0.15, 0.35, 0.6)
