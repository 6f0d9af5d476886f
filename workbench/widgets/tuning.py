"""The work of tuning a voice: settings, the takes made with them, stars and notes, and undo.

A `Tuning` is a value: each of its methods returns the next one. The widget holds the latest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, one_line, shown, suggest
from workbench.speech.variant import varying
from workbench.take import Take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.options import Value
    from workbench.speech.measures import Measures
    from workbench.widgets.settings import Settings, Spoken

__all__ = ["LONGEST_PAST", "Mark", "Step", "TunedTake", "Tuning", "labels"]

LONGEST_PAST = 500
"""The most steps that can be undone."""

_LONGEST_NOTE = 5_000  # letters
_LABEL = 100  # letters


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a person said about a take.

    Parameters
    ----------
    star
        Whether it is one of the good ones.
    note
        In their own words.
    deleted
        Whether it is out of sight.

    Raises
    ------
    ParameterError
        When one of them is of another kind, or the note is longer than 5,000 letters.
    """

    star: bool = False
    note: str = ""
    deleted: bool = False

    def __post_init__(self) -> None:
        for name in ("star", "deleted"):
            if not isinstance(getattr(self, name), bool):
                wrong = shown(getattr(self, name))
                raise ParameterError(f"must be true or false, not {wrong}", subject=name)
        note: object = self.note
        if not isinstance(note, str) or len(note) > _LONGEST_NOTE:
            raise ParameterError(
                f"must be text of at most {_LONGEST_NOTE:,} letters", subject="note"
            )


