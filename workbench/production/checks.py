"""What can be known to go wrong with a run before it begins; every file and voice is asked once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, WorkbenchError
from workbench.paths import user_path
from workbench.production.notebooks import job_notebooks
from workbench.production.parameters import missing
from workbench.production.parameters.parameter import OUTPUT
from workbench.production.rules import RULES, SAMPLES, can_speak

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from workbench.production.parameters import Parameter
    from workbench.production.rules import Rule

__all__ = ["Checks"]

_VOICES = ("voice", "voices")  # parameters that name who speaks, in every job notebook


class Checks:
    """What is looked at before a run, for any number of runs in one folder.

    Parameters
    ----------
    folder
        Where relative paths are meant, by default the working directory. For another one, whose
        presets are not known here, only files are looked at.

    Examples
    --------
    >>> from workbench.production.parameters import Parameter
    >>> voice = Parameter(name="voice", annotation="str", default="es")
    >>> print(*Checks().of(Path("a.ipynb"), [voice], {"voice": "espeak:nobody"}))
    voice: espeak:nobody: is not a voice of espeak; `workbench voices` lists them
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or Path()).absolute()
        self._here = self.folder == Path.cwd()
        self._asked: dict[tuple[Any, ...], WorkbenchError | None] = {}
        self._own = {path: name for name, path in job_notebooks().items()}

    def of(
        self,
        notebook: Path,
        known: Sequence[Parameter],
        values: Mapping[str, Any],
        *,
        wrong: Collection[str] = (),
    ) -> tuple[ParameterError, ...]:
        """Return what is wrong with a run; the subject of each is its parameter.

        Parameters
        ----------
        notebook
            The one that is run.
        known
            Its parameters.
        values
            Checked to be of their types.
        wrong
            Parameters whose values are known to be wrong, and are not among them.
        """
        found = (
            _told(name, error)
            for name, error in self._each(notebook, known, values, wrong)
            if name not in wrong
        )
        return tuple({str(error): error for error in found}.values())

    def unsaid(
        self, notebook: Path, known: Sequence[Parameter], values: Collection[str]
    ) -> ParameterError | None:
        """Return what a job has to say and does not: without it, it would make the sample."""
        for names in self._samples(notebook, known):
            if not any(name in values for name in names):
                first, *others = names
                nor = f", nor is {' or '.join(others)}" if others else ""
                wanted = next((p.wanted for p in known if p.name == first and p.sample), "")
                return ParameterError(
                    f"is not given{nor}, and its default is only a sample",
                    subject=first,
                    cure=wanted or f"give {' or '.join(names)}",
                )
        return None

    def _samples(self, notebook: Path, known: Sequence[Parameter]) -> list[tuple[str, ...]]:
        own = SAMPLES.get(self._own.get(notebook, ""), ())
        return [*filter(None, [own]), *((p.name,) for p in known if p.sample and p.name not in own)]

    # -- what is looked at ------------------------------------------------------------------------

    def _each(
        self,
        notebook: Path,
        known: Sequence[Parameter],
        values: Mapping[str, Any],
        wrong: Collection[str],
    ) -> Iterator[tuple[str, WorkbenchError]]:
        for name, error in self._files(known, values):
            yield name, error
            wrong = {*wrong, name}
        if values.get(OUTPUT):
            yield from self._output(notebook, known, values)
        if not self._here:
            return
        for name, error in self._speakers(notebook, values):
            yield name, error
            wrong = {*wrong, name}
        every = {p.name: p.default for p in known} | dict(values)
        for rule in RULES.get(self._own.get(notebook, ""), ()):
            given = [name for name in rule.names if name in values]
            if given and not any(name in wrong for name in rule.names):
                refused = self._rule(rule, tuple(every.get(name) for name in rule.names))
                if refused is not None:
                    blamed = refused.subject.partition("=")[0]
                    yield blamed if blamed in rule.names else given[0], refused

    def _files(
        self, known: Sequence[Parameter], values: Mapping[str, Any]
    ) -> Iterator[tuple[str, WorkbenchError]]:
        for parameter in known:
            name = parameter.name
            if name in values and (parameter.readable or "Path" in parameter.annotation):
                key = ("file", name, parameter.annotation, repr(values[name]))
                if key not in self._asked:
                    self._asked[key] = missing(parameter, values[name], folder=self.folder)
                error = self._asked[key]
                if error is not None:
                    yield name, error

    def _speakers(
        self, notebook: Path, values: Mapping[str, Any]
    ) -> Iterator[tuple[str, WorkbenchError]]:
        paired = self._own.get(notebook) == "dub"  # SPEAKER=VOICE, of which a rule of its own tells
        for column in _VOICES:
            value = values.get(column)
            for name in value if isinstance(value, list) else [value]:
                alone = paired and column == "voices" and "=" not in str(name)
                if not isinstance(name, str) or not name or alone:
                    continue
                who = name.partition("=")[2].strip() if column == "voices" and "=" in name else name
                key = ("voice", who)
                if key not in self._asked:
                    self._asked[key] = _caught(can_speak, who)
                error = self._asked[key]
                if error is not None:
                    yield column, ParameterError(error.problem, subject=name, cure=error.cure)

    def _rule(self, rule: Rule, given: tuple[Any, ...]) -> WorkbenchError | None:
        key = (rule.test, repr(given))
        if key not in self._asked:
            self._asked[key] = _caught(rule.test, *given)
        return self._asked[key]

    def _output(
        self, notebook: Path, known: Sequence[Parameter], values: Mapping[str, Any]
    ) -> Iterator[tuple[str, WorkbenchError]]:
        text = str(values[OUTPUT])
        default = next((str(p.default) for p in known if p.name == OUTPUT and p.default), "")
        try:
            place = os.path.normpath(self.folder / user_path(text))
        except ParameterError as error:
            yield OUTPUT, error
            return
        if Path(default).suffix and (text.endswith(("/", os.sep)) or os.path.isdir(place)):  # noqa: PTH112 - in a hot loop
            yield OUTPUT, ParameterError("is a folder", subject=text, cure="name a file in it")
        if not os.path.basename(place):  # noqa: PTH119 - as above
            yield OUTPUT, ParameterError("names no file", subject=text, cure="name one")
            return
        above = self._above(os.path.dirname(place))  # noqa: PTH120 - as above
        if above is not None:
            yield OUTPUT, above
        if Path(place).with_suffix(".ipynb") == notebook:
            told = f"{notebook.name}: would be written over"  # by what was executed
            yield OUTPUT, ParameterError(told, subject=OUTPUT, cure="choose another name")
        for name in self._readers(known, values, place):
            told = f"is what {name} reads"
            yield OUTPUT, ParameterError(told, subject=text, cure="choose another name")

    def _readers(
        self, known: Sequence[Parameter], values: Mapping[str, Any], place: str
    ) -> Iterator[str]:
        """Yield the parameters that read a file; a text that looks like its name is a text."""
        base, there = os.path.basename(place), os.path.isfile(place)  # noqa: PTH113, PTH119 - as above
        for parameter in known:
            value = values.get(parameter.name)
            if parameter.name == OUTPUT or not isinstance(value, str | list):
                continue
            if not (there or parameter.readable or "Path" in parameter.annotation):
                continue
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str) and one.strip().endswith(base) and self._same(one, place):
                    yield parameter.name

    def _same(self, text: str, place: str) -> bool:
        try:
            return os.path.normpath(self.folder / user_path(text.strip())) == place
        except (ParameterError, OSError):
            return False

    def _above(self, folder: str) -> WorkbenchError | None:
        """Return what is wrong with a folder that is there or is to be made."""
        key = ("folder", folder)
        if key not in self._asked:
            self._asked[key] = None
            there = next(
                (one for one in (Path(folder), *Path(folder).parents) if os.path.exists(one)),  # noqa: PTH110 - Path raises
                None,
            )
            if there is not None and not os.path.isdir(there):  # noqa: PTH112 - as above
                self._asked[key] = ParameterError(
                    f"lies in {there.name}, which is a file", subject=OUTPUT, cure="choose a folder"
                )
        return self._asked[key]


def _caught(test: Any, *given: Any) -> WorkbenchError | None:
    try:
        test(*given)
    except WorkbenchError as error:
        return error
    except OSError as error:  # of a path such as none can be
        return ParameterError((error.strerror or "cannot be looked at").lower(), cure="correct it")
    return None


def _told(name: str, error: WorkbenchError) -> ParameterError:
    """Return what is wrong as a mistake of a parameter, with what was typed in it."""
    typed = error.subject.removeprefix(f"{name}=")
    if typed in {"", name, "path"} or typed in error.problem:
        problem = error.problem
    else:
        problem = f"{typed}: {error.problem}"
    return ParameterError(problem, subject=name, cure=error.cure or "correct it")
