"""The files that values name, before anything reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, suggest
from workbench.paths import user_path

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from workbench.production.parameters.parameter import Parameter

__all__ = ["OUTPUT", "missing"]

OUTPUT = "output"
"""The parameter whose file the notebook writes; every other path is one it reads."""


def missing(
    parameter: Parameter, value: Any, *, folder: Path | None = None
) -> ParameterError | None:
    """Return what is wrong with the files that a checked value names; None when all are there.

    Parameters
    ----------
    parameter
        Only one of paths, and not ``output``, names files to be read.
    value
        Its value.
    folder
        What relative paths are meant in; the working directory by default.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> print(missing(Parameter(name="bed", annotation="Path", default="bed.mp3"), "no/bed.mp3"))
    bed: there is no such file as no/bed.mp3; check the path, which is meant in ...
    """
    if parameter.name == OUTPUT:
        return None
    for text in parameter.paths(value):
        try:
            path = user_path(text)
            found = (folder / path if folder else path).exists()
        except ParameterError as error:
            return ParameterError(error.problem, subject=parameter.name, cure="check the path")
        except OSError as error:
            told = f"{text} cannot be looked at ({error.strerror or error})"
            return ParameterError(told, subject=parameter.name, cure="check its permissions")
        if not found:
            return ParameterError(
                f"there is no such file as {text}",
                subject=parameter.name,
                cure=_near(folder / path if folder else path)
                or f"check the path, which is meant in {folder or os.getcwd()}",  # noqa: PTH109
            )
    return None


def _near(path: Path) -> str:
    """Return a hint at a file of nearly that name beside it; empty for none."""
    try:
        names = [entry.name for _, entry in zip(range(1000), os.scandir(path.parent), strict=False)]
    except OSError:
        return ""
    return suggest(path.name, names, most=1)
