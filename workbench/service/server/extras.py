"""The tools that stood apart: pictures, raw samples, and what is said in somebody's video."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response

from workbench.errors import FileGone, ParameterError
from workbench.service.server.asking import Asked, Key, Running, answers, listed, missing, submit
from workbench.service.server.refusals import refusal
from workbench.service.server.sending import content

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/utils", tags=["tools"])

_PICTURE = "image_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.jpg"
_SOUND = "audio_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e"
_NEXT = re.compile(r",\s*(?=[A-Za-z][A-Za-z0-9+.-]*://|$)")


@router.get(
    "/youtube-transcript",
    responses=answers({"video_id": "dQw4w9WgXcQ", "transcript": "Hello there."}),
)
async def youtube_transcript(
    asked: Asked, video_id: Annotated[str, Query(examples=["dQw4w9WgXcQ"])]
) -> Any:
    """Return what is said in a video of YouTube, where it has a transcript."""
    try:
        return await asked.call("youtube_transcript", {"video_id": video_id})
    except ParameterError as error:
        return refusal(error, status=404)  # as the older wire has it, whatever goes wrong


@router.post("/stitch-images", response_class=Response, responses=answers(kind="image/jpeg"))
async def stitch_images(
    asked: Asked,
    image_urls: Annotated[
        str,
        Form(
            description="Addresses, separated by commas.",
            examples=["https://example.com/a.png,https://example.com/b.png"],
        ),
    ] = "",
    max_width: Annotated[int, Form()] = 1920,
    max_height: Annotated[int, Form()] = 1080,
    image_ids: Annotated[str, Form(description="Or ids of the store.", examples=[_PICTURE])] = "",
) -> Response:
    """Send pictures side by side in a grid, as a JPEG."""
    if not image_urls and not image_ids:
        raise missing("image_urls")
    fields = {
        "image_urls": _addresses(image_urls),
        "image_ids": listed(image_ids),
        "max_width": max_width,
        "max_height": max_height,
    }
    told = await asked.call("stitch_images", fields)
    return Response(await content(asked.runtime, told["file_id"]), media_type="image/jpeg")


@router.post("/make-image-imperfect", responses=answers({"file_id": _PICTURE}))
async def make_image_imperfect(
    runtime: Running,
    key: Key,
    image_id: Annotated[str, Form(description="A picture of the store.", examples=[_PICTURE])],
    enhance_color: Annotated[float | None, Form(ge=0, le=2)] = None,
    enhance_contrast: Annotated[float | None, Form(ge=0, le=2)] = None,
    noise_strength: Annotated[int, Form(ge=0, le=100)] = 0,
) -> dict[str, str]:
    """Give a picture the look of a photograph."""
    fields = {
        "image_id": image_id,
        "enhance_color": enhance_color,
        "enhance_contrast": enhance_contrast,
        "noise_strength": noise_strength,
    }
    return await submit(runtime, "imperfect_image", fields, key)


@router.post("/convert/pcm/wav", responses=answers({"file_id": f"{_SOUND}.wav"}))
async def pcm_to_wav(
    runtime: Running,
    key: Key,
    pcm_id: Annotated[
        str,
        Form(
            description="Samples of the store, s16le; called .pcm when they were uploaded.",
            examples=[f"{_SOUND}.pcm"],
        ),
    ],
    sample_rate: Annotated[int, Form()] = 24_000,
    channels: Annotated[int, Form()] = 1,
    target_sample_rate: Annotated[int, Form()] = 44_100,
) -> Any:
    """Make a stereo WAV of bare 16-bit samples."""  # fmt: skip
    fields = {
        "pcm_id": pcm_id,
        "sample_rate": sample_rate,
        "channels": channels,
        "target_sample_rate": target_sample_rate,
    }
    try:
        return await submit(runtime, "pcm_to_wav", fields, key)
    except FileGone as error:
        return refusal(error, status=400)  # not 404, on the older wire


def _addresses(text: str) -> list[str]:
    """Return the addresses of a list; a comma within one is a part of it.

    The old server cut at every comma.

    Examples
    --------
    >>> _addresses("https://a.example/?x=1,2, https://b.example/")
    ['https://a.example/?x=1,2', 'https://b.example/']
    """
    return [one.strip() for one in _NEXT.split(text) if one.strip()]
