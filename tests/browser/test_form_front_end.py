"""A notebook's form in a real browser: what is typed, what is wrong, the command, the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_notebook import small_notebook

from workbench.audio import Audio
from workbench.widgets.form import Form, form

pytestmark = pytest.mark.browser

CELL = """\
from pathlib import Path
from typing import Literal
text: str = "Hola."  # what is said
speed: float = 1.0  # 0.5..2 x, how fast
loud: bool = False
fit: Literal["cover", "pad"] = "cover"
pictures: list[Path] = []
bed: Path | None = None
level: float | Literal["none"] = "none"
output: str = "b.wav"
"""
COPY = "import shutil\nshutil.copy('tone.wav', output)"


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Form:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").touch()
    tone = (np.sin(np.arange(16_000) / 9) * 0.4).astype(np.float32)
    Audio(samples=tone, rate=16_000).write(tmp_path / "tone.wav")
    return form(small_notebook(tmp_path, CELL, COPY))


@pytest.fixture
def shown(mount: Any, panel: Form) -> Any:
    return mount(panel, talk=True)


def field(shown: Any, name: str) -> Any:
    return shown.page.get_by_label(name, exact=True)


def test_each_parameter_is_a_control_with_its_help_and_range(shown: Any):
    kinds = shown.run(
        "return [...el.querySelectorAll('.wb-field-row')].map((row) =>"
        "[row.querySelector('label').textContent,"
        " [...row.querySelectorAll('input, select, textarea')].map((e) => e.type).join()])"
    )
    assert dict(kinds) == {
        "text": "text",
        "speed": "text,range",
        "loud": "checkbox",
        "fit": "select-one",
        "pictures": "textarea",
        "bed": "text",
        "level": "text",
        "output": "text",
    }
    row = shown.page.locator(".wb-field-row", has=field(shown, "speed"))
    assert row.locator(".wb-hint").inner_text() == "how fast (0.5 to 2 x)"
    assert row.locator(".wb-unit").inner_text() == "x"
    assert shown.page.locator("datalist option").count() == 1


def test_what_is_wrong_appears_while_one_types_and_goes_when_it_is_right(shown: Any, panel: Form):
    speed = field(shown, "speed")
    speed.fill("3")
    shown.wait("el.querySelector('[aria-invalid]')")
    row = shown.page.locator(".wb-field-row", has=speed)
    wrong = row.locator(".wb-wrong")
    assert wrong.inner_text() == "must be 0.5 to 2 x, not 3.0; choose a number in that range"
    assert speed.get_attribute("aria-describedby").split()[0] == wrong.get_attribute("id")
    assert speed.input_value() == "3"  # what is typed stays
    assert shown.page.get_by_role("button", name="Run (Ctrl+Enter)").is_disabled()
    assert not shown.page.locator(".wb-terminal").is_visible()
    speed.press_sequentially("0")
    speed.fill("1.50")
    shown.wait("!el.querySelector('[aria-invalid]')")
    assert speed.input_value() == "1.50"
    assert panel.values["speed"] == 1.5
    assert float(row.locator("input[type=range]").input_value()) == 1.5
    assert wrong.is_hidden()
    assert shown.page.locator("code").inner_text() == "workbench run a.ipynb -p speed=1.5"


def test_every_control_is_heard(shown: Any, panel: Form):
    field(shown, "loud").check()
    field(shown, "fit").select_option("pad")
    field(shown, "pictures").fill("a.png\ntone.wav")
    field(shown, "level").fill("-14")
    shown.page.get_by_label("speed, slider").fill("0.8")
    shown.page.get_by_label("speed, slider").blur()
    shown.wait("model.get('changed').length === 5")
    assert {name: panel.values[name] for name in panel.changed} == {
        "speed": 0.8,
        "loud": True,
        "fit": "pad",
        "pictures": ["a.png", "tone.wav"],
        "level": -14.0,
    }
    row = shown.page.locator(".wb-field-row", has=field(shown, "pictures"))
    assert row.locator(".wb-note").inner_text() == "all 2 are there"
    shown.page.get_by_role("button", name="Set loud back to its default").click()
    shown.wait("model.get('changed').length === 4")
    assert not field(shown, "loud").is_checked()
    field(shown, "text").fill("half a wo")
    shown.page.get_by_role("button", name="Set all fields back to their defaults").click()
    shown.wait("model.get('changed').length === 0")
    assert field(shown, "text").input_value() == "Hola."
    assert field(shown, "pictures").input_value() == ""
    assert panel.command == "workbench run a.ipynb"


def test_files_are_looked_for(shown: Any, panel: Form):
    bed = field(shown, "bed")
    row = shown.page.locator(".wb-field-row", has=bed)
    bed.fill("tone.wv")
    shown.wait("el.querySelector('[aria-invalid]')")
    wanted = "there is no such file as tone.wv; did you mean 'tone.wav'?"
    assert row.locator(".wb-wrong").inner_text() == wanted
    bed.fill("tone.wav")
    shown.wait("!el.querySelector('[aria-invalid]')")
    assert row.locator(".wb-note").inner_text() == "is there (32 kB)"


def test_python_changes_what_is_shown_but_not_what_is_being_typed(shown: Any, panel: Form):
    panel.fill(speed=2, loud=True, pictures=["a.png"])
    shown.wait("model.get('changed').length === 3")
    assert field(shown, "speed").input_value() == "2.0"
    assert field(shown, "loud").is_checked()
    assert field(shown, "pictures").input_value() == "a.png"
    shown.run(
        "const input = el.querySelector('label').control;"
        "input.value = 'typ'; input.dispatchEvent(new Event('input'));"
        "model.change({entered: {...model.get('entered'), text: 'from Python'}});"
    )
    assert field(shown, "text").input_value() == "typ"
    shown.wait("model.get('entered').text === 'typ'")


def test_hostile_text_is_only_text(mount: Any, panel: Form, page: Any):
    evil = '<img src=x onerror="window.hit=1">\'$(x)'
    shown = mount(panel, talk=True)
    panel.fill(text=evil)
    shown.wait("model.get('changed').length === 1")
    assert field(shown, "text").input_value() == evil
    assert shown.page.locator("img").count() == 0
    assert page.evaluate("window.hit") is None
    assert "window.hit" in shown.page.locator("code").inner_text()


def test_the_command_is_copied(shown: Any, panel: Form):
    shown.run(
        "Object.defineProperty(navigator, 'clipboard', {configurable: true, value:"
        "{writeText: async (text) => { window.copied = text; }}})"
    )
    copy = shown.page.get_by_role("button", name="Copy the command")
    copy.click()
    shown.wait("window.copied")
    assert shown.page.evaluate("window.copied") == panel.command
    assert copy.inner_text() == "Copied"
    shown.run(
        "Object.defineProperty(navigator, 'clipboard', {configurable: true, value: undefined})"
    )
    copy.click()
    shown.wait("String(getSelection()).includes('workbench run')")


def test_a_run_shows_its_progress_and_what_it_made(shown: Any, panel: Form):
    field(shown, "text").fill("Adiós.")
    shown.page.keyboard.press("Control+Enter")  # before Python has heard of the last key
    shown.wait("el.querySelector('progress') && !el.querySelector('progress').hidden")
    assert shown.page.get_by_role("button", name="Stop").is_visible()
    assert shown.page.get_by_role("button", name="Run (Ctrl+Enter)").is_hidden()
    shown.wait("el.querySelector('.wb-player[data-ready]')")
    assert panel.result is not None
    assert panel.result.parameters["text"] == "Adiós."
    assert round(shown.run("return media.duration"), 1) == 1.0
    made = shown.page.locator(".wb-made li span:first-child").all_inner_texts()
    assert made[:2] == ["b.wav", "b.ipynb"]
    assert shown.page.locator("progress").is_hidden()
    shown.wait("!model.get('busy')")
    assert shown.page.get_by_role("button", name="Run (Ctrl+Enter)").is_visible()
    assert "data:audio" in panel.twin()


def test_a_run_that_fails_says_so(mount: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    panel = form(small_notebook(tmp_path, "x: int = 1", "raise ValueError('<b>no</b>')"))
    shown = mount(panel, talk=True)
    shown.page.get_by_role("button", name="Run (Ctrl+Enter)").click()
    shown.wait("model.get('error')")
    status = shown.page.locator(".wb-status")
    assert "ValueError: <b>no</b>" in status.inner_text()
    assert Path("out/a.failed.ipynb").exists()


def test_a_narrow_page_has_room_for_it(mount: Any, page: Any, artefacts: Path, panel: Form):
    page.set_viewport_size({"width": 360, "height": 800})
    mount(panel, talk=True)
    page.screenshot(path=artefacts / "form-narrow.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_lines_that_a_program_fills_in_are_lines_on_the_page(shown: Any, panel: Form):
    """They were glued together, and spoken so, as soon as a person typed a letter."""
    panel.fill(text="uno\ndos")
    shown.wait("el.querySelector('textarea')?.value === 'uno\\ndos'")
    field(shown, "text").press("End")
    field(shown, "text").press_sequentially("!")
    shown.wait("el.querySelector('textarea').value.endsWith('!')")
    until = "model.get('entered').text.includes('!')"
    shown.wait(until)
    assert panel.values["text"].splitlines()[0] in {"uno", "uno!"}
    assert panel.values["text"].count("\n") == 1
