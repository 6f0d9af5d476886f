"""The frame of a video: its size, its rate, and what its files may be."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass

from workbench.errors import ParameterError
from workbench.media.graph import Canvas
from workbench.media.limits import DEFAULT_LIMITS, Limits, whole

__all__ = ["SIZES", "Frame"]

SIZES = {"9:16": (1080, 1920), "16:9": (1920, 1080), "1:1": (1080, 1080), "4:5": (1080, 1350)}
"""Frame sizes in pixels by their aspect; any other size is written as ``WIDTHxHEIGHT``."""

_SMALLEST, _LARGEST = 16, 4096


@dataclass(frozen=True)
class Frame:
    """What every part of a video knows of it; see `workbench.media.video.Video`."""

    size: str = "9:16"
    _: KW_ONLY
    fps: int = 30
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        object.__setattr__(self, "fps", whole("fps", self.fps, 1, 120))
        self.canvas  # noqa: B018 - checks the size now, not at the first use

    @property
    def canvas(self) -> Canvas:
        """The size and rate of the frames."""
        size = self.size
        if size in SIZES:
            return Canvas(width=SIZES[size][0], height=SIZES[size][1], fps=self.fps)
        match = re.fullmatch(r"([0-9]{2,4})x([0-9]{2,4})", str(size))
        if match is None:
            raise ParameterError(
                f"{size!r} is not a frame size",
                subject="size",
                cure=f"use one of {', '.join(SIZES)}, or WIDTHxHEIGHT such as 720x1280",
            )
        width, height = int(match[1]), int(match[2])
        if (
            width % 2
            or height % 2
            or not (_SMALLEST <= min(width, height) <= max(width, height) <= _LARGEST)
        ):
            raise ParameterError(
                f"{size} needs even sides of {_SMALLEST} to {_LARGEST} pixels", subject="size"
            )
        return Canvas(width=width, height=height, fps=self.fps)
