"""Annotations: which there are, and what they mean; nothing of them is run."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from workbench.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KNOWN", "choices", "items", "kinds", "meaning", "within"]

KNOWN = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "Path": Path,
    "list": list,
    "dict": dict,
}
"""What an annotation may be made of; values travel as JSON, so there is nothing more to say."""


def meaning(annotation: str, name: str) -> Any:
    """Return the type that an annotation means.

    Raises
    ------
    JobError
        When it is made of anything but `KNOWN`, ``Literal``, ``None``, ``Optional`` and ``|``.

    Examples
    --------
    >>> meaning("list[int]", "sizes")
    list[int]
    """
    try:
        return _read(annotation)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise JobError(
            f"its type {annotation!r} means nothing here",
            subject=name,
            cure=f"use {', '.join(KNOWN)}, Literal[…], None or Optional[…]",
        ) from error


def kinds(*types: Any) -> tuple[Any, ...]:
    """Return the types, unions taken apart.

    Examples
    --------
    >>> kinds(int | None)
    (<class 'int'>, <class 'NoneType'>)
    """
    found: list[Any] = []
    for kind in types:
        found += get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    return tuple(found)


def items(kind: Any) -> Any:
    """Return the type of what a list holds; None for what is no list, text for a bare one."""
    if kind is list:
        return str
    return get_args(kind)[0] if get_origin(kind) is list else None


def choices(kind: Any) -> tuple[Any, ...]:
    """Return the values of a ``Literal``; none for another type."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def within(kind: Any) -> Iterator[Any]:
    """Yield the types that a type is made of, itself included.

    Examples
    --------
    >>> int in within(list[int] | None), str in within(list[int] | None)
    (True, False)
    """
    for one in kinds(kind):
        yield one
        if get_origin(one) in {list, dict}:
            for inner in get_args(one):
                yield from within(inner)


@lru_cache(maxsize=1024)
def _read(annotation: str) -> Any:
    return _meaning(ast.parse(annotation, mode="eval").body)


def _meaning(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name) if name in KNOWN:
            return KNOWN[name]
        case ast.Constant(value=None):
            return NoneType
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Union[_meaning(left), _meaning(right)]  # noqa: UP007 - they are values here
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            return _generic(name, inner)
    raise ValueError(ast.unparse(node))


def _generic(name: str, inner: ast.expr) -> Any:
    match name, inner:
        case "list", _:
            return list.__class_getitem__(_meaning(inner))
        case "dict", ast.Tuple(elts=[key, value]) if _meaning(key) is str:  # as in JSON
            return dict.__class_getitem__((str, _meaning(value)))
        case "Optional", _:
            return Union[_meaning(inner), None]  # noqa: UP007 - as above
        case "Literal", _:
            given = ast.literal_eval(inner)
            several = given if isinstance(given, tuple) else (given,)
            if several and all(isinstance(choice, bool | int | str | None) for choice in several):
                return Literal.__getitem__(several)
    raise ValueError(name)
