"""A file that says whether another machine sees this one's disk."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ServiceError
from workbench.storage.atomic import machine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Probe", "look_all"]


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A file whose content nobody else knows.

    Parameters
    ----------
    path
        Where it is.
    word
        What is in it.
    """

    path: Path
    word: str

    @classmethod
    def write(cls, folder: Path) -> Probe:
        """Return one that is in a folder now.

        Raises
        ------
        StorageError
            When nothing can be written there.
        """
        word = secrets.token_hex(16)
        # A name of those that are swept away when this process is killed.
        path = folder / f".wb-{os.getpid()}-{machine()}-{secrets.token_hex(4)}-part.probe"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(word, encoding="ascii")
        except OSError as error:
            raise storage_error(error, path) from error
        return cls(path=path, word=word)

    def seen(self) -> bool:
        """Whether this process sees it."""
        try:
            return self.path.read_text(encoding="ascii") == self.word
        except (OSError, ValueError):
            return False

    def look(self, worker: str) -> None:
        """Refuse to work where the disk is another.

        Raises
        ------
        ServiceError
            With the worker and the folder.
        """
        if not self.seen():
            raise blind([worker], self.path.parent)

    def renew(self) -> None:
        """Say that somebody still needs it: other machines sweep away what is a day old."""
        with contextlib.suppress(OSError):
            os.utime(self.path)

    def remove(self) -> None:
        """Remove it."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def blind(workers: Iterable[str], folder: Path) -> ServiceError:
    """Return the error for workers that do not see a folder."""
    return ServiceError(
        "does not see this machine's files",
        subject=f"{folder} from {', '.join(sorted(workers))}",
        cure="have the folder on all machines under the same path, or give --store",
    )


def look_all(client: Any, probe: Probe) -> None:
    """Refuse a cluster one of whose workers does not see a file of this machine.

    Raises
    ------
    ServiceError
        With the workers and the folder.
    """
    told = client.run(probe.seen, on_error="return")
    unseen = [str(address) for address, seen in told.items() if seen is False]
    if unseen:
        raise blind(unseen, probe.path.parent)
