"""What a batch came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.ledger import STATES
from workbench.production.batch.estimate import clock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from workbench.errors import WorkbenchError
    from workbench.ledger import Job

__all__ = ["BatchResult"]

_MINUTE = 60.0


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """The jobs of a batch as they are after a run.

    Parameters
    ----------
    title
        Of the whole.
    folder
        Where the ledger and the report are.
    jobs
        In the order of their rows.
    earlier
        Ids of those that were done before and had nothing to be made again for.
    seconds
        How long this run took, its planning included.
    report
        The page that tells of it.
    unmade
        How many of the whole have neither been made nor failed: they were not reached, or only
        what had failed was to be done. A run that is not ``only_failed`` makes them.
    error
        What kept the report from being written, None for nothing.
    """

    title: str
    folder: Path
    jobs: tuple[Job, ...]
    earlier: frozenset[str]
    seconds: float
    report: Path
    unmade: int = 0
    error: WorkbenchError | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs are in each state that occurs."""
        found = Counter(job.state for job in self.jobs)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def unchanged(self) -> int:
        """How many were done before and had nothing to be made again for."""
        return len(self.earlier)

    @property
    def ok(self) -> bool:
        """Whether every job of the whole is done."""
        return not self.unmade and all(job.state == "done" for job in self.jobs)

    @property
    def failures(self) -> tuple[Job, ...]:
        """The jobs that ended otherwise than done."""
        return tuple(job for job in self.jobs if job.ended and job.state != "done")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The main files of the jobs that are done."""
        results = [job.result for job in self.jobs if job.state == "done"]
        return tuple(result["output"] for result in results if result and result.get("output"))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What jobs that are done did differently from what was asked, each with its job's name."""
        return _warnings(self.jobs)

    @property
    def new_warnings(self) -> tuple[str, ...]:
        """Those of jobs that this run has made: the others were told by an earlier one."""
        return _warnings(job for job in self.jobs if job.id not in self.earlier)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "title": self.title,
            "folder": str(self.folder),
            "report": str(self.report),
            "counts": self.counts,
            "unchanged": self.unchanged,
            "unmade": self.unmade,
            "seconds": round(self.seconds, 3),
            "jobs": [
                {
                    "id": job.id,
                    "name": job.parameters.get("name", ""),
                    "row": job.parameters.get("row", 0),
                    "state": job.state,
                    "attempts": job.attempts,
                    "output": job.parameters.get("output", ""),
                    "warnings": list((job.result or {}).get("warnings") or ())
                    if job.state == "done"
                    else [],
                    "error": job.error if job.state != "done" else None,
                }
                for job in self.jobs
            ],
        }

    def __repr__(self) -> str:
        return f"<{self}: {self.report}>"

    @property
    def told(self) -> str:
        """How many jobs are how, in words."""
        states = [f"{count} {state}" for state, count in self.counts.items()]
        never = self.unmade - sum(not job.ended for job in self.jobs)
        return ", ".join([*states, *([f"{never} not made"] if never else [])]) or "no jobs"

    def __str__(self) -> str:
        same = f" ({self.unchanged} unchanged)" if self.unchanged else ""
        short = self.seconds < _MINUTE
        took = f"{self.seconds:.1f} s" if short else clock(self.seconds)
        return f"{self.title}: {self.told}{same}, {took}"


def _warnings(jobs: Iterable[Job]) -> tuple[str, ...]:
    return tuple(
        f"{job.parameters.get('name', '')}: {note}"
        for job in jobs
        if job.state == "done"
        for note in (job.result or {}).get("warnings") or ()
    )
