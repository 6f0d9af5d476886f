"""The fluent builder: scenes, a voice and captions become a plan, and the plan a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import ParameterError
from workbench.media.limits import number
from workbench.media.rendered import RenderedVideo
from workbench.media.timeline import Shot, Timeline, place
from workbench.media.video.frame import SIZES
from workbench.media.video.words import Words

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from os import PathLike
    from pathlib import Path

    from workbench.captions.cues import Cues
    from workbench.media.plan import Plan

__all__ = ["SIZES", "RenderedVideo", "Video"]


@dataclass(frozen=True, repr=False)
class Video(Words):
    """A video that has yet to be rendered. Every method returns a new one.

    Parameters
    ----------
    size
        ``9:16``, ``16:9``, ``1:1``, ``4:5`` or ``WIDTHxHEIGHT`` in even pixels, 16 to 4096.
    fps
        Frames per second, 1 to 120.
    limits
        What its files may be at most.

    Raises
    ------
    ParameterError
        When an argument is not acceptable.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.media.backdrop import backdrop
    >>> video = (
    ...     wb.Video("9:16")
    ...     .scene(backdrop(1), motion="zoom-in")
    ...     .narrate("Hello, world.", voice="espeak:en-us")
    ...     .captions("karaoke")
    ... )
    >>> print(video.plan())
    scene 1      0.00-1.33 s  picture, zoom-in, cover
    voice        0.00-1.32 s  espeak:en-us: Hello, world.
    captions     0.00-1.02 s  karaoke, 1 cue
    1080x1920, 30 fps, 1.33 s, 40 frames, -14 LUFS
    """

    def __repr__(self) -> str:
        """Return a line; the pictures of its scenes may be millions of bytes."""
        many = len(self.scenes)
        about = [repr(self.size), f"{self.fps} fps", f"{many} scene{'s' if many != 1 else ''}"]
        if self.narration is not None:
            about.append(f"{self.narration.duration:.1f} s of narration")
        return f"Video({', '.join(about)})"

    # -- looking ------------------------------------------------------------------------------

    def timeline(self) -> Timeline:
        """Return the scenes and the voices in their places.

        Raises
        ------
        ParameterError
            When the parts do not make a video.
        """
        timeline = place(self.scenes, self.narration, self.canvas.fps)
        self.limits.check_seconds("video", timeline.duration)
        for title in self.titles:
            if title.start >= timeline.duration:
                raise ParameterError(
                    f"begins at {title.start:g} s, and the video ends at {timeline.duration:.2f} s",
                    subject=f"title {title.text!r}",
                )
        for name, start in (
            *((overlay.path.name, overlay.start) for overlay in self.overlays),
            *((sound.name, sound.start) for sound in self.sounds),
        ):
            if start >= timeline.duration:
                raise ParameterError(
                    f"begins at {start:g} s, and the video ends at {timeline.duration:.2f} s",
                    subject=name,
                )
        return timeline

    def shots(self) -> tuple[Shot, ...]:
        """Return the scenes in their places; as `timeline`."""
        return self.timeline().shots

    def timed_cues(self) -> Cues | None:
        """Return the captions that will be shown, None when there are none.

        Their times are counted from where the narration begins, as `captions` takes them back.
        """
        timeline = self.timeline()
        cues = self.caption_cues(timeline)
        return cues.shift(-timeline.lead) if cues is not None and timeline.lead else cues

    def plan(self) -> Plan:
        """Return what is seen and heard when: a table, and in a notebook a picture of it too.

        Raises
        ------
        ParameterError
            When the parts do not make a video.
        """
        from workbench.media.plan import plan

        return plan(self)

    def files(self) -> tuple[Path, ...]:
        """Return the files it is made from."""
        found = [scene.path for scene in self.scenes]
        found += [overlay.path for overlay in self.overlays]
        found += [self.caption_file[0]] if self.caption_file is not None else []
        return (*found, *(sound.path for sound in self.sounds if sound.path is not None))

    def command(
        self,
        path: str | PathLike[str] = "video.mp4",
        *,
        preset: str = "production",
        encoder: str = "auto",
    ) -> list[list[str]]:
        """Return the argument lists that rendering runs: one a segment, then the join.

        Nothing is run or written. Inside a run, what has no path lies in its own folder.

        Raises
        ------
        ParameterError
            When the parts do not make a video.
        """
        from workbench.media.render import commands

        return commands(self, path, preset, encoder)

    # -- making -------------------------------------------------------------------------------

    def render(
        self,
        path: str | PathLike[str],
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
        """Write the video and its receipt.

        The file appears whole or not at all: on any failure, on `cancel` and on an interrupt
        (Ctrl-C, the notebook's stop button) nothing is left, and an older file stays as it was.

        Parameters
        ----------
        path
            Where to, ending in ``.mp4``: H.264 and AAC, ready to stream.
        preset
            ``draft`` (small and fast), ``preview`` or ``production``: size, speed and bitrates,
            never the speech; see `workbench.media.encoders`.
        encoder
            ``auto``, ``x264``, ``x265``, ``av1``, ``nvenc``, ``videotoolbox``, ``qsv``, ``vaapi``,
            ``amf``, or a name of ffmpeg's. One that does not work here is replaced by x264, with a
            warning.
        workers
            How many segments are encoded at once; by default the processors there are.
        cache
            Whether segments are kept, and those that are kept already are used again: of a video
            in which one caption changes, only what shows it is encoded.
        stems
            Whether to write the voice, the music and the effects as sound files of their own too.
        warn
            Whether what was done differently from what was asked is a Python warning as well; the
            result tells it in any case.
        progress
            Called with the part that is done, 0 to 1; by default a bar is shown.
        cancel
            Set it from another thread to stop.

        Returns
        -------
        RenderedVideo
            Which shows itself in a notebook.

        Raises
        ------
        ParameterError
            When the parts do not make a video.
        MediaError, StorageError, Cancelled
            When a file is damaged, the disk is full, or it was stopped.
        """
        from workbench.media.render import render

        if workers is not None:
            if int(number("workers", workers, 1, 256)) != workers:
                raise ParameterError(f"must be a whole number, not {workers!r}", subject="workers")
            workers = int(workers)
        return render(
            self,
            path,
            preset=preset,
            encoder=encoder,
            workers=workers,
            cache=cache,
            stems=stems,
            warn=warn,
            progress=progress,
            cancel=cancel,
        )
