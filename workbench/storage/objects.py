"""Files by their ids wherever fsspec reaches: listed, brought here, taken there, removed."""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.errors import FileGone, ParameterError, StorageError, WorkbenchError
from workbench.storage.ids import EXTENSIONS, FileId
from workbench.storage.leases import alone
from workbench.storage.names import entry_of, kept_name, name_in
from workbench.storage.problems import gone, is_full, trouble
from workbench.storage.shelf import StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["BucketShelf"]

log = logging.getLogger(__name__)

_OBJECTS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss"}
_OLD = 86_400.0  # seconds: what is still being taken there after a day is rubbish
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")


class BucketShelf:
    """Files by their ids below a URL.

    Parameters
    ----------
    where
        The URL.
    folder
        The root of the store on this machine.
    own
        The folder in it that is the store's own.
    """

    def __init__(self, where: str, folder: Path, own: Path) -> None:
        self.folder, self.own = folder, own
        scheme = where.partition("://")[0].rpartition("::")[2].lower()
        self.whole = scheme in _OBJECTS
        """Whether a file that is uploaded is seen whole or not at all."""
        with _telling(f"{scheme}://"):
            self.files_there, root = _reached(where)
        self.root = root.rstrip("/")

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
            When they cannot be listed.
        """
        names = self._names(kind) if named else {}
        for entry in self._listed(kind):
            with contextlib.suppress(ParameterError):
                file_id = FileId.parse(f"{kind}_{_last(entry)}")
                if entry.get("type") == "file":
                    yield _found(file_id, entry, names.get(str(file_id), ""))

    def usage(self, kind: str) -> int:
        """Return how many bytes the files of a type have together."""
        return sum(file.size for file in self.files(kind, named=False))

    def find(self, file_id: FileId) -> StoredFile:
        """Return what is known of a file.

        Raises
        ------
        FileGone
            When it is not there.
        """
        entry = self._info(file_id)
        name = ""
        with contextlib.suppress(FileGone), _telling(file_id):
            name = name_in(self.files_there.cat_file(self._entry(file_id)))
        return _found(file_id, entry, name)

    def open(self, file_id: FileId) -> BinaryIO:
        """Say that a file is to be brought here first."""
        raise NotImplementedError(str(file_id))

    def bring(self, file_id: FileId, path: Path) -> None:
        """Copy a file to this machine.

        Raises
        ------
        FileGone
            When it is not there.
        StorageError
            When less came than it has.
        """
        size = int(self._info(file_id)["size"])
        with self._disk(file_id, size), _telling(file_id):
            self.files_there.get_file(self._key(file_id), str(path))
        came = path.stat().st_size
        if came != size and came != int(self._info(file_id)["size"]):  # not just replaced meanwhile
            raise StorageError(
                f"ended after {came:,} of {size:,} bytes", subject=str(file_id), cure="try again"
            )

    def place(
        self, part: Path, file_id: FileId, name: str, allowed: Callable[[], None] | None
    ) -> StoredFile:
        """Take a finished file to its place.

        Parameters
        ----------
        part
            The file, in a folder of work.
        file_id
            What it is called from now on.
        name
            What it was called.
        allowed
            Raises when the file may not be kept; None when there is nothing to look at.

        Raises
        ------
        StorageError
            When it cannot be taken there.
        """
        size = part.stat().st_size
        with alone(self.own, wanted=allowed is not None), _telling(file_id, here=False):
            if allowed is not None:
                allowed()
            self._upload(part, self._key(file_id))
            if name:
                self.files_there.pipe_file(self._entry(file_id), entry_of(name))
            else:
                self._forget(file_id)
        return StoredFile(
            id=str(file_id),
            type=file_id.type,
            size=size,
            created=time.time(),
            name=kept_name(name),
        )

    def remove(self, file_id: FileId) -> bool:
        """Remove a file; return whether there was one.

        Raises
        ------
        StorageError
            When it cannot be removed.
        """
        try:
            self._info(file_id)  # S3 says of nothing that it was not there
            self._forget(file_id)
            with _telling(file_id):
                self.files_there.rm_file(self._key(file_id))
        except FileGone:
            return False
        return True

    def sweep(self) -> None:
        """Remove what was never renamed, and the names of files that are gone."""
        before = time.time() - _OLD
        there = {file.id for kind in EXTENSIONS for file in self.files(kind, named=False)}
        for folder, rubbish in ((".store/work", ".part"), (".store/names", ".json")):
            for entry in self._listed(folder):
                name = _last(entry)
                if not name.endswith(rubbish) or _when(entry) > before:
                    continue
                if name.removesuffix(".json") not in there:
                    with contextlib.suppress(StorageError), _telling("the store"):
                        self.files_there.rm_file(f"{self.root}/{folder}/{name}")

    def _key(self, file_id: FileId) -> str:
        return f"{self.root}/{file_id.path}"

    def _entry(self, file_id: FileId) -> str:
        return f"{self.root}/.store/names/{file_id}.json"

    def _info(self, file_id: FileId) -> dict[str, Any]:
        with _telling(file_id):
            entry: dict[str, Any] = self.files_there.info(self._key(file_id))
        if entry.get("type") != "file" or entry.get("islink"):
            raise gone(file_id, "is no plain file in the store")
        return entry

    def _listed(self, folder: str) -> list[dict[str, Any]]:
        with contextlib.suppress(FileGone), _telling("the store"):
            self.files_there.invalidate_cache()
            return list(self.files_there.ls(f"{self.root}/{folder}", detail=True))
        return []

    def _names(self, kind: str) -> dict[str, str]:
        """Return the original names of the files of a type that have one."""
        entries = [
            f"{self.root}/.store/names/{_last(entry)}"
            for entry in self._listed(".store/names")
            if _last(entry).startswith(f"{kind}_")
        ]
        if not entries:
            return {}
        with _telling("the store"):
            found = self.files_there.cat(entries, on_error="omit")
        return {
            str(path).rpartition("/")[2].removesuffix(".json"): name_in(entry)
            for path, entry in found.items()
        }

    def _upload(self, part: Path, key: str) -> None:
        if self.whole:
            self.files_there.put_file(str(part), key)
            return
        between = f"{self.root}/.store/work/{secrets.token_hex(12)}.part"
        self.files_there.makedirs(f"{self.root}/.store/work", exist_ok=True)
        self.files_there.makedirs(key.rpartition("/")[0], exist_ok=True)
        try:
            self.files_there.put_file(str(part), between)
            self.files_there.mv(between, key)
        except BaseException:
            with contextlib.suppress(Exception):
                self.files_there.rm_file(between)
            raise

    def _forget(self, file_id: FileId) -> None:
        with contextlib.suppress(FileGone), _telling(file_id):
            self.files_there.rm_file(self._entry(file_id))

    @contextlib.contextmanager
    def _disk(self, file_id: FileId, needed: int) -> Iterator[None]:
        """Tell of a disk of this machine that is full."""
        try:
            yield
        except StorageError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and is_full(cause):
                raise trouble(cause, file_id, self.folder, needed=needed) from cause
            raise


def _reached(where: str) -> tuple[Any, str]:
    """Return what fsspec speaks to a place with, and the path there."""
    try:
        import fsspec  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError as error:
        raise _missing("fsspec") from error
    try:
        # Another machine may write there: what was listed before is no longer true.
        found: tuple[Any, str] = fsspec.core.url_to_fs(
            where, use_listings_cache=False, skip_instance_cache=True
        )
    except ImportError as error:
        raise _missing("what speaks to such a place") from error
    except ValueError as error:
        raise StorageError(
            "is no address of a store",
            subject=f"{where.partition('://')[0]}://",
            cure="use a folder, or an address such as s3://bucket/prefix",
        ) from error
    return found


def _missing(what: str) -> StorageError:
    return StorageError(
        f"{what} is not installed",
        subject="a store in a bucket",
        cure="pip install 'media-workbench[s3]'",
    )


@contextlib.contextmanager
def _telling(subject: object, *, here: bool = True) -> Iterator[None]:
    """Tell what goes wrong on the way: libraries for buckets raise errors of many families.

    Parameters
    ----------
    subject
        What it went wrong with.
    here
        Whether "not found" is about the file, not about the place for it.
    """
    try:
        yield
    except WorkbenchError:
        raise
    except FileNotFoundError as error:
        if here:
            raise gone(subject) from error
        raise _refused(subject, error) from error
    except Exception as error:
        raise _refused(subject, error) from error


def _refused(subject: object, error: Exception) -> StorageError:
    """Return the error for a bucket that does not do it; its own words may name what is secret."""
    log.warning("the store: %s: %s: %s", subject, type(error).__name__, error)
    return StorageError(
        f"the place of the store does not answer as it should ({type(error).__name__})",
        subject=str(subject),
        cure="check its address, and the credentials that this process has for it",
    )


def _found(file_id: FileId, entry: dict[str, Any], name: str) -> StoredFile:
    return StoredFile(
        id=str(file_id),
        type=file_id.type,
        size=int(entry["size"]),
        created=_when(entry),
        name=name,
    )


def _when(entry: dict[str, Any]) -> float:
    """Return when something was written, in whichever of its ways a file system says so."""
    for field in _TIMES:
        value = entry.get(field)
        if isinstance(value, datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return aware.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return time.time()


def _last(entry: dict[str, Any]) -> str:
    return str(entry["name"]).rstrip("/").rpartition("/")[2]
