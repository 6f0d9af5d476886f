from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

import workbench as wb
from workbench.errors import (
    Cancelled,
    EngineNotFound,
    ParameterError,
    TextError,
    VoiceNotFound,
)
from workbench.script import Line, Script
from workbench.speech.speak import speak
from workbench.speech.speaker import Speaker
from workbench.speech.voices import find_voice

if TYPE_CHECKING:
    from pathlib import Path


def heights(narration: wb.Narration) -> list[tuple[float, int]]:
    """The sound as runs of one height: (height, frames)."""
    samples = narration.audio.samples[:, 0].round(2)
    edges = np.flatnonzero(np.diff(samples)) + 1
    runs = np.split(samples, edges)
    return [(round(float(run[0]), 2), len(run)) for run in runs]


# 8,000 frames a second, 100 frames a letter, words of 0.1, 0.2, … high.


def test_lines_gaps_and_pauses_stand_where_the_script_says(tone):
    narration = speak("ab cde\nf [pause 0.5s] g [pause 250ms]", "tone:high", gap=0.25)
    assert heights(narration) == [
        (0.1, 200), (0.2, 300), (0.0, 2000), (0.1, 100), (0.0, 4000), (0.1, 100), (0.0, 2000),
    ]  # fmt: skip
    assert [w.text for w in narration.words] == ["ab", "cde", "f", "g"]
    frames = [(round(w.start * 8000, 6), round(w.end * 8000, 6)) for w in narration.words]
    assert frames == [(0, 200), (200, 500), (2500, 2600), (6600, 6700)]
    assert narration.duration == pytest.approx(1.0875)
    assert narration.text == "ab cde\nf\ng"


def test_a_pause_at_the_start_is_kept_and_pauses_add_up(tone):
    narration = speak("[pause 1s] a [pause 0.5s]\n[pause 0.5s] b", "tone:high")
    assert heights(narration) == [(0.0, 8000), (0.1, 100), (0.0, 8000), (0.1, 100)]


def test_no_gap_is_no_gap(tone):
    assert heights(speak("a\nb [pause 0] c", "tone:high", gap=0)) == [(0.1, 300)]


def test_a_voice_stays_until_the_next(tone):
    text = "a\n[voice:tone:low] b\nc [voice:default] d"
    narration = speak(text, "tone:high", gap=0)
    assert heights(narration) == [(0.1, 100), (-0.1, 200), (0.1, 100)]
    assert [str(part.take.voice) for part in narration.parts] == [
        "tone:high", "tone:low", "tone:low", "tone:high",
    ]  # fmt: skip


def test_options_are_for_the_voice_they_are_given_with(tone):
    narration = speak("a\n[voice:tone:low] b", "tone:high", gap=0, pace=50)
    assert heights(narration) == [(0.1, 50), (-0.1, 100)]
    assert [part.take.options["pace"] for part in narration.parts] == [50, 100]


def test_engines_may_be_mixed(tone):
    narration = speak("a\n[voice:espeak:es] Hola.", "tone:high")
    assert narration.audio.rate == 8000
    assert narration.parts[1].take.audio.rate == 22_050
    assert [w.text for w in narration.words] == ["a", "Hola."]


def test_the_embedded_engine_speaks_by_default():
    narration = wb.speak("Hello, world.")
    assert str(narration.parts[0].take.voice) == "espeak:en-us"
    assert narration.audio.rate == 22_050
    assert np.abs(narration.audio.samples).max() > 0.1
    assert [word.text for word in narration.words] == ["Hello,", "world."]


# -- once, and only what has changed ------------------------------------------------------------


def test_editing_one_line_of_ten_speaks_one_line(tone):
    lines = [f"This is line number {'abcdefghij'[n]}." for n in range(10)]
    first = speak("\n".join(lines), "tone:high")
    assert tone.calls == lines
    lines[6] = "This is another line."
    tone.calls.clear()
    second = speak("\n".join(lines), "tone:high")
    assert tone.calls == ["This is another line."]
    kept = [a.take == b.take for a, b in zip(first.parts, second.parts, strict=True)]
    assert kept == [True] * 6 + [False] + [True] * 3


def test_a_seed_goes_only_to_engines_that_use_one(tone):
    speak("A seed for this.", "tone:high", seed=7)
    assert tone.seeds == [7]
    assert Speaker("espeak:es", seed=7).seed is None


# -- what is refused before anything is spoken --------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        (("a", "tone:hihg"), VoiceNotFound, r"hihg: is not a voice; did you mean 'high'\?"),
        (("a", "toon:high"), EngineNotFound, "toon: is not an engine"),
        (("a", 3), ParameterError, "voice: must be a name, not int"),
        (("a\n[voice:tone:hihg] b", "tone:high"), VoiceNotFound, r"line 2: hihg: is not"),
        (("a\n\nb [voice:toon:x] c", "tone:high"), EngineNotFound, "line 3: toon: is not"),
        (("a\n[voice:x y!] b", "tone:high"), VoiceNotFound, "line 2: x y!"),
        (("a\n[pause] b", "tone:high"), TextError, "script line 2"),
        (("", "tone:high"), TextError, "has no words to speak"),
        ((Script(items=()), "tone:high"), ParameterError, "needs at least one line"),
        ((b"a", "tone:high"), ParameterError, "must be text, not bytes"),
    ],
)
def test_a_mistake_anywhere_is_found_before_the_first_line_is_spoken(
    tone, arguments: tuple, kind: type[Exception], told: str
):
    with pytest.raises(kind, match=told):
        speak(*arguments)
    assert tone.calls == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pase": 100}, r"pase: is not an option; did you mean 'pace'"),
        ({"rate": 100}, "rate: is not an option"),
        ({"pace": 10}, "pace: must be a whole number from 50 to 200 frames, not 10"),
        ({"mood": "louder"}, r"one of calm, loud, not 'louder'; did you mean 'loud'\?"),
        ({"gap": -1}, "gap: must be 0 to 60 seconds, not -1"),
        ({"gap": 61}, "gap: must be"),
        ({"gap": float("nan")}, "gap: must be"),
        ({"gap": True}, "gap: must be"),
        ({"gap": "1"}, "gap: must be"),
    ],
)
def test_options_are_checked_before_anything_is_spoken(tone, options: dict, told: str):
    with pytest.raises(ParameterError, match=told):
        speak("a", "tone:high", **options)
    assert tone.calls == []


