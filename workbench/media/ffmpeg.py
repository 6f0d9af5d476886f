"""The one place that runs ffmpeg.

Every run has its own session and is killed as a group when it is cancelled, interrupted, over its
time or when this process ends; never reads the terminal; and is judged by more than its exit code:
the caller probes what it wrote. Arguments come as a list from `workbench.media.graph`; no shell.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from workbench.errors import Cancelled, FfmpegError, StorageFull, WorkbenchError
from workbench.media.binaries import ffmpeg as find_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import IO

__all__ = ["Failed", "TimedOut", "command", "encode", "read"]

log = logging.getLogger(__name__)

Frame = bytes | bytearray | memoryview
_GUARD = Path(__file__).with_name("guard.py")
_HEAD = ("-nostdin", "-hide_banner", "-nostats", "-v", "level+warning", "-y")
_TAIL = 64 << 10  # bytes of stderr worth keeping
_PIPE = 1 << 20  # bytes; the default of 64 KiB costs a context switch for each bit of a frame
_F_SETPIPE_SZ = 1031  # <linux/fcntl.h>
_GRACE = 5.0  # seconds a killed process gets to be gone
_LAST_WORDS = 1.0  # seconds in which what a process said is read after its end
_PROGRESS = ("-progress", "pipe:1", "-stats_period", "0.25")


# Signals by which a program ends itself; any other came from somebody else.
_CRASHES = {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV}


class Failed(FfmpegError):
    """Ffmpeg ended by itself with an error: it is about its input, its output or its options."""


class TimedOut(FfmpegError):
    """Ffmpeg was still running when its time was over, and was ended."""


def command(arguments: Sequence[str]) -> list[str]:
    """Return the whole argument list that a run with `arguments` uses."""
    return [str(find_ffmpeg()), *_HEAD, *arguments]


class _Launcher:
    """One thread that lives as long as the process and starts its children; see `guard`."""

    def __init__(self) -> None:
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="workbench-launcher")

    def start(self, child: Callable[[], None]) -> None:
        self._thread.submit(child).result()


_launcher = _Launcher()


class _Run:
    """A running ffmpeg with its watchers; leaving the block ends it whatever happened.

    It starts on entering, and another thread keeps it from then on: an interrupt at any moment
    finds either no process, or one that is ended.
    """

    process: subprocess.Popen[bytes]

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        limit: float,
        memory: int,
        feed: bool,
        take: bool,
        cancel: threading.Event | None,
    ) -> None:
        program = command(arguments)
        log.debug("running %s", program)
        guard = [sys.executable, "-I", "-S", str(_GUARD), str(memory), str(os.getpid())]
        self._program, self._folder = [*guard, *program], folder
        self._feed, self._take = feed, take
        self._reason: WorkbenchError | None = None
        self._stderr = bytearray()
        self._over = threading.Event()
        self._started = self._given_up = False
        self._reader = threading.Thread(target=self._keep_stderr, daemon=True)
        self._watcher = threading.Thread(target=self._watch, args=(limit, cancel), daemon=True)
        self._cancel = cancel

    def __enter__(self) -> Self:
        if self._cancel is not None and self._cancel.is_set():  # a short run would be over first
            raise Cancelled("stopped on request", subject="ffmpeg")
        try:
            _launcher.start(self._start)
            self._reader.start()
            self._watcher.start()
        except BaseException:
            self._given_up = True
            if self._started:
                self._end()
            raise
        return self

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self._program,
            cwd=self._folder,
            stdin=subprocess.PIPE if self._feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE if self._take else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._started = True
        if self._given_up:  # nobody waits any more
            self._end()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._kill()
        self._over.set()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE)
        for thread in (self._reader, self._watcher):
            if thread.ident is not None:
                thread.join(_GRACE)
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _kill(self) -> None:
        # While its messages are still open, something of the group lives, and its number is ours.
        if self.process.poll() is None or self._reader.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _watch(self, limit: float, cancel: threading.Event | None) -> None:
        """Kill the run when it is cancelled or over its time; a blocked pipe then wakes up."""
        end = time.monotonic() + limit
        while not self._over.wait(0.05) and self.process.poll() is None:
            if cancel is not None and cancel.is_set():
                self._reason = Cancelled("stopped on request", subject="ffmpeg")
            elif time.monotonic() > end:
                self._reason = TimedOut(f"did not finish within {limit:.0f} s", subject="ffmpeg")
            if self._reason is not None:
                self._kill()
                return

    def _keep_stderr(self) -> None:
        stream = self.process.stderr
        # An interrupt while this thread begins: the run has been ended, and the pipe is closed.
        while stream is not None and not stream.closed:
            try:
                piece = stream.read(8192)
            except ValueError:
                if stream.closed:
                    return
                raise
            if not piece:
                return
            self._stderr += piece
            del self._stderr[:-_TAIL]

    def finish(self) -> str:
        """Wait for the end and return the messages; raise what went wrong."""
        code = self.process.wait()
        self._reader.join(_LAST_WORDS)
        if self._reader.is_alive():  # a program around ffmpeg ended, and left it running
            self._kill()
            self._reader.join(_GRACE)
        if self._reason is not None:
            raise self._reason
        text = self._stderr.decode(errors="replace")
        if code != 0:
            raise _error(text, code)
        return text


def _error(text: str, code: int) -> WorkbenchError:
    """Return the error that ffmpeg's own messages tell of."""
    if "No space left on device" in text or "File too large" in text:
        return StorageFull("no space left for the output", cure="free some space and run it again")
    lines = [
        re.sub(r"\[[^\]]*@ 0x[0-9a-f]+\] ?", "", line)
        for line in text.splitlines()
        if re.search(r"\[(error|fatal|panic)\]", line)
    ]
    told = " | ".join(re.sub(r"\[(error|fatal|panic)\] ?", "", line) for line in lines[:3])
    if code < 0:
        kind = Failed if -code in _CRASHES else FfmpegError
        return kind(f"was ended by signal {-code} {told}".strip(), subject="ffmpeg")
    return Failed(told or f"failed with exit code {code}", subject="ffmpeg")


