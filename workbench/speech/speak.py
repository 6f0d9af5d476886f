"""A script and a voice become a narration, line by line."""

from __future__ import annotations

from contextlib import nullcontext
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from workbench.errors import Cancelled, ParameterError, TextError, WorkbenchError
from workbench.paths import file_kind
from workbench.progress import bar
from workbench.script import Line, Script
from workbench.speech.speaker import Speaker
from workbench.storage.cache import TakeCache
from workbench.take import Narration, Part

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Mapping

    from workbench.progress import Report
    from workbench.text.lexicon import Lexicon
    from workbench.voice import Preset, Voice

__all__ = ["speak"]

_LONGEST_GAP = 60.0
_MANY = 25  # lines from which on it is worth showing a bar


def speak(
    text: str | Script,
    voice: str | Voice | Preset | None = None,
    *,
    gap: float = 0.35,
    seed: int | None = None,
    normalize: bool | Mapping[str, bool] = True,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    verify: str | None = None,
    cache: bool = True,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Narration:
    r"""Speak a script.

    Parameters
    ----------
    text
        The script: a line of text is a line of speech. ``[pause 0.5s]`` and ``[voice:NAME]`` are
        understood, see `workbench.script`.
    voice
        Who speaks where the script does not say, see `workbench.speech.voices.find_voice`.
    gap
        Seconds of silence between two lines, 0 to 60; a ``[pause]`` takes its place.
    seed
        For engines that use chance.
    normalize
        Whether numbers, dates, abbreviations … are written out before they are spoken; or which of
        `workbench.text.normalize`'s rules are: ``{"dates": False}``. The captions keep the
        script's own spelling.
    lexicon
        How words are pronounced, or the path of the file; None for ``lexicon.toml`` in the working
        directory.
    verify
        ``stt`` to have each line heard by a recogniser, ``stt:base`` by that model of it: a line
        that is unlike its text is spoken again, at most three times, with other seeds, and flagged
        if none is right. None for the fuse alone, which sees that a line is much too short, too
        long, silent or distorted.
    cache
        Whether a line that was spoken before, by the same voice with the same options, is taken
        from the cache.
    progress
        Called with the part that is done, 0 to 1; by default long scripts show a bar.
    cancel
        Set it from another thread to stop.
    **options
        The engine's options, such as ``rate=160``; they are for `voice`, not for voices that the
        script names.

    Returns
    -------
    Narration
        With ``.audio`` (``.samples``, ``.rate``, ``.duration``) and ``.words`` (each with
        ``.text``, ``.start``, ``.end`` in seconds).

    Raises
    ------
    TextError
        When there is nothing to speak, or a tag is wrong.
    VoiceNotFound, EngineNotFound, EngineMissing, WeightsMissing, ParameterError
        Before anything is spoken.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> narration = speak("Hello, world.\nIt works.", voice="espeak:en-gb", rate=150)
    >>> [word.text for word in narration.words]
    ['Hello,', 'world.', 'It', 'works.']
    """
    if isinstance(text, str) and file_kind(text):
        raise TextError(
            "looks like a file's name", subject=text, cure=f"speak(Script.load({text!r})) reads it"
        )
    script = text if isinstance(text, Script) else Script.parse(text)
    _check_gap(gap)
    kept = TakeCache() if cache else None
    ways: dict[str, Any] = {
        "seed": seed,
        "cache": kept,
        "normalize": normalize,
        "lexicon": lexicon,
        "verify": verify,
    }
    default = Speaker(voice, options, **ways)
    speakers: dict[str | None, Speaker] = {None: default}
    for line in script.lines:  # every voice is found before the first line is spoken
        if line.voice not in speakers:
            try:
                speakers[line.voice] = Speaker(line.voice, **ways)
            except WorkbenchError as error:
                error.subject = f"line {line.number}: {error.subject}"
                raise

    if default.ears is not None:
        default.ears.ready()
    many = progress is None and len(script.lines) >= _MANY
    with bar("speaking") if many else nullcontext(progress) as report:
        return _narrate(script, speakers, gap, report, cancel)


def _narrate(
    script: Script,
    speakers: dict[str | None, Speaker],
    gap: float,
    report: Report | None,
    cancel: threading.Event | None,
) -> Narration:
    parts: list[Part] = []
    time = 0.0
    silence: float | None = 0.0  # before the next line; None for the usual gap
    total = len(script.lines)
    for item in script.items:
        if not isinstance(item, Line):
            silence = (silence or 0.0) + item.seconds
            continue
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"stopped after {len(parts)} of {total} lines", subject="speech")
        time += gap if silence is None else silence
        take = speakers[item.voice].say(item.text, cancel=cancel)
        parts.append(Part(line=item, take=take, start=time))
        time += take.duration
        silence = None
        if report is not None:
            report(len(parts) / total)
    return Narration(parts=tuple(parts), duration=time + (silence or 0.0))


def _check_gap(gap: object) -> None:
    number = isinstance(gap, Real) and not isinstance(gap, bool)
    if not number or not 0 <= cast("float", gap) <= _LONGEST_GAP:
        raise ParameterError(f"must be 0 to 60 seconds, not {gap!r}", subject="gap")
