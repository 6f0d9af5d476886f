"""Pictures and clips of pictures that tests paint, and the frames of what was made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.media.ffmpeg import encode, read
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.media.video import Video

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
BLACK, WHITE, YELLOW = (0, 0, 0), (255, 255, 255), (255, 255, 0)


def flat(colour: tuple[int, int, int], width: int = 64, height: int = 64) -> np.ndarray:
    """Return a picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def film(
    path: Path,
    pictures: np.ndarray,
    fps: int = 5,
    *,
    filters: str = "null",
    options: tuple[str, ...] = ("-crf", "4"),
) -> Path:
    """Write pictures, ``(frames, height, width, 3)``, as a clip without sound."""
    height, width = pictures.shape[1:3]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{width}x{height}"]
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
    convert = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{filters}"
    arguments = [*raw, "-framerate", str(fps), "-i", "pipe:0", "-vf", convert, *tags, *options]
    with workspace() as folder:
        encode(
            [*arguments, f"file:{path}"],
            [picture.tobytes() for picture in pictures],
            folder=folder,
            limit=60,
        )
    return path


def turned(path: Path, source: Path, degrees: int) -> Path:
    """Write a clip with a note to turn it for display, as a phone does."""
    arguments = ["-display_rotation", str(degrees), "-i", f"file:{source}", "-c", "copy"]
    with workspace() as folder:
        encode([*arguments, f"file:{path}"], folder=folder, limit=60)
    return path


def seen(video: Video, folder: Path, **options: object) -> np.ndarray:
    """Render a video and return its frames as integers, ``(frames, height, width, 3)``."""
    options = {"cache": False, "progress": lambda _: None, **options}
    made = video.render(folder / "seen.mp4", **options)
    return frames_of(made.path, made.width, made.height)


def frames_of(path: Path, width: int, height: int) -> np.ndarray:
    """Return all frames of a video as integers, to the nearest level."""
    exact = ("-sws_flags", "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp")
    with workspace() as folder:
        data = b"".join(
            bytes(part)
            for part in read(
                ["-i", f"file:{path}", *exact, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
                1 << 20,
                folder=folder,
                limit=60,
            )
        )
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3).astype(int)


def is_colour(part: np.ndarray, colour: tuple[int, int, int], within: float = 8) -> bool:
    """Whether every pixel of a part of a frame has a colour."""
    return bool(np.abs(part - np.array(colour)).max() <= within)
