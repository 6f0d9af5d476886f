"""What a take measures is right where it is known, and None where there is nothing to measure."""

from __future__ import annotations

import math
import threading
import tracemalloc
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from sounding import noise, tone
from whisper_model import say

import workbench as wb
from workbench.audio import Audio
from workbench.errors import Cancelled, EngineNotFound, ParameterError, WeightsMissing
from workbench.recognition import Recognition, Segment
from workbench.script import Line
from workbench.speech.measure import measure, measure_each
from workbench.speech.measures import Measures
from workbench.speech.pauses import levels
from workbench.take import Narration, Part, Take
from workbench.timing import Word
from workbench.voice import Voice

RATE = 24_000
TEXT = "She sells sea shells by the river bank, on a bright morning."


def buzz(seconds: float, hertz: float = 120.0) -> np.ndarray:
    turns = np.arange(round(seconds * RATE)) * hertz / RATE
    return 0.1 * sum(np.sin(2 * np.pi * n * turns) / n for n in range(1, 30))


def made(text: str, words: list[tuple[float, float]], sounds: list[tuple[float, float]]) -> Take:
    """A take whose words and sounds are where they are said to be, a second of silence after."""
    samples = np.zeros(round((sounds[-1][1] + 1) * RATE))
    for start, end in sounds:
        piece = buzz(end - start)
        samples[round(start * RATE) :][: len(piece)] = piece
    spoken = zip(text.split(), words, strict=True)
    return Take(
        text=text,
        audio=Audio(samples=samples, rate=RATE),
        words=tuple(Word(text=word, start=a, end=b) for word, (a, b) in spoken),
        voice=Voice(engine="tone", name="high"),
        language="en",
    )


TAKE = made(
    "one two three four five",
    [(0.5, 1.0), (1.0, 1.5), (2.0, 2.5), (2.5, 3.0), (3.0, 3.5)],
    [(0.5, 1.5), (2.0, 3.5)],
)


@dataclass
class Hearer:
    """A recogniser that hears the same in every sound."""

    text: str
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transcribe(self, audio, *, language=None, options=None, progress=None, cancel=None):
        self.asked.append({"seconds": audio.duration, "language": language, "cancel": cancel})
        segments = (Segment(start=0, end=audio.duration, text=self.text),)
        return Recognition(segments=segments, language="en", duration=audio.duration)


# -- how fast ---------------------------------------------------------------


def test_five_words_in_three_seconds_are_a_hundred_a_minute():
    found = measure(TAKE)
    assert found.rate == pytest.approx(100.0)
    assert found.articulation_rate == pytest.approx(120.0, rel=0.01)
    assert found.pauses == 1
    assert found.pause_time == found.longest_pause == pytest.approx(0.5, abs=0.011)
    assert found.duration == 4.5
    assert found.pitch == pytest.approx(120, rel=0.02)


@pytest.mark.parametrize("voice", ["en-us", "es", "de", "fr", "en-us+f3"])
@pytest.mark.parametrize("rate", [100, 175, 300])
def test_the_rate_of_espeak_is_exact(voice, rate):
    """Words by spaces over espeak's own times; and those are where its sound is."""
    narration = wb.speak(TEXT, f"espeak:{voice}", rate=rate)
    take = narration.parts[0].take
    found = measure(take)
    seconds = take.words[-1].end - take.words[0].start
    assert found.rate == 60 * len(TEXT.split()) / seconds
    heard = levels(take.audio).extent  # the echo of a voice is far below
    assert found.rate == pytest.approx(60 * len(TEXT.split()) / heard.duration, rel=0.03)
    assert measure(narration).rate == found.rate


def test_espeak_is_as_much_faster_as_it_is_told_to_be():
    slow, fast = (measure(wb.speak(TEXT, "espeak:en-us", rate=rate)) for rate in (120, 240))
    assert fast.rate / slow.rate == pytest.approx(2, rel=0.1)
    assert fast.articulation_rate >= fast.rate


def test_a_narration_is_measured_with_its_gaps():
    parts = (
        Part(line=Line(text=TAKE.text), take=TAKE, start=0.0),
        Part(line=Line(text=TAKE.text), take=TAKE, start=5.0),
    )
    found = measure(Narration(parts=parts, duration=9.5))
    assert found.duration == 9.5
    assert found.rate == pytest.approx(60 * 10 / 8)  # from 0.5 to 8.5 s
    assert found.pauses == 3
    assert found.longest_pause == pytest.approx(2.0, abs=0.021)
    assert found.articulation_rate == pytest.approx(60 * 10 / 5, rel=0.01)


