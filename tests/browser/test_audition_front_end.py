"""The blind comparison as a person meets it: the front end with the widget itself behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.widgets.audition import Audition, audition

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.speech.compared import Sound

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.bad = 1">\'</td></table><script>window.bad = 2</script>'
PLAYING = (
    "[...el.querySelectorAll('audio')].filter((a) => !a.paused).map((a) => a.dataset.sound).join()"
)


def tone(pitch: float, seconds: float = 3.0) -> Audio:
    wave = 0.3 * np.sin(2 * np.pi * pitch * np.arange(round(8_000 * seconds)) / 8_000)
    return Audio(samples=wave.astype(np.float32), rate=8_000)


TAKES: dict[str, Sound] = {"low": tone(300), HOSTILE: tone(500, 2.5)}


def show(mount: Any, **options: Any) -> tuple[Audition, Any]:
    """Return an audition and its page, its first sounds loaded."""
    panel = audition(TAKES, **{"rounds": 3, "seed": 1, **options})
    shown = mount(panel, talk=True)
    shown.wait("el.dataset.ready")
    return panel, shown


def hear_all(shown: Any, names: str = "AB") -> None:
    """Press the buttons of all sounds, as the page asks for before it takes an answer."""
    shown.wait("el.dataset.ready === model.get('stage').trial")
    for name in names:
        shown.page.locator(f"[data-sound={name}].wb-sound:visible").click()
        shown.wait(f"{PLAYING} === '{name}'")
        shown.wait(f"el.querySelector('.wb-sound[data-sound={name}]').matches('.wb-heard')")


def test_every_sound_is_as_long_and_none_says_more_than_its_letter(mount: Any) -> None:
    panel, shown = show(mount)
    durations = shown.run("return [...el.querySelectorAll('audio')].map((a) => a.duration)")
    assert durations == [3.0, 3.0]  # also the one of 2.5 s
    told = shown.run(
        "return el.outerHTML + JSON.stringify(model.data, (k, v) => k.startsWith('_') ? 0 : v)"
    )
    assert "low" not in told
    assert "onerror" not in told
    assert not [digest for digest in panel.comparison.digests.values() if digest[:8] in told]
    assert shown.run("return el.querySelectorAll('canvas').length") == 0
    assert shown.run("return el.querySelector('.wb-count').textContent") == "Trial 1 of 3"


def test_nothing_is_answered_before_all_was_heard(mount: Any) -> None:
    panel, shown = show(mount)
    disabled = "[...el.querySelectorAll('.wb-answer')].every((b) => b.ariaDisabled === 'true')"
    assert shown.run(f"return {disabled}")
    shown.page.locator("[data-sound=A].wb-sound").click()
    shown.wait("el.querySelector('.wb-hint').textContent === 'Hear B first.'")
    assert shown.run(f"return {disabled}")
    shown.page.keyboard.press("Shift+A")
    hear_all(shown, "B")
    shown.wait(f"!{disabled}")
    assert panel.comparison.answers == ()


def test_switching_keeps_the_position_and_plays_one_sound(mount: Any) -> None:
    _, shown = show(mount)
    shown.page.locator("[data-sound=A].wb-sound").click()
    shown.wait("media.currentTime > 0.5")
    places = shown.run("""
      const [a, b] = el.querySelectorAll("audio");
      el.querySelector(".wb-sound[data-sound=B]").click();
      return [a.currentTime, b.currentTime, a.paused];
    """)
    assert places[1] == pytest.approx(places[0], abs=0.05)
    assert places[2]
    shown.wait(f"{PLAYING} === 'B'")
    shown.page.locator("[data-sound=B].wb-sound").click()  # its own button pauses it
    shown.wait(f"{PLAYING} === ''")
    at = shown.run("return el.querySelectorAll('audio')[1].currentTime")
    shown.page.locator("[data-sound=A].wb-sound").click()
    shown.wait(f"{PLAYING} === 'A'")
    assert shown.run("return media.currentTime") >= at - 0.05


def test_at_the_end_it_begins_again_and_repeats_if_asked(mount: Any) -> None:
    _, shown = show(mount)
    shown.run("media.currentTime = 2.9; el.querySelector('.wb-play').click()")
    shown.wait("media.ended")
    shown.page.locator("[data-sound=B].wb-sound").click()
    shown.wait(f"{PLAYING} === 'B'")
    assert shown.run("return el.querySelectorAll('audio')[1].currentTime") < 2
    shown.page.get_by_label("Repeat").click()
    shown.run("el.querySelectorAll('audio')[1].currentTime = 2.8")
    shown.wait("el.querySelectorAll('audio')[1].currentTime < 2.5")
    assert shown.run(f"return {PLAYING}") == "B"


def test_a_session_by_clicks_ends_with_its_result(mount: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    panel, shown = show(mount, path=path)
    marks = []
    for number in range(3):
        trial = panel.comparison.current
        assert trial is not None
        marks.append(shown.run("return model.get('stage').sounds.map((s) => s.uid).join()"))
        hear_all(shown)
        better = "A" if trial.a == HOSTILE else "B"
        shown.page.locator(f"[data-choice={better}]").click()
        shown.wait(f"model.get('stage').done === {number + 1}")
    shown.wait("!el.querySelector('.wb-outcome').hidden")
    assert panel.tally().best == HOSTILE
    assert [answer.choice in "AB" for answer in panel.comparison.answers] == [True] * 3
    assert all(answer.seconds is not None for answer in panel.comparison.answers)
    assert len(json.loads(path.read_text())["answers"]) == 3
    assert len(set(marks)) == 3
    rows = shown.run(
        "return [...el.querySelectorAll('.wb-outcome table')].map((t) => "
        "[...t.rows].map((r) => [...r.cells].map((c) => c.textContent)))"
    )
    assert rows[0][1][:4] == ["1", HOSTILE, "3", "0"]
    assert rows[1][0][-1] == "p"  # of one pair there is nothing to correct
    assert rows[1][1][-1] == "0.250"
    assert not shown.run("return el.querySelector('.wb-figures').open")
    told = shown.run("return el.querySelector('.wb-verdict').textContent")
    assert told.startswith("No preference shown: 3 to 0 for “<img")
    assert told.endswith("(so few answers can show none, p = 0.25, not below 0.05).")
    # It is blind no more: each take can be heard by its name.
    names = shown.run("return [...el.querySelectorAll('.wb-lane .wb-label')].map((n) => n.title)")
    assert names == ["low", HOSTILE]
    shown.page.get_by_role("group", name="low").get_by_role("button", name="Play").click()
    shown.wait("media.currentTime > 0.05 && !media.paused")
    # Hostile labels are text: no element, no script.
    assert shown.run("return el.querySelectorAll('img, script').length") == 0
    assert shown.page.evaluate("() => window.bad") is None


def test_by_keys_alone(mount: Any) -> None:
    panel, shown = show(mount, kind="abx", rounds=2)
    shown.run("el.focus()")
    keys = shown.page.keyboard
    for key, name in (("1", "A"), ("2", "B"), ("3", "X"), ("a", "A"), ("B", "B"), ("x", "X")):
        keys.press(key.lower())
        shown.wait(f"{PLAYING} === '{name}'")
        shown.wait(f"el.querySelector('.wb-sound[data-sound={name}]').matches('.wb-heard')")
    keys.press("Space")
    shown.wait(f"{PLAYING} === ''")
    keys.press("Home")
    keys.press("ArrowRight")
    shown.wait("el.querySelectorAll('audio')[2].currentTime === 1")
    keys.press("Space")
    shown.wait(f"{PLAYING} === 'X'")
    keys.press("Shift+N")  # not an answer where one of two is right
    keys.press("Shift+B")
    shown.wait("model.get('stage').done === 1")
    assert panel.comparison.answers[0].choice == "B"
    # The focus stays in the widget, so the next trial goes on by keys.
    assert shown.run("return document.activeElement === el")
    shown.wait("el.dataset.ready === model.get('stage').trial")
    keys.press("2")
    shown.wait(f"{PLAYING} === 'B'")


def test_keys_go_on_after_an_answer_by_mouse(mount: Any) -> None:
    """The button that was pressed must not take the focus along when it can be pressed no more."""
    panel, shown = show(mount)
    hear_all(shown)
    at = shown.run("""
      const button = el.querySelector("[data-choice=A]");
      button.focus();
      button.click();
      return document.activeElement === el;
    """)
    assert at
    shown.wait("model.get('stage').done === 1 && el.dataset.ready === model.get('stage').trial")
    for key, name in (("b", "B"), ("a", "A")):
        shown.page.keyboard.press(key)
        shown.wait(f"{PLAYING} === '{name}'")
        shown.wait(f"el.querySelector('.wb-sound[data-sound={name}]').matches('.wb-heard')")
    shown.page.keyboard.press("Shift+B")
    shown.wait("model.get('stage').done === 2")
    assert [answer.choice for answer in panel.comparison.answers] == ["A", "B"]


def test_undo_and_finishing_early(mount: Any) -> None:
    panel, shown = show(mount, ties=True)
    assert shown.run("return el.querySelector('.wb-undo').ariaDisabled === 'true'")
    hear_all(shown)
    shown.page.locator("[data-choice=none]").click()
    shown.wait("model.get('stage').done === 1")
    assert panel.comparison.answers[0].choice == "none"
    shown.page.locator(".wb-undo").click()
    shown.wait("model.get('stage').done === 0")
    hear_all(shown)
    shown.page.locator("[data-choice=A]").click()
    shown.wait("model.get('stage').done === 1")
    shown.page.locator(".wb-finish").click()  # asks first
    assert not panel.finished
    shown.page.get_by_label("Go on listening").click()
    assert shown.run("return !el.querySelector('.wb-finish').hidden")
    shown.page.locator(".wb-finish").click()
    shown.page.get_by_label("End and show the result").click()
    shown.wait("!el.querySelector('.wb-outcome').hidden")
    assert panel.finished
    assert "2 trials have no answer" in shown.run(
        "return el.querySelector('.wb-notes').textContent"
    )


def test_a_second_click_in_a_hurry_is_no_answer_to_the_next_trial(mount: Any) -> None:
    panel, shown = show(mount)
    hear_all(shown)
    shown.run("const b = el.querySelector('[data-choice=A]'); b.click(); b.click(); b.click();")
    shown.wait("model.get('stage').done === 1")
    assert len(panel.comparison.answers) == 1
    assert shown.run("return model.sent.filter((m) => m.kind === 'answer').length") == 1


def test_an_error_is_shown_and_the_trial_can_be_answered_again(mount: Any) -> None:
    calls = []

    def on_answer(_: object) -> None:
        calls.append(1)
        raise RuntimeError("<b>callback</b> failed")

    panel, shown = show(mount, on_answer=on_answer)
    hear_all(shown)
    shown.page.locator("[data-choice=A]").click()
    shown.wait("!el.querySelector('.wb-status').hidden")
    status = shown.run("return el.querySelector('.wb-status').textContent")
    assert status == "RuntimeError: <b>callback</b> failed"
    assert panel.remaining == 2
    hear_all(shown)
    shown.page.locator("[data-choice=B]").click()
    shown.wait("model.get('stage').done === 2")
    assert len(calls) == 2


def test_two_auditions_on_a_page_play_one_sound(mount: Any) -> None:
    _, one = show(mount)
    other = mount(audition(TAKES, rounds=2), "b", talk=True)
    other.wait("el.dataset.ready")
    one.run("el.querySelector('.wb-play').click()")
    one.wait(f"{PLAYING} === 'A'")
    other.run("el.querySelector('.wb-play').click()")
    other.wait(f"{PLAYING} === 'A'")
    one.wait(f"{PLAYING} === ''")


def test_a_view_that_goes_leaves_nothing_behind(mount: Any) -> None:
    _, shown = show(mount)
    shown.run("el.querySelector('.wb-play').click()")
    shown.wait(f"{PLAYING} === 'A'")
    left = shown.run("""
      const audio = media;
      await view.leave();
      return [audio.paused, audio.hasAttribute("src"), el.childElementCount, model.listeners()];
    """)
    assert left == [True, False, 0, 0]


def test_controls_have_names_and_states(mount: Any) -> None:
    _, shown = show(mount, kind="abx", rounds=2)
    page = shown.page
    assert page.get_by_role("group", name="Blind comparison: Which of the two is X?").count() == 1
    for name in ("Play", "Hear A (A or 1)", "Hear X (X or 3)", "X is A (Shift+A)", "Repeat"):
        assert page.get_by_role("button", name=name, exact=True).count() == 1, name
    assert page.get_by_role("slider", name="Position").count() == 1
    assert page.get_by_role("status").inner_text() == "Trial 1 of 2"
    page.get_by_role("button", name="Hear X (X or 3)").click()
    shown.wait(f"{PLAYING} === 'X'")
    assert page.get_by_role("button", name="Hear X (X or 3)", pressed=True).count() == 1
    page.get_by_role("slider", name="Position").fill("1.5")
    shown.wait("el.querySelectorAll('audio')[2].currentTime >= 1.5")


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_how_it_looks(mount: Any, artefacts: Path, request: pytest.FixtureRequest) -> None:
    """Text keeps the contrast that WCAG 2 asks for (4.5) in both themes."""
    _, shown = show(mount, kind="abx", rounds=2)
    done = audition({"narrator": tone(300), "guest": tone(400), "robot": tone(500)}, seed=2)
    while (trial := done.comparison.current) is not None:
        done.answer("A" if trial.a < trial.b else "B", seconds=2)
    over = mount(done, "over", talk=True)
    theme = request.node.callspec.params["page"]
    paper = {"light": "white", "dark": "#0b0e13"}[theme]
    shown.page.evaluate("(colour) => document.body.style.background = colour", paper)
    hear_all(shown, "ABX")
    over.wait("el.querySelectorAll('table').length === 3")
    over.run("el.querySelector('.wb-figures').open = true")
    shown.page.screenshot(path=artefacts / f"audition-{theme}.png", full_page=True)
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
      const back = css(".wb-box", "backgroundColor");
      return [ratio(css(".wb-question", "color"), back), ratio(css(".wb-keys", "color"), back),
              ratio(css(".wb-count", "color"), back),
              ratio(css(".wb-answer", "color"), css(".wb-answer", "backgroundColor"))];
    """
    assert min(shown.run(contrast)) >= 4.5
    cells = (
        contrast.replace(".wb-keys", "td")
        .replace(".wb-answer", "th")
        .replace('css("th", "backgroundColor")', "back")
    )
    assert min(over.run(cells)) >= 4.5
