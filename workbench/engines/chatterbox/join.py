"""Chunks of speech, one after the other: silence between them, and no click at either end of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbench.audio import Samples

__all__ = ["joined"]

_FADE = 0.010  # seconds


def joined(chunks: Iterable[Samples], *, gap: float, rate: int) -> Iterator[Samples]:
    """Yield the chunks as one sound, each as soon as it is there.

    The end of a chunk fades out and the beginning of the next one in, by a cosine and a sine over
    10 ms: their squares add up to one, so that where the two overlap, without a gap, the loudness
    stays (equal power).

    Parameters
    ----------
    chunks
        Samples of shape ``(frames,)``.
    gap
        Seconds of silence between two of them.
    rate
        Frames per second.

    Examples
    --------
    >>> ones = np.ones(1000, np.float32)
    >>> sum(len(part) for part in joined([ones, ones], gap=0.1, rate=1000))
    2100
    """
    silence = np.zeros(round(gap * rate), np.float32)
    held: Samples | None = None  # the last few samples of the chunk before
    for chunk in chunks:
        if held is None:
            now = chunk
        else:
            size = min(len(held), len(chunk), round(_FADE * rate))
            rise = np.sin(np.linspace(0, np.pi / 2, size, dtype=np.float32))
            out, into = held.copy(), chunk.copy()
            out[len(out) - size :] *= rise[::-1]  # the cosine
            into[:size] *= rise
            if silence.size or not size:
                now = np.concatenate([out, silence, into])
            else:
                both = out[len(out) - size :] + into[:size]
                now = np.concatenate([out[: len(out) - size], both, into[size:]])
        keep = min(len(now), round(_FADE * rate))
        if now[: len(now) - keep].size:
            yield now[: len(now) - keep]
        held = now[len(now) - keep :]
    if held is not None and held.size:
        yield held
