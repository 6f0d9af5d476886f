"""Whether a file of weights is the one it should be.

A folder that was fetched here has a lock: a list of its files with their sizes and digests. In the
cache of the hub a file's own name is its digest. What somebody copied by hand has neither; there,
only what the format itself tells can be checked: lengths, checksums within ZIP files, JSON.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.engines.weights.forms import form
from workbench.errors import ParameterError, WeightsCorrupt
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "LOCK",
    "PARTIAL",
    "Entry",
    "Lock",
    "content_digest",
    "fault",
    "file_digest",
    "git_digest",
    "remember",
    "remembered",
    "safe_path",
]

LOCK = "workbench-lock.json"
"""The name of the lock within a model's folder."""
PARTIAL = ".incomplete"
"""What the name of a file ends in that is not all there yet."""

_FORMAT = 1
_PIECE = 1 << 20
_ANOTHER = "is not what was fetched: its digest is not the name of its blob"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file as it should be.

    Parameters
    ----------
    size
        Bytes.
    sha256
        The digest of its content, 64 hex digits.
    """

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What was fetched into a folder.

    Parameters
    ----------
    repository, revision
        From where: ``owner/name`` and the commit.
    files
        Each file by its name in the folder.
    """

    repository: str
    revision: str
    files: Mapping[str, Entry]

    @classmethod
    def read(cls, folder: Path) -> Lock | None:
        """Return the lock of a folder, None where it has none.

        Raises
        ------
        WeightsCorrupt
            When there is one that cannot be read.
        """
        path = folder / LOCK
        try:
            data = json.loads(path.read_bytes())
            files = {
                safe_path(name): Entry(size=int(about["size"]), sha256=str(about["sha256"]))
                for name, about in data["files"].items()
            }
            return cls(
                repository=str(data["repository"]), revision=str(data["revision"]), files=files
            )
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise storage_error(error, path) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsCorrupt(
                "cannot be read as the list of a model's files",
                subject=str(path),
                cure=f"fetch it again: workbench models pull {folder.name}",
            ) from error

    def write(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all."""
        data = {
            "format": _FORMAT,
            "repository": self.repository,
            "revision": self.revision,
            "files": {
                name: {"size": entry.size, "sha256": entry.sha256}
                for name, entry in sorted(self.files.items())
            },
        }
        write_bytes(folder / LOCK, json.dumps(data, indent=1).encode() + b"\n")


def safe_path(name: str) -> str:
    """Return the name of a file in a folder, if it stays there.

    Raises
    ------
    ParameterError
        When it leads elsewhere.

    Examples
    --------
    >>> safe_path("voices/af_heart.pt")
    'voices/af_heart.pt'
    >>> safe_path("voices/../../x")
    Traceback (most recent call last):
    workbench.errors.ParameterError: voices/../../x: is not the name of a file in a model's folder
    """
    parts = name.split("/")
    odd = any(part in {"", ".", ".."} or part.startswith(".wb-") for part in parts)
    if odd or re.search(r'[\\:\0-\x1f"*?<>|]', name) or PurePosixPath(name).is_absolute():
        raise ParameterError("is not the name of a file in a model's folder", subject=name)
    return name


def fault(path: Path, entry: Entry | None, *, thorough: bool = False) -> str:
    """Return what is wrong with a file, empty when it is as it should be.

    Parameters
    ----------
    path
        A file that is there.
    entry
        What its lock says; without it, the name of the blob that it links to is taken.
    thorough
        Read it even if it was found good before and has not been written to since.

    Raises
    ------
    StorageError
        When it cannot be read.
    """
    try:
        if not path.stat().st_size:
            return "is empty"
        told = _against_lock(path, entry, thorough) if entry else _without_lock(path, thorough)
    except OSError as error:
        raise storage_error(error, path) from error
    return told


def _against_lock(path: Path, entry: Entry, thorough: bool) -> str:  # noqa: FBT001
    size = path.stat().st_size
    if size != entry.size:
        return f"has {size:,} bytes and not {entry.size:,}"
    good = file_digest(path, fresh=thorough) == entry.sha256
    return "" if good else "is not what was fetched: its sha256 is another one"


def _without_lock(path: Path, thorough: bool) -> str:  # noqa: FBT001
    blob = path.resolve().name if path.is_symlink() else ""
    if _SHA256.fullmatch(blob):
        good = file_digest(path, fresh=thorough) == blob
        return "" if good else _ANOTHER
    if _SHA1.fullmatch(blob):
        return "" if git_digest(path) == blob else _ANOTHER
    if not thorough and remembered(path) is not None:
        return ""
    told = form(path)
    if not told:
        file_digest(path, fresh=thorough)
    return told


def file_digest(path: Path, *, fresh: bool = False) -> str:
    """Return the sha256 of a file as hex digits; it is remembered for its size and time.

    Parameters
    ----------
    path
        The file.
    fresh
        Read it, whatever is remembered.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    known = None if fresh else remembered(path)
    if known is None:
        known = content_digest(path)
        remember(path, known)
    return known


def content_digest(path: Path) -> str:
    """Return the sha256 of a file as hex digits, read now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_digest(path: Path) -> str:
    """Return what git calls a file's content: the sha1 of a header and the bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def remember(path: Path, sha256: str) -> None:
    """Keep the digest of a file until it is written to."""
    real = path.resolve()
    with _lock:
        known = _memory()
        state = real.stat()
        known[str(real)] = [state.st_size, state.st_mtime_ns, sha256]
        known = {name: about for name, about in known.items() if Path(name).exists()}
        # A memory that cannot be kept costs time, never a result.
        with contextlib.suppress(OSError):
            write_bytes(_memory_file(), json.dumps(known).encode())


def remembered(path: Path) -> str | None:
    """Return the digest that is kept of a file; None when there is none, or it was written to.

    Raises
    ------
    OSError
        When the file is not there.
    """
    real = path.resolve()
    state = real.stat()
    match _memory().get(str(real)):
        case [state.st_size, state.st_mtime_ns, str(sha256)]:
            return sha256
    return None


def _memory_file() -> Path:
    from workbench.storage.cache import cache_folder

    return cache_folder() / "weights.json"


def _memory() -> dict[str, Any]:
    try:
        data = json.loads(_memory_file().read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
