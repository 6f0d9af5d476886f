"""What the commands share: results on standard output, warnings on standard error."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.facts import note
from workbench.errors import ParameterError, TextError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.options import Option, Options

__all__ = [
    "AsJson",
    "EngineOptions",
    "option_values",
    "show",
    "show_options",
    "shown_json",
    "standard_input",
    "wants_json",
    "warn",
]

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
EngineOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option", "-O", metavar="NAME=VALUE", help="An option of the engine; -O help lists them."
    ),
]


_shown: list[bool] = []


def show(data: Any, text: str, *, as_json: bool, one_of_many: bool = False) -> None:
    """Print a result, as JSON or for a person; `one_of_many` takes one line of JSON."""
    indent = None if one_of_many else 2
    typer.echo(json.dumps(data, ensure_ascii=False, indent=indent) if as_json else text)
    if as_json:
        _shown.append(True)


def shown_json() -> bool:
    """Return whether a result has been printed as JSON since this was asked before."""
    there = bool(_shown)
    _shown.clear()
    return there


def wants_json() -> bool:
    """Return whether the command line asks for JSON, also where it could not be understood."""
    words = sys.argv[1:]
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def warn(notes: Iterable[str]) -> None:
    """Print each note on a line of standard error."""
    for text in notes:
        sys.stderr.write(f"workbench: warning: {one_line(text)}\n")


def standard_input() -> str:
    """Return the text on standard input.

    Raises
    ------
    TextError
        When it is not UTF-8.
    """
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8 text", subject="standard input") from error
    note(standard_input=text)  # nobody can read it again
    return text


def show_options(specs: Iterable[Option]) -> None:
    """Print what an engine's options are, a line each or as JSON."""
    if wants_json():
        show([{**asdict(spec), "kind": spec.kind.__name__} for spec in specs], "", as_json=True)
        return
    for spec in specs:
        span = f", {spec.minimum} to {spec.maximum} {spec.unit}" if spec.maximum is not None else ""
        typer.echo(f"{spec.name}={spec.default}  {spec.help}{span.rstrip()}")


def option_values(assignments: Iterable[str], options: type[Options]) -> dict[str, Any]:
    """Return what ``-O name=value`` sets, checked.

    Raises
    ------
    ParameterError
        When an assignment sets nothing, or an option refuses its value.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ParameterError(
                "sets nothing", subject=assignment, cure="write it as -O name=value"
            )
        values[name.strip()] = value
    kinds = {spec.name: spec.kind for spec in options.describe()}
    values = {name: _typed(text, kinds.get(name, str)) for name, text in values.items()}
    options.build(values)
    return values


def _typed(text: str, kind: type) -> Any:
    if kind is str:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text  # the option itself says what it wants
