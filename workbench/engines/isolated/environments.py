"""Environments for engines that cannot live beside the others: made by pip, told by a stamp.

Each is a venv of its own in the platform's data folder. The stamp, ``workbench.json``, is written
last: a folder without one is a build that was broken off, and the next one goes on from there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.engines.isolated import IsolatedEngine
from workbench.errors import EngineNotFound, ModelError, suggest
from workbench.paths import user_path
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.progress import Report

__all__ = ["RECIPES", "VARIABLE", "Environment", "Recipe", "environment", "environments", "install"]

VARIABLE = "WORKBENCH_ENVIRONMENTS"
"""The environment variable that names another folder for all of them."""

_STAMP = "workbench.json"
_LOG = "install.log"
_COLLECTED = re.compile(rb"^\s*(?:Collecting|Requirement already satisfied:) ([\w.-]+)")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What goes into an environment.

    Parameters
    ----------
    engine
        The engine's registered name.
    target
        ``module:Class`` of the engine.
    trial
        ``module:Class`` whose making imports all that the engine needs.
    steps
        Files of pins and whether pip brings what they need as well, in their order.
    size
        For people, such as ``1.8 GB``.
    """

    engine: str
    target: str
    trial: str
    steps: tuple[tuple[str, bool], ...]
    size: str

    def files(self) -> list[tuple[Path, bool]]:
        """Return the files of pins: beside the package in a checkout, inside it once installed."""
        home = Path(__file__).parents[2] / "requirements"
        if not home.is_dir():
            home = Path(__file__).parents[3] / "requirements"
        return [(home / name, needs) for name, needs in self.steps]

    def digest(self) -> str:
        """Return 12 hex digits that tell these pins from others."""
        return sha256(b"".join(path.read_bytes() for path, _ in self.files())).hexdigest()[:12]


