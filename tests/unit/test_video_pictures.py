"""What is seen, judged by pixels: each option of the builder does what it says."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from lavfi import clip, counter, pitch, samples
from painted import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    film,
    flat,
    is_colour,
    seen,
    turned,
)
from PIL import Image

import workbench as wb
from workbench.audio import Audio
from workbench.captions.titles import Title
from workbench.errors import MediaError, ParameterError
from workbench.media.binaries import ffmpeg
from workbench.media.colours import Colour, Gradient
from workbench.media.graph import TRANSITIONS
from workbench.media.timeline import BREATH

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media


def number(frame: np.ndarray) -> int:
    """Return which frame of a `counter` is seen."""
    return round((frame[16:48, 16:48].mean() - 18.3) / 5)


def stretched(text: str) -> str:
    """Return words that take long to say: an eighth of a second a letter."""
    return " ".join("".join(letter * 10 for letter in word) for word in text.split())


# -- scenes -----------------------------------------------------------------------------------


def test_scenes_of_every_source(tmp_path):
    """Two frames each: a file, an array, a colour, a gradient, a clip, a recording."""
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    hum = Audio(samples=np.sin(np.arange(24_000) / 9) / 2, rate=48_000).write(tmp_path / "a.wav")
    yellow = clip(tmp_path / "a.mp4", "yellow", tone=None)
    video = wb.Video("64x64", fps=5)
    for source in (
        tmp_path / "a.png",
        flat(GREEN),
        Colour("#00f"),
        Gradient(("black", "white"), 90),
        yellow,
        hum,
    ):
        video = video.scene(source, duration=0.4)
    frames = seen(video, tmp_path)[::2]
    assert len(frames) == 6
    for frame, colour in zip(frames, (RED, GREEN, BLUE), strict=False):
        assert is_colour(frame, colour)
    across = frames[3].mean(axis=(0, 2))
    assert across[0] < 12
    assert across[-1] > 243
    assert np.all(np.diff(across) > -2)
    assert is_colour(frames[4], YELLOW)
    assert is_colour(frames[5][:4], (16, 24, 38))
    assert (frames[5].max(axis=2) > 150).mean() > 0.1, "no waveform"


def target(width: int, height: int) -> np.ndarray:
    """Red on the left, blue on the right, a white square of 32 pixels in the middle."""
    picture = flat(RED, width, height)
    picture[:, width // 2 :] = BLUE
    picture[height // 2 - 16 : height // 2 + 16, width // 2 - 16 : width // 2 + 16] = WHITE
    return picture


def square(frame: np.ndarray) -> tuple[int, int]:
    """Return the width and height of what is white."""
    white = frame.min(axis=2) > 128
    return int(white.any(axis=0).sum()), int(white.any(axis=1).sum())


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> dict[str, tuple[Path, Path]]:
    """A still and a clip of each shape: as a viewer sees it, 128x64 or 64x128."""
    folder = tmp_path_factory.mktemp("shapes")
    made = {}
    for name, picture in (("wide", target(128, 64)), ("high", target(64, 128))):
        Image.fromarray(picture).save(folder / f"{name}.png")
        made[name] = (
            folder / f"{name}.png",
            film(folder / f"{name}.mp4", np.array([picture] * 3)),
        )
    # A phone held upright: stored lying, with a note.
    lying = np.rot90(target(64, 128))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(lying).save(folder / "turned.jpg", exif=exif, quality=95, subsampling=0)
    stored = film(folder / "stored.mp4", np.array([lying] * 3))
    made["turned"] = (folder / "turned.jpg", turned(folder / "turned.mp4", stored, -90))
    # Stored half as wide as it is seen, as DV and DVDs are.
    narrow = target(128, 64)[:, ::2]
    wide = film(folder / "narrow.mp4", np.array([narrow] * 3), filters="setsar=2")
    made["stretched"] = (made["wide"][0], wide)
    return made


def test_every_shape_is_fitted_undistorted(shapes, tmp_path):
    """Pan, still and video were stretched to the frame, and rotation was ignored.

    The crop of a landscape picture in a portrait frame made ffmpeg fail (origin, defects 19, 20).
    """
    cases = [(n, k, f) for n in shapes for k in (0, 1) for f in ("cover", "contain", "blur")]
    video = wb.Video("64x64", fps=5)
    for name, kind, fit in cases:
        video = video.scene(shapes[name][kind], fit=fit, duration=0.2)
    frames = seen(video, tmp_path)
    assert len(frames) == len(cases)
    for case, frame in zip(cases, frames, strict=True):
        name, _, fit = case
        side = 32 if fit == "cover" else 16
        width, height = square(frame)
        assert abs(width - side) <= 2, (case, width)
        assert abs(height - side) <= 2, (case, height)
        middle = frame[18:46]  # beside the square: red is left and blue is right
        assert is_colour(middle[:, 20:22] if fit != "cover" else middle[:, 4:10], RED, 24), case
        assert is_colour(middle[:, 42:44] if fit != "cover" else middle[:, 54:60], BLUE, 24), case
        free = frame[:, :14] if name in {"high", "turned"} else frame[:14]
        if fit == "contain":
            assert is_colour(free, BLACK), case
            assert is_colour(np.flip(frame, (0, 1))[: free.shape[0], : free.shape[1]], BLACK), case
        else:
            assert free.max(axis=2).min() > 40, (case, "black")


# -- motion -----------------------------------------------------------------------------------


def place(width: int = 256, height: int = 256) -> np.ndarray:
    """A picture whose red tells the share of the width, and whose green that of the height."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.linspace(20, 235, width)
    picture[..., 1] = np.linspace(20, 235, height)[:, np.newaxis]
    return picture


