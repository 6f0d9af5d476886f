"""Loudness is what the standard says, and what comes out is measured again."""

from __future__ import annotations

import math
import threading
from itertools import product

import numpy as np
import pytest
from sounding import RATE, drums, level, noise, tone, true_peak

import workbench as wb
from workbench.audio import Audio
from workbench.errors import Cancelled, FfmpegError, ParameterError
from workbench.media import meter
from workbench.media.envelope import Envelope
from workbench.media.limiter import limiter, true_peaks
from workbench.media.loudness import (
    CODED_PEAK,
    MAX_GAIN,
    QUIET,
    TARGETS,
    TRUE_PEAK,
    loudness,
    normalize,
)
from workbench.media.weighting import block_gains, block_power, gated

pytestmark = pytest.mark.media

VOICES = ("en-us", "es", "de", "fr", "ru", "en-us+f3")
TEXT = "She sells sea shells by the river bank, on a bright morning."


def stereo(audio: Audio) -> Audio:
    return audio.with_channels(2)


# -- the meter ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("db", "expected"), [(-23.0, -23.0), (-33.0, -33.0)])
def test_a_sine_is_as_loud_as_the_standard_says(db, expected):
    """EBU Tech 3341, cases 1 and 2: 1 kHz in both channels."""
    told = loudness(stereo(tone(20, db=db)))
    assert told.integrated == pytest.approx(expected, abs=0.1)
    assert told.true_peak == pytest.approx(db, abs=0.2)
    assert told.range == pytest.approx(0, abs=0.1)


def test_quiet_stretches_do_not_count():
    """EBU Tech 3341, case 3, shortened: the relative gate leaves out what is at -36."""
    parts = [tone(5, db=-36), tone(20, db=-23), tone(5, db=-36)]
    assert loudness(stereo(Audio.join(parts))).integrated == pytest.approx(-23.0, abs=0.1)


def test_one_channel_counts_once():
    assert loudness(tone(5, db=-23)).integrated == pytest.approx(-26.0, abs=0.1)


@pytest.mark.parametrize("rate", [1_000, 8_000, 16_000, 24_000, 44_100, 192_000, 384_000])
def test_any_rate_can_be_measured(rate):
    told = loudness(tone(3, hertz=300, db=-20, rate=rate))
    assert told.integrated == pytest.approx(-23.8, abs=0.6)


@pytest.mark.parametrize(
    "audio",
    [Audio.silence(3, RATE), Audio.silence(0, RATE), Audio.silence(0.01, 8000), tone(0.2)],
)
def test_silence_and_what_is_too_short_have_no_loudness(audio):
    told = loudness(audio)
    assert told.integrated == -math.inf
    assert told.to_dict()["integrated"] is None


def test_a_peak_in_the_last_moment_counts():
    """ffmpeg's meter drops what does not fill its last tenth of a second."""
    samples = np.zeros(RATE * 2 + 2_000, np.float32)
    samples[-10] = 0.5
    assert loudness(Audio(samples=samples, rate=RATE)).true_peak == pytest.approx(-6, abs=0.7)


def test_a_peak_between_the_last_samples_counts():
    burst = np.sin(np.pi / 2 * np.arange(2_000) + np.pi / 4) * np.hanning(2_000)
    samples = np.concatenate([np.zeros(RATE), burst])
    assert loudness(Audio(samples=samples, rate=RATE)).true_peak == pytest.approx(0, abs=0.3)


def test_a_quiet_peak_is_not_rounded_away():
    """The meter tells three decimals of full scale: 0.0004 would be none."""
    assert loudness(tone(2, db=-68)).true_peak == pytest.approx(-68, abs=0.2)


def test_peaks_between_the_samples_are_seen():
    """A sine at a quarter of the rate, sampled beside its peaks: 3 dB above its samples."""
    time = np.arange(RATE * 2)
    samples = np.sin(np.pi / 2 * time + np.pi / 4) * np.hanning(len(time))
    assert loudness(Audio(samples=samples, rate=RATE)).true_peak == pytest.approx(0, abs=0.3)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ParameterError, match="Audio"):
        loudness([0.0])
    with pytest.raises(ParameterError, match="12 channels"):
        loudness(noise(1, channels=12))


