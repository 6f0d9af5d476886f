"""Every notebook runs from its first cell to its last with its defaults, as nbmake runs it.

With other values, and in Spanish, they run in `test_tour` and `test_jobs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.notebooks import executed
from tests.notebooks.executed import by_nbmake, said

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted(executed.NOTEBOOKS.glob("*/*.ipynb"))
OTHERS = [path for path in NOTEBOOKS if path.parent.name != "jobs"]  # those: test_jobs

pytestmark = pytest.mark.notebook


def test_there_are_notebooks():
    assert {"01_say", "05_video", "captioned_short"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_nbmake(path: Path, tmp_path: Path):
    cells = by_nbmake(path, tmp_path)
    if path.stem == "01_say":
        assert "espeak:en-us" in said(cells["first"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs"), "committed with outputs"
        assert cell.get("execution_count") is None
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
