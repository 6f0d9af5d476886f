"""Which notebook is meant: a path, or the name of a job notebook that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import JobError, shown, suggest
from workbench.paths import user_path

if TYPE_CHECKING:
    import os

__all__ = ["find_notebook", "job_notebooks"]


def job_notebooks() -> dict[str, Path]:
    """Return the job notebooks that come with the package, by name.

    Examples
    --------
    >>> "captioned_short" in job_notebooks()
    True
    """
    package = Path(__file__).parents[1]
    folders = (package / "notebooks" / "jobs", package.parent / "notebooks" / "jobs")
    return {
        path.stem: path
        for folder in reversed(folders)  # what is installed wins over what lies beside it
        for path in sorted(folder.glob("*.ipynb"))
        if not path.stem.startswith(".")
    }


def find_notebook(name: str | os.PathLike[str]) -> Path:
    """Return the notebook that a path, or the name of a job notebook, means.

    Raises
    ------
    JobError
        When there is none; the nearest name is offered.
    """
    path = user_path(name)
    if path.suffix == ".ipynb":
        try:
            if path.is_file():
                return path.absolute()
        except OSError as error:  # such as a name that is too long
            told = f"cannot be read ({(error.strerror or str(error)).lower()})"
            raise _none(told, shown(str(name)), "check the path") from error
        raise _none("there is no such notebook", str(name), "check the path")
    known = job_notebooks()
    if str(name) in known:
        return known[str(name)]
    cure = suggest(str(name), known) or f"the job notebooks are {', '.join(sorted(known))}"
    raise _none("is neither a notebook nor a job's name", str(name), cure)


def _none(problem: str, name: str, cure: str) -> JobError:
    error = JobError(problem, subject=name, cure=cure)
    error.mistake = True
    return error
