"""Narrations, dubs and voice-overs as files: levels, captions, receipts, nothing half-written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lavfi import clip

import workbench as wb
from workbench.audio import Audio
from workbench.errors import MediaError, ParameterError, WorkbenchWarning
from workbench.media.recording import read_sound
from workbench.media.spoken import write_speech
from workbench.media.voiceover import voice_over
from workbench.production.dubbing import check_dub, read_cues, speaker_voices, write_dub
from workbench.speech.dub import dub
from workbench.storage.receipt import digest, read_receipt

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


def quiet(_: float) -> None:
    """Take the place of a bar."""


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".m4a", ".opus"])
def test_every_kind_of_file_has_the_level_that_was_asked_for(tmp_path: Path, suffix: str):
    told = wb.speak("The level is the one that was asked for.\nIn every file.")
    made = write_speech(told, tmp_path / f"a{suffix}", loudness="podcast", progress=quiet)
    sound = read_sound(made.path)
    assert wb.media.measure_loudness(sound).integrated == pytest.approx(-16, abs=0.25)
    assert sound.duration == pytest.approx(told.duration, abs=0.08)
    assert [path.name for path in made.captions] == ["a.srt", "a.vtt"]
    receipt = read_receipt(made.path)
    assert receipt["sha256"] == digest(made.path)
    assert receipt["settings"]["loudness"]["target"] == -16


def test_without_a_level_a_sound_stays_as_it_is(tmp_path: Path):
    told = wb.speak("As it was.")
    made = write_speech(told, tmp_path / "a.wav", captions=(), progress=quiet)
    assert made.path.read_bytes() == told.audio.encode(".wav")
    assert (made.loudness, made.captions) == (None, ())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "a.wav.json"]


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("a.aiff", {}, "must end in"),
        ("a.wav", {"loudness": "loud"}, "loudness"),
        ("a.wav", {"captions": ["srtt"]}, "srtt: is no kind of captions; did you mean 'srt'"),
    ],
)
def test_what_cannot_be_leaves_nothing(tmp_path: Path, name: str, values: dict, told: str):
    with pytest.raises(ParameterError, match=told):
        write_speech(wb.speak("One."), tmp_path / name, **values)
    assert list(tmp_path.iterdir()) == []


def level(sound: Audio, hertz: float, start: float, end: float) -> float:
    piece = sound.mono().cut(start, end).samples[:, 0]
    piece = piece * np.hanning(len(piece))
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / sound.rate)
    return float(20 * np.log10(np.abs(np.sum(piece * wave)) / len(piece) + 1e-9))


def beep(seconds: float, hertz: float = 1_000.0) -> Audio:
    time = np.arange(round(seconds * 24_000)) / 24_000
    return Audio(samples=0.3 * np.sin(2 * np.pi * hertz * time), rate=24_000)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_the_own_sound_gives_way_and_comes_back(tmp_path: Path, suffix: str):
    film = clip(tmp_path / "a.mp4", seconds=6, tone=4_000, level=0.1)
    voice = Audio.join([Audio.silence(2, 24_000), beep(2)])
    made = voice_over(film, voice, tmp_path / f"b{suffix}", duck=20, loudness=None, progress=quiet)
    sound = read_sound(made.path)
    free, under, back = (level(sound, 4_000, *t) for t in ((0.5, 1.5), (2.5, 3.5), (5, 5.8)))
    assert free - under == pytest.approx(20, abs=1)
    assert back == pytest.approx(free, abs=0.5)
    assert level(sound, 1_000, 2.5, 3.5) - level(sound, 1_000, 0.5, 1.5) > 40
    assert made.duration == pytest.approx(6, abs=0.1)
    assert read_receipt(made.path)["inputs"][0]["sha256"] == digest(film)


def test_a_video_that_is_louder_than_the_voice(tmp_path: Path):
    """The warning was about music, which nobody had given."""
    film = clip(tmp_path / "a.mp4", seconds=2, tone=1_000, level=0.9)
    voice = Audio.join([Audio.silence(1, 24_000), beep(0.5, 500)])
    with pytest.warns(WorkbenchWarning, match="the video's own sound is so loud .*`original`"):
        voice_over(film, voice, tmp_path / "b.mp4", duck=0, progress=quiet)


def test_a_video_without_a_sound_and_a_voice_that_is_too_long(tmp_path: Path):
    film = clip(tmp_path / "a.mp4", seconds=1, tone=None)
    with pytest.warns(WorkbenchWarning, match=r"goes on for 1\.00 s after the video"):
        made = voice_over(film, beep(2), tmp_path / "b.mp4", loudness=None, progress=quiet)
    assert read_sound(made.path).duration == pytest.approx(1, abs=0.1)
    assert len(made.warnings) == 1


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"output": "a.mp4"}, "is what is read"),
        ({"output": "b.avi"}, "must end in .mp4"),
        ({"duck": 61}, "duck"),
        ({"original": -1}, "original"),
        ({"voice": "text"}, "must be a Narration or an Audio"),
        ({"video": "none.mp4"}, "none.mp4"),
    ],
)
def test_a_voice_over_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], told: str
):
    monkeypatch.chdir(tmp_path)
    clip(tmp_path / "a.mp4", tone=None)
    asked = {"video": "a.mp4", "voice": beep(0.5), "output": "b.mp4", **values}
    with pytest.raises((ParameterError, MediaError), match=told):
        voice_over(**asked)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_sound_is_no_video(tmp_path: Path):
    beep(1).write(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="is no video"):
        voice_over(tmp_path / "a.wav", beep(1), tmp_path / "b.mp4")
    with pytest.raises(MediaError, match="is no video"):
        check_dub("b.mp4", tmp_path / "a.wav")


def test_a_dub_tells_of_each_line_in_its_receipt(tmp_path: Path):
    text = "00:00:00,500 --> 00:00:02,000\nHello.\n\n00:00:02,000 --> 00:00:02,100\nToo long.\n"
    made = dub(read_cues(None, text), fastest=1.0)
    with pytest.warns(WorkbenchWarning, match="line 2 at 0:02.00"):
        files = write_dub(made, tmp_path / "a.wav", loudness=None, captions=["srt"])
    receipt = read_receipt(files.path)
    assert receipt["warnings"] == list(files.warnings) == list(made.warnings)
    assert receipt["sha256"] == digest(files.path)
    assert [line["fits"] for line in receipt["dub"]["lines"]] == [True, False]
    assert [path.name for path in files.captions] == ["a.srt"]
    assert wb.Cues.read(files.captions[0])[0].start == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("until", [None, 2.0])
def test_captions_of_a_dub_claim_no_more_than_is_heard(tmp_path: Path, until: float | None):
    """They listed lines after the video's end; whether the dub knew of that or not."""
    film = clip(tmp_path / "a.mp4", seconds=2, tone=None)
    text = (
        "00:00:00,200 --> 00:00:01,000\nHello.\n\n"
        "00:00:01,100 --> 00:00:04,000\nThis one goes on beyond the end.\n\n"
        "00:00:05,000 --> 00:00:06,000\nNobody hears this.\n"
    )
    made = dub(read_cues(None, text), until=until, fastest=1.0)
    with pytest.warns(WorkbenchWarning) as told:
        files = write_dub(made, tmp_path / "b.mp4", film, captions=["srt"])
    words = wb.Cues.read(files.captions[0]).text.split()
    assert words[:3] == ["Hello.", "This", "one"]
    assert not {"end.", "Nobody"} & set(words)
    assert wb.Cues.read(files.captions[0]).duration <= 2.05
    notes = [str(one.message) for one in told]
    assert sorted(notes) == sorted(files.warnings)
    assert list(files.warnings) == read_receipt(files.path)["warnings"]
    with pytest.warns(WorkbenchWarning) as told:
        write_dub(made, tmp_path / "b.wav", film, captions=[])
    assert any("so no video was written" in str(one.message) for one in told)
    if until is not None:
        assert "line 2 at 0:01.10 (“This one goes on beyond the end.”) is cut off" in notes[0]
        assert notes[1] == (
            "line 3 at 0:05.00 (“Nobody hears this.”) is not heard: the video ends at 0:02.00"
        )


@pytest.mark.parametrize("pairs", [["Ana"], ["=x"], ["Ana="], ["Ana=a", "Ana=b"]])
def test_voices_that_are_not_told_right(pairs: list[str]):
    with pytest.raises(ParameterError):
        speaker_voices(pairs)
