"""``workbench engines``: what engines there are; an environment for one that needs its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands.output import AsJson, show

__all__ = ["add_to"]

_Name = Annotated[str, typer.Argument(help="The engine, such as chatterbox.")]
_Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder", help="Of all environments; by default in the platform's folder for data."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(
        name="engines",
        help="List the engines; give one an environment of its own.",
        rich_markup_mode=None,
    )
    group.callback(invoke_without_command=True)(_help)
    group.command("list")(_list)
    group.command("install")(_install)
    group.command("remove")(_remove)
    app.add_typer(group)


def _help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _list(*, as_json: AsJson = False) -> None:
    """List the engines and recognisers, and what is to be done where one is not there."""
    from workbench.engines.registry import engine, engines, transcriber, transcribers

    rows = [_about(name, "voice", engine) for name in engines()]
    rows += [_about(name, "ear", transcriber) for name in transcribers()]
    lines = [
        f"{row['engine']:<12} {row['kind']:<6} {', '.join(filter(None, _told(row)))}"
        + (f"  → {row['cure']}" if row["cure"] else "")
        for row in rows
    ]
    show(rows, "\n".join(lines), as_json=as_json)


def _told(row: dict[str, str]) -> tuple[str, str]:
    """Return the version of the package alone, and what is wrong; digests are for cache keys."""
    return row["version"].partition("+")[0].removeprefix(f"{row['engine']}."), row["problem"]


def _about(name: str, kind: str, find: Any) -> dict[str, str]:
    from workbench.engines.isolated.environments import RECIPES, environment
    from workbench.errors import ModelError
    from workbench.speech.available import weights_to_pull

    row = {"engine": name, "kind": kind, "version": "", "problem": "", "cure": "", "folder": ""}
    if kind == "voice" and name in RECIPES and environment(name).ready:
        row["folder"] = str(environment(name).folder)
    try:
        found = find(name)
        row["version"] = found.version
    except ModelError as error:
        row["problem"], row["cure"] = error.problem, error.cure
        return row
    wanted = weights_to_pull(name, found)
    if wanted:
        row["problem"], row["cure"] = "needs its weights", f"workbench models pull {wanted}"
    return row


def _install(*, name: _Name, folder: _Folder = None, as_json: AsJson = False) -> None:
    """Make an environment for an engine, or finish one that was broken off."""
    from workbench.commands.output import warn
    from workbench.engines.isolated.environments import VARIABLE, environment, install
    from workbench.progress import bar

    with bar(f"installing {name}") as report:
        there = install(name, folder, progress=report)
    if there != environment(name):  # it will not be looked for there
        warn([f"set {VARIABLE}={there.folder.parent} so that it is found"])
    show(there.to_dict(), f"{there.folder}", as_json=as_json)


def _remove(*, name: _Name, folder: _Folder = None, as_json: AsJson = False) -> None:
    """Remove the environment of an engine."""
    from workbench.engines.isolated.environments import environment

    there = environment(name, folder)
    removed = there.remove()
    text = f"removed {there.folder}" if removed else f"there is nothing at {there.folder}"
    show({"engine": name, "folder": str(there.folder), "removed": removed}, text, as_json=as_json)
