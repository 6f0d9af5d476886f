"""A sound block by block, so that an hour of it is measured without a copy of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import Cancelled

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from workbench.audio import Audio, Samples

__all__ = ["blocks", "stop"]


def blocks(
    audio: Audio, frames: int, cancel: threading.Event | None = None
) -> Iterator[tuple[int, Samples]]:
    """Yield where each block begins, and its samples: views of shape ``(frames, channels)``.

    Parameters
    ----------
    audio
        The sound.
    frames
        How many to a block; the last one may have fewer.
    cancel
        Set it from another thread to stop before the next block.

    Raises
    ------
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> [(first, len(piece)) for first, piece in blocks(Audio.silence(1, 8_000), 3_000)]
    [(0, 3000), (3000, 3000), (6000, 2000)]
    """
    for first in range(0, audio.frames, frames):
        stop(cancel)
        yield first, audio.samples[first : first + frames]


def stop(cancel: threading.Event | None) -> None:
    """Raise `Cancelled` when `cancel` was set."""
    if cancel is not None and cancel.is_set():
        raise Cancelled("stopped on request", subject="measure")
