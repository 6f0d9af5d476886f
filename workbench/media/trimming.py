"""A part of a clip or a sound as a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError, ParameterError
from workbench.media.alike import Pictures, lasts, pictures
from workbench.media.containers import INDEXED
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, Limits, existing, number
from workbench.media.nodes import source
from workbench.media.outputs import receipt, sealed, target, writing
from workbench.media.pieces import Frame, Piece, even_size, frame_rate, spelled
from workbench.media.probe import MediaInfo, length, probe
from workbench.media.recut import SOUND, encode_pieces, stage_sound
from workbench.media.remux import remux
from workbench.media.soundfiles import SOUNDS, encode_sound
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable
    from pathlib import Path

    __all__ = ["Trimmed", "trim"]

_COPIED = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
_PAST = 0.05  # seconds by which an end may lie past the file's: what is shown is rounded
_SHORTEST = 0.01  # seconds of sound
_SOUND_SHARE = 0.1  # of the progress
_FASTEST = 120  # frames per second
_ROUNDED = Fraction(1, 1000)  # seconds by which a key frame may be after the start
# Nothing is lost by cutting these on the sample, and a copy keeps the old length in FLAC's header.
_LOSSLESS = ("pcm_", "flac")


@dataclass(frozen=True, kw_only=True)
class Trimmed:
    """What `trim` made.

    Parameters
    ----------
    path
        The file.
    start, end
        Where it was really cut, in seconds of the original: on whole frames, and when it was
        copied, on key frames.
    duration
        Seconds.
    copied
        Whether its streams are the original's as they were.
    receipt
        The JSON file beside it that says how it was made.
    """

    path: Path
    start: float
    end: float
    duration: float
    copied: bool
    receipt: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        receipt_at = None if self.receipt is None else str(self.receipt)
        return {**vars(self), "path": str(self.path), "receipt": receipt_at}


def trim(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    start: float = 0.0,
    end: float | None = None,
    *,
    precise: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Trimmed:
    """Cut a part out of a clip or a sound.

    Parameters
    ----------
    path
        A video or a sound.
    output
        For a video .mp4 (also .mov, .mkv or .webm when it is not precise); for a sound, or the
        sound of a video alone: .wav, .flac, .mp3, .m4a, .ogg or .opus.
    start, end
        Seconds from the start; an end of None is the file's.
    precise
        Cut on the frame and on the sample, by a new encode. Else the streams are copied: quick,
        and without loss, but a video then begins at the key frame before `start`, and a sound on
        one of its blocks; the result says where it was cut. WAV and FLAC lose nothing either way,
        and are cut on the sample.
    limits
        What the file may be at most.
    progress
        Called with the part that is done; None shows a bar.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When an argument is not acceptable, or the part is not within the file.
    MediaError
        When the file cannot be used.
    StorageError, Cancelled
        When the disk refuses, or on request.
    """
    file = existing(path)
    sound_only = str(output).lower().endswith(tuple(SOUNDS))
    suffixes = (".mp4",) if precise else tuple(_COPIED)
    goal = target(output, tuple(SOUNDS) if sound_only else (*suffixes, *SOUNDS), inputs=[file])
    begin = number("start", start, 0, limits.seconds, unit="s")
    stop = None if end is None else number("end", end, 0, limits.seconds, unit="s")
    info = probe(file, limits=limits)
    if info.kind == "image" or (info.video is None and not sound_only):
        raise ParameterError(
            f"is {info.kind}, which {goal.suffix} is not for",
            subject=str(path),
            cure=f"use {', '.join(SOUNDS)}" if info.kind == "audio" else "give a clip or a sound",
        )
    if sound_only and info.audio is None:
        raise MediaError("has no sound", subject=str(path))
    check_intact(file, limits=limits)
    job = _Job(file, goal, info, limits, progress, cancel)
    if sound_only:
        kind = SOUNDS[goal.suffix.lower()]
        if precise or info.audio is None or info.audio.codec.startswith(_LOSSLESS):
            return job.encode_sound(begin, stop)
        if info.audio.codec not in kind.holds:
            raise ParameterError(
                f"{goal.suffix} does not hold {info.audio.codec}",
                subject=goal.name,
                cure="cut it precisely, or choose another suffix",
            )
        return job.copy_sound(begin, stop)
    look = pictures(file, limits)
    return job.encode_video(look, begin, stop) if precise else job.copy_video(look, begin, stop)


def _span(name: str, start: float, end: float | None, whole: float) -> tuple[float, float]:
    """Return where to cut, having checked that it is within the file."""
    stop = whole if end is None else end
    if start >= whole or stop > whole + _PAST:
        which, value = ("start", start) if start >= whole else ("end", stop)
        raise ParameterError(
            f"is {value:g} s, and {name} ends at {whole:.3f} s", subject=which, cure="cut before it"
        )
    if stop <= start:
        raise ParameterError(f"must be after the start, {start:g} s, not {stop:g} s", subject="end")
    return start, min(stop, whole)


@dataclass(frozen=True)
class _Job:
    """One cut, its arguments checked."""

    file: Path
    goal: Path
    info: MediaInfo
    limits: Limits
    progress: Callable[[float], None] | None
    cancel: threading.Event | None

    def encode_video(self, look: Pictures, start: float, end: float | None) -> Trimmed:
        """Cut on frames of a constant rate."""
        video = self.info.video
        assert video is not None  # noqa: S101 - the caller looked
        fps = look.fps if look.fps and 1 <= look.fps <= _FASTEST else frame_rate(video)
        whole = float(lasts(self.file, self.info, look, self.limits)[0])
        begin, stop = _span(self.file.name, start, end, whole)
        first = min(round(begin * fps), round(whole * fps) - 1)
        count = max(1, round(stop * fps) - first)
        width, height = even_size(video)
        frame = Frame(width=width, height=height, fps=fps)
        begin_at = float(first / fps + look.begin)
        piece = Piece(path=self.file, info=self.info, start=begin_at, count=count)
        heard = self.info.audio is not None
        with workspace() as folder, self._writing() as (part, report):
            if heard:
                stage_sound([piece], frame, folder / SOUND, limits=self.limits, cancel=self.cancel)
            report(_SOUND_SHARE)
            encode_pieces(
                [piece], frame, "contain", part, folder,
                heard=heard, music=None, limits=self.limits, cancel=self.cancel,
                report=lambda done: report(_SOUND_SHARE + (1 - _SOUND_SHARE) * done),
            )  # fmt: skip
            judge(part, seconds=float(count / fps), size=(width, height), fps=float(fps),
                  sound=heard, limits=self.limits)  # fmt: skip
            seal = sealed(part)
        return self._done(first / fps, (first + count) / fps, seal, copied=False)

    def copy_video(self, look: Pictures, start: float, end: float | None) -> Trimmed:
        """Cut at the key frame before the start, copying the streams."""
        whole = length(self.file, limits=self.limits)
        begin, stop = _span(self.file.name, start, end, whole)
        late = begin + look.begin + _ROUNDED
        key = max((each for each in look.keys if each <= late), default=Fraction(0))
        container = _COPIED[self.goal.suffix.lower()]
        return self._remuxed(container, key, Fraction(stop) + look.begin, look.begin)

    def copy_sound(self, start: float, end: float | None) -> Trimmed:
        """Cut on the blocks in which a sound is stored."""
        kind = SOUNDS[self.goal.suffix.lower()]
        whole = length(self.file, limits=self.limits)
        begin, stop = _span(self.file.name, start, end, whole)
        return self._remuxed(kind.container, Fraction(begin), Fraction(stop))

    def _remuxed(
        self, container: str, start: Fraction, end: Fraction, zero: Fraction = Fraction(0)
    ) -> Trimmed:
        picture = self.goal.suffix.lower() in _COPIED
        with self._writing() as (part, report):
            first, last = remux(
                self.file, part, container, start, end,
                picture=picture, report=report, cancel=self.cancel, limits=self.limits,
            )  # fmt: skip
            heard = self.info.audio is not None
            judge(part, seconds=float(last - first), sound=heard, limits=self.limits)
            seal = sealed(part)
        return self._done(first - zero, last - zero, seal, copied=True)

    def encode_sound(self, start: float, end: float | None) -> Trimmed:
        """Cut a sound on the sample."""
        audio = self.info.audio
        assert audio is not None  # noqa: S101 - the caller looked
        kind = SOUNDS[self.goal.suffix.lower()]
        begin, stop = _span(self.file.name, start, end, length(self.file, limits=self.limits))
        if stop - begin < _SHORTEST:
            raise ParameterError(
                f"leaves {stop - begin:g} s, and a sound needs {_SHORTEST} s", subject="end"
            )
        first, last = (round(time * audio.rate) for time in (begin, stop))
        seconds = (last - first) / audio.rate
        # MP3 and bare AAC have no index: there, what lies before the start is read as well.
        indexed = self.info.format in INDEXED and first > 0
        seek = {"ss": spelled(Fraction(first, audio.rate))} if indexed else {}
        cut = source(self.file, **seek)["a:0"]
        if first and not indexed:
            offset = spelled(Fraction(first, audio.rate))
            cut = cut.filter("atrim", start=offset).filter("asetpts", f"PTS-{offset}/TB")
        cut = cut.filter("atrim", end_sample=last - first)
        options = {**kind.options, "t": spelled(seconds)}
        if audio.codec.startswith("pcm_") and audio.codec in kind.holds:
            options["c:a"] = audio.codec  # 24 bits stay 24 bits
        with workspace() as folder, self._writing() as (part, report):
            encode_sound(
                cut, part, kind.container, options,
                subject=self.file, seconds=seconds, folder=folder, report=report,
                cancel=self.cancel, limits=self.limits,
            )  # fmt: skip
            judge(part, seconds=seconds, sound=True, limits=self.limits)
            seal = sealed(part)
        return self._done(
            Fraction(first, audio.rate), Fraction(last, audio.rate), seal, copied=False
        )

    def _writing(self) -> Any:
        return writing(self.goal, "trimming", self.progress)

    def _done(
        self, start: Fraction, end: Fraction, seal: tuple[int, str], *, copied: bool
    ) -> Trimmed:
        begin, stop = round(float(start), 6), round(float(end), 6)
        settings = {"start": begin, "end": stop, "copied": copied}
        return Trimmed(
            path=self.goal,
            start=begin,
            end=stop,
            duration=round(stop - begin, 6),
            copied=copied,
            receipt=receipt(self.goal, "trim", [self.file], settings, seal=seal),
        )
