"""The words of a Markdown text as they are read aloud (CommonMark 0.31, and GitHub's tables).

Marks go, words stay, and every paragraph stands in one line: the one in which it begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Markdown", "Paragraph", "read_markdown"]

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE = re.compile(r"^(?: {0,3}>[ \t]?)+")
_DEFINITION = re.compile(r" {0,3}\[[^\]]+\]:[ \t]")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_ROW_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?$")
_FIELD = re.compile(r"(\w+)[ \t]*:[ \t]*(.*)")
_INLINE = (
    (re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])"), ""),  # pictures
    (re.compile(r"\[\^[^\]]+\]"), ""),  # marks of notes
    (re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])"), r"\1"),  # links
    (re.compile(r"<(https?://[^>\s]+|[^@>\s]+@[^>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), ""),  # HTML
    (re.compile(r"(`+)(.+?)\1"), r"\2"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"\*(?=\S)(.+?)(?<=\S)\*"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)(.+?)(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"), r"\1"),
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SAFE = 0xE000  # a private letter stands for an escaped sign while marks are taken away


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph, a list's item, or a heading.

    Parameters
    ----------
    text
        Its words, in one line.
    number
        The line of the file in which it begins, from 1.
    heading
        1 to 6 for a heading, else 0.
    """

    text: str
    number: int
    heading: int = 0


@dataclass(frozen=True, kw_only=True)
class Markdown:
    """What a Markdown text says.

    Parameters
    ----------
    paragraphs
        In order.
    about
        The fields of its front matter (``title: …`` between two ``---``), texts alone.
    """

    paragraphs: tuple[Paragraph, ...]
    about: dict[str, str]


def read_markdown(text: str) -> Markdown:
    r"""Return what a Markdown text says.

    Left out are code, pictures, notes, comments, rules and HTML tags.

    Examples
    --------
    >>> found = read_markdown("# One *day*\n\nIt was\n**blue**, see [here](a.html).\n\n- a\n- b")
    >>> [(p.number, p.heading, p.text) for p in found.paragraphs]
    [(1, 1, 'One day'), (3, 0, 'It was blue, see here.'), (6, 0, 'a'), (7, 0, 'b')]
    """
    rows = re.sub(
        r"<!--.*?(?:-->|\Z)",
        lambda found: "\n" * found[0].count("\n"),  # the lines keep their numbers
        text.removeprefix("\ufeff"),
        flags=re.DOTALL,
    ).splitlines()
    about, first = _front_matter(rows)
    reader = _Reader()
    for number, row in enumerate(rows[first:], start=first + 1):
        reader.read(row, number)
    reader.end()
    return Markdown(paragraphs=tuple(reader.found), about=about)


class _Reader:
    def __init__(self) -> None:
        self.found: list[Paragraph] = []
        self._rows: list[str] = []
        self._number = 0
        self._fence = ""

    def read(self, row: str, number: int) -> None:
        fence = _FENCE.match(row)
        if self._fence:
            if fence and fence[1].startswith(self._fence) and not row.strip(" `~"):
                self._fence = ""
            return
        if fence:
            self.end()
            self._fence = fence[1]
            return
        row = _QUOTE.sub("", row)
        heading = _HEADING.match(row)
        under = _UNDERLINE.match(row) if self._rows else None
        if heading or under:
            if heading:
                self.end()
                self._rows, self._number = [heading[2] or ""], number
            level = len(heading[1]) if heading else 1 if under and under[1][0] == "=" else 2
            self.end(level)
        elif not row.strip() or _RULE.match(row) or _DEFINITION.match(row) or _ROW_RULE.match(row):
            self.end()
        elif (not self._rows and row.startswith(("    ", "\t"))) and not _ITEM.match(row):
            return  # indented code
        else:
            self._words(row, number)

    def _words(self, row: str, number: int) -> None:
        item, table = _ITEM.match(row), _ROW.match(row)
        if item or table:
            self.end()
        if item:
            row = row[item.end() :]
        if table:
            row = ", ".join(cell.strip() for cell in row.strip().strip("|").split("|"))
        if not self._rows:
            self._number = number
        self._rows.append(row.strip().rstrip("\\"))
        if table:
            self.end()

    def end(self, heading: int = 0) -> None:
        text = _plain(" ".join(self._rows))
        if text:
            self.found.append(Paragraph(text=text, number=self._number, heading=heading))
        self._rows = []


def _plain(text: str) -> str:
    """Return a line without its marks."""
    text = _ESCAPED.sub(lambda mark: chr(_SAFE + ord(mark[1])), text)
    for pattern, words in _INLINE:
        text = pattern.sub(words, text)
    text = "".join(chr(ord(c) - _SAFE) if _SAFE <= ord(c) < _SAFE + 128 else c for c in text)
    return " ".join(text.split())


def _front_matter(rows: list[str]) -> tuple[dict[str, str], int]:
    if not rows or rows[0].rstrip() != "---":
        return {}, 0
    last = next((n for n, row in enumerate(rows[1:], 1) if row.rstrip() in {"---", "..."}), 0)
    if not last or not all(_FIELD.match(row) or row[:1] in " -#" for row in rows[1:last] if row):
        return {}, 0  # a rule, not front matter
    fields = (_FIELD.match(row) for row in rows[1:last])
    return {f[1].lower(): f[2].strip().strip("\"'") for f in fields if f and f[2]}, last + 1
