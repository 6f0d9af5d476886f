"""The static twin of a player: HTML that plays without a kernel, a script or the network.

JupyterLab cleans the HTML of notebooks that were not run by their reader. What survives, and so
all that is used here: class, style, lang and dir; ``<audio src>`` and ``<video src>`` with a data
or a relative address (a ``<source src>`` does not survive); details, table and lists.
"""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.widgets.clip import Caption, Clip

__all__ = ["EMBED_LIMIT", "cue_table", "html", "media_html"]

EMBED_LIMIT = 2_000_000
"""The most letters of base64 that a notebook keeps for one value."""

_SLOWEST_MP3 = 4_000  # bytes a second: what is longer need not be encoded to know it will not fit


def html(clip: Clip, uid: str) -> str:
    """Return the twin of the player whose `uid` is given.

    Parameters
    ----------
    clip
        What to play.
    uid
        Hexadecimal; the widget hides what has the class ``wb-<uid>``.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.widgets import Clip
    >>> twin = html(Clip.of(wb.speak("Tom & Jerry.")), "c0ffee")
    >>> twin[:48], "Tom &amp; Jerry." in twin
    ('<div class="wb-twin wb-c0ffee"><audio controls p', True)
    """
    parts = [media_html(clip), f"<p><small>{escape(clip.about)}</small></p>"]
    if clip.words:
        parts.append(_transcript(clip))
    if clip.notes:
        parts.append(f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in clip.notes)}</ul>")
    if clip.cues:
        table = cue_table(clip.cues)
        parts.append(f"<details><summary>{len(clip.cues)} captions</summary>{table}</details>")
    return f'<div class="wb-twin wb-{escape(uid)}">{"".join(parts)}</div>'


def cue_table(cues: Iterable[Caption]) -> str:
    """Return the captions as an HTML table: start, end and text of each.

    Examples
    --------
    >>> from workbench.timing import Word
    >>> cue_table([Word(text="1 < 2", start=0, end=1.5)]).count("1 &lt; 2")
    1
    """
    left = 'style="text-align:left;white-space:pre-wrap"'
    rows = "".join(
        f"<tr><td>{i}</td><td>{_clock(cue.start)}</td><td>{_clock(cue.end)}</td>"
        f"<td {left}>{escape(cue.text)}</td></tr>"
        for i, cue in enumerate(cues, 1)
    )
    return f"<table><tr><th></th><th>from</th><th>to</th><th {left}>text</th></tr>{rows}</table>"


def media_html(clip: Clip) -> str:
    """Return the element that plays a clip, or a line that says why there is none."""
    if clip.audio is not None and not clip.audio.frames:
        return "<p>There is no sound in it.</p>"
    style = "width:100%" if clip.kind == "audio" else "max-width:100%;max-height:480px"
    mark = f'class="wb-media-{clip.uid}"'
    head = f'<{clip.kind} controls preload="metadata" {mark} style="{style}"'
    data = _embedded(clip)
    if data:
        return f'{head} src="data:{clip.mime};base64,{data}"></{clip.kind}>'
    if clip.address:
        link = escape(quote(clip.address))
        name = escape(clip.text)
        return f'{head} src="{link}"></{clip.kind}><p><a href="{link}">{name}</a></p>'
    if clip.path is not None:
        return f"<p>{escape(str(clip.path))} is too large to be kept in the notebook.</p>"
    return (
        f"<p>{_clock(clip.duration)} of sound are too much to be kept in the notebook: "
        "run the cell again, or keep them with <code>.save()</code>.</p>"
    )


def _embedded(clip: Clip) -> str:
    """Return the media as base64, or nothing when that is too much."""
    room = EMBED_LIMIT * 3 // 4
    size = clip.path.stat().st_size if clip.path is not None and clip.path.is_file() else 0
    if size > room or (clip.audio is not None and clip.duration * _SLOWEST_MP3 > room):
        return ""
    try:
        data = clip.media
    except WorkbenchError:
        return ""
    return base64.b64encode(data).decode() if len(data) <= room else ""


def _transcript(clip: Clip) -> str:
    breaks = set(clip.breaks) - {0}
    text = "".join(
        f"{'<br>' if i in breaks else ''}{escape(word.text)}{' ' if word.space else ''}"
        for i, word in enumerate(clip.words)
    )
    lang = f' lang="{escape(clip.language)}"' if clip.language else ""
    return f'<p class="wb-transcript" dir="auto"{lang}>{text}</p>'


def _clock(seconds: float) -> str:
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 // 10:02d}.{tenths % 10}"
