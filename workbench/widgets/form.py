"""A form for a notebook: a control for each parameter, what is wrong beside it, run and result."""

from __future__ import annotations

import contextlib
import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from workbench.errors import JobError, ParameterError, WorkbenchError, one_line
from workbench.production.checks import Checks
from workbench.production.notebooks import find_notebook, job_notebooks
from workbench.production.parameters import named, parameters
from workbench.production.parameters.written import alike
from workbench.widgets import form_fields as fields
from workbench.widgets import pictures, twin
from workbench.widgets.clip import Clip
from workbench.widgets.form_command import command
from workbench.widgets.panel import Panel, clip_state, front, style

if TYPE_CHECKING:
    import os
    import threading

    from workbench.production.job import JobResult
    from workbench.production.parameters import Parameter
    from workbench.progress import Report
    from workbench.widgets.outputs import Bundle

__all__ = ["Form", "form"]

_TITLE = 120  # letters


def form(notebook: str | os.PathLike[str], /, **values: Any) -> Form:
    """Return a form for the parameters of a notebook.

    Parameters
    ----------
    notebook
        A path ending in ``.ipynb``, or the name of a job notebook.
    values
        What some of its parameters begin with.

    Raises
    ------
    JobError
        When there is no such notebook, or its parameters cannot be read.
    ParameterError
        When a value is none.

    Examples
    --------
    >>> panel = form("captioned_short", fps=25)
    >>> panel.fill(voice="espeak:en-us")
    >>> print(panel.command)
    workbench run captioned_short -p voice=espeak:en-us -p fps=25
    """
    return Form(notebook, **values)