def window(frame: np.ndarray) -> tuple[float, float, float, float]:
    """Return the left, right, top and bottom edge of what is seen of `place`, as shares."""
    red, green = frame[..., 0].mean(axis=0), frame[..., 1].mean(axis=1)
    edges = []
    for line in (red, green):
        inner = np.arange(2, len(line) - 2)
        slope, start = np.polyfit(inner + 0.5, (line[inner] - 20) / 215, 1)
        edges += [start, start + len(line) * slope]
    return tuple(edges)


def edges(centre_x: float, centre_y: float, side: float) -> tuple[float, float, float, float]:
    half = side / 2
    return centre_x - half, centre_x + half, centre_y - half, centre_y + half


ALL = (0, 1, 0, 1)
SIDE = {"slow": 1 / 1.075, "normal": 1 / 1.15, "fast": 1 / 1.30}
_S, _N, _F = SIDE.values()
_DOWN, _ACROSS = edges(0.5, 0.5, _N)[2:], edges(0.5, 0.5, _N)[:2]
MOVES = [  # what is asked, and the first and last window
    ({"motion": "zoom-in"}, ALL, edges(0.5, 0.5, _N)),
    ({"motion": "zoom-out"}, edges(0.5, 0.5, _N), ALL),
    ({"motion": "zoom-in", "speed": "slow"}, ALL, edges(0.5, 0.5, _S)),
    ({"motion": "zoom-in", "speed": "fast"}, ALL, edges(0.5, 0.5, _F)),
    ({"motion": "zoom-in", "speed": "fast", "focus": (0.0, 1.0)}, ALL, (0, _F, 1 - _F, 1)),
    ({"motion": "zoom-out", "speed": "fast", "focus": (0.55, 0.45)}, edges(0.55, 0.45, _F), ALL),
    ({"motion": "pan-right"}, (0, _N, *_DOWN), (1 - _N, 1, *_DOWN)),
    ({"motion": "pan-left"}, (1 - _N, 1, *_DOWN), (0, _N, *_DOWN)),
    ({"motion": "pan-down"}, (*_ACROSS, 0, _N), (*_ACROSS, 1 - _N, 1)),
    ({"motion": "pan-up"}, (*_ACROSS, 1 - _N, 1), (*_ACROSS, 0, _N)),
    ({"motion": "pan-right", "speed": "slow", "focus": (0.5, 0)},
     (0, _S, 0, _S), (1 - _S, 1, 0, _S)),
    ({"motion": "pan-right", "speed": "fast", "focus": (0.5, 1)},
     (0, _F, 1 - _F, 1), (1 - _F, 1, 1 - _F, 1)),
    ({}, ALL, ALL),
]  # fmt: skip


