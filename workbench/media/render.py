"""From a plan to a file: segments are encoded once, several at a time, and joined by copying.

Every frame passes through this process as planar 4:2:0: stills are warped here, clips are decoded
by processes of their own, and for each segment one ffmpeg blends transitions and overlays, draws
the captions and encodes. The sound is mixed once for the whole video and encoded in the join.
"""

from __future__ import annotations

import re
import shutil
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.errors import FfmpegError, MediaError, ParameterError, WorkbenchWarning
from workbench.media import encoders, graph
from workbench.media.binaries import binaries, check_transitions, ffmpeg
from workbench.media.encode import Drawing, Encoded, arguments, encode_segments
from workbench.media.ffmpeg import command
from workbench.media.graph import Canvas
from workbench.media.join import join_segments
from workbench.media.outputs import reporting, sealed
from workbench.media.outputs import target as output
from workbench.media.overlays import staged
from workbench.media.provenance import provenance
from workbench.media.rendered import RenderedVideo
from workbench.media.segments import LONGEST, Segment, cut, segment_cache
from workbench.media.shots import Studio
from workbench.media.soundtrack import STEM, tracks
from workbench.paths import user_path
from workbench.processors import threads
from workbench.storage.atomic import replacing, workspace
from workbench.storage.receipt import digest, told_from, write_receipt

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from workbench.captions.ass import Prepared
    from workbench.captions.cues import Cues
    from workbench.media.limits import Limits
    from workbench.media.mix import Mixed
    from workbench.media.timeline import Timeline
    from workbench.media.video import Video

__all__ = ["Work", "commands", "render"]

_SOUND, _PICTURES = 0.05, 0.9  # of the work, as the bar counts; the rest is the join
_HARDWARE = 2  # segments at once on a graphics card, which shares one encoder among them


@dataclass(frozen=True, kw_only=True)
class Work:
    """A video as it is going to be made.

    Parameters
    ----------
    timeline
        Its scenes and voices in their places.
    cues
        Its captions, drawn or as a track; None without.
    prepared
        Captions and titles as they are drawn, None for nothing.
    drawing
        What all of its segments have in common.
    segments
        In order.
    """

    timeline: Timeline
    cues: Cues | None
    prepared: Prepared | None
    drawing: Drawing
    segments: tuple[Segment, ...]

    @property
    def longest(self) -> int:
        """Frames of a segment up to which it is encoded by one thread."""
        return max(1, round(LONGEST * self.timeline.fps))


def _planned(video: Video, preset: str, encoder: str, cancel: threading.Event | None) -> Work:
    """Return what is to be done; raise what cannot be, before anything runs."""
    level = encoders.find_preset(preset)
    timeline = video.timeline()
    width, height = level.scaled(video.canvas.width, video.canvas.height)
    canvas = Canvas(width=width, height=height, fps=video.canvas.fps)
    cues = video.caption_cues(timeline)
    prepared = video.drawn(cues, width, height)
    video.chapters_of(timeline)
    chosen = encoders.choose(preset, width=width, height=height, encoder=encoder, cancel=cancel)
    program = next(b for b in binaries() if b.path == ffmpeg())
    drawing = Drawing(
        canvas=canvas,
        overlays=video.overlays,
        captions=prepared,
        fonts=tuple(digest(font) for font in prepared.fonts) if prepared is not None else (),
        encoder=chosen,
        tools={"ffmpeg": program.version, "opencv": version("opencv-python-headless")},
    )
    segments = cut(timeline)
    check_transitions(segment.transition for segment in segments if segment.transition)
    return Work(
        timeline=timeline,
        cues=cues,
        prepared=prepared,
        drawing=drawing,
        segments=segments,
    )


def commands(
    video: Video, path: str | os.PathLike[str], preset: str, encoder: str
) -> list[list[str]]:
    """Return the argument lists that rendering runs; see `workbench.media.video.Video.command`."""
    from pathlib import Path

    work = _planned(video, preset, encoder, None)
    folder = Path("/")  # the names stand for themselves in a folder that a run makes for itself
    lists = []
    for index, segment in enumerate(work.segments):
        text = work.drawing.ass(segment)
        run = arguments(
            work.drawing, segment, index, text=text, folder=folder, longest=work.longest
        )
        lists.append(command(run))
    return [*lists, command(_join_arguments(video, work, user_path(path), preset))]


