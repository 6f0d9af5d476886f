"""Motion is smooth to a fraction of a pixel, reaches its ends, and stays inside the picture."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.media.graph import Canvas
from workbench.media.motion import MARGIN, MOTIONS, moving, still, window
from workbench.media.stills import canvas_planes, fitted, planes

CANVAS = Canvas(width=200, height=320, fps=30)


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_window_never_leaves_the_picture(motion):
    for progress in np.linspace(0, 1, 101):
        x, y, side = window(motion, progress)
        assert x - side / 2 >= -1e-9
        assert x + side / 2 <= 1 + 1e-9
        assert y - side / 2 >= -1e-9
        assert y + side / 2 <= 1 + 1e-9
        assert 1 / MARGIN - 1e-9 <= side <= 1


def test_each_motion_goes_where_it_says():
    ends = {m: (window(m, 0.0), window(m, 1.0)) for m in MOTIONS}
    assert ends["still"][0] == ends["still"][1]
    assert ends["zoom-in"][0][2] > ends["zoom-in"][1][2]
    assert ends["zoom-out"] == ends["zoom-in"][::-1]
    assert ends["pan-left"][1][0] < ends["pan-left"][0][0]
    assert ends["pan-right"] == ends["pan-left"][::-1]
    assert ends["pan-up"][1][1] < ends["pan-up"][0][1]
    assert ends["pan-down"] == ends["pan-up"][::-1]
    left, right = ends["pan-left"]
    assert left[0] + left[2] / 2 == pytest.approx(1)
    assert right[0] - right[2] / 2 == pytest.approx(0)


def dot_picture() -> np.ndarray:
    """A soft dot off the centre of a black picture."""
    width, height = (round(side * MARGIN / 2) * 2 for side in (CANVAS.width, CANVAS.height))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    dot = np.exp(-(((x - width * 0.3) ** 2 + (y - height * 0.35) ** 2) / 60)) * 255
    return np.repeat(dot[..., np.newaxis], 3, axis=2).astype(np.uint8)


def centre(frame: memoryview) -> tuple[float, float]:
    luma = np.frombuffer(frame, np.uint8)[: CANVAS.width * CANVAS.height]
    weight = luma.reshape(CANVAS.height, CANVAS.width).astype(float) - 16
    weight[weight < 8] = 0
    y, x = np.indices(weight.shape)
    return (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()


@pytest.mark.parametrize("motion", ["zoom-in", "zoom-out", "pan-left", "pan-down"])
def test_no_shake(motion):
    """The old system's zoom moved in whole pixels: 1.41 px rms of the second difference."""
    path = np.array([centre(f) for f in moving(planes(dot_picture()), CANVAS, motion, 150)])
    assert np.abs(path[-1] - path[0]).max() > 3, "it does not move"
    second = np.diff(path, n=2, axis=0)
    assert np.sqrt((second**2).mean()) < 0.05


def test_the_first_frame_of_a_zoom_is_the_whole_picture():
    picture = planes(dot_picture())
    first = next(iter(moving(picture, CANVAS, "zoom-in", 10)))
    whole = fitted(dot_picture(), CANVAS.width, CANVAS.height, "cover")
    luma = np.frombuffer(first, np.uint8)[: whole.shape[0] * whole.shape[1]]
    expected = planes(whole)[0]
    assert np.abs(luma.reshape(expected.shape).astype(int) - expected).mean() < 1


def test_still_frames_are_one_and_the_same():
    picture = canvas_planes(dot_picture(), CANVAS, "cover")
    frames = [bytes(f) for f in still(picture, 3)]
    assert len(set(frames)) == 1
    assert len(frames) == 3
    assert len(frames[0]) == CANVAS.frame_bytes
