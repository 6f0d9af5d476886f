"""A job on a machine that has none of its files: they are brought, and what it makes is sent."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import JobError, WorkbenchError
from workbench.production.batch.perform import perform
from workbench.production.cluster.depot import Depot
from workbench.production.cluster.parcel import input_name, made_name
from workbench.production.cluster.places import Places
from workbench.production.made import made_by
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    import threading

    from workbench.production.batch.outcome import Outcome
    from workbench.production.cluster.work import Order
    from workbench.progress import Report

__all__ = ["Larder", "perform_away"]

_LIMIT = 20 << 30  # bytes of inputs that a worker keeps


def perform_away(
    order: Order,
    place: Path,
    made: dict[str, Any],
    *,
    progress: Report,
    cancel: threading.Event,
) -> Outcome:
    """Do a job below a folder, with inputs from the store and outputs to it.

    Parameters
    ----------
    order
        The job.
    place
        A folder of this worker.
    made
        Gets the files that lie in the store afterwards: name there, sha256 and time of the last
        change, by the path where each belongs.
    progress, cancel
        As for `workbench.production.batch.perform.perform`.

    Returns
    -------
    Outcome
        With the paths where the files belong.

    Raises
    ------
    WorkbenchError
        As `perform` does, with those paths as well.
    """
    depot = Depot(order.store)
    larder = Larder(depot, place / "inputs")
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="job-", dir=place) as name:
            places = Places(Path(order.task.folder), Path(name).resolve())
            places.here(order.task.folder).mkdir(parents=True)
            for path in order.folders:  # a notebook may rely on it, as it may at home
                places.here(path).mkdir(parents=True, exist_ok=True)
            for path, sha256 in order.inputs.items():
                larder.bring(sha256, places.here(path))
            task = places.task(order.task, order.inputs)
            try:
                outcome = perform(task, progress=progress, cancel=cancel)
            except WorkbenchError as error:
                if isinstance(error, JobError) and error.failed:
                    failed = Path(error.failed)
                    places.rename_failed(failed)
                    made |= _sent(depot, order.token, places, [failed])
                    error.failed = str(places.there(failed))
                raise _renamed(error, places) from error
            executed = Path(outcome.executed)
            found = made_by(executed)
            if found is None:
                raise JobError("its executed notebook is damaged", subject=task.name)
            found = places.rename_in(executed, found)
            made |= _sent(depot, order.token, places, [*found.files, executed])
            return replace(
                outcome,
                files=tuple(str(places.there(path)) for path in outcome.files),
                output=order.task.output,
                executed=order.task.executed,
                warnings=tuple(map(places.named, outcome.warnings)),
                states={str(places.there(p)): list(state) for p, state in found.files.items()},
            )
    except OSError as error:
        raise storage_error(error, place) from error


def _sent(depot: Depot, token: str, places: Places, paths: list[Path]) -> dict[str, list[Any]]:
    """Take files to the store; return what each is there, by where it belongs."""
    sent = {}
    for path in paths:
        # A worker that was taken for lost may still be at the same job.
        name = f"{made_name(token)}/{secrets.token_hex(16)}"
        sha256, changed = digest(path), path.stat().st_mtime_ns
        depot.put(path, name)
        sent[str(places.there(path))] = [name, sha256, changed]
    return sent


def _renamed(error: WorkbenchError, places: Places) -> WorkbenchError:
    """Return an error with the paths of where the job comes from."""
    told = type(error)(
        places.named(error.problem),
        subject=places.named(error.subject),
        cure=places.named(error.cure),
    )
    for name, value in vars(error).items():
        if name not in {"problem", "subject", "cure"}:
            setattr(told, name, value)
    return told


class Larder:
    """Inputs that a worker has brought, kept for the next jobs.

    Parameters
    ----------
    depot
        Where they come from.
    folder
        Where they are kept.
    limit
        Bytes they may have together; the ones not used for the longest time go.
    """

    def __init__(self, depot: Depot, folder: Path, *, limit: int = _LIMIT) -> None:
        self._depot = depot
        self._folder = folder
        self._limit = limit

    def bring(self, sha256: str, path: Path) -> None:
        """Copy an input to a path; it may be changed there, and stays as it was here.

        Raises
        ------
        StorageError
            When the store does not give it.
        """
        kept = self._folder / sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(kept, path)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f"{sha256}.{secrets.token_hex(8)}.part"
            try:
                self._depot.fetch(input_name(sha256), part, sha256=sha256)
                shutil.copyfile(part, path)
                part.replace(kept)
            finally:
                part.unlink(missing_ok=True)
            self._shrink()
        with contextlib.suppress(OSError):
            os.utime(kept)

    def _shrink(self) -> None:
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    state = path.stat()
                    found.append((state.st_mtime_ns, state.st_size, path))
        over = sum(size for _, size, _ in found) - self._limit
        for _, size, path in sorted(found):
            if over <= 0:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                over -= size
