"""Whose files lie in a batch's folder: those of two job files of one name would be mixed up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, storage_error
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    from workbench.production.batch.plan import Plan

__all__ = ["check_owner", "own"]

_FILE = ".jobs"
"""In a folder that is named after a job file: the path of that file."""


def check_owner(plan: Plan) -> None:
    """Refuse the folder of another job file, such as jobs.yaml's for jobs.csv.

    Raises
    ------
    ParameterError
        When the other is still there.
    """
    other = _owner(plan.folder) if plan.source else None
    if other is not None and other != Path(plan.source) and other.is_file():
        raise ParameterError(
            f"would leave its files in {_short(plan.folder)}, where those of {_short(other)} are",
            subject=_short(Path(plan.source)),
            cure="rename it, or name another folder (--folder)",
        )


def own(plan: Plan) -> None:
    """Write down whose files will lie in the folder, which is made.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    if plan.source and _owner(plan.folder) != Path(plan.source):
        try:
            plan.folder.mkdir(parents=True, exist_ok=True)
            write_bytes(plan.folder / _FILE, plan.source.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise storage_error(error, plan.folder) from error


def _owner(folder: Path) -> Path | None:
    try:
        return Path((folder / _FILE).read_bytes().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError):  # nobody's yet
        return None


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
