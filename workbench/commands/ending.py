"""How the command line ends: a code, a line on standard error, and with ``--json`` an object."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

from workbench.commands.output import show, shown_json, wants_json
from workbench.errors import Cancelled, ParameterError, WorkbenchError, one_line

__all__ = ["FAILED", "STOPPED", "WRONG", "ended", "error_data"]

FAILED = 1
"""It was begun, and did not come out well."""
WRONG = 2
"""What was typed is to be corrected: it cannot be, or names what is not there."""
STOPPED = 130
"""Whoever began it stopped it; 128 + SIGINT, as shells have it."""


def ended(error: BaseException) -> int:
    """Tell of what ended a command, and return the exit code.

    Raises
    ------
    BaseException
        The error itself, where it is a mistake of ours and ``WORKBENCH_DEBUG`` asks for it.
    """
    told, code = _told(error)
    if wants_json() and not shown_json():
        show({"error": error_data(told)}, "", as_json=True)
    sys.stderr.write(f"workbench: {one_line(str(told), limit=1000)}\n")
    return code


def error_data(error: WorkbenchError) -> dict[str, Any]:
    """Return an error for JSON, with the mistakes of a job file."""
    data: dict[str, Any] = error.to_dict()
    mistakes = getattr(error, "mistakes", ())
    if mistakes:
        data["mistakes"] = [
            {"row": one.row, "column": one.column, "problem": one.problem, "cure": one.cure}
            for one in mistakes
        ]
    return data


def _told(error: BaseException) -> tuple[WorkbenchError, int]:
    """Return an error as one of ours, and the exit code it means."""
    if isinstance(error, Cancelled):
        return error, STOPPED
    if isinstance(error, WorkbenchError):
        return error, WRONG if error.mistake else FAILED
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return Cancelled("stopped"), STOPPED
    if hasattr(error, "format_message"):  # a usage error of typer's
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "workbench"
        problem = error.format_message().rstrip(".")
        return ParameterError(problem, cure=f"see: {path} --help"), WRONG
    if os.environ.get("WORKBENCH_DEBUG"):
        raise error
    # A mistake of ours, which still deserves one line.
    problem = f"{type(error).__name__}: {error}"
    return WorkbenchError(problem, cure="WORKBENCH_DEBUG=1 shows where"), FAILED
