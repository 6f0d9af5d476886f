"""A sweep to be handed on: a table for a spreadsheet, and a page that plays without a network."""

from __future__ import annotations

import base64
import csv
import io
from html import escape
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, one_line, storage_error
from workbench.paths import user_path
from workbench.speech.sweep_table import columns
from workbench.storage.atomic import write_bytes
from workbench.storage.receipt import digest, write_receipt

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from workbench.speech.variant import Variant
    from workbench.speech.variants import Sweep

__all__ = ["check_page", "sweep_csv", "sweep_page", "write_csv", "write_page", "write_sweep"]

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid #8884 }
th { position: sticky; top: 0; background: Canvas; cursor: pointer; white-space: nowrap }
th:first-child, td:first-child, td.text { text-align: left }
th[aria-sort=ascending]::after { content: " \\2191" }
th[aria-sort=descending]::after { content: " \\2193" }
audio { height: 2rem; width: 15rem; vertical-align: middle }
tr.failed { opacity: .7 }
"""
# Sorts by the column whose head is chosen; plays one sound at a time.
_SCRIPT = """
const body = document.querySelector('tbody')
for (const head of document.querySelectorAll('th')) {
  head.tabIndex = 0
  const sort = () => {
    const up = head.getAttribute('aria-sort') !== 'ascending'
    for (const other of document.querySelectorAll('th')) other.removeAttribute('aria-sort')
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending')
    const key = row => row.cells[head.cellIndex].dataset.value ?? ''
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)]
      if (x === '' || y === '') return (x === '') - (y === '')
      const order = x - y || x.localeCompare(y)
      return up ? order : -order
    })
    body.append(...rows)
  }
  head.addEventListener('click', sort)
  head.addEventListener('keydown', event => { if (event.key === 'Enter') sort() })
}
document.addEventListener('play', event => {
  for (const sound of document.querySelectorAll('audio')) if (sound !== event.target) sound.pause()
}, true)
"""
# How long a machine took: with it, no two tables of one sweep would be the same bytes.
_MACHINE = "rtf"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


def sweep_csv(sweep: Sweep) -> str:
    r"""Return a sweep as comma-separated values: a row for each variant, in its order.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> sweep_csv(sweep("Hello.", rate=[120, 240], measure=False)).splitlines()[0]
    'label,voice,rate,duration,error'
    """
    names = [name for name in sweep.columns if name not in {"label", _MACHINE}]
    names = ["voice", *(name for name in names if name != "voice")]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["label", *names, "error"])
    for variant in sweep:
        row = [variant.label, *(_asked(sweep, variant, name) for name in names)]
        writer.writerow([_cell(value) for value in [*row, variant.error or ""]])
    return stream.getvalue()


def write_csv(sweep: Sweep, path: str | os.PathLike[str]) -> Path:
    """Write `sweep_csv` to a file, whole or not at all, and return its path.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    return _write(sweep_csv(sweep), path)


def sweep_page(sweep: Sweep, *, title: str = "") -> str:
    """Return a sweep as a page of HTML: every variant with a player and its figures.

    The sounds are in the page, as MP3; it asks for nothing from anywhere, and sorts by the column
    whose head is clicked.

    Parameters
    ----------
    sweep
        What is heard.
    title
        Of the page; by default what is said.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> page = sweep_page(sweep("Tom & Jerry.", rate=[150, 250], measure=False))
    >>> page.count("<audio"), "Tom &amp; Jerry." in page
    (2, True)
    """
    told = [column for column in columns(sweep) if column.name != _MACHINE]
    heads = "".join(f'<th title="{escape(c.help)}">{escape(c.head)}</th>' for c in told)
    rows = []
    for number, variant in enumerate(sweep, start=1):
        cells = []
        for column in told:
            value = sweep.value(variant, column.name)
            key = "" if value is None else escape(str(value))
            cells.append(f'<td data-value="{key}">{escape(column.format(value))}</td>')
        name = escape(variant.label)
        first = f'<td data-value="{number}">{name}</td><td>{_player(variant)}</td>'
        kind = "" if variant.error is None else ' class="failed"'
        rows.append(f"<tr{kind}>{first}{''.join(cells)}</tr>")
    text = escape(one_line(sweep.text))
    named = escape(title or one_line(sweep.text, limit=80))
    return (
        f'<!doctype html>\n<html lang="{escape(_language(sweep))}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>{named}</title><style>{_STYLE}</style></head>"
        f'<body><h1>{named}</h1><p dir="auto">{text}</p><table><thead><tr><th>variant</th>'
        f"<th>sound</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<script>{_SCRIPT}</script></body></html>\n"
    )


