"""``workbench narrate``: a text or a book becomes sound, with captions in time."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from workbench.commands.facts import note
from workbench.commands.output import AsJson, EngineOptions, show, standard_input, warn
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

__all__ = ["Captions", "Language", "Loudness", "add_to", "wanted", "written"]

Language = Annotated[
    str,
    typer.Option("--language", "-l", help="Such as es: a voice that speaks another is refused."),
]
Loudness = Annotated[
    str, typer.Option("--loudness", help="shorts, podcast, audiobook, LUFS, or none: as it is.")
]
Captions = Annotated[
    list[str] | None,
    typer.Option("--captions", metavar="KIND", help="srt, vtt, ass or ttml; repeat it, or none."),
]
_CAPTIONS = ["srt", "vtt"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("narrate")(_narrate)


def _narrate(
    *,
    text: Annotated[
        str,
        typer.Argument(help="A .txt, .md or .epub file, or the text; - reads standard input."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help=".wav .flac .mp3 .ogg .m4a or .opus")
    ],
    voice: VoiceName = None,
    option: EngineOptions = None,
    language: Language = "",
    gap: Annotated[float, typer.Option(help="Seconds between two lines.")] = 0.35,
    chapter_gap: Annotated[float, typer.Option(help="Seconds between two chapters.")] = 1.0,
    loudness: Loudness = "podcast",
    captions: Captions = None,
    chapter_files: Annotated[
        bool, typer.Option("--chapter-files", help="Also a file for each chapter.")
    ] = False,
    seed: Seed = None,
    verify: Verify = None,
    without: Without = None,
    lexicon: LexiconFile = None,
    as_json: AsJson = False,
) -> None:
    """Read a text or a book aloud into a sound file, with captions beside it."""
    from workbench.media.spoken import check_speech_file, write_speech
    from workbench.speech.chapters import speak_chapters
    from workbench.text.manuscript import Manuscript

    level = level_or_none(loudness, "--loudness")
    kinds = wanted(captions, _CAPTIONS)
    check_speech_file(output, loudness=level, captions=kinds)
    values = engine_values(voice, option)
    how = ways(seed, verify, without, lexicon)
    manuscript = Manuscript.read(standard_input() if text == "-" else text)
    spoken = speak_chapters(
        manuscript, voice, language=language, gap=gap, chapter_gap=chapter_gap, **how, **values
    )
    note(narrations=spoken.narration.describe())
    made = [write_speech(spoken.narration, output, loudness=level, captions=kinds)]
    for path, one in spoken.files(output) if chapter_files else ():
        made.append(write_speech(one, path, loudness=level, captions=kinds))
    files = written(output, [file for one in made for file in (one.path, *one.captions)])
    first = made[0]
    warn(spoken.narration.warnings)
    data: dict[str, Any] = {
        "path": files[0],
        "files": files,
        "duration": first.duration,
        "chapters": [
            {"title": title, "start": start}
            for title, start in zip(spoken.titles, spoken.starts, strict=True)
        ],
        "loudness": None if first.loudness is None else first.loudness.to_dict(),
        "warnings": list(first.warnings),
    }
    many = f", {len(first.cues)} caption{'s' if len(first.cues) != 1 else ''}" if kinds else ""
    told = f"{output}: {first.duration:.2f} s{many}"
    show(data, "\n".join([told, *files[1:]]), as_json=as_json)


def written(output: Path, files: list[Path]) -> list[str]:
    """Return files beside an output as their paths would be typed; each gets a receipt."""
    for file in files:
        note(written=file)
    return [str(output.parent / file.name) for file in files]


def wanted(captions: list[str] | None, usual: list[str]) -> list[str]:
    """Return the kinds of captions that are asked for; ``none`` for no file."""
    if captions is None:
        return usual
    return [] if captions == ["none"] else captions
