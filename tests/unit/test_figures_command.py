"""``workbench measure`` and ``workbench sweep``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from workbench import cli
from workbench.audio import Audio
from workbench.errors import WorkbenchError
from workbench.speech.variants import Sweep

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Every morning the harbour wakes."


def run(*arguments: str) -> Any:
    """Run a command; return what it prints as JSON, or raise its error."""
    done = CliRunner().invoke(cli.app, [*arguments, "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_recordings_are_measured_as_in_python(here: Path) -> None:
    import numpy as np

    import workbench as wb

    tone = 0.1 * np.sin(2 * np.pi * 220 * np.arange(32_000) / 16_000)
    Audio(samples=tone, rate=16_000).write(here / "tone.wav")
    Audio.silence(1, 16_000).write(here / "silence.wav")
    rows = {row["label"]: row for row in run("measure", "tone.wav", "silence.wav")["rows"]}
    found = rows["tone.wav"]["measures"]
    assert found["pitch"] == pytest.approx(220, rel=0.01)
    expected = wb.measure(Audio.read(here / "tone.wav")).loudness
    assert found["loudness"] == pytest.approx(expected, abs=0.01)
    assert rows["silence.wav"]["measures"]["loudness"] is None


def test_a_sweep_is_kept_and_told() -> None:
    arguments = ["-v", "espeak:en-us", "-v", "espeak:es", "-O", "rate=130,200", "-o", "takes"]
    table = run("sweep", TEXT, *arguments)
    assert [(row["voice"], row["rate"]) for row in table] == [
        ("espeak:en-us", 130),
        ("espeak:en-us", 200),
        ("espeak:es", 130),
        ("espeak:es", 200),
    ]
    kept = Sweep.load("takes")
    assert [variant.label for variant in kept] == [row["label"] for row in table]
    assert kept[0].take.duration > kept[1].take.duration
    assert len(run("sweep", TEXT, *arguments[:-1], "few", "-n", "3")) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-O", "rte=1"], "rte: is no option of espeak; did you mean 'rate'"),
        (["-O", "rate=130,999"], "rate: must be a whole number from 80 to 450"),
        (["-O", "rate"], "rate: sets nothing"),
        (["-O", "rate="], "rate=: sets nothing"),
        (["-v", "espeak:xx-nowhere"], "xx-nowhere"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_spoken(
    here: Path, arguments: list[str], said: str
) -> None:
    with pytest.raises(WorkbenchError, match=said):
        run("sweep", TEXT, *arguments, "-o", "takes")
    assert not (here / "takes").exists()
