"""An audiobook: one file with its chapters, its cover and who made it, at an even loudness."""

from __future__ import annotations

import warnings as alarms
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import FfmpegError, WorkbenchWarning
from workbench.media.audiobook_plan import LONGEST, BookPlan, book_plan
from workbench.media.chapters import Chapter, ffmetadata
from workbench.media.envelope import scaled
from workbench.media.ffmpeg import encode
from workbench.media.limits import DEFAULT_LIMITS, Limits, choice, existing, file_url
from workbench.media.master import CODED_PEAK, Master, hold, master, target_level
from workbench.media.meter import measure
from workbench.media.outputs import PATIENCE, receipt, sealed, target, writing
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbench.audio import Audio, Samples
    from workbench.media.meter import Loudness
    from workbench.take import Narration

__all__ = ["BITRATES", "Audiobook", "audiobook"]

BITRATES = ("32k", "48k", "64k", "96k", "128k", "160k", "192k")
"""Bits a second of AAC; 64k is more than a voice needs, and 29 MB an hour."""

_SUFFIXES = (".m4b", ".m4a")
_TAGS, _COVER = "chapters.txt", "cover.jpg"
_COVER_SIDE = 1_600  # pixels; shops ask for 1400 and more
_PAUSE = 1.5
_NEAR = 0.01  # seconds a chapter may move: they are kept in milliseconds
_FULL = 0.0  # dBTP


@dataclass(frozen=True, kw_only=True)
class Audiobook:
    """A finished audiobook.

    Parameters
    ----------
    path
        The file.
    duration
        Seconds.
    chapters
        As they are in the file.
    loudness
        Of what was encoded.
    receipt
        The JSON beside it.
    warnings
        What a listener should know.
    """

    path: Path
    duration: float
    chapters: tuple[Chapter, ...]
    loudness: Loudness
    receipt: Path
    warnings: tuple[str, ...] = field(default=())

    def _repr_html_(self) -> str:
        from workbench.media.audiobook_table import table

        return table(self)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "path": str(self.path),
            "duration": self.duration,
            "chapters": [chapter.to_dict() for chapter in self.chapters],
            "loudness": self.loudness.to_dict(),
            "receipt": str(self.receipt),
            "warnings": list(self.warnings),
        }


