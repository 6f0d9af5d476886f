"""Chatterbox: expressive speech in 23 languages, and voices cloned with their owner's consent.

It runs in this process where its package is installed, else in an environment of its own; see
`isolated_environments`. Its watermark is part of every sound, and there is no way around it here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from workbench.audio import Audio
from workbench.engines import chatterbox_package, chatterbox_voices, hardware, weights
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.engines.chatterbox_join import joined
from workbench.engines.chatterbox_model import Model, Said
from workbench.engines.chatterbox_package import CAP, MODELS, RATE, Kind
from workbench.engines.chatterbox_text import Ready, halves, ready
from workbench.engines.isolated import IsolatedEngine
from workbench.engines.isolated_environments import environment
from workbench.engines.loaded import Loaded
from workbench.errors import EngineMissing, ModelError, ParameterError, WorkbenchError
from workbench.options import Options, option
from workbench.take import Take
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.audio import Samples

__all__ = ["ChatterboxEngine", "ChatterboxOptions"]

_MODELS = 2  # kept in memory, 3.2 GB each: a script may change between English and another language
_PIECE = RATE // 2  # frames of a piece of a stream
_SEEDS = 1 << 32
_STRIDE = 7919  # between the seeds of the parts of a chunk that had to be broken; a prime


@dataclass(frozen=True, kw_only=True)
class ChatterboxOptions(Options):
    """How Chatterbox speaks.

    Parameters
    ----------
    exaggeration
        How much is felt, 0.25 (flat) to 2 (unstable), 0.5 for neutral. Not for ``turbo``.
    cfg_weight
        How closely it keeps to the text and to the reference's pace, 0 to 1; lower is slower and
        freer. Not for ``turbo``.
    temperature
        How much is left to chance, 0.05 to 5.
    repetition_penalty
        1 (none) to 2 against getting stuck; 0 for the model's own: 1.2, multilingual 2.
    min_p
        Leaves out sounds less likely than this part of the likeliest, 0 to 1. Not for ``turbo``.
    top_p
        Chooses among the likeliest sounds that make up this probability, up to 1; 0 for the
        model's own: 1, turbo 0.95.
    top_k
        Chooses among this many, 1 to 6,561; ``turbo`` only.
    norm_loudness
        Whether a reference voice is first brought to -27 LUFS; ``turbo`` only.
    gap
        Milliseconds of silence between two chunks of a long line, 0 to 2,000.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    cpu_fallback
        Whether the CPU goes on when the memory of another device is full.

    Examples
    --------
    >>> ChatterboxOptions(exaggeration=3)
    Traceback (most recent call last):
    workbench.errors.ParameterError: exaggeration: must be a number from 0.25 to 2 factor, not 3
    """

    exaggeration: float = option(
        0.5, minimum=0.25, maximum=2, step=0.05, unit="factor", help="How much is felt"
    )
    cfg_weight: float = option(
        0.5, minimum=0, maximum=1, step=0.05, unit="factor", help="How closely it keeps to the pace"
    )
    temperature: float = option(
        0.8, minimum=0.05, maximum=5, step=0.05, unit="factor", help="How much is left to chance"
    )
    repetition_penalty: float = option(
        0.0,
        minimum=0,
        maximum=2,
        step=0.1,
        unit="factor",
        help="Against getting stuck, 1 or more; 0 for the model's own",
    )
    min_p: float = option(
        0.05, minimum=0, maximum=1, step=0.01, unit="part", help="Leaves out unlikely sounds"
    )
    top_p: float = option(
        0.0,
        minimum=0,
        maximum=1,
        step=0.01,
        unit="probability",
        help="Chooses among the likeliest sounds; 0 for the model's own",
    )
    top_k: int = option(
        1000, minimum=1, maximum=6561, step=50, unit="sounds", help="Chooses among so many; turbo"
    )
    norm_loudness: bool = option(
        default=True, help="Whether a reference voice is brought to one loudness; turbo"
    )
    gap: int = option(
        100, minimum=0, maximum=2000, step=10, unit="ms", help="Silence between two chunks"
    )
    device: str = option("auto", help="auto, cpu, cuda, cuda:1 or mps")
    cpu_fallback: bool = option(
        default=True, help="Whether the CPU goes on when a GPU's memory is full"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.repetition_penalty < 1:  # below 1 it is a reward
            raise ParameterError(
                f"must be 1 to 2, or 0 for the model's own, not {self.repetition_penalty}",
                subject="repetition_penalty",
            )

    def effective(self, kind: Kind) -> ChatterboxOptions:
        """Return the options with a model's own values in place of the zeros that stand for them.

        Examples
        --------
        >>> ChatterboxOptions().effective(MODELS["turbo"]).top_p
        0.95
        """
        return replace(
            self,
            repetition_penalty=self.repetition_penalty or kind.repetition_penalty,
            top_p=self.top_p or kind.top_p,
        )


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
        self._models: Loaded[tuple[str, str], Model] = Loaded(self._load, limit=_MODELS)

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
        """Return every voice, sorted by language and name; see `chatterbox_voices`."""
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
            warnings=tuple(dict.fromkeys((*job.ready.warnings, *job.notes))),
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
            options=(options or ChatterboxOptions()).effective(found.model),
            seed=_seed(seed),
            ready=ready(text, found.language, latin=name != "multilingual", tags=name == "turbo"),
            folder=self._folder(found.model),
        )

    def _folder(self, kind: Kind) -> Path:
        return weights.locate(kind.weights)

    def _load(self, key: tuple[str, str]) -> Model:
        kind = MODELS[key[0]]
        return Model(kind, self._folder(kind), key[1])

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
            return self._models.get((job.voice.model.name, device)).say(
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
        options: ChatterboxOptions,
        seed: int,
        ready: Ready,
        folder: Path,
    ) -> None:
        self.voice = voice
        self.options = options
        self.seed = seed
        self.ready = ready
        self.folder = folder
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
