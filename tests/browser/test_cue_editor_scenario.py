"""Captions are edited in real front ends, as a person does it: hear, type, drag, split, save."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.books import IMPORTS, book
from browser.jupyter import LAB_FIRST

from workbench.captions.cues import Cues

if TYPE_CHECKING:
    from pathlib import Path

    from browser.jupyter import Shown

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

CODE = (
    "said = wb.speak('Welcome back to the chanel. Today we tune a voice.\\nBy ear, by number.')\n"
    "editor = wb.edit_captions(media=said, path={path!r})\n"
    "editor"
)
SOUND = "document.querySelector('.wb-cues audio')"
TEXTS = "[...document.querySelectorAll('.wb-cue-text')].map((n) => n.textContent)"


@pytest.mark.parametrize("front", LAB_FIRST)
def test_captions_are_edited(show: Any, tmp_path: Path, front: str) -> None:
    file = tmp_path / "talk.srt"
    path = book(tmp_path / "captions.ipynb", IMPORTS, CODE.format(path=str(file)))
    shown: Shown = show(path, front)
    page = shown.page
    page.wait_for_selector(".wb-cues[data-ready]")
    page.wait_for_function(f"{SOUND}.duration > 1 && {TEXTS}.length >= 3")
    assert page.evaluate(f"{SOUND}.duration") == pytest.approx(
        shown.kernel("said.duration"), abs=0.06
    )
    page.locator(".wb-cues").scroll_into_view_if_needed()

    hear_one(shown)
    correct_and_split(shown)
    drag_and_undo(shown)

    page.get_by_role("button", name="Show it on the picture").click()
    page.wait_for_function("document.querySelector('.wb-cue-picture').naturalWidth > 300")
    page.get_by_role("button", name="Save the captions").click()
    page.wait_for_function("!document.querySelector('.wb-cues .wb-cue-file .wb-main')")
    assert Cues.read(file).text.startswith("Welcome back\nto the channel.")
    shown.screenshot("cue-editor")
    assert shown.tracebacks() == []
    if front != "voila":
        shown.theme("Dark")
        shown.screenshot("cue-editor-dark")
        shown.theme("Light")  # the server remembers


def hear_one(shown: Shown) -> None:
    """Play the second caption alone."""
    page = shown.page
    page.locator(".wb-cue[aria-posinset='2']").click()
    start, end = shown.kernel("[editor.cues[1].start, editor.cues[1].end]")
    page.get_by_role("button", name="Play this caption").click()
    page.wait_for_function(f"!{SOUND}.paused && {SOUND}.currentTime >= {start}")
    page.wait_for_function(f"{SOUND}.paused")
    assert page.evaluate(f"{SOUND}.currentTime") == pytest.approx(end, abs=0.3)


def correct_and_split(shown: Shown) -> None:
    """Set a word right and cut at the caret; no front end takes the keys that the field needs."""
    page = shown.page
    page.locator(".wb-cue[aria-posinset='1']").click()
    field = page.get_by_role("textbox", name="Text of the caption")
    words = shown.kernel("[w.end for w in editor.cues[0].words]")
    field.fill("Welcome back to the channel.")
    page.keyboard.press("Escape")
    page.wait_for_function(f"{TEXTS}[0] === 'Welcome back to the channel.'")
    assert shown.kernel("editor.cues[0].text") == "Welcome back to the channel."
    assert shown.kernel("[w.end for w in editor.cues[0].words]") == words
    field.click()
    page.keyboard.press("Home")
    for _ in range(13):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    page.wait_for_function(f"{TEXTS}.includes('to the channel.')")
    assert shown.kernel("editor.cues[0].text") == "Welcome back"


def drag_and_undo(shown: Shown) -> None:
    """Drag the edge between the two, then take that back."""
    page = shown.page
    edge = page.locator(".wb-region[data-id='0'] .wb-edge-end")
    box = edge.bounding_box()
    assert box
    before = shown.kernel("editor.cues[0].end")
    page.mouse.move(box["x"] + 4, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 30, box["y"] + 10, steps=4)
    page.mouse.up()
    undone = "document.querySelector('.wb-cues [aria-label^=Undo]').title"
    page.wait_for_function(f"{undone}.startsWith('Undo: move')")
    moved = shown.kernel("[editor.cues[0].end, editor.cues[1].start]")
    assert moved[0] < before - 0.05
    assert moved[0] == moved[1]
    page.locator(".wb-cue-list").focus()
    page.keyboard.press("Control+z")
    page.wait_for_function(f"{undone}.startsWith('Undo: split')")
    assert shown.kernel("editor.cues[0].end") == before
