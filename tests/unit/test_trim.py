"""A part of a clip or a sound: cut on the frame and the sample, or where it says."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from lavfi import RATE, beeps, clip, counter, loudness, numbers, pitch, pixels, samples

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError, MediaNotFound, ParameterError
from workbench.media.ffmpeg import encode
from workbench.media.probe import probe
from workbench.media.trimming import trim
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


def quiet(_: float) -> None:
    """Show no bar."""


@pytest.fixture(scope="module")
def count(tmp_path_factory) -> Path:
    """Four seconds at 10 fps, a key frame and a beep at each whole second."""
    return counter(tmp_path_factory.mktemp("trim") / "count.mp4")


@pytest.fixture(scope="module")
def ramp(tmp_path_factory) -> Path:
    """Three seconds in which sample n is n."""
    values = np.arange(3 * 8000) / 32768
    return Audio(samples=values, rate=8000).write(tmp_path_factory.mktemp("trim") / "ramp.wav")


@pytest.mark.parametrize(
    ("asked", "frames", "heard"),
    [
        ((0, None), (0, 40), [0, 1, 2, 3]),
        ((1.2, 3.0), (12, 30), [0.8]),
        ((0.96, 2.04), (10, 20), [0]),
        ((0.5, 0.6), (5, 6), []),
        ((3.9, 4.0), (39, 40), []),
        ((3.9, 4.04), (39, 40), []),
        ((2.999, None), (30, 40), [0]),
    ],
)
def test_a_video_is_cut_on_the_frame_with_its_sound(count, tmp_path, asked, frames, heard):
    first, last = frames
    cut = trim(count, tmp_path / "out.mp4", *asked, progress=quiet)
    assert numbers(cut.path) == list(range(first, last))
    assert (cut.start, cut.end, cut.copied) == (first / 10, last / 10, False)
    assert cut.duration == pytest.approx((last - first) / 10)
    sound = samples(cut.path)
    assert len(sound) == pytest.approx((last - first) * RATE / 10, abs=1)
    assert beeps(sound) == pytest.approx(heard, abs=0.011)
    assert json.loads(cut.receipt.read_text())["settings"]["start"] == first / 10


@pytest.mark.parametrize(
    ("asked", "frames"),
    [((1.2, 3.05), (10, 31)), ((2.0, 3.0), (20, 30)), ((0.5, 0.6), (0, 9))],
)
def test_a_copy_says_where_it_was_really_cut(count, tmp_path, asked, frames):
    """With ffmpeg alone, frames were doubled at the start and missing before the end."""
    first, last = frames
    cut = trim(count, tmp_path / "out.mp4", *asked, precise=False, progress=quiet)
    assert numbers(cut.path) == list(range(first, last))
    assert cut.copied
    assert (cut.start, cut.end) == (first / 10, last / 10)
    wanted = [n - cut.start for n in range(4) if cut.start <= n < cut.end]
    assert beeps(samples(cut.path))[: len(wanted)] == pytest.approx(wanted, abs=0.011)


def test_a_turned_clip_of_broadcast_rate_keeps_both(media, tmp_path):
    cut = trim(media / "odd/phone_rotated90.mov", tmp_path / "a.mp4", 0.03, progress=quiet)
    info = probe(cut.path).video
    assert (info.width, info.height, info.rotation, info.fps) == (320, 568, 0, 30)
    copied = trim(
        media / "odd/phone_rotated90.mov", tmp_path / "b.mov", precise=False, progress=quiet
    )
    assert probe(copied.path).video.rotation == 90
    film = clip(tmp_path / "f.mp4", fps="24000/1001", seconds=2.002, size="64x32",
                filters="setsar=2")  # fmt: skip
    cut = trim(film, tmp_path / "c.mp4", 1.001, progress=quiet)
    info = probe(cut.path).video
    assert info.fps == pytest.approx(24000 / 1001, abs=1e-9)
    assert (info.width, info.height) == (128, 32)
    assert len(pixels(cut.path, "128x32")) == 24


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mkv", ("-c", "copy")),  # times for decoding are missing
        ("a.ts", ("-q:v", "2", "-g", "10", "-sc_threshold", "1000000000")),  # no index at all
        ("a.mp4", ("-c", "copy", "-output_ts_offset", "5")),  # its zero is where the sound runs up
        ("b.mkv", ("-c:v", "libx265", "-x265-params", "log-level=error:keyint=10:min-keyint=10")),
    ],
)
def test_a_cut_is_where_it_should_be_in_any_container(count, tmp_path, name, options):
    source = tmp_path / f"in_{name}"
    with workspace() as folder:
        encode(["-i", f"file:{count}", *options, f"file:{source}"], folder=folder, limit=60)
    cut = trim(source, tmp_path / "out.mp4", 1.2, 2.5, progress=quiet)
    assert numbers(cut.path) == list(range(12, 25))
    assert beeps(samples(cut.path)) == pytest.approx([0.8], abs=0.016)
    copied = trim(source, tmp_path / "out.mkv", 1.2, 2.5, precise=False, progress=quiet)
    assert copied.start == pytest.approx(1, abs=1e-3)
    seen = numbers(copied.path)
    assert seen[:15] == list(range(10, 25))
    assert len(seen) == round((copied.end - copied.start) * 10)
    assert beeps(samples(copied.path))[:2] == pytest.approx([0, 1], abs=0.031)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("precise", [True, False])
def test_a_sound_is_cut_on_the_sample(ramp, tmp_path, suffix, precise):
    source = Audio.read(ramp).write(tmp_path / f"in{suffix}")
    cut = trim(source, tmp_path / f"out{suffix}", 0.5, 1.25, precise=precise, progress=quiet)
    found = Audio.read(cut.path).samples[:, 0] * 32768
    assert (found == np.arange(4000, 10_000)).all()
    assert (cut.start, cut.end, cut.duration, cut.copied) == (0.5, 1.25, 0.75, False)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"])
def test_a_sound_comes_out_in_every_format(count, tmp_path, suffix):
    """MP3 is entered by proportion: what has no index is read from its start."""
    song = tmp_path / "song.mp3"
    Audio(samples=samples(count), rate=RATE).write(song)
    for source in (song, count):
        cut = trim(source, tmp_path / f"out{suffix}", 0.5, 2.5, progress=quiet)
        sound = samples(cut.path)
        assert beeps(sound) == pytest.approx([0.5, 1.5], abs=0.011)
        assert len(sound) == pytest.approx(2 * RATE, abs=1200)
        assert probe(cut.path).video is None


def test_a_copied_sound_keeps_its_packets(count, tmp_path):
    cut = trim(count, tmp_path / "a.m4a", 1.5, 3.5, precise=False, progress=quiet)
    assert cut.copied
    assert cut.start == pytest.approx(1.5, abs=1024 / RATE)
    assert cut.start <= 1.5
    assert cut.end >= 3.5
    wanted = [2 - cut.start, 3 - cut.start]
    assert beeps(samples(cut.path)) == pytest.approx(wanted, abs=0.03)
    with pytest.raises(ParameterError, match=r"\.mp3 does not hold aac"):
        trim(count, tmp_path / "a.mp3", 1, 2, precise=False, progress=quiet)


def test_bits_are_kept(tmp_path):
    """24 bits stay 24 bits."""
    import soundfile

    values = (np.arange(8000) * 256 + 77) / 2**31
    soundfile.write(tmp_path / "in.wav", values, 8000, "PCM_24")
    cut = trim(tmp_path / "in.wav", tmp_path / "out.wav", 0.5, progress=quiet)
    assert probe(cut.path).audio.codec == "pcm_s24le"


def test_the_pitch_and_level_stay(tmp_path):
    mono = clip(tmp_path / "in.mp4", tone=440, channels=1, seconds=2)
    cut = trim(mono, tmp_path / "out.mp4", 0.5, 1.5, progress=quiet)
    sound = samples(cut.path)
    assert pitch(sound) == pytest.approx(440, abs=2)
    assert loudness(sound) == pytest.approx(20 * np.log10(0.2 / 2**0.5), abs=0.2)


def test_the_old_system_s_cut_past_the_end(count, ramp, tmp_path):
    """It wrote a file of 0.000 s and called that a success."""
    for source, name in ((count, "out.mp4"), (ramp, "out.wav")):
        whole = probe(source).duration
        for start, end in ((whole, None), (whole + 1, whole + 2), (1, whole + 0.2), (2, 2), (2, 1)):
            for precise in (True, False):
                with pytest.raises(ParameterError, match=r"ends at|after the start"):
                    trim(source, tmp_path / name, start, end, precise=precise, progress=quiet)
    assert not list(tmp_path.iterdir())


BAD = [float("nan"), float("inf"), -float("inf"), -1, -0.001, True, "1", [], 10**9]


def test_arguments_are_checked_before_anything_runs(count, ramp, tmp_path, monkeypatch):
    for module in ("recut.encode", "pieces.read", "outputs.encode"):
        monkeypatch.setattr(f"workbench.media.{module}", lambda *_, **__: pytest.fail("it ran"))
    out = tmp_path / "out.mp4"
    for value in BAD:
        with pytest.raises(ParameterError, match="start"):
            trim(count, out, value, progress=quiet)
        with pytest.raises(ParameterError, match="end"):
            trim(count, out, 0, value, progress=quiet)
    with pytest.raises(ParameterError, match="start"):
        trim(count, out, None, progress=quiet)
    for name in ("out.avi", "out", "out.mkv", count):
        with pytest.raises(ParameterError):
            trim(count, name, progress=quiet)
    with pytest.raises(ParameterError, match=r"is audio, which \.mp4 is not for"):
        trim(ramp, out, progress=quiet)
    silent = clip(tmp_path / "s.mp4", tone=None)
    with pytest.raises(MediaError, match="has no sound"):
        trim(silent, tmp_path / "out.wav", progress=quiet)
    with pytest.raises(MediaNotFound):
        trim(tmp_path / "none.mp4", out, progress=quiet)


def test_damage_names_the_file_and_leaves_nothing(media, tmp_path):
    out = tmp_path / "out"
    for name, suffix in (
        ("truncated_faststart.mp4", ".mp4"),
        ("bitflips_seed7.mp4", ".mp4"),
        ("truncated_jfk.flac", ".wav"),
        ("mono.zero.wav", ".wav"),
        ("zero_length.mp4", ".mp4"),
    ):
        with pytest.raises(MediaError, match=name):
            trim(media / "broken" / name, out / f"a{suffix}", 0, progress=quiet)
    assert not out.exists() or not list(out.iterdir())


def test_it_tells_how_far_it_is_and_stops_on_request(count, tmp_path):
    for name in ("a.mp4", "a.wav"):
        told: list[float] = []
        trim(count, tmp_path / name, 1, 3, progress=told.append)
        assert told == sorted(told)
        assert told[-1] == pytest.approx(1, abs=0.05)
    stop = threading.Event()
    stop.set()
    for name, precise in (("b.mp4", True), ("b.wav", True), ("c.mp4", False), ("c.m4a", False)):
        with pytest.raises(Cancelled):
            trim(count, tmp_path / name, 1, 3, precise=precise, progress=quiet, cancel=stop)
    assert not list(tmp_path.glob("[bc].*")) + list(tmp_path.glob(".wb*"))


def test_any_name_is_a_name(media, count, tmp_path):
    home = tmp_path / "in"
    home.mkdir()
    for name in json.loads((media / "hostile/filenames.json").read_text()):
        source = home / name
        source.write_bytes(count.read_bytes())
        cut = trim(source, tmp_path / f"{name}.m4a", 1, 2, precise=False, progress=quiet)
        assert cut.path.stat().st_size > 500
        cut = trim(source, tmp_path / f"{name}.wav", 1, 1.5, progress=quiet)
        assert len(samples(cut.path)) == RATE // 2
    cut = trim(source, tmp_path / "a\nb %d'.mp4", 1, 1.5, progress=quiet)
    assert numbers(cut.path) == [10, 11, 12, 13, 14]
