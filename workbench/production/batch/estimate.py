"""How long a batch will take and how much it will write, from what earlier jobs took.

A job's *weight* is the text it speaks, in letters, and the sound and video it reads, in seconds
at the pace of speech, above a little that every job costs. Time, bytes and seconds of media grow in
proportion to it, for one notebook.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.paths import user_path
from workbench.storage.atomic import write_bytes
from workbench.storage.cache import cache_folder
from workbench.wording import file_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.ledger import Job
    from workbench.production.batch.plan import Plan
    from workbench.production.batch.task import Task

__all__ = ["Estimate", "clock", "estimate", "remember"]

log = logging.getLogger(__name__)

_PACE = 15.0  # letters of speech in a second, about 150 English words a minute
_SHORTEST = 24  # letters; what is shorter names something and is not spoken
_TEXTS = {".txt", ".md", ".srt", ".vtt", ".ass", ".ttml"}
_PROBED = 100  # media that are looked into; the others are taken to be as long as these
_ADOPTED = 0.05  # seconds
_BASE = 30.0  # letters: a kernel, a receipt, a report cost about as much as saying these
_LONGEST = 1000  # letters of a path
_KEPT = 50  # jobs of a notebook that are remembered
_LATEST = 10  # of them that count: the machine may have been busier before
_FILE = "rates.json"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What is to be expected of a batch.

    Parameters
    ----------
    jobs
        How many are to be done.
    unchanged
        How many are done already and have not changed.
    seconds
        How long it will take with this many at once; None when no such job was measured yet.
    media
        Seconds of sound or video it will make, None as above.
    bytes
        What it will write, None as above.
    factor
        Seconds of work for a second of media, None as above.
    free
        Bytes that are free where it writes.
    left
        How many are neither done nor to be done now.
    replaced
        What it will write over that was made for another job file, and for which.
    """

    jobs: int
    unchanged: int
    seconds: float | None
    media: float | None
    bytes: int | None
    factor: float | None
    free: int
    left: int = 0
    replaced: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether there is room for what it will write, as far as that is known."""
        return self.bytes is None or self.bytes < self.free

    @property
    def told_replaced(self) -> str:
        """What it will write over, in a few words; empty for nothing."""
        if not self.replaced:
            return ""
        more = len(self.replaced) - 1
        return f"writes over {self.replaced[0]}{f', and {more} more' if more else ''}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "fits": self.fits
        }

    def __str__(self) -> str:
        told = f"{self.jobs} job{'s' if self.jobs != 1 else ''} to do"
        if self.unchanged:
            told += f", {self.unchanged} unchanged"
        if self.left:
            told += f", {self.left} not made yet and left out"
        if self.replaced:
            told += f"; {self.told_replaced}"
        if not self.jobs:
            return told
        if self.seconds is None or self.bytes is None:
            return f"{told}; none like them was measured yet"
        told += f"; about {clock(self.seconds)}, {file_size(self.bytes)}"
        if self.factor is not None:
            told += f" ({self.factor:.2g} s of work for a second of media)"
        return told if self.fits else f"{told}; only {file_size(self.free)} are free"


def estimate(
    plan: Plan,
    todo: Sequence[Task],
    slots: int,
    *,
    left: int = 0,
    replaced: tuple[str, ...] = (),
) -> Estimate:
    """Return what is to be expected of some jobs of a plan.

    Parameters
    ----------
    plan
        The whole.
    todo
        The jobs that are to be done.
    slots
        How many at once.
    left
        How many are neither done nor to be done now.
    replaced
        What they will write over that was made for another job file.
    """
    rates = _rates()
    seconds = media = size = 0.0
    measured = True
    look = _Weights()
    for task in todo:
        past = rates.get(_kind(task), [])
        if not past:
            measured = False
            break
        weight = look.of(task)
        seconds += weight * _rate(past, "seconds")
        media += weight * _rate(past, "media")
        size += weight * _rate(past, "bytes")
    told = measured and bool(todo)
    return Estimate(
        jobs=len(todo),
        unchanged=len(plan.tasks) - len(todo) - left,
        seconds=seconds / max(1, min(slots, len(todo))) if told else None,
        media=media if told else None,
        bytes=int(size) if told else None,
        factor=seconds / media if told and media else None,
        free=_free(plan.folder),
        left=left,
        replaced=replaced,
    )


def remember(jobs: Iterable[Job], todo: Iterable[Task]) -> None:
    """Keep what jobs have cost, for the next estimate; what cannot be kept costs only that."""
    tasks = {task.id: task for task in todo}
    rates, look = _rates(), _Weights()
    for job in jobs:
        task = tasks.get(job.id)
        if task is None or job.state != "done" or not job.result:
            continue
        if job.result.get("seconds", 0.0) < _ADOPTED:  # it was done before, and only found
            continue
        states = job.result.get("states", {})
        entry = {
            "weight": look.of(task),
            "seconds": job.result.get("seconds", 0.0),
            "media": job.result.get("media") or 0.0,
            "bytes": sum(state[0] for state in states.values()),
        }
        rates.setdefault(_kind(task), []).append(entry)
    kept = {kind: entries[-_KEPT:] for kind, entries in rates.items()}
    try:
        write_bytes(_place(), json.dumps(kept).encode())
    except OSError as error:
        log.warning("what the jobs took was not kept: %s", error)


def _kind(task: Task) -> str:
    """Return what makes jobs alike: the notebook, and the preset that decides the pace."""
    return f"{Path(task.notebook).stem} {task.values.get('preset', '')}".strip()


def _place() -> Path:
    return cache_folder() / _FILE


def _rates() -> dict[str, list[dict[str, float]]]:
    try:
        found = json.loads(_place().read_text(encoding="utf-8"))
        return {
            str(kind): [{name: float(value) for name, value in entry.items()} for entry in entries]
            for kind, entries in found.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _rate(past: Sequence[dict[str, float]], what: str) -> float:
    """Return how much of something a unit of weight costs; the median, one odd job is no rule."""
    latest = past[-_LATEST:]
    return statistics.median(
        entry.get(what, 0.0) / max(_BASE, entry.get("weight", 0.0)) for entry in latest
    )


class _Weights:
    """The weights of jobs; each file is looked at once."""

    def __init__(self) -> None:
        self._files: dict[Path, float] = {}
        self._probed = 0

    def of(self, task: Task) -> float:
        """Return the weight of a job, at least what each costs whatever it says."""
        total = _BASE
        for name, value in task.values.items():
            if name == "output":
                continue
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    total += self._text(one, Path(task.folder))
        return total

    def _text(self, text: str, folder: Path) -> float:
        if "\n" not in text and len(text) <= _LONGEST:
            # A text that is no path after all.
            with contextlib.suppress(OSError, ValueError, WorkbenchError):
                path = folder / user_path(text)
                if path.is_file():
                    return self._file(path)
        return float(len(text)) if len(text) >= _SHORTEST else 0.0

    def _file(self, path: Path) -> float:
        if path not in self._files:
            self._files[path] = self._measured(path)
        return self._files[path]

    def _measured(self, path: Path) -> float:
        if path.suffix.lower() in _TEXTS:
            return float(path.stat().st_size)
        if self._probed >= _PROBED:
            return statistics.median(self._files.values())
        self._probed += 1
        from workbench.media.probe import probe

        try:
            return (probe(path).duration or 0.0) * _PACE
        except WorkbenchError:  # whatever it is, the notebook will say
            return 0.0


def _free(folder: Path) -> int:
    for place in (folder, *folder.absolute().parents):
        if place.exists():
            return shutil.disk_usage(place).free
    return 0


def clock(seconds: float) -> str:
    """Return a time as people say it.

    Examples
    --------
    >>> clock(4), clock(200), clock(5000)
    ('4 s', '3 min 20 s', '1 h 23 min')
    """
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
