"""Pictures and clips over a video, judged by pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lavfi import clip, counter, loudness, samples
from painted import BLUE, GREEN, RED, WHITE, YELLOW, film, flat, is_colour, seen, turned
from PIL import Image, ImageColor

import workbench as wb
from workbench.audio import Audio
from workbench.errors import MediaError, MediaTooLarge, ParameterError
from workbench.media.colours import Colour
from workbench.media.ffmpeg import encode
from workbench.media.graph import Canvas
from workbench.media.overlays import PLACES, Overlay, laid_over

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder with pictures and clips of one colour."""
    folder = tmp_path_factory.mktemp("files")
    Image.new("RGB", (40, 20), "white").save(folder / "white.png")
    hole = np.zeros((40, 40, 4), np.uint8)
    hole[..., 0], hole[..., 3] = 255, 255
    hole[10:30, 10:30, 3] = 0
    hole[:10, :, 3] = 128
    Image.fromarray(hole).save(folder / "hole.png")
    clip(folder / "yellow.mp4", "yellow", seconds=0.6, tone=880, level=0.5)
    counter(folder / "counter.mp4", frames=40)
    return folder


def base(seconds: float = 1.0, size: str = "100x100") -> wb.Video:
    return wb.Video(size, fps=10).scene(Colour("blue"), duration=seconds)


def box(frame: np.ndarray) -> tuple[int, int, int, int]:
    """Return the left, top, right and bottom of what is not blue."""
    rows, columns = np.nonzero(frame[..., :2].max(axis=2) > 128)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def numbers(frames: np.ndarray) -> list[int]:
    """Return which frame of the counter is over each frame's middle; 18 to 22 is none."""
    return [round((f[45:55, 45:55].mean() - 18.3) / 5) for f in frames]


# -- where, how large, how clear --------------------------------------------------------------


@pytest.mark.parametrize("name", PLACES)
def test_places(files, tmp_path, name):
    """4 % of the shorter side are free to the edges; the middle is the middle."""
    frame = seen(base(0.1).overlay(files / "white.png", position=name, scale=0.4), tmp_path)[0]
    left, top, right, bottom = box(frame)
    assert (right - left, bottom - top) == pytest.approx((40, 20), abs=2)
    column = {"left": 4, "right": 56}.get(name.split("-")[-1], 30)
    row = {"top": 4, "bottom": 76}.get(name.split("-")[0], 40)
    assert (left, top) == pytest.approx((column, row), abs=1)


def test_shares_and_scales(files, tmp_path):
    """A position by shares is where its centre lies; it may hang over the edge."""
    video = base(0.2).overlay(files / "white.png", position=(0.25, 0.7), scale=0.2, end=0.1)
    video = video.overlay(files / "white.png", position=(1.0, 0.0), scale=0.8, start=0.1)
    first, second = seen(video, tmp_path)
    assert box(first) == pytest.approx((15, 65, 35, 75), abs=1)
    assert box(second) == pytest.approx((60, 0, 100, 20), abs=1)


def test_opacity(files, tmp_path):
    for source in ("white.png", "yellow.mp4"):
        colour = np.array(WHITE if source == "white.png" else YELLOW)
        for opacity in (0.0, 0.25, 1.0):
            video = base(0.1).overlay(files / source, scale=1.0, opacity=opacity)
            middle = seen(video, tmp_path)[0][45:55, 45:55]
            wanted = opacity * colour + (1 - opacity) * np.array(BLUE)
            assert is_colour(middle, tuple(wanted), 8), (source, opacity)


def test_transparent_parts_of_a_picture_stay_so(files, tmp_path):
    frame = seen(base(0.1).overlay(files / "hole.png", scale=0.8), tmp_path)[0]
    assert is_colour(frame[40:60, 40:60], BLUE, 12)
    assert is_colour(frame[75:85, 20:80], RED, 12)
    assert is_colour(frame[14:24, 20:80], (128, 0, 127), 16), "half transparent"


def test_a_clip_with_an_alpha_channel(tmp_path):
    Image.new("RGBA", (20, 20), (255, 0, 0, 128)).save(tmp_path / "a.png")
    picture, made = f"file:{tmp_path / 'a.png'}", f"file:{tmp_path / 'a.mov'}"
    still = ["-loop", "1", "-t", "0.5", "-r", "10", "-i", picture]
    encode([*still, "-c:v", "qtrle", made], folder=tmp_path, limit=60)
    frame = seen(base(0.1).overlay(tmp_path / "a.mov", scale=1.0), tmp_path)[0]
    assert is_colour(frame[40:60, 40:60], (128, 0, 127), 10)


