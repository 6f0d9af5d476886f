"""Work kept by content: the same words by the same voice are spoken once, a segment encoded once.

The key is the sha256 of everything an entry depends on (for a take the engine and its version,
voice, effective options, seed, text), so it is never wrong, only absent. There are no near
matches: a cache that returned the recording of a similar sentence has spoken wrong words before.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.storage.atomic import write_bytes
from workbench.take import Take

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["VARIABLE", "FileCache", "TakeCache", "cache_folder", "key"]

log = logging.getLogger(__name__)

VARIABLE = "WORKBENCH_CACHE"
"""The environment variable that names another folder."""

_FORMAT = 1  # of an entry; another one never meets an older key
_LIMIT = 2 << 30  # bytes
_KEEP = 0.8  # of the limit, after the oldest have been removed
_LOOK = 0.05  # of the limit, written between two looks at the size of the whole


def cache_folder() -> Path:
    """Return the folder of the cache; it need not exist yet."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("workbench", appauthor=False) / "takes"


def key(parts: Mapping[str, Any]) -> str:
    """Return the digest of plain values, whatever their order, as 64 hex digits.

    Examples
    --------
    >>> key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    True
    """
    text = json.dumps({"format": _FORMAT, **parts}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class TakeCache:
    """Takes in a folder, one file each.

    Any number of processes may share it. A cache that cannot be read or written is as good as an
    empty one: it costs time, never a result.

    Parameters
    ----------
    folder
        Where the files lie, `cache_folder` when None.
    limit
        Bytes the files may take together; the least recently used go first.
    """

    def __init__(self, folder: Path | None = None, *, limit: int = _LIMIT) -> None:
        self.folder = cache_folder() if folder is None else folder
        self.limit = limit

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}.npz"

    def get(self, name: str) -> Take | None:
        """Return the take kept under a key, None when there is none that can be read."""
        path = self._path(name)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
                about = json.loads(str(entry["about"]))
                audio = Audio(samples=entry["samples"], rate=int(entry["rate"]))
            take = Take.from_dict(about, audio=audio)
        except (OSError, MemoryError) as error:  # the entry may be as good as ever
            if not isinstance(error, FileNotFoundError):
                log.warning("the take cache cannot be read (%s): %s", path, error)
            return None
        except Exception as error:  # noqa: BLE001 - damage to a ZIP file raises a dozen kinds
            log.warning("removing the damaged cache entry %s (%s)", path, error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return take

    def put(self, name: str, take: Take) -> None:
        """Keep a take under a key."""
        buffer = io.BytesIO()
        about = json.dumps(take.describe(), ensure_ascii=False)
        np.savez(
            buffer,
            samples=take.audio.samples,
            rate=np.array(take.audio.rate),
            about=np.array(about),
        )
        try:
            write_bytes(self._path(name), buffer.getvalue())
        except OSError as error:
            log.warning("the take cache cannot be written (%s): %s", self.folder, error)
            return
        # By chance and not by counting: most processes write a few entries and end.
        if random.random() * self.limit * _LOOK < buffer.tell():  # noqa: S311 - no secret in it
            self.trim()

    def trim(self) -> int:
        """Remove the least recently used entries above the limit; return how many."""
        return _trim(self.folder, "??/[!.]*.npz", self.limit)


class FileCache:
    """Finished files in a folder, by key; each carries the digest of its content in its name.

    Any number of processes may share it. An entry that is not what it was is removed, and a cache
    that cannot be read or written is as good as an empty one.

    Parameters
    ----------
    folder
        Where the files lie.
    suffix
        How their names end, such as ``.mp4``.
    limit
        Bytes the files may take together; the least recently used go first.

    Examples
    --------
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     kept = FileCache(folder, suffix=".txt", limit=1000)
    ...     kept.put("0" * 64, b"whole") is not None
    ...     kept.get("0" * 64).read_bytes()
    True
    b'whole'
    """

    def __init__(self, folder: Path, *, suffix: str, limit: int) -> None:
        self.folder, self.suffix, self.limit = folder, suffix, limit

    def get(self, name: str) -> Path | None:
        """Return the file kept under a key, None when there is none that is whole."""
        for path in sorted((self.folder / name[:2]).glob(f"{name}-*{self.suffix}")):
            with contextlib.suppress(OSError):
                data = path.read_bytes()
                if path.name == self._name(name, data):
                    os.utime(path)
                    return path
                log.warning("removing the damaged cache entry %s", path)
                path.unlink()
        return None

    def remove(self, name: str) -> None:
        """Remove what is kept under a key."""
        for path in (self.folder / name[:2]).glob(f"{name}-*{self.suffix}"):
            with contextlib.suppress(OSError):
                path.unlink()

    def put(self, name: str, data: bytes) -> Path | None:
        """Keep a file's content under a key; return where, None when it cannot be kept."""
        path = self.folder / name[:2] / self._name(name, data)
        try:
            write_bytes(path, data)
        except OSError as error:
            log.warning("the cache cannot be written (%s): %s", self.folder, error)
            return None
        if random.random() * self.limit * _LOOK < len(data):  # noqa: S311 - no secret in it
            self.trim()
        return path

    def trim(self) -> int:
        """Remove the least recently used entries above the limit; return how many."""
        return _trim(self.folder, f"??/[!.]*{self.suffix}", self.limit)

    def _name(self, name: str, data: bytes) -> str:
        return f"{name}-{hashlib.sha256(data).hexdigest()[:16]}{self.suffix}"


def _trim(folder: Path, pattern: str, limit: int) -> int:
    """Remove the least recently used files above the limit; return how many."""
    entries = []
    for path in folder.glob(pattern):  # what begins with a dot is being written
        with contextlib.suppress(OSError):
            state = path.stat()
            entries.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in entries)
    removed = 0
    if total > limit:
        for _, size, path in sorted(entries):
            if total <= limit * _KEEP:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                removed += 1
            total -= size
    return removed
