"""The half of `MediaService` that keeps files and watches jobs, wherever the work is done."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, WorkbenchError, shown
from workbench.service.backend import READY
from workbench.service.configs import is_path
from workbench.service.generated import MediaProcessingStatus
from workbench.service.place import Place
from workbench.service.waiting import until_ready

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from workbench.progress import Report
    from workbench.service.backend import Backend, Status

__all__ = ["FileService"]

log = logging.getLogger(__name__)


class FileService(Place):
    """Files by id, and jobs with a state. The parameters are those of `Place`."""

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
