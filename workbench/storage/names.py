"""What files were called by those who brought them: kept beside the store's files, never a path."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.storage.ids import FileId

__all__ = ["Names"]

_LETTERS = 1024  # of a name; what is longer was written by no person
_BYTES = 16_384  # of an entry, each letter at most 12 bytes and something around them


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
        try:
            handle = os.open(self.folder / f"{file_id}.json", os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return ""
        with os.fdopen(handle, "rb") as file:
            try:
                entry = json.loads(file.read(_BYTES))
            except (OSError, ValueError):
                return ""
        name = entry.get("name") if isinstance(entry, dict) else None
        return name if isinstance(name, str) else ""

    def prepare(self, name: str, folder: Path) -> Path | None:
        """Write an entry in a folder of work, for `place`; None when there is no name to keep.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        if not name:
            return None
        part = folder / f"name-{secrets.token_hex(4)}.json"
        part.write_text(json.dumps({"name": name[:_LETTERS]}), encoding="ascii")
        self.folder.mkdir(parents=True, exist_ok=True)
        return part

    def place(self, file_id: FileId, part: Path | None) -> None:
        """Make an entry that was prepared the name of a file; without one it has none."""
        entry = self.folder / f"{file_id}.json"
        with contextlib.suppress(OSError):  # the file itself is there, and whole
            if part is None:
                entry.unlink(missing_ok=True)
            else:
                part.replace(entry)

    def remove(self, file_id: FileId) -> None:
        """Forget what a file was called."""
        self.place(file_id, None)
