"""Pieces of clips, one after the other, as one file: encoded anew, or joined as they are.

The frames of all pieces pass through here to the one process that encodes, a decoder at a time. So
a hundred clips need no more memory than one does, and what is damaged is known by name.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import ffmpeg

from workbench.audio import Audio
from workbench.errors import MediaError
from workbench.media.encoders import choose
from workbench.media.ffmpeg import encode
from workbench.media.limits import CLIP_FORMATS, Limits, existing, file_url
from workbench.media.outputs import PATIENCE
from workbench.media.pieces import RATE, Frame, Piece, frames, sound, spelled
from workbench.media.probe import length, probe

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from workbench.media.nodes import Fit
    from workbench.progress import Report

__all__ = [
    "MUSIC",
    "SOUND",
    "copy_pieces",
    "encode_frames",
    "encode_pieces",
    "stage_music",
    "stage_sound",
]

SOUND, MUSIC = "sound.f32", "music.f32"
"""The names under which a run finds what was staged for it: raw float stereo at `RATE`."""


Picture: TypeAlias = bytes | bytearray | memoryview

_FRAME_BYTES = 4 * 2  # float32, stereo
_CEILING = 0.891  # -1 dBFS: the sum of voice and music is held under it, and nothing else is
_LIST = "clips.txt"


def stage_sound(
    pieces: Sequence[Piece],
    frame: Frame,
    file: Path,
    *,
    limits: Limits,
    cancel: threading.Event | None,
) -> None:
    """Write the sound of all pieces, raw float stereo, one after the other to the sample.

    What has no sound is silent for its time.
    """
    done = 0
    with file.open("wb") as stream:
        for piece in pieces:
            first, done = frame.samples(done), done + piece.count
            last = frame.samples(done)
            if piece.info.audio is not None:
                bits = sound(piece, last - first, file.parent, limits=limits, cancel=cancel)
                for part in bits:
                    stream.write(part)
            end = last * _FRAME_BYTES
            stream.truncate(end)  # a file that grows so is zero there: silence
            stream.seek(end)


def stage_music(
    music: str | os.PathLike[str] | Audio,
    file: Path,
    *,
    limits: Limits,
    cancel: threading.Event | None,
) -> None:
    """Write a sound, raw float stereo, once: it is begun again without a gap when it is read.

    Raises
    ------
    MediaError
        When there is no sound in it.
    """
    if isinstance(music, Audio):
        samples = music.resample(RATE).with_channels(2).samples
        file.write_bytes(samples.astype("<f4").tobytes())
        name = "music"
    else:
        path, name = existing(music), str(music)
        info = probe(path, limits=limits)
        if info.audio is None:
            raise MediaError("has no sound", subject=name)
        count = round(length(path, limits=limits) * RATE)
        piece = Piece(path=path, info=info, count=0)
        with file.open("wb") as stream:
            for part in sound(piece, count, file.parent, limits=limits, cancel=cancel):
                stream.write(part)
    if file.stat().st_size < _FRAME_BYTES:
        raise MediaError("has no sound in it", subject=name)


def _outlet(
    picture: Any, frame: Frame, frames: int, part: Path, *, music: float | None, heard: bool
) -> list[str]:
    """Return the arguments that put a picture and what is staged of sound into an MP4 file."""
    seconds = spelled(frames / frame.fps)
    raw = {"format": "f32le", "ar": RATE, "ac": 2}
    streams, options = [picture[0]], {**picture[1], "map_metadata": -1, "map_chapters": -1}
    track = ffmpeg.input(SOUND, **raw)["a:0"] if heard else None
    if music is not None:
        bed = ffmpeg.input(MUSIC, stream_loop=-1, **raw)["a:0"].filter("volume", f"{music:.6f}")
        if track is None:
            track = bed
        else:
            both = ffmpeg.filter([track, bed], "amix", inputs=2, duration="first", normalize=0)
            track = both.filter("alimiter", limit=_CEILING, level=0, attack=1, release=50)
    if track is not None:
        streams.append(track)
        options |= {"c:a": "aac", "b:a": "160k", "ar": RATE, "ac": 2}
    options |= {"t": seconds, "movflags": "+faststart", "fflags": "+bitexact"}
    return list(ffmpeg.output(*streams, file_url(part), format="mp4", **options).get_args())


def encode_pieces(
    pieces: Sequence[Piece],
    frame: Frame,
    fit: Fit,
    part: Path,
    folder: Path,
    *,
    heard: bool,
    music: float | None,
    limits: Limits,
    report: Report,
    cancel: threading.Event | None,
) -> None:
    """Decode all pieces, one after the other, into one encoded file.

    Parameters
    ----------
    pieces
        In order.
    frame
        Size and rate of the result.
    fit
        How a picture of another shape fills it.
    part
        Where the result goes.
    folder
        The run's own, with `SOUND` and `MUSIC` in it as far as there are.
    heard, music
        Whether the one is there, and the factor at which the other is heard; None without.
    limits
        What each clip may be at most.
    report
        Told which part is done.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    MediaError
        When a clip is damaged, naming it.
    FfmpegError, Cancelled, StorageFull
        As `workbench.media.ffmpeg.encode` does.
    """
    total = sum(piece.count for piece in pieces)
    pictures = chain.from_iterable(
        frames(piece, frame, fit, folder, limits=limits, cancel=cancel) for piece in pieces
    )
    encode_frames(
        pictures, frame, total, part, folder,
        heard=heard, music=music, report=report, cancel=cancel,
    )  # fmt: skip


def encode_frames(
    pictures: Iterable[Picture],
    frame: Frame,
    total: int,
    part: Path,
    folder: Path,
    *,
    heard: bool,
    music: float | None,
    report: Report,
    cancel: threading.Event | None,
) -> None:
    """Encode planar 4:2:0 frames and what is staged of sound; see `encode_pieces`.

    Parameters
    ----------
    pictures
        The frames in order.
    frame
        Their size and rate.
    total
        How many there are.
    part, folder, heard, music, report, cancel
        As for `encode_pieces`.
    """
    picture = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="yuv420p",
        video_size=(frame.width, frame.height),
        framerate=str(frame.fps),
    )["v:0"]
    picture = picture.filter(
        "setparams",
        range="tv",
        color_primaries="bt709",
        color_trc="bt709",
        colorspace="bt709",
    )
    chosen = choose("production", width=frame.width, height=frame.height, cancel=cancel)
    # No "frames:v": before ffmpeg 6 the last picture would end the sound, still being read, too.
    encode(
        _outlet((picture, chosen.options), frame, total, part, music=music, heard=heard),
        pictures,
        folder=folder,
        limit=PATIENCE + PATIENCE * float(total / frame.fps),
        on_frame=lambda count: report(count / total),
        cancel=cancel,
    )


def copy_pieces(
    pieces: Sequence[Piece],
    frame: Frame,
    part: Path,
    folder: Path,
    *,
    heard: bool,
    music: float | None,
    limits: Limits,
    report: Report,
    cancel: threading.Event | None,
) -> None:
    """Join the pictures of whole clips as they are; see `encode_pieces` for the arguments.

    They must be alike, see `workbench.media.alike`. The sound is encoded once for all: an AAC
    stream begins with a run-up of its own, which would be heard at each join.
    """
    total = sum(piece.count for piece in pieces)
    lines = ["ffconcat version 1.0"]
    for index, piece in enumerate(pieces):
        name = f"{index:04d}.clip"  # our own names: a line break in a file's own adds a directive
        (folder / name).symlink_to(piece.path)
        lines += [f"file {name}", f"duration {spelled(piece.count / frame.fps)}"]
    (folder / _LIST).write_text("\n".join(lines) + "\n", encoding="ascii")
    picture = ffmpeg.input(
        _LIST,
        format="concat",
        auto_convert=0,
        protocol_whitelist="file",
        format_whitelist=f"concat,{CLIP_FORMATS}",
    )["v:0"]
    arguments = _outlet((picture, {"c:v": "copy"}), frame, total, part, music=music, heard=heard)
    encode(
        ["-xerror", *arguments],
        folder=folder,
        limit=PATIENCE + PATIENCE * float(total / frame.fps),
        memory=limits.memory,
        on_time=lambda done: report(min(1.0, float(done * frame.fps / total))),
        cancel=cancel,
    )
