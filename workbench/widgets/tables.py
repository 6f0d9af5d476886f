"""Tables a notebook shows: what a recogniser heard, how a text is spoken, what a video plans.

Plain HTML of the elements that JupyterLab lets through in a notebook it does not trust.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workbench.errors import one_line
from workbench.wording import file_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from workbench.media.plan import Plan
    from workbench.recognition import Recognition
    from workbench.text.spoken import Spoken

__all__ = ["files_list", "heard_table", "plan_table", "spoken_table"]

_LEFT = ' style="text-align:left;white-space:pre-wrap"'


def heard_table(heard: Recognition) -> str:
    """Return what was heard as HTML: a row for each segment, and what to know of the whole.

    Examples
    --------
    >>> from workbench.recognition import Recognition, Segment
    >>> heard = Recognition(
    ...     segments=(Segment(start=0, end=1, text="1 < 2", flags=("fast",)),), language="en",
    ...     duration=2, language_probability=0.9, engine="whisper", model="whisper-small")
    >>> page = heard_table(heard)
    >>> "1 &lt; 2" in page, "en (90 %)" in page, "fast" in page
    (True, True, True)
    """
    about = [f"{heard.duration:.1f} s", f"{heard.language} ({heard.language_probability:.0%})"]
    about = [part.replace("%", " %") for part in about]
    about += [part for part in (heard.model or heard.engine, heard.device) if part]
    rows = (
        (f"{s.start:.2f}", f"{s.end:.2f}", s.text.strip(), ", ".join(s.flags))
        for s in heard.segments
    )
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in heard.warnings)
    return (
        f"<p><small>{escape(' · '.join(about))}</small></p>"
        f"{_table(('from', 'to', 'text', 'doubts'), rows, heard.language)}"
        f"{f'<ul>{notes}</ul>' if notes else ''}"
    )


def spoken_table(spoken: Spoken) -> str:
    """Return a text as it is spoken, and a row for each change, as HTML.

    Examples
    --------
    >>> from workbench.text.normalize import normalize
    >>> page = spoken_table(normalize("It's $5.", "en"))
    >>> "five dollars" in page, "money" in page
    (True, True)
    """
    rows = ((c.original, c.spoken, c.rule) for c in spoken.changes)
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in spoken.notes)
    return (
        f'<p dir="auto">{escape(spoken.spoken)}</p>'
        f"{_table(('written', 'spoken', 'rule'), rows, spoken.language) if spoken.changes else ''}"
        f"{f'<ul>{notes}</ul>' if notes else ''}"
    )


def files_list(links: Iterable[tuple[Path, str]], warnings: Iterable[str]) -> str:
    """Return files with their addresses and sizes, and what to know of them, as HTML.

    Examples
    --------
    >>> from pathlib import Path
    >>> files_list([(Path("gone.srt"), "out/gone.srt")], ["1 < 2"])
    '<ul><li><a href="out/gone.srt">gone.srt</a></li></ul><ul><li>1 &lt; 2</li></ul>'
    """
    rows = []
    for path, address in links:
        name = escape(one_line(path.name))
        named = f'<a href="{escape(address)}">{name}</a>' if address else name
        rows.append(f"<li>{named}{_size(path)}</li>")
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in warnings)
    return f"<ul>{''.join(rows)}</ul>{f'<ul>{notes}</ul>' if notes else ''}"


def _size(path: Path) -> str:
    try:
        return f", {file_size(path.stat().st_size)}"
    except OSError:  # it was taken away since
        return ""


def plan_table(plan: Plan) -> str:
    """Return a plan as HTML: a row for each thing that is seen or heard, and the summary.

    Examples
    --------
    >>> import workbench as wb
    >>> page = plan_table(wb.Video("16:9").scene(wb.Colour("navy"), duration=2).plan())
    >>> "0.00" in page, "2.00" in page, "1920x1080" in page
    (True, True, True)
    """
    rows = (
        (row.name.strip(), f"{row.start:.2f}", f"{row.end:.2f}", one_line(row.detail))
        for row in plan.rows
    )
    return (
        f"{_table(('what', 'from', 'to', 'which'), rows, '')}"
        f"<p><small>{escape(plan.summary)}</small></p>"
    )


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], language: str) -> str:
    head = "".join(f"<th{_LEFT}>{name}</th>" for name in heads)
    lang = f' lang="{escape(language)}"' if language else ""
    body = "".join(
        "<tr>" + "".join(f"<td{_LEFT}{lang}>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
