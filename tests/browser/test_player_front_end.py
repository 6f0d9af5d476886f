"""The player's front end by itself: a fake model in a blank page, no Jupyter, no kernel."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from workbench.timing import Word
from workbench.widgets import Player, twin

if TYPE_CHECKING:
    from pathlib import Path

    import workbench as wb

pytestmark = pytest.mark.browser

# How many of the canvas's pixels have ink, and how many are nearest to the accent colour.
INK = """
const g = el.querySelector("canvas").getContext("2d");
const {data} = g.getImageData(0, 0, g.canvas.width, g.canvas.height * 0.7);
let ink = 0, blue = 0;
for (let i = 0; i < data.length; i += 4) {
  if (data[i + 3] > 40) ink++;
  if (data[i + 3] > 200 && data[i + 2] > data[i] + 60) blue++;
}
return {ink, blue, columns: g.canvas.width};
"""
CURRENT = "el.querySelector('.wb-words .wb-on')?.textContent"


def test_the_waveform_is_drawn_and_coloured_up_to_the_playhead(
    mount: Any, narration: wb.Narration
) -> None:
    shown = mount(Player.of(narration))
    shown.wait("el.querySelector('canvas').width > 500")
    start = shown.run(INK)
    shown.run("media.currentTime = media.duration * 0.9")
    shown.wait("Number(el.querySelector('canvas').getAttribute('aria-valuenow')) > 4")
    shown.page.evaluate("() => new Promise(requestAnimationFrame)")
    end = shown.run(INK)
    assert start["ink"] > 4 * start["columns"]
    assert start["blue"] < start["ink"] / 20
    assert end["blue"] > end["ink"] / 2


def test_silence_has_an_outline_without_height(mount: Any) -> None:
    from workbench.audio import Audio

    shown = mount(Player.of(Audio.silence(1.0, 16_000)))
    shown.wait("el.querySelector('canvas').width > 500")
    drawn = shown.run(INK)
    assert 0 < drawn["ink"] < 6 * drawn["columns"]


def test_nothing_is_lit_before_anything_has_played(mount: Any, narration: wb.Narration) -> None:
    first = narration.words[0]
    shifted = [Word(text="now", start=0.0, end=first.end), *narration.words[1:]]
    shown = mount(Player.of(narration, words=shifted))
    shown.wait("el.querySelector('[data-ready]') && media.readyState >= 2")
    shown.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert shown.run(f"return {CURRENT} ?? null") is None
    shown.page.locator(".wb-words span").first.click()
    shown.wait(f"{CURRENT} === 'now'")


def test_a_length_is_rounded_and_a_position_is_not(mount: Any) -> None:
    from workbench.audio import Audio

    shown = mount(Player.of(Audio.silence(1.89, 16_000)))
    shown.wait("el.querySelector('[data-ready]')")
    told = "el.querySelector('.wb-bar .wb-clock').textContent"
    assert shown.run(f"return {told}") == "0:00.0 / 0:01.9"
    shown.run("media.currentTime = 1.87")
    shown.wait(f"{told} === '0:01.8 / 0:01.9'")
    shown.run("media.currentTime = 1.89")
    shown.wait(f"{told} === '0:01.9 / 0:01.9'")


def test_a_part_of_the_media_out_of_range_is_left_out(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration), answer=False)
    shown.run("""
      const {ask} = model.sent.find((message) => message.kind === "media?");
      for (const part of [4e9, -1, 0.5, "0", null]) {
        model.tell({kind: "media", ask, mime: "audio/mpeg", part, parts: 1}, ["AAAA"]);
      }
    """)
    assert shown.run("return media.hasAttribute('src')") is False


def test_words_light_up_as_they_are_spoken(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    shown.run("el.querySelector('.wb-play').click()")
    for text in ("to", "workbench,", "words"):
        shown.wait(f"{CURRENT} === '{text}'")
    assert shown.run("return el.querySelectorAll('.wb-on').length") == 1
    assert shown.run("return el.querySelector('.wb-play').getAttribute('aria-label')") == "Pause"
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("media.paused && model.saved.at(-1).playing === false")
    assert shown.run("return model.saved.at(-1).position") > 0.3


def test_the_media_are_what_was_spoken(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    assert shown.run("return media.duration") == pytest.approx(narration.duration, abs=0.06)
    assert shown.run("return model.sent.map((m) => m.kind)") == ["media?", "hello"]


def test_a_click_on_a_word_goes_to_its_start(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    for i in (5, 2, 0):
        word = narration.words[i]
        shown.page.locator(".wb-words span").nth(i).click()
        shown.wait("!media.seeking")
        assert shown.run("return media.currentTime") == pytest.approx(word.start, abs=2e-4)
        shown.wait(f"{CURRENT} === '{word.text}'")
    shown.wait("model.saved.length >= 3")
    lines = shown.run("return el.querySelectorAll('.wb-words br').length")
    assert lines == len(narration.parts) - 1


def test_a_click_or_drag_on_the_waveform_seeks(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    box = shown.page.locator(".wb-wave").bounding_box()
    y = box["y"] + 20
    shown.page.mouse.click(box["x"] + box["width"] / 2, y)
    half = shown.run("return media.currentTime / media.duration")
    assert half == pytest.approx(0.5, abs=0.02)
    shown.page.mouse.move(box["x"] + box["width"] / 4, y)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + box["width"] * 0.75, y, steps=4)
    shown.page.mouse.up()
    assert shown.run("return media.currentTime / media.duration") == pytest.approx(0.75, abs=0.02)
    shown.page.mouse.move(box["x"] + box["width"] * 0.2, y)
    assert shown.run("return media.currentTime / media.duration") == pytest.approx(0.75, abs=0.02)


def test_the_keyboard(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    keyboard = shown.page.keyboard
    now = "return Math.round(media.currentTime * 100) / 100"
    shown.page.locator(".wb-wave").focus()
    for key, expected in [
        ("ArrowRight", 1.0),
        ("ArrowRight", 2.0),
        ("ArrowLeft", 1.0),
        ("Shift+ArrowRight", 1.1),
        ("Home", 0.0),
        ("ArrowLeft", 0.0),
    ]:
        keyboard.press(key)
        assert shown.run(now) == expected, key
    keyboard.press("End")
    assert shown.run(now) == pytest.approx(narration.duration, abs=0.06)
    shown.wait("!media.seeking && !media.error")
    keyboard.press("Home")
    keyboard.press(" ")
    shown.wait("!media.paused && media.currentTime > 0")
    keyboard.press(" ")
    shown.wait("media.paused")
    # On the button the space bar is the browser's own click: one toggle, not two.
    shown.page.locator(".wb-play").focus()
    keyboard.press(" ")
    shown.wait("!media.paused")


def test_every_time_can_be_reached(mount: Any, narration: wb.Narration) -> None:
    """In MP3 of a variable bit rate Chromium fails on a seek to the last tenth of a second."""
    shown = mount(Player.of(narration))
    for left in (0.2, 0.1, 0.06, 0.03, 0.01, 0.001, 0.0):
        shown.run("media.currentTime = media.duration - argument", left)
        shown.wait("!media.seeking || media.error")
        assert shown.run("return media.error?.message || ''") == "", left


def test_roles_and_names_for_screen_readers(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    page = shown.page
    assert page.get_by_role("button", name="Play").count() == 1
    assert page.get_by_role("combobox", name="Speed").count() == 1
    slider = page.get_by_role("slider", name="Position")
    assert float(slider.get_attribute("aria-valuemax")) == pytest.approx(
        narration.duration, abs=0.06
    )
    shown.run("media.currentTime = 1.25")
    shown.wait("el.querySelector('canvas').getAttribute('aria-valuetext').startsWith('0:01.2 of')")
    assert page.get_by_role("group", name="Transcript").inner_text().startswith("Welcome to")
    assert shown.run("return el.querySelector('[aria-current]').textContent") == "workbench,"


def test_speed_is_applied_and_reported(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration, speed=1.3))
    assert shown.run("return media.playbackRate") == 1.3
    shown.page.locator(".wb-speed").select_option("1.5")
    assert shown.run("return [media.playbackRate, model.data.speed]") == [1.5, 1.5]


def test_zoom_and_hover(mount: Any, narration: wb.Narration) -> None:
    """Control and wheel zooms around the pointer; the wheel alone is left to the page."""
    shown = mount(Player.of(narration))
    box = shown.page.locator(".wb-wave").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 40
    shown.page.mouse.move(x, y)
    shown.page.mouse.wheel(0, -100)
    shown.page.mouse.click(box["x"] + 1, y)
    assert shown.run("return media.currentTime") == pytest.approx(0, abs=0.02)
    shown.page.mouse.move(x, y)
    shown.page.keyboard.down("Control")
    for _ in range(3):
        shown.page.mouse.wheel(0, -100)
    shown.page.keyboard.up("Control")
    shown.page.mouse.click(box["x"] + 1, y)
    left = shown.run("return media.currentTime / media.duration")
    assert left == pytest.approx(0.5 - 0.5 / 1.25**3, abs=0.02)
    shown.page.mouse.move(x, y)
    hover = "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    shown.run(hover)
    dark = shown.run(INK)["ink"]
    shown.page.mouse.move(x, box["y"] + 400)
    shown.run(hover)
    assert shown.run(INK)["ink"] < dark


def test_one_plays_at_a_time(mount: Any, narration: wb.Narration) -> None:
    first = mount(Player.of(narration), "a")
    second = mount(Player.of(narration), "b")
    first.run("el.querySelector('.wb-play').click()")
    first.wait("media.currentTime > 0")
    second.run("el.querySelector('.wb-play').click()")
    first.wait("media.paused")
    second.wait("!media.paused && media.currentTime > 0")


def test_python_plays_pauses_and_seeks(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration))
    shown.run("model.tell({kind: 'seek', time: 1.5}); model.tell({kind: 'play'})")
    shown.wait("!media.paused && media.currentTime > 1.5")
    shown.run("model.tell({kind: 'pause'})")
    shown.wait("media.paused")


def test_other_media_in_the_same_place(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player)
    word = {"text": "other", "start": 0.0, "end": 1.0, "space": True}
    shown.run("model.change({take: 'beef', words: [argument], duration: 1})", word)
    shown.wait("el.querySelector('.wb-player')?.dataset.ready === 'beef'")
    assert shown.run("return el.querySelector('.wb-words').textContent") == "other "
    assert shown.run("return el.querySelectorAll('canvas').length") == 1


def test_errors_are_shown(mount: Any, narration: wb.Narration) -> None:
    """The old display showed nothing: an error in a callback only reached the server's log."""
    shown = mount(Player.of(narration), error="no such voice")
    alert = shown.page.get_by_role("alert")
    assert alert.inner_text() == "no such voice"
    shown.run("model.change({error: ''})")
    assert not alert.is_visible()
    shown.run("model.change({error: 'position: must be a number'})")
    assert alert.inner_text() == "position: must be a number"


