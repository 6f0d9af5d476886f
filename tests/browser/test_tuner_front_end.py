"""The tuner in a real page, talking to the real widget: what a person clicks, hears and sees."""

from __future__ import annotations

import statistics
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbench.engines.kokoro import voices as kokoro_voices
from workbench.errors import EngineMissing
from workbench.voice import Preset, Voice
from workbench.widgets import work
from workbench.widgets.tuner import tune

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from conftest import ToneEngine

pytestmark = pytest.mark.browser

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
TEXT = "Welcome back to the channel, today we look at voices."
AUDIO = "el.querySelector('.wb-take[data-take=\"{}\"] audio')"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def slide(page: Page, label: str, value: float) -> None:
    """Move a slider as a person does, by setting it and letting go."""
    slider = page.get_by_role("slider", name=f"{label}, slider")
    slider.evaluate(
        """(node, value) => {
          node.value = value;
          node.dispatchEvent(new Event("input", {bubbles: true}));
          node.dispatchEvent(new Event("change", {bubbles: true}));
        }""",
        value,
    )


def test_from_two_sliders_to_a_preset(mount: Any, page: Page, folder: Path) -> None:
    """The whole way: two sliders, a take that is heard, a star, a note, A and B, a preset."""
    panel = tune(TEXT, voice="espeak:en-us")
    shown = mount(panel, talk=True)
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 1")
    shown.wait(f"{AUDIO.format(1)}.currentTime > 0")  # it plays by itself
    first = panel.takes[0].take
    # The sound came with the take: nobody had to ask for it.
    assert shown.run("return model.sent.filter(({kind}) => kind === 'media?')") == []
    duration = shown.run(f"return {AUDIO.format(1)}.duration")
    assert duration == pytest.approx(first.duration, abs=0.02)

    slide(page, "Rate", 220)
    slide(page, "Pitch", 70)
    shown.wait("el.querySelectorAll('.wb-option.wb-changed').length === 2")
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 2")
    shown.wait("el.querySelectorAll('.wb-measures')[0].childElementCount >= 5")
    fast = panel.takes[0]
    assert dict(fast.settings.options) == {"rate": 220, "pitch": 70}
    chips = shown.run(
        "return [...el.querySelector('.wb-take .wb-chips').children].map((c) => c.textContent)"
    )
    assert chips == ["2", "espeak:en-us", "rate 220", "pitch 70"]
    assert f"{fast.take.duration:.2f} s" in page.locator(".wb-measures").first.inner_text()

    card = page.get_by_role("listitem", name="Take 2")
    card.get_by_role("button", name="Star").click()
    card.get_by_role("textbox", name="Note on take 2").fill("lively <b>")
    page.keyboard.press("Enter")
    shown.wait("model.get('marks')['2']?.note")
    assert panel.marks == {"2": {"star": True, "note": "lively <b>"}}
    assert card.get_by_role("button", name="Star").get_attribute("aria-pressed") == "true"

    page.get_by_label("Name of the preset").fill("narrator")
    page.get_by_label("Note of the preset").fill("for the channel")
    page.get_by_role("button", name="Keep as a preset").click()
    shown.wait("el.querySelector('.wb-done').textContent.includes('narrator.toml')")
    text = (folder / "presets" / "narrator.toml").read_text()
    assert text == (
        'voice = "espeak:en-us"\nnote = "for the channel"\n\n[options]\nrate = 220\npitch = 70\n'
    )
    code = page.locator(".wb-code code")
    assert code.first.inner_text() == f'wb.speak("{TEXT}", voice="narrator")'
    assert code.all_inner_texts() == panel.calls

    again = mount(tune(voice="narrator"), "b", talk=True)
    assert again.run("return el.querySelector('.wb-number').value") == "220"
    assert (
        again.run("return el.querySelector('[aria-label=\"Name of the preset\"]').value")
        == "narrator"
    )


