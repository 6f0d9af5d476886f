"""What a take measures: loudness, pace, pauses, pitch, noise, and what a recogniser makes of it."""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from workbench.audio import Audio
from workbench.errors import ParameterError, shown
from workbench.recognition import Recognition
from workbench.script import tokenize
from workbench.speech.blocks import stop
from workbench.speech.ears import ears
from workbench.speech.loudness import clipped, loudness, true_peak
from workbench.speech.measures import Measures, MeasureTable
from workbench.speech.pauses import Levels, levels
from workbench.speech.pitch import pitch
from workbench.speech.roundtrip import UNKNOWN, unlike
from workbench.take import Narration, Take
from workbench.text.compare import fold
from workbench.timing import Span

if TYPE_CHECKING:
    import threading

    from workbench.progress import Report
    from workbench.speech.roundtrip import Listener

__all__ = ["Measurable", "measure", "measure_each"]

Measurable: TypeAlias = Take | Narration | Audio
"""What can be measured."""

_MINUTE = 60.0
_INSTANT = 0.05  # seconds; in less, nothing is said
_LABEL = 40  # letters
_LOUDEST = 1e6  # of full scale; what is beyond is a mistake, but has its measures


@dataclass(frozen=True, kw_only=True)
class _Line:
    """What a recogniser is given: a sound, and what it should hear in it, as any of `texts`."""

    audio: Audio
    texts: tuple[str, ...]
    language: str
    known: float | None = None  # the rate of errors that was found when it was spoken


def measure(
    value: Measurable,
    *,
    text: str = "",
    language: str = "",
    seconds: float | None = None,
    heard: str | Recognition | None = None,
    listener: str | Listener | None = None,
    cancel: threading.Event | None = None,
) -> Measures:
    """Return what a take, a narration or a sound measures.

    Each measure, with its definition and source, is described at `Measures`. What cannot be
    measured, such as the pitch of silence, is None.

    Parameters
    ----------
    value
        What to measure. The words of a take and their times are its own.
    text, language
        What is said in an `Audio`, and its BCP 47 tag: for the rate, and for a recogniser. Its
        first and last word are taken to be at its first and last sound.
    seconds
        How long the synthesis took, for the real-time factor; a take that was spoken just now knows
        it (`Take.synthesis_time`).
    heard
        What a recogniser heard in it, for the rate of errors.
    listener
        Who listens: ``stt``, ``stt:MODEL`` (see `workbench.speech.ears.ears`) or a recogniser. A
        narration is heard line by line. Where nobody listens, what was heard when it was spoken
        (``verify=``) counts.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When `value` cannot be measured, or an argument does not fit it.
    EngineNotFound, EngineMissing, WeightsMissing, WeightsCorrupt, DeviceError, ModelError
        When the recogniser cannot listen; nothing is downloaded.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> import workbench as wb
    >>> found = measure(wb.speak("Hello, world.", "espeak:en-us"), heard="Hello word")
    >>> round(found.rate), found.pauses, round(found.cer, 2)
    (117, 0, 0.1)
    """
    audio = _audio(value)
    if seconds is None:
        seconds = _synthesis_time(value)
    _check(value, text, language, seconds)
    if heard is not None and listener is not None:
        raise ParameterError("is given beside what was heard", subject="listener", cure="give one")
    lines = _lines(value, text, language)
    cer = _errors(lines, heard, _listener(listener), cancel)

    audio, gain = _tamed(audio)
    found = levels(audio, cancel=cancel)
    voice = pitch(audio, cancel=cancel)
    words, extent = _words(value, text, found)
    parts = value.parts if isinstance(value, Narration) else ()
    within = [Span(start=part.start, end=part.end) for part in parts]
    pauses = [pause.duration for pause in found.pauses]
    silent = found.extent is None
    return Measures(
        duration=audio.duration,
        loudness=_raised(loudness(audio, cancel=cancel), gain),
        true_peak=_raised(true_peak(audio, cancel=cancel), gain),
        rate=_rate(words, extent),
        articulation_rate=_rate(words, extent, found.pauses),
        pauses=None if silent else len(pauses),
        pause_time=None if silent else sum(pauses),
        longest_pause=None if silent else max(pauses, default=0.0),
        pitch=voice.median if voice else None,
        pitch_low=voice.low if voice else None,
        pitch_high=voice.high if voice else None,
        pitch_range=voice.semitones if voice else None,
        clipped=clipped(_audio(value), cancel=cancel),
        noise_floor=_raised(found.noise_floor(within), gain),
        rtf=None if seconds is None or not audio.frames else seconds / audio.duration,
        cer=cer,
    )


