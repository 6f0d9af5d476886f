"""``workbench media``: cut, join and look at clips and sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands import media_sound
from workbench.commands.output import AsJson, show
from workbench.commands.values import dimensions, seconds
from workbench.errors import ParameterError

__all__ = ["app"]

app = typer.Typer(
    name="media",
    help="Cut, join and look at clips and sounds: no captions, no voice.",
    rich_markup_mode=None,
)

Clip = Annotated[Path, typer.Argument(help="A video.")]
Width = Annotated[int | None, typer.Option("--width", "-w", help="Pixels; the height follows.")]
Columns = Annotated[int | None, typer.Option("--columns", help="How many stand in a row.")]
Gap = Annotated[int, typer.Option("--gap", help="Pixels between two.")]
At = Annotated[
    list[str] | None,
    typer.Option("--at", "-t", metavar="TIME", help="Seconds or m:ss; repeat it for several."),
]


@app.callback(invoke_without_command=True)
def _help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def merge(
    *,
    files: Annotated[list[Path], typer.Argument(help="The clips, in order.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .mp4 file.")],
    size: Annotated[
        str | None, typer.Option("--size", help="WIDTHxHEIGHT; the first clip's when not given.")
    ] = None,
    fps: Annotated[float | None, typer.Option("--fps", help="The first clip's.")] = None,
    fit: Annotated[str, typer.Option("--fit", help="contain, cover or blur.")] = "contain",
    music: Annotated[
        Path | None, typer.Option("--music", help="A sound, begun again until the end.")
    ] = None,
    volume: Annotated[float, typer.Option("--music-volume", help="0 to 1.")] = 0.3,
    encode: Annotated[
        bool, typer.Option("--encode", help="Encode anew even where copying would do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Join clips of any size, rate and shape, with and without sound."""
    from workbench.media.merging import merge as join

    made = join(
        files,
        output,
        size=dimensions(size, "--size"),
        fps=fps,
        fit=fit,  # type: ignore[arg-type] # checked there
        music=music,
        music_volume=volume,
        copy=not encode,
    )
    how = "copied" if made.copied else f"encoded: {made.reason}"
    show(made.to_dict(), f"{output}: {made.duration:.2f} s, {len(files)} clips, {how}",
         as_json=as_json)  # fmt: skip


