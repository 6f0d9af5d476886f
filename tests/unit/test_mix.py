"""The voice is untouched, the music around it, the whole as loud as asked."""

from __future__ import annotations

import math
import threading
from functools import cache

import numpy as np
import pytest
from sounding import RATE, chord, drums, level, noise, tone, true_peak

import workbench as wb
from workbench.audio import Audio
from workbench.errors import Cancelled, ParameterError
from workbench.media import meter
from workbench.media.loudness import CODED_PEAK, TARGETS, TRUE_PEAK, loudness
from workbench.media.mix import Mixed, Track, bed, mix
from workbench.storage.receipt import SCHEMA

pytestmark = pytest.mark.media

VOICES = ("en-us", "es", "de", "fr", "ru", "en-us+f3")
BEDS = {"noise": noise(4, db=-16), "chord": chord(4), "drums": drums(4)}
TEXT = "She sells sea shells by the river bank. [pause 1s] Everyone buys them."


def quiet(_: float) -> None:
    """No bar in a test."""


def spoken(voice: str = "en-us") -> Audio:
    return wb.speak(TEXT, voice=f"espeak:{voice}").audio


def voice(audio: Audio | None = None, **about: object) -> Track:
    return Track(name="voice", audio=spoken() if audio is None else audio, **about)


@cache
def without_music(name: str, target: str) -> Mixed:
    audio = spoken(name)
    return mix([voice(audio)], audio.duration, loudness=target, progress=quiet)


def both(audio: Audio, rate: int = RATE) -> np.ndarray:
    return audio.resample(rate).with_channels(2).samples


# -- the voice ------------------------------------------------------------------------------------


def test_a_voice_alone_is_the_voice():
    audio = spoken()
    made = mix([voice(audio)], audio.duration, progress=quiet)
    assert np.array_equal(made.audio.samples, both(audio))
    assert (made.gain_db, made.limited, made.warnings) == (0, 0, ())


@pytest.mark.parametrize("volume", [0.0, 0.1, 0.25])
def test_music_leaves_the_voice_as_it_is(volume):
    """ffmpeg's amix turned -21.1 dB into -27.1, even with music at volume 0."""
    audio = spoken()
    made = mix([voice(audio), bed(BEDS["chord"], volume=volume)], audio.duration, progress=quiet)
    assert np.array_equal(made.stems["voice"].samples, both(audio))
    assert level(made.audio.samples) == pytest.approx(level(both(audio)), abs=0.5)


@pytest.mark.parametrize("name", VOICES)
@pytest.mark.parametrize("music", BEDS)
def test_loud_as_asked_and_the_voice_as_without_music(name, music):
    """Six voices on three beds: the target within 0.5 LU, the voice within 0.5 dB."""
    target = ("shorts", "podcast", "audiobook")[VOICES.index(name) % 3]
    audio, alone = spoken(name), without_music(name, target)
    made = mix([voice(audio), bed(BEDS[music])], audio.duration, loudness=target, progress=quiet)
    for one in (alone, made):
        told = loudness(one.audio)
        assert told.integrated == pytest.approx(TARGETS[target], abs=0.5)
        assert told.true_peak <= TRUE_PEAK
        assert true_peak(one.audio) <= TRUE_PEAK + 0.1
        assert one.after.integrated == pytest.approx(told.integrated, abs=0.02)
    change = level(made.stems["voice"].samples) - level(alone.stems["voice"].samples)
    assert abs(change) <= 0.5
    assert made.warnings == ()
    together = sum(made.stems[n].samples for n in made.stems)
    assert level(together - made.audio.samples) < level(made.audio.samples) - 100


def test_where_music_is_too_loud_the_target_wins_and_it_is_told():
    audio = spoken()
    loud = bed(BEDS["drums"], volume=1.0, duck=0)
    made = mix([voice(audio), loud], audio.duration, loudness="podcast", progress=quiet)
    assert loudness(made.audio).integrated == pytest.approx(-16, abs=0.5)
    assert "lower than without it" in made.warnings[0]