def test_the_words_of_a_sound_are_counted_from_its_text():
    found = measure(TAKE.audio, text=TAKE.text)
    assert found.rate == pytest.approx(100, rel=0.01)
    assert measure(TAKE.audio).rate is None
    assert measure(TAKE.audio, text="25 个字").rate == pytest.approx(60, rel=0.01)


def test_of_an_engine_that_tells_no_times_the_words_of_the_text_count():
    """A remote one, whose takes once had no rate."""
    silent = replace(TAKE, words=())
    assert measure(silent).rate == pytest.approx(100, rel=0.01)
    assert measure(silent).articulation_rate == pytest.approx(120, rel=0.01)
    parts = [
        Part(line=Line(text=take.text, number=n), take=take, start=10.0 * n)
        for n, take in enumerate((TAKE, silent))
    ]
    both = measure(Narration(parts=tuple(parts), duration=30.0))
    assert both.rate == pytest.approx(60 * 10 / 13, rel=0.01)


# -- what a recogniser makes of it ----------------------------------------------------------------


def test_what_was_heard_is_compared_with_the_text():
    assert measure(TAKE, heard="One, two; three four five!").cer == 0
    assert measure(TAKE, heard="one two three four").cer == pytest.approx(4 / 19)
    segments = (Segment(start=0, end=1, text=" one two three"),)
    heard = Recognition(segments=segments, language="en", duration=1)
    assert measure(TAKE, heard=heard).cer == pytest.approx(8 / 19)
    assert measure(TAKE).cer is None
    assert measure(TAKE.audio, text=TAKE.text, heard="").cer == 1


def test_numbers_may_be_heard_as_they_were_spoken():
    take = replace(TAKE, text="1 2 3 4 5", spoken=TAKE.text)
    assert measure(take, heard=TAKE.text).cer == 0
    assert measure(take, heard="1 2 3 4 5").cer == 0


def test_who_listens_is_asked_once_for_each_line():
    hearer = Hearer("one two three four five")
    wrong = replace(TAKE, text="one two three four nine", language="und")
    parts = (
        Part(line=Line(text=TAKE.text), take=TAKE, start=0.0),
        Part(line=Line(text=wrong.text), take=wrong, start=5.0),
    )
    cancel = threading.Event()
    narration = Narration(parts=parts, duration=9.5)
    found = measure(narration, listener=hearer, cancel=cancel)
    assert found.cer == pytest.approx(0.5 * 2 / 19)  # "five" for "nine": two letters of 38
    assert [(a["seconds"], a["language"]) for a in hearer.asked] == [(4.5, "en"), (4.5, None)]
    assert hearer.asked[0]["cancel"] is cancel


def test_nobody_listens_to_silence():
    hearer = Hearer("thank you for watching")
    silent = replace(TAKE, audio=Audio.silence(3, RATE))
    found = measure(silent, listener=hearer)
    assert (found.cer, hearer.asked) == (1.0, [])
    assert (found.rate, found.pauses) == (None, None)


def test_what_was_heard_when_it_was_spoken_counts():
    checked = replace(TAKE, about={"verify": {"by": "stt", "cer": 0.1, "heard": "one"}})
    assert measure(checked).cer == 0.1
    assert measure(checked, heard=TAKE.text).cer == 0
    parts = (Part(line=Line(text="one"), take=checked, start=0.0),)
    assert measure(Narration(parts=parts, duration=4.5)).cer == pytest.approx(0.1)
    other = Part(line=Line(text="one"), take=TAKE, start=5.0)
    assert measure(Narration(parts=(*parts, other), duration=9.5)).cer is None
    odd = replace(TAKE, about={"verify": {"cer": None}})
    assert measure(odd).cer is None


@pytest.mark.model
def test_a_recogniser_is_found_by_name(tiny_whisper):
    """A real model hears the words it knows."""
    words = " ".join(tiny_whisper.words["en"][:4])
    said = say(words, "en")
    name = f"stt:{tiny_whisper.name}"
    assert measure(said.audio, text=words, language="en", listener=name).cer < 0.3
    unlike = measure(said.audio, text="a quite different text", language="en", listener=name)
    assert unlike.cer > 0.5


