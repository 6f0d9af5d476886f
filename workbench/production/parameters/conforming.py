"""Whether a value is of a type: strictly, with the place that is not, and what to do about it."""

from __future__ import annotations

import math
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from workbench.errors import shown, suggest
from workbench.production.parameters.types import choices, items, kinds
from workbench.wording import one_line

__all__ = ["Unfit", "conform", "cure", "no_path", "unfit"]

_DEEP = 50  # lists in lists; JSON readers give up at some hundreds
_DIGITS = 1024  # bits of a whole number; Python refuses to write out some thousands of digits
_NAME = 255  # bytes of one part of a path
_PATH = 4096  # bytes of a path


class Unfit(ValueError):
    """A value is not of a type; the text says where, if not all of it."""


def conform(value: Any, kind: Any) -> Any:
    """Return a value as a type; only a whole number becomes another: the float of that size.

    Raises
    ------
    Unfit
        When it is none.

    Examples
    --------
    >>> conform(2, float), conform(2, float | int)
    (2.0, 2)
    """
    several = kinds(kind)
    for one in several:
        if _exactly(value, one):
            return value
    deeper = ""
    for one in several:
        inner = items(one)
        if inner is not None and isinstance(value, list):
            if one is list:
                return value
            try:
                return [_item(item, inner, f"item {n}") for n, item in enumerate(value, 1)]
            except Unfit as error:
                deeper = deeper or str(error)
        if get_origin(one) is dict and isinstance(value, dict):
            inner = get_args(one)[1]
            try:
                return {key: _item(item, inner, f"at {key!r}") for key, item in value.items()}
            except Unfit as error:
                deeper = deeper or str(error)
    if float in several and type(value) is int:
        return float(value)
    raise Unfit(deeper)


def _exactly(value: Any, kind: Any) -> bool:
    if kind in {bool, int, float, str, NoneType, dict}:
        return type(value) is kind
    if kind is Path:
        return isinstance(value, str)
    # True is 1 for Python, and no choice of Literal[1, 2].
    return any(type(value) is type(choice) and value == choice for choice in choices(kind))


def _item(value: Any, kind: Any, where: str) -> Any:
    try:
        return conform(value, kind)
    except Unfit as error:
        inside = f"{where}, {error}" if str(error) else f"{where} is {shown(value)}"
        raise Unfit(inside) from error


def unfit(value: object, depth: int = 0) -> str:
    """Return why a notebook cannot be given a value; empty when it can.

    Parameters
    ----------
    value
        What came from anywhere.
    depth
        How many lists it is in.

    Examples
    --------
    >>> unfit(float("nan")), unfit([1, (2,)]), unfit("a")
    ('must be finite', 'must be a plain value, not tuple', '')
    """
    match value:
        case dict() | list() if depth > _DEEP:
            return "must not hold so many lists in lists"
        case dict() if not all(isinstance(key, str) for key in value):
            return "must have texts as keys"
        case dict():
            inside = (unfit(one, depth + 1) for one in [*value, *value.values()])
            return next(filter(None, inside), "")
        case list():
            return next(filter(None, (unfit(one, depth + 1) for one in value)), "")
        case bool() | int() | float() | str():
            return _plain(value)
    return "" if value is None else f"must be a plain value, not {type(value).__name__}"


def _plain(value: float | str) -> str:
    if isinstance(value, float):
        return "" if math.isfinite(value) else "must be finite"
    if isinstance(value, int):
        return "" if value.bit_length() <= _DIGITS else "must be a smaller number"
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return "must be text without NUL and half surrogates"
    return ""


def no_path(text: str) -> str:
    """Return why a text cannot be a path; empty when it can."""
    if not text.strip():
        return "must be a path, not an empty text"
    if any(letter in text for letter in "\n\r"):
        return f"must be a path, not {shown(text)} with its line breaks"
    parts = text.replace("\\", "/").split("/")
    if len(text.encode()) > _PATH or any(len(part.encode()) > _NAME for part in parts):
        return "must be a path, and is too long for one"
    return ""


def cure(kind: Any, value: object) -> str:
    """Return what to write instead of a value that is not of a type."""
    several = kinds(kind)
    named = [str(choice) for one in several for choice in choices(one)]
    if isinstance(value, str):
        if value in named:  # 1 is one of them, and "1" is not
            return f"write {value} as a number"
        near = suggest(value, named)
        if near:
            return near
        if float in several and value.replace(",", "", 1).lstrip("-").isdigit():
            return f"write it with a point: {value.replace(',', '.')}"
    listed = [str(choice) for one in several for choice in choices(items(one))]
    if listed and isinstance(value, list):
        wrong = next((item for item in value if item not in listed), "")
        near = suggest(wrong, listed) if isinstance(wrong, str) else ""
        return near or f"the values are {', '.join(listed)}"
    told = [_HOW[one] for one in several if one in _HOW]
    told += [f"one of {', '.join(named)}"] if named else []
    told += ["a list, as JSON or item by item"] if any(map(_is_list, several)) else []
    told += ['JSON such as {"a": 1}'] if any(_is_dict(one) for one in several) else []
    return one_line(f"write {' or '.join(told)}", limit=200)


_HOW = {
    bool: "true or false",
    int: "a whole number",
    float: "a number such as 0.5",
    str: "a text",
    Path: "the path of a file",
    NoneType: "null",
}


def _is_list(kind: Any) -> bool:
    return items(kind) is not None


def _is_dict(kind: Any) -> bool:
    return kind is dict or get_origin(kind) is dict
