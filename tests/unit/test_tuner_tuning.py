"""Takes, what is said about them, and undo: as values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.take import Take
from workbench.widgets.settings import Settings, Spoken
from workbench.widgets.tuning import LONGEST_PAST, Mark, Tuning, labels


def begun() -> Tuning:
    return Tuning(settings=Settings.of("Hello.", "espeak:es"))


def spoken(tuning: Tuning, level: float = 0.1, seed: int | None = None) -> Spoken:
    audio = Audio(samples=np.full(800, level, np.float32), rate=8000)
    settings = tuning.settings
    take = Take(text=settings.text, audio=audio, words=(), voice=settings.voice, seed=seed)
    return Spoken(take=take, seconds=0.1)


def with_takes(count: int) -> Tuning:
    tuning = begun()
    for i in range(count):
        tuning = tuning.change(rate=100 + i)
        tuning = tuning.with_take(tuning.settings, spoken(tuning, 0.1 + i / 1000))
    return tuning


def test_takes_are_numbered_and_the_last_stands_in_front() -> None:
    tuning = with_takes(3)
    assert [one.id for one in tuning.visible] == [3, 2, 1]


def test_the_same_settings_come_to_the_front_instead_of_twice() -> None:
    tuning = with_takes(3)
    first = tuning.find(1)
    again = tuning.with_take(first.settings, Spoken(take=first.take, seconds=None))
    assert [one.id for one in again.visible] == [1, 3, 2]
    gone = again.say(1, deleted=True)
    back = gone.with_take(first.settings, Spoken(take=first.take, seconds=None))
    assert [one.id for one in back.visible] == [1, 3, 2]


def test_the_same_settings_with_another_sound_are_another_take() -> None:
    """As after an edit of the lexicon."""
    tuning = with_takes(1)
    again = tuning.with_take(tuning.settings, spoken(tuning, 0.5))
    assert [one.id for one in again.visible] == [2, 1]


def test_a_take_knows_the_seed_that_the_engine_chose() -> None:
    tuning = begun()
    tuning = tuning.with_take(tuning.settings, spoken(tuning, seed=7))
    assert tuning.find(1).settings.seed == 7
    assert tuning.settings.seed is None
    assert len(tuning.with_take(tuning.settings, spoken(tuning, seed=7)).takes) == 1


def test_undo_brings_back_settings_and_marks_and_leaves_the_takes() -> None:
    tuning = with_takes(2).say(1, star=True).say(1, note="calm").say(2, deleted=True)
    assert [one.id for one in tuning.visible] == [1]
    assert tuning.undo().visible[0].id == 2
    assert tuning.undo().undo().mark(1) == Mark(star=True)
    start = tuning
    while start.past:
        start = start.undo()
    assert dict(start.settings.options) == {}
    assert [one.id for one in start.visible] == [2, 1]
    assert not start.mark(1).star
    while start.future:
        start = start.redo()
    assert start.settings == tuning.settings
    assert dict(start.marks) == dict(tuning.marks)


def test_a_take_made_after_an_undo_survives_a_redo() -> None:
    tuning = begun().change(rate=100).change(rate=200).undo()
    tuning = tuning.with_take(tuning.settings, spoken(tuning)).redo()
    assert (tuning.settings.options["rate"], len(tuning.visible)) == (200, 1)


def test_typing_is_undone_as_one() -> None:
    tuning = begun()
    for text in ("Hello", "Hello t", "Hello there."):
        tuning = tuning.change(visit="text", text=text)
    assert tuning.undo().settings.text == "Hello."
    changed = tuning.change(rate=100).change(visit="text", text="Bye.")
    assert changed.undo().settings.text == "Hello there."
    assert changed.undo().undo().settings.options.get("rate") is None


def test_what_changes_nothing_is_no_step() -> None:
    tuning = begun()
    assert tuning.change(rate=175) is tuning
    assert tuning.reset() is tuning
    assert tuning.reset("rate") is tuning
    assert with_takes(1).say(1, star=False).past == with_takes(1).past


def test_a_new_step_forgets_what_was_undone() -> None:
    tuning = begun().change(rate=100).undo().change(pitch=20)
    assert tuning.future == ()
    with pytest.raises(ParameterError, match="nothing to do again"):
        tuning.redo()
    with pytest.raises(ParameterError, match="nothing to undo"):
        begun().undo()


def test_the_past_has_an_end() -> None:
    tuning = begun()
    for i in range(LONGEST_PAST + 20):
        tuning = tuning.change(rate=100 + i % 200)
    assert len(tuning.past) == LONGEST_PAST


def test_options_go_back_to_their_defaults() -> None:
    tuning = begun().change(rate=100, pitch=20)
    assert dict(tuning.reset("rate").settings.options) == {"pitch": 20}
    assert dict(tuning.reset().settings.options) == {}
    with pytest.raises(ParameterError, match="did you mean 'rate'"):
        tuning.reset("ratte")


def test_takes_are_found_by_number_or_by_themselves() -> None:
    tuning = with_takes(2)
    one = tuning.find(1)
    assert tuning.find(one) is one
    assert tuning.find(one.take) is one
    copy = replace(one.take, text=one.take.text)
    assert tuning.find(copy) is one
    assert tuning.use(1).settings == one.settings
    for wrong in (3, "1", True, None, 1.5):
        with pytest.raises(ParameterError, match="there is no take"):
            tuning.find(wrong)


@pytest.mark.parametrize(
    "said", [{"star": "yes"}, {"note": 3}, {"note": "x" * 5001}, {"deleted": 1}]
)
def test_what_is_said_about_a_take_is_checked(said: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        with_takes(1).say(1, **said)


def test_labels_tell_takes_apart() -> None:
    tuning = with_takes(2).change(voice="espeak:fr", text="Bonjour\n<b>")
    tuning = tuning.with_take(tuning.settings, spoken(tuning, 0.9))
    told = labels(tuning.visible)
    assert told[1] == "1: espeak:es, rate 100, Hello."
    assert told[3] == "3: espeak:fr, rate 101, Bonjour\\n<b>"
    assert labels(tuning.visible[:1]) == {3: "3: take"}
