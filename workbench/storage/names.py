"""What files were called by those who brought them: kept beside the store's files, never a path."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from typing import TYPE_CHECKING

from workbench.errors import FileGone, ParameterError
from workbench.storage.ids import FileId
from workbench.storage.leases import own_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Names", "entry_of", "kept_name", "name_in"]

_LETTERS = 1024  # of a name; what is longer was written by no person
_ORPHANED = 3600.0  # seconds: a file that is replaced at this moment has its entry for longer
_BYTES = 16_384  # of an entry, each letter at most 12 bytes and something around them


def kept_name(name: str) -> str:
    """Return as much of an original name as is kept."""
    return name[:_LETTERS]


def entry_of(name: str) -> bytes:
    """Return what is written down of an original name, whatever letters it has."""
    return json.dumps({"name": kept_name(name)}).encode("ascii")


def name_in(entry: bytes) -> str:
    r"""Return the name in an entry, empty when that is not a whole one.

    Examples
    --------
    >>> name_in(entry_of("it's\\na.wav")), name_in(b'{"name": "it')
    ("it's\\na.wav", '')
    """
    try:
        found = json.loads(entry)
    except (ValueError, RecursionError):
        return ""
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""


class Names:
    """The original names of the files of a store, a small JSON file for each that has one.

    They are not flushed to disk one by one, which would double the cost of keeping a file: after
    a power failure a name may be lost. An entry is renamed into place and read whole or not at
    all, so no name is ever half of one.

    Parameters
    ----------
    folder
        Where the entries lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, file_id: FileId) -> str:
        """Return the original name of a file, empty when nothing is known of one."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(self.folder / f"{file_id}.json", flags), "rb") as file:
                return name_in(file.read(_BYTES) or b"")
        except OSError:
            return ""

    def prepare(self, name: str, folder: Path) -> Path | None:
        """Write an entry in a folder of work, for `place`; None when there is no name to keep.

        Raises
        ------
        OSError
            When it cannot be written.
        StorageError
            When the folder is a link.
        """
        if not name:
            return None
        part = folder / f"name-{secrets.token_hex(4)}.json"
        part.write_bytes(entry_of(name))
        own_folder(self.folder)
        return part

    def place(self, file_id: FileId, part: Path | None) -> None:
        """Make an entry that was prepared the name of a file; without one it has none."""
        entry = self.folder / f"{file_id}.json"
        with contextlib.suppress(OSError):  # the file itself is there, and whole
            if part is None:
                entry.unlink(missing_ok=True)
            else:
                part.replace(entry)

    def sweep(self, find: Callable[[FileId], object]) -> None:
        """Remove the entries of files that are gone.

        Parameters
        ----------
        find
            Raises `FileGone` for a file that is not there.
        """
        before = time.time() - _ORPHANED
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError, ParameterError):
                    file_id = FileId.parse(entry.name.removesuffix(".json"))
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        try:
                            find(file_id)
                        except FileGone:
                            self.remove(file_id)

    def remove(self, file_id: FileId) -> None:
        """Forget what a file was called."""
        self.place(file_id, None)
