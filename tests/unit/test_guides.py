"""What the guides in docs/ tell a reader to type runs, and their lists are complete."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from lavfi import clip
from PIL import Image

import workbench as wb
from workbench import cli
from workbench.audio import Audio
from workbench.captions.styles import STYLES
from workbench.engines.weights import find_model
from workbench.media.backdrop import backdrop

DOCS = Path(__file__).parents[2] / "docs"
MADE = {
    "video": ("short.mp4.json", "cut.gif", "sheet.jpg", "frames/frame-0003.jpg", "wave.png"),
    "sound": ("loud.voice.wav", "show.wav", "even.mp3", "book.m4b.json"),
    "widgets": ("presets/narrator.toml", "sea.srt", "sea.mp3"),
    "parameters": ("jobs.csv",),
    "board": (),
}
GUIDES = tuple(MADE)


def text(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text(name), re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's own files."""
    home = tmp_path_factory.mktemp("guides")
    Image.fromarray(backdrop(1, width=270, height=480)).save(home / "a.jpg")
    Image.new("RGBA", (40, 40), (255, 0, 0, 128)).save(home / "logo.png")
    clip(home / "b.mp4", "navy", size="96x64", seconds=2)
    clip(home / "green.mp4", "#00b140", seconds=0.5, tone=None)
    tone = 0.2 * np.sin(np.arange(3 * 24_000) / 12)
    for name in ("bed.mp3", "ding.wav", "talk.wav", "one.wav", "two.wav"):
        Audio(samples=tone, rate=24_000).write(home / name)
    (home / "talk.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    (home / "titles.txt").write_text("One\nTwo\n")
    (home / "book.txt").write_text("The sea.\n\nThe land.\n")
    return home


@pytest.mark.media
@pytest.mark.parametrize("name", GUIDES)
def test_the_python_runs_from_top_to_bottom(folder: Path, name: str):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks(name, "python"))],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    printed = re.findall(r"```python\n(?:(?!```).)*```\n+```text\n(.*?)```", text(name), re.DOTALL)
    assert [block for block in printed if block not in done.stdout] == []
    assert printed or name not in {"video", "parameters"}
    for made in MADE[name]:
        assert (folder / made).stat().st_size > 0, made


@pytest.mark.media
def test_the_commands_run(folder: Path):
    script = Path(sys.executable).with_name("workbench")
    lines = [
        row for name in GUIDES for block in blocks(name, "console") for row in block.splitlines()
    ]
    assert len(lines) >= 5
    for line in lines:
        words = [script, *shlex.split(line)[1:]]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), line


def test_the_lists_are_those_of_the_package():
    transitions = next(block for block in blocks("video", "text") if block.startswith("fade "))
    assert tuple(transitions.split()) == wb.media.TRANSITIONS
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert f"({len(wb.media.TRANSITIONS)} of them)" in readme
    styles = re.search(r"The styles are (.*?);", text("video"), re.DOTALL)
    assert styles is not None
    assert sorted(re.findall(r"`([\w-]+)`", styles[1])) == sorted(STYLES)
    tools = text("video").rpartition("| clips |")[2]
    named = {name.rstrip("()") for name in re.findall(r"`([\w()]+)`", tools)}
    assert named <= set(wb.media.__all__)
    targets = re.findall(r"^\| `(\w+)` \| (-\d+) \|", text("sound"), re.MULTILINE)
    assert {name: float(level) for name, level in targets} == wb.media.TARGETS
    for preset in wb.media.PRESETS:
        assert f"`{preset}`" in text("video")


def test_figures_are_those_of_the_package() -> None:
    named = re.findall(r"`(\w+)`", text("widgets").partition("| measure |")[2].partition("\n\n")[0])
    assert set(named) >= {field.name for field in wb.Measures.FIELDS} - {"duration"}
    assert set(named) <= {*(field.name for field in wb.Measures.FIELDS), "listener"}


ALL = sorted(path.stem for path in DOCS.glob("*.md"))


def told(name: str) -> list[str]:
    """Return the commands that a guide tells, also those that need weights or a night to run."""
    found = (
        row
        for kind in ("console", "text")
        for block in blocks(name, kind)
        for row in block.splitlines()
    )
    lines = [row.partition("#")[0].strip() for row in found]
    lines = [re.sub(r"^(\w+=\S+ )+|>>.*$", "", line) for line in lines]
    return [line for line in lines if line.startswith("workbench ")]


@pytest.mark.parametrize("name", ALL)
def test_every_command_can_be_typed(name: str):
    app = typer.main.get_command(cli.app)
    for line in told(name):
        command, words = app, shlex.split(line)[1:]
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        with command.make_context("workbench", words) as context:
            assert context.args == [], line


@pytest.mark.parametrize("name", ALL)
def test_the_names_in_the_python_are_there(name: str):
    for block in blocks(name, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "wb" or hasattr(wb, node.attr), node.attr
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("workbench"):
                module = importlib.import_module(node.module or "")
                assert not [one.name for one in node.names if not hasattr(module, one.name)]


@pytest.mark.parametrize("name", ALL)
def test_what_a_guide_names_is_there(name: str):
    for target in re.findall(r"\]\(([^)#\s]+)[^)\s]*\)", re.sub(r"`[^`\n]+`", "", text(name))):
        assert "://" in target or (DOCS / target).is_file(), target
    for target in re.findall(r"`(notebooks/[\w/.]+)`", text(name)):
        assert (DOCS.parent / target).is_file(), target
    for target in re.findall(r"`make (\w+)", text(name)):
        makefile = (DOCS.parent / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_memory_that_models_ask_for_is_what_is_asked() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \|.*\| ([\d.]+) (MB|GB) \| ([\d.]+) GB \|$", text("models"), re.MULTILINE
    )
    assert len(rows) == 7
    for name, size, unit, memory in rows:
        model = find_model(name)
        assert float(size) * (1e6 if unit == "MB" else 1e9) == pytest.approx(model.size, rel=0.02)
        torch = model.engine != "whisper"
        need = 2.2 * model.size / 1e9 + 0.3 + (0.5 if torch else 0)
        assert float(memory) == pytest.approx(need, abs=0.11), name
