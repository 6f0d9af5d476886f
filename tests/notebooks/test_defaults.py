"""Every notebook runs from its first cell to its last with its defaults, as nbmake runs it.

With other values, and in Spanish, they run in `test_tour` and `test_jobs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.notebooks import executed
from tests.notebooks.executed import outputs, said

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted(executed.NOTEBOOKS.glob("*/*.ipynb"))
TUNING = {"02_tune", "tuner"}  # see test_tune, which looks at more; at the jobs does test_jobs
OTHERS = [p.stem for p in NOTEBOOKS if p.parent.name != "jobs" and p.stem not in TUNING]

# What a cell shows of the English of the defaults: texts that it says in this order.
ENGLISH = {
    "01_say": {
        "first": ["Hello! This is the workbench", "espeak:en-us"],
        "spoken-1": ["language='en-us'", "twenty-five dollars"],
        "captions": ["en-us)"],
    },
    "03_compare": {
        "sweep": ["6 variants", "Every morning"],
        "keep": ['voice = "espeak:en', "And this is how"],
    },
    "04_captions": {
        "edit-script": ["Welcome back.", "discuss", "0 problems"],
        "files": ["WEBVTT", "<v espeak:en-us>Welcome back.", "<v espeak:en", "And each of them"],
    },
    "05_video": {
        "scenes": ["espeak:en-us: Three hills", "espeak:en-us: And the last one says goodbye."],
        "own": ["espeak:en-us: First, the hills.", "espeak:en-us: Then, the sky."],
    },
    "06_batch": {
        "cell-03": ["talk-1,Good morning everyone.,espeak:en-us"],
        "cell-11": ["2 done (2 unchanged)", "2 done (1 unchanged)"],
    },
    "07_service": {
        "remote": ["('local', 'remote')", "'The', 'same', 'five', 'calls,'"],
        "await": ["seconds"],
    },
}

pytestmark = pytest.mark.notebook


def test_there_are_notebooks():
    assert {"01_say", "05_video", "captioned_short"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("name", OTHERS)
def test_nbmake(name: str, english: dict[str, Path]):
    cells = outputs(english[name])
    for cell, wanted in ENGLISH[name].items():
        shown, place = said(cells[cell]), 0
        for text in wanted:
            place = shown.find(text, place)
            assert place >= 0, f"{cell}: {text!r} is not in {shown!r}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs"), "committed with outputs"
        assert cell.get("execution_count") is None
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
