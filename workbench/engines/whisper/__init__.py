"""Whisper, by faster-whisper: what is said in a recording, word by word."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.audio import Audio
from workbench.engines import hardware
from workbench.engines.loaded import Loaded
from workbench.engines.whisper import flags as whisper_flags
from workbench.engines.whisper import language as whisper_language
from workbench.engines.whisper import model as whisper_model
from workbench.engines.whisper.listen import RATE, detect, hear, speech
from workbench.engines.whisper.model import Loading
from workbench.engines.whisper.options import WhisperOptions
from workbench.engines.whisper.segments import Converter
from workbench.errors import (
    Cancelled,
    DeviceError,
    EngineMissing,
    ModelError,
    ParameterError,
    WorkbenchError,
    one_line,
)
from workbench.recognition import Recognition, Segment

if TYPE_CHECKING:
    import threading

    from workbench.audio import Samples
    from workbench.engines.hardware import Outcome
    from workbench.engines.whisper.model import Weights
    from workbench.options import Options
    from workbench.progress import Report

__all__ = ["WhisperOptions", "WhisperTranscriber"]

_UNSURE = 0.6  # a language less likely than this is told as uncertain
_SPACELESS = frozenset({"zh", "ja", "th", "lo", "my", "yue"})


class WhisperTranscriber:
    """The embedded default recogniser.

    Nothing is loaded before it is first used, and nothing is ever fetched: the weights come by
    ``workbench models pull whisper-small``.

    Examples
    --------
    >>> ears = WhisperTranscriber()
    >>> ears.name, ears.options().model
    ('whisper', 'small')
    """

    name: ClassVar[str] = "whisper"
    options: ClassVar[type[Options]] = WhisperOptions

    def __init__(self) -> None:
        if find_spec("faster_whisper") is None:
            raise EngineMissing(
                "needs the package faster-whisper",
                subject=self.name,
                cure="pip install faster-whisper",
            )
        self._models: Loaded[Loading, Any] = Loaded(whisper_model.load)

    @property
    def version(self) -> str:
        """The versions of faster-whisper and CTranslate2; the model is named by the result."""
        return whisper_model.library_version()

    def identity(self, options: Options | None = None) -> str:
        """Return the library's version and which files the model is made of, for cache keys."""
        model = whisper_model.identity(_checked(options).model)
        return f"{self.version} {model}"

    def ready(self, options: Options | None = None) -> None:
        """Look whether the model's files are there, before a long recording is decoded.

        Raises
        ------
        ParameterError, WeightsMissing, WeightsCorrupt
            As `transcribe`.
        """
        whisper_model.find(_checked(options).model)

    def transcribe(
        self,
        audio: Audio,
        *,
        language: str | None = None,
        options: Options | None = None,
        progress: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> Recognition:
        """Return what is said in `audio`, with the time of every word.

        Parameters
        ----------
        audio
            Any rate, any number of channels.
        language
            A BCP 47 tag, its region left out; None to detect it.
        options
            `WhisperOptions`.
        progress
            Called with the part that is done, 0 to 1, after each segment.
        cancel
            Set it from another thread to stop; it is looked at before each segment.

        Raises
        ------
        ParameterError
            When the model does not know the language, or cannot do the task.
        WeightsMissing, WeightsCorrupt
            When the model's files are not there or damaged, with the command that gets them.
        DeviceError
            When the device that was asked for fails.
        ModelError
            When the library fails.
        Cancelled
            When `cancel` was set.
        """
        if not isinstance(audio, Audio):
            raise ParameterError(f"must be Audio, not {type(audio).__name__}", subject="audio")
        chosen = _checked(options)
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped before it began", subject="transcription")
        weights = whisper_model.find(chosen.model)
        device, notes = _device(chosen.device)
        samples = np.ascontiguousarray(audio.mono().resample(RATE).samples[:, 0])
        job = _Job(
            weights=weights,
            options=chosen,
            samples=samples,
            duration=audio.duration,
            language=language,
            progress=progress,
            cancel=cancel,
        )
        outcome = self._run(job, device, auto=chosen.device.strip().lower() in {"", "auto"})
        heard = outcome.value
        return Recognition(
            segments=heard.segments,
            language=heard.language,
            language_probability=heard.probability,
            duration=audio.duration,
            declared=audio.duration,
            engine=self.name,
            model=weights.name,
            device=outcome.device,
            options=chosen.to_dict(),
            warnings=(*notes, *outcome.notes, *heard.warnings),
        )

    def unload(self) -> None:
        """Give back the memory; the next call loads again."""
        self._models.unload()

    def _run(self, job: _Job, device: str, *, auto: bool) -> Outcome[_Heard]:
        def work(where: str, batch: int) -> _Heard:
            model = self._models.get(job.loading(where, asked=device))
            return job.run(model, batch if job.options.batch_size else 0)

        def run(where: str) -> Outcome[_Heard]:
            batch = max(1, job.options.batch_size)
            return hardware.run_with_fallback(
                work, device=where, batch=batch, cpu=auto, free=self._models.unload
            )

        try:
            return run(device)
        except DeviceError as error:
            if not auto or device == "cpu":
                raise
            outcome = run("cpu")
            note = f"{device} {error.problem}: made on the CPU instead, which is slower"
            return hardware.Outcome(
                value=outcome.value,
                device=outcome.device,
                batch=outcome.batch,
                notes=(note, *outcome.notes),
            )


def _checked(options: Options | None) -> WhisperOptions:
    if not isinstance(options, WhisperOptions | None):
        kind = type(options).__name__
        raise ParameterError(f"must be WhisperOptions, not {kind}", subject="options")
    return options or WhisperOptions()


def _device(asked: str) -> tuple[str, tuple[str, ...]]:
    """Return where to run, and what to say of it."""
    import os

    name = asked.strip().lower()
    named = os.environ.get(hardware.VARIABLE, "").strip().lower() if name == "auto" else name
    if named == "mps":
        return "cpu", ("Whisper cannot use MPS: made on the CPU",)
    wanted = None if name in {"", "auto"} else name
    return hardware.choose(wanted, library="ctranslate2"), ()


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """What came of it, before it is a recognition."""

    segments: tuple[Segment, ...]
    language: str
    probability: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A recording to be listened to."""

    weights: Weights
    options: WhisperOptions
    samples: Samples
    duration: float
    language: str | None
    progress: Report | None
    cancel: threading.Event | None
    _done: list[float] = field(default_factory=lambda: [0.0])

    def loading(self, device: str, *, asked: str) -> Loading:
        """Return what to load, on a device that may not be the one that was asked for."""
        kind = self.options.compute_type
        if device != asked and kind not in {"default", "auto"}:
            import ctranslate2

            if kind not in ctranslate2.get_supported_compute_types(device.partition(":")[0]):
                kind = "default"
        return Loading(self.weights.name, str(self.weights.folder), device, kind)

    def run(self, shared: Any, batch: int) -> _Heard:
        """Listen; every error of the library is one of this package's."""
        try:
            return self._run(whisper_model.own(shared), batch)
        except WorkbenchError:
            raise
        except Exception as error:
            if hardware.is_out_of_memory(error):
                raise
            device = str(getattr(shared.model, "device", "cpu"))
            if device != "cpu" and whisper_model.device_fails(error):
                raise whisper_model.device_error(error, device) from error
            raise ModelError(
                f"fails ({type(error).__name__}: {one_line(str(error), limit=200)})",
                subject=self.weights.name,
                cure="try other options or another model",
            ) from error

    def _run(self, model: Any, batch: int) -> _Heard:
        language, probability = self._asked(model)
        chunks = speech(self.samples, self.options) if len(self.samples) else []
        if not chunks:
            self._report(1.0)
            return _Heard(
                segments=(),
                language=whisper_language.tag(language),
                probability=probability,
                warnings=("nobody speaks in it",),
            )
        self._look(0.0)
        notes = []
        if not language:
            language, probability = detect(model, self.samples, chunks)
            if probability < _UNSURE:
                notes.append(
                    f"the language is uncertain: {whisper_language.tag(language)} with "
                    f"{probability:.0%}; give it with language="
                )
        converter = Converter(duration=self.duration, spaces=language not in _SPACELESS)
        segments = []
        heard = hear(
            model, self.samples, chunks, language=language, options=self.options, batch=batch
        )
        for raw in heard:  # the library works while this goes on
            segments.append(converter.segment(raw))
            self._report(segments[-1].end / self.duration)
            self._look(segments[-1].end)
        self._report(1.0)
        marked = whisper_flags.flagged(segments)
        if self.options.task == "translate":
            notes.append(f"translated from {whisper_language.tag(language)}")
            language = "en"
        return _Heard(
            segments=marked,
            language=whisper_language.tag(language),
            probability=probability,
            warnings=(*notes, *whisper_flags.warning(marked)),
        )

    def _asked(self, model: Any) -> tuple[str, float]:
        """Return the language to listen for, empty when it is to be detected."""
        known = whisper_model.languages(model)
        if not model.model.is_multilingual and self.options.task == "translate":
            raise ParameterError(
                f"cannot be translate: {self.weights.name} knows English alone",
                subject="task",
                cure="use a model whose name does not end in .en",
            )
        if self.language is not None:
            return whisper_language.code(self.language, known, model=self.weights.name), 1.0
        return (known[0], 1.0) if len(known) == 1 else ("", 0.0)

    def _report(self, part: float) -> None:
        part = min(max(part, 0.0), 1.0)
        if self.progress is not None and part > self._done[0]:
            self._done[0] = part
            self.progress(part)

    def _look(self, time: float) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled(
                f"stopped at {time:.1f} of {self.duration:.1f} s", subject="transcription"
            )