def test_several_voices_keep_their_places():
    one, two = tone(1, hertz=300), tone(1, hertz=600)
    made = mix([Track(name="a", audio=one), Track(name="b", audio=two, start=2)], 4, progress=quiet)
    assert np.array_equal(made.audio.cut(0, 1).samples, both(one))
    assert np.array_equal(made.audio.cut(2, 3).samples, both(two))
    assert np.abs(made.audio.cut(1, 2).samples).max() == 0
    assert np.abs(made.audio.cut(3, 4).samples).max() == 0


# -- each value of a track ------------------------------------------------------------------------


def heard(track: Track, seconds: float, *others: Track) -> Audio:
    return mix([track, *others], seconds, progress=quiet).stems[track.name]


def test_volume_is_obeyed():
    for volume in (0.0, 0.1, 0.5, 2.0):
        stem = heard(Track(name="m", kind="music", audio=tone(1), volume=volume), 1)
        assert np.allclose(stem.samples, both(tone(1)) * volume, atol=1e-6)


def test_start_is_where_it_begins():
    stem = heard(Track(name="e", kind="effect", audio=tone(0.5), start=1.25), 3)
    assert np.abs(stem.cut(0, 1.25).samples).max() == 0
    assert np.array_equal(stem.cut(1.25, 1.75).samples, both(tone(0.5)))
    assert np.abs(stem.cut(1.75, 3).samples).max() == 0


def test_what_starts_after_the_end_is_not_heard():
    assert (
        np.abs(heard(Track(name="e", kind="effect", audio=tone(1), start=9), 2).samples).max() == 0
    )


def test_what_is_longer_is_cut():
    stem = heard(Track(name="m", kind="music", audio=tone(5)), 2)
    assert stem.duration == 2
    assert np.array_equal(stem.samples, both(tone(5))[: 2 * RATE])


def test_music_is_looped_to_the_end():
    """The old system let the music end before the video did."""
    for seconds in (2.0, 5.0, 12.3):
        stem = heard(Track(name="m", kind="music", audio=chord(2), loop=True), seconds)
        assert stem.duration == pytest.approx(seconds, abs=1e-4)
        for first in np.arange(0, seconds - 0.1, 0.05):
            assert level(stem.cut(first, first + 0.05).samples) > -30
    once = heard(Track(name="m", kind="music", audio=chord(2)), 5)
    assert np.abs(once.cut(2.0, 5).samples).max() == 0


@pytest.mark.parametrize(
    ("music", "harm"),
    [(chord(1.03), 10), (tone(1.0007, hertz=111, db=-6), 100), (drums(1.13), 1)],
    ids=["chord", "sine", "drums"],
)
def test_a_loop_has_no_click_at_its_seam(music, harm):
    """Judged by how sharply it bends anywhere, against what the music itself does."""
    stem = heard(Track(name="m", kind="music", audio=music, loop=True), 5).samples[:, 0]
    own = np.abs(np.diff(music.samples[:, 0], 2)).max()
    assert np.abs(np.diff(stem, 2)).max() <= own * 1.5
    hard = np.abs(np.diff(np.tile(music.samples[:, 0], 3), 2)).max()
    assert hard >= own * harm  # what plain repetition does


def test_a_loop_cut_on_the_beat_keeps_its_length():
    """100 turns of a sine in a second: it goes on as it ends, and nothing is blended away."""
    stem = heard(Track(name="m", kind="music", audio=tone(1, hertz=100), loop=True), 3)
    assert np.allclose(stem.samples, both(tone(3, hertz=100)), atol=1e-5)


def test_the_power_at_a_seam_is_even():
    music = noise(1.5)
    stem = heard(Track(name="m", kind="music", audio=music, loop=True, start=0.5), 6)
    for first in np.arange(0.5, 5.9, 0.02):
        assert level(stem.cut(first, first + 0.02).samples) == pytest.approx(-20, abs=1.5)


