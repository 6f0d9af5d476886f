"""Video encoders: how they are set, and whether they work on this machine."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from workbench.errors import WorkbenchError
from workbench.media.ffmpeg import encode
from workbench.storage.atomic import workspace

__all__ = ["CANDIDATES", "X264", "works"]

X264: dict[str, Any] = {
    "c:v": "libx264",
    "preset": "veryfast",
    "crf": 21,
    "profile:v": "high",
    # A lit word changes its colour and not its shape: at the usual offset a tint of gold stayed on
    # the word before (89 of 255 at worst, 52 with this), for 8 % more bytes.
    "x264-params": "chroma-qp-offset=-4",
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
    "color_range": "tv",
}
"""The default. veryfast is where x264's time and size balance: medium costs 2.9 times the CPU."""

CANDIDATES = (
    "libx264",
    "libx265",
    "libsvtav1",
    "h264_nvenc",
    "hevc_nvenc",
    "h264_videotoolbox",
    "h264_qsv",
    "h264_vaapi",
    "h264_amf",
)
"""What `workbench doctor` tries."""


@lru_cache(maxsize=32)
def works(encoder: str) -> str:
    """Return an empty string when `encoder` encodes 5 frames here, else why it does not.

    A list of encoders says only what was compiled in: hardware is not asked. So frames are encoded.

    Examples
    --------
    >>> works("libx264")
    ''
    """
    if encoder not in CANDIDATES:
        return f"is not one of {', '.join(CANDIDATES)}"
    frame = bytes(320 * 240) + b"\x80" * (320 * 240 // 2)
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", "320x240", "-i", "pipe:0"]
    with workspace() as folder:
        try:
            encode(
                [*source, "-c:v", encoder, "-f", "null", "-"],
                [frame] * 5,
                folder=folder,
                limit=20,
            )
        except WorkbenchError as error:
            return error.problem
    return ""
