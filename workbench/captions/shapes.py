"""Boxes as ASS draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workbench.captions.colours import ass

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Box", "boxes"]

_FINE = 8  # \p4 counts eighths of a pixel
_ARC = 0.5523  # how far a cubic curve's handles reach, of the radius, to be a quarter of a circle


class Box(NamedTuple):
    """A rectangle in pixels of the frame."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, x: float, y: float) -> Box:
        """Return it with so much more on each side."""
        return Box(self.left - x, self.top - y, self.right + x, self.bottom + y)


def boxes(shapes: Iterable[Box], colour: str, corner: float = 0.0) -> str:
    r"""Return the text of an event that fills boxes; where they overlap they are one.

    Parameters
    ----------
    shapes
        In pixels of the frame.
    colour
        As for `workbench.captions.colours.rgba`.
    corner
        The radius of the corners in pixels.

    Examples
    --------
    >>> print(boxes([Box(0, 0, 2, 1)], "red"))
    {\an7\pos(0,0)\bord0\shad0\1c&H0000FF&\1a&H00&\p4}m 0 0 l 16 0 l 16 8 l 0 8
    """
    paths = " ".join(_path(box, corner) for box in shapes)
    return f"{{\\an7\\pos(0,0)\\bord0\\shad0{ass(colour, 1)}\\p4}}{paths}"


def _path(box: Box, corner: float) -> str:
    left, top, right, bottom = (round(side * _FINE) for side in box)
    radius = round(min(corner * _FINE, (right - left) / 2, (bottom - top) / 2))
    if radius <= 0:
        return f"m {left} {top} l {right} {top} l {right} {bottom} l {left} {bottom}"
    handle = radius - round(radius * _ARC)
    a, b, c, d = left + radius, right - radius, top + radius, bottom - radius
    return (
        f"m {a} {top} l {b} {top} b {right - handle} {top} {right} {top + handle} {right} {c} "
        f"l {right} {d} b {right} {bottom - handle} {right - handle} {bottom} {b} {bottom} "
        f"l {a} {bottom} b {left + handle} {bottom} {left} {bottom - handle} {left} {d} "
        f"l {left} {c} b {left} {top + handle} {left + handle} {top} {a} {top}"
    )
