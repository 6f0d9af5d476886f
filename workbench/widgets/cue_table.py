"""The static twin of a cue editor: its captions with their problems, and the sound if it is small.

It keeps to what JupyterLab lets through in notebooks it does not trust; see `twin`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workbench.widgets.twin import media_html

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.captions.cues import Cues
    from workbench.captions.editing import Problem
    from workbench.widgets.clip import Clip

__all__ = ["twin"]

_MOST = 2_000  # rows that a notebook keeps
_LEFT = 'style="text-align:left;white-space:pre-wrap"'


def twin(cues: Cues, problems: Iterable[Problem], clip: Clip | None, uid: str) -> str:
    """Return captions as HTML: number, start, end, text and problems of each.

    Parameters
    ----------
    cues, problems
        The captions, and what is wrong with them.
    clip
        What they are captions of.
    uid
        Hexadecimal; the widget hides what has the class ``wb-<uid>``.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert, problems
    >>> one = insert(Cues(cues=()), 1, end=1.1, text="1 < 2")
    >>> html = twin(one, problems(one), None, "c0ffee")
    >>> "1 &lt; 2" in html, "30.0 letters/s" in html, html.count("<tr>")
    (True, True, 2)
    """
    wrong: dict[int, list[str]] = {}
    for problem in problems:
        wrong.setdefault(problem.cue, []).append(problem.text)
    rows = "".join(
        f"<tr><td>{i + 1}</td><td>{_clock(cue.start)}</td><td>{_clock(cue.end)}</td>"
        f"<td {_LEFT}>{escape(cue.text)}</td><td {_LEFT}>{escape('; '.join(wrong.get(i, ())))}</td>"
        "</tr>"
        for i, cue in enumerate(cues.cues[:_MOST])
    )
    heads = "".join(f"<th {_LEFT}>{name}</th>" for name in ("", "from", "to", "text", "problems"))
    more = len(cues) - _MOST
    parts = [
        f"{media_html(clip)}<p><small>{escape(clip.about)}</small></p>" if clip else "",
        f"<table><tr>{heads}</tr>{rows}</table>",
        f"<p>and {more} more captions</p>" if more > 0 else "",
    ]
    lang = f' lang="{escape(cues.language)}"' if cues.language else ""
    return f'<div class="wb-twin wb-{escape(uid)}" dir="auto"{lang}>{"".join(parts)}</div>'


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}"
