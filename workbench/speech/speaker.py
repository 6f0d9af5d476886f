"""A voice ready to speak: text goes in, a checked take with the script's own words comes out."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.engines.registry import engine
from workbench.errors import ModelError, ParameterError, WeightsMissing
from workbench.script import tokenize
from workbench.speech.align import align, estimate
from workbench.speech.ears import Ears, ears
from workbench.speech.roundtrip import UNKNOWN, Verdict, verified
from workbench.speech.voices import resolve
from workbench.storage.cache import key
from workbench.text.lexicon import Lexicon
from workbench.text.marks import unmarked
from workbench.text.normalize import Spoken, normalize, require_speech

if TYPE_CHECKING:
    import os
    import threading

    from workbench.engines.base import Synthesizer
    from workbench.options import Options
    from workbench.storage.cache import TakeCache
    from workbench.take import Take
    from workbench.timing import Word
    from workbench.voice import Preset, Voice

__all__ = ["Speaker"]

log = logging.getLogger(__name__)

_UNTIMED = "none"
_DROPPED = {"emoji", "markup"}  # rules that leave out what a reader sees
_ATTEMPTS = 3  # where somebody listens; the fuse alone warns, since it may be wrong
_HEARD = 0.5  # of the script's words, so that a recognition is worth aligning
_TIMES = "word_times"  # in `Take.about`, where the times are a guess
_GUESSED = "the times of the words are estimated: no recogniser heard them"


class Speaker:
    """A voice ready to speak: its engine, its name there, and its effective options.

    Parameters
    ----------
    voice
        The voice or preset, see `workbench.speech.voices.find_voice`.
    options
        Options of the engine, on top of the preset's.
    seed
        For engines that use chance.
    cache
        Where takes are kept; None to speak every time.
    normalize
        Whether numbers, dates, abbreviations … are written out before they are spoken; or which of
        `workbench.text.normalize`'s rules are, by name.
    lexicon
        How words are pronounced, or the path of the file; None for the project's own,
        `Lexicon.project`.
    verify
        Who listens to each line: ``stt``, ``stt:MODEL``, see `workbench.speech.ears`; None for
        the fuse alone.

    Raises
    ------
    VoiceNotFound, EngineNotFound, EngineMissing, ParameterError
        When there is no such voice, or it has no such option.
    TextError
        When the lexicon cannot be read.

    Examples
    --------
    >>> speaker = Speaker("espeak:es", {"rate": 200})
    >>> speaker.voice, speaker.options.rate
    (Voice(engine='espeak', name='es'), 200)
    >>> take = speaker.say("Son 3 €.")
    >>> take.text, take.spoken, [word.text for word in take.words]
    ('Son 3 €.', 'Son tres euros.', ['Son', '3', '€.'])
    """

    def __init__(
        self,
        voice: str | Voice | Preset | None,
        options: dict[str, Any] | None = None,
        *,
        seed: int | None = None,
        cache: TakeCache | None = None,
        normalize: bool | Mapping[str, bool] = True,
        lexicon: Lexicon | str | os.PathLike[str] | None = None,
        verify: str | None = None,
    ) -> None:
        self.voice, info, preset = resolve(voice)
        self.engine: Synthesizer = engine(self.voice.engine)
        self.options: Options = self.engine.options.build({**preset, **(options or {})})
        self.seed = seed if self.engine.capabilities.seeded else None
        self.language = info.language
        self.ears = None if verify is None else ears(verify)
        if not isinstance(normalize, bool | Mapping):
            raise ParameterError(
                f"must be true, false or rules, not {normalize!r}",
                subject="normalize",
                cure='such as {"dates": False}',
            )
        self._normalize = normalize
        self._lexicon = Lexicon.project() if lexicon is None else Lexicon.of(lexicon)
        self._cache = cache

    def prepare(self, text: str) -> Spoken:
        """Return `text` as it is given to the engine, and what was changed in it.

        Examples
        --------
        >>> Speaker("espeak:en-us").prepare("Dr. Smith, 10:30").spoken
        'Doctor Smith, ten thirty'
        """
        rules = self._normalize if not isinstance(self._normalize, bool) else None
        if self._normalize is False:
            return Spoken(text=text, language=self.language)
        return normalize(
            text,
            self.language,
            rules=rules,
            lexicon=self._lexicon,
            phonemes=self.engine.capabilities.phonemes,
        )

    def say(self, text: str, *, cancel: threading.Event | None = None) -> Take:
        """Return `text` as spoken and checked, from the cache when it has been spoken before.

        Parameters
        ----------
        text
            One line, without markup.
        cancel
            Set it from another thread to stop between two attempts.

        Raises
        ------
        TextError
            When there is nothing to speak.
        WeightsMissing, WeightsCorrupt, DeviceError, ModelError
            When the engine or the recogniser cannot work.
        Cancelled
            When `cancel` was set.
        """
        written, spoken = unmarked(text, self.language), self.prepare(text)
        if not tokenize(spoken.spoken):
            require_speech(spoken)
        timing = self._timing_ears()
        name = key(
            {
                "engine": self.voice.engine,
                "version": self.engine.version,
                "voice": self.voice.name,
                "language": self.language,
                "options": self.options.to_dict(),
                "seed": self.seed,
                "text": text,
                "spoken": spoken.spoken,
                "verify": self.ears.key if self.ears is not None else "",
                "timing": timing.key if timing is not None else "",
            }
        )
        take = self._cache.get(name) if self._cache is not None else None
        if take is not None and _TIMES not in take.about:
            return take
        if take is None:
            take = self._spoken(written, spoken, cancel)
        # Also one of old whose times were a guess.
        take = self._timed(take, written, spoken, timing, cancel)
        if self._cache is not None:
            self._cache.put(name, take)
        return take

    def _spoken(self, written: Spoken, spoken: Spoken, cancel: threading.Event | None) -> Take:
        def once(seed: int | None) -> Take:
            began = time.perf_counter()
            take = self.engine.synthesize(
                spoken.spoken, voice=self.voice.name, options=self.options, seed=seed
            )
            return replace(take, synthesis_time=time.perf_counter() - began)

        take, verdict = verified(
            once,
            text=spoken.spoken,
            language=self.language,
            transcriber=self.ears,
            options=self.ears.options if self.ears is not None else None,
            attempts=1 if self.ears is None else _ATTEMPTS,
            seed=self.seed,
            pace=self.options.tempo,
            rate=self.engine.capabilities.rate,
            cancel=cancel,
        )
        return replace(
            take,
            text=written.text,
            spoken="" if spoken.spoken == written.text else spoken.spoken,
            warnings=(*take.warnings, *spoken.notes, *_left_out(spoken)),
            about={**take.about, **_record(spoken, verdict, self.ears)},
        )

    def _timed(
        self,
        take: Take,
        written: Spoken,
        spoken: Spoken,
        timing: Ears | None,
        cancel: threading.Event | None,
    ) -> Take:
        """Return the take with the script's own words, and how good their times are."""
        if self.engine.capabilities.word_times != _UNTIMED:
            return replace(take, words=written.restore(spoken.restore(take.words)))
        about = {name: value for name, value in take.about.items() if name != _TIMES}
        warnings = tuple(note for note in take.warnings if note != _GUESSED)
        words = None if timing is None else self._heard(take, written.text, timing, cancel)
        if words is None:
            words = written.restore(spoken.restore(estimate(spoken.spoken, take.audio)))
            about[_TIMES] = "estimated"
            warnings = (*warnings, _GUESSED)
        return replace(take, words=words, about=about, warnings=warnings)

    def _heard(
        self, take: Take, text: str, timing: Ears, cancel: threading.Event | None
    ) -> tuple[Word, ...] | None:
        """Return the words where a recogniser heard them, None where it did not."""
        language = None if self.language in UNKNOWN else self.language
        try:
            heard = timing.transcribe(take.audio, language=language, cancel=cancel)
        except WeightsMissing:
            return None
        except (ModelError, ParameterError) as error:  # such as a language it does not know
            log.warning("%s cannot time the words: %s", timing.name, error)
            return None
        found = align(text, heard, duration=take.duration)
        return found.words if found.matched >= _HEARD else None

    def _timing_ears(self) -> Ears | None:
        """Return who times the words of an engine that does not say when it spoke them."""
        if self.engine.capabilities.word_times != _UNTIMED:
            return None
        if self.ears is not None:
            return self.ears
        try:
            return ears()
        except ModelError:
            return None


def _left_out(spoken: Spoken) -> tuple[str, ...]:
    lost = [c.original for c in spoken.changes if c.rule in _DROPPED and not c.spoken.strip()]
    return (f"not spoken: {' '.join(dict.fromkeys(lost))}",) if lost else ()


def _record(spoken: Spoken, verdict: Verdict, listener: Ears | None) -> dict[str, Any]:
    record: dict[str, Any] = {}
    if spoken.changes:
        record["changes"] = [change.to_dict() for change in spoken.changes]
    if listener is not None:
        record["verify"] = {
            "by": listener.name,
            "cer": verdict.cer,
            "heard": verdict.heard,
            "attempts": verdict.attempts,
        }
    return record
