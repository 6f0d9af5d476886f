"""Clips of unlike kinds become one file: judged by its pixels and samples."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path

import numpy as np
import pytest
from lavfi import RATE, beeps, clip, counter, loudness, numbers, pitch, pixels, samples
from PIL import Image

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError, MediaNotFound, MediaTooLarge, ParameterError
from workbench.media import recut
from workbench.media.ffmpeg import encode
from workbench.media.limits import Limits
from workbench.media.merging import Merged, merge
from workbench.media.probe import probe
from workbench.storage.atomic import workspace

pytestmark = pytest.mark.media


def quiet(_: float) -> None:
    """Show no bar."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Clips that differ in all that clips differ in."""
    home = tmp_path_factory.mktemp("clips")
    return {
        "red": clip(home / "red.mp4", "red"),
        "blue": clip(home / "blue.mp4", "blue", tone=880),
        "wide": clip(
            home / "wide.mp4", "lime", size="80x40", fps="25", seconds=0.8, tone=None,
            filters="setsar=2",
        ),
        "mono": clip(home / "mono.mp4", "white", fps="30000/1001", rate=16_000, channels=1),
        "count": counter(home / "count.mp4"),
    }  # fmt: skip


def colours(path: Path, size: str = "64x64") -> str:
    """Return the colour in the middle of each frame, as letters."""
    width, height = map(int, size.split("x"))
    middle = pixels(path, size)[:, height // 2, width // 2].astype(int)
    names = {(1, 0, 0): "r", (0, 1, 0): "g", (0, 0, 1): "b", (1, 1, 1): "w", (0, 0, 0): "k"}
    return "".join(names.get(tuple(int(x > 128) for x in rgb), "?") for rgb in middle)


# -- what comes out -------------------------------------------------------------------------------


def test_clips_of_unlike_size_rate_shape_and_sound_are_joined(clips, tmp_path):
    """The old system's merge failed on a pixel aspect that differed, and made 30 fps of all."""
    files = [clips["red"], clips["wide"], clips["mono"], clips["blue"]]
    merged = merge(files, tmp_path / "out.mp4", progress=quiet)
    assert not merged.copied
    assert "differ" in merged.reason
    info = probe(merged.path)
    assert (info.video.width, info.video.height, info.video.fps) == (64, 64, 10)
    assert colours(merged.path) == "r" * 10 + "g" * 8 + "w" * 10 + "b" * 10
    assert merged.starts == (0, 1, 1.8, 2.8)
    assert merged.duration == 3.8
    assert info.duration == pytest.approx(3.8, abs=0.1)
    sound = samples(merged.path)
    assert len(sound) == pytest.approx(3.8 * RATE, abs=1)
    assert pitch(sound[: RATE * 9 // 10]) == pytest.approx(440, abs=2)
    assert loudness(sound[int(1.05 * RATE) : int(1.75 * RATE)]) < -80
    assert pitch(sound[int(2.85 * RATE) :]) == pytest.approx(880, abs=2)


def test_a_channel_alone_is_as_loud_from_both_sides(clips, tmp_path):
    """The filter of ffmpeg takes 3 dB off on the way from mono to stereo."""
    merged = merge([clips["red"], clips["mono"]], tmp_path / "out.mp4", progress=quiet)
    sound = samples(merged.path)[RATE + 4800 : 2 * RATE - 4800]
    assert loudness(sound) == pytest.approx(20 * math.log10(0.2 / math.sqrt(2)), abs=0.2)


@pytest.mark.parametrize("copy", [True, False])
def test_no_frame_is_lost_doubled_or_moved(clips, tmp_path, copy):
    files = [clips["count"], clips["count"]]
    merged = merge(files, tmp_path / "out.mp4", copy=copy, progress=quiet)
    assert merged.copied is copy
    assert numbers(merged.path) == [*range(40), *range(40)]
    assert beeps(samples(merged.path)) == pytest.approx(range(8), abs=0.011)


def test_pictures_that_are_alike_are_copied_bit_for_bit(clips, tmp_path):
    merged = merge([clips["red"], clips["blue"]], tmp_path / "out.mp4", progress=quiet)
    assert merged.copied
    assert merged.reason == "all clips have the same parameters"
    assert colours(merged.path) == "r" * 10 + "b" * 10
    sound = samples(merged.path)
    # No click and no gap at the join: each half is its tone to the end.
    assert loudness(sound[RATE - 480 : RATE]) == pytest.approx(-17, abs=0.5)
    assert loudness(sound[RATE : RATE + 480]) == pytest.approx(-17, abs=0.5)
    ours, theirs = ([bytes(p) for p in packets(path)] for path in (merged.path, clips["red"]))
    assert ours[: len(theirs)] == theirs


def packets(path: Path) -> list[object]:
    import av

    with av.open(str(path)) as container:
        return [p for p in container.demux(video=0) if p.size]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": "64x48"}, "sizes"),
        ({"fps": "20"}, "frame rates"),
        ({"options": ("-profile:v", "baseline")}, "profiles"),
        ({"options": ("-crf", "30", "-refs", "1")}, "parameter sets"),
        ({"options": ("-video_track_timescale", "90000")}, "time bases"),
        ({"options": ("-c:v", "libx265", "-x265-params", "log-level=error")}, "codecs"),
        ({"options": ("-pix_fmt", "yuv444p")}, "pixel formats"),
        ({"filters": "setsar=2"}, "pixel aspects"),
        ({"filters": "setpts=if(gt(N\\,4)\\,PTS*2\\,PTS)", "options": ("-fps_mode", "vfr")},
         "not evenly spaced"),
        ({"sound_seconds": 2.0}, "longer than its picture"),
    ],
)  # fmt: skip
def test_a_clip_that_differs_is_not_copied(clips, tmp_path, change, told):
    """The old local merge copied whatever it was given: it corrupted without a word."""
    other = clip(tmp_path / "other.mp4", "blue", **change)
    merged = merge([clips["red"], other], tmp_path / "out.mp4", progress=quiet)
    assert not merged.copied
    assert told in merged.reason
    seen = colours(merged.path)
    assert seen.startswith("r" * 10 + "b" * 10)
    assert len(seen) / 10 == pytest.approx(1 + probe(other).duration, abs=0.1)


def test_what_was_asked_for_is_made_and_not_copied(clips, tmp_path):
    files = [clips["red"], clips["blue"]]
    merged = merge(files, tmp_path / "a.mp4", size=(96, 48), fps=20, progress=quiet)
    assert (merged.copied, merged.width, merged.height, merged.fps) == (False, 96, 48, 20)
    assert colours(merged.path, "96x48") == "r" * 20 + "b" * 20
    assert (probe(merged.path).video.fps, probe(merged.path).video.width) == (20, 96)
    assert "rate" in merged.reason
    merged = merge(files, tmp_path / "b.mp4", size=(64, 64), fps=10, progress=quiet)
    assert merged.copied


def test_each_fit_fills_the_frame_in_its_way(clips, tmp_path):
    seen = {}
    for fit in ("contain", "cover", "blur"):
        merged = merge(
            [clips["red"], clips["wide"]], tmp_path / f"{fit}.mp4", fit=fit, progress=quiet
        )
        frame = pixels(merged.path)[14].astype(int)
        seen[fit] = (tuple(frame[2, 32] > 128), tuple(frame[32, 32] > 128), frame[2, 32, 1])
    # 80x40 with pixels twice as wide as high is four times as wide as high: bars of 24 above.
    assert seen["contain"][:2] == ((False, False, False), (False, True, False))
    assert seen["cover"][:2] == ((False, True, False), (False, True, False))
    assert seen["blur"][2] > 200


def test_a_turned_clip_stands_upright(media, tmp_path):
    phone = media / "odd/phone_rotated90.mov"
    both = merge([phone, phone], tmp_path / "a.mp4", progress=quiet)
    info = probe(both.path).video
    assert both.copied
    assert (info.width, info.height, info.rotation) == (320, 568, 90)
    again = merge([phone, phone], tmp_path / "b.mp4", copy=False, progress=quiet)
    info = probe(again.path).video
    assert (info.width, info.height, info.rotation) == (320, 568, 0)
    frames = [pixels(each.path, "320x568").astype(int) for each in (both, again)]
    assert len(frames[0]) == len(frames[1]) == 6
    assert np.abs(frames[0] - frames[1]).mean() < 4


def test_broadcast_rates_stay_exact(tmp_path):
    """The old system told 30000 for 29.97 and made 30 of it."""
    one = clip(tmp_path / "a.mp4", fps="30000/1001", seconds=2.002, tone=None)
    two = clip(tmp_path / "b.mp4", "blue", size="32x32", fps="24", tone=None)
    merged = merge([one, two], tmp_path / "out.mp4", progress=quiet)
    assert probe(merged.path).video.fps == pytest.approx(30000 / 1001, abs=1e-9)
    assert colours(merged.path) == "r" * 60 + "b" * 30
    assert probe(merged.path).audio is None


def test_an_uneven_clip_first_gives_thirty_frames_a_second(media, tmp_path):
    merged = merge([media / "odd/vfr_derived_nasa.mp4"], tmp_path / "out.mp4", progress=quiet)
    info = probe(merged.path)
    assert (merged.fps, info.video.variable) == (30, False)
    assert info.duration == pytest.approx(13.056, abs=0.05)


def test_a_hundred_clips(clips, tmp_path):
    """Each is open for its own time only: files, processes and memory do not grow."""
    files = [clips["red"], clips["blue"]] * 50
    merged = merge(files, tmp_path / "out.mp4", progress=quiet)
    assert merged.copied
    assert colours(merged.path) == ("r" * 10 + "b" * 10) * 50


def test_a_poster_before_the_film_is_not_the_film(clips, tmp_path):
    """For ffmpeg, ``v:0`` is the first picture of any kind, a cover too."""
    Image.new("RGB", (300, 300), "white").save(tmp_path / "p.jpg")
    film = tmp_path / "film.mp4"
    with workspace() as folder:
        encode(
            ["-i", f"file:{tmp_path / 'p.jpg'}", "-i", f"file:{clips['red']}", "-map", "0:v",
             "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", f"file:{film}"],
            folder=folder, limit=60,
        )  # fmt: skip
    for copy in (True, False):
        merged = merge([film, clips["blue"]], tmp_path / "out.mp4", copy=copy, progress=quiet)
        assert colours(merged.path) == "r" * 10 + "b" * 10, merged.reason


# -- music ----------------------------------------------------------------------------------------


def band(sound: np.ndarray, hertz: float) -> float:
    """Return the level in dB of one frequency in a sound of whole seconds."""
    spectrum = np.fft.rfft(sound.mean(axis=1) * np.hanning(len(sound)))
    near = round(hertz * len(sound) / RATE)
    return float(20 * np.log10(np.abs(spectrum[near - 3 : near + 4]).max() / len(sound) * 4))


@pytest.mark.parametrize("copy", [True, False])
def test_music_begins_again_and_the_voice_keeps_its_level(clips, tmp_path, copy):
    """The old system's amix halved the voice, -21.1 to -27.1 dB, and did not loop the music."""
    time = np.arange(int(0.7 * RATE)) / RATE
    bed = Audio(samples=0.4 * np.sin(2 * np.pi * 2000 * time), rate=RATE)
    files = [clips["red"], clips["blue"]]
    alone = samples(merge(files, tmp_path / "a.mp4", progress=quiet).path)
    for volume, level in ((1.0, 0.4), (0.25, 0.1)):
        merged = merge(
            files, tmp_path / "b.mp4", music=bed, music_volume=volume, copy=copy, progress=quiet
        )
        assert merged.copied is copy
        both = samples(merged.path)
        assert len(both) == len(alone)
        for start, hertz in ((0, 440), (1, 880)):
            part = slice(start * RATE, (start + 1) * RATE)
            assert band(both[part], hertz) == pytest.approx(band(alone[part], hertz), abs=0.3)
            assert band(both[part], 2000) == pytest.approx(20 * math.log10(level), abs=0.6)
        tail = both[-RATE // 10 :]
        assert band(tail, 2000) == pytest.approx(20 * math.log10(level), abs=1)
    none = merge(files, tmp_path / "c.mp4", music=bed, music_volume=0, progress=quiet)
    assert loudness(samples(none.path)) == pytest.approx(loudness(alone), abs=0.1)


def test_music_is_heard_where_no_clip_has_sound(clips, tmp_path):
    """The old system never ended on a silent clip with music, and filled the disk."""
    song = tmp_path / "song.mp3"
    time = np.arange(RATE // 2) / RATE
    Audio(samples=0.5 * np.sin(2 * np.pi * 1000 * time), rate=RATE).write(song)
    merged = merge(
        [clips["wide"]], tmp_path / "out.mp4", music=song, music_volume=1, progress=quiet
    )
    sound = samples(merged.path)
    assert len(sound) == pytest.approx(0.8 * RATE, abs=1)
    assert pitch(sound) == pytest.approx(1000, abs=3)
    assert merged.to_dict()["copied"] is True
    told = json.loads(merged.receipt.read_text())
    assert [Path(each["path"]).name for each in told["inputs"]] == ["wide.mp4", "song.mp3"]


def test_loud_music_and_loud_voice_do_not_clip(tmp_path):
    loud = clip(tmp_path / "loud.mp4", level=0.9)
    time = np.arange(RATE) / RATE
    bed = Audio(samples=0.9 * np.sin(2 * np.pi * 440 * time), rate=RATE)
    merged = merge([loud], tmp_path / "out.mp4", music=bed, music_volume=1, progress=quiet)
    assert np.abs(samples(merged.path)).max() < 1


# -- what is refused ------------------------------------------------------------------------------


@pytest.fixture
def no_process(monkeypatch):
    """Fail when anything is run."""
    monkeypatch.setattr(recut, "encode", lambda *_, **__: pytest.fail("a process was started"))
    monkeypatch.setattr(
        "workbench.media.pieces.read", lambda *_, **__: pytest.fail("a process was started")
    )


BAD = [float("nan"), float("inf"), -float("inf"), -1, True, "1", None, [], 10**9]


@pytest.mark.usefixtures("no_process")
def test_arguments_are_checked_before_anything_runs(clips, tmp_path):
    red, out = clips["red"], tmp_path / "out.mp4"
    for value in BAD:
        if value is not None:
            with pytest.raises(ParameterError, match="fps"):
                merge([red], out, fps=value, progress=quiet)
            with pytest.raises(ParameterError, match="size"):
                merge([red], out, size=(64, value), progress=quiet)
        with pytest.raises(ParameterError, match="music_volume"):
            merge([red], out, music=red, music_volume=value, progress=quiet)
    for size in ((63, 64), (64,), "64x64", 64, (8, 8), (5000, 64), (64.5, 64)):
        with pytest.raises(ParameterError, match="size"):
            merge([red], out, size=size, progress=quiet)
    for fit in ("pad", "cover,drawtext=textfile=/etc/passwd", None, 1):
        with pytest.raises(ParameterError, match="fit"):
            merge([red], out, fit=fit, progress=quiet)
    for paths in ("a.mp4", red, [], 3, [red] * 1001):
        with pytest.raises(ParameterError, match="paths"):
            merge(paths, out, progress=quiet)
    for name in ("out.avi", "out", "a\0.mp4", ""):
        with pytest.raises(ParameterError):
            merge([red], name, progress=quiet)
    with pytest.raises(ParameterError, match="is what is read"):
        merge([red], red, progress=quiet)
    (tmp_path / "d.mp4").mkdir()
    with pytest.raises(ParameterError, match="is a folder"):
        merge([red], tmp_path / "d.mp4", progress=quiet)
    with pytest.raises(MediaNotFound):
        merge([red, tmp_path / "none.mp4"], out, progress=quiet)
    with pytest.raises(MediaTooLarge, match="all clips together"):
        merge([red] * 20, out, limits=Limits(seconds=15), progress=quiet)
    assert not out.exists()


def test_what_is_no_video_or_damaged_is_named_and_nothing_is_left(media, clips, tmp_path):
    tone = Audio.silence(1, 8000).write(tmp_path / "a.wav")
    out = tmp_path / "out" / "out.mp4"
    bad = ["truncated_faststart.mp4", "bitflips_seed7.mp4", "moov_missing.mp4", "text_named.mp4"]
    for file in (tone, *(media / "broken" / name for name in bad)):
        with pytest.raises(MediaError, match=file.name):
            merge([clips["red"], file], out, progress=quiet)
    with pytest.raises(MediaError, match=r"wide\.mp4: has no sound"):
        merge([clips["red"]], out, music=clips["wide"], progress=quiet)
    assert not list(out.parent.glob("*")) if out.parent.exists() else True


def test_it_tells_how_far_it_is_and_stops_on_request(clips, tmp_path):
    told: list[float] = []
    merge([clips["red"], clips["wide"]], tmp_path / "out.mp4", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    stop = threading.Event()

    def stopping(done: float) -> None:
        if done > 0.3:
            stop.set()

    with pytest.raises(Cancelled):
        merge([clips["count"]] * 20, tmp_path / "no.mp4", copy=False, progress=stopping,
              cancel=stop)  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.mp4", "out.mp4.json"]


def test_any_name_is_a_name(media, clips, tmp_path):
    """A concat list took a line break in a name for the next directive."""
    names = json.loads((media / "hostile/filenames.json").read_text())
    home = tmp_path / "in"
    home.mkdir()
    files = []
    for name in names:
        files.append(home / name)
        files[-1].write_bytes(clips["red"].read_bytes())
    merged = merge(files, tmp_path / "all.mp4", progress=quiet)
    assert merged.copied
    assert len(pixels(merged.path)) == 10 * len(names)
    for name in names[::6]:  # tests/faults/test_names.py writes all of them
        made: Merged = merge([files[0]], tmp_path / f"{name}.mp4", progress=quiet)
        assert made.path.name == f"{name}.mp4"
        assert made.path.stat().st_size > 1000
