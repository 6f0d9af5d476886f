"""Folders of work inside a store, each held by the process that made it.

The name of such a folder says which process of which machine made it, and when that process began:
process ids are given anew, and the first process of a container always has the same. While the
process lives, whatever lies in the folder is in use, and a file there that is called by its id
keeps the sweeper from that file of the store. Once it has ended, the folder is rubbish.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, StorageError
from workbench.storage.atomic import alive, machine
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["alone", "lease", "leased", "own_folder", "sweep_leases"]

_NAME = re.compile(r"(\d+)-([0-9a-f]{8})-([0-9a-f]{8})-[0-9a-f]{12}", re.ASCII)
# Process ids of another machine or container mean nothing here: there, age has to tell.
_OLD = 86_400.0


@contextlib.contextmanager
def lease(folder: Path) -> Iterator[Path]:
    """Yield an empty folder in `folder`, this process's while the block runs.

    Raises
    ------
    OSError
        When it cannot be made.
    StorageError
        When `folder` is a link.
    """
    own_folder(folder)
    pid = os.getpid()
    path = folder / f"{pid}-{_began(pid)}-{machine()}-{secrets.token_hex(6)}"
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def leased(folder: Path) -> set[FileId]:
    """Return the ids of the files that living processes are at."""
    found = set()
    for entry, over in _folders(folder):
        if over:
            continue
        with contextlib.suppress(OSError):
            for name in os.listdir(entry):  # noqa: PTH208 - names are all that is wanted
                with contextlib.suppress(ParameterError):
                    found.add(FileId.parse(name))
    return found


def sweep_leases(folder: Path) -> int:
    """Remove what ended processes left; return how many folders of work that were."""
    removed = 0
    for entry, over in _folders(folder):
        if over:
            shutil.rmtree(entry, ignore_errors=True)
            removed += not entry.exists()
    return removed


@contextlib.contextmanager
def alone(folder: Path, *, wanted: bool = True) -> Iterator[None]:
    """Keep others, of this process or another of this machine, out of the block.

    Parameters
    ----------
    folder
        The store's own; a file in it is locked.
    wanted
        Whether to do so at all: not every file system has locks.

    Raises
    ------
    OSError
        When it has none.
    """
    if not wanted:
        yield
        return
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    lock = os.open(folder / "lock", flags, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def own_folder(folder: Path) -> None:
    """Make a folder of the store's own, two levels below its root, unless it is there.

    Raises
    ------
    OSError
        When it cannot be made.
    StorageError
        When it, or the one above, is a link: it would lead out of the store.
    """
    for path in (folder.parent, folder):
        try:
            state = path.lstat()
        except FileNotFoundError:
            path.mkdir(parents=True, exist_ok=True)
        else:
            if not stat.S_ISDIR(state.st_mode):
                raise StorageError(
                    f"{path.name} is no folder there but a file or a link",
                    subject="the store",
                    cure="remove it",
                )


def _folders(folder: Path) -> list[tuple[Path, bool]]:
    """Return the folders of work, and of each whether its process has ended."""
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is None or not entry.is_dir(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):  # another process may have removed it meanwhile
                if match[3] == machine():
                    over = _began(int(match[1])) != match[2]
                else:
                    over = time.time() - _touched(Path(entry.path)) > _OLD
                found.append((Path(entry.path), over))
    return found


def _touched(folder: Path) -> float:
    """Return when something was last written in a folder or to what lies in it."""
    times = [folder.stat().st_mtime]
    with os.scandir(folder) as entries:
        times += [entry.stat(follow_symlinks=False).st_mtime for entry in entries]
    return max(times)


def _began(pid: int) -> str:
    """Return 8 hex digits for when a process began; empty when there is none, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() or not alive(pid) else "00000000"
    if fields[0] in {b"Z", b"X"}:  # ended, and nobody has asked how
        return ""
    return hashlib.sha256(_boot() + b" " + fields[19]).hexdigest()[:8]


@functools.cache
def _boot() -> bytes:
    """Return which start of the machine this is: times are counted from it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    except OSError:
        return b""
