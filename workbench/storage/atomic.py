"""Files that appear whole or not at all.

A file is written under a temporary name in its own folder (so that the rename stays within one
file system), flushed to disk, and renamed. The name says which process of which machine writes:
what a killed process left behind is removed by the next process that writes in that folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import socket
import tempfile
import time
import weakref
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["alive", "flush", "machine", "replacing", "sweep", "workspace", "write_bytes"]

_FILE = re.compile(r"\.wb-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}-part.*", re.DOTALL)
_FOLDER = re.compile(r"workbench-(\d+)-([0-9a-f]{8})-[a-z0-9_]{8}")
# Process ids of another machine or container mean nothing here: there, age has to tell.
_OLD = 86_400.0
_SUFFIX = 16  # letters of a suffix that are kept, at most 4 bytes each
# What file systems say that have no such thing as flushing.
_CANNOT_FLUSH = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}
_swept: set[Path] = set()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it on success, remove it on any failure.

    The temporary name ends as `path` does, because tools choose a format by the suffix.

    Raises
    ------
    OSError
        When the folder cannot be written, or the block raised it.

    Examples
    --------
    >>> with workspace() as folder:
    ...     with replacing(folder / "a.txt") as part:
    ...         _ = part.write_text("whole")
    ...         before = (folder / "a.txt").exists()
    ...     before, (folder / "a.txt").read_text()
    (False, 'whole')
    """
    folder = path.parent.absolute()  # the block may change the working directory
    folder.mkdir(parents=True, exist_ok=True)
    if folder not in _swept:  # once in a process: listing a large folder at each write adds up
        _swept.add(folder)
        sweep(folder)
    # Names are limited in bytes (255 nearly everywhere), so only the suffix of the target is kept.
    name = f".wb-{os.getpid()}-{machine()}-{secrets.token_hex(4)}-part{path.suffix[:_SUFFIX]}"
    temporary = folder / name
    try:
        yield temporary
        flush(temporary)
        temporary.replace(folder / path.name)
    finally:
        temporary.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the file is there whatever this says
        flush(folder)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def workspace() -> contextlib.AbstractContextManager[Path]:
    """Give an empty folder for a piece of work, and remove it afterwards.

    What killed processes left is removed as well.

    Examples
    --------
    >>> with workspace() as folder:
    ...     _ = (folder / "a.txt").write_text("in the middle")
    >>> folder.exists()
    False
    """
    parent = Path(tempfile.gettempdir())
    for path in _left(parent, _FOLDER):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
    return _Workspace(parent / f"workbench-{os.getpid()}-{machine()}-{secrets.token_hex(4)}")


class _Workspace(contextlib.AbstractContextManager[Path]):
    """A folder that goes even when an interrupt arrives just as it is made, or as it is removed.

    `tempfile.TemporaryDirectory` leaves it in both moments: interrupts come where a thread has
    waited for the system, so right after the call that makes the folder, and within those that
    empty it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # At the end of Python, for a thread that is stopped there in the middle of its work.
        self._at_exit = weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)

    def __enter__(self) -> Path:
        try:
            os.mkdir(self._path, 0o700)  # noqa: PTH102 - one call, with nothing after it to interrupt
        except FileExistsError:  # another's
            self._at_exit.detach()
            raise
        except BaseException:
            self._remove()
            raise
        return self._path

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _remove(self) -> None:
        try:
            shutil.rmtree(self._path, ignore_errors=True)
        except BaseException:  # only an interrupt gets here: first what is left goes
            shutil.rmtree(self._path, ignore_errors=True)
            raise
        self._at_exit.detach()


def sweep(folder: Path) -> int:
    """Remove what ended processes left in `folder`; return how many files.

    Files of other machines that share the folder go when nothing was written to them for a day.
    A folder that cannot be listed has nothing that can be removed.
    """
    removed = 0
    for path in _left(folder, _FILE):
        with contextlib.suppress(OSError):
            path.unlink()
            removed += 1
    return removed


def _left(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Return what processes that have ended left in `folder` under our names."""
    found: list[Path] = []
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = os.listdir(folder)  # noqa: PTH208 - in one call: an interrupt leaves nothing open
    for name in names:
        match = pattern.fullmatch(name)
        if match is None:
            continue
        path = folder / name
        with contextlib.suppress(OSError):  # another process may have removed it meanwhile
            if match[2] == machine():
                over = not alive(int(match[1]))
            else:
                over = time.time() - path.lstat().st_mtime > _OLD
            if over:
                found.append(path)
    return found


@lru_cache(maxsize=1)
def machine() -> str:
    """Return 8 hex digits for where process ids are counted: this machine, or this container."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # no such thing outside Linux
        space = ""
    try:
        own = Path("/etc/machine-id").read_bytes()
    except OSError:
        own = b""
    name = f"{socket.gethostname()} {space} ".encode() + own
    return hashlib.sha256(name).hexdigest()[:8]


def alive(pid: int) -> bool:
    """Return whether there is a process of that id, on this machine."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before this returns.

    Raises
    ------
    OSError
        When the disk cannot; what has no such thing as flushing is left in peace.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise
    finally:
        os.close(handle)
