"""5,000 hostile texts through everything that makes HTML: not one element or attribute more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.hostile import MOST, TWINS, harmless, texts

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TEXTS = 5_000

# What a browser makes of a page: every element with its depth and the names of its attributes, and
# what would run.
SHAPE = """(pages) => pages.map((html) => {
  const {body} = new DOMParser().parseFromString(`<body>${html}`, "text/html");
  const depth = (e) => (e === body ? 0 : 1 + depth(e.parentElement));
  const all = [...body.querySelectorAll("*")];
  const risky = (e) => [e.getAttribute("href"), e.getAttribute("src")].some(
    (url) => url && !/^(data:(audio|video|image)|[^:]*$)/.test(url));
  return [
    all.map((e) => `${depth(e)} ${e.localName} ${e.getAttributeNames().sort()}`).join("\\n"),
    all.filter(risky).length,
    body.querySelectorAll("script, iframe, object, embed, form, base, meta, link").length,
  ];
})"""


@pytest.mark.parametrize("name", TWINS)
def test_texts_stay_texts(page: Page, name: str) -> None:
    """Without escaping, 2,364 elements and attributes appeared for as many texts."""
    make = TWINS[name]
    page.goto("about:blank")
    ((shape, *none),) = page.evaluate(SHAPE, [make(harmless(MOST))])
    assert none == [0, 0]
    said = texts(TEXTS)
    groups = [said[i : i + MOST] for i in range(0, TEXTS, MOST)]
    pages = [make(group).encode(errors="replace").decode() for group in groups]
    for group, (found, *more) in zip(groups, page.evaluate(SHAPE, pages), strict=True):
        assert found == shape, group
        assert more == [0, 0], group
