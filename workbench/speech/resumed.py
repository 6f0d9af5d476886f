"""A blind comparison that goes on in its file, or begins there."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown, suggest
from workbench.paths import user_path
from workbench.speech.compare import Comparison

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from workbench.speech.compared import Sound

__all__ = ["OPTIONS", "resumed"]

OPTIONS = tuple(
    name
    for name, parameter in inspect.signature(Comparison.of).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY
)
"""The keywords of `Comparison.of`."""


def resumed(
    takes: Mapping[str, Sound] | Iterable[Sound],
    path: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Comparison:
    """Return the session of a file, or a new one where there is no such file.

    Parameters
    ----------
    takes
        What is compared. A session that goes on refuses others than those it began with.
    path
        Where it is kept; None for nowhere.
    **options
        Those of `Comparison.of`. A session that goes on refuses others than it began with.

    Raises
    ------
    ParameterError
        When an option is not known (the nearest is offered), or the file holds another session.
    StorageError
        When the file cannot be read.

    Examples
    --------
    >>> import workbench as wb
    >>> takes = {"slow": wb.speak("Hello.", rate=120), "fast": wb.speak("Hello.", rate=260)}
    >>> resumed(takes, rounds=2)
    Comparison(ab of 'slow', 'fast'; 0 of 2 trials answered)
    >>> resumed(takes, ronds=2)
    Traceback (most recent call last):
    workbench.errors.ParameterError: ronds: is not an option; did you mean 'rounds'?
    """
    for name in options:
        if name not in OPTIONS:
            cure = suggest(name, OPTIONS) or f"the options are {', '.join(OPTIONS)}"
            raise ParameterError("is not an option", subject=name, cure=cure)
    if path is None or not user_path(path).exists():
        return Comparison.of(takes, **options)
    session = Comparison.load(path, takes=takes)
    for name, value in options.items():
        was = session.levels.loudness is not None if name == "match" else getattr(session, name)
        if value is not None and value != was:
            raise ParameterError(
                f"holds a session with {name}={shown(was)}, not {shown(value)}",
                subject=str(path),
                cure="leave the option out to go on, or begin anew in another file",
            )
    return session
