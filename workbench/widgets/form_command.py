"""The command line that does what a form does."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from workbench.production.parameters.written import alike, write_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.production.parameters import Parameter

__all__ = ["command"]


def command(name: str, known: Sequence[Parameter], values: Mapping[str, Any]) -> str:
    r"""Return the command that runs a notebook with some values, for a shell.

    Values that are the defaults are left out. Empty where no command has them.

    Parameters
    ----------
    name
        The notebook's name or path.
    known
        Its parameters.
    values
        Checked; others have their defaults.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> text = Parameter(name="text", annotation="str", default="")
    >>> pictures = Parameter(name="pictures", annotation="list[Path]", default=[])
    >>> print(command("talk", [text, pictures], {"text": "It's $5", "pictures": ["a", "b c"]}))
    workbench run talk -p 'text=It'"'"'s $5' -p pictures=a -p 'pictures=b c'
    """
    words = ["workbench", "run", name]
    for parameter in known:
        value = values.get(parameter.name, parameter.default)
        if parameter.name not in values or alike(value, parameter.default):
            continue
        texts = write_texts(parameter, value)
        if not texts and value is not None:
            return ""  # no text means it, such as a text where a list of it would be meant
        for text in texts:
            words += ["-p", f"{parameter.name}={text}"]
    return shlex.join(words)