def test_a_recogniser_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(EngineNotFound):
        measure(TAKE, listener="nobody")
    with pytest.raises(WeightsMissing):
        measure(TAKE, listener="stt:large-v3")


# -- the rest ---------------------------------------------------------------


def test_the_real_time_factor_is_the_work_over_the_sound():
    assert measure(TAKE, seconds=0.45).rtf == pytest.approx(0.1)
    assert measure(TAKE).rtf is None
    assert measure(Audio.silence(0, RATE), seconds=1).rtf is None


def test_a_take_spoken_just_now_knows_how_long_that_took():
    """And says nothing of it where takes are compared, kept or written down."""
    fresh = wb.speak("One.\nTwo, three.", "espeak:en-us", cache=False)
    first, second = (part.take for part in fresh.parts)
    assert first.synthesis_time is not None
    assert measure(first).rtf == pytest.approx(first.synthesis_time / first.duration)
    both = first.synthesis_time + (second.synthesis_time or 0)
    assert measure(fresh).rtf == pytest.approx(both / fresh.audio.duration)
    other = replace(first, synthesis_time=None)
    assert (other, hash(other)) == (first, hash(first))
    assert "synthesis_time" not in first.to_dict()
    part = replace(fresh.parts[0], take=other)
    assert measure(replace(fresh, parts=(part, fresh.parts[1]))).rtf is None


def test_clipping_and_noise_are_told():
    loud = replace(TAKE, audio=Audio(samples=np.clip(TAKE.audio.samples * 20, -1, 1), rate=RATE))
    found = measure(loud)
    assert found.clipped > 1_000
    assert found.true_peak > 0
    assert measure(TAKE).clipped == 0
    grains = np.random.default_rng(2).normal(size=TAKE.audio.frames) * 10 ** (-60 / 20)
    noisy = Audio(samples=TAKE.audio.samples[:, 0] + grains, rate=RATE)
    assert measure(noisy).noise_floor == pytest.approx(-60, abs=1)
    assert measure(TAKE).noise_floor is None
    # The silence between the lines of a narration is not the recording's.
    take = replace(TAKE, audio=noisy)
    parts = [Part(line=Line(text="one"), take=take, start=start) for start in (0.0, 9.0)]
    narration = Narration(parts=tuple(parts), duration=14.0)
    assert measure(narration).noise_floor == pytest.approx(-60, abs=1)


NOTHING = {"duration", "clipped"}


@pytest.mark.parametrize("rate", [8_000, 24_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6, 12])
@pytest.mark.parametrize("frames", [0, 1, 2, 79, 3_199, 96_000])
def test_silence_measures_nothing(rate, channels, frames):
    found = measure(Audio.owning(np.zeros((frames, channels), np.float32), rate))
    told = {name for name, value in found.to_dict().items() if value is not None}
    assert told == (NOTHING if frames else {"duration"})
    assert found.duration == frames / rate
    assert found.clipped == (0 if frames else None)


@pytest.mark.parametrize("frames", [1, 2, 10, 100, 1_000, 3_000])
def test_a_moment_of_sound_has_a_peak_and_little_else(frames):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, frames)
    found = measure(Audio(samples=samples, rate=RATE), text="a few words", heard="a few words")
    assert found.loudness is None
    assert found.pitch is None
    assert found.noise_floor is None
    assert -30 < found.true_peak < 0
    assert found.cer == 0


@pytest.mark.parametrize("rate", [1_000, 8_000, 11_025, 44_100, 96_000, 768_000])
@pytest.mark.parametrize("channels", [1, 3, 9])
@pytest.mark.parametrize("loud", [1e-30, 1e-3, 1e6, 1e18, 3e37])
def test_no_sound_is_too_strange(rate, channels, loud):
    """Whatever it is, what is told is finite, and nothing is raised."""
    shape = round(0.5 * rate), channels
    grains = np.random.default_rng(5).normal(size=shape) * loud
    found = measure(Audio(samples=grains, rate=rate), text="some words")
    assert all(v is None or math.isfinite(v) for v in found.to_dict().values())
    if loud >= 1e6:
        assert found.true_peak == pytest.approx(20 * math.log10(np.abs(grains).max()), abs=4)


