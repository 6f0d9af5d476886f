"""The line board's front end in a blank page, with the widget itself behind it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import workbench as wb
from workbench.engines.registry import engine
from workbench.take import Part
from workbench.widgets.line_board import LineBoard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

TEXT = (
    "Welcome to the workbench, where lines are mended.\n"
    "This line is spoken again.\n"
    "This one is right as it is 😀.\n"
    "And here the story ends."
)
ROW = "el.querySelectorAll('.wb-line')[{0}]"


def row(number: int) -> str:
    return ROW.format(number)


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What espeak is asked to say, with nothing in the cache."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    espeak = engine("espeak")
    calls: list[str] = []
    say = espeak.synthesize

    def synthesize(text: str, **given: Any) -> wb.Take:
        calls.append(text)
        return say(text, **given)

    monkeypatch.setattr(espeak, "synthesize", synthesize)
    return calls


@pytest.fixture
def board(spoken: list[str]) -> LineBoard:
    made = LineBoard(wb.speak(TEXT, "espeak:en-us"))
    spoken.clear()
    return made


@pytest.fixture
def shown(mount: Callable[..., Any], board: LineBoard) -> Any:
    view = mount(board, talk=True)
    view.wait(f"{row(3)}.querySelector('.wb-line-measures').textContent.includes('words/min')")
    return view


def test_a_line_is_mended_as_a_person_does(shown: Any, board: LineBoard, spoken: list[str]) -> None:
    """Edit in place, hear it, accept it: one line is spoken, and the whole becomes longer."""
    page = shown.page
    before = board.narration
    page.locator(".wb-line").nth(1).locator(".wb-line-text").click()
    field = page.get_by_role("textbox", name="Text of line 2")
    field.fill("This line is spoken again, and now it is longer.")
    page.keyboard.press("Enter")
    shown.wait(f"{row(1)}.querySelector('.wb-state').textContent === 'to judge'")
    assert spoken == ["This line is spoken again, and now it is longer."]
    assert board.narration is before
    assert shown.run(f"return document.activeElement === {row(1)}")  # the keys go on
    assert page.get_by_role("status").inner_text() == (
        "4 lines · 0 accepted · 1 to judge · 1 flagged"
    )
    take = board.review.at(2).version.take
    shown.run(f"{row(1)}.querySelector('.wb-line-sound .wb-play').click()")
    shown.wait(f"{row(1)}.querySelector('.wb-line-sound audio').currentTime > 0.2")
    length = shown.run(f"return {row(1)}.querySelector('.wb-line-sound audio').duration")
    assert length == pytest.approx(take.duration, abs=0.06)
    page.get_by_role("button", name="Accept take 2 into the narration (a)").click()
    shown.wait(f"{row(1)}.querySelector('.wb-state svg')")
    assert board.narration.parts[1].take is take
    assert shown.run(f"return {row(1)}.contains(document.activeElement)")
    assert [p.take is q.take for p, q in zip(before.parts, board.narration.parts, strict=True)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert len(spoken) == 1
    shown.run("el.querySelector('.wb-whole .wb-play').click()")
    whole = "el.querySelector('.wb-whole audio')"
    shown.wait(f"{whole}.duration > 0 && {whole}.currentTime > 0")
    assert shown.run(f"return {whole}.duration") == pytest.approx(
        board.narration.duration, abs=0.06
    )


def test_the_line_that_is_heard_lights_up(shown: Any, board: LineBoard) -> None:
    whole = "el.querySelector('.wb-whole audio')"
    shown.run("el.querySelector('.wb-whole .wb-play').click()")
    shown.wait(f"{whole}.currentTime > 0 && {row(0)}.classList.contains('wb-now')")
    for number in (2, 1, 3):
        shown.run(f"{whole}.currentTime = argument", board.narration.parts[number].start + 0.1)
        shown.wait(f"{row(number)}.classList.contains('wb-now')")
        assert shown.run("return el.querySelectorAll('.wb-now').length") == 1
    shown.run(f"{whole}.pause()")
    shown.wait(f"{whole}.paused")


def test_one_plays_at_a_time(shown: Any) -> None:
    first, second = (f"{row(n)}.querySelector('audio')" for n in (0, 1))
    shown.run(f"{row(0)}.querySelector('.wb-play').click()")
    shown.wait(f"{first}.currentTime > 0")
    shown.run(f"{row(1)}.querySelector('.wb-play').click()")
    shown.wait(f"{first}.paused && {second}.currentTime > 0")
    shown.run("el.querySelector('.wb-whole .wb-play').click()")
    shown.wait(f"{second}.paused && !el.querySelector('.wb-whole audio').paused")


def test_the_keyboard_alone(shown: Any, board: LineBoard, spoken: list[str]) -> None:
    keyboard = shown.page.keyboard
    shown.run(f"{row(0)}.focus()")
    keyboard.press("j")
    keyboard.press("ArrowDown")
    keyboard.press("k")
    shown.wait(f"{row(1)}.getAttribute('aria-current') === 'true'")
    assert shown.run(f"return document.activeElement === {row(1)}")
    keyboard.press(" ")
    shown.wait(f"!{row(1)}.querySelector('audio').paused")
    keyboard.press(" ")
    shown.wait(f"{row(1)}.querySelector('audio').paused")
    keyboard.press("a")
    shown.wait(f"{row(1)}.querySelector('.wb-state svg')")
    assert board.review.at(2).accepted
    shown.wait(f"{row(1)}.querySelectorAll('.wb-option').length")
    keyboard.press("r")  # espeak has no chance: it says so, at this line
    hint = shown.page.locator(".wb-line").nth(1).get_by_role("status")
    why = "espeak speaks without chance: change the text, the voice or an option first."
    assert hint.inner_text() == why
    again = shown.page.get_by_role("button", name="Speak this line again (r)")
    assert again.is_disabled()
    assert again.get_attribute("title") == why
    assert not shown.run("return model.sent.some((m) => m.kind === 'retake')")
    assert spoken == []
    keyboard.press("e")
    shown.page.get_by_role("textbox", name="Text of line 2").fill("jkra")
    keyboard.press("j")
    assert shown.page.get_by_role("textbox", name="Text of line 2").input_value() == "jkraj"
    keyboard.press("Escape")
    assert shown.run(f"return {row(1)}.querySelector('.wb-line-text').textContent") == (
        "This line is spoken again."
    )
    keyboard.press("u")
    shown.wait(f"!{row(1)}.querySelector('.wb-state svg')")
    assert not board.review.at(2).accepted
    keyboard.press("End")
    shown.wait(f"{row(3)}.getAttribute('aria-current') === 'true'")


def test_versions_are_heard_in_turn_and_one_is_chosen(shown: Any, board: LineBoard) -> None:
    board.retake(2, text="Another wording of it.")
    board.retake(2, rate=120)
    shown.wait(f"{row(1)}.querySelector('.wb-line-voice').textContent.includes('3 takes')")
    shown.run(f"{row(1)}.focus()")
    shown.wait(f"{row(1)}.querySelectorAll('.wb-version').length === 3")
    assert "rate 120" in shown.run(f"return {row(1)}.querySelectorAll('.wb-version')[2].innerText")
    keyboard = shown.page.keyboard
    lengths = [version.take.duration for version in board.review.at(2).versions]
    playing = f"[...{row(1)}.querySelectorAll('audio')].filter((a) => !a.paused)"
    for key in ("1", "2", "3"):
        keyboard.press(key)
        shown.wait(f"{playing}[0]?.currentTime > 0 && {playing}.length === 1")
        heard = shown.run(f"return {playing}[0].duration")
        assert heard == pytest.approx(lengths[int(key) - 1], abs=0.06)
        shown.wait(f"model.data.rows[1].shown === {int(key) - 1}")
        accept = shown.page.locator(".wb-line").nth(1).locator(".wb-main")
        assert accept.inner_text() == f"Accept take {key}"
    keyboard.press("9")
    hint = shown.page.locator(".wb-line").nth(1).get_by_role("status")
    assert hint.inner_text() == "There is no take 9."
    assert board.review.at(2).shown == 2
    shown.run(f"{row(1)}.querySelectorAll('[type=radio]')[1].click()")
    shown.wait("model.data.rows[1].shown === 1")
    assert board.review.at(2).shown == 1
    shown.run(f"{row(1)}.focus()")
    keyboard.press("a")
    shown.wait(f"{row(1)}.querySelector('.wb-state svg')")
    assert board.narration.parts[1].take is board.review.at(2).versions[1].take


def test_the_take_that_was_heard_last_is_the_one_accepted(shown: Any, board: LineBoard) -> None:
    """Before Python has answered, too: the keys are quicker than the kernel."""
    board.retake(2, rate=120)
    board.retake(2, rate=140)
    shown.wait(f"{row(1)}.querySelector('.wb-line-voice').textContent.includes('3 takes')")
    shown.run(f"{row(1)}.focus()")
    shown.run(
        "for (const key of '121a') document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key, bubbles: true}))"
    )
    shown.wait(f"{row(1)}.querySelector('.wb-state svg')")
    line = board.review.at(2)
    assert (line.kept, line.shown, line.accepted) == (0, 0, True)
    keyboard = shown.page.keyboard
    keyboard.press("2")
    shown.wait("model.data.rows[1].shown === 1")
    playing = f"[...{row(1)}.querySelectorAll('audio')].find((a) => !a.paused)"
    shown.wait(f"{playing}?.currentTime > 0")
    keyboard.press("a")
    shown.wait("model.data.rows[1].kept === 1")
    assert board.narration.parts[1].take is line.versions[1].take


def test_what_was_undone_is_done_again(shown: Any, board: LineBoard) -> None:
    redo = shown.page.get_by_role("button", name="Redo what was undone (Ctrl+Shift+Z)")
    accepted = "model.data.rows[1].accepted"
    board.accept(2)
    shown.run(f"{row(1)}.focus()")
    keyboard = shown.page.keyboard
    for keys in ("Control+Shift+Z", "Control+y"):
        keyboard.press("Control+z")
        shown.wait(f"!{accepted} && model.data.redoable")
        keyboard.press(keys)
        shown.wait(accepted)
    shown.page.get_by_role("button", name="Undo the last change (u)").click()
    shown.wait(f"!{accepted}")
    redo.click()
    shown.wait(accepted)
    assert redo.is_disabled()
    assert redo.evaluate("(node) => node === document.activeElement")  # the keys go on
    note = shown.page.get_by_role("textbox", name="Note")
    note.fill("a")
    note.press("Control+z")  # of the words in the field
    assert note.input_value() == ""
    assert board.review.at(2).accepted


def test_the_work_is_saved(
    shown: Any, board: LineBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = shown.page
    path = page.get_by_role("textbox", name="File of the work")
    save = page.get_by_role("button", name="Save the work")
    mark = page.locator(".wb-unsaved")

    def says(text: str, where: str) -> None:
        node = f"[...el.querySelectorAll('{where}')]"
        shown.wait(f"{node}.some((node) => node.textContent === {json.dumps(text)})")

    assert not mark.is_visible()
    board.accept(1)
    shown.wait("!el.querySelector('.wb-unsaved').hidden")
    save.click()
    says("review: has no file yet; give a path", ".wb-status:not([hidden])")
    path.fill("night.review.json")
    path.press("Enter")
    told = "Saved in night.review.json, with its sounds in night.review.sounds/: keep both together"
    says(told, ".wb-saved")
    assert not mark.is_visible()
    assert board.path == "night.review.json"
    assert LineBoard.load("night.review.json").review == board.review
    other = tmp_path / "other.json"
    other.write_text("{}", encoding="utf-8")
    path.fill("other.json")
    save.click()
    says("other.json is there already.", ".wb-conflict span")
    assert other.read_text(encoding="utf-8") == "{}"
    page.get_by_role("button", name="Leave the file as it is").click()
    board.accept(2)
    save.click()
    says("other.json is there already.", ".wb-conflict span")
    page.get_by_role("button", name="Replace the file").click()
    shown.wait("model.data.path === 'other.json'")
    assert LineBoard.load(other).review.at(2).accepted


def test_another_voice(shown: Any, board: LineBoard, spoken: list[str]) -> None:
    shown.run(f"{row(1)}.focus()")
    shown.wait(f"{row(1)}.querySelectorAll('.wb-voices option').length > 50")
    line = shown.page.locator(".wb-line").nth(1)
    voice = line.get_by_role("combobox", name="Voice")
    voice.focus()
    for _ in range(3):
        shown.page.keyboard.press("ArrowDown")
    board.accept(1)
    shown.wait("model.data.rows[0].accepted")
    assert voice.input_value() != "espeak:en-us"
    voice.select_option("espeak:es")
    assert not shown.run("return model.sent.some((m) => m.kind === 'retake')")
    assert voice.evaluate("(node) => node === document.activeElement")
    voice.press("Enter")
    shown.wait(f"{row(1)}.querySelector('.wb-line-voice').textContent.startsWith('espeak:es,')")
    assert spoken == ["This line is spoken again."]
    assert str(board.review.at(2).version.take.voice) == "espeak:es"
    assert voice.evaluate("(node) => node === document.activeElement")  # all through


def test_a_retake_with_other_options(shown: Any, board: LineBoard, spoken: list[str]) -> None:
    shown.run(f"{row(1)}.focus()")
    shown.wait(f"{row(1)}.querySelectorAll('.wb-option').length")
    line = shown.page.locator(".wb-line").nth(1)
    line.locator("summary").click()
    rate = line.get_by_role("spinbutton", name="Rate")
    assert float(rate.input_value()) == board.review.at(2).version.take.options["rate"]
    again = line.get_by_role("button", name="Speak this line again (r)")
    rate.fill("120")
    rate.press("Tab")
    assert again.is_enabled()
    again.click()
    shown.wait("model.data.rows[1].versions.length === 2")
    assert board.review.at(2).version.take.options["rate"] == 120
    assert spoken == ["This line is spoken again."]
    assert again.is_disabled()
    rate.fill("5000")
    rate.press("Enter")
    shown.wait(f"{row(1)}.querySelector('.wb-fault').textContent.includes('rate')")
    assert len(board.review.at(2).versions) == 2


def test_only_flagged_lines(shown: Any, board: LineBoard) -> None:
    assert board.rows[2]["flags"], "the emoji is not spoken"
    shown.run(f"{row(2)}.focus()")
    button = shown.page.get_by_role("button", name="Flagged or to judge only (f)")
    button.click()
    visible = "[...el.querySelectorAll('.wb-line')].map((e) => e.offsetHeight > 0)"
    shown.wait(f"JSON.stringify({visible}) === '[false,false,true,false]'")
    assert "not spoken" in shown.page.locator(".wb-flag-list").inner_text()
    assert button.get_attribute("aria-pressed") == "true"
    board.retake(4, text="And here it ends.")
    shown.wait(f"JSON.stringify({visible}) === '[false,false,true,true]'")
    button.click()
    shown.wait(f"JSON.stringify({visible}) === '[true,true,true,true]'")


def test_nothing_flagged(mount: Callable[..., Any], spoken: list[str]) -> None:
    """It is said, no line that is not to be seen takes a key, and all come back."""
    board = LineBoard(wb.speak("It begins.\nIt ends.", "espeak:en-us"))
    shown = mount(board, talk=True)
    page = shown.page
    shown.run(f"{row(1)}.focus()")
    page.keyboard.press("f")
    page.get_by_text("No line is flagged, and none is to judge.").wait_for()
    visible = "[...el.querySelectorAll('.wb-line')].map((e) => e.offsetHeight > 0)"
    assert shown.run(f"return {visible}") == [False, False]
    page.keyboard.press("a")
    page.get_by_role("button", name="Show all lines").click()
    shown.wait(f"JSON.stringify({visible}) === '[true,true]'")
    assert not page.get_by_text("No line is flagged").is_visible()
    assert shown.run(f"return document.activeElement === {row(0)}")
    shown.wire.pump()
    assert not any(line.accepted for line in board.review.lines)
    page.keyboard.press("f")
    board.retake(2, rate=120)
    shown.wait(f"JSON.stringify({visible}) === '[false,true]'")
    page.keyboard.press("f")
    shown.run("model.change({rows: [{...model.data.rows[0], duration: 125.3}]})")
    assert "2:05" in shown.run(f"return {row(0)}.querySelector('.wb-line-voice').textContent")


def test_an_error_keeps_what_was_typed(shown: Any, board: LineBoard) -> None:
    shown.run(f"{row(1)}.focus()")
    shown.page.keyboard.press("e")
    field = shown.page.get_by_role("textbox", name="Text of line 2")
    field.fill("… [pause 1s] …")
    shown.page.keyboard.press("Enter")
    shown.wait(f"!{row(1)}.querySelector('.wb-fault').hidden")
    alert = shown.page.locator(".wb-line").nth(1).get_by_role("alert")
    assert alert.inner_text().startswith("line 2: script: has no words")
    assert field.input_value() == "… [pause 1s] …"
    assert not shown.page.locator(".wb-board > .wb-status").is_visible()
    field.fill("It has words.")
    shown.page.keyboard.press("Enter")
    shown.wait(f"{row(1)}.querySelector('.wb-line-text').textContent === 'It has words.'")
    assert not alert.is_visible()


def test_stop_while_an_engine_hangs(
    shown: Any, board: LineBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, go = threading.Event(), threading.Event()
    espeak = engine("espeak")
    say = espeak.synthesize

    def synthesize(text: str, **given: Any) -> wb.Take:
        hanging.set()
        assert go.wait(60)
        return say(text, **given)

    monkeypatch.setattr(espeak, "synthesize", synthesize)
    shown.run(f"{row(1)}.focus()")
    shown.page.keyboard.press("e")
    shown.page.get_by_role("textbox", name="Text of line 2").fill("It hangs.")
    shown.page.keyboard.press("Enter")
    shown.wait("!el.querySelector('.wb-work').hidden")
    assert hanging.wait(30)
    assert shown.page.locator(".wb-work").inner_text().startswith("speaking line 2")
    shown.wait(f"{row(1)}.hasAttribute('aria-busy')")
    shown.page.get_by_role("button", name="Stop").click()
    shown.wait("el.querySelector('.wb-work').hidden")
    shown.wait(f"!{row(1)}.hasAttribute('aria-busy')")
    go.set()
    assert len(board.review.at(2).versions) == 1


def test_a_note_is_kept_while_the_board_changes(shown: Any, board: LineBoard) -> None:
    shown.run(f"{row(1)}.focus()")
    note = shown.page.get_by_role("textbox", name="Note")
    note.focus()
    shown.page.keyboard.type("too fa")
    board.retake(2, rate=120)
    shown.wait(f"{row(1)}.querySelector('.wb-state').textContent === 'to judge'")
    shown.page.keyboard.type("st")
    assert note.input_value() == "too fast"
    shown.page.keyboard.press("Tab")
    shown.wait("model.sent.some((m) => m.kind === 'note')")
    shown.wire.pump()
    assert board.review.at(2).note == "too fast"


def test_a_click_in_another_line_does_not_miss(shown: Any) -> None:
    """A line that is chosen grows and the one before shrinks: not between press and release."""
    shown.run(f"{row(1)}.focus()")
    shown.wait(f"{row(1)}.querySelector('.wb-voices')")
    shown.page.locator(".wb-line").nth(3).locator(".wb-play").click()
    shown.wait(f"{row(3)}.querySelector('audio').currentTime > 0")
    assert shown.run(f"return {row(3)}.getAttribute('aria-current')") == "true"


def test_roles_and_names_for_screen_readers(shown: Any, board: LineBoard) -> None:
    page = shown.page
    assert page.get_by_role("list", name="Lines").count() == 1
    lines = page.get_by_role("listitem", name="Line 3: This one is right as it is 😀. (warning)")
    assert lines.count() == 1
    assert page.get_by_role("group", name="The whole narration").count() == 1
    assert page.get_by_role("group", name="Line 2: espeak:en-us").count() == 1
    assert page.get_by_role("button", name="Undo the last change (u)").is_disabled()
    assert page.get_by_role("button", name="Redo what was undone (Ctrl+Shift+Z)").is_disabled()
    unnamed = shown.run(
        "return [...el.querySelectorAll('button, input, select, textarea, canvas, progress')]"
        ".filter((e) => !e.getAttribute('aria-label') && !e.closest('label')).length"
    )
    assert unnamed == 0


HOSTILE = (
    '<img src=x onerror="window.hit=1">',
    "<script>window.hit=1</script>",
    '"><svg onload=window.hit=1>',
    "</textarea><b>bold</b>",
    "javascript:window.hit=1",
    "&lt;i&gt;\u202e",
)


def test_hostile_texts_stay_text(mount: Callable[..., Any], board: LineBoard) -> None:
    text = " ".join(HOSTILE)
    board.retake(2, text="Another.")
    rows = []
    for line in board.rows:
        versions = [{**v, "about": text, "text": text} for v in line["versions"]]
        flags = [{"kind": text, "text": text}]
        new = {"text": text, "voice": text, "note": text, "fault": text, "language": HOSTILE[0]}
        rows.append({**line, **new, "versions": versions, "flags": flags})
    plain = mount(board, "plain", talk=True)
    plain.run(f"{row(1)}.focus()")
    plain.page.keyboard.press("e")
    tags = "return [...new Set([...el.querySelectorAll('*')].map((e) => e.localName))].sort()"
    known = plain.run(tags)
    shown = mount(board, "hostile", rows=rows, doing=text, busy=True, error=text, at=text)
    shown.run("model.tell({kind: 'voices', voices: [{name: argument, label: argument}]})", text)
    cells = [{"text": text, "help": text}]
    uid = rows[1]["versions"][1]["clip"]
    shown.run("model.tell({kind: 'measures', uid: argument[0], cells: argument[1]})", [uid, cells])
    shown.run(f"{row(1)}.focus()")
    shown.page.keyboard.press("e")
    found = shown.run(tags)
    assert set(found) <= {*known, "li", "ul"}
    assert shown.run("return window.hit || 0") == 0
    handlers = shown.run(
        "return [...el.querySelectorAll('*')].filter((e) => [...e.attributes]"
        ".some((a) => a.name.startsWith('on'))).length"
    )
    assert handlers == 0
    assert shown.run(f"return {row(0)}.querySelector('.wb-line-text').textContent") == text
    assert shown.run(f"return {row(1)}.querySelector('.wb-line-measures').textContent") == text


def test_odd_states_raise_nothing(mount: Callable[..., Any], board: LineBoard) -> None:
    """500 random states, messages and keys: no page error (the page fixture looks)."""
    board.retake(1, text="Another.")
    board.retake(2, rate=120)
    shown = mount(board, answer=False)
    shown.run(
        """
        let seed = 11;
        const chance = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
        const rows = model.data.rows, joined = model.data.joined;
        const keys = ["j", "k", "e", "a", "r", "f", "u", "1", "2", "9", "Home", "End", "Escape"];
        for (let i = 0; i < 500; i++) {
          const some = rows.filter(() => chance(3)).map((row) => ({
            ...row,
            text: "x".repeat(chance(400)),
            shown: chance(row.versions.length),
            kept: chance(row.versions.length),
            accepted: !chance(2),
            fault: chance(2) ? "" : "no",
            flags: Array.from({length: chance(4)}, (_, n) => ({kind: `k${n}`, text: "t"})),
            id: chance(5) ? row.id : `n${chance(4)}${row.number}`,
          }));
          const acts = [
            () => model.change({rows: some}),
            () => model.change({rows: []}),
            () => model.change({joined: {...joined, cues: joined.cues.slice(chance(5))}}),
            () => model.change({busy: !chance(2), progress: chance(11) / 10, at: rows[0].id}),
            () => model.change({error: chance(2) ? "" : "e", listener: chance(2) ? "" : "stt"}),
            () => model.tell({kind: "outlines", uids: ["no"]}, [""]),
            () => model.tell({kind: "measures", uid: "no", cells: []}),
            () => model.tell({kind: "voices", voices: []}),
            () => el.dispatchEvent(new KeyboardEvent("keydown", {key: keys[chance(keys.length)]})),
            () => el.querySelectorAll(".wb-line")[chance(4)]?.focus(),
          ];
          acts[chance(acts.length)]();
          if (i % 50 === 0) await new Promise(requestAnimationFrame);
        }
        model.change({rows, joined, busy: false});
        """
    )
    shown.wait("el.querySelectorAll('.wb-line').length === 4")


def test_leaving_takes_every_listener_along(mount: Callable[..., Any], board: LineBoard) -> None:
    shown = mount(board, talk=True)
    shown.wait(f"{row(3)}.querySelector('.wb-line-measures').textContent")
    assert shown.run("return model.listeners()") > 5
    shown.run(f"{row(0)}.querySelector('.wb-play').click()")
    shown.wait(f"{row(0)}.querySelector('audio').currentTime > 0")
    shown.run(f"window.gone = {row(0)}.querySelector('audio'); view.leave()")
    assert shown.run("return [model.listeners(), window.gone.paused, el.childElementCount]") == [
        0, True, 0,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def long_board() -> LineBoard:
    """300 lines, one of them flagged."""
    take = wb.speak("This is a line of a long reading.", "espeak:en-us").parts[0].take
    parts = []
    for n in range(300):
        warnings = ("something is odd",) if n == 200 else ()
        one = replace(take, text=f"This is line {n} of a long reading.", warnings=warnings)
        line = wb.Line(text=one.text, number=n + 1)
        parts.append(Part(line=line, take=one, start=3.0 * n))
    return LineBoard(wb.Narration(parts=tuple(parts), duration=900.0))


def test_300_lines_make_players_only_in_view(
    mount: Callable[..., Any], long_board: LineBoard
) -> None:
    shown = mount(long_board, talk=True)
    shown.wait(f"{row(0)}.querySelector('.wb-line-measures').textContent")
    assert shown.run("return el.querySelectorAll('.wb-line').length") == 300
    players = "el.querySelectorAll('.wb-lines .wb-player').length"
    assert 5 < shown.run(f"return {players}") < 30
    shown.run(f"{row(0)}.focus()")
    shown.page.keyboard.press("End")
    shown.wait(f"{row(299)}.querySelector('.wb-player') && !{row(0)}.querySelector('.wb-player')")
    assert shown.run(f"return {players}") < 30
    assert shown.run("return document.documentElement.scrollTop") == 0
    looked = shown.run("return model.sent.filter((m) => m.kind === 'look').flatMap((m) => m.uids)")
    assert len(looked) < 80
    shown.run(f"{row(200)}.focus()")
    shown.page.keyboard.press("f")
    shown.wait("[...el.querySelectorAll('.wb-line')].filter((e) => e.offsetHeight).length <= 2")


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_how_it_looks(
    shown: Any, board: LineBoard, artefacts: Path, request: pytest.FixtureRequest
) -> None:
    """Text keeps the contrast to its background that WCAG 2 asks for (4.5), in both themes."""
    theme = request.node.callspec.params["page"]
    paper = {"light": "white", "dark": "#0b0e13"}[theme]
    shown.page.evaluate("(colour) => document.body.style.background = colour", paper)
    board.accept(1)
    board.retake(3, text="This one is better 😀.")
    board.retake(3, rate=130)
    board.annotate(3, "the second half is too fast")
    shown.run(f"{row(2)}.focus()")
    shown.wait(f"{row(2)}.querySelectorAll('.wb-version').length === 3")
    for number in range(4):
        shown.wait(f"{row(number)}.querySelector('.wb-line-measures').textContent")
    shown.wait(f"{row(2)}.querySelectorAll('.wb-option').length")
    shown.run(f"{row(2)}.querySelector('.wb-fold').open = true")
    shown.page.get_by_role("spinbutton", name="Pitch").fill("70")
    shown.run("el.querySelector('.wb-whole canvas').focus()")
    shown.page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f)))")
    shown.page.screenshot(path=artefacts / f"line-board-{theme}.png", full_page=True)
    ratios = shown.run(
        """
        const g = document.createElement("canvas").getContext("2d");
        const pixel = (...colours) => {
          g.clearRect(0, 0, 1, 1);
          for (const colour of colours) { g.fillStyle = colour; g.fillRect(0, 0, 1, 1); }
          return [...g.getImageData(0, 0, 1, 1).data].slice(0, 3).map((v) => v / 255);
        };
        const luminance = (rgb) => {
          const [r, gr, b] = rgb
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * gr + 0.0722 * b;
        };
        const under = (e) => e ? [...under(e.parentElement), getComputedStyle(e).backgroundColor]
          : [];
        const ratio = (name) => {
          const e = el.querySelector(name);
          const back = pixel(...under(e)), ink = pixel(...under(e), getComputedStyle(e).color);
          const [high, low] = [luminance(back), luminance(ink)].sort((x, y) => y - x);
          return [name, (high + 0.05) / (low + 0.05)];
        };
        return [".wb-line-text", ".wb-line-voice", ".wb-told", ".wb-state.wb-pending", ".wb-flag",
                ".wb-acts .wb-main", ".wb-version label span", ".wb-number", ".wb-keys",
                ".wb-current .wb-line-voice", ".wb-current .wb-number", ".wb-changed span",
                ".wb-option .wb-muted", ".wb-unsaved"].map(ratio);
        """
    )
    assert [name for name, ratio in ratios if ratio < 4.5] == []
