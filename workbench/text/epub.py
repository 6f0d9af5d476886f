"""Read an EPUB: its chapters in reading order, what it says of itself, its cover.

An EPUB is a zip file of XHTML pages (EPUB 3.3, W3C Recommendation; EPUB 2.0.1, IDPF). Nothing of
it is unpacked to disk, no name in it is ever a path outside it, no entity is expanded, and no more
is read than the limits allow.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from workbench.errors import TextError
from workbench.paths import user_path
from workbench.text.blocks import Block, blocks
from workbench.text.contents import contents

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

__all__ = ["Chapter", "Epub", "read_epub"]

_FILES = 20_000
_PAGE = 16 << 20  # bytes of one page; the longest novels are 4 MB in all
_WHOLE = 128 << 20  # bytes of all pages
_COVER = 32 << 20
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
# The two ways to make fonts unreadable outside their book; the text is not touched by them.
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PACKAGE = "application/oebps-package+xml"
_DAMAGED = "make or fetch it again"


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter.

    Parameters
    ----------
    title
        As the table of contents has it, else its heading; empty when it has neither.
    paragraphs
        Its paragraphs and headings, in order.
    """

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Epub:
    """A book.

    Parameters
    ----------
    title, author, language
        As it says of itself; empty where it says nothing.
    chapters
        In reading order, those without a word left out.
    cover
        The file of its cover picture; None where there is none.
    """

    title: str
    author: str
    language: str
    chapters: tuple[Chapter, ...]
    cover: bytes | None = None


