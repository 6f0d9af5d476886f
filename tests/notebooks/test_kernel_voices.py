"""A voice that is loaded once, before the kernels are forked."""

from __future__ import annotations

import ast

import pytest
from forking import fork_servers, kernel
from kokoro_model import home, need_kokoro  # noqa: F401 - a fixture

SPEAK = """
import hashlib
from workbench.engines.kokoro import model
from workbench.engines.registry import engine
before = model.models.loads, model.readers.loads
take = engine("kokoro").synthesize("Una frase corta.", voice="ef_dora", seed=3)
[before, (model.models.loads, model.readers.loads), len(take.audio.samples) > 0,
 hashlib.sha256(take.audio.samples.tobytes()).hexdigest()]
"""


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.notebook
@pytest.mark.usefixtures("home")
def test_kernels_share_a_voice_and_speak_with_it_as_any_other(tmp_path, monkeypatch):
    """Torch's threads must not be those of the server, which the child does not have."""
    need_kokoro()
    monkeypatch.chdir(tmp_path)
    with fork_servers():
        with kernel("kokoro:ef_dora") as one, kernel("kokoro:ef_dora") as other:
            first, second = (ast.literal_eval(k.run(SPEAK)) for k in (one, other))
        with kernel() as plain:
            loaded = ast.literal_eval(plain.run(SPEAK))
    assert first == second
    assert first[:2] == [(1, 1), (1, 1)], "nothing was loaded by the kernel"
    assert loaded[:2] == [(0, 0), (1, 1)]
    assert first[2] is True
    assert first[3] == loaded[3], "the same bytes"
