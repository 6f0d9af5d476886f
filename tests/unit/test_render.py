"""Renders in which something goes wrong: they stay whole, and leave inputs and cache alone."""

from __future__ import annotations

import errno
import subprocess
import sys
import textwrap
from threading import Event

import av
import numpy as np
import pytest
from sounding import chord, tone

import workbench as wb
from workbench.errors import Cancelled, MediaError, ParameterError, StorageFull, WorkbenchWarning
from workbench.media import encode as encoding
from workbench.media import render as rendering
from workbench.media import shots
from workbench.media.encoders.presets import PRESETS
from workbench.media.encoders.table import settings
from workbench.media.ffmpeg import Failed, encode, read
from workbench.media.packets import packets
from workbench.media.segments import segment_cache
from workbench.media.shots import Studio
from workbench.storage import cache as storage
from workbench.storage.receipt import digest, read_receipt

pytestmark = pytest.mark.media

QUIET = {"progress": lambda _: None}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    """An empty cache for each test: renders are kept by content."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


def grades(counts: list[int], *, fps: int = 10, size: str = "64x64") -> wb.Video:
    """Scenes of so many frames, each brighter than the one before."""
    video = wb.Video(size, fps=fps)
    for index, count in enumerate(counts):
        picture = np.full((64, 64, 3), 20 + 25 * index, np.uint8)
        video = video.scene(picture, duration=count / fps)
    return video


def played(path) -> np.ndarray:
    """The brightness of each frame, as a player of a steady rate shows them."""
    arguments = ["-i", f"file:{path}", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]
    frames = read(arguments, 64 * 64, folder=path.parent, limit=60)
    return np.array([np.frombuffer(bytes(f), np.uint8).mean() for f in frames])


@pytest.mark.parametrize("encoder", ["x264", "x265", "av1"])
@pytest.mark.parametrize("counts", [[12, 1], [1, 12], [1, 2, 3, 1, 1, 5, 1]])
def test_pieces_of_a_frame_or_two_are_shown_for_that(tmp_path, encoder, counts):
    """Joined as they were, the frame before such a piece lasted for three: 14 were played as 16."""
    done = grades(counts).render(tmp_path / "a.mp4", encoder=encoder, **QUIET)
    assert done.segments == len(counts)
    assert packets(done.path).steady(10)
    expected = np.repeat([20 + 25 * i for i in range(len(counts))], counts)
    seen = played(done.path)
    assert len(seen) == sum(counts)
    assert np.abs(seen - expected).max() < 4


def test_an_entry_that_is_another_film_is_made_again(tmp_path):
    """Whole by its digest, and not this segment: another number of frames."""
    video = grades([5, 7])
    whole = digest(video.render(tmp_path / "a.mp4", **QUIET).path)
    files = sorted(segment_cache().folder.rglob("*.mp4"))
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, reversed(contents), strict=True):
        file.unlink()
        segment_cache().put(file.name.split("-")[0], content)
    done = video.render(tmp_path / "a.mp4", **QUIET)
    assert (done.reused, digest(done.path)) == (0, whole)
    assert video.render(tmp_path / "a.mp4", **QUIET).reused == 2


def test_what_another_build_has_kept_is_not_joined(tmp_path):
    """The same version by name, other parameter sets: no player decodes both in one film."""
    video = grades([5, 7])
    whole = digest(video.render(tmp_path / "a.mp4", **QUIET).path)
    file = min(segment_cache().folder.rglob("*.mp4"))
    encode(
        ["-i", f"file:{file}", "-c:v", "libx264", "-profile:v", "baseline", "other.mp4"],
        folder=tmp_path,
        limit=30,
    )
    file.unlink()
    segment_cache().put(file.name.split("-")[0], (tmp_path / "other.mp4").read_bytes())
    done = video.render(tmp_path / "a.mp4", **QUIET)
    assert (done.reused, digest(done.path)) == (0, whole)
    assert video.render(tmp_path / "a.mp4", **QUIET).reused == 2


def test_an_entry_may_go_while_it_is_fetched(tmp_path, monkeypatch):
    """Another process makes room between the look and the use."""
    video = grades([5])
    video.render(tmp_path / "a.mp4", **QUIET)
    keep = encoding.keep

    def raced(source, target):
        source.unlink()
        keep(source, target)

    monkeypatch.setattr(encoding, "keep", raced)
    assert video.render(tmp_path / "a.mp4", **QUIET).reused == 0


def test_a_second_try_leaves_the_first_one_s_entries_whole(tmp_path, monkeypatch):
    """What is fetched is an entry's own second name: written over, the entry would be lost."""
    video = grades([5, 7])
    video.render(tmp_path / "a.mp4", encoder="x265", **QUIET)
    kept = {file: file.read_bytes() for file in segment_cache().folder.rglob("*.mp4")}
    last = max(kept, key=lambda file: packets(file).frames)
    last.unlink()
    real = encoding.encode

    def failing(arguments, *args, **about):
        if "libx265" in arguments:
            raise Failed("the card is busy", subject="ffmpeg")
        return real(arguments, *args, **about)

    monkeypatch.setattr(encoding, "encode", failing)
    seen: list[float] = []
    with pytest.warns(WorkbenchWarning, match="the card is busy"):
        done = video.render(tmp_path / "b.mp4", encoder="x265", workers=1, progress=seen.append)
    assert done.encoder == "libx264"
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert all(file.read_bytes() == data for file, data in kept.items() if file != last)


