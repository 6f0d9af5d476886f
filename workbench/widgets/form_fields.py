"""The fields of a form: which control each parameter has, and what is written in it means."""

from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, get_origin

from workbench.errors import ParameterError, shown
from workbench.paths import is_file, user_path
from workbench.production.parameters.types import choices, kinds
from workbench.production.parameters.written import write_text
from workbench.wording import file_size

if TYPE_CHECKING:
    from workbench.production.parameters import Parameter

__all__ = ["control", "field", "note", "read", "told", "written"]

_LONG = 60  # letters that a field of one line shows well
_MOST = 1_000_000  # letters; a book has as many


def control(parameter: Parameter, value: Any = None) -> str:
    """Return the kind of control that fits a parameter, and the value that it has.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> control(Parameter(name="fit", annotation="Literal['cover', 'pad']", default="pad"))
    'choice'
    >>> control(Parameter(name="gain", annotation="float", default=0, minimum=-9, maximum=9))
    'slider'
    """
    several = kinds(parameter.kind)
    some = {one for one in several if one is not NoneType}
    numbers = some <= {int, float}
    ranged = parameter.minimum is not None and parameter.maximum is not None
    fitting = {
        "flag": several == (bool,),
        "choice": bool(some) and all(choices(one) for one in some),
        "list": parameter.several,
        "json": any(one is dict or get_origin(one) is dict for one in some),
        "path": Path in some and str not in some,
        "slider": numbers and ranged,
        "number": numbers,
        "lines": parameter.readable or _long(parameter.default) or _long(value),
    }
    return next((name for name, fit in fitting.items() if fit), "text")


def field(parameter: Parameter, value: Any = None) -> dict[str, Any]:
    """Return what the page needs to draw the field of a parameter that has a value."""
    found: dict[str, Any] = {
        "name": parameter.name,
        "control": control(parameter, value),
        "type": parameter.annotation,
        "help": parameter.help,
        "range": parameter.range,
        "unit": parameter.unit,
        "choices": [write_text(choice) for choice in _all(parameter)],
        "placeholder": "",
    }
    if NoneType in kinds(parameter.kind):
        found["placeholder"] = "none"
    if found["control"] == "slider":
        low, high = parameter.minimum or 0.0, parameter.maximum or 0.0
        whole = float not in kinds(parameter.kind)
        found |= {"minimum": low, "maximum": high, "step": 1 if whole else _step(high - low)}
    return found


def written(parameter: Parameter, value: Any) -> Any:
    """Return what stands in the field for a value: a text, or whether a box is ticked."""
    kind = control(parameter)
    if kind == "flag":
        return bool(value)
    if value is None and kind != "choice":
        return ""
    if kind == "list" and isinstance(value, list):
        lines = "\n".join(map(write_text, value))
        return lines if _same(parameter, value, lines) else json.dumps(value, ensure_ascii=False)
    if kind == "json":
        return json.dumps(value, ensure_ascii=False)
    return write_text(value)


def read(parameter: Parameter, told: Any) -> Any:
    """Return the value that stands in the field.

    Raises
    ------
    ParameterError
        As on the command line.
    """
    kind = control(parameter)
    if kind == "flag":
        return parameter.check(told)
    if not isinstance(told, str) or len(told) > _MOST:
        raise ParameterError(f"cannot be {shown(told)}", subject=parameter.name, cure="write less")
    if kind == "choice":
        for choice in _all(parameter):
            if write_text(choice) == told:
                return choice
        return parameter.parse([told])
    if not told.strip() and NoneType in kinds(parameter.kind):
        # Where the default is an empty text or list, that is what nothing means.
        return parameter.default if parameter.default in ("", []) else None
    if kind == "list":
        return parameter.parse(_lines(told))
    return parameter.parse([told])


def told(error: ParameterError) -> str:
    """Return what is wrong as it stands beside the field, which has the name already."""
    return f"{error.problem}; {error.cure}" if error.cure else error.problem


def note(parameter: Parameter, value: Any) -> str:
    """Return what is known of the files that a value names; empty for nothing."""
    texts = parameter.paths(value)
    if parameter.readable:
        texts = tuple(
            one for one in (value if isinstance(value, list) else [value]) if is_file(one)
        )
    if not texts and parameter.name == "output" and isinstance(value, str) and value:
        texts = (value,)
    notes = []
    for text in texts:
        try:
            path = user_path(text)
            if path.is_dir():
                notes.append("a folder")
            elif path.is_file():
                there = f"is there ({file_size(path.stat().st_size)})"
                notes.append(f"{there}, and is replaced" if parameter.name == "output" else there)
            elif parameter.name == "output":
                notes.append("is new")
        except (OSError, ParameterError):
            continue
    if len(notes) > 1:
        return f"all {len(notes)} are there"
    return notes[0] if notes else ""


def _all(parameter: Parameter) -> tuple[Any, ...]:
    none = (None,) if NoneType in kinds(parameter.kind) and parameter.choices else ()
    return tuple(dict.fromkeys([*parameter.choices, *none]))


def _lines(text: str) -> list[str]:
    """Return the items of a list: the lines, or the whole where it is a list in JSON."""
    if text.lstrip().startswith("["):
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(text)
            return [text]
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return [line for line in lines if line.strip()] or [""]


def _same(parameter: Parameter, value: Any, text: str) -> bool:
    try:
        return bool(read(parameter, text) == value)
    except ParameterError:
        return False


def _long(value: Any) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > _LONG)


def _step(width: float) -> float:
    """Return about a hundredth of a range, as a round number."""
    if width <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(width / 100))
    return next(size * n for n in (1, 2, 5, 10) if size * n >= width / 100 * 0.999)
