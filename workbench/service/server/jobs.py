"""Jobs: what they are doing, and their end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from workbench.errors import FileGone, ParameterError
from workbench.service.server.asking import Running
from workbench.service.server.storage import standing
from workbench.storage.ids import is_id

__all__ = ["router"]

router = APIRouter(tags=["jobs"])

_JOB = 40  # letters of an id of a job that makes no file: job_ and a UUID
State = Literal["queued", "running", "done", "failed", "cancelled", "dead"]


def _named(job_id: str) -> str:
    if not is_id(job_id) and not (job_id.startswith("job_") and len(job_id) == _JOB):
        raise ParameterError("is no id of a job or a file", subject=job_id[:80])
    return job_id


@router.get("/api/v1/jobs")
async def jobs(
    runtime: Running,
    state: Annotated[list[State] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """List jobs, the latest first, and count them by state."""
    found = await runtime.thread(runtime.ledger.jobs, states=tuple(state or ()), limit=limit)
    counts = await runtime.thread(runtime.ledger.counts)
    listed = [
        {"id": one.id, "operation": one.kind, "created": one.created, **standing(one)}
        for one in found
    ]
    return {"jobs": listed, "counts": counts}


@router.get("/api/v1/jobs/{job_id}")
async def job(
    runtime: Running, job_id: str, wait: Annotated[float, Query(ge=0, le=60)] = 0.0
) -> dict[str, Any]:
    """Say how a job is doing."""
    name = _named(job_id)
    found = await (runtime.wait(name, wait) if wait else runtime.find(name))
    if found is None:
        raise FileGone("is no job", subject=name)
    return {"id": found.id, "operation": found.kind, **standing(found)}


@router.delete("/api/v1/jobs/{job_id}")
async def cancel(runtime: Running, job_id: str) -> dict[str, Any]:
    """Stop a job. What has ended stays as it is."""
    name = _named(job_id)
    await runtime.cancel(name)
    return {"id": name, **standing(await runtime.wait(name, 3.0))}


@router.get("/api/v1/tasks/{task_id}/status")
async def task(runtime: Running, task_id: str) -> dict[str, Any]:
    """Say how a job is doing, where the older client asks for it."""
    name = _named(task_id)
    found = await runtime.find(name)
    told = standing(found)
    ready = told["status"] == "ready" and found is not None and bool(found.output)
    url = f"/api/v1/media/storage/{name}" if ready else None
    return {"file_id": name, "url": url, "error": None, **told}
