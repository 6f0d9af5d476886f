"""EPUBs: what is read aloud of them, and what of them is refused."""

from __future__ import annotations

import contextlib
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from epubs import CONTAINER, epub, page, write
from PIL import Image

from workbench.errors import TextError
from workbench.text.epub import read_epub
from workbench.text.manuscript import Manuscript

if TYPE_CHECKING:
    from pathlib import Path

CHAPTERS = {
    "The shore": "<h1>The shore</h1><p>It was <em>blue</em> &amp; wide.</p><p>Nobody came.</p>",
    "The boat": "<h1>The boat</h1><p>It was red.</p>",
}


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 12), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def test_chapters_titles_and_cover(tmp_path: Path):
    book = read_epub(epub(tmp_path / "a.epub", CHAPTERS, cover=png()))
    assert (book.title, book.author, book.language) == ("The sea", "Ana Soto", "en")
    assert [chapter.title for chapter in book.chapters] == ["The shore", "The boat"]
    assert book.chapters[0].paragraphs == ("The shore", "It was blue & wide.", "Nobody came.")
    assert book.cover == png()


def test_what_nobody_reads_aloud_is_left_out(tmp_path: Path):
    body = """<style>p {}</style><script>say()</script><script src="a.js"/>
    <p>Read<span epub:type="pagebreak" title="7">7</span> this.
    <a epub:type="noteref" href="#n">1</a><img src="a.png" alt="a picture"/></p>
    <aside epub:type="footnote" id="n"><p>A note.</p></aside>
    <p hidden="">Hidden.</p><p><ruby>漢<rt>kan</rt></ruby></p><svg><text>drawn</text></svg>
    <p>And<br/>that, <b>un<i>closed</p><div>end</div>"""
    (chapter,) = read_epub(epub(tmp_path / "a.epub", {"One": body})).chapters
    assert chapter.paragraphs == ("Read this.", "漢", "And", "that, unclosed", "end")


def test_several_chapters_in_one_page_and_one_chapter_in_several(tmp_path: Path):
    """An EPUB 2, whose contents are an ncx; the second page has no entry of its own."""
    package = """<package xmlns="http://www.idpf.org/2007/opf" version="2.0"><metadata/>
    <manifest><item id="a" href="t/a%20b.html" media-type="application/xhtml+xml"/>
    <item id="b" href="t/b.html" media-type="application/xhtml+xml"/>
    <item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
    <spine toc="n"><itemref idref="a"/><itemref idref="b"/></spine></package>"""
    ncx = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
    <navPoint><navLabel><text>First</text></navLabel><content src="t/a%20b.html"/></navPoint>
    <navPoint><navLabel><text>Second</text></navLabel><content src="t/a%20b.html#s"/></navPoint>
    </navMap></ncx>"""
    files = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package,
        "OEBPS/toc.ncx": ncx,
        "OEBPS/t/a b.html": page("<p>One.</p><p>Two.</p><h2 id='s'>II</h2><p>Three.</p>"),
        "OEBPS/t/b.html": page("<p>Four.</p>"),
    }
    book = read_epub(write(tmp_path / "a.epub", files))
    told = [(chapter.title, chapter.paragraphs) for chapter in book.chapters]
    assert told == [("First", ("One.", "Two.")), ("Second", ("II", "Three.", "Four."))]


def test_the_markup_of_scripts_is_none_in_a_book(tmp_path: Path):
    """A stranger's text chose voices and pauses."""
    path = epub(tmp_path / "a.epub", {"One": "<p>Say [voice:other] and [pause 9s] aloud.</p>"})
    (line,) = Manuscript.read(path).script.lines
    assert (line.text, line.voice) == ("Say [voice:other] and [pause 9s] aloud.", None)


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
LOCAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
DRM = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>
<enc:EncryptionMethod Algorithm="{}"/></enc:EncryptedData></encryption>"""
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
FONTS = "http://www.idpf.org/2008/embedding"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"META-INF/encryption.xml": DRM.format(AES)}, r"a\.epub: is protected \(DRM\)"),
        ({"META-INF/container.xml": BOMB + CONTAINER[21:]}, "declares entities"),
        ({"OEBPS/book.opf": LOCAL + "<package/>"}, "declares entities"),
        ({"OEBPS/book.opf": (LOCAL + "<p/>").encode("utf-16")}, "declares entities"),
        ({"OEBPS/book.opf": "<package>"}, "is damaged in 'OEBPS/book.opf'"),
        ({"META-INF/container.xml": "<container/>"}, "names no package"),
        (
            {"META-INF/container.xml": CONTAINER.replace("OEBPS/book.opf", "../../etc/passwd")},
            "lacks its file '../../etc/passwd'",
        ),
        ({"OEBPS/c1.xhtml": b" " * (17 << 20)}, "larger than 16 MB"),
        ({"OEBPS/c1.xhtml": page("<img/>"), "OEBPS/c2.xhtml": page("")}, "has no words to read"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_and_damaged_ones_are_refused(tmp_path: Path, more: dict, told: str):
    path = epub(tmp_path / "a.epub", CHAPTERS, more=more)
    with pytest.raises(TextError, match=told):
        read_epub(path)


def test_unreadable_fonts_are_no_protection_of_the_text(tmp_path: Path):
    more = {"META-INF/encryption.xml": DRM.format(FONTS)}
    assert len(read_epub(epub(tmp_path / "a.epub", CHAPTERS, more=more)).chapters) == 2


def test_files_that_are_none(tmp_path: Path):
    with pytest.raises(TextError, match="there is no such file"):
        read_epub(tmp_path / "none.epub")
    (tmp_path / "b.epub").write_bytes(b"no zip")
    with pytest.raises(TextError, match="is not a whole EPUB"):
        read_epub(tmp_path / "b.epub")
    with zipfile.ZipFile(tmp_path / "c.epub", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(TextError, match="has no META-INF"):
        read_epub(tmp_path / "c.epub")
    whole = epub(tmp_path / "d.epub", CHAPTERS).read_bytes()
    for cut in range(50, len(whole), 97):
        (tmp_path / "e.epub").write_bytes(whole[:cut])
        with pytest.raises(TextError):
            read_epub(tmp_path / "e.epub")
        (tmp_path / "e.epub").write_bytes(
            whole[:cut] + bytes([whole[cut] ^ 255]) + whole[cut + 1 :]
        )
        with contextlib.suppress(TextError):  # and no other error
            read_epub(tmp_path / "e.epub")
