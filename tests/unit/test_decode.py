"""A recording is decoded whole or says what is missing; nothing but it is opened."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from workbench.audio import Audio
from workbench.engines.decode import container as decode_container
from workbench.engines.decode import decode
from workbench.errors import (
    MediaError,
    MediaNotFound,
    MediaTooLarge,
    ParameterError,
    StorageError,
    WorkbenchError,
)
from workbench.take import Take
from workbench.voice import Voice


def tone(seconds: float = 1.0, rate: int = 16_000, hertz: float = 440.0) -> Audio:
    time = np.arange(round(seconds * rate)) / rate
    return Audio(samples=0.5 * np.sin(2 * np.pi * hertz * time), rate=rate)


def level(audio: Audio, start: float = 0.0, end: float = float("inf")) -> float:
    return float(np.sqrt((audio.cut(start, end).samples ** 2).mean()))


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return tone().write(tmp_path / "tone.wav")


# -- what it takes ------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A file object that only goes forward, as a pipe does."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self._data.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Bare:
    """No more of a file object than `read`."""

    def __init__(self, data: bytes) -> None:
        self.read = io.BytesIO(data).read


class Numbered(io.BytesIO):
    """A file object whose name is a number, as those of `tempfile.TemporaryFile` are."""

    name = 12


def half_read(data: bytes) -> io.BytesIO:
    file = io.BytesIO(b"a letter before the sound" + data)
    file.seek(25)
    return file


@pytest.mark.parametrize(
    "wrap", [bytes, bytearray, memoryview, io.BytesIO, Pipe, Bare, Numbered, half_read]
)
def test_bytes_and_file_objects_are_the_same_as_the_file(wav, wrap):
    expected = decode(wav)
    found = decode(wrap(wav.read_bytes()))
    assert found.audio == expected.audio
    assert found.decoded == 1.0
    assert expected.audio.samples.shape == (16_000, 1)
    assert np.abs(expected.audio.samples - tone().samples).max() < 1e-3


def test_a_path_may_be_text_a_path_or_at_home(wav, monkeypatch):
    monkeypatch.setenv("HOME", str(wav.parent))
    with wav.open("rb") as file:
        found = [decode(source) for source in (wav, str(wav), "~/tone.wav", file)]
    assert len({one.audio.digest() for one in found}) == 1
    assert [one.name for one in found] == [str(wav), str(wav), "~/tone.wav", str(wav)]


@pytest.mark.parametrize(
    "name", ["-y.wav", "a%03d.wav", "concat:a.wav", "a:b|c,d.wav", "naïve\n.wav"]
)
def test_a_name_is_a_name_and_no_protocol(tmp_path, monkeypatch, name):
    """PyAV takes ``concat:a|b`` and ``subfile,,…`` for orders; so does faster-whisper."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(tone().encode(".wav"))
    tone(3).write(tmp_path / "a.wav")
    assert decode(name).audio.duration == 1.0


@pytest.mark.parametrize(
    "name",
    [
        "concat:tone.wav|tone.wav",
        "subfile,,start,0,end,0,,:tone.wav",
        "file:tone.wav",
        "data:audio/wav;base64,UklGRg==",
        "http://127.0.0.1:9/a.wav",
        "pipe:0",
        "x" * 5_000,
    ],
)
def test_what_ffmpeg_takes_for_an_order_is_no_file(wav, monkeypatch, name):
    monkeypatch.chdir(wav.parent)
    with pytest.raises(MediaNotFound, match="there is no such file"):
        decode(name)


def test_a_folder_a_pipe_and_a_device_are_not_files(tmp_path):
    os.mkfifo(tmp_path / "fifo.wav")
    for path in (tmp_path, tmp_path / "fifo.wav", Path("/dev/zero")):
        with pytest.raises(MediaNotFound, match="not a plain file"):
            decode(path)


