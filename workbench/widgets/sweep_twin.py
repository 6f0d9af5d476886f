"""The static twin of a sweep grid: the table, the outlines and the sounds of its first rows."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError, one_line
from workbench.widgets.twin import EMBED_LIMIT, media_html
from workbench.widgets.waveform import picture

if TYPE_CHECKING:
    from workbench.speech.sweep_table import Column
    from workbench.widgets.clip import Clip
    from workbench.widgets.sweep_grid import SweepGrid

__all__ = ["html"]

_LEFT = 'style="text-align:left"'
_RIGHT = 'style="text-align:right"'
_SOUND = 'style="text-align:left;min-width:280px"'
_TAG = 1_000  # letters of the element around a sound, and more
_WIDTH, _HEIGHT = 280, 80  # of a picture
_PICTURES = 24  # drawing one takes 20 ms


def html(grid: SweepGrid, drawn: dict[int, str] | None = None) -> str:
    """Return the twin of a grid: the rows that it shows, in its order, and what was kept.

    As many sounds as fit into `workbench.widgets.twin.EMBED_LIMIT` play, the first rows' first; the
    first of them have their outlines.

    Parameters
    ----------
    grid
        What is shown.
    drawn
        Where pictures are kept from one time to the next, by the number of the variant.
    """
    pictures = {} if drawn is None else drawn
    shown = grid.columns_shown
    heads = "".join(
        f'<th title="{escape(c.help)}">{escape(c.label)}'
        f"{f'<br><small>{escape(c.unit)}</small>' if c.unit else ''}</th>"
        for c in shown
    )
    room = EMBED_LIMIT
    rows = []
    for place, number in enumerate(grid.numbers):
        variant = grid.sweep[number]
        values = "".join(_cell(c, grid.sweep.value(variant, c.name)) for c in shown)
        clip = grid.clips.get(number)
        image = ""
        if clip is not None and room > 0 and place < _PICTURES:
            if number not in pictures:
                pictures[number] = _picture(clip)
            image = pictures[number]
        sound, room = _sound(clip, room - len(image))
        if variant.error is not None:
            sound = escape(str(variant.error))
        star = "★" if number in grid.starred else ""
        heard = f"<td {_SOUND}>{image if sound else ''}{sound}</td>"
        rows.append(f"<tr><td>{number}</td><td>{star}</td>{heard}{values}</tr>")
    head = f"<tr><th></th><th></th><th {_LEFT}>sound</th>{heads}</tr>"
    kept = "".join(
        f"<li>{escape(one['path'])}: <code>{escape(one['code'])}</code></li>" for one in grid.kept
    )
    notes = f"<ul>{kept}</ul>" if kept else ""
    table = f"<table>{head}{''.join(rows)}</table>"
    return f'<div class="wb-twin wb-{escape(grid.uid)}">{_text(grid)}{table}{notes}</div>'


def _cell(column: Column, value: object) -> str:
    side = _LEFT if isinstance(value, str) else _RIGHT
    return f"<td {side}>{escape(column.format(value))}</td>"


def _text(grid: SweepGrid) -> str:
    """Return what all of them say."""
    language = next((clip.language for clip in grid.clips.values()), "")
    lang = f' lang="{escape(language)}"' if language else ""
    said = escape(one_line(grid.sweep.text, limit=2_000))
    return f'<p class="wb-transcript" dir="auto"{lang}>{said}</p>'


def _picture(clip: Clip) -> str:
    """Return the outline of a sound; empty where it is not at hand."""
    if clip.audio is None:
        return ""
    data = base64.b64encode(picture(clip.audio, width=_WIDTH, height=_HEIGHT)).decode()
    size = f"width:{_WIDTH}px;max-width:100%"
    return f'<img src="data:image/png;base64,{data}" style="{size}"><br>'


def _sound(clip: Clip | None, room: int) -> tuple[str, int]:
    """Return what plays a clip where there is room for it, and the room that is left."""
    if clip is None or room <= 0:
        return "", room
    try:
        size = len(clip.media) * 4 // 3 + _TAG
    except WorkbenchError:
        return "", room
    if size > room:  # nor is there for the next: rows are alike, and encoding them all takes long
        return "", 0
    return media_html(clip), room - size
