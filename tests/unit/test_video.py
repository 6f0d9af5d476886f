"""Videos, judged by their pixels and samples."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from pixels import expected, lit

import workbench as wb
from workbench.audio import Audio
from workbench.captions.fonts import find_font
from workbench.errors import MediaError, MediaNotFound, ParameterError
from workbench.media.backdrop import backdrop
from workbench.media.ffmpeg import encode
from workbench.media.frames import clip_sound, frame_at
from workbench.media.render import _check_fonts
from workbench.media.video import SIZES
from workbench.storage.receipt import digest

pytestmark = pytest.mark.media

SCRIPT = "Hola, esto es una prueba.\nEn un lugar de la Mancha, hace tiempo, vivía un hidalgo."


def flat(colour: tuple[int, int, int], width: int = 64, height: int = 64) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.fixture(scope="module")
def spoken():
    return wb.speak(SCRIPT, voice="espeak:es")


@pytest.fixture(scope="module")
def short(spoken, tmp_path_factory):
    video = wb.Video("540x960").narrate(spoken)
    video = video.scene(backdrop(1), motion="zoom-in").scene(backdrop(2), motion="pan-left")
    return video.captions("karaoke").render(tmp_path_factory.mktemp("short") / "short.mp4")


def test_it_is_as_long_as_the_narration(short, spoken):
    info = wb.probe(short.path)
    assert abs(info.duration - spoken.duration) <= 1 / 30
    assert (info.video.width, info.video.height, info.video.codec) == (540, 960, "h264")
    assert info.video.fps == pytest.approx(30)
    assert info.audio.codec == "aac"


def test_the_spoken_word_is_the_lit_one(short):
    """At the middle of every word, its own place in its own line is lit, and nothing else."""
    style = wb.Video().captions("karaoke").style
    for cue in short.cues:
        for word in cue.words:
            seen, wanted = lit(frame_at(short.path, word.middle), style), expected(cue, word, style)
            assert (seen.row, seen.rows) == (wanted.row, wanted.rows), word
            assert seen.start == pytest.approx(wanted.start, abs=0.02), word
            assert seen.end == pytest.approx(wanted.end, abs=0.02), word


def test_the_voice_is_heard_when_it_speaks(short, spoken):
    """The sound of the file follows the narration, sample by sample but for the codec."""
    heard = clip_sound(short.path, spoken.duration).mono()
    said = spoken.audio.resample(heard.rate)
    frames = min(heard.frames, said.frames)
    a, b = heard.samples[:frames, 0], said.samples[:frames, 0]
    assert np.corrcoef(a, b)[0, 1] > 0.98
    pause = spoken.parts[0].end, spoken.parts[1].start
    assert abs(heard.cut(pause[0] + 0.05, pause[1] - 0.05).samples).max() < 0.01


def test_the_scene_changes_at_the_line(short, spoken):
    """Before the second line's first frame the first picture is seen, from it on the second."""
    change = round(spoken.parts[1].start * 30)
    before, after = (
        frame_at(short.path, (change + offset) / 30 + 0.001)[:300].astype(int) for offset in (-1, 0)
    )
    assert np.abs(before - after).mean() > 15
    again = frame_at(short.path, (change - 2) / 30 + 0.001)[:300].astype(int)
    assert np.abs(before - again).mean() < 3


def test_it_streams(short):
    """The index comes before the pictures, so that a browser plays while it loads."""
    data = short.path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_receipt_says_how_it_was_made(short, spoken):
    receipt = json.loads(short.receipt.read_text())
    assert receipt["sha256"] == digest(short.path)
    assert receipt["bytes"] == short.path.stat().st_size
    assert [s["frames"] for s in receipt["scenes"]] == [
        round(spoken.parts[1].start * 30),
        receipt["scenes"][1]["frames"],
    ]
    assert receipt["narration"]["parts"][0]["take"]["voice"] == "espeak:es"
    assert receipt["tools"]["ffmpeg"]
    assert str(short.path) in " ".join(receipt["command"])
    assert receipt["style"]["name"] == "karaoke"


def test_the_same_parts_make_the_same_bytes(tmp_path, spoken):
    video = wb.Video("128x128").narrate(spoken).scene(backdrop(1), motion="zoom-out").captions()
    digests = {digest(video.render(tmp_path / f"{i}.mp4").path) for i in range(2)}
    assert len(digests) == 1


