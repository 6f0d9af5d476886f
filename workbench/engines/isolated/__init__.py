"""An engine in a Python of its own, for packages that cannot live beside the others.

Chatterbox pins torch, numpy and transformers to versions of its own. In an environment of its own
(see `isolated.environments`) it disturbs nobody, and is reached through a worker process by the
same contract: `IsolatedEngine` is a `Synthesizer` whose every call is a question to the worker.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from workbench.engines.base import Capabilities, VoiceInfo
from workbench.engines.isolated.process import Worker, raised
from workbench.errors import ModelError
from workbench.options import Options
from workbench.take import Take

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.audio import Audio

__all__ = ["IsolatedEngine"]

_START = 120.0  # seconds a worker may take to answer for the first time
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
        self._worker: Worker | None = None
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
            self.end()

    # -- the conversation ---------------------------------------------------------------------

    def _ask(self, method: str, **arguments: Any) -> Any:
        with self._lock:
            return self._put(self._running(), method, arguments)

    def _running(self) -> Worker:
        if self._worker is not None and not self._worker.alive:  # ended while nobody asked
            self.end()
        if self._worker is None:
            self._worker = Worker(self.name, self._target, self._python, self._paths, self._start)
        return self._worker

    def _put(self, worker: Worker, method: str, arguments: dict[str, Any]) -> Any:
        try:
            answer = worker.converse(method, arguments)
        except BaseException:  # it died, or an interrupt left its answer unread
            self.end()
            raise
        if "error" in answer:
            raise raised(answer["error"], self.name)
        return answer["result"]

    def _pieces(self, worker: Worker, number: int) -> Iterator[Audio]:
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

    def end(self) -> None:
        """End the worker, whatever it does: what `unload` does once it has answered."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def forget(self) -> None:
        """Leave the worker to the parent of this process, which is a fork of it."""
        self._lock = threading.Lock()
        if self._worker is not None:
            self._worker.leave()
            self._worker = None


def _request(text: str, voice: str, options: Options | None, seed: int | None) -> dict[str, Any]:
    values = options.to_dict() if options is not None else None
    return {"text": text, "voice": voice, "options": values, "seed": seed}


@atexit.register
def _end_all() -> None:
    for engine in list(_engines):
        engine.end()


def _after_fork() -> None:
    for engine in list(_engines):
        engine.forget()


os.register_at_fork(after_in_child=_after_fork)