def test_a_refusal_and_unplayable_bytes_are_said(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration), answer=False)
    shown.run("const ask = model.sent[0].ask; model.tell({kind: 'refused', ask, text: '98 MB'})")
    assert shown.page.get_by_role("alert").inner_text() == "98 MB"
    other = mount(Player.of(narration), "b", answer=False)
    bad = base64.b64encode(b"not media at all").decode()
    message = "{kind: 'media', ask: model.sent[0].ask, mime: 'audio/mpeg', part: 0, parts: 1}"
    other.run(f"model.tell({message}, [argument])", bad)
    other.wait("el.querySelector('.wb-status').textContent.includes('cannot play')")


def test_an_answer_to_another_view_is_not_taken(mount: Any, narration: wb.Narration) -> None:
    shown = mount(Player.of(narration), answer=False)
    data = base64.b64encode(b"xx").decode()
    shown.run(
        "model.tell({kind: 'media', ask: 'x', mime: 'audio/mpeg', part: 0, parts: 1}, [argument])",
        data,
    )
    assert shown.run("return media.hasAttribute('src')") is False


HOSTILE = (
    '<img src=x onerror="window.hit=1">',
    "<script>window.hit=1</script>",
    '"><svg onload=window.hit=1>',
    "</span><b>bold</b>",
    "</style><script>window.hit=1</script>",
    "javascript:window.hit=1",
    "&lt;i&gt;",
)


