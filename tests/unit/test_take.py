from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.script import Line
from workbench.take import Narration, Part, Take
from workbench.timing import Word
from workbench.voice import Voice


def make_take(frames: int = 8000, rate: int = 8000, height: float = 0.5, **more: object) -> Take:
    sound = Audio(samples=np.full(frames, height), rate=rate)
    middle, end = sound.duration / 2, sound.duration
    return Take(
        text="Hola, tú.",
        audio=sound,
        words=(
            Word(text="Hola,", start=0, end=middle),
            Word(text="tú.", start=middle, end=end, space=False),
        ),
        voice=Voice(engine="espeak", name="es"),
        language="es",
        engine_version="1",
        options={"rate": 175},
        **more,  # type: ignore[arg-type]
    )


def part(take: Take, start: float, number: int = 1) -> Part:
    return Part(line=Line(text=take.text, number=number), take=take, start=start)


def test_words_of_a_narration_count_from_its_start_and_are_spaced():
    narration = Narration(parts=(part(make_take(), 0), part(make_take(), 2.5)), duration=4)
    assert [(w.text, w.start, w.end) for w in narration.words] == [
        ("Hola,", 0, 0.5), ("tú.", 0.5, 1), ("Hola,", 2.5, 3), ("tú.", 3, 3.5),
    ]  # fmt: skip
    assert narration.transcript.text == "Hola, tú. Hola, tú."
    assert narration.text == "Hola, tú.\nHola, tú."
    assert narration.language == "es"


def test_the_sound_of_a_narration_is_the_takes_and_silence():
    parts = (part(make_take(height=0.5), 0.25), part(make_take(height=-0.25), 1.5))
    sound = Narration(parts=parts, duration=3).audio
    expected = np.zeros(24_000, np.float32)
    expected[2000:10_000] = 0.5
    expected[12_000:20_000] = -0.25
    assert np.array_equal(sound.samples[:, 0], expected)


@pytest.mark.parametrize("frames", range(100, 108))
def test_no_sample_is_lost_where_times_fall_between_two(frames: int):
    """0.35 s at 22,050 Hz are 7,717.5 frames, and half frames are rounded to the even side."""
    one, two = make_take(frames, 22_050, 0.5), make_take(frames + 1, 22_050, -0.5)
    start = one.duration + 0.35
    narration = Narration(parts=(part(one, 0), part(two, start)), duration=start + two.duration)
    sound = narration.audio.samples[:, 0]
    assert int((sound == 0.5).sum()) == frames
    assert int((sound == -0.5).sum()) == frames + 1


def test_takes_of_other_rates_and_channels_take_the_first_ones():
    wide = make_take(88_200, 44_100)
    wide = Take(**{**vars(wide), "audio": wide.audio.with_channels(2)})
    narration = Narration(parts=(part(make_take(), 0), part(wide, 1)), duration=3)
    assert (narration.audio.rate, narration.audio.channels) == (8000, 1)
    assert narration.audio.duration == pytest.approx(3, abs=1e-3)
    assert narration.audio.cut(1.5, 2.5).samples.mean() == pytest.approx(0.5, abs=1e-3)


def test_a_narration_that_cannot_be_is_refused():
    with pytest.raises(ParameterError, match="at least one line"):
        Narration(parts=(), duration=1)
    overlap = (part(make_take(), 0, 3), part(make_take(), 0.5, 4))
    with pytest.raises(ParameterError, match=r"line 4 begins at 0\.500 s, before line 3 ends at 1"):
        Narration(parts=overlap, duration=2)
    for duration in (0.5, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match="lasts"):
            Narration(parts=(part(make_take(), 0),), duration=duration)


def test_warnings_name_their_line():
    warned = make_take(warnings=("dropped: 你",))
    narration = Narration(parts=(part(make_take(), 0), part(warned, 1, number=7)), duration=2)
    assert narration.warnings == ("line 7: dropped: 你",)


def test_reprs_are_short_and_say_what_matters():
    assert repr(make_take()) == "Take('Hola, tú.', espeak:es, 1.0 s, 2 words)"
    long = Take(**{**vars(make_take()), "text": "a" * 100})
    assert len(repr(long)) < 90
    one = Narration(parts=(part(make_take(), 0),), duration=1)
    assert repr(one) == "Narration(1 line, 2 words, 1.0 s, espeak:es)"


def test_plain_values_hold_all_of_it():
    take = make_take(seed=3, device="cuda:0", warnings=("x",))
    assert Take.from_dict(json.loads(json.dumps(take.to_dict()))) == take
    assert "audio" not in take.describe()
    narration = Narration(parts=(part(take, 0.25, 2),), duration=2)
    again = Narration.from_dict(json.loads(json.dumps(narration.to_dict())))
    assert again == narration
    assert again.parts[0].line.number == 2


def test_takes_and_narrations_can_go_to_another_process():
    narration = Narration(parts=(part(make_take(), 0),), duration=1)
    assert narration.audio.frames == 8000  # what is computed once travels too
    again = pickle.loads(pickle.dumps(narration))  # noqa: S301 - bytes of this very line
    assert again == narration
    assert copy.deepcopy(narration) == narration
    with pytest.raises(TypeError):
        again.parts[0].take.options["rate"] = 1


def test_equality_and_hash_are_content():
    take, same = make_take(), make_take()
    assert take == same
    assert len({take, same, make_take(height=0.4), make_take(seed=1)}) == 3
    options = {"rate": 1}
    changed = Take(**{**vars(take), "options": options})
    options["rate"] = 2
    assert changed.options["rate"] == 1
    assert changed != take
