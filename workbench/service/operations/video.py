"""Videos are joined, laid over each other, and told of."""

from __future__ import annotations

from contextlib import ExitStack
from math import ceil, gcd
from typing import TYPE_CHECKING, Any

from pydantic import Field

from workbench.errors import MediaError, ParameterError
from workbench.service.operations import captioned
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.inputs import there, writing

if TYPE_CHECKING:
    from workbench.media.probe import AudioStream, MediaInfo, VideoStream
    from workbench.storage.store import Store

__all__ = ["OPERATIONS"]

_MOST = 1_000  # videos of a merge
_SIDE = 4096  # pixels
_WIDEST = 4.0  # frames: what an overlay may be scaled to
_KILO = 1000


class Merge(Parameters):
    """Videos in their order, and music under all of them."""

    video_ids: list[str] = Field(max_length=_MOST)
    background_music_id: str | None = None
    background_music_volume: float = Field(default=0.5, ge=0, le=1)


class ColorKey(Parameters):
    """A clip over a video, transparent where it has a colour."""

    video_id: str
    overlay_video_id: str
    color: str = Field(default="green", max_length=100)
    similarity: float = Field(default=0.1, ge=1e-5, le=1)
    blend: float = Field(default=0.1, ge=0, le=1)


class Over(Parameters):
    """A picture or a clip over a video."""

    video_id: str
    overlay_id: str
    opacity: float = Field(default=0.4, ge=0, le=1)


class Info(Parameters):
    """A video or a sound."""

    file_id: str


# -- merging ------------------------------------------------------------------------------------


def _ids(asked: Merge) -> list[str]:
    return [name for name in (one.strip() for one in asked.video_ids) if name]


def _music(asked: Merge) -> str:
    return (asked.background_music_id or "").strip()


def _check_merge(asked: Merge, store: Store) -> None:
    if not _ids(asked):
        raise ParameterError("names none", subject="video_ids", cure="give one id at least")
    for name in _ids(asked):
        there(store, name, "video")
    if _music(asked):
        there(store, _music(asked), "audio", "video")


def _merge(asked: Merge, context: Context) -> dict[str, Any]:
    from workbench.media.merging import merge

    _check_merge(asked, context.store)
    with ExitStack() as stack:
        reading = context.store.reading
        paths = [stack.enter_context(reading(name)) for name in _ids(asked)]
        music = stack.enter_context(reading(_music(asked))) if _music(asked) else None
        path = stack.enter_context(writing(context))
        merged = merge(
            paths,
            path,
            music=music,
            music_volume=asked.background_music_volume,
            progress=context.progress,
            cancel=context.cancel,
        )
    return {
        "duration": merged.duration,
        "width": merged.width,
        "height": merged.height,
        "fps": round(merged.fps, 3),
        "copied": merged.copied,
        "reason": merged.reason,
    }


# -- laying over --------------------------------------------------------------------------------


def _check_key(asked: ColorKey, store: Store) -> None:
    from workbench.captions.colours import rgba

    rgba(asked.color.strip(), name="color")
    there(store, asked.video_id, "video")
    there(store, asked.overlay_video_id, "video")


def _key(asked: ColorKey, context: Context) -> dict[str, Any]:
    _check_key(asked, context.store)
    about = {"key": asked.color.strip(), "similarity": asked.similarity, "blend": asked.blend}
    return _laid(asked.video_id, asked.overlay_video_id, context, **about)


def _check_over(asked: Over, store: Store) -> None:
    there(store, asked.video_id, "video")
    there(store, asked.overlay_id, "image", "video")


def _over(asked: Over, context: Context) -> dict[str, Any]:
    _check_over(asked, context.store)
    return _laid(asked.video_id, asked.overlay_id, context, opacity=asked.opacity)