RECIPES = {
    "chatterbox": Recipe(
        engine="chatterbox",
        target="workbench.engines.chatterbox:ChatterboxEngine",
        trial="workbench.engines.chatterbox.package:Trial",
        # The second file holds packages whose own pins no longer fit anything (torch 2.6, gradio).
        steps=(("chatterbox.txt", True), ("chatterbox-no-deps.txt", False)),
        size="1.8 GB, more where torch brings CUDA",
    )
}
"""The engines that have one, by name."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The environment of an engine, there or not.

    Parameters
    ----------
    recipe
        What goes into it.
    folder
        Where it lies.

    Examples
    --------
    >>> environment("chatterbox").folder.name
    'chatterbox'
    """

    recipe: Recipe
    folder: Path

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> dict[str, Any]:
        """What was installed, when and by what; empty when it is not there or not whole."""
        try:
            stamp = json.loads((self.folder / _STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        whole = isinstance(stamp, dict) and isinstance(stamp.get("versions"), dict)
        # A venv is a link to the Python that made it, which may have been removed since.
        return stamp if whole and self.python.exists() else {}

    @property
    def ready(self) -> bool:
        """Whether it can be used."""
        return bool(self.stamp)

    @property
    def current(self) -> bool:
        """Whether it holds what this version of the package asks for."""
        return self.stamp.get("pins") == self.recipe.digest()

    def version(self, package: str) -> str:
        """Return the version of a package in it, ``absent`` without one."""
        return str(self.stamp.get("versions", {}).get(package, "absent"))

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of it as plain values."""
        return {
            "engine": self.recipe.engine,
            "folder": str(self.folder),
            "ready": self.ready,
            "current": self.current,
            "made": self.stamp.get("made", ""),
        }

    def remove(self) -> bool:
        """Remove it; return whether there was anything.

        Raises
        ------
        ModelError
            When it is being installed.
        StorageError
            When it cannot be removed.
        """
        if not self.folder.is_dir():
            return False
        with self._alone():
            # Without the stamp first: whatever is left is not taken for a whole one.
            try:
                (self.folder / _STAMP).unlink(missing_ok=True)
                shutil.rmtree(self.folder)
            except OSError as error:
                raise storage_error(error, self.folder) from error
        return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from installing into the same folder at once."""
        path = self.folder.with_name(f".{self.folder.name}.lock")
        with contextlib.ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context(path.open("wb"))
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ModelError(
                    "is being installed by another process",
                    subject=self.recipe.engine,
                    cure="wait for it",
                ) from None
            except OSError as error:
                raise storage_error(error, path) from error
            yield


def environment(engine: str, folder: str | os.PathLike[str] | None = None) -> Environment:
    """Return the environment of an engine, there or not.

    Parameters
    ----------
    engine
        The engine's name.
    folder
        The folder of the environments; None for the one that the variable names, or the
        platform's folder for data.

    Raises
    ------
    EngineNotFound
        When no engine of that name has one.
    """
    recipe = RECIPES.get(engine)
    if recipe is None:
        raise EngineNotFound(
            "is no engine with an environment of its own",
            subject=engine,
            cure=suggest(engine, RECIPES) or f"there is {', '.join(RECIPES)}",
        )
    home = user_path(folder) if folder is not None else _home()
    return Environment(recipe=recipe, folder=home.absolute() / engine)


def environments() -> tuple[Environment, ...]:
    """Return the environments there are or could be, by name."""
    return tuple(environment(name) for name in sorted(RECIPES))


def _home() -> Path:
    named = os.environ.get(VARIABLE)
    if named:
        return user_path(named)
    from platformdirs import user_data_path

    return user_data_path("workbench", appauthor=False) / "environments"


def install(
    engine: str,
    folder: str | os.PathLike[str] | None = None,
    *,
    progress: Report | None = None,
) -> Environment:
    """Make the environment of an engine, or finish one that was broken off.

    Parameters
    ----------
    engine
        The engine's name.
    folder
        As for `environment`.
    progress
        Called with the part that is done, 0 to 1.

    Raises
    ------
    EngineNotFound
        When no engine of that name has one.
    ModelError
        When pip fails, or what it installed cannot be imported; the log says more.
    StorageError
        When the folder cannot be written.
    """
    there = environment(engine, folder)
    if there.ready and there.current:
        return there
    report = progress or (lambda done: None)  # noqa: ARG005
    with there._alone():  # noqa: SLF001 - of this module
        try:
            (there.folder / _STAMP).unlink(missing_ok=True)
            there.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, there.folder) from error
        _fill(there, report)
        report(0.95)
        trial = IsolatedEngine(engine, there.recipe.trial, there.python, start=600)
        try:
            versions = trial.version  # the worker starts only if all could be imported
        finally:
            trial.unload()
        stamp = {
            "engine": engine,
            "pins": there.recipe.digest(),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "checked": versions,
            "versions": _versions(there),
        }
        write_bytes(there.folder / _STAMP, json.dumps(stamp, indent=2).encode())
        report(1.0)
    return there


def _fill(there: Environment, report: Report) -> None:
    """Make the venv where there is none, and let pip fill it; a second time it only looks."""
    log = there.folder / _LOG
    log.unlink(missing_ok=True)
    venv = [sys.executable, "-I", "-m", "venv", str(there.folder)]
    if not there.python.exists():  # or it is a link to a Python that was removed
        _run(there, [*venv, "--clear"] if there.python.is_symlink() else venv, log)
    report(0.05)
    files = there.recipe.files()
    wanted = sum(path.read_bytes().count(b"==") for path, _ in files)
    seen: set[bytes] = set()

    def collected(line: bytes) -> None:
        if (match := _COLLECTED.match(line)) and match[1].lower() not in seen:
            seen.add(match[1].lower())
            # What lies unpacked on the disk at the end is most of the time; pip says nothing of it.
            report(0.05 + 0.85 * min(1.0, len(seen) / wanted) ** 2)

    for path, needs in files:
        options = [] if needs else ["--no-deps"]
        pip = [str(there.python), "-I", "-m", "pip", "install", "--disable-pip-version-check"]
        pip += ["--no-input", "--progress-bar", "off", *options, "-r", str(path)]
        _run(there, pip, log, collected)


def _run(there: Environment, command: list[str], log: Path, each: Any = None) -> None:
    """Run a program into the log; whatever ends us ends it and what it started."""
    with (
        log.open("ab") as file,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
        ) as process,
    ):
        last = b""
        try:
            for line in process.stdout or ():
                file.write(line)
                if line.strip():
                    last = line
                if each is not None:
                    each(line)
            status = process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if status:
        raise ModelError(
            f"could not be installed: {last.decode(errors='replace').strip()}",
            subject=there.recipe.engine,
            cure=f"see {log}; run it again to go on",
        )


def _versions(there: Environment) -> dict[str, str]:
    """Return the version of every package in an environment."""
    places = [str(path) for path in there.folder.glob("lib/python3*/site-packages")]
    return {found.name.lower(): found.version for found in distributions(path=places)}
