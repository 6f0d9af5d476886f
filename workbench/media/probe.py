"""What a media file is: measured by opening it, within limits, never by its name."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError
from workbench.media.containers import opened, pictures_in
from workbench.media.images import decoding
from workbench.media.limits import DEFAULT_LIMITS, STILL_FORMATS, Limits, existing

if TYPE_CHECKING:
    import os
    from pathlib import Path

__all__ = ["AudioStream", "MediaInfo", "VideoStream", "length", "probe"]

_QUARTER = 90
_UNEVEN = 0.01  # of the finest clock: above it the frames of a stream are not evenly spaced
# Tags are whatever a stranger wrote: so many, and so many letters of each.
_TAGS, _TAG_LETTERS = 32, 300
_BRANDS = ("major_brand", "minor_version", "compatible_brands")  # MP4's, about no content
# Old WAV files give a number of channels and no layout; this is what players take them for.
_LAYOUTS = {"1 channels": "mono", "2 channels": "stereo"}


@dataclass(frozen=True, kw_only=True)
class VideoStream:
    """The picture of a file as a viewer sees it.

    Parameters
    ----------
    width, height
        Pixels as displayed: after rotation, pixel aspect applied to the width.
    fps
        Average frames per second; None when the file does not say.
    codec
        FFmpeg's name of the codec, or Pillow's of the picture format.
    rotation
        Degrees clockwise by which the stored picture is turned for display: 0, 90, 180 or 270.
    variable
        Whether the time between frames varies.
    pixel_aspect
        Width of a stored pixel divided by its height, before rotation; 1 for square ones.
    bit_rate
        Bits per second, None when the file does not say.
    """

    width: int
    height: int
    codec: str
    fps: float | None = None
    rotation: int = 0
    variable: bool = False
    pixel_aspect: float = 1.0
    bit_rate: int | None = None


@dataclass(frozen=True, kw_only=True)
class AudioStream:
    """The sound of a file.

    Parameters
    ----------
    rate
        Frames per second.
    channels
        How many.
    layout
        Such as ``stereo`` or ``5.1(side)``.
    codec
        FFmpeg's name of the codec.
    bit_rate
        Bits per second, None when the file does not say.
    """

    rate: int
    channels: int
    layout: str
    codec: str
    bit_rate: int | None = None


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What `probe` found.

    Parameters
    ----------
    path
        The file.
    kind
        ``image``, ``video`` or ``audio``.
    format
        FFmpeg's or Pillow's name of the format.
    duration
        Seconds, None when the file does not say (pictures never do).
    size
        Bytes.
    video, audio
        The first of each, None without one. The cover of a song is no video.
    videos, audios, subtitles
        How many streams of each there are.
    bit_rate
        Bits per second of all streams, None when the file does not say.
    chapters
        How many chapters there are.
    tags
        What the file says of itself, such as its title: a stranger's words.
    """

    path: str
    kind: str
    format: str
    duration: float | None
    size: int
    video: VideoStream | None = None
    audio: AudioStream | None = None
    videos: int = 0
    audios: int = 0
    subtitles: int = 0
    bit_rate: int | None = None
    chapters: int = 0
    tags: dict[str, str] = field(default_factory=dict, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return dataclasses.asdict(self)


def probe(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> MediaInfo:
    """Return what a picture, sound or video file is.

    Parameters
    ----------
    path
        A file on this machine.
    limits
        What it may be at most.

    Raises
    ------
    MediaNotFound
        When there is no such file.
    MediaTooLarge
        When it is over a limit.
    MediaError
        When it is none of the known formats, or damaged so that it cannot be opened. Playlists
        are refused whatever they are called.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from workbench.audio import Audio
    >>> with TemporaryDirectory() as folder:
    ...     probe(Audio.silence(1.5, 8000).write(f"{folder}/pause.wav")).duration
    1.5
    """
    file = existing(path)
    size = file.stat().st_size
    if size == 0:
        raise MediaError("is empty, 0 bytes", subject=str(path), cure="make or fetch it again")
    return _still(file, size, limits) or _container(file, size, limits)


def _still(file: Path, size: int, limits: Limits) -> MediaInfo | None:
    """Return what Pillow says of a picture, None when it is not one."""
    from PIL import Image

    with decoding(file, limits):
        try:
            picture = Image.open(file, formats=STILL_FORMATS)
        except (OSError, SyntaxError, ValueError):
            return None
        with picture:
            limits.check_pixels(file, *picture.size)
            # A PNG may carry it behind its pixels, and reads them on the way.
            orientation = picture.getexif().get(0x0112, 1)
            turned = {3: 180, 6: 90, 8: 270}.get(orientation, 0)
            width, height = picture.size
            if orientation in {5, 6, 7, 8}:
                width, height = height, width
            kind = str(picture.format)
    video = VideoStream(width=width, height=height, codec=kind.lower(), rotation=turned)
    return MediaInfo(
        path=str(file), kind="image", format=kind, duration=None, size=size, video=video, videos=1
    )


def length(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> float:
    """Return how long a clip or a sound lasts, in seconds, also when the file does not say.

    What a recorder that was cut off, or a browser, has written may hold no duration; then its
    packets are read, without being decoded.

    Raises
    ------
    MediaError
        As for `probe`, for a picture, and for a file of which nothing can be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from workbench.audio import Audio
    >>> with TemporaryDirectory() as folder:
    ...     length(Audio.silence(1.5, 8000).write(f"{folder}/pause.wav"))
    1.5
    """
    info = probe(path, limits=limits)
    if info.kind == "image":
        raise MediaError("is a picture, and has no duration", subject=str(path))
    seconds = info.duration if info.duration is not None else _counted(existing(path), limits)
    if seconds <= 0:
        raise MediaError("has no picture and no sound in it", subject=str(path))
    limits.check_seconds(path, seconds)
    return seconds


def _counted(file: Path, limits: Limits) -> float:
    """Return how long the packets of a file last."""
    import av

    first, last = float("inf"), 0.0
    try:
        with opened(file, limits) as container:
            for packet in container.demux():
                if packet.pts is None or packet.stream.type not in {"audio", "video"}:
                    continue
                time = float(packet.pts * packet.time_base)
                span = float((packet.duration or 0) * packet.time_base)
                first, last = min(first, time), max(last, time + span)
    except av.FFmpegError as error:
        raise MediaError("cannot be read to its end", subject=str(file)) from error
    return max(0.0, last - first)


def _container(file: Path, size: int, limits: Limits) -> MediaInfo:
    import av

    with opened(file, limits) as container:
        # A stream without a codec context is one that nothing here can decode.
        known = [s for s in container.streams if s.codec_context is not None]
        videos = pictures_in(container)
        audios = [s for s in known if s.type == "audio"]
        duration = None if container.duration is None else container.duration / av.time_base
        if duration is not None:
            limits.check_seconds(file, duration)
        if not videos and not audios:
            raise MediaError(
                "has neither a picture nor sound that can be decoded", subject=str(file)
            )
        video = _video(file, container, videos[0], limits) if videos else None
        audio = None
        if audios:
            first = audios[0]
            audio = AudioStream(
                rate=first.rate,
                channels=first.channels,
                layout=_LAYOUTS.get(first.layout.name, first.layout.name),
                codec=first.codec_context.codec.canonical_name,
                bit_rate=first.bit_rate or None,
            )
        return MediaInfo(
            path=str(file),
            kind="video" if videos else "audio",
            format=container.format.name.split(",")[0],
            duration=duration,
            size=size,
            video=video,
            audio=audio,
            videos=len(videos),
            audios=len(audios),
            subtitles=sum(s.type == "subtitle" for s in container.streams),
            bit_rate=container.bit_rate or None,
            chapters=len(container.chapters()),
            tags=_tags(container.metadata),
        )


def _tags(found: dict[str, str]) -> dict[str, str]:
    said = [(name, text) for name, text in found.items() if name not in _BRANDS]
    return {name[:_TAG_LETTERS]: text[:_TAG_LETTERS] for name, text in said[:_TAGS]}


def _video(file: Path, container: Any, stream: Any, limits: Limits) -> VideoStream:
    import av

    limits.check_pixels(file, stream.width, stream.height)
    aspect = float(stream.sample_aspect_ratio or 1) or 1.0
    width, height = round(stream.width * aspect), stream.height
    try:  # the display matrix is told with the first frame
        frame = next(container.decode(stream), None)
    except av.FFmpegError as error:
        raise MediaError("its picture cannot be decoded", subject=str(file)) from error
    if frame is None:
        raise MediaError("its picture has no frames", subject=str(file))
    rotation = round(-frame.rotation / _QUARTER) * _QUARTER % 360
    if rotation in {90, 270}:
        width, height = height, width
    # base_rate is the finest clock all frames fit on: far above the average, they are uneven.
    average, base = stream.average_rate, stream.base_rate
    variable = bool(average and base and abs(float(average) / float(base) - 1) > _UNEVEN)
    return VideoStream(
        width=width,
        height=height,
        codec=stream.codec_context.codec.canonical_name,
        fps=float(average) if average else None,
        rotation=rotation,
        variable=variable,
        pixel_aspect=aspect,
        bit_rate=stream.bit_rate or None,
    )
