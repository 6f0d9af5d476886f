"""Videos, their pictures, and the fonts of their captions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response
from pydantic import ConfigDict

from workbench.errors import FileGone, MediaError
from workbench.service.operations.captioned import CaptionedVideo
from workbench.service.server.asking import Asked, Key, Running, answers, listed, missing, submit
from workbench.service.server.refusals import refusal
from workbench.service.server.sending import content
from workbench.storage.ids import FileId

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/media", tags=["video"])

_ID = "video_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.mp4"
_PICTURE = "image_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.jpg"
VideoId = Annotated[str, Form(description="A video of the store.", examples=[_ID])]
_INFO = {
    "kind": "video",
    "format": "mov",
    "size": 204_800,
    "duration": 4.2,
    "width": 1080,
    "height": 1920,
    "fps": 29.97,
    "aspect_ratio": "9:16",
    "codec": "h264",
    "rotation": 0,
    "variable": False,
    "has_audio": True,
    "bit_rate": 390_000,
}


class CaptionedForm(CaptionedVideo):
    """The fields of the form; those that nobody knows are left aside, as ever."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "example": {
                "background_id": _PICTURE,
                "text": "Hello from the server.",
                "kokoro_voice": "espeak:en-gb",
                "caption_config_font_size": 90,
            }
        },
    )


@router.get("/fonts", responses=answers({"fonts": ["DejaVu Sans", "Liberation Serif"]}))
async def fonts(asked: Asked) -> dict[str, Any]:
    """List the families of fonts that captions can have."""
    return await asked.call("fonts", {})


@router.post("/video-tools/generate/tts-captioned-video", responses=answers())
async def captioned_video(
    runtime: Running, key: Key, form: Annotated[CaptionedForm, Form()]
) -> Any:
    """Make a captioned video of a picture or a clip, and of a text or a recording.

    With ``audio_id`` nothing is spoken; the captions are ``text``, or what a recogniser hears.
    ``kokoro_voice`` may name another engine, as ``espeak:en-gb``.
    """
    try:
        return await submit(runtime, "captioned_video", form.model_dump(exclude_unset=True), key)
    except FileGone as error:
        # The older wire has 400 for the recording, and 404 for the background.
        if error.subject == form.background_id:
            raise
        return refusal(error, status=400)


@router.post("/video-tools/merge", responses=answers())
async def merge(
    runtime: Running,
    key: Key,
    video_ids: Annotated[
        str, Form(description="Ids, separated by commas.", examples=[f"{_ID},{_ID}"])
    ],
    background_music_id: Annotated[
        str | None, Form(examples=["audio_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.mp3"])
    ] = None,
    background_music_volume: Annotated[float, Form(description="0 to 1.")] = 0.5,
) -> dict[str, str]:
    """Join videos of any size and rate; music plays under all of them."""
    fields = {
        "video_ids": listed(video_ids),
        "background_music_id": background_music_id,
        "background_music_volume": background_music_volume,
    }
    return await submit(runtime, "merge_videos", fields, key)


@router.post("/video-tools/add-colorkey-overlay", responses=answers())
async def add_colorkey_overlay(
    runtime: Running,
    key: Key,
    video_id: VideoId,
    overlay_video_id: VideoId,
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


@router.post("/video-tools/add-overlay", responses=answers())
async def add_overlay(
    runtime: Running,
    key: Key,
    video_id: VideoId,
    overlay_id: Annotated[str, Form(description="A picture or a clip.", examples=[_PICTURE])],
    opacity: Annotated[float, Form(description="0 to 1.")] = 0.4,
) -> dict[str, str]:
    """Lay a picture or a clip over a video."""
    fields = {"video_id": video_id, "overlay_id": overlay_id, "opacity": opacity}
    return await submit(runtime, "add_overlay", fields, key)


@router.get(
    "/video-tools/extract-frame/{video_id}",
    response_class=Response,
    responses=answers(kind="image/jpeg"),
)
async def extract_frame(
    asked: Asked,
    video_id: str,
    timestamp: Annotated[float, Query(description="Seconds.")] = 1.0,
) -> Response:
    """Send a picture of a video as a JPEG; beyond its end, one from just before it."""
    fields = {"video_id": str(FileId.parse(video_id)), "timestamp": timestamp}
    told = await asked.call("extract_frame", fields)
    return Response(await content(asked.runtime, told["file_id"]), media_type="image/jpeg")


@router.post(
    "/video-tools/extract-frames",
    responses=answers(
        {
            "message": "5 frames",
            "template_id": None,
            "template_path": None,
            "image_ids": [_PICTURE],
            "sheet_id": None,
            "timestamps": [0.42],
        }
    ),
)
async def extract_frames(
    asked: Asked,
    url: Annotated[
        str | None,
        Form(description="The address of a video.", examples=["https://example.com/a.mp4"]),
    ] = None,
    amount: Annotated[int, Form()] = 5,
    length_seconds: Annotated[float | None, Form(description="Of the beginning only.")] = None,
    stitch: Annotated[bool, Form(description="Whether a sheet of all is made, too.")] = False,
    video_id: Annotated[
        str | None, Form(description="Or one of the store.", examples=[_ID])
    ] = None,
) -> dict[str, Any]:
    """Keep evenly spaced pictures of a video. The answer comes when that is done.

    ``image_ids`` can be read as they are; the older server's lacked their type. ``template_id``
    and ``template_path``, which told how its files were numbered and where they lay, are null.
    """
    if not url and not video_id:
        raise missing("url")
    fields = {
        "url": url,
        "video_id": video_id,
        "amount": amount,
        "length_seconds": length_seconds,
        "stitch": stitch,
    }
    told = await asked.call("extract_frames", fields)
    message = f"{len(told['image_ids'])} frames"
    return {"message": message, "template_id": None, "template_path": None, **told}


@router.get("/video-tools/info/{file_id}", responses=answers(_INFO))
async def info(asked: Asked, file_id: str) -> dict[str, Any]:
    """Say what a video is: as it is seen, with its rate as a number.

    Of a file that is no video the older server said ``{}``, and 200.
    """
    name = FileId.parse(file_id)
    if name.type != "video":
        await asked.runtime.thread(asked.runtime.store.stat, name)
        raise MediaError("is no video", subject=file_id, cure="audio-tools/info is for sounds")
    return await asked.call("info", {"file_id": file_id})
