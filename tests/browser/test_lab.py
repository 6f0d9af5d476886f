"""The tour's first notebook in a real JupyterLab, as a person would use it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.books import book

if TYPE_CHECKING:
    from browser.jupyter import Server, Shown

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

TOUR = Path(__file__).parents[2] / "notebooks/tour/01_say.ipynb"
OUTPUT = "document.querySelectorAll('.jp-Cell:has(.wb-player)')"
MEDIA = "document.querySelectorAll('.wb-player audio')"


def test_run_play_and_seek(show: Any) -> None:
    shown: Shown = show(TOUR)
    page = shown.page
    players = page.locator(".wb-player")
    page.wait_for_function(f"{MEDIA}.length === 5 && [...{MEDIA}].every((m) => m.duration > 0)")
    assert shown.tracebacks() == []
    twins = "[...document.querySelectorAll('.wb-twin')].map((twin) => twin.offsetHeight)"
    assert page.evaluate(twins) == [0] * 5

    player = players.nth(1)
    player.scroll_into_view_if_needed()
    player.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{MEDIA}[1].currentTime > 0 && !{MEDIA}[1].paused")
    lit = "document.querySelectorAll('.wb-player')[1].querySelector('.wb-on')?.textContent"
    for word in ("esto", "prueba."):
        page.wait_for_function(f"{lit} === '{word}'")
    shown.screenshot("light")
    player.get_by_role("button", name="Pause").click()

    start = shown.kernel("hola.words[2].start")
    player.locator(".wb-words span").nth(2).click()
    page.wait_for_function(f"{MEDIA}[1].paused && !{MEDIA}[1].seeking")
    assert page.evaluate(f"{MEDIA}[1].currentTime") == pytest.approx(start, abs=2e-4)
    # JupyterLab uses the arrow keys and the space bar itself; in the player they are the player's.
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"Math.abs({MEDIA}[1].currentTime - {start} - 1) < 0.01")
    page.keyboard.press(" ")
    page.wait_for_function(f"!{MEDIA}[1].paused")
    # One at a time: the first begins, this one stops.
    players.nth(0).get_by_role("button", name="Play").click()
    page.wait_for_function(f"{MEDIA}[1].paused && !{MEDIA}[0].paused")

    shown.theme("Dark")
    back = "getComputedStyle(document.querySelector('.wb-player')).backgroundColor"
    page.wait_for_function(f"{back} !== 'rgb(255, 255, 255)'")
    player.scroll_into_view_if_needed()
    shown.screenshot("dark")
    shown.theme("Light")  # the server remembers


def test_a_video_beside_the_notebook_is_played_by_its_address(
    jupyter: Server, show: Any, clip_mp4: Path, tmp_path: Path
) -> None:
    """One elsewhere comes through the kernel, a message for each part of it."""
    (jupyter.folder / "my clips").mkdir()
    shutil.copy(clip_mp4, jupyter.folder / "my clips" / "a #1 é.mp4")
    code = [
        "import os, workbench as wb",
        "from workbench.widgets import Player",
        "os.makedirs('deeper', exist_ok=True); os.chdir('deeper')",
        "player = Player.of('../my clips/a #1 é.mp4')\nplayer",
        f"other = Player.of({str(clip_mp4)!r})\nother",
    ]
    shown: Shown = show(book(tmp_path / "video.ipynb", *code))
    page = shown.page
    page.wait_for_function("document.querySelector('.wb-player video')?.duration > 2.9")
    source = page.evaluate("document.querySelector('.wb-player video').src")
    assert "/files/my%20clips/a%20%231%20%C3%A9.mp4" in source
    page.wait_for_function("document.querySelectorAll('.wb-player video')[1]?.duration > 2.9")
    source = page.evaluate("document.querySelectorAll('.wb-player video')[1].src")
    assert source.startswith(("blob:", "data:"))
    # Commands and reports travel between Python and the page.
    shown.kernel("player.seek(1.5)")
    page.wait_for_function("document.querySelector('.wb-player video').currentTime === 1.5")
    page.evaluate("document.querySelector('.wb-player video').currentTime = 2.5")
    page.wait_for_function("!document.querySelector('.wb-player video').seeking")
    assert shown.kernel("player.position") == 2.5
