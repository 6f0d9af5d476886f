"""Clips of any kind, one after the other, as one file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.errors import FfmpegError, MediaError, ParameterError
from workbench.media.alike import difference, lasts, pictures
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, existing, number
from workbench.media.nodes import FITS, Fit
from workbench.media.outputs import receipt, sealed, target, writing
from workbench.media.pieces import (
    Frame,
    Piece,
    checked_size,
    constant_rate,
    even_size,
    frame_rate,
)
from workbench.media.probe import probe
from workbench.media.recut import (
    MUSIC,
    SOUND,
    copy_pieces,
    encode_pieces,
    stage_music,
    stage_sound,
)
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Merged", "merge"]

_MOST = 1_000  # clips
_FASTEST = 120  # frames per second
_SOUND_SHARE = 0.1  # of the progress


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What `merge` made.

    Parameters
    ----------
    path
        The file.
    duration
        Seconds.
    width, height, fps
        Of its picture.
    copied
        Whether the pictures were joined as they are; else they were encoded anew.
    reason
        Why.
    starts
        When each clip begins, in seconds.
    receipt
        The JSON file beside it that says how it was made.
    """

    path: Path
    duration: float
    width: int
    height: int
    fps: float
    copied: bool
    reason: str
    starts: tuple[float, ...] = field(default=())
    receipt: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        told = {**vars(self), "path": str(self.path), "starts": list(self.starts)}
        return {**told, "receipt": None if self.receipt is None else str(self.receipt)}


