"""Speech timed to captions."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.captions.cues import Cues
from workbench.errors import Cancelled, ParameterError, TextError, VoiceNotFound
from workbench.speech.dub import dub
from workbench.speech.dub_report import Slot

if TYPE_CHECKING:
    from conftest import ToneEngine

RATE = 8000  # of the tone engine, which speaks 100 frames a letter


def slot(start: float, end: float, letters: int, speaker: str = "") -> Slot:
    return Slot(start=start, end=end, text="a" * letters, speaker=speaker)


def faster(audio: Audio, factor: float) -> Audio:
    return Audio(samples=audio.samples[: round(audio.frames / factor)], rate=audio.rate)


def energy(audio: Audio, start: float, end: float) -> float:
    return float(np.sqrt(np.mean(audio.cut(start, end).samples ** 2)))


def test_a_line_that_fits_is_left_as_it_is(tone: ToneEngine):
    made = dub([slot(1, 2, 80), slot(3, 4, 40)], "tone:high", cache=False, stretch=faster)
    assert [(line.begun, line.ended, line.tempo) for line in made.lines] == [(1, 2, 1), (3, 3.5, 1)]
    assert tone.calls == ["a" * 80, "a" * 40]
    sound = made.narration.audio
    assert made.fits
    assert made.narration.duration == 4
    assert [energy(sound, *t) > 0.05 for t in ((0, 1), (1, 2), (2, 3), (3, 3.5), (3.6, 4))] == [
        False, True, False, True, False,
    ]  # fmt: skip


def test_a_line_that_is_too_long_is_made_faster_and_its_words_with_it(tone: ToneEngine):
    made = dub([slot(0, 1, 100)], "tone:high", cache=False, stretch=faster)
    (line,) = made.lines
    assert line.ended == pytest.approx(1, abs=0.011)
    assert line.tempo == pytest.approx(1.25, abs=0.02)
    assert line.fits
    assert made.narration.words[0].end == pytest.approx(line.ended, abs=0.001)
    assert tone.calls == ["a" * 100], "spoken once"


def test_what_is_still_too_long_is_told_and_nothing_is_cut_or_heard_at_once(tone: ToneEngine):
    """Cue 1 needs 2 s and has 1; at 1.25 times the pace it needs 1.6, cue 2 begins at 1.2."""
    cues = [slot(0, 1, 160), slot(1.2, 2.2, 40), slot(3, 4, 8)]
    made = dub(cues, "tone:high", fastest=1.25, gap=0.1, cache=False, stretch=faster)
    first, second, third = made.lines
    assert first.over == pytest.approx(0.6, abs=0.01)
    assert second.begun == pytest.approx(1.7, abs=0.01)
    assert second.late == pytest.approx(0.5, abs=0.01)
    assert second.over == 0
    assert (third.begun, third.fits) == (3, True)
    assert [line.number for line in made.unfit] == [1, 2]
    long, short = "a" * 39 + "…", "a" * 40
    assert made.warnings[:2] == (
        f"line 1 at 0:00.00 (“{long}”) ends 0.60 s too late, at 0:01.60",
        f"line 2 at 0:01.20 (“{short}”) begins 0.50 s too late, at 0:01.70",
    )
    assert "<b>0.60 s</b>" in made._repr_html_()
    assert tone.calls == [cue.text for cue in cues]


def test_a_dub_ends_with_its_video(tone: ToneEngine):
    """A line has until the end at most; what is beyond is not heard, and is told of."""
    cues = [slot(0, 1, 8), slot(1, 9, 160), slot(2.9, 4, 8), slot(5, 6, 8)]
    made = dub(cues, "tone:high", until=2.5, cache=False, stretch=faster)
    first, second, third, fourth = made.lines
    assert (first.fits, second.fits, third.fits, fourth.fits) == (True, True, False, False)
    assert second.ended == pytest.approx(2.5, abs=0.02), "it has 1.5 s, and not 8"
    assert (third.heard, fourth.heard) == (False, False)
    assert tone.calls == ["a" * 8, "a" * 160], "what nobody hears is not spoken"
    assert made.narration.duration == pytest.approx(2.5, abs=0.001)
    assert "<b>not heard</b>" in made._repr_html_()
    made = dub(cues, "tone:high", until=2.0, cache=False, stretch=faster)
    assert made.lines[1].cut == pytest.approx(0.43, abs=0.02)
    assert made.lines[1].ended == pytest.approx(2, abs=0.001)
    assert made.narration.audio.duration == pytest.approx(2, abs=0.001)
    assert "cut by" in made._repr_html_()
    with pytest.raises(TextError, match=r"begin at 0:05.00, and the video ends at 0:04.00"):
        dub(cues[3:], "tone:high", until=4)


def test_time_to_spare_may_be_filled():
    slow = dub([Slot(start=0, end=3, text="Hello, world.")], slowest=0.7, cache=False)
    usual = dub([Slot(start=0, end=3, text="Hello, world.")], cache=False)
    assert slow.lines[0].tempo < 0.78
    assert slow.lines[0].ended > usual.lines[0].ended
    assert usual.lines[0].tempo == 1


@pytest.mark.parametrize("language", ["en-us", "es"])
def test_the_engine_itself_speaks_faster(language: str):
    text = "Esta frase es larga, this line is long."
    usual = dub([Slot(start=0, end=9, text=text)], f"espeak:{language}", cache=False)
    room = usual.lines[0].ended / 1.3
    made = dub([Slot(start=1, end=1 + room, text=text)], f"espeak:{language}", cache=False)
    (line,) = made.lines
    assert line.fits
    assert line.ended - 1 <= room + 0.011
    assert line.tempo == pytest.approx(1.3, abs=0.1)
    assert (
        made.narration.parts[0].take.options["rate"] > usual.narration.parts[0].take.options["rate"]
    )
    assert made.narration.words[-1].end <= line.ended + 1e-6


@pytest.mark.parametrize(("language", "fastest"), [("es", 1.1), ("en-us", 1.8), ("en-us", 2.5)])
def test_no_line_is_faster_than_allowed(language: str, fastest: float):
    """Of an engine that does not keep to the pace it is told: here it went 1 % and more beyond."""
    told = {
        "es": "Esta frase es larga para el tiempo que tiene, y se dice más deprisa.",
        "en-us": "This one is much too long for that.",
    }
    cues = [Slot(start=0, end=0.1, text=told[language])]
    made = dub(cues, f"espeak:{language}", fastest=fastest, cache=False)
    assert 0.95 * fastest < made.lines[0].tempo <= 1.002 * fastest


def test_no_line_is_slower_than_allowed():
    cues = [Slot(start=0, end=9, text="Hello, world.")]
    (line,) = dub(cues, slowest=0.7, cache=False).lines
    assert 0.699 <= line.tempo < 0.75


def test_speakers_have_voices(tone: ToneEngine):
    cues = [slot(0, 1, 8, "Ana"), slot(1, 2, 8, "Ben"), slot(2, 3, 8)]
    made = dub(cues, "tone:high", voices={"Ben": "tone:low"}, cache=False)
    assert [line.voice for line in made.lines] == ["tone:high", "tone:low", "tone:high"]
    sound = made.narration.audio.samples[:, 0]
    signs = [np.sign(sound[int(at * RATE)]) for at in (0.05, 1.05, 2.05)]
    assert signs == [1, -1, 1]
    with pytest.raises(ParameterError, match="Bem: is no speaker of the captions; did you mean"):
        dub(cues, "tone:high", voices={"Bem": "tone:low"})
    tone.calls.clear()
    with pytest.raises(VoiceNotFound):
        dub(cues, "tone:high", voices={"Ben": "tone:none"})
    assert tone.calls == [], "refused before anything is spoken"


def test_cues_in_any_order_and_two_at_once(tone: ToneEngine):
    made = dub([slot(2, 3, 8), slot(0, 1, 80), slot(0.5, 1.5, 8)], "tone:high", cache=False)
    assert [line.start for line in made.lines] == [0, 0.5, 2]
    assert made.lines[1].begun == pytest.approx(1.05)


def test_what_nobody_says_is_left_out(tone: ToneEngine):
    text = "♪ la la ♪"
    cues = [
        slot(0, 1, 8),
        Slot(start=1, end=2, text="[door\nopens]"),
        Slot(start=2, end=3, text=text),
    ]
    made = dub(cues, "tone:high", cache=False)
    assert made.left_out == ("[door opens]", text)
    assert made.narration.duration == 3
    with pytest.raises(TextError, match="no words"):
        dub(cues[1:], "tone:high")
    made = dub(
        [Slot(start=0, end=2, text="[voice:x] say [pause 9s] this")], "tone:high", cache=False
    )
    assert made.lines[0].text == "say this", "the markup of scripts is none in captions"


def test_a_captions_file_is_taken_as_it_is(tone: ToneEngine, tmp_path):
    path = tmp_path / "a.vtt"
    path.write_text(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>One two.\n\n00:03.000 --> 00:04.000\nTwo.\n"
    )
    made = dub(Cues.read(path), "tone:high", voices={"Ana": "tone:low"}, cache=False)
    assert [(one.begun, one.text, one.voice) for one in made.lines] == [
        (1, "One two.", "tone:low"), (3, "Two.", "tone:high"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"fastest": 0.9}, "fastest: must be 1 to 3"),
        ({"fastest": float("nan")}, "fastest"),
        ({"slowest": 1.1}, "slowest: must be 0.5 to 1"),
        ({"gap": True}, "gap"),
        ({"voices": "x"}, "voices: must be a mapping"),
        ({"ratte": 1}, "ratte: is not an option"),
    ],
)
def test_what_cannot_be_is_refused(values: dict, told: str):
    with pytest.raises(ParameterError, match=told):
        dub([slot(0, 1, 4)], "espeak:es", **values)


def test_it_stops(tone: ToneEngine):
    cancel = threading.Event()

    def stop(_: float) -> None:
        cancel.set()

    with pytest.raises(Cancelled, match="after 1 of 2"):
        dub([slot(0, 1, 4), slot(1, 2, 4)], "tone:high", progress=stop, cancel=cancel, cache=False)
