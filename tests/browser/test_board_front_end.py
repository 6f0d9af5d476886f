"""The board's front end in a blank page: a real batch's ledger, written by another process."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from batching import Runner, failed_notebook, outcome, task
from browser.hostile import texts

from workbench.audio import Audio
from workbench.production.report.failure import without_colours
from workbench.widgets import board_watch
from workbench.widgets.board import Board

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
CONTRAST = (HERE / "contrast.js").read_text(encoding="utf-8")
WALK = (HERE / "walk.js").read_text(encoding="utf-8")
TRACE = [
    "\x1b[0;31mValueError\x1b[0m",
    "Traceback (most recent call last)",
    "ValueError: no frames",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "night"
    home.mkdir()
    return home


@pytest.fixture
def runner(folder: Path) -> Iterator[Runner]:
    made = Runner(folder)
    yield made
    made.kill()


@pytest.fixture
def ids(folder: Path, runner: Runner) -> list[str]:
    """Eight jobs: one done with a sound, one failed, one warned, two running, three waiting."""
    tasks = [task(folder, n) for n in range(1, 9)]
    sound = folder / "clip-0001.mp3"
    Audio(samples=np.sin(np.arange(24_000) / 12).astype(np.float32) / 5, rate=24_000).write(sound)
    (folder / "clip-0001.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:00.900\nHello there\n")
    tasks[0] = task(folder, 1, output=str(sound))
    runner.enrol(*tasks)
    names = [each.id for each in tasks]
    runner.take(*names[:5])
    runner("finish", names[0], outcome(tasks[0], sound))
    kept = failed_notebook(
        folder / "clip-0002.failed.ipynb", "frames = find('a')\nraise ValueError", TRACE
    )
    error = {"problem": "ValueError: no frames", "subject": "captioned, cell 3", "cell": 3}
    runner("fail", names[1], {**error, "cure": f"see {kept}", "failed": kept})
    runner("finish", names[2], outcome(tasks[2], warnings=("the font has no letter for ☃",)))
    runner("progress", names[3], 0.25)
    runner("progress", names[4], 0.6)
    return names


@pytest.fixture
def shown(mount: Callable[..., Any], folder: Path, ids: list[str]) -> Iterator[Any]:
    del ids
    with Board(folder) as board:
        view = mount(board, talk=True)
        view.board = board
        view.wait("el.querySelectorAll('.wb-job').length === 8")
        yield view


def line(name: str) -> str:
    return f"el.querySelector('.wb-job[data-id=\"{name}\"]')"


def test_it_moves_as_the_batch_does(
    shown: Any, folder: Path, runner: Runner, ids: list[str]
) -> None:
    """What another process writes is seen without a click, each job's own part and end."""
    told = "el.querySelector('.wb-told').textContent"
    shown.wait(f"{told}.startsWith('2 running · 3 queued · 2 done · 1 failed')")
    order = shown.run(
        "return [...el.querySelectorAll('.wb-job')].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)"
        ".map((e) => e.dataset.state)"
    )
    assert order == ["running"] * 2 + ["failed", "warnings", "done"] + ["queued"] * 3
    why = shown.run(f"return {line(ids[1])}.querySelector('.wb-job-why').textContent")
    assert why == "captioned, cell 3: ValueError: no frames"
    part = f"{line(ids[3])}.querySelector('progress').value"
    assert shown.run(f"return {part}") == 0.25
    runner("progress", ids[3], 0.5)
    shown.wait(f"{part} === 0.5")
    assert shown.run("return el.querySelector('.wb-whole-bar').value") == pytest.approx(
        (3 + 0.5 + 0.6) / 8
    )
    runner("fail", ids[3], {"problem": "the disk is full", "subject": "clip-0004"})
    shown.wait(f"{line(ids[3])}.textContent.includes('the disk is full')")
    runner.take(ids[5])
    shown.wait(f"{line(ids[5])}.dataset.state === 'running'")
    shown.wait(f"{told}.startsWith('2 running · 2 queued · 2 done · 2 failed')")
    assert "left" in shown.run(f"return {told}")
    runner.enrol(task(folder, 8, id="job_changed"))  # the same row, with other contents
    shown.wait(f"{line('job_changed')} && !{line(ids[7])}")


