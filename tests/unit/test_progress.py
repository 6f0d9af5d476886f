from __future__ import annotations

import io
import sys
import time
from types import SimpleNamespace

import pytest

from workbench import progress
from workbench.progress import bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_shown_where_nobody_looks(capfd):
    with bar("rendering") as report:
        report(0.5)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_and_gets_its_line_back(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with bar("rendering [1]") as report:
        report(0.25)
        report(1.0)
    shown = sys.stderr.getvalue()
    assert "rendering" in shown
    assert shown.endswith("\x1b[2K")  # the last line is erased
    assert capfd.readouterr().out == ""


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook's bar showed, one page after the other, on a clock of its own."""
    shown: list[str] = []

    def update(data: dict[str, str], *, raw: bool) -> None:
        assert raw
        assert bool(data["text/plain"]) == bool(data["text/html"])
        shown.append(data["text/html"])

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> SimpleNamespace:
        assert display_id
        update(data, raw=raw)
        return SimpleNamespace(update=update)

    fake = SimpleNamespace(display=display)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=fake))
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    ticks = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks) / 10)
    return shown


def test_a_notebook_gets_a_bar_that_is_gone_afterwards(pages: list[str]):
    with bar("<b>a & b</b>") as report:
        for done in range(1, 11):
            report(done / 10)
    assert pages[0] == pages[-1] == ""
    assert len(pages) < 8, "a tenth of a second is too often"
    assert pages[1].startswith("&lt;b&gt;a &amp; b&lt;/b&gt; <progress")
    assert 'value="0.100"' in pages[1]
    assert "10%" in pages[1]


def test_the_bar_is_gone_after_a_failure_too(pages: list[str]):
    def fail() -> None:
        with bar("x") as report:
            report(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert pages[-1] == ""


@pytest.mark.parametrize(
    ("shell", "answer"), [(None, False), (object(), False), (SimpleNamespace(kernel=1), True)]
)
def test_a_notebook_is_an_ipython_with_a_kernel(monkeypatch, shell: object, *, answer: bool):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert progress._in_notebook() is answer


# -- what takes long tells how far it is ---------------------------------------------------------


@pytest.mark.media
@pytest.mark.parametrize("work", ["measure", "normalize", "limit", "speed"])
def test_work_on_a_sound_tells_how_far_it_is(work: str):
    """They took a minute for an hour of sound, in silence."""
    import numpy as np

    from workbench import media
    from workbench.audio import Audio

    noise = np.random.default_rng(1).standard_normal((20 * 48_000, 2)).astype("f4")
    sound = Audio(samples=noise / np.abs(noise).max(), rate=48_000)
    seen: list[float] = []
    run = {
        "measure": lambda: media.measure_loudness(sound, progress=seen.append),
        "normalize": lambda: media.normalize(sound, -30, progress=seen.append),
        "limit": lambda: media.normalize(sound, -6, progress=seen.append),
        "speed": lambda: media.change_speed(sound, 1.5, progress=seen.append),
    }
    run[work]()
    assert seen == sorted(seen)
    assert 0 < seen[0] < 0.5
    assert len(set(seen)) > 8
    assert seen[-1] == 1


@pytest.mark.media
def test_a_long_sound_shows_a_bar_and_a_short_one_none(pages: list[str]):
    from workbench import media
    from workbench.audio import Audio

    media.measure_loudness(Audio.silence(59, 8_000))
    media.normalize(Audio.silence(59, 8_000), "podcast")
    assert pages == []
    media.measure_loudness(Audio.silence(61, 8_000))
    assert pages[-1] == ""
    assert any("measuring" in page for page in pages)


def test_every_long_function_can_be_watched_and_stopped():
    import inspect

    import workbench as wb
    from workbench import media

    long = [wb.audiobook, wb.speak, wb.transcribe, wb.run, wb.Video.render]
    long += [
        getattr(media, name)
        for name in (
            "change_speed", "contact_sheet", "extract_audio", "frames_at", "frames_evenly", "gif",
            "measure_loudness", "merge", "mix_tracks", "normalize", "pcm_to_wav", "save_frames",
            "spectrum_picture", "trim", "waveform_picture", "waveform_video",
        )
    ]  # fmt: skip
    for function in long:
        assert {"progress", "cancel"} <= set(inspect.signature(function).parameters), function
