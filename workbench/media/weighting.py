"""What a gain does to loudness, estimated: so that a limiter's gain is found without the meter.

`workbench.media.meter` has the last word; this saves it from being asked a dozen times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.audio import Samples
    from workbench.media.envelope import Envelope

__all__ = ["block_gains", "block_power", "gated"]

_BLOCKS = 10  # a second, as the standard's meter moves on
_WINDOW = 4  # blocks
_ABSOLUTE, _RELATIVE = -70.0, -10.0  # LUFS, LU
_OFFSET = -0.691  # dB, BS.1770's own
_AT_ONCE = 64  # blocks transformed together
_LEAST = 1e-12
# BS.1770-4, table 1 and 2, as the analogue filters that they were designed from (libebur128).
_SHELF, _SHELF_Q, _SHELF_GAIN = 1681.974, 0.7071752, 3.999844
_HIGH_PASS, _HIGH_PASS_Q = 38.13547, 0.5003270


def block_power(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Return the K-weighted power of each tenth of a second, its channels together.

    Parameters
    ----------
    samples
        Shape ``(frames, channels)``; an end that fills no block is left out.
    rate
        Frames per second.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000, dtype=np.float32)
    >>> round(gated(block_power(tone[:, np.newaxis] * np.float32(0.1), 48_000)), 1)
    -23.0
    """
    size = rate // _BLOCKS
    whole = len(samples) // size
    weights = _weights(np.fft.rfftfreq(size, 1 / rate))
    weights[1 : (size + 1) // 2] *= 2  # the other half of the spectrum
    found = np.zeros(whole)
    for first in range(0, whole, _AT_ONCE):
        last = min(first + _AT_ONCE, whole)
        for channel in range(samples.shape[1]):
            blocks = samples[first * size : last * size, channel].reshape(-1, size)
            spectra = np.fft.rfft(blocks)
            found[first:last] += (spectra.real**2 + spectra.imag**2) @ weights
    return found / size**2


def _weights(hertz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the factors of power at these frequencies."""
    x = hertz / _SHELF
    high = 10 ** (_SHELF_GAIN / 20)
    band = high**0.4996668
    shelf = (1 - high * x**2 + 1j * band * x / _SHELF_Q) / (1 - x**2 + 1j * x / _SHELF_Q)
    y = hertz / _HIGH_PASS
    passed = -(y**2) / (1 - y**2 + 1j * y / _HIGH_PASS_Q)
    weights: NDArray[np.float64] = np.abs(shelf * passed) ** 2
    return weights


def block_gains(envelope: Envelope, rate: int, blocks: int) -> NDArray[np.float64]:
    """Return by what an envelope multiplies the power of each block."""
    edges = (np.arange(blocks) * (rate // _BLOCKS)) // envelope.step
    squares = np.add.reduceat(envelope.gains**2, edges)
    counts = np.diff(np.append(edges, len(envelope.gains)))
    means: NDArray[np.float64] = squares / counts
    return means


def gated(power: NDArray[np.float64]) -> float:
    """Return the integrated loudness of blocks in LUFS, -inf where all is silent."""
    if len(power) < _WINDOW:
        return -np.inf
    sums = np.convolve(power, np.full(_WINDOW, 1 / _WINDOW), mode="valid")
    levels = _OFFSET + 10 * np.log10(np.maximum(sums, _LEAST))
    loud = levels > _ABSOLUTE
    if not loud.any():
        return -np.inf
    gate = _OFFSET + 10 * np.log10(sums[loud].mean()) + _RELATIVE
    loud &= levels > gate
    return float(_OFFSET + 10 * np.log10(sums[loud].mean()))
