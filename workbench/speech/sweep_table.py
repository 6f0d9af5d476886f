"""A sweep as an HTML table, for a notebook that has no widget."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.errors import ParameterError, one_line, shown, suggest
from workbench.speech.measure_fields import FIELDS, NOTHING
from workbench.speech.variants import MEASURED

if TYPE_CHECKING:
    from workbench.speech.measure_fields import MeasureField
    from workbench.speech.variants import Sweep

__all__ = ["FIGURES", "Column", "Figures", "columns", "html_table"]

Figures = Literal["few", "all"]
"""How much of what was measured is shown: what one looks at first, or all of it."""

FIGURES: tuple[Figures, ...] = get_args(Figures)

_LEFT = 'style="text-align:left"'
_RIGHT = 'style="text-align:right"'


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a sweep's table.

    Parameters
    ----------
    name
        As `workbench.speech.variants.Sweep.value` takes it.
    label
        What stands over it.
    help
        What it means.
    unit
        Such as ``Hz``; empty for a plain number and for a setting.
    measure
        The measure it shows; None for a setting.
    """

    name: str
    label: str
    help: str
    unit: str = ""
    measure: MeasureField | None = None

    @property
    def head(self) -> str:
        """Label and unit."""
        return f"{self.label} {self.unit}".rstrip()

    @property
    def first(self) -> bool:
        """Whether it is among the few that one looks at first: settings and brief measures."""
        return self.measure is None or self.measure.brief

    def format(self, value: Any) -> str:
        """Return a value as it stands in the column.

        Examples
        --------
        >>> rate = Column(name="rate", label="rate", help="")
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


def columns(sweep: Sweep, *, figures: Figures = "all", order_by: str = "") -> tuple[Column, ...]:
    """Return the columns worth showing: settings that vary, and measures that any variant has.

    Parameters
    ----------
    sweep
        What is shown.
    figures
        ``all`` measures, or the ``few`` that one looks at first: how long, how loud, how fast, how
        many pauses, how high, and how much of it was heard otherwise.
    order_by
        A column that is shown in any case, since the rows are sorted by it.

    Raises
    ------
    ParameterError
        When `figures` is neither; the nearest is offered.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> found = sweep("Hello.", pitch=[30, 60], measure=False)
    >>> [column.head for column in columns(found)]
    ['pitch', 'duration s']
    >>> measured = sweep("Hello.", pitch=[30, 60])
    >>> [column.label for column in columns(measured, figures="few")][:3]
    ['pitch', 'duration', 'loudness']
    """
    if figures not in FIGURES:
        cure = suggest(str(figures), FIGURES) or f"it is {' or '.join(FIGURES)}"
        raise ParameterError(f"must not be {shown(figures)}", subject="figures", cure=cure)
    found = [
        Column(name=name, label=name, help=f"{name}, as it was asked for") for name in sweep.varying
    ]
    measured = {field.name: field for field in FIELDS}
    settings = {name for variant in sweep for name in variant.settings}
    for name in sweep.columns:
        if name in settings or all(sweep.value(variant, name) is None for variant in sweep):
            continue
        field = measured[name.removeprefix(MEASURED)]
        label = f"measured {field.label}" if name.startswith(MEASURED) else field.label
        found.append(
            Column(name=name, label=label, unit=field.unit, help=field.help, measure=field)
        )
    return tuple(
        column for column in found if figures == "all" or column.first or column.name == order_by
    )


def html_table(sweep: Sweep) -> str:
    """Return the variants as a table: what was asked for, the first figures, why one failed.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> html_table(sweep("Tom & Jerry.", rate=[150, 250], measure=False)).count("Tom &amp; Jerry.")
    1
    """
    told = columns(sweep, figures="few")
    head = "".join(f'<th title="{escape(c.help)}">{escape(c.head)}</th>' for c in told)
    rows = []
    for number, variant in enumerate(sweep):
        cells = "".join(
            f"<td {_RIGHT}>{escape(c.format(sweep.value(variant, c.name)))}</td>" for c in told
        )
        if variant.error is not None:
            cells += f"<td {_LEFT}>{escape(str(variant.error))}</td>"
        rows.append(f"<tr><td>{number}</td>{cells}</tr>")
    text = f"<p>{escape(one_line(sweep.text))}</p>"
    return f"{text}<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"