def _laid(base_id: str, overlay_id: str, context: Context, **about: Any) -> dict[str, Any]:
    """Lay something over the whole frame of a video, in its own shape.

    The old server laid clips unscaled into the upper left corner.
    """
    from workbench.media.probe import probe
    from workbench.media.video import Video

    store = context.store
    with (
        store.reading(base_id) as base,
        store.reading(overlay_id) as overlay,
        writing(context) as path,
    ):
        below, above = probe(base), probe(overlay)
        width, height, fps = _frame(below)
        video = (
            Video(f"{width}x{height}", fps=fps)
            .scene(base)
            .overlay(
                overlay,
                position="center",
                scale=_scale(above, width, height),
                loop=above.kind == "video",
                **about,
            )
        )
        made = video.render(
            path, cache=False, warn=False, progress=context.progress, cancel=context.cancel
        )
    return {"duration": made.duration, "warnings": list(made.warnings)}


def _frame(info: MediaInfo) -> tuple[int, int, int]:
    """Return the size and the rate at which a video is drawn anew."""
    video = info.video
    if video is None:  # the store takes such a file for no video
        raise ParameterError("has no picture", subject="video")
    share = min(1.0, _SIDE / max(video.width, video.height))
    width, height = (max(16, round(n * share) // 2 * 2) for n in (video.width, video.height))
    return width, height, min(120, max(1, round(video.fps or 30)))


def _scale(info: MediaInfo, width: int, height: int) -> float:
    """Return the width of what covers a frame, as a share of the frame's."""
    video = info.video
    if video is None:
        return 1.0
    by_height = 2 * ceil(height * video.width / video.height / 2)  # no row of pixels too few
    return min(_WIDEST, max(1.0, by_height / width))


# -- telling ------------------------------------------------------------------------------------


def _check_info(asked: Info, store: Store) -> None:
    there(store, asked.file_id, "video", "audio")


def _info(asked: Info, context: Context) -> dict[str, Any]:
    """Return what a file is: numbers, and beside them what the old server's clients read."""
    from workbench.media.probe import length, probe

    _check_info(asked, context.store)
    with context.store.reading(asked.file_id) as path:
        info = probe(path)
        seconds = info.duration if info.duration is not None else length(path)
    told = {"kind": info.kind, "format": info.format, "size": info.size, "duration": seconds}
    if info.video is not None:
        return told | _video(info, info.video)
    if info.audio is not None:
        return told | _audio(info, info.audio, seconds)
    raise MediaError("has neither picture nor sound", subject=asked.file_id)


def _video(info: MediaInfo, video: VideoStream) -> dict[str, Any]:
    shared = gcd(video.width, video.height) or 1
    return {
        "width": video.width,
        "height": video.height,
        "fps": None if video.fps is None else round(video.fps, 3),
        "aspect_ratio": f"{video.width // shared}:{video.height // shared}",
        "codec": video.codec,
        "rotation": video.rotation,
        "variable": video.variable,
        "has_audio": info.audio is not None,
        "bit_rate": video.bit_rate or info.bit_rate,
    }


def _audio(info: MediaInfo, audio: AudioStream, seconds: float) -> dict[str, Any]:
    bits = audio.bit_rate or info.bit_rate or round(info.size * 8 / max(seconds, 1e-3))
    return {
        "channels": audio.channels,
        "layout": audio.layout,
        "codec": audio.codec,
        "has_audio": True,
        # Texts on the old wire, which clients take apart as such; the numbers stand beside them.
        "sample_rate": str(audio.rate),
        "bitrate": str(bits),
        "rate": audio.rate,
        "bit_rate": bits,
    }


_MP4 = ("video", ".mp4")

OPERATIONS = (
    *captioned.OPERATIONS,
    Operation(name="merge_videos", parameters=Merge, run=_merge, check=_check_merge, output=_MP4),
    Operation(
        name="colorkey_overlay", parameters=ColorKey, run=_key, check=_check_key, output=_MP4
    ),
    Operation(name="add_overlay", parameters=Over, run=_over, check=_check_over, output=_MP4),
    Operation(name="info", parameters=Info, run=_info, check=_check_info, quick=True),
)
