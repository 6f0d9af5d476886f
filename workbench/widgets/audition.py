"""The audition: takes heard blind, by pairs, and the result once it is over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import traitlets as t

from workbench.errors import ParameterError, one_line
from workbench.speech.compare import Comparison
from workbench.speech.matched import blind_wav
from workbench.speech.resumed import resumed
from workbench.speech.trials import KINDS
from workbench.widgets.clip import MAX_BYTES, Clip
from workbench.widgets.panel import Panel, clip_state, front, style
from workbench.widgets.tallied import results, results_html

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.speech.compare import Tally
    from workbench.speech.compared import Sound
    from workbench.widgets.outputs import Bundle

__all__ = ["Audition", "audition"]

_BYTES = 2  # of a sample


@dataclass(frozen=True, kw_only=True, eq=False)
class _Blind(Clip):
    """A sound without words, outline or name, whose file is like all others of its session."""

    audio: Audio

    @property
    def mime(self) -> str:
        """The type of what `media` returns."""
        return "audio/wav"

    @cached_property
    def media(self) -> bytes:
        """The bytes of a WAV file, new for each trial; see `workbench.speech.matched.blind_wav`."""
        return blind_wav(self.audio)


class Audition(Panel):
    """A blind comparison in the notebook; `audition` makes one.

    Until it is over, the page knows nothing but the letters A, B and X: neither the state of the
    widget nor the sounds, which are alike in loudness, rate, length and size, tell which take is
    heard. (How long the speech in them lasts can be heard, and nothing can hide that.)

    Parameters
    ----------
    comparison
        The session, with its sounds.
    path
        Where to save it after each answer; None for nowhere.
    on_answer
        Called after each answer with the session; what it raises is shown in the widget.

    Attributes
    ----------
    comparison
        The session as it stands.
    stage
        What the page shows: the trial, its sounds and how far it is; the result once it is over.

    Raises
    ------
    ParameterError
        When the session has no sounds, or they are too long to be sent.

    Examples
    --------
    >>> import workbench as wb
    >>> takes = {"slow": wb.speak("Hello.", rate=120), "fast": wb.speak("Hello.", rate=260)}
    >>> panel = audition(takes, rounds=6, seed=1)
    >>> while not panel.finished:
    ...     trial = panel.comparison.current
    ...     panel.answer("A" if trial.a == "slow" else "B")
    >>> panel.tally().best
    'slow'
    """

    _esm = front("audition.js")
    _css = style("audition.css", root="wb-audition")

    kind = t.Unicode().tag(sync=True)
    question = t.Unicode().tag(sync=True)
    ties = t.Bool(default_value=False).tag(sync=True)
    stage = t.Dict().tag(sync=True)

    def __init__(
        self,
        comparison: Comparison,
        *,
        path: str | os.PathLike[str] | None = None,
        on_answer: Callable[[Comparison], object] | None = None,
    ) -> None:
        if not isinstance(comparison, Comparison):
            raise ParameterError(
                f"must be a Comparison, not {type(comparison).__name__}",
                subject="comparison",
                cure="use audition(takes)",
            )
        if on_answer is not None and not callable(on_answer):
            raise ParameterError("must be a function", subject="on_answer")
        self.comparison = comparison
        self.path = path
        self.on_answer = on_answer
        self._sounds = {} if comparison.finished else comparison.heard
        levels = comparison.levels
        if levels.frames * levels.channels * _BYTES > MAX_BYTES:
            raise ParameterError(
                f"are {levels.frames / levels.rate:.0f} s long, and {MAX_BYTES / 1e6:.0f} MB is "
                "the most that is sent through a kernel",
                subject="takes",
                cure="compare a shorter passage",
            )
        self._clips: dict[str, Clip] = {}
        super().__init__(
            kind=comparison.kind,
            question=_asked(comparison.kind),
            ties=comparison.ties,
            stage=self._staged(),
        )

    # -- from Python ----------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether it is over, and the result is shown."""
        return self.comparison.finished

    @property
    def remaining(self) -> int:
        """How many trials are still to be heard."""
        return self.comparison.remaining

    def answer(
        self, choice: str, *, trial: str | None = None, seconds: float | None = None
    ) -> None:
        """Answer the current trial; see `workbench.speech.compare.Comparison.answer`.

        Raises
        ------
        ParameterError
            When the choice is none, the audition is over, or the trial is another.
        StorageError
            When the session cannot be saved; the answer is kept.
        """
        self._become(self.comparison.answer(choice, trial=trial, seconds=seconds))
        if self.on_answer is not None:
            self.on_answer(self.comparison)

    def undo(self) -> None:
        """Take back the last answer.

        Raises
        ------
        ParameterError
            When there is none, or the result was shown already: who knows it is blind no more.
        """
        if self.finished:
            raise ParameterError(
                "is over, and its result was shown", subject="audition", cure="begin a new one"
            )
        self._become(self.comparison.undo())

    def finish(self) -> None:
        """End it here and show the result of what was answered; there is no way back."""
        if not self.finished:
            self._become(self.comparison.stop())

    def tally(self) -> Tally:
        """Return the result.

        Raises
        ------
        ParameterError
            When it is not over: a result that is seen on the way spoils what follows.
        """
        if not self.finished:
            raise ParameterError(
                f"has {self.remaining} trials to go",
                subject="audition",
                cure="answer them, or end it with finish()",
            )
        return self.comparison.tally()

    def save(self, path: str | os.PathLike[str], *, sounds: bool = False) -> Path:
        """Write the session to a file, to go on later; see `Comparison.save`."""
        return self.comparison.save(path, sounds=sounds)

    # -- the base's questions -------------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "answer":
            given = content.get("choice"), content.get("trial"), content.get("seconds")
            choice, trial, seconds = given
            self.answer(str(choice), trial=str(trial), seconds=seconds)
        elif kind == "undo":
            self.undo()
        elif kind == "finish":
            self.finish()
        else:
            super()._handle(kind, content)

    def _clip(self, uid: str) -> Clip:
        return self._clips[uid] if uid in self._clips else super()._clip(uid)

    def still(self) -> Bundle:
        """Return a line of text: how far it is, or who came first."""
        session = self.comparison
        done = f"{len(session.answers)} of {len(session.trials)} trials answered"
        if not self.finished:
            return {"text/plain": f"Audition ({session.kind}): {done}"}, {}
        return {"text/plain": str(session.tally())}, {}

    def twin(self) -> str:
        """Return the result as HTML; before the end, how far it is and nothing else."""
        head = f'<div class="wb-twin wb-{escape(self.uid)}">'
        if self.finished:
            return f"{head}{results_html(results(self.comparison.tally(), self.comparison))}</div>"
        return f"{head}<p>{escape(self.still()[0]['text/plain'])}</p></div>"

    # -- the state ------------------------------------------------------------------------------

    def _become(self, session: Comparison) -> None:
        """Take over a session, show where it stands, and save it."""
        self.comparison = session
        self.stage = self._staged()
        self._renew()
        if self.path is not None:
            session.save(self.path)

    def _staged(self) -> dict[str, Any]:
        """Return what the page may know now; the sounds get new marks for each trial."""
        session = self.comparison
        trial = session.current
        state = {"done": len(session.answers), "total": len(session.trials)}
        if trial is None:
            shown = {**results(session.tally(), session), "takes": self._unveiled()}
            return {**state, "trial": "", "sounds": [], "undo": False, "results": shown}
        heard = {"A": trial.a, "B": trial.b, **({"X": trial.x} if trial.x else {})}
        clips = {name: self._blind(name, label) for name, label in heard.items()}
        self._clips = {clip.uid: clip for clip in clips.values()}
        sounds = [
            {"name": name, "uid": clip.uid, "duration": clip.duration, "src": "", "version": ""}
            for name, clip in clips.items()
        ]
        undo = bool(session.answers)
        return {**state, "trial": trial.uid, "sounds": sounds, "undo": undo, "results": None}

    def _unveiled(self) -> list[dict[str, Any]]:
        """Return the takes as players show them, now that it is over; none without their sounds."""
        heard = self.comparison.heard if self.comparison.takes else {}
        clips = {label: Clip.of(audio) for label, audio in heard.items()}
        self._clips = {clip.uid: clip for clip in clips.values()}
        return [{**clip_state(clip), "label": one_line(label)} for label, clip in clips.items()]

    def _blind(self, name: str, label: str) -> _Blind:
        audio = self._sounds[label]
        return _Blind(kind="audio", duration=audio.duration, text=name, about="", audio=audio)