def test_only_what_changed_is_sent(shown: Any, runner: Runner, ids: list[str]) -> None:
    shown.run("view.told = []; const {tell} = model; model.tell = (m, b) => {"
              " view.told.push(m); tell(m, b); }")  # fmt: skip
    runner("progress", ids[4], 0.7)
    shown.wait(f"{line(ids[4])}.querySelector('progress').value === 0.7")
    rows = shown.run("return view.told.filter(({kind}) => kind === 'rows')")
    assert [[row["id"] for row in message["rows"]] for message in rows] == [[ids[4]]]
    assert not any("rows" in keys for keys in shown.run("return Object.keys(model.data)"))


def test_what_went_wrong_is_told_with_its_cell(shown: Any, ids: list[str]) -> None:
    shown.run(f"{line(ids[1])}.click()")
    pane = shown.page.get_by_role("region", name="Job clip-0002")
    shown.wait("el.querySelector('.wb-source')")
    assert pane.locator(".wb-source").inner_text() == "frames = find('a')\nraise ValueError"
    pane.get_by_text("Traceback", exact=True).click()
    assert pane.locator("details pre").first.inner_text().splitlines()[0] == "ValueError"
    pane.get_by_text("Run just this one again").click()
    assert "workbench run" in pane.locator("details pre").nth(1).inner_text()
    shown.page.keyboard.press("Escape")
    shown.wait("el.querySelector('.wb-pane').hidden")


def test_a_sound_is_heard_when_it_is_asked_for(shown: Any, ids: list[str]) -> None:
    assert shown.run("return el.querySelectorAll('audio, video').length") == 0
    shown.run(f"{line(ids[0])}.click()")
    shown.wait("el.querySelector('.wb-file button')")
    assert "1 file" not in shown.run("return el.textContent")
    shown.page.get_by_role("button", name="Play clip-0001.mp3").click()
    shown.wait("el.querySelector('audio')?.currentTime > 0.1")
    assert shown.run("return el.querySelector('audio').duration") == pytest.approx(1, abs=0.1)
    assert shown.run("return model.sent.filter(({kind}) => kind === 'media?').length") == 1


def test_a_file_that_is_gone_is_said_where_it_was(shown: Any, folder: Path, ids: list[str]) -> None:
    (folder / "clip-0001.mp3").unlink()
    shown.run(f"{line(ids[0])}.click()")
    shown.wait("el.querySelector('.wb-file button')")
    shown.page.get_by_role("button", name="Play clip-0001.mp3").click()
    shown.wait("el.querySelector('.wb-place .wb-fault')?.textContent.includes('clip-0001.mp3')")
    assert shown.page.get_by_role("button", name="Play clip-0001.mp3").is_enabled()


def test_one_job_is_stopped_and_then_all(shown: Any, runner: Runner, ids: list[str]) -> None:
    shown.run(f"{line(ids[4])}.click()")
    pane = shown.page.locator(".wb-pane")
    shown.page.get_by_role("button", name="Stop this job").click()
    shown.wait(f"{line(ids[4])}.textContent.includes('stopping')")
    assert runner("cancelling", ids[4]) is True
    assert runner("cancelling", ids[3]) is False
    runner("cancelled", ids[4])
    shown.wait(f"{line(ids[4])}.dataset.state === 'cancelled'")
    shown.page.get_by_role("button", name="Stop the batch", exact=True).click()
    assert shown.page.get_by_text("Stop 4 jobs?").is_visible()
    shown.page.get_by_role("button", name="No, go on").click()
    shown.wire.pump()
    assert runner("cancelling", ids[3]) is False
    shown.page.get_by_role("button", name="Stop the batch", exact=True).click()
    shown.page.get_by_role("button", name="Yes, stop the batch").click()
    shown.wait("model.data.counts.queued === 0 && model.data.counts.cancelled === 4")
    assert pane.get_attribute("aria-label") == "Job clip-0005"  # others have changed, too
    assert runner("cancelling", ids[3]) is True


