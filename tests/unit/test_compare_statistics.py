"""Exact binomials, Holm, Bradley and Terry: against numbers worked out by hand or published."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest

from workbench.errors import ParameterError
from workbench.speech.chance import MOST, binomial_interval, binomial_p, holm
from workbench.speech.ranking import bradley_terry

# Agresti, Categorical Data Analysis (2nd ed. 2002), table 10.10: wins of the row over the column
# in the American League East of 1987.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
GAMES = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
# The coefficients and standard errors against Baltimore that Turner and Firth print for the same
# table ("Bradley-Terry Models in R: The BradleyTerry2 Package", Journal of Statistical Software 48,
# 2012).
PUBLISHED = {
    "Milwaukee": (1.5814, 0.3433),
    "Detroit": (1.4364, 0.3396),
    "Toronto": (1.2945, 0.3367),
    "New York": (1.2476, 0.3359),
    "Boston": (1.1077, 0.3339),
    "Cleveland": (0.6839, 0.3319),
}


@pytest.mark.parametrize(
    ("wins", "trials", "cases"),
    [
        (0, 0, 1),
        (5, 5, 2),  # of 32: all heads, all tails
        (6, 6, 2),
        (8, 10, 2 * (1 + 10 + 45)),
        (2, 10, 2 * (1 + 10 + 45)),
        (5, 10, 2**10),
        (9, 12, 2 * (1 + 12 + 66 + 220)),
    ],
)
def test_two_sided_is_both_tails_of_a_fair_coin(wins: int, trials: int, cases: int) -> None:
    assert binomial_p(wins, trials) == cases / 2**trials


@pytest.mark.parametrize(
    ("right", "trials", "cases"),
    [(16, 16, 1), (12, 16, 1 + 16 + 120 + 560 + 1820), (0, 16, 2**16), (9, 10, 11)],
)
def test_one_sided_counts_as_many_or_more(right: int, trials: int, cases: int) -> None:
    assert binomial_p(right, trials, sided="greater") == cases / 2**trials
    assert binomial_p(trials - right, trials, sided="less") == cases / 2**trials


def test_an_unfair_chance_is_summed_over_what_is_no_likelier() -> None:
    """With one in three the two tails are not alike: each count is looked at by itself."""
    likely = [math.comb(9, k) * (1 / 3) ** k * (2 / 3) ** (9 - k) for k in range(10)]
    for wins in range(10):
        expected = sum(p for p in likely if p <= likely[wins] * (1 + 1e-7))
        assert binomial_p(wins, 9, chance=1 / 3) == pytest.approx(expected, rel=1e-12)
    assert binomial_p(6, 9, chance=1 / 3, sided="greater") == pytest.approx(sum(likely[6:]))
    assert binomial_p(6, 9, chance=1 / 3, sided="less") == pytest.approx(sum(likely[:7]))


def test_many_trials_do_not_overflow() -> None:
    assert 0.038 < binomial_p(5_104, MOST) < 0.039  # 2.07 standard deviations
    assert binomial_p(MOST, MOST) < 1e-300
    assert binomial_p(3_000, MOST, chance=0.3) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "options", "subject"),
    [
        ((3, 2), {}, "wins"),
        ((-1, 2), {}, "wins"),
        ((True, 2), {}, "wins"),
        ((1.0, 2), {}, "wins"),
        ((1, MOST + 1), {}, "trials"),
        ((1, 2), {"chance": 0}, "chance"),
        ((1, 2), {"chance": math.nan}, "chance"),
        ((1, 2), {"sided": "both"}, "sided"),
    ],
)
def test_counts_that_are_none_are_refused(arguments: Any, options: Any, subject: str) -> None:
    with pytest.raises(ParameterError) as caught:
        binomial_p(*arguments, **options)
    assert caught.value.subject == subject


def test_clopper_and_pearson_solve_their_equations() -> None:
    """The low end is where as many wins or more have 2.5 %, the high end where as few have."""
    for wins, trials in ((1, 7), (8, 10), (13, 29), (99, 100)):
        low, high = binomial_interval(wins, trials)
        assert binomial_p(wins, trials, chance=low, sided="greater") == pytest.approx(0.025)
        assert binomial_p(wins, trials, chance=high, sided="less") == pytest.approx(0.025)


def test_clopper_and_pearson_at_the_ends() -> None:
    assert binomial_interval(0, 10) == pytest.approx((0.0, 1 - 0.025 ** (1 / 10)))
    assert binomial_interval(10, 10) == pytest.approx((0.025 ** (1 / 10), 1.0))
    assert binomial_interval(0, 0) == (0.0, 1.0)
    narrow = binomial_interval(5, 10, confidence=0.5)
    assert binomial_interval(5, 10)[0] < narrow[0] < 0.5 < narrow[1]
    with pytest.raises(ParameterError):
        binomial_interval(5, 10, confidence=1)


def test_holm_steps_down() -> None:
    assert holm([]) == ()
    assert holm([0.04]) == (0.04,)
    assert holm([0.02, 0.02]) == (0.04, 0.04)
    assert holm([0.5, 0.9, 0.001]) == (1.0, 1.0, 0.003)


@pytest.mark.parametrize("team", PUBLISHED)
def test_baseball_comes_out_as_published(team: str) -> None:
    strength, error = bradley_terry(GAMES).gap(TEAMS.index(team), TEAMS.index("Baltimore"))
    assert (round(strength, 4), round(error, 4)) == PUBLISHED[team]


def test_the_estimate_solves_the_likelihood_equations() -> None:
    """At the maximum everybody wins as often as is expected of him."""
    games = np.array(GAMES)
    found = bradley_terry(games)
    for i, j in itertools.permutations(range(7), 2):
        assert found.chance(i, j) + found.chance(j, i) == pytest.approx(1.0)
    met = games + games.T
    for i in range(7):
        expected = sum(met[i, j] * found.chance(i, j) for j in range(7) if j != i)
        assert expected == pytest.approx(games[i].sum(), rel=1e-9)
    assert not found.regularised
    assert sum(found.logs) == pytest.approx(0, abs=1e-12)


def test_two_competitors_are_their_odds() -> None:
    found = bradley_terry([[0, 9], [3, 0]])
    gap, error = found.gap(0, 1)
    assert gap == pytest.approx(math.log(3))
    assert error == pytest.approx(math.sqrt(1 / 9 + 1 / 3))  # of a logarithm of odds
    assert found.against_average(0) == pytest.approx(1 / (1 + math.exp(-math.log(3) / 2)))


def test_who_always_won_has_a_strength_all_the_same() -> None:
    """Without a tie more for each pair the likelihood grows for ever, and so would the strength."""
    found = bradley_terry([[0, 5, 5], [0, 0, 3], [0, 2, 0]])
    assert found.regularised
    assert all(map(math.isfinite, (*found.logs, *found.errors)))
    assert found.logs[0] > found.logs[1] > found.logs[2]
    assert found.chance(0, 1) < 1
    by_hand = bradley_terry([[0, 5.5, 5.5], [0.5, 0, 3.5], [0.5, 2.5, 0]])
    assert not by_hand.regularised
    assert found.logs == pytest.approx(by_hand.logs)


@pytest.mark.parametrize(
    "wins",
    [
        [[0, 3, 0, 0], [2, 0, 0, 0], [0, 0, 0, 4], [0, 0, 1, 0]],  # two groups that never met
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]],  # one who was not heard
        [[0, 0], [0, 0]],  # nobody
        [[0, 2, 2], [1, 0, 0], [1, 0, 0]],  # fine: all by way of the first
    ],
)
def test_only_what_has_no_estimate_is_drawn_together(wins: list[list[int]]) -> None:
    found = bradley_terry(wins)
    assert found.regularised == (wins != [[0, 2, 2], [1, 0, 0], [1, 0, 0]])
    assert all(map(math.isfinite, (*found.logs, *found.errors)))
    if not any(map(any, wins)):
        assert found.logs == (0.0, 0.0)


def test_known_strengths_are_found_again_within_their_errors() -> None:
    """2,000 games a pair, drawn by known strengths: 95 % intervals miss rarely."""
    true = np.array([1.0, 0.4, 0.0, -0.5, -0.9])
    chance = random.Random(7)  # noqa: S311 - the same games each time
    wins = np.zeros((5, 5))
    for i, j in itertools.combinations(range(5), 2):
        for _ in range(2_000):
            won = chance.random() < 1 / (1 + math.exp(true[j] - true[i]))
            wins[(i, j) if won else (j, i)] += 1
    found = bradley_terry(wins)
    off = np.abs(np.array(found.logs) - true) / found.errors
    assert off.max() < 3
    assert max(found.errors) < 0.03


@pytest.mark.parametrize(
    "wins",
    [
        [],
        [[0]],
        [[0, 1]],
        [[0, 1, 2], [1, 0, 2]],
        [[0, -1], [1, 0]],
        [[0, math.nan], [1, 0]],
        [[0, math.inf], [1, 0]],
        [[1, 1], [1, 0]],
        [["a", "b"], ["c", "d"]],
        [[0, 1], [1]],
        np.zeros((201, 201)),
    ],
)
def test_what_is_no_table_of_wins_is_refused(wins: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        bradley_terry(wins)
    assert caught.value.subject == "wins"


@pytest.mark.parametrize("length", [3, 30, 100])
def test_a_chain_of_many_is_as_far_apart_as_its_links(length: int) -> None:
    """Each met the next alone; after 20,000 steps the estimate was still 3 % off at 30."""
    wins = np.diag(np.full(length - 1, 99.0), 1) + np.diag(np.ones(length - 1), -1)
    found = bradley_terry(wins)
    gaps = [found.gap(i, i + 1)[0] for i in range(length - 1)]
    assert gaps == pytest.approx([math.log(99)] * (length - 1), abs=1e-9)
