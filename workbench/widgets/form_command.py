"""The command line that does what a form does."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.production.parameters.written import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.production.parameters import Parameter

__all__ = ["command"]


def command(name: str, known: Sequence[Parameter], values: Mapping[str, Any]) -> str:
    r"""Return the command that runs a notebook with some values, for a shell.

    Values that are the defaults are left out.

    Parameters
    ----------
    name
        The notebook's name or path.
    known
        Its parameters.
    values
        Checked; others have their defaults.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> text = Parameter(name="text", annotation="str", default="")
    >>> pictures = Parameter(name="pictures", annotation="list[Path]", default=[])
    >>> print(command("talk", [text, pictures], {"text": "It's $5", "pictures": ["a", "b c"]}))
    workbench run talk -p 'text=It'"'"'s $5' -p pictures=a -p 'pictures=b c'
    """
    words = ["workbench", "run", name]
    for parameter in known:
        value = values.get(parameter.name, parameter.default)
        if parameter.name not in values or same(value, parameter.default):
            continue
        for text in texts(parameter, value):
            words += ["-p", f"{parameter.name}={text}"]
    return shlex.join(words)


def texts(parameter: Parameter, value: Any) -> list[str]:
    """Return what is written on a command line for a value; nothing where that cannot be."""
    ways = [[write_text(value)]]
    if isinstance(value, list):
        ways = [[write_text(one) for one in value] or [""], [json.dumps(value)]]
    if value is None:
        ways.append([""])
    for way in ways:
        try:
            if same(parameter.parse(way), value):
                return way
        except ParameterError:
            continue
    return []


def same(one: Any, other: Any) -> bool:
    """Whether two values are alike, and of the same types: True is no 1 here."""
    return bool(one == other) and json.dumps(one) == json.dumps(other)
