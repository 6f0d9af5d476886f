"""A range of values for an option of a sweep."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from workbench.errors import ParameterError, shown

if TYPE_CHECKING:
    from workbench.options import Option, Value

__all__ = ["MOST", "Spread", "span", "whole"]

MOST = 1_000
"""The most variants of one sweep: a thousand takes of three seconds are 260 MB."""

_PARTS = 100  # of a span of an option that has no step of its own
_DIGITS = 10  # decimal places of a value: 0.1 + 2 * 0.1 is 0.3


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A range of an option's values, see `span`.

    Parameters
    ----------
    low, high
        The ends, both included; None for the option's own.
    count
        How many values; None for every step.
    """

    low: float | None = None
    high: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        for name, end in (("low", self.low), ("high", self.high)):
            number = isinstance(end, numbers.Real) and not isinstance(end, bool)
            if end is not None and not (number and math.isfinite(end)):
                raise ParameterError(f"must be a number, not {shown(end)}", subject=f"span {name}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ParameterError(
                f"goes from {shown(self.low)} down to {shown(self.high)}",
                subject="span",
                cure="give the lower end first",
            )
        if self.count is not None:
            whole(self.count, "span count", 1, MOST)

    def values(self, option: Option) -> tuple[Value, ...]:
        """Return the values of an option in this range.

        They begin at the lower end and lie a multiple of the option's step apart; of those,
        `count` are chosen as evenly as can be, the first and the last among them.

        Raises
        ------
        ParameterError
            When the option is no number, has no end of its own where none is given, or an end is
            out of its range.

        Examples
        --------
        >>> from workbench.options import Option
        >>> ends = {"minimum": 80, "maximum": 450, "step": 5}
        >>> rate = Option(name="rate", kind=int, default=175, help="Pace", **ends)
        >>> span(100, 200, 5).values(rate), len(span().values(rate))
        ((100, 125, 150, 175, 200), 75)
        """
        if option.kind not in {int, float}:
            raise ParameterError(
                "is no number, which a span needs", subject=option.name, cure="give a list"
            )
        low = option.minimum if self.low is None else self.low
        high = option.maximum if self.high is None else self.high
        if low is None or high is None:
            raise ParameterError(
                "has no range of its own", subject=option.name, cure="say span(low, high)"
            )
        option.check(low)
        option.check(high)
        step = option.step or (1 if option.kind is int else (high - low) / _PARTS) or 1
        points = math.floor((high - low) / step + 1e-9) + 1
        wanted = min(self.count or points, points)
        if wanted == 1 and points > 1:
            chosen = [(points - 1) // 2]
        else:
            chosen = [round(float(n)) for n in np.linspace(0, points - 1, wanted)]
        return tuple(option.check(round(low + n * step, _DIGITS)) for n in chosen)


def span(low: float | None = None, high: float | None = None, count: int | None = None) -> Spread:
    """Return a range of values for an option of a sweep.

    Parameters
    ----------
    low, high
        The ends, both included; None for the option's own.
    count
        How many values, as evenly as the option's step lets them be; None for every step.

    Raises
    ------
    ParameterError
        When an end is no number, or `low` is the higher one.

    Examples
    --------
    >>> span(100, 200, 5)
    Spread(low=100, high=200, count=5)
    """
    return Spread(low=low, high=high, count=count)


def whole(value: object, subject: str, low: int, high: int) -> int:
    """Return `value` as a whole number of that range.

    Raises
    ------
    ParameterError
        When it is none.

    Examples
    --------
    >>> whole(3.0, "seeds", 1, 5)
    3
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not low <= cast("float", value) <= high or int(cast("float", value)) != value:
        raise ParameterError(
            f"must be a whole number from {low:,} to {high:,}, not {shown(value)}", subject=subject
        )
    return int(cast("float", value))
