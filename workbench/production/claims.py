"""Which of the files that changed during a run are its own.

Several jobs may write into one folder at once, and their files may look alike: ``show.es.mp3`` is
of the job ``show`` or of the job ``show.es``. What the kernel was seen to write is the run's own.
What another program wrote for it (ffmpeg, a library in C) has only its name to tell: it counts
where no other job is known that the name fits better.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.production import witness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Claim", "Notes"]

_MARK = "job.txt"  # in the workspace of a run, for the others on this machine
_BATCH = ("report.html", "report.json")  # beside the ledger: nobody's but the batch's
_LEDGER = "batch.sqlite"
_MOST = 50  # warnings of one run
_LETTERS = 5000  # of a warning


@dataclass(frozen=True, kw_only=True)
class Notes:
    """What the kernel of a run noted, in the run's workspace.

    Parameters
    ----------
    folder
        The workspace.
    """

    folder: Path

    @property
    def code(self) -> str:
        """What the kernel is to execute before the first cell."""
        return (
            f"{inspect.getsource(witness)}\n"
            f"watch_threads({str(self.folder / 'threads.txt')!r})\n"
            f"watch_warnings({str(self.folder / 'warnings.txt')!r})\n"
            f"watch_writes({str(self.folder / 'writes.txt')!r})\n"
        )

    def thread(self) -> str:
        """Return how the first thread failed that did, empty for none."""
        return self._read("threads.txt").decode("utf-8", "replace").partition("\n")[0]

    def warnings(self) -> tuple[str, ...]:
        """Return the warnings that were shown, each once; of very many the first."""
        lines = self._read("warnings.txt").decode("utf-8", "replace").splitlines()
        told = dict.fromkeys(text[:_LETTERS] for line in lines if (text := _text(line)))
        first = tuple(told)[:_MOST]
        more = len(told) - len(first)
        return (*first, f"and {more} more warnings, which stand in the notebook") if more else first

    def writes(self) -> frozenset[Path]:
        """Return the files that were written, and the files and folders that were given a name."""
        names = self._read("writes.txt").split(b"\0")
        return frozenset(Path(os.path.realpath(os.fsdecode(name))) for name in names if name)

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:  # nothing was noted
            return b""


def _text(line: str) -> str:
    """Return a text that was noted; empty for a line that a full disk or a kill has cut."""
    try:
        found = json.loads(line)
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a run may call its own.

    Parameters
    ----------
    executed
        Its executed notebook: no two runs have the same one at once.
    output
        Its main file, None for none.
    alone
        Whether it is none of a batch.
    """

    executed: Path
    output: Path | None = None
    alone: bool = True

    @property
    def main(self) -> Path:
        """The file whose name without its suffix those of the others begin with."""
        return self.output or self.executed

    @property
    def inner(self) -> tuple[Path, ...]:
        """Folders of its own: of an output with sounds beside it, or that is a folder."""
        return (self.output, self.output.with_suffix("")) if self.output is not None else ()

    def announce(self, workspace: Path) -> None:
        """Let other runs on this machine know of this one while its workspace is there."""
        with contextlib.suppress(OSError):  # the disk is full, which stops the run itself soon
            (workspace / _MARK).write_bytes(os.fsencode(self.main.absolute()))

    def of(self, changed: Iterable[Path], notes: Notes) -> set[Path]:
        """Return those of the files that changed meanwhile which are of this run.

        Parameters
        ----------
        changed
            All files that changed during the run, in its folders.
        notes
            What its kernel noted.
        """
        changed = set(changed)
        writes = notes.writes()
        others = {*_running(notes.folder), *_ran(changed)} - {self._stem(self.main)}
        others -= {self._stem(self.executed)}
        return {path for path in changed if self._owns(path, writes, others)}

    def _owns(self, path: Path, writes: frozenset[Path], others: Iterable[Path]) -> bool:
        named = path.name.startswith(f"{self.main.stem}.")
        within = any(path.is_relative_to(folder) for folder in self.inner)
        if (not self.alone or self.output is not None) and not named and not within:
            return False  # whatever it is, nobody would know whose it is
        real = Path(os.path.realpath(path))
        # A folder that was given its name, but not one that all jobs write into.
        moved = {*real.parents} - {*Path(os.path.realpath(self.main)).parents}
        seen = path in {self.output, self.executed} or not writes.isdisjoint({real, *moved})
        return seen or not (_of_a_batch(path) or self._fits(path, others, named=named))

    def _fits(self, path: Path, others: Iterable[Path], *, named: bool) -> bool:
        """Whether the name is rather that of another run's file."""
        return any(
            other.parent == path.parent
            and path.name.startswith(f"{other.name}.")
            and (not named or len(other.name) > len(self.main.stem))
            for other in others
        )

    @staticmethod
    def _stem(path: Path) -> Path:
        return path.absolute().with_suffix("")


def _running(own: Path) -> Iterator[Path]:
    """Yield what the files of other runs begin with that are at work on this machine."""
    for mark in Path(tempfile.gettempdir()).glob(f"workbench-*/{_MARK}"):
        if mark.parent != own:
            try:
                yield Path(os.fsdecode(mark.read_bytes())).with_suffix("")
            except (OSError, ValueError):  # it has just ended
                continue


def _ran(changed: Iterable[Path]) -> Iterator[Path]:
    """Yield what the files of other runs begin with that have left their notebooks meanwhile."""
    for path in changed:
        if path.suffix == ".ipynb":
            yield path.with_name(path.stem.removesuffix(".failed"))


def _of_a_batch(path: Path) -> bool:
    """Whether a file is the ledger or the report of a batch."""
    ledger = path.with_name(_LEDGER)
    return path.name.startswith(_LEDGER) or (path.name in _BATCH and ledger.exists())
