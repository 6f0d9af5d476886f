"""Commands whose files get receipts: what was asked for is kept, so that it can be asked again."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.core

from workbench.commands.facts import FACTS
from workbench.commands.output import warn
from workbench.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Recorded", "arguments", "record", "replay"]

_COMMANDS = ("say", "caption", "narrate", "dub", "audiobook", "transcribe", "align", "sweep")
_GROUPS = ("media",)
_MEASURED = "sweep.json"  # holds how long each take took: it is another each time
_OUTPUT = "output"
_PIPE = "-"


def record(app: typer.Typer) -> None:
    """Have the commands that write an ``--output`` give it a receipt."""
    for command in _recorded(app):
        command.cls = Recorded


def _recorded(app: typer.Typer) -> Iterator[Any]:
    for command in app.registered_commands:
        if str(command.name or getattr(command.callback, "__name__", "")) in _COMMANDS:
            yield command
    for group in app.registered_groups:
        if group.name in _GROUPS and group.typer_instance is not None:
            yield from group.typer_instance.registered_commands


class Recorded(typer.core.TyperCommand):
    """A command whose output gets a receipt when it has ended well."""

    def invoke(self, ctx: Any) -> Any:
        """Run it, and seal what it wrote."""
        output = ctx.params.get(_OUTPUT)
        if output is None:
            return super().invoke(ctx)
        target = Path(os.path.abspath(Path(output).expanduser()))  # noqa: PTH100 - links stay links
        before, about = _state(target), _about(ctx)
        token = FACTS.set({})
        try:
            result = super().invoke(ctx)
            written = [path for path, state in _state(target).items() if before.get(path) != state]
            facts = FACTS.get() or {}
            beside = [Path(os.path.abspath(path)) for path in facts.pop("written", ())]  # noqa: PTH100 - as above
            warn(_seal(list(dict.fromkeys([*written, *beside])), about, facts))
        finally:
            FACTS.reset(token)
        return result


def _about(ctx: Any) -> dict[str, Any]:
    """Return what a receipt says of a command, with its inputs as they are before it begins."""
    from workbench.production.identity_inputs import inputs_of
    from workbench.production.identity_versions import versions

    here = Path.cwd()
    asked = {name: value for name, value in ctx.params.items() if name != _OUTPUT}
    # An option's value, such as reference=me.wav, may be a file too.
    asked["option"] = [text.partition("=")[2] for text in asked.get("option") or ()]
    read = inputs_of((), asked, here)
    values = {name: _plain(value) for name, value in ctx.params.items()}
    return {
        "run": {"command": list(_words(ctx)), "values": values},
        "folder": here,
        "inputs": read.files,
        "versions": versions(read.engines),
    }


def _words(ctx: Any) -> Iterator[str]:
    """Yield the words of a command, without the program's name."""
    if ctx.parent is not None:
        yield from _words(ctx.parent)
        yield str(ctx.info_name)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _state(target: Path) -> dict[Path, tuple[int, int]]:
    """Return what there is of an output: the file, or the files of the folder."""
    found = [target] if target.is_file() else []
    if target.is_dir():
        found = [each for each in target.iterdir() if each.is_file() and each.name[:1] != "."]
        found = [each for each in found if each.name != _MEASURED]
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in found}


def _seal(
    written: Sequence[Path], about: dict[str, Any], facts: dict[str, list[Any]]
) -> tuple[str, ...]:
    from workbench.production.receipts import changed, seal

    read = facts.pop("standard_input", [])
    values = about["run"]["values"]
    for name, value in values.items() if read else ():
        # What came through the pipe is gone: it is kept as if it had been an argument.
        if value == _PIPE:
            values[name] = read[0]
        elif isinstance(value, list):
            values[name] = [read[0] if each == _PIPE else each for each in value]
    seal(written, {**about, **facts})
    return changed(about["inputs"])  # what the tools warned of has been printed


def replay(
    app: typer.Typer, command: Sequence[str], values: Mapping[str, Any], output: Path
) -> None:
    """Run a recorded command again, with another output.

    Parameters
    ----------
    app
        The command line.
    command
        Its words, such as ``media gif``.
    values
        What its parameters were; relative paths are meant in the working directory.
    output
        What it writes now.

    Raises
    ------
    JobError
        When there is no such command here, or it has no such parameters.
    WorkbenchError
        As the command does.
    """
    whole: Any = typer.main.get_command(app)
    found = whole
    for word in command:
        found = getattr(found, "commands", {}).get(word)
    if not isinstance(found, Recorded):
        raise JobError("is no command that makes files here", subject=" ".join(command))
    asked = arguments(found, {**values, _OUTPUT: str(output), "as_json": False})
    silence = io.StringIO()
    with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        whole.main([*command, *asked], prog_name="workbench", standalone_mode=False)


def arguments(command: Any, values: Mapping[str, Any]) -> list[str]:
    """Return the argument list that gives a command's parameters some values.

    Raises
    ------
    JobError
        When it has no parameter of a name, or a text came from a pipe and was not kept.
    """
    known = {param.name: param for param in command.params}
    options: list[str] = []
    positional: list[str] = []
    for name, value in values.items():
        param = known.get(name)
        several = value if isinstance(value, list) else [] if value is None else [value]
        if param is None or not all(isinstance(v, bool | int | float | str) for v in several):
            raise JobError(f"takes no {name} as it was recorded", subject=str(command.name))
        if param.param_type_name == "argument":
            if _PIPE in several:
                raise JobError(
                    "read standard input, which no receipt keeps", subject=str(command.name)
                )
            positional += map(str, several)
            continue
        long = max(param.opts, key=len)
        if getattr(param, "is_flag", False):
            options += [long] if value else param.secondary_opts[:1]
        else:
            options += [f"{long}={each}" for each in several]
    return [*options, "--", *positional]
