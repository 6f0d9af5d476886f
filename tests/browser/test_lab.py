"""The tour's first notebook in a real JupyterLab, as a person would use it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

TOUR = Path(__file__).parents[2] / "notebooks/tour/01_say.ipynb"
OUTPUT = "document.querySelectorAll('.jp-Cell:has(.wb-player)')"
MEDIA = "document.querySelectorAll('.wb-player audio')"


def cells_of(path: Path) -> list[Any]:
    return nbformat.read(path, as_version=4).cells


def test_run_play_and_seek(open_notebook: Any, artefacts: Path) -> None:
    page: Page = open_notebook(TOUR, run=True)
    players = page.locator(".wb-player")
    page.wait_for_function(f"{MEDIA}.length === 5 && [...{MEDIA}].every((m) => m.duration > 0)")
    texts = page.locator(".jp-OutputArea-output").all_inner_texts()
    assert not [text for text in texts if "Traceback" in text or "Error displaying" in text]
    twins = "[...document.querySelectorAll('.wb-twin')].map((twin) => twin.offsetHeight)"
    assert page.evaluate(twins) == [0] * 5

    player = players.nth(1)
    player.scroll_into_view_if_needed()
    player.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{MEDIA}[1].currentTime > 0 && !{MEDIA}[1].paused")
    lit = "document.querySelectorAll('.wb-player')[1].querySelector('.wb-on')?.textContent"
    for word in ("esto", "prueba."):
        page.wait_for_function(f"{lit} === '{word}'")
    page.screenshot(path=artefacts / "lab-light.png")
    player.get_by_role("button", name="Pause").click()

    start = _kernel(page, "hola.words[2].start")
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

    _theme(page, "Dark")
    back = "getComputedStyle(document.querySelector('.wb-player')).backgroundColor"
    page.wait_for_function(f"{back} !== 'rgb(255, 255, 255)'")
    player.scroll_into_view_if_needed()
    page.screenshot(path=artefacts / "lab-dark.png")
    _theme(page, "Light")  # the server remembers


def _theme(page: Page, name: str) -> None:
    change = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
    page.evaluate(change, f"JupyterLab {name}")
    page.wait_for_function(f"document.body.dataset.jpThemeName === 'JupyterLab {name}'")


def _kernel(page: Page, expression: str) -> Any:
    """Return what an expression is in the kernel of the open notebook."""
    code = f"import json; print(json.dumps({expression}))"
    text = page.evaluate(
        """(code) => new Promise((done) => {
          const {kernel} = window.jupyterapp.shell.currentWidget.sessionContext.session;
          const future = kernel.requestExecute({code});
          future.onIOPub = ({content}) => content.name === "stdout" && done(content.text);
        })""",
        code,
    )
    return json.loads(text)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook as papermill runs and saves it, without any front end."""
    import papermill

    folder = tmp_path_factory.mktemp("saved")
    path = folder / "saved.ipynb"
    papermill.execute_notebook(
        TOUR,
        path,
        cwd=folder,
        kernel_name="python3",
        progress_bar=False,
        store_widget_state=False,
    )
    return path


def test_a_saved_notebook_holds_both_outputs(saved: Path) -> None:
    """With the sound as a trait one player of 60 s made a notebook of 721 KB; by message, 22."""
    cell = next(c for c in cells_of(saved) if c.id == "first")
    first, second = cell.outputs
    assert set(first.data) == {
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "text/plain",
    }
    assert first.data["text/plain"].startswith("Hello! This is the workbench")
    assert set(second.data) == {"text/html"}
    assert '<audio controls preload="metadata"' in second.data["text/html"]
    book = nbformat.read(saved, as_version=4)
    assert "widgets" not in book.metadata
    assert saved.stat().st_size < 600_000


def test_widget_state_holds_no_media(tmp_path: Path) -> None:
    """Whoever keeps the widget state keeps the outline and the words, not the sound."""
    from nbclient import NotebookClient

    book = nbformat.read(TOUR, as_version=4)
    book.cells = [cell for cell in book.cells if cell.id in {"import", "first"}]
    NotebookClient(book, kernel_name="python3", store_widget_state=True).execute(cwd=str(tmp_path))
    state = book.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    (player,) = [m for m in state.values() if m["model_name"] == "AnyModel"]
    assert [buffer["path"] for buffer in player["buffers"]] == [["peaks"]]
    assert len(player["buffers"][0]["data"]) < 12_000
    assert len(json.dumps(player["state"])) < 40_000


def test_a_saved_notebook_plays_for_a_reader_who_did_not_run_it(
    saved: Path, open_notebook: Any, artefacts: Path
) -> None:
    """JupyterLab shows no widget of a stranger's notebook: IPython's own Audio is dead there."""
    page: Page = open_notebook(saved, run=False)
    page.wait_for_function("document.querySelectorAll('.wb-twin audio').length === 5")
    assert page.locator(".wb-player").count() == 0
    pictures = "[...document.querySelectorAll('.jp-OutputArea-output img')]"
    page.wait_for_function(
        f"{pictures}.length === 5 && {pictures}.every((i) => i.naturalWidth > 0)"
    )
    sounds = "[...document.querySelectorAll('.wb-twin audio')]"
    page.wait_for_function(f"{sounds}.every((a) => a.duration > 0.5)")
    page.evaluate(f"{sounds}[1].play()")
    page.wait_for_function(f"{sounds}[1].currentTime > 0")
    twin = page.locator(".wb-twin").nth(1)
    twin.scroll_into_view_if_needed()
    assert "Hola, esto es una prueba." in twin.inner_text()
    page.screenshot(path=artefacts / "lab-untrusted.png")


def test_a_video_beside_the_notebook_is_played_by_its_address(
    lab: tuple[str, Path], open_notebook: Any, clip_mp4: Path, tmp_path: Path
) -> None:
    """One elsewhere comes through the kernel, a message for each part of it."""
    _, root = lab
    (root / "my clips").mkdir()
    shutil.copy(clip_mp4, root / "my clips" / "a #1 é.mp4")
    code = [
        "import os, workbench as wb",
        "from workbench.widgets import Player",
        "os.makedirs('deeper', exist_ok=True); os.chdir('deeper')",
        "player = Player.of('../my clips/a #1 é.mp4')\nplayer",
        f"other = Player.of({str(clip_mp4)!r})\nother",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in code])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    path = tmp_path / "video.ipynb"
    nbformat.write(book, path)
    page: Page = open_notebook(path, run=True)
    page.wait_for_function("document.querySelector('.wb-player video')?.duration > 2.9")
    source = page.evaluate("document.querySelector('.wb-player video').src")
    assert "/files/my%20clips/a%20%231%20%C3%A9.mp4" in source
    page.wait_for_function("document.querySelectorAll('.wb-player video')[1]?.duration > 2.9")
    source = page.evaluate("document.querySelectorAll('.wb-player video')[1].src")
    assert source.startswith(("blob:", "data:"))
    # Commands and reports travel between Python and the page.
    _kernel(page, "player.seek(1.5)")
    page.wait_for_function("document.querySelector('.wb-player video').currentTime === 1.5")
    page.evaluate("document.querySelector('.wb-player video').currentTime = 2.5")
    page.wait_for_function("!document.querySelector('.wb-player video').seeking")
    assert _kernel(page, "player.position") == 2.5
