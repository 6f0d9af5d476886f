"""Pictures are taken out of videos, put side by side, and made less perfect."""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from workbench.errors import ParameterError
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.inputs import there, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.storage.store import Store

__all__ = ["OPERATIONS"]

_FRAMES = 200
_PICTURES = 50  # of a grid
_PICTURE_BYTES = 50 << 20
_VIDEO_BYTES = 500 << 20
_SECONDS = 300.0  # of a download
_BEFORE = 0.3  # seconds before the end, where a later moment was asked for
_GRID = (1920, 1080)
_LONGEST = 8000  # letters of an address
_NEXT = re.compile(r",(?=\s*(?:[a-z]+://|image_))", re.IGNORECASE)


class ExtractFrame(Parameters):
    """A moment of a video."""

    video_id: str
    timestamp: float = Field(default=1.0, ge=0, le=1e6)


class ExtractFrames(Parameters):
    """Moments of a video, evenly spaced."""

    video_id: str | None = None
    url: str | None = Field(default=None, max_length=_LONGEST)
    amount: int = Field(default=5, ge=1, le=_FRAMES)
    length_seconds: float | None = Field(default=None, gt=0, le=1e6)
    stitch: bool = False


def _apart(said: object) -> object:
    """Return a text with commas, as the old wire has it, as a list of what is between them.

    A comma within an address is a part of it.

    Examples
    --------
    >>> _apart("https://a.example/?x=1,2, https://b.example/,")
    ['https://a.example/?x=1,2', 'https://b.example/']
    """
    if not isinstance(said, str):
        return said
    parts = [part.strip(", \n") for part in _NEXT.split(said)]
    return [part for part in parts if part]


Listed = Annotated[list[str], BeforeValidator(_apart)]


class StitchImages(Parameters):
    """Pictures by their addresses, then by their ids."""

    image_urls: Listed = Field(default_factory=list)
    image_ids: Listed = Field(default_factory=list)
    max_width: int = Field(default=_GRID[0], ge=16, le=8192)
    max_height: int = Field(default=_GRID[1], ge=16, le=8192)


class ImperfectImage(Parameters):
    """A picture that is too good."""

    image_id: str
    enhance_color: float | None = Field(default=None, ge=0, le=2)
    enhance_contrast: float | None = Field(default=None, ge=0, le=2)
    noise_strength: float = Field(default=0, ge=0, le=100)
    seed: int | None = Field(default=None, ge=0, lt=2**63)


# -- frames -------------------------------------------------------------------------------------


def _check_frame(asked: ExtractFrame, store: Store) -> None:
    there(store, asked.video_id, "video")


def _extract_frame(asked: ExtractFrame, context: Context) -> dict[str, Any]:
    """Write the picture that is seen at a moment; from beyond the end, one shortly before it."""
    from workbench.media.frames import frame_at
    from workbench.media.outputs import write_picture
    from workbench.media.probe import length

    _check_frame(asked, context.store)
    with context.store.reading(asked.video_id) as video, writing(context) as path:
        seconds, moment = length(video), asked.timestamp
        if moment >= seconds:
            moment = max(0.0, seconds - _BEFORE)
        context.progress(0.1)
        picture = frame_at(video, moment)
        write_picture(picture, path)
    height, width = picture.shape[:2]
    return {"timestamp": moment, "width": width, "height": height}


def _check_frames(asked: ExtractFrames, store: Store) -> None:
    if bool(asked.url) == bool(asked.video_id):
        raise ParameterError("give one of the two", subject="url and video_id")
    if asked.video_id:
        there(store, asked.video_id, "video")
    if asked.url:
        _check_url(asked.url)


def _extract_frames(asked: ExtractFrames, context: Context) -> dict[str, Any]:
    """Keep the pictures at the middles of as many equal parts, and a sheet of them if asked."""
    from workbench.media.extract import save_frames
    from workbench.media.probe import length
    from workbench.media.sheet import image_grid

    _check_frames(asked, context.store)
    store = context.store
    with store.scratch() as folder, _video(asked, context) as video:
        seconds = min(length(video), asked.length_seconds or float("inf"))
        frames = save_frames(
            video,
            folder / "frames",
            times=[seconds * (n + 0.5) / asked.amount for n in range(asked.amount)],
            progress=lambda share: context.progress(0.3 + 0.5 * share),
            cancel=context.cancel,
        )
        made = [frame.path for frame in frames]
        if asked.stitch:
            made.append(folder / "sheet.jpg")
            image_grid([frame.path for frame in frames], made[-1], max_size=_GRID)
        ids = _kept(made, context)
    sheet = ids.pop() if asked.stitch else None
    return {
        "image_ids": ids,
        "sheet_id": sheet,
        "timestamps": [round(frame.seconds, 3) for frame in frames],
    }


