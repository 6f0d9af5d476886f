"""A store whose files lie in a bucket, or wherever else fsspec reaches: S3, memory, SFTP, Azure.

Work is done on files of this machine: one is brought here to be read, and taken there once it is
finished and judged. To an object store a file goes by one upload, which is seen whole or not at
all; elsewhere it is renamed when it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from workbench.errors import StorageError
from workbench.storage.objects import BucketShelf
from workbench.storage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.storage.ids import FileId
    from workbench.storage.store import Judge

__all__ = ["BucketStore"]


class BucketStore(Store):
    """Media files below a URL. Any number of machines may share it.

    Who may use it is known to what speaks to it: for S3 the usual variables, such as
    ``AWS_ACCESS_KEY_ID`` and ``AWS_ENDPOINT_URL``, or the files of its tools.

    Parameters
    ----------
    where
        Such as ``s3://bucket/prefix``.
    folder
        Where work is done on this machine, `store_folder` when None.
    judge, quota
        As of `Store`. Several machines that write at once may exceed the quota by what they write.

    Raises
    ------
    StorageError
        When what speaks to such a place is not installed, or the address is none.

    Examples
    --------
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     judge = lambda path, asked, name: ("audio", ".wav")
    ...     store = BucketStore("memory://example", folder, judge=judge)
    ...     file = store.put(b"RIFF", name="one.wav")
    ...     store.get(file.id), store.stat(file.id).name, store.delete(file.id), store.list()
    (b'RIFF', 'one.wav', True, [])
    """

    def __init__(
        self, where: str, folder: Path | None = None, *, judge: Judge, quota: int | None = None
    ) -> None:
        super().__init__(folder, judge=judge, quota=quota)
        self.where = where
        self._shelf = BucketShelf(where, self.folder, self._own)

    def open(self, file_id: FileId | str) -> BinaryIO:
        """Return a file opened for reading, all of it here; it stays when it is deleted meanwhile.

        Raises
        ------
        ParameterError, FileGone, StorageError
            As `reading` does.
        """
        with self.reading(file_id) as path:
            return path.open("rb")

    def path(self, file_id: FileId | str) -> Path:
        """Say that there is none.

        Raises
        ------
        StorageError
            Always.
        """
        raise StorageError(
            "does not lie on this machine",
            subject=str(file_id),
            cure="use reading() or download it",
        )
