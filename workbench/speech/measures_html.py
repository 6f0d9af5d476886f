"""Measures as plain HTML, of the elements that JupyterLab lets through in any notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workbench.errors import one_line

if TYPE_CHECKING:
    from workbench.speech.measure_fields import MeasureField
    from workbench.speech.measures import Measures, MeasureTable

__all__ = ["one", "table"]

_LEFT = ' style="text-align:left"'
_RIGHT = ' style="text-align:right"'


def one(measures: Measures) -> str:
    """Return the measures of one sound: a row for each that is there.

    Examples
    --------
    >>> from workbench.speech.measures import Measures
    >>> page = one(Measures(duration=1, pitch=120))
    >>> page.count("<tr>"), "120" in page, "Hz" in page
    (2, True, True)
    """
    rows = "".join(
        f"<tr>{_head(field, field.label)}<td{_RIGHT}>{escape(field.format(value))}</td>"
        f"<td{_LEFT}>{escape(field.unit)}</td></tr>"
        for field in measures.FIELDS
        if (value := getattr(measures, field.name)) is not None
    )
    return f"<table>{rows}</table>"


def table(measured: MeasureTable) -> str:
    """Return a row for each sound, and a column for each measure that one of them has.

    Examples
    --------
    >>> from workbench.speech.measures import Measures, MeasureTable
    >>> page = table(MeasureTable.of({"<b>": Measures(duration=1)}))
    >>> "&lt;b&gt;" in page, "<b>" in page
    (True, False)
    """
    fields = measured.fields
    heads = "".join(_head(field, field.head) for field in fields)
    rows = "".join(
        f"<tr><th{_LEFT}>{escape(one_line(row.label))}</th>"
        + "".join(
            f"<td{_RIGHT}>{escape(field.format(getattr(row.measures, field.name)))}</td>"
            for field in fields
        )
        + "</tr>"
        for row in measured.rows
    )
    return f"<table><tr><th></th>{heads}</tr>{rows}</table>"


def _head(field: MeasureField, text: str) -> str:
    return f'<th{_LEFT} title="{escape(field.help)}">{escape(text)}</th>'
