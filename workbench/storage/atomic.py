"""Files that appear whole or not at all.

A file is written under a temporary name in its own folder (so that the rename stays within one
file system), flushed to disk, and renamed. The name carries the writer's process id: what a killed
process left behind is removed by the next writer in that folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["replacing", "sweep", "workspace", "write_bytes"]

_OURS = re.compile(r"\.wb-(\d+)-[0-9a-f]{8}-.*", re.DOTALL)
# Another machine may write to the same shared folder, and its process ids mean nothing here.
_YOUNG = 3_600.0


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it on success, remove it on any failure.

    The temporary name ends as `path` does, because tools choose a format by the suffix.

    Raises
    ------
    OSError
        When the folder cannot be written, or the block raised it.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    # Names are limited in bytes (255 nearly everywhere), so only the suffix of the target is kept.
    temporary = folder / f".wb-{os.getpid()}-{secrets.token_hex(4)}-part{path.suffix[:16]}"
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(folder)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """Yield an empty folder for a piece of work, and remove it afterwards.

    What killed processes left is removed as well.
    """
    parent = Path(tempfile.gettempdir())
    for left in parent.glob("workbench-*-*"):
        owner = left.name.split("-")[1]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"workbench-{os.getpid()}-") as name:
        yield Path(name)


def sweep(folder: Path) -> int:
    """Remove what ended processes of this machine left in `folder`; return how many files."""
    removed = 0
    with os.scandir(folder) as entries:
        left = [e for e in entries if e.name.startswith(".wb-") and _OURS.fullmatch(e.name)]
    for entry in left:
        match = _OURS.fullmatch(entry.name)
        with contextlib.suppress(OSError):
            old = time.time() - entry.stat(follow_symlinks=False).st_mtime > _YOUNG
            if match and not _alive(int(match[1])) and (old or _local(folder)):
                os.unlink(entry.path)  # noqa: PTH108 - a DirEntry, not a Path
                removed += 1
    return removed


def _local(folder: Path) -> bool:
    """Whether only this machine can be writing here, as far as the mount table tells."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    rows = [row.split(" ") for row in mounts.splitlines()]
    best = max(
        (row for row in rows if folder.resolve().is_relative_to(row[1].replace("\\040", " "))),
        key=lambda row: len(row[1]),
        default=None,
    )
    remote = ("nfs", "cifs", "smb", "fuse", "9p", "lustre", "ceph", "glusterfs")
    return best is not None and not best[2].startswith(remote)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems refuse fsync on a folder
            os.fsync(handle)
    finally:
        os.close(handle)
