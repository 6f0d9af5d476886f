"""``workbench dub``: captions become speech in their own time, alone or over a video."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from workbench.commands.facts import note
from workbench.commands.narrate import Captions, Language, Loudness, wanted, written
from workbench.commands.output import AsJson, EngineOptions, show
from workbench.commands.speaking import (
    LexiconFile,
    Seed,
    Verify,
    VoiceName,
    Without,
    engine_values,
    ways,
)
from workbench.commands.values import level_or_none

__all__ = ["add_to"]

_CAPTIONS = ["srt"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dub")(_dub)


def _dub(
    *,
    subtitles: Annotated[Path, typer.Argument(help="An .srt, .vtt, .ass or .ttml file.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="A sound: .wav, .mp3 …; with --video a video: .mp4 …"),
    ],
    voice: VoiceName = None,
    option: EngineOptions = None,
    speaker: Annotated[
        list[str] | None,
        typer.Option("--speaker", metavar="NAME=VOICE", help="Of a speaker the captions name."),
    ] = None,
    language: Language = "",
    fastest: Annotated[float, typer.Option(help="How fast a line may be said, 1 to 3.")] = 1.4,
    slowest: Annotated[float, typer.Option(help="How slowly, 0.5 to 1.")] = 1.0,
    gap: Annotated[float, typer.Option(help="Seconds between two lines, at least.")] = 0.05,
    video: Annotated[
        Path | None, typer.Option("--video", help="Whose pictures the voice is laid over.")
    ] = None,
    original: Annotated[float, typer.Option(help="How loud its own sound stays, 0 to 4.")] = 1.0,
    duck: Annotated[float, typer.Option(help="By how many dB it gives way.")] = 18.0,
    loudness: Loudness = "shorts",
    captions: Captions = None,
    seed: Seed = None,
    verify: Verify = None,
    without: Without = None,
    lexicon: LexiconFile = None,
    as_json: AsJson = False,
) -> None:
    """Say captions while they are on the screen, as a sound or over a video."""
    from workbench.captions.cues import Cues
    from workbench.media import change_speed
    from workbench.production.dubbing import check_dub, speaker_voices, write_dub
    from workbench.speech.dub import dub

    level = level_or_none(loudness, "--loudness")
    kinds = wanted(captions, _CAPTIONS)
    named = speaker_voices(speaker or ())
    length = check_dub(
        output, video, voice=voice, language=language, loudness=level, captions=kinds,
        source=subtitles,
    )  # fmt: skip
    values = engine_values(voice, option)
    how = ways(seed, verify, without, lexicon)
    spoken = dub(
        Cues.read(subtitles),
        voice,
        voices=named,
        fastest=fastest,
        slowest=slowest,
        gap=gap,
        until=length,
        stretch=change_speed,
        **how,
        **values,
    )
    note(narrations=spoken.narration.describe())
    made = write_dub(
        spoken, output, video, original=original, duck=duck, loudness=level, captions=kinds
    )
    files = written(output, [made.path, *made.captions])
    data: dict[str, Any] = {
        "path": files[0],
        "files": files,
        **spoken.to_dict(),
        "warnings": list(made.warnings),  # they have been told
    }
    late = f", {len(spoken.unfit)} not in time" if spoken.unfit else ""
    lines = f"{len(spoken.lines)} line{'s' if len(spoken.lines) != 1 else ''}{late}"
    told = f"{output}: {spoken.narration.duration:.2f} s, {lines}"
    show(data, "\n".join([told, *files[1:]]), as_json=as_json)
