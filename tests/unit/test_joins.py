"""Segments joined by copying: one film, frame by frame, made again only where it changed."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sounding import chord, tone

import workbench as wb
from workbench.errors import Cancelled, WorkbenchWarning
from workbench.media import encode as encoding
from workbench.media.binaries import VARIABLE, ffmpeg
from workbench.media.ffmpeg import read
from workbench.media.frames import clip_sound, frame_at
from workbench.media.packets import packets
from workbench.media.segments import Segment, cut, segment_cache
from workbench.media.shots import Studio
from workbench.storage.receipt import digest, read_receipt

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media

QUIET = {"progress": lambda _: None}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    """An empty cache for each test: renders are kept by content."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


def ramp(width: int = 160, height: int = 96) -> np.ndarray:
    """A picture whose brightness tells where one is: what is seen of it moves in a pan."""
    across = np.linspace(30, 225, width).astype(np.uint8)
    return np.repeat(np.repeat(across[np.newaxis], height, 0)[..., np.newaxis], 3, 2)


def decoded(path: Path, width: int, height: int) -> np.ndarray:
    """Every frame's luma, as a player would show them."""
    size = width * height * 3 // 2
    arguments = ["-i", f"file:{path}", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"]
    frames = [bytes(f) for f in read(arguments, size, folder=path.parent, limit=60)]
    return np.stack([np.frombuffer(f, np.uint8)[: width * height] for f in frames])


def moving(fps: int, seconds: float = 10.0) -> wb.Video:
    return wb.Video("128x64", fps=fps).scene(
        ramp(), motion="pan-right", easing="linear", duration=seconds
    )


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_pieces_are_one_film(tmp_path, fps):
    """No frame is lost, doubled or out of its time: each is the one that was made for its place."""
    grains = np.random.default_rng(2).normal(128, 60, (96, 160)).clip(0, 255).astype(np.uint8)
    picture = np.repeat(np.kron(grains, np.ones((4, 4), np.uint8))[..., np.newaxis], 3, 2)
    video = wb.Video("128x64", fps=fps).scene(
        picture, motion="pan-right", speed="fast", easing="linear", duration=9
    )
    timeline = video.timeline()
    segments = cut(timeline)
    assert len(segments) == 2
    done = video.render(tmp_path / "a.mp4", **QUIET)
    found = packets(done.path)
    assert found.frames == 9 * fps
    assert found.steady(fps)
    whole = Segment(first=0, count=9 * fps, shots=timeline.shots)
    studio = Studio(video.canvas, video.held_pictures(), video.limits)
    made = [
        np.frombuffer(frame, np.uint8)[: 128 * 64].astype(int)
        for frame in studio.frames(whole, threading.Event())
    ]
    seen = decoded(done.path, 128, 64).astype(int)
    assert len(seen) == len(made)
    starts = {segment.first for segment in segments}
    for index, frame in enumerate(seen):
        near = range(max(0, index - 3), min(len(made), index + 4))
        nearest = min(near, key=lambda n: np.abs(frame - made[n]).mean())
        # A key frame is itself; what is predicted may lag by a tenth of a pixel of motion.
        assert abs(nearest - index) <= (0 if index in starts else max(1, fps // 20)), index


def test_each_frame_is_that_of_its_own_segment(tmp_path, monkeypatch):
    """Joining copies: each decoded frame is, to the bit, the one of the segment decoded alone."""
    kept: list[np.ndarray] = []
    check = encoding.check

    def watched(path, count, canvas):
        kept.append((path.name, decoded(path, 128, 64)))
        return check(path, count, canvas)

    monkeypatch.setattr(encoding, "check", watched)
    done = moving(30).render(tmp_path / "a.mp4", cache=False, **QUIET)
    alone = np.concatenate([frames for _, frames in sorted(kept, key=lambda pair: pair[0])])
    assert np.array_equal(decoded(done.path, 128, 64), alone)


def test_sound_goes_on_over_the_cuts(tmp_path):
    """A sine over three segments keeps its phase: one encode of the sound, no click."""
    sine = tone(10.0, hertz=440.0, db=-12)
    video = moving(30).narrate(sine).loudness(None)
    heard = clip_sound(video.render(tmp_path / "a.mp4", **QUIET).path, 10.0).samples[:, 0]
    time = np.arange(len(heard)) / 48_000
    wave = np.exp(-2j * np.pi * 440.0 * time)
    hop = 4_800
    phases = np.unwrap(
        [np.angle((heard * wave)[i : i + hop].sum()) for i in range(0, 470_000, hop)]
    )
    assert np.ptp(phases[1:]) < 0.05
    second = np.abs(np.diff(heard, 2))[4_800:-4_800]
    assert second.max() < 4 * np.median(second[second > 0]) + 0.01


def test_picture_and_sound_meet(tmp_path):
    """A picture that comes in at 5 s and a beep at 5 s: within a frame and 10 ms."""
    beep = tone(0.1, hertz=2_000, db=-6)
    video = wb.Video("64x64", fps=30)
    for shade in (20, 230):
        video = video.scene(np.full((64, 64, 3), shade, np.uint8), duration=5)
    done = video.effect(beep, at=5.0).render(tmp_path / "a.mp4", **QUIET)
    means = decoded(done.path, 64, 64).mean(axis=1)
    assert int(np.argmax(means > 120)) == 150
    loud = np.abs(clip_sound(done.path, 10.0).samples[:, 0]) > 0.05
    assert np.argmax(loud) / 48_000 == pytest.approx(5.0, abs=0.01)


def cards(number: int, texts: list[str]) -> wb.Video:
    """Scenes of a second, each with its caption."""
    video = wb.Video("128x64", fps=10)
    for index in range(number):
        video = video.scene(np.full((64, 128, 3), 20 + 8 * index, np.uint8), duration=1)
    cues = wb.Cues(
        cues=tuple(
            wb.Cue(
                start=i + 0.2,
                end=i + 0.8,
                lines=((wb.Word(text=text, start=i + 0.2, end=i + 0.8),),),
            )
            for i, text in enumerate(texts)
        )
    )
    return video.captions("plain", cues=cues, size=20)


def test_only_what_changed_is_encoded(tmp_path, monkeypatch):
    """One caption of ten: one segment. Sound, chapters and tags: none."""
    runs: list[list[str]] = []
    real = encoding.encode

    def counted(arguments, *args, **about):
        runs.append(list(arguments))
        return real(arguments, *args, **about)

    monkeypatch.setattr(encoding, "encode", counted)
    texts = [f"word {i}" for i in range(10)]
    first = cards(10, texts).render(tmp_path / "a.mp4", **QUIET)
    assert (first.segments, first.reused, len(runs)) == (10, 0, 10)
    before = digest(first.path)
    again = cards(10, texts).render(tmp_path / "a.mp4", **QUIET)
    assert (again.reused, len(runs)) == (10, 10)
    assert digest(again.path) == before
    texts[4] = "changed"
    changed = cards(10, texts).render(tmp_path / "a.mp4", **QUIET)
    assert (changed.reused, len(runs)) == (9, 11)
    assert frame_at(changed.path, 4.5).tobytes() != frame_at(first.path, 3.5).tobytes()
    heard = cards(10, texts).music(chord(3.0)).chapters([(0, "One"), (3, "Two")]).tags(title="T")
    assert heard.render(tmp_path / "b.mp4", **QUIET).reused == 10
    later = cards(10, texts)
    moved = wb.Video("128x64", fps=10).scene(np.zeros((64, 128, 3), np.uint8), duration=1)
    moved = moved.captions(
        "plain", cues=wb.Cues(cues=tuple(c.shift(1) for c in later.cues)), size=20
    )
    for scene, held in zip(later.scenes, later.pictures, strict=True):
        picture = np.frombuffer(held[1], np.uint8).reshape(held[2])
        moved = moved.scene(picture, duration=scene.duration)
    assert moved.render(tmp_path / "c.mp4", **QUIET).reused == 10, "moved in time as a whole"


def test_a_key_knows_all_that_is_seen(tmp_path):
    """Whatever changes a picture is encoded anew: nothing stale is ever shown."""
    base = cards(2, ["one", "two"])
    base.render(tmp_path / "a.mp4", **QUIET)
    from PIL import Image

    Image.new("RGB", (16, 16), "red").save(tmp_path / "logo.png")
    for name, video, options in [
        ("font", base.captions("plain", cues=base.cues, size=20, font="DejaVu Serif"), {}),
        ("style", base.captions("boxed", cues=base.cues, size=20), {}),
        ("logo", base.logo(tmp_path / "logo.png"), {}),
        ("title", base.title("T", end=2), {}),
        ("preset", base, {"preset": "draft"}),
        ("encoder", base, {"encoder": "x265"}),
    ]:
        assert video.render(tmp_path / "b.mp4", **options, **QUIET).reused == 0, name


def test_a_damaged_entry_is_made_again(tmp_path):
    """Cut, changed by a byte, or another file's content: it is removed and never used."""
    video = cards(3, ["a", "b", "c"])
    whole = digest(video.render(tmp_path / "a.mp4", **QUIET).path)
    files = sorted(segment_cache().folder.rglob("*.mp4"))
    assert len(files) == 3
    data = files[0].read_bytes()
    files[0].write_bytes(data[: len(data) // 2])
    files[1].write_bytes(files[1].read_bytes()[:-1] + b"x")
    files[2].write_bytes(data)
    done = video.render(tmp_path / "a.mp4", **QUIET)
    assert done.reused == 0
    assert digest(done.path) == whole
    assert video.render(tmp_path / "a.mp4", **QUIET).reused == 3


def test_one_worker_or_four_make_the_same_bytes(tmp_path):
    video = moving(30).narrate(tone(10.0, hertz=300)).captions("off")
    digests = {
        digest(video.render(tmp_path / f"{n}.mp4", workers=n, cache=False, **QUIET).path)
        for n in (1, 4)
    }
    assert len(digests) == 1


def test_a_stop_ends_all_workers(tmp_path):
    """Four encoders at once, and none is left; `progress` is called from the caller's thread."""
    cancel = threading.Event()
    seen: list[tuple[float, str]] = []

    def report(done: float) -> None:
        seen.append((done, threading.current_thread().name))
        if len(seen) == 2:
            cancel.set()

    with pytest.raises(Cancelled):
        moving(60, 120.0).render(
            tmp_path / "a.mp4", workers=4, cache=False, progress=report, cancel=cancel
        )
    assert list(tmp_path.iterdir()) == []
    assert {name for _, name in seen} == {threading.current_thread().name}
    shares = [done for done, _ in seen]
    assert shares == sorted(shares)


def test_progress_ends_at_the_end(tmp_path):
    seen: list[float] = []
    moving(30).render(tmp_path / "a.mp4", progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


@pytest.fixture
def failing_x265(tmp_path, monkeypatch):
    """An ffmpeg whose x265 works in a trial (few frames) and fails at work."""
    script = tmp_path / "ffmpeg"
    script.write_text(
        f"#!/bin/sh\ncase \"$*\" in *libx265*'-frames:v 2'[0-9]*|*'-frames:v 2'[0-9]*libx265*)"
        f' echo "[error] x265: the card is busy" >&2; exit 1;; esac\nexec "{ffmpeg()}" "$@"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(VARIABLE, str(script))


def test_an_encoder_that_fails_at_work_is_replaced(tmp_path, failing_x265):
    """The old system named h264_nvenc, promised to fall back in a comment, and failed."""
    video = wb.Video("64x64", fps=10).scene(np.full((64, 64, 3), 99, np.uint8), duration=2.5)
    with pytest.warns(WorkbenchWarning, match=r"libx265 failed.*libx264 is used"):
        done = video.render(tmp_path / "a.mp4", encoder="x265", **QUIET)
    assert done.encoder == "libx264"
    assert wb.probe(done.path).video.codec == "h264"
    receipt = read_receipt(done.path)
    assert receipt["encoder"]["name"] == "libx264"
    assert any("the card is busy" in note for note in receipt["warnings"])


@pytest.mark.parametrize(("encoder", "codec"), [("x265", "hevc"), ("av1", "av1")])
def test_other_encoders_join_too(tmp_path, encoder, codec):
    done = moving(10, 9.0).render(tmp_path / "a.mp4", encoder=encoder, **QUIET)
    assert done.segments == 2
    assert wb.probe(done.path).video.codec in {codec, "libdav1d"}
    assert packets(done.path).steady(10)
    means = decoded(done.path, 128, 64).mean(axis=1)
    assert np.all(np.diff(means[::5]) > 0)


def test_presets_change_the_picture_and_never_the_speech(tmp_path):
    """The old system's drafts spoke 1.5 times as fast, and their bitrates were never used."""
    spoken = wb.speak("Hola, esto es una prueba.", voice="espeak:es")
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    video = wb.Video("1280x720", fps=10).scene(noise, motion="zoom-in").narrate(spoken)
    sizes, widths = {}, {}
    for preset in ("draft", "preview", "production"):
        done = video.captions().render(tmp_path / f"{preset}.mp4", preset=preset, **QUIET)
        sizes[preset], widths[preset] = done.path.stat().st_size, done.width
        assert done.duration == pytest.approx(spoken.duration, abs=0.1)
        assert [w.text for w in done.words] == [w.text for w in spoken.words]
        heard = clip_sound(done.path, spoken.duration).mono().samples[:, 0]
        said = spoken.audio.resample(48_000).samples[:, 0]
        many = min(len(heard), len(said))
        assert np.corrcoef(heard[:many], said[:many])[0, 1] > 0.95
    assert widths == {"draft": 640, "preview": 1280, "production": 1280}
    assert sizes["draft"] < sizes["preview"] < sizes["production"]


def test_two_renders_share_a_cache(tmp_path):
    """At once, from two threads: both are right, and no entry is half a file."""
    video = moving(30)
    results: dict[int, str] = {}

    def work(index: int) -> None:
        results[index] = digest(video.render(tmp_path / f"{index}.mp4", **QUIET).path)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(results.values())) == 1
    assert len(results) == 2
    assert not [p for p in segment_cache().folder.rglob("*") if p.name.startswith(".wb")]


def test_a_cache_that_cannot_be_written_costs_nothing(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("WORKBENCH_CACHE", os.fspath(blocked / "cache"))
    done = cards(2, ["a", "b"]).render(tmp_path / "a.mp4", **QUIET)
    assert done.reused == 0
    assert cards(2, ["a", "b"]).render(tmp_path / "a.mp4", **QUIET).reused == 0
