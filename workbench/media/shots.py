"""The frames of a shot: pictures are moved over, clips decoded, colours painted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import Cancelled, MediaError
from workbench.media import frames as clips
from workbench.media import motion, stills
from workbench.media.limits import existing
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from workbench.media.graph import Canvas
    from workbench.media.limits import Limits
    from workbench.media.segments import Segment
    from workbench.media.stills import Picture, Planes
    from workbench.media.timeline import Shot

__all__ = ["Studio"]

_KEPT = 6  # prepared pictures; the pieces of a scene are rendered one after the other


class Studio:
    """Makes the frames of segments, several at a time.

    Parameters
    ----------
    canvas
        Size and rate of the frames.
    pictures
        The arrays that scenes were made from, by their digests.
    limits
        What files may be at most.
    """

    def __init__(self, canvas: Canvas, pictures: Mapping[str, Picture], limits: Limits) -> None:
        self.canvas, self.pictures, self.limits = canvas, pictures, limits
        self._ready: OrderedDict[str, Future[Planes]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, shots: tuple[Shot, ...]) -> None:
        """Raise MediaError when a scene's file is not what it was when it was added."""
        for shot in shots:
            scene = shot.scene
            if scene.kind == "colour" or scene.sha256 in self.pictures:
                continue
            if digest(existing(scene.path)) != scene.sha256:
                raise MediaError(
                    "has changed since it was added",
                    subject=str(scene.path),
                    cure="build the video again",
                )

    def frames(
        self, segment: Segment, cancel: threading.Event
    ) -> Generator[memoryview, None, None]:
        """Yield the raw frames of a segment; in a transition, two in one, the new one below.

        Raises
        ------
        Cancelled
            When `cancel` is set.
        MediaError
            When a file is damaged.
        """
        layers = [
            self._shot(shot, segment.first - shot.first, segment.count, cancel)
            for shot in segment.shots
        ]
        made = layers[0] if len(layers) == 1 else self._stacked(layers)
        for frame in made:
            if cancel.is_set():
                raise Cancelled("stopped on request", subject="rendering")
            yield frame

    def _stacked(self, layers: list[Iterator[memoryview]]) -> Iterator[memoryview]:
        """Yield frames of twice the height."""
        pixels = self.canvas.width * self.canvas.height
        sizes = [pixels, pixels // 4, pixels // 4]
        both = np.empty(2 * self.canvas.frame_bytes, np.uint8)
        for upper, lower in zip(*layers, strict=True):
            parts = [np.frombuffer(frame, np.uint8) for frame in (upper, lower)]
            start = taken = 0
            for size in sizes:
                for part in parts:
                    both[start : start + size] = part[taken : taken + size]
                    start += size
                taken += size
            yield both.data

    def _shot(
        self, shot: Shot, first: int, count: int, cancel: threading.Event
    ) -> Iterator[memoryview]:
        scene, canvas = shot.scene, self.canvas
        if scene.kind == "video":
            return self._clip(shot, first, count, cancel)
        if scene.move.name == "still":
            return motion.still(self._planes(shot, cancel), count)
        planes = self._planes(shot, cancel)
        return motion.moving(planes, canvas, scene.move, shot.count, first=first, count=count)

    def _clip(
        self, shot: Shot, first: int, count: int, cancel: threading.Event
    ) -> Iterator[memoryview]:
        """Yield frames of a clip; where it stands still, the last one again and again."""
        scene, last = shot.scene, shot.moving(self.canvas.fps)
        begin = min(first, last - 1)
        many = max(1, min(count, last - begin))
        frame = memoryview(b"")
        for frame in clips.clip_frames(
            scene.path,
            self.canvas,
            scene.fit,
            many,
            start=scene.start,
            skip=begin,
            limits=self.limits,
            cancel=cancel,
        ):
            yield frame
        for _ in range(count - many):
            yield frame

    def _planes(self, shot: Shot, cancel: threading.Event) -> Planes:
        """Return the picture of a shot, fitted; the pieces of one scene share it."""
        scene = shot.scene
        name = f"{scene.sha256} {scene.fit} {scene.move.margin} {scene.paint} {scene.start}"
        if scene.kind == "audio":
            name += f" {shot.count}"
        with self._lock:  # two pieces of a scene often begin at once: one of them prepares it
            found = self._ready.get(name)
            mine = found is None
            if found is None:
                found = self._ready[name] = Future()
                while len(self._ready) > _KEPT:
                    self._ready.popitem(last=False)
        if mine:
            try:
                found.set_result(self._prepared(shot, cancel))
            except BaseException as error:
                with self._lock:  # another encoder may be tried, and this was perhaps a stop
                    self._ready.pop(name, None)
                found.set_exception(error)
                raise
        return found.result()

    def _prepared(self, shot: Shot, cancel: threading.Event) -> Planes:
        scene, canvas = shot.scene, self.canvas
        if scene.paint is not None:
            sides = (
                round(side * scene.move.margin / 2) * 2 for side in (canvas.width, canvas.height)
            )
            return stills.planes(scene.paint.picture(*sides))
        if scene.kind == "audio":
            sound = clips.clip_sound(
                scene.path,
                shot.count / canvas.fps,
                start=scene.start,
                limits=self.limits,
                cancel=cancel,
            )
            return stills.planes(stills.outline(sound, canvas.width, canvas.height))
        held = self.pictures.get(scene.sha256)
        picture = held if held is not None else stills.load(scene.path, self.limits)
        return stills.canvas_planes(picture, canvas, scene.fit, scene.move.margin)
