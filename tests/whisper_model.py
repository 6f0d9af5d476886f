"""The tiny Whisper of the tests: a real CTranslate2 model that knows the words of its recipe."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions

__all__ = ["VOICES", "Said", "TinyWhisper", "say", "sentences", "tiny_whisper", "wrong_words"]

FOLDER = Path(
    os.environ.get("WORKBENCH_TINY_WHISPER", Path(__file__).parent / "models" / "tiny_whisper")
)
VOICES = {"en": "en-us", "es": "es"}
"""The plain voices, in which it hears best."""


@dataclass(frozen=True)
class TinyWhisper:
    """The model's folder, and the words it knows by language."""

    folder: Path
    words: dict[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        return str(self.folder)


@dataclass(frozen=True)
class Said:
    """A sentence of known words, and when each begins."""

    words: tuple[str, ...]
    starts: tuple[float, ...]
    audio: Audio


@pytest.fixture(scope="session")
def tiny_whisper() -> TinyWhisper:
    """A Whisper of a megabyte for English and Spanish, made by ``tools/train_tiny_whisper.py``."""
    recipe = json.loads((FOLDER / "recipe.json").read_text(encoding="utf-8"))
    words = {language: tuple(known) for language, known in recipe["words"].items()}
    return TinyWhisper(folder=FOLDER, words=words)


def say(text: str, language: str = "en", *, pause: float = 0.3, rate: int = 175) -> Said:
    """Return `text` in the plain voice of a language, `pause` seconds of silence after it."""
    options = EspeakOptions(rate=rate)
    take = EspeakEngine().synthesize(text, voice=VOICES[language], options=options)
    sound = take.audio.cut(0, take.words[-1].end + 0.1)
    return Said(
        words=tuple(bare(word.text) for word in take.words),
        starts=tuple(word.start for word in take.words),
        audio=Audio.join([sound, Audio.silence(pause, sound.rate)]),
    )


def sentences(tiny: TinyWhisper, language: str, count: int, *, seed: int = 0) -> list[Said]:
    """Return sentences of 2 to 7 words drawn at random."""
    chance = np.random.default_rng([seed, len(language), count])
    return [
        say(" ".join(chance.choice(tiny.words[language], chance.integers(2, 8))), language)
        for _ in range(count)
    ]


def bare(word: str) -> str:
    """Return a word in small letters without marks."""
    return word.strip(" .,;:!?¡¿").lower()


def wrong_words(said: list[str], heard: list[str]) -> int:
    """Return how many words are to be changed, dropped or added."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            here = min(row[place] + 1, row[place - 1] + 1, before + (word != other))
            before, row[place] = row[place], here
    return row[-1]
