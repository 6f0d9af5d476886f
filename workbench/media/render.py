"""From a plan to a file: one encode of frames that are made, or decoded, once.

Every frame passes through this process as planar 4:2:0: stills are warped here, clips are decoded
by a process of their own, and one ffmpeg draws the captions, encodes and adds the sound.
"""

from __future__ import annotations

import re
import shutil
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from workbench.audio import Audio
from workbench.errors import (
    Cancelled,
    FfmpegError,
    MediaError,
    ParameterError,
    WorkbenchWarning,
    storage_error,
)
from workbench.media import frames as clips
from workbench.media import graph, motion, stills
from workbench.media.binaries import binaries, ffmpeg
from workbench.media.encoders import X264
from workbench.media.ffmpeg import command, encode
from workbench.media.limits import existing
from workbench.media.probe import MediaInfo, probe
from workbench.media.rendered import RenderedVideo
from workbench.paths import user_path
from workbench.progress import bar
from workbench.storage.atomic import replacing, workspace
from workbench.storage.receipt import digest, receipt_path, write_receipt

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workbench.captions.cues import Cues
    from workbench.media.timeline import Shot
    from workbench.media.video import Video

__all__ = ["render"]

_SOUND_RATE = 48_000
# A slow machine under load takes this many seconds for a second of video before it counts as hung.
_PATIENCE = 120.0


