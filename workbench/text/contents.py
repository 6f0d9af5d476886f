"""The table of contents of an EPUB: of EPUB 3 a page with a ``nav``, of EPUB 2 an ``ncx``."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["contents"]


def contents(page: str) -> list[tuple[str, str]]:
    """Return the titles and links that a table of contents lists, in order.

    Examples
    --------
    >>> contents("<nav epub:type='toc'><ol><li><a href='a.xhtml#b'>One <i>day</i></a></ol></nav>")
    [('One day', 'a.xhtml#b')]
    >>> contents("<navPoint><text>One</text><content src='a.html'/></navPoint>")
    [('One', 'a.html')]
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [(title, link) for title, link in reader.found if title and link]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._navs: list[bool] = []  # whether each open nav is the contents
        self._text: list[str] | None = None
        self._link = self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if tag == "nav":
            kind = about.get("epub:type", about.get("role", "toc"))
            self._navs.append("toc" in kind.replace("doc-", "").split())
        elif tag == "a" and self._navs and self._navs[-1]:
            self._link, self._text = about.get("href", ""), []
        elif tag == "text":  # of an ncx, where the parser writes all names small
            self._text = []
        elif tag == "content" and about.get("src"):
            self.found.append((self._label, about["src"]))
            self._label = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "nav" and self._navs:
            self._navs.pop()
        elif tag in {"a", "text"} and self._text is not None:
            title = " ".join("".join(self._text).split())
            self._text = None
            if tag == "text":
                self._label = self._label or title
            else:
                self.found.append((title, self._link))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)