def test_what_is_shown_is_chosen(shown: Any, ids: list[str]) -> None:
    names = "[...el.querySelectorAll('.wb-job')].map((e) => e.dataset.id)"
    shown.page.get_by_role("button", name="failed 1").click()
    assert shown.run(f"return {names}") == [ids[1]]
    shown.page.get_by_role("button", name="done 2").click()
    assert sorted(shown.run(f"return {names}")) == [ids[0], ids[2]]
    shown.page.get_by_role("button", name="all", exact=True).click()
    find = shown.page.get_by_role("searchbox", name="Find a job")
    find.fill("0007")
    assert shown.run(f"return {names}") == [ids[6]]
    find.fill("no such")
    assert shown.page.get_by_text("No job is so.").is_visible()


def test_the_keyboard_alone(shown: Any) -> None:
    shown.run("el.querySelector('.wb-jobs').focus()")
    for key, state in (("ArrowDown", "running"), ("End", "queued"), ("Home", "running")):
        shown.page.keyboard.press(key)
        chosen = shown.run(
            "const list = el.querySelector('.wb-jobs');"
            "const id = list.getAttribute('aria-activedescendant');"
            "return document.getElementById(id).dataset.state"
        )
        assert chosen == state
    assert shown.run("return el.querySelector('.wb-pane').hidden") is False