def _join_arguments(
    video: Video, work: Work, path: Path, preset: str, *, early: int = 0
) -> list[str]:
    return graph.join(
        path,
        seconds=work.timeline.duration,
        sound=video.sounding(work.timeline),
        bitrate=f"{encoders.find_preset(preset).audio}k",
        subtitles=video.subtitle_language(work.cues),
        metadata=bool(video.chapters_of(work.timeline) or video.tag_values),
        tag="hvc1" if work.drawing.encoder.codec == "hevc" else "",
        early=early,
        fps=work.drawing.canvas.fps,
    )


def render(
    video: Video,
    path: str | os.PathLike[str],
    *,
    preset: str = "production",
    encoder: str = "auto",
    workers: int | None = None,
    cache: bool = True,
    stems: bool = False,
    warn: bool = True,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> RenderedVideo:
    """Render a video; see `workbench.media.video.Video.render`."""
    target = _target(video, path, stems=stems)
    work = _planned(video, preset, encoder, cancel)
    with reporting(progress, "rendering") as report, workspace() as folder:
        try:
            _stage(work, folder, video.limits)
            mixed = _sound(video, work.timeline, lambda share: report(_SOUND * share), cancel)
            if mixed is not None:
                (folder / graph.SOUND).write_bytes(mixed.audio.encode(".wav"))
            work, encoded = _pictures(
                video, work, folder, workers=workers, report=report, cache=cache, cancel=cancel
            )
            if work.prepared is not None:
                _check_fonts(encoded.messages, folder / graph.FONTS)
            with replacing(target) as part, ExitStack() as beside:
                joined = _join_arguments(video, work, part, preset, early=encoded.early)
                video.stage_texts(work.timeline, work.cues, folder)
                info = join_segments(
                    joined,
                    part,
                    encoded.files,
                    counts=[segment.count for segment in work.segments],
                    canvas=work.drawing.canvas,
                    sound=mixed is not None,
                    limits=video.limits,
                    folder=folder,
                    report=lambda share: report(1 - (1 - _SOUND - _PICTURES) * (1 - share)),
                    cancel=cancel,
                )
                seal = sealed(part)
                stem_files = _stems(mixed, target, beside) if stems and mixed is not None else {}
        except OSError as error:
            raise storage_error(error, error.filename or target) from error
    shown = [a.replace(str(part), str(target)) for a in command(joined)]
    notes = _notes(work, mixed)
    about = provenance(
        video,
        work,
        mixed,
        preset=preset,
        command=shown,
        stems={name: file.name for name, file in stem_files.items()},
        warnings=notes,
    )
    receipt = write_receipt(target, told_from(about, target.parent), seal=seal)
    for note in (
        notes if warn else ()
    ):  # last: where warnings are errors, the video still has its receipt
        warnings.warn(note, WorkbenchWarning, stacklevel=3)
    narration = work.timeline.narration
    return RenderedVideo(
        path=target,
        duration=info.duration or work.timeline.duration,
        width=work.drawing.canvas.width,
        height=work.drawing.canvas.height,
        cues=work.cues,
        words=narration.words if narration is not None else (),
        receipt=receipt,
        loudness=mixed.after if mixed is not None else None,
        encoder=work.drawing.encoder.name,
        segments=len(work.segments),
        reused=encoded.reused,
        stems=stem_files,
        warnings=notes,
    )


def _pictures(
    video: Video,
    work: Work,
    folder: Path,
    *,
    workers: int | None,
    report: Callable[[float], None],
    cache: bool,
    cancel: threading.Event | None,
) -> tuple[Work, Encoded]:
    """Encode the segments; on x264 where another encoder fails at work."""
    studio = Studio(work.drawing.canvas, video.held_pictures(), video.limits)
    studio.check(tuple(s for s in work.timeline.shots))
    _check_overlays(work)
    while True:
        encoder = work.drawing.encoder
        at_once = threads() if workers is None else workers
        try:
            encoded = encode_segments(
                work.drawing,
                work.segments,
                studio,
                folder=folder,
                workers=min(at_once, _HARDWARE) if encoder.hardware else at_once,
                longest=work.longest,
                cache=segment_cache() if cache else None,
                report=lambda share: report(_SOUND + _PICTURES * share),
                cancel=cancel,
            )
        except MediaError as error:
            if not encoders.blamed(encoder, error):
                raise
            drawing = replace(work.drawing, encoder=encoders.fallback(encoder, error))
            work = replace(work, drawing=drawing)
        else:
            return work, encoded


def _target(video: Video, path: str | os.PathLike[str], *, stems: bool) -> Path:
    """Return where the file goes, having checked that it may go there, and the stems beside it."""
    target = output(path, (".mp4",), inputs=video.files())
    for used in video.files() if stems else ():
        file = used.resolve()
        here = target.parent.resolve() == file.parent and file.name.startswith(f"{target.stem}.")
        if here and STEM.fullmatch(file.name.removeprefix(f"{target.stem}.")):
            raise ParameterError(
                f"would be written over by a stem of {target.name}",
                subject=str(used),
                cure="choose another name",
            )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, target.parent) from error
    return target


