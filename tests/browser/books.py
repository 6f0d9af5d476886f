"""Notebooks that tests make: a cell or two for each widget, and what it shows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from pathlib import Path

IMPORTS = "import workbench as wb\nfrom workbench import widgets"


def book(path: Path, *cells: str) -> Path:
    """Write a notebook of these cells, which must end in ``.ipynb``, and return its path."""
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    made.cells = [_cell(i, code) for i, code in enumerate(cells)]
    nbformat.write(made, path)
    return path


def _cell(number: int, code: str) -> Any:
    cell = nbformat.v4.new_code_cell(code)
    cell.id = f"{number}-{hashlib.sha256(code.encode()).hexdigest()[:8]}"  # the same in every run
    return cell
