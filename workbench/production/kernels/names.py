"""What can be named to be preloaded."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from workbench.errors import ModelError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HOST", "checked", "found"]

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


def found(names: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be preloaded, if it is on this machine as well; nothing is imported.

    Raises
    ------
    ParameterError
        When a name is none, or there is no such module.
    ModelError
        When it is a model that must not be forked, or there is no such voice.

    Examples
    --------
    >>> found(["json.decoder", "kokoro:af_heart"])
    ('json.decoder', 'kokoro:af_heart')
    >>> found(["nosuch_module"])
    Traceback (most recent call last):
    workbench.errors.ParameterError: nosuch_module: is no module that this Python finds; install \
it, or correct its name
    """
    from workbench.engines.registry import engines

    kept = checked(names)
    for name in kept:
        module, _, rest = name.partition(":")
        if module == "kokoro" and rest:
            from workbench.engines.kokoro.voices import find

            find(rest)
        elif module not in engines() and not _is_module(module):
            raise ParameterError(
                "is no module that this Python finds",
                subject=module,
                cure="install it, or correct its name",
            )
    return kept


def _is_module(name: str) -> bool:
    """Whether a module can be found; its packages are looked into, not imported."""
    if name in sys.modules:
        return True
    first, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(first)
        for depth in range(len(rest)):
            places = None if spec is None else spec.submodule_search_locations
            if places is None:
                return False
            inner = f"{first}.{'.'.join(rest[: depth + 1])}"
            finders = (getattr(each, "find_spec", None) for each in sys.meta_path)
            specs = (find(inner, places, None) for find in finders if find is not None)
            spec = next((each for each in specs if each is not None), None)
    except (ImportError, ValueError):  # whatever it is, it cannot be imported
        return False
    return spec is not None
