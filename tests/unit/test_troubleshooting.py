"""What the guide to troubles shows of `workbench doctor` is what it says in that trouble."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbench import doctor
from workbench.engines.hardware import device_info
from workbench.engines.registry import engine
from workbench.media.binaries import Binary

if TYPE_CHECKING:
    from collections.abc import Callable

GUIDE = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
FINDER = doctor.find_spec
DEVICE = device_info()


def without(name: str) -> Callable[[str], Any]:
    return lambda asked: None if asked == name else FINDER(asked)


def gpu(patch: pytest.MonkeyPatch, *, library: bool, torch: str | None) -> None:
    patch.setattr(doctor, "nvidia_driver", lambda: True)
    patch.setattr(doctor, "nvidia_library", lambda: library)
    patch.setattr(doctor, "device_info", lambda: DEVICE | {"gpus": [], "torch": torch})


def no_hub(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor, "unanswered", lambda *_: "Name or service not known")


def old_ffmpeg(patch: pytest.MonkeyPatch) -> None:
    old = Binary(
        path=Path("/usr/local/bin/ffmpeg"), origin="PATH", version="9.0", lacks=("drawtext",)
    )
    patch.setattr(doctor, "binaries", lambda: (old,))


def little_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("MEM_LIMIT", "2147483648")
    patch.setattr(doctor, "room", lambda: 600_000_000)


TROUBLES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "Models do not come down": no_hub,
    "Models are forbidden": lambda patch: patch.setenv("WORKBENCH_OFFLINE", "1"),
    "No module named pip": lambda patch: patch.setattr(doctor, "find_spec", without("pip")),
    "A container without the card": lambda patch: gpu(patch, library=False, torch=None),
    "A torch for the CPU": lambda patch: gpu(patch, library=True, torch="2.13.0+cpu"),
    "A cell shows text": lambda patch: patch.setattr(
        "jupyter_core.paths.jupyter_path", lambda *_: []
    ),
    "An ffmpeg that lacks drawtext": old_ffmpeg,
    "Little memory": little_memory,
}


def shown() -> dict[str, list[str]]:
    """Return the lines of doctor in the guide by the name of the trouble in the comment before."""
    found = re.findall(r"<!-- doctor: (.*?) -->\s*```text\n(.*?)```", GUIDE, re.DOTALL)
    return {name: block.splitlines() for name, block in found}


def test_the_guide_shows_every_trouble_that_is_tried_here():
    assert list(shown()) == list(TROUBLES)


@pytest.mark.parametrize("name", TROUBLES)
def test_doctor_says_what_the_guide_shows(name: str, monkeypatch: pytest.MonkeyPatch):
    engine("espeak")
    for variable in ("WORKBENCH_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("MEM_LIMIT", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    monkeypatch.setenv("WORKBENCH_MODELS", "/home/ana/models")
    monkeypatch.setattr(doctor, "unanswered", lambda *_: "")
    monkeypatch.setattr(doctor, "binaries", lambda: ())
    monkeypatch.setattr(doctor, "works", lambda _: "")
    monkeypatch.setattr(doctor, "engines", lambda: ["espeak"])
    TROUBLES[name](monkeypatch)
    said = doctor.examine().text().splitlines()
    assert shown()[name]
    for line in shown()[name]:
        assert line in said, "\n".join(said)
