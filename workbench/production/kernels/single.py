"""Torch, kept to one thread from the moment it is imported, by whomever."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["OnImport"]


class OnImport(MetaPathFinder):
    """Calls a function with a module as soon as it has been imported.

    A module that makes a network while it is imported would start torch's threads before anybody
    could tell it not to.

    Parameters
    ----------
    name
        The module.
    do
        What is to be done with it.

    Examples
    --------
    >>> seen = []
    >>> with OnImport("this_is_never_imported", seen.append):
    ...     import colorsys
    >>> seen
    []
    """

    def __init__(self, name: str, do: Callable[[Any], object]) -> None:
        self._name = name
        self._do = do

    def __enter__(self) -> OnImport:
        if self._name in sys.modules:
            self._do(sys.modules[self._name])
        else:
            sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_: object) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the import system's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Find the module as it is found without this, and load it with a word to follow."""
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Then(spec.loader, self._do)
        return spec


class _Then(Loader):
    """A loader, and what is done when it has loaded."""

    def __init__(self, loader: Loader, do: Callable[[Any], object]) -> None:
        self._loader = loader
        self._do = do

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # Who asks the module for its loader later gets the real one.
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._do(module)
