"""What a tuner shows where no widget runs: the line of code, the takes, the best of the sound."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from workbench.errors import one_line
from workbench.widgets.twin import EMBED_LIMIT, media_html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.widgets.clip import Clip
    from workbench.widgets.tuning import TunedTake, Tuning

__all__ = ["heard_first", "html"]

_NEWEST = 3  # takes whose sound is kept beside that of the starred ones
_WIDTH, _HEIGHT = 560, 90  # of a picture
_SLOWEST_MP3 = 4_000  # bytes a second
_LEFT = 'style="text-align:left"'
_WRAPPED = 'style="text-align:left;white-space:pre-wrap"'


def heard_first(tuning: Tuning, kept: int | None = None) -> tuple[TunedTake, ...]:
    """Return the takes whose sound matters most: the one that was kept, starred ones, the newest.

    Parameters
    ----------
    tuning
        The work so far.
    kept
        The number of the take that became a preset; None for none.
    """
    starred = [one for one in tuning.visible if tuning.mark(one.id).star]
    first = [one for one in tuning.visible if one.id == kept]
    chosen = (*first, *starred, *tuning.visible[:_NEWEST])
    return tuple({one.id: one for one in chosen}.values())


def html(
    tuning: Tuning,
    uid: str,
    clips: Mapping[int, Clip],
    *,
    code: str,
    kept: int | None = None,
    drawn: dict[int, str] | None = None,
) -> str:
    """Return the twin: plain HTML that JupyterLab lets through in any notebook.

    Parameters
    ----------
    tuning
        The work so far.
    uid
        Hexadecimal; the widget hides what has the class ``wb-<uid>``.
    clips
        By the number of the take.
    code
        The lines of Python that say the same.
    kept
        The number of the take that became a preset; None for none.
    drawn
        Where pictures are kept from one time to the next.
    """
    pictures = {} if drawn is None else drawn
    parts = [f"<pre><code>{escape(code)}</code></pre>"]
    if tuning.visible:
        parts.append(_table(tuning))
    room = EMBED_LIMIT
    for one in heard_first(tuning, kept):
        clip = clips[one.id]
        if clip.duration * _SLOWEST_MP3 * 4 / 3 > room:
            continue
        if one.id not in pictures:
            pictures[one.id] = _picture(one)
        shown = pictures[one.id] + media_html(clip)
        if len(shown) <= room:
            room -= len(shown)
            told = one_line(f"{one.id}. {clip.about}", limit=120)
            parts.append(f"<p><small>{escape(told)}</small></p>{shown}{_words(one)}")
    return f'<div class="wb-twin wb-{escape(uid)}">{"".join(parts)}</div>'


def _picture(one: TunedTake) -> str:
    """Return the outline of a take, with its words."""
    from workbench.widgets.waveform import picture

    png = picture(one.take.audio, words=one.take.words, width=_WIDTH, height=_HEIGHT)
    data = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{data}" style="width:{_WIDTH}px;max-width:100%">'


def _words(one: TunedTake) -> str:
    lang = f' lang="{escape(one.take.language)}"' if one.take.language else ""
    return f'<p class="wb-transcript" dir="auto"{lang}>{escape(one.take.text)}</p>'


def _table(tuning: Tuning) -> str:
    rows = []
    for one in tuning.visible:
        mark = tuning.mark(one.id)
        chosen = [f"{name} {value}" for name, value in one.settings.options.items()]
        seed = [f"seed {one.settings.seed}"] if one.settings.seed is not None else []
        settings = " · ".join([str(one.settings.voice), *chosen, *seed])
        cells = [
            f"<td>{'★' if mark.star else ''}</td><td>{one.id}</td>",
            f"<td {_LEFT}>{escape(settings)}</td>",
            f"<td {_LEFT}>{escape(str(one.measures or ''))}</td>",
            f'<td {_WRAPPED} dir="auto">{escape(mark.note)}</td>',
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    names = ("", "", "settings", "measures", "note")
    head = "".join(f"<th {_LEFT}>{name}</th>" for name in names)
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"
