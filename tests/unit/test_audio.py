from __future__ import annotations

import copy
import io
import json
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from workbench.audio import FORMATS, Audio
from workbench.errors import (
    MediaError,
    MediaNotFound,
    MediaTooLarge,
    ParameterError,
    StorageFull,
)
from workbench.ogg import renumbered


def tone(hertz: float = 440, seconds: float = 0.5, rate: int = 22_050) -> Audio:
    time = np.arange(round(seconds * rate)) / rate
    return Audio(samples=0.5 * np.sin(2 * np.pi * hertz * time), rate=rate)


def pickled(sound: Audio) -> Audio:
    return pickle.loads(pickle.dumps(sound))  # type: ignore[no-any-return] # noqa: S301 - its own


def pitch(sound: Audio) -> float:
    """The strongest frequency in hertz."""
    spectrum = np.abs(np.fft.rfft(sound.samples[:, 0] * np.hanning(sound.frames)))
    return float(np.argmax(spectrum)) * sound.rate / sound.frames


def decoded(data: bytes) -> Audio:
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Audio(samples=samples, rate=rate)


@pytest.mark.parametrize(
    ("samples", "rate", "told"),
    [
        (np.zeros((2, 2, 2)), 8000, "shape"),
        (np.float64(0), 8000, "shape"),
        (np.zeros((5, 33)), 8000, "1 to 32 channels"),
        (np.zeros((5, 0)), 8000, "1 to 32 channels"),
        (np.array([0, np.nan]), 8000, "finite"),
        (np.array([0, np.inf]), 8000, "finite"),
        (np.array([0, 1e300]), 8000, "finite"),
        # 16-bit numbers taken for full scale 1 would be 32,768 times too loud.
        (np.array([0, 12_000], np.int16), 8000, "float.*int16"),
        ([0, 1], 8000, "float"),
        (np.zeros(5, complex), 8000, "float"),
        (["a"], 8000, "float"),
        (np.zeros(5), 999, "rate"),
        (np.zeros(5), 768_001, "rate"),
        (np.zeros(5), 22_050.5, "rate"),
        (np.zeros(5), float("nan"), "rate"),
        (np.zeros(5), True, "rate"),
        (np.zeros(5), "8000", "rate"),
        (np.zeros(5), None, "rate"),
    ],
)
def test_what_cannot_be_sound_is_refused(samples: object, rate: object, told: str):
    with pytest.raises(ParameterError, match=told):
        Audio(samples=samples, rate=rate)  # type: ignore[arg-type]


def test_samples_are_a_copy_nobody_can_change():
    given = np.zeros(10, np.float32)
    sound = Audio(samples=given, rate=8000)
    given[:] = 1
    assert sound.samples.shape == (10, 1)
    assert sound.samples.dtype == np.float32
    assert not sound.samples.any()
    with pytest.raises(ValueError, match="read-only"):
        sound.samples[0] = 1


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_no_array_of_a_caller_is_shared(kind: type, order: str):
    """A read-only array is no promise: its owner may write again, and so may an older view."""
    given = np.zeros((10, 2), kind, order=order)
    view = given[:]
    given.setflags(write=False)
    sound = Audio(samples=given, rate=8000)
    before = hash(sound)
    view[:] = 1
    given.setflags(write=True)
    given[:] = 1
    assert not sound.samples.any()
    assert hash(sound) == before


def test_samples_that_are_given_away_are_not_copied():
    """Each step of a mix copied its sound: 1.4 GB for an hour of stereo."""
    given = np.zeros((10, 2), np.float32)
    sound = Audio.owning(given, 8000)
    assert np.shares_memory(sound.samples, given)
    assert sound == Audio(samples=np.zeros((10, 2)), rate=8000)
    with pytest.raises(ValueError, match="read-only"):
        given[0] = 1  # whoever kept it finds it locked
    for wrong, rate in ((np.array([0, np.nan]), 8000), (np.zeros(5, int), 8000), (given, 0)):
        with pytest.raises(ParameterError):
            Audio.owning(wrong, rate)
    other = Audio.owning(np.zeros((10, 2), order="F"), 8000)  # what does not fit is converted
    assert other == sound
    assert other.samples.flags.c_contiguous


