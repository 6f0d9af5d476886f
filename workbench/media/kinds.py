"""What a file is to the store: its type and the extension that tells it, both by its content."""

from __future__ import annotations

import struct
import wave
from typing import TYPE_CHECKING

from workbench.errors import MediaError
from workbench.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.media.probe import MediaInfo

__all__ = ["kind_of"]

_STILLS = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "GIF": ".gif",
    "TIFF": ".tif",
}
_VIDEOS = {"matroska": ".mkv", "avi": ".avi", "mpegts": ".ts"}
_SOUNDS = {
    "wav": ".wav",
    "mp3": ".mp3",
    "flac": ".flac",
    "ogg": ".ogg",
    "aac": ".aac",
    "aiff": ".aiff",
    "mov": ".m4a",
    "matroska": ".mka",
}
_RAW = (".pcm", ".raw")
# With these begin files that are something: samples do by a chance of one in four milliards.
_MARKS = (
    b"RIFF",
    b"FORM",
    b"OggS",
    b"fLaC",
    b"\x1aE\xdf\xa3",
    b"\x89PNG",
    b"GIF8",
    b"PK\3\4",
    b"\x7fELF",
)
_TEXT = bytes(range(32, 127)) + b"\t\r\n\f"
_PICTURES = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1")
# The brands with which an MP4 says for whom it was written.
_BRANDS = {b"qt  ": ".mov", b"M4V ": ".m4v", b"3gp": ".3gp"}


def kind_of(path: Path, asked: str = "", name: str = "") -> tuple[str, str]:
    """Return the type and the extension of a media file.

    Parameters
    ----------
    path
        The file; what it is called tells nothing.
    asked
        The type that it is said to be, empty when anything will do.
    name
        What it was called originally. Samples without a header are known by that alone: something
        called ``.pcm`` or ``.raw`` that is asked for as audio is taken at its word.

    Raises
    ------
    MediaError
        When it is no media, or not of the type that was asked for.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from workbench.audio import Audio
    >>> with TemporaryDirectory() as folder:
    ...     file = Audio.silence(1, 8000).write(f"{folder}/pause.wav")
    ...     kind_of(Path(f"{folder}/pause.wav"), "audio", "film.mp4")
    ('audio', '.wav')
    """
    if asked == "audio" and name.lower().endswith(_RAW) and _unmarked(path):
        return "audio", ".pcm"
    if asked == "audio" and _plain_wav(path):  # what is spoken here: no need to ask a library
        return "audio", ".wav"
    info = probe(path)
    if info.format == "mov" and _brand(path) in _PICTURES:
        raise MediaError(
            "is a picture of a kind that is not read here (AVIF or HEIF)",
            subject=name or str(path),
            cure="convert it to PNG, JPEG or WebP",
        )
    if asked and info.kind != asked:
        raise MediaError(
            f"is {_named(info.kind)} by its content, not {_named(asked)}",
            subject=name or str(path),
            cure=f"give it as {info.kind}",
        )
    return info.kind, _extension(path, info)


def _extension(path: Path, info: MediaInfo) -> str:
    if info.kind == "image":
        found = _STILLS.get(info.format)
    elif info.kind == "audio":
        found = _SOUNDS.get(info.format)
        if info.format == "ogg" and info.audio is not None and info.audio.codec == "opus":
            found = ".opus"
    else:
        found = _VIDEOS.get(info.format)
        if info.format == "mov":
            brand = _brand(path)
            found = next((end for start, end in _BRANDS.items() if brand.startswith(start)), ".mp4")
        elif info.format == "matroska" and _webm(path):
            found = ".webm"
    if found is None:
        raise MediaError(
            f"is {info.format}, which the store does not keep",
            subject=str(path),
            cure="convert it to MP4, WAV, MP3, PNG or JPEG",
        )
    return found


def _named(kind: str) -> str:
    return {"image": "a picture", "audio": "a sound", "video": "a video"}.get(kind, kind)


def _brand(path: Path) -> bytes:
    """Return the brand of a file in boxes; none had one before QuickTime was given its own."""
    head = _head(path, 12)
    return head[8:] if head[4:8] == b"ftyp" else b"qt  "


def _plain_wav(path: Path) -> bool:
    """Return whether a file is a WAV of bare samples, and has some."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() > 0
    except (OSError, EOFError, wave.Error, struct.error):
        return False


def _unmarked(path: Path) -> bool:
    """Return whether a file has something in it that is no text and no other kind of file."""
    head = _head(path, 512)
    text = not head.translate(None, _TEXT)
    return not text and not head.startswith(_MARKS) and head[4:8] != b"ftyp"


def _head(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _webm(path: Path) -> bool:
    """Return whether a Matroska file says that it is WebM, as the first bytes of all do."""
    return b"webm" in _head(path, 64)
