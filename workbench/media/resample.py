"""Windows of a picture at fractions of a pixel: the same scale elsewhere, or another scale.

Both are linear interpolation. A window of whole pixels (ffmpeg's zoompan) shakes; these do not.
Times are CPU milliseconds for a frame of 1080x1920 in 4:2:0, measured with OpenCV 5.0: a general
warp (``warpAffine``) takes 6.6, `Zoom` 2.3, `shifted` 0.8.
"""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

__all__ = ["Zoom", "shifted", "single_threaded"]

_ON_EDGE = 1e-6  # of a pixel: what rounding of floats leaves of a whole number
_SPARE = 8  # rows and columns by which what is scaled may exceed what is seen
_LOBES = 4  # of the sinc on either side
# Which way a quarter is turned, by whether it lies below and right of the point.
_TURNS = {(True, True): None, (True, False): 1, (False, True): 0, (False, False): -1}

_lock = threading.Lock()
_users = 0
_threads = 0


@contextmanager
def single_threaded() -> Iterator[None]:
    """Hold OpenCV to the calling thread, and give it back its own setting at the end.

    Frames of several scenes are drawn at once, each by a thread: OpenCV's own threads would add
    half as much CPU again and gain nothing. The setting is the process's, so the first to enter
    changes it and the last to leave restores it.
    """
    import cv2

    global _users, _threads  # noqa: PLW0603 - OpenCV's setting is global too
    with _lock:
        _users += 1
        if _users == 1:
            _threads = cv2.getNumThreads()
            cv2.setNumThreads(1)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users and cv2.getNumThreads() == 1:
                cv2.setNumThreads(_threads)


def shifted(plane: Plane, left: float, top: float, target: Plane) -> None:
    """Fill `target` with what lies at `left`, `top` in `plane`, at the same scale.

    Parameters
    ----------
    plane
        One channel, larger than the target.
    left, top
        Pixels, with fractions, from the plane's edges to the window's.
    target
        One channel, contiguous.
    """
    import cv2

    rows, columns = target.shape
    centre = (left + (columns - 1) / 2, top + (rows - 1) / 2)
    cv2.getRectSubPix(plane, (columns, rows), centre, target)


class Zoom:
    """A plane drawn at any scale about a point that stays where it is.

    ``cv2.resize`` is a third of a warp's work, and takes a scale of any fraction, but always
    begins at a whole pixel. About its fixed point a zoom does that too: the plane is cut there into
    four quarters, each turned so that the point is its first corner.

    Parameters
    ----------
    plane
        One channel.
    size
        Rows and columns of what is drawn.
    point
        Where the fixed point lies in what is drawn, in whole pixels from its left and top edge.
        It shows the point of the plane that lies at the same fractions of its width and height.
    """

    def __init__(self, plane: Plane, size: tuple[int, int], point: tuple[int, int]) -> None:
        import cv2

        x, y = point
        rows, columns = size
        cut, across = _cut(plane, x / columns * plane.shape[1], axis=1)
        cut, down = _cut(cut, y / rows * plane.shape[0], axis=0)
        self._quarters: list[tuple[Plane, tuple[slice, slice], int | None]] = []
        for (below, right), turn in _TURNS.items():
            part = cut[down:] if below else cut[:down]
            part = part[:, across:] if right else part[:, :across]
            seen = (
                slice(y, rows) if below else slice(0, y),
                slice(x, columns) if right else slice(0, x),
            )
            if seen[0].start < seen[0].stop and seen[1].start < seen[1].stop:
                source = part if turn is None else cv2.flip(part, turn)
                self._quarters.append((np.ascontiguousarray(source, np.uint8), seen, turn))
        self._scratch = np.empty((rows + _SPARE) * (columns + _SPARE), np.uint8)

    def draw(self, step: float, target: Plane) -> None:
        """Fill `target`, where a pixel is `step` pixels of the plane wide, 0.5 or more."""
        import cv2

        for source, seen, turn in self._quarters:
            part = target[seen]
            drawn = self._scaled(source, step, part.shape)[: part.shape[0], : part.shape[1]]
            if turn is None:
                np.copyto(part, drawn)
            else:
                cv2.flip(drawn, turn, part)

    def _scaled(self, source: Plane, step: float, size: tuple[int, ...]) -> Plane:
        """Return `source` from its first corner on, at least as large as `size`."""
        import cv2

        grow = 1 / step
        # One pixel more than is seen, so that the last one has its neighbour.
        most = source.shape
        rows, columns = (
            min(side, math.ceil(n * step) + 1) for side, n in zip(most, size, strict=True)
        )
        after = round(rows * grow), round(columns * grow)  # half to even, as OpenCV does
        scratch = self._scratch[: after[0] * after[1]].reshape(after)
        if after == (rows, columns):  # which resize() takes for nothing to do
            corner = step / 2 - 0.5
            return np.asarray(
                cv2.warpAffine(
                    source,
                    np.array([[step, 0, corner], [0, step, corner]]),
                    (after[1], after[0]),
                    dst=scratch,
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                    borderMode=cv2.BORDER_REPLICATE,
                )
            )
        part = source[:rows, :columns]
        return np.asarray(cv2.resize(part, None, scratch, grow, grow, cv2.INTER_LINEAR))


def _cut(plane: Plane, at: float, *, axis: int) -> tuple[Plane, int]:
    """Return the plane moved so that it can be cut `at` a fraction of a pixel, and where.

    Moved once, by Lanczos's windowed sinc, it stays sharp.
    """
    import cv2

    whole = round(at)
    if abs(at - whole) < _ON_EDGE:
        return plane, whole
    below = math.floor(at)
    away = np.arange(1 - _LOBES, _LOBES + 1) - (at - below)
    kernel = np.sinc(away) * np.sinc(away / _LOBES)
    kernel /= kernel.sum()
    one = np.ones(1)
    more = (0, 1) if axis == 0 else (1, 0)
    wider = cv2.copyMakeBorder(plane, 0, more[1], 0, more[0], cv2.BORDER_REPLICATE)
    along, across = (kernel, one) if axis == 1 else (one, kernel)
    anchor = (_LOBES, 0) if axis == 1 else (0, _LOBES)
    moved = cv2.sepFilter2D(
        wider, -1, along, across, anchor=anchor, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved), below + 1
