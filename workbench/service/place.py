"""Where a service does its work: on a server, in this process, or wherever one answers."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workbench.errors import ParameterError, ServiceError, shown, suggest
from workbench.service.configs import QUALITIES

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import TracebackType

    from workbench.progress import Report
    from workbench.service.backend import Backend

__all__ = ["IMAGE_SIZE", "MODES", "Place"]

log = logging.getLogger(__name__)

MODES = ("remote", "local", "auto")
"""Where a service works: on a server; in this process; on a server if one answers."""

IMAGE_SIZE = (768, 1344)
"""The pixels of a video where nothing else is asked for: the old service's."""


class Place:
    """A place of work, chosen when it is made or at the first call.

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

    # -- work ------------------------------------------------------------------------------------

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
