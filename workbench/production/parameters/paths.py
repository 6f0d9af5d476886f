"""The files that values name, before anything reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, TextError
from workbench.paths import near_file, text_file, user_path
from workbench.production.parameters.parameter import OUTPUT

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from workbench.production.parameters.parameter import Parameter

__all__ = ["OUTPUT", "missing"]


def missing(
    parameter: Parameter, value: Any, *, folder: Path | None = None
) -> ParameterError | None:
    """Return what is wrong with the files that a checked value names; None when all are there.

    Parameters
    ----------
    parameter
        Only one of paths, or of a text or a path, and not ``output``, names files to be read.
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
    texts = value if isinstance(value, list) else [value]
    names = texts if parameter.readable else parameter.paths(value)
    for text in names:
        if not isinstance(text, str):
            continue
        try:
            found = _look(parameter, text, folder)
        except (ParameterError, TextError) as error:
            told = (
                error.problem
                if error.subject in {"", "path"}
                else f"{text.strip()}: {error.problem}"
            )
            return ParameterError(told, subject=parameter.name, cure=error.cure or "check the path")
        except OSError as error:
            told = f"{text} cannot be looked at ({error.strerror or error})"
            return ParameterError(told, subject=parameter.name, cure="check its permissions")
        if found is not None:
            return found
    return None


def _look(parameter: Parameter, text: str, folder: Path | None) -> ParameterError | None:
    if parameter.readable:
        path = text_file(text, parameter.suffixes, what="text", folder=folder)
        if path is None:
            return None
    else:
        path = user_path(text)
    place = folder / path if folder else path
    if place.exists():
        return None
    return ParameterError(
        f"there is no such file as {text.strip()}",
        subject=parameter.name,
        cure=near_file(place, path) or f"check the path, which is meant in {folder or os.getcwd()}",  # noqa: PTH109
    )
