"""What the routes share: the runtime, a submit, an answer that waits for its work, examples."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Header, Request, UploadFile
from fastapi.exceptions import RequestValidationError

from workbench.errors import Cancelled
from workbench.service.server.refusals import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from workbench.service.runtime import Runtime

__all__ = [
    "LONG",
    "Asked",
    "Asking",
    "Key",
    "Running",
    "answers",
    "given",
    "is_sent",
    "listed",
    "missing",
    "submit",
]

LONG = 3600.0  # seconds in which an operation that answers when it is done may do so
_MADE = {"file_id": "video_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.mp4"}


class Asking:
    """Work that is waited for by whoever asked: it is stopped when nobody waits any more.

    Parameters
    ----------
    request
        Whose answer waits; its body has been read.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.runtime: Runtime = request.app.state.runtime
        self.later: set[asyncio.Task[Any]] = request.app.state.later

    async def call(
        self, operation: str, fields: Mapping[str, Any], *, seconds: float = LONG
    ) -> dict[str, Any]:
        """Do an operation; return what it tells.

        Raises
        ------
        Cancelled
            When the client has gone away.
        WorkbenchError
            What the operation raises.
        """
        told: dict[str, Any] = await self.while_there(
            self.runtime.call(operation, given(fields), seconds=seconds)
        )
        return told

    async def while_there(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Return what some work returns, which is ended when the client goes away."""
        doing = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(self._left())
        try:
            await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise Cancelled("was stopped: the client went away", subject="job")
            return doing.result()
        finally:
            for task in (doing, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _left(self) -> None:
        # The body has been read to its end by now: the next message is that there is no more.
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


def _runtime(request: Request) -> Any:
    return request.app.state.runtime


def _key(
    idempotency_key: Annotated[
        str,
        Header(
            description="The same key is the same job, however often it is sent.",
            examples=["9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"],
        ),
    ] = "",
) -> str:
    return idempotency_key


Running = Annotated[Any, Depends(_runtime)]
"""The `Runtime` of the server."""

Asked = Annotated[Asking, Depends(Asking)]
"""Work for which the answer waits."""

Key = Annotated[str, Depends(_key)]
"""The idempotency key of a submit, empty without one."""


async def submit(
    runtime: Runtime, operation: str, fields: Mapping[str, Any], key: str = ""
) -> dict[str, str]:
    """Take on a job; return the id of the file that it makes, as the wire has it.

    Raises
    ------
    ParameterError
        When the key is that of another operation's job.
    WorkbenchError
        When it cannot be done.
    """
    job = await runtime.submit(operation, given(fields), key=key)
    return {"file_id": job.output}


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that were sent: forms send empty ones for those that were not.

    Examples
    --------
    >>> given({"text": "a", "voice": "", "speed": None, "cache": False})
    {'text': 'a', 'cache': False}
    """
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def is_sent(file: UploadFile | None) -> bool:
    """Return whether there is a file: a browser sends one without a name and content for none."""
    return file is not None and bool(file.filename or file.size)


def listed(text: str) -> list[str]:
    """Return what a field lists between commas.

    The old server took ``a, b`` for ``a`` and `` b``, and did not find the second.

    Examples
    --------
    >>> listed(" a, b,,")
    ['a', 'b']
    """
    return [one.strip() for one in text.split(",") if one.strip()]


def missing(name: str, place: str = "body") -> RequestValidationError:
    """Return the error for a field that has to be there, as the framework itself raises it."""
    told = {"type": "missing", "loc": (place, name), "msg": "Field required", "input": None}
    return RequestValidationError([told])


def answers(example: Any = None, *, kind: str = "application/json") -> dict[int | str, Any]:
    """Return what a route's documentation says of its answers.

    Parameters
    ----------
    example
        Of a good answer; None for the id of a file that will be.
    kind
        The content type of the good answer.
    """
    if kind != "application/json":
        good: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    else:
        good = {"example": _MADE if example is None else example}
    refused = {"application/json": {"example": EXAMPLE}}
    return {
        200: {"description": "Done, or taken on", "content": {kind: good}},
        400: {"description": "It cannot be done as it was asked", "content": refused},
    }
