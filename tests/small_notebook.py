"""A notebook with a parameters cell and what else a test wants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["small_notebook"]


def small_notebook(
    folder: Path, cell: str | None, *code: str, name: str = "a.ipynb", minor: int = 5
) -> Path:
    """Write a notebook: its parameters cell, none if it is None, and cells of code."""

    def made(number: int, source: str, **metadata: Any) -> dict[str, Any]:
        about = {"id": f"cell-{number}"} if minor >= 5 else {}
        about |= {"cell_type": "code", "metadata": metadata, "source": source}
        return {**about, "outputs": [], "execution_count": None}

    first = [] if cell is None else [made(0, cell, tags=["parameters"])]
    cells = first + [made(number, source) for number, source in enumerate(code, 1)]
    data = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
    path = folder / name
    path.write_text(json.dumps(data), encoding="utf-8")
    return path
