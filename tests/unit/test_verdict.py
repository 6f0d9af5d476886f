"""The result of a blind comparison in words: never more than its numbers say."""

from __future__ import annotations

import pytest

from workbench.speech.tally import Tally, count
from workbench.speech.trials import Answer, Trial
from workbench.speech.verdict import LEVEL


def tally(kind: str, *pairs: tuple[str, str, int, int, int]) -> Tally:
    """Return the tally of pairs, each with its wins, losses and ties."""
    session = []
    for first, second, wins, losses, ties in pairs:
        for number in range(wins + losses + ties):
            choice = "A" if number < wins else "B" if number < wins + losses else "none"
            uid = f"{len(session):016x}"
            trial = Trial(uid=uid, a=first, b=second, x=first if kind == "abx" else "")
            session.append((trial, Answer(trial=uid, choice=choice)))
    labels = list(dict.fromkeys(label for pair in pairs for label in pair[:2]))
    return count([session], kind=kind, labels=labels or ["a", "b"])


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        (("a", "b", 2, 10, 0), "“b” was preferred 10 to 2: more than chance would (p = 0.039,"),
        (("a", "b", 10, 2, 3), "“a” was preferred 10 to 2, 3 even: more than chance would"),
        (("a", "b", 40, 2, 0), "“a” was preferred 40 to 2: more than chance would (p < 0.001,"),
        (("a", "b", 6, 6, 0), "No preference shown: 6 to 6 (chance alone does this often, p = 1.0"),
        (("a", "b", 5, 7, 0), "No preference shown: 7 to 5 for “b” (chance alone does this often"),
        (
            ("a", "b", 9, 2, 0),
            "No preference shown: 9 to 2 for “a” (chance alone does this now and",
        ),
        (("a", "b", 5, 0, 0), "No preference shown: 5 to 0 for “a” (so few answers can show none,"),
        (("a", "b", 0, 0, 4), "No preference shown: no difference was heard in any of 4 trials."),
    ],
)
def test_two_takes(pair: tuple[str, str, int, int, int], told: str) -> None:
    found = tally("ab", pair)
    assert found.verdict.startswith(told)
    claimed = "was preferred" in found.verdict
    assert claimed == (found.pairs[0].p < LEVEL)
    assert str(found).startswith(f"{found.verdict}\n")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (13, 3, "X was recognised 13 of 16 times: a difference is heard (p = 0.011, below 0.05)."),
        (8, 8, "X was recognised 8 of 16 times: no difference shown (chance alone does this often"),
        (4, 0, "X was recognised 4 of 4 times: no difference shown (so few answers can show none"),
        (0, 16, "X was recognised 0 of 16 times: no difference shown"),
    ],
)
def test_abx(right: int, wrong: int, told: str) -> None:
    assert tally("abx", ("a", "b", right, wrong, 0)).verdict.startswith(told)


def test_several_takes_claim_what_stands_once_it_is_corrected() -> None:
    # Alone, 10 to 2 would be enough (p = 0.039); of three pairs it is not.
    found = tally("ab", ("a", "b", 10, 2, 0), ("a", "c", 12, 0, 0), ("b", "c", 6, 6, 0))
    assert found.pairs[0].p < LEVEL < found.pairs[0].adjusted
    assert found.verdict == (
        "“a” came first; more than chance would: “a” over “c” 12 to 0 "
        "(p below 0.05, corrected for 3 pairs); the other 2 pairs may be chance."
    )
    found = tally("ab", ("a", "b", 10, 2, 0), ("a", "c", 7, 5, 0), ("b", "c", 6, 6, 0))
    assert found.verdict == (
        "“a” came first; no pair differs by more than chance would "
        "(lowest p = 0.12, corrected for 3 pairs, not below 0.05)."
    )


def test_takes_that_share_the_first_place_are_both_named() -> None:
    found = tally("ab", ("a", "b", 2, 2, 0), ("a", "c", 4, 0, 0), ("b", "c", 4, 0, 0))
    assert found.verdict.startswith("“a” and “b” share the first place; no pair differs")


def test_several_pairs_of_abx() -> None:
    found = tally("abx", ("a", "b", 16, 0, 0), ("a", "c", 8, 8, 0), ("b", "c", 9, 7, 0))
    assert found.verdict == (
        "A difference is heard between “a” and “b” (16 of 16) "
        "(p below 0.05, corrected for 3 pairs); the other 2 pairs may be chance."
    )
    assert tally("abx", ("a", "b", 4, 4, 0), ("a", "c", 4, 4, 0)).verdict.startswith(
        "No difference shown in any pair (lowest p = 1.0"
    )


def test_nothing_answered_and_hostile_labels() -> None:
    assert tally("ab").verdict == "Nothing was answered, so nothing is shown."
    told = tally("ab", ("x\ny" * 100, "b\u202e", 12, 0, 0)).verdict
    assert told.isprintable()
    assert len(told) < 150
