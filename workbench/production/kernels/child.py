"""A forked child: it sheds what it has of the server, and becomes the kernel asked for."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from workbench.production.kernels import blas, processes

if TYPE_CHECKING:
    from workbench.production.kernels.preload import Loaded
    from workbench.production.kernels.server import Request

__all__ = ["become"]


def become(request: Request, loaded: Loaded) -> int:
    """Be a kernel until it is told to end; return the exit code of this process."""
    _standard_files(request.files)
    os.setsid()
    processes.die_with(request.server)
    processes.adopt()  # so that nothing it starts is left when it ends
    _signals()
    message = request.message
    os.umask(int(message["umask"]))
    os.environ.clear()
    os.environ.update(message["env"])
    time.tzset()
    os.chdir(message["cwd"])
    _anew(loaded)
    code = _kernel([str(word) for word in message["argv"]])
    _finish()
    os._exit(code)  # taking all that was loaded apart would cost more than many a notebook


def _standard_files(files: tuple[int, ...]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        if file > 2:  # noqa: PLR2004 - the standard ones
            os.close(file)


def _signals() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):  # the threads' own
            if signal.getsignal(number) is not None:
                signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python begins
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _anew(loaded: Loaded) -> None:
    """Draw seeds, and let libraries use the processors again."""
    import random

    random.seed()
    if "numpy.random" in sys.modules:
        import numpy as np

        np.random.seed()  # noqa: NPY002 - the generator that a notebook's np.random.rand uses
    if "multiprocessing.process" in sys.modules:
        from multiprocessing import process

        process.current_process().authkey = os.urandom(32)
    blas.use(loaded.blas, os.environ)
    if loaded.torch_threads:
        sys.modules["torch"].set_num_threads(loaded.torch_threads)


def _kernel(argv: list[str]) -> int:
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = argv
    app: Any = IPKernelApp.instance()
    try:
        # It would look for its parent once a second; the system tells, see `die_with`.
        app.initialize([*argv[1:], "--IPKernelApp.parent_handle=1"])
        _teach()
        app.start()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _teach() -> None:
    """Do what importing the package does in a kernel: it was imported before there was one."""
    package: Any = sys.modules["workbench"]
    package._show_values_in_notebooks()  # noqa: SLF001 - as its own last lines do


def _finish() -> None:
    """End as Python does: threads, what was registered, and files that a cell left open."""
    from ipykernel.kernelapp import IPKernelApp

    with contextlib.suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - what the end of Python calls
    with contextlib.suppress(Exception):
        shell: Any = IPKernelApp.instance().shell
        shell.user_ns.clear()
        shell.user_global_ns.clear()
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()  # noqa: SLF001 - as above
    gc.collect()
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):
            stream.flush()  # type: ignore[union-attr]
