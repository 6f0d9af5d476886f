"""Captions edited: text, cuts and times, and what happens to the times of the words."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from workbench.captions.cues import Cue, Cues, caption
from workbench.captions.editing import (
    OPERATIONS,
    Edit,
    Found,
    History,
    delete,
    find,
    insert,
    merge,
    move,
    rebreak,
    retype,
    shift,
    snap,
    split,
    stretch,
    substitute,
)
from workbench.errors import ParameterError
from workbench.timing import Span, Transcript, Word


def words(*told: Any) -> Any:
    return tuple(Word(text=text, start=start, end=end) for text, start, end in told)


@pytest.fixture
def cues() -> Any:
    """Three cues with words as heard: two that touch, a pause, one more."""
    return Cues(
        cues=(
            Cue(
                start=0,
                end=2,
                lines=(
                    words(("One", 0, 0.3), ("two", 0.9, 1.1)),
                    words(("three.", 1.2, 1.8)),
                ),
                speaker="Ana",
            ),
            Cue(start=2, end=3, lines=(words(("Four?", 2.1, 2.6)),), speaker="Ana"),
            Cue(start=4, end=6, lines=(words(("Five", 4, 4.4), ("six.", 5, 5.9)),)),
        ),
        language="en",
    )


def times(cues: Cues) -> Any:
    return [(round(cue.start, 6), round(cue.end, 6)) for cue in cues]


def spoken(cue: Any) -> Any:
    return [(word.text, round(word.start, 6), round(word.end, 6)) for word in cue.words]


# -- cut ------------------------------------------------------------------------------------------


def test_a_cue_is_cut_in_time_and_its_words_go_with_the_side_they_fall_into(cues: Cues) -> None:
    cut = split(cues, 0, at=1.0)
    assert times(cut)[:2] == [(0, 1), (1, 2)]
    # "two" is said from 0.9 to 1.1: its middle is at the cut, and so it is the second one's.
    assert spoken(cut[0]) == [("One", 0, 0.3)]
    assert spoken(cut[1]) == [("two", 1.0, 1.1), ("three.", 1.2, 1.8)]
    assert cut[1].text == "two\nthree."
    assert [cue.speaker for cue in cut] == ["Ana", "Ana", "Ana", ""]
    assert cut.language == "en"
    assert len(cues) == 3


def test_a_cue_is_cut_where_the_caret_stands(cues: Cues) -> None:
    """The time of the cut is then the word's own."""
    cut = split(cues, 0, letter=4)
    assert [cue.text for cue in cut][:2] == ["One", "two\nthree."]
    assert times(cut)[:2] == [(0, 0.9), (0.9, 2)]
    after_the_line = split(cues, 0, letter=8)
    assert [cue.text for cue in after_the_line][:2] == ["One two", "three."]
    before_the_line_end = split(cues, 0, letter=7)
    assert before_the_line_end == after_the_line


def test_a_word_is_cut_between_letters_and_shares_its_time(cues: Cues) -> None:
    cut = split(cues, 1, letter=2)
    assert [spoken(cue) for cue in cut[1:3]] == [[("Fo", 2.1, 2.3)], [("ur?", 2.3, 2.6)]]
    cut = split(cues, 1, at=2.5)
    assert [cue.text for cue in cut[1:3]] == ["Fo", "ur?"]
    assert times(cut)[1:3] == [(2, 2.5), (2.5, 3)]


def test_every_side_of_a_cut_has_a_word(cues: Cues) -> None:
    """At a time after the last word, the last word alone is shown after it."""
    cut = split(cues, 0, at=1.95)
    assert [cue.text for cue in cut][:2] == ["One two", "three."]
    assert [cue.text for cue in split(cues, 0, at=0.05)][:2] == ["One", "two\nthree."]
    assert [cue.text for cue in split(cues, 0)][:2] == ["One two", "three."]