@pytest.mark.parametrize("shape", [(8_000,), (8_000, 1), (8_000, 2), (8_000, 6)])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_a_float_array_is_taken_with_its_rate(shape, kind):
    found = decode(np.full(shape, 0.25, kind), array_rate=8_000)
    assert found.audio.samples.shape == (16_000, 1)
    assert found.audio.samples[8_000] == pytest.approx(0.25, abs=1e-3)
    assert (found.declared, found.decoded, found.warnings) == (1.0, 1.0, ())


def test_sound_and_speech_of_this_package_are_taken():
    sound = tone(rate=22_050)
    take = Take(text="a", audio=sound, words=(), voice=Voice(engine="tone", name="high"))
    for source in (sound, take):
        assert decode(source).audio == sound.resample(16_000)
    assert decode(sound, rate=None).audio == sound


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        (np.zeros(8, np.int16), {"array_rate": 8_000}, "array: samples need to be float"),
        (np.zeros(8, bool), {"array_rate": 8_000}, "array: samples need to be float"),
        (np.zeros(8), {}, "array_rate: needs to be given"),
        (np.array([0.0, np.nan]), {"array_rate": 8_000}, "array: samples must be finite"),
        (np.array([0.0, np.inf]), {"array_rate": 8_000}, "array: samples must be finite"),
        (np.zeros((2, 2, 2)), {"array_rate": 8_000}, "array: samples need the shape"),
        (np.zeros(8), {"array_rate": 0}, "array: the rate must be"),
        (np.zeros(0), {"array_rate": 8_000}, "array: has no samples"),
        (Audio.silence(0, 8_000), {}, "audio: has no samples"),
        (Audio.silence(1, 8_000), {"array_rate": 8_000}, "array_rate: is for an array"),
        (Audio.silence(1, 8_000), {"stream": 0}, "stream: is for a file"),
        ([0.0, 0.1], {}, "source: must be a path, bytes,"),
        (None, {}, "source: must be a path, bytes,"),
        (7, {}, "source: must be a path, bytes,"),
        ("", {}, "cannot be a path"),
        ("a\0b", {}, "cannot be a path"),
        (b"", {}, "bytes: is empty, 0 bytes"),
        (b"not a sound at all" * 100, {}, "bytes: is not sound or video"),
        (io.BytesIO(), {}, "BytesIO: is empty, 0 bytes"),
        (io.StringIO("RIFF"), {}, "StringIO: is opened as text"),
        (Pipe(b""), {}, "Pipe: is not sound or video"),
    ],
)
def test_what_cannot_be_sound_is_refused_by_name(source, options, told):
    with pytest.raises(WorkbenchError) as caught:
        decode(source, **options)
    assert str(caught.value).startswith(told) or told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_closed_or_not_for_reading_is_told(wav):
    with wav.open("rb") as closed:
        pass
    with wav.with_name("new").open("wb") as writing, pytest.raises(StorageError, match="read"):
        decode(writing)
    with pytest.raises(StorageError, match="closed"):
        decode(closed)


# -- what comes out -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg"])
@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_every_format_and_rate_comes_out_alike(tmp_path, suffix, rate):
    found = decode(tone(2.0, rate).write(tmp_path / f"a{suffix}"))
    assert found.audio.rate == 16_000
    assert found.audio.duration == pytest.approx(2.0, abs=0.06)
    assert found.declared == pytest.approx(2.0, abs=0.06)
    assert level(found.audio, 0.5, 1.5) == pytest.approx(0.5 / np.sqrt(2), rel=0.06)
    spectrum = np.abs(np.fft.rfft(found.audio.cut(0.5, 1.5).samples[:, 0]))
    assert spectrum.argmax() == 440
    assert found.warnings == ()