def test_motions_go_where_and_as_far_as_asked(tmp_path):
    """The zoom went on growing, and always to the top left corner; a fast pan stopped half way.

    (origin, defect 19)
    """
    video = wb.Video("128x128", fps=5)
    for about, _, _ in MOVES:
        video = video.scene(place(), duration=1.0, **about)
    frames = seen(video, tmp_path).reshape(len(MOVES), 5, 128, 128, 3)
    for (about, first, last), shot in zip(MOVES, frames, strict=True):
        assert window(shot[0]) == pytest.approx(first, abs=0.012), about
        assert window(shot[-1]) == pytest.approx(last, abs=0.012), about


def test_a_long_zoom_ends_where_a_short_one_does(tmp_path):
    video = wb.Video("64x64", fps=2).scene(place(), motion="zoom-in", duration=12)
    assert window(seen(video, tmp_path)[-1]) == pytest.approx(edges(0.5, 0.5, _N), abs=0.012)


def test_easings(tmp_path):
    """How far a pan has come after a quarter and three quarters of its time."""
    ways = {
        "linear": (0.25, 0.75),
        "ease": (0.146, 0.854),
        "ease-in": (0.076, 0.617),
        "ease-out": (0.383, 0.924),
    }
    video = wb.Video("64x64", fps=5)
    for easing in ways:
        video = video.scene(place(), motion="pan-right", speed="fast", easing=easing, duration=1.0)
    frames = seen(video, tmp_path).reshape(4, 5, 64, 64, 3)
    for (easing, way), shot in zip(ways.items(), frames, strict=True):
        gone = [window(shot[i])[0] / (1 - _F) for i in (1, 3)]
        assert gone == pytest.approx(way, abs=0.04), easing


def test_a_lying_picture_pans_in_an_upright_frame_undistorted(tmp_path):
    """A landscape image in a portrait frame made the crop fail (origin, defect 19)."""
    wide = place(512, 128)
    wide[48:80, 240:272, 2] = 255  # a blue square in the middle
    frames = seen(
        wb.Video("64x128", fps=5).scene(wide, motion="pan-right", easing="linear", duration=1.0),
        tmp_path,
    )
    blue = frames[2][..., 2] > 128
    width, height = blue.any(axis=0).sum(), blue.any(axis=1).sum()
    assert width == pytest.approx(32 * 1.15, abs=2)
    assert height == pytest.approx(width, abs=2)


# -- clips ------------------------------------------------------------------------------------


def test_duration_and_start(tmp_path):
    """From 1.0 s for half a second; a picture for as long as asked, else 4 s."""
    film_ = counter(tmp_path / "a.mp4", sound=False)
    video = wb.Video("64x64", fps=10).scene(film_, start=1.0, duration=0.5)
    frames = seen(video.scene(flat(RED), duration=0.3).scene(flat(BLUE)), tmp_path)
    assert [number(f) for f in frames[:5]] == [10, 11, 12, 13, 14]
    assert is_colour(frames[5:8], RED)
    assert is_colour(frames[8:], BLUE)
    assert len(frames) == 5 + 3 + 40


def test_what_is_seen_at_the_start_is_what_was_seen_there(tmp_path):
    """At 1.06 s of 10 fps frame 10 is on; a decoder that is entered there gives frame 11 first."""
    film_ = counter(tmp_path / "a.mp4", sound=False)
    frames = seen(wb.Video("64x64", fps=50).scene(film_, start=1.06, duration=0.1), tmp_path)
    assert [number(f) for f in frames] == [10, 10, 11, 11, 11]


def test_a_clip_without_a_duration_ends_with_its_last_frame(tmp_path):
    """1.04 s at 10 fps are 10.4 frames; the one more showed the clip's first frame again."""
    film_ = counter(tmp_path / "a.mp4", fps=25, frames=26, sound=False)
    frames = seen(wb.Video("64x64", fps=10).scene(film_).scene(film_).scene(film_), tmp_path)
    shown = [number(f) for f in frames]
    falls = [index for index, (a, b) in enumerate(pairwise(shown), 1) if b < a]
    assert len(falls) == 2, shown
    assert len(shown) == 32