def test_a_cue_without_text_is_cut_too() -> None:
    one = insert(Cues(cues=()), 0, end=2)
    assert times(split(one, 0)) == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"at": 0}, "not within the cue"),
        ({"at": 2.0}, "not within the cue"),
        ({"at": math.nan}, "at: must be 0 to"),
        ({"at": True}, "at: must be 0 to"),
        ({"letter": 0}, "end of its text"),
        ({"letter": 14}, "end of its text"),
        ({"letter": 99}, "whole number from 0 to 14"),
        ({"letter": 1.5}, "whole number"),
        ({"at": 1, "letter": 4}, "by time and by letter"),
    ],
)
def test_a_cut_that_cannot_be_is_refused(cues: Cues, options: Any, told: Any) -> None:
    with pytest.raises(ParameterError, match=told):
        split(cues, 0, **options)


def test_one_letter_cannot_be_cut() -> None:
    one = insert(Cues(cues=()), 0, end=2, text="I")
    with pytest.raises(ParameterError, match="cannot be cut"):
        split(one, 0, at=1)


def test_a_family_of_emoji_is_one_letter() -> None:
    one = insert(Cues(cues=()), 0, end=2, text="👩‍👩‍👧🇪🇸")
    assert [cue.text for cue in split(one, 0, at=1)] == ["👩‍👩‍👧", "🇪🇸"]


@pytest.mark.parametrize("index", [3, -4, "0", 1.0, True, None])
def test_there_must_be_such_a_cue(cues: Cues, index: Any) -> None:
    for edit in (split, lambda c, i: retype(c, i, "x"), rebreak, merge):
        with pytest.raises(ParameterError, match=r"caption at|number"):
            edit(cues, index)


def test_neighbours_are_merged_and_keep_their_words(cues: Cues) -> None:
    joined = merge(cues, 0)
    assert times(joined) == [(0, 3), (4, 6)]
    assert joined[0].text == "One two\nthree.\nFour?"
    assert joined[0].words == cues.words[:4]
    assert joined[0].speaker == "Ana"
    everything = merge(cues, 0, 2)
    assert times(everything) == [(0, 6)]
    assert everything[0].speaker == ""
    with pytest.raises(ParameterError, match="no caption after it"):
        merge(cues, 2)
    with pytest.raises(ParameterError, match="later cue"):
        merge(cues, 1, 1)


def test_cut_and_merged_is_as_before(cues: Cues) -> None:
    assert merge(split(cues, 2, letter=5), 2)[2].words == cues[2].words
    with_a_new_one = insert(cues, 3.2, end=3.8)
    assert merge(with_a_new_one, 1)[1].text == "Four?"


def test_a_cue_is_put_where_there_is_room(cues: Cues) -> None:
    more = insert(cues, 3.2, text="New  one")
    assert times(more)[2] == (3.2, 4)
    assert more[2].text == "New one"
    assert [w.text for w in more[2].words] == ["New", "one"]
    assert times(insert(cues, 6))[-1] == (6, 8)
    for start, end in ((1, None), (3.5, 4.5), (5, 5.5), (3.99, 4)):
        with pytest.raises(ParameterError, match="no room"):
            insert(cues, start, end=end)
    assert times(insert(cues, 1, end=1.5, overlap=True))[1] == (1, 1.5)


def test_cues_are_deleted(cues: Cues) -> None:
    assert delete(cues, 1).cues == (cues[0], cues[2])
    assert delete(cues, slice(1, None)).cues == cues.cues[:1]
    assert delete(cues, [0, -1]).cues == (cues[1],)
    assert len(delete(cues, None)) == 0
    for which in (7, [0, 9], "1", {"a": 1}, slice("a", None), 1.5):
        with pytest.raises(ParameterError):
            delete(cues, which)  # type: ignore[arg-type]


