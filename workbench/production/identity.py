"""A job's identity: what it would make, known before it is made.

Two jobs with one identity would write the same bytes: the same notebook, parameters, contents of
the inputs and versions of the tools. So a batch knows what is done already, and a receipt what a
file was made from.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError
from workbench.paths import user_path
from workbench.production.identity_inputs import OUTPUT, file_digest, inputs_of
from workbench.production.identity_versions import versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workbench.production.parameters import Parameter

__all__ = ["Identity", "identify", "notebook_digest"]

_DIGITS = 24
_notebooks: dict[str, tuple[str, str]] = {}  # digest of the file and of its cells, by path


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a job is, by content.

    Parameters
    ----------
    id
        ``job_`` and 24 hex digits.
    notebook_sha256
        Of the types and sources of the notebook's cells; what they once printed does not count.
    inputs
        Digests of the files it reads, by absolute path.
    versions
        Of what makes bytes, by name.
    """

    id: str
    notebook_sha256: str
    inputs: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "id": self.id,
            "notebook_sha256": self.notebook_sha256,
            "inputs": dict(self.inputs),
            "versions": dict(self.versions),
        }


def identify(
    notebook: Path,
    known: Sequence[Parameter],
    values: Mapping[str, Any],
    *,
    folder: Path | None = None,
) -> Identity:
    """Return the identity of a job.

    Parameters
    ----------
    notebook
        Its file.
    known
        Its parameters; those without a value have their default.
    values
        As `workbench.production.parameters.check` returns them.
    folder
        Where relative paths are meant, by default here.

    Raises
    ------
    JobError
        When the file is no notebook.
    StorageError
        When an input cannot be read.
    """
    here = user_path(folder or ".").absolute()
    every = {p.name: p.default for p in known} | dict(values)
    read = inputs_of(known, every, here)
    tools = versions(read.engines)
    sha256 = notebook_digest(notebook)
    if every.get(OUTPUT):
        # The same text in two folders is two files, and two jobs.
        every[OUTPUT] = os.path.normpath(here / user_path(str(every[OUTPUT])))
    seen = {os.path.relpath(path, here): found for path, found in read.files.items()}
    about = {"notebook": sha256, "values": every, "inputs": seen, "versions": tools}
    text = json.dumps(about, sort_keys=True, separators=(",", ":"), default=str)
    name = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]
    return Identity(id=f"job_{name}", notebook_sha256=sha256, inputs=read.files, versions=tools)


def notebook_digest(notebook: Path) -> str:
    """Return the sha256 of the types and sources of a notebook's cells.

    Raises
    ------
    JobError
        When it is no notebook.
    """
    whole = file_digest(notebook)
    known = _notebooks.get(str(notebook))
    if known is None or known[0] != whole:
        known = _notebooks[str(notebook)] = (whole, _cells_digest(notebook))
    return known[1]


def _cells_digest(notebook: Path) -> str:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        told = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError("is not a notebook", subject=str(notebook)) from error
    text = json.dumps(told, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
