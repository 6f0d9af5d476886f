"""The cell that failed, as the kept notebook of a failed run shows it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FailedCell", "capped", "failed_cell", "without_colours"]

_LARGEST = 32 << 20  # bytes of a notebook that is read: pictures and sounds may stand in it
# Of terminals: colours and cursors, titles and links, and the short ones.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[@-Z\\^_]|)", re.DOTALL
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HEAD = 0.25  # of what is kept of a long text; the end of a traceback says what happened


@dataclass(frozen=True, kw_only=True)
class FailedCell:
    """A cell that failed.

    Parameters
    ----------
    number
        That in the brackets beside it; None where it has none.
    source
        What stands in it.
    traceback
        What Python said, without colours; empty when the kernel had no time to.
    """

    number: int | None
    source: str
    traceback: str


def failed_cell(path: str, number: int | None = None, *, most: int = 8000) -> FailedCell | None:
    """Return the cell that failed; None when the notebook is gone or does not tell.

    Parameters
    ----------
    path
        The kept notebook.
    number
        Of the cell, where that is known; else the cell with an error is looked for.
    most
        Letters of the source, and of the traceback, that are kept.
    """
    try:
        file = Path(path)
        if not path or file.stat().st_size > _LARGEST:
            return None
        cells = json.loads(file.read_bytes())["cells"]
        code = [cell for cell in cells if cell.get("cell_type") == "code"]
        found = next((cell for cell in reversed(code) if _error(cell) is not None), None)
        if found is None and number is not None:
            found = next((c for c in code if c.get("execution_count") == number), None)
        if found is None:
            return None
        error = _error(found) or {}
        count = found.get("execution_count")
        return FailedCell(
            number=count if isinstance(count, int) else number,
            source=capped(without_colours(_joined(found.get("source"), "")), most),
            traceback=capped(without_colours(_joined(error.get("traceback"), "\n")), most),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _error(cell: Mapping[str, Any]) -> Mapping[str, Any] | None:
    outputs = cell.get("outputs") or ()
    return next((out for out in reversed(outputs) if out.get("output_type") == "error"), None)


def _joined(value: object, between: str) -> str:
    return between.join(map(str, value)) if isinstance(value, list) else str(value or "")


def without_colours(text: str) -> str:
    r"""Return a text without what is for terminals.

    Examples
    --------
    >>> without_colours("\x1b[0;31mValueError\x1b[0m: \x1b]8;;http://x\x07no\x00")
    'ValueError: no'
    """
    return _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))


def capped(text: str, most: int) -> str:
    r"""Return a text with its middle left out where it is long.

    Examples
    --------
    >>> capped("abcdefghijklmnopqrstuvwxyz", 8)
    'ab\n… 18 letters …\nuvwxyz'
    """
    if len(text) <= most:
        return text
    head = int(most * _HEAD)
    return f"{text[:head]}\n… {len(text) - most} letters …\n{text[len(text) - most + head :]}"
