"""The process that holds libespeak-ng, as seen from here: one for each Python process.

Why a process of its own. espeak 1.52 ends whatever process it is in on some texts (a German
sentence with one certain emoji; a foreign letter here and there), prints to its standard output,
changes its locale, and is one set of static variables for all threads. In a worker a crash is an
error that names the text, Ctrl-C needs no care of ctypes callbacks, and a speech that nobody wants
any more is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes.util
import json
import os
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from workbench.engines.espeak.worker import ERROR, HEAD, SOUND
from workbench.errors import Cancelled, EngineMissing, ModelError, TextError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["ask", "end", "locate", "pieces"]

_ROOT = Path(__file__).parents[3]
_ERRORS = {kind.code: kind for kind in (EngineMissing, ModelError, TextError)}
_TICK = 0.05  # seconds between two looks at whether somebody wants it to stop
_SILENCE = 60.0  # seconds without a sign of life; 20,000 letters are read in 1

_lock = threading.Lock()
_worker: _Worker | None = None


def ask(request: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Send a request to the worker and return all its sound, and its result; see `pieces`."""
    source = pieces(request)
    sound: list[bytes] = []
    while True:
        try:
            sound.append(next(source))
        except StopIteration as end:
            return b"".join(sound), end.value


def pieces(request: dict[str, Any]) -> Generator[bytes, None, dict[str, Any]]:
    """Send a request to the worker, yield the sound as it is made and return the result.

    A thread of its own talks to the worker, for two reasons. Ctrl-C reaches the main thread only,
    so it never breaks off between a question and its answer. And the queue between the two has no
    limit, so whoever leaves a stream half read keeps nobody else from the worker. (20 minutes of
    sound are 50 MB.)

    Parameters
    ----------
    request
        ``task`` and its arguments, see `espeak.worker`.

    Yields
    ------
    bytes
        Little-endian 16-bit mono PCM. Closing the generator ends the speech.

    Raises
    ------
    EngineMissing, ModelError, TextError
        What the worker raised; ModelError also when it crashed or hung.
    """
    made: queue.SimpleQueue[bytes | dict[str, Any] | BaseException] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        try:
            made.put(_converse(request, made.put, stop))
        except BaseException as error:  # noqa: BLE001 - it is raised where the consumer is
            made.put(error)

    thread = threading.Thread(target=work, name="espeak")
    try:
        thread.start()
        while isinstance(item := made.get(), bytes):
            yield item
    finally:
        stop.set()
        if thread.is_alive():
            thread.join()
    if isinstance(item, BaseException):
        raise item
    return item


def _converse(
    request: dict[str, Any], sound: Callable[[bytes], None], stop: threading.Event
) -> dict[str, Any]:
    """Have the whole conversation, with the worker to ourselves."""
    global _worker  # noqa: PLW0603 - one for the process
    while not _lock.acquire(timeout=_TICK):
        if stop.is_set():
            raise _cancelled()
    try:
        if _worker is not None and not _worker.alive:  # ended while nobody asked it for anything
            _end()
        if _worker is None:
            _worker = _Worker()
        try:
            kind, payload = _worker.converse(request, sound, stop)
        except BaseException:
            _end()  # in the middle of an answer, or dead
            raise
    finally:
        _lock.release()
    answer: dict[str, Any] = json.loads(payload)
    if kind == ERROR:
        raise _ERRORS[answer.pop("code")](answer.pop("problem"), **answer)
    return answer


class _Worker:
    """The process and its pipes."""

    def __init__(self) -> None:
        library, data = locate()
        command = (
            f"import sys; sys.path.append({str(_ROOT)!r}); "
            "from workbench.engines.espeak.worker import main; "
            f"main({library!r}, {data!r})"
        )
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            # Alone with the standard library: neither what lies in the working directory nor what
            # is installed takes part, and it starts in 0.1 s.
            [sys.executable, "-I", "-S", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the parent
            env={name: value for name, value in os.environ.items() if name != "EAGER_IMPORT"},
        )
        self._questions = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._rest = bytearray()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def converse(
        self, request: dict[str, Any], sound: Callable[[bytes], None], stop: threading.Event
    ) -> tuple[bytes, bytes]:
        """Return the kind and the payload of the last frame of the answer."""
        try:
            self._questions.write(json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._ended(request) from None
        while True:
            kind, size = HEAD.unpack(self._read(HEAD.size, request, stop))
            payload = self._read(size, request, stop)
            if kind != SOUND:
                return kind, payload
            sound(payload)

    def _read(self, size: int, request: dict[str, Any], stop: threading.Event) -> bytes:
        outlet = self._answers.fileno()
        poll = select.poll()
        poll.register(outlet, select.POLLIN)
        heard = time.monotonic()
        while len(self._rest) < size:
            if stop.is_set():
                raise _cancelled()
            if poll.poll(_TICK * 1000):
                data = os.read(outlet, 1 << 16)
                if not data:
                    raise self._ended(request)
                self._rest += data
                heard = time.monotonic()
            elif time.monotonic() - heard > _SILENCE:
                raise _failed(request, f"gave no sign of life for {_SILENCE:.0f} s")
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken

    def _ended(self, request: dict[str, Any]) -> ModelError:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"with status {status}: {lines[-1] if lines else ''}"
        if status < 0:
            how = f"by {signal.Signals(-status).name}"
        return _failed(request, f"was ended {how}")

    def close(self) -> None:
        """End the process and close the pipes."""
        self._process.kill()
        self._process.wait()
        self._close_pipes()

    def leave(self) -> None:
        """Close this side's pipes to a process that is the parent's."""
        self._process.returncode = 0  # or it would be waited for, and warned about
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._questions, self._answers, self._errors):
            with contextlib.suppress(OSError):  # a question that nobody reads any more
                pipe.close()


def _cancelled() -> Cancelled:
    return Cancelled("was stopped", subject="espeak")


def _failed(request: dict[str, Any], problem: str) -> ModelError:
    return ModelError(
        f"espeak {problem} while it read this",
        subject=request.get("text", request["task"]),
        cure="leave out letters that are not of the voice's language, or take another voice",
    )


def end() -> None:
    """End the worker process; the next request starts another."""
    with _lock:
        _end()


@atexit.register
def _end() -> None:
    global _worker  # noqa: PLW0603
    if _worker is not None:
        _worker.close()
        _worker = None


def _after_fork() -> None:
    global _lock, _worker  # noqa: PLW0603 - both belong to the parent and its threads
    _lock = threading.Lock()
    if _worker is not None:
        _worker.leave()
        _worker = None


os.register_at_fork(after_in_child=_after_fork)


def locate() -> tuple[str, str | None]:
    """Return the library, and its data folder where the library does not know it by itself."""
    try:
        import espeakng_loader

        return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    except (ImportError, RuntimeError) as error:  # RuntimeError: the wheel's data are not there
        path = ctypes.util.find_library("espeak-ng")
        if path is None:
            raise EngineMissing(
                "libespeak-ng is not installed",
                subject="espeak",
                cure="pip install espeakng-loader, or install the system's espeak-ng package",
            ) from error
        return path, None
