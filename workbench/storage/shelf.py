"""Where the files of a store lie when that is a folder: opened, placed and removed by their ids.

Nothing here follows a link: a folder of the store or a file in it that is one is not there, so
that whoever can write in the store, but nowhere else, cannot have the outside read or replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from workbench.errors import FileGone, ParameterError, StorageError
from workbench.storage.atomic import flush
from workbench.storage.ids import FileId, is_id
from workbench.storage.leases import alone
from workbench.storage.names import Names, kept_name
from workbench.storage.problems import gone, trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["FolderShelf", "Shelf", "StoredFile"]

# What file systems say that know no second name for a file, or give none to this user.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV}
_TRIES = 20
_IS_LINK = {errno.ELOOP, errno.ENOTDIR}
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file of a store.

    Parameters
    ----------
    id
        What it is called.
    type
        ``image``, ``video`` or ``audio``.
    size
        Bytes.
    created
        When it was written, in seconds since 1970.
    name
        What it was called by whoever brought it: for showing only. Empty when nobody said.
    """

    id: str
    type: str
    size: int
    created: float
    name: str = ""


class Shelf(Protocol):
    """Where files lie: what a store does with them, once it knows what they are."""

    def files(self, kind: str, *, named: bool = True) -> Iterator[StoredFile]:
        """Yield the files of a type."""
        ...

    def usage(self, kind: str) -> int:
        """Return how many bytes the files of a type have together."""
        ...

    def find(self, file_id: FileId) -> StoredFile:
        """Return what is known of a file, or raise `FileGone`."""
        ...

    def open(self, file_id: FileId) -> BinaryIO:
        """Return a file opened for reading."""
        ...

    def bring(self, file_id: FileId, path: Path) -> None:
        """Have a file at a path, whatever happens to it afterwards."""
        ...

    def place(
        self, part: Path, file_id: FileId, name: str, allowed: Callable[[], None] | None
    ) -> StoredFile:
        """Put a finished file in its place."""
        ...

    def remove(self, file_id: FileId) -> bool:
        """Remove a file; return whether there was one."""
        ...

    def sweep(self) -> None:
        """Remove what was left beside the files."""
        ...