def test_a_meter_that_tells_nothing_is_an_error(monkeypatch):
    """A version without the metadata must not pass for 0.0 LUFS."""
    monkeypatch.setattr(meter, "_last", lambda _: {"M": -20.0})
    with pytest.raises(FfmpegError, match="did not tell"):
        loudness(tone(1))


# -- bringing it there ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voice", "target"), [*product(VOICES, ["shorts"]), ("es", "podcast"), ("fr", "audiobook")]
)
def test_every_voice_reaches_its_target(voice, target):
    audio = wb.speak(TEXT, voice=f"espeak:{voice}").audio
    done = normalize(audio, target)
    again = loudness(done.audio)
    assert again.integrated == pytest.approx(TARGETS[target], abs=0.5)
    assert again.true_peak <= TRUE_PEAK
    assert true_peak(done.audio) <= TRUE_PEAK + 0.1
    assert done.after.integrated == pytest.approx(again.integrated, abs=0.02)
    assert done.before == loudness(audio)
    assert done.audio.frames == audio.frames


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_rates_and_channels_stay(rate):
    done = normalize(stereo(wb.speak(TEXT).audio.resample(rate)), -16)
    assert (done.audio.rate, done.audio.channels) == (rate, 2)
    assert loudness(done.audio).integrated == pytest.approx(-16, abs=0.5)


def test_without_a_peak_in_the_way_it_is_one_gain():
    """A dynamic loudness filter would undo what ducking and speech have made."""
    audio = Audio.join([tone(2, db=-30), tone(2, db=-24)])
    done = normalize(audio, -20)
    assert done.limited == 0
    factor = 10 ** (done.gain_db / 20)
    assert np.allclose(done.audio.samples, audio.samples * factor, atol=1e-6)


def test_the_limiter_acts_only_where_a_peak_is():
    samples = tone(4, hertz=300, db=-26).samples.copy()
    samples[2 * RATE : 2 * RATE + 20] = 0.9
    done = normalize(Audio(samples=samples, rate=RATE), -16)
    assert done.limited > 3
    factor = 10 ** (done.gain_db / 20)
    early, late = slice(0, int(1.9 * RATE)), slice(int(2.4 * RATE), None)
    for part in (early, late):
        assert np.allclose(done.audio.samples[part], samples[part] * factor, atol=1e-5)
    assert true_peak(done.audio) <= TRUE_PEAK + 0.1