def test_a_short_clip_is_begun_again(tmp_path):
    film_ = counter(tmp_path / "a.mp4", frames=15, sound=False)
    shown = [
        number(f)
        for f in seen(wb.Video("64x64", fps=10).scene(film_, start=1.2, duration=4), tmp_path)
    ]
    assert shown == [12, 13, 14, *range(15), *range(15), *range(7)]


# -- narrations -------------------------------------------------------------------------------


@pytest.mark.usefixtures("tone")
def test_scenes_with_narrations_of_their_own(tmp_path):
    """Each lasts as long as what is said in it, and a breath; no word lies outside its scene."""
    said = ("one two three four", "five", "six seven eight")
    video = wb.Video("64x64", fps=50).loudness(None)
    for text, colour in zip(said, (RED, GREEN, BLUE), strict=True):
        video = video.scene(flat(colour), narration=stretched(text), voice="tone:high")
    timeline = video.timeline()
    assert len(timeline.voices) == 3
    for shot, (start, narration) in zip(timeline.shots, timeline.voices, strict=True):
        assert start == shot.first / 50
        assert shot.count / 50 == pytest.approx(narration.duration + BREATH, abs=0.021)
        for word in narration.words:
            assert start <= start + word.start <= start + word.end <= shot.last / 50
    frames = seen(video, tmp_path)
    colours = (RED, GREEN, BLUE)
    for (start, narration), colour in zip(timeline.voices, colours, strict=True):
        for word in narration.words:
            assert is_colour(frames[int((start + word.middle) * 50)], colour), word


@pytest.mark.usefixtures("tone")
def test_one_narration_is_cut_at_its_lines(tmp_path):
    """At each word of a line its scene is seen."""
    lines = ["a first line that is long", "the second", "and the third of them"]
    text = "\n".join(stretched(line) for line in lines)
    video = wb.Video("64x64", fps=50).narrate(text, voice="tone:high").loudness(None)
    for colour in (RED, GREEN, BLUE):
        video = video.scene(flat(colour))
    frames = seen(video, tmp_path)
    parts = video.narration.parts
    assert len(parts) == 3
    for part, colour in zip(parts, (RED, GREEN, BLUE), strict=True):
        for word in part.words:
            assert is_colour(frames[int(word.middle * 50)], colour), word
    assert abs(len(frames) / 50 - video.narration.duration) <= 0.02


# -- transitions ------------------------------------------------------------------------------

UP = np.concatenate([flat(RED, 64, 32), flat(GREEN, 64, 32)])


def test_transitions_by_their_pixels(tmp_path):
    """Six of them from red over green to blue in frames 5 to 9; the first still shows all of A."""
    names = ("fade", "dissolve", "wipeleft", "slideup", "circleopen", "fadeblack")
    shown = {}
    for name in names:
        video = wb.Video("64x64", fps=10).scene(UP, duration=1)
        video = video.scene(flat(BLUE), duration=1, transition=name, transition_duration=0.5)
        shown[name] = frames = seen(video, tmp_path, workers=2)
        assert len(frames) == 15, name
        for index, frame in enumerate(frames[:6]):
            edge = 3 * (index == 5)  # xfade's first frame may have a line of B
            assert is_colour(frame[edge:30, edge : 64 - edge], RED, 8 * edge + 8), name
            assert is_colour(frame[34 : 64 - edge, edge : 64 - edge], GREEN, 8 * edge + 8), name
        assert is_colour(frames[10:], BLUE), name
        blue = (frames[5:10, ..., 2] > 128).mean(axis=(1, 2))
        assert np.all(np.diff(blue) >= -0.01), name
        assert np.abs(frames[9] - frames[10]).mean() < 60, name
    middle = {name: frames[7] for name, frames in shown.items()}  # 0.4 of the way
    assert is_colour(middle["fade"][:30], (153, 0, 102), 12)
    blue = middle["dissolve"][..., 2] > 128
    assert 0.3 < blue.mean() < 0.5
    assert np.abs(np.diff(blue.astype(int), axis=1)).mean() > 0.2, "not in grains"
    assert is_colour(middle["wipeleft"][:30, :34], RED, 24)
    assert is_colour(middle["wipeleft"][:, 44:], BLUE, 24)
    change = 32 - round(64 * 0.4)  # the whole picture has gone up by 0.4
    assert is_colour(middle["slideup"][: change - 3], RED, 24)
    assert is_colour(middle["slideup"][change + 3 : 34], GREEN, 24)
    assert is_colour(middle["slideup"][42:], BLUE, 24)
    opened = shown["circleopen"][8]  # a soft circle from the middle
    assert is_colour(opened[24:40, 24:40], BLUE, 24)
    assert opened[0, 0, 2] + 40 < opened[32, 0, 2] < opened[32, 8, 2] - 40
    assert middle["fadeblack"].max() < 120
    assert middle["fade"].max() > 140