def test_fades_are_at_both_ends_of_what_is_heard():
    flat = Audio(samples=np.full(RATE, 0.5, np.float32), rate=RATE)
    track = Track(name="m", kind="music", audio=flat, loop=True, start=1, fade_in=1, fade_out=0.5)
    stem = heard(track, 5).samples[:, 0]
    assert stem[RATE] == 0
    assert stem[round(1.5 * RATE)] == pytest.approx(0.25, abs=0.01)
    assert stem[2 * RATE : round(4.5 * RATE)] == pytest.approx(0.5, abs=1e-4)
    assert stem[round(4.75 * RATE)] == pytest.approx(0.25, abs=0.01)
    assert abs(stem[-1]) < 1e-6
    assert np.abs(np.diff(stem)).max() < 0.001
    short = heard(Track(name="m", kind="effect", audio=flat, fade_out=0.5), 5).samples[:, 0]
    assert short[round(0.75 * RATE)] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("depth", [6, 12, 18])
def test_music_goes_down_under_every_voice(depth):
    music = noise(10)
    voices = [
        Track(name=f"v{i}", audio=tone(1, hertz=200, db=-20 - 15 * i), start=2 + 3 * i)
        for i in range(2)
    ]
    track = Track(name="m", kind="music", audio=music, duck=depth)
    stem = heard(track, 10, *voices)
    for begin, end, expected in [
        (0, 1.8, 0), (2, 3, -depth), (4, 4.8, 0), (5, 6, -depth), (7, 10, 0)
    ]:  # fmt: skip
        got = level(stem.cut(begin, end).samples) - level(music.cut(begin, end).samples)
        assert got == pytest.approx(expected, abs=0.2)


def test_a_voice_that_is_not_heard_does_not_duck():
    music = noise(3)
    stem = heard(Track(name="m", kind="music", audio=music, duck=12), 3, voice(tone(3), volume=0))
    assert np.array_equal(stem.samples, music.samples)


# -- the whole ------------------------------------------------------------------------------------


def test_a_sum_beyond_full_scale_is_limited_and_told():
    tracks = [Track(name=n, audio=tone(2, hertz=h, db=-3)) for n, h in (("a", 300), ("b", 430))]
    made = mix(tracks, 2, progress=quiet)
    assert np.abs(sum(both(t.audio) for t in tracks)).max() > 1
    assert true_peak(made.audio) <= TRUE_PEAK + 0.1
    assert "full scale" in made.warnings[0]
    assert made.limited > 3
    assert made.gain_db == 0
    together = sum(made.stems[n].samples for n in made.stems)
    assert np.allclose(together, made.audio.samples, atol=1e-6)


def test_a_sum_within_full_scale_is_left_alone():
    made = mix([voice(tone(1, db=-0.1))], 1, progress=quiet)
    assert made.limited == 0


def test_a_lower_peak_can_be_asked_for():
    audio = spoken()
    made = mix([voice(audio)], 4, loudness=-14, true_peak=CODED_PEAK, progress=quiet)
    assert loudness(made.audio).true_peak <= CODED_PEAK


def test_a_loudness_may_be_a_number():
    made = mix([voice()], 4, loudness=-18.5, progress=quiet)
    assert loudness(made.audio).integrated == pytest.approx(-18.5, abs=0.5)
    assert made.before.integrated != pytest.approx(-18.5, abs=0.5)


def test_silence_stays_silence():
    made = mix([voice(Audio.silence(2, RATE))], 2, loudness="shorts", progress=quiet)
    assert np.abs(made.audio.samples).max() == 0
    assert "silent" in made.warnings[0]


