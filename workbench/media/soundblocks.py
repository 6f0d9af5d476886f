"""A sound in blocks: of a value, a recording or a video, never all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ffmpeg
import numpy as np

from workbench.audio import Audio, Samples
from workbench.errors import Cancelled, MediaError
from workbench.media.ffmpeg import Failed, read
from workbench.media.intact import check_intact
from workbench.media.limits import Limits, existing
from workbench.media.nodes import source
from workbench.media.outputs import PATIENCE
from workbench.media.pieces import damaged
from workbench.media.probe import length, probe
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Recording", "recording"]

_BLOCK = 1 << 16  # frames
_MONO, _STEREO = 1, 2


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A sound whose samples have yet to be read.

    Parameters
    ----------
    name
        What errors and pictures call it.
    rate
        Frames per second.
    channels
        1 or 2: what has more is mixed down.
    frames
        How many there are, as far as the file knows.
    path, audio
        Where the samples are.
    """

    name: str
    rate: int
    channels: int
    frames: int
    path: Path | None = None
    audio: Audio | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.frames / self.rate

    def blocks(self, *, limits: Limits, cancel: threading.Event | None) -> Iterator[Samples]:
        """Yield the samples, float32 of shape ``(frames, channels)``, in blocks.

        Raises
        ------
        MediaError
            When the file is damaged.
        Cancelled
            On request.
        """
        for block in self._held() if self.audio is not None else self._read(limits, cancel):
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped on request", subject=self.name)
            yield block

    def _held(self) -> Iterator[Samples]:
        assert self.audio is not None  # noqa: S101 - the caller looked
        samples = self.audio.samples
        if samples.shape[1] > self.channels:
            samples = self.audio.with_channels(self.channels).samples
        for first in range(0, len(samples), _BLOCK):
            yield samples[first : first + _BLOCK]

    def _read(self, limits: Limits, cancel: threading.Event | None) -> Iterator[Samples]:
        assert self.path is not None  # noqa: S101 - the caller looked
        layout = {_MONO: "mono", _STEREO: "stereo"}[self.channels]
        sound = source(self.path, vn=None)["a:0"]
        sound = sound.filter("aformat", sample_fmts="flt", channel_layouts=layout)
        out = ffmpeg.output(sound, "pipe:1", format="f32le", ar=self.rate)
        try:
            with workspace() as folder:
                for data in read(
                    ["-xerror", *out.get_args()],
                    _BLOCK * 4 * self.channels,
                    folder=folder,
                    limit=PATIENCE + PATIENCE * self.seconds,
                    memory=limits.memory,
                    cancel=cancel,
                ):
                    yield np.frombuffer(data, "<f4").reshape(-1, self.channels)
        except Failed as error:
            raise damaged(self.path, error) from error


def recording(source_of: str | os.PathLike[str] | Audio, *, limits: Limits) -> Recording:
    """Return what a sound is, from a value, a recording or a video.

    Raises
    ------
    MediaError
        When there is no sound in it.
    """
    if isinstance(source_of, Audio):
        if not source_of.frames:
            raise MediaError("has no samples", subject="audio")
        channels = min(source_of.channels, _STEREO)
        return Recording(
            name="audio",
            rate=source_of.rate,
            channels=channels,
            frames=source_of.frames,
            audio=source_of,
        )
    path = existing(source_of)
    info = probe(path, limits=limits)
    if info.audio is None:
        raise MediaError("has no sound", subject=str(source_of))
    check_intact(path, limits=limits)
    rate = info.audio.rate
    return Recording(
        name=path.name,
        rate=rate,
        channels=min(info.audio.channels, _STEREO),
        frames=max(1, round(length(path, limits=limits) * rate)),
        path=path,
    )