def test_hostile_text_stays_text(mount: Any, narration: wb.Narration) -> None:
    """Raw, 2,364 elements and attributes appeared for 5,000 such texts; here none may."""
    words = [
        {"text": text, "start": i / 4, "end": (i + 1) / 4, "space": True}
        for i, text in enumerate(HOSTILE)
    ]
    cues = [{"text": text, "start": i, "end": i + 1} for i, text in enumerate(HOSTILE)]
    plain = mount(Player.of(narration), "plain", words=words[:0], cues=[])
    known = plain.run("return [...new Set([...el.querySelectorAll('*')].map((e) => e.localName))]")
    text = " ".join(HOSTILE)
    shown = mount(
        Player.of(narration),
        "hostile",
        words=words,
        cues=cues,
        about=text,
        notes=list(HOSTILE),
        error=text,
        language=HOSTILE[0],
    )
    shown.run("media.currentTime = 0.6")
    shown.wait("el.querySelector('.wb-on')")
    found = shown.run(
        "return {tags: [...new Set([...el.querySelectorAll('*')].map((e) => e.localName))],"
        " spans: el.querySelectorAll('.wb-words *').length, hit: window.hit || 0,"
        " handlers: [...el.querySelectorAll('*')].filter((e) => [...e.attributes]"
        ".some((a) => a.name.startsWith('on'))).length}"
    )
    assert set(found["tags"]) <= {*known, "span", "li"}
    assert (found["spans"], found["hit"], found["handlers"]) == (len(HOSTILE), 0, 0)
    assert shown.run("return el.querySelector('.wb-words').textContent") == f"{text} "


