"""The text of an HTML page as a reader hears it: its paragraphs and headings in order."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

__all__ = ["Block", "blocks"]

_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "dd", "div", "dl",
        "dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5",
        "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
        "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "br",
    }
)  # fmt: skip
# What is not read aloud. Of a <ruby>, rt says again how the base is read.
_SILENT = frozenset(
    {
        "head", "script", "style", "template", "noscript", "svg", "math", "audio",
        "video", "object", "iframe", "rt", "rp",
    }
)  # fmt: skip
_NOTES = frozenset({"noteref", "footnote", "endnote", "rearnote", "footnotes", "endnotes"})
_NOTES |= {"pagebreak", "page-list"}
_VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta",
        "param", "source", "track", "wbr",
    }
)  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph or a heading.

    Parameters
    ----------
    text
        Its words, white space folded.
    heading
        1 to 6 for a heading, 0 for a paragraph.
    anchors
        The ids that lead to it.
    """

    text: str
    heading: int = 0
    anchors: tuple[str, ...] = ()


def blocks(page: str) -> tuple[Block, ...]:
    """Return the paragraphs and headings of a page, however badly it is written.

    Left out is what nobody reads aloud: scripts, pictures, notes and the marks that lead to them,
    the numbers of printed pages, what is hidden.

    Examples
    --------
    >>> page = "<h1 id='a'>One</h1><p>It <b>was</b><br/>blue.<sup epub:type='noteref'>1</sup></p>"
    >>> [(block.text, block.heading, block.anchors) for block in blocks(page)]
    [('One', 1, ('a',)), ('It was', 0, ()), ('blue.', 0, ())]
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.end_block()
    return tuple(reader.found)


class _Reader(HTMLParser):
    """Gathers blocks; unknown and unclosed tags do no harm."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self._text: list[str] = []
        self._anchors: list[str] = []
        self._heading = 0
        self._silent: list[str] = []  # the open elements from the first one that is not read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if self._silent:
            if tag not in _VOID:
                self._silent.append(tag)
            return
        kinds = set((about.get("epub:type") or about.get("role") or "").replace("doc-", "").split())
        if tag in _SILENT or kinds & _NOTES or "hidden" in about:
            if tag not in _VOID:
                self._silent.append(tag)
            return
        if tag in _BLOCKS:
            self.end_block()
            self._heading = _HEADINGS.get(tag, self._heading if tag == "br" else 0)
        self._anchors += [about[name] or "" for name in ("id", "name") if about.get(name)]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                while self._silent.pop() != tag:
                    pass
            return
        if tag in _BLOCKS:
            self.end_block()
            self._heading = 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def end_block(self) -> None:
        """Keep what was read since the last block; anchors wait for the text they stand before."""
        text = " ".join("".join(self._text).split())
        self._text.clear()
        if text:
            self.found.append(Block(text=text, heading=self._heading, anchors=tuple(self._anchors)))
            self._anchors.clear()
