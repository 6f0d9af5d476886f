"""EPUB files of a few lines, whole and hostile."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["CONTAINER", "epub", "page", "write"]

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""


def page(body: str, title: str = "not read aloud") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>{title}</title></head><body>{body}</body></html>"
    )


def write(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def epub(
    path: Path,
    chapters: Mapping[str, str],
    *,
    title: str = "The sea",
    author: str = "Ana Soto",
    language: str = "en",
    cover: bytes | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write an EPUB 3 with a page and an entry of the contents for each chapter."""
    names = {f"c{n}": name for n, name in enumerate(chapters, start=1)}
    items = "".join(
        f'<item id="{key}" href="{key}.xhtml" media-type="application/xhtml+xml"/>' for key in names
    )
    if cover:
        items += '<item id="pic" href="c.png" media-type="image/png" properties="cover-image"/>'
    refs = "".join(f'<itemref idref="{key}"/>' for key in names)
    package = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">1'
        f"</dc:identifier><dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>"
        f"<dc:language>{language}</dc:language></metadata><manifest>{items}"
        '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        f'</manifest><spine><itemref idref="nav"/>{refs}</spine></package>'
    )
    links = "".join(f'<li><a href="{key}.xhtml">{name}</a></li>' for key, name in names.items())
    files: dict[str, str | bytes] = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package,
        "OEBPS/nav.xhtml": page(f'<nav epub:type="toc"><ol>{links}</ol></nav>'),
        **{f"OEBPS/{key}.xhtml": page(chapters[name]) for key, name in names.items()},
        **({"OEBPS/c.png": cover} if cover else {}),
        **(more or {}),
    }
    return write(path, files)