def test_all_transitions_run(tmp_path):
    """Every name that this ffmpeg knows, but the one that takes an expression."""
    told = subprocess.run(
        [ffmpeg(), "-hide_banner", "-h", "filter=xfade"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    begin = next(i for i, line in enumerate(told) if "transition " in line)
    known = []
    for line in told[begin + 1 :]:
        words = line.split()
        if len(words) < 2 or not words[1].lstrip("-").isdigit():
            break
        known.append(words[0])
    assert set(TRANSITIONS) == set(known) - {"custom"}
    video = wb.Video("32x32", fps=10).scene(flat(RED, 32, 32), duration=0.4)
    for index, name in enumerate(TRANSITIONS):
        colour = flat(BLUE if index % 2 == 0 else RED, 32, 32)
        video = video.scene(colour, duration=0.4, transition=name, transition_duration=0.2)
    frames = seen(video, tmp_path)
    assert len(frames) == 2 + 2 * (len(TRANSITIONS) + 1)
    assert {len(s.shots) for s in _segments(video)[1:-1]} == {2}
    for index, name in enumerate(TRANSITIONS):
        first = frames[2 + 2 * index]  # of it: all that was seen before
        before = np.array(RED if index % 2 == 0 else BLUE)
        assert np.abs(first - before).mean() < 20, name


def _segments(video):
    from workbench.media.segments import cut

    return cut(video.timeline())


@pytest.mark.usefixtures("tone")
def test_a_transition_moves_no_word(tmp_path):
    """It stands around the moment at which the scene changes, and the video is as long."""
    text = "\n".join([stretched("one two three"), stretched("four five six")])
    plain = (
        wb.Video("64x64", fps=10).narrate(text, voice="tone:high").loudness(None).scene(flat(RED))
    )
    faded = plain.scene(flat(BLUE), transition="fade", transition_duration=0.6)
    plain = plain.scene(flat(BLUE))
    assert faded.timeline().narration == plain.timeline().narration
    assert faded.timeline().frames == plain.timeline().frames
    frames = seen(faded, tmp_path)
    change = round(plain.narration.parts[1].start * 10)
    assert plain.shots()[1].first == change
    assert is_colour(frames[: change - 2], RED)
    assert is_colour(frames[change], (128, 0, 128), 12)
    assert is_colour(frames[change + 3 :], BLUE)


def test_clips_go_on_in_a_transition(tmp_path):
    """Each shows its own next frames, before it, in it and after it."""
    path = counter(tmp_path / "a.mp4", frames=20, sound=False)
    video = wb.Video("64x64", fps=10).scene(path)
    video = video.scene(path, start=0.3, transition="wipeleft", transition_duration=0.5)
    frames = seen(video, tmp_path)
    assert len(frames) == 20 + 17 - 5
    assert [number(f) for f in frames[:15]] == list(range(15))
    assert [number(f) for f in frames[20:]] == list(range(8, 20))
    left = [round((f[:, :4].mean() - 18.3) / 5) for f in frames[15:20]]
    right = [round((f[:, -4:].mean() - 18.3) / 5) for f in frames[16:20]]
    assert left == list(range(15, 20))
    assert right == list(range(4, 8))


@pytest.mark.usefixtures("tone")
def test_transitions_between_clips_intro_and_outro(tmp_path):
    """An intro's clip was begun again under the transition that leads out of it."""
    film_ = counter(tmp_path / "a.mp4", frames=20)
    text = stretched("one two three four")
    video = wb.Video("64x64", fps=10).loudness(None).intro(film_).narrate(text, voice="tone:high")
    video = video.scene(flat(BLACK), transition="fade", transition_duration=0.6)
    video = video.outro(flat(WHITE), duration=1.0, transition="fade", transition_duration=0.6)
    timeline = video.timeline()
    assert timeline.lead == 2.0
    assert [(s.first, s.enter) for s in timeline.shots][1] == (17, 6)
    frames = seen(video, tmp_path)
    shown = [number(f) for f in frames[:18]]
    assert shown == list(range(18))
    bright = frames.mean(axis=(1, 2, 3))
    weights = 1 - np.arange(6) / 6
    held = np.array([17, 18, 19, 19, 19, 19]) * 5 + 18.3
    assert bright[17:23] == pytest.approx(held * weights, abs=4)
    assert bright[23] < 2
    end = timeline.lead + video.narration.duration
    assert timeline.duration == pytest.approx(end + 1.0, abs=0.1)
    assert bright[round(end * 10)] == pytest.approx(128, abs=30)


def test_transitions_without_a_voice_shorten_the_video():
    base = wb.Video("64x64", fps=10).scene(flat(RED), duration=1)
    cut = base.scene(flat(BLUE), duration=1).timeline()
    faded = base.scene(
        flat(BLUE), duration=1, transition="fade", transition_duration=0.4
    ).timeline()
    assert (cut.duration, faded.duration) == (2.0, 1.6)


# -- titles -----------------------------------------------------------------------------------


def ink(frames: np.ndarray) -> np.ndarray:
    """Return how many pixels of each frame are bright."""
    return (frames.max(axis=3) > 128).sum(axis=(1, 2))


def test_titles_are_seen_from_and_to(tmp_path):
    base = wb.Video("320x180", fps=10).scene(flat(BLACK), duration=1)
    once = seen(base.title("Hello", start=0.3, end=0.8, fade=0), tmp_path)
    assert (ink(once) > 0).tolist() == [3 <= i < 8 for i in range(10)]
    drawn = np.argwhere(once[5].max(axis=2) > 128)
    assert drawn.mean(axis=0) == pytest.approx((90, 160), abs=12)
    both = seen(base.title("Hello", detail="and more", start=0.3, end=0.8, fade=0), tmp_path)
    assert ink(both)[5] > ink(once)[5] * 1.3
    lower = np.argwhere(both[5].max(axis=2) > 128)
    assert lower[:, 0].max() > drawn[:, 0].max() + 5, "the detail stands below"
    red = seen(
        base.title("Hello", end=0.8, fade=0, style=wb.Style(colour="#ff0000", size=12)), tmp_path
    )
    assert ((red[5][..., 0] > 180) & (red[5][..., 1] < 80)).sum() > 50
    faded = seen(base.title("Hello", start=0, end=1, fade=0.5), tmp_path).max(axis=(1, 2, 3))
    assert faded[0] < faded[2] < faded[4]
    assert faded[9] < faded[7] < faded[5]


def test_a_lower_third_stands_low_on_the_left(tmp_path):
    base = wb.Video("320x180", fps=10).scene(Colour("#808080"), duration=1)
    frames = seen(
        base.lower_third("Ana Soto", detail="Bióloga", start=0.2, end=0.7, fade=0), tmp_path
    )
    differs = np.abs(frames - frames[0]).max(axis=3) > 40
    assert (differs.sum(axis=(1, 2)) > 0).tolist() == [2 <= i < 7 for i in range(10)]
    rows, columns = np.nonzero(differs[5])
    assert rows.min() > 90
    assert columns.max() < 240
    assert columns.min() < 60


def test_a_title_stays_for_as_long_as_it_takes_to_read():
    base = wb.Video("64x64").scene(flat(BLACK), duration=30)
    text = "A long title, so long that nobody reads it in the four seconds of the old default"
    for shown in (base.title(text, start=2), base.lower_third(text, start=2)):
        assert shown.titles[0].end == Title(text=text, start=2).end > 8
    assert base.title("Hi").titles[0].end == 2.5
    assert base.title("Hi", start=1, end=3).titles[0].end == 3


# -- background, intro, outro -----------------------------------------------------------------


def test_a_background_is_looped_and_cut_to_the_voice(tmp_path):
    short = counter(tmp_path / "short.mp4", frames=10)
    long = counter(tmp_path / "long.mp4", frames=40)
    said = Audio.silence(2.5, 8000)
    base = wb.Video("64x64", fps=10).narrate(said).loudness(None)
    looped = seen(base.background(short), tmp_path)
    assert [number(f) for f in looped] == [*range(10), *range(10), *range(5)]
    assert [number(f) for f in seen(base.background(long), tmp_path)] == list(range(25))
    flat_ = base.background(short, fit="contain", volume=1.0).scenes[0]
    assert (flat_.fit, flat_.volume) == ("contain", 1.0)
    with pytest.raises(ParameterError, match="stands for all scenes"):
        base.scene(flat(RED)).background(long)
    for more in (base.background(short).scene, base.background(short).background):
        with pytest.raises(ParameterError, match=r"background"):
            more(flat(RED))
    outside = base.intro(flat(RED), duration=1).background(short).outro(flat(BLUE), duration=1)
    assert [s.count for s in outside.shots()] == [10, 25, 10]


def test_voice_and_captions_begin_after_the_intro(tmp_path):
    """And the intro's own sound is heard, which a scene's is not under a voice."""
    intro = clip(tmp_path / "a.mp4", "red", seconds=1, tone=880)
    outro = clip(tmp_path / "b.mp4", "blue", seconds=0.5, tone=1320)
    main = clip(tmp_path / "c.mp4", "black", seconds=1, tone=440)
    video = wb.Video("64x64", fps=10).intro(intro).outro(outro).scene(main).loudness(None)
    time = np.arange(48_000 * 3 // 2) / 48_000
    voice = Audio(samples=np.sin(2 * np.pi * (200 + 200 * time) * time) / 4, rate=48_000)
    words = [wb.Word(text="HI"[i % 2], start=i / 2, end=i / 2 + 0.4) for i in range(3)]
    take = wb.Take(text="H I H", audio=voice, words=tuple(words), voice=wb.Voice.parse("espeak:es"))
    video = video.narrate(take).captions("plain", size=20)
    timeline = video.timeline()
    narration = video.narration
    assert timeline.lead == 1.0
    assert [w.start for w in timeline.narration.words] == pytest.approx(
        [w.start + 1.0 for w in narration.words]
    )
    frames = seen(video, tmp_path)
    assert is_colour(frames[:10], RED)
    assert is_colour(frames[-5:], BLUE)
    assert ink(frames[11:13]).min() > 0, "no captions"
    heard = samples(tmp_path / "seen.mp4")
    assert pitch(heard[9_600:38_400]) == pytest.approx(880, abs=5)
    assert pitch(heard[-19_200:-4_800]) == pytest.approx(1320, abs=5)
    spoken, said = heard[48_000 : 48_000 + voice.frames, 0], voice.samples[:, 0]
    assert np.corrcoef(spoken, said)[0, 1] > 0.99


# -- what does not go together ----------------------------------------------------------------


@pytest.mark.usefixtures("tone")
def test_invalid_combinations_are_refused_before_ffmpeg_starts(tmp_path, monkeypatch):
    film_ = clip(tmp_path / "a.mp4", "red")
    mute = clip(tmp_path / "b.mp4", "red", tone=None)
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    monkeypatch.setattr("workbench.media.ffmpeg._launcher.start", None)
    png = tmp_path / "a.png"
    base = wb.Video("64x64", fps=10)
    one = base.scene(png, duration=1)
    said = base.narrate("one two", voice="tone:high")

    def shown(video):
        return lambda: video.render(tmp_path / "out.mp4")

    refused = [
        (lambda: base.scene(png, transition="fade"), "this is the first"),
        (lambda: base.intro(png, transition="fade"), "this is the first"),
        (lambda: one.scene(png, transition="fadee"), "did you mean 'fade'"),
        (lambda: one.scene(png, transition="custom"), "transition"),
        (lambda: one.scene(png, transition="fade", transition_duration=0), "transition_duration"),
        (lambda: one.scene(png, speed="fast"), "this is still"),
        (lambda: one.scene(png, easing="linear"), "this is still"),
        (lambda: one.scene(png, focus=(0, 0)), "this is still"),
        (lambda: one.scene(png, motion="zoom-in", focus=(2, 0)), "focus"),
        (lambda: one.scene(png, motion="zoom-in", focus=0.5), "focus"),
        (lambda: one.scene(png, motion="zoom-in", speed="faster"), "speed"),
        (lambda: one.scene(png, motion="zoom-in", easing="bounce"), "easing"),
        (lambda: one.scene(png, fit="stretch"), "fit"),
        (lambda: one.scene(png, start=1), "start is for clips"),
        (lambda: one.scene(Colour("red"), volume=0.5), "volume is for clips"),
        (lambda: one.scene(mute, volume=0.5), "no sound"),
        (lambda: one.scene(film_, volume=1.5), "volume"),
        (lambda: one.scene(film_, start=5), "beyond its end"),
        (lambda: one.scene(film_, motion="pan-up"), "is for still pictures"),
        (lambda: one.scene(png, voice="tone:high"), "own narration"),
        (lambda: one.intro(png, narration="x"), "is not an option of intro"),
        (lambda: one.outro(png, motoin="zoom-in"), "did you mean 'motion'"),
        (lambda: one.title(" "), "must say something"),
        (lambda: one.title("x", start=2, end=1), "end"),
        (lambda: one.title("x", fade=-1), "fade"),
        (lambda: one.title("x", style="nope"), "style"),
        (shown(one.title("x", start=1)), "the video ends at 1.00 s"),
        (shown(one.overlay(png, start=1)), "the video ends at 1.00 s"),
        (shown(said), "has no scenes"),
        (shown(said.intro(png)), "nothing to see"),
        (shown(said.scene(png, narration="x", voice="tone:high")), "narration of its own"),
        (shown(base.scene(png, duration=0.001 + 1e-9 + 0.1, narration=Audio.silence(2, 8000))),
         "leave out its duration"),
        (shown(said.scene(png, duration=9).scene(png)), "shorten their durations"),
        (shown(one.scene(png, duration=0.4, transition="fade")), "shorten transition_duration"),
        (shown(one.scene(png, duration=0.6, transition="fade", transition_duration=0.4)
               .scene(png, duration=1, transition="fade", transition_duration=0.4)),
         "its transitions take 0.80 s"),
    ]  # fmt: skip
    for attempt, told in refused:
        with pytest.raises((ParameterError, MediaError), match=told):
            attempt()
    assert not (tmp_path / "out.mp4").exists()


def test_a_scene_that_cannot_be_is_refused_before_its_script_is_spoken(tone):
    with pytest.raises(ParameterError, match="fit"):
        wb.Video().scene(flat(RED), fit="none", narration="one", voice="tone:high")
    assert tone.calls == []


def test_numbers_of_any_kind_make_a_receipt(tmp_path):
    """They are kept as what they mean: `json` knows neither fractions nor numpy's numbers."""
    from fractions import Fraction

    video = wb.Video("64x64", fps=np.int64(10))
    video = video.scene(flat(RED), duration=np.float32(0.5))
    film_ = counter(tmp_path / "a.mp4")
    video = video.scene(film_, start=Fraction(1, 2), volume=np.float32(0.5), duration=0.5)
    video = video.overlay(film_, start=Fraction(1, 4), end=np.float32(0.75), volume=Fraction(1, 2))
    assert len(seen(video, tmp_path)) == 10
    assert video.scenes[1].start == 0.5
