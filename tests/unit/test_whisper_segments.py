"""Whatever the library returns, times are finite, in order and within the recording."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from workbench.engines.whisper.segments import Converter
from workbench.recognition import Recognition


def raw(start, end, text, words=None, **more):
    return SimpleNamespace(start=start, end=end, text=text, words=words, **more)


def word(text, start, end, probability=0.9):
    return SimpleNamespace(word=text, start=start, end=end, probability=probability)


class Chance:
    """Made-up results: half of them nearly right, the other half anything at all."""

    ODD = (None, float("nan"), float("inf"), -float("inf"), -0.0, "0.5", 1 << 2_000, "", -3.0)
    TEXTS = (" Hola", " tú.", "你", " ", "", None, "\n", " l'", "eau", "\u200b", "🎉")

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same results each time

    def number(self):
        kind = self._random.random()
        if kind < 0.25:
            return self._random.choice(self.ODD)
        value = round(self._random.uniform(-2, 35), 2)
        return np.float64(value) if kind < 0.5 else value

    def words(self):
        if self._random.random() < 0.2:
            return None
        count = self._random.randrange(8)
        text = self._random.choice
        return [word(text(self.TEXTS), *(self.number() for _ in range(3))) for _ in range(count)]

    def segment(self):
        return raw(
            self.number(),
            self.number(),
            self._random.choice(self.TEXTS),
            self.words(),
            avg_logprob=self.number(),
            no_speech_prob=self.number(),
            compression_ratio=self.number(),
        )

    def result(self):
        return [self.segment() for _ in range(self._random.randrange(6))]


@pytest.mark.parametrize("part", range(20))
def test_two_thousand_made_up_results_become_legal(part):
    """The library's words may be None, their times None, NaN, reversed or past the end."""
    for seed in range(part * 100, part * 100 + 100):
        check(Chance(seed).result(), duration=seed % 31, spaces=seed % 2 == 0)


def check(raws, *, duration: float, spaces: bool) -> None:
    converter = Converter(duration=duration, spaces=spaces)
    found = tuple(converter.segment(one) for one in raws)
    heard = Recognition(segments=found, language="es", duration=duration)
    assert len(found) == len(raws)
    for segment in found:
        assert 0 <= segment.start <= segment.end <= duration
        assert 0 <= segment.no_speech <= 1
        for one in segment.words:
            assert segment.start <= one.start <= one.end <= segment.end
            assert one.text == one.text.strip() != ""
    for before, after in pairwise(heard.words):
        assert before.end <= after.start
    for before, after in pairwise(found):
        assert before.start <= after.start
    json.dumps(heard.to_dict(), allow_nan=False)
    kinds = {type(value) for one in heard.words for value in (one.start, one.end)}
    assert kinds <= {float}
    assert heard.transcript.duration <= duration


def test_good_times_are_left_alone():
    said = [word(" Hola,", 0.5, 0.9), word(" mundo.", 1.1, 1.6)]
    segment = Converter(duration=9).segment(
        raw(0.5, 1.6, " Hola, mundo.", said, avg_logprob=-0.25, no_speech_prob=0.01)
    )
    assert [(w.text, w.start, w.end, w.probability) for w in segment.words] == [
        ("Hola,", 0.5, 0.9, 0.9),
        ("mundo.", 1.1, 1.6, 0.9),
    ]
    assert (segment.start, segment.end, segment.text) == (0.5, 1.6, "Hola, mundo.")
    assert (segment.log_probability, segment.no_speech, segment.flags) == (-0.25, 0.01, ())


@pytest.mark.parametrize(
    ("given_times", "expected"),
    [
        ([(None, None), (1.0, 2.0)], [(0.5, 1.0), (1.0, 2.0)]),
        ([(0.5, 1.0), (None, None), (2.0, 3.0)], [(0.5, 1.0), (1.0, 2.0), (2.0, 3.0)]),
        ([(1.0, 0.5)], [(1.0, 1.02)]),
        ([(1.0, 1.0), (1.0, 1.5)], [(1.0, 1.0), (1.0, 1.5)]),
        ([(1.0, 9.0), (2.0, 3.0)], [(1.0, 2.0), (2.0, 3.0)]),
        ([(2.0, 3.0), (1.0, 1.5)], [(2.0, 2.0), (2.0, 2.02)]),
        ([(-1.0, 0.6)], [(0.0, 0.6)]),
        ([(9.8, 30.0)], [(9.8, 10.0)]),
        ([(30.0, 31.0)], [(10.0, 10.0)]),
    ],
)
def test_what_becomes_of_bad_times(given_times, expected):
    said = [word(f" w{i}", *times) for i, times in enumerate(given_times)]
    segment = Converter(duration=10).segment(raw(0.5, 3.0, "w", said))
    found = [(round(w.start, 3), round(w.end, 3)) for w in segment.words]
    assert found == expected


def test_spaces_follow_the_words_of_the_library():
    said = [word(" l'", 0, 1), word("eau", 1, 2), word(" 25", 2, 3), word("%", 3, 4)]
    segment = Converter(duration=9).segment(raw(0, 4, " l'eau 25%", said))
    assert [w.space for w in segment.words] == [False, True, False, True]
    chinese = [word("你", 0, 1), word("好", 1, 2)]
    segment = Converter(duration=9, spaces=False).segment(raw(0, 2, "你好", chinese))
    assert [w.space for w in segment.words] == [False, False]
    heard = Recognition(segments=(segment,), language="zh", duration=9)
    assert heard.transcript.text == "你好"


def test_segments_without_words_keep_their_text_and_times():
    segment = Converter(duration=9).segment(raw(1.0, 2.0, " Hola."))
    assert (segment.start, segment.end, segment.text, segment.words) == (1.0, 2.0, "Hola.", ())


def test_a_segment_past_the_end_is_flagged_and_cut():
    """A window is 30 s whatever is left of the recording, and so may be what is heard in it."""
    converter = Converter(duration=2.0)
    segment = converter.segment(raw(0.5, 29.0, " Thanks.", [word(" Thanks.", 0.5, 29.0)]))
    assert (segment.end, segment.words[0].end, segment.flags) == (2.0, 2.0, ("beyond",))
