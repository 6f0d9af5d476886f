"""What a sound is made of: its spectrum over time, as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.captions.fonts import find_font
from workbench.errors import ParameterError
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, number, whole
from workbench.media.outputs import reporting, write_picture
from workbench.media.soundblocks import Recording, recording
from workbench.media.soundpictures import goal_of

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable

    from numpy.typing import NDArray

    from workbench.audio import Audio
    from workbench.media.stills import Picture

__all__ = ["spectrum_picture"]

_SMALLEST, _LARGEST = 32, 8192  # pixels of a side
_WINDOWS = 12  # spectra for each column, at most: long sounds are sampled, not averaged in full
_TINY = 1e-14  # power of silence
_TICK_FONT = 11  # pixels
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds between ticks
_MARKS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)  # Hz
_MINUTE = 60


def spectrum_picture(
    source: str | os.PathLike[str] | Audio,
    output: str | os.PathLike[str] | None = None,
    *,
    width: int = 1200,
    height: int = 500,
    scale: str = "mel",
    lowest: float = 40.0,
    highest: float | None = None,
    floor: float = -90.0,
    window: int = 2048,
    colours: str = "magma",
    axes: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Picture:
    """Return a spectrogram: time from left to right, frequency upwards, loudness as colour.

    Parameters
    ----------
    source
        A sound, a video or an `Audio`.
    output
        Where the picture is written, .png, .jpg or .webp; None writes nothing.
    width, height
        Pixels, 32 to 8,192, axes included.
    scale
        ``mel`` (as pitch is heard: Slaney's successor by O'Shaughnessy, 2595 log10(1 + f/700)),
        ``log`` or ``linear``.
    lowest, highest
        Hz at the bottom and the top; the highest of None is half the rate.
    floor
        dB of a full-scale sine, -140 to -20, which is drawn darkest.
    window
        Frames of sound in one spectrum: 256, 512, … 16,384. Long ones tell pitches apart, short
        ones moments.
    colours
        ``magma``, ``viridis``, ``inferno``, ``plasma``, ``cividis`` or ``gray``.
    axes
        Whether times and frequencies are written at the edges.
    limits, progress, cancel
        As for `workbench.media.soundpictures.waveform_picture`.

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
    """
    across = whole("width", width, _SMALLEST, _LARGEST, unit="px")
    down = whole("height", height, _SMALLEST, _LARGEST, unit="px")
    choice("scale", scale, _SCALES)
    choice("colours", colours, ("magma", "viridis", "inferno", "plasma", "cividis", "gray"))
    deepest = number("floor", floor, -140, -20, unit="dB")
    size = whole("window", window, 256, 16_384, unit="frames")
    if size & (size - 1):
        size = 1 << (size.bit_length() - 1)
    goal = goal_of(output, source)
    bottom = number("lowest", lowest, 1, 100_000, unit="Hz")
    top = None if highest is None else number("highest", highest, 2, 400_000, unit="Hz")
    sound = recording(source, limits=limits)
    top = min(top or sound.rate / 2, sound.rate / 2)
    if bottom >= top:
        raise ParameterError(
            f"must be below the highest frequency, {top:g} Hz, not {bottom:g}", subject="lowest"
        )
    left, below = (_TICK_FONT * 4, _TICK_FONT * 2) if axes else (0, 0)
    shown = (max(1, across - left), max(1, down - below))
    rows = _rows(scale, bottom, top, shown[1])
    with reporting(progress, "drawing") as report:
        levels = _levels(sound, shown[0], rows, size, limits=limits, report=report, cancel=cancel)
    share = np.clip(1 - levels / deepest, 0, 1)
    picture = np.full((down, across, 3), (16, 24, 38), np.uint8)
    picture[: shown[1], across - shown[0] :] = _palette(colours)[np.rint(share * 255).astype(int)]
    if axes:
        picture = _with_axes(picture, sound.seconds, rows, shown)
    if goal is not None:
        write_picture(picture, goal)
    return picture


_SCALES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "mel": (lambda f: 2595 * np.log10(1 + f / 700), lambda m: 700 * (10 ** (m / 2595) - 1)),
    "log": (np.log, np.exp),
    "linear": (lambda f: f, lambda f: f),
}


def _rows(scale: str, bottom: float, top: float, rows: int) -> NDArray[np.float64]:
    """Return the edges of the rows in Hz, the top first."""
    there, back = _SCALES[scale]
    return np.asarray(back(np.linspace(there(top), there(bottom), rows + 1)))


def _levels(
    sound: Recording,
    columns: int,
    rows: NDArray[np.float64],
    size: int,
    *,
    limits: Limits,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> NDArray[np.float32]:
    """Return dB of a full-scale sine, of shape ``(rows, columns)``."""
    taper = np.hanning(size + 1)[:-1].astype(np.float32)
    bins = np.arange(size // 2 + 1) * sound.rate / size
    first = np.clip(np.searchsorted(bins, rows[1:]), 0, len(bins) - 1)
    last = np.clip(np.searchsorted(bins, rows[:-1]), first + 1, len(bins))
    centre = (rows[1:] + rows[:-1]) / 2
    narrow = bins[first] > rows[:-1]  # no bin falls within: what is between its neighbours
    levels = np.empty((len(centre), columns), np.float32)
    kept = np.zeros(size // 2, np.float32)  # a window at the very start is half silence
    begin, column = -(size // 2), 0  # the place in the sound of the first frame that is kept

    def ready(end: int) -> bool:
        return (
            column < columns
            and _middles(column, columns, sound.frames, size)[-1] + size // 2 <= end
        )

    def draw() -> None:
        starts = _middles(column, columns, sound.frames, size) - size // 2 - begin
        cut = np.stack([kept[start : start + size] for start in starts]) * taper
        power = np.square(np.abs(np.fft.rfft(cut)) / (size / 4)).mean(0)
        level = np.maximum.reduceat(np.append(power, 0), np.stack([first, last], 1).ravel())[::2]
        level = np.where(narrow, np.interp(centre, bins, power), level)
        levels[:, column] = 10 * np.log10(np.maximum(level, _TINY))

    for block in sound.blocks(limits=limits, cancel=cancel):
        kept = np.concatenate([kept, block.mean(axis=1)])
        while ready(begin + len(kept)):
            draw()
            column += 1
        if column < columns:
            over = _middles(column, columns, sound.frames, size)[0] - size // 2 - begin
            if over > 0:
                kept, begin = kept[over:], begin + over
        report(min(1.0, column / columns))
    while column < columns:
        needed = _middles(column, columns, sound.frames, size)[-1] + size // 2 - begin
        kept = np.pad(kept, (0, max(0, needed - len(kept))))
        draw()
        column += 1
    return levels


def _middles(column: int, columns: int, frames: int, size: int) -> NDArray[np.int64]:
    """Return the middles of the spectra of a column."""
    start, end = column * frames / columns, (column + 1) * frames / columns
    count = int(min(_WINDOWS, max(1, (end - start) // (size // 2))))
    return np.asarray(start + (np.arange(count) + 0.5) * (end - start) / count, np.int64)


def _palette(name: str) -> NDArray[np.uint8]:
    from matplotlib import colormaps

    return np.asarray(np.rint(colormaps[name](np.arange(256))[:, :3] * 255), np.uint8)


def _with_axes(
    picture: Picture, seconds: float, rows: NDArray[np.float64], shown: tuple[int, int]
) -> Picture:
    """Write times below and frequencies to the left of a spectrogram."""
    from PIL import Image, ImageDraw, ImageFont

    face = ImageFont.truetype(str(find_font().path), _TICK_FONT)
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    left = picture.shape[1] - shown[0]
    ink = (200, 210, 230)
    step = next((s for s in _STEPS if seconds / s * _TICK_FONT * 5 <= shown[0]), 7200)
    if seconds < _STEPS[0] * 2:
        step = 10 ** math.floor(math.log10(max(seconds, 1e-3) / 4))
    for tick in range(int(seconds / step + 1e-9) + 1):
        at = left + tick * step / seconds * (shown[0] - 1)
        draw.line((at, shown[1], at, shown[1] + 3), fill=ink)
        text = _time(tick * step)
        wide = face.getlength(text)
        place = min(max(at - wide / 2, 0), picture.shape[1] - wide)
        draw.text((place, shown[1] + 4), text, font=face, fill=ink)
    free = float(shown[1])
    for mark in _MARKS:
        if not rows[-1] <= mark <= rows[0]:
            continue
        at = float(np.interp(-mark, -rows, np.arange(len(rows))))
        if free - at < _TICK_FONT * 1.2 or at < _TICK_FONT / 2:
            continue
        free = at
        text = f"{mark // 1000}k" if mark >= 1000 else str(mark)  # noqa: PLR2004
        draw.line((left - 4, at, left - 1, at), fill=ink)
        draw.text((left - 6, at), text, font=face, fill=ink, anchor="rm")
    return np.array(image)


def _time(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:g}"
    return f"{int(seconds // _MINUTE)}:{seconds % _MINUTE:02.0f}"