def test_rates_and_channels_come_together():
    tracks = [
        Track(name="a", audio=tone(1, rate=16_000)),
        Track(name="b", audio=noise(1, rate=44_100), start=1),
        Track(name="c", kind="effect", audio=noise(1, rate=22_050, channels=6), start=2),
    ]
    made = mix(tracks, 3, rate=24_000, progress=quiet)
    assert (made.audio.rate, made.audio.channels, made.audio.frames) == (24_000, 2, 72_000)
    for first in range(3):
        assert level(made.audio.cut(first + 0.1, first + 0.9).samples) > -40


def test_the_length_is_the_one_asked_for():
    for seconds in (0.5, 1.23456, 7.0):
        made = mix([voice(tone(2))], seconds, progress=quiet)
        assert made.audio.frames == round(seconds * RATE)


def test_left_stays_left():
    samples = np.zeros((RATE, 2), np.float32)
    samples[:, 0] = tone(1).samples[:, 0]
    made = mix([Track(name="e", kind="effect", audio=Audio(samples=samples, rate=RATE))], 1,
               progress=quiet)  # fmt: skip
    assert np.array_equal(made.audio.samples, samples)


def test_progress_goes_from_0_to_1_and_it_can_be_stopped():
    told: list[float] = []
    mix([voice()], 3, loudness=-16, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        mix([voice(tone(1))], 1, progress=quiet, cancel=cancel)


def test_the_result_is_described_in_plain_values():
    import json

    made = mix([voice(), bed(BEDS["chord"])], 3, loudness="podcast", progress=quiet)
    told = json.loads(json.dumps({"schema": SCHEMA, **made.to_dict()}))
    assert told["stems"] == ["voice", "music"]
    assert told["after"]["integrated"] == pytest.approx(-16, abs=0.5)
    track = json.loads(json.dumps(bed(BEDS["chord"], volume=0.5).to_dict()))
    assert (track["volume"], track["audio"]["seconds"]) == (0.5, 4.0)


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["start", "volume", "fade_in", "fade_out", "duck"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 1e12, True, "1", None])
def test_a_track_refuses_what_is_no_number(name, value):
    with pytest.raises(ParameterError, match=name):
        Track(name="m", kind="music", audio=tone(1), **{name: value})


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"audio": "music.mp3"}, "audio"),
        ({"kind": "musik"}, "did you mean 'music'"),
        ({"kind": None}, "kind"),
        ({"loop": 1}, "loop"),
        ({"kind": "voice", "loop": True}, "not for a voice"),
        ({"kind": "voice", "duck": 3}, "not for a voice"),
        ({"audio": tone(0.01), "loop": True}, "at least 0.1 s"),
    ],
)
def test_a_track_refuses_what_does_not_go_together(about, message):
    with pytest.raises(ParameterError, match=message):
        Track(**{"name": "m", "kind": "music", "audio": tone(1), **about})


@pytest.mark.parametrize(
    ("tracks", "options", "message"),
    [
        ([], {}, "1 to 1000 tracks"),
        (voice(tone(1)), {}, "1 to 1000 tracks"),
        ([tone(1)], {}, r"tracks\[0\]"),
        ([voice(tone(1))] * 2, {}, "two tracks"),
        *(([voice(tone(1))], {"duration": v}, "duration")
          for v in (0, -1, math.nan, math.inf, 1e9, True, "1")),
        *(([voice(tone(1))], {"rate": v}, "rate") for v in (0, 44_100.5, 1e9, True, "48000")),
        *(([voice(tone(1))], {"loudness": v}, "loudness") for v in ("loud", 3, math.nan, True)),
        *(([voice(tone(1))], {"true_peak": v}, "true_peak") for v in (1, -30, math.nan, None)),
    ],
)  # fmt: skip
def test_a_mix_refuses_what_cannot_be(monkeypatch, tracks, options, message):
    monkeypatch.setattr(meter, "encode", None)  # nothing may have started
    with pytest.raises(ParameterError, match=message):
        mix(tracks, **{"duration": 1.0, "progress": quiet, **options})
