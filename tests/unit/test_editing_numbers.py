"""Numbers of cues: who named one before an edit means the same one after it."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest

from workbench.captions.cues import Cues
from workbench.captions.editing import delete, insert, merge, move, retype, shift, split
from workbench.captions.numbered import Change, Numbered
from workbench.errors import ParameterError


def some(count: int = 5) -> Cues:
    cues = Cues(cues=())
    for i in range(count):
        cues = insert(cues, i * 2, end=i * 2 + 1, text=f"cue {i}")
    return cues


def test_a_cue_that_changes_in_place_keeps_its_number() -> None:
    before = Numbered.of(some())
    after, change = before.after(retype(before.cues, 2, "other"))
    assert after.numbers == before.numbers
    assert change == Change(first=2, removed=1, added=1)
    again, nothing = after.after(after.cues)
    assert again.numbers == before.numbers
    assert (nothing.removed, nothing.added) == (0, 0)


def test_of_a_cut_and_a_merge_the_first_keeps_its_number() -> None:
    before = Numbered.of(some())
    cut, change = before.after(split(before.cues, 1))
    assert cut.numbers == (0, 1, 5, 2, 3, 4)
    assert change == Change(first=1, removed=1, added=2)
    joined, change = cut.after(merge(cut.cues, 1))
    assert joined.numbers == before.numbers
    assert change == Change(first=1, removed=2, added=1)


def test_numbers_are_never_given_twice() -> None:
    before = Numbered.of(some())
    gone, _ = before.after(delete(before.cues, [1, 3]))
    assert gone.numbers == (0, 2, 4)
    back, change = gone.after(before.cues)
    assert back.numbers == (0, 5, 2, 6, 4)
    assert change == Change(first=1, removed=1, added=3)
    with pytest.raises(ParameterError, match="caption 1 is there no more"):
        back.index(1)
    with pytest.raises(ParameterError, match="no more"):
        back.index("0")
    assert back.index(5) == 1


def test_cues_that_change_places_take_their_numbers_along() -> None:
    before = Numbered.of(some())
    after, change = before.after(shift(before.cues, 2.5, 1, against="overlap"))
    # The second now stands after the third: the third is the same value as before.
    assert [after.cues[i].text for i in range(5)] == ["cue 0", "cue 2", "cue 1", "cue 3", "cue 4"]
    assert after.numbers == (0, 2, 1, 3, 4)
    assert change == Change(first=1, removed=2, added=2)


def test_a_change_says_all_that_a_page_has_to_draw_again() -> None:
    """Who replaces the rows that a change names has what Python has, after any row of edits."""
    rng = random.Random(3)  # noqa: S311 - no secret
    numbered = Numbered.of(some(12))
    page = list(zip(numbered.numbers, numbered.cues, strict=True))
    for _ in range(300):
        cues, i = numbered.cues, rng.randrange(len(numbered.cues))
        edits: list[tuple[Any, ...]] = [
            (split, i),
            (merge, min(i, len(cues) - 2)),
            (retype, i, f"text {rng.random():.3f}"),
            (shift, 0.5, slice(i, None)),
            (delete, i if len(cues) > 4 else []),
            (partial(shift, against="overlap"), rng.uniform(0, 9), i),
            (partial(move, end=cues[i].end + 0.01), i),
            (partial(insert, end=40, text="new", overlap=True), rng.uniform(0, 30)),
        ]
        edit, *told = rng.choice(edits)
        try:
            after = edit(cues, *told)
        except ParameterError:
            continue
        numbered, change = numbered.after(after)
        rows = list(zip(numbered.numbers, numbered.cues, strict=True))
        span = slice(change.first, change.first + change.removed)
        page[span] = rows[change.first : change.first + change.added]
        assert page == rows
        assert len(set(numbered.numbers)) == len(numbered.numbers)
