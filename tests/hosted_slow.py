"""Engines for a model host that work until they are stopped, and leave signs in files."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from isolated_tiny import TinyEngine

from workbench.errors import Cancelled
from workbench.options import Options, option
from workbench.recognition import Recognition, Segment


@dataclass(frozen=True, kw_only=True)
class SlowOptions(Options):
    folder: str = option("", help="Where the signs are left")
    name: str = option("one", help="Whose")


class SlowEars:
    """It listens until a file ``go`` lies in the folder; ``NAME.began`` and ``NAME.ended`` tell."""

    name: ClassVar[str] = "slow"
    options: ClassVar[type[Options]] = SlowOptions
    version = "1"

    def identity(self, options: Options | None = None) -> str:
        return "slow"

    def transcribe(self, audio, *, language=None, options=None, progress=None, cancel=None):
        folder = Path(options.folder)
        with (folder / "order").open("a") as order:
            order.write(options.name + "\n")
        (folder / f"{options.name}.began").touch()
        progress(0.5)
        while not (folder / "go").exists():
            if cancel.is_set():
                (folder / f"{options.name}.ended").touch()
                raise Cancelled("stopped in the middle", subject="slow")
            time.sleep(0.01)
        segment = Segment(start=0, end=audio.duration, text=options.name)
        return Recognition(
            segments=(segment,), language="en", duration=audio.duration, options=options.to_dict()
        )

    def unload(self) -> None:
        pass


class SlowEngine(TinyEngine):
    """A stream that says, in the file its text names, when it is closed.

    A line whose text is a folder is spoken until a file ``go`` lies in it.
    """

    name: ClassVar[str] = "slow"

    def synthesize(self, text, *, voice, options=None, seed=None):
        folder = Path(text)
        if not folder.is_absolute():
            return super().synthesize(text, voice=voice, options=options, seed=seed)
        try:
            (folder / "line.began").touch()
            while not (folder / "go").exists():
                time.sleep(0.01)
        except BaseException:
            (folder / "line.stopped").touch()
            raise
        return super().synthesize("Done.", voice=voice)

    def stream(self, text, *, voice, options=None, seed=None):
        try:
            yield from super().stream("one two three four", voice=voice)
        finally:
            Path(text).write_text(threading.current_thread().name)
