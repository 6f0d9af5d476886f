"""The schema of a notebook: its ``parameters`` cell, read and never run."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError, ParameterError, one_line
from workbench.production.parameters.parameter import OUTPUT, Parameter
from workbench.production.parameters.ranges import Range, read_range, read_suffixes
from workbench.production.parameters.types import meaning, within

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parameters"]


def parameters(notebook: Path) -> tuple[Parameter, ...]:
    """Return the parameters of a notebook, in their order.

    Raises
    ------
    JobError
        When the file is not a notebook, its cell is not a list of annotated assignments, or a
        default is not of the type that stands before it, or not in its range.
    """
    try:
        return _read(notebook)
    except JobError as error:
        error.mistake = True  # nothing was begun: whoever wrote it is to correct it
        raise


def _read(notebook: Path) -> tuple[Parameter, ...]:
    tagged = [source for source, tags in _cells(notebook) if "parameters" in tags]
    if not tagged:
        return ()
    found: dict[str, Parameter] = {}
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
            name = node.target.id
            if name in found:
                raise JobError(f"its parameter {name} is there twice", subject=str(notebook))
            if node.value is None:
                raise JobError(f"its parameter {name} has no default", subject=str(notebook))
            default = _default(node.value, name, node.value.lineno, notebook)
            found[name] = _parameter(node, name, default, _help(node, beside, alone), notebook)
    except SyntaxError as error:
        raise JobError(
            f"line {error.lineno} of its parameters cell cannot be read ({error.msg})",
            subject=str(notebook),
            cure="write each parameter as: name: type = value  # help",
        ) from error
    except ParameterError as error:
        told = f"the default of its parameter {error.subject}: {error.problem}"
        raise JobError(told, subject=str(notebook), cure=error.cure) from error
    except (ValueError, RecursionError, MemoryError, tokenize.TokenError) as error:
        told = f"its parameters cell cannot be read ({error})"
        raise JobError(told, subject=str(notebook)) from error
    return tuple(found.values())


def _default(node: ast.expr, name: str, line: int, notebook: Path) -> Any:
    try:
        return ast.literal_eval(_without_paths(node))
    except (ValueError, TypeError, SyntaxError) as error:
        told = one_line(f"{name} = {ast.unparse(node)}", limit=80)
        raise JobError(
            f"line {line} of its parameters cell cannot be read without running it: {told}",
            subject=str(notebook),
            cure="write the value itself, and compute in a cell below",
        ) from error


def _parameter(
    node: ast.AnnAssign, name: str, default: Any, comment: str, notebook: Path
) -> Parameter:
    annotation = ast.unparse(node.annotation)
    try:
        parts = set(within(meaning(annotation, name)))
    except JobError as error:
        problem = f"parameter {name}: {error.problem}"
        raise JobError(problem, subject=str(notebook), cure=error.cure) from error
    told = read_range(comment) if parts & {int, float} else Range(help=comment)
    parameter = Parameter(
        name=name,
        annotation=annotation,
        default=default,
        help=told.help,
        minimum=told.minimum,
        maximum=told.maximum,
        unit=told.unit,
        suffixes=read_suffixes(comment) if Path in parts or name == OUTPUT else (),
    )
    parameter.check(parameter.default)
    return parameter


def _without_paths(node: ast.expr) -> ast.expr:
    """Return a default with each ``Path("…")`` as the text that it is made of."""
    match node:
        case ast.Call(func=ast.Name(id="Path"), args=[ast.Constant(value=str()) as text]):
            return text if not node.keywords else node
        case ast.List():
            return ast.List(elts=[_without_paths(one) for one in node.elts], ctx=node.ctx)
    return node


def _cells(notebook: Path) -> list[tuple[str, list[str]]]:
    """Return the source and the tags of each cell."""
    try:
        cells: list[Any] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = [cell["source"] for cell in cells]
        tags = [cell.get("metadata", {}).get("tags", []) for cell in cells]
        texts = [source if isinstance(source, str) else "".join(source) for source in sources]
        return [(text, list(tag)) for text, tag in zip(texts, tags, strict=True)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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
