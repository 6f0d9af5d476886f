"""A store whose files lie in a bucket, or anywhere else that fsspec reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import StorageError
from workbench.storage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.storage.store import Judge

__all__ = ["BucketStore"]


class BucketStore(Store):
    """Media files below a URL."""

    def __init__(
        self, where: str, folder: Path | None = None, *, judge: Judge, quota: int | None = None
    ) -> None:
        super().__init__(folder, judge=judge, quota=quota)
        raise StorageError("cannot be used yet", subject=where)
