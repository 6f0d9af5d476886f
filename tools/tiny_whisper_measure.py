# ruff: noqa: INP001 - a folder of scripts, not a package
"""How well faster-whisper reads speech that the training never heard."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.audio import pad_or_trim
from tiny_whisper_data import LANGUAGES, RATE, VOICES, Spoken, sentence, speak

from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["distance", "measure"]

_SEED = 90210  # of nothing else
_PLAIN = {"en": "en-us", "es": "es"}
# The three ways in which a file is read.
_FILTERED = {"vad_filter": True, "word_timestamps": True, "condition_on_previous_text": False}


def distance(said: list, found: list) -> int:
    """Return how many words are to be changed, dropped or added."""
    row = list(range(len(found) + 1))
    for i, one in enumerate(said, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1]


class _Count:
    """Wrong words, times and languages while they add up."""

    def __init__(self) -> None:
        self.wrong = self.words = self.files = self.known = 0
        self.late: list[float] = []

    def add(self, spoken: Spoken, words: list[tuple[str, float]], *, known: bool) -> None:
        found = [word for word, _ in words]
        self.wrong += distance(list(spoken.words), found)
        self.words += len(spoken.words)
        self.files += 1
        self.known += known
        # Times are compared only where both sides have the same words.
        matcher = difflib.SequenceMatcher(None, spoken.words, found, autojunk=False)
        for block in matcher.get_matching_blocks():
            starts = spoken.spans[block.a : block.a + block.size, 0]
            times = [time for _, time in words[block.b : block.b + block.size]]
            self.late += np.abs(starts - np.array(times)).tolist()

    def figures(self) -> dict[str, float]:
        late = self.late or [float("nan")]
        return {
            "files": self.files,
            "words": self.words,
            "wer": round(self.wrong / self.words, 4),
            "start_error_mean_s": round(float(np.mean(late)), 4),
            "start_error_p95_s": round(float(np.percentile(late, 95)), 4),
            "language_accuracy": round(self.known / self.files, 4),
        }


def _words(segments: Iterable[Any]) -> list[tuple[str, float]]:
    """Return each word and its start."""
    return [(word.word.strip(), word.start) for part in segments for word in part.words]


def _sentences(engine: EspeakEngine, language: str, count: int, *, plain: bool) -> list[Spoken]:
    """Return sentences in the plain voice at its own pace, or in all voices and paces."""
    rng = np.random.default_rng([_SEED, LANGUAGES.index(language), plain])
    names, shares = zip(*VOICES[language], strict=True)
    spoken = []
    for _ in range(count):
        words, text = sentence(rng, language)
        voice, options = _PLAIN[language], EspeakOptions()
        if not plain:
            voice = str(rng.choice(names, p=shares))
            options = EspeakOptions(
                rate=int(rng.integers(130, 206)), pitch=int(rng.integers(38, 63))
            )
        one = speak(engine, words, text, voice, options)
        sound = np.concatenate([one.samples, np.zeros(round(0.3 * RATE), np.float32)])
        spoken.append(Spoken(one.words, one.spans, sound))
    return spoken


def _minute(sentences: list[Spoken], rng: np.random.Generator) -> Spoken:
    """Join sentences, 0.3 to 1.2 s apart, until they last a minute."""
    words: list[str] = []
    spans, sound, length = [], [], 0
    while length < 60 * RATE:
        one = sentences.pop()
        words += one.words
        spans.append(one.spans + length / RATE)
        pause = np.zeros(round(rng.uniform(0.3, 1.2) * RATE), np.float32)
        piece = one.samples[: round(one.spans[-1, 1] * RATE)]
        sound += [piece, pause]
        length += len(piece) + len(pause)
    return Spoken(tuple(words), np.concatenate(spans), np.concatenate(sound))


def measure(folder: Path, *, sentences: int = 120, minutes: int = 4) -> dict[str, Any]:
    """Return figures for each language: single sentences, and files of a minute.

    Parameters
    ----------
    folder
        The model.
    sentences
        How many single ones in the plain voice, and as many in all voices.
    minutes
        How many files of a minute.
    """
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    batched = BatchedInferencePipeline(model)
    engine = EspeakEngine()
    found: dict[str, Any] = {}
    for language in LANGUAGES:
        figures = found[language] = {}
        for name, plain in (("sentences", True), ("sentences_all_voices", False)):
            count = _Count()
            for one in _sentences(engine, language, sentences, plain=plain):
                segments, info = model.transcribe(
                    one.samples, vad_filter=True, word_timestamps=True
                )
                count.add(one, _words(segments), known=info.language == language)
            figures[name] = count.figures()
        rng = np.random.default_rng([_SEED, 7, LANGUAGES.index(language)])
        pool = _sentences(engine, language, 60 * minutes, plain=True)[sentences:]
        ways = {
            "minute": lambda sound: model.transcribe(sound, **_FILTERED),
            "minute_plain": lambda sound: model.transcribe(sound, word_timestamps=True),
            "minute_batched": lambda sound: batched.transcribe(sound, word_timestamps=True),
        }
        counts = {name: _Count() for name in ways}
        for _ in range(minutes):
            one = _minute(pool, rng)
            for name, way in ways.items():
                segments, info = way(one.samples)
                counts[name].add(one, _words(segments), known=info.language == language)
        figures |= {name: count.figures() for name, count in counts.items()}
    return found | {"noise": _noise(model)}


def _noise(model: WhisperModel) -> dict[str, float]:
    """Return what is made of silence and noise: no-speech probability and words written."""
    rng = np.random.default_rng(_SEED)
    tokenizer = model.hf_tokenizer
    prompt = [tokenizer.token_to_id(f"<|{name}|>") for name in ("startoftranscript", "en")]
    prompt.append(tokenizer.token_to_id("<|transcribe|>"))
    chances, words = [], 0
    for level in (0.0, 0.001, 0.01, 0.1):
        sound = (rng.standard_normal(10 * RATE) * level).astype(np.float32)
        states = model.encode(pad_or_trim(model.feature_extractor(sound)))
        (result,) = model.model.generate(states, [prompt], return_no_speech_prob=True)
        chances.append(result.no_speech_prob)
        segments, _ = model.transcribe(sound, no_speech_threshold=None, temperature=0.0)
        words += sum(len(segment.text.split()) for segment in segments)
    least = round(min(chances), 4)
    return {"files": len(chances), "least_no_speech_probability": least, "words_written": words}
