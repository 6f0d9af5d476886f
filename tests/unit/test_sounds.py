"""Trim, join, change speed, fade, read: judged by samples, levels and spectra."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from sounding import RATE, level, noise, tone

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError, MediaNotFound, MediaTooLarge, ParameterError
from workbench.media import sounds
from workbench.media.limits import Limits
from workbench.media.sounds import change_speed, fade, join, read_sound, trim_silence

BAD = [math.nan, math.inf, -1.0, 1e9, True, "1", None]


def speech(
    *, lead: float = 1.0, tail: float = 1.5, pause: float = 2.0, floor: float = -70
) -> Audio:
    """Two tones around a pause, with silence at both ends, on a floor of noise."""
    word = tone(1.0, hertz=300, db=-12)
    parts = [Audio.silence(lead, RATE), word, Audio.silence(pause, RATE), word]
    sound = Audio.join([*parts, Audio.silence(tail, RATE)])
    return Audio(samples=sound.samples + noise(sound.duration, db=floor).samples[:, :1], rate=RATE)


# -- trim -----------------------------------------------------------------------------------------


def test_silence_goes_from_both_ends():
    trimmed = trim_silence(speech(), keep=0.1)
    assert trimmed.duration == pytest.approx(4.0 + 0.2, abs=0.021)
    assert level(trimmed.cut(0, 0.08).samples) < -60
    assert level(trimmed.cut(0.12, 0.2).samples) == pytest.approx(-15, abs=1)
    assert level(trimmed.cut(trimmed.duration - 0.08, 9).samples) < -60


@pytest.mark.parametrize("keep", [0.0, 0.25, 0.5])
def test_keep_is_what_stays(keep):
    assert trim_silence(speech(), keep=keep).duration == pytest.approx(4 + 2 * keep, abs=0.021)


def test_no_more_is_kept_than_there_is():
    assert trim_silence(speech(), keep=60).duration == speech().duration


def test_the_threshold_is_obeyed():
    """At -60 dB against the loudest, a floor at -50 is sound."""
    sound = speech(floor=-50)
    assert trim_silence(sound, -60).duration == sound.duration
    assert trim_silence(sound, -30).duration == pytest.approx(4.2, abs=0.03)


def test_a_quiet_recording_is_trimmed_as_a_loud_one():
    quiet = Audio(samples=speech(floor=-90).samples * np.float32(0.01), rate=RATE)
    assert trim_silence(quiet).duration == pytest.approx(4.2, abs=0.03)


def test_pauses_inside_are_cut_to_their_length():
    assert trim_silence(speech()).duration == pytest.approx(4.2, abs=0.03)
    assert trim_silence(speech(), inside=0.5).duration == pytest.approx(2.7, abs=0.03)
    assert trim_silence(speech(), inside=3.0).duration == pytest.approx(4.2, abs=0.03)


def test_a_pause_is_cut_without_a_click():
    """Its two sides meet on a hum of the opposite phase."""
    whole = speech(pause=1.205, floor=-140)
    hum = tone(whole.duration, hertz=100, db=-60).samples
    steep = {}
    for pause in (2.0, 0.405):
        cut = trim_silence(Audio(samples=whole.samples + hum, rate=RATE), -45, 0.1, pause)
        middle = cut.samples[round(1.15 * RATE) : round(1.45 * RATE), 0]
        steep[pause] = np.abs(np.diff(middle)).max()
    assert steep[0.405] < 2 * steep[2.0]


def test_every_pause_is_cut():
    word = tone(0.3, hertz=300)
    parts = [p for gap in (0.2, 1.0, 3.0, 0.6) for p in (word, Audio.silence(gap, RATE))]
    cut = trim_silence(Audio.join([*parts, word]), keep=0.1, inside=0.5)
    assert cut.duration == pytest.approx(5 * 0.3 + 0.2 + 0.5 * 3, abs=0.05)


def test_what_is_silent_altogether_keeps_its_first_moment():
    assert trim_silence(Audio.silence(3, 8000)).duration == pytest.approx(0.1)
    assert trim_silence(noise(3, db=-95), keep=0.5).duration == pytest.approx(0.5)
    assert trim_silence(Audio.silence(0, 8000)).frames == 0


def test_channels_and_rate_stay():
    trimmed = trim_silence(speech().with_channels(2), inside=0.3)
    assert (trimmed.channels, trimmed.rate) == (2, RATE)


@pytest.mark.parametrize("name", ["threshold_db", "keep", "inside"])
@pytest.mark.parametrize("value", BAD[:-1])  # for `inside`, None leaves the pauses
def test_trim_refuses_what_is_no_number(name, value):
    with pytest.raises(ParameterError, match=name):
        trim_silence(speech(), **{name: value * 100 if value == -1.0 else value})


# -- join -----------------------------------------------------------------------------------------


def test_a_pause_is_between_and_not_around():
    joined = join([tone(1), tone(2), tone(1)], pause=0.5)
    assert joined.duration == 5
    assert np.abs(joined.cut(1.0, 1.5).samples).max() == 0
    assert level(joined.cut(0, 1).samples) == pytest.approx(level(tone(1).samples), abs=0.01)


def test_each_gap_may_have_its_own():
    joined = join([tone(1), tone(1), tone(1)], pause=[0.25, 2])
    assert joined.duration == 5.25
    assert np.abs(joined.cut(2.25, 4.25).samples).max() == 0


def test_a_crossfade_overlaps():
    one, two = (Audio(samples=np.full(8000, v, np.float32), rate=8000) for v in (0.4, 0.8))
    joined = join([one, two, one], crossfade=0.5)
    assert joined.duration == 2
    assert joined.samples[:4000, 0] == pytest.approx(0.4, abs=1e-6)
    assert joined.samples[6000, 0] == pytest.approx(0.6, abs=0.01)
    assert np.abs(np.diff(joined.samples[:, 0])).max() < 0.001


def test_join_takes_rate_and_channels_of_the_first():
    joined = join([tone(1).with_channels(2), tone(1, rate=8000)], crossfade=0.1)
    assert (joined.rate, joined.channels) == (RATE, 2)
    assert joined.duration == pytest.approx(1.9)
    assert join([tone(1)], pause=3).duration == 1


@pytest.mark.parametrize(
    ("parts", "options", "message"),
    [
        ([], {}, "parts"),
        (tone(1), {}, "parts"),
        ([tone(1), "two.wav"], {}, r"parts\[1\]"),
        ([tone(1)] * 3, {"pause": [1]}, "1 values for 2 gaps"),
        ([tone(1)] * 3, {"pause": [1, math.nan]}, r"pause\[1\]"),
        ([tone(1)] * 2, {"pause": 1, "crossfade": 0.1}, "together"),
        ([tone(1), tone(0.2), tone(1)], {"crossfade": 0.15}, "sound 2"),
        *(([tone(1)] * 2, {"pause": v}, "pause") for v in BAD),
        *(([tone(1)] * 2, {"crossfade": v}, "crossfade") for v in BAD),
    ],
)
def test_join_refuses_what_does_not_go_together(parts, options, message):
    with pytest.raises(ParameterError, match=message):
        join(parts, **options)


# -- fade -----------------------------------------------------------------------------------------


def test_a_fade_comes_up_and_goes_down():
    flat = Audio(samples=np.ones(8000, np.float32), rate=8000)
    faded = fade(flat, fade_in=0.25, fade_out=0.5).samples[:, 0]
    assert (faded[0], faded[-1]) == (0, 0)
    assert faded[1000] == pytest.approx(0.5, abs=0.01)
    assert faded[2000:4000].min() == 1
    assert faded[6000] == pytest.approx(0.5, abs=0.01)
    assert np.abs(np.diff(faded)).max() < 0.001


def test_each_end_fades_by_itself():
    flat = Audio(samples=np.ones(8000, np.float32), rate=8000)
    assert fade(flat) == flat
    assert fade(flat, fade_in=0.1).samples[-1, 0] == 1
    assert fade(flat, fade_out=0.1).samples[0, 0] == 1
    assert fade(flat, fade_in=100).samples.max() < 0.01
    assert fade(Audio.silence(0, 8000), 1, 1).frames == 0


@pytest.mark.parametrize("name", ["fade_in", "fade_out"])
@pytest.mark.parametrize("value", BAD)
def test_fade_refuses_what_is_no_number(name, value):
    with pytest.raises(ParameterError, match=name):
        fade(tone(1), **{name: value})


# -- speed ----------------------------------------------------------------------------------------


@pytest.mark.media
@pytest.mark.parametrize("factor", [0.25, 0.3, 0.5, 0.9, 1.25, 2, 3.3, 4])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_speed_changes_the_length_and_not_the_pitch(factor, rate):
    sound = tone(2, hertz=440, db=-6, rate=rate)
    changed = change_speed(sound, factor)
    assert changed.duration == pytest.approx(2 / factor, abs=0.02)
    assert changed.rate == rate
    samples = changed.samples[:, 0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert spectrum.argmax() * rate / len(samples) == pytest.approx(440, abs=3)
    assert level(samples) == pytest.approx(level(sound.samples), abs=0.5)


@pytest.mark.media
def test_speed_keeps_events_where_they_belong():
    """Three beeps: nothing is lost at the start or the end, or moved."""
    beep = tone(0.3, hertz=600)
    row = Audio.join([beep, Audio.silence(1, RATE), beep, Audio.silence(1, RATE), beep])
    quick = change_speed(row, 1.5)
    loud = np.abs(quick.samples[:, 0])
    for start in (0.0, 1.3, 2.6):
        middle = round((start + 0.15) / 1.5 * RATE)
        assert loud[middle - 1000 : middle + 1000].max() > 0.09
    slow = change_speed(row, 0.25)  # without silence behind it, the filter keeps 0.2 s of it back
    assert level(slow.samples[-round(0.06 * RATE) :]) > -30
    assert loud[round(0.6 * RATE) : round(0.75 * RATE)].max() < 0.01


@pytest.mark.media
def test_speed_keeps_channels_apart():
    left, right = tone(2, hertz=300).samples, tone(2, hertz=900).samples
    changed = change_speed(Audio(samples=np.hstack([left, right]), rate=RATE), 1.5)
    for channel, hertz in enumerate((300, 900)):
        samples = changed.samples[:, channel]
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        assert spectrum.argmax() * RATE / len(samples) == pytest.approx(hertz, abs=3)


def test_the_same_speed_is_the_same_sound():
    assert change_speed(tone(1), 1) == tone(1)
    assert change_speed(Audio.silence(0, RATE), 2).frames == 0


@pytest.mark.parametrize("value", [*BAD, 0, 0.2, 5])
def test_speed_refuses_what_is_no_factor(monkeypatch, value):
    monkeypatch.setattr(sounds, "encode", None)  # nothing may have started
    with pytest.raises(ParameterError, match="factor"):
        change_speed(tone(1), value)


@pytest.mark.media
def test_speed_can_be_stopped():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        change_speed(tone(1), 0.5, cancel=cancel)


@pytest.mark.parametrize("change", [trim_silence, fade, lambda a: change_speed(a, 2)])
def test_what_is_no_sound_is_refused(change):
    with pytest.raises(ParameterError, match="Audio"):
        change("talk.wav")


# -- read -----------------------------------------------------------------------------------------


@pytest.mark.media
def test_a_voice_in_the_centre_is_heard(media):
    """A down-mix that takes left and right hears nothing; one turned down so that no sum could
    clip keeps 17 % of the energy."""
    centre = read_sound(media / "speech/en_jfk.flac").mono()
    mixed = read_sound(media / "odd/en_jfk_5.1_centre_only.ac3")
    assert mixed.channels == 2
    energy = [float(np.square(a.samples, dtype=np.float64).sum()) / a.rate for a in (mixed, centre)]
    assert energy[0] > 0.5 * energy[1]
    assert np.allclose(mixed.samples[:, 0], mixed.samples[:, 1], atol=1e-4)


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "rate", "channels", "seconds"),
    [
        ("speech/es_capitan_veneno.mp3", 44_100, 1, 70.3),
        ("speech/en_nasa_webb_2v2a2s.mp4", 8_000, 2, 13.06),
        ("speech/en_stereo_two_speakers.wav", 16_000, 2, 5.0),
        ("odd/es_8k_mono_mulaw.wav", 8_000, 1, 15.0),
        ("odd/8k_4ch_silence.aif", 8_000, 2, 1.0),
        ("odd/8_channel_7.1.m4a", 48_000, 2, 8.0),
        ("odd/vad_zero.wav", 16_000, 1, 1.5),
    ],
)
def test_any_recording_is_read_at_its_own_rate(media, name, rate, channels, seconds):
    sound = read_sound(media / name)
    assert (sound.rate, sound.channels) == (rate, channels)
    assert sound.duration == pytest.approx(seconds, abs=0.1)


@pytest.mark.media
def test_stereo_stays_as_it_is(media):
    file = media / "speech/en_stereo_two_speakers.wav"
    assert np.array_equal(read_sound(file).samples, Audio.read(file).samples)


@pytest.mark.media
@pytest.mark.parametrize("layout", ["5.1", "7.1", "4.0", "16 channels"])
def test_nothing_of_a_surround_sound_is_lost(tmp_path, layout):
    """Each channel of its own is heard, the one for the subwoofer left aside."""
    import soundfile

    channels = {"5.1": 6, "7.1": 8, "4.0": 4, "16 channels": 16}[layout]
    for channel in range(channels):
        if channels in {6, 8} and channel == 3:
            continue
        samples = np.zeros((4_000, channels), np.float32)
        samples[:, channel] = 0.5 * np.sin(np.arange(4_000) / 5)
        path = tmp_path / f"{channel}.wav"
        soundfile.write(path, samples, 8_000, subtype="FLOAT")
        assert level(read_sound(path).samples) > -40


@pytest.mark.media
@pytest.mark.faults
@pytest.mark.parametrize(
    "name",
    [
        "broken/truncated_faststart.mp4",
        "broken/truncated_jfk.flac",
        "broken/moov_missing.mp4",
        "broken/bitflips_seed7.mp4",
        "broken/mono.zero.wav",
        "broken/mono.empty.wav",
        "broken/mono.invalid.wav",
        "broken/text_named.mp4",
        "hostile/evil_hls_rel.mp4",
        "hostile/evil_concat_abs.mp4",
        "hostile/evil_sdp.mp4",
        "odd/phone_rotated90.mov",
    ],
)
def test_damage_and_playlists_are_errors_that_name_the_file(media, name):
    with pytest.raises(MediaError, match=name.rpartition("/")[2]):
        read_sound(media / name)


@pytest.mark.media
@pytest.mark.faults
@pytest.mark.parametrize(
    "name", ["-x.wav", "a:b.wav", "it's.wav", "100%d.wav", "a\nb.wav", "é🎬.wav"]
)
def test_file_names_are_names(tmp_path, name):
    tone(0.5, rate=8000).write(tmp_path / name)
    assert read_sound(tmp_path / name).duration == 0.5


@pytest.mark.media
def test_limits_and_missing_files(tmp_path, media):
    with pytest.raises(MediaNotFound):
        read_sound(tmp_path / "none.wav")
    with pytest.raises(MediaTooLarge):
        read_sound(media / "speech/en_jfk.flac", limits=Limits(seconds=5))


@pytest.mark.media
def test_reading_can_be_stopped(media):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        read_sound(media / "speech/es_capitan_veneno.mp3", cancel=cancel)
