"""What the service can do, by name: the same functions for a call in process and for a worker."""

from __future__ import annotations

import os
import pkgutil
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, suggest
from workbench.service.operations.base import Context, Operation, checked
from workbench.service.operations.paths import naming

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from workbench.storage.store import Store

__all__ = ["Context", "Operation", "operation", "operations", "perform", "prepare"]

VARIABLE = "WORKBENCH_OPERATIONS"
"""The environment variable that names further operations, for a plug-in or a test."""


def operations() -> dict[str, Operation]:
    """Return every operation by its name."""
    from workbench.service.operations import (
        aligning,
        encoding,
        files,
        listening,
        lists,
        pictures,
        sounds,
        speech,
        video,
    )

    found: dict[str, Operation] = {}
    modules = (aligning, encoding, files, listening, lists, pictures, sounds, speech, video)
    for module in modules:
        found |= {one.name: one for one in module.OPERATIONS}
    return found | {one.name: one for one in _added()}


def _added() -> tuple[Operation, ...]:
    """Return the operations of the module that `VARIABLE` names, as ``module:NAME``."""
    module, _, name = os.environ.get(VARIABLE, "").partition(":")
    if not module:
        return ()
    added: tuple[Operation, ...] = getattr(pkgutil.resolve_name(module), name or "OPERATIONS")
    return added


def operation(name: str) -> Operation:
    """Return the operation of a name.

    Raises
    ------
    ParameterError
        When there is none, with the nearest names.
    """
    known = operations()
    if name not in known:
        raise ParameterError("is no operation", subject=name, cure=suggest(name, known))
    return known[name]


def prepare(name: str, parameters: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Return the parameters with all defaults, as plain JSON values, once they are known to work.

    What can be known without doing the work is checked: types and ranges, that the files are
    there, that the voice exists. It takes milliseconds and loads no model.

    Raises
    ------
    ParameterError, FileGone, VoiceNotFound, EngineNotFound, EngineMissing, TextError
        The same errors, whoever asks.
    """
    with naming(store):
        one = operation(name)
        values = checked(one, parameters)
        if one.check is not None:
            one.check(values, store)
    plain: dict[str, Any] = values.model_dump(mode="json")
    return plain


def perform(name: str, parameters: Mapping[str, Any], context: Context) -> Any:
    """Do the work; return what is to be told of it, as plain JSON values.

    An operation with an output writes it to ``context.output`` in the store, whole or not at all.
    """
    with naming(context.store):
        one = operation(name)
        return one.run(checked(one, parameters), context)
