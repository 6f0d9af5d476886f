"""The sound of a media file, decoded within limits: no playlist, no picture, no surprise.

`faster_whisper.decode_audio` was measured on the same files: it follows ffconcat lists to other
files, answers ``IndexError`` where there is no sound, and keeps silent about a recording of which
a quarter is left. Here damage is told, and what could not be decoded is silence of the same
length, so that the words after it keep their times.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import MediaError, MediaTooLarge, ParameterError
from workbench.formats import LONGEST, SOUND_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.audio import Samples

__all__ = ["MOST_SAMPLES", "Sound", "read_container"]

MOST_SAMPLES = 1 << 29
"""Samples of all channels together: 2 GiB; two hours and a half of stereo at 48,000 Hz."""

_STREAMS = 32
_CHANNELS = 32
_GAP = 0.1  # seconds; clocks of containers are coarse (1 ms in Matroska), and encoders pad
# Pictures are never decoded, but ffmpeg may look into one to learn what it is.
_PIXELS = 40_000_000
# Nothing in these says how long they are: ffmpeg guesses from the first second's bit rate.
_GUESSED = frozenset({"aac", "ac3", "eac3", "amr"})
# After ITU-R BS.775: the centre, where speech is, whole; the sides less; no low frequencies. The
# sum is made 1, so that nothing clips.
_MIX = {"FC": 1.0, "FL": 0.7071, "FR": 0.7071, "LFE": 0.0, "LFE2": 0.0}
_SIDE = 0.5
_ENDLESS = 0x7FFF0000  # bytes; recorders that cannot go back write the largest number there is
_CURE = "use WAV, FLAC, MP3, M4A, Ogg, MP4, MKV or WebM"


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What was decoded.

    Parameters
    ----------
    samples
        Shape ``(frames, channels)``, full scale ±1.
    rate
        Frames per second.
    declared
        Seconds the file says it has; None where it says nothing.
    decoded
        Seconds that could be decoded; `samples` may last longer, by silence in place of damage.
    errors
        How many packets could not be decoded.
    """

    samples: Samples
    rate: int
    declared: float | None
    decoded: float
    errors: int


def read_container(
    file: Any,
    name: str,
    *,
    rate: int | None,
    mono: bool,
    stream: int | None = None,
    longest: float = LONGEST,
    head: bytes = b"",
) -> Sound:
    """Decode one audio stream.

    Parameters
    ----------
    file
        A ``file:`` address or a binary file object.
    name
        What to call it in errors.
    rate
        Frames per second of the result; None for its own.
    mono
        Whether to mix the channels.
    stream
        Which of its audio streams, from 0; by default the one marked as default, else the first.
    longest
        Seconds it may last.
    head
        How it begins: ffmpeg takes what is there of a WAV file for all of it, its header does not.

    Raises
    ------
    MediaError
        When it cannot be opened, has no sound, or none of its sound can be decoded.
    MediaTooLarge
        When it is over a limit.
    ParameterError
        When there is no such stream.
    """
    import av

    options = {
        "format_whitelist": SOUND_FORMATS,
        "protocol_whitelist": "file",
        "max_streams": str(_STREAMS),
    }
    decoding: Any = [{"max_pixels": str(_PIXELS)}] * _STREAMS
    try:
        container: Any = av.open(
            file, options=options, stream_options=decoding, metadata_errors="ignore"
        )
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            "is not sound or video that can be opened", subject=name, cure=_CURE
        ) from error
    with container:
        chosen = _chosen(container, name, stream)
        declared = _declared(container, chosen, head)
        if declared is not None and declared > longest:
            raise MediaTooLarge(
                f"lasts {declared:,.0f} s, over the limit of {longest:,.0f} s",
                subject=name,
                cure="cut it into parts",
            )
        collected = _Collected(name=name, rate=rate, mono=mono, longest=longest)
        base = max((container.start_time or 0) / av.time_base, 0.0)
        for frame in _frames(container, chosen, collected):
            time = None if frame.time is None else float(frame.time) - base
            collected.add(frame, time, declared)
        return collected.sound(declared)


def _chosen(container: Any, name: str, stream: int | None) -> Any:
    audios = list(container.streams.audio)
    if not audios:
        raise MediaError("has no sound", subject=name, cure="use a file with an audio track")
    known = [s for s in audios if s.codec_context is not None]
    if not known:
        raise MediaError(
            "its sound is in a format that cannot be decoded", subject=name, cure=_CURE
        )
    if stream is None:
        marked = [s for s in known if int(s.disposition) & 1]  # AV_DISPOSITION_DEFAULT
        return (marked or known)[0]
    if type(stream) is not int or not 0 <= stream < len(audios) or audios[stream] not in known:
        raise ParameterError(
            f"must be a whole number from 0 to {len(audios) - 1}, not {stream!r}",
            subject="stream",
            cure=f"{name} has {len(audios)} audio stream{'s' if len(audios) > 1 else ''}",
        )
    return audios[stream]


def _declared(container: Any, stream: Any, head: bytes) -> float | None:
    import av

    if container.format.name in _GUESSED:
        return None
    written = _wav_seconds(head) if container.format.name == "wav" else None
    if written is not None:
        return written
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else float(container.duration / av.time_base)


