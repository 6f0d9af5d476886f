"""A part of what plays: chosen by pointer, keys and Python, repeated, and kept to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.books import IMPORTS, book

from workbench.widgets import Player

if TYPE_CHECKING:
    from pathlib import Path

    import workbench as wb

pytestmark = pytest.mark.browser

SELECTION = (
    "const s = model.data.selection; return s && [...s].map((t) => Math.round(t * 1e3) / 1e3)"
)


class Wave:
    """Where a time is on the waveform of a player, which fills it."""

    def __init__(self, shown: Any, duration: float) -> None:
        self.page = shown.page
        self.box = self.page.locator(".wb-wave").first.bounding_box()
        self.duration = duration

    def at(self, time: float) -> tuple[float, float]:
        return self.box["x"] + self.box["width"] * time / self.duration, self.box["y"] + 45

    def drag(self, start: float, end: float, *, key: str = "") -> None:
        if key:
            self.page.keyboard.down(key)
        self.page.mouse.move(*self.at(start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at((start + end) / 2))
        self.page.mouse.move(*self.at(end))
        self.page.mouse.up()
        if key:
            self.page.keyboard.up(key)


def test_a_drag_with_shift_selects_and_edges_move(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player, talk=True)
    wave = Wave(shown, player.duration)
    wave.drag(2.0, 1.0, key="Shift")  # from right to left as well
    shown.wait("model.data.selection")
    assert shown.run(SELECTION) == pytest.approx([1.0, 2.0], abs=0.02)
    assert shown.run("return media.currentTime") == pytest.approx(1.0, abs=0.02)
    wave.drag(2.0, 3.0)  # an edge is taken hold of without a key
    assert shown.run(SELECTION) == pytest.approx([1.0, 3.0], abs=0.02)
    wave.drag(1.0, 3.5)  # and may pass the other one
    assert shown.run(SELECTION) == pytest.approx([3.0, 3.5], abs=0.02)
    shown.wait("!media.seeking")
    for _ in range(3):
        shown.wire.pump()
    selected: Any = player.selection
    assert selected == pytest.approx((3.0, 3.5), abs=0.02)
    assert shown.page.get_by_role("status").inner_text() == "0:03.0 – 0:03.5 (0.50 s)"
    shown.page.mouse.click(*wave.at(0.5))  # elsewhere, a click ends it
    shown.wait("model.data.selection === null")
    assert shown.run("return media.currentTime") == pytest.approx(0.5, abs=0.02)
    wave.drag(1.0, 2.0)  # without the key it seeks
    assert shown.run(SELECTION) is None


@pytest.mark.parametrize("held", ["", "Shift"])
def test_a_press_stays_in_the_player_and_brings_the_keys_along(
    mount: Any, narration: wb.Narration, held: str
) -> None:
    """A notebook around it would select cells, and take the keys that follow for its own."""
    player = Player.of(narration)
    shown = mount(player, talk=True)
    shown.run("""
      window.outside = [];
      for (const name of ["pointerdown", "mousedown"]) {
        document.body.addEventListener(name, (event) => window.outside.push(event.type));
      }
    """)
    Wave(shown, player.duration).drag(1.0, 2.0, key=held)
    assert shown.run("return window.outside") == []
    assert shown.run("return document.activeElement === el.querySelector('.wb-wave')")
    if held:
        shown.page.keyboard.press("z")
        shown.wait("!el.querySelector('.wb-overview').hidden")


def test_a_selection_in_a_notebook_selects_no_cells(show: Any, tmp_path: Path) -> None:
    """With Shift, JupyterLab would extend its own selection, and Z would undo what cells did."""
    player = "player = wb.play(wb.speak('One, two, three, four, five.'))\nplayer"
    shown = show(book(tmp_path / "select.ipynb", IMPORTS, player, "1 + 1"))
    page = shown.page
    page.locator(".wb-player[data-ready]").wait_for()
    page.locator(".jp-InputArea-editor").first.click()  # the notebook's own cell is another one
    page.keyboard.press("Escape")
    duration = page.evaluate("() => document.querySelector('.wb-player audio').duration")
    Wave(shown, duration).drag(0.3 * duration, 0.6 * duration, key="Shift")
    page.locator(".wb-chosen:visible").wait_for()
    assert page.locator(".jp-Cell.jp-mod-selected").count() == 1
    page.keyboard.press("z")
    page.locator(".wb-overview:visible").wait_for()
    for key in ("x", "a", "b"):  # the notebook's for cells
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == 3


def test_a_pointer_on_a_waveform_of_no_width_moves_nothing(
    mount: Any, narration: wb.Narration
) -> None:
    """As in an output that was folded meanwhile: a position that is no number cannot be set."""
    shown = mount(Player.of(narration))
    shown.run("media.currentTime = 1")
    shown.wait("Number(el.querySelector('.wb-wave').ariaValueNow) === 1")
    shown.run("""
      const canvas = el.querySelector(".wb-wave");
      canvas.style.width = 0;
      canvas.setPointerCapture = () => {};
      for (const name of ["pointerdown", "pointermove", "pointerup"]) {
        canvas.dispatchEvent(new PointerEvent(name, {clientX: 300, bubbles: true, shiftKey: true}));
        canvas.dispatchEvent(new PointerEvent(name, {clientX: 300, bubbles: true}));
      }
    """)
    assert shown.run("return media.currentTime") == 1
    assert shown.run(SELECTION) is None


def test_the_selection_is_seen(mount: Any, narration: wb.Narration) -> None:
    """A tinted band between two edges, and nothing of it outside."""
    shown = mount(Player.of(narration, cues=[]))
    pixel = """
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const canvas = el.querySelector(".wb-wave");
      const x = Math.round((argument / media.duration) * canvas.width);
      return canvas.getContext("2d").getImageData(x, 8, 1, 1).data[3];
    """
    before = [shown.run(pixel, time) for time in (0.5, 1.5, 2.5)]
    shown.run("model.change({selection: [1, 2]})")
    after = [shown.run(pixel, time) for time in (0.5, 1.5, 2.5)]
    assert before == [0, 0, 0]
    assert after[0] == after[2] == 0
    assert after[1] > 20


def test_the_mode_that_selects(mount: Any, narration: wb.Narration) -> None:
    """A finger has no Shift."""
    player = Player.of(narration)
    shown = mount(player)
    button = shown.page.get_by_role("button", name="Select by dragging")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    wave = Wave(shown, player.duration)
    wave.drag(1.0, 2.0)
    assert shown.run(SELECTION) == pytest.approx([1.0, 2.0], abs=0.02)
    shown.page.mouse.click(*wave.at(3.0))
    assert shown.run(SELECTION) is None
    assert shown.run("return media.currentTime") == pytest.approx(3.0, abs=0.02)


def test_marks_by_keys(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player)
    page = shown.page
    page.locator(".wb-wave").focus()
    for key in ("ArrowRight", "i"):
        page.keyboard.press(key)
    assert shown.run(SELECTION) == [1.0, pytest.approx(player.duration, abs=0.06)]
    for key in ("ArrowRight", "o"):
        page.keyboard.press(key)
    assert shown.run(SELECTION) == [1.0, 2.0]
    page.keyboard.press("z")
    shown.wait("!el.querySelector('.wb-overview').hidden")
    view = shown.run("return el.querySelector('.wb-overview').getAttribute('aria-valuetext')")
    assert view == "0:00.9 to 0:02.1"
    page.keyboard.press("Escape")
    assert shown.run(SELECTION) is None
    # An end before every start begins at the start of it all.
    page.keyboard.press("o")
    assert shown.run(SELECTION) == [0.0, 2.0]


FURTHEST = """
window.furthest = 0;
window.turns = 0;
let last = 0;
const look = () => {
  if (media.currentTime < last - 0.2) window.turns++;
  last = media.currentTime;
  window.furthest = Math.max(window.furthest, last);
  requestAnimationFrame(look);
};
look();
"""


def test_playing_stops_at_the_end_of_the_selection(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    shown.run("model.change({selection: [1, 1.5]})")
    shown.wait("!media.seeking && media.currentTime === 1")
    shown.run(FURTHEST)
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("media.paused && media.currentTime === 1.5")
    assert 1.3 < shown.run("return window.furthest") < 1.65
    # Played again, it begins again.
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("!media.paused && media.currentTime < 1.4")
    shown.wait("media.paused && media.currentTime === 1.5")
    # What was begun elsewhere plays on.
    shown.run("media.currentTime = 0.7")
    shown.wait("!media.seeking")
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("media.currentTime > 1.8 && !media.paused")


def test_the_selection_repeats(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    shown.run("model.change({selection: [1, 1.4]})")
    shown.page.get_by_role("button", name="Repeat (L)").click()
    assert shown.run("return model.data.loop") is True
    shown.run(FURTHEST)
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("window.turns >= 3")
    assert shown.run("return [media.paused, window.furthest < 1.55]") == [False, True]
    # Without a selection all of it repeats; off, it ends.
    shown.run("model.change({selection: null})")
    assert shown.run("return media.loop") is True
    shown.run("model.change({loop: false})")
    shown.run("media.currentTime = media.duration - 0.2")
    shown.wait("media.ended")


def test_a_selection_to_the_very_end_repeats(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player)
    shown.run("model.change({selection: [argument - 0.4, argument], loop: true})", player.duration)
    shown.run(FURTHEST)
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("window.turns >= 2 && !media.paused")


def test_python_and_page_share_the_selection(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    player.selection = (1.0, 2.0)
    player.loop = True
    shown = mount(player, talk=True)
    assert shown.run(SELECTION) == [1.0, 2.0]
    pressed = "return el.querySelector('[data-tool=loop]').getAttribute('aria-pressed')"
    assert shown.run(pressed) == "true"
    player.selection = (2.5, 3.0)
    shown.wait("el.querySelector('.wb-chosen').textContent.startsWith('0:02.5')")
    shown.wait("media.currentTime === 2.5")
    shown.page.get_by_role("button", name="No selection (Esc)").click()
    shown.wait("model.data.selection === null")
    shown.wire.pump()
    assert player.selection is None
    second = mount(player, "b", talk=True, answer=True)  # another view shows the same
    player.selection = (0.5, 1.0)
    second.wait("el.querySelector('.wb-chosen').textContent.startsWith('0:00.5')")


def test_word_by_word_and_line_by_line(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    page = shown.page
    page.locator(".wb-wave").focus()
    now = "return media.currentTime"
    words = narration.words
    for key, expected in [
        ("Alt+ArrowRight", words[1].start),
        ("Alt+ArrowRight", words[2].start),
        ("Alt+ArrowLeft", words[1].start),
        ("Alt+ArrowDown", narration.parts[1].take.words[0].start + narration.parts[1].start),
        ("Alt+ArrowUp", words[0].start),
    ]:
        page.keyboard.press(key)
        shown.wait("!media.seeking")
        assert shown.run(now) == pytest.approx(expected, abs=2e-3), key


def test_speed_and_sound_by_keys(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    shown.page.locator(".wb-wave").focus()
    for key, expected in [("]", 1.25), ("]", 1.5), ("[", 1.25), ("=", 1)]:
        shown.page.keyboard.press(key)
        assert shown.run("return [media.playbackRate, model.data.speed]") == [expected] * 2
    shown.page.keyboard.press("m")
    shown.wait("media.muted && el.querySelector('[data-tool=sound][aria-pressed=true]')")
    shown.page.get_by_role("button", name="Mute (M)").click()
    shown.wait("!media.muted")
    # Python sets it as well, also to what the list does not have.
    shown.run("model.change({speed: 1.1})")
    assert shown.run("return [media.playbackRate, el.querySelector('.wb-speed').value]") == [
        1.1,
        "1.1",
    ]
