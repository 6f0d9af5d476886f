"""Motion is smooth to a fraction of a pixel, reaches its ends, and stays inside the picture."""

from __future__ import annotations

import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from workbench.errors import ParameterError
from workbench.media.graph import Canvas
from workbench.media.motion import EASINGS, MOTIONS, SPEEDS, Move, fixed_point, moving, still
from workbench.media.resample import Zoom, shifted, single_threaded
from workbench.media.stills import canvas_planes, fitted, planes

CANVAS = Canvas(width=200, height=320, fps=30)
FULL = Canvas(width=1080, height=1920, fps=30)
MOVING = [m for m in MOTIONS if m != "still"]
FOCUSES = [(0.5, 0.5), (0.0, 1.0), (0.45, 0.52), (0.97, 0.1)]


# -- the path -------------------------------------------------------------------------------------


@pytest.mark.parametrize("focus", FOCUSES)
@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("motion", MOVING)
def test_the_window_never_leaves_the_picture(motion, speed, focus):
    """The old system's zoom was unbounded: it grew with the length of the scene."""
    for easing in EASINGS:
        move = Move(name=motion, focus=focus, speed=speed, easing=easing)
        for progress in np.linspace(0, 1, 51):
            x, y, side = move.window(progress)
            assert side / 2 - 1e-9 <= x <= 1 - side / 2 + 1e-9
            assert side / 2 - 1e-9 <= y <= 1 - side / 2 + 1e-9
            assert 1 / move.margin - 1e-9 <= side <= 1


def test_each_motion_goes_where_it_says():
    ends = {m: (Move(name=m).window(0.0), Move(name=m).window(1.0)) for m in MOTIONS}
    assert ends["still"][0] == ends["still"][1] == (0.5, 0.5, 1)
    assert ends["zoom-in"][0][2] > ends["zoom-in"][1][2]
    assert ends["zoom-out"] == ends["zoom-in"][::-1]
    assert ends["pan-left"][1][0] < ends["pan-left"][0][0]
    assert ends["pan-right"] == ends["pan-left"][::-1]
    assert ends["pan-up"][1][1] < ends["pan-up"][0][1]
    assert ends["pan-down"] == ends["pan-up"][::-1]
    left, right = ends["pan-left"]
    assert left[0] + left[2] / 2 == pytest.approx(1)
    assert right[0] - right[2] / 2 == pytest.approx(0)


@pytest.mark.parametrize(("speed", "times"), [("slow", 1.075), ("normal", 1.15), ("fast", 1.3)])
def test_a_speed_is_how_far_it_goes(speed, times):
    """The old system's fast pan stopped half way."""
    assert Move(name="zoom-in", speed=speed).margin == times
    assert Move(name="zoom-in", speed=speed).window(1.0)[2] == pytest.approx(1 / times)
    start, end = (Move(name="pan-down", speed=speed).window(p)[1] for p in (0.0, 1.0))
    assert end - start == pytest.approx(1 - 1 / times)


def test_a_zoom_goes_to_its_focus_as_near_as_the_edges_allow():
    assert Move(name="zoom-in", focus=(0.45, 0.53)).window(1.0)[:2] == pytest.approx((0.45, 0.53))
    assert Move(name="zoom-out", focus=(0.45, 0.53)).window(0.0)[:2] == pytest.approx((0.45, 0.53))
    x, y, side = Move(name="zoom-in", focus=(0.1, 1.0)).window(1.0)
    assert (x, y) == pytest.approx((side / 2, 1 - side / 2))
    assert Move(name="zoom-in", focus=(0.1, 1.0)).window(0.0) == pytest.approx((0.5, 0.5, 1))
    assert Move(name="pan-left", focus=(0.5, 0.47)).window(0.3)[1] == pytest.approx(0.47)
    assert Move(name="pan-up", focus=(0.53, 0.5)).window(0.3)[0] == pytest.approx(0.53)


def test_an_easing_is_how_the_way_is_spread_over_the_time():
    def done(easing: str, progress: float) -> float:
        move = Move(name="pan-right", easing=easing)
        start, here, end = (move.window(p)[0] for p in (0.0, progress, 1.0))
        return (here - start) / (end - start)

    way = {easing: [done(easing, p) for p in (0.0, 0.25, 0.5, 0.75, 1.0)] for easing in EASINGS}
    assert way["linear"] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert way["ease"] == pytest.approx([0, 0.146, 0.5, 0.854, 1], abs=1e-3)
    assert way["ease-in"] == pytest.approx([0, 0.076, 0.293, 0.617, 1], abs=1e-3)
    assert way["ease-out"] == pytest.approx([0, 0.383, 0.707, 0.924, 1], abs=1e-3)


