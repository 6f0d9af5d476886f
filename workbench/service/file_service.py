"""The half of `MediaService` that keeps files and watches jobs, wherever the work is done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workbench.errors import (
    ParameterError,
    ServiceError,
    WorkbenchError,
    shown,
    suggest,
)
from workbench.service.backend import READY
from workbench.service.configs import QUALITIES, is_path
from workbench.service.generated import MediaProcessingStatus
from workbench.service.waiting import until_ready

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import BinaryIO

    from workbench.progress import Report
    from workbench.service.backend import Backend, Status

__all__ = ["IMAGE_SIZE", "MODES", "FileService"]

log = logging.getLogger(__name__)

MODES = ("remote", "local", "auto")
"""Where a service works: on a server; in this process; on a server if one answers."""

IMAGE_SIZE = (768, 1344)
"""The pixels of a video where nothing else is asked for: the old service's."""


class FileService:
    """Files by id, and jobs with a state: on a server, or in this process.

    Parameters
    ----------
    base_url
        The server's address; None for ``MEDIA_SERVER_URL``, else ``http://localhost:8000``.
    execution_mode
        ``remote`` (a server), ``local`` (this process), or ``auto``: the server if one answers
        within two seconds, else this process; `mode` says which.
    enable_cache
        Whether a line that was spoken before is taken from the cache.
    quality_level
        ``draft``, ``preview`` or ``production``: how finely pictures are drawn and encoded.
    token
        What the server wants: a token, or a whole header such as ``Bearer x``; None for
        ``WORKBENCH_SERVICE_TOKEN``, else ``MEDIA_SERVER_TOKEN``.
    store
        Where ``local`` keeps its files: a folder, or a URL such as ``s3://bucket/prefix``; None for
        ``WORKBENCH_STORE``, else ``STORAGE_PATH``, else a folder of this user's.
    image_size
        Width and height of videos in pixels.
    timeout
        Seconds in which a piece of work has to be done.
    at_once
        Jobs that run at the same time in ``local``.

    Raises
    ------
    ParameterError
        When a mode or a level of quality is unknown.
    """

    def __init__(
        self,
        base_url: str | None = None,
        execution_mode: str = "remote",
        enable_cache: bool = True,  # noqa: FBT001, FBT002 - the old service's third place
        quality_level: str = "production",
        *,
        token: str | None = None,
        store: str | os.PathLike[str] | None = None,
        image_size: tuple[int, int] = IMAGE_SIZE,
        timeout: float = 300.0,
        at_once: int = 2,
    ) -> None:
        for name, value, known in (
            ("execution_mode", execution_mode, MODES),
            ("quality_level", quality_level, QUALITIES),
        ):
            if value not in known:
                cure = suggest(str(value), known) or f"use one of {', '.join(known)}"
                raise ParameterError(f"{shown(value)} is none", subject=name, cure=cure)
        self.execution_mode = execution_mode
        self.enable_cache = enable_cache
        self.quality_level = quality_level
        self.image_size = image_size
        self.timeout = timeout
        self._base_url, self._token, self._at_once = base_url, token, at_once
        self._store = store if store is None or isinstance(store, str) else Path(store)
        self._backend: Backend | None = None
        if execution_mode == "remote":
            self._backend = self._remote()
        elif execution_mode == "local":
            self._backend = self._local()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(execution_mode={self.execution_mode!r}, mode={self.mode!r})"

    async def __aenter__(self) -> Self:
        await self._ready()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # -- where the work is done ---------------------------------------------------------------

    @property
    def mode(self) -> str:
        """``remote`` or ``local``; empty while ``auto`` has not chosen yet."""
        return "" if self._backend is None else self._backend.mode

    def _remote(self) -> Backend:
        from workbench.service.client import RemoteBackend

        return RemoteBackend(self._base_url, token=self._token)

    def _local(self) -> Backend:
        from workbench.service.local import LocalBackend

        return LocalBackend(self._store, at_once=self._at_once)

    async def _ready(self) -> Backend:
        """Return what does the work; choose it where that is still open."""
        if self._backend is None:
            remote = self._remote()
            try:
                await asyncio.wait_for(remote.health(), 2.0)
            except (ServiceError, TimeoutError) as error:
                await remote.close()
                log.info("no server answers (%s): working in this process", error)
                chosen = self._local()
            else:
                log.info("working on the server at %s", remote.url("").partition("/api/")[0])
                chosen = remote
            if self._backend is None:
                self._backend = chosen
            else:  # another call chose meanwhile, and began to work there
                await chosen.close()
        return self._backend

    async def health_check(self) -> bool:
        """Return True when the service can work.

        Raises
        ------
        ServiceUnreachable
            When no server answers.
        """
        await (await self._ready()).health()
        return True

    async def close(self) -> None:
        """Let go of connections; stop what runs in this process. It may be used again."""
        if self._backend is not None:
            await self._backend.close()

    # -- files --------------------------------------------------------------------------------

    async def upload_file(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        media_type: str = "",
        *,
        name: str = "",
        progress: Report | None = None,
    ) -> str:
        """Keep a picture, clip or sound; return its id.

        Parameters
        ----------
        source
            The path of a file, its bytes, or a binary stream.
        media_type
            ``image``, ``video`` or ``audio``, when only that will do; empty for what it is found
            to be.
        name
            What it is called, for people; None for the file's name.
        progress
            Called with the part that is sent, 0 to 1.

        Raises
        ------
        MediaNotFound
            When there is no such file.
        MediaError
            When it is no media, or not of that type.
        MediaTooLarge, QuotaExceeded
            When it is more than the service takes.
        """
        if media_type and media_type not in ("image", "video", "audio"):
            raise ParameterError(
                f"{shown(media_type)} is none", subject="media_type", cure="image, video or audio"
            )
        backend = await self._ready()
        given: Any = source
        if isinstance(source, str | os.PathLike):
            from workbench.media.limits import existing

            given = existing(source)
        return await backend.upload(given, media_type=media_type, name=name, progress=progress)

    async def upload_bytes(self, data: bytes, media_type: str = "", *, name: str = "") -> str:
        """Keep the bytes of a picture, clip or sound; return the id."""
        return await self.upload_file(data, media_type, name=name)

    async def upload_from_url(self, url: str, media_type: str = "") -> str:
        """Keep what an ``http`` or ``https`` address leads to; return its id.

        Raises
        ------
        AddressRefused
            When the address, or one it leads on to, is not one of the public internet.
        DownloadError
            When it is not there, too large, too slow or cut short.
        """
        return await (await self._ready()).fetch(url, media_type=media_type)

    async def upload_image_from_url(self, image_url: str) -> str:
        """Keep the picture that an address leads to; return its id."""
        return await self.upload_from_url(image_url, "image")

    async def upload_local_file_if_needed(
        self, file_path_or_id: str | os.PathLike[str], media_type: str = ""
    ) -> str:
        """Return an id as it is, and the id of a file of this machine once it is kept."""
        if is_path(file_path_or_id):
            return await self.upload_file(file_path_or_id, media_type)
        return str(file_path_or_id)

    async def download_file(
        self,
        file_id: str,
        output_path: str | os.PathLike[str],
        *,
        progress: Report | None = None,
    ) -> Path:
        """Write a file of the store to a path, whole or not at all; return the path.

        Raises
        ------
        FileGone
            When there is no such file, or it is not ready.
        StorageError
            When the path cannot be written.
        """
        target = Path(output_path)
        await (await self._ready()).download(file_id, target, progress)
        return target

    async def read_file(self, file_id: str) -> bytes:
        """Return a file's content."""
        data = await (await self._ready()).download(file_id, None)
        assert isinstance(data, bytes)  # noqa: S101 - without a target it is
        return data

    async def delete_file(self, file_id: str) -> bool:
        """Delete a file; return whether it was there, as far as a server says."""
        return await (await self._ready()).delete(file_id)

    async def cleanup_files(self, file_ids: Sequence[str]) -> list[str]:
        """Delete files; return the ids of those that could not be, of which the log says why.

        Raises
        ------
        ParameterError
            When it is one id and no list of them.
        """
        if isinstance(file_ids, str):
            raise ParameterError(
                "must be a list of ids", subject="file_ids", cure="[first, second]"
            )
        left = []
        for file_id in file_ids:
            try:
                await self.delete_file(file_id)
            except WorkbenchError as error:
                log.warning("%s is not deleted: %s", file_id, error)
                left.append(file_id)
        return left

    async def list_files(self, media_type: str = "") -> list[dict[str, Any]]:
        """Return what is kept: ``id``, ``type``, ``size``, ``created`` and ``name`` of each."""
        return await (await self._ready()).files(media_type)

    async def get_download_url(self, file_id: str) -> str:
        """Return the address at which a file can be read."""
        return (await self._ready()).url(file_id)

    # -- jobs ---------------------------------------------------------------------------------

    async def get_processing_status(self, task_id: str) -> MediaProcessingStatus:
        """Return how a file or a job is doing."""
        backend = await self._ready()
        return _told(backend, await backend.status(task_id))

    async def wait_for_processing(
        self,
        task_id: str,
        poll_interval: float | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - of the work, which goes on without it
        *,
        progress: Report | None = None,
    ) -> MediaProcessingStatus:
        """Wait until a job is done.

        Parameters
        ----------
        task_id
            The id it was started with.
        poll_interval
            Seconds between two questions to a server that cannot wait itself; None for 20 ms at
            first and a second in the end.
        timeout
            Seconds; None for those of the service.
        progress
            Called with the part that is done, 0 to 1.

        Raises
        ------
        FileGone
            When there is no such job or file.
        DeadlineExceeded
            When it was not done in time. It goes on.
        WorkbenchError
            The job's own error.
        """
        backend = await self._ready()
        status = await until_ready(
            backend.status,
            task_id,
            seconds=self.timeout if timeout is None else timeout,
            poll=poll_interval,
            progress=progress,
        )
        return _told(backend, status)

    async def wait_for_file_ready(
        self,
        file_id: str,
        poll_interval: float | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - as above
    ) -> bool:
        """Wait until a file is ready; return False when it failed, is unknown or takes too long.

        `wait_for_processing` says which.
        """
        try:
            await self.wait_for_processing(file_id, poll_interval, timeout)
        except ParameterError:
            raise
        except WorkbenchError as error:
            log.warning("%s is not ready: %s", file_id, error)
            return False
        return True

    async def cancel(self, task_id: str) -> MediaProcessingStatus:
        """Stop a job; return how it ended. What is done stays done."""
        backend = await self._ready()
        return _told(backend, await backend.cancel(task_id))

    async def _do(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the work, which goes on without it
        progress: Report | None = None,
    ) -> dict[str, Any]:
        backend = await self._ready()
        seconds = self.timeout if timeout is None else timeout
        told = await backend.call(operation, parameters, timeout=seconds, progress=progress)
        return dict(told)

    async def _submit(self, operation: str, parameters: Mapping[str, Any]) -> str:
        return await (await self._ready()).submit(operation, parameters)


def _told(backend: Backend, status: Status) -> MediaProcessingStatus:
    url = None
    if status.status == READY and not status.id.startswith("job_"):
        with contextlib.suppress(WorkbenchError):  # of a bucket, or deleted this moment
            url = backend.url(status.id)
    return MediaProcessingStatus(
        status=status.status,
        file_id=status.id,
        url=url,
        error=None if status.error is None else str(status.error),
        progress=status.progress,
    )
