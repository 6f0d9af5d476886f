"""Rows of CSV and TSV, also as European spreadsheets write them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.production.jobfile.rows import Mistake, Written
from workbench.production.parameters.types import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.production.parameters import Parameter

__all__ = ["TextCell", "read_table"]

_SEPARATORS = ",;\t"
_NOTE = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)  # how Excel is told


@dataclass(frozen=True)
class TextCell:
    """A text, which means what the parameter says."""

    text: str

    def read(self, parameter: Parameter) -> Any:
        """Return what it means; a list is JSON, or its items with ``;`` between them."""
        text = self.text if str in kinds(parameter.kind) else self.text.strip()
        if not parameter.several or text.startswith("[") or text == "null":
            return parameter.parse([text])
        return parameter.parse([item.strip() for item in text.split(";") if item.strip()])


def read_table(text: str, separator: str = "") -> tuple[list[Written], list[Mistake]]:
    r"""Return the rows of a table and what is wrong with it as a table.

    Parameters
    ----------
    text
        With a header. An empty cell means the default, a row of empty cells nothing.
    separator
        What stands between cells; by default the one that the header has most of.

    Examples
    --------
    >>> rows, mistakes = read_table("voice;speed\nes;0.9\nen;\n")
    >>> [(row.number, list(row.cells)) for row in rows], mistakes
    ([(2, ['voice', 'speed']), (3, ['voice'])], [])
    """
    noted = _NOTE.match(text)
    separator = noted[1] if noted else separator or _separator(text)
    rows: list[Written] = []
    mistakes: list[Mistake] = []
    names: list[str] | None = None
    head = 0
    nameless: set[int] = set()
    limit = csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        for number, cells in _lines(text, separator, mistakes):
            if noted and number == 1:
                continue
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names, head = [cell.strip() for cell in cells], number
                mistakes += _header(number, names)
                continue
            made = _row(number, names, cells, mistakes, nameless)
            rows.append(replace(made, head=head))
    finally:
        csv.field_size_limit(limit)
    return rows, mistakes


def _lines(
    text: str, separator: str, mistakes: list[Mistake]
) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield each row with the line where it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            told = "has a quote that is never closed"
            if "unexpected end" not in str(error):
                told = f"has a quote in the middle of a cell ({error})"
            mistakes.append(Mistake(number, "", told, 'write a quote in a quoted cell twice: ""'))
            return
        yield number, cells


def _header(number: int, names: Sequence[str]) -> list[Mistake]:
    return [
        Mistake(
            number, name, "is the name of two columns", "take one of them out, or name it rightly"
        )
        for place, name in enumerate(names)
        if name and name in names[:place] and names[:place].count(name) == 1
    ]


def _row(
    number: int,
    names: Sequence[str],
    cells: Sequence[str],
    mistakes: list[Mistake],
    nameless: set[int],
) -> Written:
    if len(cells) < len(names):
        mistakes.append(
            Mistake(
                number,
                names[len(cells)],
                f"is not there: the row has {len(cells)} of {len(names)} cells",
                "fill up the row; an empty cell means the default",
            )
        )
    over = [cell for cell in cells[len(names) :] if cell.strip()]
    if over:
        mistakes.append(
            Mistake(
                number,
                "",
                f"has {len(cells)} cells under {len(names)} columns, such as {over[0]!r}",
                "quote the cell that holds a separator",
            )
        )
    for place, (name, cell) in enumerate(zip(names, cells, strict=False)):
        if not name and cell.strip() and place not in nameless:
            nameless.add(place)
            mistakes.append(
                Mistake(
                    number,
                    f"column {place + 1}",
                    f"holds {cell!r} under no name",
                    "name the column, or empty it",
                )
            )
    found = {
        name: TextCell(cell)
        for name, cell in zip(names, cells, strict=False)
        if name and cell.strip()
    }
    return Written(number=number, cells=found)


def _separator(text: str) -> str:
    """Return what the first line that is not empty has most of, outside of quotes."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", head)
    return max(_SEPARATORS, key=bare.count)
