"""One SQLite file for many processes and threads: opening it, and what can go wrong with it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import threading
import time
import warnings
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.errors import StorageError, StorageFull, WorkbenchWarning
from workbench.ledger import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Database"]

_WAIT = 10.0  # seconds for which another writer is waited for
_ROOM = 1 << 20  # bytes; with less of them free, a write that failed failed for that
_LOG = 16 << 20  # bytes of write-ahead log that are kept after a rush
_MOUNTS = Path("/proc/self/mounts")
# What is shared by machines has no memory that they share, which a write-ahead log needs.
_SHARED = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}


# What another kind of log would not mend.
_REFUSED = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly."""

    file: tuple[int, int]
    """Device and number of the file it has open."""

    pid: int
    """The process that opened it."""


class _Own:
    """A thread's connection: closed with the thread, not when the collector finds its circle."""

    def __init__(self, connection: _Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        if os.getpid() == self.connection.pid:  # a fork's copy is left alone
            with contextlib.suppress(sqlite3.Error):
                self.connection.close()


class Database:
    """A ledger's file. Nothing is touched before it is needed.

    Parameters
    ----------
    path
        Where it is.
    wait
        Seconds for which another writer is waited for.
    """

    def __init__(self, path: Path, *, wait: float = _WAIT) -> None:
        self.path = path
        self.name = path.name
        """What errors call it: a client has no business with where things lie."""
        self.wait = wait
        self._own = threading.local()
        self._all: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._abandoned: list[_Connection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._warned = False

    @property
    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.exists()

    def close(self) -> None:
        """Close what all threads have open; it is opened again when it is needed."""
        with self._lock:
            for connection in list(self._all):
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
            self._all = weakref.WeakSet()
            self._own = threading.local()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection; errors become those of this package.

        Raises
        ------
        StorageError
        """
        with self._translated():
            yield self._connection()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection in a transaction that nobody else writes meanwhile.

        Raises
        ------
        StorageError, StorageFull
            Then nothing was changed.
        """
        with self._translated():
            connection = self._connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                _rolled_back(connection)
                raise

    # -- opening ------------------------------------------------------------------------------

    def _connection(self) -> _Connection:
        if self._pid != os.getpid():
            self._forked()
        own: _Own | None = getattr(self._own, "it", None)
        if own is not None:
            connection = own.connection
            if connection.file == _identity(self.path):
                _rolled_back(connection)  # an interrupt may have come in the middle
                return connection
            connection.close()  # what it wrote to would be seen by nobody
        connection = self._opened()
        self._own.it = _Own(connection)
        with self._lock:
            self._all.add(connection)
        return connection

    def _forked(self) -> None:
        """Leave the parent's connections alone: closing them here would damage what it writes."""
        self._abandoned += list(self._all)
        self._lock = threading.Lock()
        self._all = weakref.WeakSet()
        self._own = threading.local()
        self._pid = os.getpid()

    def _opened(self) -> _Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                # Jobs hold what people wrote: SQLite gives its other files the same permissions.
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise self._told(error) from error
        connection = connect(self.path, self.wait)
        try:
            connection.file, connection.pid = _identity(self.path), os.getpid()
            ready = schema.found(connection, self.name)
            self._journal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            if not ready:
                connection.execute("BEGIN IMMEDIATE")
                if not schema.found(connection, self.name):  # by another process meanwhile
                    schema.made(connection)
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _journal(self, connection: _Connection) -> None:
        """Use a write-ahead log where the file system can hold one."""
        shared = file_system(self.path) in _SHARED
        wanted = "delete" if shared else "wal"
        until = time.monotonic() + self.wait
        while True:
            try:
                (mode,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
            except sqlite3.OperationalError as error:
                # Processes that open it at the same moment do not wait for each other here.
                busy = _kind(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
                if busy and time.monotonic() < until:
                    time.sleep(0.01)
                    continue
                if busy or wanted == "delete" or _kind(error) in _REFUSED or self._no_room():
                    raise
                wanted = "delete"
                continue
            break
        if mode == "wal":
            connection.execute(f"PRAGMA journal_size_limit = {_LOG}")
        elif not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.name}: its file system cannot hold a write-ahead log; "
                "jobs are written more slowly, and one process at a time",
                WorkbenchWarning,
                stacklevel=2,
            )

    # -- errors -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> StorageError:
        name = self.name
        kind = _kind(error)
        if kind == sqlite3.SQLITE_FULL or (kind == sqlite3.SQLITE_IOERR and self._no_room()):
            return self._told(OSError(errno.ENOSPC, "No space left on device"))
        if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return StorageError(
                f"another program has held it for more than {self.wait:g} s",
                subject=name,
                cure="try again, or look which program has it open",
            )
        if kind in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            return StorageError(
                "is no database, or a damaged one",
                subject=name,
                cure="move it away; a new one is made, which knows nothing of earlier jobs",
            )
        if kind in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
            return StorageError(
                "cannot be written",
                subject=name,
                cure="check its permissions, its folder's, and that its disk is not read-only",
            )
        return StorageError(
            f"could not be used ({error})",
            subject=name,
            cure="check its disk, and that its folder is still there",
        )

    def _told(self, error: OSError) -> StorageError:
        """Return an error of the system; for a client, without where things lie."""
        if self.name == str(self.path):
            return storage_error(error, self.path)
        found = storage_error(error, self.name)
        if isinstance(found, StorageFull):
            return StorageFull("no space left to write it", subject=self.name, cure=found.cure)
        return found

    def _no_room(self) -> bool:
        try:
            return shutil.disk_usage(self.path.parent).free < _ROOM
        except OSError:
            return False


def connect(path: Path, wait: float) -> _Connection:
    """Open a database file that exists."""
    return sqlite3.connect(
        path,
        timeout=wait,
        isolation_level=None,  # transactions begin and end where we say
        check_same_thread=False,  # `Database.close` closes those of other threads
        factory=_Connection,
    )


def file_system(path: Path) -> str:
    """Return the kind of file system that holds a file, as Linux calls it; else an empty text."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    where = str(path.resolve())
    for line in mounts:
        _, folder, name, *_ = line.split(" ")
        folder = folder.replace("\\040", " ")
        within = where == folder or where.startswith(folder.rstrip("/") + "/")
        if within and len(folder) >= len(best):
            best, kind = folder, name
    return kind


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino


def _rolled_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _kind(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
