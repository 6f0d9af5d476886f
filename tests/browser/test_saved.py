"""What a notebook keeps of each widget, and what it shows to those who run nothing."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from browser.books import PIECES, Piece, book_of
from browser.jupyter import a_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
# What files of sound and video begin with, or have after four bytes of length.
MEDIA = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"RIFF", b"OggS", b"fLaC", b"\x1aE\xdf\xa3")

by_piece = pytest.mark.parametrize("piece", PIECES, ids=[piece.name for piece in PIECES])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, clip_mp4: Path) -> Path:
    """A notebook with every widget that ran without a front end and kept the widgets' state."""
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("kept")
    path = book_of(folder / "kept.ipynb", *PIECES, clip=clip_mp4)
    ran = nbformat.read(path, as_version=4)
    NotebookClient(ran, kernel_name="python3", store_widget_state=True).execute(cwd=str(folder))
    nbformat.write(ran, path)
    return path


@pytest.fixture(scope="module")
def stripped(kept: Path, clip_mp4: Path) -> Path:
    """The same as papermill runs it, without the state of the widgets."""
    import papermill

    folder = kept.parent
    papermill.execute_notebook(
        book_of(folder / "given.ipynb", *PIECES, clip=clip_mp4),
        folder / "stripped.ipynb",
        cwd=folder,
        kernel_name="python3",
        progress_bar=False,
        store_widget_state=False,
    )
    return folder / "stripped.ipynb"


def cell_of(path: Path, piece: Piece) -> Any:
    cells = nbformat.read(path, as_version=4).cells
    (cell,) = [one for one in cells if one.source.endswith(f"\n{piece.name}")]
    return cell


def is_media(data: bytes) -> bool:
    return data.startswith(MEDIA) or data[4:8] == b"ftyp" or b"data:audio" in data


def state_of(path: Path, piece: Piece) -> Any:
    book = nbformat.read(path, as_version=4)
    models = book.metadata["widgets"][STATE]["state"]
    (view,) = [o.data[VIEW] for o in cell_of(path, piece).outputs if VIEW in o.get("data", {})]
    return models[view["model_id"]]


@by_piece
def test_the_state_of_a_widget_holds_no_media(kept: Path, piece: Piece) -> None:
    """With the sound as a trait, one minute made a notebook of 721 kB; by message, 22."""
    model = state_of(kept, piece)
    state = {key: value for key, value in model["state"].items() if key not in {"_esm", "_css"}}
    text = json.dumps(state)
    buffers = [base64.b64decode(one["data"]) for one in model.get("buffers", ())]
    assert [one for one in buffers if is_media(one)] == []
    assert not is_media(text.encode())
    assert len(text) + sum(map(len, buffers)) < piece.state


@by_piece
def test_the_code_of_a_widget_is_small(kept: Path, piece: Piece) -> None:
    """Every copy of a widget that keeps its state keeps its code, too."""
    state = state_of(kept, piece)["state"]
    assert len(state["_esm"]) + len(state["_css"]) < 150_000


@by_piece
def test_a_cell_has_a_picture_and_then_a_twin(stripped: Path, piece: Piece) -> None:
    """GitHub cuts the sound out of HTML: what it shows must not stand in a bundle with HTML."""
    first, second = cell_of(stripped, piece).outputs
    assert set(first.data) == {VIEW, "text/plain", *(["image/png"] if piece.picture else [])}
    assert "\n" not in first.data["text/plain"]
    assert set(second.data) == {"text/html"}
    assert (f"<{piece.media} controls" in second.data["text/html"]) == bool(piece.media)


def test_the_notebook_is_small(stripped: Path) -> None:
    assert "widgets" not in nbformat.read(stripped, as_version=4).metadata
    assert stripped.stat().st_size < 400_000 * len(PIECES)


def check_still(page: Page) -> None:
    """What is seen and heard with nothing alive: a picture, sound or video, the words."""
    for piece in PIECES:
        cell = f".jp-Cell >> nth={1 + PIECES.index(piece)}"
        box = page.locator(cell)
        box.scroll_into_view_if_needed()
        assert box.locator(piece.root).count() == 0, piece.name
        assert "model not found" not in box.inner_text(), piece.name
        for summary in box.locator("details:not([open]) > summary").all():
            summary.click()
        text = box.locator(".jp-OutputArea").inner_text()
        assert [said for said in piece.says if said not in text] == [], piece.name
        images = box.locator("img").evaluate_all("(all) => all.map((one) => one.offsetWidth)")
        drawn = piece.picture and piece.media != "video"  # which is a picture itself
        assert max(images, default=0) > 100 or not drawn, piece.name
        if not piece.media:
            continue
        media = box.locator(piece.media).first
        media.evaluate(
            """async (one) => {
              if (!(one.duration > 0))
                await new Promise((done, failed) => {
                  one.onloadedmetadata = done;
                  one.onerror = () => failed(new Error(one.error?.message || "no media"));
                });
              one.muted = true;
              await one.play();
              while (!(one.currentTime > 0)) await new Promise(requestAnimationFrame);
              one.pause();
            }"""
        )
        assert media.evaluate("(one) => one.duration") > 1, piece.name
        assert media.is_visible(), piece.name


def test_a_notebook_that_the_reader_did_not_run(stripped: Path, show: Any) -> None:
    """JupyterLab shows no widget of it, and takes away what could harm."""
    shown = show(stripped, run=False)
    shown.page.wait_for_selector(".jp-OutputArea img")
    check_still(shown.page)
    shown.screenshot("untrusted")


@contextlib.contextmanager
def exported(browser: Browser, path: Path) -> Iterator[tuple[Page, list[str]]]:
    """The notebook as nbconvert's HTML, in a page that no network reaches."""
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter().from_filename(str(path))
    file = path.with_suffix(".html")
    file.write_text(html, encoding="utf-8")
    with a_page(browser) as (page, errors):
        page.context.set_offline(True)
        page.goto(file.as_uri())
        yield page, errors


def test_nbconvert_offline(browser: Browser, stripped: Path, artefacts: Path) -> None:
    with exported(browser, stripped) as (page, _):
        check_still(page)
        page.screenshot(path=artefacts / "nbconvert.png", full_page=True)


def test_nbconvert_offline_of_a_notebook_with_state(
    browser: Browser, kept: Path, artefacts: Path
) -> None:
    """The widgets' own code would come from the network; sound and words are here."""
    with exported(browser, kept) as (page, _):
        check_still(page)
        page.screenshot(path=artefacts / "nbconvert-state.png", full_page=True)


def test_a_notebook_that_its_owner_opens_again(
    show: Any,
    clip_mp4: Path,
    tmp_path: Path,
) -> None:
    """Its reader trusts it, and no kernel knows the widgets: JupyterLab keeps no state of them."""
    shown = show(book_of(tmp_path / "again.ipynb", *PIECES, clip=clip_mp4))
    for piece in PIECES:
        shown.page.wait_for_selector(piece.root)
    shown.save()
    shown.close_kernel()
    shown.open()
    shown.page.wait_for_selector(".wb-twin")
    check_still(shown.page)
    shown.screenshot("opened-again")
