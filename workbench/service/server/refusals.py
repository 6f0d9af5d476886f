"""What an error of this package is over HTTP: its status, and a body with its code.

The old server had three shapes of errors, told where its files lie, and answered 500 with a bare
text where an id was malformed. Here a body always has ``error``, which old clients read, and
``code``, ``subject``, ``problem`` and ``cure``; paths below ``/v1`` answer as OpenAI does.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from workbench.errors import (
    AddressRefused,
    Cancelled,
    ConsentMissing,
    DeadlineExceeded,
    DeviceError,
    DownloadError,
    EngineMissing,
    EngineNotFound,
    FfmpegError,
    FileGone,
    MediaError,
    MediaNotFound,
    MediaTooLarge,
    ModelAccess,
    ParameterError,
    QueueFull,
    ServiceError,
    StorageFull,
    TextError,
    Unauthorized,
    VoiceNotFound,
    WeightsCorrupt,
    WeightsMissing,
    WorkbenchError,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

__all__ = ["EXAMPLE", "answer", "body_of", "install", "refusal", "status_of"]

log = logging.getLogger(__name__)

RETRY_AFTER = 2  # seconds after which a queue may have room
_SERVER = 500  # statuses from here on are the server's fault
_OPENAI = "/v1/"

# The first that fits; children before their parents.
_STATUSES: tuple[tuple[type[WorkbenchError], int], ...] = (
    (FileGone, 404),
    (MediaNotFound, 404),
    (MediaTooLarge, 413),
    (FfmpegError, 500),
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
    (VoiceNotFound, 400),
    (EngineNotFound, 400),
    (ModelAccess, 502),
    (ParameterError, 400),
    (TextError, 400),
    (StorageFull, 507),
    (AddressRefused, 400),
    (DownloadError, 502),
)

EXAMPLE = {
    "error": "file id: 'x' is none; use an id as uploading or submitting returned it",
    "code": "parameter",
    "subject": "file id",
    "problem": "'x' is none",
    "cure": "use an id as uploading or submitting returned it",
}
"""A refusal, for the documentation."""


def status_of(error: WorkbenchError) -> int:
    """Return the status with which an error is told.

    Examples
    --------
    >>> status_of(ParameterError("is none")), status_of(FileGone("is gone"))
    (400, 404)
    """
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), _SERVER)


def body_of(error: WorkbenchError) -> dict[str, str]:
    """Return what the body of a refusal says; ``error`` is what old clients read."""
    return {"error": str(error), **error.to_dict()}


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON in ASCII: what was asked for may be repeated in it, half a letter too."""
    return Response(json.dumps(body), status, headers, "application/json")


def refusal(error: WorkbenchError, path: str = "", status: int = 0) -> Response:
    """Return the answer that tells of an error.

    Parameters
    ----------
    error
        What is wrong.
    path
        What was asked for; below ``/v1`` it is told as OpenAI does.
    status
        Another one than `status_of` says; 0 for that.
    """
    status = status or status_of(error)
    headers = {"Retry-After": str(RETRY_AFTER)} if isinstance(error, QueueFull) else None
    body: Any = body_of(error)
    if path.startswith(_OPENAI):
        body = {"error": _as_openai(error, status)}
    return answer(body, status, headers)


def _as_openai(error: WorkbenchError, status: int) -> dict[str, Any]:
    kind = "invalid_request_error" if status < _SERVER else "server_error"
    if isinstance(error, QueueFull):
        kind = "rate_limit_exceeded"
    param = error.subject if isinstance(error, ParameterError) else None
    return {"message": str(error), "type": kind, "param": param or None, "code": error.code}


def install(app: FastAPI) -> None:
    """Have an application answer every error in one form."""

    @app.exception_handler(WorkbenchError)
    async def refused(request: Request, error: WorkbenchError) -> Response:
        if status_of(error) == _SERVER:
            log.warning("%s %s: %s", request.method, one_line(request.url.path), error)
        return refusal(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        details = [_plain(one) for one in error.errors()]
        first = details[0] if details else {"loc": [], "msg": "is wrong"}
        subject = ".".join(str(part) for part in first["loc"][1:]) or "the form"
        told = ParameterError(_clause(first["msg"]), subject=subject, cure="/docs lists the fields")
        if request.url.path.startswith(_OPENAI):
            return refusal(told, request.url.path)
        return answer({"detail": details, **body_of(told)}, 422)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        # What routing itself says keeps the shape it had: {"detail": …}.
        told = WorkbenchError(_clause(error.detail), subject="the request")
        told.code = ParameterError.code if error.status_code < _SERVER else told.code
        if error.status_code in {404, 405}:  # only routing says so here: files have errors
            told = ServiceError(
                f"has nothing at {request.method} {one_line(request.url.path, limit=100)}",
                subject="the server",
                cure="/docs lists what there is",
            )
        if request.url.path.startswith(_OPENAI):
            return refusal(told, request.url.path, error.status_code)
        body = {"detail": error.detail, **body_of(told)}
        return answer(body, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        # Who runs the server finds out; who asked learns nothing of what is inside.
        log.error("%s %s failed", request.method, one_line(request.url.path), exc_info=error)
        told = WorkbenchError("internal error", cure="the server's log says more")
        body = {"error": "internal error", **told.to_dict()}
        if request.url.path.startswith(_OPENAI):
            body = {"error": _as_openai(told, _SERVER)}  # type: ignore[dict-item]
        return answer(body, _SERVER)


def _clause(text: object) -> str:
    """Return the message of a library as the problem of an error: a clause, not a sentence."""
    told = str(text).removeprefix("Value error, ")
    return told[:1].lower() + told[1:]


def _plain(one: Any) -> dict[str, Any]:
    """Return what is wrong with a field, without what was sent: that may be long, or no JSON."""
    return {"type": one.get("type"), "loc": list(one.get("loc", ())), "msg": one.get("msg")}
