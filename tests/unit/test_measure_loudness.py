"""Loudness and peaks are the standard's: ffmpeg's meter says the same of real recordings."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sounding import RATE, drums, noise, tone, true_peak

from workbench.audio import Audio
from workbench.errors import Cancelled
from workbench.media import meter
from workbench.media.recording import read_sound
from workbench.speech import loudness as measured
from workbench.speech.loudness import clipped, loudness

REAL = (
    "speech/en_LJ001-0001.wav",
    "speech/en_LJ001-0002.wav",
    "speech/en_jfk.flac",
    "speech/en_one_two_three.wav",
    "speech/en_stereo_two_speakers.wav",
    "speech/es_capitan_veneno.mp3",
    "speech/en_nasa_webb_2v2a2s.mp4",
    "odd/en_jfk_5.1_centre_only.ac3",
    "odd/8_channel_7.1.m4a",
    "odd/es_8k_mono_mulaw.wav",
    "odd/vad_n.wav",
    "odd/vad_ns.wav",
    "odd/vad_s.wav",
    "odd/vad_sn.wav",
)


def whole(audio: Audio) -> Audio:
    """What of it fills tenths of a second: of the rest, ffmpeg's meter is given silence."""
    return audio.cut(0, int(audio.duration * 10 + 1e-6) / 10)


@pytest.mark.media
@pytest.mark.parametrize("name", REAL)
def test_real_recordings_are_as_loud_as_ffmpeg_says(media, name):
    """Mono and stereo, 8 to 48 kHz; at 48 kHz, for which the standard gives its filters."""
    audio = whole(read_sound(media / name))
    found = loudness(audio)
    told = meter.loudness(audio.resample(RATE))
    assert found == pytest.approx(told.integrated, abs=0.05)
    assert measured.true_peak(audio) == pytest.approx(told.true_peak, abs=0.2)
    own = meter.loudness(audio)
    assert measured.true_peak(audio) == pytest.approx(own.true_peak, abs=0.2)
    # Below, ffmpeg's high-pass lets through more than the standard's: 0.2 dB at 8 kHz.
    assert found == pytest.approx(own.integrated, abs=0.1 if audio.rate >= 16_000 else 0.25)


@pytest.mark.media
@pytest.mark.parametrize("channels", range(1, 9))
def test_channels_count_as_for_ffmpeg(channels):
    audio = noise(3, db=-30, channels=channels)
    assert loudness(audio) == pytest.approx(meter.loudness(audio).integrated, abs=0.05)


@pytest.mark.media
@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000])
def test_the_rate_does_not_change_the_loudness(rate):
    """Of what both can hold: noise up to 3 kHz."""
    low = noise(4, db=-20, channels=1, rate=6_000)
    expected = meter.loudness(low.resample(RATE)).integrated
    assert loudness(low.resample(rate)) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("db", "expected"), [(-23.0, -23.0), (-33.0, -33.0)])
def test_a_sine_is_as_loud_as_the_standard_says(db, expected):
    """EBU Tech 3341, cases 1 and 2: 1 kHz in both channels."""
    assert loudness(tone(20, db=db).with_channels(2)) == pytest.approx(expected, abs=0.1)


def test_quiet_stretches_do_not_count():
    """EBU Tech 3341, cases 3 and 4, shortened: the two gates."""
    parts = [tone(5, db=-36), tone(20, db=-23), tone(5, db=-36)]
    assert loudness(Audio.join(parts).with_channels(2)) == pytest.approx(-23, abs=0.1)
    parts = [tone(5, db=-72), *parts, tone(5, db=-72)]
    assert loudness(Audio.join(parts).with_channels(2)) == pytest.approx(-23, abs=0.1)


def test_what_lies_around_does_not_matter():
    """The blocks that are weighted together leave no seam."""
    audio = drums(7.3)
    louder = loudness(Audio.join([audio, Audio.silence(20, RATE)]))
    assert louder == pytest.approx(loudness(audio), abs=0.1)


@pytest.mark.parametrize(
    "audio",
    [
        Audio.silence(3, RATE),
        Audio.silence(0, RATE),
        tone(0.39),
        tone(3, db=-75),
        noise(1, channels=9),
        Audio(samples=np.ones(1), rate=8_000),
        Audio.silence(0.01, 1_000),
    ],
)
def test_what_has_no_loudness_has_none(audio):
    assert loudness(audio) is None


