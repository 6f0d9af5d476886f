"""A sweep to be handed on: a table for a spreadsheet, and a page that plays without a network."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.errors import ParameterError, one_line, suggest
from workbench.paths import user_path
from workbench.speech.measure_fields import FIELDS
from workbench.speech.sweep_table import columns
from workbench.speech.variants import MEASURED
from workbench.storage.atomic import write_bytes
from workbench.storage.receipt import digest, write_receipt

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from workbench.speech.variant import Variant
    from workbench.speech.variants import Sweep

__all__ = [
    "check_order",
    "check_page",
    "sweep_csv",
    "sweep_page",
    "write_csv",
    "write_page",
    "write_sweep",
]

_HERE = Path(__file__).parent
# How long a machine took: with it, no two tables of one sweep would be the same bytes.
_MACHINE = "rtf"
# Shown by the script, which is what hears the keys.
_KEYS = (
    '<p class="keys" lang="en" hidden>Click a head to sort. <kbd>j</kbd> plays the next, '
    "<kbd>k</kbd> the one before, <kbd>r</kbd> the same again, <kbd>p</kbd> pauses.</p>"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


def sweep_csv(sweep: Sweep) -> str:
    r"""Return a sweep as comma-separated values: a row for each variant, in its order.

    Its ``number`` is that of ``sweep[number]``.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> sweep_csv(sweep("Hello.", rate=[120, 240], measure=False)).splitlines()[0]
    'number,label,voice,rate,duration,error'
    """
    names = [name for name in sweep.columns if name not in {"label", _MACHINE}]
    names = ["voice", *(name for name in names if name != "voice")]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["number", "label", *names, "error"])
    for number, variant in enumerate(sweep):
        row = [number, variant.label, *(_asked(sweep, variant, name) for name in names)]
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
    heads = "".join(f'<th data-sort title="{escape(c.help)}">{escape(c.head)}</th>' for c in told)
    style, script = _asset("sweep_page.css"), _asset("sweep_page.js")
    rows = []
    for number, variant in enumerate(sweep):
        cells = []
        for column in told:
            value = sweep.value(variant, column.name)
            key = "" if value is None else escape(str(value))
            cells.append(f'<td data-value="{key}">{escape(column.format(value))}</td>')
        name = escape(variant.label)
        first = f'<td data-value="{number}" dir="auto">{name}</td><td>{_player(variant)}</td>'
        kind = "" if variant.error is None else ' class="failed"'
        rows.append(f"<tr{kind}>{first}{''.join(cells)}</tr>")
    text = escape(one_line(sweep.text))
    named = escape(title or one_line(sweep.text, limit=80))
    policy = (
        "default-src 'none'; media-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!doctype html>\n<html lang="{escape(_language(sweep))}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{named}</title><style>{style}</style></head>"
        f'<body><h1 dir="auto">{named}</h1><p dir="auto">{text}</p>{_KEYS}'
        '<div class="table" role="region" aria-label="Variants" tabindex="0"><table><thead><tr>'
        f"<th data-sort>variant</th><th>sound</th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        f"<script>{script}</script></body></html>\n"
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


def check_order(by: str, options: Iterable[str]) -> str:
    """Return what a sweep of some options is sorted by, before minutes of speech are made for it.

    Raises
    ------
    ParameterError
        When it is neither a measure nor one of the options; the nearest is offered.

    Examples
    --------
    >>> check_order("clippd", ["rate"])
    Traceback (most recent call last):
    workbench.errors.ParameterError: clippd: is no column of the sweep; did you mean 'clipped'?
    """
    asked = {"voice", "seed", *options}
    measured = [field.name for field in FIELDS]
    again = [f"{MEASURED}{name}" for name in measured if name in asked]
    found = list(dict.fromkeys([*sorted(asked), *measured, *again]))
    if by and by not in found:
        cure = suggest(by, found) or f"the columns are {', '.join(found)}"
        raise ParameterError("is no column of the sweep", subject=by, cure=cure)
    return by


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


@cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


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
