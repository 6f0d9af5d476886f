"""What an error of this package is over HTTP: its status, and a body with its code."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from workbench.errors import (
    AddressRefused,
    Cancelled,
    ConsentMissing,
    DeadlineExceeded,
    DeviceError,
    DownloadError,
    EngineMissing,
    FileGone,
    MediaError,
    MediaNotFound,
    MediaTooLarge,
    ModelError,
    ParameterError,
    QueueFull,
    StorageFull,
    TextError,
    Unauthorized,
    WeightsCorrupt,
    WeightsMissing,
    WorkbenchError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

__all__ = ["body_of", "install", "status_of"]

log = logging.getLogger(__name__)

RETRY_AFTER = 2  # seconds after which a queue may have room

# The first that fits; children before their parents.
_STATUSES: tuple[tuple[type[WorkbenchError], int], ...] = (
    (FileGone, 404),
    (MediaNotFound, 404),
    (MediaTooLarge, 413),
    (MediaError, 400),
    (Unauthorized, 401),
    (QueueFull, 429),
    (DeadlineExceeded, 504),
    (ConsentMissing, 403),
    (Cancelled, 409),
    (EngineMissing, 503),
    (WeightsMissing, 503),
    (WeightsCorrupt, 503),
    (DeviceError, 503),
    (ModelError, 400),
    (ParameterError, 400),
    (TextError, 400),
    (StorageFull, 507),
    (AddressRefused, 400),
    (DownloadError, 502),
)


def status_of(error: WorkbenchError) -> int:
    """Return the status with which an error is told.

    Examples
    --------
    >>> status_of(ParameterError("is none")), status_of(FileGone("is gone"))
    (400, 404)
    """
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def body_of(error: WorkbenchError) -> dict[str, str]:
    """Return what the body of a refusal says; ``error`` is what old clients read."""
    return {"error": str(error), **error.to_dict()}


def install(app: FastAPI) -> None:
    """Have an application answer every error in one form."""

    @app.exception_handler(WorkbenchError)
    async def refused(request: Request, error: WorkbenchError) -> JSONResponse:  # noqa: ARG001
        status = status_of(error)
        headers = {"Retry-After": str(RETRY_AFTER)} if isinstance(error, QueueFull) else None
        return JSONResponse(body_of(error), status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:  # noqa: ARG001
        details = [_plain(one) for one in error.errors()]
        first = details[0] if details else {"loc": [], "msg": "is wrong"}
        subject = ".".join(str(part) for part in first["loc"][1:]) or "the form"
        told = ParameterError(str(first["msg"]), subject=subject, cure="/docs lists the fields")
        return JSONResponse({"detail": details, **body_of(told)}, 422)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:  # noqa: ARG001
        # What routing itself says keeps the shape it had: {"detail": …}.
        told = WorkbenchError(str(error.detail))
        told.code = "parameter" if error.status_code < 500 else "error"  # noqa: PLR2004
        body = {"detail": error.detail, **body_of(told)}
        return JSONResponse(body, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return JSONResponse({"error": "internal error", "code": "error"}, 500)


def _plain(one: Any) -> dict[str, Any]:
    """Return what is wrong with a field, without what was sent: that may be long, or no JSON."""
    return {"type": one.get("type"), "loc": list(one.get("loc", ())), "msg": one.get("msg")}
