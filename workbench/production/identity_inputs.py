"""Which files a job reads, found in its parameters, and their digests, each taken once."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError
from workbench.paths import TEXTS, is_file
from workbench.storage.receipt import digest
from workbench.text.lexicon import FILE, VARIABLE
from workbench.voice import PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from workbench.production.parameters import Parameter

__all__ = ["OUTPUT", "Inputs", "file_digest", "folder_digest", "inputs_of", "texts"]

OUTPUT = "output"
"""The parameter whose file is written, not read."""

_MOST = 10_000  # files of a folder that is an input
_SCRIPT = 4 << 20  # bytes of a script that is looked through for voices
_FRESH = 0.1  # seconds in which a file may be written again without another time
_VOICE = re.compile(r"\[voice:([^\]\n]{1,200})\]")
_PRESET = re.compile(r"\w[\w. -]{0,63}")
_ENGINE = re.compile(r"([a-z][a-z0-9_-]{0,31}):\S")

_known: dict[str, tuple[tuple[int, int, int], str]] = {}
_engines: dict[str, tuple[str, set[str]]] = {}  # by preset or script: its digest, whom it names
_lock = threading.Lock()


class Inputs:
    """The files that a job reads, and the engines that it names."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.engines: set[str] = set()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file, remembered while its size, time and place stay the same.

    Raises
    ------
    StorageError
        When it cannot be read.
    """
    try:
        state = path.stat()
        key = (state.st_size, state.st_mtime_ns, state.st_ino)
        known = _known.get(str(path))
        if known is not None and known[0] == key:
            return known[1]
        found = digest(path)
        # A clock ticks in steps: what was written just now may be written again unnoticed.
        if time.time() - state.st_mtime > _FRESH:
            with _lock:
                _known[str(path)] = (key, found)
    except OSError as error:
        raise storage_error(error, path) from error
    return found


def inputs_of(known: Sequence[Parameter], values: Mapping[str, Any], folder: Path) -> Inputs:
    """Return what a job reads.

    Every text among its values that names a file is an input, but for the parameter ``output``;
    so is the preset that a text names, a folder that is given as a ``Path``, and the lexicon.

    Parameters
    ----------
    known
        The notebook's parameters.
    values
        All of them.
    folder
        Where relative paths are meant.

    Raises
    ------
    StorageError
        When a file is there and cannot be read.
    ParameterError
        When a folder holds more files than can be looked through.
    """
    found = Inputs()
    paths = {p.name for p in known if re.search(r"\bPath\b", p.annotation)}
    for name, value in values.items():
        if name != OUTPUT:
            for text in texts(value):
                _take(found, text, folder, folders=name in paths)
    lexicon = os.environ.get(VARIABLE) or FILE
    if is_file(str(folder / lexicon)):
        _file(found, folder / lexicon)
    return found


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, in lists and tables too."""
    if isinstance(value, str | os.PathLike):
        yield str(value)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        yield from texts(list(value.values()))


def _take(found: Inputs, text: str, folder: Path, *, folders: bool) -> None:
    if not text or "\0" in text:
        return
    if "[voice:" in text:
        _voices(found, text, folder)
    if "\n" in text:
        return
    _voice(found, text, folder)
    place = os.path.join(folder, os.path.expanduser(text))  # noqa: PTH111, PTH118 - in a hot loop
    try:
        if not os.path.lexists(place):
            return
    except (OSError, ValueError):  # too long for a name
        return
    path = Path(os.path.normpath(place))
    if is_file(str(path)):
        sha256 = _file(found, path)
        if path.suffix.lower() in TEXTS:
            _script(found, path, sha256, folder)
    elif folders and path.is_dir():
        found.files[str(path)] = folder_digest(path)


def _file(found: Inputs, path: Path) -> str:
    sha256 = file_digest(path)
    found.files[os.path.normpath(path)] = sha256
    return sha256


def _voice(found: Inputs, name: str, folder: Path) -> None:
    """Take note of whoever speaks: an engine, or a preset's file and its engine."""
    engine = _ENGINE.match(name)
    if engine is not None:
        found.engines.add(engine[1])
    elif name == "stt" or not _PRESET.fullmatch(name):
        return
    preset = folder / PRESETS / f"{name}.toml"
    if engine is None and is_file(str(preset)):
        sha256 = _file(found, preset)
        known = _engines.get(str(preset))
        if known is None or known[0] != sha256:
            try:
                voice = str(tomllib.loads(preset.read_text(encoding="utf-8-sig")).get("voice", ""))
            except (OSError, ValueError):  # the run will say what is wrong with it
                voice = ""
            match = _ENGINE.match(voice)
            known = _engines[str(preset)] = (sha256, {match[1]} if match else set())
        found.engines |= known[1]


def _script(found: Inputs, path: Path, sha256: str, folder: Path) -> None:
    """Take note of the voices that a script names."""
    known = _engines.get(str(path))
    if known is None or known[0] != sha256:
        try:
            with path.open("rb") as stream:
                text = stream.read(_SCRIPT).decode("utf-8", "replace")
        except OSError:
            text = ""
        known = _engines[str(path)] = (sha256, set(_VOICE.findall(text)))
    for name in known[1]:
        _voice(found, name.strip(), folder)


def _voices(found: Inputs, text: str, folder: Path) -> None:
    for name in _VOICE.findall(text):
        _voice(found, name.strip(), folder)


def folder_digest(folder: Path) -> str:
    """Return one digest for the names and contents of all files in a folder.

    Raises
    ------
    ParameterError
        When there are more than can be looked through.
    StorageError
        When one of them cannot be read.
    """
    hashed, count = hashlib.sha256(), 0
    for root, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            count += 1
            if count > _MOST:
                raise ParameterError(
                    f"has more than {_MOST:,} files", subject=str(folder), cure="name a smaller one"
                )
            file = Path(root, name)
            if file.is_file():
                told = f"{file.relative_to(folder).as_posix()}\0{file_digest(file)}\n"
                hashed.update(told.encode("utf-8", "surrogateescape"))
    return hashed.hexdigest()
