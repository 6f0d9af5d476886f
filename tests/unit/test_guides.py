"""What the guides in docs/ tell a reader to type runs, and their lists are complete."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lavfi import clip
from PIL import Image

import workbench as wb
from workbench.audio import Audio
from workbench.captions.styles import STYLES
from workbench.media.backdrop import backdrop

DOCS = Path(__file__).parents[2] / "docs"
MADE = {
    "video": ("short.mp4.json", "cut.gif", "sheet.jpg", "frames/frame-0003.jpg", "wave.png"),
    "sound": ("loud.voice.wav", "show.wav", "even.mp3", "book.m4b.json"),
    "widgets": ("presets/narrator.toml", "sea.srt", "sea.mp3"),
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
    if name == "video":
        plan = next(block for block in blocks(name, "text") if block.startswith("scene 1"))
        assert done.stdout.startswith(plan)
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


@pytest.mark.parametrize("name", GUIDES)
def test_links_lead_somewhere(name: str):
    for target in re.findall(r"\]\(([^)#]+)\)", text(name)):
        assert (DOCS / target).is_file(), target
    for target in re.findall(r"`(notebooks/[\w/.]+)`", text(name)):
        assert (DOCS.parent / target).is_file(), target