def audiobook(
    path: str | os.PathLike[str],
    source: Narration | Audio | Sequence[Narration | Audio],
    *,
    chapters: Sequence[Chapter | str] | None = None,
    cover: str | os.PathLike[str] | None = None,
    title: str = "",
    author: str = "",
    narrator: str = "",
    year: int | None = None,
    pause: float = _PAUSE,
    loudness: str | float | None = "audiobook",
    bitrate: str = "64k",
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Audiobook:
    r"""Write an audiobook with chapters, and its receipt beside it.

    Parameters
    ----------
    path
        Ends in ``.m4b``, which players take for a book, or ``.m4a``.
    source
        What is to be heard: a narration, a sound, or several of them, a chapter each.
    chapters
        `Chapter` values; or titles for the chapters there are by themselves; or none, ``()``. By
        default each of several sources, or each paragraph of one narration, is called by how it
        begins. A sound alone has no chapters. The first one is from the start in any case.
    cover
        A picture file.
    title, author, narrator
        At most 1000 letters each.
    year
        1 to 9999.
    pause
        Seconds between two sources, 0 to 60.
    loudness
        A name of `workbench.media.loudness.TARGETS`, LUFS, or None to leave it as it is.
    bitrate
        One of `BITRATES`.
    limits
        What the cover may be at most. The book may last 12 hours.
    progress
        Called with the part that is done, 0 to 1. Without it, a bar is shown.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When a value cannot be; before any work starts.
    MediaError
        When the cover is no picture, it is too long, or ffmpeg failed.
    StorageError
        When it cannot be written. Nothing half-written stays.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import workbench as wb
    >>> told = wb.speak("The first.\n\nThe second.")
    >>> with TemporaryDirectory() as folder:
    ...     book = audiobook(f"{folder}/book.m4b", told, title="Two", progress=lambda done: None)
    >>> [chapter.title for chapter in book.chapters]
    ['The first.', 'The second.']
    """
    picture = None if cover is None else existing(cover)
    file = target(path, _SUFFIXES, inputs=() if picture is None else (picture,))
    book = book_plan(
        source,
        chapters=chapters,
        title=title,
        author=author,
        narrator=narrator,
        year=year,
        pause=pause,
    )
    level = None if loudness is None else target_level(loudness)
    bitrate = choice("bitrate", bitrate, BITRATES)
    with workspace() as folder, writing(file, "audiobook", progress) as (part, report):
        if picture is not None:
            _stage_cover(picture, folder / _COVER, limits)
        text = ffmetadata(book.chapters, book.duration, book.tags)
        (folder / _TAGS).write_bytes(text.encode("utf-8"))
        samples = book.samples()
        made = _master(samples, book, level, lambda done: report(0.3 * done), cancel)
        report(0.3)
        count = len(samples)
        encode(
            _arguments(book, part, bitrate, cover=picture is not None),
            (piece.data for piece in scaled(samples, made.gain, made.envelope)),
            folder=folder,
            limit=PATIENCE + 4 * book.duration,
            on_frame=lambda pieces: report(0.3 + 0.7 * min(1.0, pieces * (1 << 16) / count)),
            cancel=cancel,
        )
        found = _judge(part, book, cover=picture is not None)
        seal = sealed(part)
        report(1.0)
    settings = {
        **book.describe(),
        "bitrate": bitrate,
        "loudness": {
            "target": level,
            "measured": made.after.to_dict(),
            "gain_db": round(made.gain_db, 2),
            "limited_db": round(made.limited, 2),
        },
        "warnings": list(made.warnings),
    }
    inputs = [] if picture is None else [picture]
    written = receipt(file, "audiobook", inputs, settings, seal=seal)
    for note in made.warnings:  # last: where warnings are errors, the book still has its receipt
        alarms.warn(note, WorkbenchWarning, stacklevel=2)
    return Audiobook(
        path=file,
        duration=found,
        chapters=book.chapters,
        loudness=made.after,
        receipt=written,
        warnings=made.warnings,
    )


def _stage_cover(picture: Path, staged: Path, limits: Limits) -> None:
    """Write a cover as a plain JPEG: what else its file holds stays outside."""
    from PIL import Image

    from workbench.media.stills import load

    image = Image.fromarray(load(picture, limits))
    image.thumbnail((_COVER_SIDE, _COVER_SIDE))
    image.save(staged, "JPEG", quality=90)


def _master(
    samples: Samples,
    book: BookPlan,
    level: float | None,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> Master:
    """Return the gain and the limiter; one gain for all, so that no chapter jumps."""
    before = measure(
        scaled(samples, 1.0),
        book.rate,
        book.channels,
        frames=len(samples),
        progress=lambda done: report(done / 2),
        cancel=cancel,
    )
    if level is not None:
        return master(
            samples,
            book.rate,
            before=before,
            target=level,
            true_peak=CODED_PEAK,
            progress=lambda done: report((1 + done) / 2),
            cancel=cancel,
        )
    if before.true_peak <= _FULL:
        return Master(gain=1.0, envelope=None, after=before, warnings=())
    note = f"peaks pass full scale by {before.true_peak:.1f} dB: limited"
    return hold(
        samples,
        book.rate,
        before=before,
        true_peak=CODED_PEAK,
        warnings=(note,),
        cancel=cancel,
    )


def _arguments(book: BookPlan, part: Path, bitrate: str, *, cover: bool) -> list[str]:
    """Return the arguments that encode raw floats from standard input; all names are fixed."""
    sound = ["-f", "f32le", "-ar", str(book.rate), "-ac", str(book.channels), "-i", "pipe:0"]
    about = ["-f", "ffmetadata", "-i", _TAGS]
    maps = ["-map", "0:a", "-map_metadata", "1", "-map_chapters", "1"]
    if cover:
        about += ["-f", "jpeg_pipe", "-i", _COVER]
        maps += ["-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    coded = ["-c:a", "aac", "-b:a", bitrate, "-movflags", "+faststart", "-fflags", "+bitexact"]
    return [*sound, *about, *maps, *coded, "-f", "ipod", file_url(part)]


def _judge(part: Path, book: BookPlan, *, cover: bool) -> float:
    """Return how long the file is, having read back all that was asked for."""
    import av

    info = judge(part, seconds=book.duration, sound=True, limits=Limits(seconds=LONGEST + 60))
    with av.open(file_url(part), metadata_errors="replace") as container:
        told = [
            (float(one["start"] * (one["time_base"] or 0)), one["metadata"].get("title", ""))
            for one in container.chapters()
        ]
        tags = dict(container.metadata)
        covers = len(container.streams.video)
    near = all(
        abs(start - chapter.start) <= _NEAR and title == chapter.title
        for (start, title), chapter in zip(told, book.chapters, strict=False)
    )
    if len(told) != len(book.chapters) or not near:
        raise FfmpegError("wrote other chapters than were asked for", subject="ffmpeg")
    if any(value and tags.get(name) != value for name, value in _readable(book.tags).items()):
        raise FfmpegError("wrote other tags than were asked for", subject="ffmpeg")
    if covers != cover:
        raise FfmpegError("wrote the file without its cover", subject="ffmpeg")
    return info.duration or book.duration


def _readable(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags that come back as they were given."""
    return {name: value for name, value in tags.items() if name != "media_type"}
