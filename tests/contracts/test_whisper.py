"""Whisper keeps the promises of a recogniser, in both of its modes."""

from __future__ import annotations

import pytest
from whisper_model import say

from tests.contracts.transcriber import TranscriberContract
from workbench.engines import registry
from workbench.engines import transcriber as transcriber_named
from workbench.engines.whisper import WhisperTranscriber

pytestmark = pytest.mark.model

EARS = WhisperTranscriber()  # nothing is loaded yet, and what is loaded serves every test


class TestWhisper(TranscriberContract):
    said = ("red", "green", "blue", "seven")

    @pytest.fixture
    def engine(self):
        return EARS

    @pytest.fixture
    def values(self, tiny_whisper):
        return {"model": tiny_whisper.name}

    @pytest.fixture
    def speech(self):
        return say(" ".join(self.said)).audio

    def test_it_is_the_registered_one(self, monkeypatch):
        monkeypatch.setattr(registry._ears, "loaded", {})
        assert type(transcriber_named("whisper")) is WhisperTranscriber
        assert type(transcriber_named()) is WhisperTranscriber


class TestWhisperInBatches(TestWhisper):
    @pytest.fixture
    def values(self, tiny_whisper):
        return {"model": tiny_whisper.name, "batch_size": 4}


class TestWhisperInSpanish(TestWhisper):
    said = ("rojo", "verde", "azul", "siete")
    language = "es"

    @pytest.fixture
    def speech(self):
        return say(" ".join(self.said), "es").audio
