"""What a scene is made of: a file, an array, a colour; checked before anything runs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from workbench.errors import MediaError, ParameterError
from workbench.media.colours import Colour, Gradient
from workbench.media.containers import INDEXED
from workbench.media.graph import TRANSITIONS, Fit
from workbench.media.intact import check_intact
from workbench.media.limits import Limits, choice, existing, number
from workbench.media.probe import probe
from workbench.media.timeline import Scene
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    from os import PathLike

    from workbench.media.motion import Move
    from workbench.media.stills import Picture

__all__ = ["Held", "Role", "make_scene"]

Held = tuple[str, bytes, tuple[int, ...]]
"""The digest, the bytes and the shape of a picture that was given as an array."""

Role = Literal["intro", "main", "outro"]

_RGB = 3


def make_scene(
    source: str | PathLike[str] | Picture | Colour | Gradient,
    *,
    role: Role,
    fps: int,
    limits: Limits,
    move: Move,
    fit: Fit = "cover",
    duration: float | None = None,
    start: float = 0.0,
    volume: float | None = None,
    transition: str = "cut",
    transition_duration: float = 0.5,
) -> tuple[Scene, Held | None]:
    """Return a scene, and the array it is made from as a value, if it is.

    The arguments are those of `workbench.media.video.Video.scene`.

    Raises
    ------
    MediaNotFound, MediaTooLarge, MediaError
        When the file cannot be used.
    ParameterError
        When an argument is not acceptable, or is for the other kind of source.
    """
    choice("fit", fit, get_args(Fit))
    choice("transition", transition, ("cut", *TRANSITIONS))
    overlap = number("transition_duration", transition_duration, 0.05, 10, unit="s")
    if duration is not None:
        duration = number("duration", duration, 1 / fps, limits.seconds, unit="s")
    start = number("start", start, 0, limits.seconds, unit="s")
    if volume is not None:
        volume = number("volume", volume, 0, 1)
    held: Held | None = None
    if isinstance(source, np.ndarray):
        scene, held = _array_scene(source, limits)
    elif isinstance(source, Colour | Gradient):
        name = hashlib.sha256(repr(source.to_dict()).encode()).hexdigest()
        scene = Scene(path=Path("colour"), sha256=name, kind="colour", paint=source)
    else:
        scene = _file_scene(source, start, limits)
    if scene.kind in {"video", "audio"} and move.name != "still":
        raise ParameterError(
            f"motion={move.name!r} is for still pictures, and this is {scene.kind}",
            subject=scene.path.name,
        )
    if scene.kind in {"image", "colour"} and (start or volume is not None):
        name = "start" if start else "volume"
        raise ParameterError(f"{name} is for clips, and this is a picture", subject=scene.path.name)
    if volume and not scene.sound:
        raise ParameterError("has no sound to set a volume for", subject=scene.path.name)
    about: dict[str, Any] = {
        "move": move,
        "fit": fit,
        "duration": duration,
        "volume": volume,
        "role": role,
        "transition": transition,
        "transition_duration": 0.0 if transition == "cut" else overlap,
    }
    return replace(scene, **about), held


def _file_scene(source: str | PathLike[str], start: float, limits: Limits) -> Scene:
    path = existing(source)
    info = probe(path, limits=limits)
    if info.kind != "image":
        check_intact(path, limits=limits)
        if info.duration is None:
            raise MediaError("does not say how long it lasts", subject=str(source))
        if start >= info.duration:
            raise ParameterError(
                f"start={start:g} lies beyond its end at {info.duration:.2f} s",
                subject=str(source),
            )
    return Scene(
        path=path,
        sha256=digest(path),
        kind=info.kind,
        start=start,
        natural=info.duration,
        sound=info.audio is not None,
        steady=info.format in INDEXED and (info.video is None or not info.video.variable),
    )


def _array_scene(picture: Picture, limits: Limits) -> tuple[Scene, Held]:
    """Return the scene of an array, and the array as a value."""
    if (
        picture.dtype != np.uint8
        or picture.ndim != _RGB
        or picture.shape[2] != _RGB
        or not picture.size
    ):
        raise ParameterError(
            f"must be uint8 of shape (height, width, 3), not {picture.dtype} {picture.shape}",
            subject="picture",
        )
    limits.check_pixels("picture", picture.shape[1], picture.shape[0])
    data = np.ascontiguousarray(picture).tobytes()
    name = hashlib.sha256(repr(picture.shape).encode() + data).hexdigest()
    scene = Scene(path=Path(f"picture-{name[:12]}"), sha256=name, kind="image")
    return scene, (name, data, picture.shape)