@pytest.mark.parametrize("size", [*SIZES, "720x1280"])
def test_sizes(tmp_path, size):
    wanted = SIZES.get(size, (720, 1280))
    video = wb.Video(size, fps=5).scene(flat((10, 200, 60)), duration=0.4)
    video.render(tmp_path / "a.mp4")
    frame = frame_at(tmp_path / "a.mp4", 0.1)
    assert frame.shape[1::-1] == wanted
    assert frame.reshape(-1, 3).mean(0) == pytest.approx((10, 200, 60), abs=4)


@pytest.mark.parametrize("fit", ["cover", "contain", "blur"])
def test_clips_are_fitted_like_pictures(media, tmp_path, fit):
    """A clip and its own frame as a picture fill the frame alike."""
    clip = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    Image.fromarray(frame_at(clip, 5.0)).save(tmp_path / "frame.png")
    as_clip = wb.Video("180x320", fps=25).scene(clip, fit=fit, start=5.0, duration=0.4)
    as_still = wb.Video("180x320", fps=25).scene(tmp_path / "frame.png", fit=fit, duration=0.4)
    a, b = (
        frame_at(v.render(tmp_path / f"{n}.mp4").path, 0).astype(int)
        for n, v in (("c", as_clip), ("s", as_still))
    )
    assert np.abs(a - b).mean() < 6
    assert a.max() > 100, "black"


def test_a_phone_s_clip_stands_upright(media, tmp_path):
    """Stored lying, with a note to turn it: what is seen is what a player shows."""
    clip = media / "odd" / "rotated_derived_nasa.mp4"
    flat_clip = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    video = wb.Video("180x320", fps=25).scene(clip, start=5.0, duration=0.4)
    seen = frame_at(video.render(tmp_path / "a.mp4").path, 0).astype(int)
    stored = frame_at(flat_clip, 5.0).astype(int)
    turned = {k: np.abs(np.rot90(stored, k) - seen).mean() for k in (1, 3)}
    rotation = wb.probe(clip).video.rotation
    right = {90: 3, 270: 1}[rotation]  # numpy turns against the clock
    assert turned[right] < 6
    assert turned[right] < turned[4 - right] / 2
    assert frame_at(clip, 5.0).shape[:2] == (320, 180)
    assert np.abs(frame_at(clip, 5.0).astype(int) - seen).mean() < 6


def test_a_clip_keeps_its_sound_and_yields_to_a_voice(media, tmp_path):
    clip = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    base = wb.Video("64x64", fps=10).scene(clip, duration=3).loudness(None)
    voice = Audio.silence(3.0, 22050)
    quiet = wb.Take(text="x", audio=voice, words=(), voice=wb.Voice.parse("espeak:es"))
    level = {}
    for name, video in {
        "alone": base,
        "voice": base.narrate(quiet),
        "half": wb.Video("64x64", fps=10).scene(clip, volume=0.5).narrate(quiet).loudness(None),
        "whole": wb.Video("64x64", fps=10).scene(clip, volume=1.0).narrate(quiet).loudness(None),
    }.items():
        sound = clip_sound(video.render(tmp_path / f"{name}.mp4").path, 3.0)
        level[name] = float(np.sqrt((sound.samples**2).mean()))
    assert level["alone"] > 0.01
    assert level["voice"] < 1e-4
    assert level["whole"] == pytest.approx(level["alone"], rel=0.05)
    assert level["half"] == pytest.approx(level["whole"] / 2, rel=0.05)


def test_a_recording_is_seen_as_its_waveform_and_heard(media, tmp_path):
    recording = media / "speech" / "en_jfk.flac"
    video = wb.Video("320x180", fps=10).scene(recording)
    done = video.render(tmp_path / "a.mp4")
    assert done.duration == pytest.approx(11.0, abs=0.1)
    original = Audio.read(recording)
    heard = clip_sound(done.path, 11.0).mono().resample(original.rate)
    frames = min(heard.frames, original.frames)
    a, b = heard.samples[:frames, 0], original.mono().samples[:frames, 0]
    assert np.corrcoef(a, b)[0, 1] > 0.95
    bright = frame_at(done.path, 5).max(axis=2) > 120
    heights = bright.sum(axis=0)
    pieces = heights[20 : 20 + 70 * 4 : 4]  # a bar every four pixels within the margins
    peaks = np.abs(original.peaks(70).astype(int)).max(axis=1)
    assert np.corrcoef(pieces, peaks)[0, 1] > 0.9, "the bars do not follow the sound"


