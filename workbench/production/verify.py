"""Whether a delivery is whole: every file against its receipt, see `verify`."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from workbench.errors import Cancelled, StorageError
from workbench.paths import user_path
from workbench.production.rebuild_compare import ANIMATIONS, CAPTIONS, PICTURES, SOUNDS, VIDEOS
from workbench.progress import bar
from workbench.storage.receipt import MOST, SCHEMA, digest

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from workbench.progress import Report

__all__ = ["STATES", "State", "Verdict", "Verified", "verify"]

State: TypeAlias = Literal[
    "ok",
    "changed",
    "missing file",
    "missing receipt",
    "unreadable receipt",
    "newer receipt",
    "refused",
]
STATES: tuple[State, ...] = State.__args__  # type: ignore[attr-defined]
"""What may be said of a file; only ``ok`` is good."""

_MADE = SOUNDS | VIDEOS | ANIMATIONS | PICTURES | CAPTIONS
_DIGITS = 64


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is said of one file.

    Parameters
    ----------
    name
        Its path as seen from the folder.
    state
        One of `STATES`.
    told
        More, for a person.
    """

    name: str
    state: State
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What is said of a folder.

    Parameters
    ----------
    folder
        The folder.
    files
        A verdict each, by name.
    """

    folder: Path
    files: tuple[Verdict, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong; where there is no receipt, nothing is known to be right."""
        return bool(self.files) and all(each.state == "ok" for each in self.files)

    @property
    def totals(self) -> dict[str, int]:
        """How many files there are of each state that there is."""
        counted = Counter(each.state for each in self.files)
        return {state: counted[state] for state in STATES if counted[state]}

    def __str__(self) -> str:
        rows = [
            f"{each.state:<18} {each.name}{f': {each.told}' if each.told else ''}"
            for each in self.files
            if each.state != "ok"
        ]
        totals = ", ".join(f"{count} {state}" for state, count in self.totals.items())
        nothing = "no file in it has a receipt (NAME.json beside it), so nothing can be checked"
        return "\n".join([*rows, f"{self.folder}: {totals or nothing}"])

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "folder": str(self.folder),
            "whole": self.whole,
            "totals": self.totals,
            "files": [
                {"name": each.name, "state": each.state, "told": each.told} for each in self.files
            ],
        }


