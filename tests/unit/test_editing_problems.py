"""What a viewer stumbles over, the figures, and the edits that set it right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.captions.cues import Cue, Cues, caption
from workbench.captions.editing import (
    KINDS,
    Edit,
    Limits,
    Problem,
    fixed,
    insert,
    problems,
    retype,
)
from workbench.errors import ParameterError
from workbench.timing import Transcript, Word


def cue(start: Any, end: Any, text: str = "Four words of text.", *, said: Any = None) -> Any:
    """A cue whose words are said until `said`, at a pace of their own."""
    rows = [line.split() for line in text.split("\n")]
    total = sum(map(len, rows)) or 1
    last = end if said is None else said
    step = (last - start) / total
    number, lines = 0, []
    for row in rows:
        line = []
        for text_of_word in row:
            at = start + number * step
            line.append(Word(text=text_of_word, start=at, end=at + step * 0.9))
            number += 1
        lines.append(tuple(line))
    return Cue(start=start, end=end, lines=tuple(lines))


def told(*cues: Any, duration: Any = None, **limits: Any) -> Any:
    found = problems(Cues(cues=cues), duration, limits=Limits(**limits))
    return [(p.cue, p.kind, round(p.figure, 3), round(p.limit, 3)) for p in found]


def test_good_captions_have_no_problems() -> None:
    assert told(cue(0, 2), cue(2, 4), cue(5, 7), duration=7) == []
    assert problems(Cues(cues=())) == ()


@pytest.mark.parametrize(
    ("cues", "expected"),
    [
        ([cue(0, 1, "Incomprehensibilities!")], (0, "fast", 22, 20.4)),
        ([cue(0, 0.6)], (0, "fast", 26.667, 20.4)),
        ([cue(0, 0.5, "No.")], (0, "short", 0.5, 0.833)),
        ([cue(0, 8)], (0, "long", 8, 7)),
        ([cue(0, 6, "word " * 12)], (0, "line", 59, 42)),
        ([cue(0, 6, "a\nb\nc")], (0, "lines", 3, 2)),
        ([cue(0, 2.2), cue(2, 4)], (0, "overlap", 0.2, 0)),
        ([cue(0, 1.9), cue(2, 4)], (0, "gap", 0.1, 0.25)),
    ],
)
def test_each_kind_has_its_figure_and_its_limit(cues: Cues, expected: Any) -> None:
    assert told(*cues) == [expected]


def test_edges_of_the_limits_are_no_problem() -> None:
    """What `caption` makes, and what a file has rounded, is within the limits."""
    assert told(cue(0, 0.833), cue(0.833, 7.833), cue(8.083, 10)) == []
    assert told(cue(0, 0.831, "No.")) == [(0, "short", 0.831, 0.833)]


def test_a_cue_without_text_and_one_after_the_end() -> None:
    one = insert(Cues(cues=()), 1, end=3)
    (found,) = problems(one)
    assert found.fix
    assert (found.kind, found.fix(one).cues) == ("empty", ())
    two = insert(insert(Cues(cues=()), 0, end=5, text="One two"), 6, text="Three four")
    ends, later = problems(two, 4.5)
    assert (ends.text, later.text) == (
        "ends at 5.00 s, and the media at 4.50",
        "ends at 8.00 s, and the media at 4.50",
    )
    assert ends.fix
    assert ends.fix(two)[0].end == 4.5
    assert later.fix is None


def test_chinese_is_read_by_its_own_measure() -> None:
    one = insert(Cues(cues=()), 0, end=1, text="今日は三回練習しました。")
    (found,) = problems(one)
    assert (found.kind, found.figure) == ("fast", 12)
    assert found.limit == pytest.approx(10.8)


@pytest.mark.parametrize(
    ("cues", "op"),
    [
        ([cue(0, 0.5)], "move"),
        ([cue(0, 0.5), cue(3, 5)], "move"),
        ([cue(0, 0.5), cue(1.1, 3)], "move"),  # up to the next: no flash in between
        ([cue(0, 0.5, "No."), cue(3, 5)], "move"),
        ([cue(0, 9, said=3)], "move"),
        ([cue(0, 9)], "split"),
        ([cue(0, 6, "word " * 12)], "rebreak"),
        ([cue(0, 6, "a\nb\nc")], "rebreak"),
        ([cue(0, 12, "some words " * 6)], "split"),
        ([cue(0, 2.2), cue(2, 4)], "move"),
        ([cue(0, 1.9), cue(2, 4)], "move"),
    ],
)
def test_a_fix_sets_it_right(cues: Cues, op: Any) -> None:
    before = Cues(cues=tuple(cues))
    first = problems(before)[0]
    assert first.fix
    assert first.fix.op == op
    after = first.fix(before)
    kinds = [(p.cue, p.kind) for p in problems(after)]
    assert (first.cue, first.kind) not in kinds
    assert after.text.split() == before.text.split()


def test_where_no_fix_is_obvious_none_is_offered() -> None:
    """The next cue follows at once: which of the two should give way?"""
    assert [p.fix for p in problems(Cues(cues=(cue(0, 0.5), cue(0.5, 2))))] == [None]
    assert [p.fix for p in problems(Cues(cues=(cue(0, 1.8), cue(0.1, 2))))] == [None]
    word = insert(Cues(cues=()), 0, end=5, text="x" * 50)
    assert [(p.kind, p.fix) for p in problems(word)] == [("line", None)]
    # At the end of the media there is no more time either.
    assert [p.fix for p in problems(Cues(cues=(cue(0, 0.5),)), 0.6)] == [None]


def test_what_can_be_set_right_is_set_right_at_once() -> None:
    """Fixes do not undo each other's work for ever, and no word is lost."""
    texts = ["word " * 14, "No.", "", "Incomprehensibilities! " * 3, "a\nb\nc\nd", "One two three."]
    cues = Cues(cues=())
    for i in range(60):
        start = i * 1.7 + (i % 3) * 0.04
        cues = insert(cues, start, end=start + (0.3, 1.6, 1.68, 2.1)[i % 4], overlap=True)
        cues = retype(cues, len(cues) - 1, texts[i % len(texts)])
    cues = insert(cues, 110, end=160, text="long " * 300)
    before = [p for p in problems(cues, 155) if p.fix]
    after = fixed(cues, 155)
    assert len(before) > 50
    assert [p for p in problems(after, 155) if p.fix] == []
    assert after.text.split() == cues.text.split()
    assert fixed(after, 155) == after
    assert fixed(Cues(cues=())) == Cues(cues=())