def test_rate_and_channels_are_kept_when_asked(tmp_path):
    both = np.stack([tone(rate=44_100).samples[:, 0], np.zeros(44_100)], axis=1)
    path = Audio(samples=both, rate=44_100).write(tmp_path / "a.flac")
    found = decode(path, rate=None, mono=False).audio
    assert (found.rate, found.channels) == (44_100, 2)
    assert np.abs(found.samples - both).max() < 1e-3
    assert decode(path, rate=8_000, mono=False).audio.samples.shape == (8_000, 2)


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("suffix", [".wav", ".ogg", ".flac"])
def test_speech_is_heard_whatever_channel_it_is_in(tmp_path, channels, suffix):
    """PyAV 18 ends the process at the planes of eight channels; an Ogg file has them."""
    bass = {".ogg": {6: 5, 7: 6, 8: 7}, ".flac": dict.fromkeys((6, 7, 8), 3)}
    for one in range(channels):
        if one == bass.get(suffix, {}).get(channels):
            continue  # nobody speaks in the channel for low frequencies
        samples = np.zeros((8_000, channels), np.float32)
        samples[:, one] = tone(rate=8_000).samples[:, 0]
        path = tmp_path / f"{one}{suffix}"
        soundfile.write(path, samples, 8_000)
        found = decode(path).audio
        assert found.channels == 1
        assert level(found, 0.2, 0.8) > 0.02, one


def test_a_centre_is_heard(media):
    """Left and right alone are silent in this file: a down-mix of those two hears nothing."""
    path = media / "odd" / "en_jfk_5.1_centre_only.ac3"
    whole, jfk = decode(path).audio, decode(media / "speech" / "en_jfk.flac").audio
    assert level(whole) > 0.2 * level(jfk)
    assert decode(path, mono=False, rate=None).audio.channels == 6


def test_one_of_several_audio_streams_is_chosen(media):
    path = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    first, second = decode(path, stream=0), decode(path, stream=1)
    assert decode(path).audio == first.audio
    assert decode(path, rate=None).audio.rate == 8_000
    assert decode(path, rate=None, stream=1).audio.rate == 16_000
    assert first.audio != second.audio
    for wrong in (2, -1, True, 0.0, "0"):
        with pytest.raises(ParameterError, match="stream: must be a whole number from 0 to 1"):
            decode(path, stream=wrong)


def test_the_stream_marked_as_default_is_taken(tmp_path):
    path = tmp_path / "two.mka"
    with av.open(str(path), "w") as container:
        streams = []
        for marked in (0, 1):
            stream = container.add_stream("pcm_s16le", rate=8_000, layout="mono")
            stream.disposition = marked
            streams.append(stream)
        for number, stream in enumerate(streams):
            samples = np.full((1, 8_000), 1_000 * (number + 1), np.int16)
            write(container, stream, samples, 0)
    assert decode(path, rate=None).audio.samples.mean() * 32_768 == pytest.approx(2_000)
    assert decode(path, rate=None, stream=0).audio.samples.mean() * 32_768 == pytest.approx(1_000)


def write(container, stream, samples: np.ndarray, start: int) -> None:
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = 8_000
    frame.pts = start
    container.mux(stream.encode(frame))


