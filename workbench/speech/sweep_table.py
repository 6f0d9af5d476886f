"""A sweep as an HTML table, for a notebook that has no widget."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line
from workbench.speech.variants import MEASURED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.speech.variants import Sweep

__all__ = ["headings", "html_table", "shown_columns", "told"]

_LEFT = 'style="text-align:left"'


def shown_columns(sweep: Sweep) -> tuple[str, ...]:
    """Return the columns worth showing: settings that vary, and measures that any variant has."""
    row_names = [name for name in sweep.table()[0] if name not in {"label", "error"}]
    settings = set(sweep.varying)
    return tuple(
        name
        for name in row_names
        if name in settings or any(sweep.value(v, name) is not None for v in sweep)
    )


def headings(columns: Sequence[str], settings: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return for each column how it is called and what it means, both for people.

    Parameters
    ----------
    columns
        Names as `workbench.speech.variants.Sweep.value` takes them.
    settings
        Those of them that are settings, which are called by their own names.

    Examples
    --------
    >>> headings(["rate", "duration"], ["rate"])["rate"]
    ('rate', 'rate as it was asked for')
    """
    from workbench.speech.measure import Measures

    found: dict[str, tuple[str, str]] = {}
    for name in columns:
        if name in settings:
            found[name] = (name, f"{name} as it was asked for")
            continue
        about = Measures.FIELDS[name.removeprefix(MEASURED)]
        unit = f" ({about.unit})" if about.unit else ""
        found[name] = (f"{about.label}{unit}", about.help)
    return found


def told(value: Any) -> str:
    """Return a value as it stands in a table.

    Examples
    --------
    >>> told(None), told(-23.04567), told(160), told(""), told(True)
    ('', '-23.05', '160', '', 'yes')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return one_line(str(value), limit=200)


def html_table(sweep: Sweep) -> str:
    """Return the variants as a table: what each was asked for, what it measures, why it failed.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> html_table(sweep("Tom & Jerry.", rate=[150, 250], measure=False)).count("Tom &amp; Jerry.")
    1
    """
    columns = shown_columns(sweep)
    named = headings(columns, sweep.varying)
    head = "".join(
        f'<th title="{escape(about)}">{escape(label)}</th>' for label, about in named.values()
    )
    rows = []
    for number, variant in enumerate(sweep):
        cells = "".join(f"<td>{escape(told(sweep.value(variant, name)))}</td>" for name in columns)
        if variant.error is not None:
            cells += f"<td {_LEFT}>{escape(str(variant.error))}</td>"
        rows.append(f"<tr><td>{number}</td>{cells}</tr>")
    text = f"<p>{escape(sweep.text)}</p>"
    return f"{text}<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"
