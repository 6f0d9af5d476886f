"""``workbench rebuild`` and ``workbench verify``: whether files are what their receipts tell."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.output import AsJson, show
from workbench.commands.recorded import record, replay
from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line, and receipts to the commands that are there."""
    record(app)

    @app.command("rebuild")
    def _rebuild(
        *,
        file: Annotated[Path, typer.Argument(help="A file with a receipt beside it.")],
        output: Annotated[
            Path | None, typer.Option("--output", "-o", help="An empty folder for the new files.")
        ] = None,
        keep: Annotated[
            bool, typer.Option("--keep", help="Keep the new files, in FILE.rebuilt.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make a file again from its receipt, and say whether it is identical.

        It runs the notebook or the command that the receipt names: do it with those you trust.
        """
        from workbench.production.rebuild import rebuild

        if keep and output is not None:
            raise ParameterError("goes without --output, which keeps them too", subject="--keep")
        folder = file.with_name(f"{file.name}.rebuilt") if keep else output

        def again(command: Sequence[str], values: Mapping[str, Any], goal: Path) -> None:
            replay(app, command, values, goal)

        done = rebuild(file, output=folder, command=again)
        show(done.to_dict(), str(done), as_json=as_json)
        if not done.identical:
            raise typer.Exit(1)

    app.command("verify")(_verify)


def _verify(
    *,
    folder: Annotated[Path, typer.Argument(help="A folder of files with receipts.")],
    as_json: AsJson = False,
) -> None:
    """Check every file of a delivery against its receipt."""
    from workbench.production.verify import verify

    found = verify(folder)
    show(found.to_dict(), str(found), as_json=as_json)
    if not found.whole:
        raise typer.Exit(1)