def test_a_motion_is_a_value():
    move = Move(name="zoom-in", focus=[0.25, 1], speed="fast", easing="linear")
    assert move == Move(name="zoom-in", focus=(0.25, 1.0), speed="fast", easing="linear")
    assert Move.from_dict(move.to_dict()) == move
    assert len({move, Move.from_dict(move.to_dict()), Move()}) == 2
    assert move.to_dict() == {
        "name": "zoom-in",
        "focus": [0.25, 1.0],
        "speed": "fast",
        "easing": "linear",
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "zoom"}, r"motion: .*did you mean 'zoom-"),
        ({"name": None}, r"motion: .* is not one of"),
        ({"name": ["zoom-in"]}, r"motion: .* is not one of"),
        ({"name": "zoom-in", "speed": "quick"}, r"speed: .quick. is not one of slow, normal, fast"),
        ({"name": "zoom-in", "speed": 2}, r"speed: 2 is not one of"),
        ({"name": "zoom-in", "easing": "ease-inn"}, r"easing: .*did you mean 'ease-in'"),
        ({"name": "zoom-in", "focus": (0.5, 1.1)}, r"focus: must be from 0 to 1"),
        ({"name": "zoom-in", "focus": (0.5, float("nan"))}, r"focus: must be a number"),
        ({"name": "zoom-in", "focus": (0.5, True)}, r"focus: must be a number"),
        ({"name": "zoom-in", "focus": (0.5,)}, r"focus: must be two fractions"),
        ({"name": "zoom-in", "focus": 0.5}, r"focus: must be two fractions"),
        ({"name": "zoom-in", "focus": "ab"}, r"focus: must be two fractions"),
        ({"name": "still", "speed": "fast"}, r"speed: is for a motion, and this is still"),
        ({"easing": "linear"}, r"easing: is for a motion"),
        ({"focus": (0, 0)}, r"focus: is for a motion"),
        ({"name": "zoom-in", "spede": "fast"}, r"spede: .*did you mean 'speed'"),
    ],
)
def test_what_no_motion_is_is_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        Move.from_dict(values)


# -- the pixels: dots ------------------------------------------------------------------------------

SIGMA, REACH = 3.0, 14  # of a dot, in pixels; it is cut out of the frame as far as this


