"""Sounds put together, made longer and made of bare samples: judged by the sample and the level."""

from __future__ import annotations

import tracemalloc
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
from operating import NOBODY, Shop
from sounding import chord, noise, tone

from workbench.audio import Audio
from workbench.errors import FileGone, MediaError, MediaTooLarge, ParameterError
from workbench.service.operations import sounds
from workbench.service.operations.waves import Wave

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def keep(shop: Shop, sound: Audio, name: str = "a.wav") -> str:
    """Put a sound into the store."""
    return shop.put(sound.write(shop.folder / name))


def sound_of(shop: Shop, file_id: str) -> Audio:
    """Return a WAV of the store, having looked that it is one of 16 bits."""
    with shop.store.reading(file_id) as path:
        with wave.open(str(path)) as file:
            assert file.getsampwidth() == 2
        return Audio.read(path)


def levels(sound: Audio, step: float = 0.01) -> np.ndarray:
    """Return the loudest sample of each hundredth of a second."""
    size = round(step * sound.rate)
    mono = np.abs(sound.mono().samples[:, 0])
    return mono[: len(mono) // size * size].reshape(-1, size).max(axis=1)


# -- one after the other ---------------------------------------------------------------------


def test_a_merge_is_as_long_as_all_and_the_pauses_to_the_sample(shop: Shop):
    parts = [tone(1.0, rate=24_000), tone(0.5, hertz=440, rate=24_000), tone(0.25, rate=24_000)]
    ids = [keep(shop, part, f"{n}.wav") for n, part in enumerate(parts)]
    made = sound_of(shop, shop.do("merge_audio", audio_ids=ids, pause=0.4))
    assert made.frames == 24_000 + 12_000 + 6_000 + 2 * 9_600
    assert shop.told == {"duration": made.duration}
    assert made.rate == 24_000
    assert made.channels == 1
    silent = levels(made) < 0.001
    assert silent[100:140].all()
    assert not silent[:100].any()
    assert not silent[141:189].any()
    np.testing.assert_allclose(made.samples[:24_000], parts[0].samples, atol=2e-4)
    assert shop.reports[-1] == 1.0
    assert shop.left() == []


def test_a_merge_has_the_best_rate_and_the_most_channels_of_its_parts(shop: Shop):
    """At the rate of the first, a narration of 8 kHz would have taken the music's highs away."""
    low = keep(shop, tone(1.0, rate=8_000), "low.wav")
    high = keep(shop, noise(1.0, rate=48_000, channels=2), "high.flac")
    made = sound_of(shop, shop.do("merge_audio", audio_ids=[low, high, low], pause=0.0))
    assert (made.rate, made.channels, made.frames) == (48_000, 2, 144_000)
    first = made.samples[:48_000]
    np.testing.assert_array_equal(first[:, 0], first[:, 1])
    spectrum = np.abs(np.fft.rfft(first[:, 0]))
    assert np.argmax(spectrum) == 1000  # the tone is where it was
    assert np.abs(np.fft.rfft(made.samples[48_000:96_000, 0]))[10_000:].mean() > 1.0


def test_a_merge_of_one_is_that_one_and_of_the_same_twice_is_both(shop: Shop):
    one = keep(shop, tone(0.5))
    assert sound_of(shop, shop.do("merge_audio", audio_ids=[one], pause=3)).duration == 0.5
    assert sound_of(shop, shop.do("merge_audio", audio_ids=[one, one])).duration == 1.5


def test_a_merge_holds_no_more_than_a_piece_at_a_time(shop: Shop):
    """All parts in memory, as they were, are gigabytes where a long-form video is made."""
    path = shop.folder / "long.wav"
    with Wave(path, 48_000, 2) as file:
        for _ in range(60):
            file.add(noise(1.0))
    long = shop.put(path)
    tracemalloc.start()
    try:
        made = shop.do("merge_audio", audio_ids=[long] * 3, pause=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with shop.store.reading(made) as path, wave.open(str(path)) as file:
        assert file.getnframes() == 3 * 60 * 48_000
    assert peak < 8e6  # a minute alone is 23 MB as floats


def test_a_merge_that_no_wav_holds_is_refused_before_it_is_begun(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sounds, "MOST", 100_000)
    one = keep(shop, tone(1.0))
    before = shop.store.usage()
    with pytest.raises(MediaTooLarge, match="more than a WAV file holds"):
        shop.do("merge_audio", audio_ids=[one, one])
    assert shop.store.usage() == before


def test_a_merge_can_be_stopped(shop: Shop):
    ids = [keep(shop, tone(1.0), f"{n}.wav") for n in range(4)]
    before = shop.store.usage()
    for raising in (True, False):
        assert shop.stopped("merge_audio", at=0.5, raising=raising, audio_ids=ids)
    assert shop.store.usage() == before
    assert shop.left() == []


# -- shorter pauses --------------------------------------------------------------------------


def test_pauses_are_shortened_to_what_they_may_be(shop: Shop):
    rate = 48_000
    parts = [tone(1.0), Audio.silence(0.3, rate), tone(1.0), Audio.silence(2, rate), tone(1.0)]
    ends = [Audio.silence(1.5, rate)]
    given = keep(shop, Audio.join([*ends, *parts, *ends]))
    made = sound_of(shop, shop.do("trim_pauses", audio_id=given, pause_threshold=0.5))
    # 0.5 s at each end and in the long pause; the short one as it was.
    assert made.duration == pytest.approx(0.5 + 1 + 0.3 + 1 + 0.5 + 1 + 0.5, abs=0.03)
    assert shop.told["duration"] == pytest.approx(made.duration, abs=1e-6)
    loud = levels(made) > 0.01
    assert loud.sum() == pytest.approx(300, abs=6)


def test_a_sound_without_long_pauses_stays_as_it_is(shop: Shop):
    given = tone(2.0)
    made = sound_of(shop, shop.do("trim_pauses", audio_id=keep(shop, given)))
    np.testing.assert_allclose(made.samples, given.samples, atol=2e-4)


def test_what_is_too_long_to_be_looked_through_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sounds, "_HELD", 10_000)
    with pytest.raises(MediaTooLarge, match="looked through"):
        shop.do("trim_pauses", audio_id=keep(shop, tone(1.0)))


# -- longer ----------------------------------------------------------------------------------


def test_a_sound_is_repeated_for_ten_minutes(shop: Shop):
    given = keep(shop, chord(7.0, rate=22_050))
    tracemalloc.start()
    try:
        made = shop.do("extend_audio", audio_id=given, duration_minutes=10)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made.endswith(".mp3")
    assert shop.told == {"duration": 600}
    assert peak < 20e6  # ten minutes are 53 MB as floats
    with shop.store.reading(made) as path:
        sound = Audio.read(path)
    assert sound.duration == pytest.approx(600, abs=0.1)
    loud = levels(sound, 0.1)
    # No hole and no jump where one repetition goes over into the next; the end fades out.
    assert loud[1:5980].min() > 0.6 * np.median(loud)
    assert loud[1:5980].max() < 1.6 * np.median(loud)
    assert loud[5999] < 0.3 * np.median(loud)
    assert shop.reports[-1] == 1.0
    assert shop.left() == []


def test_the_beginning_is_heard_as_it_is():
    """It was left out: the first note of a piece of music began in the middle."""
    given = np.arange(1, 101, dtype=np.int16)[:, np.newaxis] * 100
    pieces = np.frombuffer(b"".join(sounds.looped(given, 500, 10)), "<i2")
    assert len(pieces) == 500
    np.testing.assert_array_equal(pieces[:90], given[:90, 0])
    # What follows the seam is what follows the crossfade's part of the beginning.
    np.testing.assert_array_equal(pieces[100:180], given[10:90, 0])
    np.testing.assert_array_equal(pieces[190:270], given[10:90, 0])
    assert pieces[-1] < given[:, 0].max() * 0.2


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 70_000])
@pytest.mark.parametrize("wanted", [1, 2, 65_537, 200_000])
def test_however_short_a_sound_is_it_is_repeated_in_few_pieces(frames: int, wanted: int):
    given = np.ones((frames, 2), np.int16)
    pieces = list(sounds.looped(given, wanted, 48_000))
    assert sum(map(len, pieces)) == wanted * 4
    assert len(pieces) < 20


