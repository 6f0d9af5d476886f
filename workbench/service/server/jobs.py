"""Jobs: what they are doing, and their end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query

from workbench.errors import FileGone, ParameterError, shown
from workbench.service.server.asking import Running, answers
from workbench.service.server.storage import LONGEST_WAIT, standing
from workbench.storage.ids import is_id

if TYPE_CHECKING:
    from workbench.ledger import Job

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["jobs"])

_JOB = re.compile(r"job_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_STOPPING = 3.0  # seconds in which a job that is stopped ends
State = Literal["queued", "running", "done", "failed", "cancelled", "dead"]
_ID = "video_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.mp4"
_STANDING = {"status": "processing", "progress": 40.0, "state": "running"}
_ABOUT = {"id": _ID, "operation": "merge_videos", "created": 1764268800.0}
_EXAMPLE = {**_ABOUT, **_STANDING}


@router.get("/jobs", responses=answers({"jobs": [_EXAMPLE], "counts": {"running": 1}}))
async def jobs(
    runtime: Running,
    state: Annotated[list[State] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """List jobs, the latest first, and count them by state. Results are told for one at a time."""
    found = await runtime.thread(runtime.ledger.jobs, states=tuple(state or ()), limit=limit)
    counts = await runtime.thread(runtime.ledger.counts)
    told = [_told(one) for one in found]
    for one in told:
        one.pop("result", None)
    return {"jobs": told, "counts": counts}


@router.get("/jobs/{job_id}", responses=answers(_EXAMPLE))
async def job(
    runtime: Running, job_id: str, wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0.0
) -> dict[str, Any]:
    """Say how a job is doing."""
    name = _named(job_id)
    found = await (runtime.wait(name, wait) if wait else runtime.find(name))
    if found is None:
        raise FileGone("is no job", subject=name)
    return _told(found)


@router.delete("/jobs/{job_id}", responses=answers({**_EXAMPLE, "state": "cancelled"}))
async def cancel(runtime: Running, job_id: str) -> dict[str, Any]:
    """Stop a job. What has ended stays as it is."""
    name = _named(job_id)
    await runtime.cancel(name)
    found = await runtime.wait(name, _STOPPING)
    if found is None:
        raise FileGone("was deleted meanwhile", subject=name)
    return _told(found)


@router.get(
    "/tasks/{task_id}/status",
    responses=answers({"file_id": _ID, "url": None, "error": None, **_STANDING}),
)
async def task(runtime: Running, task_id: str) -> dict[str, Any]:
    """Say how a job is doing, where the older client asks for it."""
    name = _named(task_id)
    found = await runtime.find(name)
    told = standing(found)
    ready = told["status"] == "ready" and found is not None and bool(found.output)
    url = f"/api/v1/media/storage/{name}" if ready else None
    return {"file_id": name, "url": url, "error": None, **told}


def _named(job_id: str) -> str:
    if not is_id(job_id) and not _JOB.fullmatch(job_id):
        raise ParameterError(
            f"{shown(job_id)} is none", subject="id", cure="use one that a submit returned"
        )
    return job_id


def _told(job: Job) -> dict[str, Any]:
    return {"id": job.id, "operation": job.kind, "created": job.created, **standing(job)}