def test_making_a_sound_needs_no_second_array():
    import tracemalloc

    samples = np.zeros((1 << 20, 2), np.float32)
    tracemalloc.start()
    Audio.owning(samples, 48_000).digest()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < samples.nbytes / 50


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_copies_are_as_read_only(again: Any):
    """A sound from a pickle or a deep copy could be written to, and had another hash then."""
    sound = tone()
    other = again(sound)
    assert other == sound
    with pytest.raises(ValueError, match="read-only"):
        other.samples[0] = 1


def test_a_cut_of_all_is_the_sound_itself():
    sound = tone()
    assert sound.cut(-1, 9) is sound


def test_a_digest_counts_every_sample_in_the_order_they_are_heard():
    import hashlib

    sound = Audio(samples=np.arange(6, dtype=np.float32).reshape(3, 2) / 8, rate=8000)
    raw = b"8000:3:2:" + sound.samples.tobytes()
    assert sound.digest() == hashlib.sha256(raw).hexdigest()
    assert len(Audio.silence(0, 8000).digest()) == 64


def test_equality_and_hash_are_content():
    one, same = tone(), tone()
    assert one == same
    assert hash(one) == hash(same)
    others = [
        tone(hertz=441),
        Audio(samples=one.samples, rate=16_000),
        Audio(samples=one.samples[:10].reshape(5, 2), rate=one.rate),
        Audio(samples=one.samples[:10], rate=one.rate),
    ]
    assert len({one, *others}) == 5
    assert len({sound.digest() for sound in [one, *others]}) == 5
    assert one != "sound"


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_16_bit_sound_comes_back_to_the_bit(suffix: str):
    every = np.arange(-32_768, 32_768).astype("<i2").tobytes()
    sound = Audio.from_pcm16(every, 22_050, channels=2)
    again = soundfile.read(io.BytesIO(sound.encode(suffix)), dtype="int16", always_2d=True)[0]
    assert again.astype("<i2").tobytes() == every


def test_only_the_number_of_one_ogg_stream_is_changed():
    one = tone().encode(".ogg")
    other = renumbered(one, 7)
    assert other != one
    assert np.array_equal(decoded(other).samples, decoded(one).samples), "checksums are right"
    assert renumbered(other) == one
    for chain in (one + other, b"RIFF" + one, one + b"x"):
        assert renumbered(chain, 9) == chain


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_keeps_the_pitch_and_the_length(suffix: str):
    data = tone().encode(suffix)
    assert tone().encode(suffix) == data, "Ogg had a number by chance in each page"
    sound = decoded(data)
    assert pitch(sound) == pytest.approx(440, abs=3)
    assert sound.duration == pytest.approx(0.5, abs=0.06)  # MP3 comes in frames of 26 ms


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_beyond_full_scale_is_clipped_and_does_not_wrap(suffix: str):
    loud = Audio(samples=tone().samples * 6, rate=22_050)
    assert decoded(loud.encode(suffix)).samples.max() > 0.9
    step = Audio(samples=np.full(4000, 1.5), rate=8000)
    middle = decoded(step.encode(suffix)).samples[1000:3000]
    assert middle.min() > 0.5  # a wrapped 16-bit number would be negative


@pytest.mark.parametrize(
    ("rate", "written"),
    [(7_999, 8_000), (22_000, 22_050), (44_000, 44_100), (48_000, 48_000), (96_000, 48_000)],
)
def test_mp3_is_written_at_a_rate_it_knows(rate: int, written: int):
    sound = decoded(tone(rate=rate).encode(".mp3"))
    assert sound.rate == written
    assert pitch(sound) == pytest.approx(440, abs=3)


def test_mp3_mixes_more_than_two_channels():
    samples = np.repeat(tone().samples, 6, axis=1)
    assert decoded(Audio(samples=samples, rate=22_050).encode(".mp3")).channels == 2


