"""A sweep as an HTML table, for a notebook that has no widget."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import one_line
from workbench.speech.measure_fields import FIELDS, NOTHING
from workbench.speech.variants import MEASURED

if TYPE_CHECKING:
    from workbench.speech.measure_fields import MeasureField
    from workbench.speech.variants import Sweep

__all__ = ["Column", "columns", "html_table"]

_LEFT = 'style="text-align:left"'
_RIGHT = 'style="text-align:right"'


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a sweep's table.

    Parameters
    ----------
    name
        As `workbench.speech.variants.Sweep.value` takes it.
    head
        What stands over it.
    help
        What it means.
    measure
        The measure it shows; None for a setting.
    """

    name: str
    head: str
    help: str
    measure: MeasureField | None = None

    def format(self, value: Any) -> str:
        """Return a value as it stands in the column.

        Examples
        --------
        >>> rate = Column(name="rate", head="rate", help="")
        >>> rate.format(160), rate.format(0.5), rate.format(True)
        ('160', '0.5', 'yes')
        """
        if self.measure is not None:
            return self.measure.format(value)
        if value is None:
            return NOTHING
        if isinstance(value, bool):
            return "yes" if value else "no"
        return one_line(f"{value:g}" if isinstance(value, float) else str(value), limit=200)


def columns(sweep: Sweep) -> tuple[Column, ...]:
    """Return the columns worth showing: settings that vary, and measures that any variant has.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> [column.head for column in columns(sweep("Hello.", pitch=[30, 60], measure=False))]
    ['pitch', 'duration s']
    """
    found = [
        Column(name=name, head=name, help=f"{name}, as it was asked for") for name in sweep.varying
    ]
    measured = {field.name: field for field in FIELDS}
    settings = {name for variant in sweep for name in variant.settings}
    for name in sweep.columns:
        if name in settings or all(sweep.value(variant, name) is None for variant in sweep):
            continue
        field = measured[name.removeprefix(MEASURED)]
        head = f"measured {field.head}" if name.startswith(MEASURED) else field.head
        found.append(Column(name=name, head=head, help=field.help, measure=field))
    return tuple(found)


def html_table(sweep: Sweep) -> str:
    """Return the variants as a table: what each was asked for, what it measures, why it failed.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> html_table(sweep("Tom & Jerry.", rate=[150, 250], measure=False)).count("Tom &amp; Jerry.")
    1
    """
    shown = columns(sweep)
    head = "".join(f'<th title="{escape(c.help)}">{escape(c.head)}</th>' for c in shown)
    rows = []
    for number, variant in enumerate(sweep):
        cells = "".join(
            f"<td {_RIGHT}>{escape(c.format(sweep.value(variant, c.name)))}</td>" for c in shown
        )
        if variant.error is not None:
            cells += f"<td {_LEFT}>{escape(str(variant.error))}</td>"
        rows.append(f"<tr><td>{number}</td>{cells}</tr>")
    text = f"<p>{escape(one_line(sweep.text))}</p>"
    return f"{text}<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"
