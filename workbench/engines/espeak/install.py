"""Which espeak is installed: its version, its data and its voices."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from pathlib import Path
from typing import Any

from workbench.engines.espeak.process import ask, locate

__all__ = ["data_folder", "forget", "info", "version"]


@functools.cache
def info() -> dict[str, Any]:
    """Return the library's ``number``, its ``data`` folder and its ``voices``."""
    return ask({"task": "info"})[1]


@functools.cache
def data_folder() -> Path:
    """Return the folder of voices and dictionaries."""
    data = locate()[1]
    return Path(info()["data"] if data is None else data)


@functools.cache
def version() -> str:
    """Return the library's version and a digest of the library and its data.

    The same text with another dictionary is other speech, so the data belong to the identity.
    """
    library, folder = Path(locate()[0]), data_folder()
    digest = hashlib.sha256()
    with contextlib.suppress(FileNotFoundError):  # a bare name, which only the linker looks up
        digest.update(library.read_bytes())
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    return f"{info()['number']}+{digest.hexdigest()[:12]}"


def forget() -> None:
    """Ask again next time."""
    for known in (info, data_folder, version):
        known.cache_clear()