def dotted(canvas: Canvas, move: Move) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """25 dots, none of them at a whole pixel, as planes; and where they are, from the edges."""
    width, height = (round(side * move.margin / 2) * 2 for side in (canvas.width, canvas.height))
    y, x = np.ogrid[:height, :width]
    luma, points = np.full((height, width), 16.0), []
    for i, j in itertools.product(range(5), range(5)):
        point = width * (0.2 + 0.15 * i) + 0.37 * i, height * (0.2 + 0.15 * j) + 0.21 * j
        points.append(point)
        far = (x - point[0] + 0.5) ** 2 + (y - point[1] + 0.5) ** 2
        luma += 200 * np.exp(-far / (2 * SIGMA**2))
    grey = np.full((height // 2, width // 2), 128, np.uint8)
    return (np.rint(luma).astype(np.uint8), grey, grey), np.array(points)


def centres(luma: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Where the dots' light is, by its centre of weight around where they should be."""
    found = []
    places = np.arange(2 * REACH) + 0.5
    for x, y in near:
        left, top = int(x) - REACH, int(y) - REACH
        light = luma[top : top + 2 * REACH, left : left + 2 * REACH].astype(float) - 16
        found.append((light.sum(0) @ places + left * light.sum(), light.sum(1) @ places))
        found[-1] = (found[-1][0] / light.sum(), found[-1][1] / light.sum() + top)
    return np.array(found)


def ideal(points: np.ndarray, shape: tuple[int, int], move: Move, progress: float) -> np.ndarray:
    """Where the dots should be in the frame, worked out from the path alone."""
    rows, columns = shape
    x, y, side = move.window(progress)
    if move.name.startswith("pan"):  # at the scale of the picture: from edge to edge
        room = np.array([columns - FULL.width, rows - FULL.height])
        return points - room * (np.array([x, y]) - side / 2) / (1 - side)
    corner = np.array([x - side / 2, y - side / 2]) * (columns, rows)
    return (points - corner) / (side * columns / FULL.width)


def luma_of(frame: memoryview, canvas: Canvas) -> np.ndarray:
    size = canvas.width * canvas.height
    return np.frombuffer(frame, np.uint8)[:size].reshape(canvas.height, canvas.width)


def motion_error(paths: list[np.ndarray], wanted: list[np.ndarray]) -> tuple[float, float]:
    """Px rms off the ideal path, and px rms of the second difference of what is off."""
    off = np.array(paths) - np.array(wanted)
    shake = np.diff(np.array(paths), n=2, axis=0)
    return float(np.sqrt((off**2).mean())), float(np.sqrt((shake**2).mean()))


PATHS = [
    Move(name="zoom-in", easing="linear"),
    Move(name="zoom-in", focus=(0.45, 0.52 + 1 / 9000), easing="linear"),
    Move(name="zoom-out", focus=(0.2, 0.9)),
    Move(name="pan-left", easing="linear"),
    Move(name="pan-down", focus=(0.48, 0.5)),
]


@pytest.mark.parametrize("move", PATHS, ids=lambda m: f"{m.name} {m.focus}")
def test_it_follows_the_ideal_path(move):
    """The old system's zoom moved in whole pixels: 0.60 px off, 1.41 px rms of shake."""
    picture, points = dotted(FULL, move)
    paths, wanted = [], []
    for index, frame in enumerate(moving(picture, FULL, move, 150)):
        wanted.append(ideal(points, picture[0].shape, move, index / 149))
        paths.append(centres(luma_of(frame, FULL), wanted[-1]))
    error, shake = motion_error(paths, wanted)
    assert np.abs(paths[-1] - paths[0]).max() > 40, "it does not move"
    assert error <= 0.02
    assert shake < 0.05


def test_a_window_of_whole_pixels_does_not():
    """What ffmpeg's zoompan does, measured in the same way."""
    move = Move(name="zoom-in", easing="linear")
    picture, points = dotted(FULL, move)
    rows, columns = picture[0].shape
    paths, wanted = [], []
    for index in range(0, 150, 3):
        x, y, side = move.window(index / 149)
        width, height = int(side * columns), int(side * rows)
        left, top = int((x - side / 2) * columns), int((y - side / 2) * rows)
        seen = picture[0][top : top + height, left : left + width]
        frame = cv2.resize(seen, (FULL.width, FULL.height), interpolation=cv2.INTER_LINEAR)
        wanted.append(ideal(points, (rows, columns), move, index / 149))
        paths.append(centres(frame, wanted[-1]))
    assert motion_error(paths, wanted)[0] > 0.2


# -- the pixels: a picture -------------------------------------------------------------------------


def hills(width: int, height: int) -> np.ndarray:
    """A smooth picture whose colours differ everywhere."""
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    slow = min(1, width / 200)
    parts = [np.sin(slow * (11 * x + 3 * y)), np.cos(slow * (9 * y - 2 * x)), np.sin(7 * slow * x)]
    return (np.stack(parts, axis=2) * 110 + 127).astype(np.uint8)


def prepared(canvas: Canvas, move: Move) -> tuple[np.ndarray, ...]:
    width, height = (round(side * move.margin / 2) * 2 for side in (canvas.width, canvas.height))
    return planes(hills(width, height))


def split(frame: memoryview, canvas: Canvas) -> list[np.ndarray]:
    data, size = np.frombuffer(frame, np.uint8), canvas.width * canvas.height
    half = canvas.height // 2, canvas.width // 2
    return [
        data[:size].reshape(canvas.height, canvas.width),
        data[size : size * 5 // 4].reshape(half),
        data[size * 5 // 4 :].reshape(half),
    ]


def sampled(plane: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The plane at columns `x` and rows `y`, linearly, in floating point."""
    x, y = np.clip(x, 0, plane.shape[1] - 1), np.clip(y, 0, plane.shape[0] - 1)
    left = np.minimum(x.astype(int), plane.shape[1] - 2)
    top = np.minimum(y.astype(int), plane.shape[0] - 2)
    a, b = x - left, (y - top)[:, np.newaxis]
    upper = plane[top][:, left] * (1 - a) + plane[top][:, left + 1] * a
    lower = plane[top + 1][:, left] * (1 - a) + plane[top + 1][:, left + 1] * a
    return upper * (1 - b) + lower * b


@pytest.mark.parametrize("size", [(200, 320), (320, 200), (66, 54), (16, 16)])
@pytest.mark.parametrize("focus", FOCUSES)
@pytest.mark.parametrize("motion", MOVING)
def test_every_pixel_of_every_plane_is_where_the_window_says(motion, focus, size):
    canvas = Canvas(width=size[0], height=size[1])
    move = Move(name=motion, focus=focus, speed="fast", easing="linear")
    picture = prepared(canvas, move)
    rows, columns = picture[0].shape
    scale = min(columns / canvas.width, rows / canvas.height)
    for index, frame in enumerate(moving(picture, canvas, move, 8)):
        across, down, side = move.place(index / 7)
        step = 1.0 if motion.startswith("pan") else scale * side
        if motion.startswith("zoom"):
            point = fixed_point(move, canvas)
            assert point == pytest.approx((across * size[0], down * size[1]), abs=1)
            across, down = point[0] / size[0], point[1] / size[1]
        left, top = across * (columns - size[0] * step), down * (rows - size[1] * step)
        for part, source, seen in zip((1, 2, 2), picture, split(frame, canvas), strict=True):
            x = left / part + (np.arange(seen.shape[1]) + 0.5) * step - 0.5
            y = top / part + (np.arange(seen.shape[0]) + 0.5) * step - 0.5
            assert np.abs(seen - sampled(source.astype(float), x, y)).max() < 2.0


def test_a_pan_begins_and_ends_at_the_edges_of_the_picture():
    """The old system's fast pan stopped half way."""
    for speed in SPEEDS:
        for motion, begin, end in (
            ("pan-right", np.s_[:, :200], np.s_[:, -200:]),
            ("pan-left", np.s_[:, -200:], np.s_[:, :200]),
            ("pan-down", np.s_[:320], np.s_[-320:]),
            ("pan-up", np.s_[-320:], np.s_[:320]),
        ):
            move = Move(name=motion, speed=speed, focus=(0, 0))
            picture = prepared(CANVAS, move)
            frames = [luma_of(bytes(f), CANVAS) for f in moving(picture, CANVAS, move, 5)]
            across = np.s_[:320] if motion in {"pan-left", "pan-right"} else np.s_[:, :200]
            assert (frames[0] == picture[0][across][begin]).all()
            assert (frames[-1] == picture[0][across][end]).all()


def test_a_zoom_shows_all_of_the_picture_and_then_its_middle():
    picture = hills(800, 1280)
    move = Move(name="zoom-in", speed="fast")
    fit = canvas_planes(picture, CANVAS, "cover", move.margin)
    frames = [luma_of(bytes(f), CANVAS).astype(int) for f in moving(fit, CANVAS, move, 30)]
    whole = planes(fitted(picture, CANVAS.width, CANVAS.height, "cover"))[0]
    assert np.abs(frames[0] - whole).max() <= 2
    rows, columns = fit[0].shape
    middle = fit[0][(rows - 320) // 2 :, (columns - 200) // 2 :][:320, :200]
    assert np.abs(frames[-1] - middle).max() <= 2
    back = [bytes(f) for f in moving(fit, CANVAS, Move(name="zoom-out", speed="fast"), 30)]
    again = [bytes(f) for f in moving(fit, CANVAS, move, 30)]
    assert np.abs(luma_of(back[0], CANVAS).astype(int) - frames[-1]).max() <= 1
    assert back[-1] == again[0]


@pytest.mark.parametrize("motion", MOTIONS)
def test_pieces_hold_the_same_bytes_as_the_whole(motion):
    still_ = motion == "still"
    move = Move(name=motion) if still_ else Move(name=motion, focus=(0.46, 0.53), speed="slow")
    picture = prepared(CANVAS, move)

    def digests(first: int, count: int | None) -> list[str]:
        frames = moving(picture, CANVAS, move, 50, first=first, count=count)
        return [hashlib.sha256(frame).hexdigest() for frame in frames]

    whole = digests(0, None)
    assert len(whole) == 50
    assert len(set(whole)) == 1 if still_ else len(set(whole)) > 30  # an easing begins slowly
    pieces = [(0, 1), (1, 16), (17, 0), (17, 32), (49, None)]
    with ThreadPoolExecutor(4) as pool:  # at once, as segments are rendered
        parts = list(pool.map(lambda piece: digests(*piece), pieces))
    assert list(itertools.chain(*parts)) == whole


def test_one_frame_stands_at_the_start():
    for motion in MOVING:
        move = Move(name=motion)
        picture = prepared(CANVAS, move)
        (only,) = moving(picture, CANVAS, move, 1)
        assert only == next(moving(picture, CANVAS, move, 9))


def test_still_frames_are_one_and_the_same():
    picture = canvas_planes(hills(90, 100), CANVAS, "cover")
    frames = [bytes(f) for f in still(picture, 3)]
    assert len(set(frames)) == 1
    assert len(frames) == 3
    assert len(frames[0]) == CANVAS.frame_bytes
    assert frames[0] == b"".join(plane.tobytes() for plane in picture)


@pytest.mark.parametrize(("first", "count"), [(-1, 2), (0, 11), (11, None), (5, -1), (9, 2)])
def test_frames_outside_the_motion_are_refused(first, count):
    move = Move(name="zoom-in")
    with pytest.raises(ParameterError, match="do not lie within 10"):
        moving(prepared(CANVAS, move), CANVAS, move, 10, first=first, count=count)


def test_a_picture_at_another_margin_is_refused():
    picture = prepared(CANVAS, Move(name="zoom-in"))
    for move in (Move(), Move(name="zoom-in", speed="fast")):
        with pytest.raises(ParameterError, match=r"230x368 where .* needs"):
            moving(picture, CANVAS, move, 10)


# -- resampling ------------------------------------------------------------------------------------


def test_a_zoom_is_a_linear_warp_of_the_picture():
    """About its fixed point too, where four quarters meet; and where the scale is nearly one."""
    noise = np.random.default_rng(1).integers(16, 236, (240, 360)).astype(np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.0)
    for point in ((100, 150), (0, 0), (200, 300), (0, 150)):
        rows, columns = soft.shape
        zoom = Zoom(soft, (200, 300), (point[1], point[0]))
        target = np.empty((200, 300), np.uint8)
        for step in (1.2, 1.07, 1.0049, 1.0011, 1.0003, 1.0):
            zoom.draw(step, target)
            x = point[1] / 300 * columns + (np.arange(300) + 0.5 - point[1]) * step - 0.5
            y = point[0] / 200 * rows + (np.arange(200) + 0.5 - point[0]) * step - 0.5
            off = np.abs(target - sampled(soft.astype(float), x, y))
            assert off.max() < 1.0, (point, step)


def test_a_point_between_pixels_costs_no_sharpness():
    """Moved once by half a pixel, linearly, the finest lines would be gone."""
    lines = np.full((100, 120), 60, np.uint8)
    lines[:, ::3] = 220
    for point in (50, 52):  # 50 is column 60 of 120, 52 is column 62.4
        zoom = Zoom(lines, (100, 100), (point, 50))
        target = np.empty((100, 100), np.uint8)
        zoom.draw(1.0, target)
        assert target[:, 10:90].std() > 0.8 * lines.std()


def test_a_shift_is_exact_to_rounding():
    noise = np.random.default_rng(2).integers(0, 256, (90, 120)).astype(np.uint8)
    target = np.empty((60, 80), np.uint8)
    for left, top in ((0, 0), (40, 30), (13.3337, 7.8712), (0.5, 29.999), (39.25, 0.001)):
        shifted(noise, left, top, target)
        exact = sampled(noise.astype(float), left + np.arange(80), top + np.arange(60))
        assert np.abs(target - exact).max() < 0.55


def test_opencv_keeps_the_threads_it_was_given():
    before = cv2.getNumThreads()
    try:
        for threads in (1, 2, 3):
            cv2.setNumThreads(threads)
            with single_threaded():
                assert cv2.getNumThreads() == 1
                with single_threaded(), pytest.raises(ZeroDivisionError):
                    1 / 0  # noqa: B018
                assert cv2.getNumThreads() == 1
            assert cv2.getNumThreads() == threads
            move = Move(name="zoom-in")
            frames = moving(prepared(CANVAS, move), CANVAS, move, 9)
            next(frames)
            assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(before)
