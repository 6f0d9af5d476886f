"""How far long work is: a bar on a terminal, a bar in a notebook, silence elsewhere."""

from __future__ import annotations

import contextlib
import html
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VARIABLE", "Report", "bar"]

VARIABLE = "WORKBENCH_PROGRESS"
"""Names a file in which a notebook's bar also stands, for the process that runs the notebook."""

Report: TypeAlias = Callable[[float], None]
"""What long work calls with the part that is done, 0 to 1."""

_EVERY = 0.25  # seconds between two updates; a notebook's messages are limited to 1,000 a second


@contextlib.contextmanager
def bar(title: str) -> Iterator[Report]:
    """Show a bar while the block runs; yield the function that moves it.

    Parameters
    ----------
    title
        What is being done.

    Examples
    --------
    >>> with bar("rendering") as report:
    ...     report(0.5)
    """
    if _in_notebook():
        with _notebook_bar(title) as report:
            yield report
    elif sys.stderr.isatty():
        with _terminal_bar(title) as report:
            yield report
    else:
        yield lambda done: None  # noqa: ARG005


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


@contextlib.contextmanager
def _terminal_bar(title: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        Remaining(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        task = progress.add_task(one_line(title), total=1.0)
        yield lambda done: progress.update(task, completed=done)


@contextlib.contextmanager
def _notebook_bar(title: str) -> Iterator[Report]:
    from IPython import display as ipython

    show: Any = ipython.display  # IPython's functions have no types
    # Its own HTML leaves "<IPython.core.display.HTML object>" in a notebook that is read as text.
    nothing = {"text/html": "", "text/plain": ""}
    started = time.monotonic()
    last = started - _EVERY
    watched = os.environ.get(VARIABLE, "")
    handle = show(nothing, raw=True, display_id=True)

    def report(done: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _EVERY or handle is None:
            return
        last = now
        if watched:
            Path(watched).write_text(f"{done:.4f}", encoding="ascii")
        left = (now - started) * (1 - done) / done if done > 0 else 0.0
        told = f"{done:.0%}, {left:.0f} s left"
        page = f'{html.escape(title)} <progress value="{done:.3f}" max="1"></progress> {told}'
        handle.update({"text/html": page, "text/plain": f"{title} {told}"}, raw=True)

    try:
        yield report
    finally:
        if watched:
            Path(watched).write_text("1", encoding="ascii")
        if handle is not None:
            handle.update(nothing, raw=True)
