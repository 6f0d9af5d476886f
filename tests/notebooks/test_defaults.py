"""Every notebook runs from its first cell to its last with its defaults, as nbmake runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
OTHERS = [path for path in NOTEBOOKS if path.parent.name != "jobs"]  # those: test_jobs

pytestmark = pytest.mark.notebook


def test_there_are_notebooks():
    assert {"01_say", "05_video", "captioned_short"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_nbmake(path, tmp_path):
    shutil.copy(path, tmp_path)
    command = [sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=120", "-q"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", tmp_path / path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs"), "committed with outputs"
        assert cell.get("execution_count") is None
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
