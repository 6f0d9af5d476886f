"""Every notebook of the tour runs from top to bottom, and shows what its text says."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbench.production.job import run

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = [pytest.mark.notebook, pytest.mark.media]

TOUR = Path(__file__).parents[2] / "notebooks" / "tour"


def executed(name: str, folder: Path) -> list[dict[str, Any]]:
    """The cells of a notebook of the tour after it has run in a folder of its own."""
    notebook = shutil.copy(TOUR / name, folder / name)
    done = folder / f"executed-{name}"
    with contextlib.chdir(folder):  # a kernel works where its caller does
        run(notebook, executed=done, timeout=240)
    cells: list[dict[str, Any]] = json.loads(done.read_text(encoding="utf-8"))["cells"]
    return cells


def texts(outputs: Iterable[dict[str, Any]]) -> str:
    found = []
    for output in outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain") or ""
        found.append("".join(text))
    return "\n".join(found)


@pytest.mark.parametrize("name", sorted(path.name for path in TOUR.glob("*.ipynb")))
def test_it_runs(name: str, tmp_path: Path):
    cells = executed(name, tmp_path)
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [one for one in outputs if one.get("name") == "stderr"], "a warning is shown"
    assert (tmp_path / f"executed-{name}").stat().st_size < 3 << 20
    if name == "07_service.ipynb":
        by_name = {cell["id"]: texts(cell.get("outputs", ())) for cell in cells}
        assert "('local', 'remote')" in by_name["remote"]
        assert "'ready'" in by_name["jobs"]
        local, remote = (
            line for line in by_name["errors"].splitlines() if "voice_not_found" in line
        )
        assert local.removeprefix("local") == remote.removeprefix("remote")
        assert by_name["await"].rstrip().endswith("local")
        assert "(200, 'audio/mpeg', True)" in by_name["openai"]
