"""Segments become files: several at a time, each once, and none that is kept already."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from workbench.errors import Cancelled, FfmpegError, MediaError
from workbench.media import graph
from workbench.media.ffmpeg import Failed, encode
from workbench.media.segments import check, keep, segment_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.captions.ass import Prepared
    from workbench.media.encoders import Encoder
    from workbench.media.graph import Canvas
    from workbench.media.overlays import Overlay
    from workbench.media.packets import Packets
    from workbench.media.segments import Segment
    from workbench.media.shots import Studio
    from workbench.storage.cache import FileCache

__all__ = ["Drawing", "Encoded", "arguments", "encode_segments"]

# A slow machine under load takes this many seconds for a second of video before it counts as hung.
_PATIENCE = 120.0
_DAMAGE = re.compile(r"Invalid data|[Dd]ecod|corrupt|moov|NAL")  # what decoders say of a clip
_LOOK = 0.1  # seconds between two looks at how far the work is


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What every segment of a video has in common.

    Parameters
    ----------
    canvas
        Size and rate.
    overlays
        What is laid over the scenes.
    captions
        Captions and titles, None for none.
    fonts
        The digests of the fonts they are drawn with.
    encoder
        How it is encoded.
    tools
        The versions of the programs.
    """

    canvas: Canvas
    overlays: tuple[Overlay, ...] = ()
    captions: Prepared | None = None
    fonts: tuple[str, ...] = ()
    encoder: Encoder
    tools: dict[str, str] = field(default_factory=dict)

    def ass(self, segment: Segment) -> str:
        """Return what is drawn into a segment, empty for nothing."""
        if self.captions is None:
            return ""
        return self.captions.segment(segment.first, segment.count, self.canvas.fps)

    def held(self, segment: Segment, longest: int) -> Encoder:
        """Return the encoder, held to one thread unless a segment is long."""
        return self.encoder.single() if segment.count <= longest else self.encoder

    def key(self, segment: Segment, text: str, longest: int) -> str:
        """Return the digest of all that the bytes of a segment with such captions depend on."""
        return segment_key(
            segment,
            self.canvas,
            overlays=self.overlays,
            captions=text,
            fonts=self.fonts,
            encoder=self.held(segment, longest).options,
            tools=self.tools,
        )


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """The segments as files.

    Parameters
    ----------
    files
        In order.
    reused
        How many of them were kept from before.
    early
        Frames by which decoding begins before the first is shown, where that is not the same in
        all of them and so is to be set in the join; else 0.
    messages
        What ffmpeg had to say.
    """

    files: tuple[Path, ...]
    reused: int
    early: int
    messages: str


def arguments(
    drawing: Drawing, segment: Segment, index: int, *, text: str, folder: Path, longest: int
) -> list[str]:
    """Return the arguments that encode a segment with the captions `text`."""
    seen = [
        (number, overlay, shown)
        for number, overlay in enumerate(drawing.overlays)
        if (shown := overlay.seen(segment.first, segment.count, drawing.canvas)) is not None
    ]
    encoder = drawing.held(segment, longest)
    return graph.segment(
        folder / graph.segment_name(index),
        drawing.canvas,
        segment.count,
        transition=segment.transition,
        overlays=seen,
        captions=graph.captions_name(index) if text else "",
        encoder=encoder.options,
        upload=encoder.upload,
        before=encoder.global_options,
    )


