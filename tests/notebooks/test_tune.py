"""The notebook about tuning does what it says, and the dashboard is a title and the panel."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from workbench.production.job import run
from workbench.voice import Preset, Voice

pytestmark = pytest.mark.notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def executed(path: Path, folder: Path) -> dict[str, Any]:
    """The outputs of a notebook by the names of its cells, after it has run in `folder`."""
    done = folder / "executed.ipynb"
    with contextlib.chdir(folder):  # a kernel works where it is started
        run(shutil.copy(path, folder / path.name), executed=done, timeout=120)
    assert done.stat().st_size < 3 << 20
    cells = json.loads(done.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: cell.get("outputs", []) for cell in cells}


def said(outputs: list[dict[str, Any]], mime: str = "text/plain") -> str:
    found = [out.get("text") or out.get("data", {}).get(mime) or "" for out in outputs]
    return "\n".join("".join(text) for text in found)


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder in which the notebook ran, and what it shows."""
    folder = tmp_path_factory.mktemp("tour")
    return folder, executed(NOTEBOOKS / "tour" / "02_tune.ipynb", folder)


def test_a_preset_is_kept_beside_the_notebook(tour: tuple[Path, dict[str, Any]]) -> None:
    folder, cells = tour
    preset = Preset.load(folder / "presets" / "narrator.toml")
    assert preset == Preset(
        name="narrator",
        voice=Voice.parse("espeak:en-us"),
        options={"rate": 150, "pitch": 40},
        note="The voice of the channel",
    )
    first, second = said(cells["code"]).strip().splitlines()
    assert first.endswith('voice="narrator")')
    assert second.endswith('voice="espeak:en-us", rate=150, pitch=40)  # the same, spelt out')
    assert "narrator" in said(cells["speak"])


def test_takes_are_measured_and_a_mistake_is_caught(tour: tuple[Path, dict[str, Any]]) -> None:
    _, cells = tour
    table = said(cells["table"], "text/html")
    assert table.count("<tr>") == 4
    assert "LUFS" in table
    assert "did you mean 'pitch'" in said(cells["misspelt"])
    assert said(cells["compare"]).startswith("Comparison(ab of")


def test_who_reads_it_sees_and_hears_the_takes(tour: tuple[Path, dict[str, Any]]) -> None:
    """The twin is that of the end: the panel's cell shows what later cells did."""
    _, cells = tour
    html = said(cells["panel"], "text/html")
    assert html.count("<audio") == 3
    assert "★" in html
    assert "calm: for the introduction" in html
    assert "voice=&quot;narrator&quot;" in html
    assert "Welcome back to the channel." in html


def test_the_dashboard_is_a_title_and_the_panel(tmp_path: Path) -> None:
    path = NOTEBOOKS / "dashboards" / "tuner.ipynb"
    title, given, panel = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert given["metadata"]["tags"] == ["parameters"]
    assert (title["cell_type"], title["source"]) == ("markdown", ["# Tune a voice"])
    assert panel["source"][-1] == "wb.tune(text, voice=voice or None)"
    cells = executed(path, tmp_path)
    assert "application/vnd.jupyter.widget-view+json" in cells["panel"][0]["data"]
