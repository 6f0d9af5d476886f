"""The application: every route, behind its guards."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import python_multipart  # noqa: F401 - without it fastapi fails with no name of what is missing
from fastapi import FastAPI, Security
from fastapi.security import APIKeyHeader

from workbench import __version__
from workbench.service.runtime import Runtime
from workbench.service.server import (
    audio,
    extras,
    incoming,
    jobs,
    openai,
    refusals,
    speech,
    storage,
    video,
)
from workbench.service.server.asking import answers
from workbench.service.server.guards import HostGuard, TokenGuard, UploadLimit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from workbench.service.settings import Settings

__all__ = ["create_app"]

_SWEEP = 600.0  # seconds between two looks for what requests have left
_ABOUT = """\
Speech, captioned videos and their pieces. A submit answers at once with the id of the file that
will be; `GET /api/v1/media/storage/{id}/status` says how it is doing, and `?wait=30` waits until it
has ended. Every request but `/health` needs the header `Authorization: TOKEN`, or `Bearer TOKEN`.
Forms may be urlencoded or multipart; an empty field is an absent one. An error has `error`, a text,
and `code`, `subject`, `problem`, `cure`; 429 has `Retry-After`.
"""
_ROOT = {
    "message": "workbench: speech, captioned videos and their pieces",
    "version": __version__,
    "documentation": "/docs",
    "created_by": "media-workbench",
    "server": "workbench",  # by which our own client knows it
}
# Only told, for the documentation: `TokenGuard` has looked at it before anything is routed.
_TOKEN = APIKeyHeader(name="Authorization", auto_error=False, description="The token, bare.")


def create_app(settings: Settings) -> FastAPI:
    """Return the application for a server that was told these settings.

    Parameters
    ----------
    settings
        With at least one token.
    """
    runtime = Runtime(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await runtime.open()
        later: set[asyncio.Task[Any]] = app.state.later
        later.add(asyncio.create_task(_sweeping(runtime)))
        try:
            yield
        finally:
            for task in later:
                task.cancel()
            await asyncio.gather(*later, return_exceptions=True)
            await runtime.close()

    app = FastAPI(
        title="workbench",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
    )
    app.state.runtime = runtime
    app.state.later = set()
    refusals.install(app)

    @app.head("/", tags=["server"], responses=answers(_ROOT), dependencies=[Security(_TOKEN)])
    @app.get("/", tags=["server"], responses=answers(_ROOT), dependencies=[Security(_TOKEN)])
    async def about() -> dict[str, str]:
        """Say what server this is."""
        return _ROOT

    @app.head("/health", tags=["server"], responses=answers({"status": "ok"}))
    @app.get("/health", tags=["server"], responses=answers({"status": "ok"}))
    async def health() -> dict[str, str]:
        """Say that the server answers. It needs no token."""
        return {"status": "ok"}

    for module in (storage, speech, audio, video, extras, jobs, openai):
        app.include_router(module.router, dependencies=[Security(_TOKEN)])
    # The last one added is the first that is met.
    app.add_middleware(UploadLimit, limit=settings.upload_limit)
    app.add_middleware(TokenGuard, tokens=settings.tokens)
    app.add_middleware(HostGuard, allowed=settings.allowed_hosts)
    return app


async def _sweeping(runtime: Runtime) -> None:
    while True:
        await runtime.thread(incoming.sweep, runtime)
        await asyncio.sleep(_SWEEP)
