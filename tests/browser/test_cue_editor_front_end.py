"""The cue editor's front end in a blank page, with the Python widget behind it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg
import numpy as np
import pytest

from workbench.audio import Audio
from workbench.captions.cues import Cue, Cues
from workbench.storage.receipt import write_receipt
from workbench.timing import Word
from workbench.widgets.cue_editor import CueEditor

if TYPE_CHECKING:
    from pathlib import Path

    import workbench as wb

pytestmark = pytest.mark.browser


def captions(count: int = 12, text: str = "Caption number {} says this.") -> Cues:
    """Captions of two seconds, touching in pairs: 0-2, 2-4, a pause, 5-7, 7-9, …"""
    cues = []
    for i in range(count):
        start = (i // 2) * 5 + (i % 2) * 2
        told = text.format(i + 1).split()
        step = 2 / len(told)
        words = tuple(
            Word(text=w, start=start + j * step, end=start + (j + 0.8) * step)
            for j, w in enumerate(told)
        )
        cues.append(Cue(start=start, end=start + 2, lines=(words,)))
    return Cues(cues=tuple(cues), language="en")


def tone(seconds: float = 30.0) -> Audio:
    time = np.arange(int(seconds * 8000)) / 8000
    return Audio(samples=(np.sin(time * 900) * 0.5).astype(np.float32), rate=8000)


def times(editor: CueEditor) -> list[Any]:
    return [(round(cue.start, 3), round(cue.end, 3)) for cue in editor.cues]


@pytest.fixture
def editor() -> CueEditor:
    return CueEditor(captions(), tone())


@pytest.fixture
def shown(mount: Any, editor: CueEditor) -> Any:
    view = mount(editor, talk=True)
    view.wait("el.dataset.ready")
    view.wait("el.querySelectorAll('.wb-region').length > 3")
    return view


TEXT = ".wb-cue-field"


def row(view: Any, place: int) -> Any:
    return view.page.locator(f".wb-cue[aria-posinset='{place + 1}']")


def region(view: Any, number: int) -> Any:
    return view.page.locator(f".wb-region[data-id='{number}']")


def drag(view: Any, part: Any, by: float, *, key: str | None = None) -> None:
    """Drag a part of a region by so many seconds, as a hand does."""
    box = part.bounding_box()
    width = view.run("return el.querySelector('canvas').clientWidth")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if key:
        view.page.keyboard.down(key)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + by * width / 60, y, steps=3)
    view.page.mouse.move(x + by * width / 30, y)
    view.page.mouse.up()
    if key:
        view.page.keyboard.up(key)


# What the page says to Python goes through another function first.
HOOK = "window.kept ||= window.talk; window.talk = eval(`(${argument})`)"


def settled(view: Any, editor: CueEditor, revision: int) -> None:
    """Wait until Python has done so many edits and the page has its answer."""
    while editor.revision < revision:
        assert editor.error == ""
        view.wire.pump()
        view.page.wait_for_timeout(5)
    view.wait(f"model.data.revision === {editor.revision}")
    assert editor.error == ""
    assert page_rows(view) == python_rows(editor)


def python_rows(editor: CueEditor) -> list[list[Any]]:
    return [[exact(cue.start), exact(cue.end), in_line(cue.text)] for cue in editor.cues]


def page_rows(view: Any) -> list[list[Any]]:
    """The rows in sight, which must be the first ones."""
    rows: list[list[Any]] = view.run(
        """return [...el.querySelectorAll('.wb-cue')]
        .sort((a, b) => a.getAttribute('aria-posinset') - b.getAttribute('aria-posinset'))
        .map((row) => ['start', 'end', 'text'].map(
          (name) => row.querySelector(`.wb-cue-${name}`).textContent))"""
    )
    return rows


def exact(seconds: float) -> str:
    whole = int(seconds * 1000 + 0.5)
    return f"{whole // 60000}:{whole % 60000 // 1000:02d}.{whole % 1000:03d}"


def in_line(text: str) -> str:
    return " ⏎ ".join(part.strip() for part in text.split("\n"))


# -- regions ------------------------------------------------------------------------------------


def test_an_edge_is_dragged_and_its_neighbour_is_not_run_over(
    shown: Any, editor: CueEditor
) -> None:
    drag(shown, region(shown, 1).locator(".wb-edge-end"), 0.5)
    settled(shown, editor, 1)
    assert times(editor)[1] == (2, pytest.approx(4.5, abs=0.03))
    # The next one begins at 5: no further.
    drag(shown, region(shown, 1).locator(".wb-edge-end"), 2.5)
    settled(shown, editor, 2)
    assert times(editor)[1:3] == [(2, 5), (5, 7)]
    # Edges that touch go together.
    drag(shown, region(shown, 1).locator(".wb-edge-start"), -0.7)
    settled(shown, editor, 3)
    start = times(editor)[1][0]
    assert start == pytest.approx(1.3, abs=0.03)
    assert times(editor)[0] == (0, start)
    assert [step.label for step in editor.history.past] == ["move"] * 3


def test_with_shift_a_neighbour_is_pushed_and_with_alt_run_over(
    shown: Any, editor: CueEditor
) -> None:
    drag(shown, region(shown, 1).locator(".wb-edge-end"), 2, key="Shift")
    settled(shown, editor, 1)
    end = times(editor)[1][1]
    assert end == pytest.approx(6, abs=0.03)
    assert times(editor)[2] == (end, pytest.approx(end + 2))
    editor.undo()
    settled(shown, editor, 2)
    drag(shown, region(shown, 1).locator(".wb-edge-end"), 2, key="Alt")
    settled(shown, editor, 3)
    assert times(editor)[1:3] == [(2, pytest.approx(6, abs=0.03)), (5, 7)]
    assert [p.kind for p in editor.problems] == ["overlap"]


def test_a_caption_is_dragged_whole(shown: Any, editor: CueEditor) -> None:
    drag(shown, region(shown, 1).locator(".wb-region-text"), 0.6)
    settled(shown, editor, 1)
    start, end = times(editor)[1]
    assert start == pytest.approx(2.6, abs=0.03)
    assert end - start == pytest.approx(2)
    assert editor.cues[1].words[0].start == pytest.approx(start)
    drag(shown, region(shown, 1).locator(".wb-region-text"), 9)
    settled(shown, editor, 2)
    assert times(editor)[1] == (3, 5)


def test_an_edge_is_drawn_to_a_word_that_is_heard(mount: Any, narration: wb.Narration) -> None:
    editor = CueEditor(media=narration)
    view = mount(editor, talk=True)
    view.wait("el.dataset.ready && el.querySelector('.wb-region')")
    word = narration.words[3]
    span = view.run("return el.querySelector('canvas').clientWidth")
    second = span / narration.duration
    edge = region(view, 0).locator(".wb-edge-end")
    box = edge.bounding_box()
    x, y = box["x"] + box["width"] - 1, box["y"] + 10
    by = (word.end - editor.cues[0].end) * second + 3  # three pixels beside it
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + by / 2, y)
    view.page.mouse.move(x + by, y)
    view.page.mouse.up()
    settled(view, editor, 1)
    assert editor.cues[0].end == pytest.approx(word.end, abs=1e-4)


def test_edges_move_by_keys_as_one_step(shown: Any, editor: CueEditor) -> None:
    region(shown, 2).locator(".wb-region-text").click()
    region(shown, 2).locator(".wb-edge-end").focus()
    sent = "model.sent.filter((m) => m.kind === 'edit').length"
    for _ in range(5):
        shown.page.keyboard.press("ArrowLeft")
    shown.page.keyboard.press("Shift+ArrowLeft")
    assert shown.run(f"return {sent}") == 0
    settled(shown, editor, 1)
    assert times(editor)[2] == (5, 6.85)
    assert shown.run(f"return {sent}") == 1
    edge = region(shown, 2).locator(".wb-edge-end")
    assert edge.get_attribute("role") == "slider"
    assert edge.get_attribute("aria-label") == "End of caption 3"
    assert edge.get_attribute("aria-valuetext") == "0:06.850"
    # The neighbour's edge, which touched, went along.
    assert times(editor)[3] == (6.85, 9)
    assert len(editor.history.past) == 1


def test_a_drag_that_is_broken_off_changes_nothing(shown: Any, editor: CueEditor) -> None:
    box = region(shown, 1).locator(".wb-edge-end").bounding_box()
    shown.page.mouse.move(box["x"] + 3, box["y"] + 5)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + 60, box["y"] + 5)
    assert page_rows(shown)[1][1] != "0:04.000"
    shown.run("document.dispatchEvent(new PointerEvent('pointercancel'))")
    shown.page.mouse.up()
    assert page_rows(shown)[1][1] == "0:04.000"
    shown.wire.pump()
    assert editor.revision == 0


# -- text ---------------------------------------------------------------------------------------


def test_a_text_is_retyped_in_one_step_and_words_keep_their_times(
    shown: Any, editor: CueEditor
) -> None:
    before = editor.cues[0].words
    shown.page.locator(TEXT).click()
    shown.page.keyboard.press("End")
    shown.page.keyboard.press("Backspace")
    shown.page.keyboard.type("! Now ", delay=5)
    assert shown.run("return model.sent.filter((m) => m.kind === 'edit').length") == 0
    assert page_rows(shown)[0][2] == "Caption number 1 says this! Now "
    settled_text(shown, editor, "Caption number 1 says this! Now")
    # Python keeps no space at the end, and does not take it away while somebody types.
    assert shown.page.locator(TEXT).input_value() == "Caption number 1 says this! Now "
    shown.page.keyboard.type("and here.")
    shown.page.keyboard.press("Escape")
    settled_text(shown, editor, "Caption number 1 says this! Now and here.")
    assert editor.cues[0].words[:4] == before[:4]
    assert len(editor.history.past) == 1
    assert shown.run("return document.activeElement.className") == "wb-cue-list"


def settled_text(view: Any, editor: CueEditor, text: str) -> None:
    view.page.evaluate("() => 0")
    while editor.cues[0].text != text:
        view.wire.pump()
        view.page.wait_for_timeout(10)
    view.wait(f"model.data.revision === {editor.revision}")


def test_undo_belongs_to_the_widget_and_begins_with_what_is_typed(
    shown: Any, editor: CueEditor
) -> None:
    shown.page.locator(TEXT).click()
    shown.page.keyboard.press("Control+a")
    shown.page.keyboard.type("Other words")
    shown.page.keyboard.press("Control+z")
    settled(shown, editor, 2)
    assert editor.cues == captions()
    assert shown.page.locator(TEXT).input_value() == "Caption number 1 says this."
    shown.page.keyboard.press("Control+Shift+z")
    settled(shown, editor, 3)
    assert editor.cues[0].text == "Other words"
    assert shown.page.locator(TEXT).input_value() == "Other words"
    # Outside, the keys are the page's.
    shown.run("document.body.append(Object.assign(document.createElement('input'), {id: 'out'}))")
    shown.page.locator("#out").focus()
    shown.page.keyboard.press("Control+z")
    shown.wire.pump()
    assert editor.revision == 3


def test_times_can_be_written(shown: Any, editor: CueEditor) -> None:
    shown.page.get_by_label("End", exact=True).fill("3,5")
    shown.page.keyboard.press("Enter")
    settled(shown, editor, 1)
    # The next one touches: its start goes along.
    assert times(editor)[:2] == [(0, 3.5), (3.5, 4)]
    field = shown.page.get_by_label("Start", exact=True)
    field.fill("soon")
    shown.page.keyboard.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("0:00.500")
    shown.page.keyboard.press("Tab")
    settled(shown, editor, 2)
    assert times(editor)[0] == (0.5, 3.5)
    field.focus()
    shown.page.keyboard.press("ArrowUp")
    settled(shown, editor, 3)
    assert times(editor)[0] == (0.51, 3.5)


HINT = ".wb-cue-hint"


@pytest.mark.parametrize("written", ["abc", "-1", "1:2:3:4"])
def test_what_is_no_time_is_said_beside_its_field(
    shown: Any, editor: CueEditor, written: str
) -> None:
    field = shown.page.get_by_label("Start", exact=True)
    field.fill(written)
    shown.page.keyboard.press("Enter")
    assert shown.page.locator(HINT).inner_text() == "not a time: write 0:01.500"
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("0:00.000")
    shown.page.keyboard.press("Enter")
    assert not shown.page.locator(HINT).is_visible()
    assert field.get_attribute("aria-invalid") is None
    shown.wire.pump()
    assert editor.revision == 0


@pytest.mark.parametrize(
    "case",
    [
        (0, "Start", "99", "at most 0:01.980, just before it ends"),
        (1, "End", "99", "at most 0:05.000, where the next begins"),
        (0, "End", "3.999", "at most 0:03.980, just before the next ends"),
        (2, "Start", "1", "at least 0:04.000, where the one before ends"),
        (2, "End", "1", "at least 0:05.020, just after it begins"),
        (1, "Start", "0", "at least 0:00.020, just after the one before begins"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_the_nearest_that_can(
    shown: Any, editor: CueEditor, case: tuple[int, str, str, str]
) -> None:
    place, edge, written, told = case
    row(shown, place).click()
    field = shown.page.get_by_label(edge, exact=True)
    before = field.input_value()
    field.fill(written)
    shown.page.keyboard.press("Enter")
    assert shown.page.locator(HINT).inner_text() == told
    assert field.input_value() == before
    shown.wire.pump()
    assert editor.revision == 0
    # What it offers is taken.
    field.fill(told.split()[2].rstrip(","))
    shown.page.keyboard.press("Enter")
    settled(shown, editor, 1)
    assert not shown.page.locator(HINT).is_visible()


def test_what_is_said_stands_with_what_caused_it(
    shown: Any, editor: CueEditor, tmp_path: Path
) -> None:
    place = "el.querySelector('.wb-status').getBoundingClientRect()"
    shown.page.get_by_role("button", name="Move many at once").click()
    shown.page.get_by_label("Shift by seconds").fill("-3")
    shown.page.get_by_role("button", name="Shift captions").click()
    shown.wait("el.querySelector('.wb-status').textContent.includes('would begin before 0')")
    list_top = "el.querySelector('.wb-cue-list').getBoundingClientRect().top"
    assert shown.run(f"return {place}.bottom <= {list_top}")
    shown.page.get_by_label("File:").fill(str(tmp_path / "talk.doc"))
    shown.page.keyboard.press("Enter")
    shown.wait(
        "el.querySelector('.wb-cue-file .wb-status')?.textContent.includes('caption format')"
    )
    assert editor.revision == 0


# -- cuts ---------------------------------------------------------------------------------------


def test_a_caption_is_split_at_the_caret(shown: Any, editor: CueEditor) -> None:
    shown.page.locator(TEXT).click()
    shown.page.keyboard.press("Home")
    for _ in range(8):
        shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("Control+Enter")
    settled(shown, editor, 1)
    assert [cue.text for cue in editor.cues[:2]] == ["Caption", "number 1 says this."]
    assert shown.page.locator(TEXT).input_value() == "number 1 says this."


def test_a_caption_is_split_at_the_playhead(shown: Any, editor: CueEditor) -> None:
    box = shown.page.locator("canvas").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] * 1.2 / 30, box["y"] + 20)
    shown.page.get_by_role("button", name="Split at").click()
    settled(shown, editor, 1)
    assert times(editor)[0][1] == pytest.approx(1.2, abs=0.03)
    assert [cue.text for cue in editor.cues[:2]] == ["Caption number 1", "says this."]


def test_a_letter_beyond_the_first_plane_is_counted_as_one(mount: Any) -> None:
    editor = CueEditor(captions(1, "😀😀 {} 😀 end"))
    view = mount(editor, talk=True, answer=False)
    view.wait("el.dataset.ready")
    view.page.locator(TEXT).click()
    view.run("el.querySelector('textarea').setSelectionRange(7, 7)")
    view.page.keyboard.press("Control+Enter")
    settled(view, editor, 1)
    assert [cue.text for cue in editor.cues] == ["😀😀 1", "😀 end"]


def test_captions_are_merged_inserted_and_deleted(shown: Any, editor: CueEditor) -> None:
    shown.page.locator(".wb-cue-list").focus()
    shown.page.keyboard.press("Shift+ArrowDown")
    shown.page.keyboard.press("Shift+ArrowDown")
    assert shown.run("return el.querySelectorAll('[aria-selected=true]').length") == 3
    shown.page.get_by_role("button", name="Merge").click()
    settled(shown, editor, 1)
    assert times(editor)[:2] == [(0, 7), (7, 9)]
    assert shown.run("return el.querySelectorAll('[aria-selected=true]').length") == 1
    shown.page.get_by_role("button", name="Undo").click()
    settled(shown, editor, 2)
    row(shown, 1).click()
    shown.page.get_by_role("button", name="Insert").click()
    settled(shown, editor, 3)
    assert times(editor)[2] == (4, 5)
    assert shown.page.locator(TEXT).evaluate("e => e === document.activeElement")
    shown.page.keyboard.type("New")
    shown.page.keyboard.press("Escape")
    shown.page.keyboard.press("Delete")
    settled(shown, editor, 5)
    assert times(editor) == times(CueEditor(captions()))
    assert [step.label for step in editor.history.past] == ["insert", "retype", "delete"]


def test_captions_are_shifted_from_here_on(shown: Any, editor: CueEditor) -> None:
    row(shown, 2).click()
    shown.page.get_by_role("button", name="Move many at once").click()
    shown.page.get_by_label("Shift by seconds").fill("1.5")
    shown.page.get_by_label("Which captions to shift").select_option("from")
    shown.page.get_by_role("button", name="Shift captions").click()
    settled(shown, editor, 1)
    assert times(editor)[1:4] == [(2, 4), (6.5, 8.5), (8.5, 10.5)]


# -- problems, finding ----------------------------------------------------------------------------


def test_problems_are_marked_filtered_and_fixed(mount: Any) -> None:
    cues = captions()
    editor = CueEditor(cues, tone())
    editor.retype(5, "Incomprehensibilities, incomprehensibilities, incomprehensibilities.")
    editor.retype(8, "")
    view = mount(editor, talk=True)
    view.wait("el.dataset.ready")
    wrong = "el.querySelectorAll('.wb-cue.wb-wrong').length"
    assert view.run(f"return {wrong}") == 2
    assert view.run("return el.querySelectorAll('.wb-region.wb-wrong').length") == 2
    tags = view.page.locator(".wb-cue-tag").all_inner_texts()
    assert tags == ["too fast", "line too long", "no text"]
    view.page.keyboard.press("Tab")
    view.page.locator(".wb-cue-list").focus()
    view.page.keyboard.press("F8")
    view.wait("el.querySelector('.wb-cue-problems').textContent.includes('letters/s, limit')")
    told = [p.text for p in editor.problems if p.cue == 5]
    shown_ = view.run(
        "return [...el.querySelectorAll('.wb-cue-problems span')].map((n) => n.textContent)"
    )
    assert shown_ == told
    view.page.get_by_label("Which captions are listed").select_option("wrong")
    assert view.run("return el.querySelectorAll('.wb-cue').length") == 2
    row(view, 1).click()
    view.page.get_by_role("button", name="Fix: has no text").click()
    view.wait(f"{wrong} === 1")
    assert len(editor.cues) == 11
    view.page.get_by_role("button", name="Fix all").click()
    view.wait("model.data.revision === 4 && model.data.undoable === 'fix all'")
    assert [p for p in editor.problems if p.fix] == []
    left = len(editor.problems)
    assert left == 1
    view.wait("el.querySelector('.wb-cue-waiting').textContent.startsWith('1 problem left')")
    button = view.page.get_by_role("button", name="Fix all")
    assert button.is_disabled()
    assert button.get_attribute("title") == "no problem here has an obvious cure"
    assert not view.page.get_by_role("button", name="Go to the next problem").is_disabled()


def test_what_python_finds_is_shown_and_replaced(shown: Any, editor: CueEditor) -> None:
    assert not shown.page.get_by_label("Find", exact=True).is_visible()
    shown.page.locator(".wb-cue-list").focus()
    shown.page.keyboard.press("Control+f")
    shown.page.keyboard.type("NUMBER 1")
    shown.wait("el.querySelector('.wb-cue-found').textContent === '4 found'")
    shown.page.keyboard.press("Enter")
    shown.wait("el.querySelector('.wb-cue-found').textContent === '1 of 4'")
    shown.page.get_by_label("Find", exact=True).focus()
    shown.page.keyboard.press("Enter")
    shown.wait("el.querySelector('.wb-cue-found').textContent === '2 of 4'")
    chosen = "t.value.slice(t.selectionStart, t.selectionEnd)"
    assert shown.run(f"const t = el.querySelector('textarea'); return {chosen}") == "number 1"
    assert shown.page.locator(TEXT).input_value() == "Caption number 10 says this."
    shown.page.get_by_role("button", name="Whole words only").click()
    shown.wait("el.querySelector('.wb-cue-found').textContent === '1 found'")
    shown.page.get_by_label("Replace by").fill("<b>\\1 no")
    shown.page.get_by_role("button", name="Replace in all").click()
    settled(shown, editor, 1)
    assert editor.cues[0].text == "Caption <b>\\1 no says this."
    assert shown.run("return el.querySelectorAll('b').length") == 0


def test_the_search_comes_and_goes_by_key_and_by_button(shown: Any) -> None:
    row_ = shown.page.get_by_role("search", name="Find and replace")
    button = shown.page.get_by_role("button", name="Find and replace (Ctrl+F)")
    assert (row_.is_visible(), button.get_attribute("aria-expanded")) == (False, "false")
    shown.page.locator(TEXT).click()
    shown.page.keyboard.press("Control+f")
    focus = "return document.activeElement.ariaLabel"
    assert (row_.is_visible(), button.get_attribute("aria-expanded")) == (True, "true")
    assert shown.run(focus) == "Find"
    shown.page.keyboard.press("Escape")
    assert (row_.is_visible(), shown.run(focus)) == (False, "Captions")
    button.click()
    assert (row_.is_visible(), shown.run(focus)) == (True, "Find")
    button.click()
    assert not row_.is_visible()


def test_what_can_be_done_no_more_hands_the_focus_to_the_list(
    shown: Any, editor: CueEditor
) -> None:
    editor.retype(0, "Other")
    settled(shown, editor, 1)
    undo = shown.page.get_by_role("button", name="Undo")
    undo.focus()
    shown.page.keyboard.press("Enter")
    settled(shown, editor, 2)
    assert undo.is_disabled()
    assert shown.run("return document.activeElement.className") == "wb-cue-list"


# -- sound, picture, file -----------------------------------------------------------------------


def test_a_caption_is_played_alone_and_over_and_over(shown: Any) -> None:
    region(shown, 3).locator(".wb-region-text").click()
    shown.page.get_by_role("button", name="Play this caption").click()
    shown.wait("!media.paused && media.currentTime >= 7")
    shown.wait("media.paused")
    assert shown.run("return media.currentTime") == pytest.approx(9, abs=0.3)
    shown.run("media.playbackRate = 4")
    shown.page.get_by_role("button", name="Repeat this caption").click()
    shown.run("el.seeks = 0; media.addEventListener('seeking', () => el.seeks++)")
    shown.wait("el.seeks >= 2")
    assert shown.run("return media.currentTime") < 9.3
    shown.run("media.pause()")


def test_the_preview_is_what_a_render_draws(mount: Any, clip_mp4: Path) -> None:
    editor = CueEditor(captions(1), str(clip_mp4))
    view = mount(editor, talk=True)
    view.wait("el.dataset.ready")
    view.page.get_by_role("button", name="Show it on the picture").click()
    view.wait("el.querySelector('.wb-cue-picture').naturalWidth === 320")
    first = view.run("return el.querySelector('.wb-cue-picture').src")
    view.page.get_by_label("Style", exact=True).select_option("karaoke-bold")
    view.wait(f"el.querySelector('.wb-cue-picture').src !== '{first}'")
    assert editor.caption_style == "karaoke-bold"
    # The browser shows what is edited on the video, too.
    view.page.locator(TEXT).fill("<i>Other</i> & more")
    view.page.locator(TEXT).blur()
    view.wait("media.textTracks[0].cues[0].text.includes('Other')")
    assert view.run("return media.textTracks[0].cues[0].getCueAsHTML().textContent") == (
        "<i>Other</i> & more"
    )


def test_a_silent_video_with_captions_of_its_own_says_so(
    mount: Any, clip_mp4: Path, tmp_path: Path
) -> None:
    video = tmp_path / "night.mp4"
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error"]
    subprocess.run([*ffmpeg, "-i", clip_mp4, "-an", "-c", "copy", video], check=True)
    write_receipt(video, {"burned": True, "captions": captions(1).to_dict()})
    view = mount(CueEditor(captions(1), str(video)), talk=True)
    view.wait("el.dataset.ready")
    assert view.page.locator(".wb-cue-silent").inner_text() == "no sound"
    assert view.page.locator(".wb-cue-notes").inner_text().startswith("captions are in the pict")
    assert view.run("return media.textTracks[0].mode") == "disabled"


def test_the_help_has_the_keys_of_the_editor(shown: Any) -> None:
    assert shown.page.locator(".wb-cue-notes").is_visible() is False
    assert shown.page.locator(".wb-cue-silent").count() == 0
    shown.page.get_by_role("button", name="Keys (?)").click()
    keys = shown.page.locator(".wb-help kbd").all_inner_texts()
    assert {"Ctrl+Enter", "F8", "Ctrl+Z", "Ctrl+F", "Space"} <= set(keys)


def test_captions_are_saved_and_the_file_of_another_is_not_lost(
    shown: Any, editor: CueEditor, tmp_path: Path
) -> None:
    path = tmp_path / "talk.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nMine\n\n")
    shown.page.get_by_label("File:").fill(str(path))
    shown.page.get_by_role("button", name="Save the captions").click()
    shown.wait("!el.querySelector('.wb-cue-conflict').hidden")
    assert "Mine" in path.read_text()
    shown.page.get_by_role("button", name="Replace the file").click()
    shown.wait("el.querySelector('.wb-cue-conflict').hidden && model.data.path")
    assert Cues.read(path).text == editor.cues.text
    said = shown.page.locator(".wb-cue-saved").inner_text()
    assert said == f"Saved 12 captions in {path}"
    shown.page.get_by_label("File:").fill(str(tmp_path / "none" / "talk.srt"))
    shown.page.keyboard.press("Enter")
    shown.wait("el.querySelector('.wb-cue-file .wb-status').textContent.includes('no such folder')")
    assert not shown.page.locator(".wb-cue-saved").is_visible()
    assert not (tmp_path / "none").exists()
    shown.page.get_by_label("File:").fill(str(tmp_path / "talk.doc"))
    shown.page.keyboard.press("Enter")
    shown.wait("el.querySelector('.wb-status').textContent.includes('names no caption format')")


def test_captions_are_named_once_and_a_click_on_the_wave_is_where_it_is(shown: Any) -> None:
    box = shown.page.locator("canvas").first.bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] * 1.2 / 30, box["y"] + 5)
    # With a lane of their own there the captions would have taken it to a start.
    shown.wait("Math.abs(media.currentTime - 1.2) < 0.1")


BOXES = """
const box = (name) => el.querySelector(name).getBoundingClientRect();
const right = (n) => n.getBoundingClientRect().right;
const far = [...el.querySelectorAll('*')].filter((n) => right(n) > innerWidth);
return {
  tools: new Set([...el.querySelectorAll('.wb-cue-tools button')].map((n) => n.offsetTop)).size,
  beside: box('.wb-cue-picture').left >= box('textarea').right,
  under: box('.wb-cue-picture').top >= box('.wb-cue-figures').bottom,
  facts: box('.wb-cue-figures').top < box('.wb-cue-time').bottom,
  far: far.map((n) => n.className),
  save: box('.wb-cue-file').top >= box('.wb-cue-pane').bottom,
};
"""


@pytest.mark.parametrize("wide", [600, 960])
def test_the_picture_is_beside_the_text_where_there_is_room(
    mount: Any, narration: wb.Narration, artefacts: Path, wide: int
) -> None:
    editor = CueEditor(media=narration)
    editor.split(0).retype(1, "Too many words for so short a time, " * 3)
    view = mount(editor, talk=True)
    view.page.set_viewport_size({"width": wide, "height": 900})
    view.wait("el.dataset.ready")
    row(view, 1).click()
    view.page.get_by_role("button", name="Show it on the picture").click()
    view.wait("el.querySelector('.wb-cue-picture').naturalWidth > 100")
    view.page.screenshot(path=artefacts / f"cue_editor_{wide}.png", full_page=True)
    boxes = view.run(BOXES)
    assert boxes == {
        "tools": 1, "beside": wide == 960, "under": wide == 600, "facts": True, "far": [],
        "save": True,
    }  # fmt: skip


# -- Python and the page ------------------------------------------------------------------------


def test_what_a_script_does_is_seen_at_once(shown: Any, editor: CueEditor) -> None:
    editor.split(1, at=3.0).delete(0).retype(0, "From Python")
    settled(shown, editor, 3)
    editor.selected = 5
    shown.wait("el.querySelector('.wb-cue.wb-on .wb-cue-number').textContent === '6'")
    editor.undo().undo().undo()
    settled(shown, editor, 6)


def test_two_views_show_the_same_and_hear_of_each_other(mount: Any, editor: CueEditor) -> None:
    one = mount(editor, "a", talk=True)
    two = mount(editor, "b", talk=True)
    for view in (one, two):
        view.wait("el.dataset.ready")
    # Both are the same widget: what Python says reaches both.
    wire = one.wire

    def both(content: Any, buffers: Any = None) -> None:
        wire._to_page.put(("a", "tell", [content, []]))
        wire._to_page.put(("b", "tell", [content, []]))

    editor.send = both
    two.run("el.querySelector('textarea').value = 'Typed in two'")
    two.run("el.querySelector('textarea').dispatchEvent(new Event('input'))")
    two.run("el.querySelector('textarea').dispatchEvent(new Event('blur'))")
    one.wait("el.querySelector('.wb-cue-text').textContent === 'Typed in two'")
    two.wait("el.querySelector('.wb-cue-text').textContent === 'Typed in two'")


def test_an_edit_that_is_refused_is_taken_back(shown: Any, editor: CueEditor) -> None:
    editor.history = editor.history.after(editor.cues[:2], "behind its back")
    editor._numbered, _ = editor._numbered.after(editor.cues)
    row(shown, 4).click()
    shown.page.locator(TEXT).fill("To one that is gone")
    shown.page.locator(TEXT).blur()
    shown.wait("el.querySelector('.wb-status').textContent.includes('is there no more')")
    shown.wait("el.querySelectorAll('.wb-cue').length === 2")
    assert page_rows(shown) == python_rows(editor)


def test_lost_and_doubled_messages_are_noticed(shown: Any, editor: CueEditor) -> None:
    shown.run(HOOK, "name, kind, m) => m.kind === 'edit' || kept(name, kind, m")  # lost
    shown.page.get_by_role("button", name="Merge").click()
    shown.run(HOOK, "...m) => (kept(...m), m[2].kind === 'edit' && kept(...m)")  # comes twice
    shown.page.locator(TEXT).fill("Twice")
    shown.page.locator(TEXT).blur()
    told = "el.querySelector('.wb-cue-waiting').textContent"
    shown.wait(f"{told}.includes('1 of your edits did not arrive')")
    assert editor.revision == 1
    assert editor.cues[0].text == "Twice"
    assert page_rows(shown) == python_rows(editor)
    # An answer that is lost: the next one does not fit, and the page asks for all.
    shown.run(HOOK, "...m) => kept(...m")
    shown.run("el.tell = model.tell; model.tell = () => 0")
    editor.retype(2, "Lost")
    shown.wire.pump()
    shown.run("model.tell = el.tell")
    editor.retype(3, "Seen")
    seen = "[...el.querySelectorAll('.wb-cue-text')].map((n) => n.textContent)"
    shown.wait(f"{seen}.includes('Lost')")
    assert page_rows(shown) == python_rows(editor)


def test_a_change_whose_message_is_lost_for_good_is_asked_for(
    shown: Any, editor: CueEditor
) -> None:
    shown.run("el.tell = model.tell; model.tell = () => 0")
    editor.retype(2, "Lost")
    shown.wire.pump()
    shown.run("model.tell = el.tell")
    shown.wait("model.sent.filter((m) => m.kind === 'sync').length === 2")
    shown.wait("el.querySelector(`[aria-posinset='3'] .wb-cue-text`).textContent === 'Lost'")


def test_what_is_typed_meanwhile_is_not_overwritten_by_a_late_answer(
    shown: Any, editor: CueEditor
) -> None:
    shown.page.locator(TEXT).click()
    shown.page.keyboard.press("Control+a")
    shown.page.keyboard.type("First")
    shown.wait("model.sent.some((m) => m.op === 'retype')")
    shown.page.keyboard.type(" and second")
    editor.retype(4, "From elsewhere")
    shown.wait(
        "[...el.querySelectorAll('.wb-cue-text')].some((n) => n.textContent === 'From elsewhere')"
    )
    assert shown.page.locator(TEXT).input_value() == "First and second"
    shown.page.keyboard.press("Escape")
    settled_text(shown, editor, "First and second")
    assert page_rows(shown) == python_rows(editor)


# -- much, and hostile ----------------------------------------------------------------------------


def test_of_a_thousand_captions_only_those_in_sight_exist(mount: Any) -> None:
    editor = CueEditor(captions(1000))
    view = mount(editor, talk=True, answer=False)
    view.wait("el.dataset.ready")
    nodes = "el.querySelectorAll('*').length"
    assert view.run("return el.querySelectorAll('.wb-cue').length") < 20
    before = view.run(f"return {nodes}")
    view.page.locator(".wb-cue-list").focus()
    view.page.keyboard.press("End")
    view.wait("el.querySelector('.wb-cue.wb-on .wb-cue-number').textContent === '1000'")
    assert view.run("return el.querySelectorAll('.wb-cue').length") < 20
    assert view.run(f"return {nodes}") < before + 60
    view.page.keyboard.press("PageUp")
    view.wait("Number(el.querySelector('.wb-cue.wb-on .wb-cue-number').textContent) === 993")
    view.run("el.querySelector('.wb-cue-list').scrollTop = 15000")
    view.wait("[...el.querySelectorAll('.wb-cue-number')].some((n) => n.textContent === '505')")


WORK = """
const text = el.querySelector('textarea');
let touched = 0;
const seen = new MutationObserver((changes) => { touched += changes.length; });
seen.observe(el, {subtree: true, childList: true, characterData: true, attributes: true});
const sent = model.sent.length;
const size = () => el.querySelectorAll('*').length;
const before = size();
for (let i = 0; i < 20; i++) {
  text.value += 'x';
  text.dispatchEvent(new InputEvent('input'));
  await new Promise(requestAnimationFrame);
}
touched += seen.takeRecords().length;
seen.disconnect();
return {touched: touched / 20, sent: model.sent.length - sent, grown: size() - before};
"""


@pytest.mark.parametrize("count", [10, 1000])
def test_a_key_costs_a_handful_of_nodes_and_no_message(mount: Any, count: int) -> None:
    editor = CueEditor(captions(count))
    view = mount(editor, talk=True, answer=False)
    view.wait("el.dataset.ready")
    view.page.locator(TEXT).click()
    view.run("await new Promise(requestAnimationFrame)")
    work = view.run(WORK)
    assert work["sent"] == 0
    assert work["grown"] == 0
    assert 0 < work["touched"] <= 24, work


HOSTILE = [
    "<img src=x onerror=window.hit=1>",
    "</textarea><script>window.hit=1</script>",
    "\u202egnirts\u2069 \u0000 \ud800",
    "{\\an8}" + "x" * 1500,
    "'\"`${window.hit=1}&#60;b&#62;",
    "--> 00:00:00,000",
    "שלום עולם",
    "👩‍👩‍👧‍👦" * 20,
]


def test_texts_are_never_markup(mount: Any) -> None:
    cues = captions(len(HOSTILE))
    editor = CueEditor(cues)
    words = [Word(text=text, start=0, end=0.1) for text in HOSTILE]
    editor.cues = Cues(
        cues=tuple(
            Cue(start=c.start, end=c.end, lines=((w.shift(c.start),),), speaker="<b>x")
            for c, w in zip(cues, words, strict=True)
        )
    )
    view = mount(editor, talk=True, answer=False)
    view.wait("el.dataset.ready")
    plain = CueEditor(captions(len(HOSTILE)))
    other = mount(plain, "b", talk=True, answer=False)
    other.wait("el.dataset.ready")
    tags = "return [...new Set([...el.querySelectorAll('*')].map((n) => n.tagName))].sort()"
    assert set(view.run(tags)) - set(other.run(tags)) <= {"LI"}  # they have problems
    for i in range(len(HOSTILE)):
        view.run("el.querySelector(`[aria-posinset='${argument}']`).click()", i + 1)
    assert view.page.evaluate("window.hit") is None
    assert view.run("return el.querySelector('.wb-cue-text').textContent") == HOSTILE[0]


def test_without_media_there_is_a_time_line_and_all_else_works(mount: Any) -> None:
    editor = CueEditor(captions(4))
    view = mount(editor, talk=True, answer=False)
    view.wait("el.dataset.ready && el.querySelectorAll('.wb-region').length === 4")
    view.page.get_by_role("button", name="Merge").click()
    settled(view, editor, 1)
    for name in ("Play this caption", "Repeat this caption"):
        assert view.page.get_by_role("button", name=name).count() == 0  # there is nothing to hear
    editor.delete(None)
    view.wait("el.querySelectorAll('.wb-cue').length === 0")
    assert view.page.locator(TEXT).is_disabled()
    view.page.get_by_role("button", name="Insert").click()
    settled(view, editor, 3)
    assert times(editor) == [(0, 2)]


def test_a_view_that_goes_leaves_nothing_behind(shown: Any, editor: CueEditor) -> None:
    shown.page.locator(TEXT).click()
    shown.page.keyboard.type("Last words ")
    shown.run("view.leave()")
    assert shown.run("return [el.childElementCount, model.listeners()]") == [0, 0]
    # What was typed is not lost with it.
    while editor.revision < 1:
        shown.wire.pump()
    assert "Last words" in editor.cues[0].text


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_it_looks_well_in_both_themes(
    mount: Any, page: Any, narration: wb.Narration, artefacts: Path, request: Any
) -> None:
    editor = CueEditor(media=narration)
    editor.split(0).insert(
        narration.duration + 1, end=narration.duration + 1.2, text="Too fast, too late."
    )
    view = mount(editor, talk=True)
    view.wait("el.dataset.ready && el.querySelectorAll('.wb-region').length >= 2")
    row(view, len(editor.cues) - 1).click()
    view.page.get_by_role("button", name="Show it on the picture").click()
    view.wait("el.querySelector('.wb-cue-picture').naturalWidth > 100")
    view.wait("el.querySelector('.wb-cue-problems li')")
    theme = request.node.callspec.params["page"]
    view.page.screenshot(path=artefacts / f"cue_editor_{theme}.png", full_page=True)
    colours = view.run(
        """const of = (selector) => getComputedStyle(el.querySelector(selector));
        return [of('.wb-cue-list').backgroundColor, of('textarea').color]"""
    )
    light = [sum(map(float, c[c.index("(") + 1 : -1].split(",")[:3])) for c in colours]
    assert (light[0] > 600) == (theme == "light")
    assert abs(light[0] - light[1]) > 300
