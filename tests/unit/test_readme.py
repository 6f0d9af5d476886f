"""What the README tells a newcomer to type works."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.audio import Audio
from workbench.media.backdrop import backdrop

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


COMMANDS = [
    line
    for block in blocks("console")
    for line in block.splitlines()
    if line.startswith("workbench")
]


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = {
        line.split()[1]
        for block in blocks("console")
        for line in block.splitlines()
        if line.startswith("make ")
    }
    wanted |= set(re.findall(r"`make (\w+)", README))
    assert {"demo", "test", "lab"} <= wanted
    for target in wanted:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.mark.media
@pytest.mark.notebook
def test_the_commands_run_one_after_the_other(folder):
    script = Path(sys.executable).with_name("workbench")
    assert len(COMMANDS) >= 6
    for command in COMMANDS:
        words = shlex.split(command)
        done = subprocess.run(
            [script, *words[1:]], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stderr == "", command
        assert done.stdout, command
    for name in ("hola.mp3", "hola.srt", "out/dias.mp4", "out/dias.ipynb", "both.mp4", "libro.m4b"):
        assert (folder / name).stat().st_size > 0


@pytest.mark.media
def test_the_lines_of_python_run(tmp_path, media):
    code = "\n".join(blocks("python"))
    Image.fromarray(backdrop(1, width=300, height=500)).save(tmp_path / "a.jpg")
    clip = (media / "speech" / "en_nasa_webb_2v2a2s.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(clip)
    Audio(samples=0.2 * np.sin(np.arange(24_000) / 12), rate=24_000).write(tmp_path / "bed.mp3")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "WORKBENCH_STORE": str(tmp_path / "media")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    receipt = json.loads((tmp_path / "short.mp4.json").read_text())
    assert [scene["fit"] for scene in receipt["scenes"]] == ["cover", "contain"]
    assert [title["text"] for title in receipt["titles"]] == ["Hello"]
    assert [sound["kind"] for sound in receipt["sounds"]] == ["music"]
    assert (tmp_path / "short.mp4").stat().st_size > 10_000
    assert np.abs(Audio.read(tmp_path / "spoken.wav").samples).max() > 0.1


def _told_commands() -> list[str]:
    guide = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    found = [*re.findall(r"```(?:console|text)\n(.*?)```", guide + README, re.DOTALL)]
    lines = [line for block in found for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith("workbench ")})


@pytest.mark.parametrize("line", _told_commands())
def test_every_command_that_is_told_can_be_typed(line: str):
    """Some need weights to run; all must be commands with those options."""
    import typer

    from workbench.cli import app

    command, words = typer.main.get_command(app), shlex.split(line)[1:]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    with command.make_context("workbench", words) as context:
        assert context.args == []