def test_odd_shapes_are_undistorted(tmp_path):
    """Turned by a phone, of stretched pixels, very wide: the square in the middle is one."""
    picture = flat(RED, 60, 30)
    picture[10:20, 25:35] = WHITE
    stored = film(tmp_path / "a.mp4", np.array([np.rot90(picture)] * 3), fps=10)
    stretched = np.repeat(picture, 2, axis=0)  # 60x60, seen as 120x60
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(picture)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    Image.fromarray(flat(WHITE, 400, 10)).save(tmp_path / "line.png")
    wide = film(tmp_path / "w.mp4", np.array([stretched] * 3), fps=10, filters="setsar=2")
    for source in (
        turned(tmp_path / "t.mp4", stored, -90),
        tmp_path / "a.jpg",
        wide,
    ):
        frame = seen(base(0.1).overlay(source, scale=0.9, position=(0.5, 0.5)), tmp_path)[0]
        white = frame.min(axis=2) > 128
        width, height = white.any(axis=0).sum(), white.any(axis=1).sum()
        assert width == pytest.approx(15, abs=3), source
        assert height == pytest.approx(width, abs=2), source
        left, top, right, bottom = box(frame)
        assert (right - left, bottom - top) == pytest.approx((90, 45), abs=3), source
    line = seen(base(0.1).overlay(tmp_path / "line.png", scale=1.0), tmp_path)[0]
    assert box(line) == pytest.approx((0, 49, 100, 51), abs=2)


# -- when -------------------------------------------------------------------------------------


def test_start_and_end_are_exact(files, tmp_path):
    for source, about in (("white.png", {}), ("counter.mp4", {"volume": 0.5})):
        video = base(2).overlay(files / source, start=0.35, end=1.2, scale=1.0, **about)
        frames = seen(video, tmp_path)
        over = [not is_colour(f[45:55, 45:55], BLUE, 12) for f in frames]
        assert over == [4 <= i < 12 for i in range(20)], source
    heard = samples(tmp_path / "seen.mp4")
    # The counter beeps for 0.1 s at its whole seconds: here at 0.4 s, and no more after the end.
    loud = np.abs(heard).max(axis=1) > 0.05
    assert loud[19_700:23_500].any()
    assert not loud[:18_900].any()
    assert not loud[24_500:].any()


def test_a_clip_is_seen_from_its_start_and_no_longer_than_it_lasts(files, tmp_path):
    frames = seen(base(5).overlay(files / "counter.mp4", start=0.5, scale=1.0), tmp_path)
    assert numbers(frames)[5:45] == list(range(40))
    assert all(is_colour(f[45:55, 45:55], BLUE, 12) for f in [*frames[:5], *frames[45:]])


def test_it_goes_on_in_the_next_piece(files, tmp_path, monkeypatch):
    """Over scenes, a transition and pieces, each encoded by itself: no frame twice, none lost."""
    monkeypatch.setattr("workbench.media.segments.LONGEST", 0.7)
    video = base(1.5).scene(flat(RED), duration=2, transition="fade")
    video = video.overlay(files / "counter.mp4", start=0.2, scale=1.0)
    shown = numbers(seen(video, tmp_path))
    assert len(shown) == 30
    assert shown[2:] == list(range(28))
    receipt = (tmp_path / "seen.mp4.json").read_text()
    assert receipt.count("[") > 5


def test_a_slow_clip_is_seen_in_every_piece(tmp_path, monkeypatch):
    """A frame of it stands for 0.7 s: what is seen where a piece begins began before."""
    steps = np.array([flat((20 + 25 * n,) * 3, 32, 32) for n in range(8)])
    path = film(tmp_path / "a.mp4", steps, fps=10, filters="setpts=7*PTS")
    assert wb.probe(path).duration == pytest.approx(5, abs=0.7)
    video = base(4).overlay(path, scale=1.0)
    whole = numbers(seen(video, tmp_path))
    assert whole == [5 * round((index - 3.4) / 7) for index in range(40)]
    monkeypatch.setattr("workbench.media.segments.LONGEST", 0.5)
    assert numbers(seen(video, tmp_path)) == whole


