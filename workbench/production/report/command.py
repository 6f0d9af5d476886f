"""The commands that a report tells its reader to type, for a POSIX shell."""

from __future__ import annotations

import os
import shlex
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.production.hiding import MARK, is_secret
from workbench.production.parameters.written import write_text, write_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.production.parameters import Parameter
    from workbench.production.report.row import Row

__all__ = ["command_of", "shell_line"]

_TIMEOUT = 3600.0  # of `workbench run`, which need not be told


def shell_line(words: Iterable[str], folder: str = "") -> str:
    r"""Return words as one printable line, from which a shell makes the very same words.

    Parameters
    ----------
    words
        Whatever they hold. Letters that cannot be seen are written as what `printf` makes of them.
    folder
        Where it is to be typed.

    Examples
    --------
    >>> print(shell_line(["say", "it's", "a b", "two\nlines"], "/home"))
    cd /home && say 'it'"'"'s' 'a b' "$(printf %b 'two\0012lines')"
    """
    there = f"cd {_quoted(folder)} && " if folder else ""
    return there + " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    kept = word.rstrip("\n")  # $( ) drops those at the end
    rest = shlex.quote(word[len(kept) :]) if kept != word else ""
    if kept.isprintable():
        return f"{shlex.quote(kept)}{rest}"
    escaped = "".join(map(_escaped, kept))
    return f"\"$(printf %b '{escaped}')\"{rest}"


def _escaped(letter: str) -> str:
    if letter.isprintable() and letter not in "\\'\"`$":  # so that any reader of shells splits it
        return letter
    try:
        data = os.fsencode(letter)  # the bytes of a name that is not UTF-8
    except UnicodeEncodeError:
        data = letter.encode("utf-8", "replace")
    return "".join(f"\\0{byte:03o}" for byte in data)


def command_of(row: Row) -> str:
    """Return the command that does just one job again; what opens a door is to be filled in.

    Empty where no command does.

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
    known = _parameters(row.notebook)
    for name, value in row.values.items():
        texts = [MARK] if is_secret(name, value) else _texts(known.get(name), value)
        if texts is None:
            return ""
        for text in texts:
            words += ["-p", f"{name}={text}"]
    if row.executed:
        words += ["--executed", row.executed]
    if row.timeout not in {None, _TIMEOUT}:
        words += ["--timeout", f"{row.timeout:.15g}"]
    if row.limit is not None:
        words += ["--limit", f"{row.limit:.15g}"]
    return shell_line(words, row.folder)


def _parameters(notebook: str) -> Mapping[str, Parameter]:
    """Return the parameters of a notebook by name; none where it cannot be read any more."""
    try:
        state = Path(notebook).stat()
        return _read(notebook, state.st_mtime_ns, state.st_size)
    except (OSError, ValueError, WorkbenchError):
        return {}


@lru_cache(maxsize=32)
def _read(notebook: str, *_state: int) -> Mapping[str, Parameter]:
    from workbench.production.parameters import parameters

    return {one.name: one for one in parameters(Path(notebook))}


def _texts(parameter: Parameter | None, value: Any) -> list[str] | None:
    """Return a value as it is typed; None where no text means it, such as a list of one for many.

    Of a parameter that the notebook has no more, nobody knows the type.
    """
    if parameter is not None:
        found = write_texts(parameter, value)
        return found if found or value is None else None
    if isinstance(value, list):
        plain = value and not any(isinstance(one, list | dict) for one in value)
        return [write_text(one) for one in value] if plain else [write_text(value)]
    return [] if value is None else [write_text(value)]
