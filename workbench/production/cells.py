"""What became of each cell of a run that broke, told in the notebook itself."""

from __future__ import annotations

from typing import Any

__all__ = ["Cells"]


class Cells:
    """The cells of a notebook that runs under papermill.

    When a kernel dies, papermill saves every cell as ``completed``, the dying one and those never
    run included, and the run as one without an exception.

    Parameters
    ----------
    manager
        Papermill's, of the notebook.
    client
        What executes its cells.

    Attributes
    ----------
    begun
        The index of the cell that was last begun, -1 before the first.
    done
        The indices of those that ran to their end.
    """

    def __init__(self, manager: Any, client: Any) -> None:
        self.begun = -1
        self.done: set[int] = set()
        self._manager = manager
        execute = client.execute_cell

        def execute_cell(cell: Any, index: int, *arguments: Any, **keywords: Any) -> Any:
            self.begun = index
            result = execute(cell, index, *arguments, **keywords)
            self.done.add(index)
            return result

        client.execute_cell = execute_cell

    def broke(self) -> None:
        """Let the notebook tell the truth when papermill saves it for the last time."""
        manager, complete = self._manager, self._manager.notebook_complete

        def notebook_complete(**keywords: Any) -> None:
            complete(**keywords)
            for index, cell in enumerate(manager.nb.cells):
                state = cell.metadata.papermill
                if index in self.done:
                    state["status"] = manager.COMPLETED
                elif index == self.begun:
                    state.update(status=manager.FAILED, exception=True)
                else:
                    state.update(status=manager.PENDING, start_time=None)
                    state.update(end_time=None, duration=None)
            manager.nb.metadata.papermill["exception"] = True
            manager.save()

        manager.notebook_complete = notebook_complete
