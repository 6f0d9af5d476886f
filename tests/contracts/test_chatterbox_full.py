"""The real package at full size, with random weights, in the environment made for it.

Minutes, 7 GB of memory and 3.2 GB of disk; the environment is made once (1.8 GB), in
``WORKBENCH_ENVIRONMENTS`` or ``.venv/engines``.
"""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path

import chatterbox_full
import chatterbox_weights
import numpy as np
import pytest

from tests.contracts.synthesizer import SynthesizerContract
from workbench.audio import Audio
from workbench.engines import weights
from workbench.engines.chatterbox import ChatterboxEngine, ChatterboxOptions
from workbench.engines.isolated import IsolatedEngine
from workbench.engines.isolated import environments as isolated_environments
from workbench.engines.reference import ReferenceVoice

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(3600)]

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
TEXT = "Hello there, this is a test."


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as made:
        yield made


@pytest.fixture(scope="module")
def built(patch) -> isolated_environments.Environment:
    """The environment, made by our own command if it is not there."""
    folder = ROOT / ".venv" / "engines"
    if isolated_environments.VARIABLE not in os.environ:
        patch.setenv(isolated_environments.VARIABLE, str(folder))
    return isolated_environments.install("chatterbox")


@pytest.fixture(scope="module")
def full(built, patch, tmp_path_factory):
    """The engine, with the weights and a recorded voice."""
    home = tmp_path_factory.mktemp("chatterbox")
    script = Path(chatterbox_weights.__file__)
    subprocess.run([built.python, "-I", script, home / "weights"], check=True, capture_output=True)
    patch.setenv("WORKBENCH_DEVICE", "cpu")
    patch.setenv("WORKBENCH_VOICES", str(home / "voices"))
    patch.setenv(chatterbox_full.FOLDER, str(home / "weights"))
    patch.setenv(chatterbox_full.TOKENS, "6")
    patch.setattr(weights, "locate", lambda *_: home / "weights")
    time = np.arange(4 * 24_000) / 24_000
    sound = Audio(samples=0.3 * np.sin(900 * time) * np.sin(9 * time), rate=24_000)
    ReferenceVoice.record("ana", sound, who="Ana", purpose="tests", consent=True)
    engine = ChatterboxEngine()
    engine._isolated = IsolatedEngine(
        "chatterbox",
        "chatterbox_full:FullSize",
        built.python,
        options=ChatterboxOptions,
        paths=[script.parent],
    )
    yield engine
    engine.unload()
    for path in (home / "weights").iterdir():
        path.unlink()


class TestFullSize(SynthesizerContract):
    voice = "default"

    @pytest.fixture
    def engine(self, full):
        return full


def test_what_the_package_does_wrong_is_put_right_in_the_real_one(full, capfd):
    """cfg_weight=0 fails in the package, and a cloned voice stays for whoever comes next."""
    before = full.synthesize(TEXT, voice="default", seed=3)
    assert full.synthesize(
        TEXT, voice="default", seed=3, options=ChatterboxOptions(cfg_weight=0)
    ).duration
    cloned = full.synthesize(TEXT, voice="ana", seed=3)
    after = full.synthesize(TEXT, voice="default", seed=3)
    assert after == before
    assert cloned.audio != before.audio
    assert capfd.readouterr() == ("", "")


def test_figures(full, monkeypatch):
    """The watermark is there at full size; --log-cli-level=INFO shows the other figures."""
    monkeypatch.setenv(chatterbox_full.TOKENS, "60")
    monkeypatch.setenv("WORKBENCH_TEST_MEASURE", "1")
    full.unload()
    take = full.synthesize(TEXT, voice="default", seed=1)
    figures = dict(pair.split("=") for pair in take.warnings)
    log.info("%s", figures)
    assert 1 < take.duration < 60 * 0.04 + 0.1  # tokens that are no sound are dropped
    assert float(figures["watermark"]) > 0.5
