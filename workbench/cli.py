"""The command ``workbench``.

Exit codes: 0 for success; 1 when the work was begun and failed; 2 when what was typed is to be
corrected, since it cannot be or names what is not there; 130 when whoever began it stopped it.
Results go to standard output, as JSON with ``--json``; an error is one line on standard error, and
with ``--json`` an object ``{"error": …}`` on standard output too.
"""

from __future__ import annotations

import signal
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands import (
    audiobook,
    batch,
    clone,
    dub,
    engines,
    figures,
    kernels,
    listen,
    media,
    models,
    narrate,
    receipts,
    serve,
    written,
)
from workbench.commands.ending import STOPPED, ended
from workbench.commands.output import AsJson, EngineOptions, show, shown_json, warn
from workbench.commands.speaking import (
    LexiconFile,
    Seed,
    Verify,
    VoiceName,
    Without,
    speak,
    ways,
)
from workbench.errors import ParameterError, one_line, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from workbench.media.probe import MediaInfo
    from workbench.production.job import JobResult

__all__ = ["app", "main"]

app = typer.Typer(
    name="workbench",
    help="Spoken, captioned video from scripts and notebooks.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_TOLD_TAGS = {"title", "artist", "album", "date", "genre", "comment"}


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from workbench import __version__

        typer.echo(__version__)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def demo(
    *,
    language: Annotated[str, typer.Option("--language", "-l", help="es or en.")] = "es",
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Make a captioned short: voice, words, pictures, video, notebook. Needs no download."""
    from workbench.production.demo import demo as make

    _print_job(make(language, output), as_json=as_json)


@app.command()
def say(
    *,
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help=".wav .flac .mp3 or .ogg")],
    voice: VoiceName = None,
    option: EngineOptions = None,
    seed: Seed = None,
    verify: Verify = None,
    without: Without = None,
    lexicon: LexiconFile = None,
    as_json: AsJson = False,
) -> None:
    """Speak a text into a sound file."""
    from workbench.audio import FORMATS

    if output.suffix.lower() not in FORMATS:
        raise ParameterError(f"must end in {', '.join(FORMATS)}", subject=str(output))
    narration = speak(text, voice, option, ways(seed, verify, without, lexicon))
    narration.save(output)
    words = [word.to_dict() for word in narration.words]
    data = {
        "path": str(output),
        "duration": narration.duration,
        "words": words,
        "warnings": list(narration.warnings),
    }
    warn(narration.warnings)
    show(data, f"{output}: {narration.duration:.2f} s, {len(words)} words", as_json=as_json)


@app.command()
def caption(
    *,
    source: Annotated[
        str, typer.Argument(help="A script (text, or a .txt or .md file); with -c, a video.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help=".srt .vtt .ass .ttml, or .mp4")],
    captions: Annotated[
        Path | None, typer.Option("--captions", "-c", help="For a video: what to draw into it.")
    ] = None,
    voice: VoiceName = None,
    option: EngineOptions = None,
    style: Annotated[
        str,
        typer.Option(
            "--style", "-s", help="plain, karaoke, pop, …; text formats take its line length."
        ),
    ] = "karaoke",
    seed: Seed = None,
    verify: Verify = None,
    without: Without = None,
    lexicon: LexiconFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the captions of a script as it is spoken, or draw a caption file into a video."""
    from workbench.captions.cues import Cues
    from workbench.captions.cues import caption as make
    from workbench.captions.styles import style as find_style

    find_style(style)
    if output.suffix.lower() not in {".srt", ".vtt", ".ass", ".ttml", ".dfxp", ".mp4"}:
        raise ParameterError("must end in .srt, .vtt, .ass, .ttml or .mp4", subject=str(output))
    if output.suffix.lower() == ".mp4":
        if captions is None:
            raise ParameterError(
                "needs a caption file to draw", subject=source, cure="add --captions FILE.srt"
            )
        speech = {
            "--voice": voice, "--option": option, "--seed": seed, "--verify": verify,
            "--without": without, "--lexicon": lexicon,
        }  # fmt: skip
        for name in [name for name, value in speech.items() if value is not None]:
            raise ParameterError("is for a script, and this is a video", subject=name)
        rendered = _burn(source, Cues.read(captions), style, output)
        text = f"{output}: {rendered['duration']:.2f} s, {rendered['captions']} captions"
        show(rendered, text, as_json=as_json)
        return
    if captions is not None:
        raise ParameterError("is for a video", subject="--captions", cure="use -o FILE.mp4")
    narration = speak(source, voice, option, ways(seed, verify, without, lexicon))
    warn(narration.warnings)
    cues = make(narration, style=style)
    cues.write(output, style=style)
    data = {"path": str(output), **cues.to_dict(), "warnings": list(narration.warnings)}
    show(data, f"{output}: {len(cues)} captions", as_json=as_json)


def _burn(source: str, cues: Any, style: str, output: Path) -> dict[str, Any]:
    from workbench.errors import MediaError
    from workbench.media.probe import probe
    from workbench.media.video import Video

    info = probe(source)
    if info.kind != "video" or info.video is None:
        raise MediaError(f"is {info.kind}, not a video", subject=source)
    size = f"{info.video.width // 2 * 2}x{info.video.height // 2 * 2}"
    fps = min(120, max(1, round(info.video.fps or 30)))
    video = Video(size, fps=fps).scene(source).captions(style, cues=cues)
    return video.render(output).to_dict()


@app.command()
def probe(
    *,
    file: Annotated[Path, typer.Argument(help="A picture, sound or video file.")],
    as_json: AsJson = False,
) -> None:
    """Say what a media file is."""
    from workbench.media.probe import probe as look

    info = look(file)
    show(info.to_dict(), "\n".join(_facts(file, info)), as_json=as_json)


def _facts(file: Path, info: MediaInfo) -> Iterator[str]:
    """Yield what is known of a file, a row each."""
    yield f"{file}: {info.kind} ({info.format}), {info.size:,} bytes"
    if info.duration is not None:
        rate = f", {info.bit_rate / 1000:,.0f} kbit/s" if info.bit_rate else ""
        yield f"duration  {info.duration:.3f} s{rate}"
    elif info.kind != "image":
        yield "duration  the file does not say"
    if info.video is not None:
        picture = info.video
        about = [f"{picture.width}x{picture.height}", picture.codec]
        about += [f"{picture.fps:.3f} fps"] if picture.fps else []
        about += ["variable rate"] if picture.variable else []
        about += [f"turned by {picture.rotation}°"] if picture.rotation else []
        about += [f"pixels {picture.pixel_aspect:.3f}:1"] if picture.pixel_aspect != 1 else []
        yield f"picture   {', '.join(about)}{_one_of(info.videos)}"
    if info.audio is not None:
        sound = info.audio
        yield f"sound     {sound.rate} Hz, {sound.layout}, {sound.codec}{_one_of(info.audios)}"
    for name, count in (("captions", info.subtitles), ("chapters", info.chapters)):
        if count:
            yield f"{name}  {count}"
    for name, text in info.tags.items():
        if name.lower() in _TOLD_TAGS:
            yield f"{name.lower():<9} {one_line(text)}"


def _one_of(count: int) -> str:
    return f" (the first of {count})" if count > 1 else ""


@app.command()
def run(
    *,
    notebook: Annotated[str, typer.Argument(help="A .ipynb file, or a job notebook's name.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Repeat it for a list."),
    ] = None,
    executed: Annotated[
        Path | None, typer.Option("--executed", help="Where the executed notebook goes.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds a cell may take.", min=1)] = 3600,
    limit: Annotated[
        float | None, typer.Option(help="Seconds the whole run may take.", min=1)
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="List the parameters.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a notebook with parameters, headless."""
    from dataclasses import asdict

    from workbench.production.job import run as execute
    from workbench.production.notebooks import find_notebook
    from workbench.production.parameters import from_strings, parameters

    source = find_notebook(notebook)
    known = parameters(source)
    if explain:
        rows = []
        for one in known:
            told = "; ".join(filter(None, (one.range, one.help)))
            rows.append(
                f"{one.name}: {one.annotation} = {one.default!r}{f'  # {told}' if told else ''}"
            )
        show([asdict(p) for p in known], "\n".join(rows), as_json=as_json)
        return
    values = from_strings(known, parameter or [])
    result = execute(source, values, executed=executed, timeout=timeout, limit=limit)
    _print_job(result, as_json=as_json)


def _print_job(result: JobResult, *, as_json: bool) -> None:
    warn(result.warnings)
    show(result.to_dict(), "\n".join(map(str, result.files)), as_json=as_json)


@app.command()
def voices(
    *,
    language: Annotated[str, typer.Option("--language", "-l", help="Such as es.")] = "",
    engine: Annotated[str, typer.Option("--engine", "-e", help="Such as espeak.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the voices."""
    from dataclasses import asdict

    from workbench.speech.voices import voices as find

    found = find(language, engine_name=engine)
    if not found:
        known = {voice.language for voice in find(engine_name=engine)}
        cure = suggest(language, known) or "workbench voices lists them all"
        raise ParameterError("no voice speaks it", subject=language, cure=cure)
    rows = [f"{v.name:<28} {v.language:<10} {v.gender:<8} {v.label}" for v in found]
    show([asdict(voice) for voice in found], "\n".join(rows), as_json=as_json)


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Say what is there, what is not, and what to do about it."""
    from workbench.doctor import examine

    report = examine()
    show(report.to_dict(), report.text(), as_json=as_json)
    if not report.healthy:
        raise typer.Exit(1)


batch.add_to(app)
written.add_to(app)
narrate.add_to(app)
dub.add_to(app)
audiobook.add_to(app)
listen.add_to(app)
figures.add_to(app)
engines.add_to(app)
clone.add_to(app)
kernels.add_to(app)
app.command()(serve.serve)
app.add_typer(models.app, name="models")
app.add_typer(media.app, name="media")
receipts.add_to(app)  # the last: it gives receipts to the commands that are there


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    warn([str(message)])


def _stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _stop)  # so that whatever is half done is undone
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    warnings.showwarning = _show_warning
    command = typer.main.get_command(app)
    shown_json()  # what another command line in this process has printed does not count
    try:
        code = command.main(prog_name="workbench", standalone_mode=False)
        if code == STOPPED:  # typer turns an interrupt into this
            code = ended(KeyboardInterrupt())
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - each is told, with its code
        code = ended(error)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
