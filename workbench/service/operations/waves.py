"""Sound into a WAV file of 16 bits, which is what every client of the old server expects."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from workbench.audio import Audio
from workbench.errors import MediaTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

__all__ = ["HEAD", "MOST", "Wave", "write_wav"]

HEAD = 44
"""Bytes before the samples of a file that `Wave` writes."""

MOST = (1 << 32) - HEAD
"""Bytes of samples that a file can have: its length has 32 bits."""

_FULL = 32_767.0
_PIECE = 1 << 16  # frames that are converted at a time: they fit into a processor's cache


class Wave:
    """A WAV file that is written piece by piece, so that hours of sound need no memory.

    Parameters
    ----------
    path
        The file.
    rate, channels
        Of all that is written to it: what is otherwise is converted.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pathlib import Path
    >>> with TemporaryDirectory() as folder:
    ...     with Wave(Path(folder, "a.wav"), 8000, 2) as file:
    ...         file.add(Audio.silence(1, 16_000))
    ...         file.pause(0.5)
    ...     Audio.read(f"{folder}/a.wav"), file.frames
    (Audio(1.500 s, 8000 Hz, stereo), 12000)
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.rate, self.channels = rate, channels
        self.frames = 0
        self._file = path.open("wb")
        self._file.write(bytes(HEAD))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._file:
            if kind is None:
                self._file.seek(0)
                self._file.write(self._head())

    def add(self, sound: Audio) -> None:
        """Write a sound; what is beyond full scale is clipped.

        Raises
        ------
        MediaTooLarge
            When a WAV file cannot hold it.
        """
        given = sound.resample(self.rate)
        if given.channels not in {1, self.channels}:
            given = given.with_channels(self.channels)
        self._room(given.frames)
        room = np.empty((min(_PIECE, given.frames), self.channels), np.float32)
        for first in range(0, given.frames, _PIECE):
            part = given.samples[first : first + _PIECE]
            piece = room[: len(part)]
            np.multiply(part, _FULL, out=piece)  # one channel goes into all of them
            np.clip(piece, -_FULL, _FULL, out=piece)
            self._file.write(np.rint(piece, out=piece).astype("<i2").data)
        self.frames += given.frames

    def pour(self, pieces: Iterable[Audio]) -> None:
        """Write one sound that comes in pieces, all of one rate and as many channels.

        Raises
        ------
        MediaTooLarge
            When a WAV file cannot hold it.
        """
        stream: Any = None
        for piece in pieces:
            if piece.rate != self.rate:
                import soxr

                if stream is None:
                    stream = soxr.ResampleStream(
                        piece.rate, self.rate, piece.channels, dtype="float32"
                    )
                    last = np.zeros((0, piece.channels), np.float32)
                made = stream.resample_chunk(piece.samples)
                self.add(Audio.owning(made, self.rate))
            else:
                self.add(piece)
        if stream is not None:
            self.add(Audio.owning(stream.resample_chunk(last, last=True), self.rate))

    def pause(self, seconds: float) -> None:
        """Write silence."""
        self.silence(round(seconds * self.rate))

    def silence(self, frames: int) -> None:
        """Write so many frames of silence."""
        self._room(frames)
        self.frames += frames
        nothing = bytes(min(frames, _PIECE) * self.channels * 2)
        while frames > 0:
            now = min(frames, _PIECE)
            self._file.write(nothing[: now * self.channels * 2])
            frames -= now

    @property
    def duration(self) -> float:
        """Seconds that have been written."""
        return self.frames / self.rate

    def _room(self, frames: int) -> None:
        if (self.frames + frames) * self.channels * 2 > MOST:
            raise MediaTooLarge(
                f"is more than a WAV file holds ({MOST / 1e9:.1f} GB)",
                subject="the sound",
                cure="make it in parts",
            )

    def _head(self) -> bytes:
        size, block = self.frames * self.channels * 2, self.channels * 2
        form = struct.pack("<HHIIHH", 1, self.channels, self.rate, self.rate * block, block, 16)
        return (
            struct.pack("<4sI4s4sI", b"RIFF", size + HEAD - 8, b"WAVE", b"fmt ", 16)
            + form
            + struct.pack("<4sI", b"data", size)
        )


def write_wav(path: Path, sound: Audio) -> None:
    """Write a sound as 16-bit PCM; what is beyond full scale is clipped."""
    with Wave(path, sound.rate, sound.channels) as file:
        file.add(sound)
