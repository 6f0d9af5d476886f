"""Sound as a value: float samples and a rate."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.disk import storage_error
from workbench.errors import MediaError, ParameterError, shown
from workbench.ogg import renumbered
from workbench.paths import user_path

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["FORMATS", "Audio", "Samples"]

Samples = NDArray[np.float32]

# The rates libsndfile and ffmpeg agree on; MP3 alone is narrower.
_RATES = range(1_000, 768_001)
_CHANNELS = 32
_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
# libsndfile 1.2 ends the process in Vorbis above 200,000 Hz, and for very long blocks.
_OGG_RATE = 192_000
_BLOCK = 65_536
# Players find a time in an MP3 by proportion: at a variable bit rate Chromium lands up to 0.7 s
# off in 200 s, and fails altogether close to the end of what libsndfile writes.
_MP3_OPTIONS = {"bitrate_mode": "CONSTANT", "compression_level": 0.6}
_MP3_LEVEL = 0.95  # LAME lowers all sound by this at these options: 0.45 dB
FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".ogg": ("OGG", "VORBIS"),
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Audio:
    """Samples and how many of them make a second.

    Parameters
    ----------
    samples
        Float samples of shape ``(frames, channels)``, full scale ±1; one dimension is taken as
        mono. Held as read-only float32. Whole numbers are refused: nothing says what their full
        scale is.
    rate
        Frames per second, 1,000 to 768,000.

    Raises
    ------
    ParameterError
        When the shape, the type, the rate or a sample (NaN, infinity) cannot be sound.

    Examples
    --------
    >>> tone = Audio(samples=np.sin(np.linspace(0, 100, 22050)), rate=22050)
    >>> tone.duration, tone.channels
    (1.0, 1)
    >>> tone
    Audio(1.000 s, 22050 Hz, mono)
    """

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        self._hold(self.samples, self.rate, copy=True)

    @classmethod
    def owning(cls, samples: NDArray[np.floating[Any]], rate: int) -> Audio:
        """Return the sound of an array that is given away, without copying it.

        An hour of stereo is 1.4 GB, and `Audio` copies what it is given. Here a float32 array in
        C order is taken as it is and made read-only: keep neither it nor a view of it.

        Parameters
        ----------
        samples, rate
            As for `Audio`.

        Raises
        ------
        ParameterError
            As for `Audio`.

        Examples
        --------
        >>> Audio.owning(np.zeros((8000, 2), np.float32), 8000)
        Audio(1.000 s, 8000 Hz, stereo)
        """
        sound = object.__new__(cls)
        sound._hold(samples, rate, copy=False)
        return sound

    def _hold(self, given: Any, rate: int, *, copy: bool) -> None:
        given = np.asarray(given)
        if given.dtype.kind != "f":
            raise ParameterError(
                f"samples need to be float, full scale 1, not {given.dtype}",
                subject="audio",
                cure="divide by the full scale, or use Audio.from_pcm16",
            )
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite: see below
            samples = np.array(given, dtype=np.float32, order="C", copy=copy or None)
        if samples.ndim == 1:
            samples = samples[:, np.newaxis]
        if samples.ndim != 2 or not 1 <= samples.shape[1] <= _CHANNELS:  # noqa: PLR2004 - a table
            raise ParameterError(
                f"samples need the shape (frames, channels) with 1 to {_CHANNELS} channels, "
                f"not {given.shape}",
                subject="audio",
            )
        whole = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
        if not whole or rate not in _RATES:
            raise ParameterError(
                f"the rate must be a whole number from 1000 to 768000 Hz, not {shown(rate)}",
                subject="audio",
            )
        # Both ends pass on a NaN, and need no second array as isfinite() does.
        if samples.size and not (math.isfinite(samples.min()) and math.isfinite(samples.max())):
            raise ParameterError("samples must be finite, and some are not", subject="audio")
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate", int(rate))

    # -- what it is ---------------------------------------------------------------------------

    @property
    def frames(self) -> int:
        """How many samples each channel has."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.rate

    def digest(self) -> str:
        """Return the sha256 of rate, shape and samples, as 64 hex digits."""
        found = hashlib.sha256(f"{self.rate}:{self.frames}:{self.channels}:".encode())
        found.update(self.samples.data)  # as they lie: an hour's copy is 1.4 GB
        return found.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Audio):
            return NotImplemented
        return self.rate == other.rate and np.array_equal(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash(self.digest())

    def __reduce__(self) -> Any:  # a copy and a pickle are as read-only as this one
        return Audio.owning, (self.samples, self.rate)

    def __repr__(self) -> str:
        layout = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"Audio({self.duration:.3f} s, {self.rate} Hz, {layout})"

    # -- making one ---------------------------------------------------------------------------

    @classmethod
    def silence(cls, seconds: float, rate: int, channels: int = 1) -> Audio:
        """Return `seconds` of digital silence."""
        if not math.isfinite(seconds) or seconds < 0:
            raise ParameterError(f"silence cannot last {shown(seconds)} s", subject="seconds")
        return cls.owning(np.zeros((round(seconds * rate), channels), np.float32), rate)

    @classmethod
    def from_pcm16(cls, pcm: bytes, rate: int, channels: int = 1) -> Audio:
        """Return the sound of little-endian signed 16-bit PCM, channels interleaved.

        Raises
        ------
        ParameterError
            When the bytes are not a whole number of frames.

        Examples
        --------
        >>> Audio.from_pcm16(bytes(16_000), 8000)
        Audio(1.000 s, 8000 Hz, mono)
        """
        if channels < 1 or len(pcm) % (2 * channels):
            raise ParameterError(
                f"{len(pcm)} bytes are not whole frames of {channels} channels", subject="pcm"
            )
        ints = np.frombuffer(pcm, dtype="<i2").reshape(-1, channels)
        return cls.owning(np.divide(ints, 32768, dtype=np.float32), rate)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Audio:
        """Return the sound of a WAV, FLAC, MP3 or Ogg file.

        Raises
        ------
        MediaNotFound, MediaError
            When there is no such file, it is not sound, or a good part of it is missing. A FLAC
            file that does not say how long it is, as one from a pipe, is for
            `workbench.media.recording.read_sound`.
        MediaTooLarge
            When it lasts longer than 4 hours, or there is no memory for it.
        """
        from workbench.soundfiles import read_samples

        file = user_path(path)
        samples, rate = read_samples(file)
        try:
            return cls.owning(samples, rate)
        except ParameterError as error:  # an odd rate, or NaN in a float file
            raise MediaError(error.problem, subject=str(file)) from error

    @classmethod
    def join(cls, parts: Sequence[Audio]) -> Audio:
        """Return the parts one after the other, at the rate and channels of the first.

        Examples
        --------
        >>> Audio.join([Audio.silence(1, 8000), Audio.silence(2, 16000)])
        Audio(3.000 s, 8000 Hz, mono)
        """
        if not parts:
            raise ParameterError("there is nothing to join", subject="parts")
        rate, channels = parts[0].rate, parts[0].channels
        same = [part.resample(rate).with_channels(channels).samples for part in parts]
        return cls.owning(np.concatenate(same), rate)

    # -- changing one -------------------------------------------------------------------------

    def mono(self) -> Audio:
        """Return the mean of the channels."""
        if self.channels == 1:
            return self
        return Audio.owning(self.samples.mean(axis=1), self.rate)

    def with_channels(self, channels: int) -> Audio:
        """Return the sound with that many channels: the mean of all, in each of them."""
        if channels == self.channels:
            return self
        return Audio.owning(np.repeat(self.mono().samples, channels, axis=1), self.rate)

    def resample(self, rate: int) -> Audio:
        """Return the sound at another rate (soxr, high quality)."""
        if rate == self.rate:
            return self
        import soxr

        return Audio.owning(soxr.resample(self.samples, self.rate, rate), rate)

    def cut(self, start: float, end: float) -> Audio:
        """Return the part from `start` to `end` seconds, as far as there is sound.

        Examples
        --------
        >>> Audio.silence(3, 8000).cut(1, float("inf"))
        Audio(2.000 s, 8000 Hz, mono)
        """
        if math.isnan(start) or math.isnan(end):
            raise ParameterError(
                f"cannot cut from {shown(start)} to {shown(end)} s", subject="audio"
            )
        length = self.duration
        first, last = (round(min(max(t, 0.0), length) * self.rate) for t in (start, end))
        if (first, last) == (0, self.frames):
            return self
        return Audio(samples=self.samples[first : max(first, last)], rate=self.rate)

    # -- showing and keeping one --------------------------------------------------------------

    def peaks(self, columns: int = 2_000) -> NDArray[np.int8]:
        """Return the waveform's outline: a lowest and a highest value for each column.

        Parameters
        ----------
        columns
            At most this many, fewer where there are fewer frames.

        Returns
        -------
        ndarray of int8
            Shape ``(columns, 2)``, -127 to 127 for full scale.
        """
        mono = self.samples.mean(axis=1) if self.channels > 1 else self.samples[:, 0]
        columns = min(columns, self.frames)
        if columns < 1:
            return np.zeros((0, 2), np.int8)
        edges = np.linspace(0, self.frames, columns, endpoint=False).astype(np.intp)
        low, high = np.minimum.reduceat(mono, edges), np.maximum.reduceat(mono, edges)
        outline = np.stack([low, high], axis=1) * 127
        return outline.clip(-127, 127).round().astype(np.int8)

    def encode(self, suffix: str) -> bytes:
        """Return the sound as the bytes of a file.

        Parameters
        ----------
        suffix
            ``.wav`` or ``.flac`` (16 bit), ``.mp3`` or ``.ogg``. MP3 has at most two channels and
            48,000 Hz, Ogg 192,000 Hz: what is beyond is mixed and resampled.

        Raises
        ------
        ParameterError
            When the format is not one of these.
        MediaError
            When the format cannot hold this rate, so many channels, or no sound at all.
        """
        import soundfile

        if suffix.lower() not in FORMATS:
            raise ParameterError(
                f"cannot write {shown(suffix)} sound",
                subject="format",
                cure=f"use one of {', '.join(FORMATS)}",
            )
        kind, subtype = FORMATS[suffix.lower()]
        if not self.frames and kind != "WAV":
            raise MediaError("has no samples to write", subject="audio", cure="use .wav")
        sound = self
        if kind == "MP3":
            if self.rate not in _MP3_RATES:
                nearest = min(_MP3_RATES, key=lambda r: (r < self.rate, abs(r - self.rate)))
                sound = self.resample(nearest)
            sound = sound.with_channels(min(sound.channels, 2))
        elif kind == "OGG":
            sound = sound.resample(min(self.rate, _OGG_RATE))
        if subtype == "PCM_16":
            # libsndfile scales by 32767: rounding here keeps what came from 16 bits as it was.
            data: Any = np.clip(np.round(sound.samples * 32768.0), -32768, 32767).astype(np.int16)
        else:
            data = np.clip(sound.samples, -1, 1) / (_MP3_LEVEL if kind == "MP3" else 1)
        buffer = io.BytesIO()
        try:
            options: Any = _MP3_OPTIONS if kind == "MP3" else {}
            with soundfile.SoundFile(
                buffer, "w", sound.rate, sound.channels, format=kind, subtype=subtype, **options
            ) as file:
                for first in range(0, sound.frames, _BLOCK):
                    file.write(data[first : first + _BLOCK])
        except soundfile.SoundFileError as error:
            raise MediaError(
                f"{suffix} cannot hold {sound.channels} channels at {sound.rate} Hz",
                subject="audio",
                cure="use .wav, or resample it",
            ) from error
        return renumbered(buffer.getvalue()) if kind == "OGG" else buffer.getvalue()

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the sound to `path`, whose suffix names the format, and return the path.

        The file appears whole or not at all.
        """
        from workbench.storage.atomic import write_bytes

        file = user_path(path)
        data = self.encode(file.suffix)
        try:
            write_bytes(file, data)
        except OSError as error:
            raise storage_error(error, file) from error
        return file

    def to_dict(self) -> dict[str, Any]:
        """Return the sound as plain values: base64 of little-endian float32."""
        raw = self.samples.astype("<f4", copy=False).tobytes()
        data = base64.b64encode(raw).decode()
        return {"rate": self.rate, "channels": self.channels, "samples": data}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Audio:
        """Return the sound that `to_dict` described."""
        flat = np.frombuffer(base64.b64decode(data["samples"]), dtype="<f4")
        return cls(samples=flat.reshape(-1, data["channels"]), rate=data["rate"])
