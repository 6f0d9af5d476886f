"""A store on a disk of its own, and the operations done on it as a worker does them."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from faults.processes import gone
from libass import extent

from workbench.errors import Cancelled
from workbench.media.frames import frame_at
from workbench.media.kinds import kind_of
from workbench.service import operations
from workbench.service.operations import Context
from workbench.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BARE", "GREY", "NOBODY", "SIZE", "Shop", "letters", "unlike"]

NOBODY = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"

SIZE = (320, 240)
GREY = 60
# Looks in which letters are easily found: white on grey, nothing around them.
BARE = {"stroke_size": 0, "shadow_transparency": 0, "font_name": "DejaVu Sans", "font_bold": False}


class Shop:
    """Files by their ids, and what is done with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store", judge=kind_of)
        self.reports: list[float] = []
        self.told: dict[str, Any] = {}
        self._before = self._work()

    def put(self, path: Path) -> str:
        """Keep a file; return its id."""
        return self.store.put(path).id

    def do(self, operation: str, /, *, private: bool = False, **parameters: Any) -> Any:
        """Do an operation; return the id of its output, or what it told where it has none."""
        return self._done(
            operation, parameters, self.reports.append, threading.Event(), private=private
        )

    def _done(
        self,
        name: str,
        parameters: dict[str, Any],
        report: Callable[[float], None],
        cancel: threading.Event,
        *,
        private: bool = False,
    ) -> Any:
        values = operations.prepare(name, parameters, self.store)
        made = operations.operation(name).output
        output = self.store.new_id(*made) if made else None
        context = Context(
            store=self.store, output=output, report=report, cancel=cancel, private=private
        )
        self.told = operations.perform(name, values, context)
        return str(output) if output else self.told

    def stopped(
        self,
        operation: str,
        /,
        *,
        at: float,
        raising: bool,
        private: bool = False,
        **parameters: Any,
    ) -> bool:
        """Do an operation and stop it when so much is done; whether it was stopped."""
        cancel = threading.Event()

        def report(done: float) -> None:
            if done >= at:
                if raising:
                    raise Cancelled("was stopped", subject="job")
                cancel.set()

        try:
            self._done(operation, parameters, report, cancel, private=private)
        except Cancelled:
            return True
        return False

    def frame(self, file_id: str, seconds: float) -> np.ndarray:
        """Return a frame of a video of the store, as integers."""
        with self.store.reading(file_id) as path:
            return frame_at(path, seconds).astype(int)

    def left(self) -> list[str]:
        """Return what should not be there after a piece of work: files of work, decoders."""
        found = [str(p) for p in (self.store.folder / ".store" / "work").glob("*")]
        found += sorted(self._work() - self._before)
        found += [str(p) for p in self.folder.rglob(f".wb-{os.getpid()}-*")]
        return found + ([] if gone() else ["an ffmpeg"])

    @staticmethod
    def _work() -> set[str]:
        mark = f"workbench-{os.getpid()}-"
        return {p.name for p in Path(tempfile.gettempdir()).iterdir() if p.name.startswith(mark)}


def letters(frame: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is white."""
    found = extent(frame.min(axis=2) > 150)
    assert found is not None, "nothing is written"
    return found


def unlike(frame: np.ndarray) -> np.ndarray:
    """Return where a frame is not the background."""
    return np.abs(frame - GREY).max(axis=2) > 12
