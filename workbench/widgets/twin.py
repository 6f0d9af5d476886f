"""The static twin of a player: HTML that plays without a kernel, a script or the network.

JupyterLab cleans the HTML of notebooks that were not run by their reader. What survives, and so
all that is used here: class, style, lang and dir; ``<audio src>`` and ``<video src>`` with a data
or a relative address (a ``<source src>`` does not survive), ``poster``; details, table and lists.
"""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from workbench.errors import WorkbenchError
from workbench.widgets import pictures
from workbench.widgets.made import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.timing import Word
    from workbench.widgets.clip import Caption, Clip

__all__ = ["EMBED_LIMIT", "cue_table", "html", "media_html", "stacked"]

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
        summary = counted(len(clip.cues), "caption")
        parts.append(f"<details><summary>{summary}</summary>{cue_table(clip.cues)}</details>")
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


def stacked(clips: Sequence[Clip], heads: Sequence[tuple[str, str]], uid: str) -> str:
    """Return the twin of several clips, which share the letters that a notebook keeps.

    Parameters
    ----------
    clips
        What to play. The shortest are embedded first, so that most of them can be heard.
    heads
        A label and a remark for each.
    uid
        As for `html`.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.widgets import Clip
    >>> twin = stacked([Clip.of(wb.speak("One."))], [("<a>", "-16 LUFS")], "c0ffee")
    >>> "<b>&lt;a&gt;</b> <small>-16 LUFS</small>" in twin
    True
    """
    room = EMBED_LIMIT
    played: dict[int, str] = {}
    for i in sorted(range(len(clips)), key=lambda i: clips[i].duration):
        played[i] = media_html(clips[i], room=room)
        room -= len(played[i])
    parts = []
    for i, (clip, (label, remark)) in enumerate(zip(clips, heads, strict=True)):
        told = escape(" · ".join(filter(None, (remark, clip.about if not remark else ""))))
        parts.append(f"<p><b>{escape(label)}</b> <small>{told}</small></p>{played[i]}")
    texts = [clip.words for clip in clips if clip.words]
    if texts and all(_said(words) == _said(texts[0]) for words in texts):
        parts.append(_transcript(next(clip for clip in clips if clip.words)))
    return f'<div class="wb-twin wb-{escape(uid)}">{"".join(parts)}</div>'


def _said(words: Iterable[Word]) -> list[str]:
    return [word.text for word in words]


def media_html(clip: Clip, *, room: int | None = None) -> str:
    """Return the element that plays a clip, or a line that says why there is none.

    Parameters
    ----------
    clip
        What to play.
    room
        The most letters of base64 that it may take; `EMBED_LIMIT` when None.
    """
    if clip.audio is not None and not clip.audio.frames:
        return "<p>There is no sound in it.</p>"
    style = "width:100%" if clip.kind == "audio" else "max-width:100%;max-height:480px"
    mark = f'class="wb-media-{clip.uid}"'
    poster = _poster(clip) if clip.kind == "video" else ""
    head = f'<{clip.kind} controls preload="metadata" {mark} style="{style}"{poster}'
    data = _embedded(clip)
    if data and len(data) <= (EMBED_LIMIT if room is None else room):
        return f'{head} src="data:{clip.mime};base64,{data}"></{clip.kind}>'
    if clip.address:
        link = escape(quote(clip.address))
        name = escape(clip.text)
        return f'{head} src="{link}"></{clip.kind}><p><a href="{link}">{name}</a></p>'
    if clip.path is not None:
        line = f"<p>{escape(str(clip.path))} is too large to be kept in the notebook.</p>"
        return f"{head}></video>{line}" if poster else line
    return (
        f"<p>{_clock(clip.duration)} of sound are too much to be kept in the notebook: "
        "run the cell again, or keep them with <code>.save()</code>.</p>"
    )


def _poster(clip: Clip) -> str:
    """Return the attribute that shows a frame of a video before it plays, empty without one.

    JupyterLab's cleaning leaves the attribute, and data addresses in it.
    """
    try:
        png = pictures.poster(clip)
    except WorkbenchError:  # a damaged file; the element says so
        return ""
    return f' poster="data:image/png;base64,{base64.b64encode(png).decode()}"' if png else ""


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
