"""Several blind comparisons of the same takes, by several listeners or on several days, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import ParameterError, shown
from workbench.speech.tally import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.speech.compare import Comparison
    from workbench.speech.tally import Tally
    from workbench.speech.trials import Answer, Trial

__all__ = ["pool"]


def pool(sessions: Iterable[Comparison]) -> Tally:
    """Return what several sessions over the same takes say together.

    Raises
    ------
    ParameterError
        When there is none, one is given twice, or they are of different kinds or takes.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.speech.compare import Comparison
    >>> takes = {"slow": wb.speak("Hello.", rate=120), "fast": wb.speak("Hello.", rate=260)}
    >>> two = [Comparison.of(takes, rounds=2, listener=name).answer("A") for name in ("Ann", "Ben")]
    >>> tally = pool(two)
    >>> tally.listeners, tally.answered, tally.trials
    (2, 2, 4)
    """
    given: Sequence[Comparison] = list(sessions)
    if not given:
        raise ParameterError("needs at least one session", subject="pool")
    first, seen = given[0], set[str]()
    for session in given:
        name = shown(session.listener or session.uid)
        if session.uid in seen:
            raise ParameterError("is given twice", subject=f"session {name}")
        seen.add(session.uid)
        if session.kind != first.kind:
            raise ParameterError(
                f"is {session.kind}, and another is {first.kind}", subject=f"session {name}"
            )
        if dict(session.digests) != dict(first.digests):
            raise ParameterError("compares other takes than the first", subject=f"session {name}")
    return count(
        [list(_answered(session)) for session in given], kind=first.kind, labels=first.labels
    )


def _answered(session: Comparison) -> Iterable[tuple[Trial, Answer | None]]:
    for i, trial in enumerate(session.trials):
        yield trial, session.answers[i] if i < len(session.answers) else None
