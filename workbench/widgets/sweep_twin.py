"""The static twin of a sweep grid: the table, and the sounds of its first rows."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError, one_line
from workbench.speech.sweep_table import columns
from workbench.widgets.twin import EMBED_LIMIT, media_html

if TYPE_CHECKING:
    from workbench.widgets.clip import Clip
    from workbench.widgets.sweep_grid import SweepGrid

__all__ = ["html"]

_LEFT = 'style="text-align:left"'
_RIGHT = 'style="text-align:right"'
_TAG = 1_000  # letters of the element around a sound, and more


def html(grid: SweepGrid) -> str:
    """Return the twin of a grid: the rows that it shows, in its order, and what was kept.

    As many sounds as fit into `workbench.widgets.twin.EMBED_LIMIT` play, the first rows' first.
    """
    shown = columns(grid.sweep)
    heads = "".join(f'<th title="{escape(c.help)}">{escape(c.head)}</th>' for c in shown)
    room = EMBED_LIMIT
    rows = []
    for number in grid.numbers:
        variant = grid.sweep[number]
        cells = [c.format(grid.sweep.value(variant, c.name)) for c in shown]
        values = "".join(f"<td {_RIGHT}>{escape(cell)}</td>" for cell in cells)
        sound, room = _sound(grid.clips.get(number), room)
        if variant.error is not None:
            sound = escape(str(variant.error))
        star = "★" if number in grid.starred else ""
        rows.append(
            f"<tr><td>{number}</td><td>{star}</td>{values}"
            f'<td style="text-align:left;min-width:240px">{sound}</td></tr>'
        )
    text = f'<p dir="auto">{escape(one_line(grid.sweep.text, limit=2_000))}</p>'
    table = f"<table><tr><th></th><th></th>{heads}<th></th></tr>{''.join(rows)}</table>"
    kept = "".join(
        f"<li>{escape(one['path'])}: <code>{escape(one['code'])}</code></li>" for one in grid.kept
    )
    notes = f"<ul>{kept}</ul>" if kept else ""
    return f'<div class="wb-twin wb-{escape(grid.uid)}">{text}{table}{notes}</div>'


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
