"""Manuscripts: what is read aloud of texts and of Markdown files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from epubs import epub

from workbench.errors import ParameterError, TextError
from workbench.text.manuscript import Manuscript
from workbench.text.markdown import read_markdown

if TYPE_CHECKING:
    from pathlib import Path


def said(text: str) -> list[str]:
    return [paragraph.text for paragraph in read_markdown(text).paragraphs]


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("a *b* **c** _d_ __e__ ***f*** `g` ~~h~~", ["a b c d e f g h"]),
        ("snake_case and 2 * 3 * 4", ["snake_case and 2 * 3 * 4"]),
        (r"\*not\* \_this\_ \# that", ["*not* _this_ # that"]),
        ("[a](b.html 'c') [d][e] ![f](g.png)[^1] <https://h.example>", ["a d https://h.example"]),
        ("# One #\nTwo\n===\n## Three", ["One", "Two", "Three"]),
        ("a\nb\n\nc  \nd", ["a b", "c d"]),
        ("- a\n  b\n1. c\n* [x] d", ["a b", "c", "d"]),
        ("> a\n> b\n\n---\n***\n\nc", ["a b", "c"]),
        ("```py\n# no\n```\n    code\n\na", ["a"]),
        ("~~~\nno\n```\nno", []),
        ("| a | b |\n|---|:-:|\n| c | d |", ["a, b", "c, d"]),
        ("a <!-- no\n\nno --> b\n\n[x]: http://a.example\n<b>c</b>", ["a", "b", "c"]),
        ("[pause 1s] a [voice:x] b", ["[pause 1s] a [voice:x] b"]),
    ],
)
def test_marks_go_and_words_stay(text: str, paragraphs: list[str]):
    assert said(text) == paragraphs


def test_sections_of_markdown(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: Sea\nauthor: Me\n---\n# Sea\n\n## One\nA.\n\nB.\n\n## Two\nC.\n")
    book = Manuscript.read(path)
    assert (book.title, book.author, book.titles) == ("Sea", "Me", ("One", "Two"))
    told = [[(line.number, line.text) for line in s.script.lines] for s in book.sections]
    assert told == [[(5, "Sea"), (7, "One"), (8, "A."), (10, "B.")], [(12, "Two"), (13, "C.")]]
    path.write_text("# Alone\n\nText. [voce:x] no tag\n")
    with pytest.raises(TextError, match=r"a\.md line 3: .*not a tag"):
        Manuscript.read(path)


def test_a_mistake_names_what_was_given(tmp_path: Path):
    """It said `script` of texts, of files, and `manuscript` of none."""
    path = tmp_path / "a.txt"
    path.write_text("One.\n[pause]\n")
    for given, told in (
        (["[pause 1s]"], "^text: has no words"),
        (["a\n[pause]"], r"^text line 2: \[pause\]"),
        ([path], r"a\.txt line 2: \[pause\]"),
    ):
        with pytest.raises(TextError, match=told):
            Manuscript.read(*given)
    with pytest.raises(ParameterError, match="sources: needs a text"):
        Manuscript.read()


def test_several_files_in_one(tmp_path: Path):
    (tmp_path / "a.txt").write_text("One.\nTwo.\n\nThree.")
    (tmp_path / "b.md").write_text("# B\n\nFour.")
    book = epub(tmp_path / "c.epub", {"C": "<p>Five.</p>", "D": "<p>Six.</p>"})
    read = Manuscript.read(tmp_path / "a.txt", str(tmp_path / "b.md"), book)
    assert read.titles == ("One.", "B", "C", "D")
    numbers = [line.number for line in read.script.lines]
    assert numbers == sorted(set(numbers)), "no two lines of one number"
    assert len(numbers) == 7


@pytest.mark.parametrize("name", ["a.pdf", "none.md", "none.epub", "none.txt"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TextError, match=name):
        Manuscript.read(name)
