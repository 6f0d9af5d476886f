"""What is to be read aloud: a text, or text, Markdown and EPUB files, in sections with titles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, TextError
from workbench.paths import text_file, user_path
from workbench.script import Line, Script
from workbench.text.epub import Epub, read_epub
from workbench.text.markdown import read_markdown

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.script import Pause

__all__ = ["KINDS", "Manuscript", "Section"]

KINDS = (".txt", ".md", ".epub")
"""The suffixes of files that can be read aloud."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A chapter, or all of a text that has none.

    Parameters
    ----------
    title
        Empty where it has none.
    script
        What is said. Its lines carry the numbers they have in a text file.
    """

    title: str
    script: Script


@dataclass(frozen=True, kw_only=True)
class Manuscript:
    r"""A text in sections.

    Parameters
    ----------
    sections
        At least one, in order.
    title, author, language
        As the text says of itself; empty where it says nothing.
    cover
        The file of its cover picture, of an EPUB that has one.

    Examples
    --------
    >>> book = Manuscript.read("One.\nTwo. [pause 0.5s] Three.")
    >>> len(book.sections), [line.text for line in book.script.lines]
    (1, ['One.', 'Two.', 'Three.'])
    """

    sections: tuple[Section, ...]
    title: str = ""
    author: str = ""
    language: str = ""
    cover: bytes | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles; of a section without one, how it begins."""
        return tuple(one.title or one.script.lines[0].text for one in self.sections)

    @property
    def numbered(self) -> tuple[Section, ...]:
        """The sections; no two lines of different ones have one number, whatever files they had."""
        found: list[Section] = []
        last = 0
        for section in self.sections:
            numbers = [item.number for item in section.script.items]
            moved = 0 if numbers[0] > last or not found else last + 2 - min(numbers)
            items = tuple(replace(one, number=one.number + moved) for one in section.script.items)
            found.append(replace(section, script=Script(items=items)))
            last = max(numbers) + moved
        return tuple(found)

    @property
    def script(self) -> Script:
        """All sections in one."""
        return Script(items=tuple(item for one in self.numbered for item in one.script.items))

    def by_paragraph(self) -> Manuscript:
        r"""Return a text without titles in sections that are its paragraphs; others as they are.

        A paragraph ends at an empty row.

        Examples
        --------
        >>> Manuscript.read("One.\nStill one.\n\nTwo.").by_paragraph().titles
        ('One.', 'Two.')
        """
        if len(self.sections) != 1 or self.sections[0].title:
            return self
        rows: list[list[Line | Pause]] = []
        last = 0
        for item in self.sections[0].script.items:
            spoken = isinstance(item, Line)
            if not rows or (spoken and last and item.number > last + 1):
                rows.append([])
            rows[-1].append(item)
            last = item.number if spoken else last
        scripts = [Script(items=tuple(row)) for row in rows]
        found = tuple(Section(title="", script=script) for script in scripts if script.lines)
        return replace(self, sections=found)

    @classmethod
    def read(cls, *sources: str | os.PathLike[str]) -> Manuscript:
        """Return what texts and files say, one after the other.

        Parameters
        ----------
        *sources
            Paths of .txt, .md and .epub files; a str that is none is the text itself, with the
            markup of `workbench.script`. A Markdown file has a section for each of its headings of
            the highest level that occurs twice, an EPUB one for each chapter. What is not read
            aloud is left out, see `workbench.text.markdown` and `workbench.text.blocks`. In an
            EPUB nothing is markup.

        Raises
        ------
        TextError
            When a file cannot be read, is of another kind, or nothing in it can be spoken.
        """
        if not sources:
            raise ParameterError("needs a text or a file", subject="sources")
        read = [_read(source) for source in sources]
        if len(read) == 1:
            return read[0]
        first = read[0]
        return replace(
            first,
            sections=tuple(
                section
                if section.title or len(one.sections) > 1
                else replace(section, title=one.title)
                for one in read
                for section in one.sections
            ),
            title="",
            author=first.author if len({one.author for one in read}) == 1 else "",
            cover=next((one.cover for one in read if one.cover), None),
        )


def _read(source: str | os.PathLike[str]) -> Manuscript:
    if isinstance(source, str):
        path = text_file(source, KINDS, what="text")
        if path is None:
            return _one(Script.parse(source, name="text"))
    else:
        path = user_path(source)
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise TextError(
            f"is the name of a {kind[1:] or 'file'}, not a text",
            subject=str(source),
            cure=f"give the text, or a file that ends in {', '.join(KINDS)}",
        )
    if kind == ".epub":
        return _of_epub(read_epub(path))
    if kind == ".txt":
        return _one(Script.load(path))
    return _of_markdown(path)


def _one(script: Script) -> Manuscript:
    return Manuscript(sections=(Section(title="", script=script),))


def _of_epub(book: Epub) -> Manuscript:
    sections = []
    for chapter in book.chapters:
        try:
            script = Script.parse("\n".join(chapter.paragraphs), markup=False)
        except TextError:  # nothing but ornaments
            continue
        sections.append(Section(title=chapter.title, script=script))
    if not sections:
        raise TextError("has no words to read", subject=book.title or "EPUB")
    return Manuscript(
        sections=tuple(sections),
        title=book.title,
        author=book.author,
        language=book.language,
        cover=book.cover,
    )


def _of_markdown(path: Path) -> Manuscript:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8 text", subject=str(path), cure="save it as UTF-8") from error
    except OSError as error:
        raise TextError(
            f"cannot be read ({error.strerror})", subject=str(path), cure="check the path"
        ) from error
    said = read_markdown(text)
    levels = [p.heading for p in said.paragraphs if p.heading]
    level = min((n for n in levels if levels.count(n) > 1), default=min(levels, default=0))
    rows: list[tuple[str, dict[int, str]]] = []
    for paragraph in said.paragraphs:
        if not rows or (paragraph.heading and paragraph.heading == level and rows[-1][1]):
            title = paragraph.text if paragraph.heading else ""
            rows.append((title, {}))
        rows[-1][1][paragraph.number] = paragraph.text
    # A title above the first chapter is read with it, and is none of its own.
    if len(rows) > 1 and len(rows[0][1]) == 1 and rows[0][0]:
        rows[1] = (rows[1][0], rows[0][1] | rows[1][1])
        del rows[0]
    sections = [Section(title=title, script=_numbered(lines, path)) for title, lines in rows]
    if not sections:
        raise TextError("has no words to speak", subject=str(path))
    name = next((p.text for p in said.paragraphs if p.heading == 1), "")
    return Manuscript(
        sections=tuple(sections),
        title=said.about.get("title", name if levels.count(1) == 1 else ""),
        author=said.about.get("author", ""),
        language=said.about.get("lang", said.about.get("language", "")),
    )


def _numbered(lines: dict[int, str], path: Path) -> Script:
    """Return a script whose lines have the numbers of the file, so that a mistake is found."""
    rows: Sequence[str] = [lines.get(n, "") for n in range(1, max(lines) + 1)]
    return Script.parse("\n".join(rows), name=str(path))
