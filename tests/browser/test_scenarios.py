"""Each widget in JupyterLab, Notebook 7 and Voilà, clicked as a person would, heard and seen.

One page shows them all: a front end takes longer to open than a widget to try.
"""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from batching import Runner, failed_notebook, outcome, task
from browser.books import PIECES, Piece, book_of
from browser.jupyter import LAB_FIRST, Shown, a_page
from small_notebook import small_notebook

from workbench.audio import Audio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.jupyter import Server
    from playwright.sync_api import Browser, Locator

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

# The captions and the line board have scenarios of their own.
NAMES = ("player", "video", "stack", "tuner", "grid", "audition", "form", "batch")
TRIED = tuple(piece for piece in PIECES if piece.name in NAMES)
# Of a small notebook, and of the batch of another process.
CODE = {"form": "form = wb.form({form!r})\nform", "batch": "batch = wb.board({batch!r})\nbatch"}
CELL = """from pathlib import Path
text: str = "Hello."  # what is said
rate: int = 150  # 80..450, letters by ear
output: Path = "said.wav"
"""
SAY = "import workbench as wb\nwb.speak(text, rate=rate).audio.write(output)"


@pytest.fixture(scope="module", params=LAB_FIRST)
def front(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def home(front: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the batch."""
    return tmp_path_factory.mktemp(f"night-{front}")


@pytest.fixture(scope="module")
def runner(home: Path) -> Iterator[Runner]:
    """Who works on the batch, with six jobs, before the notebook is opened."""
    made = Runner(home)
    made.enrol(*(task(home, number) for number in range(1, 7)))
    yield made
    made.kill()


@pytest.fixture(scope="module")
def notebook(
    home: Path, runner: Runner, clip_mp4: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    del runner
    folder = tmp_path_factory.mktemp("all")
    given = {"batch": str(home), "form": str(small_notebook(folder, CELL, SAY, name="say.ipynb"))}

    def placed(piece: Piece) -> Piece:
        code = CODE.get(piece.name)
        return piece if code is None else replace(piece, code=code.format(**given))

    return book_of(folder / "all.ipynb", *map(placed, TRIED), clip=clip_mp4)


@pytest.fixture(scope="module")
def shown(
    front: str, jupyter: Server, browser: Browser, artefacts: Path, notebook: Path
) -> Iterator[Shown]:
    """The notebook in a front end, run."""
    with a_page(browser) as (page, errors):
        here = Shown(page, errors, jupyter, jupyter.take(notebook), front, artefacts)
        here.open()
        here.run_all()
        yield here
    jupyter.stop_kernels()


@pytest.fixture(autouse=True)
def no_errors(shown: Shown) -> Iterator[None]:
    """Whatever a test did, the page raised nothing and no widget complains."""
    yield
    assert shown.errors == []
    assert shown.tracebacks() == []
    assert shown.page.locator(".wb-status:visible").all_inner_texts() == []


def box_of(shown: Shown, name: str) -> Locator:
    (piece,) = [one for one in TRIED if one.name == name]
    box = shown.page.locator(piece.root).first
    box.wait_for()
    box.scroll_into_view_if_needed()
    return box


def media_of(name: str) -> str:
    (piece,) = [one for one in TRIED if one.name == name]
    return f"[...document.querySelectorAll({piece.root + ' :is(audio, video)'!r})]"


def keep(shown: Shown, name: str, state: str = "") -> None:
    """Keep a picture of the widget, as it is now."""
    path = shown.artefacts / f"{shown.front}-{name}{state}.png"
    box_of(shown, name).screenshot(path=path)


def test_player(shown: Shown) -> None:
    box, media, page = box_of(shown, "player"), f"{media_of('player')}[0]", shown.page
    page.wait_for_function(f"{media}?.duration > 0")
    duration = shown.kernel("player.duration")
    assert page.evaluate(f"{media}.duration") == pytest.approx(duration, abs=0.06)
    box.get_by_role("button", name="Play").click()
    page.wait_for_function(f"!{media}.paused && {media}.currentTime > 0.2")
    page.wait_for_function("document.querySelector('.wb-player .wb-on')?.textContent === 'Every'")
    keep(shown, "player")
    box.get_by_role("button", name="Pause").click()
    box.locator(".wb-words span").nth(4).click()
    start = shown.kernel("player.words[4]['start']")
    page.wait_for_function(f"{media}.paused && Math.abs({media}.currentTime - {start}) < 0.01")
    # The keys are the player's, and the front end leaves them alone.
    page.keyboard.press("Home")
    page.wait_for_function(f"{media}.currentTime === 0")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{media}.currentTime === 1")


def test_video(shown: Shown) -> None:
    box, media, page = box_of(shown, "video"), f"{media_of('video')}[0]", shown.page
    page.wait_for_function(f"{media}?.duration > 2.9")
    assert page.evaluate(f"[{media}.videoWidth, {media}.videoHeight]") == [320, 180]
    box.locator(".wb-play").click()
    page.wait_for_function(f"!{media}.paused && {media}.currentTime > 0.1")
    said = f"{media}.textTracks[0].activeCues[0]?.text"
    page.wait_for_function(f"{said}?.includes('Under a picture')")
    assert page.evaluate(f"{media}.textTracks[0].mode") == "showing"
    box.locator(".wb-play").click()
    page.wait_for_function(f"{media}.paused")
    shown.kernel("video.seek(1.0)")
    page.wait_for_function(f"Math.abs({media}.currentTime - 1) < 0.05")
    keep(shown, "video")


def test_stack(shown: Shown) -> None:
    """The same place in another take, without a gap."""
    box, media, page = box_of(shown, "stack"), media_of("stack"), shown.page
    page.wait_for_function(f"{media}.length === 2 && {media}.every((m) => m.duration > 0)")
    box.locator(".wb-play").click()
    page.wait_for_function(f"!{media}[0].paused && {media}[0].currentTime > 0.1")
    box.get_by_role("radio", name="220").click()
    page.wait_for_function(f"{media}[0].paused && !{media}[1].paused")
    assert page.evaluate(f"{media}[1].currentTime") > 0.05
    page.wait_for_function(f"{media}[1].ended")
    assert shown.kernel("stack.label") == "220"
    keep(shown, "stack")


def test_tuner(shown: Shown) -> None:
    """Another text and pace, heard as soon as it is there, then kept."""
    box, media, page = box_of(shown, "tuner"), media_of("tuner"), shown.page
    rate = box.get_by_role("spinbutton", name="Rate", exact=True)
    rate.fill("250")
    rate.press("Enter")
    box.get_by_role("textbox", name="Text", exact=True).fill("Ten words and a bit more are enough.")
    box.get_by_role("button", name="Generate").click()
    take = box.locator("[data-take='2']")
    take.wait_for()
    page.wait_for_function(f"{media}.some((m) => !m.paused && m.currentTime > 0)")
    assert shown.kernel("tuner.takes[0].take.text") == "Ten words and a bit more are enough."
    assert shown.kernel("tuner.takes[0].settings.options['rate']") == 250
    length = shown.kernel("tuner.takes[0].take.duration")
    heard = "document.querySelector(\"[data-take='2'] audio\").duration"
    assert page.evaluate(heard) == pytest.approx(length, abs=0.06)
    take.get_by_role("button", name="Star").click()
    name = f"narrator-{shown.front}"
    box.get_by_role("textbox", name="Name of the preset").fill(name)
    box.get_by_role("button", name="Keep as a preset").click()
    box.get_by_text(f"{name}.toml").wait_for()
    preset = shown.server.folder / "presets" / f"{name}.toml"
    assert "rate = 250" in preset.read_text()
    assert (
        shown.kernel(f"wb.speak('It works.', voice={name!r}).parts[0].take.options['rate']") == 250
    )
    assert shown.kernel("tuner.error") == ""
    keep(shown, "tuner")


def test_grid(shown: Shown) -> None:
    """Sorted by length, two of them heard at the same place, one kept."""
    box, media, page = box_of(shown, "grid"), media_of("grid"), shown.page
    box.get_by_role("button", name="duration").click()
    rows = "[...document.querySelectorAll('.wb-sweep tr[data-row]')].map((r) => r.dataset.row)"
    page.wait_for_function(f"{rows}.join() === '2,1,0'")
    row = box.locator("tr[data-row='2']")
    row.get_by_role("button", name="Star").click()
    for number in (0, 2):
        box.locator(f"tr[data-row='{number}'] input[type=checkbox]").check()
    switch = box.get_by_role("button", name="Switch between A and B")
    switch.click()
    page.wait_for_function(f"{media}.filter((m) => !m.paused && m.currentTime > 0).length === 1")
    keep(shown, "grid")
    row.get_by_role("button", name="Keep").click()
    row.get_by_role("textbox").fill(f"fast-{shown.front}")
    page.keyboard.press("Enter")
    box.get_by_text(f"fast-{shown.front}.toml").first.wait_for()
    assert (shown.server.folder / "presets" / f"fast-{shown.front}.toml").is_file()
    assert shown.kernel("grid.starred") == [2]


def test_audition(shown: Shown) -> None:
    """Heard blind, answered four times, and then the result."""
    box, page = box_of(shown, "audition"), shown.page
    media = media_of("audition")
    for done in range(4):
        box.get_by_text(f"Trial {done + 1} of 4").wait_for()
        page.wait_for_function(f"{media}.length === 2 && {media}.every((m) => m.readyState >= 2)")
        better = box.get_by_role("button", name="A is better")
        assert better.is_disabled()
        for i, letter in enumerate("AB"):
            box.get_by_role("button", name=f"Hear {letter}").click()
            page.wait_for_function(f"!{media}[{i}].paused && {media}[{i}].currentTime > 0")
        if done == 1:
            keep(shown, "audition")
        better.click()
    box.get_by_text("4 of 4 trials answered").wait_for()
    box.get_by_text("No preference shown").wait_for()  # of four answers, none can be
    box.get_by_text("Figures", exact=True).click()
    assert box.get_by_role("table").count() == 3
    assert shown.kernel("audition.finished")
    assert shown.kernel("len(audition.comparison.answers)") == 4
    box.screenshot(path=shown.artefacts / f"{shown.front}-audition-result.png")


def test_form(shown: Shown) -> None:
    """Filled in: what is wrong is refused where it stands, the command follows, and it runs."""
    box, page = box_of(shown, "form"), shown.page
    rate = box.get_by_label("rate", exact=True)
    rate.fill("30")
    wrong = box.locator(".wb-field-row", has=page.get_by_label("rate", exact=True)).locator(
        ".wb-wrong"
    )
    wrong.wait_for()
    assert "must be 80 to 450" in wrong.inner_text()
    assert box.get_by_role("button", name="Run (Ctrl+Enter)").is_disabled()
    keep(shown, "form", "-wrong")
    rate.fill("300")
    wrong.wait_for(state="hidden")
    box.get_by_label("text", exact=True).fill("It's done.")
    page.keyboard.press("Control+Enter")  # no front end takes it for a cell
    page.wait_for_function(
        "document.querySelector('.wb-form audio')?.duration > 0.3", timeout=90_000
    )
    command = box.locator(".wb-terminal code").inner_text()
    assert shlex.split(command)[3:] == ["-p", "text=It's done.", "-p", "rate=300"]
    assert shown.kernel("form.result.parameters['rate']") == 300
    assert (shown.server.folder / "said.wav").is_file()
    keep(shown, "form")


def test_batch(shown: Shown, home: Path, runner: Runner) -> None:
    """Another process works: it is seen, what went wrong first; a job is heard, and all stopped."""
    box, page = box_of(shown, "batch"), shown.page
    tasks = [task(home, number) for number in range(1, 7)]
    ids = [each.id for each in tasks]
    box.get_by_text("6 queued").wait_for()
    box.get_by_text("Nobody has begun with it yet.").wait_for()
    runner.take(*ids[:4])
    runner("progress", ids[3], 0.4)
    box.get_by_text("4 running").first.wait_for()
    sound = home / "clip-0001.mp3"
    Audio.silence(1.0, 24_000).write(sound)
    runner("finish", ids[0], outcome(task(home, 1, output=str(sound)), sound))
    kept = failed_notebook(home / "2.failed.ipynb", "frames = find('a')\n1 / 0", ["Zero: none"])
    runner("fail", ids[1], {"problem": "division by zero", "subject": "captioned", "failed": kept})
    runner("finish", ids[2], outcome(tasks[2]))
    states = (
        "[...document.querySelectorAll('.wb-job')].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)"
    )
    wanted = "running,failed,done,done,queued,queued"
    page.wait_for_function(f"{states}.map((e) => e.dataset.state).join() === '{wanted}'")
    line = box.locator(".wb-job[data-state='running'] progress")
    assert line.evaluate("(bar) => bar.value") == 0.4
    box.get_by_text("division by zero").click()
    box.locator(".wb-source").wait_for()
    assert box.locator(".wb-source").inner_text().endswith("1 / 0")
    term = box.locator(".wb-values dt", has_text="script")
    assert (
        term.evaluate("(term) => term.offsetHeight") < 30
    )  # on one line, whatever lists look like
    keep(shown, "batch", "-failed")
    page.keyboard.press("Escape")
    box.locator(f".wb-job[data-id='{ids[0]}']").click()
    box.get_by_role("button", name="Play clip-0001.mp3").click()
    page.wait_for_function(f"{media_of('batch')}[0]?.currentTime > 0.1")
    keep(shown, "batch")
    box.get_by_role("button", name="Stop the batch", exact=True).click()
    box.get_by_role("button", name="Yes, stop the batch").click()
    box.get_by_text("2 cancelled").wait_for()
    assert runner("cancelling", ids[3]) is True
    runner("cancelled", ids[3])
    box.get_by_text("3 cancelled").wait_for()
    assert box.locator(".wb-pane-name").inner_text() == "clip-0001"  # whatever became of others
    assert shown.kernel("batch.wait(5)") is True


LEAST = 3.0  # WCAG 2 asks this of controls and of large letters
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


def faint(shown: Shown) -> dict[str, list[str]]:
    """Texts with less contrast than they need, by widget."""
    found = {one.name: shown.page.evaluate(CONTRAST, [one.root, LEAST]) for one in TRIED}
    return {name: texts for name, texts in found.items() if texts}


def test_both_themes(shown: Shown) -> None:
    assert faint(shown) == {}
    shown.theme("Dark")
    for piece in TRIED:
        box_of(shown, piece.name)
    with contextlib.ExitStack() as stack:
        if shown.front != "voila":  # the server remembers
            stack.callback(shown.theme, "Light")
        for piece in TRIED:
            dark = shown.artefacts / f"{shown.front}-{piece.name}-dark.png"
            box_of(shown, piece.name).screenshot(path=dark)
        assert faint(shown) == {}
