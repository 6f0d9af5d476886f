"""The application: every route, behind its guards."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fastapi import FastAPI

from workbench import __version__
from workbench.service.runtime import Runtime
from workbench.service.server import audio, extras, jobs, openai, refusals, storage, video
from workbench.service.server.guards import HostGuard, TokenGuard, UploadLimit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from workbench.service.settings import Settings

__all__ = ["create_app"]

_ABOUT = """\
Speech, captioned videos and their pieces. A submit answers at once with the id of the file that
will be; `GET /api/v1/media/storage/{id}/status` says how it is doing, and `?wait=30` waits until it
has ended. Every request but `/health` needs the header `Authorization: TOKEN` (or `Bearer TOKEN`).
Forms may be urlencoded or multipart; an empty field is an absent one.
"""


def create_app(settings: Settings) -> FastAPI:
    """Return the application for a server that was told these settings.

    Parameters
    ----------
    settings
        With at least one token.
    """
    runtime = Runtime(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        await runtime.open()
        await runtime.thread(storage.sweep_incoming, runtime)
        try:
            yield
        finally:
            await runtime.close()

    app = FastAPI(
        title="workbench",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
    )
    app.state.runtime = runtime
    refusals.install(app)

    @app.api_route("/", methods=["GET", "HEAD"], tags=["server"])
    async def about() -> dict[str, str]:
        """Say what server this is."""
        return {
            "message": "workbench: speech, captioned videos and their pieces",
            "version": __version__,
            "documentation": "/docs",
            "created_by": "workbench",
            "server": "workbench",
        }

    @app.api_route("/health", methods=["GET", "HEAD"], tags=["server"])
    async def health() -> dict[str, str]:
        """Say that the server answers. It needs no token."""
        return {"status": "ok"}

    for module in (storage, audio, video, extras, jobs, openai):
        app.include_router(module.router)
    # The last one added is the first that is met.
    app.add_middleware(UploadLimit, limit=settings.upload_limit)
    app.add_middleware(TokenGuard, tokens=settings.tokens)
    app.add_middleware(HostGuard, allowed=settings.allowed_hosts)
    return app