def render(
    video: Video,
    path: str | os.PathLike[str],
    *,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> RenderedVideo:
    """Render a video; see `workbench.media.video.Video.render`."""
    target = _target(video, path)
    shots = video.shots()
    cues = video.timed_cues()
    canvas = video.canvas
    total = shots[-1].first + shots[-1].count
    with workspace() as folder:
        try:
            notes = _stage_captions(video, cues, folder)
            sound = _sound(video, shots, cancel)
            if sound is not None:
                (folder / graph.SOUND).write_bytes(sound.encode(".wav"))
            with (
                replacing(target) as part,
                nullcontext(progress) if progress is not None else bar("rendering") as report,
            ):
                arguments = graph.delivery(
                    part,
                    canvas,
                    total,
                    captions=cues is not None,
                    sound=sound is not None,
                    encoder=X264,
                )
                messages = encode(
                    arguments,
                    _frames(video, shots, cancel),
                    folder=folder,
                    limit=_PATIENCE + _PATIENCE * total / canvas.fps,
                    on_frame=lambda count: report(count / total),
                    cancel=cancel,
                )
                _check_fonts(messages, folder / graph.FONTS)
                seal = (part.stat().st_size, digest(part))
                info = _judge(part, video, total, sound=sound is not None)
        except OSError as error:
            raise storage_error(error, error.filename or target) from error
    shown = [a.replace(str(part), str(target)) for a in command(arguments)]
    receipt = write_receipt(target, _receipt(video, shots, cues, shown, notes), seal=seal)
    for note in notes:  # last: where warnings are errors, the video still has its receipt
        warnings.warn(note, WorkbenchWarning, stacklevel=3)
    return RenderedVideo(
        path=target,
        duration=info.duration or total / canvas.fps,
        width=canvas.width,
        height=canvas.height,
        cues=cues,
        words=video.narration.words if video.narration is not None else (),
        receipt=receipt,
        warnings=notes,
    )


def _target(video: Video, path: str | os.PathLike[str]) -> Path:
    """Return where the file goes, having checked that it may go there."""
    text = str(path)
    target = user_path(path).absolute()
    if target.suffix.lower() != ".mp4":
        raise ParameterError("must end in .mp4", subject=text)
    if target.is_dir():
        raise ParameterError("is a folder", subject=text, cure="name a file in it")
    written = {target.resolve(), receipt_path(target).resolve()}
    for scene in video.scenes:
        if scene.path.resolve() in written:
            raise ParameterError("is one of the scenes", subject=text, cure="choose another name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, target.parent) from error
    return target


def _stage_captions(video: Video, cues: Cues | None, folder: Path) -> tuple[str, ...]:
    """Put the captions and their fonts where the run finds them; return what to warn of."""
    if cues is None or video.style is None:
        return ()
    from workbench.captions.ass import prepare

    prepared = prepare(cues, video.style, video.canvas.width, video.canvas.height)
    (folder / graph.CAPTIONS).write_text(prepared.ass, encoding="utf-8")
    fonts = folder / graph.FONTS
    fonts.mkdir()
    for index, font in enumerate(prepared.fonts):
        shutil.copyfile(font, fonts / f"{index}{font.suffix}")
    return prepared.warnings


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


def _sound(video: Video, shots: tuple[Shot, ...], cancel: threading.Event | None) -> Audio | None:
    """Return the narration and what is heard of the clips, as long as the pictures."""
    fps = video.canvas.fps
    heard = [
        (shot, volume)
        for shot in shots
        if shot.scene.sound and (volume := _volume(shot, narrated=video.narration is not None)) > 0
    ]
    if not heard:
        return None if video.narration is None else video.narration.audio
    total = (shots[-1].first + shots[-1].count) / fps
    mix = Audio.silence(total, _SOUND_RATE, 2).samples.copy()
    layers = []
    if video.narration is not None:
        voice = video.narration.audio.resample(_SOUND_RATE).with_channels(2)
        layers.append((0, voice.samples))
    for shot, volume in heard:
        clip = clips.clip_sound(
            shot.scene.path,
            shot.count / fps,
            start=shot.scene.start,
            limits=video.limits,
            cancel=cancel,
        )
        layers.append((round(shot.first / fps * _SOUND_RATE), clip.samples * np.float32(volume)))
    for first, samples in layers:
        room = mix[first : first + len(samples)]
        room += samples[: len(room)]
    loudest = float(np.abs(mix).max(initial=0.0))
    return Audio(samples=mix / max(1.0, loudest), rate=_SOUND_RATE)


def _volume(shot: Shot, *, narrated: bool) -> float:
    asked = shot.scene.volume
    return asked if asked is not None else float(not narrated)


def _frames(
    video: Video, shots: tuple[Shot, ...], cancel: threading.Event | None
) -> Iterator[memoryview]:
    """Yield every frame of the video."""
    for shot in shots:
        for frame in _shot_frames(video, shot, cancel):
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped on request", subject="rendering")
            yield frame


def _shot_frames(video: Video, shot: Shot, cancel: threading.Event | None) -> Iterator[memoryview]:
    scene, canvas = shot.scene, video.canvas
    held = {name: (data, shape) for name, data, shape in video.pictures}
    if scene.sha256 not in held and digest(existing(scene.path)) != scene.sha256:
        raise MediaError(
            "has changed since it was added", subject=str(scene.path), cure="build the video again"
        )
    if scene.kind == "video":
        return clips.clip_frames(
            scene.path,
            canvas,
            scene.fit,
            shot.count,
            start=scene.start,
            limits=video.limits,
            cancel=cancel,
        )
    if scene.kind == "audio":
        seconds = shot.count / canvas.fps
        sound = clips.clip_sound(
            scene.path, seconds, start=scene.start, limits=video.limits, cancel=cancel
        )
        picture = stills.outline(sound, canvas.width, canvas.height)
        return motion.still(stills.planes(picture), shot.count)
    if scene.sha256 in held:
        data, shape = held[scene.sha256]
        picture = np.frombuffer(data, np.uint8).reshape(shape)
    else:
        picture = stills.load(scene.path, video.limits)
    moves = scene.motion != "still"
    fitted = stills.canvas_planes(picture, canvas, scene.fit, motion.MARGIN if moves else 1.0)
    if moves:
        return motion.moving(fitted, canvas, scene.motion, shot.count)
    return motion.still(fitted, shot.count)


def _judge(part: Path, video: Video, total: int, *, sound: bool) -> MediaInfo:
    """Probe what was written: an exit code of 0 proves nothing."""
    canvas = video.canvas
    try:
        info = probe(part, limits=video.limits)
    except MediaError as error:
        raise FfmpegError(
            f"wrote a file that cannot be opened ({error.problem})", subject="ffmpeg"
        ) from error
    wanted, got = total / canvas.fps, info.duration or 0.0
    if abs(got - wanted) > max(0.1, 1 / canvas.fps):
        raise FfmpegError(f"wrote {got:.2f} s where {wanted:.2f} s were planned", subject="ffmpeg")
    picture = info.video
    if picture is None or (picture.width, picture.height) != (canvas.width, canvas.height):
        raise FfmpegError("wrote a picture of another size", subject="ffmpeg")
    if sound != (info.audio is not None):
        raise FfmpegError("wrote a file without its sound", subject="ffmpeg")
    return info


def _receipt(
    video: Video,
    shots: tuple[Shot, ...],
    cues: Cues | None,
    arguments: list[str],
    notes: tuple[str, ...],
) -> dict[str, object]:
    program = next(b for b in binaries() if b.path == ffmpeg())
    return {
        "size": [video.canvas.width, video.canvas.height],
        "fps": video.canvas.fps,
        "scenes": [
            {**shot.scene.to_dict(), "first_frame": shot.first, "frames": shot.count}
            for shot in shots
        ],
        "narration": None if video.narration is None else video.narration.describe(),
        "captions": None if cues is None else cues.to_dict(),
        "style": None if video.style is None else video.style.to_dict(),
        "tools": {"ffmpeg": program.version},
        "command": arguments,
        "warnings": list(notes),
    }
