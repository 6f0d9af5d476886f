"""What a request sends, on its way to a worker: nobody here looks into it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.service.operations.files import INCOMING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import UploadFile

    from workbench.service.runtime import Runtime
    from workbench.service.server.asking import Asking

__all__ = ["adopted", "borrowed", "sweep"]

_PIECE = 1 << 20
_NAME = 1000  # letters of an original name
_OLD = 3600.0  # seconds after which what a request left is of nobody


async def adopted(asked: Asking, file: UploadFile, media_type: str | None = None) -> str:
    """Keep a file that was sent; return its id.

    Raises
    ------
    MediaError
        When it is no media, or of another type.
    QueueFull
        When there is too much to do to look at it.
    StorageError
        When it cannot be kept.
    """
    runtime = asked.runtime
    part = secrets.token_hex(16)
    path = runtime.store.folder / INCOMING / part

    def copy() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(number, "wb") as target:
            shutil.copyfileobj(file.file, target, _PIECE)

    def gone() -> None:
        with contextlib.suppress(OSError):
            path.unlink()

    fields = {"part": part, "media_type": media_type, "name": (file.filename or "")[-_NAME:]}
    try:
        await asked.while_there(runtime.copy(copy))
        told = await asked.call("adopt", fields)
    except OSError as error:
        raise storage_error(error, "the upload") from error
    finally:
        await runtime.thread(gone)  # a worker that took it has removed it
    return str(told["file_id"])


@contextlib.asynccontextmanager
async def borrowed(asked: Asking, file: UploadFile) -> AsyncIterator[str]:
    """Yield the id of a file that was sent and is not to be kept."""
    file_id = await adopted(asked, file)
    try:
        yield file_id
    finally:
        await asked.runtime.delete(file_id)


def sweep(runtime: Runtime) -> None:
    """Remove what requests of servers that were killed have left."""
    with contextlib.suppress(OSError), os.scandir(runtime.store.folder / INCOMING) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                state: Any = entry.stat(follow_symlinks=False)
                if time.time() - state.st_mtime > _OLD:
                    os.unlink(entry.path)  # noqa: PTH108 - a DirEntry, not a Path