def test_who_has_ended_is_missed(
    shown: Any, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner that was killed writes nothing: its process is looked for."""
    monkeypatch.setattr(board_watch, "_ALIVE", 0.1)
    assert shown.run("return el.querySelector('.wb-note').hidden")
    runner.kill()
    shown.wait(
        "el.querySelector('.wb-note').textContent.includes('has ended. Run the batch again')"
    )


def test_a_thousand_jobs(mount: Callable[..., Any], folder: Path, runner: Runner) -> None:
    """Those in view are elements and no others; one that changes is one that is drawn."""
    tasks = [task(folder, n) for n in range(1, 1001)]
    runner.enrol(*tasks)
    with Board(folder) as board:
        view = mount(board, talk=True)
        view.wait("el.querySelector('.wb-jobs-inner').offsetHeight === 34000")
        count = "el.querySelectorAll('.wb-job').length"
        assert 10 <= view.run(f"return {count}") <= 20
        view.run("el.querySelector('.wb-jobs').scrollTop = 17000")
        view.wait("[...el.querySelectorAll('.wb-job')].some((e) => e.ariaPosInSet === '502')")
        assert view.run(f"return {count}") <= 22
        assert view.run("return el.querySelectorAll('*').length") < 300
        runner.take(tasks[700].id)
        view.wait("model.data.counts.running === 1")
        spent = view.run(
            "const rows = argument; const began = performance.now();"
            "for (let i = 0; i < 20; i++) model.tell({kind: 'rows', whole: false, gone: [], rows});"
            "return (performance.now() - began) / 20",
            [{**_row(tasks[3].id), "part": 0.3}],
        )
        assert spent < 100  # measured: 1.2 ms


def _row(name: str) -> dict[str, Any]:
    return {
        "id": name, "row": 4, "name": "x", "state": "running", "part": 0, "seconds": None,
        "since": 1, "ended": 0, "attempts": 1, "stopping": False, "cell": None, "problem": "",
    }  # fmt: skip


def test_hostile_texts_stay_text(
    mount: Callable[..., Any], folder: Path, runner: Runner, page: Page
) -> None:
    said = [text.encode("utf-8", "replace").decode() for text in texts(60, seed=7)]
    tasks = [
        task(folder, n, name=text, values={"text": text, f"{text}": n}, notebook=text)
        for n, text in enumerate(said)
    ]
    runner.enrol(*tasks)
    runner.take(*(each.id for each in tasks[:20]))
    for each, text in zip(tasks[:20], said, strict=False):
        kept = failed_notebook(folder / f"{each.row}.failed.ipynb", text, [text])
        runner("fail", each.id, {"problem": text, "subject": text, "cure": text, "failed": kept})
    page.evaluate("() => { window.hit = () => { window.hurt = true; }; }")
    with Board(folder) as board:
        view = mount(board, talk=True)
        view.wait("el.querySelectorAll('.wb-job').length > 5")
        known = view.run(
            "return [...new Set([...el.querySelectorAll('*')].map((e) => e.localName))]"
        )
        view.run("el.querySelector('.wb-jobs').focus()")
        for text in said[19::-1]:  # the last to fail stands first
            page.keyboard.press("ArrowDown")
            view.wait("el.querySelector('.wb-source')")
            told = view.run("return el.querySelector('.wb-source').textContent")
            assert told == without_colours(text)
        found = view.run(
            "return [...new Set([...el.querySelectorAll('*')].map((e) => e.localName))]"
        )
        allowed = {
            *known,
            "pre",
            "details",
            "summary",
            "code",
            "dl",
            "dt",
            "dd",
            "svg",
            "path",
            "div",
        }
        assert set(found) <= allowed
        assert view.run(
            "return [...el.querySelectorAll('*')].every((e) => e.getAttributeNames()"
            ".every((name) => !name.startsWith('on')))"
        )
        assert page.evaluate("window.hurt") is None


def test_no_state_raises(mount: Callable[..., Any], shown: Any, page: Page) -> None:
    """Walks through wild states, messages, clicks and keys; a page error fails the fixture."""
    page.evaluate("""() => {
      window.raised = [];
      addEventListener("error", (e) => e.message.startsWith("ResizeObserver loop")
        || window.raised.push(e.message));
      addEventListener("unhandledrejection", (e) => window.raised.push(`rejected: ${e.reason}`));
    }""")
    messages = [
        [{"kind": "rows", "whole": True, "rows": [_row("a"), _row("b")], "gone": []}, []],
        [{"kind": "rows", "whole": False, "rows": [_row("b")], "gone": ["a"]}, []],
        [{"kind": "picture", "id": "a", "file": 0, "mime": "image/png"}, [
            base64.b64encode(b"none").decode()]],
        [{"kind": "no file", "id": "a", "file": 0, "text": "gone"}, []],
    ]  # fmt: skip
    wild = ["", "plain", "<img src=x onerror=hit()>", "__proto__", "x" * 500, "a\nb"]
    page.evaluate("() => { window.talk = null; }")
    for seed in range(6):
        argument = {
            "seed": seed,
            "steps": 40,
            "messages": messages,
            "texts": wild,
            "fixed": ["counts"],
        }
        raised = shown.run(WALK, argument)
        trail = json.dumps(page.evaluate("window.trail"), ensure_ascii=False)[-1500:]
        assert raised == [], f"seed {seed}; the last steps: {trail}"
    del mount


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("width", [900, 420])
def test_how_it_looks(
    shown: Any, ids: list[str], width: int, artefacts: Path, request: pytest.FixtureRequest
) -> None:
    """Every text has the contrast that WCAG 2 asks for, in both themes, on narrow pages too."""
    theme, page = request.node.callspec.params["page"], shown.page
    page.set_viewport_size({"width": width, "height": 1000})
    colour = "#14181f" if theme == "dark" else "#ffffff"
    page.evaluate("(colour) => { document.body.style.background = colour; }", colour)
    shown.run(f"{line(ids[1])}.click()")
    shown.wait("el.querySelector('.wb-source')")
    page.locator(".wb-jobs-board").screenshot(path=artefacts / f"board-{theme}-{width}.png")
    assert page.evaluate(CONTRAST, [".wb-jobs-board", 4.5]) == []
    assert shown.run("return el.scrollWidth <= el.clientWidth + 1")
