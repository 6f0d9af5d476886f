"""A line is mended in real front ends, as a person does it: read, hear, write, hear, accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.books import IMPORTS, book
from browser.jupyter import LAB_FIRST

if TYPE_CHECKING:
    from pathlib import Path

    from browser.jupyter import Shown

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

CODE = (
    "from workbench.widgets.line_board import review\n"
    "board = review(wb.speak('It begins here.\\nThis line is wrong.\\nSo it ends.'))\n"
    "board"
)
LINE = "document.querySelectorAll('.wb-line')[1]"
WHOLE = "document.querySelector('.wb-whole audio')"


@pytest.mark.parametrize("front", LAB_FIRST)
def test_a_line_is_mended(show: Any, tmp_path: Path, front: str) -> None:
    path = book(tmp_path / "board.ipynb", IMPORTS, CODE)
    shown: Shown = show(path, front)
    page = shown.page
    page.wait_for_selector(".wb-line-measures span")
    line = page.locator(".wb-line").nth(1)
    line.scroll_into_view_if_needed()
    line.locator(".wb-play").click()
    page.wait_for_function(f"{LINE}.querySelector('audio').currentTime > 0.1")
    line.locator(".wb-line-text").click()
    page.get_by_role("textbox", name="Text of line 2").fill("This line is right, and it is longer.")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{LINE}.querySelector('.wb-state').textContent === 'to judge'")
    page.keyboard.press(" ")  # the line has the focus again, and no front end takes its keys
    page.wait_for_function(f"{LINE}.querySelector('.wb-line-sound audio').currentTime > 0.1")
    heard = page.evaluate(f"{LINE}.querySelector('.wb-line-sound audio').duration")
    assert heard == pytest.approx(
        shown.kernel("board.review.at(2).version.take.duration"), abs=0.06
    )
    before = shown.kernel("board.narration.duration")
    page.keyboard.press("a")
    page.wait_for_function(f"{LINE}.querySelector('.wb-state svg') !== null")
    assert shown.kernel("board.narration.text").splitlines()[1] == (
        "This line is right, and it is longer."
    )
    assert shown.kernel("board.narration.duration") > before + 0.3
    page.locator(".wb-whole .wb-play").click()
    page.wait_for_function(f"{LINE}.classList.contains('wb-now')")
    whole = page.evaluate(f"{WHOLE}.duration")
    assert whole == pytest.approx(shown.kernel("board.narration.duration"), abs=0.06)
    page.wait_for_function(f"{LINE}.querySelector('.wb-line-sound audio').paused")
    shown.screenshot("line-board")
    assert shown.tracebacks() == []
    if front != "voila":
        shown.theme("Dark")
        shown.screenshot("line-board-dark")
        shown.theme("Light")  # the server remembers
