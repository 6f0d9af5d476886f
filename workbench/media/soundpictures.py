"""What a sound looks like: its waveform. Its spectrum is in `workbench.media.spectrum`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.audio import Audio
from workbench.captions.colours import rgba
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, existing, number, whole
from workbench.media.outputs import PICTURES, reporting, target, write_picture
from workbench.media.soundblocks import Recording, recording

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from workbench.media.stills import Picture

__all__ = ["Envelope", "envelope", "goal_of", "waveform_picture"]

_SMALLEST, _LARGEST = 32, 8192  # pixels of a side
_MARGIN = 0.92  # of half the height, which full scale reaches

Envelope = NDArray[np.float32]


def envelope(
    sound: Recording,
    columns: int,
    *,
    limits: Limits = DEFAULT_LIMITS,
    report: Callable[[float], None] = lambda _: None,
    cancel: threading.Event | None = None,
) -> Envelope:
    """Return lowest, highest and root-mean-square value for each column and channel.

    Parameters
    ----------
    sound
        What is looked at, block by block.
    columns
        How many equal parts of its time; more than it has frames repeats them.
    limits, report, cancel
        As for `waveform_picture`.

    Returns
    -------
    ndarray of float32
        Shape ``(columns, channels, 3)``.
    """
    low = np.full((columns, sound.channels), np.inf, np.float32)
    high = np.full((columns, sound.channels), -np.inf, np.float32)
    power = np.zeros((columns, sound.channels))
    counts = np.zeros((columns, 1))
    first = 0
    for block in sound.blocks(limits=limits, cancel=cancel):
        place = (first + np.arange(len(block))) * columns // max(sound.frames, first + len(block))
        edges = np.flatnonzero(np.diff(place, prepend=-1))
        into = place[edges]
        low[into] = np.minimum(low[into], np.minimum.reduceat(block, edges))
        high[into] = np.maximum(high[into], np.maximum.reduceat(block, edges))
        power[into] += np.add.reduceat(np.square(block, dtype=np.float64), edges)
        counts[into, 0] += np.diff(edges, append=len(block))
        first += len(block)
        report(min(1.0, first / sound.frames))
    seen = counts[:, 0] > 0
    if not seen.any():
        return np.zeros((columns, sound.channels, 3), np.float32)
    found = np.stack([low, high, np.sqrt(power / np.maximum(counts, 1)).astype(np.float32)], axis=2)
    nearest = np.maximum.accumulate(np.where(seen, np.arange(columns), 0))
    return np.asarray(found[nearest], np.float32)


def waveform_picture(
    source: str | os.PathLike[str] | Audio,
    output: str | os.PathLike[str] | None = None,
    *,
    width: int = 1200,
    height: int = 300,
    colour: str = "#7aa2f7",
    background: str = "#101826",
    channels: str = "mix",
    scale: str = "linear",
    normalize: bool = False,
    floor: float = -60.0,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Picture:
    """Return the waveform of a sound as a picture: its peaks, and within them its loudness.

    Parameters
    ----------
    source
        A sound, a video or an `Audio`.
    output
        Where the picture is written, .png, .jpg or .webp; None writes nothing.
    width, height
        Pixels, 32 to 8,192.
    colour, background
        ``#rrggbb`` or a CSS colour name. The peaks are a mix of both.
    channels
        ``mix`` draws one waveform, ``split`` one for the left above one for the right.
    scale
        ``linear``, or ``db``: full scale at the edge, `floor` in the middle.
    normalize
        Whether the loudest peak reaches the edge; else full scale does.
    floor
        dB of full scale, -120 to -6, from which on ``db`` draws something.
    limits
        What the file may be at most.
    progress
        Called with the part that is done; None shows a bar.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    ndarray of uint8
        RGB, shape ``(height, width, 3)``.

    Raises
    ------
    ParameterError
        When an argument is not acceptable.
    MediaError, StorageError, Cancelled
        When a file cannot be read or written, or on request.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> waveform_picture(Audio.silence(1, 8000), width=200, height=80).shape
    (80, 200, 3)
    """
    across = whole("width", width, _SMALLEST, _LARGEST, unit="px")
    down = whole("height", height, _SMALLEST, _LARGEST, unit="px")
    ink, ground = (
        np.array(rgba(each, name=name)[:3], np.float32)
        for each, name in ((colour, "colour"), (background, "background"))
    )
    choice("channels", channels, ("mix", "split"))
    choice("scale", scale, ("linear", "db"))
    deepest = number("floor", floor, -120, -6, unit="dB")
    goal = goal_of(output, source)
    sound = recording(source, limits=limits)
    with reporting(progress, "drawing") as report:
        found = envelope(sound, across, limits=limits, report=report, cancel=cancel)
    if channels == "mix":
        found = np.stack(
            [found[..., 0].min(1), found[..., 1].max(1), np.sqrt((found[..., 2] ** 2).mean(1))],
            axis=1,
        )[:, np.newaxis]
    if normalize:
        found = found / max(float(np.abs(found[..., :2]).max()), 1e-9)
    if scale == "db":
        with np.errstate(divide="ignore"):
            level = 20 * np.log10(np.abs(found))
        found = np.sign(found) * np.clip(1 - level / deepest, 0, 1)
    picture = np.empty((down, across, 3), np.float32)
    picture[:] = ground
    bands = found.shape[1]
    for band in range(bands):
        top, bottom = down * band // bands, down * (band + 1) // bands
        _draw(picture[top:bottom], found[:, band], ink)
    result = np.rint(picture).astype(np.uint8)
    if goal is not None:
        write_picture(result, goal)
    return result


def _draw(room: NDArray[np.float32], found: Envelope, ink: NDArray[np.float32]) -> None:
    """Draw peaks half as strong as the loudness within them; edges are shaded, not stepped."""
    high = room.shape[0]
    rows = np.arange(high, dtype=np.float32)[:, np.newaxis]
    half, middle = high / 2 * _MARGIN, high / 2
    lowest, highest, loud = (np.clip(found[:, n], -1, 1) for n in range(3))

    def cover(above: Envelope, below: Envelope) -> NDArray[np.float32]:
        """Return which part of each pixel lies between two heights; at least a line is seen."""
        top = middle - half * np.maximum(above, 0) - 0.5
        bottom = middle + half * np.maximum(below, 0) + 0.5
        part = np.minimum(rows + 1, bottom) - np.maximum(rows, top)
        return np.asarray(np.clip(part, 0, 1), np.float32)

    share = np.maximum(0.45 * cover(highest, -lowest), cover(loud, loud))[..., np.newaxis]
    room *= 1 - share
    room += ink * share


def goal_of(
    output: str | os.PathLike[str] | None, source: str | os.PathLike[str] | Audio
) -> Path | None:
    """Return where a picture of a sound goes, checked; None when it goes nowhere."""
    if output is None:
        return None
    return target(output, PICTURES, inputs=[] if isinstance(source, Audio) else [existing(source)])
