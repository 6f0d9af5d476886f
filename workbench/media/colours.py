"""Pictures of one colour, and of several that run into each other.

>>> parse_background("gradient:navy,teal@135")
Gradient(colours=('navy', 'teal'), angle=135.0)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from workbench.errors import ParameterError
from workbench.media.limits import number
from workbench.media.stills import opaque

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.media.stills import Picture

__all__ = ["Colour", "Gradient", "colour", "gradient", "parse_background"]

_LARGEST = 8192  # pixels of a side
_FEWEST, _MOST = 2, 16  # colours of a gradient
_DOWN = 180.0
_SEED = 709  # any: the same grain every time
_LONGEST = 500  # letters of a description
_SPEC = re.compile(
    r"(?:(?P<kind>colou?r|gradient):)?(?P<colours>[#\w]+(?:,[#\w]+)*)(?:@(?P<angle>-?\d+(?:\.\d+)?))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Colour:
    """A picture of one colour.

    Parameters
    ----------
    name
        ``#rgb``, ``#rrggbb`` or a CSS colour name.

    Raises
    ------
    ParameterError
        When it is no colour, or not an opaque one.

    Examples
    --------
    >>> Colour("navy").picture(2, 1).tolist()
    [[[0, 0, 128], [0, 0, 128]]]
    >>> str(Colour("#123"))
    'colour:#123'
    """

    name: str

    def __post_init__(self) -> None:
        opaque(self.name)

    def __str__(self) -> str:
        return f"colour:{self.name}"

    def picture(self, width: int, height: int) -> Picture:
        """Return it as RGB, in pixels of 1 to 8,192 a side."""
        width, height = _size(width, height)
        picture = np.empty((height, width, 3), np.uint8)
        picture[:] = opaque(self.name)
        return picture

    def to_dict(self) -> dict[str, Any]:
        """Return the colour as plain values, for JSON."""
        return {"kind": "colour", "name": self.name}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the colour that `to_dict` described."""
        return cls(values["name"])


@dataclass(frozen=True)
class Gradient:
    """A picture of colours that run into each other at equal distances, as CSS mixes them.

    Parameters
    ----------
    colours
        2 to 16 of them, each as `Colour` takes it.
    angle
        Degrees from -360 to 360 clockwise, as in CSS: 0 runs upwards, 90 to the right, 180 down.
        The first and the last colour are reached in the corners.

    Raises
    ------
    ParameterError
        When a colour is none, or not an opaque one, or a number is out of range.

    Examples
    --------
    >>> picture = Gradient(("navy", "teal")).picture(4, 300)
    >>> picture[..., 2].min(), picture[..., 1].mean(axis=1).round(-1)[[0, 150, 299]].tolist()
    (np.uint8(128), [0.0, 60.0, 130.0])
    """

    colours: tuple[str, ...]
    angle: float = _DOWN

    def __post_init__(self) -> None:
        colours: object = self.colours
        if not isinstance(colours, tuple | list) or not _FEWEST <= len(colours) <= _MOST:
            raise ParameterError(
                f"needs {_FEWEST} to {_MOST} colours, such as ('navy', 'teal'), not {colours!r}",
                subject="gradient",
            )
        for one in colours:
            opaque(one)
        object.__setattr__(self, "colours", tuple(colours))
        object.__setattr__(self, "angle", number("angle", self.angle, -360, 360, unit="degrees"))

    def __str__(self) -> str:
        return f"gradient:{','.join(self.colours)}@{self.angle:g}"

    def picture(self, width: int, height: int) -> Picture:
        """Return it as RGB, in pixels of 1 to 8,192 a side; the same bytes every time.

        A grain of at most one level keeps slow changes from banding in eight bits: it is
        triangular, which leaves neither the mean nor the noise to depend on the colour (Lipshitz,
        Wannamaker & Vanderkooy 1992, "Quantization and dither").
        """
        width, height = _size(width, height)
        turn = math.radians(self.angle)
        right, down = math.sin(turn), -math.cos(turn)
        # CSS Images 3, 3.1.1: as long as it takes for the corners to have the end colours.
        length = abs(width * right) + abs(height * down)
        x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * (right / length)
        y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) * (down / length)
        along = 0.5 + x + y[:, np.newaxis]
        stops = np.array([opaque(one) for one in self.colours], np.float32)
        places = np.linspace(0, 1, len(stops))
        chance = np.random.default_rng(_SEED)
        grain = chance.random((height, width), np.float32)
        grain -= chance.random((height, width), np.float32)
        picture = np.empty((height, width, 3), np.uint8)
        for channel in range(3):
            level = np.interp(along, places, stops[:, channel])
            flat = level == np.rint(level)  # a colour as it was asked for needs no grain
            level += np.where(flat, 0, grain)
            picture[..., channel] = np.clip(np.rint(level), 0, 255)
        return picture

    def to_dict(self) -> dict[str, Any]:
        """Return the gradient as plain values, for JSON."""
        return {"kind": "gradient", "colours": list(self.colours), "angle": self.angle}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the gradient that `to_dict` described."""
        return cls(tuple(values["colours"]), values["angle"])


def colour(name: str, width: int, height: int) -> Picture:
    """Return a picture of one colour; see `Colour`."""
    return Colour(name).picture(width, height)


def gradient(colours: Sequence[str], width: int, height: int, *, angle: float = _DOWN) -> Picture:
    """Return a picture of colours that run into each other; see `Gradient`."""
    return Gradient(tuple(colours), angle).picture(width, height)


def parse_background(spec: str) -> Colour | Gradient:
    """Return the picture that a line of text describes.

    Parameters
    ----------
    spec
        ``navy``, ``#123``, ``colour:navy`` (or ``color:``), or ``gradient:navy,teal``, with
        ``@45`` after it for another angle.

    Raises
    ------
    ParameterError
        When it is nothing of the kind.

    Examples
    --------
    >>> str(parse_background("teal"))
    'colour:teal'
    >>> parse_background("gradient:navy,teal@360,5")
    Traceback (most recent call last):
    workbench.errors.ParameterError: background: is no background: 'gradient:navy,teal@360,5'; \
write a colour such as navy or #112233, or gradient:navy,teal@45
    """
    given: object = spec
    match = None
    if isinstance(given, str) and len(given) <= _LONGEST:
        match = _SPEC.fullmatch(given)
    if match is not None:
        colours = tuple(match["colours"].split(","))
        angle = match["angle"]
        if match["kind"] == "gradient":
            return Gradient(colours, _DOWN if angle is None else float(angle))
        if angle is None and len(colours) == 1:
            return Colour(colours[0])
    raise ParameterError(
        f"is no background: {spec!r}",
        subject="background",
        cure="write a colour such as navy or #112233, or gradient:navy,teal@45",
    )


def _size(width: object, height: object) -> tuple[int, int]:
    for name, pixels in (("width", width), ("height", height)):
        if type(pixels) is not int or not 1 <= pixels <= _LARGEST:
            raise ParameterError(
                f"must be a whole number of pixels from 1 to {_LARGEST}, not {pixels!r}",
                subject=name,
            )
    return width, height  # type: ignore[return-value]
