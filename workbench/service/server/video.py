"""Videos, their pictures, and the fonts of their captions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import JSONResponse, Response
from pydantic import ConfigDict

from workbench.errors import FileGone
from workbench.service.operations.captioned import CaptionedVideo
from workbench.service.server.asking import Key, Running, given, submit
from workbench.service.server.refusals import body_of
from workbench.storage.ids import FileId

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/media", tags=["video"])

_LONG = 3600.0  # seconds in which an operation that answers when it is done may do so


class CaptionedForm(CaptionedVideo):
    """The fields of the form; those that nobody knows are left aside, as ever."""

    model_config = ConfigDict(extra="ignore")


@router.get("/fonts")
async def fonts(runtime: Running) -> dict[str, Any]:
    """List the families of fonts that captions can have."""
    told: dict[str, Any] = await runtime.call("fonts", {})
    return told


@router.post("/video-tools/generate/tts-captioned-video")
async def captioned_video(
    runtime: Running, key: Key, form: Annotated[CaptionedForm, Form()]
) -> Any:
    """Make a captioned video of a picture or a clip, and of a text or a recording.

    With ``audio_id`` nothing is spoken; the captions are ``text``, or what a recogniser hears.
    """
    fields = form.model_dump(exclude_unset=True)
    if form.audio_id and not await runtime.thread(runtime.store.exists, form.audio_id):
        # The older wire has 400 here, and 404 for the background.
        gone = FileGone("is not in the store", subject=form.audio_id, cure="upload it again")
        return JSONResponse(body_of(gone), 400)
    return await submit(runtime, "captioned_video", fields, key)


@router.post("/video-tools/merge")
async def merge(
    runtime: Running,
    key: Key,
    video_ids: Annotated[str, Form(description="Ids, separated by commas.")],
    background_music_id: Annotated[str | None, Form()] = None,
    background_music_volume: Annotated[float, Form(description="0 to 1.")] = 0.5,
) -> dict[str, str]:
    """Join videos of any size and rate; music plays under all of them."""
    fields = {
        "video_ids": [one.strip() for one in video_ids.split(",") if one.strip()],
        "background_music_id": background_music_id,
        "background_music_volume": background_music_volume,
    }
    return await submit(runtime, "merge_videos", fields, key)


@router.post("/video-tools/add-colorkey-overlay")
async def add_colorkey_overlay(
    runtime: Running,
    key: Key,
    video_id: Annotated[str, Form()],
    overlay_video_id: Annotated[str, Form()],
    color: Annotated[str, Form(description="A name, #rgb or #rrggbb.")] = "green",
    similarity: Annotated[float, Form(description="0 to 1.")] = 0.1,
    blend: Annotated[float, Form(description="0 to 1.")] = 0.1,
) -> dict[str, str]:
    """Lay a clip over a video, clear where it has a colour."""
    fields = {
        "video_id": video_id,
        "overlay_video_id": overlay_video_id,
        "color": color,
        "similarity": similarity,
        "blend": blend,
    }
    return await submit(runtime, "colorkey_overlay", fields, key)


@router.post("/video-tools/add-overlay")
async def add_overlay(
    runtime: Running,
    key: Key,
    video_id: Annotated[str, Form()],
    overlay_id: Annotated[str, Form(description="A picture or a clip.")],
    opacity: Annotated[float, Form(description="0 to 1.")] = 0.4,
) -> dict[str, str]:
    """Lay a picture or a clip over a video."""
    fields = {"video_id": video_id, "overlay_id": overlay_id, "opacity": opacity}
    return await submit(runtime, "add_overlay", fields, key)


@router.get("/video-tools/extract-frame/{video_id}", response_class=Response)
async def extract_frame(
    runtime: Running,
    video_id: str,
    timestamp: Annotated[float, Query(description="Seconds.")] = 1.0,
) -> Response:
    """Send a picture of a video as a JPEG; beyond its end, one from just before it."""
    name = str(FileId.parse(video_id))
    told = await runtime.call(
        "extract_frame", {"video_id": name, "timestamp": timestamp}, seconds=_LONG
    )
    try:
        picture = await runtime.thread(runtime.store.get, told["file_id"])
    finally:
        await runtime.delete(told["file_id"])
    return Response(picture, media_type="image/jpeg")


@router.post("/video-tools/extract-frames")
async def extract_frames(
    runtime: Running,
    url: Annotated[str | None, Form(description="The address of a video.")] = None,
    video_id: Annotated[str | None, Form(description="Or one of the store.")] = None,
    amount: Annotated[int, Form()] = 5,
    length_seconds: Annotated[float | None, Form(description="Of the beginning only.")] = None,
    stitch: Annotated[bool, Form(description="Whether a sheet of all is made, too.")] = False,
) -> dict[str, Any]:
    """Keep evenly spaced pictures of a video. The answer comes when that is done."""
    fields = {
        "url": url,
        "video_id": video_id,
        "amount": amount,
        "length_seconds": length_seconds,
        "stitch": stitch,
    }
    told = await runtime.call("extract_frames", given(fields), seconds=_LONG)
    return {
        "message": f"{len(told['image_ids'])} frames",
        "template_id": None,  # these two named files of the server; nothing reads them any more
        "template_path": None,
        **told,
    }


@router.get("/video-tools/info/{file_id}")
async def info(runtime: Running, file_id: str) -> dict[str, Any]:
    """Say what a video is: as it is seen, with its rate as a number."""
    name = FileId.parse(file_id)
    if not await runtime.thread(runtime.store.exists, name):
        raise FileGone("is not in the store", subject=str(name))
    told: dict[str, Any] = await runtime.call("info", {"file_id": str(name)})
    return told