@dataclass(frozen=True, kw_only=True)
class TunedTake:
    """A take of a tuning.

    Parameters
    ----------
    id
        Its number, from 1: the order in which they were made.
    settings
        What it was spoken with, the seed that the engine chose included.
    take
        What was spoken.
    seconds
        How long its synthesis took; None where it came from the cache.
    measures
        What it measures; None until somebody has looked.
    """

    id: int
    settings: Settings
    take: Take
    seconds: float | None = None
    measures: Measures | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What can be undone: the settings and the marks as they were.

    Parameters
    ----------
    settings, marks
        At that time.
    visit
        Steps in a row with the same one are undone as one; empty for a step by itself.
    """

    settings: Settings
    marks: Mapping[int, Mark]
    visit: str = ""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Settings, takes and marks. A take once made stays: undo brings back settings and marks.

    Parameters
    ----------
    settings
        What the next take will be spoken with.
    takes
        The one in front first, deleted ones included.
    marks
        By the number of the take, for those that have one.
    past, future
        What was done and undone, the last one last.

    Examples
    --------
    >>> from workbench.widgets.settings import Settings
    >>> tuning = Tuning(settings=Settings.of("Hello.", "espeak:en-gb"))
    >>> slow = tuning.change(rate=120)
    >>> slow.settings.options["rate"], dict(slow.undo().settings.options)
    (120, {})
    """

    settings: Settings
    takes: tuple[TunedTake, ...] = ()
    marks: Mapping[int, Mark] = field(default_factory=dict)
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "takes", tuple(self.takes))
        object.__setattr__(self, "marks", MappingProxyType(dict(self.marks)))

    # -- looking ----------------------------------------------------------------------------------

    @property
    def visible(self) -> tuple[TunedTake, ...]:
        """The takes that are not deleted, the one in front first."""
        return tuple(one for one in self.takes if not self.mark(one.id).deleted)

    def mark(self, id: int) -> Mark:  # noqa: A002 - as everywhere here
        """Return what was said about a take."""
        return self.marks.get(id, Mark())

    def find(self, wanted: object) -> TunedTake:
        """Return a take.

        Parameters
        ----------
        wanted
            Its number, or itself as `TunedTake` or `Take`.

        Raises
        ------
        ParameterError
            When there is none.
        """
        for one in self.takes:
            number = isinstance(wanted, int) and not isinstance(wanted, bool)
            if (number and one.id == wanted) or wanted is one or wanted is one.take:
                return one
        if isinstance(wanted, TunedTake):
            return self.find(wanted.id)
        if isinstance(wanted, Take):
            for one in self.takes:
                if one.take == wanted:
                    return one
        numbers = ", ".join(str(number) for number in sorted(one.id for one in self.takes))
        cure = f"the takes are {numbers}" if numbers else "generate one first"
        raise ParameterError(f"there is no take {shown(wanted)}", subject="take", cure=cure)

    # -- settings and marks -----------------------------------------------------------------------

    def change(self, *, visit: str = "", **changes: Any) -> Tuning:
        """Return the tuning with other settings; see `Settings.changed`.

        Parameters
        ----------
        visit
            Joins the step to the one before, where that has the same.
        """
        return self._with(self.settings.changed(**changes), self.marks, visit)

    def reset(self, name: str = "") -> Tuning:
        """Return the tuning with an option, or all of them, at the default.

        Raises
        ------
        ParameterError
            When there is no such option.
        """
        if not name:
            return self._with(replace(self.settings, options={}), self.marks)
        if name not in self.settings.options:
            known = self.settings.effective
            if name not in known:
                raise ParameterError("is not an option", subject=name, cure=suggest(name, known))
        options = {key: value for key, value in self.settings.options.items() if key != name}
        return self._with(replace(self.settings, options=options), self.marks)

    def use(self, take: object) -> Tuning:
        """Return the tuning with the settings of a take."""
        return self._with(self.find(take).settings, self.marks)

    def say(self, take: object, **said: Any) -> Tuning:
        """Return the tuning with something said about a take: ``star``, ``note``, ``deleted``."""
        number = self.find(take).id
        mark = replace(self.mark(number), **said)
        others = {key: value for key, value in self.marks.items() if key != number}
        return self._with(self.settings, others if mark == Mark() else {**others, number: mark})

    def _with(self, settings: Settings, marks: Mapping[int, Mark], visit: str = "") -> Tuning:
        if settings == self.settings and dict(marks) == dict(self.marks):
            return self
        if visit and not self.future and self.past and self.past[-1].visit == visit:
            return replace(self, settings=settings, marks=marks)
        step = Step(settings=self.settings, marks=self.marks, visit=visit)
        past = (*self.past, step)[-LONGEST_PAST:]
        return replace(self, settings=settings, marks=marks, past=past, future=())

    def undo(self) -> Tuning:
        """Return the tuning a step back.

        Raises
        ------
        ParameterError
            When nothing was done.
        """
        if not self.past:
            raise ParameterError("there is nothing to undo", subject="tuner")
        step = self.past[-1]
        ahead = Step(settings=self.settings, marks=self.marks)
        return replace(
            self,
            settings=step.settings,
            marks=step.marks,
            past=self.past[:-1],
            future=(*self.future, ahead),
        )

    def redo(self) -> Tuning:
        """Return the tuning a step forward again.

        Raises
        ------
        ParameterError
            When nothing was undone.
        """
        if not self.future:
            raise ParameterError("there is nothing to do again", subject="tuner")
        step = self.future[-1]
        behind = Step(settings=self.settings, marks=self.marks)
        return replace(
            self,
            settings=step.settings,
            marks=step.marks,
            past=(*self.past, behind),
            future=self.future[:-1],
        )

    # -- takes ------------------------------------------------------------------------------------

    def with_take(self, settings: Settings, spoken: Spoken) -> Tuning:
        """Return the tuning with one more take in front.

        Where the same settings gave the same sound before, that take comes to the front instead,
        also when it had been deleted.
        """
        if settings.seed is None and spoken.take.seed is not None:
            settings = replace(settings, seed=spoken.take.seed)
        same = (one for one in self.takes if one.settings == settings)
        known = next((one for one in same if one.take.audio == spoken.take.audio), None)
        if known is None:
            number = max((one.id for one in self.takes), default=0) + 1
            fresh = TunedTake(
                id=number, settings=settings, take=spoken.take, seconds=spoken.seconds
            )
            return replace(self, takes=(fresh, *self.takes))
        others = tuple(one for one in self.takes if one is not known)
        front = replace(self, takes=(known, *others))
        return front.say(known, deleted=False) if self.mark(known.id).deleted else front

    def with_measures(self, number: int, measures: Measures) -> Tuning:
        """Return the tuning with what a take measures."""
        takes = (replace(one, measures=measures) if one.id == number else one for one in self.takes)
        return replace(self, takes=tuple(takes))


def labels(takes: tuple[TunedTake, ...]) -> dict[int, str]:
    """Return for each take, by its number, what sets it apart from the others.

    Examples
    --------
    >>> from workbench.widgets.settings import Settings
    >>> tuning = Tuning(settings=Settings.of("Hello.", "espeak:en-gb"))
    >>> for rate in (120, 200):
    ...     settings = tuning.settings.changed(rate=rate)
    ...     tuning = tuning.with_take(settings, settings.speak())
    >>> labels(tuning.visible)
    {2: '2: rate 200', 1: '1: rate 120'}
    """
    rows = {one.id: _told(one.settings) for one in takes}
    apart = varying(list(rows.values()))
    told = {
        number: ", ".join(_named(n, row[n]) for n in apart if n in row) or "take"
        for number, row in rows.items()
    }
    return {number: one_line(f"{number}: {text}", limit=_LABEL) for number, text in told.items()}


def _told(settings: Settings) -> dict[str, Value]:
    seed = {} if settings.seed is None else {"seed": settings.seed}
    told = {"voice": str(settings.voice), **settings.effective, **seed}
    return {**told, "text": settings.text}


def _named(name: str, value: Value) -> str:
    return str(value) if name in {"voice", "text"} else f"{name} {value}"