def verify(
    folder: str | os.PathLike[str],
    *,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> Verified:
    """Check every file of a folder, and of those in it, against its receipt.

    A sound, video, picture or caption file without a receipt is told too, unless a receipt names it
    as an input. Links that lead out of the folder, or to no file, are refused, and no file outside
    of it is opened, whatever a receipt says.

    Parameters
    ----------
    folder
        The delivery; it may have been moved.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    StorageError
        When there is no such folder, or it may not be read.
    Cancelled
        When it was stopped.
    """
    root = user_path(folder).absolute()
    try:
        os.scandir(root).close()
    except OSError as error:
        told = "is no folder" if not root.is_dir() else f"cannot be read ({error.strerror})"
        raise StorageError(told, subject=str(folder), cure="name the folder to check") from error
    found = dict(_files(root))
    verdicts: list[Verdict] = []
    claimed: set[Path] = set()  # by a receipt, as the file it is about
    inputs: set[Path] = set()
    receipts = [path for path in found if _is_receipt(path, found)]
    size = sum(found[path].st_size for path in found) or 1
    done = 0
    with contextlib.nullcontext(progress) if progress is not None else bar("verifying") as report:
        for path in receipts:
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped on request", subject=str(folder))
            about = path.with_name(path.name.removesuffix(".json"))
            claimed |= {about, path}
            verdicts.append(_judged(path, about, root, found, inputs))
            done += found[path].st_size + (found[about].st_size if about in found else 0)
            report(min(1.0, done / size))
        report(1.0)
    for path, state in found.items():
        if _leads_out(path, state, root):
            if path not in claimed:
                verdicts.append(
                    _verdict(path, root, "refused", "is a link out of the folder, or to no file")
                )
        elif path.suffix.lower() in _MADE and path not in claimed and path not in inputs:
            verdicts.append(_verdict(path, root, "missing receipt", ""))
    return Verified(folder=root, files=tuple(sorted(verdicts, key=lambda each: each.name)))


def _files(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files and links of a folder; no link is followed."""
    for place, folders, names in os.walk(root):
        links = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = sorted(name for name in folders if name[:1] != "." and name not in links)
        for name in sorted([*names, *links]):
            path = Path(place, name)
            with contextlib.suppress(OSError):  # it has been removed meanwhile
                state = path.lstat()
                if name[:1] != "." and (stat.S_ISREG(state.st_mode) or stat.S_ISLNK(state.st_mode)):
                    yield path, state


def _leads_out(path: Path, state: os.stat_result, root: Path) -> bool:
    """Whether it is a link to something outside of the folder, or to nothing at all."""
    if not stat.S_ISLNK(state.st_mode):
        return False
    try:
        goal = path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return True
    return not goal.is_relative_to(root.resolve()) or not goal.is_file()


def _is_receipt(path: Path, found: dict[Path, os.stat_result]) -> bool:
    """Whether a file is, or should be, the receipt of another."""
    if path.suffix != ".json":
        return False
    about = path.with_name(path.name.removesuffix(".json"))
    if about.suffix.lower() in _MADE:
        return True
    data = _read(path) if stat.S_ISREG(found[path].st_mode) else None
    return isinstance(data, dict) and {"schema", "file", "sha256"} <= data.keys()


def _read(path: Path) -> Any:
    """Return what a JSON file holds; None for what is none, or is too large for a receipt."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST + 1)
        return json.loads(data) if len(data) <= MOST else None
    except (OSError, ValueError, RecursionError):
        return None


def _judged(
    receipt: Path,
    about: Path,
    root: Path,
    found: dict[Path, os.stat_result],
    inputs: set[Path],
) -> Verdict:
    for path in (receipt, about):
        if path in found and _leads_out(path, found[path], root):
            return _verdict(
                about, root, "refused", f"{path.name} is a link out of the folder, or to no file"
            )
    data = _read(receipt)
    trouble = _trouble(data, about)
    if trouble:
        schema = data.get("schema") if isinstance(data, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            told = f"of schema {schema}, and this version reads {SCHEMA}"
            return _verdict(about, root, "newer receipt", told)
        return _verdict(about, root, "unreadable receipt", trouble)
    inputs |= _named(data, receipt.parent)
    if about not in found:
        return _verdict(about, root, "missing file", "")
    told = _change(about, data)
    return _verdict(about, root, "changed" if told else "ok", told)


def _change(about: Path, data: dict[str, Any]) -> str:
    """Return how a file differs from what its receipt tells; empty when it does not."""
    try:
        size = about.stat().st_size
        if size != data["bytes"]:
            return f"{size:,} bytes, and not {data['bytes']:,}"
        return "" if digest(about) == data["sha256"] else "as long as it was, with other bytes"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _trouble(data: Any, about: Path) -> str:
    """Return what is wrong with a receipt; empty for one that can be used."""
    if not isinstance(data, dict):
        return "is no JSON object, or too large"
    sha256, size, schema = data.get("sha256"), data.get("bytes"), data.get("schema")
    good = {
        "has no schema that this version reads": type(schema) is int and schema == SCHEMA,
        "is about a file of another name": data.get("file") == about.name,
        "does not say how long the file is": type(size) is int and size >= 0,
        "has no digest": isinstance(sha256, str) and len(sha256) == _DIGITS,
    }
    return next((told for told, fine in good.items() if not fine), "")


def _named(data: dict[str, Any], folder: Path) -> set[Path]:
    """Return the inputs that a receipt names; they are only compared with names, never opened."""
    listed = data.get("inputs")
    return {
        Path(os.path.normpath(folder / each["path"]))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and isinstance(each.get("path"), str)
    }


def _verdict(path: Path, root: Path, state: State, told: str) -> Verdict:
    return Verdict(name=path.relative_to(root).as_posix(), state=state, told=told)
