"""The files of a `MediaService` in this process: a store, and the ledger that knows of them."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import FileGone
from workbench.service.backend import failure, status_of
from workbench.service.known import LEDGER, know
from workbench.service.putting import pieces, put
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from typing import BinaryIO

    from workbench.ledger import Ledger
    from workbench.progress import Report
    from workbench.storage.store import Store

__all__ = ["LocalFiles"]


class LocalFiles:
    """A store and its ledger. Making one touches neither the disk nor a library.

    Parameters
    ----------
    where
        A folder, or a URL of fsspec's for the files; None for ``store_folder()``.
    quota
        Bytes the store may hold.
    """

    mode = "local"

    def __init__(self, where: str | Path | None = None, *, quota: int | None = None) -> None:
        self.where, self.quota = where, quota
        self._opening = threading.Lock()
        self._opened: tuple[Store, Ledger, str] | None = None

    # -- what is opened on first use ----------------------------------------------------------

    def _open(self) -> tuple[Store, Ledger, str]:
        with self._opening:
            if self._opened is None:
                from workbench.ledger import Ledger, owner_name
                from workbench.media.kinds import kind_of
                from workbench.storage.store import open_store, store_folder

                store = open_store(self.where, judge=kind_of, quota=self.quota)
                url = isinstance(self.where, str) and "://" in self.where
                folder = store_folder() if self.where is None or url else Path(self.where)
                ledger = Ledger(folder.expanduser().absolute() / LEDGER)
                if not ledger.path.exists():
                    know(store, ledger)
                ledger.recover()
                self._opened = store, ledger, owner_name()
            return self._opened

    @property
    def store(self) -> Store:
        """Where the files are."""
        return self._open()[0]

    @property
    def ledger(self) -> Ledger:
        """What tells of the jobs."""
        return self._open()[1]

    # -- files --------------------------------------------------------------------------------

    async def health(self) -> dict[str, Any]:
        """Return that it is well, and where its files are."""
        from workbench import __version__

        return {"status": "ok", "mode": self.mode, "version": __version__}

    async def upload(
        self,
        source: bytes | Path | BinaryIO,
        *,
        media_type: str = "",
        name: str = "",
        progress: Report | None = None,
    ) -> str:
        """Keep a file; return its id."""

        def keep() -> str:
            file = put(self.store, source, media_type, name, progress)
            self.ledger.record(file.id)
            return file.id

        return await asyncio.to_thread(keep)

    async def download(
        self, file_id: str, target: Path | None, progress: Report | None = None
    ) -> bytes | Path:
        """Return a file's content, or write it to `target`, whole or not at all."""

        def copy() -> bytes | Path:
            self._whole(file_id)
            if target is None:
                return self.store.get(file_id)
            from workbench.storage.atomic import replacing

            with self.store.open(file_id) as source:
                try:
                    with replacing(target) as part, part.open("wb") as file:
                        for piece in pieces(source, self.store.stat(file_id).size, progress):
                            file.write(piece)
                except OSError as error:
                    raise storage_error(error, target) from error
            return target

        return await asyncio.to_thread(copy)

    async def files(self, media_type: str = "") -> list[dict[str, Any]]:
        """Return what is kept, the oldest first."""
        found = await asyncio.to_thread(self.store.list, media_type)
        return [
            {"id": f.id, "type": f.type, "size": f.size, "created": f.created, "name": f.name}
            for f in found
        ]

    def url(self, file_id: str) -> str:
        """Return the ``file:`` address of a file of a store that is a folder.

        Raises
        ------
        FileGone
            When there is no such file.
        StorageError
            When the store is a bucket.
        """
        return self.store.path(file_id).as_uri()

    def _whole(self, file_id: str) -> None:
        """Refuse a file that is not ready, and say why.

        Raises
        ------
        ParameterError, FileGone, WorkbenchError
            When it is no id; is not there; or the job that was to make it failed.
        """
        FileId.parse(file_id)
        if self.store.exists(file_id):
            return
        job = self.ledger.find(file_id)
        if job is not None and status_of(job).status == "failed":
            raise failure(job)
        if job is not None and not status_of(job).ended:
            raise FileGone("is not ready yet", subject=file_id, cure="wait for it")
        raise FileGone("is not in the store", subject=file_id)
