"""Segments become files: several at a time, each once, and none that is kept already."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.errors import Cancelled, FfmpegError, MediaError
from workbench.media import graph
from workbench.media.ffmpeg import Failed, encode
from workbench.media.packets import packets
from workbench.media.segments import check, keep, segment_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.captions.ass import Prepared
    from workbench.media.encoders import Encoder
    from workbench.media.graph import Canvas
    from workbench.media.overlays import Overlay
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
    messages
        What ffmpeg had to say.
    """

    files: tuple[Path, ...]
    reused: int
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
    stop = threading.Event()
    done = [0] * len(segments)
    total = sum(segment.count for segment in segments)

    def one(index: int) -> tuple[Path, bool, str]:
        segment = segments[index]
        target = folder / graph.segment_name(index)
        text = drawing.ass(segment)
        name = drawing.key(segment, text, longest)
        kept = cache.get(name) if cache is not None else None
        if kept is not None:
            keep(kept, target)
            check(target, segment.count, drawing.canvas)
            done[index] = segment.count
            return target, True, ""
        if text:
            (folder / graph.captions_name(index)).write_text(text, encoding="utf-8")
        program = arguments(
            drawing, segment, index, text=text, folder=folder, longest=longest
        )

        def count(frames: int) -> None:
            done[index] = min(frames, segment.count)

        messages = _encode(drawing, segment, program, studio, folder, count, stop)
        check(target, segment.count, drawing.canvas)
        if cache is not None:
            cache.put(name, target.read_bytes())
        return target, False, messages

    with ThreadPoolExecutor(workers, thread_name_prefix="workbench-segment") as pool:
        futures = [pool.submit(one, index) for index in range(len(segments))]
        try:
            pending = set(futures)
            while pending:
                finished, pending = wait(pending, timeout=_LOOK, return_when=FIRST_EXCEPTION)
                if cancel is not None and cancel.is_set():
                    raise Cancelled("stopped on request", subject="rendering")
                for future in finished:
                    future.result()
                report(sum(done) / total)
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise
    results = [future.result() for future in futures]
    files = tuple(file for file, _, _ in results)
    if len({packets(file).extradata for file in files}) > 1:
        raise FfmpegError(
            "made pieces that cannot be joined without encoding them again",
            subject=drawing.encoder.name,
            cure="use encoder='x264'",
        )
    return Encoded(
        files=files,
        reused=sum(reused for _, reused, _ in results),
        messages="\n".join(messages for _, _, messages in results),
    )


def _encode(
    drawing: Drawing,
    segment: Segment,
    program: list[str],
    studio: Studio,
    folder: Path,
    count: Callable[[int], None],
    stop: threading.Event,
) -> str:
    clips = [overlay.path for overlay in drawing.overlays if overlay.kind == "video"]
    with closing(studio.frames(segment, stop)) as frames:
        try:
            return encode(
                program,
                frames,
                folder=folder,
                limit=_PATIENCE + _PATIENCE * segment.count / drawing.canvas.fps,
                memory=studio.limits.memory if clips else 0,
                on_frame=count,
                cancel=stop,
            )
        except Failed as error:
            if clips and _DAMAGE.search(error.problem):
                raise MediaError(
                    f"is damaged ({error.problem})", subject=os.fspath(clips[0])
                ) from error
            raise