# -- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_file_cut_short_is_told(tmp_path, suffix):
    """faster-whisper's decoder is silent about 3.7 of 11 s, and ffmpeg's about any WAV."""
    noise = np.random.default_rng(1).normal(0, 0.1, 4 * 16_000)
    data = Audio(samples=noise, rate=16_000).encode(suffix)
    found = decode(data[: len(data) // 4])
    assert found.declared == pytest.approx(4.0)
    assert found.decoded == pytest.approx(1.0, abs=0.3)
    assert found.audio.duration == pytest.approx(found.decoded)
    assert found.warnings == (f"decoded {found.decoded:.1f} of 4.0 s: it is damaged or cut short",)
    assert decode(data).warnings == ()


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_recorder_that_never_wrote_the_length_is_no_damage(size):
    data = bytearray(tone(2).encode(".wav"))
    data[4:8] = struct.pack("<I", 0xFFFFFFFF)
    data[40:44] = struct.pack("<I", size)
    found = decode(bytes(data))
    assert found.decoded == pytest.approx(2.0)
    assert found.warnings == ()


def test_words_after_a_hole_keep_their_times(tmp_path):
    """A hole is silence of the same length; faster-whisper's decoder closes it."""
    path = tmp_path / "hole.mka"
    loud = np.full((1, 8_000), 10_000, np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8_000, layout="mono")
        for start in (0, 1, 4, 5):
            write(container, stream, loud, start * 8_000)
    found = decode(path)
    assert found.audio.duration == pytest.approx(6.0, abs=0.01)
    assert found.decoded == pytest.approx(4.0, abs=0.01)
    assert [level(found.audio, t, t + 0.8) > 0.2 for t in (0.1, 1.1, 2.1, 3.1, 4.1, 5.1)] == [
        True, True, False, False, True, True,
    ]  # fmt: skip
    assert found.warnings == ("decoded 4.0 of 6.0 s: it is damaged or cut short",)


def test_a_clock_gone_mad_is_not_an_hour_of_silence(tmp_path):
    path = tmp_path / "mad.mka"
    loud = np.full((1, 8_000), 10_000, np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8_000, layout="mono")
        write(container, stream, loud, 0)
        write(container, stream, loud, 3 * 3_600 * 8_000)
    with pytest.raises(MediaTooLarge, match="over the limit of 60 s"):
        decode(path, longest=60)


def test_real_damage_is_measured(media):
    """The figures of ffmpeg, and what the library's own decoder made of the same files."""
    seconds = {
        "truncated_jfk.flac": (3.66, 3.66, 11.0),
        "truncated_faststart.mp4": (8.19, 8.19, 13.06),
        "bitflips_seed7.mp4": (7.68, 13.06, 13.06),  # the library: 2.9 s, without a word
    }
    for name, (decoded, duration, declared) in seconds.items():
        found = decode(media / "broken" / name)
        assert found.decoded == pytest.approx(decoded, abs=0.01)
        assert found.audio.duration == pytest.approx(duration, abs=0.01)
        assert found.declared == pytest.approx(declared, abs=0.01)
        assert found.warnings[0].startswith(f"decoded {decoded:.1f} of {declared:.1f} s")


def test_real_recordings_are_whole(media):
    for path in sorted((media / "speech").iterdir()):
        if path.suffix not in {".srt", ".txt"}:
            found = decode(path)
            assert found.warnings == ()
            assert found.audio.duration == pytest.approx(found.declared, abs=0.02)


def test_a_float_file_with_no_number_in_it_is_named(tmp_path):
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.array([0.0, np.nan] * 800, np.float32), 16_000, subtype="FLOAT")
    with pytest.raises(MediaError, match=r"nan\.wav: samples must be finite"):
        decode(path)


# -- limits -------------------------------------------------------------------------------------


def test_what_lasts_too_long_is_refused_declared_or_not():
    data = bytearray(tone(3).encode(".wav"))
    endless = bytes(data[:40]) + b"\xff\xff\xff\xff" + bytes(data[44:])
    for source in (bytes(data), endless, Pipe(endless), tone(3), tone(3).encode(".flac")):
        with pytest.raises(MediaTooLarge, match="limit of 2 s"):
            decode(source, longest=2)
        assert decode(source if not isinstance(source, Pipe) else endless, longest=3.1)


def test_a_small_file_cannot_fill_the_memory(monkeypatch):
    """An hour of stereo silence is 50 kB of FLAC, and 1.3 GB of samples."""
    monkeypatch.setattr(decode_container, "MOST_SAMPLES", 1_000_000)
    data = Audio.silence(30, 48_000, 2).encode(".flac")
    assert len(data) < 20_000
    with pytest.raises(MediaTooLarge, match="more than 1,000,000 samples"):
        decode(data, rate=None, mono=False)
    assert decode(data).audio.duration == pytest.approx(30)


def test_a_stream_without_end_is_left():
    """A file object that never ends: read only as far as the limit."""

    class Endless(Pipe):
        taken = 0

        def readinto(self, buffer) -> int:
            self.taken += len(buffer)
            done = super().readinto(buffer)
            if not done:
                buffer[:] = bytes(len(buffer))
                done = len(buffer)
            return done

    head = tone(0.1).encode(".wav")[:40] + b"\xff\xff\xff\xff"
    file = Endless(head)
    with pytest.raises(MediaTooLarge):
        decode(file, longest=10)
    assert file.taken < 4_000_000
