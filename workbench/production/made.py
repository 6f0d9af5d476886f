"""What a run made, as its executed notebook remembers it: which files, and what was in them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.production.executed import ABOUT
from workbench.storage.receipt import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Made", "made_by"]


@dataclass(frozen=True, kw_only=True)
class Made:
    """Files that a run left, and how each can be known again.

    Parameters
    ----------
    job
        The job.
    source
        The job file that names it, empty for none.
    files
        Size in bytes, time of the last change in nanoseconds and sha256, by absolute path.
    warnings
        What was done differently from what was asked.
    cpu
        Processor seconds it took, None where that is not known.
    """

    job: str = ""
    source: str = ""
    files: dict[Path, tuple[int, int, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    cpu: float | None = None

    @classmethod
    def of(
        cls,
        paths: Iterable[Path],
        *,
        job: str = "",
        source: str = "",
        warnings: Iterable[str] = (),
        cpu: float | None = None,
    ) -> Made:
        """Return what is true of some files now."""
        files = {}
        for path in sorted(paths):
            state = path.stat()
            files[path] = (state.st_size, state.st_mtime_ns, digest(path))
        return cls(job=job, source=source, files=files, warnings=tuple(warnings), cpu=cpu)

    def whole(self) -> bool:
        """Return whether every file is there as it was made.

        A file of the same size and time is taken for the same; of another time, its digest tells.
        """
        for path, (size, changed, sha256) in self.files.items():
            try:
                state = path.stat()
                same = state.st_size == size and (
                    state.st_mtime_ns == changed or digest(path) == sha256
                )
            except OSError:
                return False
            if not same:
                return False
        return True

    def to_dict(self, folder: Path) -> dict[str, Any]:
        """Return it as plain values, with paths as they are seen from a folder."""
        return {
            "job": self.job,
            "source": self.source,
            "files": {
                os.path.relpath(path, folder): list(state) for path, state in self.files.items()
            },
            "warnings": list(self.warnings),
            "cpu": self.cpu,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], folder: Path) -> Made:
        """Return what `to_dict` described.

        Raises
        ------
        ValueError, KeyError, TypeError, AttributeError
            When it is nothing of the kind.
        """
        files = {}
        for name, (size, changed, sha256) in data["files"].items():
            path = Path(os.path.normpath(folder / name))
            files[path] = (int(size), int(changed), str(sha256))
        warnings = tuple(map(str, data["warnings"]))
        return cls(
            job=str(data["job"]),
            source=str(data.get("source", "")),
            files=files,
            warnings=warnings,
            cpu=data.get("cpu"),
        )


def made_by(executed: Path) -> Made | None:
    """Return what an executed notebook says its run made; None when it says nothing."""
    try:
        metadata = json.loads(executed.read_text(encoding="utf-8"))["metadata"]
        return Made.from_dict(metadata[ABOUT], executed.parent)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
