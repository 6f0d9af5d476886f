"""A gain that changes over time: what a fader, a ducker and a limiter have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from workbench.audio import Samples

__all__ = ["Envelope", "fade_gains", "laid", "scaled"]

_PIECE = 1 << 16  # frames worked on at a time: what an hour needs must not be held at once


@dataclass(frozen=True, kw_only=True, eq=False)
class Envelope:
    """Gains at evenly spaced frames, and on straight lines between them.

    Parameters
    ----------
    step
        Frames from one gain to the next.
    gains
        Linear factors; the first is that of frame 0. The last one holds from there on.

    Examples
    --------
    >>> ramp = Envelope(step=4, gains=np.array([1.0, 0.0]))
    >>> ramp.over(0, 6).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    step: int
    gains: NDArray[np.float64]

    def over(self, first: int, count: int) -> Samples:
        """Return the gains of the frames ``first`` to ``first + count - 1``."""
        from_knot = min(max(first // self.step, 0), len(self.gains) - 1)
        to_knot = (first + count) // self.step + 2
        near = self.gains[from_knot:to_knot]
        knots = np.arange(from_knot, from_knot + len(near)) * self.step
        return np.interp(np.arange(first, first + count), knots, near).astype(np.float32)

    @property
    def deepest(self) -> float:
        """Decibels at the lowest point, 0 or less."""
        return float(20 * np.log10(max(float(self.gains.min(initial=1.0)), 1e-9)))


def fade_gains(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gains of a fade: half a cosine, from 0 at position 0 to 1 at position 1.

    Examples
    --------
    >>> fade_gains(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).round(3).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    gains: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0.0, 1.0))
    return gains


def scaled(samples: Samples, gain: float, envelope: Envelope | None = None) -> Iterator[Samples]:
    """Yield a sound piece by piece, with a gain and an envelope laid on it."""
    for first in range(0, len(samples), _PIECE):
        piece = samples[first : first + _PIECE]
        if envelope is not None:
            piece = piece * (envelope.over(first, len(piece)) * np.float32(gain))[:, np.newaxis]
        elif gain != 1.0:
            piece = piece * np.float32(gain)
        yield piece


def laid(
    samples: Samples, gain: float, envelope: Envelope | None = None, *, out: Samples | None = None
) -> Samples:
    """Return a sound with a gain and an envelope laid on it; in `out`, which may be itself."""
    made = np.empty_like(samples) if out is None else out
    if made is samples and gain == 1.0 and envelope is None:
        return made
    place = 0
    for piece in scaled(samples, gain, envelope):
        made[place : place + len(piece)] = piece
        place += len(piece)
    return made
