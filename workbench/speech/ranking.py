"""Ranks from comparisons in pairs: the strengths of Bradley and Terry, by Hunter's algorithm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import ParameterError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["UNHEARD", "Strengths", "bradley_terry"]

UNHEARD = 0.5
"""Wins that each has over each other where the answers alone leave a strength open."""

_STEPS = 1_000
_SETTLED = 1e-12
_NEWTON = 1_000  # steps where that was not enough
_FAR = 1.0  # in logarithms, that a step of Newton goes at the most
_MOST = 200  # competitors


@dataclass(frozen=True, kw_only=True)
class Strengths:
    """How strong each competitor is, so that the one beats the other with ``s / (s + t)``.

    Parameters
    ----------
    logs
        The natural logarithms of the strengths; their mean is 0, so 0 is an average competitor.
    covariance
        Of the logarithms, a row for each, from the information at the estimate.
    regularised
        Whether `UNHEARD` wins were added to every pair, because the answers alone have no
        estimate: someone always won, or always lost, or two groups never met.
    steps
        How many steps the algorithm took.

    Examples
    --------
    >>> strengths = bradley_terry([[0, 3], [1, 0]])
    >>> round(strengths.chance(0, 1), 6), strengths.regularised
    (0.75, False)
    """

    logs: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    regularised: bool
    steps: int

    @property
    def errors(self) -> tuple[float, ...]:
        """The standard errors of `logs`, which are distances from the average competitor."""
        return tuple(math.sqrt(max(0.0, row[i])) for i, row in enumerate(self.covariance))

    def chance(self, one: int, other: int) -> float:
        """Return the probability that the one beats the other."""
        return _logistic(self.logs[one] - self.logs[other])

    def against_average(self, one: int) -> float:
        """Return the probability that the one beats an average competitor."""
        return _logistic(self.logs[one])

    def gap(self, one: int, other: int) -> tuple[float, float]:
        """Return by how much the one is stronger, in logarithms, and the standard error of that."""
        between = self.covariance
        spread = between[one][one] + between[other][other] - 2 * between[one][other]
        return self.logs[one] - self.logs[other], math.sqrt(max(0.0, spread))


def bradley_terry(wins: Sequence[Sequence[float]] | NDArray[Any]) -> Strengths:
    """Return the strengths that make these wins most likely.

    The model is that of Bradley and Terry ("Rank analysis of incomplete block designs: I",
    Biometrika 39, 1952), the algorithm the minorization-maximization of Hunter ("MM algorithms for
    generalized Bradley-Terry models", Annals of Statistics 32, 2004, section 2): it never lowers
    the likelihood and needs no derivative. Where it creeps, as along a chain of many of whom each
    met the next alone, steps of Newton end it. A tie is half a win for each.

    An estimate exists only if, however the competitors are parted in two groups, somebody of each
    has beaten somebody of the other (Ford 1957; Hunter's assumption 1). Where that fails, as for a
    take that always won, every pair is given one tie that nobody heard, `UNHEARD` wins for each:
    strengths stay finite and in their order, drawn a little to the middle.

    Parameters
    ----------
    wins
        How often the competitor of the row beat that of the column, 0 or more; halves for ties.
        Shape ``(n, n)``, the diagonal 0, for 2 to 200 competitors.

    Raises
    ------
    ParameterError
        When it is no such table.

    Examples
    --------
    The games of Agresti's "Categorical Data Analysis" (2002, table 10.10), the American League East
    of 1987; the last is Baltimore, and Milwaukee the strongest:

    >>> games = [[0, 7, 9, 7, 7, 9, 11], [6, 0, 7, 5, 11, 9, 9], [4, 6, 0, 7, 7, 8, 12],
    ...          [6, 8, 6, 0, 6, 7, 10], [6, 2, 6, 7, 0, 7, 12], [4, 4, 5, 6, 6, 0, 6],
    ...          [2, 4, 1, 3, 1, 7, 0]]
    >>> strengths = bradley_terry(games)
    >>> [round(number, 3) for number in strengths.gap(0, 6)]
    [1.581, 0.343]
    """
    table = _table(wins)
    regularised = not _all_reach_all(table > 0)
    if regularised:
        table = table + UNHEARD * (1 - np.eye(len(table)))
    met = table + table.T
    won = table.sum(axis=1)
    strengths = np.ones(len(table))
    steps, moved = 0, math.inf
    while moved > _SETTLED and steps < _STEPS:
        steps += 1
        sums = strengths[:, np.newaxis] + strengths
        after = won / (met / sums).sum(axis=1)
        after /= np.exp(np.log(after).mean())
        moved = float(np.abs(np.log(after / strengths)).max())
        strengths = after
    logs = np.log(strengths)
    for _ in range(_NEWTON if moved > _SETTLED else 0):
        expected = met / (1 + np.exp(logs - logs[:, np.newaxis]))
        step = _covariance(np.exp(logs), met) @ (won - expected.sum(axis=1))
        logs = logs + step * min(1.0, _FAR / max(_FAR, float(np.abs(step).max())))
        steps += 1
        if np.abs(step).max() < _SETTLED:
            break
    strengths = np.exp(logs)
    return Strengths(
        logs=tuple(float(v) for v in logs - logs.mean()),
        covariance=tuple(tuple(float(v) for v in row) for row in _covariance(strengths, met)),
        regularised=regularised,
        steps=steps,
    )


def _table(wins: Sequence[Sequence[float]] | NDArray[Any]) -> NDArray[np.float64]:
    try:
        table = np.asarray(wins, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"is no table of numbers ({error})", subject="wins") from error
    if table.ndim != 2 or len(set(table.shape)) != 1 or not 2 <= len(table) <= _MOST:  # noqa: PLR2004
        raise ParameterError(
            f"needs a row and a column for each of 2 to {_MOST} competitors, "
            f"and has the shape {table.shape}",
            subject="wins",
        )
    if not np.isfinite(table).all() or (table < 0).any():
        raise ParameterError("must be finite and not below 0", subject="wins")
    own = np.flatnonzero(np.diagonal(table))
    if len(own):
        raise ParameterError(
            f"says that competitor {shown(int(own[0]))} beat itself", subject="wins"
        )
    return table


def _all_reach_all(beat: NDArray[np.bool_]) -> bool:
    """Whether each competitor beat each other one, if only by way of others."""
    for directed in (beat, beat.T):
        reached = np.zeros(len(beat), bool)
        reached[0] = True
        for _ in range(len(beat)):
            reached = reached | directed[reached].any(axis=0)
        if not reached.all():
            return False
    return True


def _covariance(strengths: NDArray[np.float64], met: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of the information on the logarithms, where their sum is fixed."""
    chances = strengths[:, np.newaxis] / (strengths[:, np.newaxis] + strengths)
    weights = met * chances * chances.T
    information = np.diag(weights.sum(axis=1)) - weights
    # The logarithms have no zero of their own, and the matrix one direction without information:
    # with that direction filled and taken out again it is what a pseudo-inverse would be.
    ones = np.full_like(information, 1 / len(information))
    inverse: NDArray[np.float64] = np.linalg.inv(information + ones) - ones
    return inverse


def _logistic(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))