def write_page(sweep: Sweep, path: str | os.PathLike[str], *, title: str = "") -> Path:
    """Write `sweep_page` to a file, whole or not at all, and return its path.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    return _write(sweep_page(sweep, title=title), path)


def check_page(path: str | os.PathLike[str]) -> Path:
    """Return where a page goes, before minutes of speech are made for it.

    Raises
    ------
    ParameterError
        When it does not end in .html, or is a folder.

    Examples
    --------
    >>> check_page("sweep.htm")
    Traceback (most recent call last):
    workbench.errors.ParameterError: sweep.htm: must end in .html
    """
    file = user_path(path).absolute()
    if file.suffix.lower() != ".html":
        raise ParameterError("must end in .html", subject=str(path))
    if file.is_dir():
        raise ParameterError("is a folder", subject=str(path), cure="name a file in it")
    return file


def write_sweep(sweep: Sweep, page: str | os.PathLike[str], *, title: str = "") -> tuple[Path, ...]:
    """Write all of a sweep: the page, its table and its sounds, and the page's receipt.

    ``pick.html`` has its table in ``pick.csv`` and its sounds in ``pick/``, which
    `workbench.speech.variants.Sweep.load` reads again. The receipt names the sounds as the page's
    inputs.

    Parameters
    ----------
    sweep
        What was spoken.
    page
        Ends in .html.
    title
        Of the page; by default what is said.

    Returns
    -------
    tuple of Path
        The page, the table, and ``sweep.json``.

    Raises
    ------
    ParameterError
        When the page cannot be named so.
    StorageError
        When a file cannot be written.
    """
    file = check_page(page)
    kept = sweep.save(file.with_suffix(""))
    table = write_csv(sweep, file.with_suffix(".csv"))
    write_page(sweep, file, title=title)
    sounds = sorted(kept.parent.glob("*.wav"))
    fields = {
        "tool": "write_sweep",
        "inputs": [
            {"path": f"{kept.parent.name}/{sound.name}", "sha256": digest(sound)}
            for sound in sounds
        ],
        "settings": {
            "text": sweep.text,
            "variants": [variant.describe() for variant in sweep],
        },
    }
    write_receipt(file, fields)
    return file, table, kept


def _player(variant: Variant) -> str:
    if variant.take is None:
        return escape(one_line(str(variant.error)))
    data = base64.b64encode(variant.take.audio.encode(".mp3")).decode()
    label = escape(variant.label)
    return (
        f'<audio controls preload="metadata" aria-label="{label}" '
        f'src="data:audio/mpeg;base64,{data}"></audio>'
    )


def _asked(sweep: Sweep, variant: Variant, name: str) -> object:
    value = sweep.value(variant, name)
    return round(value, 6) if isinstance(value, float) else value


def _cell(value: object) -> object:
    """Return a value as a spreadsheet may have it: a text that begins as a formula is none."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _language(sweep: Sweep) -> str:
    return next((one.take.language for one in sweep if one.take is not None), "")


def _write(text: str, path: str | os.PathLike[str]) -> Path:
    file = user_path(path).absolute()
    try:
        write_bytes(file, text.encode("utf-8", "replace"))
    except OSError as error:
        raise storage_error(error, file) from error
    return file
