from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ParameterError
from workbench.timing import Span, Transcript, Word

TIMES = st.floats(0, 1000)
SPANS = st.tuples(TIMES, TIMES).map(lambda p: Span(start=min(p), end=max(p)))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (-0.1, 1),
        (2, 1),
        (float("nan"), 1),
        (0, float("nan")),
        (0, float("inf")),
        (float("-inf"), 0),
    ],
)
def test_times_that_are_none_are_refused(start: float, end: float):
    with pytest.raises(ParameterError, match="0 <= start <= end"):
        Span(start=start, end=end)


@given(SPANS, SPANS)
def test_what_two_spans_share_is_in_both_and_what_they_span_holds_both(a: Span, b: Span):
    shared = a & b
    assert shared == b & a
    if shared is None:
        assert a.end <= b.start or b.end <= a.start or not a.duration or not b.duration
    else:
        assert shared.duration > 0
        assert shared.start in a
        assert shared.start in b
        assert shared.end <= min(a.end, b.end)
    both = a | b
    assert both == b | a
    assert (both.start, both.end) == (min(a.start, b.start), max(a.end, b.end))


def test_a_span_holds_its_start_and_not_its_end():
    span = Span(start=1, end=2)
    assert 1.0 in span
    assert 2.0 not in span
    assert (span.duration, span.middle) == (1.0, 1.5)
    assert (span & Span(start=2, end=3)) is None


def test_shifting_keeps_all_else_and_never_goes_below_zero():
    word = Word(text="hola", start=1, end=2, space=False)
    assert word.shift(0.5) == Word(text="hola", start=1.5, end=2.5, space=False)
    with pytest.raises(ParameterError):
        word.shift(-1.5)


def test_words_sort_by_time():
    words = [Word(text=t, start=s, end=9) for t, s in (("c", 2), ("a", 0), ("b", 1))]
    assert [w.text for w in sorted(words)] == ["a", "b", "c"]


def test_a_transcript_is_in_order_or_is_none():
    words = (Word(text="b", start=1, end=2), Word(text="a", start=0.5, end=1))
    with pytest.raises(ParameterError, match=r"'a' at 0\.500 s follows 'b' at 1\.000 s"):
        Transcript(words=words)


def test_a_transcript_is_spelled_as_the_script_is():
    words = [
        Word(text="你", start=0, end=1, space=False),
        Word(text="好，", start=1, end=2, space=False),
        Word(text="Ann", start=2, end=3),
        Word(text="世", start=2, end=4),
    ]
    transcript = Transcript(words=words, language="zh")  # type: ignore[arg-type]
    assert transcript.text == "你好，Ann 世"
    assert transcript.duration == 4.0
    assert isinstance(transcript.words, tuple)
    assert transcript.shift(1).words[0].start == 1.0
    assert Transcript(words=()).duration == 0.0
    assert Transcript(words=()).text == ""


def test_plain_values_hold_all_of_it():
    words = (Word(text="sí,", start=0.125, end=0.5, space=False), Word(text="no", start=1, end=2))
    transcript = Transcript(words=words, language="es")
    assert Transcript.from_dict(json.loads(json.dumps(transcript.to_dict()))) == transcript