@pytest.mark.faults
def test_vorbis_does_not_take_the_process_with_it():
    """libsndfile 1.2.2 died of SIGSEGV for 4 million frames in one call, and above 200 kHz."""
    code = (
        "import numpy as np; from workbench.audio import Audio\n"
        "print(len(Audio.silence(0.1, 384_000).encode('.ogg')) > 2000)\n"
        "print(len(Audio.silence(500, 8000).encode('.ogg')) > 2000)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["True", "True"])


def test_vorbis_beyond_its_rates_is_resampled():
    assert decoded(tone(rate=384_000).encode(".OGG")).rate == 192_000


@pytest.mark.parametrize(
    ("sound", "suffix"),
    [
        (Audio.silence(0.1, 8000, channels=9), ".flac"),
        (Audio.silence(0.1, 700_000), ".flac"),
        (Audio.silence(0, 8000), ".mp3"),
        (Audio.silence(0, 8000), ".flac"),
    ],
)
def test_what_a_format_cannot_hold_is_an_error_and_no_empty_file(sound: Audio, suffix: str):
    with pytest.raises(MediaError):
        sound.encode(suffix)


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(ParameterError, match=r"'\.aac'.*\.wav"):
        tone().write(tmp_path / "a.aac")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file_as_it_was(tmp_path: Path, monkeypatch):
    target = tmp_path / "a.wav"
    before = tone().write(target).read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1000])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFull, match=r"a\.wav: no space left .* bytes free"):
        tone(880).write(target)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert target.read_bytes() == before


# -- reading ----------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(MediaNotFound, match=r"none\.wav: there is no such file"):
        Audio.read(tmp_path / "none.wav")
    with pytest.raises(MediaNotFound):
        Audio.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"once upon a time", bytes(1000)])
def test_what_is_no_sound_file_is_named(tmp_path: Path, content: bytes):
    file = tmp_path / "a.wav"
    file.write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.wav: cannot be read as sound"):
        Audio.read(file)


@pytest.mark.parametrize("samples", [[0.0, np.nan], [0.0, np.inf]])
def test_a_file_of_samples_that_are_no_numbers_is_named(tmp_path: Path, samples: list[float]):
    file = tmp_path / "a.wav"
    soundfile.write(file, np.array(samples), 8000, subtype="FLOAT")
    with pytest.raises(MediaError, match=r"a\.wav: samples must be finite"):
        Audio.read(file)


def test_real_files_are_read_whole(media: Path):
    assert Audio.read(media / "speech" / "en_jfk.flac").duration == pytest.approx(11.0, abs=0.01)
    spanish = Audio.read(media / "speech" / "es_capitan_veneno.mp3")
    assert spanish.duration == pytest.approx(70.3, abs=0.2)
    assert (spanish.rate, spanish.channels) == (44_100, 1)
    assert Audio.read(media / "odd" / "8k_4ch_silence.aif").channels == 4
    assert Audio.read(media / "odd" / "es_8k_mono_mulaw.wav").rate == 8000


@pytest.mark.faults
def test_broken_files_end_in_an_error_of_ours_or_in_sound(media: Path):
    whole = {"mono.zero.wav"}  # a header and no samples: a sound of 0 s
    for file in sorted((media / "broken").iterdir()):
        if file.name in whole:
            assert Audio.read(file).frames == 0
            continue
        with pytest.raises(MediaError) as caught:
            Audio.read(file)
        assert caught.value.subject == str(file)


@pytest.mark.faults
@pytest.mark.parametrize("suffix", [".mp3", ".flac"])
def test_half_a_file_is_not_taken_for_the_whole(tmp_path: Path, suffix: str):
    """libsndfile reads as much of a cut MP3 as there is, and says nothing."""
    noise = Audio(samples=np.random.default_rng(0).normal(0, 0.1, 66_150), rate=22_050)
    data = noise.encode(suffix)
    file = tmp_path / f"cut{suffix}"
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match=rf"cut\{suffix}"):
        Audio.read(file)


# -- changing ---------------------------------------------------------------------------------


def test_silence_lasts_what_it_says():
    assert Audio.silence(0.35, 22_050).frames == round(0.35 * 22_050)
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(ParameterError):
            Audio.silence(seconds, 8000)


@pytest.mark.parametrize(
    ("start", "end", "frames"),
    [
        (0, 1, range(8)),
        (0.25, 0.5, range(2, 4)),
        (-5, 0.5, range(4)),
        (0.5, float("inf"), range(4, 8)),
        (0.75, 0.25, range(0)),
        (2, 3, range(0)),
    ],
)
def test_a_cut_is_exact_to_the_frame(start: float, end: float, frames: range):
    sound = Audio(samples=np.arange(8000) / 8000, rate=8000)
    first = [round(float(x) * 8) for x in sound.cut(start, end).samples[::1000, 0]]
    assert first == list(frames)


