"""A folder of media files, called by ids: whole or not there, within a quota, in any process.

Below the root lie ``image/``, ``video/`` and ``audio/``, each file under the name its id has, and
``.store/`` with what is being written, what is in use, and what files were called originally.
The old system wrote in place, followed links, and answered from what happened to be there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workbench.errors import (
    FileGone,
    MediaError,
    ParameterError,
    QuotaExceeded,
    StorageError,
    shown,
)
from workbench.storage.ids import EXTENSIONS, FileId
from workbench.storage.intake import Bounds, blocks, known_size, pour
from workbench.storage.leases import lease, leased, sweep_leases
from workbench.storage.places import VARIABLE, store_folder
from workbench.storage.problems import is_full, naming, trouble
from workbench.storage.shelf import FolderShelf, Shelf, StoredFile

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable, Iterator

__all__ = ["VARIABLE", "Judge", "Store", "StoredFile", "open_store", "store_folder"]

Judge = Callable[[Path, str, str], tuple[str, str]]
"""Type and extension of a file, from its path, the type it is said to be, its original name."""


def open_store(
    where: str | Path | None, *, judge: Judge, quota: int | None = None, folder: Path | None = None
) -> Store:
    """Return the store at a place.

    Parameters
    ----------
    where
        A folder; None for `store_folder`; or a URL of fsspec's, such as ``s3://bucket/prefix``.
    judge
        Says what a file is.
    quota
        Bytes that all files may have together.
    folder
        Where a store at a URL works on this machine, `store_folder` when None.

    Raises
    ------
    StorageError
        When what such a URL needs is not installed.
    """
    if isinstance(where, str) and "://" in where:
        from workbench.storage.bucket import BucketStore

        return BucketStore(where, folder, judge=judge, quota=quota)
    return Store(Path(where) if where else None, judge=judge, quota=quota)


class Store:
    """Media files in a folder. Any number of threads and processes may share it.

    Nothing is made on disk before something is written.

    Parameters
    ----------
    folder
        Where the files lie, `store_folder` when None.
    judge
        Says what a file is, and raises `MediaError` for what is no media.
    quota
        Bytes that all files may have together; None for as many as the disk takes.

    Examples
    --------
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     store = Store(folder, judge=lambda path, asked, name: ("audio", ".wav"))
    ...     file = store.put(b"RIFF", name="one.wav")
    ...     store.get(file.id), store.stat(file.id).name, store.delete(file.id), store.list()
    (b'RIFF', 'one.wav', True, [])
    """

    def __init__(
        self, folder: Path | None = None, *, judge: Judge, quota: int | None = None
    ) -> None:
        place = store_folder() if folder is None else Path(folder).expanduser()
        self.folder = place.absolute()
        self.judge = judge
        self.quota = quota
        self._own = self.folder / ".store"
        self._work = self._own / "work"
        self._shelf: Shelf = FolderShelf(self.folder, self._own)
        self._swept = False

    # -- writing ------------------------------------------------------------------------------

    def new_id(self, type: str, extension: str) -> FileId:  # noqa: A002 - the wire's own word
        """Return an id nobody has had.

        Raises
        ------
        ParameterError
            When there is no such type, or it has no such extension.
        """
        return FileId.new(type, extension)

    def put(
        self,
        source: bytes | Path | BinaryIO | Iterable[bytes],
        *,
        type: str = "",  # noqa: A002 - the wire's own word
        name: str = "",
        limit: int | None = None,
        size: int | None = None,
        file_id: FileId | str | None = None,
    ) -> StoredFile:
        """Keep a file: whole, or not at all.

        Parameters
        ----------
        source
            Its bytes, the path of a file, a binary stream, or blocks of bytes in turn.
        type
            What it is said to be; anything when empty.
        name
            What it was called, for showing only.
        limit
            Bytes it may have.
        size
            Bytes there are, where that is known and `source` does not tell.
        file_id
            The id to keep it under, which replaces what is there; a new one when None.

        Raises
        ------
        ParameterError
            When `file_id` is no id, or there is no such type.
        MediaError
            When it is no media, or not of the type or the id's type and extension.
        MediaTooLarge
            When it is over the limit.
        QuotaExceeded, StorageFull, StorageError
            When it cannot be kept. What was there before is still there.
        """
        chosen = None if file_id is None else FileId.parse(str(file_id))
        if type and type not in EXTENSIONS:
            raise ParameterError(
                f"{shown(type)} is none",
                subject="type of media",
                cure=f"use one of {', '.join(EXTENSIONS)}",
            )
        label = name or "what is to be stored"
        known = known_size(source) if size is None else size
        with self._working(label) as folder:
            room = self._room(chosen)
            bounds = Bounds(limit=limit, room=room, size=known, subject=label)
            part = folder / "part"
            pour(blocks(source), part, self.folder, bounds)
            with naming(part, label):
                found = self.judge(part, type or (chosen.type if chosen else ""), name)
            if chosen is None:
                chosen = self.new_id(*found)
            elif found != (chosen.type, chosen.extension):
                raise _another(found, chosen)
            return self._keep(part, chosen, name)

    @contextlib.contextmanager
    def writing(self, file_id: FileId | str) -> Iterator[Path]:
        """Yield a path to write a file to; it is kept under its id when the block has ended well.

        The path has the extension of the id. Nothing is kept, and what was there stays, when the
        block raises or what it wrote is not what the id says.

        Raises
        ------
        ParameterError
            When it is no id.
        MediaError
            When the block wrote nothing, or something else.
        QuotaExceeded, StorageFull, StorageError
            When it cannot be kept.
        """
        chosen = FileId.parse(str(file_id))
        with self._working(chosen) as folder:
            room = self._room(chosen)
            if room is not None and room <= 0:
                raise QuotaExceeded(
                    f"the quota of {self.quota:,} bytes is used up",
                    subject=str(chosen),
                    cure="delete files that are not needed any more",
                )
            part = folder / str(chosen)
            with naming(part, str(chosen)):
                try:
                    yield part
                except OSError as error:
                    if not is_full(error):
                        raise
                    written = part.stat().st_size if part.exists() else 0
                    raise trouble(error, chosen, self.folder, needed=written + 1) from error
                if not part.is_file() or part.is_symlink():
                    raise MediaError("nothing was written for it", subject=str(chosen))
                found = self.judge(part, chosen.type, part.name)
            if found != (chosen.type, chosen.extension):
                raise _another(found, chosen)
            self._keep(part, chosen, "")

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield an empty folder for a piece of work, on the disk of the store, and remove it."""
        with self._working("a folder of work") as folder:
            yield folder

    # -- reading ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self, file_id: FileId | str) -> Iterator[Path]:
        """Yield a path at which the file is, whole and the same, while the block runs.

        It is a second name of the file: deleting or replacing it meanwhile changes nothing here,
        and the sweeper leaves it alone.

        Raises
        ------
        ParameterError
            When it is no id.
        FileGone
            When there is no such file, or a link where it should be.
        StorageError
            When the store cannot be used.
        """
        wanted = FileId.parse(str(file_id))
        self._shelf.find(wanted)  # nothing is made on disk for what is not there
        with self._working(wanted) as folder:
            path = folder / str(wanted)
            self._shelf.bring(wanted, path)
            with naming(path, str(wanted)):
                yield path

    def path(self, file_id: FileId | str) -> Path:
        """Return where a file lies, to tell somebody; `reading` is how to read it.

        Raises
        ------
        ParameterError, FileGone, StorageError
            As `reading` does.
        """
        wanted = FileId.parse(str(file_id))
        self._shelf.find(wanted)
        return self.folder / wanted.path

    def open(self, file_id: FileId | str) -> BinaryIO:
        """Return a file opened for reading; it stays whole when it is deleted meanwhile.

        Raises
        ------
        ParameterError, FileGone, StorageError
            As `reading` does.
        """
        return self._shelf.open(FileId.parse(str(file_id)))

    def get(self, file_id: FileId | str) -> bytes:
        """Return the bytes of a file.

        Raises
        ------
        ParameterError, FileGone, StorageError
            As `reading` does.
        """
        with self.open(file_id) as file:
            return file.read()

    def stat(self, file_id: FileId | str) -> StoredFile:
        """Return what is known of a file.

        Raises
        ------
        ParameterError, FileGone, StorageError
            As `reading` does.
        """
        return self._shelf.find(FileId.parse(str(file_id)))

    def exists(self, file_id: FileId | str) -> bool:
        """Return whether there is such a file.

        Raises
        ------
        ParameterError
            When it is no id.
        StorageError
            When the store cannot be used.
        """
        try:
            self.stat(file_id)
        except FileGone:
            return False
        return True

    def list(self, type: str = "") -> list[StoredFile]:  # noqa: A002 - the wire's own word
        """Return the files there are, or those of a type, the oldest first."""
        kinds = [kind for kind in EXTENSIONS if type in {"", kind}]
        found = [file for kind in kinds for file in self._shelf.files(kind)]
        return sorted(found, key=lambda file: (file.created, file.id))

    def usage(self) -> int:
        """Return how many bytes all files have together."""
        return sum(self._shelf.usage(kind) for kind in EXTENSIONS)

    # -- removing -----------------------------------------------------------------------------

    def delete(self, file_id: FileId | str) -> bool:
        """Remove a file; return whether there was one. Whoever reads it reads on.

        Raises
        ------
        ParameterError
            When it is no id.
        StorageError
            When it cannot be removed.
        """
        return self._shelf.remove(FileId.parse(str(file_id)))

    def sweep(self, *, older: float | None = None) -> builtins.list[str]:
        """Remove what ended processes left, and the files that are too old; return their ids.

        Parameters
        ----------
        older
            Seconds since a file was written, above which it goes unless somebody is at it; None
            to remove no files.
        """
        sweep_leases(self._work)
        self._shelf.sweep()
        if older is None:
            return []
        before = time.time() - older
        kinds = [self._shelf.files(kind, named=False) for kind in EXTENSIONS]
        old = [file.id for files in kinds for file in files if file.created < before]
        used = {str(one) for one in leased(self._work)} if old else set()
        removed = []
        for file_id in old:
            with contextlib.suppress(StorageError):
                if file_id not in used and self.delete(file_id):
                    removed.append(file_id)
        return removed

    # -- work -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _working(self, subject: object) -> Iterator[Path]:
        """Yield a folder of work."""
        if not self._swept:  # what a killed process left goes with the next one's first work
            self._swept = True
            sweep_leases(self._work)
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(lease(self._work))
            except OSError as error:
                raise trouble(error, subject, self.folder) from error
            yield folder

    def _room(self, file_id: FileId | None) -> int | None:
        """Return how many bytes the quota leaves for a file, those it replaces included."""
        if self.quota is None:
            return None
        room = self.quota - self.usage()
        if file_id is not None:
            with contextlib.suppress(FileGone):
                room += self._shelf.find(file_id).size
        return room

    def _keep(self, part: Path, file_id: FileId, name: str) -> StoredFile:
        """Put a finished file in its place, if the quota still leaves room for it."""
        size = part.stat().st_size

        def allowed() -> None:
            Bounds(room=self._room(file_id), subject=str(file_id)).check(size)

        return self._shelf.place(part, file_id, name, None if self.quota is None else allowed)


def _another(found: tuple[str, str], file_id: FileId) -> MediaError:
    return MediaError(
        f"what was written is {found[1]} ({found[0]}), not {file_id.extension} ({file_id.type})",
        subject=str(file_id),
        cure=f"write {file_id.extension} to it",
    )
