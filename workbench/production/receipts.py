"""The receipts of a run: each file it wrote gets one, which says all that made it.

What a single tool knows of its file (`workbench.media` writes it) is kept; here come the notebook
or the command, the inputs' digests, the versions and the machine, so that
`workbench.production.rebuild` can make the file again and compare.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.production.hiding import is_secret
from workbench.production.identity_inputs import file_digest, texts
from workbench.production.identity_versions import machine_facts
from workbench.storage.receipt import (
    digest,
    place,
    read_receipt,
    receipt_path,
    seen_from,
    write_receipt,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["HIDDEN", "OWN", "changed", "outputs", "seal"]

log = logging.getLogger(__name__)

OWN = ("schema", "file", "bytes", "sha256", "made", "workbench")
"""The fields that `workbench.storage.receipt.write_receipt` writes by itself."""

HIDDEN = "(not kept)"
"""What stands in a receipt for the value of a parameter that is nobody's business."""

_SEALED = (
    "notebook",
    "run",
    "job",
    "inputs",
    "versions",
    "machine",
    "files",
    "narrations",
    "heard",
    "warnings",
)
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def outputs(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files of a run that get a receipt: all but receipts, sorted.

    Examples
    --------
    >>> [path.name for path in outputs([Path("a.mp4"), Path("a.mp4.json"), Path("b.json")])]
    ['a.mp4', 'b.json']
    """
    found = set(files)
    receipts = {receipt_path(path) for path in found}
    return tuple(sorted(found - receipts))


def seal(
    files: Iterable[Path], about: Mapping[str, Any], *, main: Path | None = None
) -> tuple[str, ...]:
    """Give every file of a run a receipt, or complete the one that it has.

    Parameters
    ----------
    files
        All that the run wrote, receipts among them; without the executed notebook.
    about
        What made them: ``notebook`` (``path``, ``sha256`` of its file, ``cells`` of its cells,
        ``parameters`` all of them, ``executed`` the path of the executed notebook) or ``run`` (a
        command, see `workbench.commands.recorded`); ``folder``, where relative paths are meant;
        ``job``; ``inputs``, digests by absolute path; ``versions``; ``warnings``, of the whole;
        whatever else is a plain value is kept as it is.
    main
        The file whose receipt says the warnings of the whole that no other says; by default all
        do.

    Returns
    -------
    tuple of str
        What was done differently from what was asked, and which inputs changed meanwhile.

    Raises
    ------
    StorageError
        When a receipt cannot be written.
    """
    made = outputs(files)
    earlier = {path: _earlier(path) for path in made}
    warnings = {
        str(note): None for kept, _ in earlier.values() for note in kept.get("warnings", ())
    }
    new = [note for note in about.get("warnings", ()) if note not in warnings]
    warnings |= dict.fromkeys(new)
    for path, (kept, mark) in earlier.items():
        fields = _fields(path, made, about)
        if new and (path == main or main not in made):
            fields["warnings"] = [*kept.get("warnings", ()), *new]
        fields["inputs"] = _joined(kept.pop("inputs", None), fields["inputs"], path.parent)
        write_receipt(path, {**kept, **fields}, seal=mark)
    return (*warnings, *changed(about.get("inputs", {})))


def _fields(path: Path, made: Iterable[Path], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run adds to the receipt of one of its files."""
    folder = path.parent
    fields = {
        name: value for name, value in about.items() if name not in {"folder", "inputs", "warnings"}
    }
    where = seen_from(about.get("folder", "."), folder)
    notebook = about.get("notebook")
    if notebook is not None:
        source = Path(notebook["path"])
        fields["notebook"] = {
            **notebook,
            "name": source.name,
            "path": seen_from(source, folder),
            "executed": seen_from(notebook["executed"], folder),
            "folder": where,
            "parameters": _shown(notebook["parameters"]),
        }
    if about.get("run") is not None:
        fields["run"] = {**about["run"], "folder": where, "values": _shown(about["run"]["values"])}
    return {
        **fields,
        "inputs": _inputs(about, folder),
        "versions": dict(about.get("versions", {})),
        "machine": machine_facts(),
        "files": [seen_from(each, folder) for each in made],
    }


def _inputs(about: Mapping[str, Any], folder: Path) -> list[dict[str, str]]:
    """Return the inputs as seen from the file, each with the text that named it."""
    asked = about.get("notebook") or about.get("run") or {}
    values = asked.get("parameters", asked.get("values"))
    here = Path(about.get("folder", ".")).absolute()
    named = {str(place(text, here)): text for text in texts(values or {})}
    found = []
    for name, sha256 in sorted(about.get("inputs", {}).items()):
        entry = {"path": seen_from(name, folder), "sha256": sha256}
        found.append(entry | ({"from": named[name]} if name in named else {}))
    return found


def _earlier(path: Path) -> tuple[dict[str, Any], tuple[int, str]]:
    """Return what the receipt of a file says already, and the file's size and digest."""
    size, sha256 = path.stat().st_size, digest(path)
    if not receipt_path(path).exists():
        return {}, (size, sha256)
    try:
        receipt = read_receipt(path)
    except WorkbenchError as error:
        log.warning("the receipt of %s is written anew: %s", path, error)
        return {}, (size, sha256)
    if (receipt.get("bytes"), receipt.get("sha256")) != (size, sha256):
        return {}, (size, sha256)  # of a file that had this name before
    sealed = _SEALED if "files" in receipt else ()  # by an earlier run, which wrote the same bytes
    own = {name: value for name, value in receipt.items() if name not in {*OWN, *sealed}}
    return own, (size, sha256)


def _joined(kept: Any, added: list[dict[str, str]], folder: Path) -> list[Any]:
    """Return the inputs that a tool named and those of the run, each once."""
    known = {each["path"] for each in added}
    others = [
        {**each, "path": seen_from(folder / str(each["path"]), folder)}
        for each in (kept if isinstance(kept, list) else [])
        if isinstance(each, dict) and each.get("path")
    ]
    # A tool may have named it as its notebook did, from a folder that is not the file's own.
    same = {each["sha256"] for each in added}
    return [
        *added,
        *(
            each
            for each in others
            if each["path"] not in known
            and (each.get("sha256") not in same or (folder / each["path"]).exists())
        ),
    ]


def changed(inputs: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for each input that is no longer what the run began with."""
    notes = []
    for name, sha256 in inputs.items():
        path = Path(name)
        try:
            if path.is_file() and file_digest(path) != sha256:
                notes.append(f"{name} changed while it was read: the receipt tells what it was")
        except WorkbenchError:
            continue
    return tuple(notes)


def _shown(values: Any, name: str = "") -> Any:
    """Return values as plain ones, without secrets."""
    if isinstance(values, dict):
        return {str(key): _shown(value, str(key)) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [_shown(value, name) for value in values]
    if is_secret(name, values):
        return HIDDEN
    if values is None or isinstance(values, bool | int | float):
        return values
    return _LOGIN.sub("", str(values))