def test_the_twin_is_hidden_while_the_widget_lives(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player)
    html = twin.html(player.clip, player.uid)
    shown.page.evaluate(
        "(html) => document.body.appendChild(document.createElement('section')).innerHTML = html",
        html + twin.html(player.clip, "another"),
    )
    visible = "[...document.querySelectorAll('.wb-twin')].map((e) => e.offsetHeight > 0)"
    assert shown.page.evaluate(visible) == [False, True]
    shown.run("view.leave()")
    assert shown.page.evaluate(visible) == [True, True]


def test_without_a_kernel_the_twin_lends_its_media(mount: Any, narration: wb.Narration) -> None:
    player = Player.of(narration)
    shown = mount(player, answer=False)
    shown.page.evaluate(
        "(html) => document.body.appendChild(document.createElement('section')).innerHTML = html",
        twin.html(player.clip, player.uid),
    )
    shown.wait("el.querySelector('.wb-player').dataset.ready")
    assert shown.run("return media.src").startswith("data:audio/mpeg;base64,")
    assert shown.run("return media.duration") == pytest.approx(narration.duration, abs=0.06)


def test_a_file_is_loaded_by_its_address_first(
    mount: Any, narration: wb.Narration, clip_mp4: Path
) -> None:
    """Measured: 98 MB by address are ready in 0.2 s, as a message in 10 s."""
    player = Player.of(clip_mp4)
    shown = mount(player, answer=False, src="no run", version="1")
    shown.run("view.leave()")
    data = "data:video/mp4;base64," + base64.b64encode(clip_mp4.read_bytes()).decode()
    shown.run(
        "model.data.src = 'my clips/a#1.mp4'; model.sent.length = 0; model.asked = [];"
        "model.widget_manager = {resolveUrl: async (url) => {"
        "  model.asked.push(url);"
        "  return URL.createObjectURL(await (await fetch(argument)).blob()) + '#t=0';"
        "}};"
        "const createObjectURL = URL.createObjectURL; await view.start();",
        data,
    )
    assert shown.run("return model.asked") == ["my%20clips/a%231.mp4"]
    shown.wait("el.querySelector('.wb-player').dataset.ready")
    assert "media?" not in shown.run("return model.sent.map((m) => m.kind)")


def test_a_wrong_address_falls_back_to_bytes(mount: Any, clip_mp4: Path) -> None:
    player = Player.of(clip_mp4)
    shown = mount(player, answer=False)
    shown.run("view.leave()")
    shown.run(
        "model.data.src = 'gone.mp4'; model.sent.length = 0;"
        "model.widget_manager = {resolveUrl: async () => 'data:video/mp4;base64,AAAA'};"
        "await view.start();"
    )
    shown.wait("model.sent.some((m) => m.kind === 'media?')")
    assert not shown.page.get_by_role("alert").is_visible()
    shown.run(
        "const {ask} = model.sent.find((m) => m.kind === 'media?');"
        "model.tell({kind: 'media', ask, mime: 'video/mp4', part: 0, parts: 1}, [argument])",
        base64.b64encode(clip_mp4.read_bytes()).decode(),
    )
    shown.wait("el.querySelector('.wb-player').dataset.ready")
    assert shown.run("return media.duration") == pytest.approx(3.0, abs=0.1)


