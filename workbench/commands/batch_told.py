"""What ``workbench batch`` tells: the plan, the result, and what is left to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from workbench.commands.output import show, warn
from workbench.errors import one_line, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.errors import WorkbenchError
    from workbench.ledger import Job
    from workbench.production.batch.planned import Batch
    from workbench.production.batch.result import BatchResult
    from workbench.production.batch.task import Task

__all__ = ["show_plan", "show_result", "tell", "tell_the_rest"]

_MOST = 10  # warnings
_LONGEST = 5000  # letters of a line; a path has 4096


def tell(text: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{one_line(text, limit=1000)}\n")


def show_plan(made: Batch, *, as_json: bool) -> None:
    """Print what would be done."""
    stands = made.stands
    todo = {task.id for task in stands.todo} - stands.found
    how = {**dict.fromkeys(todo, "to do"), **dict.fromkeys(stands.left, "left out")}
    points = _points(made.plan.tasks) if made.plan.alone else {}
    rows = [
        one_line(
            f"{how.get(task.id, 'as it is'):<9} {task.name:<24} {task.output}"
            f"{points.get(task.id, '')}",
            limit=_LONGEST,
        )
        for task in made.plan.tasks
    ]
    data = {
        **made.estimate.to_dict(),
        "folder": str(made.plan.folder),
        "tasks": [
            {**t.to_dict(), "todo": t.id in todo, "left": t.id in stands.left}
            for t in made.plan.tasks
        ],
    }
    show(data, "\n".join([*rows, str(made.estimate)]), as_json=as_json)


def _points(tasks: Sequence[Task]) -> dict[str, str]:
    """Return what tells the points of a grid apart, by id: they have numbers for names."""
    from workbench.production.parameters.parameter import OUTPUT

    first = tasks[0].values
    axes = [
        name
        for name in first
        if name != OUTPUT and any(task.values.get(name) != first[name] for task in tasks)
    ]
    return {
        task.id: "".join(f"  {name}={shown(task.values.get(name))}" for name in axes)
        for task in tasks
    }


def show_result(
    result: BatchResult,
    *,
    as_json: bool,
    error: WorkbenchError | None = None,
    one_of_many: bool = False,
) -> None:
    """Print new warnings and how each failure failed, on standard error, and the result.

    Parameters
    ----------
    result
        What it came to.
    as_json
        Whether the result is printed as JSON.
    error
        What ended it before its end; JSON holds it.
    one_of_many
        Whether others follow, so that JSON takes one line each.
    """
    warn(result.new_warnings[:_MOST])
    more = len(result.new_warnings) - _MOST
    if more > 0:
        warn([f"and {more} more warnings, which stand in the report"])
    for job in result.failures:
        tell(f"workbench: {job.parameters.get('name')}: {_told(job)}")
    data = result.to_dict() if error is None else {**result.to_dict(), "error": error.to_dict()}
    page = one_line(str(result.report), limit=_LONGEST)
    report = f"\n{page}" if result.report.is_file() else ""
    show(data, f"{result}{report}", as_json=as_json, one_of_many=one_of_many)


def _told(job: Job) -> str:
    """Return how a job failed: in what way, why, and what to do about it."""
    from workbench.production.report.row import row_of

    error = job.error or {}
    ways = {
        "dead": f"dead after {job.attempts} attempt{'s' if job.attempts != 1 else ''}",
        "failed": "failed (its input, which trying again does not mend)",
    }
    told = ": ".join(filter(None, (error.get("subject"), error.get("problem"))))
    cure = f"; {error['cure']}" if error.get("cure") else ""
    row = row_of(job)
    earlier = f"; {row.output} is of an earlier run" if row.outdated else ""
    return f"{ways.get(job.state, job.state)}{f': {told}' if told else ''}{cure}{earlier}"


def tell_the_rest(result: BatchResult) -> None:
    """Tell of the jobs that were not made, since only what had failed was to be."""
    if result.unmade:
        known = sum(job.ended for job in result.jobs)
        were = "was" if result.unmade == 1 else "were"
        jobs = f"{result.unmade} of {result.unmade + known} jobs {were} not made yet"
        tell(f"workbench: {result.title}: {jobs}; without --only-failed they are")
