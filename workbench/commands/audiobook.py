"""``workbench audiobook``: scripts or recordings become one file with chapters and a cover."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.output import AsJson, EngineOptions, show, warn
from workbench.commands.speaking import (
    LexiconFile,
    Seed,
    Verify,
    VoiceName,
    Without,
    speak,
    ways,
)
from workbench.commands.values import level_or_none, seconds
from workbench.errors import ParameterError, TextError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.audio import Audio
    from workbench.media.chapters import Chapter
    from workbench.take import Narration

__all__ = ["add_to", "chapter_list"]

_TIME = re.compile(r"((?:\d{1,3}:){1,2}\d{2}(?:\.\d{1,3})?)\s+[-\u2013\u2014]?\s*(\S.*)", re.ASCII)
_WAYS = ("paragraphs", "lines", "none")


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("audiobook")(_audiobook)


def _audiobook(
    *,
    sources: Annotated[
        list[str],
        typer.Argument(
            help="A script (text, or .txt or .md; - reads standard input), or recordings and "
            "scripts in order, a chapter each."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help=".m4b or .m4a")],
    voice: VoiceName = None,
    option: EngineOptions = None,
    chapters: Annotated[
        str | None,
        typer.Option(
            "--chapters",
            "-c",
            help="paragraphs (as by itself) or lines of one script, none, or a text file: a title "
            "a line, or m:ss and a title.",
        ),
    ] = None,
    cover: Annotated[Path | None, typer.Option("--cover", help="A picture.")] = None,
    title: Annotated[str, typer.Option("--title", "-t", help="Of the book.")] = "",
    author: Annotated[str, typer.Option("--author", "-a", help="Who wrote it.")] = "",
    narrator: Annotated[str, typer.Option("--narrator", help="Who reads it.")] = "",
    year: Annotated[int | None, typer.Option("--year", help="When it came out.")] = None,
    pause: Annotated[float, typer.Option("--pause", help="Seconds between two sources.")] = 1.5,
    loudness: Annotated[
        str,
        typer.Option("--loudness", help="shorts, podcast, audiobook, LUFS, or none: as it is."),
    ] = "audiobook",
    bitrate: Annotated[str, typer.Option("--bitrate", "-b", help="32k to 192k.")] = "64k",
    seed: Seed = None,
    verify: Verify = None,
    without: Without = None,
    lexicon: LexiconFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an audiobook of scripts or recordings, with chapters, a cover and an even loudness."""
    from workbench.media.audiobook import audiobook

    for one in sources:
        if one.lower().endswith(".epub"):
            raise ParameterError(
                "is an EPUB, which the job notebook of this name reads",
                subject=one,
                cure="workbench run audiobook -p sources=FILE.epub -p output=BOOK.m4b",
            )
    about: dict[str, Any] = {
        "title": title, "author": author, "narrator": narrator, "year": year, "pause": pause,
    }  # fmt: skip
    _check(output, [Path(one) for one in sources if _recording(one)], cover, bitrate, about)
    level = level_or_none(loudness, "--loudness")
    marks = chapters if chapters is None or chapters in _WAYS else chapter_list(Path(chapters))
    spoken = [one for one in sources if not _recording(one)]
    if marks in ("paragraphs", "lines") and (len(sources) > 1 or not spoken):
        raise ParameterError(f"{marks} are those of one script", subject="--chapters")
    speech = {
        "--voice": voice, "--option": option, "--seed": seed, "--verify": verify,
        "--without": without, "--lexicon": lexicon,
    }  # fmt: skip
    for name in [name for name, value in speech.items() if value is not None and not spoken]:
        raise ParameterError("is for a script, and these are recordings", subject=name)
    how = ways(seed, verify, without, lexicon)
    heard = [_heard(one, voice, option, how) for one in sources]
    made = audiobook(
        output,
        heard[0] if len(heard) == 1 else heard,
        chapters=_chapters(marks, heard[0]),
        cover=cover,
        loudness=level,
        bitrate=bitrate,
        **about,
    )
    notes = [note for one in heard for note in getattr(one, "warnings", ())]
    warn(notes)
    data = {**made.to_dict(), "warnings": [*notes, *made.warnings]}
    many = f"{len(made.chapters)} chapter{'s' if len(made.chapters) != 1 else ''}"
    show(data, f"{output}: {made.duration:.2f} s, {many}, {made.loudness}", as_json=as_json)


def _check(
    output: Path, files: list[Path], cover: Path | None, bitrate: str, about: dict[str, Any]
) -> None:
    """Refuse what can be refused before minutes of speech are made."""
    from workbench.audio import Audio
    from workbench.media.audiobook import BITRATES
    from workbench.media.audiobook_plan import book_plan
    from workbench.media.limits import existing
    from workbench.media.outputs import target as goal
    from workbench.media.stills import load

    for file in files:
        existing(file)
    goal(output, (".m4b", ".m4a"), inputs=[*files, *([cover] if cover else [])])
    if cover is not None:
        load(cover)
    if bitrate not in BITRATES:
        raise ParameterError(
            f"must be one of {', '.join(BITRATES)}, not {bitrate!r}", subject="--bitrate"
        )
    book_plan(Audio.silence(1, 8_000), chapters=None, **about)


def chapter_list(file: Path) -> list[Chapter] | list[str]:
    """Return the chapters that a text file lists: titles, or times and titles, one a line.

    Raises
    ------
    TextError
        When it cannot be read, is empty, or some of its lines begin with a time and some do not.
    """
    from workbench.media.chapters import Chapter

    try:
        rows = [row.strip() for row in file.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8 text", subject=str(file)) from error
    except OSError as error:
        raise TextError(
            f"cannot be read ({error.strerror})",
            subject=str(file),
            cure=f"--chapters takes {', '.join(_WAYS)} or a file",
        ) from error
    rows = [row for row in rows if row]
    timed = [_TIME.fullmatch(row) for row in rows]
    if not any(timed):
        if not rows:
            raise TextError("lists no chapters", subject=str(file))
        return rows
    found = []
    for row, match in zip(rows, timed, strict=True):
        if match is None:
            raise TextError(
                f"begins with times, but not this line: {row[:40]!r}", subject=str(file)
            )
        found.append(Chapter(start=seconds(match[1], str(file)), title=match[2]))
    return found


def _recording(source: str) -> bool:
    """Whether an argument is a recording: a file that holds no script."""
    from workbench.paths import TEXTS, file_kind, is_file

    kind = file_kind(source)
    return source != "-" and kind not in TEXTS and (bool(kind) or is_file(source))


def _heard(
    source: str, voice: str | None, option: list[str] | None, how: dict[str, Any]
) -> Narration | Audio:
    from workbench.media.recording import read_sound

    return read_sound(source) if _recording(source) else speak(source, voice, option, how)


def _chapters(
    marks: str | Sequence[Chapter] | Sequence[str] | None, first: Narration | Audio
) -> list[Chapter | str] | None:
    from workbench.media.chapters import from_narration
    from workbench.take import Narration

    if marks is None or marks == "paragraphs":
        return None
    if marks == "none":
        return []
    if isinstance(marks, str):
        return list(from_narration(first, by="line")) if isinstance(first, Narration) else None
    return list(marks)