def test_four_tenths_are_enough():
    assert loudness(tone(0.4, db=-20)) == pytest.approx(-23, abs=0.2)


def test_a_constant_offset_is_not_heard():
    audio = tone(3)
    moved = Audio(samples=audio.samples + 0.3, rate=RATE)
    assert loudness(moved) == pytest.approx(loudness(audio), abs=0.05)


# -- peaks ----------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
@pytest.mark.parametrize("at", [0, 4_000, 4_090, 9_000])
def test_a_peak_between_the_samples_is_found(rate, at):
    """Wherever it lies, also across two blocks: 3 dB above its samples."""
    burst = np.sin(np.pi / 2 * np.arange(2_000) + np.pi / 4) * np.hanning(2_000)
    samples = np.concatenate([np.zeros(at), burst * 0.5, np.zeros(100)])
    audio = Audio(samples=samples, rate=rate)
    assert measured.true_peak(audio) == pytest.approx(-6.0, abs=0.2)


def test_a_block_of_lower_samples_may_have_the_highest_peak():
    samples = np.zeros(20_000)
    samples[100] = 0.8
    burst = np.sin(np.pi / 2 * np.arange(2_000) + np.pi / 4) * np.hanning(2_000)
    samples[10_000:12_000] = burst
    audio = Audio(samples=samples, rate=RATE)
    assert np.abs(audio.samples[10_000:]).max() < 0.8
    assert measured.true_peak(audio) == pytest.approx(0, abs=0.2)


def test_any_channel_may_have_the_peak():
    left = tone(1, db=-30).samples
    audio = Audio(samples=np.hstack([left, -10 * left]), rate=RATE)
    assert measured.true_peak(audio) == pytest.approx(-10, abs=0.1)


def test_loud_music_peaks_as_another_way_says():
    audio = drums(5)
    assert measured.true_peak(audio) == pytest.approx(true_peak(audio), abs=0.2)
    assert measured.true_peak(audio) > 0


def test_one_sample_has_a_peak_and_silence_has_none():
    one = Audio(samples=np.array([0.5]), rate=8_000)
    assert measured.true_peak(one) == pytest.approx(-6, abs=1)
    assert measured.true_peak(Audio.silence(1, 8_000)) is None
    assert measured.true_peak(Audio.silence(0, 8_000)) is None


# -- clipping ----------------------------------------------------------------------


def counted(samples: np.ndarray, full: float = 32_767 / 32_768) -> int:
    """The same, sample by sample."""
    found = 0
    for channel in samples.T:
        run = 0
        for value in [*(np.abs(channel) >= full), False]:
            if value:
                run += 1
                continue
            found += run if run >= 3 else 0
            run = 0
    return found


@pytest.mark.parametrize("loud", [0.5, 0.9, 1.5, 4.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_sample_of_a_flat_top_counts(loud, channels, monkeypatch):
    monkeypatch.setattr(measured, "_LONG", 100)  # runs reach over the blocks
    smooth = tone(0.1, hertz=300, db=0).with_channels(channels).samples * loud
    grains = np.random.default_rng(1).normal(size=smooth.shape) * 0.3
    samples = np.clip(smooth + grains, -1, 1).astype(np.float32)
    assert clipped(Audio(samples=samples, rate=RATE)) == counted(samples)
    if loud > 1:
        assert clipped(Audio(samples=samples, rate=RATE)) > 100


def test_a_peak_that_just_fits_is_not_clipped():
    pcm = (tone(1, hertz=441, db=0).samples * 32_767).round().astype("<i2")
    audio = Audio.from_pcm16(pcm.tobytes(), RATE)
    assert np.abs(audio.samples).max() == pytest.approx(32_767 / 32_768)
    assert clipped(Audio(samples=audio.samples[: RATE // 2] * 0.99, rate=RATE)) == 0
    assert clipped(Audio(samples=np.array([0, 1, 0, -1, -1, 0, 1.0]), rate=RATE)) == 0


def test_what_is_beyond_full_scale_is_clipped():
    assert clipped(Audio(samples=np.array([0, 1.2, -1.3, 1.4, 0]), rate=RATE)) == 3
    assert clipped(Audio.silence(1, RATE)) == 0
    assert clipped(Audio.silence(0, RATE)) is None


@pytest.mark.parametrize("function", [loudness, measured.true_peak, clipped])
def test_it_stops(function):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        function(tone(1), cancel=cancel)
