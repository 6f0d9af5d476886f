"""A server behind the OpenAI protocol keeps the promises of an engine: espeak on loopback."""

from __future__ import annotations

import pytest

from tests.contracts.synthesizer import SynthesizerContract
from tests.openai_server import OpenAIServer
from workbench.engines import engine as engine_named
from workbench.engines import registry
from workbench.engines.remote import RemoteEngine


@pytest.fixture(scope="module")
def server():
    with OpenAIServer() as server:
        yield server


class TestRemote(SynthesizerContract):
    voice = "en-us"

    @pytest.fixture
    def engine(self, server):
        engine = RemoteEngine(server.url)
        yield engine
        engine.unload()

    def test_it_is_the_registered_one(self, server, monkeypatch):
        monkeypatch.setenv("WORKBENCH_REMOTE_URL", server.url)
        monkeypatch.setattr(registry._voices, "loaded", {})
        assert type(engine_named("remote")) is RemoteEngine
