"""How the jobs of a plan stand: which are to be done, and which are there already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.production.batch.outcome import Outcome
from workbench.production.batch.perform import complete
from workbench.production.made import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.ledger import BatchLedger, Job
    from workbench.production.batch.plan import Plan
    from workbench.production.batch.task import Task

__all__ = ["Standing", "standing"]

_AGAIN = {"failed", "dead", "cancelled"}
_ALL = 10_000_000  # jobs


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is to be done of a plan.

    Parameters
    ----------
    todo
        Those that are to be done now.
    again
        Ids of those that ended before and are to be done once more.
    found
        Ids of those to be done that are made already, so that they need only be written down.
    left
        Ids of those that are neither done nor to be done now, as only what failed is done again.
    """

    todo: tuple[Task, ...] = ()
    again: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()


def standing(
    plan: Plan,
    ledger: BatchLedger,
    *,
    only_failed: bool = False,
    look: Callable[[Path], Made | None],
) -> Standing:
    """Return what is to be done of a plan.

    Parameters
    ----------
    plan
        The jobs.
    ledger
        What is known of them.
    only_failed
        Whether only those are done that failed before; one that was mended since is another job in
        the same place.
    look
        Returns what an executed notebook says, see `workbench.production.made.made_by`.
    """
    known = ledger.of([task.id for task in plan.tasks])
    failed = _failed(ledger) if only_failed else set()
    todo: list[Task] = []
    again, found, left = set(), set(), set()
    for task in plan.tasks:
        job = known.get(task.id)
        state = job.state if job is not None else ""
        if state == "done" and _whole(job, look):
            continue
        if state == "done" or state in _AGAIN:
            again.add(task.id)
        mended = job is None and task.executed in failed
        if only_failed and state not in _AGAIN and not mended:
            left.add(task.id)
            continue
        todo.append(task)
        made = look(Path(task.executed))
        if state != "done" and made is not None and made.job == task.id and complete(made, task):
            found.add(task.id)
    return Standing(
        todo=tuple(todo),
        again=frozenset(again - left),
        found=frozenset(found),
        left=frozenset(left),
    )


def _failed(ledger: BatchLedger) -> set[str]:
    """Return where the jobs that failed would be kept."""
    latest: dict[str, str] = {}
    for job in ledger.jobs(limit=_ALL):
        latest.setdefault(str(job.parameters.get("executed")), job.state)
    return {place for place, state in latest.items() if state in _AGAIN}


def _whole(job: Job | None, look: Callable[[Path], Made | None]) -> bool:
    """Return whether all files of a job that is done are still what it made."""
    if job is None or not isinstance(job.result, dict):
        return False
    try:
        outcome = Outcome.from_dict(job.result)
        files = {Path(p): (int(n), int(t), str(d)) for p, (n, t, d) in outcome.states.items()}
    except (TypeError, ValueError):
        return False
    made = look(Path(outcome.executed))  # another job may have been kept there since
    return made is not None and made.job == job.id and Made(files=files).whole()
