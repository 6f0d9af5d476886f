"""Notebooks run by papermill itself and by nbmake, and what their cells show afterwards."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import papermill

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LARGEST = 3 << 20  # bytes of an executed notebook

Cells = dict[str, list[dict[str, Any]]]
"""The outputs of cells by the names of these."""


def by_papermill(path: Path, folder: Path, values: dict[str, Any]) -> Cells:
    """Run a notebook with other values in a folder of its own."""
    done = folder / "executed.ipynb"
    with contextlib.chdir(folder):  # a kernel works where it is started
        papermill.execute_notebook(
            path, done, values, kernel_name="python3", progress_bar=False, execution_timeout=240
        )
    return outputs(done)


def by_nbmake(path: Path, folder: Path) -> Cells:
    """Run a notebook as it is in a folder of its own."""
    done = shutil.copy(path, folder / path.name)
    command = [sys.executable, "-m", "pytest", "--nbmake", "--overwrite", "--nbmake-timeout=120"]
    ran = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", path.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout
    return outputs(done)


def outputs(path: Path) -> Cells:
    """Return what an executed notebook shows, which is not much, no error and no warning."""
    assert path.stat().st_size < LARGEST
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found: Cells = {cell["id"]: cell.get("outputs", []) for cell in cells}
    every = [one for cell in found.values() for one in cell]
    assert not [one for one in every if one["output_type"] == "error"]
    assert not [one for one in every if one.get("name") == "stderr"], "a warning is shown"
    return found


def said(shown: list[dict[str, Any]], mime: str = "text/plain") -> str:
    """Return what a cell prints, or shows as one kind."""
    found = [out.get("text") or out.get("data", {}).get(mime) or "" for out in shown]
    return "\n".join("".join(text) for text in found)
