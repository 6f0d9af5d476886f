"""The values of a run as a cell of the notebook, after the one that holds the defaults."""

from __future__ import annotations

import keyword
import os
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.paths import user_path
from workbench.production.parameters.given import check

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from workbench.production.parameters.parameter import Parameter

__all__ = ["inject"]

_TAG = "injected-parameters"  # papermill's


def inject(
    notebook: MutableMapping[str, Any],
    known: Sequence[Parameter],
    values: Mapping[str, object],
) -> None:
    """Write the values of a run into a notebook, in place and as papermill does.

    The cell has papermill's tag and stands where papermill puts it; one from an earlier run goes.
    A path arrives as a ``Path``, also a default that is written as a text.

    Parameters
    ----------
    notebook
        As JSON or nbformat reads it, version 4.
    known
        Its parameters.
    values
        Some of them.

    Raises
    ------
    ParameterError
        As `check` does.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> cells = [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ""}]
    >>> notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    >>> bed = Parameter(name="bed", annotation="Path", default="bed.mp3")
    >>> inject(notebook, [bed], {"bed": "a.mp3"})
    >>> print(notebook["cells"][1]["source"])
    # Parameters
    from pathlib import Path
    <BLANKLINE>
    bed = Path('a.mp3')
    """
    given = check(known, values)
    lines, holding = [], False
    for parameter in known:
        name = parameter.name
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ParameterError("cannot name a variable", subject=name)
        value = given.get(name, parameter.default)
        paths = set(parameter.paths(value))
        if name in given or paths:
            holding = holding or bool(paths)
            lines.append(f"{name} = {_literal(value, paths)}")
    cells = [cell for cell in notebook["cells"] if _TAG not in _tags(cell)]
    if lines:
        head = ["# Parameters", *(["from pathlib import Path", ""] if holding else [])]
        cell: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": [_TAG]},
            "outputs": [],
            "source": "\n".join([*head, *lines]),
        }
        if (notebook.get("nbformat", 4), notebook.get("nbformat_minor", 0)) >= (4, 5):
            cell["id"] = _TAG
        tagged = [n for n, one in enumerate(cells) if "parameters" in _tags(one)]
        cells.insert(tagged[0] + 1 if tagged else 0, _like(notebook, cell))
    notebook["cells"] = cells


def _literal(value: Any, paths: set[str]) -> str:
    """Return Python that means a checked value."""
    if isinstance(value, str) and value in paths:
        return f"Path({os.fspath(user_path(value))!r})"
    if isinstance(value, list):
        return f"[{', '.join(_literal(one, paths) for one in value)}]"
    return repr(value)


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    tags = cell.get("metadata", {}).get("tags", [])
    return tags if isinstance(tags, list) else []


def _like(notebook: MutableMapping[str, Any], cell: dict[str, Any]) -> Any:
    """Return a cell of the kind that the notebook is: nbformat's own can be read by points."""
    if type(notebook) is dict:
        return cell
    from nbformat import from_dict

    return from_dict(cell)  # type: ignore[no-untyped-call]  # it has none