def test_lines_are_broken_anew(cues: Cues) -> None:
    one = retype(cues, 2, "This line is far too long\nfor\nwhat there is room for.")
    broken = rebreak(one, 2, letters=30)
    assert broken[2].text == "This line is far too long\nfor what there is room for."
    assert times(broken) == times(cues)
    several = rebreak(one, 2, letters=12, lines=2)
    assert len(several) > 3
    assert all(len(line) <= 12 for cue in several[2:] for line in cue.text.split("\n"))
    assert times(several)[2][0] == 4
    assert times(several)[-1][1] == 6
    assert [w.text for c in several[2:] for w in c.words] == [w.text for w in one[2].words]


def test_ideographs_are_broken_anew() -> None:
    one = insert(Cues(cues=()), 0, end=6, text="今日は三回練習しましたとても楽しかったです")
    broken = rebreak(one, 0, letters=5, lines=1)
    assert "".join(broken.text.split()) == "".join(one.text.split())
    assert max(len(cue.text) for cue in broken) <= 5


# -- text -----------------------------------------------------------------------------------------


def test_words_that_stay_keep_their_times(cues: Cues) -> None:
    corrected = retype(cues, 0, "One too\nthree!")
    assert spoken(corrected[0]) == [("One", 0, 0.3), ("too", 0.9, 1.1), ("three!", 1.2, 1.8)]
    assert corrected[0].text == "One too\nthree!"
    more = retype(cues, 0, "One and a two three.")
    # What is new stands in the silence between its neighbours, shared by letters.
    assert spoken(more[0]) == [
        ("One", 0, 0.3),
        ("and", 0.3, 0.75),
        ("a", 0.75, 0.9),
        ("two", 0.9, 1.1),
        ("three.", 1.2, 1.8),
    ]
    fewer = retype(cues, 0, "One three.")
    assert spoken(fewer[0]) == [("One", 0, 0.3), ("three.", 1.2, 1.8)]


def test_where_there_is_no_silence_a_neighbour_gives_of_its_time() -> None:
    """A word of no length would never light up."""
    tight = Cues(cues=(Cue(start=0, end=1, lines=(words(("ab", 0, 0.4), ("cd", 0.4, 1.0)),)),))
    assert spoken(retype(tight, 0, "ab xy cd")[0]) == [
        ("ab", 0, 0.2),
        ("xy", 0.2, 0.4),
        ("cd", 0.4, 1.0),
    ]
    first = retype(tight, 0, "xy ab cd")[0]
    assert [w.text for w in first.words] == ["xy", "ab", "cd"]
    assert all(w.start <= w.end <= 1 for w in first.words)


def test_capital_letters_and_marks_do_not_make_another_word(cues: Cues) -> None:
    assert spoken(retype(cues, 2, "five, SIX")[2]) == [("five,", 4, 4.4), ("SIX", 5, 5.9)]


def test_a_text_can_be_taken_away_and_given_back(cues: Cues) -> None:
    empty = retype(cues, 1, " \n ")
    assert empty[1].text == ""
    assert times(empty) == times(cues)
    assert spoken(retype(empty, 1, "Four?")[1]) == [("Four?", 2, 3)]


def test_estimated_times_are_estimated_anew() -> None:
    """Of a file, only the cue's times are known: the words follow them."""
    one = insert(Cues(cues=()), 0, end=4, text="ab cd")
    assert spoken(retype(one, 0, "ab cd ef gh")[0])[0] == ("ab", 0, 1)
    assert spoken(move(one, 0, end=2)[0]) == [("ab", 0, 1), ("cd", 1, 2)]


@pytest.mark.parametrize("text", [None, 3, "x" * 2001])
def test_what_is_no_text_is_refused(cues: Cues, text: Any) -> None:
    with pytest.raises(ParameterError, match="text"):
        retype(cues, 0, text)


def test_text_is_found_over_the_ends_of_lines(cues: Cues) -> None:
    assert find(cues, "TWO three") == (Found(cue=0, start=4, end=13),)
    assert find(cues, "TWO", case=True) == ()
    assert [f.cue for f in find(cues, "i")] == [2, 2]
    assert find(cues, "si", whole_words=True) == ()
    assert find(cues, "six", whole_words=True) == find(cues, "six")
    assert len(find(cues, "?", whole_words=True)) == 1
    place = find(cues, "Four")[0]
    assert Found.from_dict(json.loads(json.dumps(place.to_dict()))) == place


