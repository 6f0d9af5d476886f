"""What a text means for a type: on a command line, in a cell of a table, in a field of a form."""

from __future__ import annotations

import json
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from workbench.production.parameters.types import choices, items, kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_texts", "write_text"]

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


def _json(text: str) -> Any:
    """Return what JSON means; None for what is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
