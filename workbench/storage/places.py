"""Where a user's media lie when nothing else is said."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["VARIABLE", "store_folder"]

VARIABLE = "WORKBENCH_STORE"
"""The environment variable that names another folder."""

_OLD_VARIABLE = "STORAGE_PATH"  # of the media server this replaces


def store_folder() -> Path:
    """Return the folder of the store of this user; it need not exist yet."""
    named = os.environ.get(VARIABLE) or os.environ.get(_OLD_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("workbench", appauthor=False) / "media"
