"""The notebook about tuning does what it says, and the dashboard is a title and the panel.

Both run by nbmake, with their English defaults; `test_tour` runs them in Spanish.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.notebooks.executed import NOTEBOOKS, Cells, outputs, said
from workbench.voice import Preset, Voice

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def tour(english: dict[str, Path]) -> tuple[Path, Cells]:
    """The folder in which the notebook ran, and what it shows."""
    done = english["02_tune"]
    return done.parent, outputs(done)


def test_a_preset_is_kept_beside_the_notebook(tour: tuple[Path, Cells]) -> None:
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
    assert "From now on, this is the narrator." in said(cells["speak"])
    assert "espeak:en-us" in said(cells["speak"])


def test_takes_are_measured_and_a_mistake_is_caught(tour: tuple[Path, Cells]) -> None:
    _, cells = tour
    table = said(cells["table"], "text/html")
    assert table.count("<tr>") == 4
    assert "LUFS" in table
    assert "did you mean 'pitch'" in said(cells["misspelt"])
    assert said(cells["compare"]).startswith("Comparison(ab of")


def test_who_reads_it_sees_and_hears_the_takes(tour: tuple[Path, Cells]) -> None:
    """The twin is that of the end: the panel's cell shows what later cells did."""
    _, cells = tour
    html = said(cells["panel"], "text/html")
    assert html.count("<audio") == 3
    assert "★" in html
    assert "calm: for the introduction" in html
    assert "voice=&quot;narrator&quot;" in html
    assert "Welcome back to the channel." in html


def test_the_dashboard_is_a_title_and_the_panel(english: dict[str, Path]) -> None:
    path = NOTEBOOKS / "dashboards" / "tuner.ipynb"
    title, given, panel = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert (title["cell_type"], title["source"]) == ("markdown", ["# Tune a voice"])
    assert given["metadata"]["tags"] == ["parameters"]
    assert panel["source"][-1] == "wb.tune(text, voice=voice or None)"
    cells = outputs(english["tuner"])
    assert 'voice="espeak:en' in said(cells["panel"])
    assert "application/vnd.jupyter.widget-view+json" in cells["panel"][0]["data"]