def _wav_seconds(head: bytes) -> float | None:
    """Return how long a WAV file says it is, None where it was written before that was known."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    place, per_second = 12, 0
    while place + 8 <= len(head):
        kind, size = struct.unpack_from("<4sI", head, place)
        if kind == b"fmt " and place + 20 <= len(head):
            per_second = struct.unpack_from("<I", head, place + 16)[0]
        if kind == b"data":
            return size / per_second if per_second and 0 < size < _ENDLESS else None
        place += 8 + size + size % 2
    return None


def _frames(container: Any, stream: Any, collected: _Collected) -> Iterator[Any]:
    """Yield the frames that can be decoded; count what cannot."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
        except av.FFmpegError:  # the file ends in the middle of something
            collected.errors += 1
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            collected.errors += 1


@dataclass
class _Collected:
    """Frames as they come, mixed and resampled, with silence where some are missing."""

    name: str
    rate: int | None
    mono: bool
    longest: float
    errors: int = 0
    decoded: float = 0.0
    _fed: float = 0.0  # seconds that went in, silence included
    _written: int = 0  # frames that came out
    _rate: int = 0
    _channels: int = 0
    _parts: list[Samples] = field(default_factory=list)
    _kind: tuple[int, str] | None = None
    _weights: Samples | None = None
    _floats: Any = None
    _stream: Any = None

    def add(self, frame: Any, time: float | None, declared: float | None) -> None:
        """Take one more frame, which the file places at `time` seconds."""
        import av

        kind = (frame.rate, frame.layout.name)
        if kind != self._kind:  # the first one, or a stream that changes on the way
            self._change(frame, kind)
        # A time beyond the end that was declared is a broken clock, not a gap.
        if time is not None and self._fed + _GAP < time <= (declared or 0.0) + 1.0:
            self._silence(time - self._fed)
        try:
            pieces = self._floats.resample(frame)
        except (av.FFmpegError, ValueError):
            self.errors += 1
            return
        for piece in pieces:
            self._feed(piece.to_ndarray().reshape(piece.samples, -1))
            self.decoded += piece.samples / piece.rate
            self._fed += piece.samples / piece.rate

    def sound(self, declared: float | None) -> Sound:
        """Return all of it."""
        self._flush()
        if not self.decoded:
            raise MediaError(
                "none of its sound can be decoded" if self.errors else "has no sound in it, 0 s",
                subject=self.name,
                cure="make or fetch it again",
            )
        return Sound(
            samples=np.concatenate(self._parts),
            rate=self._rate,
            declared=declared,
            decoded=round(self.decoded, 6),
            errors=self.errors,
        )

    def _change(self, frame: Any, kind: tuple[int, str]) -> None:
        import av

        self._flush()
        names = [channel.name for channel in frame.layout.channels]
        if len(names) > _CHANNELS or not frame.rate:
            raise MediaTooLarge(
                f"has {len(names)} channels at {frame.rate} Hz, more than can be mixed",
                subject=self.name,
                cure="mix it down first",
            )
        self._kind = kind
        self._rate = self._rate or self.rate or frame.rate
        self._channels = self._channels or (1 if self.mono else len(names))
        self._weights = _weights(names) if self.mono else None
        # Packed, not planar: PyAV 18 ends the process at the planes of eight channels.
        self._floats = av.AudioResampler(format="flt")

    def _feed(self, samples: Samples, *, last: bool = False) -> None:
        import soxr

        if self._weights is not None:
            samples = samples @ self._weights
        elif samples.shape[1] != self._channels:
            samples = samples.mean(axis=1, keepdims=True).repeat(self._channels, axis=1)
        rate = self._kind[0] if self._kind else self._rate
        if rate != self._rate:
            if self._stream is None:
                self._stream = soxr.ResampleStream(rate, self._rate, self._channels)
            samples = self._stream.resample_chunk(samples, last=last)
            samples = samples.reshape(-1, self._channels)
        self._keep(samples)

    def _flush(self) -> None:
        if self._stream is not None:
            empty = np.zeros((0, self._channels), np.float32)
            rest = self._stream.resample_chunk(empty, last=True)
            self._keep(rest.reshape(-1, self._channels))
            self._stream = None

    def _silence(self, seconds: float) -> None:
        self._flush()
        self._fed += seconds
        frames = round(self._fed * self._rate) - self._written
        self._check(frames)
        self._keep(np.zeros((max(frames, 0), self._channels), np.float32))

    def _keep(self, samples: Samples) -> None:
        self._check(len(samples))
        if len(samples):
            self._parts.append(np.ascontiguousarray(samples, np.float32))
            self._written += len(samples)

    def _check(self, frames: int) -> None:
        frames += self._written
        if frames > self.longest * self._rate:
            raise MediaTooLarge(
                f"lasts more than the limit of {self.longest:,.0f} s",
                subject=self.name,
                cure="cut it into parts",
            )
        if frames * self._channels > MOST_SAMPLES:
            raise MediaTooLarge(
                f"has more than {MOST_SAMPLES:,} samples",
                subject=self.name,
                cure="ask for mono or a lower rate, or cut it into parts",
            )


def _weights(names: list[str]) -> Samples:
    """Return how much of each channel goes into the mix, as a column; the sum is 1."""
    if len(names) <= 2 or not any(name in _MIX for name in names):  # noqa: PLR2004 - mono, stereo
        raw = [1.0] * len(names)
    else:
        raw = [_MIX.get(name, _SIDE) for name in names]
    column = np.array(raw, np.float32)[:, np.newaxis]
    return column / np.float32(column.sum())