def test_a_preset_is_replaced_only_after_asking(mount: Any, page: Page, folder: Path) -> None:
    Preset(name="narrator", voice=Voice.parse("espeak:es")).save()
    panel = tune(TEXT, voice="espeak:en-us", rate=200)
    shown = mount(panel, talk=True)
    page.get_by_label("Name of the preset").fill("narrator")
    page.keyboard.press("Enter")
    shown.wait("!el.querySelector('.wb-ask').hidden")
    assert "narrator already" in page.get_by_role("alertdialog").inner_text()
    page.get_by_role("button", name="Cancel").click()
    path = folder / "presets" / "narrator.toml"
    assert Preset.load(path).voice == Voice.parse("espeak:es")
    page.get_by_role("button", name="Keep as a preset").click()
    shown.wait("!el.querySelector('.wb-ask').hidden")
    page.get_by_role("button", name="Replace it").click()
    shown.wait("el.querySelector('.wb-done').textContent")
    assert Preset.load(path).options == {"rate": 200}
    page.get_by_role("button", name="Set all options back to their defaults").click()
    shown.wait("el.querySelectorAll('.wb-changed').length === 0")
    page.get_by_label("Open a preset").select_option("narrator")
    shown.wait("el.querySelectorAll('.wb-changed').length === 1")
    assert panel.settings.options == {"rate": 200}