@pytest.mark.parametrize("audio", [tone(2), noise(2), tone(2, hertz=1_000, rate=8_000)])
def test_what_is_no_speech_has_no_pitch_and_no_pause(audio):
    found = measure(audio)
    assert (found.pitch, found.pitch_range, found.pauses) == (None, None, 0)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"value": "sound.wav"}, "must be a Take"),
        ({"value": None}, "must be a Take"),
        ({"value": TAKE, "text": "other"}, "text: is for an Audio"),
        ({"value": TAKE, "language": "es"}, "language: is for an Audio"),
        ({"value": TAKE.audio, "text": 3}, "text: must be text"),
        ({"value": TAKE.audio, "heard": "words"}, "text: must say"),
        ({"value": TAKE.audio, "listener": Hearer("")}, "text: must say"),
        ({"value": TAKE, "heard": 3}, "heard: must be text"),
        ({"value": TAKE, "heard": "", "listener": "stt"}, "listener: is given"),
        ({"value": TAKE, "listener": 3}, "listener: must be"),
        ({"value": TAKE, "seconds": -1}, "seconds: must be 0"),
        ({"value": TAKE, "seconds": math.inf}, "seconds: must be 0"),
        ({"value": TAKE, "seconds": math.nan}, "seconds: must be 0"),
        ({"value": TAKE, "seconds": True}, "seconds: must be 0"),
        ({"value": TAKE, "seconds": "1"}, "seconds: must be 0"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, match):
    with pytest.raises(ParameterError, match=match):
        measure(**arguments)


def test_an_hour_is_measured_in_blocks():
    """Ninety seconds more need less than a fifth of what they take themselves."""
    line = wb.speak(TEXT).audio.resample(48_000).with_channels(2).samples
    long = np.tile(line, (50, 1))[: 48_000 * 150]
    first = 48_000 * 60
    peaks = []
    for frames in (first, len(long)):
        audio = Audio(samples=long[:frames], rate=48_000)
        tracemalloc.start()
        try:
            measure(audio)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] - peaks[0] < long[first:].nbytes * 0.2


def test_it_stops():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        measure(TAKE, cancel=cancel)


# -- several ---------------------------------------------------------------


def test_each_is_measured_and_named():
    other = replace(TAKE, text="A text of more than forty letters, which is shortened.", words=())
    done: list[float] = []
    table = measure_each([TAKE, other, TAKE.audio, TAKE], progress=done.append)
    assert [row.label for row in table] == [
        "tone:high · one two three four five",
        "tone:high · A text of more than forty letters, whic…",
        "sound 3",
        "tone:high · one two three four five (2)",
    ]
    assert table[0].measures == measure(TAKE)
    assert table["sound 3"] == measure(TAKE.audio)
    assert done == [0.25, 0.5, 0.75, 1.0]
    assert [row.label for row in measure_each({"mine": TAKE})] == ["mine"]
    assert len(measure_each([])) == 0


def test_of_a_narration_each_line_is_measured():
    narration = wb.speak("One line.\nAnd another line.")
    table = measure_each(narration)
    assert [row.label for row in table] == ["1. One line.", "2. And another line."]
    assert table[1].measures == measure(narration.parts[1].take)


def test_nobody_listens_to_a_sound_without_text():
    hearer = Hearer("one two three four five")
    table = measure_each([TAKE, TAKE.audio], listener=hearer)
    assert [row.measures.cer for row in table] == [0.0, None]


def test_it_stops_between_two():
    cancel = threading.Event()
    done: list[float] = []

    def report(part: float) -> None:
        done.append(part)
        cancel.set()

    with pytest.raises(Cancelled):
        measure_each([TAKE] * 5, progress=report, cancel=cancel)
    assert done == [0.2]


@pytest.mark.parametrize("values", [TAKE, TAKE.audio, "text", 3])
def test_one_is_not_several(values):
    with pytest.raises(ParameterError, match="must be several"):
        measure_each(values)


def test_what_cannot_be_measured_is_refused_before_anything_is():
    done: list[float] = []
    with pytest.raises(ParameterError, match="must be a Take"):
        measure_each([TAKE, "text"], progress=done.append)
    assert done == []


def test_the_same_sound_measures_the_same():
    assert measure(TAKE) == measure(TAKE)
    assert isinstance(measure(TAKE), Measures)


def test_a_path_is_told_how_to_be_read():
    with pytest.raises(
        ParameterError, match=r"not str; wb\.media\.read_sound\(path\) reads a file"
    ):
        measure("talk.wav")
