"""Papermill with a kernel of this very Python, which can be stopped from another thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import errors
from workbench.errors import Cancelled, JobError, KernelDied, ParameterError, WorkbenchError
from workbench.production.cells import Cells
from workbench.production.claims import Notes
from workbench.production.kernels.places import longest_socket
from workbench.production.kernels.spec import KERNEL, preloaded, spec_manager
from workbench.progress import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Kernel", "failure"]

_NAME = "workbench"
# What may be over by the time of another attempt.
_PASSING = (
    errors.DeviceError,
    errors.DownloadError,
    errors.ModelAccess,
    errors.ServiceError,
    errors.StorageFull,
)


class _Files:
    """Reading and writing of papermill's: its own moves the whole process to a folder and back."""

    scheme = "workbench:"

    def read(self, path: str) -> str:
        return Path(path.removeprefix(self.scheme)).read_text(encoding="utf-8")

    def write(self, text: str, path: str) -> None:
        Path(path.removeprefix(self.scheme)).write_text(text, encoding="utf-8")

    def pretty_path(self, path: str) -> str:
        return path


class Kernel:
    """The kernel of one run.

    Parameters
    ----------
    notebook
        The name of the notebook, for messages.
    kernel
        ``python3``, a new process; or ``workbench``, forked from one that has all imports, see
        `workbench.production.kernels`.
    folder
        Where it works; by default in the working directory.
    variables
        What its environment has besides that of this process.

    Attributes
    ----------
    cell
        The number in the brackets beside the cell that runs, 0 before the first.
    cells
        How many code cells there are.
    cell_began
        When it began, on the monotonic clock.
    cpu
        Processor seconds of the kernel and of what it waited for, None before the first cell's end.
    """

    def __init__(
        self,
        notebook: str,
        *,
        kernel: str = "python3",
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.cell = 0
        self.cells = 1
        self.cell_began = time.monotonic()
        self.cpu: float | None = None
        self._notebook = notebook
        self._kernel = kernel
        self._folder = folder
        self._variables = dict(variables or {})
        self._stopped = threading.Event()
        self._manager: Any = None
        self._process: Any = None
        self._bar: Path | None = None
        self._part = 0.0

    def execute(self, source: Path, scratch: Path, values: dict[str, Any]) -> None:
        """Execute `source` into `scratch`.

        Raises
        ------
        JobError
            With the failing cell.
        KernelDied
            When the kernel's process ended, or did not start.
        Cancelled
            When it was stopped between two cells.
        """
        import papermill
        from jupyter_core.utils import ensure_event_loop
        from nbclient.exceptions import DeadKernelError
        from papermill.exceptions import PapermillExecutionError

        _register()
        notes = Notes(folder=scratch.parent)
        self._bar = scratch.with_name("progress.txt")
        try:
            with scratch.with_name("kernel.log").open("wb") as log:
                notebook = papermill.execute_notebook(
                    f"{_Files.scheme}{source.absolute()}",
                    f"{_Files.scheme}{scratch.absolute()}",
                    values,
                    engine_name=_NAME,
                    kernel_name=self._kernel,
                    language="python",
                    progress_bar=False,
                    log_output=False,
                    workbench_run=self,
                    workbench_witness=notes.code,
                    workbench_log=log,
                    workbench_folder=self._folder,
                    workbench_sockets=str(scratch.with_name("k")),
                    workbench_env={**os.environ, **self._variables, VARIABLE: str(self._bar)},
                )
        except PapermillExecutionError as error:
            raise failure(error.ename, error.evalue, error.exec_count, self._notebook) from error
        except DeadKernelError as error:
            raise self._died("its kernel died") from error
        except KernelDied as error:  # there is no server to fork it
            raise self._died(f"its kernel did not start ({error})") from error
        except RuntimeError as error:
            if self.cell:
                raise
            raise self._died(f"its kernel did not start ({error})") from error
        finally:
            loop = ensure_event_loop()  # of this thread, which ends
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
        for cell in notebook.cells:  # papermill takes every SystemExit without a number for success
            for output in cell.get("outputs", ()):
                if output.output_type == "error" and not _clean(output):
                    number = cell.execution_count
                    raise failure(output.ename, output.evalue, number, self._notebook)
        if first := notes.thread():
            raise JobError(f"a thread ended with {first}", subject=self._notebook)

    @property
    def part(self) -> float:
        """The part that is done, 0 to 1: cells, and the bar of the one that runs."""
        within = 0.0
        if self._bar is not None:
            with contextlib.suppress(OSError, ValueError):  # there is none, or it is being written
                within = min(1.0, max(0.0, float(self._bar.read_text(encoding="ascii"))))
        self._part = max(self._part, min(1.0, (max(0, self.cell - 1) + within) / self.cells))
        return self._part

    def interrupt(self) -> None:
        """Interrupt the running cell, as the stop button does, and start no other."""
        self._stopped.set()
        self._signal(signal.SIGINT if self.cell else signal.SIGKILL)

    def kill(self) -> None:
        """End the kernel at once."""
        self._stopped.set()
        self._signal(signal.SIGKILL)

    def starts(self, manager: Any) -> None:
        """Take note of the manager of the kernel that is about to start."""
        self._manager = manager
        self._check()

    def started(self) -> None:
        """Take note of its process, which the manager forgets when it has ended."""
        self._process = getattr(self._manager.provisioner, "process", None)

    def cell_starts(self) -> None:
        """Take note of the next code cell."""
        self._check()
        if self._bar is not None:
            self._bar.unlink(missing_ok=True)  # of the cell before
        self.cell_began = time.monotonic()
        self.cell += 1

    def cell_ends(self) -> None:
        """Take note of what the kernel has cost so far."""
        import psutil

        with contextlib.suppress(psutil.Error):
            spent = psutil.Process(self._manager.provisioner.pid).cpu_times()
            self.cpu = sum((spent.user, spent.system, spent.children_user, spent.children_system))

    def _check(self) -> None:
        if self._stopped.is_set():
            raise Cancelled("stopped on request", subject=self._notebook)

    def _signal(self, number: int) -> None:
        """Signal the process group; the manager's own methods need the run's event loop."""
        provisioner = getattr(self._manager, "provisioner", None)
        if provisioner is not None and provisioner.has_process and provisioner.pid:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                os.killpg(provisioner.pid, number)

    def _died(self, problem: str) -> KernelDied:
        code = self._process.poll() if self._process is not None else None
        reason = getattr(self._process, "reason", "")
        if reason:  # the fork server knows
            problem = f"{problem}: {reason}"
        elif code is not None:
            signals = {int(number): number.name for number in signal.Signals}
            how = signals.get(-code, f"signal {-code}") if code < 0 else f"exit code {code}"
            problem = f"{problem} ({how})"
        where = f"{self._notebook}, cell {self.cell}" if self.cell else self._notebook
        return KernelDied(problem, subject=where, cure="look for memory running out, or a crash")


def failure(name: str, value: str, cell: int | None, notebook: str) -> JobError:
    """Return the error of a failed cell.

    Parameters
    ----------
    name, value
        The exception's class and message in the notebook.
    cell
        The number in the brackets beside the cell.
    notebook
        The notebook's name.

    Examples
    --------
    >>> print(failure("ZeroDivisionError", "division by zero", 3, "talk"))
    talk, cell 3: ZeroDivisionError: division by zero
    >>> print(failure("MediaNotFound", "a.jpg: there is no such file", 3, "talk"))
    talk, cell 3: a.jpg: there is no such file
    """
    where = f"{notebook}, cell {cell}" if cell is not None else notebook
    kind = getattr(errors, name, None)
    expected = isinstance(kind, type) and issubclass(kind, WorkbenchError)
    error = JobError(value if expected else f"{name}: {value}", subject=where)
    error.expected = expected
    error.transient = isinstance(kind, type) and issubclass(kind, _PASSING)
    error.mistake = isinstance(kind, type) and issubclass(kind, ParameterError)
    return error


def _clean(output: Any) -> bool:
    """Whether an error that a cell shows is `sys.exit` without a number, or with 0."""
    return output.ename == "SystemExit" and output.evalue in {"", "0"}


def _by_files(manager: Any, path: str) -> None:
    """Let client and kernel talk by files that only this user can open, where that can be."""
    if os.name == "posix" and len(os.fsencode(path)) + len("-99") <= longest_socket():
        manager.cache_ports = False
        manager.transport, manager.ip = "ipc", path


def _tells_when_started(manager: Any, run: Kernel) -> None:
    after = manager._async_post_start_kernel  # noqa: SLF001 - the only moment before it is waited for

    async def started(**keywords: Any) -> None:
        run.started()
        await after(**keywords)

    manager._async_post_start_kernel = started  # noqa: SLF001


def _register() -> None:
    """Tell papermill of an engine that hands its kernel over."""
    from jupyter_client.kernelspec import KernelSpecManager
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines
    from papermill.iorw import papermill_io

    class StoppableEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: Any,
            kernel_name: str,
            *,
            workbench_run: Kernel,
            workbench_witness: str,
            workbench_log: Any,
            workbench_folder: Path | None,
            workbench_sockets: str,
            workbench_env: dict[str, str],
            start_timeout: float = 60,
            **_: Any,
        ) -> Any:
            code = [c for c in nb_man.nb.cells if c.cell_type == "code" and c.source.strip()]
            begin, complete = nb_man.cell_start, nb_man.cell_complete

            def cell_start(cell: Any, *arguments: Any, **keywords: Any) -> Any:
                if any(cell is c for c in code):
                    workbench_run.cells = len(code)
                    workbench_run.cell_starts()
                return begin(cell, *arguments, **keywords)

            def watch(notebook: Any) -> None:  # noqa: ARG001 - the hook's signature
                client.kc.execute(f"exec({workbench_witness!r}, {{}})", silent=True)

            def cell_complete(*arguments: Any, **keywords: Any) -> Any:
                workbench_run.cell_ends()
                return complete(*arguments, **keywords)

            nb_man.cell_start = cell_start
            nb_man.cell_complete = cell_complete
            client = PapermillNotebookClient(
                nb_man,
                kernel_name=kernel_name,
                timeout=None,
                startup_timeout=start_timeout,
                shell_timeout_interval=1,  # seconds between two looks whether it lives
                store_widget_state=False,
                on_notebook_start=watch,
                # Not papermill's own way, which moves this whole process.
                resources={"metadata": {"path": str(workbench_folder or Path.cwd())}},
            )
            manager = client.create_kernel_manager()
            # A kernel of that name elsewhere on the machine may be of another Python.
            manager.kernel_spec_manager = (
                spec_manager(preloaded(workbench_env))
                if kernel_name == KERNEL
                else KernelSpecManager(kernel_dirs=[])
            )
            cells = Cells(nb_man, client)
            _by_files(manager, workbench_sockets)
            _tells_when_started(manager, workbench_run)
            workbench_run.starts(manager)
            try:
                # What the kernel's process itself prints is no result, and no error of ours.
                return client.execute(stdout=workbench_log, stderr=workbench_log, env=workbench_env)
            except BaseException:
                cells.broke()
                raise

    if _NAME not in papermill_engines._engines:  # noqa: SLF001 - it offers no way to ask
        papermill_io.register(_Files.scheme, _Files())
        # It warns of parameters whose annotation it cannot read; they have been checked by then.
        logging.getLogger("papermill").addHandler(logging.NullHandler())
        papermill_engines.register(_NAME, StoppableEngine)
