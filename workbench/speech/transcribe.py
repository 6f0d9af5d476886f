"""A recording becomes words with their times."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.engines.decode import decode, existing
from workbench.engines.registry import DEFAULT_TRANSCRIBER, transcriber
from workbench.errors import ParameterError
from workbench.progress import bar

if TYPE_CHECKING:
    import threading

    from workbench.engines.decode import Decoded, Source
    from workbench.progress import Report
    from workbench.recognition import Recognition

__all__ = ["transcribe"]

_LONG = 60.0  # seconds of sound from which on it is worth showing a bar


def transcribe(
    source: Source,
    *,
    language: str | None = None,
    model: str | None = None,
    engine: str = DEFAULT_TRANSCRIBER,
    rate: int | None = None,
    stream: int | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Recognition:
    """Write down what is said in a recording.

    Parameters
    ----------
    source
        A sound or video file: its path, its bytes or a binary file object; or an Audio, a Take, a
        Narration, a float array.
    language
        A BCP 47 tag such as ``es``; None to detect it.
    model
        The engine's model, such as ``tiny``, ``small``, ``large-v3``, or a folder.
    engine
        The recogniser, see `workbench.engines.transcribers`.
    rate
        Frames per second of an array.
    stream
        Which audio stream of a file, from 0; by default the one marked as default, else the first.
    progress
        Called with the part that is done, 0 to 1; by default long recordings show a bar.
    cancel
        Set it from another thread to stop.
    **options
        The engine's options, such as ``batch_size=8``.

    Returns
    -------
    Recognition
        With ``.text``, ``.words`` (each with ``.text``, ``.start``, ``.end``, ``.probability``),
        ``.segments``, ``.language``, ``.duration`` and ``.declared`` in seconds, and ``.warnings``:
        of a damaged file, an uncertain language, a doubtful passage.

    Raises
    ------
    MediaNotFound
        When there is no such file: before the recogniser's weights are looked for.
    MediaError
        When it is no sound or video, has no sound, or none of it can be decoded.
    ParameterError
        When the language or an option is not one of the engine's.
    EngineNotFound, EngineMissing, WeightsMissing, WeightsCorrupt, DeviceError
        When the recogniser cannot be used.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> transcribe("meeting.mp3", langauge="es")
    Traceback (most recent call last):
    workbench.errors.ParameterError: langauge: is not an option; the options are model, ...
    """
    ears = transcriber(engine)  # a mistake in the call is told before anything is decoded
    chosen = ears.options.build(options if model is None else {**options, "model": model})
    if isinstance(source, str | os.PathLike):  # nobody is to fetch a model for a misspelt path
        existing(source)
    ready = getattr(ears, "ready", None)
    if ready is not None:
        ready(chosen)
    sound = _decoded(source, rate, stream)
    long = progress is None and sound.audio.duration > _LONG
    with bar("listening") if long else nullcontext(progress) as report:
        heard = ears.transcribe(
            sound.audio, language=language, options=chosen, progress=report, cancel=cancel
        )
    return _with(heard, sound)


def _decoded(source: Source, rate: int | None, stream: int | None) -> Decoded:
    try:
        return decode(source, array_rate=rate, stream=stream)
    except ParameterError as error:
        if error.subject != "array_rate":
            raise
        # The name that the caller knows it by.
        raise ParameterError(error.problem, subject="rate", cure=error.cure) from error


def _with(heard: Recognition, sound: Decoded) -> Recognition:
    """Return what was heard, with what is known of the file."""
    return replace(
        heard,
        duration=sound.audio.duration,
        declared=sound.declared,
        warnings=(*sound.warnings, *heard.warnings),
    )
