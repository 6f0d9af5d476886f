"""The tools that stood apart: pictures, raw samples, and what is said in somebody's video."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import Response

from workbench.service.server.asking import Key, Running, given, submit

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/utils", tags=["tools"])

_LONG = 3600.0


@router.get("/youtube-transcript")
async def youtube_transcript(runtime: Running, video_id: str) -> dict[str, Any]:
    """Return what is said in a video of YouTube, where it has a transcript."""
    told: dict[str, Any] = await runtime.call("youtube_transcript", {"video_id": video_id})
    return told


@router.post("/stitch-images", response_class=Response)
async def stitch_images(
    runtime: Running,
    image_urls: Annotated[str, Form(description="Addresses, separated by commas.")] = "",
    image_ids: Annotated[str, Form(description="Or ids of the store.")] = "",
    max_width: Annotated[int, Form()] = 1920,
    max_height: Annotated[int, Form()] = 1080,
) -> Response:
    """Send pictures side by side in a grid, as a JPEG."""
    fields = {
        "image_urls": [one.strip() for one in image_urls.split(",") if one.strip()],
        "image_ids": [one.strip() for one in image_ids.split(",") if one.strip()],
        "max_width": max_width,
        "max_height": max_height,
    }
    told = await runtime.call("stitch_images", fields, seconds=_LONG)
    try:
        picture = await runtime.thread(runtime.store.get, told["file_id"])
    finally:
        await runtime.delete(told["file_id"])
    return Response(picture, media_type="image/jpeg")


@router.post("/make-image-imperfect")
async def make_image_imperfect(
    runtime: Running,
    key: Key,
    image_id: Annotated[str, Form()],
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
    return await submit(runtime, "imperfect_image", given(fields), key)


@router.post("/convert/pcm/wav")
async def pcm_to_wav(
    runtime: Running,
    key: Key,
    pcm_id: Annotated[str, Form()],
    sample_rate: Annotated[int, Form()] = 24_000,
    channels: Annotated[int, Form()] = 1,
    target_sample_rate: Annotated[int, Form()] = 44_100,
) -> dict[str, str]:
    """Make a stereo WAV of bare 16-bit samples."""
    fields = {
        "pcm_id": pcm_id,
        "sample_rate": sample_rate,
        "channels": channels,
        "target_sample_rate": target_sample_rate,
    }
    return await submit(runtime, "pcm_to_wav", fields, key)
