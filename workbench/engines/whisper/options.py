"""How Whisper listens: its options, each with its range and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.errors import ParameterError
from workbench.options import Options, option

__all__ = ["COMPUTE_TYPES", "WhisperOptions"]

COMPUTE_TYPES = (
    "default",
    "auto",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)
"""What CTranslate2 computes in; ``default`` as the weights are, ``auto`` the fastest there is."""

_HOTTER = 0.2  # what each new attempt adds to the temperature, as in OpenAI's whisper


@dataclass(frozen=True, kw_only=True)
class WhisperOptions(Options):
    """How Whisper listens.

    Parameters
    ----------
    model
        A size (``tiny``, ``small``, ``large-v3`` …), a name of `workbench models list`, or the
        folder of a CTranslate2 model.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1``.
    compute_type
        One of `COMPUTE_TYPES`; ``int8`` halves memory and time on a CPU.
    task
        ``transcribe``, or ``translate`` into English.
    vad
        Whether only what Silero VAD takes for speech is listened to. On silence and noise Whisper
        invents text, and nothing cures that as this does; the library itself leaves it off.
    vad_threshold
        How likely speech must be, 0.05 to 0.95.
    min_silence
        How long a silence must be to part two stretches of speech, 100 to 10,000 ms.
    speech_pad
        What is kept around speech, 0 to 2,000 ms.
    batch_size
        How many stretches of up to `chunk_length` seconds go at once; 0 for one after the other.
        Faster on a GPU. It needs `vad`, and knows neither `fallback` nor `condition_on_previous`.
    beam_size
        How many readings are followed at once, 1 to 20.
    temperature
        0 for the likeliest reading, up to 1 for chance.
    fallback
        Whether a reading that repeats itself or is unlikely is tried again, each time hotter.
    condition_on_previous
        Whether each window knows the text of the one before. Off, because one repeated phrase then
        becomes a loop to the end of the recording (SYSTRAN/faster-whisper#506); on, names are
        spelled more evenly.
    word_times
        Whether each word has its time.
    initial_prompt
        Text that is taken to come before: a spelling, a style.
    hotwords
        Words that are likely to come up; every window is told.
    chunk_length
        Seconds of a window, 5 to 30.

    Examples
    --------
    >>> WhisperOptions(model="large-v3", batch_size=8).vad
    True
    >>> WhisperOptions(compute_type="int9")
    Traceback (most recent call last):
    workbench.errors.ParameterError: compute_type: must be one of ...; did you mean 'int8' ...
    """

    model: str = option("small", help="A size, a name of `workbench models list`, or a folder")
    device: str = option("auto", help="auto, cpu, cuda or cuda:1")
    compute_type: str = option("default", choices=COMPUTE_TYPES, help="What it computes in")
    task: str = option(
        "transcribe", choices=("transcribe", "translate"), help="translate: into English"
    )
    vad: bool = option(default=True, help="Listen to speech alone, not to silence and noise")
    vad_threshold: float = option(
        0.5, minimum=0.05, maximum=0.95, step=0.05, unit="probability", help="What counts as speech"
    )
    min_silence: int = option(
        2_000, minimum=100, maximum=10_000, step=100, unit="ms", help="A silence that parts speech"
    )
    speech_pad: int = option(
        400, minimum=0, maximum=2_000, step=50, unit="ms", help="What is kept around speech"
    )
    batch_size: int = option(
        0, minimum=0, maximum=64, step=1, unit="windows", help="How many at once; 0 for none"
    )
    beam_size: int = option(
        5, minimum=1, maximum=20, step=1, unit="readings", help="How many are followed at once"
    )
    temperature: float = option(
        0.0, minimum=0.0, maximum=1.0, step=0.1, unit="units", help="0 for the likeliest reading"
    )
    fallback: bool = option(default=True, help="Try a doubtful reading again, hotter")
    condition_on_previous: bool = option(
        default=False, help="Tell each window the text before; may loop"
    )
    word_times: bool = option(default=True, help="The time of each word")
    initial_prompt: str = option("", help="Text that is taken to come before")
    hotwords: str = option("", help="Words that are likely to come up")
    chunk_length: int = option(
        30, minimum=5, maximum=30, step=1, unit="s", help="How long a window is"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.batch_size:
            return
        if not self.vad:
            raise ParameterError(
                "cuts the recording where nobody speaks",
                subject="batch_size",
                cure="needs vad=True",
            )
        if self.condition_on_previous:
            raise ParameterError(
                "cannot be with batch_size: the windows do not wait for each other",
                subject="condition_on_previous",
                cure="set one of them",
            )

    def for_library(self) -> dict[str, Any]:
        """Return the arguments of faster-whisper's ``transcribe`` that do not depend on the sound.

        Examples
        --------
        >>> WhisperOptions(temperature=0.6).for_library()["temperature"]
        [0.6, 0.8, 1.0]
        """
        prompt = self.initial_prompt.strip()
        steps = int((1.0 - self.temperature) / _HOTTER + 1e-6) if self.fallback else 0
        return {
            "task": self.task,
            "beam_size": self.beam_size,
            "temperature": [round(self.temperature + _HOTTER * n, 2) for n in range(steps + 1)],
            "condition_on_previous_text": self.condition_on_previous,
            "word_timestamps": self.word_times,
            # Without the space the batched mode takes the first word for a part of a word.
            "initial_prompt": f" {prompt}" if prompt else None,
            "hotwords": self.hotwords.strip() or None,
            "chunk_length": self.chunk_length,
        }

    def for_vad(self, *, longest: float = float("inf")) -> dict[str, Any]:
        """Return the arguments of its VAD; `longest` in seconds, for a stretch of speech."""
        return {
            "threshold": self.vad_threshold,
            "min_silence_duration_ms": self.min_silence,
            "speech_pad_ms": self.speech_pad,
            "max_speech_duration_s": longest,
        }
