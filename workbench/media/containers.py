"""Foreign containers are opened here: as files that hold their media themselves, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError, MediaTooLarge
from workbench.media.limits import CLIP_FORMATS, DEFAULT_LIMITS, Limits, file_url

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INDEXED", "opened", "pictures_in", "shown_stream"]

INDEXED = frozenset({"mov", "matroska", "wav", "flac", "aiff", "avi"})
"""Formats that are entered exactly where they are asked to be, and begun again by ffmpeg. Others
are read from the start: of MPEG-TS it reads without an end after the first turn, and gives no
frame."""

_ATTACHED_PICTURE = 1024  # AV_DISPOSITION_ATTACHED_PIC: the cover of a song, not a video


def opened(path: Path, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return PyAV's container of a clip or a sound; close it, or use it as a block.

    Parameters
    ----------
    path
        A file. Playlists are refused whatever they are called, and nothing but it is read.
    limits
        What it may be at most. Frames of more pixels are refused by the decoder.

    Raises
    ------
    MediaTooLarge
        When it has more streams than the limit.
    MediaError
        When it is none of the known formats, or damaged so that it cannot be opened.
    """
    import av

    too_many = MediaTooLarge(
        f"has more than {limits.streams} streams", subject=str(path), cure="leave some out"
    )
    options = {
        "format_whitelist": CLIP_FORMATS,
        "protocol_whitelist": "file",
        # One more than is allowed: formats differ in whether those beyond are an error.
        "max_streams": str(limits.streams + 1),
    }
    decoding = [{"max_pixels": str(limits.pixels)}] * (limits.streams + 1)
    try:
        container = av.open(
            file_url(path),
            options=options,
            stream_options=decoding,  # type: ignore[arg-type] # a dict a stream, as its own documentation has it
            metadata_errors="replace",
        )
    except av.MemoryError as error:  # so MP4 and AVI tell of a stream too many
        raise too_many from error
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            "is not a picture, sound or video that can be opened",
            subject=str(path),
            cure="use MP4, MOV, MKV, WebM, WAV, MP3, FLAC, Ogg, PNG, JPEG or WebP",
        ) from error
    if len(container.streams) > limits.streams:
        container.close()
        raise too_many
    return container


def pictures_in(container: Any) -> list[Any]:
    """Return the streams of a container that are seen: not the cover of a song."""
    return [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not int(stream.disposition) & _ATTACHED_PICTURE
    ]


def shown_stream(container: Any, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the first stream that is seen, its decoder held to the limits.

    Raises
    ------
    MediaError
        When there is none.
    """
    found = pictures_in(container)
    if not found:
        raise MediaError("has no picture that moves", subject=str(container.name))
    found[0].codec_context.options = {"max_pixels": str(limits.pixels)}
    return found[0]
