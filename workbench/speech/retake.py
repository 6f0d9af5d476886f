"""One line of a narration spoken again, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import Cancelled, ParameterError, WorkbenchError
from workbench.script import Line
from workbench.speech.flagged import flagged
from workbench.speech.joining import (
    USUAL_GAP,
    check_gap,
    insert_take,
    one_line_of,
    place_of,
    remove_line,
    replace_part,
    replace_take,
)
from workbench.speech.speaker import Speaker
from workbench.storage.cache import TakeCache
from workbench.voice import Preset

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Collection

    from workbench.take import Narration, Part, Take
    from workbench.text.lexicon import Lexicon
    from workbench.voice import Voice

__all__ = [
    "flagged",
    "insert_line",
    "place_of",
    "remove_line",
    "replace_take",
    "respeak",
    "retake",
]

_SEEDS = 2**32


def retake(
    narration: Narration,
    line: int | Part,
    *,
    text: str | None = None,
    voice: str | Voice | Preset | None = None,
    seed: int | None = None,
    normalize: bool | Mapping[str, bool] = True,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    verify: str | Literal[False] | None = None,
    cache: bool = True,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Narration:
    r"""Speak one line again and join the narration anew.

    Parameters
    ----------
    narration
        What was spoken.
    line
        The line's number in the script, as warnings tell it (``part.line.number``, from 1); or the
        part itself, ``narration.parts[4]``, where several stand in one line of the script.
    text
        Other words, one line without markup; None for the words it has.
    voice
        Another voice, with its own usual options; None for the line's voice with the line's
        options.
    seed
        For engines that use chance. None for the one of the take there is, or, where nothing else
        is changed, for the next one.
    normalize, lexicon, cache
        As `workbench.speech.speak.speak` takes them.
    verify
        Who listens, as for ``speak``; None for who listened to the line before, if anybody did;
        False for nobody.
    cancel
        Set it from another thread to stop before the next attempt.
    **options
        Options of the engine, on top of the line's (or the new voice's).

    Returns
    -------
    Narration
        The silence between the lines is as long as it was, and so is the pause at the end; what
        follows moves by the difference in length. All other takes are the very same objects.

    Raises
    ------
    ParameterError
        When there is no such line or option; or when the engine uses no chance and nothing is
        changed: the same words by the same voice are the same sound.
    TextError
        When `text` is nothing to speak, or more than one line.
    VoiceNotFound, EngineNotFound, EngineMissing, WeightsMissing, ModelError
        When it cannot be spoken.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("It begins.\nThen this happens.\nIt ends.")
    >>> fixed = retake(narration, 2, text="Then that happens.")
    >>> fixed.parts[1].take.text, fixed.parts[2].take is narration.parts[2].take
    ('Then that happens.', True)
    >>> slower = retake(fixed, 2, rate=120)
    >>> slower.duration > fixed.duration
    True
    >>> retake(narration, 2)
    Traceback (most recent call last):
    workbench.errors.ParameterError: line 2: espeak speaks without chance: the same words by the same voice are the same sound; change the text, the voice, an option (rate, pitch, intonation, volume, word_gap, variant) or the pronunciation of a word in the lexicon
    """  # noqa: E501
    place = place_of(narration, line)
    new = respeak(
        narration.parts[place], text=text, voice=voice, seed=seed, normalize=normalize,
        lexicon=lexicon, verify=verify, cache=cache, cancel=cancel, **options,
    )  # fmt: skip
    return replace_part(narration, place, new.line, new.take)


def respeak(
    part: Part,
    *,
    text: str | None = None,
    voice: str | Voice | Preset | None = None,
    seed: int | None = None,
    normalize: bool | Mapping[str, bool] = True,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    verify: str | Literal[False] | None = None,
    cache: bool = True,
    cancel: threading.Event | None = None,
    avoid: Collection[int | None] = (),
    **options: Any,
) -> Part:
    """Speak a line again without a narration around it; all else as `retake`.

    Parameters
    ----------
    part
        The line as it was spoken.
    text, voice, seed, normalize, lexicon, verify, cache, cancel, **options
        As `retake`.
    avoid
        Seeds that were tried: the next one is none of these.

    Returns
    -------
    Part
        The line as it is said now and its take, with the start that `part` had.

    Examples
    --------
    >>> import workbench as wb
    >>> part = wb.speak("It begins.").parts[0]
    >>> respeak(part, voice="espeak:en-gb").line
    Line(text='It begins.', number=1, voice='espeak:en-gb')
    """
    line, take = part.line, part.take
    try:
        if text is not None:
            line = replace(line, text=one_line_of(text))
        if voice is not None:
            line = replace(line, voice=_named(voice))
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped before it was spoken", subject="speech")
        speaker = _speaker(
            take, voice, seed, cache=cache, normalize=normalize, lexicon=lexicon, verify=verify,
            options=options,
        )  # fmt: skip
        if _same(speaker, line, take):
            if not speaker.engine.capabilities.seeded and not _newly_heard(speaker, take):
                raise _unchanged(speaker)
            if seed is None:
                speaker.seed = _next_seed(speaker, take, avoid)
        return replace(part, line=line, take=speaker.say(line.text, cancel=cancel))
    except WorkbenchError as error:
        error.subject = f"line {line.number}{': ' if error.subject else ''}{error.subject}"
        raise


def insert_line(
    narration: Narration,
    text: str,
    *,
    after: int | Part | None,
    gap: float = USUAL_GAP,
    voice: str | Voice | Preset | None = None,
    seed: int | None = None,
    normalize: bool | Mapping[str, bool] = True,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    verify: str | Literal[False] | None = None,
    cache: bool = True,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Narration:
    r"""Speak a line more and join it in.

    Parameters
    ----------
    narration
        What was spoken.
    text
        One line without markup.
    after
        The line behind which it stands, see `place_of`; None for the beginning.
    gap
        Seconds of silence between the two, 0 to 60.
    voice
        Who speaks; None for the voice of the line before it (at the beginning, of the first), with
        that line's options and seed.
    seed, normalize, lexicon, verify, cache, cancel, **options
        As `retake`.

    Raises
    ------
    ParameterError, TextError, ModelError, Cancelled
        As `retake`; also when `gap` is out of range.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("One.\nThree.")
    >>> insert_line(narration, "Two.", after=1).text.splitlines()
    ['One.', 'Two.', 'Three.']
    """
    check_gap(gap)
    like = narration.parts[0 if after is None else place_of(narration, after)]
    said = one_line_of(text)
    line = Line(text=said, number=like.line.number, voice=like.line.voice)
    if voice is not None:
        line = replace(line, voice=_named(voice))
    speaker = _speaker(
        like.take, voice, seed, cache=cache, normalize=normalize, lexicon=lexicon, verify=verify,
        options=options,
    )  # fmt: skip
    take = speaker.say(said, cancel=cancel)
    return insert_take(narration, take, after=after, gap=gap, line=line)


def _speaker(
    take: Take,
    voice: str | Voice | Preset | None,
    seed: int | None,
    *,
    cache: bool,
    normalize: bool | Mapping[str, bool],
    lexicon: Lexicon | str | os.PathLike[str] | None,
    verify: str | Literal[False] | None,
    options: dict[str, Any],
) -> Speaker:
    """Return who spoke a take, or another voice, ready to speak."""
    listener = _listener(take) if verify is None else verify or None
    return Speaker(
        take.voice if voice is None else voice,
        {**take.options, **options} if voice is None else options,
        seed=take.seed if seed is None else seed,
        cache=TakeCache() if cache else None,
        normalize=normalize,
        lexicon=lexicon,
        verify=listener,
    )


def _listener(take: Take) -> str | None:
    """Return who listened to a take when it was spoken."""
    record = take.about.get("verify")
    name = record.get("by") if isinstance(record, Mapping) else None
    return name if isinstance(name, str) else None


def _named(voice: str | Voice | Preset) -> str:
    return str(voice.voice if isinstance(voice, Preset) else voice)


def _same(speaker: Speaker, line: Line, take: Take) -> bool:
    """Whether nothing is changed: only chance could give another sound."""
    return (
        speaker.voice == take.voice
        and speaker.engine.version == take.engine_version
        and speaker.options.to_dict() == dict(take.options)
        and speaker.prepare(line.text).spoken == (take.spoken or take.text)
    )


def _newly_heard(speaker: Speaker, take: Take) -> bool:
    return speaker.ears is not None and speaker.ears.name != _listener(take)


def _next_seed(speaker: Speaker, take: Take, avoid: Collection[int | None]) -> int | None:
    if not speaker.engine.capabilities.seeded:
        return None
    seed = (take.seed or 0) + 1
    while seed % _SEEDS in avoid:
        seed += 1
    return seed % _SEEDS


def _unchanged(speaker: Speaker) -> ParameterError:
    names = ", ".join(option.name for option in type(speaker.options).describe())
    return ParameterError(
        f"{speaker.engine.name} speaks without chance: the same words by the same voice are the "
        "same sound",
        cure=f"change the text, the voice{f', an option ({names})' if names else ''} or the "
        "pronunciation of a word in the lexicon",
    )
