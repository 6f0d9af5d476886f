"""Kokoro's package, loaded from files that are here, and what it says of a piece of text.

The package fetches what it is not given: the model, a voice, and for English a model of spaCy from
a place of its own. It is only asked for what is known to be here.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import warnings
from dataclasses import dataclass
from importlib import invalidate_caches, metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.engines import hardware
from workbench.engines.kokoro.english import EnglishReader
from workbench.engines.kokoro.reader import PlainReader, Reader
from workbench.engines.loaded import Loaded
from workbench.errors import EngineMissing, ModelError, WeightsCorrupt, WeightsMissing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.audio import Samples
    from workbench.engines.kokoro.voices import FoundVoice

__all__ = ["PACKAGE", "RATE", "Piece", "Voices", "check", "folder", "models", "unload", "version"]

PACKAGE = "kokoro"
"""The name of the package, of its extra and of its weights."""
RATE = 24_000
"""Samples per second."""

_REPOSITORY = "hexgrad/Kokoro-82M"
_CONFIG, _MODEL = "config.json", "kokoro-v1_0.pth"
_SPACY, _SPACY_WEIGHTS = "en_core_web_sm", "spacy-english"
_SHAPE = (510, 1, 256)  # a row of style for each number of phonemes
# What reads a language besides misaki itself, by Kokoro's letter for it.
_NEEDS = {
    "j": ("misaki[ja]", ("fugashi", "jaconv", "mojimoji", "pyopenjtalk")),
    "z": ("misaki[zh]", ("cn2an", "jieba", "pypinyin")),
}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of text as spoken.

    Parameters
    ----------
    samples
        Shape ``(frames,)``, float32, 24 kHz.
    durations
        Of its symbols, with one more at each end, in units of 600 samples.
    """

    samples: Samples
    durations: tuple[int, ...]


class _Model:
    """The network on a device."""

    def __init__(self, key: tuple[Path, str]) -> None:
        path, self._device = key
        hardware.make_sure(PACKAGE, [path / _MODEL], torch=True)
        hardware.prepare_torch()
        with _quietly():
            from kokoro import KModel

            with _corrupt(path / _MODEL):
                model = KModel(
                    repo_id=_REPOSITORY, config=str(path / _CONFIG), model=str(path / _MODEL)
                )
            self._model = model.to(self._device).eval()

    def say(self, symbols: str, style: Any, *, speed: float, seed: int) -> Piece:
        """Return the sound of 1 to 510 symbols that the model knows.

        Parameters
        ----------
        symbols
            The phonemes.
        style
            A tensor of shape ``(1, 256)``.
        speed
            1 for the voice's own.
        seed
            What the noise in the voice is drawn from.
        """
        import torch

        cuda = [torch.device(self._device).index or 0] if self._device.startswith("cuda") else []
        with hardware.chance, torch.random.fork_rng(devices=cuda):
            torch.manual_seed(seed)
            output = self._model(symbols, style, speed, return_output=True)
        samples = np.asarray(output.audio.numpy(), np.float32).reshape(-1)
        if not samples.size or not np.isfinite(samples).all():
            raise ModelError("made no sound, or sound that is not a number", subject=PACKAGE)
        return Piece(samples=samples, durations=tuple(output.pred_dur.reshape(-1).tolist()))


class Voices:
    """What reads a language, and the voices of any; threads take turns to read.

    Parameters
    ----------
    key
        Kokoro's letter for the language, and the folder of the weights.
    """

    def __init__(self, key: tuple[str, Path]) -> None:
        code, self._folder = key
        hardware.prepare_torch()
        with _quietly():
            from kokoro import KPipeline

            try:
                self._pipeline = KPipeline(lang_code=code, repo_id=_REPOSITORY, model=False)
            except (ImportError, RuntimeError) as error:  # fugashi without its dictionary
                raise EngineMissing(
                    f"cannot read this language ({error})", subject=PACKAGE, cure=_cure(code)
                ) from error
        with _corrupt(self._folder / _CONFIG):
            config = json.loads((self._folder / _CONFIG).read_text(encoding="utf-8"))
            vocabulary = frozenset(config["vocab"])
        # They tell of every foreign word and of their dictionary on the error stream.
        for chatty in ("phonemizer", "jieba"):
            logging.getLogger(chatty).setLevel(logging.ERROR)
        sounds = self._pipeline.g2p
        if code in "ab" and sounds.fallback is None:
            raise EngineMissing(
                "cannot load espeak, which says the words it does not know",
                subject=PACKAGE,
                cure="pip install --force-reinstall espeakng-loader phonemizer-fork",
            )
        self.reader: Reader = (
            EnglishReader(sounds, vocabulary, code)
            if code in "ab"
            else PlainReader(lambda text: str(sounds(text)[0]), vocabulary, code)
        )

    def style(self, voice: FoundVoice, symbols: int) -> Any:
        """Return the style of a voice or blend for a number of symbols, shape ``(1, 256)``."""
        row = min(max(symbols, 1), _SHAPE[0]) - 1
        return sum(weight * self._pack(name)[row] for name, weight in voice.parts)

    def _pack(self, name: str) -> Any:
        path = self._folder / "voices" / f"{name}.pt"  # the name is one of the table
        with _corrupt(path):
            pack = self._pipeline.load_single_voice(str(path))
        if tuple(getattr(pack, "shape", ())) != _SHAPE or not pack.is_floating_point():
            raise WeightsCorrupt("is not a voice of kokoro", subject=str(path), cure=_pull(PACKAGE))
        return pack


