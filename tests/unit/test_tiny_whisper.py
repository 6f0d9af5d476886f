"""How well the Whisper of the tests hears; what its recipe claims, measured anew on a part."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.whisper_model import FOLDER, TinyWhisper, bare, say, sentences, wrong_words
from workbench.audio import Audio
from workbench.engines.whisper import WhisperOptions, WhisperTranscriber
from workbench.speech.transcribe import transcribe

pytestmark = pytest.mark.model

LIMIT = 2_000_000  # bytes


def test_it_is_small_and_says_how_it_was_made():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= LIMIT
    recipe = json.loads((FOLDER / "recipe.json").read_text(encoding="utf-8"))
    assert {"seed", "steps", "words", "voices", "espeak", "versions", "measured"} <= set(recipe)
    for language in ("en", "es"):
        told = recipe["measured"][language]
        assert told["sentences"]["wer"] <= 0.05
        assert told["minute"]["wer"] <= 0.10
        assert told["sentences"]["start_error_mean_s"] <= 0.1


@pytest.mark.parametrize("language", ["en", "es"])
def test_sentences_it_was_not_trained_on_are_heard(tiny_whisper: TinyWhisper, language: str):
    ears = WhisperTranscriber()
    options = WhisperOptions(model=tiny_whisper.name, device="cpu")
    wrong = words = 0
    errors: list[float] = []
    for said in sentences(tiny_whisper, language, 25, seed=77_001):
        heard = ears.transcribe(said.audio, options=options)
        assert heard.language == language
        found = [bare(word.text) for word in heard.words]
        wrong += wrong_words(list(said.words), found)
        words += len(said.words)
        if found == list(said.words):
            errors += [
                abs(word.start - start)
                for word, start in zip(heard.words, said.starts, strict=True)
            ]
    assert wrong / words <= 0.05
    assert np.mean(errors) <= 0.1


@pytest.mark.parametrize(("language", "seed"), [("en", 77_002), ("es", 77_003)])
def test_a_minute_of_many_sentences_is_heard(tiny_whisper: TinyWhisper, language: str, seed: int):
    chance = np.random.default_rng(seed)
    parts: list[Audio] = []
    wanted: list[str] = []
    while sum(part.duration for part in parts) < 60:
        text = " ".join(chance.choice(tiny_whisper.words[language], chance.integers(3, 8)))
        said = say(f"{text}.", language, pause=float(chance.uniform(0.3, 1.2)))
        parts.append(said.audio)
        wanted += said.words
    heard = transcribe(Audio.join(parts), model=tiny_whisper.name)
    found = [bare(word.text) for word in heard.words]
    assert heard.language == language
    assert wrong_words(wanted, found) / len(wanted) <= 0.10
