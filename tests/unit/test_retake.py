"""One line is spoken again; the others, and the silence between them, are as they were."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

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
from workbench.speech.joining import insert_take
from workbench.speech.retake import (
    insert_line,
    place_of,
    remove_line,
    replace_take,
    respeak,
    retake,
)

TEXT = "ab cde\nf [pause 0.5s] g\n\nhij [pause 250ms]"


def runs(narration: wb.Narration) -> list[tuple[float, int]]:
    """The sound as runs of one height: (height, frames)."""
    samples = narration.audio.samples[:, 0].round(2)
    parts = np.split(samples, np.flatnonzero(np.diff(samples)) + 1)
    return [(round(float(part[0]), 2), len(part)) for part in parts]


def gaps(narration: wb.Narration) -> list[float]:
    """The silence before each line and at the end, in seconds."""
    ends = [0.0, *(part.end for part in narration.parts)]
    starts = [*(part.start for part in narration.parts), narration.duration]
    return [round(start - end, 9) for start, end in zip(starts, ends, strict=True)]


@pytest.fixture
def spoken(tone, tmp_path, monkeypatch) -> wb.Narration:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    narration = wb.speak(TEXT, "tone:high", gap=0.25)
    tone.calls.clear()
    tone.seeds.clear()
    return narration


def test_only_that_line_is_spoken_and_the_rest_moves(tone, spoken):
    fixed = retake(spoken, 1, text="ab cdefg")
    assert tone.calls == ["ab cdefg"]
    assert runs(fixed) == [
        (0.1, 200), (0.2, 500), (0.0, 2000), (0.1, 100), (0.0, 4000), (0.1, 100), (0.0, 2000),
        (0.1, 300), (0.0, 2000),
    ]  # fmt: skip
    assert gaps(fixed) == gaps(spoken) == [0, 0.25, 0.5, 0.25, 0.25]
    kept = [a.take is b.take for a, b in zip(spoken.parts, fixed.parts, strict=True)]
    assert kept == [False, True, True, True]
    moved = [b.start - a.start for a, b in zip(spoken.parts, fixed.parts, strict=True)]
    assert moved == pytest.approx([0, 0.025, 0.025, 0.025])
    assert fixed.duration == pytest.approx(spoken.duration + 0.025)
    assert [word.text for word in fixed.words] == ["ab", "cdefg", "f", "g", "hij"]
    assert fixed.parts[0].line == wb.Line(text="ab cdefg")
    assert spoken.text == "ab cde\nf\ng\nhij"


def test_the_last_line_keeps_the_pause_behind_it(tone, spoken):
    fixed = retake(spoken, 4, text="h")
    assert runs(fixed)[-2:] == [(0.1, 100), (0.0, 2000)]
    assert fixed.parts[:3] == spoken.parts[:3]


def test_without_arguments_an_engine_with_chance_gets_the_next_seed(tone, spoken):
    first = retake(spoken, 1)
    second = retake(first, 1)
    assert tone.seeds == [1, 2]
    assert [n.parts[0].take.seed for n in (spoken, first, second)] == [None, 1, 2]
    assert retake(spoken, 1, seed=7).parts[0].take.seed == 7
    assert retake(second, 1, seed=2**32 - 1).parts[0].take.seed == 2**32 - 1


def test_the_seed_stays_where_something_else_is_changed(tone):
    narration = wb.speak("a\nb", "tone:high", seed=5)
    assert retake(narration, 1, text="c").parts[0].take.seed == 5
    assert retake(narration, 1, pace=50).parts[0].take.seed == 5
    assert retake(narration, 1).parts[0].take.seed == 6


def test_an_engine_without_chance_says_what_can_be_changed(espeak_calls):
    narration = wb.speak("It begins.\nIt ends.", "espeak:en-gb", rate=150)
    espeak_calls.clear()
    with pytest.raises(ParameterError, match=r"line 2: espeak speaks without chance.*option .rate"):
        retake(narration, 2)
    with pytest.raises(ParameterError, match="without chance"):
        retake(narration, 2, seed=3, text="It  ends.", voice="espeak:en-gb", rate=150)
    assert espeak_calls == []
    slower = retake(narration, 2, rate=120)
    assert slower.parts[1].take.options["rate"] == 120
    assert slower.parts[1].take.duration > narration.parts[1].take.duration
    assert espeak_calls == ["It ends."]


def test_another_spelling_in_the_lexicon_is_a_change(espeak_calls, tmp_path):
    narration = wb.speak("We use nginx.", "espeak:en-us")
    (tmp_path / "words.toml").write_text('[words.en]\nnginx = "engine x"\n')
    fixed = retake(narration, 1, lexicon=tmp_path / "words.toml")
    assert fixed.parts[0].take.spoken == "We use engine x."
    assert fixed.parts[0].take.text == "We use nginx."


def test_the_line_keeps_its_voice_and_options(tone):
    narration = wb.speak("a\n[voice:tone:low] b", "tone:high", pace=50)
    fixed = retake(retake(narration, 1, text="c"), 2, text="d")
    assert [str(p.take.voice) for p in fixed.parts] == ["tone:high", "tone:low"]
    assert [p.take.options["pace"] for p in fixed.parts] == [50, 100]
    louder = retake(narration, 1, mood="loud")
    assert dict(louder.parts[0].take.options) == {"pace": 50, "mood": "loud"}


def test_another_voice_comes_with_its_own_options(tone):
    narration = wb.speak("a\nb", "tone:high", pace=50)
    fixed = retake(narration, 2, voice="tone:low")
    assert fixed.parts[1].take.options["pace"] == 100
    assert fixed.parts[1].line.voice == "tone:low"
    mixed = retake(narration, 2, voice="espeak:es", text="Hola.")
    assert (mixed.audio.rate, mixed.parts[1].take.audio.rate) == (8000, 22_050)
    preset = wb.Preset(name="x", voice=wb.Voice.parse("tone:low"), options={"pace": 70})
    assert retake(narration, 1, voice=preset).parts[0].take.options["pace"] == 70


def test_who_listened_listens_again(tone, monkeypatch):
    from workbench.speech import retake as module

    narration = wb.speak("a\nb", "tone:high")
    heard = replace(narration.parts[0].take, about={"verify": {"by": "stt:x", "cer": 0.5}})
    narration = replace_take(narration, 1, heard)
    asked: list[Any] = []

    class Speaker(module.Speaker):
        def __init__(self, *given: Any, **ways: Any) -> None:
            asked.append(ways["verify"])
            super().__init__(*given, **{**ways, "verify": None})

    monkeypatch.setattr(module, "Speaker", Speaker)
    retake(narration, 1)
    retake(narration, 1, verify=False)
    retake(narration, 1, verify="stt:tiny")
    retake(narration, 2)
    assert asked == ["stt:x", None, "stt:tiny", None]


def test_what_was_spoken_before_comes_from_the_cache(tone, spoken):
    retake(spoken, 1, text="once")
    retake(spoken, 1, text="once")
    assert tone.calls == ["once"]
    retake(spoken, 1, text="once", cache=False)
    assert tone.calls == ["once", "once"]


# -- which line -----------------------------------------------------------------------------------


def test_a_number_is_the_script_s_and_a_part_is_itself(spoken):
    assert [place_of(spoken, part) for part in spoken.parts] == [0, 1, 2, 3]
    assert place_of(spoken, 4) == 3
    assert retake(spoken, spoken.parts[2], text="k").text == "ab cde\nf\nk\nhij"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (0, r"line: there is no line 0; the lines are 1-2, 4"),
        (3, "there is no line 3"),
        (-1, "there is no line -1"),
        (2, r"2 parts stand in line 2; give narration.parts\[1\] or narration.parts\[2\]"),
        (True, "must be a line's number or a part of the narration, not bool"),
        (1.0, "not float"),
        ("1", "not str"),
        (None, "not NoneType"),
    ],
)
def test_a_line_that_is_none_is_refused(tone, spoken, line: Any, told: str):
    for change in (retake, remove_line, lambda n, at: insert_line(n, "x", after=at)):
        if line is None and change is not retake and change is not remove_line:
            continue  # None is the beginning there
        with pytest.raises(ParameterError, match=told):
            change(spoken, line)
    assert tone.calls == []


def test_a_part_of_another_narration_is_refused(spoken):
    later = retake(spoken, 1, text="longer than it was")
    with pytest.raises(ParameterError, match=r"not in this narration; take it from narration\.p"):
        retake(later, spoken.parts[3])


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        ({"text": ""}, TextError, "line 1: script: has no words to speak"),
        ({"text": " … "}, TextError, "has no words"),
        ({"text": "a\nb"}, TextError, "line 1: text: is 2 lines; give them one by one"),
        ({"text": "a [pause 1s]"}, TextError, r"holds a \[pause\]"),
        ({"text": "[voice:tone:low] a"}, TextError, "voice= names another voice"),
        ({"text": 3}, ParameterError, "line 1: text: must be text, not int"),
        ({"text": "[pause] a"}, TextError, "does not say how long"),
        ({"voice": "tone:lwo"}, VoiceNotFound, r"line 1: lwo: .*did you mean 'low'"),
        ({"voice": "toon:low"}, EngineNotFound, "line 1: toon"),
        ({"pase": 3}, ParameterError, r"line 1: pase: is not an option; did you mean 'pace'"),
        ({"pace": 3}, ParameterError, "line 1: pace: must be"),
        ({"verify": "nobody:x"}, EngineNotFound, "line 1: nobody"),
        ({"normalize": "yes"}, ParameterError, "line 1: normalize: must be"),
    ],
)
def test_a_mistake_is_told_with_its_line_before_it_is_spoken(
    tone, spoken, given: dict[str, Any], kind: type[Exception], told: str
):
    with pytest.raises(kind, match=told):
        retake(spoken, 1, **given)
    assert tone.calls == []


def test_stopped_before_it_is_spoken(tone, spoken):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled, match="line 1: speech: stopped"):
        retake(spoken, 1, text="x", cancel=cancel)
    assert tone.calls == []


# -- lines that come and go -----------------------------------------------------------------------


def test_a_take_is_put_back(tone, spoken):
    fixed = retake(spoken, 1, text="other")
    back = replace_take(fixed, 1, spoken.parts[0].take)
    assert back.audio == spoken.audio
    assert back.text == spoken.text
    assert back.parts[0].take is spoken.parts[0].take
    with pytest.raises(ParameterError, match=r"take: must be a Take, not Part; such as"):
        replace_take(spoken, 1, spoken.parts[0])  # type: ignore[arg-type]


def test_a_line_is_put_between_two(tone, spoken):
    longer = insert_line(spoken, "between", after=1, gap=1)
    assert tone.calls == ["between"]
    assert gaps(longer) == [0, 1, 0.25, 0.5, 0.25, 0.25]
    assert [p.line.number for p in longer.parts] == [1, 2, 3, 3, 5]
    assert all(p.take is q.take for p, q in zip(longer.parts[2:], spoken.parts[1:], strict=True))
    assert str(longer.parts[1].take.voice) == "tone:high"


def test_a_line_may_part_a_line_of_the_script(spoken):
    longer = insert_line(spoken, "new", after=spoken.parts[1])
    assert [p.line.number for p in longer.parts] == [1, 2, 3, 4, 6]
    assert gaps(longer) == [0, 0.25, 0.35, 0.5, 0.25, 0.25]


def test_a_line_is_put_at_both_ends(spoken):
    longer = insert_line(insert_line(spoken, "end", after=4, gap=0), "start", after=None, gap=0.1)
    assert gaps(longer) == [0, 0.1, 0.25, 0.5, 0.25, 0, 0.25]
    assert [p.line.number for p in longer.parts] == [1, 2, 3, 3, 5, 6]
    assert longer.text.splitlines()[0] == "start"


def test_a_new_line_s_voice_is_that_of_the_line_before(tone):
    narration = wb.speak("a\n[voice:tone:low] b", "tone:high", pace=50)
    assert insert_line(narration, "c", after=1).parts[1].take.options["pace"] == 50
    assert str(insert_line(narration, "c", after=2).parts[2].take.voice) == "tone:low"
    other = insert_line(narration, "c", after=2, voice="tone:high", pace=60)
    assert (other.parts[2].line.voice, other.parts[2].take.options["pace"]) == ("tone:high", 60)
    with pytest.raises(ParameterError, match="gap: must be 0 to 60"):
        insert_line(narration, "c", after=2, gap=61)
    with pytest.raises(ParameterError, match="gap: must be 0 to 60"):
        insert_take(narration, narration.parts[0].take, after=1, gap=float("nan"))


def test_a_line_goes_with_the_silence_before_it(spoken):
    assert gaps(remove_line(spoken, spoken.parts[1])) == [0, 0.5, 0.25, 0.25]
    assert gaps(remove_line(spoken, 1)) == [0, 0.5, 0.25, 0.25]
    assert gaps(remove_line(spoken, 4)) == [0, 0.25, 0.5, 0.25]
    numbers = [p.line.number for p in remove_line(spoken, 1).parts]
    assert numbers == [1, 1, 3]
    assert [p.line.number for p in remove_line(spoken, spoken.parts[1]).parts] == [1, 2, 4]


def test_insert_and_remove_undo_each_other(spoken):
    for after in (None, 1, spoken.parts[1], spoken.parts[2], 4):
        longer = insert_line(spoken, "new", after=after, gap=0.7)
        new = next(p for p in longer.parts if p.line.text == "new")
        back = remove_line(longer, new)
        assert gaps(back) == gaps(spoken)
        assert back.audio == spoken.audio


def test_the_only_line_stays(tone):
    with pytest.raises(ParameterError, match="the only line; retake it instead"):
        remove_line(wb.speak("a", "tone:high"), 1)


# -- what is made of it ----------------------------------------------------------------------------


def test_captions_and_a_video_follow(tmp_path):
    narration = wb.speak("It begins here.\nThen this happens.\nIt ends.", "espeak:en-us")
    fixed = retake(narration, 2, text="Then something else altogether happens to us.")
    cues = wb.caption(fixed)
    words = [word for cue in cues.cues for word in cue.words]
    assert [word.text for word in words] == [word.text for word in fixed.words]
    assert [word.start for word in words] == [word.start for word in fixed.words]
    assert words[-1].end <= fixed.duration
    plan = wb.Video("16:9").scene(wb.Colour("navy")).narrate(fixed).captions("plain").plan()
    assert plan.duration == pytest.approx(fixed.duration, abs=0.1)


def test_many_retakes_leave_every_word_where_it_sounds(tone):
    """The times of a hundred changes add up to those of the narration spoken at once."""
    narration = wb.speak("\n".join(f"{'a' * (n % 7 + 1)} b" for n in range(20)), "tone:high")
    for turn in range(100):
        narration = retake(narration, turn % 20 + 1, text=f"{'c' * (turn % 9 + 1)} dd")
    again = wb.speak(narration.text, "tone:high")
    assert [w.start for w in narration.words] == pytest.approx([w.start for w in again.words])
    assert narration.duration == pytest.approx(again.duration)
    assert narration.audio == again.audio


def test_a_line_alone(tone, spoken):
    part = respeak(spoken.parts[3], text="xyz")
    assert (part.line.text, part.line.number, part.start) == ("xyz", 4, spoken.parts[3].start)


@pytest.fixture
def espeak_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What espeak is asked to say."""
    from workbench.engines.registry import engine

    espeak = engine("espeak")
    calls: list[str] = []
    say = espeak.synthesize

    def synthesize(text: str, **given: Any) -> wb.Take:
        calls.append(text)
        return say(text, **given)

    monkeypatch.setattr(espeak, "synthesize", synthesize)
    return calls
