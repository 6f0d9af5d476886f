"""The site is built strictly, without a network, and holds what it should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

import workbench as wb

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
# What a page takes from elsewhere by itself; a link that somebody follows is another thing.
FETCHED = (
    ("link", "href"),
    ("script", "src"),
    ("img", "src"),
    ("source", "src"),
    ("iframe", "src"),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **nowhere},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return folder


@cache
def page(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


class Reader(HTMLParser):
    """The places, links and fetched files of a page, in a fifth of the time a whole tree takes."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.asks = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        self.asks |= given.get("data-md-component") == "source"
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif "canonical" not in given.get("rel", ""):
            self.fetched += [
                given[where] for kind, where in FETCHED if kind == tag and where in given
            ]


@cache
def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def anchors(path: Path) -> set[str]:
    return read(path).anchors


def pages(site: Path) -> Iterator[Path]:
    return (path for path in sorted(site.rglob("*.html")) if path.name != "404.html")


def test_every_link_inside_leads_to_a_file_and_a_place_in_it(site: Path):
    lost = []
    for path in pages(site):
        for target in read(path).links:
            link = urlsplit(target)
            if link.scheme or link.netloc:
                continue
            to = (path.parent / unquote(link.path)).resolve() if link.path else path
            to = to / "index.html" if to.is_dir() else to
            if not to.is_file() or (
                link.fragment and to.suffix == ".html" and unquote(link.fragment) not in anchors(to)
            ):
                lost.append((path.relative_to(site).as_posix(), target))
    assert not lost


def test_nothing_is_fetched_from_elsewhere(site: Path):
    outside = [
        (path.name, target)
        for path in pages(site)
        for target in read(path).fetched
        if urlsplit(target).netloc
    ]
    assert not outside
    assert "fonts.g" not in "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    for path in pages(site):  # with a repository's address in this place, its host is asked
        assert not read(path).asks


def test_every_public_name_has_an_entry(site: Path):
    names = [name for name in wb.__all__ if name not in {"__version__", "media"}]
    names += [f"media.{name}" for name in wb.media.__all__]
    where = {anchor: path for path in (site / "api").glob("*.html") for anchor in anchors(path)}
    for name in names:
        assert f"workbench.{name}" in where, name
        anchor = page(where[f"workbench.{name}"]).find(id=f"workbench.{name}")
        heading = anchor.find_next(class_="doc-heading")
        assert heading.get_text().split()[0] == name, "the entry below is another's"
        assert heading.find_next(class_="doc-contents").get_text(strip=True), name
    built = anchors(site / "api" / "media.html")
    assert "workbench.media.video.Video.narrate" in built, "what a builder inherits too"


def test_every_notebook_and_guide_is_a_page_of_the_menu(site: Path):
    menu = {
        str(tag["href"]) for tag in page(site / "index.html").select("nav.md-nav--primary a[href]")
    }
    for path in (ROOT / "notebooks").glob("*/*.ipynb"):
        assert f"{path.parent.name}/{path.stem}.html" in menu, path.name
    for path in (ROOT / "docs").glob("*.md"):
        assert f"{path.stem}.html" in menu, path.name


def test_a_notebook_is_its_text_and_its_code(site: Path):
    tour = page(site / "tour" / "01_say.html")
    assert tour.h1 is not None
    assert tour.h1.get_text().startswith("Say something")
    code = [block.get_text() for block in tour.select("article pre code")]
    assert code[0].strip().endswith("import workbench as wb")
    ways = {urlsplit(str(tag["href"])).netloc for tag in tour.select(".ways a")}
    assert ways == {"mybinder.org", "colab.research.google.com", "github.com"}


def test_the_readme_is_the_first_page_and_its_links_are_pages(site: Path):
    first = page(site / "index.html")
    targets = {str(tag["href"]) for tag in first.select("article a[href]")}
    assert {"widgets.html", "tour/02_tune.html", "serve.html"} <= targets
    assert not [
        target for target in targets if re.search(r"\.(md|ipynb)$", target) and "//" not in target
    ]