def merge(
    paths: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    fit: Fit = "contain",
    music: str | os.PathLike[str] | Audio | None = None,
    music_volume: float = 0.3,
    copy: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Merged:
    """Join clips of any size, rate, shape and rotation, with and without sound.

    The pictures are joined as they are only where every parameter is the same in all clips;
    else they are brought to the size and rate of the first. The sound is one stream either way:
    silent where a clip has none, as loud as it was where it has.

    Parameters
    ----------
    paths
        The clips in order, 1 to 1,000.
    output
        The file that is made, .mp4.
    size
        Width and height in even pixels; None takes those at which the first clip is seen.
    fps
        Frames per second, 1 to 120; None takes the first clip's, 30 where that varies.
    fit
        How a clip of another shape fills the frame: ``contain`` on black, ``cover``, or ``blur``.
    music
        A sound file, a video's sound or an `Audio`, begun again until the end.
    music_volume
        Factor 0 to 1; the clips' own sound keeps its level.
    copy
        Whether pictures may be joined as they are.
    limits
        What each clip, and the result, may be at most.
    progress
        Called with the part that is done; None shows a bar.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When an argument is not acceptable, before anything runs.
    MediaError
        When a file cannot be used, naming it.
    StorageError, Cancelled
        When the disk refuses, or on request.
    """
    files = _files(paths)
    read = [*files, *_file_of(music)]
    file = target(output, (".mp4",), inputs=read)
    choice("fit", fit, FITS)
    volume = None if music is None else number("music_volume", music_volume, 0, 1)
    number("music_volume", music_volume, 0, 1)
    plan = _plan(files, size, fps, limits, copy=copy)
    with workspace() as folder, writing(file, "merging", progress) as (part, report):
        if plan.sound:
            stage_sound(plan.pieces, plan.frame, folder / SOUND, limits=limits, cancel=cancel)
        if music is not None:
            stage_music(music, folder / MUSIC, limits=limits, cancel=cancel)
        report(_SOUND_SHARE)
        tracks: dict[str, Any] = {
            "heard": plan.sound,
            "music": volume,
            "limits": limits,
            "report": lambda done: report(_SOUND_SHARE + (1 - _SOUND_SHARE) * done),
            "cancel": cancel,
        }
        why = plan.why or _copied(plan, part, folder, tracks)
        if why:
            encode_pieces(plan.pieces, plan.frame, fit, part, folder, **tracks)
        frame, seen = plan.frame, plan.pieces[0].info.video
        info = judge(
            part,
            seconds=plan.seconds,
            size=(frame.width, frame.height) if why or seen is None else (seen.width, seen.height),
            fps=float(frame.fps),
            sound=plan.sound or music is not None,
            limits=limits,
        )
        seal = sealed(part)
    bed = music.digest() if isinstance(music, Audio) else music and str(music)
    settings = {
        "size": [frame.width, frame.height], "fps": str(frame.fps), "fit": fit,
        "copied": not why, "music": bed, "music_volume": volume,
    }  # fmt: skip
    return Merged(
        path=file,
        duration=plan.seconds,
        width=info.video.width if info.video else frame.width,
        height=info.video.height if info.video else frame.height,
        fps=float(frame.fps),
        copied=not why,
        reason=why or "all clips have the same parameters",
        starts=plan.starts,
        receipt=receipt(file, "merge", read, settings, seal=seal),
    )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is done, known before anything is written; `why` not by copying."""

    pieces: tuple[Piece, ...]
    frame: Frame
    why: str

    @property
    def total(self) -> int:
        return sum(piece.count for piece in self.pieces)

    @property
    def seconds(self) -> float:
        return float(self.total / self.frame.fps)

    @property
    def sound(self) -> bool:
        return any(piece.info.audio is not None for piece in self.pieces)

    @property
    def starts(self) -> tuple[float, ...]:
        counts = [piece.count for piece in self.pieces]
        return tuple(float(sum(counts[:n]) / self.frame.fps) for n in range(len(counts)))


def _files(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    if isinstance(paths, str | PathLike) or not isinstance(paths, Iterable):
        raise ParameterError("must be a list of files", subject="paths")
    found = list(paths)
    if not 1 <= len(found) <= _MOST:
        raise ParameterError(f"must be 1 to {_MOST:,} clips, not {len(found)}", subject="paths")
    return [existing(path) for path in found]


def _file_of(music: str | os.PathLike[str] | Audio | None) -> list[Path]:
    return [] if music is None or isinstance(music, Audio) else [existing(music)]


def _plan(
    files: list[Path],
    size: tuple[int, int] | None,
    fps: float | None,
    limits: Limits,
    *,
    copy: bool,
) -> _Plan:
    wanted = None if fps is None else constant_rate(number("fps", fps, 1, 120))
    sides = None if size is None else checked_size(size)
    infos, looks = [], []
    for path in files:
        info = probe(path, limits=limits)
        if info.kind != "video" or info.video is None:
            raise MediaError(f"is {info.kind}, not a video", subject=str(path))
        check_intact(path, limits=limits)
        infos.append(info)
        looks.append(pictures(path, limits))
    first, native = infos[0].video, looks[0].fps
    assert first is not None  # noqa: S101 - refused above
    if native is None or not 1 <= native <= _FASTEST:
        native = frame_rate(first)
    width, height = sides or even_size(first)
    frame = Frame(width=width, height=height, fps=wanted or native)
    why = "" if copy else "copying was not allowed"
    why = why or difference(looks)
    if not why and wanted is not None and wanted != looks[0].fps:
        why = "another rate was asked for"
    if not why and sides is not None and sides != (first.width, first.height):
        why = "another size was asked for"
    pieces = []
    for path, info, look in zip(files, infos, looks, strict=True):
        seconds, longer = lasts(path, info, look, limits)
        if longer:
            why = why or f"the sound of {path.name} is longer than its picture"
        count = max(1, round(seconds * frame.fps))
        pieces.append(Piece(path=path, info=info, start=float(look.begin), count=count))
    plan = _Plan(pieces=tuple(pieces), frame=frame, why=why)
    limits.check_seconds("all clips together", plan.seconds)
    return plan


def _copied(plan: _Plan, part: Path, folder: Path, tracks: dict[str, Any]) -> str:
    """Join the pictures as they are; return why that did not come out right, if so."""
    try:
        copy_pieces(plan.pieces, plan.frame, part, folder, **tracks)
        made = pictures(part, tracks["limits"])
    except (FfmpegError, MediaError) as error:
        return f"copying failed ({error.problem})"
    if made.fault or made.frames != plan.total or made.fps != plan.frame.fps:
        return "copying lost or moved a frame"
    return ""
