# ruff: noqa: INP001, PLR2004 - a folder of scripts; odds stand where they are thrown
"""The words of the tiny Whisper, and the espeak speech that teaches them."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soxr
import torch
from faster_whisper.feature_extractor import FeatureExtractor

from workbench.engines.espeak.engine import EspeakEngine, EspeakOptions

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "LANGUAGES",
    "VOICES",
    "WORDS",
    "Spoken",
    "Utterances",
    "load",
    "log_mel",
    "sentence",
    "speak",
]

RATE = 16_000
HOP = 160  # samples of one frame of features, 10 ms
MELS = 80

# Words that sound unlike each other and that espeak never joins to their neighbours.
_ENGLISH = """
zero one two three four five six seven eight nine ten twenty hundred
red green blue yellow black white orange purple
play pause stop start open close hello world music voice video
window garden river morning water house picture summer kitchen paper
"""
_SPANISH = """
cero uno dos tres cuatro cinco seis siete ocho nueve diez veinte cien
rojo verde azul amarillo negro blanco naranja morado
abrir cerrar parar empezar hola mundo música voz vídeo
ventana jardín río mañana agua casa imagen verano cocina papel noche silencio
"""
WORDS = {"en": tuple(_ENGLISH.split()), "es": tuple(_SPANISH.split())}
LANGUAGES = tuple(WORDS)

# Each with its share. The plain voices are what a test most often speaks with.
VOICES = {
    "en": (
        ("en-us", 0.4),
        ("en", 0.2),
        ("en-us+f2", 0.1),
        ("en-us+f3", 0.1),
        ("en-us+m3", 0.1),
        ("en+f3", 0.1),
    ),
    "es": (
        ("es", 0.35),
        ("es-419", 0.25),
        ("es+f2", 0.1),
        ("es+f3", 0.1),
        ("es+m3", 0.1),
        ("es-419+f3", 0.1),
    ),
}
_PAIRS = {"en": ("hello", "world"), "es": ("hola", "mundo")}

_LONGEST = 8  # words
_CHUNK = 250  # utterances that share a seed, so that the number of processes changes nothing


@dataclass(frozen=True)
class Spoken:
    """One sentence as espeak says it.

    Parameters
    ----------
    words
        As they are written in the vocabulary.
    spans
        Start and end of each word in seconds, one row each.
    samples
        Mono, at 16 kHz.
    """

    words: tuple[str, ...]
    spans: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True)
class Utterances:
    """Many sentences, their features in one array.

    Parameters
    ----------
    frames
        Log-mel power (base 10, neither clipped nor scaled) of all, ``(frames, 80)``, float16.
    starts
        First frame of each, and one past the last frame of all.
    words
        Each sentence's words as numbers in ``WORDS[language]``, -1 beyond its end.
    spans
        Start and end of each word in frames of 10 ms.
    voices
        Each sentence's voice as a number; voices of one language come before the next one's.
    language
        Each sentence's number in `LANGUAGES`.
    """

    frames: np.ndarray
    starts: np.ndarray
    words: np.ndarray
    spans: np.ndarray
    voices: np.ndarray
    language: np.ndarray

    def __len__(self) -> int:
        return len(self.words)


def sentence(rng: np.random.Generator, language: str) -> tuple[tuple[str, ...], str]:
    """Return words drawn at random, and the text to give espeak."""
    words = list(rng.choice(WORDS[language], rng.integers(1, _LONGEST + 1)))
    if len(words) > 1 and rng.random() < 0.1:
        place = rng.integers(len(words) - 1)
        words[place : place + 2] = _PAIRS[language]
    marks = ["," if rng.random() < 0.12 else "" for _ in words[:-1]]
    marks.append(str(rng.choice([".", ".", "", "!", "?"])))
    text = " ".join(word + mark for word, mark in zip(words, marks, strict=True))
    if rng.random() < 0.5:
        text = text[0].upper() + text[1:]
    return tuple(str(word) for word in words), text


def speak(
    engine: EspeakEngine, words: tuple[str, ...], text: str, voice: str, options: EspeakOptions
) -> Spoken:
    """Return `text` spoken, cut shortly after its last word."""
    take = engine.synthesize(text, voice=voice, options=options)
    spans = np.array([(word.start, word.end) for word in take.words])
    if len(spans) != len(words):
        raise ValueError(f"{text!r}: {len(spans)} words are timed, not {len(words)}")
    sound = soxr.resample(take.audio.samples[:, 0], take.audio.rate, RATE)
    return Spoken(words, spans, sound[: round((spans[-1, 1] + 0.1) * RATE)].astype(np.float32))


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Return log-mel power, ``(frames, 80)``, as faster-whisper's before it clips and scales."""
    window = torch.hann_window(400)
    sound = torch.nn.functional.pad(torch.from_numpy(samples), (200, 200))
    spectrum = torch.stft(sound, 400, HOP, window=window, center=False, return_complex=True)
    power = torch.from_numpy(FeatureExtractor().mel_filters) @ (spectrum.abs() ** 2)
    return power.clamp_min(1e-10).log10().T.numpy()


def _chunk(job: tuple[int, str, int]) -> list[tuple[np.ndarray, list[int], np.ndarray, int]]:
    """Make the utterances of one seed."""
    seed, language, number = job
    torch.set_num_threads(1)
    rng = np.random.default_rng([seed, LANGUAGES.index(language), number])
    engine = EspeakEngine()
    names, shares = zip(*VOICES[language], strict=True)
    first = sum(len(VOICES[other]) for other in LANGUAGES[: LANGUAGES.index(language)])
    made = []
    for _ in range(_CHUNK):
        words, text = sentence(rng, language)
        voice = int(rng.choice(len(names), p=shares))
        options = EspeakOptions(rate=int(rng.integers(130, 206)), pitch=int(rng.integers(38, 63)))
        spoken = speak(engine, words, text, names[voice], options)
        numbers = [WORDS[language].index(word) for word in words]
        mel = log_mel(spoken.samples).astype(np.float16)
        made.append((mel, numbers, spoken.spans * RATE / HOP, first + voice))
    return made


def load(cache: Path, *, seed: int, count: int, processes: int = 2) -> Utterances:
    """Return `count` utterances of each language, from `cache` when they are there.

    Parameters
    ----------
    cache
        File to keep them in, made when it is not there.
    seed
        Of everything that is drawn.
    count
        A multiple of 250.
    processes
        How many speak at once; it changes nothing in what they say.
    """
    if cache.exists():
        with np.load(cache) as stored:
            return Utterances(**stored)
    jobs = [(seed, language, n) for language in LANGUAGES for n in range(count // _CHUNK)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        made = [one for chunk in pool.imap(_chunk, jobs) for one in chunk]
    words = np.full((len(made), _LONGEST), -1, np.int16)
    spans = np.zeros((len(made), _LONGEST, 2), np.float32)
    for row, (_, numbers, times, _) in enumerate(made):
        words[row, : len(numbers)] = numbers
        spans[row, : len(numbers)] = times
    lengths = [len(mel) for mel, *_ in made]
    found = {
        "frames": np.concatenate([mel for mel, *_ in made]),
        "starts": np.concatenate([[0], np.cumsum(lengths)]),
        "words": words,
        "spans": spans,
        "voices": np.array([voice for *_, voice in made], np.int16),
        "language": np.repeat(np.arange(len(LANGUAGES)), count),
    }
    part = cache.with_suffix(".part.npz")
    np.savez(part, **found)
    part.replace(cache)
    return Utterances(**found)
