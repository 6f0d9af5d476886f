"""What a widget lives through: several views, a page loaded anew, a kernel that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil
import pytest
from browser.books import IMPORTS, PIECES, book

if TYPE_CHECKING:
    from pathlib import Path

    from browser.books import Piece
    from browser.jupyter import Shown

pytestmark = [pytest.mark.browser, pytest.mark.notebook]


def plays(shown: Shown, piece: Piece, view: int = 0) -> None:
    """Press play in a view of a widget that has sound, hear it go on, and press pause."""
    here = f"document.querySelectorAll({piece.root!r})[{view}]"
    shown.page.wait_for_function(f"{here} !== undefined")
    box = shown.page.locator(piece.root).nth(view)
    box.scroll_into_view_if_needed()
    if not piece.plays:
        assert box.is_visible()
        return
    box.locator(".wb-play").first.click()
    running = f"[...{here}.querySelectorAll('audio, video')].some((m) => !m.paused"
    shown.page.wait_for_function(f"{running} && m.currentTime > 0)")
    box.locator(".wb-play").first.click()
    shown.page.wait_for_function(f"!{running})")
    assert shown.page.locator(f"{piece.root} .wb-status:visible").all_inner_texts() == []


def test_two_views_and_a_page_that_is_loaded_anew(
    show: Any,
    clip_mp4: Path,
    tmp_path: Path,
) -> None:
    path = tmp_path / "views.ipynb"
    cells = [piece.code.format(clip=str(clip_mp4)) for piece in PIECES]
    shown: Shown = show(book(path, IMPORTS, *cells, *(piece.name for piece in PIECES)))
    for piece in PIECES:
        for view in (0, 1):
            plays(shown, piece, view)
        assert shown.page.locator(piece.root).count() == 2
    assert shown.tracebacks() == []
    shown.save()
    shown.reload()
    for piece in PIECES:
        plays(shown, piece, 1)
    assert shown.tracebacks() == []


WORKING = """
from workbench.widgets.panel import Panel
video = wb.Video("1:1")
for number in range(20):
    video = video.scene(wb.Colour("navy"), duration=60)
panel = Panel()
panel._work("rendering", lambda report, cancel: video.render("long.mp4", cache=False))
"""


def children(pid: int) -> list[psutil.Process]:
    return [one for one in psutil.Process(pid).children(recursive=True) if one.is_running()]


SLOW = pytest.mark.slow


@pytest.mark.parametrize("way", [pytest.param("restart", marks=SLOW), "close_kernel"])
def test_a_kernel_that_ends_leaves_no_process(
    show: Any,
    tmp_path: Path,
    way: str,
) -> None:
    """While a widget renders: ffmpeg must not go on for a notebook that is closed."""
    shown: Shown = show(book(tmp_path / "working.ipynb", IMPORTS, WORKING))
    pid = shown.kernel("__import__('os').getpid()")
    shown.page.wait_for_timeout(10)
    while not (alive := children(pid)):
        assert shown.kernel("(panel.busy, panel.error)") == [True, ""]
    kernel = psutil.Process(pid)
    getattr(shown, way)()
    gone, left = psutil.wait_procs([kernel, *alive], timeout=10)
    for one in left:
        one.kill()
    assert left == []
    assert len(gone) == 1 + len(alive)


@pytest.mark.parametrize("way", ["restart", pytest.param("close_kernel", marks=SLOW)])
def test_a_widget_says_that_its_kernel_has_ended(show: Any, tmp_path: Path, way: str) -> None:
    """Jupyter told nobody but the console: a click did nothing, and what was typed hung there."""
    shown: Shown = show(book(tmp_path / "ended.ipynb", IMPORTS, "wb.tune('Hello there.')"))
    shown.page.wait_for_selector(".wb-tuner")
    getattr(shown, way)()
    status = shown.page.locator(".wb-tuner .wb-status", has_text="The kernel has ended")
    status.wait_for(state="visible")
