"""What a model host hands out keeps the promises of the engines it stands for."""

from __future__ import annotations

import pytest
from hosting import hosting
from whisper_model import say

from tests.contracts.synthesizer import SynthesizerContract
from tests.contracts.transcriber import TranscriberContract
from workbench.engines import engine as engine_named
from workbench.engines import transcriber as transcriber_named
from workbench.engines.host.stand_in import HostedSynthesizer, HostedTranscriber


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with hosting(tmp_path_factory.mktemp("plug-in")) as host:
        yield host


class TestHostedTiny(SynthesizerContract):
    voice = "hum"

    @pytest.fixture
    def engine(self, host):
        engine = engine_named("tiny")
        assert type(engine) is HostedSynthesizer
        return engine


@pytest.mark.model
class TestHostedWhisper(TranscriberContract):
    said = ("red", "green", "blue", "seven")

    @pytest.fixture
    def engine(self, host):
        engine = transcriber_named("whisper")
        assert type(engine) is HostedTranscriber
        return engine

    @pytest.fixture
    def values(self, tiny_whisper):
        return {"model": tiny_whisper.name}

    @pytest.fixture
    def speech(self):
        return say(" ".join(self.said)).audio

    def test_nothing_was_loaded_here(self, engine, listen, speech, host):
        calls = host.status().calls
        listen(speech, language="en")
        assert engine._own._models.loads == 0
        assert host.status().calls == calls + 1
