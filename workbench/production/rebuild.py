"""Make a file again from its receipt alone, and say whether it is the same: `rebuild`."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError, StorageError, WorkbenchError
from workbench.paths import user_path
from workbench.production.rebuild_cause import changes, never_exact
from workbench.production.rebuild_compare import difference
from workbench.production.rebuild_run import Command, make_again
from workbench.progress import bar
from workbench.storage.atomic import workspace
from workbench.storage.receipt import digest, read_receipt

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from workbench.progress import Report

__all__ = ["Compared", "Rebuilt", "rebuild"]

_MAKING = 0.9  # of the work, as the bar counts; the rest is comparing


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One file of the run.

    Parameters
    ----------
    name
        As seen from the folder of the file that was asked for.
    told
        How the new one differs; empty when it does not.
    """

    name: str
    told: str = ""

    @property
    def identical(self) -> bool:
        """Whether the new one has the same bytes."""
        return not self.told


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """How a file came out when it was made again.

    Parameters
    ----------
    file
        The file.
    files
        All files of its run, compared; empty when they could not be made.
    causes
        What is other than it was: inputs, the notebook, versions, the machine.
    notes
        What never comes out the same, and what was done instead of what was asked.
    kept
        Where the new files are, None when they are not kept.
    """

    file: Path
    files: tuple[Compared, ...] = ()
    causes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kept: Path | None = None

    @property
    def identical(self) -> bool:
        """Whether every file has the same bytes as before."""
        return bool(self.files) and all(each.identical for each in self.files)

    def __str__(self) -> str:
        if self.identical:
            rows = ["identical"]
        else:
            rows = [f"{each.name}: {each.told or 'identical'}" for each in self.files]
            rows = rows or ["cannot be made again"]
            rows += [f"differs because {cause}" for cause in self.causes]
        rows += [f"note: {note}" for note in self.notes]
        return "\n".join(rows + ([f"kept in {self.kept}"] if self.kept else []))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "file": str(self.file),
            "identical": self.identical,
            "files": [
                {"name": each.name, "identical": each.identical, "difference": each.told}
                for each in self.files
            ],
            "causes": list(self.causes),
            "notes": list(self.notes),
            "kept": None if self.kept is None else str(self.kept),
        }


def rebuild(
    file: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    command: Command | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> Rebuilt:
    """Make a file again from its receipt, and compare the two bit by bit.

    It runs the notebook, or the command, that the receipt names: do it with receipts you trust.
    Caches are left aside, so that nothing is compared with itself. Nothing that is there is written
    over.

    Parameters
    ----------
    file
        The file; it may itself be gone, as long as its receipt is there.
    output
        A folder in which the new files are made and kept; else they are removed.
    command
        Runs a recorded command; ``workbench rebuild`` gives one. Without it only the files of
        notebooks can be made again.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    StorageError
        When there is no receipt, or it cannot be read.
    JobError
        When the receipt does not say what made the file, or that fails.
    ParameterError
        When something in `output` would be written over.
    Cancelled
        When it was stopped.
    """
    path = Path(os.path.abspath(user_path(file)))  # noqa: PTH100 - links are to stay links
    receipt = _receipt(path, file)
    causes = changes(receipt, path.parent)
    notes = never_exact(receipt)
    if causes.missing:
        return Rebuilt(file=path, causes=causes.all, notes=notes)
    with (
        contextlib.nullcontext(progress) if progress is not None else bar(path.name) as report,
        _folder(output, path) as (folder, work),
    ):
        more = make_again(
            path,
            receipt,
            folder,
            work,
            command=command,
            report=lambda done: report(_MAKING * done),
            cancel=cancel,
        )
        compared = tuple(
            Compared(name=name, told=_told(path.parent / name, folder / name, cancel))
            for name in _names(path, receipt)
        )
        report(1.0)
    return Rebuilt(
        file=path,
        files=compared,
        causes=(*more.causes, *causes.all),
        notes=(*more.notes, *notes),
        kept=folder if output is not None else None,
    )


def _receipt(path: Path, file: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return read_receipt(path)
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            if not path.exists():
                error.problem = "is not there, and no receipt of it is either"
            error.subject = str(file)
            error.cure = f"name a file that has {path.name}.json beside it"
        raise


@contextlib.contextmanager
def _folder(output: str | os.PathLike[str] | None, path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield where the files are made, and a folder for what is needed meanwhile."""
    with workspace() as work:
        if output is None:
            folder = work / "made"
        else:
            folder = user_path(output).absolute()
            if folder.resolve() == path.parent.resolve() or (
                folder.is_dir() and any(folder.iterdir())
            ):
                raise ParameterError(
                    "is not an empty folder", subject=str(output), cure="name another one"
                )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, folder) from error
        yield folder, work


def _names(path: Path, receipt: dict[str, Any]) -> tuple[str, ...]:
    """Return the files of the run that lie in this folder, the one that was asked for first."""
    listed = receipt.get("files")
    names = [
        name
        for name in (listed if isinstance(listed, list) else [])
        if isinstance(name, str) and name == Path(name).name and name not in {"", ".", ".."}
    ]
    return (path.name, *sorted(set(names) - {path.name}))


def _told(there: Path, made: Path, cancel: threading.Event | None) -> str:
    """Return how a new file differs from the one that is there, or that was."""
    if not made.is_file():
        return "was not made again"
    try:
        then = str(read_receipt(there).get("sha256"))
    except WorkbenchError:
        then = ""
    now = digest(made)
    if not there.is_file():
        if now == then:
            return ""
        return "is gone, and the new one is not what its receipt tells"
    try:
        told = difference(there, made, cancel=cancel)
    except OSError as error:
        raise storage_error(error, there) from error
    if told and now == then:
        return f"was changed after it was made; the new one is what the receipt tells ({told})"
    return told