def encode_segments(
    drawing: Drawing,
    segments: tuple[Segment, ...],
    studio: Studio,
    *,
    folder: Path,
    workers: int,
    longest: int,
    cache: FileCache | None,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> Encoded:
    """Encode the segments that no cache has, `workers` at a time.

    Parameters
    ----------
    drawing
        What they have in common.
    segments
        The segments of the video, in order.
    studio
        Makes their frames.
    folder
        Where fonts and overlays are staged, and the files go.
    workers
        How many are encoded at once.
    longest
        Frames of a segment up to which one thread is enough for it.
    cache
        Where finished segments are kept, None for nowhere.
    report
        Called from this thread with the part that is done, 0 to 1.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    Cancelled, MediaError, StorageFull
        All processes are gone by the time they arrive.
    """
    batch = _Batch(
        drawing=drawing,
        segments=segments,
        studio=studio,
        folder=folder,
        longest=longest,
        cache=cache,
    )
    results = _run(batch, workers, report, cancel)
    if not _alike(results) and any(result.reused for result in results):
        # Another build of the encoder, of the same version by name, made what was kept.
        results = _run(replace(batch, fresh=True), workers, report, cancel)
    if not _alike(results):
        raise FfmpegError(
            "made pieces that cannot be joined without encoding them again",
            subject=drawing.encoder.name,
            cure="use encoder='x264', or another ffmpeg",
        )
    return Encoded(
        files=tuple(result.file for result in results),
        reused=sum(result.reused for result in results),
        early=_early(results, drawing.canvas.fps),
        messages="\n".join(result.messages for result in results),
    )


def _run(
    batch: _Batch,
    workers: int,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> list[Result]:
    """Return all segments; on any error the others are stopped and gone before it arrives."""
    with ThreadPoolExecutor(workers, thread_name_prefix="workbench-segment") as pool:
        try:
            # A submit waits for its thread: an interrupt may arrive in the middle of them.
            futures = [pool.submit(batch.one, index) for index in range(len(batch.segments))]
            _watch(futures, batch, report, cancel)
        except BaseException:
            batch.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _alike(results: list[Result]) -> bool:
    """Whether all segments have the same parameter sets: else no player decodes all of them."""
    return len({result.found.extradata for result in results}) <= 1


def _early(results: list[Result], fps: int) -> int:
    """Return `Encoded.early`: a piece of one or two frames is decoded with less of a start."""
    found = {result.found.early for result in results}
    return round(max(found) * fps) if len(found) > 1 else 0


def _watch(
    futures: list[Future[Result]],
    batch: _Batch,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> None:
    """Wait for the segments, tell how far they are, and raise the first error."""
    pending = set(futures)
    total = sum(segment.count for segment in batch.segments)
    while pending:
        finished, pending = wait(pending, timeout=_LOOK, return_when=FIRST_EXCEPTION)
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped on request", subject="rendering")
        for future in finished:
            future.result()
        report(sum(batch.done) / total)


class Result(NamedTuple):
    """A segment's file, whether it was kept from before, its pictures, ffmpeg's messages."""

    file: Path
    reused: bool
    found: Packets
    messages: str = ""


@dataclass(kw_only=True)
class _Batch:
    """Segments that are being encoded; `one` runs in several threads.

    `fresh` ones are encoded whatever is kept, and take its place.
    """

    drawing: Drawing
    segments: tuple[Segment, ...]
    studio: Studio
    folder: Path
    longest: int
    cache: FileCache | None
    fresh: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    done: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.done = [0] * len(self.segments)

    def one(self, index: int) -> Result:
        """Return a segment, from the cache or encoded now."""
        segment, canvas = self.segments[index], self.drawing.canvas
        target = self.folder / graph.segment_name(index)
        text = self.drawing.ass(segment)
        name = self.drawing.key(segment, text, self.longest)
        target.unlink(missing_ok=True)  # of an attempt before: it may be an entry's second name
        kept = self._kept(name, index, target)
        if kept is not None:
            return kept
        if text:
            (self.folder / graph.captions_name(index)).write_text(text, encoding="utf-8")
        messages = self._encode(index, text)
        found = check(target, segment.count, canvas)
        if self.cache is not None:
            self.cache.put(name, target.read_bytes())
        return Result(target, reused=False, found=found, messages=messages)

    def _kept(self, name: str, index: int, target: Path) -> Result | None:
        """Return a segment that was kept from before, None when there is none that can be used."""
        if self.cache is None:
            return None
        if self.fresh:
            self.cache.remove(name)
            return None
        kept = self.cache.get(name)
        if kept is None:
            return None
        count = self.segments[index].count
        try:
            keep(kept, target)
            found = check(target, count, self.drawing.canvas)
        except FileNotFoundError:  # another process has made room meanwhile
            return None
        except FfmpegError:  # whole, and not this segment
            self.cache.remove(name)
            target.unlink(missing_ok=True)
            return None
        self.done[index] = count
        return Result(target, reused=True, found=found)

    def _encode(self, index: int, text: str) -> str:
        segment, drawing = self.segments[index], self.drawing
        program = arguments(
            drawing, segment, index, text=text, folder=self.folder, longest=self.longest
        )
        clips = [overlay.path for overlay in drawing.overlays if overlay.kind == "video"]

        def count(frames: int) -> None:
            self.done[index] = min(frames, segment.count)

        with closing(self.studio.frames(segment, self.stop)) as frames:
            try:
                return encode(
                    program,
                    frames,
                    folder=self.folder,
                    limit=_PATIENCE + _PATIENCE * segment.count / drawing.canvas.fps,
                    memory=self.studio.limits.memory if clips else 0,
                    on_frame=count,
                    cancel=self.stop,
                )
            except Failed as error:
                if clips and _DAMAGE.search(error.problem):
                    raise MediaError(
                        f"is damaged ({error.problem})", subject=os.fspath(clips[0])
                    ) from error
                raise