def test_a_stopped_picture_is_made_at_the_second_try(tmp_path, monkeypatch):
    """What the stop of the first try broke off was kept: the second was "stopped on request"."""
    sound = tmp_path / "a.wav"
    tone(1.0).write(sound)
    video = wb.Video("64x64").scene(sound)
    studio = Studio(video.canvas, {}, video.limits)
    (shot,) = video.timeline().shots

    def stopped(*_: object, **__: object) -> None:
        raise Cancelled("stopped on request", subject="ffmpeg")

    with monkeypatch.context() as patch:
        patch.setattr(shots.clips, "clip_sound", stopped)
        with pytest.raises(Cancelled):
            studio._planes(shot, Event())
    assert studio._planes(shot, Event()) is not None


def test_an_error_ends_the_others_and_names_its_file(tmp_path, media, monkeypatch):
    clip = tmp_path / "clip.mov"
    clip.write_bytes((media / "odd" / "phone_rotated90.mov").read_bytes())
    video = grades([1200, 1200]).scene(clip, duration=1)
    check = Studio.check

    def changed(self, shots):
        check(self, shots)
        clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])

    monkeypatch.setattr(Studio, "check", changed)
    out = tmp_path / "out"
    with pytest.raises(MediaError, match=r"clip\.mov"):
        video.render(out / "a.mp4", workers=3, cache=False, **QUIET)
    assert list(out.iterdir()) == []


