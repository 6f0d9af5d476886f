"""An hour with 9,000 words and 1,200 captions, and what comes before and after a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.timing import Word
from workbench.widgets import Player

if TYPE_CHECKING:
    from pathlib import Path

    import workbench as wb

pytestmark = pytest.mark.browser

WORDS = [
    Word(text=f"word{i}{'.' if i % 14 == 13 else ''}", start=i * 0.4, end=i * 0.4 + 0.4)
    for i in range(9_000)
]
CAPTIONS = [Word(text=f"caption {i}", start=i * 3.0, end=i * 3 + 2.9) for i in range(1_200)]


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = np.zeros(3_600 * 8_000, np.float32)
    samples[1_800 * 8_000 :] = np.tile(np.sin(np.arange(8_000) / 3) * 0.5, 1_800)
    return Audio.owning(samples, 8_000).write(tmp_path_factory.mktemp("hour") / "hour.flac")


def test_words_of_an_hour_are_laid_out_when_they_are_seen(mount: Any, hour: Path) -> None:
    """All 9,000 are there and lead to their time; the page lays out the few that are in view."""
    player = Player.of(hour, words=WORDS, cues=CAPTIONS)
    shown = mount(player, answer=False)
    parts, skipped = shown.run(
        """
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        const parts = [...el.querySelectorAll(".wb-part")];
        const seen = parts.filter((part) => part.querySelector("span").checkVisibility(
          {contentVisibilityAuto: true}));
        return [parts.length, parts.length - seen.length];
        """
    )
    assert parts > 40
    assert skipped > parts - 15
    assert shown.run("return el.querySelectorAll('.wb-words span').length") == 9_000
    text = shown.run("return el.querySelector('.wb-words').textContent.replace(/\\s+/g, ' ')")
    assert text.strip() == " ".join(word.text for word in WORDS)
    shown.run("el.querySelectorAll('.wb-words span')[8000].click()")
    assert shown.run("return el.querySelector('.wb-on').textContent") == "word8000"
    shown.wait(
        "(({top, bottom}) => top >= el.querySelector('.wb-words').getBoundingClientRect().top"
        " && bottom <= el.querySelector('.wb-words').getBoundingClientRect().bottom)"
        "(el.querySelector('.wb-on').getBoundingClientRect())"
    )
    assert shown.page.locator(".wb-wave").get_attribute("aria-valuenow") == "3200.0"
    assert shown.page.locator(".wb-caption").inner_text() == "caption 1066"


def test_the_exact_outline_comes_later(
    mount: Any, hour: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rough one is there at once, and tells the silent half from the other already."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    player = Player.of(hour)
    assert not player.exact
    shown = mount(player, talk=True, answer=False)
    ink = """
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const canvas = el.querySelector(".wb-wave");
      const g = canvas.getContext("2d");
      return [0, 0.5].map((share) => {
        const from = Math.round(share * canvas.width) + 4;
        const {data} = g.getImageData(from, 20, canvas.width / 2 - 8, 1);
        let sum = 0;
        for (let i = 3; i < data.length; i += 4) sum += data[i] > 60;
        return sum / (data.length / 4);
      });
    """
    assert shown.run(ink) == [0, pytest.approx(2 / 3, abs=0.1)]
    shown.wait("model.sent.some(({kind}) => kind === 'outline?')")
    shown.run("model.on('msg:custom', (m) => m.kind === 'outline' && (window.whole = m))")
    shown.wait("window.whole")
    assert shown.run("return [window.whole.start, Math.round(window.whole.end)]") == [0, 3600]
    assert shown.run(ink) == [0, pytest.approx(2 / 3, abs=0.1)]
    assert Player.of(hour).exact


def test_a_page_begins_where_python_says(mount: Any, narration: wb.Narration) -> None:
    """What is set before anything is shown, by `seek`, by the trait, and by `speed`."""
    player = Player.of(narration)
    player.seek(1.25)
    player.speed = 1.5
    shown = mount(player, talk=True)
    shown.wait("media.currentTime === 1.25 && !media.seeking")
    assert shown.run("return media.playbackRate") == 1.5
    player.position = 2.5
    shown.wait("media.currentTime === 2.5")
    player.playing = True
    shown.wait("!media.paused && media.currentTime > 2.6")
    player.playing = False
    shown.wait("media.paused")
    for _ in range(5):
        shown.wire.pump()
    assert player.playing is False
    assert player.position == pytest.approx(shown.run("return media.currentTime"), abs=0.01)


def test_played_before_it_is_shown_it_plays_once_it_is(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    player.playing = True
    shown = mount(player, talk=True)
    shown.wait("!media.paused && media.currentTime > 0.1")
    shown.wire.pump()
    assert player.playing is True


def test_a_page_that_is_left_plays_no_longer(mount: Any, narration: wb.Narration) -> None:
    """A page that was reloaded while it played told nobody: `playing` stayed true for ever."""
    player = Player.of(narration)
    shown = mount(player, talk=True)
    player.play()
    shown.wait("!media.paused && media.currentTime > 0.3")
    for _ in range(3):
        shown.wire.pump()
    assert player.playing is True
    shown.run("view.leave(); el.remove()")
    again = mount(player, "again", talk=True)
    again.wait("model.saved.length")
    for _ in range(3):
        again.wire.pump()
    assert player.playing is False
    again.wait("media.readyState && !media.seeking")
    assert again.run("return media.paused") is True
    # It begins where the other was heard last.
    assert again.run("return media.currentTime") == pytest.approx(player.position, abs=0.01)


def test_two_views_obey_as_one(mount: Any, narration: wb.Narration) -> None:
    """Both views hear a command; were both to play, each would stop the other."""
    player = Player.of(narration)
    first = mount(player, "a", talk=True)
    first.run(
        "window.other = document.body.appendChild(document.createElement('div'));"
        "await Object.values(window.modules)[0].default.render({model, el: window.other});"
    )
    first.wait("window.other.querySelector('[data-ready]')")
    player.play()
    first.wait("!media.paused && media.currentTime > 0.2")
    other = "const {paused, currentTime} = window.other.querySelector('audio');"
    assert first.run(f"{other} return [paused, currentTime]") == [True, 0]
    player.pause()
    first.wait("media.paused")
    player.seek(1.0)
    first.wait("media.currentTime === 1")


def test_after_load_everything_is_new(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    player.selection = (1.0, 2.0)
    shown = mount(player, talk=True)
    player.play()
    shown.wait("!media.paused && media.currentTime > 1")
    player.load(Audio.silence(0.5, 16_000))
    shown.wait("el.querySelector('.wb-player[data-ready]') && media.duration < 1")
    assert shown.run("return [media.paused, media.currentTime, model.data.selection]") == [
        True,
        0,
        None,
    ]
    assert shown.run("return el.querySelector('.wb-chosen').hidden") is True
    player.play()
    shown.wait("media.ended")
    player.seek(0.25)
    shown.wait("media.currentTime === 0.25")
