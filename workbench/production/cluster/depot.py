"""Where files of jobs lie on their way: a folder that all machines see, or a bucket.

Inputs lie below ``inputs/`` under their sha256, once for all jobs; what a job made lies below
``made/`` until it has been fetched.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import FileGone, StorageError, WorkbenchError
from workbench.paths import user_path
from workbench.storage.objects import BucketShelf
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Depot"]

log = logging.getLogger(__name__)


class Depot:
    """Files by name below a place.

    Parameters
    ----------
    where
        A folder, or a URL such as ``s3://bucket/jobs``.

    Raises
    ------
    StorageError
        When what speaks to such a place is not installed, or the address is none.

    Examples
    --------
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     depot = Depot(str(folder / "store"))
    ...     _ = (folder / "a.txt").write_text("hello")
    ...     depot.put(folder / "a.txt", "made/1/a")
    ...     depot.fetch("made/1/a", folder / "b.txt")
    ...     depot.clear("made/1")
    ...     (folder / "b.txt").read_text(), depot.has("made/1/a", 5)
    ('hello', False)
    """

    def __init__(self, where: str) -> None:
        remote = "://" in where
        self.where = where if remote else str(user_path(where).absolute())
        here = Path.cwd()  # nothing is written there: the shelf only knows how to get to a place
        shelf = BucketShelf(self.where if remote else f"file://{self.where}", here, here)
        self._files, self._root, self._whole = shelf.files_there, shelf.root, shelf.whole

    def has(self, name: str, size: int) -> bool:
        """Return whether there is a file of that name and size."""
        try:
            with self._telling(name):
                return bool(self._files.info(self._key(name))["size"] == size)
        except FileGone:
            return False

    def put(self, path: Path, name: str) -> None:
        """Take a file there: it is seen whole or not at all.

        Raises
        ------
        StorageError
            When it cannot be taken there.
        """
        with self._telling(name):
            if self._whole:
                self._files.put_file(str(path), self._key(name))
                return
            between = f"{self._key(name)}.{secrets.token_hex(8)}.part"
            self._files.makedirs(between.rpartition("/")[0], exist_ok=True)
            try:
                self._files.put_file(str(path), between)
                self._files.mv(between, self._key(name))
            except BaseException:
                with contextlib.suppress(Exception):
                    self._files.rm_file(between)
                raise

    def fetch(self, name: str, path: Path, *, sha256: str = "") -> None:
        """Bring a file here.

        Parameters
        ----------
        name
            The file.
        path
            Where it goes.
        sha256
            What its digest has to be; one that has another is removed there.

        Raises
        ------
        FileGone
            When it is not there.
        StorageError
            When it cannot be brought, or is another.
        """
        with self._telling(name):
            self._files.get_file(self._key(name), str(path))
        if sha256 and digest(path) != sha256:
            with contextlib.suppress(StorageError):
                self.clear(name)
            raise StorageError(
                "is damaged: its digest is another",
                subject=f"{name} in {self.where}",
                cure="run the job again, which takes it there again",
            )

    def clear(self, name: str) -> None:
        """Remove a file, or all below a name; nothing when there is none."""
        with contextlib.suppress(FileGone), self._telling(name):
            self._files.rm(self._key(name), recursive=True)

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextlib.contextmanager
    def _telling(self, name: str) -> Iterator[Any]:
        """Tell what goes wrong on the way; the libraries' own words may name what is secret."""
        subject = f"{name} in {self.where}"
        try:
            yield
        except WorkbenchError:
            raise
        except FileNotFoundError as error:
            raise FileGone("is not in the store", subject=subject) from error
        except Exception as error:
            log.warning("the store: %s: %s: %s", subject, type(error).__name__, error)
            raise StorageError(
                f"the store does not answer as it should ({type(error).__name__})",
                subject=subject,
                cure="check its address, and the credentials that this process has for it",
            ) from error
