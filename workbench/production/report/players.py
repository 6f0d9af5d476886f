"""What plays or shows a file of a job in the report, once its reader opens it."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from workbench.production.report.links import file_name, url_of
from workbench.production.report.wording import said, sized

if TYPE_CHECKING:
    from workbench.production.report.row import Made, Row

__all__ = ["Captions", "files_html", "link"]

_VIDEOS = frozenset({".mp4", ".m4v", ".webm", ".mov", ".mkv"})
_SOUNDS = frozenset({".mp3", ".wav", ".m4a", ".m4b", ".flac", ".ogg", ".opus", ".aac"})
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif"})
_TRACK = 64_000  # bytes of a caption file that is taken into the page
_TRACKS = 400_000  # of all of them
_LISTED = 20  # files of one job
_DIGITS = 12  # of a digest, to be compared by eye; report.json has all of them


class Captions:
    """Caption files that are taken into the page, as long as there is room.

    A page that was opened from a disk may not load a track from a file: browsers take every file
    for a stranger. What is in the page itself they show.
    """

    def __init__(self) -> None:
        self._room = _TRACKS

    def address(self, path: str, folder: str) -> str:
        """Return where a caption file is to be had: in the page, else beside it."""
        try:
            file = Path(path)
            size = file.stat().st_size
            if size <= min(_TRACK, self._room):
                data = base64.b64encode(file.read_bytes()).decode()
                self._room -= len(data)
                return f"data:text/vtt;base64,{data}"
        except (OSError, ValueError):
            return ""
        return url_of(path, folder)


def files_html(row: Row, folder: str, captions: Captions) -> str:
    """Return the files of a job: the main one plays, the others are linked."""
    if not row.files:
        return ""
    main = row.files[0]
    shown = _element(main, folder, captions)
    listed = [_listed(made, folder) for made in row.files[:_LISTED]]
    if len(row.files) > _LISTED:
        listed.append(f"<li>and {len(row.files) - _LISTED} more</li>")
    return f"{shown}<ul>{''.join(listed)}</ul>"


def _listed(made: Made, folder: str) -> str:
    digest = f" <code>{said(made.sha256[:_DIGITS])}</code>" if made.sha256 else ""
    return f"<li>{link(made.path, folder)} {sized(made.bytes)}{digest}</li>"


def link(path: str, folder: str, text: str = "") -> str:
    """Return a link to a file; its name alone where no browser can open it."""
    url = url_of(path, folder)
    name = said(text or file_name(path), 120)
    return f'<a href="{escape(url)}">{name}</a>' if url else f"<span>{name}</span>"


def _element(made: Made, folder: str, captions: Captions) -> str:
    url = escape(url_of(made.path, folder))
    suffix = PurePath(made.path).suffix.lower()
    if not url:
        return ""
    if suffix in _PICTURES:
        return f'<img loading="lazy" alt="{said(file_name(made.path), 120)}" src="{url}">'
    if suffix in _SOUNDS:
        return f'<audio controls preload="none" src="{url}"></audio>'
    if suffix not in _VIDEOS:
        return ""
    vtt = str(PurePath(made.path).with_suffix(".vtt"))
    track = captions.address(vtt, folder)
    if track:
        track = f'<track kind="captions" label="Captions" src="{escape(track)}" default>'
    return f'<video controls preload="none" src="{url}">{track}</video>'
