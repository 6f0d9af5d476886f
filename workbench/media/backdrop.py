"""A picture out of nothing: hills under a low sun, for a video that has none yet."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np

from workbench.media.limits import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.media.stills import Picture

__all__ = ["backdrop"]

_RIDGES = 5


def backdrop(seed: int = 1, *, width: int = 1296, height: int = 2304) -> Picture:
    """Return a landscape drawn from a seed; the same seed draws the same one.

    Parameters
    ----------
    seed
        0 or more.
    width, height
        Pixels, 16 to 8,192; the default is a vertical HD frame with room to move.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``.

    Examples
    --------
    >>> backdrop(3, width=90, height=160).shape
    (160, 90, 3)
    """
    width, height = (int(number("size", side, 16, 8192, unit="px")) for side in (width, height))
    chance = np.random.default_rng(int(number("seed", seed, 0, 2**32)))
    hue = chance.uniform(0, 1)
    across = np.linspace(0, 1, width, dtype=np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis]

    top, low = _colour(hue + 0.08, 0.55, 0.32), _colour(hue - 0.06, 0.45, 0.95)
    mix = np.clip(down / 0.75, 0, 1)[..., np.newaxis] ** 1.2
    picture = (1 - mix) * top + mix * low
    picture = np.broadcast_to(picture, (height, width, 3)).copy()

    aspect = height / width
    sun_x, sun_y = chance.uniform(0.3, 0.7), chance.uniform(0.38, 0.48)
    distance = np.hypot(across - sun_x, (down - sun_y) * aspect)
    glow = np.exp(-((distance / 0.42) ** 2))[..., np.newaxis] * 0.35
    disc = np.clip((0.13 - distance) * width / 2, 0, 1)[..., np.newaxis]
    light = _colour(hue - 0.1, 0.25, 1.0)
    picture += (light - picture) * np.maximum(glow, disc * 0.92)

    for ridge in range(_RIDGES):
        depth = (ridge + 1) / _RIDGES
        line = 0.46 + 0.42 * depth + _noise(across, chance, ridge) * (0.05 + 0.03 * depth)
        shade = _colour(hue + 0.05 * depth, 0.35 + 0.3 * depth, 0.72 - 0.6 * depth)
        above = max(0, int(line.min() * height) - 2)  # nothing of it stands higher
        cover = np.clip((down[above:] - line) * height / 2, 0, 1)[..., np.newaxis]
        picture[above:] += (shade - picture[above:]) * cover
    # A little noise keeps the smooth sky from banding in eight bits.
    picture += 0.004 * chance.standard_normal((height, width, 1), np.float32)
    finished: Picture = np.clip(picture * 255 + 0.5, 0, 255, out=picture).astype(np.uint8)
    return finished


def _colour(hue: float, saturation: float, value: float) -> NDArray[np.float32]:
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value), np.float32)


def _noise(
    across: NDArray[np.float32], chance: np.random.Generator, ridge: int
) -> NDArray[np.float32]:
    """Return a few sines of falling height, as a ridge line."""
    line = np.zeros_like(across)
    for octave in range(1, 6):
        phase = chance.uniform(0, 2 * np.pi)
        line += np.sin(across * (2.2 + ridge * 0.7) * octave * 1.7 + phase) / octave**1.5
    return line
