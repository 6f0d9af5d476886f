"""The process of an isolated engine, as seen from here: its start, its answers, its end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from workbench import __version__, errors
from workbench.audio import Audio
from workbench.engines.isolated import worker as isolated_worker
from workbench.engines.isolated.worker import PROTOCOL, from_line, to_line
from workbench.engines.voices_folder import VARIABLE as VOICES
from workbench.engines.voices_folder import other_folder
from workbench.errors import ModelError, WorkbenchError

__all__ = ["Worker", "raised"]

_TICK = 0.05  # seconds between two looks at whether the process still runs
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


class Worker:
    """The process and its pipes; sound comes by file, in a folder of its own.

    Parameters
    ----------
    name, target, python, paths, start
        As for `workbench.engines.isolated.IsolatedEngine`.

    Raises
    ------
    ModelError
        When it does not start, or in time.
    WorkbenchError
        Whatever the making of the engine raised there.
    """

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
            "package": str(script.parents[2]),
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
            raise raised(hello["error"], self._name)
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


def raised(told: dict[str, str], name: str) -> WorkbenchError:
    """Return the error that a worker told of, of its own kind."""
    kind = _ERRORS.get(told["code"], ModelError)
    return kind(told["problem"], subject=told["subject"] or name, cure=told["cure"])


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return ""


def _settings() -> dict[str, str]:
    found = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_SETTINGS) and name not in _OWN
    }
    voices = other_folder()
    return found if voices is None else {**found, VOICES: str(voices)}


def _environment() -> dict[str, str]:
    """Return the variables of the worker: ours, and none that would lead it to our packages."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV")) and name != "EAGER_IMPORT"
    }
    return kept | _OWN