@pytest.mark.parametrize(("fps", "count", "volume"), [(10, 7, 0), (25, 26, 0), (25, 8, 0.5)])
def test_a_loop_is_the_same_in_pieces(tmp_path, monkeypatch, fps, count, volume):
    """And goes on as long as asked, at the pace of its sound."""
    path = counter(tmp_path / "a.mp4", fps=fps, frames=count)
    video = base(5).overlay(path, start=0.3, end=4.9, scale=1.0, loop=True, volume=volume)
    whole = numbers(seen(video, tmp_path))
    monkeypatch.setattr("workbench.media.segments.LONGEST", 0.8)
    assert numbers(seen(video, tmp_path)) == whole
    natural = video.overlays[0].natural
    assert whole[:3] == whole[-1:] * 3, "blue"
    if fps == 10:
        assert whole[3:49] == [n % 7 for n in range(46)]
    for index, number in enumerate(whole[3:49]):
        late = (index / 10) % natural * fps - number
        assert min(abs(late), abs(abs(late) - count)) < max(2, fps / 10), index


def test_the_same_file_twice(files, tmp_path):
    """ffmpeg-python takes equal inputs for one, and failed."""
    video = base(0.3)
    for position in ("left", "right"):
        video = video.overlay(files / "yellow.mp4", position=position, scale=0.2)
    video = video.overlay(files / "white.png", position="top", scale=0.2)
    video = video.overlay(files / "white.png", position="bottom", scale=0.2)
    frame = seen(video, tmp_path)[1]
    for part in (frame[48:52, 8:20], frame[48:52, 80:92]):
        assert is_colour(part, YELLOW, 16)
    for part in (frame[6:12, 45:55], frame[88:94, 45:55]):
        assert is_colour(part, WHITE, 16)


def test_later_ones_lie_above(files, tmp_path):
    video = base(0.1).overlay(files / "yellow.mp4", scale=0.6).overlay(files / "white.png")
    frame = seen(video, tmp_path)[0]
    assert is_colour(frame[45:55, 45:55], WHITE, 12)
    assert is_colour(frame[25:30, 45:55], YELLOW, 16)


# -- colour key -------------------------------------------------------------------------------

NAMES = ["green", "red", "blue", "#0f0", "#f00", "#00ff00", "#FF0000", "lime"]


@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("sound", [False, True])
def test_keys_by_name_and_by_digits(tmp_path, key, sound):
    """``red`` became ``0xRED`` and ``#f00`` failed (origin, defect 16).

    On a base without sound it never ended, or failed; the overlay was not scaled (defect 18).
    """
    colour = ImageColor.getrgb(key)
    picture = flat(colour, 60, 30)
    picture[10:20, 20:40] = WHITE
    over = film(tmp_path / "over.mp4", np.array([picture] * 4), fps=10)
    ground = clip(tmp_path / "base.mp4", "gray", size="64x64", tone=440 if sound else None)
    video = wb.Video("64x64", fps=10).scene(ground).overlay(over, key=key, scale=1.0)
    frames = seen(video, tmp_path)
    assert len(frames) == 10, "as long as the base"
    assert is_colour(frames[1][:12, :12], (128, 128, 128), 10)
    assert is_colour(frames[1][20:24, 4:12], (128, 128, 128), 16), "the key is seen"
    assert is_colour(frames[1][29:34, 27:37], WHITE, 32)
    assert is_colour(frames[6], (128, 128, 128), 10), "longer than its clip"
    assert (wb.probe(tmp_path / "seen.mp4").audio is not None) == sound


def test_similarity_and_blend(tmp_path):
    """Greens ever farther from the key: what is near is clear, what is farther partly, then not."""
    shades = np.zeros((10, 100, 3), np.uint8)
    shades[..., 1] = np.linspace(255, 0, 100)  # as far as 0.577 of black to white
    Image.fromarray(shades).save(tmp_path / "a.png")
    film(tmp_path / "a.mp4", np.array([shades] * 3), fps=10)
    seen_at = {}
    for name in ("a.png", "a.mp4"):
        for similarity, blend in ((0.1, 0.0), (0.3, 0.0), (0.1, 0.3)):
            video = base(0.1).overlay(
                tmp_path / name, key="#0f0", similarity=similarity, blend=blend, scale=1.0
            )
            row = seen(video, tmp_path)[0][50]
            clear = row[:, 2] / 255  # of blue
            seen_at[name, similarity, blend] = clear
            away = np.linspace(0, 0.577, 100)
            edge = away[np.argmax(clear < 0.5)]
            assert edge == pytest.approx(similarity + blend / 2, abs=0.05), (name, similarity)
            part = ((clear > 0.1) & (clear < 0.9)).sum()
            assert (part > 30) == (blend > 0), (name, blend)
    for about in ((0.1, 0.0), (0.3, 0.0), (0.1, 0.3)):
        differ = np.abs(seen_at["a.png", *about] - seen_at["a.mp4", *about])
        assert differ.mean() < 0.05, "pictures and clips are keyed alike"


