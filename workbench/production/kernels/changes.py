"""Whether the code that a server has loaded is still what is on disk."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Sources"]


@dataclass(frozen=True)
class Sources:
    """The files of loaded modules, as they were.

    Installed packages are told by their folder, which changes when one is installed or removed;
    all other modules by their own files.

    Parameters
    ----------
    states
        Size and time of writing of each.
    """

    states: dict[str, tuple[int, int]]

    @classmethod
    def now(cls) -> Sources:
        """Return the state of all that is loaded."""
        return cls({path: _state(path) for path in {*_installed(), *_project()}})

    def changed(self) -> str:
        """Return a file that is not what it was, or an empty string."""
        return next((p for p, state in self.states.items() if _state(p) != state), "")


def _state(path: str) -> tuple[int, int]:
    try:
        state = os.stat(path)  # noqa: PTH116 - a hundred at each fork
    except OSError:
        return (-1, -1)
    return (state.st_size, state.st_mtime_ns)


def _installed() -> set[str]:
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    if site.ENABLE_USER_SITE:
        places.add(site.getusersitepackages())
    return {place for place in places if Path(place).is_dir()}


def _project() -> set[str]:
    """Return the files of modules that belong neither to Python nor to an installed package."""
    fixed = tuple(
        f"{place.rstrip(os.sep)}{os.sep}"
        for place in {*_installed(), sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    )
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {file for file in files if isinstance(file, str) and not file.startswith(fixed)}
