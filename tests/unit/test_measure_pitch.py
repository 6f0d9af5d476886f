"""Pitch is right within 2 % where it is known, and there is none where nobody speaks."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sounding import noise, tone

import workbench as wb
from workbench.audio import Audio
from workbench.errors import Cancelled
from workbench.media.recording import read_sound
from workbench.speech.pitch import HIGHEST, LOWEST, pitch

# Frequency and bandwidth of the formants, after Peterson and Barney (1952).
VOWELS = {
    "a": ((730, 80), (1090, 90), (2440, 120)),
    "i": ((270, 60), (2290, 100), (3010, 120)),
    "u": ((300, 60), (870, 80), (2240, 120)),
}
HEIGHTS = (80, 97, 120, 150, 185, 220, 261, 300, 350)


def vowel(
    hertz: float,
    rate: int = 24_000,
    *,
    kind: str = "a",
    seconds: float = 0.6,
    snr: float | None = None,
    fade: bool = False,
    glide: float = 0.0,
) -> Audio:
    """Glottal pulses through formants; `glide` semitones up and down, once a second."""
    time = np.arange(round(rate * seconds)) / rate
    moving = hertz * 2 ** (glide * np.sin(2 * np.pi * time) / 12)
    turns = np.cumsum(moving) / rate
    harmonics = range(1, int(0.45 * rate / moving.max()) + 1)
    pulses = sum(np.cos(2 * np.pi * k * turns + 0.3 * k) / k for k in harmonics)
    size = 1 << (2 * len(time)).bit_length()
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    spectrum = np.fft.rfft(pulses, size)
    for frequency, width in VOWELS[kind]:
        radius, angle = np.exp(-np.pi * width / rate), 2 * np.pi * frequency / rate
        spectrum /= 1 - 2 * radius * np.cos(angle) * delay + radius**2 * delay**2
    sound = np.fft.irfft(spectrum, size)[: len(time)]
    sound *= 0.5 / np.abs(sound).max()
    if fade:
        sound *= np.linspace(1, 0, len(sound))
    if snr is not None:
        grains = np.random.default_rng(1).normal(size=len(sound))
        sound += grains * np.sqrt(np.mean(sound**2)) * 10 ** (-snr / 20)
    return Audio(samples=sound, rate=rate)


@pytest.mark.parametrize("hertz", HEIGHTS)
@pytest.mark.parametrize("kind", VOWELS)
@pytest.mark.parametrize(
    "changes", [{}, {"snr": 20}, {"fade": True}, {"snr": 20, "fade": True}, {"snr": 10}], ids=str
)
def test_a_vowel_is_as_high_as_it_was_made(hertz, kind, changes):
    """And so are the ends of its range: no frame is an octave off."""
    found = pitch(vowel(hertz, kind=kind, **changes))
    assert [found.low, found.median, found.high] == pytest.approx([hertz] * 3, rel=0.02)
    assert found.semitones < 0.5


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("hertz", [80, 150, 350])
def test_any_rate_gives_the_same(rate, hertz):
    found = pitch(vowel(hertz, rate, snr=20).with_channels(2))
    assert found.median == pytest.approx(hertz, rel=0.02)


@pytest.mark.parametrize("glide", [1, 3, 6])
def test_the_range_is_that_of_the_melody(glide):
    """A sine stays within sin(0.45 π) of its ends for nine tenths of its time."""
    found = pitch(vowel(150, seconds=4, glide=glide))
    assert found.semitones == pytest.approx(2 * glide * np.sin(0.45 * np.pi), rel=0.03)
    assert found.median == pytest.approx(150, rel=0.02)


def test_two_voices_are_both_in_the_range():
    found = pitch(Audio.join([vowel(100), Audio.silence(0.5, 24_000), vowel(200, kind="i")]))
    assert found.low == pytest.approx(100, rel=0.02)
    assert found.high == pytest.approx(200, rel=0.02)
    assert found.semitones == pytest.approx(12, abs=0.4)


def test_a_creak_is_not_an_octave_lower():
    """For a few hundredths of a second every second pulse is weaker: the voice is as high."""
    audio = vowel(200, seconds=1.2)
    time = np.arange(audio.frames) / audio.rate
    stretches = (time % 0.3 > 0.1) & (time % 0.3 < 0.16)
    every_second = np.where(stretches, 0.2 * np.cos(2 * np.pi * 100 * time), 0)
    creaking = Audio(samples=audio.samples[:, 0] * (1 + every_second), rate=audio.rate)
    found = pitch(creaking)
    assert [found.low, found.median, found.high] == pytest.approx([200] * 3, rel=0.02)


@pytest.mark.parametrize("level", [0.01, 1.0])
def test_how_loud_it_is_does_not_matter(level):
    audio = vowel(130)
    found = pitch(Audio(samples=audio.samples * level, rate=audio.rate))
    assert found.median == pytest.approx(130, rel=0.02)


def test_hum_in_the_pauses_is_no_voice():
    hum = tone(3, hertz=60, db=-60, rate=24_000)
    found = pitch(Audio.join([hum, vowel(210), hum]))
    assert found.low == pytest.approx(210, rel=0.02)


@pytest.mark.parametrize(
    "audio",
    [
        Audio.silence(2, 24_000),
        Audio.silence(0, 24_000),
        Audio(samples=np.full(1, 0.5), rate=24_000),
        Audio(samples=np.full(48_000, 0.5), rate=24_000),
        vowel(150, seconds=0.06),
        noise(2, rate=24_000),
        noise(2, rate=8_000),
        tone(2, hertz=30),
    ],
)
def test_what_is_no_voice_has_no_pitch(audio):
    assert pitch(audio) is None


@pytest.mark.parametrize("rate", [8_000, 44_100])
@pytest.mark.parametrize("hertz", [*range(640, 3_900, 70), 1_000, 2_000])
def test_a_tone_above_the_voice_is_none(hertz, rate):
    """A tone of 1 kHz repeats itself 500 times a second too, one of 3.1 kHz nearly 444 times."""
    assert pitch(tone(0.5, hertz=hertz, rate=rate)) is None


def test_espeak_is_higher_the_higher_it_is_told_to_be():
    heights = [wb.speak("How high is this voice?", "espeak:en-us", pitch=p) for p in (20, 50, 80)]
    low, middle, high = [pitch(narration.audio).median for narration in heights]
    assert LOWEST < low < middle < high < HIGHEST
    assert pitch(wb.speak("How high is it?", "espeak:en-us+f3").audio).median > 150


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("speech/en_LJ001-0001.wav", 180, 250),
        ("speech/es_capitan_veneno.mp3", 100, 135),
        ("odd/es_8k_mono_mulaw.wav", 100, 135),
        ("speech/en_one_two_three.wav", 75, 100),
    ],
)
def test_readers_have_the_voice_of_a_woman_and_of_men(media, name, low, high):
    found = pitch(read_sound(media / name))
    assert low < found.median < high
    assert 3 < found.semitones < 16


def test_it_stops():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        pitch(vowel(150), cancel=cancel)
