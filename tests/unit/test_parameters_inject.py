from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from small_notebook import small_notebook

from workbench.errors import ParameterError
from workbench.production.parameters import Parameter, inject, parameters

CELL = """\
from pathlib import Path
text: str = "a"
rate: float = 1.0
bed: Path | None = None
pictures: list[Path] = []
more: dict[str, list[int]] = {}
level: Path | Literal["none"] = "none"
output: Path = "out/a.mp4"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return small_notebook(tmp_path, CELL, "x = 1")


def injected(notebook: Any) -> dict[str, Any]:
    """Run the cells up to the injected one, and return what they left."""
    left: dict[str, Any] = {}
    for cell in notebook["cells"][:2]:
        exec(cell["source"].replace("Literal", "list"), left)  # noqa: S102 - of this test
    return left


def test_values_arrive_as_they_are_and_paths_as_paths(source: Path):
    notebook = json.loads(source.read_text(encoding="utf-8"))
    hostile = 'a"\'\\\n\u2028\u202e{x}%s #"""'
    values = {
        "text": hostile,
        "rate": 1e-300,
        "bed": 'b"c.mp3',
        "pictures": ["a.png", "~/b.png"],
        "more": {hostile: [1, -2]},
    }
    inject(notebook, parameters(source), values)
    left = injected(notebook)
    assert left["text"] == hostile
    assert left["rate"] == 1e-300
    assert left["bed"] == Path('b"c.mp3')
    assert left["pictures"] == [Path("a.png"), Path.home() / "b.png"]
    assert left["more"] == {hostile: [1, -2]}
    assert left["level"] == "none"
    assert left["output"] == Path("out/a.mp4")  # a default that is written as a text
    assert "\u202e" not in notebook["cells"][1]["source"]


def test_the_cell_stands_where_papermill_puts_it_and_an_earlier_one_goes(source: Path):
    notebook = nbformat.read(source, as_version=4)
    for rate in (2.0, 3.0):
        inject(notebook, parameters(source), {"rate": rate})
    nbformat.validate(notebook)
    tags = [cell.metadata.get("tags") for cell in notebook.cells]  # by points, as papermill does
    assert tags == [["parameters"], ["injected-parameters"], None]
    assert "rate = 3.0" in notebook.cells[1].source
    assert notebook.cells[1].id == "injected-parameters"


def test_without_values_and_paths_nothing_is_injected_and_nothing_stays(tmp_path: Path):
    source = small_notebook(tmp_path, "rate: float = 1.0", minor=4)
    notebook = nbformat.read(source, as_version=4)
    inject(notebook, parameters(source), {"rate": 2})
    nbformat.validate(notebook)
    assert len(notebook.cells) == 2
    inject(notebook, parameters(source), {})
    assert len(notebook.cells) == 1


@pytest.mark.parametrize(
    "name", ["class", "x y", "x=1", 'x=__import__("os").mkdir("pwned") #', "", "1"]
)
def test_a_name_that_is_no_variable_is_never_written(source: Path, name: str):
    """papermill wrote the name of a parameter as code, and ran it."""
    notebook = json.loads(source.read_text(encoding="utf-8"))
    known = [Parameter(name=name, annotation="int", default=1)]
    with pytest.raises(ParameterError, match="cannot name a variable"):
        inject(notebook, known, {name: 1})
    assert len(notebook["cells"]) == 2


@pytest.mark.parametrize("values", [{"rate": float("nan")}, {"raet": 1.0}, {"bed": ""}])
def test_values_are_checked_again(source: Path, values: dict[str, Any]):
    notebook = json.loads(source.read_text(encoding="utf-8"))
    with pytest.raises(ParameterError):
        inject(notebook, parameters(source), values)
    assert len(notebook["cells"]) == 2
