"""Papermill with a kernel that can be stopped from outside."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Kernel"]

_NAME = "workbench"
_LONGEST_SOCKET = 90  # bytes; the path of a Unix socket holds 103 at least, and gets a suffix


class Kernel:
    """The kernel of one run.

    Parameters
    ----------
    report
        Called with the part of the cells that are done.
    """

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._manager: Any = None
        self._folder: Path | None = None

    def execute(
        self, source: Path, scratch: Path, values: dict[str, Any], timeout: float
    ) -> None:
        """Execute `source` into `scratch`.

        Raises
        ------
        JobError
            With the failing cell.
        """
        import papermill
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from papermill.exceptions import PapermillExecutionError

        from workbench.production.job import failure

        _register(papermill)
        self._folder = scratch.parent
        try:
            papermill.execute_notebook(
                str(source),
                str(scratch),
                values,
                engine_name=_NAME,
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                store_widget_state=False,
                execution_timeout=timeout,
                workbench_run=self,
            )
        except PapermillExecutionError as error:
            raise failure(error.ename, error.evalue, error.exec_count, source.stem) from error
        except DeadKernelError as error:
            cell = _running_cell(scratch)
            raise failure("DeadKernelError", str(error), cell, source.stem) from error
        except CellTimeoutError as error:
            raise JobError(
                f"a cell took longer than {timeout:.0f} s", subject=source.stem
            ) from error

    def interrupt(self) -> None:
        """Interrupt the running cell, as the stop button does."""
        if self._manager is not None:
            with contextlib.suppress(Exception):  # the kernel may be gone by now
                _signal(self._manager, kill=False)

    def kill(self) -> None:
        """End the kernel at once."""
        if self._manager is not None:
            with contextlib.suppress(Exception):
                _signal(self._manager, kill=True)

    def prepare(self, manager: Any) -> None:
        """Take note of the manager of the kernel, before the kernel starts."""
        self._manager = manager
        sockets = str(self._folder / "kernel") if self._folder is not None else ""
        if sockets and len(sockets) < _LONGEST_SOCKET:
            # Sockets in a folder of our own: nobody else on the machine can read or call the kernel.
            manager.transport, manager.ip = "ipc", sockets

    def cells_done(self, done: int, total: int) -> None:
        """Report how many cells are done."""
        self._report(done / max(1, total))


def _signal(manager: Any, *, kill: bool) -> None:
    """Signal the kernel's process group; the manager's own methods need the run's event loop."""
    import os
    import signal

    process = getattr(manager.provisioner, "pid", None)
    if process:
        os.killpg(process, signal.SIGKILL if kill else signal.SIGINT)


def _running_cell(scratch: Path) -> int | None:
    """Return the number of the cell that ran when the notebook was last saved."""
    try:
        cells = json.loads(scratch.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return None
    code = [i for i, c in enumerate(cells, start=1) if c.get("cell_type") == "code"]
    run = [i for i in code if cells[i - 1].get("execution_count") is not None]
    later = [i for i in code if not run or i > run[-1]]
    return later[0] if later else (run[-1] if run else None)


def _register(papermill: Any) -> None:
    """Tell papermill of an engine that hands its kernel over."""
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines

    class StoppableEngine(NBClientEngine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: Any,
            kernel_name: str,
            *,
            workbench_run: Kernel,
            store_widget_state: bool = False,
            execution_timeout: float | None = None,
            start_timeout: float = 60,
            **_: Any,
        ) -> Any:
            done = 0
            total = sum(cell.cell_type == "code" for cell in nb_man.nb.cells)
            complete = nb_man.cell_complete

            def cell_complete(cell: Any, *arguments: Any, **keywords: Any) -> Any:
                nonlocal done
                done += cell.cell_type == "code"
                workbench_run.cells_done(done, total)
                return complete(cell, *arguments, **keywords)

            nb_man.cell_complete = cell_complete
            client = PapermillNotebookClient(
                nb_man,
                kernel_name=kernel_name,
                timeout=execution_timeout,
                startup_timeout=start_timeout,
                store_widget_state=store_widget_state,
                log_output=False,
            )
            manager = client.create_kernel_manager()
            workbench_run.prepare(manager)
            return client.execute()

    if _NAME not in papermill_engines._engines:  # noqa: SLF001 - it offers no way to ask
        papermill_engines.register(_NAME, StoppableEngine)
