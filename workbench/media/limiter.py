"""A look-ahead limiter for true peaks (ITU-R BS.1770-4, annex 2).

The gain falls before a peak arrives and rises slowly after it, so that it neither clicks nor
pumps; both channels share it, so that nothing moves in the stereo picture.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import Cancelled
from workbench.media.envelope import Envelope

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from workbench.audio import Samples

__all__ = ["RELEASES", "Peaks", "limiter", "true_peaks"]

_OVERSAMPLED = 4  # the standard's own factor at 48 kHz
_STEPS = 2_000  # gains a second
_LOOK_AHEAD = 0.005  # seconds
RELEASES = (80.0, 250.0, 800.0)
"""Decibels a second at which the gain comes back, the gentlest first: slow ones keep the sound of
a voice, quick ones its loudness."""

_BLOCK = 1 << 12
_MARGIN = 64  # frames on either side of a block, so that the filter has settled in it
# What lies between the samples can be this much above them (a tone at a quarter of the rate).
_BETWEEN = math.sqrt(2)

Peaks = tuple[int, "NDArray[np.float64]"]
"""Frames of a step, and the highest level of any channel in each."""


def true_peaks(
    samples: Samples, rate: int, *, above: float, cancel: threading.Event | None = None
) -> Peaks:
    """Return the peaks of a sound in steps of half a millisecond.

    Parameters
    ----------
    samples
        Shape ``(frames, channels)``.
    rate
        Frames per second.
    above
        Only where peaks may lie above this level are they looked for between the samples.
    cancel
        Set it from another thread to stop.
    """
    import soxr

    step = max(1, rate // _STEPS)
    block = _BLOCK // step * step
    found = np.zeros(-(-len(samples) // step))
    for first in range(0, len(samples), block):
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped on request", subject="limiter")
        level = _loudest(samples[first : first + block])
        edges = np.arange(0, len(level), step)
        here = np.maximum.reduceat(level, edges)
        if level.max(initial=0.0) * _BETWEEN > above:
            before = min(first, _MARGIN)
            wide = samples[first - before : first + block + _MARGIN]
            fine = _loudest(soxr.resample(wide, rate, rate * _OVERSAMPLED, "MQ"))
            fine = fine[before * _OVERSAMPLED :][: len(level) * _OVERSAMPLED]
            here = np.maximum(here, np.maximum.reduceat(fine, edges * _OVERSAMPLED))
        found[first // step :][: len(here)] = here
    return step, found


def _loudest(samples: Samples) -> Samples:
    """Return the highest level of any channel at each frame."""
    level = np.abs(samples[:, 0])
    for channel in range(1, samples.shape[1]):  # many times faster than max(axis=1)
        np.maximum(level, np.abs(samples[:, channel]), out=level)
    return level


def limiter(
    peaks: Peaks, rate: int, *, gain: float, ceiling: float, release: float = RELEASES[0]
) -> Envelope | None:
    """Return the envelope that holds a sound under a ceiling; None where it already is.

    Parameters
    ----------
    peaks
        As `true_peaks` gives them.
    rate
        Frames per second.
    gain
        Linear factor the sound will have beside the envelope.
    ceiling
        Highest level, linear.
    release
        Decibels a second at which it comes back.
    """
    step, levels = peaks
    if gain * float(levels.max(initial=0.0)) <= ceiling:
        return None
    needed = np.minimum(1.0, ceiling / np.maximum(levels * gain, 1e-12))
    # A step lies between two gains: neither may be above what it needs.
    knots = np.append(needed, 1.0)
    knots[1:] = np.minimum(knots[1:], needed)
    reach = math.ceil(_LOOK_AHEAD * rate / step)
    wide = np.pad(knots, 2 * reach, mode="edge")
    window = 2 * reach + 1
    held = np.lib.stride_tricks.sliding_window_view(wide, window).min(axis=1)
    slope = release * step / rate * np.arange(len(held))
    released = np.minimum.accumulate(20 * np.log10(held) - slope) + slope
    kernel = np.hanning(window + 2)[1:-1]
    # Each smoothed gain is a mean of gains that were all held down for its own peak.
    smooth = np.convolve(10 ** (released / 20), kernel / kernel.sum(), mode="valid")
    return Envelope(step=step, gains=np.minimum(smooth, 1.0))
