"""Blind comparison: which take is better (A/B), or whether a difference is heard at all (ABX).

A `Comparison` is a session of one listener. It is a value: `Comparison.answer` returns the session
with one answer more, and whoever shows it (`workbench.widgets.audition`) holds the latest.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown, suggest
from workbench.speech import session_file
from workbench.speech.bounds import need_whole
from workbench.speech.chance import binomial_interval, binomial_p
from workbench.speech.compared import digests_of, named, sound_of, verified
from workbench.speech.matched import Levels, levels
from workbench.speech.pooling import pool
from workbench.speech.ranking import bradley_terry
from workbench.speech.tally import Tally
from workbench.speech.trials import CHOICES, KINDS, NONE, Answer, Trial, pairs_of, schedule

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.speech.compared import Sound

__all__ = ["Comparison", "Tally", "binomial_interval", "binomial_p", "bradley_terry", "pool"]

_ENOUGH = {"ab": 12, "abx": 16}  # trials; 12 of 16 right are p = 0.04, the usual ABX session
_MOST_SEED = 2**63 - 1
_BITS = 32  # of a seed that nobody named


@dataclass(frozen=True, kw_only=True, repr=False)
class Comparison:
    """A blind comparison of takes by one listener; `Comparison.of` makes one.

    Parameters
    ----------
    uid
        16 hexadecimal digits: which session it is, whatever it is called.
    kind
        ``ab``: which of two takes is better. ``abx``: which of two takes X is.
    digests
        The sha256 of each take's sound, by its label, in order.
    rounds
        How often each pair is heard.
    seed
        Of the order.
    ties
        Whether "no difference" is an answer.
    listener
        Who listens.
    levels
        How the sounds were made alike.
    trials
        In the order in which they are heard.
    answers
        Of the first trials, in their order.
    stopped
        Whether the session was ended before its last trial.
    takes
        The sounds as they were given, by label; empty for a session read without them.

    Raises
    ------
    ParameterError
        When these do not make a session.

    Examples
    --------
    >>> import workbench as wb
    >>> session = Comparison.of(
    ...     {"slow": wb.speak("Hello.", rate=120), "fast": wb.speak("Hello.", rate=260)},
    ...     rounds=6, seed=1)
    >>> while not session.finished:
    ...     session = session.answer("A" if session.current.a == "slow" else "B")
    >>> session
    Comparison(ab of 'slow', 'fast'; 6 of 6 trials answered)
    >>> tally = session.tally()
    >>> tally.best, tally.pairs[0].p
    ('slow', 0.03125)
    """

    uid: str
    kind: str
    digests: Mapping[str, str] = field(hash=False)
    rounds: int
    seed: int
    ties: bool
    listener: str
    levels: Levels
    trials: tuple[Trial, ...]
    answers: tuple[Answer, ...] = ()
    stopped: bool = False
    takes: Mapping[str, Audio] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digests", MappingProxyType(dict(self.digests)))
        object.__setattr__(self, "takes", MappingProxyType(dict(self.takes)))
        object.__setattr__(self, "trials", tuple(self.trials))
        object.__setattr__(self, "answers", tuple(self.answers))
        session_file.check(self)

    def __repr__(self) -> str:
        names = ", ".join(shown(label, limit=30) for label in self.labels[:6])
        names += ", …" if len(self.labels) > 6 else ""  # noqa: PLR2004
        done = f"{len(self.answers)} of {len(self.trials)} trials answered"
        return f"Comparison({self.kind} of {names}; {done})"

    def __getstate__(self) -> dict[str, Any]:  # read-only views cannot be pickled
        state = {k: v for k, v in self.__dict__.items() if k != "heard"}
        return {**state, "digests": dict(self.digests), "takes": dict(self.takes)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        views = {name: MappingProxyType(state[name]) for name in ("digests", "takes")}
        self.__dict__.update(state, **views)

    # -- making one -----------------------------------------------------------------------------

    @classmethod
    def of(
        cls,
        takes: Mapping[str, Sound] | Iterable[Sound],
        *,
        kind: str = "ab",
        rounds: int | None = None,
        seed: int | None = None,
        ties: bool = False,
        match: bool = True,
        listener: str = "",
    ) -> Comparison:
        """Return a new session.

        All sounds are brought to one loudness, rate, number of channels and length (silence at the
        end of the shorter). How long the speech itself lasts stays, and is heard.

        Parameters
        ----------
        takes
            Two or more, by label; of a list, each is called by its voice or its file's name.
        kind
            ``ab`` for preference, ``abx`` to learn whether a difference is heard.
        rounds
            How often each pair is heard. By default as often as makes 12 trials (16 for ABX), and
            at least twice. Fix it before you listen: who goes on until the result pleases finds
            one by chance.
        seed
            Of the order, 0 or more; by default a new one, which is recorded.
        ties
            Whether "no difference" may be answered; only where a preference is asked for.
        match
            Whether to match the loudness, which otherwise decides most preferences.
        listener
            Who listens, to tell sessions apart that are pooled.

        Raises
        ------
        ParameterError
            When there are fewer than two takes, two of them are the same sound, one of them is
            silent, or an argument is out of range.
        MediaNotFound, MediaError
            When a path leads to no sound.
        """
        if kind not in KINDS:
            raise ParameterError(
                f"must be {' or '.join(KINDS)}, not {shown(kind)}",
                subject="kind",
                cure=suggest(str(kind), KINDS),
            )
        given = named(takes)
        session_file.check_labels(list(given))
        pairs = len(pairs_of(list(given)))
        if rounds is None:
            rounds = max(2, -(-_ENOUGH[kind] // pairs))
            rounds += rounds % 2  # so that either is A as often
        need_whole("rounds", rounds, 1, session_file.MOST_ROUNDS)
        seed = secrets.randbits(_BITS) if seed is None else seed
        need_whole("seed", seed, 0, _MOST_SEED)
        trials = schedule(list(given), kind=kind, rounds=rounds, seed=seed)
        sounds = {label: sound_of(value) for label, value in given.items()}
        return cls(
            uid=secrets.token_hex(8),
            kind=kind,
            digests=digests_of(sounds),
            rounds=rounds,
            seed=seed,
            ties=ties,
            listener=listener,
            levels=levels(sounds, match=match),
            trials=trials,
            takes=sounds,
        )

    def with_takes(self, takes: Mapping[str, Sound] | Iterable[Sound]) -> Comparison:
        """Return the session with its sounds, which a file does not hold.

        Parameters
        ----------
        takes
            The same as when it was made, under their labels, or in any order as a list.

        Raises
        ------
        ParameterError
            When one of them is missing, or is another sound than that of the session.
        """
        return replace(self, takes=verified(takes, self.digests))

    # -- what it is -----------------------------------------------------------------------------

    @property
    def labels(self) -> tuple[str, ...]:
        """What the takes are called."""
        return tuple(self.digests)

    @property
    def finished(self) -> bool:
        """Whether no more answers are taken."""
        return self.stopped or len(self.answers) == len(self.trials)

    @property
    def remaining(self) -> int:
        """How many trials are still to be heard."""
        return 0 if self.finished else len(self.trials) - len(self.answers)

    @property
    def current(self) -> Trial | None:
        """The trial that waits for an answer; None at the end."""
        return None if self.finished else self.trials[len(self.answers)]

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be answered."""
        return CHOICES if self.ties else tuple(c for c in CHOICES if c != NONE)

    @cached_property
    def heard(self) -> Mapping[str, Audio]:
        """The sounds as they are heard, by label: alike in loudness, rate, channels and length.

        Raises
        ------
        ParameterError
            When the session was read without its sounds.
        """
        if not self.takes:
            raise ParameterError(
                "was read without its sounds",
                subject="comparison",
                cure="give the takes again: Comparison.load(path, takes=...)",
            )
        return {label: self.levels.apply(label, audio) for label, audio in self.takes.items()}

    # -- listening ------------------------------------------------------------------------------

    def answer(
        self, choice: str, *, trial: str | None = None, seconds: float | None = None
    ) -> Comparison:
        """Return the session with the answer to its current trial.

        Parameters
        ----------
        choice
            One of `choices`.
        trial
            The uid of the trial that was heard: an answer to another than the current one, as a
            second click gives, is refused. None for the current one.
        seconds
            How long it took.

        Raises
        ------
        ParameterError
            When the session is finished, the choice is none, or it is for another trial.
        """
        current = self.current
        if current is None:
            raise ParameterError(
                "is finished", subject="comparison", cure="see its tally, or begin a new session"
            )
        if trial is not None and trial != current.uid:
            raise ParameterError("is not the trial that waits for an answer", subject=shown(trial))
        if choice not in self.choices:
            raise ParameterError(
                f"must be {' or '.join(self.choices)}, not {shown(choice)}", subject="choice"
            )
        said = Answer(trial=current.uid, choice=choice, seconds=seconds)
        return replace(self, answers=(*self.answers, said))

    def undo(self) -> Comparison:
        """Return the session without its last answer, or as it was before it was stopped.

        Raises
        ------
        ParameterError
            When there is nothing to undo.
        """
        if self.stopped:
            return replace(self, stopped=False)
        if not self.answers:
            raise ParameterError("has no answer to take back", subject="comparison")
        return replace(self, answers=self.answers[:-1])

    def stop(self) -> Comparison:
        """Return the session ended here, with the answers it has."""
        return self if self.finished else replace(self, stopped=True)

    def tally(self) -> Tally:
        """Return what the answers say so far."""
        return pool([self])

    # -- keeping one ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the session as plain values; its sounds by their hash alone."""
        return session_file.written(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Comparison:
        """Return the session that `to_dict` described, without its sounds.

        Raises
        ------
        ParameterError
            When it is no session, or of a later version.
        """
        return cls(**session_file.fields(data))

    def save(self, path: str | os.PathLike[str], *, sounds: bool = False) -> Path:
        """Write the session as JSON, whole or not at all, and return the path.

        Parameters
        ----------
        path
            The file, such as ``voices.json``. It names the take behind every A and B: whoever is
            to listen on should not read it.
        sounds
            Whether to put the sounds beside it, in a folder such as ``voices.sounds``, from which
            `load` takes them.

        Raises
        ------
        StorageError
            When it cannot be written.
        """
        return session_file.save(self, path, sounds=sounds)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        takes: Mapping[str, Sound] | Iterable[Sound] | None = None,
    ) -> Comparison:
        """Return the session of a file, to go on exactly where it was left.

        Parameters
        ----------
        path
            What `save` wrote.
        takes
            The takes; see `with_takes`. By default they are read from the folder beside the file,
            where there is one; without either the session can be counted, not heard.

        Raises
        ------
        StorageError
            When there is no such file, or it cannot be read.
        ParameterError
            When it is no session, or the sounds are others than those of the session.
        """
        file, data = session_file.read(path)
        with session_file.complaints(file):
            session = cls.from_dict(data)
            if takes is not None:
                return session.with_takes(takes)
            beside = session_file.sounds_beside(file, session.digests)
            return session.with_takes(beside) if beside else session
