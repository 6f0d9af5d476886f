"""The outline of a long recording: the same as of its samples, kept by content, rough at first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError
from workbench.media import outline as module
from workbench.media.outline import Outline, kept_outline, outline, rough_outline

if TYPE_CHECKING:
    from pathlib import Path


def steps(seconds: int = 4, rate: int = 16_000, channels: int = 1) -> Audio:
    """A sound that is louder in every second: a tenth of full scale, two tenths and so on."""
    frames = np.arange(seconds * rate)
    loud = (frames // rate + 1) / 10
    sound = np.sin(frames / 5) * loud
    return Audio(samples=np.repeat(sound[:, np.newaxis], channels, axis=1), rate=rate)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_the_outline_of_the_samples(tmp_path: Path, name: str, channels: int) -> None:
    path = steps(channels=channels).write(tmp_path / name)
    found = outline(path)
    assert found.exact
    assert found.duration == pytest.approx(4.0, abs=0.1)
    for second in range(4):
        low, high = found.peaks(1, start=second + 0.2, end=second + 0.8)[0]
        expected = (second + 1) / 10 * 127
        assert (-low, high) == (pytest.approx(expected, abs=3), pytest.approx(expected, abs=3))


def test_every_sample_counts(tmp_path: Path) -> None:
    """One click of one sample in an hour's silence would be missed by looking here and there."""
    samples = np.zeros(16_000 * 30, np.float32)
    samples[16_000 * 17 + 7_777] = -0.9
    path = Audio(samples=samples, rate=16_000).write(tmp_path / "click.wav")
    values = outline(path).values
    assert values.shape == (3_000, 2)
    assert np.flatnonzero(values[:, 0]).tolist() == [1_748]
    assert values[1_748, 0] == -114


def test_sound_in_bytes_has_its_silence_in_the_middle(tmp_path: Path) -> None:
    import soundfile

    path = tmp_path / "eight.wav"
    soundfile.write(path, steps().samples, 16_000, subtype="PCM_U8")
    low, high = outline(path).peaks(1, start=3.2, end=3.8)[0]
    assert (low, high) == (pytest.approx(-51, abs=1), pytest.approx(51, abs=1))
    quiet = tmp_path / "quiet.wav"
    soundfile.write(quiet, np.zeros(16_000), 16_000, subtype="PCM_U8")
    assert abs(outline(quiet).values).max() <= 1


def test_it_is_read_once_and_again_when_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    path = steps().write(tmp_path / "a.wav")
    assert kept_outline(path) is None
    found = outline(path)
    monkeypatch.setattr(module, "_read", lambda *_: pytest.fail("read again"))
    again = kept_outline(path)
    assert again is not None
    assert np.array_equal(again.values, found.values)
    assert (again.duration, again.exact) == (found.duration, True)
    moved = path.rename(tmp_path / "b.wav")  # by content, not by name or time
    assert np.array_equal(outline(moved).values, found.values)
    steps(seconds=3).write(moved)
    assert kept_outline(moved) is None


def test_a_rough_one_looks_at_moments(tmp_path: Path) -> None:
    loud = np.repeat(np.arange(1, 9) / 10, 20 * 8_000)  # 20 s each
    slow = Audio(samples=(loud * np.sin(np.arange(len(loud)) / 3)).astype(np.float32), rate=8_000)
    for name in ("a.mp3", "a.wav", "a.ogg"):
        found = rough_outline(slow.write(tmp_path / name), 160.0)
        assert not found.exact
        assert found.values.shape == (240, 2)
        for step in range(8):
            loud = abs(found.peaks(1, start=step * 20 + 3, end=step * 20 + 17)).max()
            assert loud == pytest.approx((step + 1) / 10 * 127, abs=3)


def test_parts_and_columns() -> None:
    values = np.stack([-np.arange(100), np.arange(100)], axis=1).astype(np.int8)
    whole = Outline(values=values, duration=10.0)
    assert whole.peaks(4_000).shape == (100, 2)
    assert whole.peaks(10)[:, 1].tolist() == [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]
    assert whole.peaks(2, start=2.0, end=4.0).tolist() == [[-29, 29], [-39, 39]]
    assert whole.peaks(5, start=99.0).shape[0] == 0
    assert Outline(values=values[:0], duration=0.0).peaks(5).shape == (0, 2)


def test_what_has_no_sound_is_refused_and_work_stops(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        outline(tmp_path / "none.wav")
    text = tmp_path / "text.mp3"
    text.write_text("not media")
    with pytest.raises(MediaError):
        outline(text)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        outline(steps(seconds=5).write(tmp_path / "a.wav"), cancel=cancel)