models: Loaded[tuple[Path, str], _Model] = Loaded(_Model)
"""The network by folder and device, one for the whole process."""
readers: Loaded[tuple[str, Path], Voices] = Loaded(Voices, limit=9)
"""What reads, by Kokoro's letter for the language and folder."""


def unload() -> None:
    """Give back the memory of all that was loaded."""
    readers.unload()
    models.unload()


def check(voice: FoundVoice) -> None:
    """Make sure that the language of a voice can be read, without loading anything.

    Raises
    ------
    EngineMissing
        When a package is not installed.
    WeightsMissing
        When spaCy's English model is not here; when Kokoro's own is not either, it is named.
    """
    language = voice.language
    missing = [name for name in ("kokoro", "torch") if find_spec(name) is None]
    if missing:
        raise EngineMissing(
            f"needs a package that is not installed ({', '.join(missing)})",
            subject=PACKAGE,
            cure=f"pip install 'media-workbench[{PACKAGE}]'",
        )
    extra, packages = _NEEDS.get(language.code, ("", ()))
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise EngineMissing(
            f"needs packages that are not installed to read {language.name} ({', '.join(missing)})",
            subject=PACKAGE,
            cure=f"pip install '{extra}'",
        )
    if language.code in "ab" and not _has_spacy_model():
        from workbench.engines import weights

        folder(voice)  # what fetches Kokoro's own files brings spaCy's with them
        weights.activate_spacy()
        invalidate_caches()
        if not _has_spacy_model():
            raise WeightsMissing(
                f"is not on this machine, and reads {language.name} for {PACKAGE}",
                subject=_SPACY_WEIGHTS,
                cure=_pull(_SPACY_WEIGHTS),
            )


def folder(voice: FoundVoice) -> Path:
    """Return the folder that has the model and the voices of `voice`.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        Naming what is not there, or not as it should be.
    """
    from workbench.engines import weights

    names = [f"voices/{name}.pt" for name, _ in voice.parts]
    try:
        return weights.locate(PACKAGE, [_CONFIG, _MODEL, *names])
    except WeightsMissing as error:  # all that this voice needs, and not the 53 others
        own = "".join(f" --voice {name}" for name, _ in voice.parts)
        cure = f"{_pull(PACKAGE)}{own}"
        raise WeightsMissing(error.problem, subject=error.subject, cure=cure) from error


def version() -> str:
    """Return the versions of what speaks: packages and weights."""
    from workbench.engines import weights

    reads = weights.digest(_SPACY_WEIGHTS)
    if reads == "absent" and _has_spacy_model():  # installed by pip
        reads = f"spacy.{metadata.version(_SPACY)}"
    return "+".join([*_packages(), weights.digest(PACKAGE), reads])


@functools.cache
def _packages() -> tuple[str, ...]:
    found = []
    for name in ("kokoro", "misaki", "espeakng-loader"):
        try:
            found.append(f"{name}.{metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name}.absent")
    return tuple(found)


def _has_spacy_model() -> bool:
    # As `spacy.util.is_package` finds out, and misaki, which else would fetch it by pip.
    try:
        metadata.distribution(_SPACY)
    except metadata.PackageNotFoundError:
        return False
    return find_spec(_SPACY) is not None


def _pull(name: str) -> str:
    return f"workbench models pull {name}"


def _cure(code: str) -> str:
    if code == "j":
        return "pip install 'misaki[ja]' && python -m unidic download"
    return f"pip install '{_NEEDS[code][0] if code in _NEEDS else 'media-workbench[kokoro]'}'"


@contextlib.contextmanager
def _corrupt(path: Path) -> Iterator[None]:
    """Turn what the package raises about a file into an error that names it."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        if hardware.is_out_of_memory(error):
            raise
        raise WeightsCorrupt(
            f"cannot be loaded ({type(error).__name__}: {error})",
            subject=str(path),
            cure=_pull(PACKAGE),
        ) from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Load without a word: torch and spaCy warn of their own old names.

    The package also takes loguru's handlers away from the program it is imported by, and puts its
    own in their place; meanwhile there is nothing to take.
    """
    import loguru

    kept = {"remove": lambda *_: None, "add": lambda *_, **__: 0}
    with hardware.quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vars(loguru.logger).update(kept)
        try:
            yield
        finally:
            for name in kept:
                vars(loguru.logger).pop(name, None)