def test_a_voice_is_looked_up_once_for_each_name(tone, monkeypatch):
    asked = []
    find = tone.find_voice
    monkeypatch.setattr(tone, "find_voice", lambda name: (asked.append(name), find(name))[1])
    speak("a\n[voice:tone:low] b\n[voice:default] c\n[voice:tone:low] d", "tone:high")
    assert asked == ["high", "low"]


# -- presets ----------------------------------------------------------------------------------


@pytest.fixture
def presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a preset in it."""
    monkeypatch.chdir(tmp_path)
    voice = wb.Voice(engine="tone", name="low")
    wb.Preset(name="narrator", voice=voice, options={"pace": 50}).save()
    return tmp_path / "presets"


@pytest.mark.usefixtures("presets")
def test_a_preset_is_a_voice_with_its_options(tone):
    narration = speak("a\n[voice:narrator] b", "narrator", gap=0)
    assert heights(narration) == [(-0.1, 100)]
    assert heights(speak("a", "narrator", pace=200)) == [(-0.1, 200)]  # what is said here wins
    preset = wb.Preset(name="other", voice=wb.Voice.parse("tone:high"), options={"pace": 60})
    assert heights(speak("a", preset)) == [(0.1, 60)]
    assert find_voice("narrator") == (wb.Voice.parse("tone:low"), {"pace": 50})


@pytest.mark.usefixtures("presets")
def test_a_name_that_is_nothing_is_answered_with_presets_too(tone):
    with pytest.raises(VoiceNotFound, match=r"narator: .* preset nor .*did you mean 'narrator'\?"):
        speak("a", "narator")


def test_a_preset_with_a_wrong_option_is_refused(tone, presets: Path):
    (presets / "broken.toml").write_text('voice = "tone:low"\n[options]\npase = 50\n')
    with pytest.raises(ParameterError, match="line 2: pase: is not an option"):
        speak("a\n[voice:broken] b", "tone:high")
    assert tone.calls == []


def test_the_name_of_a_voice_alone_is_the_default_engines():
    assert find_voice("ES") == (wb.Voice.parse("espeak:es"), {})
    assert find_voice(None)[0] == wb.Voice.parse("espeak:en-us")
    assert find_voice(wb.Voice.parse("espeak:ES"))[0] == wb.Voice.parse("espeak:es")


# -- long work --------------------------------------------------------------------------------


def test_progress_goes_from_the_first_line_to_the_last(tone):
    told: list[float] = []
    speak("a\nb\n[pause 1s]\nc\nd", "tone:high", progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_stopping_ends_after_the_line_that_is_spoken(tone):
    cancel = threading.Event()
    with pytest.raises(Cancelled, match="stopped after 2 of 4 lines"):
        speak(
            "first\nsecond\nthird\nfourth",
            "tone:high",
            progress=lambda done: cancel.set() if done == 0.5 else None,
            cancel=cancel,
        )
    assert tone.calls == ["first", "second"]


def test_many_lines_show_a_bar_and_few_do_not(tone, monkeypatch):
    import contextlib

    from workbench.speech import speak as module

    shown = []

    @contextlib.contextmanager
    def bar(title: str):
        shown.append(title)
        yield shown.append

    monkeypatch.setattr(module, "bar", bar)
    speak("\n".join("abc"), "tone:high")
    assert shown == []
    speak("\n".join(["a"] * 25), "tone:high")
    assert shown[0] == "speaking"
    assert shown[-1] == 1.0


def test_voices_are_named_as_speak_takes_them(tone, monkeypatch):
    from workbench.speech import voices as module

    monkeypatch.setattr(module, "engines", lambda: ("tone",))
    assert [v.name for v in wb.voices()] == ["tone:high", "tone:low"]
    assert [v.name for v in wb.voices("en-GB")] == ["tone:low"]
    assert [v.name for v in wb.voices("EN")] == ["tone:high", "tone:low"]
    assert wb.voices("e") == ()
    with pytest.raises(EngineNotFound):
        wb.voices(engine_name="toon")


def test_a_script_may_be_made_by_a_program(tone):
    script = Script(items=(Line(text="a", voice="tone:low"), wb.Pause(seconds=1), Line(text="b")))
    assert heights(speak(script, "tone:high")) == [(-0.1, 100), (0.0, 8000), (0.1, 100)]


@pytest.mark.parametrize("name", ["talk.txt", "talk.mp4"])
def test_a_file_s_name_is_not_spoken(name):
    with pytest.raises(TextError, match=r"Script\.load"):
        wb.speak(name)


def test_voices_by_what_an_engine_takes_for_a_language():
    """`--voice espeak:zh` spoke, and `voices -l zh` said that nothing does."""
    assert "espeak:cmn" in [voice.name for voice in wb.voices("zh")]
    assert "espeak:es" in [voice.name for voice in wb.voices("spanish")]
    assert wb.voices("nonesuch") == ()
