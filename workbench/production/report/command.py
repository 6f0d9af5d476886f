"""The commands that a report tells its reader to type."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.production.report.row import Row

__all__ = ["command_of"]

_TIMEOUT = 3600.0  # of `workbench run`, which need not be told


def command_of(row: Row) -> str:
    """Return the command that does just one job again, for a POSIX shell.

    Examples
    --------
    >>> from workbench.production.report.row import Row
    >>> print(command_of(Row(id="job_1", name="talk", state="failed", notebook="/a.ipynb",
    ...     executed="/out/talk.ipynb", folder="/home", values={"text": "a b", "n": [1, 2]})))
    cd /home && workbench run /a.ipynb -p 'text=a b' -p n=1 -p n=2 --executed /out/talk.ipynb
    """
    if not row.notebook:
        return ""
    words = ["workbench", "run", row.notebook]
    for name, value in row.values.items():
        for text in _texts(value):
            words += ["-p", f"{name}={text}"]
    if row.executed:
        words += ["--executed", row.executed]
    if row.timeout not in {None, _TIMEOUT}:
        words += ["--timeout", f"{row.timeout:g}"]
    if row.limit is not None:
        words += ["--limit", f"{row.limit:g}"]
    there = f"cd {shlex.quote(row.folder)} && " if row.folder else ""
    return there + shlex.join(words)


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    if isinstance(value, str):
        return [value]
    return [] if value is None else [json.dumps(value, ensure_ascii=False, default=str)]
