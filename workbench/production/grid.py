"""All combinations of some values of a notebook's parameters: `grid`."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.production.jobfile.rows import Row
from workbench.production.parameters import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.production.parameters import Parameter

__all__ = ["grid"]

_MOST = 100_000  # a slip of the finger; a batch of them would take months


def grid(known: Sequence[Parameter], axes: Mapping[str, Sequence[Any]]) -> tuple[Row, ...]:
    """Return a row for each combination, the last axis changing fastest.

    Parameters
    ----------
    known
        The notebook's parameters.
    axes
        The values of each: texts as on a command line, or values of the type. A list has as many
        values as it has points: a text is a list of one, and a longer one is written as JSON.

    Raises
    ------
    ParameterError
        When a name is unknown, a value is wrong or there twice, an axis has none, or there would
        be more than 100,000 combinations.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> voice = Parameter(name="voice", annotation="str", default="es")
    >>> speed = Parameter(name="speed", annotation="float", default=1.0)
    >>> for row in grid([voice, speed], {"voice": ["es", "en"], "speed": ["0.9", "1.1"]}):
    ...     print(row.number, row.values)
    1 {'voice': 'es', 'speed': 0.9}
    2 {'voice': 'es', 'speed': 1.1}
    3 {'voice': 'en', 'speed': 0.9}
    4 {'voice': 'en', 'speed': 1.1}
    """
    if "output" in axes:
        raise ParameterError(
            "is written by every job, and no axis", subject="output", cure="leave it out"
        )
    points = {name: _points(named(known, name), values) for name, values in axes.items()}
    count = math.prod(len(values) for values in points.values())
    if count > _MOST:
        raise ParameterError(
            f"has {count:,} combinations", subject="grid", cure=f"stay within {_MOST:,}"
        )
    return tuple(
        Row(number=number, values=dict(zip(points, one, strict=True)))
        for number, one in enumerate(itertools.product(*points.values()), 1)
    )


def _points(parameter: Parameter, values: Sequence[Any]) -> list[Any]:
    if not values:
        raise ParameterError("has no values", subject=parameter.name, cure="write NAME=A,B")
    found: list[Any] = []
    for value in values:
        read = parameter.parse([value]) if isinstance(value, str) else parameter.check(value)
        if any(type(read) is type(one) and read == one for one in found):
            raise ParameterError(
                f"has {value!r} twice", subject=parameter.name, cure="write each value once"
            )
        found.append(read)
    return found
