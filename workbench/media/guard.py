"""Start a program that cannot outlive the process that asked for it.

Run as a script, never imported: ``python -I -S guard.py MEMORY PARENT PROGRAM ARGUMENT…``. It sets
a limit on address space (0: none) and replaces itself by the program, which the kernel then kills
as soon as the parent is gone, even by SIGKILL. The signal follows the *thread* that started the
child, so `workbench.media.ffmpeg` starts them all from one that lives as long as the process.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LOOK_EVERY = 0.5  # seconds between two looks at the parent, where the kernel cannot tell


def _limit(memory: int) -> None:
    if memory:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main(arguments: list[str]) -> int:
    """Become the program; return only where the system cannot watch the parent for us."""
    memory, parent, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    _limit(memory)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            return 1
        os.execv(program[0], program)  # noqa: S606 - there is no shell on purpose
    import subprocess

    with subprocess.Popen(program) as child:
        while True:
            try:
                return child.wait(_LOOK_EVERY)
            except subprocess.TimeoutExpired:
                if os.getppid() != parent:
                    child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