def test_delete_undo_and_the_settings_of_a_take(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One two three.", voice="tone:high")
    panel.generate()
    panel.generate(pace=60)
    panel.note(1, "the first")
    shown = mount(panel, talk=True)
    page.get_by_role("listitem", name="Take 1").get_by_role("button", name="Delete").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 1")
    page.get_by_role("button", name="Bring take 1 back").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 2")
    assert page.get_by_label("Note on take 1").input_value() == "the first"
    assert page.locator(".wb-removed").is_hidden()
    page.get_by_role("listitem", name="Take 2").get_by_role("button", name="Delete").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 1")
    page.get_by_role("button", name="Undo", exact=True).first.click()
    shown.wait("el.querySelectorAll('.wb-take').length === 2")
    use = page.get_by_role("listitem", name="Take 1").get_by_role(
        "button", name="Use these settings"
    )
    use.click()
    shown.wait("el.querySelector('.wb-number').value === '100'")
    assert not panel.settings.options
    page.get_by_role("button", name="Undo", exact=True).first.click()
    shown.wait("el.querySelector('.wb-number').value === '60'")


def test_two_takes_go_on_from_the_same_place(mount: Any, page: Page) -> None:
    panel = tune(TEXT, voice="espeak:en-us")
    slow = panel.generate(rate=100)
    fast = panel.generate(rate=300)
    shown = mount(panel, talk=True)
    page.get_by_role("listitem", name="Take 1").get_by_role("button", name="Compare as A").click()
    assert page.locator(".wb-pair").is_hidden()
    page.get_by_role("listitem", name="Take 2").get_by_role("button", name="Compare as B").click()
    shown.wait("el.querySelectorAll('.wb-pair [data-ready]').length === 2")
    side = "el.querySelector('.wb-pair-row[data-side={}] audio')"
    a, b = side.format("a"), side.format("b")
    assert shown.run(f"return {a}.duration") == pytest.approx(slow.duration, abs=0.06)
    page.locator(".wb-pair-row[data-side=a] .wb-play").click()
    shown.wait(f"{a}.currentTime > {slow.duration / 3}")
    page.get_by_role("button", name="Switch between A and B").click()
    shown.wait(f"!{b}.paused && {a}.paused")
    left = shown.run(f"return {a}.currentTime / {a}.duration")
    shown.run(f"{b}.pause()")
    went = shown.run(f"return {b}.currentTime / {b}.duration")
    assert left - 0.02 <= went < left + 0.4
    assert fast.duration < slow.duration
    shown.run(f"{b}.currentTime = 0.5 * {b}.duration")
    shown.wait(f"!{b}.seeking")
    page.locator(".wb-swap").focus()
    page.keyboard.press("x")
    shown.wait(f"Math.abs({a}.currentTime / {a}.duration - 0.5) < 0.01")
    # The louder one is turned down.
    loud = [float(panel.measured[i]["loudness"]) for i in ("1", "2")]
    gain = 10 ** ((min(loud) - max(loud)) / 20)
    volumes = sorted(shown.run(f"return [{a}.volume, {b}.volume]"))
    assert volumes == pytest.approx([gain, 1.0], abs=1e-6)
    page.get_by_label("Same loudness").uncheck()
    assert shown.run(f"return [{a}.volume, {b}.volume]") == [1, 1]
    page.get_by_role("button", name="Close the comparison").click()
    assert page.locator(".wb-pair").is_hidden()
    assert page.locator(".wb-side[aria-pressed=true]").count() == 0


def test_stop_frees_the_page_within_a_second(
    mount: Any, page: Page, tone: ToneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine goes on for as long as it likes: what it still returns is dropped."""
    go = threading.Event()
    whole = tone.synthesize

    def slow(*args: Any, **how: Any) -> Any:
        go.wait(60)
        return whole(*args, **how)

    monkeypatch.setattr(tone, "synthesize", slow)
    panel = tune("A line nobody hears.", voice="tone:high")
    shown = mount(panel, talk=True)
    page.get_by_label("Text", exact=True).press("Control+Enter")
    shown.wait("el.matches('.wb-busy') && el.querySelector('.wb-stop').ariaDisabled === 'false'")
    assert "speaking" in page.locator(".wb-doing").inner_text()
    shown.run("el.querySelector('.wb-stop').click()")
    shown.wait("!el.matches('.wb-busy')")
    thread = panel._task._thread
    assert thread is not None
    assert thread.is_alive()  # the widget did not wait for it
    assert work._PATIENCE < 1
    go.set()
    thread.join(30)
    shown.wait("true")
    assert (panel.takes, panel.error) == ((), "")
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 1")


def test_errors_stand_where_the_person_acted(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    shown = mount(panel, talk=True)
    pace = page.get_by_label("Pace", exact=True)
    pace.fill("9999")
    pace.press("Enter")
    shown.wait("el.querySelector('.wb-status').textContent")
    assert "pace: must be a whole number from 50 to 200" in page.locator(".wb-status").inner_text()
    assert pace.get_attribute("aria-invalid") == "true"
    assert shown.run(
        "return el.querySelector('.wb-status').previousElementSibling.className"
    ).startswith("wb-option")
    pace.fill("80")
    pace.press("Enter")
    shown.wait("!el.querySelector('.wb-number').ariaInvalid")
    assert page.locator(".wb-status").is_hidden()
    page.get_by_label("Text", exact=True).fill(" ")
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelector('.wb-status').textContent.includes('Write something to speak.')")
    assert (
        shown.run("return el.querySelector('.wb-status').previousElementSibling.className")
        == "wb-go"
    )
    page.get_by_label("Name of the preset").fill("../evil")
    page.keyboard.press("Enter")
    shown.wait("el.querySelector('.wb-status').textContent.includes('cannot be a preset')")
    shown.run("model.send({kind: 'change', changes: {voice: 'tone:hihg'}})")
    shown.wait("el.querySelector('.wb-status').textContent.includes(\"did you mean 'high'\")")


def test_an_answer_leaves_a_number_alone_that_is_being_typed(
    mount: Any, page: Page, tone: ToneEngine
) -> None:
    """The answer to an earlier change comes while the next number is half typed."""
    panel = tune("One.", voice="tone:high")
    shown = mount(panel, talk=True)
    pace = page.get_by_label("Pace", exact=True)
    seed = page.get_by_label("Seed", exact=True)
    pace.press("Control+a")
    page.keyboard.type("15")
    panel.change(text="Two.", mood="loud")
    shown.wait("el.querySelector('.wb-text').value === 'Two.'")
    page.keyboard.type("0")
    assert pace.input_value() == "150"
    pace.press("Enter")
    shown.wait("model.get('chosen').options.pace === 150")
    seed.focus()
    page.keyboard.type("4")
    panel.change(text="Three.")
    shown.wait("el.querySelector('.wb-text').value === 'Three.'")
    page.keyboard.type("2")
    seed.press("Enter")
    shown.wait("model.get('chosen').seed === 42")
    # One that is only in focus follows what is changed elsewhere.
    pace.focus()
    panel.undo()
    panel.undo()
    panel.undo()
    shown.wait("el.querySelector('.wb-number').value === '100'")


def test_a_wrong_number_goes_when_its_field_is_left(
    mount: Any, page: Page, tone: ToneEngine
) -> None:
    panel = tune("One.", voice="tone:high", pace=80)
    shown = mount(panel, talk=True)
    pace = page.get_by_label("Pace", exact=True)
    pace.fill("9999")
    pace.press("Enter")
    shown.wait("el.querySelector('.wb-number').ariaInvalid === 'true'")
    red = shown.run("return getComputedStyle(el.querySelector('.wb-number')).borderColor")
    assert red == "rgb(198, 40, 40)"
    assert pace.input_value() == "9999"
    pace.press("Tab")
    assert pace.input_value() == "80"
    assert pace.get_attribute("aria-invalid") is None
    pace.fill("8888")
    pace.press("Tab")
    shown.wait("el.querySelector('.wb-status').textContent.includes('8888')")
    shown.wait("el.querySelector('.wb-number').value === '80'")
    seed = page.get_by_label("Seed", exact=True)
    seed.focus()
    page.keyboard.type("1e")
    page.keyboard.press("Enter")
    shown.wait("el.querySelector('.wb-status').textContent === 'Seed must be a whole number.'")
    assert panel.settings.seed is None


def test_a_pause_between_words_is_set_in_milliseconds(mount: Any, page: Page) -> None:
    panel = tune("One.", voice="espeak:en-us")
    shown = mount(panel, talk=True)
    gap = page.get_by_label("Word gap", exact=True)
    gap.fill("200")
    gap.press("Enter")
    shown.wait("model.get('chosen').options.word_gap === 20")
    assert gap.input_value() == "200"
    assert page.get_by_label("Word gap, slider").input_value() == "200"
    gap.fill("2010")
    gap.press("Enter")
    shown.wait("!el.querySelector('.wb-status').hidden")
    told = page.locator(".wb-status").inner_text()
    assert told == "Word gap must be 0 to 2000 ms, not 2010."
    slide(page, "Word gap", 50)
    shown.wait("model.get('chosen').options.word_gap === 5")
    shown.wait("el.querySelector('.wb-status').hidden")
    assert "0 to 99" in (page.get_by_label("Pitch", exact=True).get_attribute("title") or "")


def test_voices_are_found_heard_and_chosen(mount: Any, page: Page) -> None:
    panel = tune(TEXT, voice="espeak:en-us")
    shown = mount(panel, talk=True)
    options = page.get_by_role("option")
    listed = page.locator(".wb-voice")
    assert all("en" in text for text in listed.all_inner_texts())
    page.get_by_label("Language", exact=True).select_option("es")
    assert listed.count() == 2
    shown.wait("model.get('chosen').voice === 'es'")  # its first voice speaks at once
    marked = "el.querySelector('.wb-voice[aria-selected=true] .wb-voice-name')?.textContent"
    shown.wait(f"{marked} === 'Spanish (Spain)'")
    assert page.locator(".wb-chosen").inner_text().split("\n") == ["Spanish (Spain)", "espeak:es"]
    page.get_by_role("button", name="Undo", exact=True).first.click()
    shown.wait("model.get('chosen').voice === 'en-us'")
    assert page.get_by_label("Language", exact=True).input_value() == "en"
    page.get_by_label("Language", exact=True).select_option("es")
    shown.wait("model.get('chosen').voice === 'es'")
    hear = page.get_by_role("button", name="Hear Spanish (Spain)")
    assert hear.get_attribute("title") == "Speaks a sample sentence in this voice"
    hear.click()
    sample = "el.querySelector('.wb-sample')"
    shown.wait(f"{sample}.currentTime > 0")
    assert shown.run(f"return {sample}.duration") == pytest.approx(
        panel.audition("es").duration, abs=0.02
    )
    pressed = page.locator(".wb-hear[aria-pressed=true]")
    assert pressed.get_attribute("data-voice") == "es"
    page.get_by_label("Hear on hover").check()
    listed.nth(1).hover()
    shown.wait("el.querySelector('.wb-hear[aria-pressed=true]')?.dataset.voice === 'es-419'")
    assert str(panel.settings.voice) == "espeak:es"
    listed.nth(1).click()
    shown.wait("model.get('chosen').voice === 'es-419'")
    listed.first.click()
    shown.wait("model.get('chosen').voice === 'es'")
    assert page.get_by_label("Text", exact=True).get_attribute("lang") == "es"

    search = page.get_by_label("Find a voice")
    search.fill("fren")
    assert listed.count() >= 3
    page.keyboard.press("ArrowDown")
    assert shown.run("return document.activeElement.getAttribute('role')") == "listbox"
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    shown.wait("model.get('chosen').language.startsWith('fr')")
    assert options.filter(has_text="French").count() >= 1
    lacking = page.locator(".wb-lacking")
    lacking.locator("summary").click()
    assert "workbench models pull kokoro" in lacking.locator("code").all_inner_texts()
    assert "pip install 'media-workbench[chatterbox]'" in lacking.locator("code").all_inner_texts()
    disabled = page.locator(".wb-engine option:disabled").all_inner_texts()
    assert any(text.startswith("kokoro (needs its weights") for text in disabled)


def test_shares_of_a_blend_move_each_other(mount: Any, page: Page) -> None:
    panel = tune("Hello.", voice="kokoro:af_heart")
    shown = mount(panel, talk=True)
    assert page.get_by_role("group", name="Blend").is_hidden()
    page.get_by_role("button", name="Blend Bella (American English) in").click()
    shown.wait("el.querySelectorAll('.wb-part').length === 2")
    share = page.get_by_label("Share of af_bella")
    share.evaluate("(n) => { n.value = 20; n.dispatchEvent(new Event('change')); }")
    shown.wait(
        "[...el.querySelectorAll('.wb-part output')].map((o) => o.value).join() === '80 %,20 %'"
    )
    assert panel.settings.voice.name == kokoro_voices.find("af_heart*8+af_bella*2").info.name
    assert page.locator(".wb-voice[aria-selected=true]").count() == 2
    page.get_by_role("button", name="Take af_heart out of the blend").click()
    shown.wait("el.querySelector('.wb-blend').hidden")
    assert panel.settings.voice.name == "af_bella"


def test_a_seed_can_be_thrown_and_named(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    shown = mount(panel, talk=True)
    page.get_by_role("button", name="Another seed").click()
    shown.wait("el.querySelector('.wb-seed').value !== ''")
    assert panel.settings.seed == int(page.get_by_label("Seed", exact=True).input_value())
    page.get_by_label("Seed", exact=True).fill("42")
    page.keyboard.press("Enter")
    shown.wait("model.get('chosen').seed === 42")
    page.get_by_label("Mood", exact=True).select_option("loud")
    shown.wait("model.get('chosen').options.mood === 'loud'")
    page.get_by_label("Engine", exact=True).select_option("espeak")
    shown.wait("!el.querySelector('.wb-seed').offsetParent")


def test_two_views_of_one_panel_stay_in_step(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One two.", voice="tone:high")
    first = mount(panel, "a", talk=True)
    first.run(
        """const other = document.body.appendChild(document.createElement("div"));
        view.second = other;
        const [module] = Object.values(window.modules);
        await module.default.render({model, el: other});"""
    )
    both = "[el, window.players.a.second]"
    page.locator(".wb-text").first.fill("Three four.")
    page.locator(".wb-generate").first.click()
    first.wait(f"{both}.every((view) => view.querySelectorAll('.wb-take').length === 1)")
    assert (
        first.run(f"return {both}.map((view) => view.querySelector('.wb-text').value)")
        == ["Three four."] * 2
    )
    page.locator(".wb-star").nth(1).click()
    first.wait(f"{both}.every((view) => view.querySelector('.wb-star').ariaPressed === 'true')")
    first.wait(
        "el.querySelector('.wb-take audio').currentTime > 0"  # in the view that asked, and not here
    )
    assert (
        first.run(f"return {both}[1].querySelector('.wb-take audio').hasAttribute('src')") is False
    )


HOSTILE = [
    "<img src=x onerror='window.hacked=1'>",
    "</script><script>window.hacked=1</script>",
    "\u202eevil\u2066 \u202e مرحبا",
    "a\nb\r\n\u2028c",
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
]


def test_figures_are_those_of_a_person(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    panel.generate()
    shown = mount(panel, talk=True)
    told = "[...el.querySelector('.wb-measures').children].map((one) => one.textContent)"
    assert shown.run(f"return {told}[0]") == "measured"
    shown.run("model.change({measured: {1: {...model.get('measured')[1], duration: '1205.90'}}})")
    assert shown.run(f"return {told}[1]") == "20:06"
    voices = [{"name": "q", "language": "qya", "label": "Quenya", "gender": ""}]
    voices.append({"name": "e", "language": "en", "label": "English", "gender": ""})
    panel.voices = voices
    names = page.get_by_label("Language", exact=True).locator("option")
    shown.wait("el.querySelector('.wb-filters option[value=qya]')")
    assert names.all_inner_texts() == ["All languages", "(qya)", "English"]


def test_hostile_texts_notes_and_names_stay_text(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    panel.generate()
    shown = mount(panel, talk=True)
    count = "el.querySelectorAll('*').length"
    panel.note(1, "plain")
    panel.change(text="Two.")
    shown.wait("el.querySelector('.wb-note').value === 'plain'")
    plain = shown.run(f"return {count}")
    for text in HOSTILE:
        panel.change(text=text)
        panel.note(1, text)
        panel.name = text
        panel.error = text
        shown.wait("el.querySelector('.wb-status').textContent !== ''")
        shown.wait(f"{count} === {plain}")
        panel.error = ""
    assert page.evaluate("() => window.hacked") is None


def test_a_hundred_takes_stay_quick(mount: Any, page: Page, tone: ToneEngine) -> None:
    """By counting, not by the clock: one more take adds one card and touches no other."""
    panel = tune("One two three.", voice="tone:high")
    for i in range(100):
        panel.generate(pace=50 + i)
    shown = mount(panel, talk=True)
    shown.wait("el.querySelectorAll('.wb-take').length === 100")
    shown.run(
        """window.changed = new Set();
        new MutationObserver((all) => all.forEach((m) => {
          const card = m.target.closest?.(".wb-take");
          if (card) window.changed.add(card.dataset.take);
        })).observe(el.querySelector(".wb-takes"), {subtree: true, childList: true});"""
    )
    shown.run("el.querySelector('.wb-takes .wb-take').remembered = true")
    page.get_by_role("button", name="Generate").click()  # the same: nothing new
    shown.wait("!el.querySelector('.wb-take audio').paused")
    page.get_by_label("Pace", exact=True).fill("190")
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 101")
    assert shown.run("return el.querySelectorAll('.wb-take')[1].remembered") is True
    assert shown.run("return el.querySelectorAll('.wb-take audio[src]').length") <= 2
    assert len(shown.run("return [...window.changed]")) <= 2  # the two that were played


def test_from_right_to_left(mount: Any, page: Page) -> None:
    panel = tune(voice="espeak:ar")
    shown = mount(panel, talk=True)
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 1")
    field = shown.run(
        "const text = el.querySelector('.wb-text');"
        "return [getComputedStyle(text).direction, text.lang];"
    )
    assert field == ["rtl", "ar"]


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("width", [600, 1100])
def test_nothing_sticks_out_in_either_theme(
    mount: Any, page: Page, artefacts: Path, request: pytest.FixtureRequest, width: int
) -> None:
    theme = request.node.callspec.params["page"]
    page.set_viewport_size({"width": width, "height": 1000})
    panel = tune(TEXT, voice="espeak:en-us")
    panel.generate()
    panel.generate(
        rate=220, pitch=70, variant="f3", text="Something else, and a longer line of it."
    )
    panel.star(1)
    panel.note(1, "calm and clear")
    shown = mount(panel, talk=True)
    page.get_by_role("listitem", name="Take 1").get_by_role("button", name="Compare as A").click()
    page.get_by_role("listitem", name="Take 2").get_by_role("button", name="Compare as B").click()
    shown.wait("el.querySelectorAll('.wb-pair [data-ready]').length === 2")
    page.locator(".wb-lacking summary").click()
    outside = shown.run(
        """const box = el.getBoundingClientRect();
        return [...el.querySelectorAll("*")].filter((node) => {
          const one = node.getBoundingClientRect();
          const left = node.closest(".wb-left > *")?.getBoundingClientRect() || box;
          return one.width && (one.right > left.right + 1 || one.left < left.left - 1);
        }).map((node) => node.className);"""
    )
    assert outside == []
    colour = "#14181f" if theme == "dark" else "#ffffff"
    page.evaluate("(colour) => { document.body.style.background = colour; }", colour)
    page.locator(".wb-tuner").screenshot(path=artefacts / f"tuner-{theme}-{width}.png")
    assert page.evaluate(CONTRAST, [".wb-tuner", 4.5]) == []
    ink = shown.run("return getComputedStyle(el).color")
    paper = shown.run("return getComputedStyle(el).backgroundColor")
    assert (brightness(ink) > brightness(paper)) == (theme == "dark")


def brightness(colour: str) -> float:
    return statistics.fmean(float(part) for part in colour.strip("rgba()").split(",")[:3])


def test_the_code_is_copied_or_selected(mount: Any, page: Page) -> None:
    panel = tune('Say "so".', voice="espeak:es", rate=150)
    shown = mount(panel, talk=True)
    shown.run(
        """window.copied = [];
        Object.defineProperty(navigator, "clipboard", {configurable: true, value: {
          writeText: async (text) => {
            if (window.copied.length) throw new Error("forbidden");
            window.copied.push(text);
          }}});"""
    )
    page.get_by_role("button", name="Copy the code", exact=True).click()
    shown.wait("el.querySelector('.wb-done').textContent === 'Copied.'")
    assert page.evaluate("() => window.copied") == [panel.code]
    page.get_by_role("button", name="Copy the code", exact=True).click()
    shown.wait("el.querySelector('.wb-done').textContent.startsWith('Press Ctrl+C')")
    assert page.evaluate("() => getSelection().toString()").strip() == panel.code


def test_a_preset_that_is_opened_is_named_and_its_call_is_copied_alone(
    mount: Any, page: Page, folder: Path, artefacts: Path
) -> None:
    voice = Voice.parse("espeak:en-us")
    Preset(name="narrator", voice=voice, options={"rate": 155, "pitch": 40}).save()
    panel = tune("One.", voice="narrator")
    shown = mount(panel, talk=True)
    short = 'wb.speak("One.", voice="narrator")'
    spelt = 'wb.speak("One.", voice="espeak:en-us", rate=155, pitch=40)'
    page.locator(".wb-tuner").screenshot(path=artefacts / "tuner-preset.png")
    opened = page.locator(".wb-opened")
    assert opened.inner_text() == "narrator (espeak:en-us, rate 155, pitch 40)"
    assert page.locator(".wb-code code").all_inner_texts() == [short, spelt]
    shown.run(
        """window.copied = [];
        Object.defineProperty(navigator, "clipboard", {configurable: true, value: {
          writeText: async (text) => { window.copied.push(text); }}});"""
    )
    page.get_by_role("button", name="Copy the code", exact=True).click()
    page.get_by_role("button", name="Copy the code, spelt out").click()
    shown.wait("window.copied.length === 2")
    assert page.evaluate("() => window.copied") == [short, spelt]
    panel.change(rate=200)
    shown.wait("el.querySelector('.wb-opened').textContent === ''")
    assert page.get_by_role("button", name="Copy the code, spelt out").count() == 0
    page.get_by_label("Open a preset").select_option("narrator")
    shown.wait("model.get('calls').length === 2")
    assert opened.inner_text().startswith("narrator (")


def test_keep_asks_for_a_name(mount: Any, page: Page, folder: Path) -> None:
    panel = tune("One.", voice="espeak:en-us")
    shown = mount(panel, talk=True)
    name = page.get_by_label("Name of the preset")
    assert name.get_attribute("placeholder") == "a name, such as narrator"
    page.get_by_role("button", name="Keep as a preset").click()
    status = page.locator(".wb-status")
    assert status.inner_text() == "Give it a name first."
    page.keyboard.type("calm")  # the field has the focus
    assert status.is_hidden()
    page.keyboard.press("Enter")
    shown.wait("el.querySelector('.wb-done').textContent.includes('calm.toml')")
    page.get_by_role("button", name="Keep as a preset").click()
    shown.wait("!el.querySelector('.wb-ask').hidden")
    assert page.locator(".wb-done").text_content() == ""
    page.get_by_role("button", name="Cancel").click()
    assert name.evaluate("(node) => node === document.activeElement")


def test_a_click_that_fails_plays_nothing(
    mount: Any, page: Page, tone: ToneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = tune("One two three.", voice="tone:high")
    panel.generate()
    shown = mount(panel, talk=True)
    shown.run("el.querySelector('.wb-take audio').addEventListener('play', () => window.heard = 1)")
    whole = tone.synthesize

    def broken(*_: Any, **__: Any) -> Any:
        raise EngineMissing("is gone", subject="tone")

    monkeypatch.setattr(tone, "synthesize", broken)
    page.get_by_label("Text", exact=True).fill("Four.")
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelector('.wb-status').textContent.includes('is gone')")
    shown.wait("!el.matches('.wb-busy')")
    assert page.evaluate("() => window.heard") is None
    monkeypatch.setattr(tone, "synthesize", whole)
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 2")
    shown.wait("!el.querySelector('.wb-take[data-take=\"2\"] audio').paused")
    # The same again is no new take, and is heard again.
    page.get_by_label("Text", exact=True).fill("One two three.")
    page.get_by_role("button", name="Generate").click()
    shown.wait("window.heard === 1")


def test_a_kernel_that_does_not_answer_is_waited_for_in_view(
    mount: Any, page: Page, tone: ToneEngine
) -> None:
    panel = tune("One.", voice="tone:high")
    shown = mount(panel)  # nobody answers
    page.get_by_role("button", name="Generate").click()
    doing = "el.querySelector('.wb-doing').textContent"
    shown.wait(f"{doing} === 'Waiting for the kernel…'")
    shown.run("model.change({busy: true, doing: 'speaking', progress: 0})")
    assert shown.run(f"return {doing}") == "speaking …"
    shown.run("model.change({busy: false, doing: ''})")
    assert shown.run(f"return {doing}") == ""
    page.get_by_role("button", name="Generate").click()
    shown.wait(f"{doing} === 'Waiting for the kernel…'")
    page.get_by_role("button", name="Stop", exact=True).click()
    assert shown.run(f"return {doing}") == ""
    assert shown.run("return model.sent.map(({kind}) => kind)")[-2:] == ["generate", "stop"]


def test_a_text_that_is_too_long_stays(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    shown = mount(panel, talk=True)
    text = page.get_by_label("Text", exact=True)
    text.fill("a " * 25_001)
    page.get_by_role("button", name="Generate").click()
    shown.wait("el.querySelector('.wb-status').textContent")
    assert page.locator(".wb-status").inner_text() == (
        "text: has 50,002 letters, and at most 50,000 are spoken at once; shorten it"
    )
    assert len(panel.settings.text) == 50_002


def test_the_focus_stays_in_the_widget(mount: Any, page: Page, tone: ToneEngine) -> None:
    """A notebook takes the keys that nobody has: X cut the cell."""
    panel = tune("One two three.", voice="tone:high", pace=80)
    panel.generate()
    panel.generate(pace=60)
    shown = mount(panel, talk=True)
    here = "el.contains(document.activeElement)"
    note = page.get_by_label("Note on take 1")
    note.fill("calm")
    note.press("Enter")
    shown.wait("model.get('marks')['1']?.note === 'calm'")
    assert shown.run("return document.activeElement.dataset.take") == "1"
    page.get_by_role("listitem", name="Take 1").get_by_role("button", name="Compare as A").click()
    page.get_by_role("listitem", name="Take 2").get_by_role("button", name="Compare as B").click()
    note.focus()
    note.press("Enter")
    page.keyboard.press("x")
    assert page.locator(".wb-current").get_attribute("data-side") == "b"
    page.get_by_role("button", name="Close the comparison").click()
    assert shown.run(f"return {here}")
    page.get_by_role("button", name="Set all options back to their defaults").click()
    shown.wait("!el.querySelector('.wb-changed')")
    assert shown.run(f"return {here}")
    page.get_by_role("listitem", name="Take 1").get_by_role("button", name="Delete").click()
    shown.wait("el.querySelectorAll('.wb-take').length === 1")
    assert shown.run("return document.activeElement.textContent") == "Undo"
    page.keyboard.press("Enter")
    shown.wait("el.querySelectorAll('.wb-take').length === 2")
    assert shown.run(f"return {here}")
    # What a cell deletes or hides while it has the focus.
    note.focus()
    panel.delete(1)
    shown.wait("el.querySelectorAll('.wb-take').length === 1")
    shown.wait(here)


def test_what_ends_leaves_nothing(mount: Any, page: Page, tone: ToneEngine) -> None:
    panel = tune("One.", voice="tone:high")
    panel.generate()
    shown = mount(panel, talk=True)
    shown.wait("model.listeners() > 0")
    shown.run("view.leave()")
    assert shown.run("return [model.listeners(), el.childElementCount]") == [0, 0]
