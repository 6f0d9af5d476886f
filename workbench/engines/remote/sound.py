"""Sound as a server sends it: what kind it really is, its pieces as they arrive, and its end."""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING

import numpy as np

from workbench.audio import Audio, Samples
from workbench.errors import ModelError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.engines.remote.server import Answer

__all__ = ["RATE", "pieces"]

RATE = 24_000
"""Hz: what OpenAI's own voices have; any other rate is resampled to it."""

_LIMIT = 200_000_000  # bytes of an answer, about an hour of 24 bit stereo
_LONGEST = 3_600  # seconds; a few kilobytes of FLAC can unfold to days of silence
_BLOCK = 0.1  # seconds of a piece
_HEAD = 65_536  # bytes in which the samples of a WAV file have to begin
_ENDLESS = 0x7FFF_0000  # sizes from here on, and 0, mean that the writer did not know
_PCM16 = (1, 16)


def pieces(answer: Answer, *, wanted: str, seconds: float | None = None) -> Iterator[Audio]:
    """Yield the sound of an answer at 24,000 Hz, one channel.

    Parameters
    ----------
    answer
        To a request for speech. What it holds is judged by its bytes: WAV of 16 bit and raw
        samples are passed on as they arrive, other WAV, FLAC, MP3 and Ogg when they are complete.
    wanted
        The format that was asked for; ``pcm`` has no mark by which it could be known.
    seconds
        How long all of it may take; None for as long as something arrives.

    Raises
    ------
    ModelError
        When it is something else, cut short, empty or beyond any measure.
    """
    chunks = _Bytes(answer.chunks(_LIMIT, seconds=seconds))
    start = chunks.peek(12)
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        sound = _wav(chunks, answer)
    elif _compressed(start):
        sound = _decoded(chunks.rest(), answer)
    elif wanted == "pcm" and start and not _is_text(answer.kind):
        rate, channels = (
            _number(answer.parameters, n, d) for n, d in (("rate", RATE), ("channels", 1))
        )
        sound = _pcm(chunks, answer, rate, channels, None)
    else:
        raise answer.refuse(chunks.rest(), "sound")
    heard = False
    for piece in sound:
        heard = heard or piece.frames > 0
        if piece.frames:
            yield piece
    if not heard:
        raise answer.refuse(b"", "sound")
    chunks.rest()  # what is read to its end leaves its connection to the next request