def test_nothing_that_is_looked_for_is_a_pattern(cues: Cues) -> None:
    """With patterns, this one would keep an old system busy for years."""
    one = insert(Cues(cues=()), 0, text="a" * 1900)
    assert find(one, "(a+)+$") == ()
    assert find(one, "a" * 1000 + "b") == ()
    assert find(insert(cues, 6, text=r"a\d{2}[x](.*)"), r"\d{2}[x](.*)")[0].cue == 3
    for text in ("", "  ", None, "x" * 2001):
        with pytest.raises(ParameterError, match="to look for"):
            find(cues, text)  # type: ignore[arg-type]


def test_text_is_replaced_and_the_words_around_keep_their_times(cues: Cues) -> None:
    changed = substitute(cues, "two", r"\1 or so")
    assert changed[0].text == "One \\1 or so\nthree."
    assert spoken(changed[0])[0] == ("One", 0, 0.3)
    assert spoken(changed[0])[-1] == ("three.", 1.2, 1.8)
    assert changed.cues[1:] == cues.cues[1:]
    assert substitute(cues, "i", "y", which=[2]).text.endswith("Fyve syx.")
    with pytest.raises(ParameterError, match="in none of the captions"):
        substitute(cues, "two", "2", which=1)
    assert delete_word(cues).text == "One\nthree.\nFour?\nFive six."


def delete_word(cues: Cues) -> Any:
    return substitute(cues, " two", "")


# -- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("neighbours", "expected"),
    [
        ("stop", [(0, 2), (2, 4), (4, 6)]),
        ("roll", [(0, 2), (2, 4.5), (4.5, 6)]),
        ("push", [(0, 2), (2, 4.5), (4.5, 6.5)]),
        ("overlap", [(0, 2), (2, 4.5), (4, 6)]),
    ],
)
def test_an_edge_meets_the_next_cue(cues: Cues, neighbours: Any, expected: Any) -> None:
    assert times(move(cues, 1, end=4.5, neighbours=neighbours)) == expected


@pytest.mark.parametrize(
    ("neighbours", "expected"),
    [
        ("stop", [(0, 2), (2, 3), (3, 6)]),
        ("roll", [(0, 2), (2, 2.5), (2.5, 6)]),
        ("push", [(-0.5, 1.5), (1.5, 2.5), (2.5, 6)]),
        ("overlap", [(0, 2), (2, 3), (2.5, 6)]),
    ],
)
def test_an_edge_meets_the_cue_before(cues: Cues, neighbours: Any, expected: Any) -> None:
    later = shift(cues, 1)  # so that there is somewhere to be pushed to
    moved = move(later, 2, start=3.5, neighbours=neighbours)
    assert times(shift(moved, -0.5)) == [(a + 0.5, b + 0.5) for a, b in expected]


def test_nothing_is_pushed_before_the_start(cues: Cues) -> None:
    moved = move(cues, 1, start=0.5, neighbours="push")
    assert times(moved)[:2] == [(0, 2), (2, 3)]


def test_edges_that_touch_roll_together(cues: Cues) -> None:
    assert times(move(cues, 0, end=1.5, neighbours="roll"))[:2] == [(0, 1.5), (1.5, 3)]
    assert times(move(cues, 1, start=1.5, neighbours="roll"))[:2] == [(0, 1.5), (1.5, 3)]
    # As far as there is a cue.
    assert times(move(cues, 0, end=9, neighbours="roll"))[:2] == [(0, 2.98), (2.98, 3)]
    assert times(move(cues, 1, start=0, neighbours="roll"))[:2] == [(0, 0.02), (0.02, 3)]


def test_words_stay_within_their_cue(cues: Cues) -> None:
    moved = move(cues, 0, start=1.0)
    assert spoken(moved[0]) == [("One", 1, 1), ("two", 1, 1.1), ("three.", 1.2, 1.8)]
    assert move(cues, 0, end=2) == cues