def test_two_processes_render_into_one_cache(tmp_path):
    code = """
        import sys, numpy as np, workbench as wb
        video = wb.Video("64x64", fps=10)
        for shade in range(6):
            video = video.scene(np.full((64, 64, 3), 20 * shade, np.uint8), duration=1)
        video.render(sys.argv[1])
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    both = [subprocess.Popen([*command, str(tmp_path / f"{i}.mp4")]) for i in range(2)]
    assert [each.wait(120) for each in both] == [0, 0]
    assert digest(tmp_path / "0.mp4") == digest(tmp_path / "1.mp4")
    folder = segment_cache().folder
    assert len(list(folder.rglob("*.mp4"))) == 6
    assert not [path for path in folder.rglob("*") if path.name.startswith(".wb")]


def test_a_full_cache_costs_nothing(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage, "write_bytes", full)
    assert grades([5]).render(tmp_path / "a.mp4", **QUIET).reused == 0


# -- stems and receipts ------------------------------------------------------------------------


def test_a_stem_never_takes_an_input_s_place(tmp_path):
    bed = tmp_path / "a.music.wav"
    chord(1.0).write(bed)
    before = digest(bed)
    video = grades([10]).music(bed)
    with pytest.raises(ParameterError, match=r"a\.music\.wav: would be written over by a stem"):
        video.render(tmp_path / "a.mp4", stems=True, **QUIET)
    assert digest(bed) == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.music.wav"]
    voice = tmp_path / "a.wav"
    chord(1.0).write(voice)
    grades([10]).music(voice).render(tmp_path / "a.mp4", stems=True, **QUIET)
    assert digest(bed) != before, "no input any more"


def test_stems_come_with_the_video_or_not_at_all(tmp_path, monkeypatch):
    def full(self, suffix):
        raise OSError(errno.ENOSPC, "No space left on device")

    video = grades([10]).music(chord(1.0))
    made = []
    real = rendering._stems

    def stems(mixed, target, beside):
        monkeypatch.setattr(wb.Audio, "encode", full)
        made.append(target)
        return real(mixed, target, beside)

    monkeypatch.setattr(rendering, "_stems", stems)
    with pytest.raises(StorageFull):
        video.render(tmp_path / "a.mp4", stems=True, **QUIET)
    assert made
    assert list(tmp_path.iterdir()) == []


def test_captions_are_never_written_over(tmp_path):
    text = "1\n00:00:00,000 --> 00:00:01,000\nHello\n"
    for name in ("a.mp4", "a.mp4.json"):
        (tmp_path / name).write_text(text)
        video = grades([10]).captions("plain", cues=tmp_path / name)
        with pytest.raises(ParameterError, match="is what is read"):
            video.render(tmp_path / "a.mp4", **QUIET)
        assert (tmp_path / name).read_text() == text
        (tmp_path / name).unlink()


def test_a_receipt_names_all_that_went_in(tmp_path):
    """Each input with its digest, and each setting: what is missing cannot be made again."""
    from PIL import Image

    files = {name: tmp_path / name for name in ("a.png", "l.png", "m.wav", "e.wav", "c.srt")}
    Image.new("RGB", (64, 64), "red").save(files["a.png"])
    Image.new("RGB", (16, 16), "blue").save(files["l.png"])
    chord(1.0).write(files["m.wav"])
    tone(0.2).write(files["e.wav"])
    files["c.srt"].write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    said = tone(1.0, hertz=300)
    video = (
        wb.Video("64x64", fps=5)
        .scene(files["a.png"])
        .narrate(said)
        .overlay(files["l.png"])
        .music(files["m.wav"], volume=0.02)
        .effect(files["e.wav"], at=0.2, volume=0.02)
        .captions("plain", cues=files["c.srt"], soft=True)
        .chapters([(0, "One")])
        .tags(title="T")
        .loudness("podcast")
    )
    done = video.render(tmp_path / "out.mp4", stems=True, **QUIET)
    about = read_receipt(done.path)
    text = done.receipt.read_text()
    for file in files.values():
        assert digest(file) in text, file.name
    assert about["voices"][0]["sha256"] == video.narration.audio.digest()
    assert len(about["fonts"][0]["sha256"]) == 64
    assert about["chapters"] == [{"start": 0, "title": "One"}]
    assert (about["tags"], about["target"]) == ({"title": "T"}, "podcast")
    assert about["caption_track"] == "und"
    assert about["segments"] == [[0, 5]]
    assert about["encoder"]["options"]["crf"] == PRESETS["production"].crf
    assert about["encoder"]["name"] == settings("libx264", PRESETS["production"]).name
    assert about["stems"] == {name: path.name for name, path in done.stems.items()}
    assert sorted(about["stems"]) == ["effect", "music", "voice"]


# -- words and sounds --------------------------------------------------------------------------


def test_what_cannot_be_is_refused_before_anything_is_encoded(tmp_path, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was encoded")

    monkeypatch.setattr(rendering, "encode_segments", never)
    base = grades([10])
    for video, told in (
        (base.chapters([(99, "Late")]), "chapter 1"),
        (base.effect(tone(0.1), at=99), "begins at 99 s"),
        (base.music(chord(1.0), start=99), "begins at 99 s"),
    ):
        with pytest.raises(ParameterError, match=told):
            video.render(tmp_path / "a.mp4", **QUIET)
    with pytest.raises(ParameterError, match="title: is 2,000 letters long"):
        base.tags(title="x" * 2000)
    with pytest.raises(ParameterError, match="did you mean 'auto'"):
        base.captions("plain", speakers="Auto")
    with pytest.raises(ParameterError, match="cues"):
        base.captions("plain", cues=3)


def test_chapters_of_scenes_have_titles(tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 64), "red").save(tmp_path / " .png")
    Image.new("RGB", (64, 64), "red").save(tmp_path / "beach.png")
    video = wb.Video("64x64", fps=5).scene(wb.Colour("red"), duration=1)
    video = video.scene(tmp_path / " .png", duration=1).scene(tmp_path / "beach.png", duration=1)
    done = video.chapters("scenes").render(tmp_path / "a.mp4", **QUIET)
    with av.open(str(done.path)) as file:
        titles = [chapter["metadata"]["title"] for chapter in file.chapters()]
    assert titles == ["Scene 1", "Scene 2", "beach"]


def test_captions_of_a_draft_are_as_large(tmp_path):
    """Their size is a share of the height, whatever the preset makes of that."""
    word = wb.Word(text="HHHH", start=0, end=1)
    cues = wb.Cues(cues=(wb.Cue(start=0, end=1, lines=((word,),)),))
    video = wb.Video("320x320", fps=5).scene(np.zeros((64, 64, 3), np.uint8), duration=1)
    video = video.captions("plain", cues=cues, size=20)
    heights = {}
    for preset in ("draft", "production"):
        done = video.render(tmp_path / f"{preset}.mp4", preset=preset, **QUIET)
        bright = wb.media.frame_at(done.path, 0.5).max(axis=(1, 2)) > 128
        heights[preset] = bright.sum() / done.height
    assert heights["draft"] == pytest.approx(heights["production"], abs=0.02)
    assert heights["production"] > 0.1


def test_the_sound_is_as_long_as_the_pictures(tmp_path):
    done = grades([53]).music(chord(1.0)).render(tmp_path / "a.mp4", **QUIET)
    with av.open(str(done.path)) as file:
        frames = [f for f in file.decode(audio=0) if f.pts is not None]
    first, last = frames[0], frames[-1]
    seconds = float(last.pts * last.time_base) + last.samples / last.rate
    assert float(first.pts * first.time_base) == pytest.approx(0, abs=1024 / 48_000)
    assert seconds == pytest.approx(5.3, abs=1024 / 48_000)


def test_clips_are_heard_through_their_transition(tmp_path):
    """Each at its volume; where one goes over into the other, both are."""
    from workbench.media.frames import clip_sound

    def band(sound, hertz, start, end):
        part = sound.cut(start, end).mono().samples[:, 0]
        wave = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / sound.rate)
        return 20 * np.log10(np.abs((part * wave).mean()) + 1e-9)

    for name, hertz in (("a", 500), ("b", 3000)):
        clip = grades([30]).music(tone(3.0, hertz=hertz), volume=1, fade_in=0, fade_out=0)
        clip.render(tmp_path / f"{name}.mp4", **QUIET)
    video = wb.Video("64x64", fps=10).scene(tmp_path / "a.mp4", volume=0.5)
    video = video.scene(tmp_path / "b.mp4", transition="fade", transition_duration=1.0)
    done = video.render(tmp_path / "both.mp4", **QUIET)
    sound = clip_sound(done.path, done.duration)
    alone, other = band(sound, 500, 0.5, 1.5), band(sound, 3000, 3.5, 4.5)
    assert other - alone == pytest.approx(6, abs=1)
    assert band(sound, 500, 2.4, 2.6) < alone - 2
    assert band(sound, 3000, 2.4, 2.6) < other - 2
    assert band(sound, 3000, 0.5, 1.5) < other - 40
    assert band(sound, 500, 3.5, 4.5) < alone - 40


def test_an_effect_fades(tmp_path):
    from sounding import level

    from workbench.media.frames import clip_sound

    ding = tone(2.0, hertz=800, db=-6)
    done = grades([30]).effect(ding, at=0.5, fade_in=0.5, fade_out=0.5)
    sound = clip_sound(done.render(tmp_path / "a.mp4", **QUIET).path, 3.0)
    middle = level(sound.cut(1.3, 1.7).samples)
    assert level(sound.cut(0.5, 0.6).samples) < middle - 10
    assert level(sound.cut(2.4, 2.5).samples) < middle - 10


def test_of_a_long_album_only_what_is_heard_is_decoded(tmp_path, monkeypatch):
    from workbench.media import soundtrack

    tone(60.0).write(tmp_path / "album.wav")
    asked = []
    real = soundtrack.clips.clip_sound

    def counted(path, seconds, **about):
        asked.append(seconds)
        return real(path, seconds, **about)

    monkeypatch.setattr(soundtrack.clips, "clip_sound", counted)
    grades([10]).music(tmp_path / "album.wav").render(tmp_path / "a.mp4", **QUIET)
    assert asked == [pytest.approx(1.0, abs=0.2)]