def test_a_recording_narrates(media, tmp_path):
    """A human voice over pictures, captioned from a file."""
    said = Audio.read(media / "speech" / "en_LJ001-0002.wav")
    cues = wb.Cues.read(media / "speech" / "en_nasa_webb.srt")
    video = wb.Video("320x180", fps=10).narrate(said).scene(flat((0, 0, 0)))
    done = video.captions("plain", cues=cues).render(tmp_path / "a.mp4")
    assert done.duration == pytest.approx(said.duration, abs=0.1)
    with pytest.raises(ParameterError, match="no words to show"):
        video.captions("plain").render(tmp_path / "b.mp4")


def test_a_short_clip_is_begun_again(media, tmp_path):
    clip = media / "odd" / "phone_rotated90.mov"  # three frames
    video = wb.Video("64x64", fps=30).scene(clip, duration=1)
    assert wb.probe(video.render(tmp_path / "a.mp4").path).duration == pytest.approx(1.0, abs=0.02)


def test_captions_of_a_file_are_drawn_without_a_narration(tmp_path):
    (tmp_path / "c.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    cues = tmp_path / "c.srt"
    base = wb.Video("320x180", fps=10).scene(flat((0, 0, 0)), duration=2)
    drawn = base.captions("plain", cues=cues).render(tmp_path / "a.mp4")
    assert frame_at(drawn.path, 0.5).max() > 180
    assert frame_at(drawn.path, 1.5).max() < 40


def test_what_does_not_fit_together_is_refused_before_anything_runs(tmp_path, media, monkeypatch):
    monkeypatch.setattr("workbench.media.ffmpeg._launcher.start", None)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    clip = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    sound = media / "speech" / "en_jfk.flac"
    video = wb.Video().scene(tmp_path / "a.png", duration=1)
    refused = [
        (lambda: wb.Video("9:17"), "not a frame size"),
        (lambda: wb.Video("31x30"), "even sides"),
        (lambda: wb.Video(fps=0), "fps"),
        (lambda: wb.Video(fps=float("nan")), "fps"),
        (lambda: wb.Video().render(tmp_path / "a.mp4"), "no scenes"),
        (lambda: video.render(tmp_path / "a.avi"), "must end in .mp4"),
        (lambda: video.render(tmp_path), "must end in .mp4"),
        (lambda: video.captions().render(tmp_path / "a.mp4"), "no words to show"),
        (lambda: video.captions("karaokee"), "did you mean 'karaoke'"),
        (lambda: video.captions(colur="red"), "did you mean 'colour'"),
        (lambda: video.scene(tmp_path / "a.png", motion="zoom"), "motion.*zoom-in"),
        (lambda: video.scene(tmp_path / "a.png", fit="pad"), "fit"),
        (lambda: video.scene(tmp_path / "a.png", duration=-1), "duration"),
        (lambda: video.scene(tmp_path / "a.png", volume=1), "volume is for clips"),
        (lambda: video.scene(clip, motion="zoom-in"), "is for still pictures"),
        (lambda: video.scene(clip, start=99), "beyond its end"),
        (lambda: video.scene(media / "odd/phone_rotated90.mov", volume=1), "no sound"),
        (lambda: video.scene(sound, motion="zoom-in"), "is for still pictures"),
        (lambda: video.narrate("   "), "no words to speak"),
        (lambda: video.narrate("hi", voice="espeak:zz-none"), "voice"),
        (lambda: video.narrate(wb.speak("hi"), rate=100), "speech already"),
        (lambda: video.scene(np.zeros((4, 4), np.uint8)), "shape"),
    ]
    for attempt, told in refused:
        with pytest.raises(wb.WorkbenchError, match=told) as caught:
            attempt()
        assert isinstance(caught.value, ParameterError | MediaError | wb.TextError | wb.ModelError)
    with pytest.raises(MediaNotFound, match="check the path"):
        video.scene(tmp_path / "none.png")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_an_exit_code_of_0_is_no_verdict(tmp_path, monkeypatch):
    """What was written is probed: too short, another size or mute is an error, and is removed."""
    tone = Audio(samples=np.sin(np.arange(48_000) / 9) / 4, rate=48_000)
    video = wb.Video("64x64", fps=10).scene(flat((9, 9, 9))).narrate(tone)
    real = encode

    def tampered(change):
        def run(arguments, frames=(), **about):
            return real(change(list(arguments)), frames, **about)

        return run

    def replaced(name: str, new: str):
        def change(arguments: list[str]) -> list[str]:
            place = arguments.index(name)
            return [*arguments[: place + 1], new, *arguments[place + 2 :]]

        return change

    def without(*pair: str):
        def change(arguments: list[str]) -> list[str]:
            pairs = pairwise(arguments)
            place = next(i for i, found in enumerate(pairs) if found == pair)
            return arguments[:place] + arguments[place + 2 :]

        return change

    def small(arguments: list[str]) -> list[str]:
        return [*arguments[:-1], "-s", "32x32", arguments[-1]]

    for where, change, told in [
        ("encode", replaced("-frames:v", "4"), "wrote 4 frames of 64x64 where 10 of 64x64"),
        ("encode", small, "wrote 10 frames of 32x32 where 10 of 64x64"),
        ("join", replaced("-t", "0.400000"), r"wrote 0\.\d+ s where 1.00 s were planned"),
        ("join", without("-map", "1:a:0"), "without its sound"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(f"workbench.media.{where}.encode", tampered(change))
            with pytest.raises(MediaError, match=told):
                video.render(tmp_path / "a.mp4", cache=False)
        assert list(tmp_path.iterdir()) == []


def test_a_picture_that_changed_meanwhile_is_refused(tmp_path):
    """The receipt would name one picture, and the video show another."""
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    video = wb.Video("64x64", fps=10).scene(tmp_path / "a.png", duration=0.2)
    Image.new("RGB", (64, 64), "blue").save(tmp_path / "a.png")
    with pytest.raises(MediaError, match=r"a\.png: has changed since it was added"):
        video.render(tmp_path / "b.mp4")


def test_a_scene_is_never_written_over(tmp_path, media):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes((media / "odd" / "phone_rotated90.mov").read_bytes())
    before = digest(clip)
    with pytest.raises(ParameterError, match="is what is read"):
        wb.Video("64x64").scene(clip).render(clip)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    for same in (tmp_path / "sub" / ".." / "clip.mp4", tmp_path / "link" / "clip.mp4"):
        with pytest.raises(ParameterError, match="is what is read"):
            wb.Video("64x64").scene(clip).render(same)
    assert digest(clip) == before


def test_a_builder_is_a_value():
    base = wb.Video("64x64")
    one = base.scene(flat((1, 2, 3)), duration=1)
    assert base.scenes == ()
    assert one == base.scene(flat((1, 2, 3)), duration=1)
    assert one != base.scene(flat((1, 2, 4)), duration=1)


def test_a_font_that_libass_cannot_open_is_an_error(tmp_path):
    """libass draws nothing then, and ffmpeg ends with 0."""
    shutil.copy(find_font().path, tmp_path)
    told = "[ass] [warning] fontselect: failed to find any fallback with glyph 0x{} for font: (x)"
    with pytest.raises(MediaError, match="left out 'a'"):
        _check_fonts(told.format("61"), tmp_path)
    _check_fonts(told.format("E123"), tmp_path)  # no font has it, which is only a warning
    _check_fonts("", tmp_path)


def test_a_missing_font_or_glyph_is_told(tmp_path):
    said = wb.Take(
        text="a",
        audio=Audio.silence(1.0, 8000),
        words=(wb.Word(text="\U00013000", start=0, end=1),),
        voice=wb.Voice.parse("espeak:es"),
    )
    video = wb.Video("128x128", fps=5).scene(flat((0, 0, 0))).narrate(said).loudness(None)
    with pytest.warns(wb.WorkbenchWarning, match="font") as caught:
        done = video.captions("plain", font="No Such Font").render(tmp_path / "a.mp4")
    told = " ".join(str(w.message) for w in caught)
    assert "No Such Font" in told
    assert "13000" in told
    assert done.warnings