@pytest.mark.parametrize(
    ("edges", "told"),
    [
        ({"start": 3}, "would last from"),
        ({"end": 2}, "would last from"),
        ({"start": -1}, "start: must be"),
        ({"end": math.inf}, "end: must be"),
        ({"end": 10**400}, "end: must be"),
        ({"end": "3"}, "end: must be"),
        ({"end": 3, "neighbours": "role"}, "did you mean 'roll'"),
    ],
)
def test_an_edge_that_cannot_be_there_is_refused(cues: Cues, edges: Any, told: Any) -> None:
    with pytest.raises(ParameterError, match=told):
        move(cues, 1, **edges)


def test_cues_that_overlap_already_may_be_moved_apart() -> None:
    over = Cues(
        cues=(
            Cue(start=0, end=3, lines=(words(("a", 0, 1)),)),
            Cue(start=2, end=4, lines=(words(("b", 2, 3)),)),
        )
    )
    assert times(move(over, 0, end=2)) == [(0, 2), (2, 4)]
    assert times(move(over, 1, end=5)) == [(0, 3), (2, 5)]
    assert times(move(over, 0, end=3.5)) == [(0, 3), (2, 4)]


def test_shifting_takes_all_or_some_along(cues: Cues) -> None:
    assert times(shift(cues, 1.5)) == [(1.5, 3.5), (3.5, 4.5), (5.5, 7.5)]
    assert shift(cues, 1.5).words[0].start == 1.5
    assert times(shift(cues, 1, slice(1, None))) == [(0, 2), (3, 4), (5, 7)]
    assert times(shift(cues, 0.5, [1])) == [(0, 2), (2.5, 3.5), (4, 6)]
    assert shift(cues, 0) is cues


def test_shifting_onto_another_is_refused_pushed_or_asked_for(cues: Cues) -> None:
    with pytest.raises(
        ParameterError, match=r"caption 2: would stand over caption 3; shift by 1.000 s"
    ):
        shift(cues, 1.5, 1)
    with pytest.raises(
        ParameterError, match=r"caption 2: would stand over caption 1; shift by -0.000 s"
    ):
        shift(cues, -0.5, 1)
    assert times(shift(cues, 1.5, 1, against="push")) == [(0, 2), (3.5, 4.5), (4.5, 6.5)]
    assert times(shift(cues, 2.5, 1, against="overlap")) == [(0, 2), (4, 6), (4.5, 5.5)]
    with pytest.raises(ParameterError, match="caption 1: would be pushed to before 0"):
        shift(cues, -0.5, 1, against="push")
    later = shift(cues, 1)
    assert times(shift(later, -0.5, 1, against="push")) == [(0.5, 2.5), (2.5, 3.5), (5, 7)]


def test_nothing_is_shifted_before_the_start(cues: Cues) -> None:
    with pytest.raises(ParameterError, match=r"caption 2: would begin before 0, at -0.500 s"):
        shift(cues, -2.5, slice(1, None))
    for by in (math.nan, "1", 1e9, True):
        with pytest.raises(ParameterError, match="by: must be"):
            shift(cues, by)  # type: ignore[arg-type]


def test_cues_are_laid_on_other_media_by_two_points(cues: Cues) -> None:
    """25 frames a second shown at 24: all is 25/24 as long."""
    slower = stretch(cues, (0, 0), (6, 6.25))
    assert times(slower)[-1] == (4.166667, 6.25)
    assert slower.words[-1].end == pytest.approx(5.9 * 25 / 24)
    assert times(stretch(slower, (0, 0), (6.25, 6))) == times(cues)
    for second in ((0, 1), (6, -1), (6, 0), (6,), None, (6, "7")):
        with pytest.raises(ParameterError):
            stretch(cues, (0, 0), second)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="caption 1: would begin before 0"):
        stretch(cues, (3, 1), (4, 2))


