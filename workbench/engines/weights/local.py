"""What there is of a model on this machine; no network is asked."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.engines.weights.catalog import Model, find_model
from workbench.engines.weights.files import LOCK, PARTIAL, Lock, file_digest, remembered
from workbench.engines.weights.places import (
    Place,
    cached_repository,
    models_folder,
    places,
)
from workbench.errors import WeightsCorrupt, WeightsMissing, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["ABSENT", "Removed", "State", "digest", "folder", "locate", "remove", "state", "verify"]

ABSENT = "absent"
"""What `digest` says of a model that is not there."""

_NAMED = 3  # files that an error names


@dataclass(frozen=True, kw_only=True)
class State:
    """What there is of a model.

    Parameters
    ----------
    model
        The model.
    state
        ``ready``, ``partial`` (some files are there), ``damaged`` or ``absent``.
    folder
        Where it is, or would be.
    layout
        ``plain``, ``cache``, or empty when it is absent.
    files
        Its files that are there, voices included.
    size
        Their bytes.
    voices
        The voices that are there.
    missing
        What it cannot do without and is not there.
    damaged
        What is wrong with files, by their names.
    """

    model: Model
    state: str
    folder: Path
    layout: str = ""
    files: tuple[str, ...] = ()
    size: int = 0
    voices: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    damaged: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "name": self.model.name,
            "repository": self.model.repository,
            "engine": self.model.engine,
            "licence": self.model.licence,
            "about": self.model.about,
            "state": self.state,
            "folder": str(self.folder),
            "layout": self.layout,
            "size": self.size,
            "size_to_fetch": self.model.size,
            "files": list(self.files),
            "voices": list(self.voices),
            "missing": list(self.missing),
            "damaged": dict(self.damaged),
            "command": self.model.command,
        }


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was removed.

    Parameters
    ----------
    folders
        Which folders are gone.
    size
        The bytes that their files had.
    """

    folders: tuple[Path, ...]
    size: int


def folder(name: str | Model) -> Path:
    """Return the folder where a model is, or would be.

    Raises
    ------
    ParameterError
        When there is no such model.
    """
    return _best(find_model(name)).folder


def locate(name: str | Model, files: Sequence[str] = ()) -> Path:
    """Return the folder that has a model's files, whole.

    The plain folder is looked at first, then the cache of the hub. Lengths are compared each time,
    digests once for every state of a file. No network is asked.

    Parameters
    ----------
    name
        The model.
    files
        The files that are needed, all that it cannot do without when none is named.

    Raises
    ------
    ParameterError
        When there is no such model, or a name leads out of its folder.
    WeightsMissing
        When a file is not there, with the command that brings it.
    WeightsCorrupt
        When a file is not what it should be.
    """
    model = find_model(name)
    wanted = tuple(files) or model.files
    candidates = places(model)
    for place in candidates:
        here, missing = place.have(wanted)
        if not missing:
            faults = place.faults(here)
            if faults:
                raise _corrupt(model, place, faults)
            return place.folder
    raise _missing(model, candidates[0], candidates[0].have(wanted)[1])


def _missing(model: Model, plain: Place, names: Sequence[str]) -> WeightsMissing:
    listed = ", ".join(names[:_NAMED]) + (
        f" and {len(names) - _NAMED} more" * (len(names) > _NAMED)
    )
    begun = sum(path.stat().st_size for path in plain.folder.glob(f".partial/*{PARTIAL}"))
    cut = f"; {begun:,} bytes of an unfinished fetch are there" if begun else ""
    by_file = {model.voice_file.format(voice): voice for voice in model.voices}
    voices = [by_file[name] for name in names if name in by_file]
    only = "".join(f" --voice {voice}" for voice in voices) if len(voices) == len(names) else ""
    if len(voices) > _NAMED:
        only = ""
    return WeightsMissing(
        f"{listed} of {model.name} {'is' if len(names) == 1 else 'are'} not in {plain.folder}, "
        f"nor in the cache of the hub{cut}",
        subject=model.name,
        cure=f"{model.command}{only}",
    )


def _corrupt(model: Model, place: Place, faults: dict[str, str]) -> WeightsCorrupt:
    name, why = next(iter(faults.items()))
    more = f" (and {len(faults) - 1} more files)" if len(faults) > 1 else ""
    return WeightsCorrupt(
        f"{name} {why}{more}",
        subject=str(place.folder / name),
        cure=f"fetch it again: {model.command}",
    )


def digest(name: str | Model) -> str:
    """Return 12 hex digits for the content of a model's files that are there.

    These are what it cannot do without, what is optional, and its voices. The same files have the
    same digest in every layout. It is a part of what engines call their version, so that a take is
    spoken again when the weights or a voice are other ones.

    Returns
    -------
    str
        ``absent`` when one is missing that it cannot do without.

    Raises
    ------
    ParameterError
        When there is no such model.
    """
    model = find_model(name)
    for place in places(model):
        here, missing = place.have(model.files)
        if missing:
            continue
        try:
            lock = place.lock
            files = {*here, *(path for path in place.files() if _belongs(model, path))}
            told = [f"{path}:{_content(place.folder, path, lock)}" for path in sorted(files)]
        except (OSError, WorkbenchError):
            return ABSENT
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
    return ABSENT


