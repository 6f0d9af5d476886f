"""Operations for tests of workers, which a worker finds by WORKBENCH_OPERATIONS."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import TextError
from workbench.service.operations.base import Context, Operation, Parameters

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OPERATIONS"]


class Nothing(Parameters):
    """No parameters."""


class Seconds(Parameters):
    seconds: float = 0.0


class Note(Parameters):
    path: str
    text: str = ""
    seconds: float = 0.0


class Way(Parameters):
    way: str


def nothing(values: Nothing, context: Context) -> dict[str, Any]:
    return {}


def where(values: Nothing, context: Context) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "torch": "torch" in sys.modules,
        "engines": [m for m in sys.modules if m.startswith("workbench.engines.kokoro.")],
    }


def steps(values: Seconds, context: Context) -> dict[str, Any]:
    """Work in small steps, each of which looks whether it is to go on."""
    until = time.monotonic() + values.seconds
    while (left := until - time.monotonic()) > 0:
        context.progress(1 - left / values.seconds)
        time.sleep(0.005)
    return {}


def deaf(values: Seconds, context: Context) -> dict[str, Any]:
    """Work that never looks, but can be interrupted."""
    threading.Event().wait(values.seconds)
    return {}


def stubborn(values: Seconds, context: Context) -> dict[str, Any]:
    """Work that takes no notice of anything."""
    until = time.monotonic() + values.seconds
    while time.monotonic() < until:
        with contextlib.suppress(BaseException):
            time.sleep(0.1)
    return {}


def greedy(values: Seconds, context: Context) -> dict[str, Any]:
    """Work that lets no other thread of the process run."""
    import ctypes

    # Signals go to other threads, which then wait for this one; else they would end the sleep.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ctypes.PyDLL(None).usleep(int(values.seconds * 1e6))
    return {}


def early(values: Seconds, context: Context) -> dict[str, Any]:
    """Work in a library that any signal ends early, and which does not tell."""
    import ctypes

    ctypes.PyDLL(None).usleep(int(values.seconds * 1e6))
    return {}


def child(values: Note, context: Context) -> dict[str, Any]:
    """Wait for a child that is nobody's: a session of its own, deaf to signals but one."""
    code = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    code += "print(flush=True); time.sleep(float(sys.argv[1]))"
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, str(values.seconds), values.text],
        start_new_session=True,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        Path(values.path).write_text(str(os.getpid()))
        process.wait()
    return {}


def note(values: Note, context: Context) -> dict[str, Any]:
    """Write a line, so that whoever counts the lines counts the runs."""
    time.sleep(values.seconds)
    with Path(values.path).open("a") as file:
        file.write(f"{values.text} {os.getpid()}\n")
    return {}


def render(values: Note, context: Context) -> dict[str, Any]:
    """Render a film that takes long, with all its decoders and encoders."""
    from faults.film import long_video

    long_video(Path(values.path)).render(
        Path(values.text) / "film.mp4",
        progress=context.progress,
        cancel=context.cancel,
        cache=False,
    )
    return {}


ERRORS: dict[str, Callable[[], BaseException]] = {
    "told": lambda: TextError("is empty", subject="script", cure="write a line"),
    "unforeseen": lambda: TypeError("no /home/somebody/secret/place.py here"),
    "memory": MemoryError,
    "exit": lambda: SystemExit(3),
    "generator": GeneratorExit,
    "interrupt": KeyboardInterrupt,
}


def deep() -> int:
    return deep() + 1


RESULTS: dict[str, Callable[[], Any]] = {
    "object": lambda: {"a": object()},
    "nan": lambda: {"a": float("nan")},
    "deep": deep,
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "leave": lambda: os._exit(0),
}


def fail(values: Way, context: Context) -> Any:
    if values.way in ERRORS:
        error = ERRORS[values.way]()
        raise error
    return RESULTS[values.way]()


def half(values: Note, context: Context) -> dict[str, Any]:
    """Be stubborn in the middle of writing the output."""
    assert context.output is not None
    with context.store.writing(context.output) as path:
        path.write_bytes(b"half a file")
        Path(values.path).write_text(str(path))
        return stubborn(Seconds(seconds=values.seconds), context)


OPERATIONS = (
    Operation(name="nothing", parameters=Nothing, run=nothing),
    Operation(name="where", parameters=Nothing, run=where),
    Operation(name="steps", parameters=Seconds, run=steps),
    Operation(name="deaf", parameters=Seconds, run=deaf),
    Operation(name="stubborn", parameters=Seconds, run=stubborn),
    Operation(name="greedy", parameters=Seconds, run=greedy),
    Operation(name="early", parameters=Seconds, run=early),
    Operation(name="child", parameters=Note, run=child),
    Operation(name="note", parameters=Note, run=note),
    Operation(name="render", parameters=Note, run=render),
    Operation(name="half", parameters=Note, run=half, output=("audio", ".wav")),
    Operation(name="fail", parameters=Way, run=fail),
)
