"""A process that speaks variants of a sweep beside others, and both ends of its pipes.

espeak's library is one set of static variables behind one lock, so two lines at once need two
processes. This one is started as Python itself, not by `multiprocessing`: that would run the
user's script again, and a notebook has none.

A request is a line of JSON on standard input. An answer is a line of JSON on what was standard
output, and after it as many bytes of float32 sound as the line says.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from workbench.audio import Audio
from workbench.engines.isolated.worker import from_line, to_line
from workbench.errors import ModelError, WorkbenchError
from workbench.take import Take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.speech.measures import Measures

__all__ = ["SweepProcess", "main"]

_ROOT = Path(__file__).parents[2]
_SAID = 300  # letters of what it said last that an error quotes


class SweepProcess:
    """The process, as seen from here.

    Parameters
    ----------
    setting
        What holds for every request: ``text``, ``cache`` (its folder and limit, or None),
        ``normalize``, ``lexicon`` (as plain values) and ``measure``.
    """

    def __init__(self, setting: Mapping[str, Any]) -> None:
        paths = [str(_ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
        variables.pop("EAGER_IMPORT", None)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            # Without -P the working directory would be the first place to import from.
            [sys.executable, "-P", "-c", "from workbench.speech.sweep_worker import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for the parent
            env=variables,
        )
        self._questions = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._send(dict(setting))

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def speak(self, choice: Mapping[str, Any]) -> tuple[Take, Measures | None]:
        """Return a take and what it measures.

        Parameters
        ----------
        choice
            ``voice``, ``seed`` and ``options``.

        Raises
        ------
        WorkbenchError
            Whatever was raised there.
        ModelError
            When the process ended before it had answered.
        """
        self._send(dict(choice))
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise self._ended()
        answer = from_line(line)
        if "error" in answer:
            raise WorkbenchError.from_dict(answer["error"])
        size = answer["frames"] * answer["channels"] * 4
        sound = self._answers.read(size)
        if len(sound) < size:
            raise self._ended()
        samples = np.frombuffer(sound, "<f4").reshape(-1, answer["channels"])
        take = Take.from_dict(
            answer["take"], audio=Audio(samples=samples, rate=int(answer["rate"]))
        )
        if answer["measures"] is None:
            return take, None
        from workbench.speech.measures import Measures

        return take, Measures.from_dict(answer["measures"])

    def _send(self, message: dict[str, Any]) -> None:
        # What it says to a process that is gone is answered by the end of the answers.
        with contextlib.suppress(BrokenPipeError):
            self._questions.write(to_line(message))
            self._questions.flush()

    def _ended(self) -> ModelError:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        last = lines[-1][-_SAID:] if lines else "nothing"
        return ModelError(
            f"its process ended with status {status}; what it last said: {last}",
            subject="sweep",
            cure="run it again with jobs=1",
        )

    def end(self) -> None:
        """End the process; whoever waits for its answer gets an error."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process and close the pipes; nobody may wait for an answer any more."""
        self.end()
        for pipe in (self._questions, self._answers, self._errors):
            with contextlib.suppress(OSError):  # a question that nobody reads any more
                pipe.close()


def main() -> None:
    """Answer requests until standard input ends."""
    outlet = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints, from Python or from C, must not stand between two answers.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests = _listen()
    from workbench.speech.sweep_task import Task

    task = Task.from_dict(from_line(requests.get()))
    while True:
        choice = from_line(requests.get())
        found = task.attempt(**choice)
        take, measures = found.take, found.measures
        if take is None:
            told = found.error or ModelError("gave no take", subject=choice["voice"])
            outlet.write(to_line({"error": told.to_dict()}))
        else:
            sound = take.audio.samples.astype("<f4", copy=False)
            answer = {
                "take": take.describe(),
                "rate": take.audio.rate,
                "frames": take.audio.frames,
                "channels": take.audio.channels,
                "measures": None if measures is None else measures.to_dict(),
            }
            outlet.write(to_line(answer) + sound.tobytes())
        outlet.flush()


def _listen() -> queue.SimpleQueue[bytes]:
    """Return the lines of standard input; its end ends the process, even in mid-sentence."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True, name="requests").start()
    return lines
