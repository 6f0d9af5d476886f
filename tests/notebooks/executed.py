"""Notebooks run by papermill itself and by nbmake, and what their cells show afterwards."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import papermill
import pytest

from workbench.production.kernels.install import install
from workbench.production.kernels.spec import KERNEL, spec_manager

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["NOTEBOOKS", "Cells", "by_nbmake", "by_papermill", "outputs", "said"]

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LARGEST = 3 << 20  # bytes of an executed notebook

Cells = dict[str, list[dict[str, Any]]]
"""The outputs of cells by the names of these."""


def by_papermill(
    path: Path, done: Path, values: dict[str, Any], *, kernel: str = "python3"
) -> None:
    """Run a notebook with other values in the folder of the executed one."""
    with contextlib.chdir(done.parent), _known(kernel):  # a kernel works where it is started
        papermill.execute_notebook(
            path, done, values, kernel_name=kernel, progress_bar=False, execution_timeout=240
        )


@contextlib.contextmanager
def _known(kernel: str) -> Iterator[None]:
    """Let Jupyter find the forked kernel, as if it had been installed."""
    if kernel != KERNEL:
        yield
        return
    spec_manager()  # a package that was installed before it had the provisioner has none
    with tempfile.TemporaryDirectory() as prefix, pytest.MonkeyPatch.context() as patch:
        install(prefix=Path(prefix))
        patch.setenv("JUPYTER_PATH", str(Path(prefix) / "share" / "jupyter"))
        yield


def by_nbmake(folders: Mapping[Path, Path], home: Path) -> dict[str, Path]:
    """Run notebooks as they are, each in a folder; return the executed ones by their names."""
    copies = []
    for path, folder in folders.items():
        folder.mkdir(exist_ok=True)
        copies.append(Path(shutil.copy(path, folder)))
    command = [sys.executable, "-m", "pytest", "--nbmake", "--overwrite", "--nbmake-timeout=120"]
    ran = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", *map(str, copies)],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert f"{len(copies)} passed" in ran.stdout
    return {copy.stem: copy for copy in copies}


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
