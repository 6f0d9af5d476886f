"""Chatterbox keeps the promises of an engine: over the stand-in, in this process and in another."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.synthesizer import SynthesizerContract
from workbench.audio import Audio
from workbench.engines.chatterbox import ChatterboxOptions
from workbench.engines.chatterbox import package as chatterbox_package
from workbench.engines.isolated import IsolatedEngine
from workbench.engines.isolated import environments as isolated_environments
from workbench.engines.reference import ReferenceVoice

pytest.importorskip("torch", reason="Chatterbox runs on torch")
import chatterbox_standin as standin

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True)
def recorded(tmp_path, monkeypatch) -> ReferenceVoice:
    """A folder with one voice to be cloned."""
    monkeypatch.setenv("WORKBENCH_VOICES", str(tmp_path / "voices"))
    monkeypatch.setenv("WORKBENCH_DEVICE", "cpu")
    time = np.arange(6 * 16_000) / 16_000
    sound = Audio(samples=0.3 * np.sin(300 * time) * np.sin(9 * time), rate=16_000)
    return ReferenceVoice.record("ana", sound, who="Ana", purpose="tests", consent=True)


@pytest.fixture(scope="module")
def worker():
    worker = IsolatedEngine(
        "chatterbox",
        "chatterbox_standin:Engine",
        sys.executable,
        options=ChatterboxOptions,
        paths=[Path(standin.__file__).parent],
    )
    yield worker
    worker.unload()


class TestChatterbox(SynthesizerContract):
    voice = "default"
    silent = (*SynthesizerContract.silent, "🎉", "\ue000\u202e", "[]")

    @pytest.fixture
    def engine(self, monkeypatch):
        return standin.engine(monkeypatch)


class TestClonedMultilingualVoice(SynthesizerContract):
    voice = "ana+es"

    @pytest.fixture
    def engine(self, monkeypatch):
        return standin.engine(monkeypatch)


class TestIsolatedChatterbox(SynthesizerContract):
    """The engine that users see, its package in another process."""

    voice = "default"

    @pytest.fixture
    def engine(self, monkeypatch, worker):
        engine = standin.engine(monkeypatch)
        monkeypatch.setattr(engine, "_isolated", worker)
        version = chatterbox_package.version()
        monkeypatch.setattr(isolated_environments.Environment, "version", lambda *_: version)
        return engine
