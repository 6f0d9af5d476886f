"""What a notebook takes: names, types, defaults and help, read from its ``parameters`` cell.

The cell is the schema. Each statement is an annotated assignment, the comment beside it, or above
it, is the help::

    voice: str = "espeak:es"  # engine:voice, or the name of a preset
    # pictures and clips, one a scene
    images: list[str] = []

Values are checked against it before a kernel starts: papermill itself lets a misspelt name pass
with a warning, and writes the name of a parameter into the notebook as code.
"""

from __future__ import annotations

import ast
import io
import json
import math
import tokenize
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from workbench.errors import JobError, ParameterError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Parameter", "check", "from_strings", "parameters"]

# What an annotation may be made of; values travel as JSON, so there is nothing more to say.
_PLAIN = {"bool": bool, "int": int, "float": float, "str": str, "list": list, "dict": dict}
_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a notebook.

    Parameters
    ----------
    name
        The variable.
    annotation
        Its type as written: made of ``bool``, ``int``, ``float``, ``str``, ``list[…]``,
        ``dict[str, …]``, ``Literal[…]``, ``None``, ``Optional[…]`` and ``|``.
    default
        Its value in the notebook.
    help
        The comment beside it, or above it.

    Examples
    --------
    >>> size = Parameter(name="size", annotation="int | None", default=None)
    >>> size.check(3), size.parse(["3"])
    (3, 3)
    >>> size.parse(["1_000"])
    Traceback (most recent call last):
    workbench.errors.ParameterError: size: needs int | None, not '1_000' (...)
    """

    name: str
    annotation: str
    default: Any
    help: str = ""

    def check(self, value: object) -> Any:
        """Return `value` as the parameter's type.

        Raises
        ------
        ParameterError
            When it is of another type, or holds what a notebook cannot be given: a number that is
            not finite, a NUL or half a surrogate pair in a text, anything that is not JSON.
        """
        from pydantic import ConfigDict, TypeAdapter, ValidationError

        trouble = _unfit(value)
        if trouble:
            raise ParameterError(trouble, subject=self.name)
        kind = _type(self.annotation, self.name)
        adapter: TypeAdapter[Any] = TypeAdapter(kind, config=ConfigDict(strict=True))
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            told = error.errors(include_url=False)[0]["msg"]
            raise ParameterError(
                f"needs {self.annotation}, not {value!r} ({told[0].lower()}{told[1:]})",
                subject=self.name,
            ) from error

    def parse(self, texts: Sequence[str]) -> Any:
        """Return what was written on a command line as the parameter's type.

        Parameters
        ----------
        texts
            One text; several where the parameter was given several times, for a list. A list may
            also be written as JSON; an empty text is an empty list.

        Raises
        ------
        ParameterError
            When it is no such value, or there are several and one is wanted.
        """
        kinds = _kinds(_type(self.annotation, self.name))
        lists = [kind for kind in kinds if kind is list or get_origin(kind) is list]
        if lists and not _whole(texts, kinds):
            items = _kinds(*(get_args(lists[0]) or (str,)))
            several = [] if list(texts) == [""] else texts
            return self.check([_read(text, items) for text in several])
        if len(texts) > 1:
            raise ParameterError(f"is given {len(texts)} times, and takes one", subject=self.name)
        return self.check(_read(texts[0], kinds))


def parameters(notebook: Path) -> tuple[Parameter, ...]:
    """Return the parameters of a notebook, in their order.

    Raises
    ------
    JobError
        When the file is not a notebook, its cell is not a list of annotated assignments, or a
        default is not of the type that stands before it.
    """
    tagged = [source for source, tags in _cells(notebook) if "parameters" in tags]
    if not tagged:
        return ()
    found = []
    try:
        beside, alone = _comments(tagged[0])
        for node in ast.parse(tagged[0]).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                continue  # such as `from typing import Literal`
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                raise JobError(
                    f"line {node.lineno} of its parameters cell is not an annotated assignment",
                    subject=str(notebook),
                    cure="write each as: name: type = value  # help",
                )
            if node.value is None:
                raise JobError(
                    f"its parameter {node.target.id} has no default", subject=str(notebook)
                )
            found.append(
                Parameter(
                    name=node.target.id,
                    annotation=ast.unparse(node.annotation),
                    default=ast.literal_eval(node.value),
                    help=_help(node, beside, alone),
                )
            )
    except (SyntaxError, ValueError, tokenize.TokenError) as error:
        raise JobError(
            f"its parameters cell cannot be read ({error})", subject=str(notebook)
        ) from error
    for parameter in found:
        try:
            parameter.check(parameter.default)
        except ParameterError as error:
            raise JobError(
                f"the default of its parameter {error}", subject=str(notebook)
            ) from error
    return tuple(found)


def check(known: Sequence[Parameter], values: Mapping[str, object]) -> dict[str, Any]:
    """Return `values` checked against a notebook's parameters.

    Raises
    ------
    ParameterError
        When a name is unknown (the nearest is offered) or a value is of another type.
    """
    return {name: _named(known, name).check(value) for name, value in values.items()}


def from_strings(known: Sequence[Parameter], assignments: Sequence[str]) -> dict[str, Any]:
    """Return what ``name=value`` texts of a command line say, typed by the notebook.

    Raises
    ------
    ParameterError
        As `check` does, and when a text has no ``=``.

    Examples
    --------
    >>> rate = Parameter(name="rate", annotation="float", default=1.0)
    >>> from_strings([rate], ["rate=3.10"])
    {'rate': 3.1}
    """
    texts: dict[str, list[str]] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ParameterError(
                "sets nothing", subject=assignment, cure="write it as -p name=value"
            )
        texts.setdefault(name.strip(), []).append(value)
    found = [(_named(known, name), values) for name, values in texts.items()]
    return {parameter.name: parameter.parse(values) for parameter, values in found}


def _named(known: Sequence[Parameter], name: object) -> Parameter:
    named = {parameter.name: parameter for parameter in known}
    if name not in named:
        raise ParameterError(
            "is not a parameter of this notebook",
            subject=str(name),
            cure=suggest(str(name), named) or f"it has {', '.join(named) or 'none'}",
        )
    return named[str(name)]


def _cells(notebook: Path) -> list[tuple[str, list[str]]]:
    """Return the source and the tags of each cell."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = [cell["source"] for cell in cells]
        tags = [cell.get("metadata", {}).get("tags", []) for cell in cells]
        texts = [source if isinstance(source, str) else "".join(source) for source in sources]
        return [(text, list(tag)) for text, tag in zip(texts, tags, strict=True)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise JobError("is not a notebook", subject=str(notebook)) from error


def _comments(text: str) -> tuple[dict[int, str], dict[int, str]]:
    """Return the comments by line: those beside code, and those that stand alone."""
    beside: dict[int, str] = {}
    alone: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            found = alone if token.line.lstrip().startswith("#") else beside
            found[token.start[0]] = token.string.lstrip("# ").rstrip()
    return beside, alone


def _help(node: ast.AnnAssign, beside: Mapping[int, str], alone: Mapping[int, str]) -> str:
    lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    first = node.lineno
    while first - 1 in alone:
        first -= 1
    above = [alone[line] for line in range(first, node.lineno)]
    return " ".join([beside[line] for line in lines if line in beside] or above)


def _type(annotation: str, name: str) -> Any:
    """Return the type that an annotation means; nothing of it is run."""
    try:
        return _meaning(ast.parse(annotation, mode="eval").body)
    except (SyntaxError, ValueError, TypeError) as error:
        raise JobError(
            f"its type {annotation!r} means nothing here",
            subject=name,
            cure=f"use {', '.join(_PLAIN)}, Literal[…], None or Optional[…]",
        ) from error


def _meaning(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name) if name in _PLAIN:
            return _PLAIN[name]
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
            choices = given if isinstance(given, tuple) else (given,)
            if choices and all(isinstance(choice, bool | int | str | None) for choice in choices):
                return Literal.__getitem__(choices)
    raise ValueError(name)


def _kinds(*types: Any) -> tuple[Any, ...]:
    """Return the types, unions taken apart."""
    kinds: list[Any] = []
    for kind in types:
        kinds += get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    return tuple(kinds)


def _whole(texts: Sequence[str], kinds: Sequence[Any]) -> bool:
    """Whether the texts are a whole list, or none, and not its items."""
    if len(texts) != 1:
        return False
    return isinstance(_json(texts[0]), list) or (texts[0] == "null" and NoneType in kinds)


def _read(text: str, kinds: Sequence[Any]) -> Any:
    """Return the value that a text is for one of some types; the text itself if there is none."""
    if str in kinds:
        return text
    choices = [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
    if text in choices:
        return text
    if bool in kinds and text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    value = _json(text)
    if value is None and (text != "null" or NoneType not in kinds):
        return text
    return value


def _json(text: str) -> Any:
    """Return what JSON means; None for what is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unfit(value: object) -> str:
    """Return why a notebook cannot be given a value; empty when it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return "must be finite"
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= c <= "\udfff" for c in value)):
        return "must be text without NUL and half surrogates"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "must have texts as keys"
        return next(filter(None, map(_unfit, [*value, *value.values()])), "")
    if isinstance(value, list):
        return next(filter(None, map(_unfit, value)), "")
    plain = value is None or isinstance(value, bool | int | float | str)
    return "" if plain else f"must be a plain value, not {type(value).__name__}"