def test_a_cue_is_laid_on_the_words_that_are_heard(cues: Cues) -> None:
    heard = [Span(start=4.1, end=4.5), Span(start=5.0, end=5.8)]
    assert times(snap(cues, 2, heard))[-1] == (4.1, 5.8)
    with pytest.raises(ParameterError, match=r"within 0\.1 s"):
        snap(cues, 0, heard, reach=0.1)
    # Only what is within reach moves.
    assert times(snap(cues, 2, [Span(start=0, end=6.2)]))[-1] == (4, 6.2)


# -- values ---------------------------------------------------------------------------------------


def test_an_edit_is_a_value(cues: Cues) -> None:
    edits = [
        Edit.of("split", index=0, at=1.0),
        Edit.of("shift", by=1, which=slice(1, None)),
        Edit.of("shift", by=0.5, which=(0, 1, 2)),
        Edit.of("stretch", first=(0, 0), second=(6, 7)),
        Edit.of("substitute", old="two", new="2"),
    ]
    for edit in edits:
        again = Edit.from_dict(json.loads(json.dumps(edit.to_dict())))
        assert again(cues) == edit(cues)
        assert again.op == edit.op
    assert edits[0] == Edit.of("split", index=0, at=1.0)
    assert len({edits[0], Edit.of("split", index=0, at=1.0)}) == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "no operation"),
        ({"op": 3}, "no operation"),
        ({"op": "__import__"}, "no operation"),
        ({"op": "split", "indx": 0}, "did you mean 'index'"),
        ({"op": "split"}, "missing a required argument: 'index'"),
        ({"op": "split", "index": 0, "cues": 1}, "no argument"),
    ],
)
def test_an_edit_that_is_none_is_refused(data: Any, told: Any) -> None:
    with pytest.raises(ParameterError, match=told):
        Edit.from_dict(data)


def test_every_operation_is_a_function_of_cues_with_its_name() -> None:
    from workbench.captions import editing

    for name, operation in OPERATIONS.items():
        assert getattr(editing, name) is operation


def test_what_was_done_is_undone_and_done_again(cues: Cues) -> None:
    history = History(present=cues)
    for edit in (Edit.of("split", index=0, at=1), Edit.of("delete", which=0)):
        history = history.after(edit(history.present), edit.op)
    assert [step.label for step in history.past] == ["split", "delete"]
    back = history.undo().undo()
    assert back.present == cues
    assert [step.label for step in back.future] == ["delete", "split"]
    assert back.redo().redo().present == history.present
    # A new edit ends what could be done again.
    assert back.after(shift(cues, 1), "shift").future == ()
    with pytest.raises(ParameterError, match="nothing to undo"):
        back.undo()
    with pytest.raises(ParameterError, match="nothing to do again"):
        history.redo()
    assert history.after(history.present, "nothing") is history


def test_a_visit_to_a_field_is_undone_as_one(cues: Cues) -> None:
    history = History(present=cues)
    for text in ("F", "Fo", "Fou", "Four!"):
        history = history.after(retype(history.present, 1, text), "retype", visit="7")
    history = history.after(retype(history.present, 1, "More"), "retype", visit="8")
    assert len(history.past) == 2
    assert history.undo().present[1].text == "Four!"
    assert history.undo().undo().present == cues
    # After an undo, going on typing in the same field is another step.
    again = history.undo().after(retype(cues, 1, "F"), "retype", visit="7")
    assert len(again.past) == 2


def test_an_edit_touches_no_more_than_it_changes() -> None:
    """An hour of captions, edited 500 times, is held once."""
    said = [
        Word(text=f"word{i}{'.' if i % 9 == 8 else ''}", start=i / 3, end=(i + 1) / 3)
        for i in range(9000)
    ]
    many = caption(Transcript(words=tuple(said)))
    assert len(many) >= 1000
    for edit in (Edit.of("retype", index=500, text="x"), Edit.of("split", index=500)):
        after = edit(many)
        kept = {id(cue) for cue in many}
        assert sum(id(cue) not in kept for cue in after) <= 2