def test_the_limiter_neither_clicks_nor_pumps():
    """Its gain falls within 5 ms and comes back at 80 dB a second, never in a step."""
    samples = tone(2, hertz=300, db=-20).samples.copy()
    samples[RATE] = 1.0
    peaks = true_peaks(samples, RATE, above=0.1)
    envelope = limiter(peaks, RATE, gain=2.0, ceiling=0.5)
    gains = 20 * np.log10(envelope.over(0, 2 * RATE))
    assert gains.min() == pytest.approx(-12, abs=0.5)
    assert np.abs(np.diff(gains)).max() < 0.2  # dB from one sample to the next
    rising = np.diff(gains[RATE + 500 :]) * RATE
    assert rising.min() > -1e-3
    assert rising.max() < 90
    assert gains[: RATE - 600].min() == pytest.approx(0, abs=1e-6)
    assert gains[-RATE // 2 :].min() == pytest.approx(0, abs=1e-6)


def test_both_channels_are_limited_alike():
    samples = np.repeat(tone(2, db=-20).samples, 2, axis=1)
    samples[RATE, 0] = 1.0
    done = normalize(Audio(samples=samples, rate=RATE), -14)
    kept = done.audio.samples[:, 1] / np.where(samples[:, 1] == 0, 1, samples[:, 1])
    assert kept[RATE - 5 : RATE + 5].min() < 0.8 * kept[:100].max()


@pytest.mark.parametrize("frames", [1, 2, 23, 24, 25, 4_095, 4_096, 4_097, 9_999])
@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_peaks_of_any_length(frames, rate):
    samples = noise(2, rate=rate).samples[:frames] + np.float32(0.5)
    step, peaks = true_peaks(samples, rate, above=0.0)
    assert len(peaks) == -(-frames // step)
    assert peaks.max() >= np.abs(samples).max() - 1e-6
    envelope = limiter((step, peaks), rate, gain=1.0, ceiling=0.25)
    held = np.abs(samples) * envelope.over(0, frames)[:, np.newaxis]
    assert held.max() <= 0.25 + 1e-6


def test_a_lower_ceiling_is_kept():
    """What is coded as AAC comes out up to 0.6 dB higher."""
    done = normalize(stereo(wb.speak(TEXT).audio), "shorts", true_peak=CODED_PEAK)
    assert loudness(done.audio).true_peak <= CODED_PEAK
    assert done.after.integrated == pytest.approx(-14, abs=0.5)


@pytest.mark.parametrize(
    ("audio", "word"),
    [
        (Audio.silence(3, RATE), "silent"),
        (tone(0.2), "too short"),
        (noise(3, db=-66), "noise"),
    ],
)
def test_silence_and_noise_are_left_as_they_are(audio, word):
    done = normalize(audio, "shorts")
    assert done.audio == audio
    assert done.gain_db == 0
    assert word in done.warnings[0]


def test_a_very_quiet_voice_is_raised_so_far_and_no_further():
    quiet = tone(3, db=QUIET + 6)
    done = normalize(quiet, -10)
    assert done.gain_db == pytest.approx(MAX_GAIN)
    assert "30 dB" in done.warnings[0]
    assert level(done.audio.samples) - level(quiet.samples) == pytest.approx(MAX_GAIN, abs=0.01)


def test_what_the_ceiling_forbids_is_told():
    """A click every half second: nothing can make that loud without crushing it."""
    samples = noise(2, db=-52).samples.copy()
    samples[:: RATE // 20] = 0.99
    done = normalize(Audio(samples=samples, rate=RATE), -8)
    assert loudness(done.audio).true_peak <= TRUE_PEAK
    assert any("cannot be reached" in w for w in done.warnings)
    assert any("limiter takes" in w for w in done.warnings)


@pytest.mark.parametrize(("hertz", "target"), [(30, -13), (40, -11.5)])
def test_what_the_limiter_takes_is_made_up_for(hertz, target):
    """Bass has most of the peaks and little of the loudness: its power alone tells it wrongly."""
    beat = (np.arange(4 * RATE) % RATE < RATE // 2)[:, np.newaxis]
    bass = tone(4, hertz=hertz, db=-4).samples * beat
    sound = Audio(samples=bass + noise(4, db=-26).samples[:, :1], rate=RATE)
    done = normalize(sound, target)
    assert done.limited > 6
    assert loudness(done.audio).integrated == pytest.approx(target, abs=0.3)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_the_estimate_is_near_the_meter(rate):
    """It need not be the same: the meter has the last word."""
    sound = wb.speak(TEXT).audio.resample(rate)
    estimate = gated(block_power(sound.samples, rate))
    assert estimate == pytest.approx(loudness(sound).integrated, abs=0.3)
    power = block_power(sound.samples, rate)
    half = Envelope(step=7, gains=np.full(len(sound.samples) // 7 + 2, 0.5))
    assert gated(power * block_gains(half, rate, len(power))) == pytest.approx(
        estimate - 6, abs=0.1
    )
    assert gated(power[:3]) == gated(power * 0) == -math.inf


def test_loud_music_comes_down():
    done = normalize(stereo(drums(6)), "audiobook")
    assert done.gain_db < 0
    assert loudness(done.audio).integrated == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("podcasts", "did you mean 'podcast'"),
        ("loud", "shorts, podcast, audiobook"),
        (math.nan, "loudness"),
        (math.inf, "loudness"),
        (True, "loudness"),
        (-400, "-40 to -5"),
        (0, "-40 to -5"),
        (None, "loudness"),
    ],
)
def test_a_target_that_is_none_is_refused(monkeypatch, target, message):
    monkeypatch.setattr(meter, "encode", None)  # nothing may have started
    with pytest.raises(ParameterError, match=message):
        normalize(tone(1), target)


@pytest.mark.parametrize("value", [math.nan, True, 1, -20, "loud"])
def test_a_ceiling_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setattr(meter, "encode", None)
    with pytest.raises(ParameterError, match="true_peak"):
        normalize(tone(1), -16, true_peak=value)


def test_an_odd_rate_is_refused():
    with pytest.raises(ParameterError, match="4000 Hz"):
        normalize(tone(1, rate=4000), -16)


def test_it_can_be_stopped():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        normalize(tone(1), -14, cancel=cancel)