def _stage(work: Work, folder: Path, limits: Limits) -> None:
    """Put fonts and the pictures of overlays where the runs find them."""
    if work.prepared is not None:
        fonts = folder / graph.FONTS
        fonts.mkdir()
        for index, font in enumerate(work.prepared.fonts):
            shutil.copyfile(font, fonts / f"{index}{font.suffix}")
    for index, overlay in enumerate(work.drawing.overlays):
        if overlay.kind == "image":
            picture = staged(overlay, work.drawing.canvas, limits)
            (folder / graph.overlay_name(index)).write_bytes(picture)


def _check_overlays(work: Work) -> None:
    for overlay in work.drawing.overlays:
        if digest(overlay.path) != overlay.sha256:
            raise MediaError(
                "has changed since it was added",
                subject=str(overlay.path),
                cure="build the video again",
            )


def _check_fonts(messages: str, fonts: Path) -> None:
    """Raise when libass could not draw what the staged fonts hold: it leaves it out and goes on.

    A letter that no font here holds is another matter, and has been warned of.
    """
    found = re.findall(r"fontselect: failed to find any fallback with glyph 0x(\w+)", messages)
    unseen = {int(code, 16) for code in found}
    if not unseen:
        return
    from fontTools.ttLib import TTFont

    for path in fonts.iterdir():
        with TTFont(path, fontNumber=0, lazy=True) as font:
            lost = unseen & font.getBestCmap().keys()
        if lost:
            letters = "".join(map(chr, sorted(lost)[:10]))
            raise FfmpegError(
                f"could not open the font of the captions, and left out {letters!r}",
                subject="captions",
                cure="choose another font",
            )


def _sound(
    video: Video,
    timeline: Timeline,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> Mixed | None:
    """Return the mix, as long as the pictures; None for a video without sound."""
    if not video.sounding(timeline):
        return None
    from workbench.media.master import CODED_PEAK
    from workbench.media.mix import mix

    found = tracks(
        timeline,
        sounds=video.sounds,
        overlays=video.overlays,
        limits=video.limits,
        cancel=cancel,
    )
    return mix(
        found,
        timeline.duration,
        loudness=video.target_loudness(timeline),
        true_peak=CODED_PEAK,
        progress=report,
        cancel=cancel,
    )


def _stems(mixed: Mixed, target: Path, beside: ExitStack) -> dict[str, Path]:
    """Write the stems, which get their names as the video gets its own."""
    files = {}
    for name, audio in mixed.stems.items():
        files[name] = target.with_name(f"{target.stem}.{name.replace(' ', '-')}.wav")
        part = beside.enter_context(replacing(files[name]))
        part.write_bytes(audio.encode(".wav"))
    return files


def _notes(work: Work, mixed: Mixed | None) -> tuple[str, ...]:
    encoder = work.drawing.encoder
    return (
        *((encoder.note,) if encoder.note else ()),
        *(work.prepared.warnings if work.prepared is not None else ()),
        *(mixed.warnings if mixed is not None else ()),
    )
