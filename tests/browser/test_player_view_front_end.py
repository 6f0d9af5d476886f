"""What is in view: zoom, scrolling, the spectrum, captions, help, narrow pages and contrast."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from workbench.audio import Audio
from workbench.timing import Word
from workbench.widgets import Clip, Player

if TYPE_CHECKING:
    from pathlib import Path

    import workbench as wb

pytestmark = pytest.mark.browser

VIEW = """
const text = el.querySelector(".wb-overview").getAttribute("aria-valuetext") || "";
const seconds = (t) => t.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
return el.querySelector(".wb-overview").hidden ? null : text.split(" to ").map(seconds);
"""
CUES = [
    Word(text="Welcome to the workbench,", start=0.0, end=1.3),
    Word(text="where words light up.", start=1.4, end=2.6),
    Word(text="Choose one.", start=2.8, end=5.0),
]
DRAWN = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"


def burst(at: float, *, seconds: float = 8.0, rate: int = 16_000) -> Audio:
    """Silence with a tone of a tenth of a second."""
    samples = np.zeros(int(seconds * rate), np.float32)
    first = int(at * rate)
    samples[first : first + rate // 10] = np.sin(np.arange(rate // 10) / 3) * 0.8
    return Audio(samples=samples, rate=rate)


def test_zoom_by_buttons_and_the_bar_below(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player)
    page = shown.page
    out = page.get_by_role("button", name="Zoom out (−)")
    assert shown.run(VIEW) is None
    assert out.is_disabled()
    page.get_by_role("button", name="Zoom in (+)").click()
    page.get_by_role("button", name="Zoom in (+)").click()
    left, right = shown.run(VIEW)
    assert right - left == pytest.approx(player.duration / 1.5**2, abs=0.15)
    # The window of the bar has the share of the view, and can be dragged.
    bar, window = (
        page.locator(selector).bounding_box() for selector in (".wb-overview", ".wb-window")
    )
    assert window["width"] / bar["width"] == pytest.approx(1 / 1.5**2, abs=0.01)
    page.mouse.move(window["x"] + 10, window["y"] + 8)
    page.mouse.down()
    page.mouse.move(window["x"] + 10 + bar["width"] / 4, window["y"] + 8, steps=3)
    page.mouse.up()
    moved = shown.run(VIEW)
    assert moved[0] == pytest.approx(left + player.duration / 4, abs=0.15)
    page.mouse.click(bar["x"] + bar["width"] - 2, bar["y"] + 8)
    assert shown.run(VIEW)[1] == pytest.approx(player.duration, abs=0.06)
    out.click()
    out.click()
    assert shown.run(VIEW) is None
    page.locator(".wb-wave").focus()
    page.keyboard.press("+")
    assert shown.run(VIEW) is not None
    page.keyboard.press("0")
    assert shown.run(VIEW) is None


def test_the_wheel_with_shift_and_the_time_line_scroll(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player)
    page = shown.page
    for _ in range(4):
        page.get_by_role("button", name="Zoom in (+)").click()
    box = page.locator(".wb-wave").bounding_box()
    span = player.duration / 1.5**4
    page.mouse.move(box["x"] + 100, box["y"] + 30)
    shown.run("el.addEventListener('wheel', (e) => (window.turned = e.deltaX || e.deltaY))")
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 200)
    page.keyboard.up("Shift")
    shown.wait("window.turned")
    expected = shown.run("return window.turned") / box["width"] * span
    assert shown.run(VIEW)[0] == pytest.approx(expected, abs=0.11)
    time = shown.run("return media.currentTime")
    page.mouse.move(box["x"] + 400, box["y"] + box["height"] - 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + box["height"] - 5, steps=4)
    page.mouse.up()
    dragged = 300 / box["width"] * span
    assert shown.run(VIEW)[0] == pytest.approx(expected + dragged, abs=0.11)
    assert shown.run("return media.currentTime") == time  # the time line does not seek


def test_two_fingers_zoom(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player)
    shown.run(
        """
        const canvas = el.querySelector(".wb-wave");
        canvas.setPointerCapture = () => {};
        const box = canvas.getBoundingClientRect();
        const fire = (name, id, share) => canvas.dispatchEvent(new PointerEvent(name, {
          pointerId: id, pointerType: "touch", clientX: box.left + box.width * share,
          clientY: box.top + 30, bubbles: true,
        }));
        fire("pointerdown", 1, 0.4); fire("pointerdown", 2, 0.6);
        fire("pointermove", 1, 0.3); fire("pointermove", 2, 0.7);
        fire("pointerup", 1, 0.3); fire("pointerup", 2, 0.7);
        """
    )
    left, right = shown.run(VIEW)
    assert right - left == pytest.approx(player.duration / 2, abs=0.15)
    assert (left + right) / 2 == pytest.approx(player.duration / 2, abs=0.15)


def test_a_closer_look_shows_more(mount: Any) -> None:
    """4,000 columns of twenty minutes are 0.3 s each: the burst of 0.1 s would be as wide."""
    player = Player(Clip.of(burst(600.0, seconds=1200.0, rate=4_000)))
    shown = mount(player, talk=True, answer=False)
    ink = (
        DRAWN
        + """
      const canvas = el.querySelector(".wb-wave");
      const g = canvas.getContext("2d");
      const {data} = g.getImageData(0, 15, canvas.width, 1);
      let wide = 0;
      for (let i = 3; i < data.length; i += 4) wide += data[i] > 100;
      return wide / canvas.width;
    """
    )
    shown.run("model.tell({kind: 'seek', time: 600.05})")
    shown.page.locator(".wb-wave").focus()
    for _ in range(18):
        shown.page.keyboard.press("+")
    span = 1200 / 1.5**18  # 0.8 s
    coarse = shown.run(ink)
    assert coarse > 0.2
    shown.wait("model.sent.some(({kind}) => kind === 'outline?')")
    for _ in range(200):
        shown.wire.pump()
        if shown.run(ink) < coarse / 2:
            break
    assert shown.run(ink) == pytest.approx(0.1 / span * 2 / 3, abs=0.03)


def test_the_spectrum_is_drawn_on_demand(mount: Any, artefacts: Path) -> None:
    """A burst at 2 s: a bright column there in the spectrum, at any zoom."""
    player = Player.of(burst(2.0))
    shown = mount(player, talk=True, answer=True)
    assert not player.spectrum
    height = shown.page.locator(".wb-wave").bounding_box()["height"]
    button = shown.page.get_by_role("button", name="Spectrum (S)")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    bright = (
        DRAWN
        + """
      const canvas = el.querySelector(".wb-wave");
      const g = canvas.getContext("2d");
      const ratio = canvas.width / canvas.clientWidth;
      const top = Math.round(74 * ratio), high = Math.round(118 * ratio);
      const {data, width} = g.getImageData(0, top, canvas.width, high);
      const sums = new Float64Array(width);
      for (let i = 0; i < data.length; i += 4) {
        if (data[i] > 150 && data[i + 3] > 250 && data[i + 1] < data[i]) sums[(i / 4) % width]++;
      }
      const lit = [...sums.keys()].filter((x) => sums[x] > 8 && x < width * 0.9);
      return lit.length ? [lit[0] / width, lit.at(-1) / width] : null;
    """
    )
    for _ in range(400):
        shown.wire.pump()
        if shown.run(bright):
            break
    first, last = shown.run(bright)
    assert (first, last) == (pytest.approx(2.0 / 8, abs=0.01), pytest.approx(2.1 / 8, abs=0.01))
    assert player.spectrum is True
    grown = shown.page.locator(".wb-wave").bounding_box()["height"]
    assert grown - height == 126
    # Around the pointer, which stands where the burst begins.
    box = shown.page.locator(".wb-wave").bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 30)
    shown.page.keyboard.down("Control")
    for _ in range(8):
        shown.page.mouse.wheel(0, -100)
    shown.page.keyboard.up("Control")
    asked = "model.sent.filter(({kind}) => kind === 'spectrum?').length"
    shown.wait(f"{asked} === 2")
    for _ in range(30):
        shown.wire.pump()
    first, last = shown.run(bright)
    zoomed = 8.0 / 1.25**8
    assert first == pytest.approx(0.25, abs=0.03)
    assert last - first == pytest.approx(0.1 / zoomed, abs=0.04)
    shown.page.screenshot(path=artefacts / "spectrum.png")
    player.spectrum = False
    shown.wait("el.querySelector('.wb-wave').clientHeight === 84")
    assert button.get_attribute("aria-pressed") == "false"


def test_a_spectrum_that_cannot_be_had_says_why(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    shown.page.get_by_role("button", name="Spectrum (S)").click()
    shown.run(
        "const {ask} = model.sent.at(-1); model.tell({kind: 'refused', ask, text: 'no <b>sound'})"
    )
    assert shown.page.get_by_role("alert").inner_text() == "no <b>sound"
    assert shown.run("return model.data.spectrum") is False
    assert shown.page.locator(".wb-wave").bounding_box()["height"] == 84


def test_captions_of_sound(mount: Any, narration: wb.Narration) -> None:
    """They stand in a lane, tell what they are, and lead to where they begin."""
    shown = mount(Player.of(narration, cues=CUES))
    page = shown.page
    box = page.locator(".wb-wave").bounding_box()

    def x(time: float) -> float:
        return float(box["x"] + box["width"] * time / narration.duration)

    page.mouse.click(x(2.2), box["y"] + 7)
    assert shown.run("return media.currentTime") == 1.4
    assert page.locator(".wb-caption").inner_text() == "where words light up."
    page.mouse.click(x(2.2), box["y"] + 40)  # below the lane, it is a time
    assert shown.run("return media.currentTime") == pytest.approx(2.2, abs=0.02)
    shown.run("media.currentTime = 1.35")
    shown.wait("el.querySelector('.wb-caption').textContent === ''")
    page.mouse.click(x(1.35), box["y"] + 7)  # between two, as well
    assert shown.run("return media.currentTime") == pytest.approx(1.35, abs=0.02)
    label = "return el.querySelector('.wb-wave').dataset.label ?? null"
    assert shown.run(label) is None
    plain = mount(Player.of(narration), "plain")
    assert plain.run("return el.querySelector('.wb-caption').hidden") is True


def test_the_help_lists_the_keys_that_work(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    button = shown.page.get_by_role("button", name="Keys (?)")
    help_ = shown.page.get_by_role("region", name="Keys")
    assert (button.get_attribute("aria-expanded"), help_.count()) == ("false", 0)
    shown.page.locator(".wb-wave").focus()
    shown.page.keyboard.press("?")
    assert button.get_attribute("aria-expanded") == "true"
    assert button.get_attribute("aria-controls") == help_.get_attribute("id")
    text = help_.inner_text()
    assert "word by word" in text
    assert "frame by frame" not in text
    shown.page.keyboard.press("Escape")
    assert not help_.is_visible()


def test_every_tool_can_be_reached_and_named(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    names = shown.run(
        "return [...el.querySelectorAll('button, select, [role]')].filter((e) =>"
        " !e.getAttribute('aria-label') && !e.textContent.trim() && e.role !== 'status'"
        " && e.role !== 'alert').map((e) => e.outerHTML)"
    )
    assert names == []
    assert shown.page.get_by_role("toolbar", name="Tools").count() == 1
    shown.page.locator(".wb-play").focus()
    reached = []
    for _ in range(12):
        shown.page.keyboard.press("Tab")
        reached.append(
            shown.run(
                "const e = document.activeElement; const css = getComputedStyle(e);"
                "return [e.dataset.tool || e.className, css.outlineStyle, css.outlineWidth]"
            )
        )
    tools = [name for name, *_ in reached]
    for name in ("select", "loop", "closer", "spectrum", "sound", "help"):
        assert name in tools
    # A focus that is not seen is lost.
    assert {tuple(how) for name, *how in reached if name in {"select", "loop", "help"}} == {
        ("solid", "2px")
    }


@pytest.mark.parametrize("width", [320, 480, 1100])
def test_narrow_pages(mount: Any, narration: wb.Narration, width: int, artefacts: Path) -> None:
    shown = mount(Player.of(narration, cues=CUES))
    shown.page.set_viewport_size({"width": width, "height": 700})
    shown.run("model.change({selection: [1, 2]})")
    shown.page.get_by_role("button", name="Keys (?)").click()
    shown.wait(f"el.clientWidth <= {width}")
    wide = shown.page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width
    outside = shown.run(
        "const box = el.querySelector('.wb-player').getBoundingClientRect();"
        "return [...el.querySelectorAll('button, select, canvas, kbd, span')].filter((e) => {"
        "  const own = e.getBoundingClientRect();"
        "  return own.width && (own.right > box.right + 0.5 || own.left < box.left - 0.5);"
        "}).map((e) => e.outerHTML)"
    )
    assert outside == []
    shown.page.screenshot(path=artefacts / f"player-{width}.png", full_page=True)


def test_high_contrast(mount: Any, narration: wb.Narration, artefacts: Path) -> None:
    """The reader's own colours, also on the canvas, which no browser changes by itself."""
    shown = mount(Player.of(narration, cues=CUES))
    shown.page.emulate_media(forced_colors="active")
    shown.run("media.currentTime = 1.5")
    shown.wait("!media.seeking && el.querySelector('.wb-on')")
    found = shown.run(
        DRAWN
        + """
        const g = document.createElement("canvas").getContext("2d");
        const colour = (name) => { g.fillStyle = name; g.fillRect(0, 0, 1, 1);
          return [...g.getImageData(0, 0, 1, 1).data].slice(0, 3).join(); };
        const canvas = el.querySelector(".wb-wave");
        const x = Math.round((media.currentTime / media.duration) * canvas.width) + 1;
        const playhead = canvas.getContext("2d").getImageData(x, 100, 1, 1).data;
        const css = (one) => getComputedStyle(el.querySelector(one));
        const probe = el.appendChild(document.createElement("i"));
        probe.style.cssText = "forced-color-adjust: none; background: Highlight; color: #2f6fde";
        const [highlight, blue] = [getComputedStyle(probe).backgroundColor,
                                   getComputedStyle(probe).color];
        return [[...playhead].slice(0, 3).join() === colour(highlight),
                css(".wb-on").backgroundColor === highlight,
                colour(highlight) !== colour(blue)];
        """
    )
    shown.page.screenshot(path=artefacts / "player-contrast.png")
    assert found == [True, True, True]


