"""Read the sound of any recording or video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import MediaError
from workbench.media.ffmpeg import Failed, read
from workbench.media.limits import (
    CLIP_FORMATS,
    DEFAULT_LIMITS,
    Limits,
    existing,
    file_url,
)
from workbench.media.probe import probe
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from pathlib import Path

    from workbench.media.probe import MediaInfo

__all__ = ["read_sound"]

_PATIENCE = 120.0  # seconds a decoder may take before its first sample is in doubt
_LAYOUTS = 8  # channels; what has more is no layout that can be mixed down by its places
_CHANNELS = 32
_WHOLE = 0.98  # of the length a file declares
_SLACK = 0.01  # seconds
# Elsewhere the length is an estimate from the bit rate.
_DECLARING = {"wav", "flac", "ogg", "mov", "matroska", "aiff"}


def read_sound(
    path: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    cancel: threading.Event | None = None,
) -> Audio:
    """Return the sound of any recording or video, at its own rate.

    Parameters
    ----------
    path
        A file with sound; its first sound stream is read.
    limits
        What it may be at most.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    Audio
        Mono and stereo as they are. What has more channels is mixed down to stereo as ITU-R BS.775
        has it: a voice in the centre is heard on both sides at -3 dB. Beyond 8 channels, the mean.

    Raises
    ------
    MediaError
        When there is no such file, it has no sound, is damaged or over the limits.
    """
    info = probe(path, limits=limits)
    if info.audio is None:
        raise MediaError("has no sound", subject=str(path))
    if info.audio.channels > _CHANNELS:
        raise MediaError(
            f"has {info.audio.channels} channels, more than {_CHANNELS}", subject=str(path)
        )
    file = existing(path)
    data = bytearray()
    with workspace() as folder:
        pieces = read(
            _reading(file, info, limits),
            1 << 16,
            folder=folder,
            limit=_PATIENCE + (info.duration or limits.seconds),
            memory=limits.memory,
            cancel=cancel,
        )
        try:
            for piece in pieces:
                data += piece
        except Failed as error:
            raise MediaError(
                f"is damaged ({error.problem})", subject=str(path), cure="make or fetch it again"
            ) from error
    channels = info.audio.channels
    given = channels if channels > _LAYOUTS else min(channels, 2)
    samples = np.frombuffer(data, "<f4").reshape(-1, given)
    sound = Audio(samples=samples, rate=info.audio.rate).with_channels(min(channels, 2))
    if not sound.frames:
        raise MediaError("has no sound in it", subject=str(path), cure="make or fetch it again")
    declared = _declared(file) if info.format in _DECLARING else None
    if declared is not None and sound.duration < _WHOLE * declared - _SLACK:
        raise MediaError(
            f"is damaged: {sound.duration:.1f} of {declared:.1f} s can be read",
            subject=str(path),
            cure="use a whole file",
        )
    return sound


def _declared(file: Path) -> float | None:
    """Return how long the first sound of a file says it is, in seconds."""
    import av

    options = {"format_whitelist": CLIP_FORMATS, "protocol_whitelist": "file"}
    with av.open(file_url(file), options=options) as container:
        stream = container.streams.audio[0]
        if stream.duration is None or stream.time_base is None:
            return None
        return float(stream.duration * stream.time_base)


def _reading(file: Path, info: MediaInfo, limits: Limits) -> list[str]:
    """Return the arguments that put the sound of a file on standard output, as floats."""
    import ffmpeg

    assert info.audio is not None  # noqa: S101 - looked at by the caller
    source = ffmpeg.input(file_url(file), protocol_whitelist="file", format_whitelist=CLIP_FORMATS)
    sound: Any = source["a:0"]
    form = {"sample_fmts": "flt"}
    if info.audio.channels <= _LAYOUTS:
        form["channel_layouts"] = "mono" if info.audio.channels == 1 else "stereo"
    # By default the whole matrix is turned down for what cannot happen to floats: a clipped sum.
    sound = sound.filter("aresample", info.audio.rate, rematrix_maxval=1000)
    sound = sound.filter("aformat", **form)
    out = ffmpeg.output(sound, "pipe:1", format="f32le", t=f"{limits.seconds:.6f}")
    return ["-xerror", *out.get_args()]
