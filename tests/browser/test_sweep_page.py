"""The audition page of a sweep, opened from a disk: it sorts and plays, and fetches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.hostile import texts

import workbench as wb
from workbench.speech.sweep_page import sweep_page, write_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sweep() -> Any:
    return wb.sweep("Hola a todos.", voices=["espeak:es"], rate=[220, 140, 180])


@pytest.fixture
def opened(page: Page, sweep: Any, tmp_path: Path) -> Iterator[Page]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    file = write_page(sweep, tmp_path / "a #1? ü.html")
    page.goto(file.absolute().as_uri())
    yield page
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def labels(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "tbody tr", "rows => rows.map(row => row.cells[0].textContent)"
    )
    return found


def heard(page: Page) -> list[int]:
    """The rows whose sound plays."""
    found: list[int] = page.eval_on_selector_all(
        "audio", "all => all.map((a, n) => a.paused ? -1 : n).filter(n => n >= 0)"
    )
    return found


def soon(page: Page, true: str) -> None:
    """Look until something is so; Playwright's own way is a script that the page forbids."""
    for _ in range(200):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    pytest.fail(true)


def test_a_head_sorts_by_numbers_and_again_the_other_way(opened: Page):
    before = labels(opened)
    assert [rate in label for rate, label in zip(("220", "140", "180"), before, strict=True)] == [
        True
    ] * 3
    head = opened.locator("th[data-sort]", has_text="rate").first
    head.locator("button").click()
    column = head.evaluate("h => h.cellIndex")

    def values() -> list[float]:
        found: list[float] = opened.eval_on_selector_all(
            "tbody tr", f"rows => rows.map(row => Number(row.cells[{column}].dataset.value))"
        )
        return found

    assert values() == sorted(values())
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").press("Enter")
    assert values() == sorted(values(), reverse=True)
    assert opened.locator("th[aria-sort]").count() == 1
    opened.locator("th[data-sort]").first.locator("button").click()
    assert labels(opened) == before, "as they were spoken"


def test_one_sound_at_a_time_by_keys(opened: Page):
    opened.keyboard.press("j")
    soon(opened, "document.querySelectorAll('audio')[0].currentTime > 0")
    assert heard(opened) == [0]
    opened.keyboard.press("j")
    soon(opened, "document.querySelectorAll('audio')[1].currentTime > 0")
    assert heard(opened) == [1]
    assert opened.locator("tr[aria-current=true]").count() == 1
    opened.keyboard.press("p")
    soon(opened, "[...document.querySelectorAll('audio')].every(a => a.paused)")
    opened.keyboard.press("k")
    soon(opened, "!document.querySelectorAll('audio')[0].paused")
    assert heard(opened) == [0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_both_themes(opened: Page, scheme: Any):
    opened.emulate_media(color_scheme=scheme)
    background = opened.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert "light dark" in background
    assert opened.evaluate(CONTRAST, ["body", 4.5]) == []


def test_hostile_titles_make_no_element(page: Page, sweep: Any):
    shape = """(html) => [...new DOMParser().parseFromString(html, "text/html")
      .querySelectorAll("*")].map((e) => `${e.localName} ${e.getAttributeNames().sort()}`)"""
    plain = page.evaluate(shape, sweep_page(sweep, title="a text"))
    for said in texts(60):
        assert page.evaluate(shape, sweep_page(sweep, title=said)) == plain, said
