"""What the operating system says, in terms of files of a store.

The errors of a store travel to clients of a server: they name ids and sizes, never a path.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import shutil
from typing import TYPE_CHECKING

from workbench.errors import FileGone, StorageError, StorageFull, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["free_bytes", "full", "gone", "is_full", "naming", "trouble"]

log = logging.getLogger(__name__)

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


def is_full(error: OSError) -> bool:
    """Return whether an error says that the disk takes no more."""
    return error.errno in _FULL


def gone(file_id: object, problem: str = "is not in the store") -> FileGone:
    """Return the error for a file that is not there."""
    return FileGone(problem, subject=str(file_id), cure="it may have been deleted, or have expired")


def full(subject: object, needed: int, free: int | None) -> StorageFull:
    """Return the error for a disk that does not take so many bytes."""
    left = "free space unknown" if free is None else f"{free:,} bytes are free"
    return StorageFull(
        f"no space left for it: {needed:,} bytes are needed, {left}",
        subject=str(subject),
        cure="free some space and run it again",
    )


def free_bytes(folder: Path) -> int | None:
    """Return what the disk of a folder has left, also of one that is not there yet."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return None


def trouble(error: OSError, subject: object, folder: Path, *, needed: int = 0) -> StorageError:
    """Return what an error of the operating system means for a file of the store in `folder`."""
    log.warning("the store in %s: %s: %s", folder, subject, error)
    if is_full(error):
        return full(subject, needed, free_bytes(folder))
    reason = error.strerror or type(error).__name__
    return StorageError(
        f"the store cannot be used: {reason}",
        subject=str(subject),
        cure="check that its folder is one, and may be read and written",
    )


@contextlib.contextmanager
def naming(path: Path, name: str) -> Iterator[None]:
    """Have the errors of a block call a file by `name` where they call it by its path."""
    try:
        yield
    except WorkbenchError as error:
        if str(path) not in f"{error.subject} {error.problem} {error.cure}":
            raise
        raise type(error)(
            error.problem.replace(str(path), name),
            subject=error.subject.replace(str(path), name),
            cure=error.cure.replace(str(path), name),
        ) from error
