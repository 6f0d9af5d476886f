"""What a server's answer means, of whichever generation it is."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from workbench.errors import (
    FileGone,
    JobError,
    MediaError,
    MediaTooLarge,
    ParameterError,
    QueueFull,
    ServiceError,
    Unauthorized,
    WorkbenchError,
    one_line,
)
from workbench.service.backend import READY, Status
from workbench.service.wire import file_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["error_of", "id_of", "json_of", "media_info", "retry_after", "status_from", "without"]

_WORDS = {"processing", "ready", "failed", "not_found"}
_NO_PATH, _METHOD = 404, 405
_TAGS = re.compile(r"<[^>]*>")
_BY_STATUS: dict[int, type[WorkbenchError]] = {
    400: ParameterError,
    401: Unauthorized,
    403: Unauthorized,
    404: FileGone,
    413: MediaTooLarge,
    422: ParameterError,
    429: QueueFull,
}


_CURE = "give it as token=…, or in WORKBENCH_SERVICE_TOKEN"


def json_of(answer: httpx.Response) -> Any:
    """Return the JSON of an answer, None when it is none."""
    try:
        return answer.json()
    except (ValueError, RecursionError):  # brackets in brackets in brackets
        return None


def error_of(answer: httpx.Response, subject: str) -> WorkbenchError:
    """Return the error that an answer stands for: the one it names, else by its status.

    Parameters
    ----------
    answer
        Of a status of 300 or more, its body read.
    subject
        What was asked for.
    """
    told = json_of(answer)
    if isinstance(told, dict) and isinstance(told.get("code"), str) and "problem" in told:
        named = WorkbenchError.from_dict(told)
        if isinstance(named, Unauthorized):
            return Unauthorized("wants a token, or another one", subject=subject, cure=_CURE)
        if type(named) is not WorkbenchError:
            return named
        return ServiceError(named.problem, subject=named.subject or subject, cure=named.cure)
    status = answer.status_code
    if status == _METHOD or (status == _NO_PATH and told == {"detail": "Not Found"}):
        return ServiceError(
            f"has nothing at {answer.request.method} {answer.request.url.path}",
            subject="the server",
            cure="it is another one, or an older one: use `workbench serve`",
        )
    if answer.is_redirect:
        return ServiceError(
            "leads on to another address, where no token is sent",
            subject=subject,
            cure=f"give that address: {_place(answer)}",
        )
    kind = _BY_STATUS.get(status, ServiceError)
    cure = ""
    if kind is Unauthorized:
        cure = _CURE
    problem = _told(told, answer) or answer.reason_phrase or "no reason given"
    return kind(f"{problem} (HTTP {status})", subject=subject, cure=cure)


def _place(answer: httpx.Response) -> str:
    """Return the server a redirect leads to."""
    from urllib.parse import urljoin, urlsplit

    try:
        parts = urlsplit(urljoin(str(answer.request.url), answer.headers.get("location", "")))
    except ValueError:
        return "it cannot be read"
    return one_line(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")


def without(secret: str, error: WorkbenchError) -> WorkbenchError:
    """Return an error in which a secret does not stand, whoever repeated it.

    Examples
    --------
    >>> without("s3cret", ServiceError("no 's3cret' here", subject="a")).problem
    "no '…' here"
    """
    if not secret:
        return error
    token = secret.partition(" ")[2].strip() or secret  # the scheme before it is no secret
    told = {name: str(value).replace(token, "…") for name, value in error.to_dict().items()}
    return type(error)(told["problem"], subject=told["subject"], cure=told["cure"])


def retry_after(answer: httpx.Response) -> float:
    """Return the seconds that a server wants to be left alone: it says so in one of two ways."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            seconds = 1.0
    return min(30.0, max(0.05, seconds)) if math.isfinite(seconds) else 1.0


def _told(told: Any, answer: httpx.Response) -> str:
    """Return what a body says is wrong: three shapes, or a page of HTML."""
    if isinstance(told, dict):
        error = told.get("error")
        if isinstance(error, dict):
            error = error.get("message")
        if isinstance(error, str) and error:
            return one_line(error)
        detail = told.get("detail")
        if isinstance(detail, list) and detail and isinstance(detail[0], dict):
            place = ".".join(str(part) for part in detail[0].get("loc", ())[1:])
            return one_line(f"{place}: {detail[0].get('msg', 'is wrong')}".removeprefix(": "))
        if detail:
            return one_line(str(detail))
    kind = answer.headers.get("content-type", "")
    if "json" in kind:
        return one_line(json.dumps(told))
    if kind.startswith("text/"):
        return one_line(" ".join(_TAGS.sub(" ", answer.text[:2000]).split()))
    return ""


def status_from(told: Any, id: str) -> Status:  # noqa: A002 - the wire's word
    """Return the status that a body tells. A word that nobody knows is work that goes on.

    Examples
    --------
    >>> status_from({"status": "processing", "progress": "40%"}, "a").progress
    0.4
    """
    told = told if isinstance(told, dict) else {}
    word = str(told.get("status"))
    error: WorkbenchError | None = None
    if word == "failed":
        named = isinstance(told.get("code"), str) and "problem" in told
        problem = str(told.get("error") or "failed without saying why")
        error = WorkbenchError.from_dict(told) if named else JobError(problem, subject=id)
    return Status(
        id=id,
        status=word if word in _WORDS else "processing",
        progress=1.0 if word == READY else _progress(told),
        error=error,
        state=str(told.get("state") or ""),
    )


def _progress(told: Mapping[str, Any]) -> float | None:
    """Return the progress as a part of 1; one server writes a number, another a text."""
    found = told.get("progress")
    if isinstance(found, str):
        number = r"(\d{1,3}(?:\.\d+)?)"
        match = re.search(rf"{number}\s*%", found) or re.search(number, found)
        found = float(match[1]) if match else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return min(1.0, max(0.0, found / 100))


def id_of(told: Any, subject: str) -> str:
    """Return the id of the file, or of the job, in an answer.

    Raises
    ------
    MediaError
        When there is none: v0.3.5 answers null, with 200, where nothing was sent.
    ServiceError
        When it is no id.
    """
    found = told.get("file_id") or told.get("job_id") if isinstance(told, dict) else None
    if not isinstance(found, str):
        raise MediaError("was not kept or not taken by the server", subject=subject)
    try:
        return file_id(found)
    except ParameterError:
        raise ServiceError("answered with what is no id", subject=subject) from None


def media_info(told: Any, name: str) -> dict[str, Any]:
    """Return the facts of a file; the old server knew nothing of what is no media, and said ``{}``.

    Raises
    ------
    MediaError
        When there are none.
    """
    if not isinstance(told, dict) or not told:
        raise MediaError("is neither a video nor a sound", subject=name)
    found = dict(told)
    for key in ("duration", "fps"):
        if isinstance(found.get(key), str):
            top, _, bottom = found[key].partition("/")
            try:
                found[key] = float(top) / float(bottom or 1)
            except (ValueError, ZeroDivisionError):
                found[key] = None
    return found
