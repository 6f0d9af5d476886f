"""Takes with one position in a real browser: what is heard is one row, and switching keeps time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.widgets.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

ALL = "const all = [...el.querySelectorAll('audio')];"
HEARD = f"{ALL} return all.map((m) => !m.paused)"
TIMES = "return [...el.querySelectorAll('.wb-wave')].map((c) => Number(c.ariaValueNow))"


def tone(seconds: float, hertz: float = 300.0) -> Audio:
    time = np.arange(int(seconds * 16_000)) / 16_000
    return Audio(samples=(np.sin(time * hertz * 6.283) * 0.4).astype(np.float32), rate=16_000)


@pytest.fixture
def stack() -> Stack:
    takes = {"slow": tone(8.0), "fast": tone(4.0), "short": tone(1.0)}
    return Stack(takes, measures={"slow": "-16 LUFS", "fast": "<b>-18</b> LUFS"})


@pytest.fixture
def shown(mount: Any, stack: Stack) -> Any:
    mounted = mount(stack, talk=True)
    mounted.wait("el.querySelector('.wb-stack[data-ready]')")
    return mounted


def settle(shown: Any) -> None:
    """Let what page and Python still have to say arrive."""
    shown.wait("[...el.querySelectorAll('audio')].every((m) => !m.seeking)")
    for _ in range(4):
        shown.wire.pump()


def test_each_row_has_its_sound_label_and_measures(shown: Any, stack: Stack) -> None:
    assert shown.run(f"{ALL} return all.map((m) => Math.round(m.duration))") == [8, 4, 1]
    rows = shown.page.locator(".wb-lane")
    assert [rows.nth(i).locator(".wb-name span").inner_text() for i in range(3)] == [
        "slow",
        "fast",
        "short",
    ]
    facts = rows.locator(".wb-facts").all_inner_texts()
    assert facts[:2] == ["-16 LUFS", "<b>-18</b> LUFS"]
    inked = shown.run(
        "return [...el.querySelectorAll('.wb-wave')].map((c) => {"
        "const {data} = c.getContext('2d').getImageData(0, 28, c.width, 1);"
        "return data.filter((v, i) => i % 4 === 3 && v > 40).length / c.width > 0.4})"
    )
    assert inked == [True] * 3
    assert shown.page.get_by_role("button", name="Play").count() == 1


def test_one_is_heard_and_switching_keeps_the_second(shown: Any, stack: Stack) -> None:
    stack.seek(2.0)
    shown.wait(f"{ALL.replace('const all = ', '')[:-1]}[0].currentTime === 2")
    shown.page.get_by_role("button", name="Play").click()
    shown.wait("el.querySelectorAll('audio')[0].currentTime > 2.2")
    assert shown.run(HEARD) == [True, False, False]
    shown.page.locator(".wb-stack").focus()
    shown.page.keyboard.press("2")
    shown.wait("!el.querySelectorAll('audio')[1].paused")
    assert shown.run(HEARD) == [False, True, False]
    first, second = shown.run(f"{ALL} return [all[0].currentTime, all[1].currentTime]")
    assert second == pytest.approx(first, abs=0.3)
    shown.wait("el.querySelectorAll('audio')[1].currentTime > 2.6")
    shown.page.keyboard.press(" ")
    shown.wait("[...el.querySelectorAll('audio')].every((m) => m.paused)")
    for _ in range(100):
        settle(shown)
        if not stack.playing:  # the page says so when its event has come
            break
    assert (stack.active, stack.label, stack.playing) == (1, "fast", False)
    assert stack.position == pytest.approx(shown.run(f"{ALL} return all[1].currentTime"), abs=0.01)


def test_the_same_share(shown: Any, stack: Stack) -> None:
    shown.page.get_by_role("radio", name="same place in the sentence").click()
    settle(shown)
    assert stack.align == "share"
    stack.seek(4.0)
    shown.wait("el.querySelectorAll('audio')[0].currentTime === 4")
    assert shown.run(TIMES) == [4.0, 2.0, 0.5]  # every playhead is half-way
    shown.page.locator(".wb-name").nth(1).click()
    settle(shown)
    assert shown.run(f"{ALL} return all[1].currentTime") == 2.0
    assert (stack.active, stack.position) == (1, 2.0)
    stack.align = "seconds"
    shown.wait("el.querySelector('[data-align=seconds]').ariaChecked === 'true'")
    assert shown.run(TIMES) == [2.0, 2.0, 1.0]


def test_a_click_on_a_wave_goes_there_in_that_row(shown: Any, stack: Stack) -> None:
    box = shown.page.locator(".wb-wave").nth(1).bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 15)
    settle(shown)
    assert stack.active == 1
    assert stack.position == pytest.approx(3.0, abs=0.02)
    assert shown.run(TIMES)[0] == pytest.approx(3.0, abs=0.1)


def test_beyond_the_end_of_a_short_row_nothing_begins_again(shown: Any, stack: Stack) -> None:
    stack.seek(3.0)
    stack.play()
    shown.wait("el.querySelectorAll('audio')[0].currentTime > 3.1")
    stack.solo("short")
    shown.wait("el.querySelectorAll('audio')[0].paused")
    settle(shown)
    assert shown.run(HEARD) == [False, False, False]
    assert shown.run(f"{ALL} return all[2].currentTime") == pytest.approx(1.0, abs=0.1)
    assert (stack.active, stack.playing) == (2, False)


def test_python_plays_switches_and_seeks(mount: Any, stack: Stack) -> None:
    stack.solo("fast")
    stack.seek(1.5)
    stack.speed = 2.0
    shown = mount(stack, talk=True)
    shown.wait("el.querySelector('.wb-stack[data-ready]')")
    shown.wait("el.querySelectorAll('audio')[1].currentTime === 1.5")
    assert shown.run(f"{ALL} return all.map((m) => m.playbackRate)") == [2, 2, 2]
    stack.play()
    shown.wait("!el.querySelectorAll('audio')[1].paused")
    stack.active = 0
    shown.wait("!el.querySelectorAll('audio')[0].paused")
    assert shown.run(HEARD) == [True, False, False]
    stack.pause()
    shown.wait("el.querySelectorAll('audio')[0].paused")
    stack.speed = 1.0
    shown.wait("el.querySelector('.wb-speed').value === '1'")


def test_keys_roles_and_help(shown: Any, stack: Stack) -> None:
    page = shown.page
    assert page.get_by_role("radiogroup", name="Takes").get_by_role("radio").count() == 3
    checked = "return [...el.querySelectorAll('.wb-name')].map((n) => n.ariaChecked)"
    names = page.locator(".wb-name")
    names.first.focus()
    for key, expected in [("ArrowDown", 1), ("ArrowDown", 2), ("ArrowDown", 2), ("ArrowUp", 1)]:
        page.keyboard.press(key)
        assert shown.run(checked).index("true") == expected
        assert shown.run(checked).count("true") == 1
        # The focus goes along, as in any group of radio buttons.
        assert shown.run("return document.activeElement.ariaChecked") == "true"
    page.keyboard.press("3")
    page.keyboard.press("9")  # no such row
    assert shown.run(checked) == ["false", "false", "true"]
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    settle(shown)
    assert stack.position == 1.0
    page.keyboard.press("?")
    assert "hear a row" in page.get_by_role("region", name="Keys").inner_text()


def test_another_player_silences_it(mount: Any, stack: Stack) -> None:
    from workbench.widgets import Player

    shown = mount(stack, "s", talk=True)
    shown.wait("el.querySelector('.wb-stack[data-ready]')")
    other = mount(Player.of(tone(3.0)), "p", talk=True)
    stack.play()
    shown.wait("!el.querySelector('audio').paused")
    other.run("media.play()")
    shown.wait("el.querySelector('audio').paused")
    settle(shown)
    assert stack.playing is False
    face = "return el.querySelector('.wb-head .wb-play').ariaLabel"
    assert shown.run(face) == "Play"


def test_hostile_labels_stay_text(mount: Any) -> None:
    bad = "</span><img src=x onerror=window.hit=1>"
    stack = Stack({bad: tone(0.2), '"><b>': tone(0.2)}, measures={bad: bad})
    shown = mount(stack, talk=True)
    assert shown.run("return el.querySelectorAll('img, b').length") == 0
    assert shown.run("return window.hit || 0") == 0
    assert shown.page.locator(".wb-name span").first.inner_text() == bad
    assert shown.page.locator(".wb-facts").first.inner_text() == bad


def test_leaving_takes_everything_along(shown: Any) -> None:
    shown.run("window.all = [...el.querySelectorAll('audio')]; all[0].play(); view.leave()")
    state = "return [model.listeners(), el.childElementCount, all.every((m) => m.paused && !m.src)]"
    assert shown.run(state) == [0, 0, True]


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("width", [320, 900])
def test_how_it_looks(
    shown: Any, width: int, artefacts: Path, request: pytest.FixtureRequest
) -> None:
    theme = request.node.callspec.params["page"]
    shown.page.set_viewport_size({"width": width, "height": 600})
    paper = {"light": "white", "dark": "#0b0e13"}[theme]
    shown.page.evaluate("(colour) => document.body.style.background = colour", paper)
    shown.page.keyboard.press("2")
    shown.wait(f"el.clientWidth <= {width}")
    assert shown.page.evaluate("() => document.documentElement.scrollWidth") <= width
    shown.page.screenshot(path=artefacts / f"stack-{theme}-{width}.png", full_page=True)
