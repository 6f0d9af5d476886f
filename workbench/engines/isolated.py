"""An engine in a Python of its own, for packages that cannot live beside the others.

Chatterbox pins torch, numpy and transformers to versions of its own. In an environment of its own
(see `isolated_environments`) it disturbs nobody, and is reached through a worker process by the
same contract: `IsolatedEngine` is a `Synthesizer` whose every call is a question to the worker.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from workbench import __version__, errors
from workbench.audio import Audio
from workbench.engines import isolated_worker
from workbench.engines.base import Capabilities, VoiceInfo
from workbench.engines.isolated_worker import PROTOCOL, from_line, to_line
from workbench.errors import ModelError, WorkbenchError
from workbench.options import Options
from workbench.take import Take

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["IsolatedEngine"]

_TICK = 0.05  # seconds between two looks at whether the process still runs
_START = 120.0  # seconds a worker may take to answer for the first time
_LAST = 300  # letters of what it said last that an error quotes
# What a worker is told anew with every request: a notebook sets these at any time.
_SETTINGS = ("WORKBENCH_", "HF_", "CUDA_VISIBLE_DEVICES")
# Weights are pulled by `workbench models pull`, never by a worker; and it has no terminal.
_OWN = {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "TOKENIZERS_PARALLELISM": "false"}
_ERRORS: dict[str, type[WorkbenchError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, WorkbenchError)
}
_engines: weakref.WeakSet[IsolatedEngine] = weakref.WeakSet()


class IsolatedEngine:
    """An engine that is run by another Python.

    The worker starts at the first question and then stays. One question is answered at a time,
    whichever thread asks. A worker that ends, for whatever reason, is an error to the one whose
    question it had; the next question starts another.

    Parameters
    ----------
    name
        For messages.
    target
        ``module:Class`` of the engine there, a `workbench.engines.base.Synthesizer`.
    python
        The Python that runs it. It needs numpy; the rest is the engine's own affair.
    options
        Its options, as they are known here.
    paths
        Folders it imports from, besides its own.
    start
        Seconds it may take to start. There is no limit on how long it may speak.
    """

    def __init__(
        self,
        name: str,
        target: str,
        python: str | os.PathLike[str],
        *,
        options: type[Options] = Options,
        paths: Sequence[str | os.PathLike[str]] = (),
        start: float = _START,
    ) -> None:
        self.name = name
        self.options = options
        self._target = target
        self._python = os.fspath(python)
        self._paths = [os.fspath(path) for path in paths]
        self._start = start
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        _engines.add(self)

    @property
    def version(self) -> str:
        """The engine's own version, as it says there."""
        return str(self._ask("describe")["version"])

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as it says there."""
        return Capabilities(**self._ask("describe")["capabilities"])

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return every voice, sorted by language and name."""
        return tuple(VoiceInfo(**voice) for voice in self._ask("voices"))

    def find_voice(self, name: str) -> VoiceInfo:
        """Return the voice of that name.

        Raises
        ------
        VoiceNotFound
            With the nearest names.
        """
        return VoiceInfo(**self._ask("find_voice", name=name))

    def synthesize(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Take:
        """Return `text` as spoken.

        Raises
        ------
        WorkbenchError
            Whatever the engine raised there.
        ModelError
            When its process ended before it had answered.
        """
        with self._lock:
            worker = self._running()
            take = self._put(worker, "synthesize", _request(text, voice, options, seed))
            return Take.from_dict(take, audio=worker.sound(take["audio"]))

    def stream(
        self, text: str, *, voice: str, options: Options | None = None, seed: int | None = None
    ) -> Iterator[Audio]:
        """Yield the sound in pieces as it is made; each is asked for by itself.

        So whoever leaves a stream half read keeps nobody else from the engine.

        Raises
        ------
        WorkbenchError, ModelError
            As `synthesize`, before the first piece is asked for where the engine does so.
        """
        with self._lock:
            worker = self._running()
            number = self._put(worker, "open", _request(text, voice, options, seed))
        return self._pieces(worker, number)

    def unload(self) -> None:
        """End the worker; the next question starts another."""
        with self._lock:
            self._end()

    # -- the conversation ---------------------------------------------------------------------

    def _ask(self, method: str, **arguments: Any) -> Any:
        with self._lock:
            return self._put(self._running(), method, arguments)

    def _running(self) -> _Worker:
        if self._worker is not None and not self._worker.alive:  # ended while nobody asked
            self._end()
        if self._worker is None:
            self._worker = _Worker(self.name, self._target, self._python, self._paths, self._start)
        return self._worker

    def _put(self, worker: _Worker, method: str, arguments: dict[str, Any]) -> Any:
        try:
            answer = worker.converse(method, arguments)
        except BaseException:  # it died, or an interrupt left its answer unread
            self._end()
            raise
        if "error" in answer:
            raise _error(answer["error"], self.name)
        return answer["result"]

    def _pieces(self, worker: _Worker, number: int) -> Iterator[Audio]:
        try:
            while True:
                with self._lock:
                    if worker is not self._worker:
                        raise ModelError(
                            "its process was ended before all was spoken",
                            subject=self.name,
                            cure="ask for it again",
                        )
                    piece = self._put(worker, "next", {"stream": number})
                    if piece is None:
                        return
                    sound = worker.sound(piece)
                yield sound
        finally:
            # Told with the next question: this may run in the garbage collector, in the middle of
            # another conversation.
            worker.left.append(number)

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def forget(self) -> None:
        """Leave the worker to the parent of this process, which is a fork of it."""
        self._lock = threading.Lock()
        if self._worker is not None:
            self._worker.leave()
            self._worker = None


class _Worker:
    """The process and its pipes; sound comes by file, in a folder of its own."""

    def __init__(self, name: str, target: str, python: str, paths: list[str], start: float) -> None:
        self._name = name
        self.left: list[int] = []
        """Streams that nobody reads any more."""
        self._number = 0
        self._told: set[str] = set()
        self._rest = bytearray()
        self._shelf: Path | None = None
        # Opened for appending, so that it can be emptied before each question.
        self._errors = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - closed with the process
        script = Path(isolated_worker.__file__)
        setting = {
            "package": str(script.parents[1]),
            "target": target,
            "paths": paths,
        }
        try:
            self._process = subprocess.Popen(
                [python, "-I", str(script), json.dumps(setting)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for the parent
                env=_environment(),
            )
        except OSError as error:
            self._errors.close()
            raise ModelError(
                f"its Python cannot be run ({error.strerror})",
                subject=f"{name} ({python})",
                cure=f"workbench engines install {name}",
            ) from error
        self._questions = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        try:
            self._greet(start)
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def converse(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a question."""
        self._number += 1
        self._errors.truncate(0)
        left, self.left = self.left, []
        settings = _settings()
        request = {
            "id": self._number,
            "method": method,
            "arguments": arguments,
            "left": left,
            "folder": _folder(),
            "environment": {**dict.fromkeys(self._told), **settings},
        }
        self._told |= settings.keys()
        try:
            self._questions.write(to_line(request))
        except OSError:
            raise self._ended() from None
        answer: dict[str, Any] = from_line(self._line(None))
        if answer["id"] != self._number:
            raise ModelError(
                f"its process answered {answer['id']} to question {self._number}",
                subject=self._name,
            )
        return answer

    def sound(self, about: dict[str, Any]) -> Audio:
        """Return sound that the worker has put on the shelf, and clear it away."""
        path = Path(about["file"])
        audio = Audio(samples=np.load(path, allow_pickle=False), rate=about["rate"])
        path.unlink()
        return audio

    def _greet(self, start: float) -> None:
        hello = from_line(self._line(time.monotonic() + start))
        if "error" in hello:
            raise _error(hello["error"], self._name)
        there = hello["result"]
        if (there["protocol"], there["version"]) != (PROTOCOL, __version__):
            raise ModelError(
                f"the package on disk is {there['version']}, and this process runs {__version__}",
                subject=self._name,
                cure="restart this process, or the kernel",
            )
        self._shelf = Path(there["shelf"])

    def _line(self, limit: float | None) -> bytes:
        outlet = self._answers.fileno()
        poll = select.poll()
        poll.register(outlet, select.POLLIN)
        while b"\n" not in self._rest:
            if limit is not None and time.monotonic() > limit:
                raise ModelError(
                    f"its process did not start in time; it last said: {self._said()}",
                    subject=self._name,
                    cure=f"workbench engines install {self._name} mends it",
                )
            if not poll.poll(_TICK * 1000):
                continue
            data = os.read(outlet, 1 << 16)
            if not data:  # whatever stands in front of it is half a line
                raise self._ended()
            self._rest += data
        line, _, rest = bytes(self._rest).partition(b"\n")
        self._rest = bytearray(rest)
        return line

    def _said(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1][-_LAST:] if lines else "nothing"

    def _ended(self) -> ModelError:
        status = self._process.wait()
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return ModelError(
            f"the engine's process ended {how}; what it last said: {self._said()}",
            subject=self._name,
            cure="ask again: another one is started (SIGKILL is often want of memory)",
        )

    def close(self) -> None:
        """End the process, close the pipes and clear the folder away."""
        self._process.kill()
        self._process.wait()
        self._close_pipes()
        if self._shelf is not None:
            shutil.rmtree(self._shelf, ignore_errors=True)

    def leave(self) -> None:
        """Close this side's pipes to a process that is the parent's."""
        self._process.returncode = 0  # or it would be waited for, and warned about
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._questions, self._answers, self._errors):
            with contextlib.suppress(OSError):  # a question that nobody reads any more
                pipe.close()


def _request(text: str, voice: str, options: Options | None, seed: int | None) -> dict[str, Any]:
    values = options.to_dict() if options is not None else None
    return {"text": text, "voice": voice, "options": values, "seed": seed}


def _error(told: dict[str, str], name: str) -> WorkbenchError:
    kind = _ERRORS.get(told["code"], ModelError)
    return kind(told["problem"], subject=told["subject"] or name, cure=told["cure"])


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return ""


def _settings() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_SETTINGS) and name not in _OWN
    }


def _environment() -> dict[str, str]:
    """Return the variables of the worker: ours, and none that would lead it to our packages."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV")) and name != "EAGER_IMPORT"
    }
    return kept | _OWN


@atexit.register
def _end_all() -> None:
    for engine in list(_engines):
        engine.unload()


def _after_fork() -> None:
    for engine in list(_engines):
        engine.forget()


os.register_at_fork(after_in_child=_after_fork)