class FolderShelf:
    """Files by their ids in a folder.

    Parameters
    ----------
    folder
        The root of the store.
    own
        The folder in it that is the store's own.
    """

    def __init__(self, folder: Path, own: Path) -> None:
        self.folder = folder
        self.own = own
        self.names = Names(own / "names")

    def files(self, kind: str, *, named: bool = True) -> Iterator[StoredFile]:
        """Yield the files of a type, in no order.

        Parameters
        ----------
        kind
            The type.
        named
            Whether their original names are wanted, which takes a look at each.

        Raises
        ------
        StorageError
            When the folder cannot be read.
        """
        try:
            with self._kind(kind, "the store") as folder, os.scandir(folder) as entries:
                for entry in entries:
                    found = self._described(kind, entry, named=named)
                    if found is not None:
                        yield found
        except FileGone:
            return

    def usage(self, kind: str) -> int:
        """Return how many bytes the files of a type have together.

        Raises
        ------
        StorageError
            When the folder cannot be read.
        """
        total = 0  # with a quota it is asked for at each file that is kept
        try:
            with self._kind(kind, "the store") as folder, os.scandir(folder) as entries:
                for entry in entries:
                    if is_id(f"{kind}_{entry.name}"):
                        with contextlib.suppress(FileNotFoundError):
                            state = entry.stat(follow_symlinks=False)
                            total += state.st_size if stat.S_ISREG(state.st_mode) else 0
        except FileGone:
            return 0
        return total

    def find(self, file_id: FileId) -> StoredFile:
        """Return what is known of a file.

        Raises
        ------
        FileGone
            When it is not there.
        """
        with self._kind(file_id.type, file_id) as folder:
            return self._found(file_id, self._state(file_id, folder))

    def open(self, file_id: FileId) -> BinaryIO:
        """Return a file opened for reading.

        Raises
        ------
        FileGone
            When it is not there.
        """
        with self._kind(file_id.type, file_id) as folder:
            handle = os.open(_base(file_id), _FILE, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise gone(file_id, "is no plain file in the store")
        return os.fdopen(handle, "rb")

    def bring(self, file_id: FileId, path: Path) -> None:
        """Give a file a second name, or copy it where there is no such thing.

        Raises
        ------
        FileGone
            When it is not there.
        """
        with self._kind(file_id.type, file_id) as folder:
            self._state(file_id, folder)
            if not self._linked(file_id, folder, path):
                with self.open(file_id) as source, path.open("xb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
        if not stat.S_ISREG(path.lstat().st_mode):  # exchanged between the look and the link
            path.unlink()
            raise gone(file_id, "is no plain file in the store")

    def place(
        self, part: Path, file_id: FileId, name: str, allowed: Callable[[], None] | None
    ) -> StoredFile:
        """Put a finished file in its place, on disk when this returns.

        Parameters
        ----------
        part
            The file, in a folder of work.
        file_id
            What it is called from now on.
        name
            What it was called.
        allowed
            Raises when the file may not be kept; no other is placed between its look and the
            placing. None when there is nothing to look at.

        Raises
        ------
        StorageError
            When the place is taken by something that is no file, or cannot be written.
        """
        size = part.lstat().st_size
        try:
            # A file that was moved or copied here is as young as its id.
            moment = time.time()
            os.utime(part, (moment, moment))
            flush(part)
            entry = self.names.prepare(name, part.parent)
            with self._kind(file_id.type, file_id, make=True) as folder:
                with alone(self.own, wanted=allowed is not None):
                    if allowed is not None:
                        allowed()
                    self._check_place(file_id, folder)
                    os.replace(part, _base(file_id), dst_dir_fd=folder)
                    self.names.place(file_id, entry)
                with contextlib.suppress(OSError):  # the file is there whatever this says
                    os.fsync(folder)
        except OSError as error:
            raise trouble(error, file_id, self.folder, needed=size) from error
        return StoredFile(
            id=str(file_id), type=file_id.type, size=size, created=moment, name=kept_name(name)
        )

    def remove(self, file_id: FileId) -> bool:
        """Remove a file; return whether there was one.

        Raises
        ------
        StorageError
            When it cannot be removed.
        """
        try:
            with self._kind(file_id.type, file_id) as folder:
                self._state(file_id, folder)
                self.names.remove(file_id)
                os.unlink(_base(file_id), dir_fd=folder)
        except FileGone:
            return False
        return True

    @contextlib.contextmanager
    def _kind(self, kind: str, subject: object, *, make: bool = False) -> Iterator[int]:
        """Yield a descriptor of the folder of a type; tell what goes wrong with it in the block."""
        path = self.folder / kind
        try:
            if make:
                self._make(path)
            handle = os.open(path, _FOLDER)
            try:
                yield handle
            finally:
                os.close(handle)
        except FileNotFoundError as error:
            if make:
                raise trouble(error, subject, self.folder) from error
            raise gone(subject) from error
        except OSError as error:
            if error.errno in _IS_LINK and not make and self.folder.is_dir():
                raise gone(subject, "is behind a link, which the store does not follow") from error
            raise trouble(error, subject, self.folder) from error

    def _make(self, path: Path) -> None:
        try:
            path.mkdir()
        except FileExistsError:
            return
        except FileNotFoundError:
            path.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            flush(self.folder)

    def _check_place(self, file_id: FileId, folder: int) -> None:
        try:
            state = os.stat(_base(file_id), dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        if not stat.S_ISREG(state.st_mode):
            raise StorageError(
                "its place is taken by a link or a folder",
                subject=str(file_id),
                cure="remove that from the folder of the store",
            )

    def sweep(self) -> None:
        """Forget the names of files that are gone."""
        self.names.sweep(self.find)

    def _linked(self, file_id: FileId, folder: int, path: Path) -> bool:
        """Give a file a second name; return whether that could be done."""
        for _ in range(_TRIES):
            try:
                os.link(_base(file_id), path, src_dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:  # also of a file that is being replaced at this moment
                self._state(file_id, folder)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                return False
            else:
                return True
        return False

    def _state(self, file_id: FileId, folder: int) -> os.stat_result:
        state = os.stat(_base(file_id), dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(state.st_mode):
            raise gone(file_id, "is no plain file in the store")
        return state

    def _described(self, kind: str, entry: os.DirEntry[str], *, named: bool) -> StoredFile | None:
        """Return what is known of an entry of a folder, None when it is no file of the store."""
        try:
            file_id = FileId.parse(f"{kind}_{entry.name}")
            state = entry.stat(follow_symlinks=False)
        except (ParameterError, OSError):
            return None
        if not stat.S_ISREG(state.st_mode):
            return None
        return self._found(file_id, state, named=named)

    def _found(self, file_id: FileId, state: os.stat_result, *, named: bool = True) -> StoredFile:
        return StoredFile(
            id=str(file_id),
            type=file_id.type,
            size=state.st_size,
            created=state.st_mtime,
            name=self.names.get(file_id) if named else "",
        )


def _base(file_id: FileId) -> str:
    return f"{file_id.key}{file_id.extension}"
