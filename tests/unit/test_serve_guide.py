"""What docs/serve.md tells a reader to type works, and its list of options is complete."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from serving import TOKEN, served

from workbench.audio import Audio

GUIDE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_python_runs(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks("python"))],
        cwd=tmp_path,
        env={**os.environ, "WORKBENCH_STORE": str(tmp_path / "media")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert np.abs(Audio.read(tmp_path / "hello.wav").samples).max() > 0.1


def test_every_option_is_told():
    import typer

    from workbench.cli import app

    command = typer.main.get_command(app).commands["serve"]
    options = {name for one in command.params for name in one.opts if name.startswith("--")}
    told = set(re.findall(r"`(--[\w-]+)", GUIDE))
    assert options - {"--help"} <= told
    assert told <= options | {"--help"}


@pytest.mark.media
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_lines_for_curl_work(tmp_path: Path):
    """As typed, but for the port and the id."""
    (block,) = (block for block in blocks("text") if "curl" in block)
    lines = block.replace("\\\n", " ").strip().splitlines()
    assert len(lines) == 4
    Image.new("RGB", (64, 64), "navy").save(tmp_path / "a.jpg")
    with served(tmp_path / "store") as server:
        spoken = ""
        for line in lines:
            asked = line.replace("localhost:8000", server.url.removeprefix("http://"))
            words = [w.replace("$TOKEN", TOKEN).replace("$ID", spoken) for w in shlex.split(asked)]
            done = subprocess.run(
                [*words, "-sS", "--fail-with-body"],
                cwd=tmp_path, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (0, ""), (line, done.stdout)
            if "/tts" in line:
                spoken = re.search(r'"file_id":\s*"(audio_[^"]+)"', done.stdout)[1]
            if "/status" in line:
                assert '"ready"' in done.stdout
    assert np.abs(Audio.read(tmp_path / "hello.wav").samples).max() > 0.1