def read_epub(path: str | os.PathLike[str]) -> Epub:
    """Return the book that an EPUB holds.

    Raises
    ------
    TextError
        When there is no such file, it is no EPUB, it is protected (DRM), damaged, too large, or has
        no words.
    """
    file = user_path(path)
    try:
        with zipfile.ZipFile(file) as archive:
            return _Reader(archive, str(path)).book()
    except FileNotFoundError as error:
        raise TextError(
            "there is no such file", subject=str(path), cure="check the path"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise TextError("is not a whole EPUB", subject=str(path), cure=_DAMAGED) from error
    except RuntimeError as error:  # what zipfile says of a file that needs a password
        raise _protected(str(path)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise TextError(
            f"cannot be read ({reason})", subject=str(path), cure="check the path"
        ) from error


class _Reader:
    def __init__(self, archive: zipfile.ZipFile, subject: str) -> None:
        self._archive, self._subject = archive, subject
        infos = archive.infolist()
        if len(infos) > _FILES:
            raise self._wrong(f"holds {len(infos):,} files, more than {_FILES:,}")
        self._files = {info.filename: info for info in infos}
        self._left = _WHOLE

    def book(self) -> Epub:
        self._check_open()
        package = self._package()
        home = posixpath.dirname(package)
        root = self._xml(package)
        meta = {name: _texts(root, name) for name in ("title", "creator", "language")}
        items = {
            item.get("id", ""): (self._inside(home, item.get("href", "")), item)
            for item in root.iterfind("{*}manifest/{*}item")
        }
        chapters = self._chapters(root, items)
        if not chapters:
            raise self._wrong("has no words to read", cure="its pages may be pictures")
        return Epub(
            title=next(iter(meta["title"]), ""),
            author=", ".join(meta["creator"]),
            language=next(iter(meta["language"]), ""),
            chapters=chapters,
            cover=self._cover(root, items),
        )

    def _check_open(self) -> None:
        """Refuse a book whose pages are encrypted; that its fonts are does not matter."""
        if "META-INF/encryption.xml" not in self._files:
            return
        root = self._xml("META-INF/encryption.xml")
        ways = {
            one.get("Algorithm", "")
            for one in root.iterfind(".//{*}EncryptedData/{*}EncryptionMethod")
        }
        if ways - set(_FONTS):
            raise _protected(self._subject)

    def _package(self) -> str:
        if "META-INF/container.xml" not in self._files:
            raise self._wrong("is not an EPUB: it has no META-INF/container.xml")
        for one in self._xml("META-INF/container.xml").iterfind(".//{*}rootfile"):
            if one.get("media-type", _PACKAGE) == _PACKAGE:
                return self._inside("", one.get("full-path", ""))
        raise self._wrong("is not an EPUB: it names no package")

    def _chapters(
        self, root: ET.Element, items: Mapping[str, tuple[str, ET.Element]]
    ) -> tuple[Chapter, ...]:
        titles = self._contents(root, items)
        found: list[tuple[str, list[Block]]] = []
        for entry in root.iterfind("{*}spine/{*}itemref"):
            name, item = items.get(entry.get("idref", ""), ("", entry))
            kind = item.get("media-type", "")
            aside = entry.get("linear") == "no" or "nav" in item.get("properties", "").split()
            if aside or (kind and kind not in _PAGES) or not name:
                continue
            begun = False
            for block in blocks(self._page(name)):
                marks = [f"{name}#{anchor}" for anchor in block.anchors]
                marks = [name, *marks] if not begun else marks
                title = next((titles[mark] for mark in marks if mark in titles), None)
                # A page that the contents do not list goes on with the chapter before it.
                if title is not None or not found or (not begun and not titles):
                    found.append((title or "", []))
                begun = True
                found[-1][1].append(block)
        return tuple(_chapter(title, parts) for title, parts in found)

    def _contents(
        self, root: ET.Element, items: Mapping[str, tuple[str, ET.Element]]
    ) -> dict[str, str]:
        """Return the titles of the contents by the place they lead to: ``page`` or ``page#id``."""
        spine = root.find("{*}spine")
        old = items.get(spine.get("toc", "") if spine is not None else "", ("", root))[0]
        new = next(
            (name for name, one in items.values() if "nav" in one.get("properties", "").split()), ""
        )
        titles: dict[str, str] = {}
        for name in (new, old):
            if name not in self._files or titles:
                continue
            for title, href in contents(self._page(name)):
                page, _, anchor = href.partition("#")
                place = self._inside(posixpath.dirname(name), page) if page else name
                titles.setdefault(f"{place}#{unquote(anchor)}" if anchor else place, title)
        return titles

    def _cover(self, root: ET.Element, items: Mapping[str, tuple[str, ET.Element]]) -> bytes | None:
        named = {
            meta.get("content", "")
            for meta in root.iterfind("{*}metadata/{*}meta")
            if meta.get("name") == "cover"
        }
        for key, (name, item) in items.items():
            marked = key in named or "cover-image" in item.get("properties", "").split()
            if marked and item.get("media-type") in _PICTURES and name in self._files:
                return self._bytes(name, _COVER)
        return None

    # -- what is in the zip -----------------------------------------------------------------------

    def _inside(self, folder: str, href: str) -> str:
        """Return the name in the zip that a link means; whatever it says, it stays in the zip."""
        link = unquote(href.partition("#")[0])
        return posixpath.normpath(posixpath.join(folder, link)).lstrip("/")

    def _bytes(self, name: str, most: int) -> bytes:
        if name not in self._files:
            raise self._wrong(f"lacks its file {name!r}", cure=_DAMAGED)
        with self._archive.open(self._files[name]) as stream:
            data = stream.read(most + 1)  # whatever size the zip declares
        if len(data) > most:
            raise self._wrong(f"its file {name!r} is larger than {most >> 20} MB")
        return data

    def _page(self, name: str) -> str:
        data = self._bytes(name, _PAGE)
        self._left -= len(data)
        if self._left < 0:
            raise self._wrong(f"has more than {_WHOLE >> 20} MB of text")
        return _decoded(data)

    def _xml(self, name: str) -> ET.Element:
        text = self._page(name)
        if re.search(r"<!(?:ENTITY|DOCTYPE[^>]*\[)", text, re.IGNORECASE):
            # A few such lines can stand for gigabytes, or for a file of this machine.
            raise self._wrong(f"declares entities in {name!r}", cure="make it again without them")
        try:
            return ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))  # noqa: S314 - without entities
        except ET.ParseError as error:
            raise self._wrong(f"is damaged in {name!r} ({error})", cure=_DAMAGED) from error

    def _wrong(self, problem: str, cure: str = "use another edition") -> TextError:
        return TextError(problem, subject=self._subject, cure=cure)


def _chapter(title: str, parts: Sequence[Block]) -> Chapter:
    heading = next((part.text for part in parts if part.heading), "")
    return Chapter(title=title or heading, paragraphs=tuple(part.text for part in parts))


def _texts(root: ET.Element, name: str) -> list[str]:
    found = root.iterfind(f"{{*}}metadata//{{http://purl.org/dc/elements/1.1/}}{name}")
    return [text for one in found if (text := " ".join((one.text or "").split()))]


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    declared = re.match(
        rb"\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)", data.removeprefix(b"\xef\xbb\xbf")
    )
    encoding = declared[1].decode() if declared else "utf-8"
    try:
        return data.decode(encoding, errors="replace").removeprefix("\ufeff")
    except LookupError:
        return data.decode("utf-8", errors="replace").removeprefix("\ufeff")


def _protected(subject: str) -> TextError:
    return TextError(
        "is protected (DRM): its text cannot be read",
        subject=subject,
        cure="use an edition without protection",
    )
