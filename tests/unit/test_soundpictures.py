"""Sounds as pictures: each level, time and frequency stands where it belongs."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from lavfi import RATE, clip, pixels, samples
from PIL import Image

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError, MediaNotFound, ParameterError
from workbench.media.moving_waveform import waveform_video
from workbench.media.probe import probe
from workbench.media.soundpictures import waveform_picture
from workbench.media.spectrum import spectrum_picture

pytestmark = pytest.mark.media

BAD = [float("nan"), float("inf"), -float("inf"), -1, True, "1", [], 10**9]


def quiet(_: float) -> None:
    """Show no bar."""


def tone(level: float, seconds: float, hertz: float = 440, rate: int = 8000) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def steps(rate: int = 8000) -> Audio:
    """A second each at 0, 0.25, 0.5 and 1."""
    return Audio(samples=np.concatenate([tone(x, 1) for x in (0, 0.25, 0.5, 1)]), rate=rate)


def heights(picture: np.ndarray, columns: list[int], ground=(0, 0, 0)) -> list[int]:
    """Return how many pixels of a column are not of the ground."""
    return [
        int((np.abs(picture[:, x].astype(int) - ground).max(axis=1) > 24).sum()) for x in columns
    ]


# -- waveforms ------------------------------------------------------------------------------------


def draw(source, **how):
    options = {"width": 400, "height": 201, "background": "black", "colour": "white"}
    return waveform_picture(source, progress=quiet, **(options | how))


def test_a_waveform_is_as_high_as_the_sound_is_loud():
    picture = draw(steps())
    assert picture.shape == (201, 400, 3)
    silent, quarter, half, full = heights(picture, [50, 150, 250, 350])
    assert silent <= 2
    assert full == pytest.approx(201 * 0.92, abs=3)
    assert (half, quarter) == (pytest.approx(full / 2, abs=3), pytest.approx(full / 4, abs=3))
    above = np.abs(picture[:100, 350].astype(int) - picture[:100:-1, 350]).max()
    assert above < 40  # symmetrical
    # Within the peaks, the loudness is drawn in full: 1/sqrt(2) of a sine's peak.
    strong = (picture[:, 350].min(axis=1) > 200).sum()
    assert strong == pytest.approx(full / 2**0.5, abs=4)


def test_a_waveform_of_a_file_is_that_of_its_samples(tmp_path):
    for suffix in (".wav", ".flac"):
        path = steps().write(tmp_path / f"a{suffix}")
        assert np.abs(draw(path).astype(int) - draw(steps()).astype(int)).max() <= 8
    film = clip(tmp_path / "a.mp4", level=0.5)
    assert heights(draw(film), [200])[0] == pytest.approx(201 * 0.92 / 2, abs=6)


def test_each_setting_of_a_waveform_acts(tmp_path):
    left, right = tone(0.5, 1), tone(0.125, 1)
    pair = Audio(samples=np.stack([left, right], axis=1), rate=8000)
    split = draw(pair, channels="split")
    assert heights(split[:100], [200])[0] == pytest.approx(46, abs=3)
    assert heights(split[101:], [200])[0] == pytest.approx(11.5, abs=3)
    assert heights(draw(pair), [200])[0] == pytest.approx(92, abs=3)
    assert heights(draw(pair, normalize=True), [200])[0] == pytest.approx(185, abs=3)
    db = heights(draw(steps(), scale="db"), [50, 150, 250, 350])
    assert db[0] <= 2
    assert db[1] == pytest.approx(185 * (1 - 12.04 / 60), abs=4)
    deep = heights(draw(steps(), scale="db", floor=-24), [150])
    assert deep[0] == pytest.approx(185 * (1 - 12.04 / 24), abs=4)
    coloured = draw(steps(), colour="#ff0000", background="blue")
    assert tuple(coloured[100, 350]) == (255, 0, 0)
    assert tuple(coloured[0, 0]) == (0, 0, 255)
    small = draw(steps(), width=32, height=40)
    assert small.shape == (40, 32, 3)
    made = draw(steps(), output=tmp_path / "a.png")
    assert (np.asarray(Image.open(tmp_path / "a.png")) == made).all()


def test_a_sound_of_few_samples_has_a_waveform():
    few = Audio(samples=np.array([0.5, -0.5, 0.5]), rate=8000)
    assert min(heights(draw(few), [10, 200, 390])) > 10


def test_a_waveform_s_arguments_are_checked(tmp_path):
    sound = steps()
    for value in BAD:
        for name in ("width", "height"):
            with pytest.raises(ParameterError, match=name):
                waveform_picture(sound, progress=quiet, **{name: value})
        with pytest.raises(ParameterError, match="floor"):
            waveform_picture(sound, floor=value, progress=quiet)
    for name in ("colour", "background", "channels", "scale"):
        for value in ("red:x=1", "", None, "0x112233"):
            with pytest.raises(ParameterError, match=name):
                waveform_picture(sound, progress=quiet, **{name: value})
    with pytest.raises(ParameterError, match="must end in"):
        waveform_picture(sound, tmp_path / "a.gif", progress=quiet)
    with pytest.raises(MediaError, match="has no samples"):
        waveform_picture(Audio.silence(0, 8000), progress=quiet)
    with pytest.raises(MediaNotFound):
        waveform_picture(tmp_path / "none.wav", progress=quiet)


def test_damage_is_named(media, tmp_path):
    for name in ("truncated_jfk.flac", "mono.zero.wav", "mono.invalid.wav", "bitflips_seed7.mp4"):
        for draws in (waveform_picture, spectrum_picture):
            with pytest.raises(MediaError, match=name):
                draws(media / "broken" / name, tmp_path / "a.png", progress=quiet)
    assert not list(tmp_path.iterdir())


# -- spectra --------------------------------------------------------------------------------------


def spectrum(source, **how):
    options = {"width": 200, "height": 256, "axes": False, "colours": "gray", "window": 1024}
    return spectrum_picture(source, progress=quiet, **(options | how))[..., 0].astype(int)


def brightest(picture: np.ndarray, column: int) -> int:
    return int(np.argmax(picture[:, column]))


def test_frequencies_stand_at_their_height():
    two = Audio(samples=np.concatenate([tone(0.5, 1, 500), tone(0.5, 1, 3000)]), rate=8000)
    linear = spectrum(two, scale="linear", lowest=1)
    assert brightest(linear, 50) == pytest.approx(256 * (1 - 500 / 4000), abs=2)
    assert brightest(linear, 150) == pytest.approx(256 * (1 - 3000 / 4000), abs=2)
    logarithmic = spectrum(two, scale="log", lowest=40)
    at = 256 * (1 - np.log(500 / 40) / np.log(4000 / 40))
    assert brightest(logarithmic, 50) == pytest.approx(at, abs=2)
    mel = lambda f: 2595 * np.log10(1 + f / 700)  # noqa: E731
    at = 256 * (1 - (mel(3000) - mel(40)) / (mel(4000) - mel(40)))
    assert brightest(spectrum(two, scale="mel", lowest=40), 150) == pytest.approx(at, abs=2)
    half = spectrum(two, scale="linear", lowest=1, highest=1000)
    assert brightest(half, 50) == pytest.approx(128, abs=2)
    # The change falls on the column that is half way.
    rise = linear[brightest(linear, 150)]
    assert np.argmax(rise > 128) == pytest.approx(100, abs=5)


def test_levels_are_those_of_a_full_scale_sine():
    for level, floor in ((1.0, -90), (0.1, -90), (0.1, -40)):
        picture = spectrum(Audio(samples=tone(level, 2, 1000), rate=8000), floor=floor)
        wanted = 255 * (1 - 20 * np.log10(level) / floor)
        assert picture[:, 100].max() == pytest.approx(wanted, abs=6)
    assert spectrum(Audio.silence(1, 8000)).max() == 0


def test_a_long_window_tells_pitches_apart():
    near = Audio(samples=tone(0.3, 2, 1000) + tone(0.3, 2, 1030), rate=8000)
    dips = {}
    for window in (512, 4096):
        picture = spectrum(near, window=window, scale="linear", lowest=900, highest=1130, floor=-60)
        column = picture[:, 50:150].mean(axis=1)  # over whole beats of the two
        peak = column.max()
        between = column[round(256 * (1 - (1015 - 900) / 230))]
        dips[window] = peak - between
    assert dips[512] < 20
    assert dips[4096] > 150


def test_axes_and_colours_are_drawn(tmp_path):
    sound = Audio(samples=tone(0.5, 3, 1000), rate=8000)
    bare = spectrum_picture(sound, width=300, height=150, axes=False, progress=quiet)
    drawn = spectrum_picture(sound, tmp_path / "a.png", width=300, height=150, progress=quiet)
    assert bare.shape == drawn.shape == (150, 300, 3)
    edge = drawn[:, :44].astype(int)
    assert (edge.min(axis=2) > 150).sum() > 40  # figures at the left
    assert (drawn[-18:].astype(int).min(axis=2) > 150).sum() > 30  # and below
    viridis = spectrum_picture(sound, width=300, height=150, axes=False, colours="viridis",
                               progress=quiet)  # fmt: skip
    assert np.abs(viridis.astype(int) - bare.astype(int)).mean() > 10
    assert (np.asarray(Image.open(tmp_path / "a.png")) == drawn).all()


def test_a_spectrum_of_blocks_is_that_of_the_whole(tmp_path):
    """A window that lies across two blocks is one window."""
    sweep = np.sin(
        2 * np.pi * (100 * np.arange(40_0000) / 8000 + 35 * (np.arange(40_0000) / 8000) ** 2)
    )
    sound = Audio(samples=0.5 * sweep, rate=8000)
    whole = spectrum(sound, scale="linear", lowest=1)
    ridge = np.array([brightest(whole, x) for x in range(5, 195)])
    wanted = 256 * (1 - (100 + 70 * 50 * (np.arange(5, 195) + 0.5) / 200) / 4000)
    assert np.abs(ridge - wanted).max() < 6
    path = sound.write(tmp_path / "a.flac")
    assert np.abs(spectrum(path, scale="linear", lowest=1) - whole).max() < 40


def test_a_spectrum_s_arguments_are_checked():
    sound = steps()
    for value in BAD:
        for name in ("width", "height", "window", "lowest", "highest", "floor"):
            with pytest.raises(ParameterError, match=name):
                spectrum_picture(sound, progress=quiet, **{name: value})
    for how in ({"lowest": 500, "highest": 400}, {"lowest": 4000}):
        with pytest.raises(ParameterError, match="must be below"):
            spectrum_picture(sound, progress=quiet, **how)
    for name in ("scale", "colours"):
        for value in ("magma_r", "mel;", None, 3):
            with pytest.raises(ParameterError, match=name):
                spectrum_picture(sound, progress=quiet, **{name: value})


# -- moving waveforms -----------------------------------------------------------------------------


def film(source, path, **how):
    options = {"size": (128, 64), "fps": 10, "colour": "white", "background": "black"}
    return waveform_video(source, path, progress=quiet, **(options | how))


def bright(frame: np.ndarray, low: int = 150) -> np.ndarray:
    """Return for each column how many of its pixels are drawn in full colour."""
    return (frame.astype(int).min(axis=2) > low).sum(axis=0)


def test_colour_follows_the_sound_through_the_whole(tmp_path):
    made = film(steps(), tmp_path / "a.mp4", style="progress")
    frames = pixels(made.path, "128x64")
    assert len(frames) == 40
    assert (made.duration, made.width, made.height, made.fps) == (4, 128, 64, 10)
    reach = [np.flatnonzero(bright(frame)).max(initial=0) for frame in frames]
    assert reach[0] < 15
    assert reach[20] == pytest.approx(64, abs=5)
    assert reach[39] > 110
    assert reach == sorted(reach)
    dim = (frames[0].astype(int).max(axis=2) > 40).sum(axis=0)
    soft, loud = dim[40:52].max(), dim[104:116].max()
    assert loud > 3 * soft > 0  # the loud end is seen from the start, and higher
    sound = samples(made.path)
    assert len(sound) == pytest.approx(4 * RATE, abs=1)
    assert np.abs(sound[: RATE - 2000]).max() < 0.01
    assert np.abs(sound[3 * RATE :]).max() == pytest.approx(1, abs=0.05)


def test_the_sound_runs_past_the_middle(tmp_path):
    burst = np.zeros(4 * 8000)
    burst[2 * 8000 : 2 * 8000 + 1600] = tone(0.9, 0.2)
    made = film(Audio(samples=burst, rate=8000), tmp_path / "a.mp4", style="scroll", window=3.2)
    frames = pixels(made.path, "128x64")
    places = {}
    for index in (12, 20, 28):
        tall = (frames[index].astype(int).max(axis=2) > 40).sum(axis=0)
        places[index] = np.flatnonzero(tall > 20).mean()
    # 128 pixels in 3.2 s: 4 pixels a frame, and 2.1 s is in the middle at frame 21.
    assert places[20] == pytest.approx(64 + 4, abs=4)
    assert places[12] - places[20] == pytest.approx(32, abs=3)
    assert places[20] - places[28] == pytest.approx(32, abs=3)
    wide = film(Audio(samples=burst, rate=8000), tmp_path / "b.mp4", style="scroll", window=6.4)
    tall = (pixels(wide.path, "128x64")[12].astype(int).max(axis=2) > 40).sum(axis=0)
    assert np.flatnonzero(tall > 20).mean() == pytest.approx(64 + 2 * 9, abs=4)


def test_colours_size_and_rate_of_a_moving_waveform(media, tmp_path):
    made = film(
        media / "speech/en_LJ001-0002.wav", tmp_path / "a.mp4", size=(96, 160), fps=24,
        colour="#ff0000", background="#0000ff",
    )  # fmt: skip
    info = probe(made.path)
    assert (info.video.width, info.video.height, info.video.fps) == (96, 160, 24)
    assert info.duration == pytest.approx(1.9, abs=0.06)
    frame = pixels(made.path, "96x160")[30]
    assert frame[2, 2] == pytest.approx((0, 0, 255), abs=12)
    assert ((frame[..., 0] > 200) & (frame[..., 2] < 60)).sum() > 20
    receipt = json.loads(made.receipt.read_text())
    assert receipt["tool"] == "waveform_video"
    assert receipt["inputs"][0]["path"].endswith("en_LJ001-0002.wav")


def test_a_moving_waveform_s_arguments_are_checked(media, tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.media.recut.encode", lambda *_, **__: pytest.fail("it ran"))
    monkeypatch.setattr("workbench.media.soundblocks.read", lambda *_, **__: pytest.fail("it ran"))
    sound, out = media / "speech/en_LJ001-0002.wav", tmp_path / "a.mp4"
    for value in BAD:
        for name in ("fps", "window"):
            with pytest.raises(ParameterError, match=name):
                waveform_video(sound, out, progress=quiet, **{name: value})
        with pytest.raises(ParameterError, match="size"):
            waveform_video(sound, out, size=(64, value), progress=quiet)
    for name in ("style", "colour", "background"):
        for value in ("scroll,drawtext", "", None):
            with pytest.raises(ParameterError, match=name):
                waveform_video(sound, out, progress=quiet, **{name: value})
    with pytest.raises(ParameterError, match="must end in"):
        waveform_video(sound, tmp_path / "a.mov", progress=quiet)
    silent = media / "odd/phone_rotated90.mov"
    with pytest.raises(MediaError, match="has no sound"):
        waveform_video(silent, out, progress=quiet)
    assert not list(tmp_path.iterdir())


def test_pictures_of_sounds_tell_how_far_they_are_and_stop_on_request(media, tmp_path):
    sound = media / "speech/en_jfk.flac"
    for make in (waveform_picture, spectrum_picture, waveform_video):
        told: list[float] = []
        how = {"size": (64, 64), "fps": 10} if make is waveform_video else {}
        make(sound, tmp_path / ("a.mp4" if how else "a.png"), progress=told.append, **how)
        assert told == sorted(told)
        assert told[-1] == pytest.approx(1, abs=0.01)
        stop = threading.Event()
        stop.set()
        with pytest.raises(Cancelled):
            make(sound, tmp_path / ("b.mp4" if how else "b.png"), progress=quiet, cancel=stop,
                 **how)  # fmt: skip
    assert not list(tmp_path.glob("b*")) + list(tmp_path.glob(".wb*"))


def test_any_name_is_a_name(media, tmp_path):
    sound = Audio(samples=tone(0.5, 0.2), rate=8000)
    for name in json.loads((media / "hostile/filenames.json").read_text()):
        source = tmp_path / name
        source.write_bytes(sound.encode(".wav"))
        made = draw(source, output=tmp_path / f"{name}.png")
        assert max(heights(made, list(range(100, 300)))) > 85
        assert (tmp_path / f"{name}.png").is_file()
