"""An audiobook as a table, and its values checked before anything is spoken for it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.errors import ParameterError, one_line
from workbench.media.audiobook_plan import book_plan
from workbench.media.chapters import clean, shown
from workbench.media.limits import existing
from workbench.media.master import target_level
from workbench.media.outputs import target
from workbench.media.stills import load

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from workbench.media.audiobook import Audiobook

__all__ = ["check_book", "table"]


def check_book(
    path: str | os.PathLike[str],
    *,
    chapters: Sequence[str],
    sections: int,
    cover: str | os.PathLike[str] | None = None,
    loudness: str | float | None = None,
    **about: Any,
) -> list[str]:
    """Return the chapters' titles, having refused what `audiobook` would refuse after the speech.

    Parameters
    ----------
    path, cover, loudness
        As for `workbench.media.audiobook.audiobook`.
    chapters
        Titles; long ones are cut.
    sections
        How many chapters there are.
    **about
        ``title``, ``author``, ``narrator``, ``year``, ``pause``, as there.

    Raises
    ------
    ParameterError, MediaError
        When a value cannot be.

    Examples
    --------
    >>> about = {"title": "", "author": "", "narrator": "", "year": None, "pause": 1}
    >>> check_book("a.m4b", chapters=["One"], sections=2, **about)
    Traceback (most recent call last):
    workbench.errors.ParameterError: chapter titles: 1 for 2 chapters; give one each
    """
    pictures = [] if cover is None else [existing(cover)]
    target(path, (".m4b", ".m4a"), inputs=pictures)
    for picture in pictures:
        load(picture)
    if loudness is not None:
        target_level(loudness)
    book_plan(Audio.silence(1, 8_000), chapters=None, **about)
    if len(chapters) != sections:
        raise ParameterError(
            f"{len(chapters)} for {sections} chapters",
            subject="chapter titles",
            cure="give one each",
        )
    return [shown(clean("chapter", title)) for title in chapters]


def table(book: Audiobook) -> str:
    """Return a book as HTML: its file, its loudness, a row for each chapter."""
    ends = [chapter.start for chapter in book.chapters[1:]] + [book.duration]
    rows = "".join(
        f"<tr><td>{number}</td>"
        f'<td style="text-align:left" dir="auto">{escape(chapter.title)}</td>'
        f"<td>{_clock(chapter.start)}</td><td>{_clock(end - chapter.start)}</td></tr>"
        for number, (chapter, end) in enumerate(zip(book.chapters, ends, strict=True), start=1)
    )
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in book.warnings)
    about = f"{book.path.name} · {_clock(book.duration)} · {book.loudness}"
    return (
        f"<p>{escape(about)}</p><table><tr><th></th><th>chapter</th><th>from</th><th>lasts</th>"
        f"</tr>{rows}</table>{f'<ul>{notes}</ul>' if notes else ''}"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"
