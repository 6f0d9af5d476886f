"""The commands that measure: the figures of recordings, and a text spoken in many ways."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.output import AsJson, show, warn
from workbench.commands.speaking import LexiconFile  # noqa: TC001 - typer reads it
from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("measure")(_measure)
    app.command("sweep")(_sweep)


def _measure(
    *,
    files: Annotated[list[str], typer.Argument(help="Sound or video files.")],
    as_json: AsJson = False,
) -> None:
    """Measure loudness, peak, pauses, pitch, clipping and noise of recordings."""
    from workbench.media.recording import read_sound
    from workbench.speech.measure import measure_each

    table = measure_each({name: read_sound(name) for name in dict.fromkeys(files)})
    show(table.to_dict(), str(table), as_json=as_json)


def _sweep(
    *,
    text: Annotated[str, typer.Argument(help="One line of speech.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the takes.")],
    voice: Annotated[
        list[str] | None, typer.Option("--voice", "-v", help="One of the voices; give several.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", "-O", metavar="NAME=VALUES", help="Values of an option, with commas."
        ),
    ] = None,
    seed: Annotated[list[int] | None, typer.Option("--seed", help="One of the seeds.")] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", "-n", min=1, help="Only so many, chosen at random.")
    ] = None,
    listener: Annotated[
        str | None, typer.Option("--listener", help="stt, or stt:MODEL, to count misheard letters.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="At once.")] = None,
    lexicon: LexiconFile = None,
    as_json: AsJson = False,
) -> None:
    """Speak a text with every combination of voices, options and seeds, and measure each."""
    from workbench.speech.measures import MeasureTable
    from workbench.speech.sweep import sweep

    found = sweep(
        text,
        voices=voice,
        seeds=seed,
        sample=sample,
        listener=listener,
        jobs=jobs,
        lexicon=lexicon,
        **_grid(option or ()),
    )
    found.save(output)  # a WAV file for each, and sweep.json
    warn(f"{variant.label}: {variant.error}" for variant in found.failed)
    measured = {one.label: one.measures for one in found if one.measures is not None}
    show(found.table(), str(MeasureTable.of(measured)), as_json=as_json)


def _grid(assignments: Sequence[str]) -> dict[str, Any]:
    """Return the values of each option that ``-O name=value,value`` names."""
    grid: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, values = assignment.partition("=")
        name = name.strip()
        if not equals or not name or not values.strip():
            raise ParameterError(
                "sets nothing", subject=assignment, cure="write it as -O name=value,value"
            )
        grid[name] = [*grid.get(name, []), *(_value(value.strip()) for value in values.split(","))]
    return grid


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text  # the option itself says what it wants