def measure_each(
    values: Iterable[Measurable] | Mapping[str, Measurable] | Narration,
    *,
    listener: str | Listener | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> MeasureTable:
    r"""Return what each of several takes, narrations or sounds measures, as a table.

    Parameters
    ----------
    values
        What to measure: by label, or in order, where takes are labelled by voice and text. Of one
        narration, each line is measured.
    listener
        As for `measure`; nobody listens to an `Audio`, whose text is not known.
    progress
        Called with the part that is done, 0 to 1.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When one of them cannot be measured, before any is.
    EngineNotFound, EngineMissing, WeightsMissing, WeightsCorrupt, DeviceError, ModelError
        When the recogniser cannot listen.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> import workbench as wb
    >>> table = measure_each(wb.speak("One, two.\nAnd three.", "espeak:en-us"))
    >>> [row.label for row in table], table[0].measures.pauses
    (['1. One, two.', '2. And three.'], 0)
    """
    named = _named(values)
    for _, value in named:
        _audio(value)
    judge = _listener(listener)
    found = []
    for label, value in named:
        heard_by = None if isinstance(value, Audio) else judge
        found.append((label, measure(value, listener=heard_by, cancel=cancel)))
        if progress is not None:
            progress(len(found) / len(named))
    return MeasureTable.of(found)


# -- what is given ----------------------------------------------------------------------------


def _audio(value: object) -> Audio:
    if isinstance(value, Audio):
        return value
    if not isinstance(value, Take | Narration):
        raise ParameterError(
            f"must be a Take, a Narration or an Audio, not {type(value).__name__}",
            subject="measure",
            cure="wb.media.read_sound(path) reads a file"
            if isinstance(value, str | os.PathLike)
            else "",
        )
    return value.audio


def _synthesis_time(value: Measurable) -> float | None:
    """Return how long a take, or all takes of a narration took, where that is known."""
    takes = [part.take for part in value.parts] if isinstance(value, Narration) else [value]
    times = [take.synthesis_time for take in takes if isinstance(take, Take)]
    known = [time for time in times if time is not None]
    return sum(known) if known and len(known) == len(takes) else None


def _tamed(audio: Audio) -> tuple[Audio, float]:
    """Return a sound whose squares float32 can hold, and by how many dB it was louder."""
    highest = max(float(audio.samples.max(initial=0)), -float(audio.samples.min(initial=0)))
    if highest <= _LOUDEST:
        return audio, 0.0
    samples = audio.samples / np.float32(highest)
    return Audio.owning(samples, audio.rate), 20 * math.log10(highest)


def _raised(level: float | None, gain: float) -> float | None:
    return None if level is None else level + gain


def _check(value: Measurable, text: str, language: str, seconds: object) -> None:
    for name, given in (("text", text), ("language", language)):
        if not isinstance(given, str):
            raise ParameterError(f"must be text, not {shown(given)}", subject=name)
        if given and not isinstance(value, Audio):
            raise ParameterError(
                f"is for an Audio: a {type(value).__name__} has its own", subject=name
            )
    if seconds is None:
        return
    number = isinstance(seconds, numbers.Real) and not isinstance(seconds, bool)
    if not number or not 0 <= cast("float", seconds) < math.inf:
        raise ParameterError(f"must be 0 seconds or more, not {shown(seconds)}", subject="seconds")


def _named(
    values: Iterable[Measurable] | Mapping[str, Measurable] | Narration,
) -> list[tuple[str, Measurable]]:
    if isinstance(values, Narration):
        return [(f"{i}. {_short(p.take.text)}", p.take) for i, p in enumerate(values.parts, 1)]
    if isinstance(values, Mapping):
        return list(values.items())
    if isinstance(values, Take | Audio | str) or not isinstance(values, Iterable):
        raise ParameterError(
            f"must be several, not {type(values).__name__}",
            subject="measure_each",
            cure="give a list, or use measure",
        )
    return [(_label(value, number), value) for number, value in enumerate(values, 1)]


def _label(value: object, number: int) -> str:
    if isinstance(value, Take):
        return f"{value.voice} · {_short(value.text)}"
    if isinstance(value, Narration):
        return f"{value.parts[0].take.voice} · {_short(value.text)}"
    return f"sound {number}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LABEL else f"{line[: _LABEL - 1]}…"


# -- how fast -----------------------------------------------------------------------------------


def _words(value: Measurable, text: str, found: Levels) -> tuple[int, Span | None]:
    """Return how many words are said, and from when to when; None where there is no sound."""
    if found.extent is None:
        return 0, None
    if isinstance(value, Audio):
        return len(tokenize(text)), found.extent
    takes = [value] if isinstance(value, Take) else [part.take for part in value.parts]
    if all(take.words for take in takes):
        return len(value.words), Span(start=value.words[0].start, end=value.words[-1].end)
    # Some engines tell no times of words, such as a remote one.
    return sum(len(take.words or tokenize(take.text)) for take in takes), found.extent


def _rate(words: int, extent: Span | None, pauses: Iterable[Span] = ()) -> float | None:
    if not words or extent is None:
        return None
    inside = (pause & extent for pause in pauses)
    seconds = extent.duration - sum(pause.duration for pause in inside if pause is not None)
    return _MINUTE * words / seconds if seconds >= _INSTANT else None


# -- what a recogniser makes of it ----------------------------------------------------------------


def _lines(value: Measurable, text: str, language: str) -> list[_Line]:
    if isinstance(value, Audio):
        return [_Line(audio=value, texts=(text,), language=language)]
    takes = [value] if isinstance(value, Take) else [part.take for part in value.parts]
    return [
        _Line(
            audio=take.audio,
            texts=(take.text, take.spoken) if take.spoken else (take.text,),
            language=take.language,
            known=_recorded(take),
        )
        for take in takes
    ]


def _recorded(take: Take) -> float | None:
    """Return the rate of errors that was found when the take was spoken."""
    record = take.about.get("verify")
    cer = record.get("cer") if isinstance(record, Mapping) else None
    return float(cer) if isinstance(cer, int | float) and math.isfinite(cer) else None


def _listener(given: str | Listener | None) -> Listener | None:
    if given is None or isinstance(given, str):
        return given if given is None else ears(given)
    if not callable(getattr(given, "transcribe", None)):
        raise ParameterError(
            f"must be 'stt', 'stt:MODEL' or a recogniser, not {shown(given)}", subject="listener"
        )
    return given


def _errors(
    lines: list[_Line],
    heard: str | Recognition | None,
    listener: Listener | None,
    cancel: threading.Event | None,
) -> float | None:
    """Return the part of all the letters that was heard differently; None where nobody listened."""
    asked = heard is not None or listener is not None
    if asked and not any(text.strip() for line in lines for text in line.texts):
        raise ParameterError(
            "must say what is said in it, to be compared with what is heard", subject="text"
        )
    if heard is not None:
        told = heard.text if isinstance(heard, Recognition) else heard
        if not isinstance(told, str):
            raise ParameterError(f"must be text, not {shown(heard)}", subject="heard")
        written = " ".join(line.texts[0] for line in lines)
        spoken = " ".join(line.texts[-1] for line in lines)
        return min(unlike(text, told, lines[0].language) for text in {written, spoken})
    rates, letters = [], []
    for line in lines:
        rate = line.known if listener is None else _heard(line, listener, cancel)
        if rate is None:
            return None
        rates.append(rate)
        letters.append(max(1, len(fold(line.texts[-1]))))
    return sum(r * n for r, n in zip(rates, letters, strict=True)) / sum(letters)


def _heard(line: _Line, listener: Listener, cancel: threading.Event | None) -> float:
    """Return the rate of errors in a line; nobody listens to one in which nothing is said."""
    stop(cancel)
    told = ""
    tongue = line.language.lower()
    if levels(line.audio).extent is not None:
        known = None if tongue in UNKNOWN else tongue
        told = listener.transcribe(line.audio, language=known, cancel=cancel).text
    return min(unlike(text, told, tongue) for text in line.texts)