def _kept(paths: list[Path], context: Context) -> list[str]:
    """Keep all of some files, or none of them."""
    ids: list[str] = []
    try:
        for number, path in enumerate(paths, start=1):
            ids.append(context.store.put(path, type="image").id)
            context.progress(0.8 + 0.2 * number / len(paths))
    except BaseException:
        for file_id in ids:
            context.store.delete(file_id)
        raise
    return ids


@contextmanager
def _video(asked: ExtractFrames, context: Context) -> Iterator[Path]:
    """Yield a video of the store, or one that is downloaded: ffmpeg is never given an address."""
    from workbench.storage.problems import naming

    if asked.video_id:
        with context.store.reading(asked.video_id) as path:
            yield path
        return
    with context.store.scratch() as folder:
        path = folder / "video"
        name = _downloaded(asked.url or "", path, context, limit=_VIDEO_BYTES, share=(0.0, 0.3))
        with naming(path, name):
            yield path


# -- pictures -----------------------------------------------------------------------------------


def _check_stitch(asked: StitchImages, store: Store) -> None:
    count = len(asked.image_urls) + len(asked.image_ids)
    if not 1 <= count <= _PICTURES:
        raise ParameterError(
            f"are {count}",
            subject="pictures",
            cure=f"give 1 to {_PICTURES} of image_urls and image_ids",
        )
    for url in asked.image_urls:
        _check_url(url.strip())
    for name in asked.image_ids:
        there(store, name.strip(), "image")


def _stitch(asked: StitchImages, context: Context) -> dict[str, Any]:
    from workbench.media.sheet import image_grid
    from workbench.storage.problems import naming

    _check_stitch(asked, context.store)
    with ExitStack() as stack:
        folder = stack.enter_context(context.store.scratch())
        paths: list[Path] = []
        for number, url in enumerate(asked.image_urls):
            paths.append(folder / f"{number}")
            share = (0.8 * number / len(asked.image_urls), 0.8 / len(asked.image_urls))
            name = _downloaded(url.strip(), paths[-1], context, limit=_PICTURE_BYTES, share=share)
            stack.enter_context(naming(paths[-1], name))
        reading = context.store.reading
        paths += [stack.enter_context(reading(one.strip())) for one in asked.image_ids]
        context.progress(0.8)
        target = stack.enter_context(writing(context))
        grid = image_grid(paths, target, max_size=(asked.max_width, asked.max_height))
        context.progress(0.95)
    height, width = grid.shape[:2]
    return {"width": width, "height": height}


def _check_image(asked: ImperfectImage, store: Store) -> None:
    there(store, asked.image_id, "image")


def _imperfect(asked: ImperfectImage, context: Context) -> dict[str, Any]:
    from workbench.media.sheet import imperfect

    _check_image(asked, context.store)
    seed = secrets.randbits(31) if asked.seed is None else asked.seed
    context.progress(0.1)
    with context.store.reading(asked.image_id) as picture, writing(context) as path:
        imperfect(
            picture,
            path,
            colour=1.0 if asked.enhance_color is None else asked.enhance_color,
            contrast=1.0 if asked.enhance_contrast is None else asked.enhance_contrast,
            noise=asked.noise_strength,
            seed=seed,
        )
        context.progress(0.9)
    return {"seed": seed}


# -- both ---------------------------------------------------------------------------------------


def _check_url(url: str) -> None:
    from workbench.storage.addresses import place_of

    if len(url) > _LONGEST:
        raise ParameterError(f"has more than {_LONGEST:,} letters", subject="url")
    place_of(url)


def _downloaded(
    url: str, path: Path, context: Context, *, limit: int, share: tuple[float, float]
) -> str:
    """Download a file; return what it is called in errors."""
    from workbench.storage.download import download

    start, part = share
    found = download(
        url,
        path,
        limit=limit,
        seconds=_SECONDS,
        private=context.private,
        progress=lambda done: context.progress(start + part * done),
        cancel=context.cancel,
    )
    return found.url


_JPEG = ("image", ".jpg")

OPERATIONS = (
    Operation(
        name="extract_frame",
        parameters=ExtractFrame,
        run=_extract_frame,
        check=_check_frame,
        output=_JPEG,
        quick=True,
    ),
    Operation(
        name="extract_frames", parameters=ExtractFrames, run=_extract_frames, check=_check_frames
    ),
    Operation(
        name="stitch_images",
        parameters=StitchImages,
        run=_stitch,
        check=_check_stitch,
        output=_JPEG,
    ),
    Operation(
        name="imperfect_image",
        parameters=ImperfectImage,
        run=_imperfect,
        check=_check_image,
        output=_JPEG,
    ),
)
