"""A recording written down by a recogniser, or by a script that is known and no recogniser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.engines.decode import decode
from workbench.engines.registry import DEFAULT_TRANSCRIBER
from workbench.errors import EngineMissing, ParameterError, WeightsMissing, one_line
from workbench.recognition import Recognition, Segment
from workbench.script import Script
from workbench.speech.estimate import estimate
from workbench.speech.transcribe import transcribe
from workbench.take import Narration

if TYPE_CHECKING:
    import os
    import threading

    from workbench.audio import Audio
    from workbench.progress import Report

__all__ = ["OF_SCRIPT", "SCRIPT", "Heard", "from_narration", "from_script", "listen"]

SCRIPT = "script"
"""The name of the engine that hears nothing: the words are the script's."""
OF_SCRIPT = (
    "the words are those of the script: nobody heard them",
    "the words are those of the script, and their times are estimates",
)
"""What is said of words that come from a narration, and from a script."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A recording and its words.

    Parameters
    ----------
    recognition
        The words.
    audio
        The sound.
    """

    recognition: Recognition
    audio: Audio


def listen(
    source: str | os.PathLike[str] | Narration,
    *,
    engine: str = "auto",
    model: str | None = None,
    language: str | None = None,
    script: str | Script | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Heard:
    """Return the words of a recording, from a recogniser or, without one, from its script.

    Parameters
    ----------
    source
        A sound or video file, or a narration of this package.
    engine
        A recogniser; ``script`` for the script alone; ``auto`` for whisper, and the script where
        whisper's weights are not here and a script is known.
    model, language
        As for `workbench.speech.transcribe.transcribe`.
    script
        What is said, where that is known; a narration's own words need none.
    progress, cancel
        As there.
    **options
        The recogniser's.

    Raises
    ------
    ParameterError
        When the engine is ``script`` and there is none.
    WeightsMissing, EngineMissing, MediaError, Cancelled
        As `workbench.speech.transcribe.transcribe`.

    Examples
    --------
    >>> import workbench as wb
    >>> heard = listen(wb.speak("Hello."), engine="script")
    >>> heard.recognition.text, heard.recognition.engine
    ('Hello.', 'script')
    """
    known = isinstance(source, Narration) or bool(script)
    if engine == SCRIPT and not known:
        raise ParameterError(
            "needs to know what is said", subject="engine=script", cure="give the script"
        )
    sound: Any = source if isinstance(source, Narration) else decode(source)
    audio = sound.audio
    note = ""
    if engine != SCRIPT:
        name = DEFAULT_TRANSCRIBER if engine == "auto" else engine
        try:
            heard = transcribe(
                audio, engine=name, model=model, language=language, progress=progress,
                cancel=cancel, **options,
            )  # fmt: skip
            return Heard(recognition=_of_file(heard, sound), audio=audio)
        except (WeightsMissing, EngineMissing) as error:
            if engine != "auto" or not known:
                raise
            note = one_line(f"no recogniser listened: {error}")
    if isinstance(source, Narration):
        found = from_narration(source)
    else:
        text = script if isinstance(script, Script) else Script.load(str(script))
        found = from_script(text, audio, language=language or "")
    found = _of_file(found, sound)
    notes = (*found.warnings, note) if note else found.warnings
    return Heard(recognition=replace(found, warnings=notes), audio=audio)


def from_narration(narration: Narration) -> Recognition:
    r"""Return a narration's own words and times; nobody heard them.

    Examples
    --------
    >>> import workbench as wb
    >>> len(from_narration(wb.speak("One.\nTwo.")).segments)
    2
    """
    return Recognition(
        segments=tuple(
            Segment(
                start=part.start,
                end=part.end,
                text=part.take.text,
                words=tuple(replace(word, probability=None) for word in part.words),
            )
            for part in narration.parts
        ),
        language=narration.language,
        duration=narration.duration,
        engine=SCRIPT,
        warnings=(OF_SCRIPT[0],),
    )


def from_script(script: Script, audio: Audio, *, language: str = "") -> Recognition:
    """Return a script's words with times that the loudness of the sound suggests.

    A segment is a line of the script; see `workbench.speech.estimate.estimate`.
    """
    words = list(estimate(script.text, audio, language=language))
    segments = []
    for line in script.lines:
        count = len(line.words)
        own, words = tuple(words[:count]), words[count:]
        segments.append(Segment(start=own[0].start, end=own[-1].end, text=line.text, words=own))
    return Recognition(
        segments=tuple(segments),
        language=language,
        language_probability=1.0 if language else 0.0,
        duration=audio.duration,
        engine=SCRIPT,
        warnings=(OF_SCRIPT[1],),
    )


def _of_file(heard: Recognition, sound: Any) -> Recognition:
    declared = getattr(sound, "declared", None)
    notes = getattr(sound, "warnings", ())
    return replace(heard, declared=declared, warnings=(*notes, *heard.warnings))