def _belongs(model: Model, path: str) -> bool:
    """Whether a file is one of a model's, its voices and those that somebody added included."""
    return model.wants(path) or path.startswith("voices/")


def _content(folder: Path, name: str, lock: Lock | None) -> str:
    """Return the sha256 of a file by what is known of it; read where nothing is."""
    path = folder / name
    known = remembered(path)
    if known is not None:
        return known
    entry = lock.files.get(name) if lock is not None else None
    if entry is not None:
        about = path.stat()
        # Two voices have the same length: what came after the lock is not what it tells of.
        changed = max(about.st_mtime_ns, about.st_ctime_ns)
        if about.st_size == entry.size and changed < (folder / LOCK).stat().st_mtime_ns:
            return entry.sha256
    blob = path.resolve().name
    if path.is_symlink() and len(blob) == 64:  # noqa: PLR2004 - the name of a large file's blob
        return blob
    return file_digest(path)


def state(name: str | Model) -> State:
    """Return what there is of a model, by names and lengths; nothing is read through.

    Raises
    ------
    ParameterError
        When there is no such model.
    """
    model = find_model(name)
    place = _best(model)
    here, missing = place.have(model.files)
    damaged: dict[str, str] = {}
    size = 0
    try:
        files = place.files()
        lock = place.lock
        for path in files:
            length = (place.folder / path).stat().st_size
            size += length
            entry = lock.files.get(path) if lock is not None else None
            if not length or (entry is not None and entry.size != length):
                damaged[path] = "has another length than it should have"
    except (OSError, WorkbenchError) as error:
        files, damaged = (), {".": str(error)}
    known = "damaged" if damaged else "ready" if not missing else "partial" if here else ABSENT
    by_file = {model.voice_file.format(voice): voice for voice in model.voices}
    return State(
        model=model,
        state=known,
        folder=place.folder,
        layout=place.layout if files else "",
        files=files,
        size=size,
        voices=tuple(by_file[path] for path in files if path in by_file),
        missing=tuple(missing),
        damaged=tuple(damaged.items()),
    )


def _best(model: Model) -> Place:
    """Return the place that has most of what a model needs; the plain folder when none has any."""
    candidates = places(model)
    return max(candidates, key=lambda place: len(place.have(model.files)[0]))


def verify(name: str | Model) -> State:
    """Read every file of a model that is there, and compare it with what it should be.

    Returns
    -------
    State
        When all is well.

    Raises
    ------
    ParameterError
        When there is no such model.
    WeightsMissing, WeightsCorrupt
        When a file is not there, or not what it should be.
    """
    model = find_model(name)
    place = _best(model)
    _, missing = place.have(model.files)
    lock = place.lock
    if lock is not None:
        missing += [path for path in lock.files if not place.find(path) and path not in missing]
    if missing:
        raise _missing(model, place, missing)
    mine = [
        path for path in place.files() if _belongs(model, path) or (lock and path in lock.files)
    ]
    faults = place.faults(mine, thorough=True)
    if faults:
        raise _corrupt(model, place, faults)
    return state(model)


def remove(name: str | Model, *, cache: bool = False) -> Removed:
    """Remove a model's plain folder.

    Parameters
    ----------
    name
        The model.
    cache
        Remove its repository from the cache of the hub as well, which other programs may use, and
        other models that come from the same repository.

    Raises
    ------
    ParameterError
        When there is no such model.
    WeightsMissing
        When there is nothing to remove.
    StorageError
        When it cannot be removed.
    """
    model = find_model(name)
    plain = models_folder() / model.name
    gone, size = [], 0
    for path in (plain, cached_repository(model)) if cache else (plain,):
        if not path.is_symlink() and not path.is_dir():
            continue
        try:
            size += _remove(path)
        except OSError as error:
            raise storage_error(error, path) from error
        gone.append(path)
    if not gone:
        kept = not cache and cached_repository(model).is_dir()
        raise WeightsMissing(
            f"is not in {plain}",
            subject=model.name,
            cure="--cache removes it from the cache that programs of the hub share" if kept else "",
        )
    return Removed(folders=tuple(gone), size=size)


def _remove(path: Path) -> int:
    """Remove a folder, or a link to one and nothing behind it; return the bytes it had."""
    if path.is_symlink():
        path.unlink()
        return 0
    size = sum(p.lstat().st_size for p in path.rglob("*") if not p.is_dir() or p.is_symlink())
    shutil.rmtree(path)
    return size
