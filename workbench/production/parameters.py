"""What a notebook takes: names, types, defaults and help, read from its ``parameters`` cell.

The cell is the schema. Each line is an annotated assignment, its comment the help::

    voice: str = "espeak:es"  # engine:voice, or the name of a preset
    images: list[str] = []    # pictures and clips, one a scene

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
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Optional, Union, get_args, get_origin

from workbench.errors import JobError, ParameterError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Parameter", "check", "from_strings", "parameters"]

# What an annotation may be made of; values travel as JSON, so there is nothing more to say.
_TYPES = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "list": list,
    "dict": dict,
    "None": None,
    "Literal": Literal,
    "Optional": Optional,
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a notebook.

    Parameters
    ----------
    name
        The variable.
    annotation
        Its type as written.
    default
        Its value in the notebook.
    help
        The comment beside it.
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
            When it is of another type, or a number that is not finite.
        """
        from pydantic import ConfigDict, TypeAdapter, ValidationError

        if not _finite(value):
            raise ParameterError("must be finite", subject=self.name)
        try:
            adapter: TypeAdapter[Any] = TypeAdapter(
                _type(self.annotation, self.name), config=ConfigDict(strict=True)
            )
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
            One text; several where the parameter was given several times, for a list.
        """
        kind = _type(self.annotation, self.name)
        if _is(kind, str):
            return self.check(texts[-1])
        if self.annotation.startswith("list") and not texts[0].lstrip().startswith("["):
            if texts == [""]:
                return []
            inner = self.annotation.removeprefix("list").strip("[]") or "str"
            item = Parameter(name=self.name, annotation=inner, default=None)
            return [item.parse([text]) for text in texts]
        text = texts[-1]
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if _is(kind, bool) and text.lower() in words:
            return words[text.lower()]
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if _is(kind, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        return self.check(value)


def parameters(notebook: Path) -> tuple[Parameter, ...]:
    """Return the parameters of a notebook, in their order.

    Raises
    ------
    JobError
        When the file is not a notebook, or its cell is not a list of annotated assignments.
    """
    cells = _cells(notebook)
    tagged = [c for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
    if not tagged:
        return ()
    source = tagged[0]["source"]
    text = source if isinstance(source, str) else "".join(source)
    try:
        body = ast.parse(text).body
        comments = _comments(text)
        found = []
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                continue
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
                    help=comments.get(node.end_lineno or node.lineno, ""),
                )
            )
    except (SyntaxError, ValueError) as error:
        raise JobError(
            f"its parameters cell cannot be read ({error})", subject=str(notebook)
        ) from error
    for parameter in found:
        _type(parameter.annotation, parameter.name)
    return tuple(found)


def check(known: Sequence[Parameter], values: Mapping[str, object]) -> dict[str, Any]:
    """Return `values` checked against a notebook's parameters.

    Raises
    ------
    ParameterError
        When a name is unknown (the nearest is offered) or a value is of another type.
    """
    named = {parameter.name: parameter for parameter in known}
    for name in values:
        if name not in named:
            cure = suggest(str(name), named) or f"it has {', '.join(named) or 'none'}"
            raise ParameterError("is not a parameter of this notebook", subject=str(name), cure=cure)
    return {name: named[name].check(value) for name, value in values.items()}


def from_strings(known: Sequence[Parameter], assignments: Sequence[str]) -> dict[str, Any]:
    """Return what ``name=value`` texts of a command line say, typed by the notebook.

    Raises
    ------
    ParameterError
        As `check` does, and when a text has no ``=``.
    """
    named = {parameter.name: parameter for parameter in known}
    texts: dict[str, list[str]] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ParameterError(
                "sets nothing", subject=assignment, cure="write it as -p name=value"
            )
        texts.setdefault(name.strip(), []).append(value)
    check(known, {name: named[name].default for name in texts if name in named})
    for name in texts:
        if name not in named:
            check(known, {name: None})
    return {name: named[name].parse(values) for name, values in texts.items()}


def _cells(notebook: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(notebook.read_text(encoding="utf-8"))
        cells = data["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError("is not a notebook", subject=str(notebook)) from error
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise JobError("is not a notebook", subject=str(notebook))
    return cells


def _comments(text: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        token.start[0]: token.string.lstrip("# ").rstrip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _type(annotation: str, name: str) -> Any:
    """Return the type that an annotation of plain names means."""
    tree = ast.parse(annotation, mode="eval")
    allowed = ast.Expression | ast.Name | ast.Load | ast.Subscript | ast.Tuple | ast.Constant
    for node in ast.walk(tree):
        plain = isinstance(node, allowed | ast.BinOp | ast.BitOr)
        if not plain or (isinstance(node, ast.Name) and node.id not in _TYPES):
            raise JobError(
                f"its type {annotation!r} is not made of {', '.join(_TYPES)}", subject=name
            )
    try:
        # Only names from _TYPES, subscripts, unions and constants are left in the tree.
        return eval(compile(tree, "<annotation>", "eval"), {"__builtins__": {}, **_TYPES})  # noqa: S307
    except TypeError as error:
        raise JobError(f"its type {annotation!r} means nothing", subject=name) from error


def _is(kind: Any, wanted: type) -> bool:
    """Whether a type is `wanted`, or a union with it."""
    return kind is wanted or (get_origin(kind) in {Union, UnionType} and wanted in get_args(kind))


def _finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        return all(_finite(item) for item in value)
    if isinstance(value, dict):
        return all(_finite(item) for item in value.values())
    return True
