"""The round trip: a recogniser hears what was spoken, and what is unlike the text is spoken again.

A fuse (`workbench.speech.fuse`) knows that the sound is about as long as it should be; that a
third of the words are missing is known only to who listens.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from workbench.errors import (
    Cancelled,
    ConsentMissing,
    DeviceError,
    EngineMissing,
    EngineNotFound,
    ModelAccess,
    ModelError,
    ParameterError,
    VoiceNotFound,
    WeightsCorrupt,
    WeightsMissing,
)
from workbench.speech.fuse import FLAGS, check
from workbench.text.compare import distance, fold

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from workbench.audio import Audio
    from workbench.options import Options
    from workbench.recognition import Recognition
    from workbench.take import Take

__all__ = ["LIMIT", "UNKNOWN", "Listener", "Verdict", "judge", "unlike", "verified"]

log = logging.getLogger(__name__)

LIMIT = 0.15
"""The part of the letters that may be heard differently. Others who check speech in this way draw
the line at 15 % of the words, or at a likeness of 0.85."""

_ATTEMPTS = 3
_SEEDS = 2**32
# What another seed cannot mend.
_LASTING = (
    ConsentMissing, DeviceError, EngineMissing, EngineNotFound, ModelAccess, VoiceNotFound,
    WeightsCorrupt, WeightsMissing,
)  # fmt: skip
UNKNOWN = frozenset({"", "und", "mul", "mis", "zxx"})
"""Tags that tell no language (ISO 639-2: undetermined, several, uncoded, none)."""


class Listener(Protocol):
    """Who can be asked what is said: a recogniser, see `workbench.engines.base.Transcriber`."""

    def transcribe(
        self,
        audio: Audio,
        *,
        language: str | None = None,
        options: Options | None = None,
        cancel: threading.Event | None = None,
    ) -> Recognition:
        """Return what is said in `audio`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a line that was checked.

    Parameters
    ----------
    flags
        What is wrong with the take that was kept, of `workbench.speech.fuse.FLAGS`; none for one
        that passed.
    cer
        The part of the letters that was heard differently (`unlike`); None where nobody
        listened.
    heard
        What was heard.
    attempts
        How often the line was spoken.
    """

    flags: tuple[str, ...]
    cer: float | None = None
    heard: str = ""
    attempts: int = 1

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flags


def verified(
    say: Callable[[int | None], Take],
    *,
    text: str,
    language: str = "",
    transcriber: Listener | None = None,
    options: Options | None = None,
    attempts: int = _ATTEMPTS,
    limit: float = LIMIT,
    seed: int | None = None,
    pace: float = 1.0,
    rate: int | None = None,
    cancel: threading.Event | None = None,
) -> tuple[Take, Verdict]:
    """Return the best of a few takes of a line, with what is wrong with it.

    Parameters
    ----------
    say
        Speaks the line with the seed it is given.
    text
        What is to be said.
    language
        A BCP 47 tag; where it is empty, the take's own.
    transcriber
        Who listens; None for the fuse alone.
    options
        The recogniser's options; None for its defaults.
    attempts
        How often it is spoken at most. It is not spoken again when that gives the same sound: an
        engine without chance has but one try.
    limit
        The part of the letters that may be heard differently, 0 to 1.
    seed
        Of the first attempt; the others have the seeds after it. None leaves the first to the
        engine, and seeds the others with 1, 2 …
    pace, rate
        See `workbench.speech.fuse.check`.
    cancel
        Set it from another thread to stop before the next attempt, and the recogniser in its work.

    Returns
    -------
    take : Take
        The first that passed, else the one least unlike the text, of those the one with the fewest
        flags. Its flags are the verdict's, and where there are any, a warning tells more.
    verdict : Verdict
        What was found.

    Raises
    ------
    ModelError
        When no attempt gave a take: the error of the last.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> from workbench.engines import engine
    >>> def say(seed):
    ...     return engine("espeak").synthesize("It is all there.", voice="en-us", seed=seed)
    >>> take, verdict = verified(say, text="It is all there.", language="en-us")
    >>> take.flags, verdict.passed, verdict.attempts
    ((), True, 1)
    """
    if attempts < 1:
        raise ParameterError(f"must be 1 or more, not {attempts!r}", subject="attempts")
    best: tuple[Take, Verdict] | None = None
    failure: ModelError | None = None
    sounds = set()
    tried = 0
    for number in range(attempts):
        _stop(cancel)
        tried += 1
        try:
            take = _said(say, _seed(seed, number), text)
        except _LASTING:
            raise
        except ModelError as error:
            log.info("attempt %d of %r failed: %s", tried, text[:40], error)
            failure = error
            continue
        sound = take.audio.digest()
        if sound in sounds:
            if take.seed is not None:  # two seeds failed alike: silence is always the same
                continue
            tried -= 1
            break
        sounds.add(sound)
        verdict = judge(
            take, text=text, language=language, transcriber=transcriber, options=options,
            limit=limit, pace=pace, rate=rate, cancel=cancel,
        )  # fmt: skip
        if best is None or _rank(verdict) < _rank(best[1]):
            best = take, verdict
        if verdict.passed:
            break
        log.info("attempt %d of %r: %s", tried, text[:40], ", ".join(verdict.flags))
    if best is None:
        assert failure is not None  # noqa: S101 - at least one attempt was made, and gave no take
        raise failure
    take, verdict = best
    verdict = replace(verdict, attempts=tried)
    return _marked(take, verdict), verdict


def judge(
    take: Take,
    *,
    text: str = "",
    language: str = "",
    transcriber: Listener | None = None,
    options: Options | None = None,
    limit: float = LIMIT,
    pace: float = 1.0,
    rate: int | None = None,
    cancel: threading.Event | None = None,
) -> Verdict:
    """Return what is wrong with a take, by the fuse and by a recogniser.

    Parameters
    ----------
    take
        What was spoken.
    text, language
        What was to be said; where they are empty, the take's own.
    transcriber
        Who listens; None for the fuse alone. Nobody listens to a take in which nothing is said.
    options, limit, pace, rate, cancel
        As `verified`.

    Examples
    --------
    >>> from workbench.engines import engine
    >>> judge(engine("espeak").synthesize("Hello, world.", voice="en-us"))
    Verdict(flags=(), cer=None, heard='', attempts=1)
    """
    flags = check(take, pace=pace, rate=rate)
    if transcriber is None or {"empty", "silent"} & set(flags):
        return Verdict(flags=flags, cer=None if transcriber is None else 1.0)
    tongue = (language or take.language).lower()
    known = None if tongue in UNKNOWN else tongue
    heard = transcriber.transcribe(take.audio, language=known, options=options, cancel=cancel).text
    wanted = text or take.text
    cer = min(unlike(version, heard, tongue) for version in {wanted, take.spoken or wanted})
    if cer > limit:
        flags = tuple(flag for flag in FLAGS if flag in {*flags, "unlike"})
    return Verdict(flags=flags, cer=cer, heard=heard)


def unlike(text: str, heard: str, language: str = "") -> float:
    """Return how many letters were heard differently, as a part of the letters of the text.

    Both are written out first, ``25`` as ``twenty-five``, and compared without case, accents,
    punctuation and spaces: the Levenshtein distance over the length of the text, so it may
    exceed 1.

    Examples
    --------
    >>> unlike("Hello, world!", "hello world")
    0.0
    >>> unlike("one two three", "one three")
    0.2727272727272727
    """
    wanted, found = (_folded(side, language) for side in (text, heard))
    if not wanted:
        return float(bool(found))
    return distance(wanted, found) / len(wanted)


def _folded(text: str, language: str) -> str:
    from workbench.text.normalize import normalize

    return fold(normalize(text, language).spoken)


def _seed(seed: int | None, number: int) -> int | None:
    if not number:
        return seed
    return ((0 if seed is None else seed) + number) % _SEEDS


def _said(say: Callable[[int | None], Take], seed: int | None, text: str) -> Take:
    """Return what `say` says; a sound that is none is a failure of the model, not of the caller."""
    try:
        return say(seed)
    except ParameterError as error:
        if error.subject != "audio" or "finite" not in error.problem:
            raise
        raise ModelError(
            f"gave sound in which {FLAGS['nan']}",
            subject=text[:40],
            cure="try another seed, or another device",
        ) from error


def _rank(verdict: Verdict) -> tuple[float, int]:
    return verdict.cer if verdict.cer is not None else 0.0, len(verdict.flags)


def _marked(take: Take, verdict: Verdict) -> Take:
    """Return the take with its flags and, where it has any, a warning that tells of them."""
    if verdict.passed:
        return take if not take.flags else replace(take, flags=())
    told = "; ".join(FLAGS[flag] for flag in verdict.flags if flag != "unlike")
    heard = ""
    if "unlike" in verdict.flags and verdict.cer is not None:
        heard = f"{verdict.cer:.0%} of the letters are unlike, heard was {verdict.heard[:200]!r}"
    times = f" ({verdict.attempts} attempts)" if verdict.attempts > 1 else ""
    warning = f"doubtful: {'; '.join(filter(None, (told, heard)))}{times}"
    return replace(take, flags=verdict.flags, warnings=(*take.warnings, warning))


def _stop(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("stopped before the next attempt", subject="speech")