@app.command()
def trim(
    *,
    file: Annotated[Path, typer.Argument(help="A video or a sound.")],
    output: Annotated[Path, typer.Option("--output", "-o", help=".mp4; for sound .wav .mp3 …")],
    start: Annotated[str, typer.Option("--start", "-s", metavar="TIME", help="Or m:ss.")] = "0",
    end: Annotated[str | None, typer.Option("--end", "-e", metavar="TIME", help="Or m:ss.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Copy the streams, and begin at a key frame.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Cut a part out of a clip or a sound."""
    from workbench.media.trimming import trim as cut

    stop = None if end is None else seconds(end, "--end")
    made = cut(file, output, seconds(start, "--start"), stop, precise=not quick)
    text = f"{output}: {made.duration:.2f} s, cut at {made.start:.3f} and {made.end:.3f} s"
    show(made.to_dict(), text, as_json=as_json)


@app.command()
def frames(
    *,
    file: Clip,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder.")],
    at: At = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", help="So many, evenly spaced.")
    ] = None,
    kind: Annotated[str, typer.Option("--format", "-f", help="jpg, png or webp.")] = "jpg",
    width: Width = None,
    as_json: AsJson = False,
) -> None:
    """Write frames of a video as pictures: at some times, or evenly spaced."""
    from workbench.media.extract import save_frames

    if at is None and count is None:
        raise ParameterError("is missing", subject="--at", cure="give times, or a --count")
    times = None if at is None else [seconds(each, "--at") for each in at]
    saved = save_frames(file, output, times=times, count=count, suffix=f".{kind}", width=width)
    rows = [f"{each.path}: {each.seconds:.3f} s" for each in saved]
    show([each.to_dict() for each in saved], "\n".join(rows), as_json=as_json)


@app.command()
def sheet(
    *,
    file: Clip,
    output: Annotated[Path, typer.Option("--output", "-o", help=".png .jpg or .webp")],
    count: Annotated[int, typer.Option("--count", "-n", help="How many frames.")] = 12,
    at: At = None,
    columns: Columns = None,
    width: Annotated[int, typer.Option("--width", "-w", help="Pixels of the sheet.")] = 1280,
    gap: Gap = 8,
    stamps: Annotated[bool, typer.Option("--stamps/--no-stamps", help="Write the times.")] = True,
    background: Annotated[str, typer.Option("--background", help="A colour.")] = "#101826",
    colour: Annotated[str, typer.Option("--colour", help="Of the times.")] = "white",
    as_json: AsJson = False,
) -> None:
    """Put frames of a video on one picture, each with its time."""
    from workbench.media.sheet import contact_sheet

    times = None if at is None else [seconds(each, "--at") for each in at]
    made = contact_sheet(
        file, output, count=count, times=times, columns=columns, width=width, gap=gap,
        stamps=stamps, background=background, colour=colour,
    )  # fmt: skip
    _picture(output, made, as_json=as_json)


@app.command()
def grid(
    *,
    files: Annotated[list[Path], typer.Argument(help="The pictures, in order.")],
    output: Annotated[Path, typer.Option("--output", "-o", help=".png .jpg or .webp")],
    columns: Columns = None,
    cell: Annotated[
        str | None, typer.Option("--cell", metavar="WIDTHxHEIGHT", help="The room of each.")
    ] = None,
    gap: Gap = 8,
    most: Annotated[
        str, typer.Option("--max-size", metavar="WIDTHxHEIGHT", help="Of the grid.")
    ] = "1920x1080",
    background: Annotated[str, typer.Option("--background", help="A colour.")] = "white",
    as_json: AsJson = False,
) -> None:
    """Put pictures side by side in rows, none cut, none stretched."""
    from workbench.media.sheet import image_grid

    made = image_grid(
        files, output, columns=columns, cell=dimensions(cell, "--cell"), gap=gap,
        max_size=dimensions(most, "--max-size") or (1920, 1080), background=background,
    )  # fmt: skip
    _picture(output, made, as_json=as_json)


@app.command()
def imperfect(
    *,
    file: Annotated[Path, typer.Argument(help="A picture.")],
    output: Annotated[Path, typer.Option("--output", "-o", help=".png .jpg or .webp")],
    colour: Annotated[float, typer.Option("--colour", help="Factor, 0 to 2.")] = 1.0,
    contrast: Annotated[float, typer.Option("--contrast", help="Factor, 0 to 2.")] = 1.0,
    noise: Annotated[float, typer.Option("--noise", help="Grain, 0 to 100.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the grain.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a picture look as a cheap camera might have taken it."""
    from workbench.media.sheet import imperfect as worn

    made = worn(file, output, colour=colour, contrast=contrast, noise=noise, seed=seed)
    _picture(output, made, as_json=as_json)


@app.command()
def gif(
    *,
    file: Clip,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .gif file.")],
    start: Annotated[str, typer.Option("--start", "-s", metavar="TIME", help="Or m:ss.")] = "0",
    duration: Annotated[
        float | None, typer.Option("--duration", "-d", help="Seconds; at most 60.")
    ] = None,
    fps: Annotated[float, typer.Option("--fps", help="Frames per second.")] = 10,
    width: Annotated[int, typer.Option("--width", "-w", help="Pixels, at most.")] = 480,
    colours: Annotated[int, typer.Option("--colours", help="4 to 256.")] = 256,
    dither: Annotated[str, typer.Option("--dither", help="bayer, sierra or none.")] = "bayer",
    once: Annotated[bool, typer.Option("--once", help="Don't begin again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an animated GIF of a part of a video."""
    from workbench.media.animation import gif as animate

    made = animate(
        file, output, start=seconds(start, "--start"), duration=duration, fps=fps, width=width,
        colours=colours, dither=dither, loop=not once,
    )  # fmt: skip
    text = f"{output}: {made.width}x{made.height}, {made.duration:.2f} s, {made.size:,} bytes"
    show(made.to_dict(), text, as_json=as_json)


@app.command("fonts")
def list_fonts(
    *,
    search: Annotated[str, typer.Argument(help="Letters of the name.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the fonts of this machine, by the names that captions take."""
    from workbench.media.fontlist import fonts

    found = fonts(search)
    if not found:
        raise ParameterError(
            "no font has that in its name", subject=search, cure="workbench media fonts lists all"
        )
    rows = [
        f"{font.family:<32} {'bold ' if font.bold else '     '}"
        f"{'italic' if font.italic else '      '}  {font.path}"
        for font in found
    ]
    show([font.to_dict() for font in found], "\n".join(rows), as_json=as_json)


def _picture(output: Path, made: Any, *, as_json: bool) -> None:
    height, width = made.shape[:2]
    data = {"path": str(output), "width": width, "height": height}
    show(data, f"{output}: {width}x{height}", as_json=as_json)


media_sound.add_to(app)
