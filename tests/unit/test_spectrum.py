"""The spectrum under the waveform: judged by its pixels, asked for by the page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from workbench.audio import Audio
from workbench.errors import MediaError, ParameterError
from workbench.widgets.answers import outline_part, spectrum_part
from workbench.widgets.clip import Clip
from workbench.widgets.spectrum import spectrum_png

if TYPE_CHECKING:
    from pathlib import Path

RATE = 22_050


def tones(*hertz: float, seconds: float = 1.0) -> Audio:
    """Tones one after the other."""
    time = np.arange(int(seconds * RATE)) / RATE
    parts = [np.sin(2 * np.pi * one * time) * 0.5 for one in hertz]
    return Audio(samples=np.concatenate(parts), rate=RATE)


def light(png: bytes) -> Any:
    """The lightness of the pixels, 0 to 255."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("L"), int)


def height_of(hertz: float, rows: int) -> float:
    def mel(f: float) -> float:
        return float(np.log10(1 + f / 700))

    return (1 - (mel(hertz) - mel(40)) / (mel(8_000) - mel(40))) * rows


@pytest.mark.parametrize("hertz", [200, 1_000, 4_000])
def test_a_tone_is_a_line_at_its_height(hertz: float) -> None:
    """The page draws the lines of its scale by the same formula."""
    pixels = light(spectrum_png(Clip.of(tones(hertz)), width=200, height=120))
    assert pixels.shape == (120, 200)
    row = int(pixels[:, 100].argmax())
    assert row == pytest.approx(height_of(hertz, 120), abs=2.5)
    assert pixels[row, 100] > 180
    assert np.median(pixels) < 30


def test_a_part_is_that_part() -> None:
    clip = Clip.of(tones(300, 3_000, 300))
    whole = light(spectrum_png(clip, width=300, height=100))
    part = light(spectrum_png(clip, start=1.0, end=2.0, width=100, height=100))
    for column, hertz in ((50, 300), (150, 3_000), (250, 300)):
        assert whole[:, column].argmax() == pytest.approx(height_of(hertz, 100), abs=3)
    assert {int(part[:, column].argmax()) for column in range(5, 95)} == {
        int(whole[:, 150].argmax())
    }


@pytest.mark.parametrize("name", ["long.wav", "long.mp3"])
def test_a_file_is_read_only_where_it_is_looked_at(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tones(300, 3_000, 300, seconds=50).write(tmp_path / name)
    clip = Clip.of(path)
    assert clip.audio is None
    monkeypatch.setattr("workbench.media.spectrum.recording", _only_values)
    pixels = light(spectrum_png(clip, start=60, end=90, width=100, height=100))
    assert pixels[:, 50].argmax() == pytest.approx(height_of(3_000, 100), abs=3)


def _only_values(source: Any, *, limits: Any) -> Any:
    from workbench.media.soundblocks import recording

    assert isinstance(source, Audio), "the whole file was read"
    return recording(source, limits=limits)


def test_an_hour_takes_no_more_columns_than_a_second(tmp_path: Path) -> None:
    path = Audio.silence(3_600, 8_000).write(tmp_path / "hour.flac")
    png = spectrum_png(Clip.of(path), width=2_000, height=64)
    assert light(png).shape == (64, 2_000)
    assert len(png) < 10_000


def test_a_part_of_what_cannot_be_entered_is_cut_out_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.widgets.spectrum._READ", 0.0)
    path = tones(300, 3_000, 300, seconds=50).write(tmp_path / "a.flac")
    pixels = light(spectrum_png(Clip.of(path), start=60, end=90, width=100, height=100))
    assert pixels.shape[1] == pytest.approx(100, abs=2)
    assert {int(pixels[:, c].argmax()) for c in (5, 50, 95)} == {int(pixels[:, 50].argmax())}
    assert pixels[:, 50].argmax() == pytest.approx(height_of(3_000, 100), abs=3)


@pytest.mark.parametrize(
    "given",
    [
        {"width": 31},
        {"width": 2_001},
        {"height": 321},
        {"start": 1.0, "end": 1.0},
        {"start": 2.0},
        {"start": -1.0},
    ],
)
def test_what_cannot_be_drawn_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        spectrum_png(Clip.of(tones(500)), **given)


def test_a_silent_video_has_none(tmp_path: Path) -> None:
    clip = Clip(kind="video", duration=1.0, text="a.mp4", about="", path=tmp_path, silent=True)
    with pytest.raises(MediaError, match="has no sound"):
        spectrum_png(clip)


# -- what the page asks ---------------------------------------------------------------------------


def test_the_page_gets_pictures_within_the_limits() -> None:
    clip = Clip.of(tones(500))
    message, png = spectrum_part(clip, {"width": 10**9, "height": 1, "end": 0.5})
    assert message == {"kind": "spectrum", "start": 0.0, "end": 0.5}
    assert light(png).shape == (32, 2_000)


@pytest.mark.parametrize(
    "content",
    [
        {"start": "0"},
        {"start": None},
        {"start": float("nan")},
        {"end": float("inf")},
        {"start": True},
        {"start": -1},
        {"start": 0.5, "end": 0.5},
        {"width": "wide"},
        {"height": [1]},
    ],
)
def test_nonsense_from_the_page_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        spectrum_part(Clip.of(tones(500)), content)


def test_the_outline_of_a_part() -> None:
    clip = Clip.of(Audio.join([Audio.silence(1, 8_000), tones(500)]))
    message, data = outline_part(clip, {"start": 1.0, "end": 1.5})
    assert message == {"kind": "outline", "start": 1.0, "end": 1.5, "duration": 2.0}
    values = np.frombuffer(data, np.int8).reshape(-1, 2)
    assert values.shape == (4_000, 2)
    assert abs(values[100:]).max(axis=0).tolist() == [64, 64]
    message, data = outline_part(clip, {})
    assert (message["start"], message["end"]) == (0.0, 2.0)
    assert abs(np.frombuffer(data, np.int8)[:3_900]).max() == 0
