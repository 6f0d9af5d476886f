"""The worker process of an isolated engine: another Python, with packages of its own.

It is run as a script. A request is a line of JSON on standard input: ``id``, ``method``,
``arguments``, ``left`` (streams nobody reads now), ``folder`` and ``environment``. An answer is
a line on what was standard output: ``id`` and ``result`` or ``error``. Sound goes by file, saved by
numpy into a folder of the worker's, and cleared by the parent. The parent's side is `isolated`.

The package is loaded from its folder alone. The folder above it, which holds everything that is
installed beside it, never gets into this Python's path: its numpy and torch are others.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import sys
import threading
from importlib.metadata import EntryPoint
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.audio import Audio

__all__ = ["PROTOCOL", "Desk", "from_line", "main", "take_over", "to_line", "told"]

PROTOCOL = 1
"""The version of the conversation."""

_STREAMS = 32  # that are kept half read; beyond, the oldest is given up


def take_over(folder: str) -> None:
    """Make the package in `folder` importable as ``workbench``, and nothing else beside it."""
    if "workbench" in sys.modules:
        return
    init = Path(folder) / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        "workbench", init, submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package at {folder}", name="workbench")
    package = importlib.util.module_from_spec(spec)
    sys.modules["workbench"] = package
    spec.loader.exec_module(package)


class Desk:
    """The engine, and how each request is put to it.

    Parameters
    ----------
    engine
        With the methods of `workbench.engines.base.Synthesizer`.
    shelf
        The folder for sound.
    """

    def __init__(self, engine: Any, shelf: Path) -> None:
        self._engine = engine
        self._shelf = shelf
        self._numbers = count(1)
        self._streams: dict[int, Iterator[Audio]] = {}

    def answer(self, method: str, arguments: dict[str, Any]) -> Any:
        """Return the result of a method as plain values."""
        methods: dict[str, Callable[..., Any]] = {
            "describe": self._describe,
            "voices": self._voices,
            "find_voice": self._find_voice,
            "synthesize": self._synthesize,
            "open": self._open,
            "next": self._next,
            "unload": self._unload,
        }
        return methods[method](**arguments)

    def _describe(self) -> dict[str, Any]:
        able = self._engine.capabilities
        return {
            "name": self._engine.name,
            "version": self._engine.version,
            "capabilities": vars(able),
        }

    def _voices(self) -> list[dict[str, Any]]:
        return [vars(voice) for voice in self._engine.voices()]

    def _find_voice(self, name: str) -> dict[str, Any]:
        return dict(vars(self._engine.find_voice(name)))

    def _synthesize(self, **request: Any) -> dict[str, Any]:
        take = self._engine.synthesize(**self._built(request))
        return {**take.describe(), "audio": self.put(take.audio)}

    def _open(self, **request: Any) -> int:
        number = next(self._numbers)
        self._streams[number] = iter(self._engine.stream(**self._built(request)))
        while len(self._streams) > _STREAMS:
            self.close(min(self._streams))
        return number

    def _next(self, stream: int) -> dict[str, Any] | None:
        from workbench.errors import ModelError

        if stream not in self._streams:
            raise ModelError(
                "this stream was given up, because too many others were left half read",
                subject=self._engine.name,
                cure="close the streams that are no longer read",
            )
        try:
            piece = next(self._streams[stream], None)
        except BaseException:
            del self._streams[stream]
            raise
        if piece is None:
            del self._streams[stream]
            return None
        return self.put(piece)

    def close(self, stream: int) -> None:
        """Give up a stream, if it is not over."""
        left: Any = self._streams.pop(stream, None)
        if hasattr(left, "close"):
            left.close()

    def _unload(self) -> None:
        self._engine.unload()

    def _built(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["options"] is not None:
            request["options"] = self._engine.options.build(request["options"])
        return request

    def put(self, audio: Audio) -> dict[str, Any]:
        """Put sound where the other side finds it; return where that is."""
        import numpy as np

        path = self._shelf / f"{next(self._numbers)}.npy"
        np.save(path, audio.samples, allow_pickle=False)
        return {"file": str(path), "rate": audio.rate}


def main(setting: dict[str, Any]) -> None:
    """Answer requests until standard input ends.

    Parameters
    ----------
    setting
        ``package``: the folder of the package; ``target``: ``module:Class``; ``paths``: further
        folders to import from.
    """
    outlet = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints, from Python or from C, must not stand between two answers.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests = _listen()

    def send(message: dict[str, Any]) -> None:
        outlet.write(to_line(message))
        outlet.flush()

    take_over(setting["package"])
    sys.path.extend(setting["paths"])
    from workbench.storage.atomic import workspace

    try:
        engine = EntryPoint(name="engine", value=setting["target"], group="").load()()
    except Exception as error:  # noqa: BLE001 - the parent raises it
        send({"id": 0, "error": told(error)})
        return
    with workspace() as shelf:
        send({"id": 0, "result": _hello(shelf)})
        desk = Desk(engine, shelf)
        while (line := requests.get()) is not None:
            request = from_line(line)
            try:
                _settle(request["folder"], request["environment"])
                for stream in request["left"]:
                    desk.close(stream)
                result = desk.answer(request["method"], request["arguments"])
            except Exception as error:  # noqa: BLE001 - the parent raises it
                send({"id": request["id"], "error": told(error)})
            else:
                send({"id": request["id"], "result": result})


def to_line(message: dict[str, Any]) -> bytes:
    """Return a message as a line; halves of letters stay apart, which JSON's escapes would join."""
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def from_line(line: bytes) -> Any:
    """Return the message of a line."""
    return json.loads(line.decode("utf-8", "surrogatepass"))


def _hello(shelf: Path) -> dict[str, Any]:
    from workbench import __version__

    python = sys.version.split()[0]
    return {"protocol": PROTOCOL, "version": __version__, "python": python, "shelf": str(shelf)}


def _listen() -> queue.SimpleQueue[bytes | None]:
    """Return the lines of standard input; its end ends the process.

    A thread of its own reads them, so that a worker whose parent was killed stops in the middle of
    a sentence. (The kernel's own signal for that, PR_SET_PDEATHSIG, comes when the *thread* that
    started the worker ends.)
    """
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True, name="requests").start()
    return lines


def _settle(folder: str, environment: dict[str, str | None]) -> None:
    """Take the parent's working directory and its settings, as they are now."""
    with contextlib.suppress(OSError):  # it may be gone, and names nothing then
        os.chdir(folder)
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def told(error: Exception) -> dict[str, str]:
    """Return an error as plain values, of whatever kind it is."""
    from workbench.errors import WorkbenchError

    if isinstance(error, WorkbenchError):
        return error.to_dict()
    return {"code": "", "problem": f"{type(error).__name__}: {error}", "subject": "", "cure": ""}


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