def _asked(kind: str) -> str:
    words = KINDS[kind]
    return f"{words[0].upper()}{words[1:]}?"


def audition(
    takes: Mapping[str, Sound] | Iterable[Sound],
    *,
    path: str | os.PathLike[str] | None = None,
    on_answer: Callable[[Comparison], object] | None = None,
    **options: Any,
) -> Audition:
    """Return a blind audition of takes: which is better, or whether a difference is heard.

    Parameters
    ----------
    takes
        Two or more Takes, Narrations, Audios or paths of sound files, by label or as a list.
    path
        A JSON file to save to after each answer. Where it is there already, its session goes on.
    on_answer
        Called after each answer with the session, a `workbench.speech.compare.Comparison`.
    **options
        Those of `Comparison.of`: ``kind`` (``ab`` or ``abx``), ``rounds``, ``seed``, ``ties``,
        ``match``, ``listener``.

    Raises
    ------
    ParameterError
        When there are fewer than two takes, an option is not known (the nearest is offered) or out
        of range, or the file holds another session.
    StorageError, MediaError
        When a file cannot be read.

    Examples
    --------
    >>> import workbench as wb
    >>> slow, fast = (wb.speak("Hello.", rate=rate) for rate in (120, 260))
    >>> panel = audition([slow, fast], kind="abx", rounds=4)
    >>> panel.question, panel.remaining
    ('Which of the two is X?', 4)
    """
    return Audition(resumed(takes, path, **options), path=path, on_answer=on_answer)
