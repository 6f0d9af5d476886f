"""All combinations of some values of a notebook's parameters: `grid`."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown
from workbench.production.jobfile.rows import Row
from workbench.production.parameters import named
from workbench.production.parameters.parameter import OUTPUT

if TYPE_CHECKING:
    from workbench.production.parameters import Parameter

__all__ = ["grid", "grid_mistakes", "read_axes", "right_axes"]

_MOST = 100_000  # a slip of the finger; a batch of them would take months
_QUOTED = re.compile(r'"((?:[^"]|"")*)"\s*')
_CURE = 'write it as NAME=A,B, and a value that holds a comma in quotes: NAME="a, b",c'


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
    for error in grid_mistakes(known, axes):
        raise error
    points = {name: _points(named(known, name), values)[0] for name, values in axes.items()}
    return tuple(
        Row(number=number, values=dict(zip(points, one, strict=True)))
        for number, one in enumerate(itertools.product(*points.values()), 1)
    )


def grid_mistakes(known: Sequence[Parameter], axes: Mapping[str, Any]) -> list[ParameterError]:
    """Return every mistake for which `grid` would raise.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> speed = Parameter(name="speed", annotation="float", default=1.0)
    >>> [str(error) for error in grid_mistakes([speed], {"speed": ["1", "x"], "sped": ["1"]})]
    ["speed: needs float, not 'x'; write a number such as 0.5", \
"sped: is not a parameter of this notebook; did you mean 'speed'?"]
    """
    if not isinstance(axes, Mapping):
        told = f"must be values by name, not {type(axes).__name__}"
        return [ParameterError(told, subject="grid", cure='such as {"voice": ["es", "en"]}')]
    found: list[ParameterError] = []
    count = 1
    for name, values in axes.items():
        if name == OUTPUT:
            told = "is written by every job, and no axis"
            found.append(ParameterError(told, subject=name, cure="leave it out"))
            continue
        try:
            points, wrong = _points(named(known, name), values)
        except ParameterError as error:
            found.append(error)
            continue
        found += wrong
        count *= max(1, len(points))
    if count > _MOST:
        cure = f"stay within {_MOST:,}"
        found.append(ParameterError(f"has {count:,} combinations", subject="grid", cure=cure))
    return found


def right_axes(known: Sequence[Parameter], axes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what of some axes is right; of very many combinations the first of each axis.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> speed = Parameter(name="speed", annotation="float", default=1.0)
    >>> right_axes([speed], {"speed": ["1", "x"], "sped": ["1"]})
    {'speed': [1.0]}
    """
    found: dict[str, list[Any]] = {}
    for name, values in axes.items():
        if name == OUTPUT:
            continue
        try:
            points, _ = _points(named(known, name), values)
        except ParameterError:
            continue
        if points:
            found[name] = points
    many = math.prod(map(len, found.values())) > _MOST
    return {name: points[:1] for name, points in found.items()} if many else found


def read_axes(texts: Sequence[str]) -> dict[str, list[str]]:
    """Return the axes that a command line names, each as ``NAME=A,B``.

    A value in quotes, or in brackets, may hold commas; a quote inside of quotes is written twice.

    Raises
    ------
    ParameterError
        When one is not written so, or a name comes twice.

    Examples
    --------
    >>> read_axes(["speed=0.9,1.1", 'title="Hello, you",Bye now', "images=[1,2],[3]"])
    {'speed': ['0.9', '1.1'], 'title': ['Hello, you', 'Bye now'], 'images': ['[1,2]', '[3]']}
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip()
        if not equals or not values.strip() or not name:
            raise ParameterError("is no axis", subject=text, cure=_CURE)
        if name in found:
            cure = "put all its values into one: NAME=A,B"
            raise ParameterError("is given twice", subject=f"--grid {name}", cure=cure)
        found[name] = _values(text, values)
    return found


def _values(text: str, rest: str) -> list[str]:
    """Return the values of an axis."""
    found = []
    while True:
        quoted = _QUOTED.match(rest.lstrip())
        if quoted:
            value, rest = quoted[1].replace('""', '"'), rest.lstrip()[quoted.end() :]
            if rest and not rest.startswith(","):
                raise ParameterError("has something after a quote", subject=text, cure=_CURE)
        else:
            end = _end(rest)
            value, rest = rest[:end], rest[end:]
            another = re.search(r"\s(\w+)=", value)
            if another:
                told = f"holds another axis, {another[1]}"
                cure = f"give it as a word of its own: --grid {another[1]}=…, or quote the value"
                raise ParameterError(told, subject=text, cure=cure)
            value = value.strip()
        found.append(value)
        if not rest:
            return found
        rest = rest[1:]


def _end(text: str) -> int:
    """Return where a value ends: at a comma, in JSON outside of its brackets."""
    depth = 0
    json = text.lstrip().startswith(("[", "{"))
    for place, letter in enumerate(text):
        depth += (letter in "[{") - (letter in "]}") if json else 0
        if letter == "," and depth <= 0:
            return place
    return len(text)


def _points(parameter: Parameter, values: Any) -> tuple[list[Any], list[ParameterError]]:
    """Return the values of an axis, and what is wrong with it."""
    name = parameter.name
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Sequence | range):
        told = f"must be a list of values, not {shown(values)}"
        raise ParameterError(told, subject=name, cure="write each value in a list")
    if not values:
        raise ParameterError("has no values", subject=name, cure="write NAME=A,B")
    found: list[Any] = []
    known: set[tuple[str, str]] = set()  # with its type, for True is 1 elsewhere
    wrong: list[ParameterError] = []
    for value in values:
        try:
            read = parameter.parse([value]) if isinstance(value, str) else parameter.check(value)
        except ParameterError as error:
            wrong.append(error)
            continue
        key = (type(read).__name__, json.dumps(read, sort_keys=True, default=str))
        if key in known:
            told = f"has {value!r} twice"
            wrong.append(ParameterError(told, subject=name, cure="write each value once"))
            continue
        known.add(key)
        found.append(read)
    return found, wrong
