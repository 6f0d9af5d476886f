"""The report's page in a browser, opened from a disk: nothing runs, nothing is fetched."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from batching import failed_notebook, outcome, task
from browser.hostile import harmless, texts

from workbench.ledger import Job
from workbench.production.report import summary_html, write_report

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
CONTRAST = (HERE / "contrast.js").read_text(encoding="utf-8")
STATES = ("failed", "done", "dead", "cancelled", "running", "queued", "done")
# Every element with its depth and the names of its attributes.
SHAPE = """(html) => {
  const {documentElement} = new DOMParser().parseFromString(html, "text/html");
  const depth = (e) => (e === documentElement ? 0 : 1 + depth(e.parentElement));
  return [...documentElement.querySelectorAll("*")]
    .map((e) => `${depth(e)} ${e.localName} ${e.getAttributeNames().sort()}`);
}"""


def jobs_of(folder: Path, said: list[str]) -> list[Job]:
    """Return a job for each text, in every state, with the text in all its places."""
    made = []
    for number, text in enumerate(said):
        state = STATES[number % len(STATES)]
        kept = failed_notebook(folder / f"{number}.failed.ipynb", text, [text, text])
        path = f"/out/{number}{text}x.mp4".replace("\0", "")
        given = task(
            folder, number, name=text, notebook=text or "x", values={f"k{text}": text, "n": number},
            output=path, executed=f"/out/{number}.ipynb",
        )  # fmt: skip
        result = {"files": [path], "output": path, "warnings": [text] if number % 2 else []}
        error = dict.fromkeys(("code", "subject", "problem", "cure"), text) | {"failed": kept}
        made.append(
            Job(
                id=f"{number}{text}",
                kind="notebook",
                parameters=given.to_dict(),
                state=state,
                result=result if state == "done" else None,
                error=error if state in {"failed", "dead"} else None,
                started=1.0,
                finished=2.0,
                progress=0.5,
                attempts=1,
            )
        )
    return made


def test_hostile_texts_stay_text(page: Page, tmp_path: Path) -> None:
    """1,400 texts in every place of the page and the summary: not one element or attribute more."""
    page.goto("about:blank")
    said = [text or "x" for text in texts(1400, seed=3)]
    bare = re.compile(r"</?(?:style|script)[^>]*>")
    plain: list[str] = []
    for start in range(0, len(said), 140):
        group = said[start : start + 140]
        shapes = []
        for each in (harmless(140), group):
            jobs = jobs_of(tmp_path, each)
            file = write_report(tmp_path, jobs, title=each[0], command=each[1])
            html = file.read_text(encoding="utf-8") + summary_html(jobs)
            shapes.append(page.evaluate(SHAPE, html.encode(errors="replace").decode()))
            assert len(bare.findall(html)) == 4
        assert shapes[0] == shapes[1]
        plain = shapes[0]
    assert len(plain) > 1000


def test_it_is_read_from_a_disk_without_a_script(
    browser: Any, tmp_path: Path, clip_mp4: Path
) -> None:
    """Totals, failures, and a film that plays with its captions, by its address."""
    film = tmp_path / 'a#b? "><script>.mp4'
    shutil.copy(clip_mp4, film)
    film.with_suffix(".vtt").write_text("WEBVTT\n\n00:00.000 --> 00:03.000\nHello there\n")
    made = task(tmp_path, 1, output=str(film))
    done = Job(id=made.id, kind="notebook", parameters=made.to_dict(), state="done",
               result=outcome(made, film), started=1.0, finished=3.0)  # fmt: skip
    file = write_report(tmp_path, [*jobs_of(tmp_path, harmless(4)), done], title="night")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert page.get_by_role("heading", name="night").is_visible()
    assert page.get_by_text("2 done, 1 failed, 1 dead, 1 cancelled").is_visible()
    assert page.locator("article").count() == 2
    assert not page.locator("#find").is_visible()
    assert len(asked) == 1
    context.close()
    context = browser.new_context()
    page = context.new_page()
    page.goto(file.as_uri())
    row = page.locator("tr", has_text="clip-0001")
    video = row.locator("video")
    assert (
        video.evaluate("(node) => node.readyState + node.buffered.length") == 0
    )  # nothing is fetched yet
    row.locator("summary").click()
    # The page's policy forbids what would wait in it from outside.
    heard = video.evaluate("""async (node) => {
      await node.play();
      const there = () => node.currentTime > 0.1 && node.textTracks[0].cues?.length;
      while (!there()) await new Promise((done) => setTimeout(done, 20));
      return [...node.textTracks[0].cues].map((cue) => cue.text);
    }""")
    assert heard == ["Hello there"]
    context.close()


def test_the_table_is_sorted_and_filtered(page: Page, tmp_path: Path) -> None:
    file = write_report(tmp_path, jobs_of(tmp_path, harmless(21)), title="night")
    page.goto(file.as_uri())
    names = (
        "[...document.querySelectorAll('tbody tr')].filter((e) => !e.hidden)"
        ".map((e) => e.cells[1].textContent.match(/text \\d+/)[0])"
    )
    assert len(page.evaluate(names)) == 21
    assert page.locator("#count").inner_text() == "21 jobs"
    page.locator("#state").select_option("cancelled")
    assert page.evaluate(names) == ["text 3", "text 10", "text 17"]
    page.get_by_role("button", name="row").click()
    page.get_by_role("button", name="row").click()
    assert page.evaluate(names) == ["text 17", "text 10", "text 3"]
    page.locator("#state").select_option("")
    page.get_by_role("searchbox").fill("TEXT 12")
    assert page.evaluate(names) == ["text 12", "text 11"]  # whose row is 12
    assert page.locator("#count").inner_text() == "2 of 21 jobs"


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("width", [1100, 420])
def test_how_it_looks(page: Page, tmp_path: Path, width: int, artefacts: Path) -> None:
    """Every text has the contrast that WCAG 2 asks for; a narrow page does not scroll sideways."""
    file = write_report(
        tmp_path, jobs_of(tmp_path, harmless(14)), title="night", command="workbench batch jobs.csv"
    )
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(file.as_uri())
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.evaluate("document.querySelectorAll('details').forEach((e) => (e.open = true))")
    page.screenshot(path=artefacts / f"report-{'dark' if dark else 'light'}-{width}.png")
    assert page.evaluate(CONTRAST, ["body", 4.5]) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