def test_an_extension_can_be_stopped(shop: Shop):
    given = keep(shop, chord(5.0))
    before = shop.store.usage()
    for raising in (True, False):
        assert shop.stopped(
            "extend_audio", at=0.01, raising=raising, audio_id=given, duration_minutes=60
        )
    assert shop.store.usage() == before
    assert shop.left() == []


# -- bare samples ----------------------------------------------------------------------------


def samples_of(sound: Audio, channels: int = 1) -> bytes:
    return (sound.with_channels(channels).samples * 32_767).astype("<i2").tobytes()


def raw(shop: Shop, data: bytes) -> str:
    return shop.store.put(data, type="audio", name="speech.pcm").id


@pytest.mark.parametrize(
    ("rate", "channels", "target"),
    [(24_000, 1, 44_100), (16_000, 1, 16_000), (48_000, 2, 24_000)],
)
def test_bare_samples_become_a_stereo_wav(shop: Shop, rate: int, channels: int, target: int):
    given = raw(shop, samples_of(tone(1.0, rate=rate), channels))
    made = sound_of(
        shop,
        shop.do(
            "pcm_to_wav",
            pcm_id=given,
            sample_rate=rate,
            channels=channels,
            target_sample_rate=target,
        ),
    )
    assert (made.rate, made.channels) == (target, 2)
    assert made.duration == pytest.approx(1.0, abs=0.005)
    assert shop.told["duration"] == pytest.approx(made.duration, abs=0.005)
    assert np.argmax(np.abs(np.fft.rfft(made.samples[:, 0]))) == pytest.approx(1000, abs=6)
    assert np.abs(made.samples[:, 1]).max() == pytest.approx(0.1, abs=0.01)


