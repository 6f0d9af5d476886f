"""Chatterbox: expressive speech in 23 languages, and voices cloned with their owner's consent.

It runs in this process where its package is installed, else in an environment of its own; see
`isolated.environments`. Its watermark is part of every sound, and there is no way around it here.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from workbench.audio import Audio
from workbench.engines import hardware, weights
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.engines.chatterbox import package as chatterbox_package
from workbench.engines.chatterbox import voices as chatterbox_voices
from workbench.engines.chatterbox.join import joined
from workbench.engines.chatterbox.model import Model, Said
from workbench.engines.chatterbox.options import ChatterboxOptions
from workbench.engines.chatterbox.package import CANGJIE, CAP, CONDS, MODELS, RATE, Kind
from workbench.engines.chatterbox.text import Ready, halves, ready
from workbench.engines.isolated import IsolatedEngine
from workbench.engines.isolated.environments import environment
from workbench.engines.loaded import Loaded
from workbench.errors import EngineMissing, ModelError, ParameterError, WorkbenchError
from workbench.take import Take
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from workbench.audio import Samples
    from workbench.options import Options

__all__ = ["ChatterboxEngine", "ChatterboxOptions"]

_MODELS = 2  # kept in memory, 3.2 GB each: a script may change between English and another language
_PIECE = RATE // 2  # frames of a piece of a stream
_SEEDS = 1 << 32
_STRIDE = 7919  # between the seeds of the parts of a chunk that had to be broken; a prime


class ChatterboxEngine:
    """The engine.

    Raises
    ------
    EngineMissing
        When its package is neither installed here nor in an environment of its own.
    """

    name: ClassVar[str] = "chatterbox"
    capabilities: ClassVar[Capabilities] = Capabilities(
        rate=RATE, word_times="none", streaming=True, seeded=True
    )
    options: ClassVar[type[Options]] = ChatterboxOptions

    def __init__(self) -> None:
        self._isolated: IsolatedEngine | None = None
        if not chatterbox_package.installed():
            there = environment(self.name)
            if not there.ready:
                raise EngineMissing(
                    "needs a package that is not installed (chatterbox-tts)",
                    subject=self.name,
                    cure="pip install 'media-workbench[chatterbox]', or, to keep its pins away "
                    f"from your other packages ({there.recipe.size}): "
                    "workbench engines install chatterbox",
                )
            self._isolated = IsolatedEngine(
                self.name, there.recipe.target, there.python, options=ChatterboxOptions
            )
        self._models: Loaded[tuple[str, str, Path], Model] = Loaded(self._load, limit=_MODELS)

    @property
    def version(self) -> str:
        """The package's version, digests of its weights, and one of the recorded voices."""
        if self._isolated is not None:
            package = environment(self.name).version("chatterbox-tts")
        else:
            package = chatterbox_package.version()
        parts = [f"{kind.name}.{weights.digest(kind.weights)}" for kind in MODELS.values()]
        recorded = chatterbox_voices.digest()
        return "+".join([package, *parts, *([f"voices.{recorded}"] if recorded else [])])

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return every voice, sorted by language and name; see `chatterbox.voices`."""
        return chatterbox_voices.voices()

    def find_voice(self, name: str) -> VoiceInfo:
        """Return the voice of that name, ``+`` and another language or not.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        ConsentMissing
            When it is a recorded one without a whole record of consent.
        """
        return chatterbox_voices.find(name).info

    def consent(self, voice: str) -> dict[str, str] | None:
        """Return who agreed to what, for a voice that is cloned; None for the engine's own.

        Raises
        ------
        VoiceNotFound, ConsentMissing
            As `find_voice`.
        """
        reference = chatterbox_voices.find(voice).reference
        return reference.consent() if reference is not None else None

    def ready(self, voice: str) -> None:
        """Look whether the files that a voice needs are here; nothing is loaded.

        Raises
        ------
        VoiceNotFound, ConsentMissing
            As `find_voice`.
        WeightsMissing, WeightsCorrupt
            When a file is missing, or not as it should be.
        """
        self._located(chatterbox_voices.find(voice))

    def synthesize(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Take:
        """Return `text` as spoken; the same seed on the same device gives the same bytes.

        Raises
        ------
        VoiceNotFound, ConsentMissing
            When there is no such voice, or no consent to it.
        TextError
            When the text has nothing to speak, or is longer than 20,000 letters.
        ParameterError
            When the options are another engine's, or the seed is not 0 to 2^32 - 1.
        WeightsMissing, WeightsCorrupt
            When the model's files are not here or not whole.
        DeviceError
            When the device does not work, or has not enough memory.
        ModelError
            When a chunk could not be spoken to its end: there is never a hole in a take.
        """
        job = self._prepare(text, voice, options, seed)
        if self._isolated is not None:
            return self._isolated.synthesize(text, voice=voice, options=job.options, seed=job.seed)
        parts = list(self._sound(job))
        found, reference = job.voice.info, job.voice.reference
        unread = chatterbox_package.unread(job.voice.language)
        return Take(
            text=text,
            audio=Audio(samples=np.concatenate(parts), rate=RATE),
            words=(),
            voice=Voice(engine=self.name, name=found.name),
            language=found.language,
            engine_version=self.version,
            options=job.options.to_dict(),
            seed=job.seed,
            device="+".join(dict.fromkeys(job.devices)),
            warnings=tuple(filter(None, dict.fromkeys((*job.ready.warnings, *job.notes, unread)))),
            about={"consent": reference.consent()} if reference is not None else {},
        )

    def stream(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Iterator[Audio]:
        """Yield the sound in pieces of half a second, as soon as their chunk is made.

        Raises
        ------
        WorkbenchError
            As `synthesize`: what is wrong with the request, before the first piece is asked for.
        """
        job = self._prepare(text, voice, options, seed)
        if self._isolated is not None:
            return self._isolated.stream(text, voice=voice, options=job.options, seed=job.seed)
        return _pieces(self._sound(job))

    def unload(self) -> None:
        """Give back the memory, and end the process of an isolated one; the next call loads."""
        self._models.unload()
        if self._isolated is not None:
            self._isolated.unload()

    # -- from a request to sound --------------------------------------------------------------

    def _prepare(self, text: str, voice: str, options: Options | None, seed: int | None) -> _Job:
        """Check everything that can be checked before a model is loaded."""
        if not isinstance(text, str):
            raise ParameterError(f"must be text, not {text!r}", subject="text")
        if not isinstance(options, ChatterboxOptions | None):
            kind = type(options).__name__
            raise ParameterError(f"must be ChatterboxOptions, not {kind}", subject="options")
        found = chatterbox_voices.find(voice)
        if found.reference is not None:
            found.reference.verify()
        name = found.model.name
        return _Job(
            voice=found,
            folder=self._located(found),
            options=(options or ChatterboxOptions()).effective(found.model),
            seed=_seed(seed),
            ready=ready(text, found.language, latin=name != "multilingual", tags=name == "turbo"),
        )

    def _located(self, found: chatterbox_voices.FoundVoice) -> Path:
        """Return the folder that has what a voice needs."""
        more = [CONDS] if found.reference is None else []
        more += [CANGJIE] if found.language == "zh" else []
        return self._folder(found.model, more)

    def _folder(self, kind: Kind, more: Sequence[str] = ()) -> Path:
        # Of two folders that have the model, only one may have what is needed besides.
        files = [*weights.find_model(kind.weights).files, *more] if more else []
        return weights.locate(kind.weights, files)

    def _load(self, key: tuple[str, str, Path]) -> Model:
        name, device, folder = key
        model = weights.find_model(MODELS[name].weights)
        hardware.make_sure(model.name, [folder / file for file in model.files], torch=True)
        return Model(MODELS[name], folder, device)

    def _sound(self, job: _Job) -> Iterator[Samples]:
        # The variable that names a device is asked for when nothing else does.
        asked = job.options.device
        job.device = hardware.choose(None if asked == "auto" else asked)
        count = len(job.ready.chunks)
        chunks = (
            samples
            for number, chunk in enumerate(job.ready.chunks)
            for samples in self._whole(
                job, chunk, f"chunk {number + 1} of {count}", job.seed + number
            )
        )
        return joined(chunks, gap=job.options.gap / 1000, rate=RATE)

    def _whole(self, job: _Job, chunk: str, place: str, seed: int) -> Iterator[Samples]:
        """Yield a chunk as spoken, in parts where the model did not come to its end in one go."""
        said = self._say(job, chunk, place, seed)
        if not said.cut:
            yield said.samples
            return
        parts = halves(chunk, job.voice.language)
        if len(parts) == 1:
            raise ModelError(
                f"{place} does not come to an end: {CAP / 25:.0f} s for {len(chunk)} letters",
                subject=chunk,
                cure="take another seed, a lower temperature or a higher repetition_penalty",
            )
        job.notes.append(f"{place} ran into the model's {CAP / 25:.0f} s and was broken into parts")
        for number, part in enumerate(parts, 1):
            yield from self._whole(job, part, place, seed + number * _STRIDE)

    def _say(self, job: _Job, chunk: str, place: str, seed: int) -> Said:
        def work(device: str, _: int) -> Said:
            return self._models.get((job.voice.model.name, device, job.folder)).say(
                chunk,
                language=job.voice.language,
                reference=job.voice.reference,
                options=job.options.to_dict(),
                seed=seed,
            )

        try:
            outcome = hardware.run_with_fallback(
                work,
                device=job.device,
                cpu=job.options.cpu_fallback,
                free=self._models.unload,
            )
        except WorkbenchError:
            raise
        except Exception as error:
            raise ModelError(
                f"{place} could not be spoken ({type(error).__name__}: {error})", subject=chunk
            ) from error
        job.device = outcome.device  # whatever sent it there would be in the way of the next one
        job.devices.append(outcome.device)
        job.notes.extend(outcome.notes)
        return outcome.value


class _Job:
    """What is to be spoken, checked, and what is noted while it is."""

    def __init__(
        self,
        *,
        voice: chatterbox_voices.FoundVoice,
        folder: Path,
        options: ChatterboxOptions,
        seed: int,
        ready: Ready,
    ) -> None:
        self.voice = voice
        self.folder = folder
        self.options = options
        self.seed = seed
        self.ready = ready
        self.device = ""
        self.devices: list[str] = []
        self.notes: list[str] = []


def _seed(seed: object) -> int:
    """Return the seed, drawn now where there is none: a take can always be made again."""
    if seed is None:
        return secrets.randbelow(_SEEDS)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < _SEEDS:
        raise ParameterError(
            f"must be a whole number from 0 to 2^32 - 1, not {seed!r}", subject="seed"
        )
    return seed


def _pieces(sound: Iterator[Samples]) -> Iterator[Audio]:
    for part in sound:
        for first in range(0, len(part), _PIECE):
            yield Audio(samples=part[first : first + _PIECE], rate=RATE)