def _widen(pipe: IO[bytes]) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # a machine may allow less
            fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE)


def encode(
    arguments: Sequence[str],
    frames: Iterable[Frame] = (),
    *,
    folder: Path,
    limit: float,
    memory: int = 0,
    on_frame: Callable[[int], None] | None = None,
    on_time: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> str:
    """Run ffmpeg, feed it raw frames on its standard input, and return its messages.

    Parameters
    ----------
    arguments
        Inputs, filters and outputs, without the program and without global options.
    frames
        Raw frames, in order; none for a run that reads files only.
    folder
        The working directory, in which staged files have fixed names.
    limit
        Wall seconds after which the run is killed.
    memory
        Bytes of address space the process may have, 0 for no limit.
    on_frame
        Called with the number of frames taken so far.
    on_time
        For a run that reads files: called with the seconds written so far, from the calling thread.
    cancel
        Set it from another thread to stop the run.

    Raises
    ------
    Cancelled, StorageFull, FfmpegError
        The process is gone and its pipes are closed by the time they arrive.
    """
    feed = not isinstance(frames, tuple) or bool(frames)
    tell = on_time is not None and not feed
    # Whoever keeps the error keeps this frame: what feeds it must not wait for that to be dropped.
    source = (
        contextlib.closing(frames) if isinstance(frames, Generator) else contextlib.nullcontext()
    )
    with (
        source,
        _Run(
            [*_PROGRESS, *arguments] if tell else arguments,
            folder=folder,
            limit=limit,
            memory=memory,
            feed=feed,
            take=tell,
            cancel=cancel,
        ) as run,
    ):
        if on_time is not None and run.process.stdout is not None:
            for line in run.process.stdout:
                if line.startswith(b"out_time_us=") and line[12:].strip().isdigit():
                    on_time(int(line[12:]) / 1e6)
        pipe = run.process.stdin
        if pipe is not None:
            _widen(pipe)
            for count, frame in enumerate(frames, start=1):
                if not _fed(pipe, frame):
                    break
                if on_frame is not None:
                    on_frame(count)
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        return run.finish()


def _fed(pipe: IO[bytes], frame: Frame) -> bool:
    """Return whether ffmpeg took a frame; not when it has ended early, and `finish` tells why.

    No other pipe is meant: a progress report to a closed terminal fails in the same way.
    """
    view = memoryview(frame).cast("B")
    try:
        while view:
            view = view[pipe.write(view) :]
    except BrokenPipeError:
        return False
    return True


def read(
    arguments: Sequence[str],
    size: int,
    *,
    folder: Path,
    limit: float,
    memory: int = 0,
    cancel: threading.Event | None = None,
) -> Iterator[memoryview]:
    """Run ffmpeg and yield its standard output in pieces of `size` bytes.

    Each piece is valid until the next is asked for. The last may be shorter. Closing the iterator
    early ends the process.

    Raises
    ------
    Cancelled, FfmpegError
        As for `encode`, after the last good piece.
    """
    with _Run(
        arguments, folder=folder, limit=limit, memory=memory, feed=False, take=True, cancel=cancel
    ) as run:
        pipe = run.process.stdout
        assert pipe is not None  # noqa: S101 - asked for with take=True
        _widen(pipe)
        buffer = memoryview(bytearray(size))
        filled = 0
        while got := pipe.readinto(buffer[filled:]):  # type: ignore[attr-defined]
            filled += got
            if filled == size:
                yield buffer
                filled = 0
        if filled:
            yield buffer[:filled]
        run.finish()
