"""When each piece of a script is said in a recording."""

from __future__ import annotations

import os
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from workbench.errors import (
    DeviceError,
    EngineMissing,
    ParameterError,
    TextError,
    WeightsCorrupt,
    WeightsMissing,
    shown,
)
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.inputs import there

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.storage.store import Store
    from workbench.timing import Word

__all__ = ["OPERATIONS", "pieces_of"]

_LONGEST = 100_000  # letters
_LIMITS = {"fixed_words": 5, "max_chars": 40}  # where none is named
_HEARD = 0.5  # of the words, so that what was heard tells when the others are said

Mode = Literal["word", "sentence", "sentence_punc", "fixed_words", "max_chars"]


class _Align(Parameters):
    audio_id: str
    script: str = Field(max_length=_LONGEST)
    mode: Mode = "sentence"
    limit: int | None = Field(default=None, ge=1, le=10_000)
    lang_code: str = Field(default="eng", max_length=40)


def _check(asked: _Align, store: Store) -> None:
    from workbench.script import tokenize

    there(store, asked.audio_id, "audio", "video")
    if not tokenize(asked.script):
        raise TextError("has nothing that is said", subject="script", cure="write what is said")
    if asked.limit is not None and asked.mode not in _LIMITS:
        raise ParameterError(
            f"means nothing for {asked.mode}", subject="limit", cure=f"it is for {list(_LIMITS)}"
        )


def _align(asked: _Align, context: Context) -> dict[str, Any]:
    from workbench.captions.languages import two_letters
    from workbench.timing import Transcript

    _check(asked, context.store)
    language = two_letters(asked.lang_code)
    with context.store.reading(asked.audio_id) as path:
        words, notes = _timed(asked.script, path, language, context)
    segments = [
        {
            "text": Transcript(words=tuple(piece)).text,
            "start": round(piece[0].start, 4),
            "end": round(piece[-1].end, 4),
        }
        for piece in pieces_of(words, asked.script, asked.mode, asked.limit, language)
    ]
    return {"segments": segments, "language": language, "warnings": notes}


def _timed(
    script: str, path: Path, language: str, context: Context
) -> tuple[Sequence[Word], list[str]]:
    """Return a script's words where they are heard; where nobody hears them, where they may be."""
    from workbench.media.recording import read_sound
    from workbench.speech.align import align
    from workbench.speech.estimate import estimate
    from workbench.speech.transcribe import transcribe

    sound = read_sound(path, cancel=context.cancel)
    context.progress(0.1)
    try:
        heard = transcribe(
            path,
            language=language,
            model=os.environ.get("WHISPER_MODEL") or None,
            progress=lambda done: context.progress(0.1 + 0.9 * done),
            cancel=context.cancel,
        )
        found = align(script, heard, duration=sound.duration, language=language)
        if found.matched >= _HEARD:
            missing = [f"not heard: {token.text}" for token in found.missing[:20]]
            return found.words, [*heard.warnings, *missing]
        note = f"of the script {found.matched:.0%} is heard in the recording"
    except WeightsMissing:
        note = "there is no recogniser here"
    except ParameterError as error:
        if error.subject != "language":
            raise
        note = f"the recogniser knows no {shown(language)}"
    except (EngineMissing, DeviceError, WeightsCorrupt) as error:
        note = f"the recogniser cannot work ({error.problem})"
    note += ": the times of the words are estimated from its loudness"
    return estimate(script, sound, language=language), [note]


def pieces_of(
    words: Sequence[Word], script: str, mode: Mode, limit: int | None, language: str = ""
) -> list[Sequence[Word]]:
    """Return the words of a script in the pieces that a mode names.

    Parameters
    ----------
    words
        One for each token of `script`.
    script
        The text.
    mode
        ``word``; ``sentence``; ``sentence_punc``, which ends at commas, colons and dashes as well;
        ``fixed_words``, so many in each; ``max_chars``, as many as fit into so many letters.
    limit
        Words or letters for the last two; None for 5 or 40.
    language
        A BCP 47 tag, for where sentences end.

    Examples
    --------
    >>> from workbench.timing import Word
    >>> text = "One, two three. Four."
    >>> words = [Word(text=t, start=i, end=i + 1) for i, t in enumerate(text.split())]
    >>> for mode in ("word", "sentence", "sentence_punc", "fixed_words", "max_chars"):
    ...     limit = {"fixed_words": 2, "max_chars": 8}.get(mode)
    ...     print([" ".join(w.text for w in p) for p in pieces_of(words, text, mode, limit)])
    ['One,', 'two', 'three.', 'Four.']
    ['One, two three.', 'Four.']
    ['One,', 'two three.', 'Four.']
    ['One, two', 'three. Four.']
    ['One, two', 'three.', 'Four.']
    """
    if mode == "word":
        return [[word] for word in words]
    size = limit or _LIMITS.get(mode, 0)
    if mode == "fixed_words":
        return [words[first : first + size] for first in range(0, len(words), size)]
    if mode == "max_chars":
        return _packed(words, size)
    return _at_ends(words, script, language, clauses=mode == "sentence_punc")


def _packed(words: Sequence[Word], size: int) -> list[Sequence[Word]]:
    found: list[list[Word]] = []
    used = 0
    for word in words:
        if found and used + len(word.text) <= size:
            found[-1].append(word)
        else:
            found.append([word])
            used = 0
        used += len(word.text) + word.space
    return list(found)


def _at_ends(
    words: Sequence[Word], script: str, language: str, *, clauses: bool
) -> list[Sequence[Word]]:
    from workbench.script import tokenize
    from workbench.text.chunking import sentences
    from workbench.text.sentences import ends_clause

    ends = list(accumulate(len(one) for one in sentences(script, language)))
    found: list[list[Word]] = []
    before = -1
    for word, token in zip(words, tokenize(script), strict=True):
        piece = bisect_right(ends, token.start)
        if piece == before and not (clauses and ends_clause(found[-1][-1].text)):
            found[-1].append(word)
        else:
            found.append([word])
        before = piece
    return list(found)


OPERATIONS = (Operation(name="align", parameters=_Align, run=_align, check=_check),)