def test_the_limits_can_be_others_and_are_checked() -> None:
    assert told(cue(0, 2), letters=10)[0] == (0, "line", 19, 10)
    assert told(cue(0, 2), speed=5)[0] == (0, "fast", 8, 5)
    assert told(cue(0, 1.9), cue(2, 4), gap=0) == []
    assert Limits.build({"letters": 30}).letters == 30
    with pytest.raises(ParameterError, match="did you mean 'letters'"):
        Limits.build({"leters": 30})
    with pytest.raises(ParameterError, match="shortest"):
        Limits(shortest=-1)


def test_a_problem_is_a_value() -> None:
    found = problems(Cues(cues=(cue(0, 0.5), cue(0.5, 9, "word " * 40))))
    assert len(found) > 2
    for problem in found:
        assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem
        assert problem.kind in KINDS
    with pytest.raises(ParameterError, match="kind"):
        Problem(cue=0, kind="ugly", figure=0, limit=0, fix=Edit.of("delete", which=0))


def test_what_is_made_of_speech_has_few_problems() -> None:
    said = [
        Word(text=f"word{i}{'.' if i % 9 == 8 else ''}", start=i / 2.5, end=(i + 1) / 2.5)
        for i in range(900)
    ]
    assert problems(caption(Transcript(words=tuple(said)))) == ()
