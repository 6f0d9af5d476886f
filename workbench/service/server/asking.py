"""What the routes share: the runtime, a submit, and an answer that waits for its job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Header, Request

from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.service.runtime import Runtime

__all__ = ["Key", "Running", "given", "submit"]

_LONGEST = 200  # letters of an idempotency key


def _runtime(request: Request) -> Any:
    return request.app.state.runtime


def _key(
    idempotency_key: Annotated[
        str, Header(description="The same key is the same job, however often it is sent.")
    ] = "",
) -> str:
    if len(idempotency_key) > _LONGEST:
        raise ParameterError(f"has more than {_LONGEST} letters", subject="Idempotency-Key")
    return idempotency_key


Running = Annotated[Any, Depends(_runtime)]
"""The `Runtime` of the server."""

Key = Annotated[str, Depends(_key)]
"""The idempotency key of a submit, empty without one."""


async def submit(
    runtime: Runtime, operation: str, fields: Mapping[str, Any], key: str = ""
) -> dict[str, str]:
    """Take on a job; return the id of the file that it makes, as the wire has it."""
    job = await runtime.submit(operation, given(fields), key=key)
    return {"file_id": job.output}


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that were sent: forms send empty ones for those that were not."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
