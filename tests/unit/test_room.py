"""A hub ends the kernel that takes more than its share: what does not fit is refused before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from whisper_model import FOLDER

import workbench as wb
from workbench.engines import hardware
from workbench.engines.hardware import room
from workbench.engines.registry import transcriber
from workbench.errors import DeviceError

if TYPE_CHECKING:
    from pathlib import Path

GB = 1_000_000_000


@pytest.mark.parametrize("told", ["", "lots", "-1", "1.5G", "0", "٣"])
def test_what_is_no_number_of_bytes_is_no_grant(monkeypatch, told: str):
    monkeypatch.setenv(room.LIMIT, told)
    assert room.granted() is None


def test_a_model_that_fits_the_grant_is_loaded_and_a_larger_one_refused(monkeypatch, tmp_path):
    weights = tmp_path / "model.bin"
    with weights.open("wb") as file:
        file.truncate(GB)  # a hole: it takes no disk
    monkeypatch.setattr(room, "_used", lambda: GB)
    monkeypatch.setenv(room.LIMIT, str(2 * GB))
    with pytest.raises(DeviceError, match=r"2\.5 GB .* 2\.0 GB that MEM_LIMIT .* 1\.0 GB are free"):
        hardware.make_sure("large", [weights])
    monkeypatch.setenv(room.LIMIT, str(4 * GB))
    hardware.make_sure("large", [weights])
    monkeypatch.delenv(room.LIMIT)
    monkeypatch.setattr(room, "_used", lambda: 100 * GB)
    hardware.make_sure("large", [weights])  # nobody grants anything: nothing is asked


def test_what_runs_already_counts():
    assert 30_000_000 < room._used() < 1_000 * GB


@pytest.mark.model
def test_whisper_asks_before_it_loads(monkeypatch, tmp_path):
    sound = tmp_path / "a.wav"
    wb.speak("one two", voice="espeak:en-us").audio.write(sound)
    transcriber().unload()  # another test may have loaded it
    monkeypatch.setenv(room.LIMIT, "1000000")
    with pytest.raises(DeviceError, match="MEM_LIMIT"):
        wb.transcribe(sound, model=str(FOLDER), language="en")


@pytest.mark.parametrize("engine", ["kokoro", "chatterbox"])
def test_the_other_engines_ask_before_they_load(monkeypatch, tmp_path, engine: str):
    monkeypatch.setenv(room.LIMIT, "1000000")
    if engine == "kokoro":
        from workbench.engines.kokoro.model import models

        load = lambda: models.get((tmp_path, "cpu"))  # noqa: E731
    else:
        from workbench.engines.chatterbox import ChatterboxEngine

        empty = object.__new__(ChatterboxEngine)  # its package need not be here
        load = lambda: empty._load(("english", "cpu", tmp_path))  # noqa: E731
    with pytest.raises(DeviceError, match="MEM_LIMIT"):
        load()


def test_a_folder_of_nothing_needs_the_libraries_alone(tmp_path: Path):
    assert room.needed([tmp_path / "not there"]) == room._LIBRARIES
    assert room.needed([], torch=True) == room._LIBRARIES + room._TORCH
