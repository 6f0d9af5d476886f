"""What goes out with a job and comes back with it, where machines share no files."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ServiceError, StorageError, WorkbenchError
from workbench.production.batch.perform import perform
from workbench.production.cluster.depot import Depot
from workbench.production.executed import failed_path
from workbench.production.identity import identify
from workbench.production.identity_inputs import file_digest
from workbench.production.made import made_by
from workbench.production.parameters import parameters
from workbench.storage.atomic import replacing, workspace
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.production.batch.outcome import Outcome
    from workbench.production.batch.task import Task
    from workbench.production.cluster.work import Order

__all__ = ["Parcels", "input_name", "made_name"]


def input_name(sha256: str) -> str:
    """Return the name of an input in the store."""
    return f"inputs/{sha256[:2]}/{sha256}"


def made_name(token: str) -> str:
    """Return the name below which what an attempt made lies in the store."""
    return f"made/{token}"


def looked(where: str, name: str, word: str) -> str:
    """Return what keeps this process from a file in a store, empty for nothing."""
    try:
        with workspace() as folder:
            Depot(where).fetch(name, folder / "probe")
            found = (folder / "probe").read_text(encoding="ascii")
    except (WorkbenchError, OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return "" if found == word else "it is another one"


class Parcels:
    """The inputs of jobs, sent once; what they made, fetched to where it belongs.

    Parameters
    ----------
    store
        A folder that all machines see, or a URL.

    Raises
    ------
    StorageError
        When the store cannot be used.
    """

    def __init__(self, store: str) -> None:
        self._depot = Depot(store)
        self._lock = threading.Lock()
        self._sending: dict[str, threading.Lock] = {}

    def look_all(self, client: Any) -> None:
        """Refuse a cluster one of whose workers does not reach the store, or another one.

        Raises
        ------
        ServiceError
            With the workers and what each says.
        StorageError
            When this machine does not reach it.
        """
        word = secrets.token_hex(16)
        name = f"probe/{secrets.token_hex(16)}"
        with workspace() as folder:
            (folder / "probe").write_text(word, encoding="ascii")
            self._depot.put(folder / "probe", name)
        try:
            told = client.run(looked, self._depot.where, name, word, on_error="return")
        finally:
            with contextlib.suppress(StorageError):
                self._depot.clear(name)
        trouble = {str(where): str(said) for where, said in told.items() if said != ""}
        for worker, said in sorted(trouble.items()):
            more = f" and {len(trouble) - 1} more" if len(trouble) > 1 else ""
            raise ServiceError(
                f"does not reach the store {self._depot.where}: {said}",
                subject=f"worker {worker}{more}",
                cure="check that it has media-workbench[s3], credentials, and the same folder",
            )

    def earlier(self, task: Task) -> Outcome | None:
        """Return what was made of a job before, if that is still whole: no worker can see it."""
        made = made_by(Path(task.executed))
        if made is None or made.job != task.id or not made.whole():
            return None
        if task.output and Path(task.output) not in made.files:
            return None
        return perform(task)

    def send(self, order: Order) -> Order:
        """Take to the store what a job reads and is not there yet.

        Raises
        ------
        StorageError
            When that cannot be done, or a file changes meanwhile.
        """
        notebook, folder = Path(order.task.notebook), Path(order.task.folder)
        known = parameters(notebook)
        inputs = dict(identify(notebook, known, order.task.values, folder=folder).inputs)
        inputs[str(notebook)] = file_digest(notebook)
        for path, sha256 in inputs.items():
            self._send(Path(path), sha256)
        places = {Path(path).parent for path in (order.task.output, order.task.executed) if path}
        folders = tuple(str(path) for path in places if path.is_dir())
        return replace(order, store=self._depot.where, inputs=inputs, folders=folders)

    def receive(self, order: Order, reply: Mapping[str, Any]) -> None:
        """Fetch what a job made, and put it where it belongs, each file whole or not at all.

        Nothing is put anywhere before all is here. The executed notebook comes last: who finds it
        knows that the rest is there.

        Raises
        ------
        StorageError
            When it cannot be fetched or written, or is not what the worker sent.
        """
        made: dict[str, list[Any]] = reply.get("made") or {}
        last = order.task.executed
        with contextlib.ExitStack() as stack:
            # The stack is left from its end: what is first in it gets its name last.
            for path in sorted(made, key=lambda one: one != last):
                name, sha256, changed = made[path]
                try:
                    part = stack.enter_context(replacing(Path(path)))
                    self._depot.fetch(name, part, sha256=sha256)
                    os.utime(part, ns=(changed, changed))
                except OSError as error:
                    raise storage_error(error, path) from error
        if "outcome" in reply:
            with contextlib.suppress(OSError):  # of an earlier run, which is mended now
                failed_path(Path(last)).unlink(missing_ok=True)

    def clear(self, order: Order) -> None:
        """Remove what an attempt left in the store."""
        with contextlib.suppress(StorageError):  # it has been fetched: that is what counts
            self._depot.clear(made_name(order.token))

    def _send(self, path: Path, sha256: str) -> None:
        with self._lock:
            alone = self._sending.setdefault(sha256, threading.Lock())
        name = input_name(sha256)
        with alone:
            try:
                if self._depot.has(name, path.stat().st_size):
                    return
                self._depot.put(path, name)
                same = digest(path) == sha256
            except OSError as error:
                raise storage_error(error, path) from error
            if not same:
                self._depot.clear(name)
                raise StorageError(
                    "was changed while it was sent", subject=str(path), cure="run the batch again"
                )
