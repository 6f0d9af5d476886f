"""Frames and sounds out of clips: each where it was asked for."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from lavfi import beeps, clip, counter, loudness, samples
from PIL import Image

from workbench import media as toolbox
from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError, MediaNotFound, ParameterError
from workbench.media import extract, reel
from workbench.media.extract import even_times, frames_at, frames_evenly, save_frames
from workbench.media.extract_sound import extract_audio, pcm_to_wav
from workbench.media.probe import probe

pytestmark = pytest.mark.media

BAD = [float("nan"), float("inf"), -float("inf"), -1, -0.001, True, "1", [], 10**9]


def quiet(_: float) -> None:
    """Show no bar."""


@pytest.fixture(scope="module")
def count(tmp_path_factory) -> Path:
    """Four seconds at 10 fps; frame n is as bright as 20 + 5 n."""
    return counter(tmp_path_factory.mktemp("extract") / "count.mp4")


def seen(pictures: list[np.ndarray]) -> list[int]:
    return [round((picture.mean() - 18.3) / 5) for picture in pictures]


# -- frames ---------------------------------------------------------------------------------------


def test_frames_are_those_seen_at_the_times_in_the_order_asked_for(count):
    """The old system showed a frame 0.3 s before the end for every time past it."""
    times = [3.9, 0, 0.1, 0.05, 0.199, 99, 1.55, 2, 2.0, 4.0]
    found = frames_at(count, times, progress=quiet)
    assert seen(found) == [39, 0, 1, 0, 1, 39, 15, 20, 20, 39]


def test_far_frames_are_wound_to_and_near_ones_decoded_once(count, monkeypatch):
    entered = []
    real = reel.Reel._enter
    monkeypatch.setattr(reel.Reel, "_enter", lambda self, t: (entered.append(t), real(self, t))[1])
    assert seen(frames_at(count, [n / 10 for n in range(40)], progress=quiet)) == list(range(40))
    assert entered == [0]
    monkeypatch.setattr(reel, "_LEAP", 0.5)
    entered.clear()
    assert seen(frames_at(count, [0, 2, 2.1, 3.9], progress=quiet)) == [0, 20, 21, 39]
    assert entered == [0, 2, 3.9]


def test_evenly_spaced_frames_are_the_middles_of_equal_parts(count):
    assert even_times(count, 4) == (0.5, 1.5, 2.5, 3.5)
    assert seen(frames_evenly(count, 4, progress=quiet)) == [5, 15, 25, 35]
    assert seen(frames_evenly(count, 1, progress=quiet)) == [20]


def test_frames_are_as_a_viewer_sees_them(media, tmp_path):
    wide = clip(tmp_path / "w.mp4", "red", size="40x30", filters="setsar=2")
    (frame,) = frames_at(wide, [0.5], progress=quiet)
    assert frame.shape == (30, 80, 3)
    assert frame.mean(axis=(0, 1)) == pytest.approx((251, 0, 0), abs=3)
    phone = media / "odd/phone_rotated90.mov"
    whole, small = (frames_at(phone, [0], width=w, progress=quiet)[0] for w in (None, 80))
    assert (whole.shape, small.shape) == ((568, 320, 3), (142, 80, 3))
    shrunk = np.asarray(Image.fromarray(whole).resize((80, 142), Image.Resampling.BOX))
    assert np.abs(shrunk.astype(int) - small.astype(int)).mean() < 6


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_frames_are_saved_under_plain_names(count, tmp_path, suffix):
    """The old system told ids for files that did not exist, and a path on the server."""
    saved = save_frames(
        count, tmp_path / "in it", times=[3, 0.5], suffix=suffix, width=32, progress=quiet
    )
    assert [s.path.name for s in saved] == [f"frame-0001{suffix}", f"frame-0002{suffix}"]
    assert [(s.seconds, s.width, s.height) for s in saved] == [(3, 32, 32), (0.5, 32, 32)]
    assert seen([np.asarray(Image.open(s.path).convert("RGB")) for s in saved]) == [30, 5]
    assert {p.name for p in (tmp_path / "in it").iterdir()} == {s.path.name for s in saved}
    told = saved[0].to_dict()
    assert told["path"].endswith(suffix)
    assert save_frames(count, tmp_path / "b", count=1, times=None, progress=quiet)[0].seconds == 2
    assert save_frames(count, tmp_path / "b", times=[99], progress=quiet)[0].seconds == 4


def test_a_film_that_does_not_say_how_long_it_is(tmp_path):
    """The old system took a duration of 0 and asked for a frame at -0.3 s."""
    whole = clip(tmp_path / "a.webm", options=("-c:v", "libvpx", "-c:a", "libvorbis"), seconds=2)
    import av

    with av.open(str(whole)) as given, (tmp_path / "b.webm").open("wb") as file:
        # A stream cannot go back to write how long it was: so do browsers record.
        made = av.open(_Endless(file), "w", format="webm")
        into = {s.index: made.add_stream_from_template(s) for s in given.streams}
        for packet in given.demux():
            if packet.size:
                packet.stream = into[packet.stream.index]
                made.mux(packet)
        made.close()
    endless = tmp_path / "b.webm"
    assert probe(endless).duration is None
    assert even_times(endless, 2) == pytest.approx((0.5, 1.5), abs=0.05)
    assert len(frames_evenly(endless, 3, progress=quiet)) == 3


class _Endless:
    """A file that can only be written forwards."""

    def __init__(self, file) -> None:
        self.write = file.write


def test_odd_clips_give_their_frames(media):
    for file in sorted((media / "odd").glob("*.m*")):
        video = probe(file).video
        if video is not None:
            first, last = frames_at(file, [0, 1e4], width=64, progress=quiet)
            assert first.shape == last.shape == (round(64 * video.height / video.width), 64, 3)


def test_arguments_are_checked_before_anything_runs(count, tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "_walk", lambda *_, **__: pytest.fail("it decoded"))
    for value in BAD:
        with pytest.raises(ParameterError, match="times"):
            frames_at(count, [0, value], progress=quiet)
        with pytest.raises(ParameterError, match="count"):
            frames_evenly(count, value, progress=quiet)
        with pytest.raises(ParameterError, match="width"):
            frames_at(count, [0], width=value, progress=quiet)
    for times in ([], "1", 3, None, [0] * 1001):
        with pytest.raises(ParameterError, match="times"):
            frames_at(count, times, progress=quiet)
    with pytest.raises(ParameterError, match="too much to be held"):
        frames_at(count, [0] * 10, width=8000, progress=quiet)
    for wrong in ({}, {"times": [0], "count": 1}, {"count": 1, "suffix": ".bmp"}):
        with pytest.raises(ParameterError):
            save_frames(count, tmp_path / "x", progress=quiet, **wrong)
    with pytest.raises(ParameterError, match="is not a folder"):
        save_frames(count, count, count=1, progress=quiet)
    tone = Audio.silence(1, 8000).write(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="is audio, not a video"):
        frames_at(tone, [0], progress=quiet)
    with pytest.raises(MediaNotFound):
        frames_at(tmp_path / "none.mp4", [0], progress=quiet)


def test_frames_tell_how_far_they_are_and_stop_on_request(count, tmp_path):
    told: list[float] = []
    frames_at(count, [0, 1, 2, 3], progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1]
    stop = threading.Event()
    with pytest.raises(Cancelled):
        save_frames(
            count, tmp_path / "x", count=10, progress=lambda done: done > 0.3 and stop.set(),
            cancel=stop,
        )  # fmt: skip
    assert not list((tmp_path / "x").glob(".wb*"))


# -- sound ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "copied", "codec"),
    [
        (".m4a", True, "aac"),
        (".mp3", False, "mp3"),
        (".wav", False, "pcm_s16le"),
        (".flac", False, "flac"),
        (".ogg", False, "vorbis"),
        (".opus", False, "opus"),
    ],
)
def test_sound_is_copied_where_the_format_holds_it(count, tmp_path, suffix, copied, codec):
    got = extract_audio(count, tmp_path / f"out{suffix}", progress=quiet)
    assert (got.copied, got.codec, got.rate, got.channels) == (copied, codec, 48_000, 1)
    info = probe(got.path)
    assert (info.video, info.audio.codec) == (None, codec)
    assert beeps(samples(got.path)) == pytest.approx(range(4), abs=0.011)
    assert got.duration == pytest.approx(4, abs=0.03)
    again = extract_audio(count, tmp_path / f"again{suffix}", copy=False, progress=quiet)
    assert not again.copied
    if not copied:
        assert again.path.read_bytes() == got.path.read_bytes()
    twice = [extract_audio(got.path, tmp_path / f"{name}{suffix}", progress=quiet) for name in "ab"]
    assert all(one.copied for one in twice)
    assert twice[0].path.read_bytes() == twice[1].path.read_bytes(), "bit by bit, copied too"


def test_a_copied_sound_has_the_packets_of_the_clip(count, tmp_path):
    import av

    got = extract_audio(count, tmp_path / "out.m4a", progress=quiet)
    streams = []
    for path in (count, got.path):
        with av.open(str(path)) as container:
            streams.append([bytes(p) for p in container.demux(audio=0) if p.size])
    assert streams[0] == streams[1]


def test_the_centre_of_a_cinema_sound_is_heard(media, tmp_path):
    """A down-mix that takes left and right hears nothing of it."""
    got = extract_audio(
        media / "odd/en_jfk_5.1_centre_only.ac3", tmp_path / "a.mp3", progress=quiet
    )
    centre = samples(media / "odd/en_jfk_5.1_centre_only.ac3", 44_100, 6)[:, 2]
    heard = samples(got.path, 44_100)
    assert np.square(heard).sum() > 0.5 * np.square(centre).sum()


def test_what_has_no_sound_or_is_damaged_is_named(media, tmp_path):
    silent = clip(tmp_path / "s.mp4", tone=None)
    out = tmp_path / "out" / "a.wav"
    for file in (silent, *(media / "broken").iterdir()):
        with pytest.raises(MediaError, match=file.name):
            extract_audio(file, out, progress=quiet)
    with pytest.raises(ParameterError, match=r"must end in \.wav"):
        extract_audio(silent, tmp_path / "a.aac", progress=quiet)
    tone = Audio.silence(1, 8000).write(tmp_path / "t.wav")
    with pytest.raises(ParameterError, match="is what is read"):
        extract_audio(tone, tone, progress=quiet)
    assert not out.exists()


# -- raw samples ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "dtype", "full"),
    [
        ("s16le", "<i2", 32768), ("s16be", ">i2", 32768), ("s32le", "<i4", 2**31),
        ("f32le", "<f4", 1), ("f64be", ">f8", 1), ("u8", "u1", None),
    ],
)  # fmt: skip
def test_raw_samples_become_a_wav_file(tmp_path, name, dtype, full):
    wave = np.round(np.sin(np.arange(4000) / 20) * 100) * 128 / 32768
    raw = (wave * 128 + 128 if full is None else wave * full).astype(dtype).tobytes()
    got = pcm_to_wav(raw, tmp_path / "a.wav", rate=8000, sample_format=name, progress=quiet)
    assert (got.rate, got.channels, got.codec, got.duration) == (8000, 1, "pcm_s16le", 0.5)
    found = Audio.read(got.path).samples[:, 0]
    assert found == pytest.approx(wave, abs=1 / 32768 if full else 1 / 127)


def test_raw_samples_are_taken_from_a_file_and_brought_to_another_rate(tmp_path):
    """The old system wrote 44,100 Hz stereo of 24,000 Hz mono, and it was 3 dB softer."""
    wave = (0.5 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000) * 32768).astype("<i2")
    (tmp_path / "a.pcm").write_bytes(wave.tobytes())
    got = pcm_to_wav(
        tmp_path / "a.pcm", tmp_path / "a.wav", target_rate=44_100, target_channels=2,
        progress=quiet,
    )  # fmt: skip
    assert (got.rate, got.channels) == (44_100, 2)
    sound = Audio.read(got.path).samples
    assert len(sound) == pytest.approx(44_100, abs=20)
    assert loudness(sound) == pytest.approx(20 * np.log10(0.5 / 2**0.5), abs=0.1)
    pair = np.stack([wave, wave // 2], axis=1).tobytes()
    got = pcm_to_wav(pair, tmp_path / "b.wav", rate=24_000, channels=2, progress=quiet)
    sound = Audio.read(got.path).samples * 32768
    assert (np.rint(sound[:, 0]) == wave).all()
    assert (np.rint(sound[:, 1]) == wave // 2).all()


def test_raw_samples_are_checked(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.media.outputs.encode", lambda *_, **__: pytest.fail("it ran"))
    out = tmp_path / "a.wav"
    for value in BAD:
        for name in ("rate", "channels", "target_rate", "target_channels"):
            with pytest.raises(ParameterError, match=name):
                pcm_to_wav(bytes(8), out, progress=quiet, **{name: value})
    for name in ("s16", "lavfi", None, "s16le,x"):
        with pytest.raises(ParameterError, match="sample_format"):
            pcm_to_wav(bytes(8), out, sample_format=name, progress=quiet)
    for raw in (b"", bytes(3)):
        with pytest.raises(ParameterError, match="whole frames"):
            pcm_to_wav(raw, out, progress=quiet)
    with pytest.raises(ParameterError, match="must end in"):
        pcm_to_wav(bytes(8), tmp_path / "a.mp3", progress=quiet)
    assert not list(tmp_path.iterdir())


# -- names ----------------------------------------------------------------------------------------


def test_any_name_is_a_name(media, count, tmp_path):
    """A leading dash was an option, a percent sign a sequence of pictures."""
    home = tmp_path / "in"
    home.mkdir()
    for name in json.loads((media / "hostile/filenames.json").read_text()):
        source = home / name
        source.write_bytes(count.read_bytes())
        saved = save_frames(source, tmp_path / name, times=[1], width=16, progress=quiet)
        assert seen([np.asarray(Image.open(saved[0].path).convert("RGB"))]) == [10]
        got = extract_audio(source, tmp_path / f"{name}.m4a", progress=quiet)
        assert got.path.name == f"{name}.m4a"
        assert got.duration == pytest.approx(4, abs=0.03)


def test_the_toolbox_has_its_names_at_hand():
    """None is a module's own: importing the module would put it in the function's place."""
    assert sorted(toolbox.__all__) == sorted(toolbox._PUBLIC)
    for name, module in toolbox._PUBLIC.items():
        assert name != module
        known, value = module.partition(".")[2] or name, getattr(toolbox, name)
        assert getattr(value, "__name__", known) == known
    import workbench.media.merging  # noqa: F401

    assert callable(toolbox.merge)
    modules = {path.stem for path in Path(toolbox.__path__[0]).iterdir()}
    assert not modules & set(toolbox._PUBLIC)
    with pytest.raises(AttributeError, match="no attribute 'merg'"):
        toolbox.merg  # noqa: B018


def test_fonts_are_listed_by_their_real_names(tmp_path):
    found = toolbox.fonts("DEJAVU sans")
    names = [font.family for font in found]
    assert "DejaVu Sans" in names
    assert names == sorted(names)
    one = next(font for font in found if font.family == "DejaVu Sans")
    assert (one.path.name, one.bold, one.italic) == ("DejaVuSans.ttf", True, True)
    assert toolbox.fonts("no font has this name") == ()
    for wrong in (None, 3, "x" * 300):
        with pytest.raises(ParameterError):
            toolbox.fonts(wrong)
