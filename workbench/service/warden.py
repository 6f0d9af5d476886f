"""The last resort: a process that ends what a pool started when the pool's process is gone.

Run as a script, never imported: ``python -I -S warden.py PARENT MARK``, with a pipe from the parent
as its standard input. A worker ends by itself when its parent does; but not while a library lets no
other thread of it run, and when it was killed as well, what it had started knows nothing of it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from pathlib import Path

_LOOK_EVERY = 1000  # milliseconds between two looks at the parent: others may hold the pipe as well
_LATE = 1.0  # seconds in which all should have ended by itself


def marked(mark: bytes) -> list[int]:
    """Return the processes with the mark at the start of some variable; not this one."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (entry / "environ").read_bytes().split(b"\0")
            if any(one.startswith(mark) for one in variables) and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def main(parent: int, mark: bytes) -> None:
    """Wait for the parent's end, and end what is left."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides
    poll = select.poll()
    poll.register(0, select.POLLIN)
    while os.getppid() == parent and not poll.poll(_LOOK_EVERY):
        pass
    time.sleep(_LATE)
    while left := marked(mark):
        # All are stopped first: a worker would write down that its job failed with its child.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]), os.fsencode(sys.argv[2]))