def test_nothing_moves_for_who_wants_no_motion(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    moving = shown.run(
        "return [...el.querySelectorAll('*')].filter((e) => {const css = getComputedStyle(e);"
        " return css.transitionDuration !== '0s' || css.animationName !== 'none'}).length"
    )
    assert moving == 0


def test_the_style_stays_in_the_widget() -> None:
    """Every rule begins at .wb: the notebook around it looks as before."""
    css = re.sub(r"/\*.*?\*/", "", Player._css, flags=re.DOTALL)
    heads = [head.strip() for head in re.findall(r"([^{}]+)\{", css)]
    selectors = [one.strip() for head in heads if not head.startswith("@") for one in _split(head)]
    assert [one for one in selectors if not re.match(r"\.wb\b", one)] == []
    assert len(selectors) > 40


def _split(head: str) -> list[str]:
    """Return the selectors of a rule; commas within brackets are not between two."""
    return re.split(r",(?![^(]*\))", head)


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_the_overview_can_be_seen(
    mount: Any, narration: wb.Narration, artefacts: Path, request: pytest.FixtureRequest
) -> None:
    """Its bars stand out by 3 to 1, as WCAG 2 asks of graphics."""
    shown = mount(Player.of(narration))
    theme = request.node.callspec.params["page"]
    paper = {"light": "white", "dark": "#0b0e13"}[theme]
    shown.page.evaluate("(colour) => document.body.style.background = colour", paper)
    shown.run("el.querySelector('.wb-wave').focus()")
    for _ in range(4):
        shown.page.keyboard.press("+")
    shown.wait("el.querySelector('.wb-small')?.width > 100")
    shown.page.screenshot(path=artefacts / f"overview-{theme}.png", full_page=True)
    png = shown.page.locator(".wb-overview").screenshot()
    grey = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) / 255.0
    linear = np.where(grey <= 0.04045, grey / 12.92, ((grey + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    outside = light[:, light.shape[1] * 3 // 4 :]  # the window is at the left
    ground = np.median(outside[:3])
    ends = np.array([outside.min(), outside.max()])
    contrast = (np.maximum(ends, ground) + 0.05) / (np.minimum(ends, ground) + 0.05)
    assert contrast.max() >= 3
