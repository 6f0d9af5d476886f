"""How likely a count is by chance alone: exact binomial tests, for the answers of a listener."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, shown
from workbench.speech.bounds import is_number, need_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MOST", "SIDES", "binomial_interval", "binomial_p", "holm"]

MOST = 10_000
"""The most trials that are counted."""

SIDES = ("two", "greater", "less")

_ALIKE = 1 + 1e-7  # two likelihoods that differ by less are the same: what R and scipy take
_HALVINGS = 60


def binomial_p(wins: int, trials: int, *, chance: float = 0.5, sided: str = "two") -> float:
    """Return the exact probability of a result this far from chance, or farther.

    Parameters
    ----------
    wins
        How often it happened, 0 to `trials`.
    trials
        Out of how many, up to `MOST`. None at all say nothing: 1.
    chance
        The probability in one trial if only chance decides, above 0 and below 1.
    sided
        ``two``: the sum over all counts that are no more likely than `wins`, as ``binom.test``
        of R and ``binomtest`` of scipy have it. ``greater``, ``less``: as many or more, as many
        or fewer; a listener who hears a difference is right more often, so ABX is ``greater``.

    Raises
    ------
    ParameterError
        When a count is out of range or `sided` is no such word.

    Examples
    --------
    Ten of ten is one case of 1,024, and none of ten the other:

    >>> binomial_p(10, 10) == 2 / 1024, binomial_p(12, 16, sided="greater") == 2517 / 65536
    (True, True)
    """
    _check(wins, trials)
    if not is_number(chance, 0, 1) or chance in {0, 1}:
        raise ParameterError(f"must be above 0 and below 1, not {shown(chance)}", subject="chance")
    if sided not in SIDES:
        raise ParameterError(
            f"must be one of {', '.join(SIDES)}, not {shown(sided)}", subject="sided"
        )
    if chance == 0.5:  # noqa: PLR2004 - whole numbers: exact to the last digit
        fewer = _half(min(wins, trials - wins), trials)
        if sided == "two":
            return min(1.0, 2 * fewer)
        return _half(wins if sided == "less" else trials - wins, trials)
    likely = _likelihoods(trials, chance)
    if sided == "less":
        return min(1.0, math.fsum(likely[: wins + 1]))
    if sided == "greater":
        return min(1.0, math.fsum(likely[wins:]))
    return min(1.0, math.fsum(p for p in likely if p <= likely[wins] * _ALIKE))


def binomial_interval(wins: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return between which shares the true one lies, by Clopper and Pearson.

    The exact interval ("The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26, 1934): it holds the true share in at least `confidence` of all cases,
    however few the trials.

    Parameters
    ----------
    wins, trials
        As for `binomial_p`.
    confidence
        Above 0 and below 1.

    Raises
    ------
    ParameterError
        When a count or the confidence is out of range.

    Examples
    --------
    >>> [round(share, 4) for share in binomial_interval(8, 10)]
    [0.4439, 0.9748]
    """
    _check(wins, trials)
    if not is_number(confidence, 0, 1) or confidence in {0, 1}:
        raise ParameterError(
            f"must be above 0 and below 1, not {shown(confidence)}", subject="confidence"
        )
    if not trials:
        return 0.0, 1.0
    rest = (1 - confidence) / 2
    low = high = None
    if not wins:
        low = 0.0
    if wins == trials:
        high = 1.0
    if low is None:
        low = _crossing(lambda p: math.fsum(_likelihoods(trials, p)[wins:]) > rest)
    if high is None:
        high = _crossing(lambda p: math.fsum(_likelihoods(trials, p)[: wins + 1]) <= rest)
    return low, high


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Return p-values of several tests, raised so that together they err no more often than one.

    The step-down method of Holm ("A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6, 1979).

    Examples
    --------
    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    raised = [1.0] * len(ps)
    highest = 0.0
    for place, i in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        highest = max(highest, min(1.0, (len(ps) - place) * ps[i]))
        raised[i] = highest
    return tuple(raised)


def _check(wins: int, trials: int) -> None:
    need_whole("trials", trials, 0, MOST)
    need_whole("wins", wins, 0, trials)


def _half(most: int, trials: int) -> float:
    """Return the probability of at most that many of `trials` tosses of a fair coin."""
    ways, total = 1, 0
    for count in range(most + 1):
        total += ways
        ways = ways * (trials - count) // (count + 1)
    return float(total / 2**trials)


def _likelihoods(trials: int, chance: float) -> list[float]:
    """Return the probability of each count from 0 to `trials`."""
    for_, against = math.log(chance), math.log1p(-chance)
    whole = math.lgamma(trials + 1)
    return [
        math.exp(
            whole
            - math.lgamma(count + 1)
            - math.lgamma(trials - count + 1)
            + count * for_
            + (trials - count) * against
        )
        for count in range(trials + 1)
    ]


def _crossing(passed: Callable[[float], bool]) -> float:
    """Return where between 0 and 1 `passed` turns true."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if passed(middle):
            high = middle
        else:
            low = middle
    return (low + high) / 2
