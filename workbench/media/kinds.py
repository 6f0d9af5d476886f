"""What a file is to the store: its type and the extension that tells it, both by its content."""

from __future__ import annotations

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
# The brands with which an MP4 says for whom it was written.
_BRANDS = {b"qt  ": ".mov", b"M4V ": ".m4v", b"3gp": ".3gp"}
_HEAD = 12


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
    if asked == "audio" and name.lower().endswith(_RAW) and path.stat().st_size:
        return "audio", ".pcm"
    info = probe(path)
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
            found = _brand(path)
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


def _brand(path: Path) -> str:
    """Return the extension of a film in boxes, by the brand in its first one."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[4:8] != b"ftyp":  # as QuickTime wrote before there were brands
        return ".mov"
    brand = head[8:12]
    return next((end for start, end in _BRANDS.items() if brand.startswith(start)), ".mp4")


def _webm(path: Path) -> bool:
    """Return whether a Matroska file says that it is WebM, as the first bytes of all do."""
    with path.open("rb") as file:
        return b"webm" in file.read(64)