def test_samples_as_they_come_from_a_speech_service_need_no_parameters(shop: Shop):
    given = raw(shop, samples_of(tone(0.5, rate=24_000)))
    made = sound_of(shop, shop.do("pcm_to_wav", pcm_id=given))
    assert (made.rate, made.channels) == (44_100, 2)


def test_what_is_no_samples_is_not_taken_for_some(shop: Shop):
    """The old server took whatever it was given: the header of a WAV was heard as a click."""
    with pytest.raises(MediaError, match="says itself what it is"):
        shop.do("pcm_to_wav", pcm_id=keep(shop, tone(0.5)))
    odd = raw(shop, b"\0\xff\1\xfe\2" * 401)
    with pytest.raises(ParameterError, match="not whole frames of 1 channels"):
        shop.do("pcm_to_wav", pcm_id=odd)
    for operation, values in (
        ("trim_pauses", {"audio_id": odd}),
        ("merge_audio", {"audio_ids": [odd]}),
        ("extend_audio", {"audio_id": odd, "duration_minutes": 10}),
    ):
        with pytest.raises(MediaError, match="whose rate nobody knows"):
            shop.do(operation, **values)


# -- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "name", "more"),
    [
        ("merge_audio", "audio_ids", {}),
        ("trim_pauses", "audio_id", {}),
        ("extend_audio", "audio_id", {"duration_minutes": 10}),
        ("pcm_to_wav", "pcm_id", {}),
    ],
)
def test_what_is_not_there_is_told_by_its_id(shop: Shop, operation: str, name: str, more: dict):
    from PIL import Image

    Image.new("RGB", (8, 8)).save(shop.folder / "a.png")
    picture = shop.put(shop.folder / "a.png")
    gone = f"audio_{NOBODY}.pcm" if name == "pcm_id" else f"audio_{NOBODY}.wav"
    for error, file_id in ((FileGone, gone), (ParameterError, "../../x"), (MediaError, picture)):
        given = [file_id] if name == "audio_ids" else file_id
        with pytest.raises(error) as caught:
            shop.do(operation, **{name: given}, **more)
        assert str(shop.folder) not in repr(caught.value.to_dict())
        assert caught.value.subject in {file_id, "file id"}


@pytest.mark.parametrize(
    ("operation", "values"),
    [
        ("merge_audio", {"audio_ids": []}),
        ("merge_audio", {"audio_ids": ["x"], "pause": -1}),
        ("merge_audio", {"audio_ids": ["x"], "pause": float("nan")}),
        ("extend_audio", {"audio_id": "x", "duration_minutes": 9}),
        ("extend_audio", {"audio_id": "x", "duration_minutes": 181}),
        ("trim_pauses", {"audio_id": "x", "pause_threshold": 0}),
        ("pcm_to_wav", {"pcm_id": "x", "channels": 0}),
        ("pcm_to_wav", {"pcm_id": "x", "sample_rate": 999}),
    ],
)
def test_numbers_out_of_range_are_refused(shop: Shop, operation: str, values: dict):
    with pytest.raises(ParameterError):
        shop.do(operation, **values)


def test_a_clip_without_sound_is_told_by_its_id(shop: Shop, media: Path):
    silent = next(p for p in sorted(media.rglob("*.mp4")) if _mute(p))
    file_id = shop.put(silent)
    for operation, values in (
        ("merge_audio", {"audio_ids": [file_id]}),
        ("trim_pauses", {"audio_id": file_id}),
        ("extend_audio", {"audio_id": file_id, "duration_minutes": 10}),
    ):
        with pytest.raises(MediaError, match="has no sound") as caught:
            shop.do(operation, **values)
        assert caught.value.subject == file_id
    assert shop.left() == []


def _mute(path: Path) -> bool:
    from workbench.media.probe import probe

    try:
        found = probe(path)
    except MediaError:
        return False
    return found.audio is None and found.kind == "video"