def test_a_cut_needs_numbers():
    with pytest.raises(ParameterError, match="nan"):
        tone().cut(float("nan"), 1)


def test_parts_are_joined_at_the_rate_and_channels_of_the_first():
    whole = Audio.join([tone(seconds=0.5), tone(880, 0.5, 44_100).with_channels(2)])
    assert (whole.rate, whole.channels, whole.frames) == (22_050, 1, 22_050)
    assert pitch(whole.cut(0, 0.5)) == pytest.approx(440, abs=3)
    assert pitch(whole.cut(0.5, 1)) == pytest.approx(880, abs=3)
    with pytest.raises(ParameterError, match="nothing to join"):
        Audio.join([])


def test_mono_is_the_mean_and_channels_are_copies():
    stereo = Audio(samples=np.array([[1.0, 0.0], [0.5, -0.5]]), rate=8000)
    assert stereo.mono().samples.ravel().tolist() == [0.5, 0.0]
    assert stereo.with_channels(3).samples.tolist() == [[0.5] * 3, [0.0] * 3]
    assert stereo.with_channels(2) is stereo


def test_resampling_keeps_the_pitch_and_the_length():
    other = tone(rate=44_100).resample(16_000)
    assert (other.rate, other.duration) == (16_000, pytest.approx(0.5, abs=1e-3))
    assert pitch(other) == pytest.approx(440, abs=3)
    assert tone().resample(22_050) == tone()
    assert Audio.silence(0, 8000).resample(16_000).frames == 0


def test_the_outline_shows_the_lowest_and_the_highest():
    samples = np.zeros(1000)
    samples[150], samples[450], samples[999] = 1.0, -0.5, 3.0
    outline = Audio(samples=samples, rate=8000).peaks(10)
    assert outline.tolist() == [
        [0, 0], [0, 127], [0, 0], [0, 0], [-64, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 127],
    ]  # fmt: skip
    assert Audio(samples=np.zeros(3), rate=8000).peaks(10).shape == (3, 2)
    assert Audio.silence(0, 8000).peaks().shape == (0, 2)


@pytest.mark.parametrize(("pcm", "channels"), [(bytes(3), 1), (bytes(6), 2), (bytes(4), 0)])
def test_half_a_frame_of_pcm_is_refused(pcm: bytes, channels: int):
    with pytest.raises(ParameterError, match="whole frames"):
        Audio.from_pcm16(pcm, 8000, channels)


def test_plain_values_hold_all_of_it():
    sound = Audio(samples=np.random.default_rng(1).normal(size=(100, 2)), rate=11_025)
    assert Audio.from_dict(json.loads(json.dumps(sound.to_dict()))) == sound


@pytest.mark.faults
def test_a_flac_from_a_pipe_is_an_error_that_names_it(tmp_path: Path):
    """``ValueError: array is too big`` came out, of 2**63 - 1 frames."""
    file = Path(tone().write(tmp_path / "piped.flac"))
    data = bytearray(file.read_bytes())
    info = data[18:26]  # rate, channels, bits and the number of frames (RFC 9639, 8.2)
    data[18:26] = struct.pack(">Q", int.from_bytes(info, "big") >> 36 << 36)
    file.write_bytes(data)
    with pytest.raises(MediaError, match=r"piped\.flac: does not say how long it is"):
        Audio.read(file)


@pytest.mark.faults
def test_a_sound_of_more_than_four_hours_is_refused_unread(tmp_path: Path):
    file = tmp_path / "long.wav"
    rate, frames = 1_000, 4 * 3600 * 1_000 + 1
    with soundfile.SoundFile(file, "w", rate, 1, subtype="PCM_U8") as stream:
        stream.write(np.zeros(10))
    data = bytearray(file.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", frames)
    with file.open("wb") as stream:
        stream.write(data)
        stream.truncate(at + 4 + frames)
    with pytest.raises(MediaTooLarge, match="lasts 14,400 s, over the limit of 14,400 s"):
        Audio.read(file)


@pytest.mark.faults
def test_a_sound_that_does_not_fit_into_memory_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    file = tone().write(tmp_path / "a.wav")
    monkeypatch.setattr(soundfile.SoundFile, "read", full)
    with pytest.raises(MediaTooLarge, match="memory"):
        Audio.read(file)
