"""Which files of a folder anything opens, as Linux tells it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["watched"]

_OPENED = 0x20  # IN_OPEN of inotify


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """Collect the names of the files of a folder that anything opens; Linux tells."""
    if not sys.platform.startswith("linux"):
        pytest.skip("inotify is Linux's")
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0
    assert libc.inotify_add_watch(watch, os.fsencode(folder), _OPENED) >= 0
    names: list[str] = []
    try:
        yield names
        with contextlib.suppress(BlockingIOError):
            data = os.read(watch, 1 << 20)
            place = 0
            while place < len(data):
                length = struct.unpack_from("iIII", data, place)[3]
                name = data[place + 16 : place + 16 + length].rstrip(b"\0")
                names.append(os.fsdecode(name))
                place += 16 + length
    finally:
        os.close(watch)
