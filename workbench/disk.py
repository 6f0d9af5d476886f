"""What the operating system's errors mean for a file."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from workbench.errors import StorageError, StorageFull

__all__ = ["storage_error"]

# Windows has no quota error of its own.
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


def storage_error(error: OSError, path: object) -> StorageError:
    """Return the error of this package that says what `error` means for `path`.

    Parameters
    ----------
    error
        What the operating system said.
    path
        The file that was to be read or written.

    Returns
    -------
    StorageError
        `StorageFull`, with the space that is left, when the disk, the quota or the largest size of
        a file is reached.

    Examples
    --------
    >>> type(storage_error(OSError(errno.ENOSPC, "No space left on device"), "a.mp4")).__name__
    'StorageFull'
    """
    if error.errno in _FULL:
        return StorageFull(
            f"no space left to write it ({_space_left(Path(str(path)))})",
            subject=str(path),
            cure="free some space and run it again",
        )
    reason = error.strerror or str(error) or type(error).__name__
    return StorageError(reason, subject=str(path), cure="check the path and its permissions")


def _space_left(path: Path) -> str:
    for folder in path.absolute().parents:
        try:
            return f"{shutil.disk_usage(folder).free:,} bytes free in {folder}"
        except OSError:  # the folder is not there yet: ask the one above
            continue
    return "free space unknown"
