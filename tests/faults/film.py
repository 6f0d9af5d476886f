"""A film that takes long to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import workbench as wb
from workbench.media.backdrop import backdrop

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["long_video"]


def long_video(clip: Path) -> wb.Video:
    """Return minutes of work for a machine: stopped in time, nearly all of it is still to do."""
    video = wb.Video("320x320", fps=30)
    for seed in range(3):
        video = video.scene(backdrop(seed, width=400, height=400), motion="zoom-in", duration=60)
    return video.scene(clip, duration=60)