class Form(Panel):
    """What a notebook takes, as controls; `form` makes one.

    Parameters
    ----------
    notebook
        A path ending in ``.ipynb``, or the name of a job notebook.
    values
        What some of its parameters begin with.

    Attributes
    ----------
    notebook
        The notebook's path.
    known
        Its parameters.
    mistakes
        What is wrong, by parameter: the messages of the command line. Nothing runs while any is
        there.
    command
        What does the same in a terminal; empty while something is wrong.
    result
        What the last run left, None before.
    """

    _esm = front("form_fields.js", "form.js")
    _css = style("form.css")

    title = t.Unicode().tag(sync=True)
    about = t.Unicode().tag(sync=True)
    fields = t.List(t.Dict()).tag(sync=True)
    entered = t.Dict().tag(sync=True)
    mistakes = t.Dict().tag(sync=True)
    notes = t.Dict().tag(sync=True)
    changed = t.List(t.Unicode()).tag(sync=True)
    command = t.Unicode().tag(sync=True)
    made = t.List(t.Dict()).tag(sync=True)
    played = t.Dict().tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, notebook: str | os.PathLike[str], /, **values: Any) -> None:
        self.notebook = find_notebook(notebook)
        self.known: tuple[Parameter, ...] = parameters(self.notebook)
        self.result: JobResult | None = None
        self._player: Clip | None = None
        self._values = {p.name: p.default for p in self.known}
        for name, value in values.items():
            self._values[name] = named(self.known, name).check(value)
        self._put: dict[str, tuple[Any, Any]] = {}
        super().__init__(title=one_line(self.notebook.stem, limit=_TITLE))
        self._draw()

    # -- from Python ----------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The value of each parameter; where something wrong is entered, the last that was right.

        Set it to some values to change these.
        """
        return dict(self._values)

    @values.setter
    def values(self, values: dict[str, Any]) -> None:
        self.fill(**values)

    def fill(self, /, **values: Any) -> None:
        """Change some values.

        Raises
        ------
        ParameterError
            When one is none; then none is changed.
        """
        self._set({name: named(self.known, name).check(value) for name, value in values.items()})

    def reset(self, *names: str) -> None:
        """Set some parameters, all without a name, back to their defaults."""
        chosen = [self._named(name) for name in names] or list(self.known)
        self._set({parameter.name: parameter.default for parameter in chosen})

    def run(self, /, **values: Any) -> JobResult:
        """Run the notebook with what is entered, here and now; the form shows what it leaves.

        Parameters
        ----------
        values
            To be changed before.

        Raises
        ------
        ParameterError
            When something is wrong in the form.
        JobError, Cancelled
            As `workbench.production.job.run` does.
        """
        self._refresh()
        if values:
            self.fill(**values)
        task = self._task_of_now()
        self.error = ""
        found: JobResult = self._do(f"running {self.title}", task)
        self._done(found)
        return found

    # -- the base's questions -------------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "write":
            self._write(str(content.get("name")), content.get("value"))
        elif kind == "reset":
            self.reset(*([str(content["name"])] if content.get("name") else []))
        elif kind == "run":
            self._refresh()
            self._work(f"running {self.title}", self._task_of_now(), self._done)
        else:
            super()._handle(kind, content)

    def _clip(self, uid: str) -> Clip:
        if self._player is not None and self._player.uid == uid:
            return self._player
        return super()._clip(uid)

    def still(self) -> Bundle:
        """Return the picture of what was made, if any, and a line of text."""
        if self._player is not None:
            return pictures.bundle(self._player)
        return {"text/plain": f"Form: {self.command or self.title}"}, {}

    def twin(self) -> str:
        """Return the values as a table, the command and what was made, as static HTML."""
        rows = "".join(
            f"<tr><td><b>{escape(p.name)}</b></td>"
            f'<td style="text-align:left;white-space:pre-wrap">'
            f"{escape(one_line(str(fields.written(p, self._values[p.name])), limit=500))}</td>"
            f'<td style="text-align:left"><small>{escape(p.help)}</small></td></tr>'
            for p in self.known
        )
        parts = [f"<p><b>{escape(self.title)}</b> {escape(self.about)}</p>"]
        if self._player is not None:
            parts.append(twin.media_html(self._player))
        parts.append(f"<table>{rows}</table>")
        if self.command:
            parts.append(f"<pre><code>{escape(self.command)}</code></pre>")
        if self.made:
            files = "".join(f"<li>{escape(str(one['path']))}</li>" for one in self.made)
            parts.append(f"<ul>{files}</ul>")
        return f'<div class="wb-twin wb-{self.uid}">{"".join(parts)}</div>'

    # -- what is entered ------------------------------------------------------------------------

    def _named(self, name: str) -> Parameter:
        return named(self.known, name)

    def _write(self, name: str, value: Any) -> None:
        """Take what a person has entered, whether it is right or not."""
        self._named(name)
        if not isinstance(value, str | bool):
            raise ParameterError("must be a text, or true or false", subject=name)
        self._show({**self.entered, name: value})

    def _set(self, values: dict[str, Any]) -> None:
        self._values |= values
        with self.hold_sync():
            self._fit()
            self._show({**self.entered, **self._written(values)})

    def _written(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return what stands in the fields for values, which is what it means from now on."""
        texts = {name: fields.written(self._named(name), value) for name, value in values.items()}
        self._put |= {name: (texts[name], value) for name, value in values.items()}
        return texts

    def _fit(self) -> None:
        """Have the fields that fit the values: one line is none for a text of several."""
        found = [fields.field(p, self._values[p.name]) for p in self.known]
        if found != self.fields:  # drawn anew, they lose the cursor
            self.fields = found

    def _draw(self) -> None:
        with self.hold_sync():
            self.about = _heading(self.notebook)
            self._fit()
            self.entered = self._written(self._values)
            self._look()

    def _refresh(self) -> None:
        """Read the notebook anew; what was changed in the form stays.

        Raises
        ------
        ParameterError
            When its parameters are not what the form shows: nobody has seen what would run.
        """
        known = parameters(self.notebook)
        if known == self.known:
            return
        chosen = {
            p.name: self._values[p.name]
            for p in self.known
            if not alike(self._values[p.name], p.default)
        }
        self.known = known
        self._values = {p.name: p.default for p in known}
        for parameter in known:
            if parameter.name in chosen:
                with contextlib.suppress(ParameterError):  # it is of another type now
                    self._values[parameter.name] = parameter.check(chosen[parameter.name])
        self._put = {}
        self._draw()
        self._renew()
        raise ParameterError(
            "has changed since the form was made",
            subject=self.notebook.name,
            cure="look at the fields again, then run",
        )

    def _show(self, entered: dict[str, Any]) -> None:
        with self.hold_sync():
            self.entered = entered
            self._look()
        self._renew()

    def _look(self) -> None:
        """Read all fields anew, and look as before a batch: files come and go."""
        mistakes, notes = {}, {}
        for parameter in self.known:
            name = parameter.name
            try:
                text, value = self._put.get(name, (None, None))
                # What was put there need not be read: 5 may be a text.
                same = type(text) is type(self.entered[name]) and text == self.entered[name]
                found = value if same else fields.read(parameter, self.entered[name])
                self._values[name] = found
                notes[name] = fields.note(parameter, self._values[name])
            except ParameterError as error:
                mistakes[name] = fields.told(error)
        right = {name: value for name, value in self._values.items() if name not in mistakes}
        for wrong in Checks().of(self.notebook, self.known, right, wrong=set(mistakes)):
            mistakes.setdefault(wrong.subject, fields.told(wrong))
            notes.pop(wrong.subject, None)
        with self.hold_sync():
            self.mistakes = mistakes
            self.notes = {name: text for name, text in notes.items() if text}
            self.changed = [
                p.name
                for p in self.known
                if p.name in mistakes or not alike(self._values[p.name], p.default)
            ]
            self.command = "" if mistakes else command(self._called(), self.known, self._values)

    def _called(self) -> str:
        """Return what the command line calls the notebook."""
        if job_notebooks().get(self.notebook.stem) == self.notebook:
            return self.notebook.stem
        here = Path.cwd()
        inside = self.notebook.is_relative_to(here)
        return str(self.notebook.relative_to(here) if inside else self.notebook)

    # -- the run --------------------------------------------------------------------------------

    def _task_of_now(self) -> Any:
        self._look()
        for name, text in self.mistakes.items():
            raise ParameterError(text, subject=name)
        changed = {
            p.name: self._values[p.name]
            for p in self.known
            if not alike(self._values[p.name], p.default)
        }

        def task(report: Report, cancel: threading.Event) -> JobResult:
            from workbench.production.job import run

            return run(self.notebook, changed, progress=report, cancel=cancel)

        return task

    def _done(self, result: JobResult) -> None:
        self.result = result
        self._player = None
        if result.output is not None:
            try:
                self._player = Clip.of(result.output)
            except WorkbenchError:  # a text, a table: it is in the list
                self._player = None
        with self.hold_sync():
            self.made = [_file(path) for path in result.files]
            self.played = clip_state(self._player) if self._player is not None else {}
            self._look()
            self.error = one_line("; ".join(result.warnings))
        self._renew()

    def _failed(self, error: Exception) -> None:
        super()._failed(error)
        if isinstance(error, JobError) and error.failed:
            self.error = f"{self.error}; the notebook as it failed is {one_line(error.failed)}"


def _heading(notebook: Path) -> str:
    """Return the title of a notebook: the first heading of its first text."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    for line in "\n".join(texts[:1]).splitlines():
        if line.startswith("#"):
            return one_line(line.lstrip("# ").strip(), limit=_TITLE)
    return ""


def _file(path: Path) -> dict[str, Any]:
    here = Path.cwd()
    told = path.relative_to(here) if path.is_relative_to(here) else path
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    return {"path": str(told), "bytes": size}