class _Bytes:
    """Chunks of bytes, read in the sizes that are needed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = bytearray()

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes and leave them; fewer at the end."""
        while len(self._held) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._held += chunk
        return bytes(self._held[:size])

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer at the end."""
        found = self.peek(size)
        del self._held[: len(found)]
        return found

    def rest(self) -> bytes:
        """Return all that is left."""
        for chunk in self._chunks:
            self._held += chunk
        return self.take(len(self._held))


def _wav(chunks: _Bytes, answer: Answer) -> Iterator[Audio]:
    """Yield the sound of a WAV file, whose sizes may be those of a writer that did not know."""
    head = chunks.take(12)
    form: tuple[int, int, int, int] | None = None  # kind, channels, rate, bits
    while len(head) < _HEAD:
        part = chunks.take(8)
        if len(part) < 8:  # noqa: PLR2004 - a name and a size
            raise _cut(answer, "in the head of the file")
        size = struct.unpack("<I", part[4:])[0]
        if part[:4] == b"data":
            break
        body = chunks.take(min(size + size % 2, _HEAD))
        if part[:4] == b"fmt " and len(body) >= 16:  # noqa: PLR2004
            kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            form = kind, channels, rate, bits
        head += part + body
    else:
        raise answer.refuse(head, "sound")
    if form is None or not form[1]:
        raise answer.refuse(head, "sound")
    kind, channels, rate, bits = form
    whole = None if size == 0 or size >= _ENDLESS else size
    if (kind, bits) == _PCM16:
        yield from _pcm(chunks, answer, rate, channels, whole)
        return
    rest = chunks.rest()
    if whole is not None and len(rest) < whole:
        raise _cut(answer, f"after {len(rest):,} of {whole:,} bytes")
    rest = rest[:whole]
    sizes = struct.pack("<I", len(head) + len(rest)), struct.pack("<I", len(rest))
    yield from _decoded(b"RIFF" + sizes[0] + head[8:] + b"data" + sizes[1] + rest, answer)


def _pcm(
    chunks: _Bytes, answer: Answer, rate: int, channels: int, whole: int | None
) -> Iterator[Audio]:
    """Yield the sound of little-endian samples of 16 bit, as many bytes as there are to be."""
    step = 2 * channels
    block = max(1, round(rate * _BLOCK)) * step
    change = _Resampler(rate, answer)
    seen = 0
    while whole is None or seen < whole:
        data = chunks.take(block if whole is None else min(block, whole - seen))
        seen += len(data)
        if len(data) % step:
            raise _cut(answer, "within a sample")
        if not data:
            break
        if seen > _LONGEST * rate * step:
            raise _endless(answer)
        samples = np.frombuffer(data, "<i2").reshape(-1, channels).mean(axis=1, dtype=np.float32)
        yield change(samples / np.float32(32_768))
    if whole is not None and seen < whole:
        raise _cut(answer, f"after {seen:,} of {whole:,} bytes")
    yield change(np.zeros(0, np.float32), last=True)


def _decoded(data: bytes, answer: Answer) -> Iterator[Audio]:
    """Yield the sound of a whole file, in one piece."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            declared, rate = file.frames, file.samplerate
            if declared > _LONGEST * rate:
                raise _endless(answer)
            samples = file.read(dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise answer.refuse(data, "sound that can be read") from error
    if len(samples) < 0.98 * declared:  # encoders round to frames of their own
        raise _cut(answer, f"after {len(samples) / rate:.1f} of {declared / rate:.1f} s")
    if not np.isfinite(samples).all():
        raise answer.refuse(data, "sound that can be read")
    change = _Resampler(rate, answer)
    yield change(samples.mean(axis=1), last=True)


class _Resampler:
    """Brings pieces to 24,000 Hz; together they are what the whole would be."""

    def __init__(self, rate: int, answer: Answer) -> None:
        import soxr

        try:
            Audio(samples=np.zeros(0, np.float32), rate=rate)
        except ParameterError as error:
            raise answer.refuse(b"", f"sound that can be played, but {rate} Hz") from error
        self._stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype="float32")

    def __call__(self, samples: Samples, *, last: bool = False) -> Audio:
        if self._stream is not None:
            samples = self._stream.resample_chunk(samples, last=last)
        return Audio(samples=samples, rate=RATE)


def _compressed(start: bytes) -> bool:
    """Whether bytes begin as FLAC, Ogg or MP3 do."""
    mp3 = len(start) > 1 and start[0] == 0xFF and start[1] & 0xE6 in {0xE2, 0xE4, 0xE6}  # noqa: PLR2004
    return start[:4] in {b"fLaC", b"OggS"} or start[:3] == b"ID3" or mp3


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or "json" in kind or "xml" in kind


def _number(parameters: str, name: str, default: int) -> int:
    """Return a number that a content type names, as in ``audio/L16; rate=22050; channels=1``."""
    for item in parameters.split(";"):
        key, _, value = item.partition("=")
        # Six digits at most: int refuses thousands of them, and a raised two, which isdigit allows.
        known = re.fullmatch(r"\s*([0-9]{1,6})\s*", value)
        if key.strip() == name and known and 0 < int(known[1]) <= 768_000:  # noqa: PLR2004
            return int(known[1])
    return default


def _cut(answer: Answer, where: str) -> ModelError:
    return ModelError(
        f"its sound breaks off {where}",
        subject=answer.address.host,
        cure="ask again; look into the server's log",
    )


def _endless(answer: Answer) -> ModelError:
    return ModelError(f"sends more than {_LONGEST:,} s of sound", subject=answer.address.host)
