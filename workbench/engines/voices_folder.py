"""Where the voices are that are to be cloned."""

from __future__ import annotations

import contextlib
import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

from workbench.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["VARIABLE", "other_folder", "voices_folder", "voices_in"]

VARIABLE = "WORKBENCH_VOICES"
"""The environment variable that names another folder."""

_other: ContextVar[Path | None] = ContextVar("voices folder", default=None)


def voices_folder() -> Path:
    """Return the folder of the voices to be cloned; it need not exist."""
    return _other.get() or user_path(os.environ.get(VARIABLE) or "voices")


def other_folder() -> Path | None:
    """Return the folder that `voices_in` has put in the place of the usual one; None outside."""
    return _other.get()


@contextlib.contextmanager
def voices_in(folder: Path) -> Iterator[None]:
    """Look for voices in another folder while the block runs, in this thread alone.

    For a voice that is there for one piece of work: it is seen by nobody else, and what is left of
    it when the process is killed is not among the voices that are kept.

    Examples
    --------
    >>> from pathlib import Path
    >>> with voices_in(Path("elsewhere")):
    ...     voices_folder()
    PosixPath('elsewhere')
    """
    before = _other.set(folder)
    try:
        yield
    finally:
        _other.reset(before)
