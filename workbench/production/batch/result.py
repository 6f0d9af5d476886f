"""What a batch came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.ledger import STATES

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.ledger import Job

__all__ = ["BatchResult"]


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
    unchanged
        How many were done before and had nothing to be made again for.
    seconds
        How long this run took.
    report
        The page that tells of it.
    """

    title: str
    folder: Path
    jobs: tuple[Job, ...]
    unchanged: int
    seconds: float
    report: Path

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs are in each state that occurs."""
        found = Counter(job.state for job in self.jobs)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def ok(self) -> bool:
        """Whether every job is done."""
        return all(job.state == "done" for job in self.jobs)

    @property
    def failures(self) -> tuple[Job, ...]:
        """The jobs that ended otherwise than done."""
        return tuple(job for job in self.jobs if job.ended and job.state != "done")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The main files of the jobs that are done."""
        results = [job.result for job in self.jobs if job.state == "done"]
        return tuple(result["output"] for result in results if result and result.get("output"))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "title": self.title,
            "folder": str(self.folder),
            "report": str(self.report),
            "counts": self.counts,
            "unchanged": self.unchanged,
            "seconds": round(self.seconds, 3),
            "jobs": [
                {
                    "id": job.id,
                    "name": job.parameters.get("name", ""),
                    "row": job.parameters.get("row", 0),
                    "state": job.state,
                    "attempts": job.attempts,
                    "output": job.parameters.get("output", ""),
                    "error": job.error if job.state != "done" else None,
                }
                for job in self.jobs
            ],
        }

    def __repr__(self) -> str:
        return f"<{self}: {self.report}>"

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in self.counts.items())
        same = f" ({self.unchanged} unchanged)" if self.unchanged else ""
        return f"{self.title}: {states or 'no jobs'}{same}, {self.seconds:.1f} s"
