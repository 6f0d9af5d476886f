"""Which lines are flagged, each with the figure that was measured and its limit."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import workbench as wb
from tests.unit.faulty_speech import faulty
from workbench.errors import Cancelled, ParameterError
from workbench.speech import flagged as module
from workbench.speech import fuse, retake
from workbench.speech.flagged import flagged
from workbench.speech.line_flags import KINDS, Flag, LineFlags
from workbench.speech.retake import replace_take

if TYPE_CHECKING:
    from tests.whisper_model import TinyWhisper

TEXT = (
    "The first line of this tells how it begins.",
    "Then something else happens to the people of the town.",
    "Nobody had expected that the river would rise so soon.",
    "They carried what they could to the hill behind the church.",
    "In the morning the water had gone, and so had the bridge.",
    "That is the end of the story, as it was told to me.",
)


@pytest.fixture(scope="module")
def story() -> wb.Narration:
    return wb.speak("\n".join(TEXT), "espeak:en-us")


def with_sound(narration: wb.Narration, line: int, samples: np.ndarray, rate: int = 22_050) -> Any:
    take = narration.parts[line - 1].take
    sound = wb.Audio(samples=samples, rate=rate)
    return replace_take(narration, line, replace(take, audio=sound, words=()))


def test_sound_lines_pass(story):
    rows = flagged(story)
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.text for row in rows] == list(TEXT)
    assert all(row.passed and row.kinds == () and row.cer is None for row in rows)
    assert all(0.7 < row.pace < 1.1 and -30 < row.level < -5 for row in rows)


@pytest.mark.parametrize(
    ("fault", "kind", "above", "unit"),
    [
        ("dropped 50 %", "short", -1, " times"),
        ("doubled", "long", 1, " times"),
        ("doubled", "repeated", 1, ""),
        ("silence", "silent", -1, " dB"),
        ("clipped", "clipped", 1, " %"),
        ("empty", "short", -1, " times"),
    ],
)
def test_what_the_fuse_finds_comes_with_its_figure(
    story, fault: str, kind: str, above: int, unit: str
):
    spoken = faulty(story.parts[2].take, fault)
    rows = flagged(with_sound(story, 3, np.asarray(spoken.samples), spoken.rate))
    assert [row.passed for row in rows] == [True, True, False, True, True, True]
    flag = next(flag for flag in rows[2].flags if flag.kind == kind)
    assert flag.text == KINDS[kind]
    assert flag.unit == unit
    assert flag.figure is not None
    assert flag.limit is not None
    assert np.sign(flag.figure - flag.limit) == above


def test_a_flag_without_a_figure_has_none(story):
    spoken = faulty(story.parts[2].take, "noise")
    found = {f.kind: f for f in flagged(with_sound(story, 3, np.asarray(spoken.samples)))[2].flags}
    assert (found["noise"].figure, found["noise"].limit) == (None, None)
    assert str(found["noise"]) == f"noise: {KINDS['noise']}"


def test_the_limits_shown_are_the_fuse_s():
    shown = module._OF_FUSE
    assert (shown["short"], shown["long"]) == (fuse._SHORTEST, fuse._LONGEST)
    assert (shown["repeated"], shown["clipped"]) == (fuse._REPEATED[1], 100 * fuse._CLIPPED)
    assert (module._HUSH, module._GAP) == (fuse._HUSH, fuse._GAP)
    assert (module._STARTS, module._ENDS) == fuse._CUT
    assert module._APART == fuse._ALLOWANCE


def test_a_line_unlike_its_neighbours(story):
    """Half again as long is within what the fuse allows any reader; not within this reading."""
    slow = wb.speak(TEXT[2], "espeak:en-us", rate=115).parts[0].take
    options = story.parts[2].take.options
    rows = flagged(replace_take(story, 3, replace(slow, options=options)))
    (flag,) = rows[2].flags
    assert (flag.kind, flag.limit, flag.unit) == ("slow", 1.4, " times")
    assert 1.5 < flag.figure < 1.7
    assert all(row.passed for row in rows[:2] + rows[3:])
    quick = wb.speak(TEXT[2], "espeak:en-us", rate=320).parts[0].take
    (flag,) = flagged(replace_take(story, 3, replace(quick, options=options)))[2].flags
    assert (flag.kind, flag.limit) == ("quick", 0.7)


def test_another_pace_that_was_asked_for_is_no_fault(story):
    slow = wb.speak(TEXT[2], "espeak:en-us", rate=115).parts[0].take
    assert flagged(replace_take(story, 3, slow))[2].passed


def test_one_word_may_take_its_time(story):
    word = wb.speak("Yes.", "espeak:en-us").parts[0].take
    assert flagged(replace_take(story, 3, word))[2].passed


@pytest.mark.parametrize(("gain", "kind"), [(0.3, "quiet"), (3.0, "loud")])
def test_a_line_much_louder_or_quieter(story, gain: float, kind: str):
    samples = story.parts[2].take.audio.samples * gain
    (flag,) = flagged(with_sound(story, 3, np.clip(samples, -0.99, 0.99)))[2].flags[-1:]
    assert (flag.kind, flag.unit) == (kind, " dB")
    assert abs(flag.figure) == pytest.approx(9, abs=2)
    assert abs(flag.limit) == 6


def test_few_lines_have_no_neighbours_to_go_by(story):
    samples = story.parts[2].take.audio.samples * 0.3
    few = with_sound(story, 3, samples).parts[:4]
    assert all(row.passed for row in flagged(few))


def test_what_the_engine_warns_of_unless_it_says_so_of_every_line():
    narration = wb.speak("It is fine 😀.\nIt is well.", "espeak:en-us")
    (flag,) = flagged(narration)[0].flags
    assert (flag.kind, flag.figure) == ("warning", None)
    assert "😀" in flag.text
    every = wb.speak("It is fine 😀.\nIt is well 😀.", "espeak:en-us")
    assert all(row.passed for row in flagged(every))
    assert not flagged(every.parts[:1])[0].passed


def test_how_a_verified_take_was_heard(story):
    about = {"verify": {"by": "stt", "cer": 0.5, "heard": "nothing <b>of</b> that", "attempts": 3}}
    take = replace(
        story.parts[1].take, about=about, flags=("unlike",), warnings=("doubtful: 50% …",)
    )
    row = flagged(replace_take(story, 2, take))[1]
    (flag,) = row.flags
    assert (flag.kind, flag.figure, flag.limit, flag.unit) == ("unlike", 50, 15, " %")
    assert "nothing <b>of</b> that" in flag.text
    assert (row.cer, row.heard) == (0.5, "nothing <b>of</b> that")
    assert flagged(replace_take(story, 2, take), limit=0.6)[1].passed


def test_somebody_listens_to_what_nobody_heard(story, tiny_whisper: TinyWhisper):
    told: list[float] = []
    parts = story.parts[:2]
    rows = flagged(parts, listener=f"stt:{tiny_whisper.name}", progress=told.append)
    assert told == [0.5, 1.0]
    assert all(row.cer is not None and row.cer > 0.15 for row in rows)  # its weights are random
    assert all(row.kinds == ("unlike",) for row in rows)
    assert rows[0].cer == pytest.approx(rows[0].flags[0].figure / 100)


def test_it_can_be_stopped(story):
    cancel = threading.Event()
    with pytest.raises(Cancelled, match="stopped after 2 of 6 lines"):
        flagged(story, cancel=cancel, progress=lambda done: cancel.set() if done > 0.3 else None)


def test_a_take_is_measured_once(story, monkeypatch):
    fresh = wb.speak("\n".join(f"{line} Indeed." for line in TEXT), "espeak:en-us")
    seen: list[wb.Take] = []

    def check(take: wb.Take, **ways: Any) -> tuple[str, ...]:
        seen.append(take)
        return fuse.check(take, **ways)

    monkeypatch.setattr(module, "check", check)
    flagged(fresh)
    assert len(seen) == 6
    flagged(retake.retake(fresh, 2, rate=150))
    assert len(seen) == 7


def test_a_voice_that_is_not_installed_is_judged_by_its_own_flags(story):
    take = replace(story.parts[0].take, voice=wb.Voice.parse("gone:x"), flags=("short",))
    row = flagged(replace_take(story, 1, take))[0]
    assert row.kinds == ("short",)


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan"), True])
def test_a_limit_out_of_range(story, limit: float):
    with pytest.raises(ParameterError, match="limit: must be 0 to 1"):
        flagged(story, limit=limit)


def test_as_plain_values_and_back():
    flag = Flag(kind="short", text="t", figure=0.5, limit=0.6, unit=" times")
    row = LineFlags(number=3, text="x", flags=(flag,), pace=0.5, level=-20.0, cer=0.1, heard="y")
    assert LineFlags.from_dict(row.to_dict()) == row
    assert str(flag) == "short: t (0.5 times, the limit is 0.6 times)"
    with pytest.raises(ParameterError, match="'odd' is not one of nan, empty"):
        Flag(kind="odd", text="")


def test_the_middle_of_the_others_is_their_median():
    chance = np.random.default_rng(3)
    for count in (2, 5, 6, 40):
        numbers = chance.integers(0, 9, count).tolist()  # some are there twice
        for place, own in enumerate(numbers):
            others = numbers[:place] + numbers[place + 1 :]
            assert module._middle_of_others(sorted(numbers), own) == np.median(others)
