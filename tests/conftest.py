"""What every test may use; the cache of takes is set up in the conftest above."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
from whisper_model import tiny_whisper  # noqa: F401 - a fixture for all

from workbench.audio import Audio
from workbench.engines import registry
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.errors import VoiceNotFound, suggest
from workbench.options import Options, option
from workbench.script import tokenize
from workbench.take import Take
from workbench.timing import Word
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background, and its children
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real, odd, broken and hostile media files."""
    folder = Path(os.environ.get("WORKBENCH_TEST_MEDIA", ROOT.parent / "shared" / "media"))
    if not folder.is_dir():
        pytest.skip(f"no test media at {folder}; set WORKBENCH_TEST_MEDIA")
    return folder


@dataclass(frozen=True, kw_only=True)
class ToneOptions(Options):
    """Options of the test engine."""

    pace: int = option(100, minimum=50, maximum=200, unit="frames", help="Frames a letter")
    mood: str = option("calm", choices=("calm", "loud"), help="How it sounds")

    @property
    def tempo(self) -> float:
        """Far above any reader's."""
        return 400 / self.pace


class ToneEngine:
    """An engine whose sound is known to the sample: a letter is `pace` frames of one height.

    The heights are 0.1, 0.2 … 0.9 for the words in turn, negative for the voice ``low``.
    """

    name: ClassVar[str] = "tone"
    capabilities: ClassVar[Capabilities] = Capabilities(rate=8000, seeded=True)
    options: ClassVar[type[Options]] = ToneOptions
    version = "1"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.seeds: list[int | None] = []
        self._lock = threading.Lock()

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (
            VoiceInfo(name="high", language="en", label="High"),
            VoiceInfo(name="low", language="en-gb", label="Low"),
        )

    def find_voice(self, name: str) -> VoiceInfo:
        found = {voice.name: voice for voice in self.voices()}
        if name.lower() not in found:
            raise VoiceNotFound("is not a voice", subject=name, cure=suggest(name, found))
        return found[name.lower()]

    def synthesize(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Take:
        with self._lock:
            self.calls.append(text)
            self.seeds.append(seed)
        chosen = options or ToneOptions()
        pace = int(chosen.to_dict()["pace"])
        sign = -1 if voice == "low" else 1
        words, sounds, start = [], [], 0
        for i, token in enumerate(tokenize(text)):
            frames = pace * len(token.text)
            sounds.append(np.full(frames, sign * 0.1 * (i % 9 + 1), np.float32))
            end = start + frames
            words.append(
                Word(text=token.text, start=start / 8000, end=end / 8000, space=token.space)
            )
            start = end
        return Take(
            text=text,
            audio=Audio(samples=np.concatenate(sounds), rate=8000),
            words=tuple(words),
            voice=Voice(engine="tone", name=voice),
            language="en",
            engine_version=self.version,
            options=chosen.to_dict(),
            seed=seed,
        )

    def stream(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Iterator[Audio]:
        yield self.synthesize(text, voice=voice, options=options, seed=seed).audio

    def unload(self) -> None:
        """Nothing stays loaded."""


@pytest.fixture
def tone(monkeypatch: pytest.MonkeyPatch) -> ToneEngine:
    """An engine of known samples, under the name ``tone``."""
    engine = ToneEngine()
    monkeypatch.setitem(registry._voices.loaded, "tone", engine)
    return engine
