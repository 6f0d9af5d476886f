"""What a text means for a type: on a command line, in a cell of a table, in a field of a form."""

from __future__ import annotations

import json
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.production.parameters.types import choices, items, kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.production.parameters.parameter import Parameter

__all__ = ["alike", "read_texts", "write_text", "write_texts"]

_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def read_texts(texts: Sequence[str], kind: Any) -> Any:
    """Return what texts mean for a type; the text itself where it means nothing.

    Examples
    --------
    >>> read_texts(["3.10"], float), read_texts(["3.10"], str), read_texts(["007"], int)
    (3.1, '3.10', '007')
    >>> read_texts(["a", "b"], list[str]), read_texts(['["a"]'], list[str])
    (['a', 'b'], ['a'])
    """
    several = kinds(kind)
    lists = [items(one) for one in several if items(one) is not None]
    if lists and not _whole(texts, several):
        inner = kinds(lists[0])
        return [_read(text, inner) for text in ([] if list(texts) == [""] else texts)]
    return _read(texts[0], several)


def write_text(value: Any) -> str:
    """Return the text that means a value; a list as JSON.

    Examples
    --------
    >>> write_text("a"), write_text(True), write_text([1, "a"])
    ('a', 'true', '[1, "a"]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def write_texts(parameter: Parameter, value: Any) -> list[str]:
    """Return what is written on a command line for a value; nothing where that cannot be.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> names = Parameter(name="names", annotation="list[str]", default=["a"])
    >>> write_texts(names, ["b", "c"]), write_texts(names, []), write_texts(names, ["[]"])
    (['b', 'c'], [''], ['["[]"]'])
    """
    ways = [[write_text(value)]]
    if isinstance(value, list):
        ways = [[write_text(one) for one in value] or [""], [json.dumps(value)]]
    if value is None:
        ways.append([""])
    for way in ways:
        try:
            if alike(parameter.parse(way), value):
                return way
        except ParameterError:
            continue
    return []


def alike(one: Any, other: Any) -> bool:
    """Whether two values are equal, and of the same types: True is no 1 here."""
    return bool(one == other) and json.dumps(one) == json.dumps(other)


def _whole(texts: Sequence[str], several: Sequence[Any]) -> bool:
    """Whether the texts are a whole list, or none, and not its items."""
    if len(texts) != 1:
        return False
    return isinstance(_json(texts[0]), list) or (texts[0] == "null" and NoneType in several)


def _read(text: str, several: Sequence[Any]) -> Any:
    """Return the value that a text is for one of some types; the text itself if there is none."""
    if str in several or text in [choice for one in several for choice in choices(one)]:
        return text
    if bool in several and text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    if Path in several:
        return None if text in {"", "null"} and NoneType in several else text
    value = _json(text)
    if value is None and (text != "null" or NoneType not in several):
        return text
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _json(text: str) -> Any:
    """Return what JSON means; None for what is not JSON, or says one name twice."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
