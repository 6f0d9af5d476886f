"""A recording as a video: its waveform, moving with the sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.captions.colours import rgba
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, existing, number
from workbench.media.outputs import receipt, sealed, target, writing
from workbench.media.pieces import Frame, checked_size, constant_rate
from workbench.media.recut import SOUND, encode_frames, stage_music
from workbench.media.soundblocks import Recording, recording
from workbench.media.soundpictures import envelope
from workbench.media.stills import planes
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["STYLES", "WaveformVideo", "waveform_video"]

STYLES = ("progress", "scroll")
"""How it moves: the whole recording fills up with colour, or a few seconds run past the middle."""

_MARGIN = 0.06  # of the width, free on each side
_TALL = 0.3  # of the shorter side, which the loudest peak reaches above and below the middle
_DIM = 0.35  # of the colour, in what is still to come
_BARS = 100  # across the width
_SHARES = (0.15, 0.1)  # of the progress: looking at the sound, and staging it


@dataclass(frozen=True, kw_only=True)
class WaveformVideo:
    """What `waveform_video` made.

    Parameters
    ----------
    path
        The file.
    duration
        Seconds.
    width, height, fps
        Of its picture.
    receipt
        The JSON file beside it that says how it was made.
    """

    path: Path
    duration: float
    width: int
    height: int
    fps: float
    receipt: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        told = None if self.receipt is None else str(self.receipt)
        return {**vars(self), "path": str(self.path), "receipt": told}


def waveform_video(
    source: str | os.PathLike[str] | Audio,
    output: str | os.PathLike[str],
    *,
    size: tuple[int, int] = (1080, 1080),
    fps: float = 30,
    style: str = "scroll",
    window: float = 4.0,
    colour: str = "#7aa2f7",
    background: str = "#101826",
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> WaveformVideo:
    """Make a video of a recording: its sound, and its waveform that moves with it.

    Parameters
    ----------
    source
        A sound, a video or an `Audio`.
    output
        The .mp4 file.
    size
        Width and height in even pixels.
    fps
        Frames per second, 1 to 120.
    style
        One of `STYLES`.
    window
        Seconds that are seen at once in ``scroll``, 0.5 to 60; the picture then moves by a whole,
        even number of pixels a frame, so it may be a little more or less.
    colour, background
        ``#rrggbb`` or a CSS colour name.
    limits, progress, cancel
        As for `workbench.media.merging.merge`.

    Raises
    ------
    ParameterError
        When an argument is not acceptable, before anything runs.
    MediaError
        When the file cannot be used.
    StorageError, Cancelled
        When the disk refuses, or on request.
    """
    width, height = checked_size(size)
    frame = Frame(width=width, height=height, fps=constant_rate(number("fps", fps, 1, 120)))
    choice("style", style, STYLES)
    span = number("window", window, 0.5, 60, unit="s")
    ink, ground = rgba(colour)[:3], rgba(background, name="background")[:3]
    files = [] if isinstance(source, Audio) else [existing(source)]
    goal = target(output, (".mp4",), inputs=files)
    sound = recording(source, limits=limits)
    limits.check_seconds(sound.name, sound.seconds)
    total = max(1, math.ceil(sound.seconds * frame.fps - 1e-6))
    seconds = float(total / frame.fps)
    with workspace() as folder, writing(goal, "drawing", progress) as (part, report):
        looking, staging = _SHARES
        drawn = _Drawing(sound, frame, total, ink, ground)
        frames = drawn.progress if style == "progress" else drawn.scroll
        pictures = frames(
            span, limits=limits, report=lambda done: report(looking * done), cancel=cancel
        )
        stage_music(source, folder / SOUND, limits=limits, cancel=cancel)
        report(looking + staging)
        rest = 1 - looking - staging
        encode_frames(
            pictures, frame, total, part, folder, heard=True, music=None, cancel=cancel,
            report=lambda done: report(looking + staging + rest * done),
        )  # fmt: skip
        judge(part, seconds=seconds, size=(width, height), fps=float(frame.fps), sound=True,
              limits=limits)  # fmt: skip
        seal = sealed(part)
    settings = {
        "size": [width, height], "fps": str(frame.fps), "style": style, "window": span,
        "colour": colour, "background": background,
        "audio": source.digest() if isinstance(source, Audio) else None,
    }  # fmt: skip
    return WaveformVideo(
        path=goal,
        duration=seconds,
        width=width,
        height=height,
        fps=float(frame.fps),
        receipt=receipt(goal, "waveform_video", files, settings, seal=seal),
    )


@dataclass(frozen=True)
class _Drawing:
    """A waveform of bars, drawn in the planes that the encoder takes."""

    sound: Recording
    frame: Frame
    total: int
    ink: tuple[int, ...]
    ground: tuple[int, ...]

    def progress(
        self,
        _: float,
        *,
        limits: Limits,
        report: Callable[[float], None],
        cancel: threading.Event | None,
    ) -> Iterator[bytearray]:
        """Return frames in which the whole waveform is seen, and its colour follows the sound."""
        width, step = self.frame.width, self._step
        margin = round(width * _MARGIN / 2) * 2
        bars = max(1, (width - 2 * margin) // step)
        tall = self._heights(bars, limits, report, cancel)
        columns = np.arange(width) - margin
        inside = (columns >= 0) & (columns < bars * step) & (columns % step < self._bar)
        halves = np.where(inside, tall[np.clip(columns // step, 0, bars - 1)], 0)

        def frames() -> Iterator[bytearray]:
            buffer = bytearray(self.frame.bytes)
            layers = self._layers(buffer)
            self._fill(layers, halves, np.zeros(width, bool))
            played: list[NDArray[np.uint8]] = [layer.copy() for layer in layers]
            self._fill(played, halves, np.ones(width, bool))
            done = 0
            for index in range(self.total):
                share = (index + 0.5) / self.total
                at = (margin + round(share * bars * step)) // 2 * 2
                for layer, lit, scale in zip(layers, played, (1, 2, 2), strict=True):
                    layer[:, done // scale : at // scale] = lit[:, done // scale : at // scale]
                done = at
                yield buffer

        return frames()

    def scroll(
        self,
        window: float,
        *,
        limits: Limits,
        report: Callable[[float], None],
        cancel: threading.Event | None,
    ) -> Iterator[bytearray]:
        """Return frames in which the sound runs past the middle, where it is heard."""
        width, step, fps = self.frame.width, self._step, float(self.frame.fps)
        shift = max(
            2, round(width / window / fps / 2) * 2
        )  # pixels a frame, even: chroma is halved
        bars = max(1, math.ceil(self.sound.seconds * fps * shift / step))
        tall = self._heights(bars, limits, report, cancel)
        columns = np.arange(width)
        played = columns < width // 2

        def frames() -> Iterator[bytearray]:
            buffer = bytearray(self.frame.bytes)
            layers = self._layers(buffer)
            for index in range(self.total):
                place = columns - width // 4 * 2 + index * shift
                inside = (place >= 0) & (place < bars * step) & (place % step < self._bar)
                halves = np.where(inside, tall[np.clip(place // step, 0, bars - 1)], 0)
                self._fill(layers, halves, played)
                yield buffer

        return frames()

    @property
    def _step(self) -> int:
        """Pixels from a bar to the next, even."""
        return max(4, self.frame.width // _BARS // 2 * 2)

    @property
    def _bar(self) -> int:
        """Pixels that a bar is wide, even."""
        return max(2, self._step * 2 // 3 // 2 * 2)

    def _heights(
        self,
        bars: int,
        limits: Limits,
        report: Callable[[float], None],
        cancel: threading.Event | None,
    ) -> NDArray[np.int64]:
        """Return half the height of each bar in pixels; the loudest is as high as there is room."""
        found = envelope(self.sound, bars, limits=limits, report=report, cancel=cancel)
        peaks = np.abs(found[..., :2]).max(axis=(1, 2))
        most = min(self.frame.width, self.frame.height) * _TALL
        loudest = max(float(peaks.max()), 1e-6)
        return np.asarray(np.maximum(2, np.rint(most * peaks / loudest)), np.int64)

    def _layers(self, buffer: bytearray) -> list[NDArray[np.uint8]]:
        """Return the three planes that lie in a frame's bytes."""
        width, height = self.frame.width, self.frame.height
        whole = np.frombuffer(buffer, np.uint8)
        luma, quarter = width * height, width * height // 4
        return [
            whole[:luma].reshape(height, width),
            whole[luma : luma + quarter].reshape(height // 2, width // 2),
            whole[luma + quarter :].reshape(height // 2, width // 2),
        ]

    def _fill(
        self, layers: list[NDArray[np.uint8]], halves: NDArray[np.int64], lit: NDArray[np.bool_]
    ) -> None:
        """Draw bars of these heights into three planes, those that are lit in full colour."""
        middle = self.frame.height // 2
        rows = np.abs(np.arange(self.frame.height) - middle + 0.5)[:, np.newaxis]
        drawn = rows < halves[np.newaxis]
        dim = tuple(
            round(_DIM * a + (1 - _DIM) * b) for a, b in zip(self.ink, self.ground, strict=True)
        )
        shades = [_yuv(shade) for shade in (self.ground, self.ink, dim)]
        for index, (layer, scale) in enumerate(zip(layers, (1, 2, 2), strict=True)):
            ground, ink, soft = (shade[index] for shade in shades)
            across = np.where(lit[::scale], ink, soft).astype(np.uint8)
            layer[:] = np.where(drawn[::scale, ::scale], across[np.newaxis], np.uint8(ground))


def _yuv(colour: tuple[int, ...]) -> tuple[int, int, int]:
    y, u, v = planes(np.full((2, 2, 3), colour, np.uint8))
    return int(y[0, 0]), int(u[0, 0]), int(v[0, 0])
