"""What docs/parameters.md shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_notebook import small_notebook

from workbench.errors import ParameterError
from workbench.production.engine import Kernel
from workbench.production.job import run
from workbench.production.parameters import parameters

GUIDE = Path(__file__).parents[2] / "docs" / "parameters.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_guide_prints_what_it_says(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks("python"))],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    for said in blocks("text")[1:]:
        assert said in done.stdout


def test_the_cell_of_the_guide_is_a_schema(tmp_path: Path):
    known = {p.name: p for p in parameters(small_notebook(tmp_path, blocks("text")[0]))}
    assert known["speed"].range == "0.5 to 2 x"
    assert known["takes"].minimum == 1
    assert known["output"].default == "out/talk.mp4"
    assert all(parameter.help for parameter in known.values())


BAD: list[dict[str, object]] = [
    {"scrip": "a"},
    {"Voice": "espeak:es"},
    {"x=1": 2},
    {"class": 1},
    {'x=__import__("os").mkdir("pwned") #': 1},
    {"voice": 3},
    {"images": "a.jpg"},
    {"images": ("a.jpg",)},
    {"images": ["a.jpg", None]},
    {"fps": "30"},
    {"fps": 30.5},
    {"fps": True},
    {"fit": "blurr"},
    {"music_volume": float("nan")},
    {"music_volume": float("inf")},
    {"stems": "yes"},
    {"loudness": "tiktok"},
    {"title": None},
    {"logo": b"a.png"},
    {"output": "a\0.mp4"},
]


def test_twenty_bad_sets_are_refused_before_a_kernel_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """papermill starts a kernel for each of them, and runs the fifth name as code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(Kernel, "execute")
    assert len(BAD) == 20
    for values in BAD:
        with pytest.raises(ParameterError) as refused:
            run("captioned_short", values)
        assert refused.value.cure
    assert list(tmp_path.iterdir()) == []