def test_a_key_leaves_what_was_transparent(tmp_path):
    """ffmpeg's ``colorkey`` takes it for opaque."""
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[...] = (255, 0, 0, 0)  # red behind, and clear
    picture[:20] = (0, 255, 0, 255)
    picture[20:, 20:] = (255, 255, 255, 255)
    Image.fromarray(picture).save(tmp_path / "a.png")
    frame = seen(base(0.1).overlay(tmp_path / "a.png", key="#0f0", scale=1.0), tmp_path)[0]
    assert is_colour(frame[5:40], BLUE, 12)
    assert is_colour(frame[60:95, 5:40], BLUE, 12)
    assert is_colour(frame[60:95, 60:95], WHITE, 12)


@pytest.mark.parametrize(("size", "seconds"), [("32x96", 0.3), ("160x40", 3.0)])
def test_overlays_of_other_sizes_and_lengths(tmp_path, size, seconds):
    """It ends with the base, whatever the overlay (origin, defect 18)."""
    over = clip(tmp_path / "a.mp4", "yellow", size=size, seconds=seconds)
    frames = seen(base(1).overlay(over, scale=0.5, loop=True), tmp_path)
    assert len(frames) == 10
    width, height = map(int, size.split("x"))
    left, top, right, bottom = box(frames[9])
    assert right - left == pytest.approx(50, abs=3)
    assert bottom - top == pytest.approx(min(100, 50 * height / width), abs=3)


HOSTILE = [
    "green:0.1:0.1,drawtext=textfile=/etc/passwd:x=0,colorkey=green",
    "black[x];movie=other.mp4[y];[x][y]overlay",
    "0xff0000@0.5:enable='1'",
    "red\n",
    "#ff",
    "#ggg",
    "redd",
    "",
    "face",
]


def test_hostile_colours_are_refused(files, monkeypatch):
    """They were pasted into the graph, which then read any file (origin, defect 2)."""
    monkeypatch.setattr("workbench.media.ffmpeg._launcher.start", None)
    for key in [*HOSTILE, 5, b"red", ("red",)]:
        with pytest.raises(ParameterError, match=r"^key"):
            base().overlay(files / "yellow.mp4", key=key)


# -- sound ------------------------------------------------------------------------------------


def test_its_sound_is_heard_while_it_is_seen(files, tmp_path):
    """Also over a silent base, at its volume, and again where it loops."""
    video = base(2).overlay(files / "yellow.mp4", start=0.4, volume=1.0).loudness(None)
    levels = {}
    for name, one in {
        "once": video,
        "half": base(2).overlay(files / "yellow.mp4", start=0.4, volume=0.5).loudness(None),
        "loop": base(2).overlay(files / "yellow.mp4", start=0.4, volume=1.0, loop=True)
        .loudness(None),
        "end": base(2).overlay(files / "yellow.mp4", start=0.4, end=0.7, volume=1.0)
        .loudness(None),
    }.items():  # fmt: skip
        seen(one, tmp_path)
        heard = samples(tmp_path / "seen.mp4")
        parts = [(0.0, 0.37), (0.45, 0.65), (0.75, 0.95), (1.1, 1.9)]
        levels[name] = [loudness(heard[int(a * 48_000) : int(b * 48_000)]) for a, b in parts]
    once, half = levels["once"], levels["half"]
    assert once[0] < -60
    assert once[1] > -12
    assert once[3] < -60
    assert half[1] == pytest.approx(once[1] - 6, abs=0.5)
    assert levels["loop"][3] == pytest.approx(once[1], abs=1)
    assert levels["end"][1] == pytest.approx(once[1], abs=0.5)
    assert levels["end"][2] < -60
    seen(base(1).overlay(files / "yellow.mp4"), tmp_path)
    assert wb.probe(tmp_path / "seen.mp4").audio is None, "its sound is only heard when asked for"


# -- logo, and what is refused ----------------------------------------------------------------


def test_a_logo_is_small_in_a_corner_and_a_little_clear(files, tmp_path):
    frames = seen(base(0.5).logo(files / "white.png"), tmp_path)
    for frame in frames:
        left, top, right, bottom = box(frame)
        assert (left, top, right, bottom) == pytest.approx((82, 4, 96, 12), abs=2)
    assert is_colour(frames[2][7:9, 86:92], (230, 230, 255), 10)
    low = base(0.1).logo(files / "white.png", position="bottom-left", scale=0.3, opacity=1.0)
    frame = seen(low, tmp_path)[0]
    assert box(frame) == pytest.approx((4, 82, 34, 96), abs=2)
    assert is_colour(frame[86:92, 10:30], WHITE, 10)


