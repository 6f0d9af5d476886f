"""What can be named to be preloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import ModelError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HOST", "checked"]

HOST = "give it to a model host, which serves every kernel"
"""What to do with a model that cannot be forked."""

_FORBIDDEN = {
    "ctranslate2": "models of CTranslate2 have threads of their own",
    "faster_whisper": "models of CTranslate2 have threads of their own",
    "whisper": "models of CTranslate2 have threads of their own",
}


def checked(names: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be preloaded, if that can be.

    Raises
    ------
    ParameterError
        When a name is none.
    ModelError
        When it is a model that must not be forked.

    Examples
    --------
    >>> checked(["torch", "kokoro:af_heart", "my_project.models:load"])
    ('torch', 'kokoro:af_heart', 'my_project.models:load')
    >>> checked(["whisper"])
    Traceback (most recent call last):
    ...
    workbench.errors.ModelError: whisper: cannot be forked: models of CTranslate2 have threads of \
their own; give it to a model host, which serves every kernel
    """
    for name in names:
        module, colon, rest = name.partition(":")
        whole = module.replace(".", "").replace("_", "a").isalnum() and bool(rest) == bool(colon)
        if not whole or module[0].isdigit():
            raise ParameterError(
                "cannot be preloaded",
                subject=name or "--preload",
                cure="name a module, a voice such as kokoro:af_heart, or module:function",
            )
        why = _FORBIDDEN.get(module)
        if why and (colon or module == "whisper"):
            raise ModelError(f"cannot be forked: {why}", subject=name, cure=HOST)
    return tuple(dict.fromkeys(names))