def test_leaving_takes_every_listener_along(mount: Any, narration: wb.Narration) -> None:
    page = mount(Player.of(narration), "first").page
    page.evaluate("""() => {
      window.live = 0;
      const proto = EventTarget.prototype;
      const add = proto.addEventListener;
      proto.addEventListener = function (name, handler, options) {
        if ([document, window, document.body].includes(this)) {
          window.live++;
          options?.signal?.addEventListener("abort", () => window.live--);
        }
        return add.call(this, name, handler, options);
      };
      window.urls = new Set();
      const {createObjectURL, revokeObjectURL} = URL;
      URL.createObjectURL = (blob) => {
        const url = createObjectURL.call(URL, blob);
        urls.add(url);
        return url;
      };
      URL.revokeObjectURL = (u) => { urls.delete(u); revokeObjectURL.call(URL, u); };
    }""")
    shown = mount(Player.of(narration), "second")
    assert shown.run("return [model.listeners(), window.live, urls.size]") == [7, 1, 1]
    shown.run("media.play(); window.media = media; view.leave()")
    assert shown.run("return [model.listeners(), window.live, urls.size]") == [0, 0, 0]
    state = "return [window.media.paused, window.media.hasAttribute('src'), el.childElementCount]"
    assert shown.run(state) == [True, False, 0]


def test_video_with_captions(mount: Any, clip_mp4: Path) -> None:
    cues = [
        Word(text="First <b>caption</b>", start=0.0, end=1.0),
        Word(text="Second & last\n\n1 --> 2", start=1.5, end=2.5),
    ]
    shown = mount(Player.of(clip_mp4, cues=cues))
    assert shown.run("return media.duration") == pytest.approx(3.0, abs=0.1)
    assert shown.run("return [media.videoWidth, media.videoHeight]") == [320, 180]
    shown.wait("media.textTracks[0].mode === 'showing' && media.textTracks[0].cues?.length === 2")
    text = "return [...media.textTracks[0].activeCues].map((c) => c.getCueAsHTML().textContent)"
    for time, expected in [
        (0.5, ["First <b>caption</b>"]),
        (1.2, []),
        (2.0, ["Second & last\n1 --> 2"]),
    ]:
        shown.run("media.currentTime = argument", time)
        shown.wait(f"!media.seeking && media.textTracks[0].activeCues.length === {len(expected)}")
        assert shown.run(text) == expected
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait("media.ended")


def test_a_long_reading_is_drawn_at_once(mount: Any) -> None:
    """An hour with 9,000 words: the outline comes from Python, nothing is decoded to draw it."""
    from workbench.audio import Audio

    words = [
        {"text": f"w{i}", "start": i * 0.4, "end": i * 0.4 + 0.4, "space": True}
        for i in range(9_000)
    ]
    player = Player.of(Audio.silence(1.0, 16_000))
    shown = mount(player, answer=False, words=words, duration=3600.0)
    assert shown.run("return el.querySelectorAll('.wb-words span').length") == 9_000
    shown.run("el.querySelectorAll('.wb-words span')[8000].click()")
    shown.wait("el.querySelector('canvas').getAttribute('aria-valuemax') === '3600.0'")


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_how_it_looks(
    mount: Any,
    narration: wb.Narration,
    clip_mp4: Path,
    artefacts: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Text and background keep the contrast that WCAG 2 asks for (4.5), in both themes."""
    cues = [
        Word(text="Welcome to the workbench,", start=0.0, end=1.3),
        Word(text="where words light up.", start=1.4, end=2.6),
    ]
    shown = mount(Player.of(narration, cues=cues), notes=["line 1: nothing was dropped"])
    video = mount(Player.of(clip_mp4, cues=cues), "video", error="The file is gone")
    theme = request.node.callspec.params["page"]
    paper = {"light": "white", "dark": "#0b0e13"}[theme]
    shown.page.evaluate("(colour) => document.body.style.background = colour", paper)
    for one in (shown, video):
        one.run("media.currentTime = 1.7")
        one.wait("!media.seeking && el.querySelector('canvas').ariaValueNow === '1.7'")
    shown.page.screenshot(path=artefacts / f"player-{theme}.png", full_page=True)
    contrast = """
      const g = document.createElement("canvas").getContext("2d");
      const luminance = (colour) => {
        g.fillStyle = colour; g.fillRect(0, 0, 1, 1);
        const [r, gr, b] = [...g.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
          .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * gr + 0.0722 * b;
      };
      const ratio = (a, b) => {
        const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
        return (high + 0.05) / (low + 0.05);
      };
      const css = (one, name) => getComputedStyle(el.querySelector(one))[name];
      const back = getComputedStyle(el.querySelector(".wb-player")).backgroundColor;
      return [ratio(css(".wb-words span:not(.wb-on)", "color"), back),
              ratio(css(".wb-on", "color"), css(".wb-on", "backgroundColor")),
              ratio(css(".wb-about", "color"), back)];
    """
    assert min(shown.run(contrast)) >= 4.5
