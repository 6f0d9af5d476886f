"""The axes of a sweep as a person writes them: ``rate=140,180``, ``pitch=30..60/3``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.options import Value

__all__ = ["axes"]

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:/(\d{{1,3}}))?")
_USUAL = 3  # values of a range that does not say how many
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


def axes(texts: Iterable[str]) -> dict[str, list[Value]]:
    """Return the options and values that some texts name, for `workbench.speech.sweep.sweep`.

    Parameters
    ----------
    texts
        ``name=a,b,c``, or ``name=low..high/count`` for so many values at equal distances, 3 where
        no count is given.

    Raises
    ------
    ParameterError
        When one is not written so, or a name comes twice.

    Examples
    --------
    >>> axes(["rate=140,180", "pitch=30..60/3", "speed=0.9"])
    {'rate': [140, 180], 'pitch': [30, 45, 60], 'speed': [0.9]}
    """
    found: dict[str, list[Value]] = {}
    for text in [texts] if isinstance(texts, str) else texts:
        name, mark, told = (part.strip() for part in str(text).partition("="))
        values = [one.strip() for one in told.split(",")]
        if not mark or not name.isidentifier() or not all(values):
            raise ParameterError(
                "is not written as an axis", subject=str(text), cure="such as rate=140,180"
            )
        if name in found:
            raise ParameterError("comes twice", subject=name, cure="name all its values at once")
        found[name] = [value for one in values for value in _values(one, str(text))]
    return found


def _values(text: str, axis: str) -> list[Value]:
    spread = _RANGE.fullmatch(text)
    if spread is None:
        return [_value(text)]
    low, high, count = float(spread[1]), float(spread[2]), int(spread[3] or _USUAL)
    if low >= high or count <= 1:
        raise ParameterError(
            "is no range", subject=axis, cure="write low..high/count, with 2 values or more"
        )
    return [_tidy(float(value)) for value in np.linspace(low, high, count)]


def _value(text: str) -> Value:
    if re.fullmatch(_NUMBER, text):
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    return _FLAGS.get(text.lower(), text)


def _tidy(value: float) -> int | float:
    """Return a number without the rounding errors of its binary form."""
    short = round(value, 6)
    return int(short) if short == int(short) else short
