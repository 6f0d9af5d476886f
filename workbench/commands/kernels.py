"""``workbench kernels``: kernels that start from one that is loaded already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands.output import AsJson, show, warn
from workbench.errors import ParameterError
from workbench.wording import file_size

__all__ = ["add_to"]

Prefix = Annotated[Path | None, typer.Option("--prefix", help="In the environment in this folder.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(
        name="kernels",
        help="Kernels that are forked from one that has loaded everything.",
        rich_markup_mode=None,
    )
    group.callback(invoke_without_command=True)(_help)
    group.command("install")(_install)
    group.command("list")(_list)
    group.command("remove")(_remove)
    group.command("status")(_status)
    group.command("stop")(_stop)
    app.add_typer(group)


def _help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _install(
    *,
    name: Annotated[str, typer.Option("--name", help="What the kernel is called.")] = "workbench",
    preload: Annotated[
        list[str] | None,
        typer.Option(
            "--preload",
            metavar="NAME,NAME",
            help="Modules, voices such as kokoro:af_heart, or module:function, loaded once for "
            "all kernels.",
        ),
    ] = None,
    user: Annotated[bool, typer.Option("--user", help="For every environment of yours.")] = False,
    sys_prefix: Annotated[
        bool, typer.Option("--sys-prefix", help="In this environment (the default).")
    ] = False,
    prefix: Prefix = None,
    as_json: AsJson = False,
) -> None:
    """Make the kernel a choice in JupyterLab, and for papermill -k."""
    from workbench.production.kernels import available
    from workbench.production.kernels.install import install, registered

    if user + sys_prefix + (prefix is not None) > 1:
        raise ParameterError(
            "only one place can be named", subject="--user, --sys-prefix, --prefix"
        )
    names = [part.strip() for text in preload or () for part in text.split(",") if part.strip()]
    made = install(name=name, preload=names, user=user, prefix=prefix)
    if not available():
        warn([f"{sys.platform} cannot fork kernels: {made.name} will be a stock kernel"])
    elif not registered():
        warn(["Jupyter does not know of forked kernels yet: install media-workbench once more"])
    show(made.to_dict(), f"{made.name}: {made.folder}", as_json=as_json)


def _list(*, prefix: Prefix = None, as_json: AsJson = False) -> None:
    """List the kernels that Jupyter finds, or those of another environment."""
    from workbench.production.kernels.install import installed

    found = installed(prefix)
    lines = [f"{one.name:<16} {one.folder}  {', '.join(one.preload)}".rstrip() for one in found]
    show(
        [one.to_dict() for one in found],
        "\n".join(lines) or "none; workbench kernels install makes one",
        as_json=as_json,
    )


def _remove(
    *,
    name: Annotated[str, typer.Argument(help="The kernel.")] = "workbench",
    prefix: Prefix = None,
    as_json: AsJson = False,
) -> None:
    """Remove a kernel from Jupyter's choice."""
    from workbench.production.kernels.install import remove

    gone = remove(name, prefix)
    show(gone.to_dict(), f"{gone.name}: removed from {gone.folder}", as_json=as_json)


def _status(*, as_json: AsJson = False) -> None:
    """Show the fork servers that run, their kernels, and the memory of each."""
    from workbench.production.kernels import available
    from workbench.production.kernels.running import running

    found = running()
    nothing = "no fork server runs" if available() else f"{sys.platform} cannot fork kernels"
    show(found, "\n".join(map(_described, found)) or nothing, as_json=as_json)


def _described(server: dict[str, Any]) -> str:
    loaded = ", ".join(["workbench", *server["preload"]])
    state = "  retiring" if server["retiring"] else ""
    head = f"{server['name']}  pid {server['pid']}  {_memory(server)}  {server['served']} served"
    rows = [f"{head}{state}  loaded: {loaded}"]
    for kernel in server["kernels"]:
        limit = f" of {file_size(kernel['limit'])}" if kernel["limit"] else ""
        own = f"{file_size(kernel['own'])}{limit} its own"
        rows.append(f"  kernel {kernel['pid']}  of {kernel['client']}  {_memory(kernel)}, {own}")
    return "\n".join(rows)


def _memory(process: dict[str, Any]) -> str:
    """Tell the memory of a process, what it shares counted by its part."""
    return file_size(process["proportional"])


def _stop(
    *,
    names: Annotated[list[str] | None, typer.Argument(help="The servers; by default all.")] = None,
    now: Annotated[bool, typer.Option("--now", help="End their kernels too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let fork servers end as soon as their last kernel has."""
    from workbench.production.kernels.running import stop

    found = stop(names or (), now=now)
    show(
        [one["name"] for one in found],
        "\n".join(f"{one['name']}: told to end" for one in found) or "no fork server runs",
        as_json=as_json,
    )