def test_what_cannot_be_is_refused_before_ffmpeg_starts(files, tmp_path, monkeypatch, media):
    sound = Audio.silence(1, 8000).write(tmp_path / "a.wav")
    mute = clip(tmp_path / "mute.mp4", tone=None)
    monkeypatch.setattr("workbench.media.ffmpeg._launcher.start", None)
    png, mp4 = files / "white.png", files / "yellow.mp4"
    odd = [float("nan"), float("inf"), -1, "1", None, True, [1], 10**400]
    for name in ("scale", "opacity", "start", "end", "similarity", "blend", "volume"):
        for value in odd:
            if name == "end" and value is None:
                continue
            with pytest.raises(ParameterError, match=f"^{name}: must be"):
                base().overlay(mp4, **{name: value})
    refused = [
        (lambda: base().overlay(png, loop=True), "loop is for clips"),
        (lambda: base().overlay(png, volume=1), "volume is for clips"),
        (lambda: base().overlay(mute, volume=1), "no sound"),
        (lambda: base().overlay(sound), "cannot be seen"),
        (lambda: base().overlay(png, start=2, end=1), "must lie after"),
        (lambda: base().overlay(png, start=1, end=1), "must lie after"),
        (lambda: base().overlay(png, position="middle"), "position"),
        (lambda: base().overlay(png, position="top_left"), "did you mean 'top-left'"),
        (lambda: base().overlay(png, position=(0.5,)), "position"),
        (lambda: base().overlay(png, position=(0.5, 9)), "position"),
        (lambda: base().overlay(png, position=None), "position"),
        (lambda: base().overlay(png, scale=0.001), "scale"),
        (lambda: base().overlay(png, key="red@0.5"), "key"),
        (lambda: base().overlay(media / "broken" / "truncated_faststart.mp4"), "is damaged"),
        (lambda: base().overlay(media / "broken" / "text_named.mp4"), "text_named"),
        (lambda: base().overlay(tmp_path / "none.png"), "no such file"),
        (lambda: base(1).overlay(png, start=1).plan(), "the video ends"),
    ]
    for attempt, told in refused:
        with pytest.raises((ParameterError, MediaError), match=told):
            attempt()


def test_one_that_would_be_enormous_is_refused(tmp_path):
    """A line of 1x4000 pixels, as wide as the frame, is 8,000 megapixels."""
    Image.new("RGB", (1, 4000)).save(tmp_path / "a.png")
    with pytest.raises(MediaTooLarge, match=r"a\.png at scale=1: is 1080x\d+"):
        wb.Video("9:16").overlay(tmp_path / "a.png", scale=1.0)
    wb.Video("9:16").overlay(tmp_path / "a.png", scale=0.01)


def test_a_damaged_clip_is_an_error_that_names_it(media, tmp_path):
    """Bits are flipped inside: ffmpeg conceals that, and ends with 0."""
    damaged = media / "broken" / "bitflips_seed7.mp4"
    video = base(13, "32x32").overlay(damaged, scale=1.0)
    with pytest.raises(MediaError, match=r"bitflips_seed7\.mp4"):
        seen(video, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_meanwhile_is_refused(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    video = base(0.1).overlay(tmp_path / "a.png")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "a.png")
    with pytest.raises(MediaError, match=r"a\.png: has changed since it was added"):
        seen(video, tmp_path)


# -- as values --------------------------------------------------------------------------------


def test_an_overlay_is_a_value(files):
    one = laid_over(files / "white.png", position=(0.1, 0.2), scale=0.3, key="#123")
    assert one == laid_over(files / "white.png", position=[0.1, 0.2], scale=0.3, key="#123")
    assert one != laid_over(files / "white.png", position=(0.1, 0.2), scale=0.3)
    told = one.to_dict()
    assert told["position"] == [0.1, 0.2]
    assert (told["scale"], told["key"], told["kind"]) == (0.3, "#123", "image")


def test_what_a_stretch_shows_does_not_depend_on_where_the_overlay_lies_in_time():
    """Two seconds later, all the same: the piece is not encoded again."""
    canvas = Canvas(width=64, height=64, fps=30)

    def overlay(start: float) -> Overlay:
        return Overlay(
            path=Path("a.mp4"), sha256="a", kind="video", width=8, height=8, natural=9.0,
            start=start,
        )  # fmt: skip

    assert overlay(1).seen(60, 30, canvas) == overlay(3).seen(120, 30, canvas)
    assert overlay(1).seen(60, 30, canvas) != overlay(1).seen(90, 30, canvas)
    assert overlay(1).seen(0, 30, canvas) is None
    assert overlay(1).seen(300, 30, canvas) is None
    assert GREEN != RED
