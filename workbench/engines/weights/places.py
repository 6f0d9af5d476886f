"""Where the files of a model lie: a plain folder, or the cache that programs of the hub share.

A plain folder holds a model's files under their own names. The cache holds them by content
(``blobs``), with a folder of links for each commit (``snapshots``) and the commit that a branch
names (``refs``).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.engines.weights.files import LOCK, PARTIAL, Entry, Lock, fault, safe_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.engines.weights.catalog import Model

__all__ = [
    "VARIABLE",
    "Place",
    "cached_repository",
    "hub_cache",
    "hub_home",
    "models_folder",
    "places",
]

VARIABLE = "WORKBENCH_MODELS"
"""The environment variable that names another folder for models."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder that has or could have a model's files.

    Parameters
    ----------
    folder
        The folder.
    layout
        ``plain`` or ``cache``.
    """

    folder: Path
    layout: str

    @property
    def lock(self) -> Lock | None:
        """The list of what was fetched into it."""
        return Lock.read(self.folder) if self.layout == "plain" else None

    def find(self, name: str) -> tuple[str, ...]:
        """Return the files here of a name or pattern."""
        if not re.search(r"[*?\[]", name):
            return (name,) if (self.folder / safe_path(name)).is_file() else ()
        return tuple(
            sorted(
                path.relative_to(self.folder).as_posix()
                for path in self.folder.glob(name)
                if path.is_file()
                and not path.name.startswith(".")
                and not path.name.endswith(PARTIAL)
                and path.name != LOCK
            )
        )

    def have(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the files here of names and patterns, and the names that have none."""
        here: list[str] = []
        missing: list[str] = []
        for name in names:
            found = self.find(name)
            here += [path for path in found if path not in here]
            if not found:
                missing.append(name)
        return here, missing

    def faults(self, files: Sequence[str], *, thorough: bool = False) -> dict[str, str]:
        """Return what is wrong with files that are here, by their names."""
        lock = self.lock
        told = {}
        for name in files:
            entry: Entry | None = lock.files.get(name) if lock is not None else None
            why = fault(self.folder / name, entry, thorough=thorough)
            if why:
                told[name] = why
        return told

    def files(self) -> tuple[str, ...]:
        """Return every file here, what is half there left aside."""
        found = []
        for folder, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [
                (Path(folder) / name).relative_to(self.folder).as_posix()
                for name in names
                if not name.startswith(".") and not name.endswith(PARTIAL) and name != LOCK
            ]
        return tuple(sorted(found))


def models_folder() -> Path:
    """Return the folder of all plain folders; it need not exist yet."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("workbench", appauthor=False) / "models"


def hub_cache() -> Path:
    """Return the cache that programs of the hub share, by the variables that they read."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(name):
            return _expanded(os.environ[name])
    return hub_home() / "hub"


def hub_home() -> Path:
    """Return the folder of the hub's cache and token."""
    if os.environ.get("HF_HOME"):
        return _expanded(os.environ["HF_HOME"])
    return _expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"


def _expanded(text: str) -> Path:
    return Path(os.path.expandvars(text)).expanduser().absolute()


def cached_repository(model: Model) -> Path:
    """Return the folder of a model's repository in the cache of the hub."""
    return hub_cache() / f"models--{model.repository.replace('/', '--')}"


def places(model: Model) -> tuple[Place, ...]:
    """Return where to look for a model, in order: its plain folder, then what the cache has.

    In the cache the commit that the model's revision names comes first, then the others, the newest
    first.
    """
    plain = Place(folder=models_folder() / model.name, layout="plain")
    return plain, *(Place(folder=folder, layout="cache") for folder in _snapshots(model))


def _snapshots(model: Model) -> list[Path]:
    repository = cached_repository(model)
    try:
        folders = [folder for folder in (repository / "snapshots").iterdir() if folder.is_dir()]
    except OSError:
        return []
    try:
        named = (repository / "refs" / model.revision).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        named = model.revision
    return sorted(folders, key=lambda f: (f.name != named, -f.stat().st_mtime, f.name))
