"""The commands that listen: what is said in a recording, and when a script is said in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.facts import note
from workbench.commands.output import (
    AsJson,
    EngineOptions,
    option_values,
    show,
    show_options,
    standard_input,
    warn,
)
from workbench.disk import storage_error
from workbench.engines.registry import DEFAULT_TRANSCRIBER
from workbench.errors import ParameterError, TextError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.recognition import Recognition, Segment
    from workbench.script import Script
    from workbench.timing import Word

__all__ = ["add_to", "align", "transcribe"]

_CAPTIONS = (".srt", ".vtt", ".ass", ".ttml", ".dfxp")
_FORMATS = (*_CAPTIONS, ".json", ".txt")
# The part of a script that is heard in a reading of it: below the first somebody should look, below
# the second it is another recording, in which a few short words are found by chance.
_DOUBTFUL, _ANOTHER = 0.5, 0.1

Language = Annotated[
    str | None, typer.Option("--language", "-l", help="Such as es; detected when not given.")
]
ModelName = Annotated[
    str | None, typer.Option("--model", "-m", help="Such as tiny, small, large-v3, or a folder.")
]
EngineName = Annotated[str, typer.Option("--engine", "-e", help="The recogniser.")]
Stream = Annotated[
    int | None, typer.Option("--stream", min=0, help="Which audio stream of a file, from 0.")
]


def add_to(app: typer.Typer) -> None:
    """Give the commands to the command line."""
    app.command()(transcribe)
    app.command()(align)


def transcribe(
    *,
    file: Annotated[Path, typer.Argument(help="A sound or video file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=".srt .vtt .ass .ttml .json or .txt")
    ] = None,
    language: Language = None,
    model: ModelName = None,
    engine: EngineName = DEFAULT_TRANSCRIBER,
    stream: Stream = None,
    option: EngineOptions = None,
    as_json: AsJson = False,
) -> None:
    """Write down what is said in a recording: as text, or as captions."""
    if output is not None and output.suffix.lower() not in _FORMATS:
        raise ParameterError(f"must end in {', '.join(_FORMATS)}", subject=str(output))
    heard = _heard(
        file, language=language, model=model, engine=engine, stream=stream, option=option
    )
    if output is None:
        show(heard.to_dict(), heard.text, as_json=as_json)
        return
    told = _write(output, heard)
    show({"path": str(output), **heard.to_dict()}, f"{output}: {told}", as_json=as_json)


def align(
    *,
    script: Annotated[
        str,
        typer.Argument(help="What was read: text, or a .txt or .md file; - reads standard input."),
    ],
    recording: Annotated[Path, typer.Argument(help="A sound or video file of somebody reading.")],
    output: Annotated[Path, typer.Option("--output", "-o", help=".srt .vtt .ass or .ttml")],
    language: Language = None,
    model: ModelName = None,
    engine: EngineName = DEFAULT_TRANSCRIBER,
    stream: Stream = None,
    option: EngineOptions = None,
    as_json: AsJson = False,
) -> None:
    """Write the captions of a recording in the words of its script, each at its time."""
    from workbench.captions.cues import caption
    from workbench.script import Script
    from workbench.speech.align import align as match

    if output.suffix.lower() not in _CAPTIONS:
        raise ParameterError(f"must end in {', '.join(_CAPTIONS)}", subject=str(output))
    text = Script.load(script) if script != "-" else Script.parse(standard_input())
    heard = _heard(
        recording, language=language, model=model, engine=engine, stream=stream, option=option
    )
    tokens = [token for line in text.lines for token in line.words]
    said = heard if heard.words else _Read.heard(heard).words  # a recogniser without times of words
    found = match(tokens, said, duration=heard.duration, language=heard.language)
    told = f"{found.matched:.0%} of the script was heard in it"
    if found.matched < _ANOTHER:
        raise TextError(
            f"is not what the script says: {told}",
            subject=str(recording),
            cure="check that they belong together, and the language (--language)",
        )
    notes = [f"{recording}: only {told}"] if found.matched < _DOUBTFUL else []
    warn(notes)
    cues = caption(_Read.of(text, found.words, heard))
    cues.write(output)
    data = {
        "path": str(output),
        "matched": found.matched,
        **cues.to_dict(),
        "warnings": [*heard.warnings, *notes],
    }
    show(data, f"{output}: {len(cues)} captions, {found.matched:.0%} heard", as_json=as_json)


def _heard(
    file: Path,
    *,
    language: str | None,
    model: str | None,
    engine: str,
    stream: int | None,
    option: list[str] | None,
) -> Recognition:
    from workbench.engines.registry import transcriber
    from workbench.speech.transcribe import transcribe as listen

    options = transcriber(engine).options
    if option == ["help"]:
        show_options(options.describe())
        raise typer.Exit
    values = option_values(option or [], options)
    if model is not None:
        values["model"] = model
    heard = listen(file, language=language, engine=engine, stream=stream, **values)
    warn(heard.warnings)
    told = heard.to_dict()
    note(heard={name: told[name] for name in ("engine", "model", "language", "device", "options")})
    return heard


def _write(output: Path, heard: Recognition) -> str:
    """Write what was heard in the format that the suffix names; say in a word what it is."""
    from workbench.captions.cues import Cues, caption
    from workbench.paths import user_path
    from workbench.storage.atomic import write_bytes

    words = f"{len(heard.words)} words in {heard.duration:.1f} s, {heard.language or 'unknown'}"
    suffix = output.suffix.lower()
    if suffix in _CAPTIONS:
        spoken = _Read.heard(heard)
        cues = caption(spoken) if spoken.words else Cues(cues=(), language=heard.language)
        cues.write(output)
        return f"{len(cues)} captions, {words}"
    if suffix == ".json":
        text = json.dumps(heard.to_dict(), ensure_ascii=False, indent=2)
    else:
        text = "\n".join(segment.text for segment in heard.segments if segment.text)
    path = user_path(output)
    try:
        write_bytes(path, f"{text}\n".encode())
    except OSError as error:
        raise storage_error(error, path) from error
    return words


@dataclass(frozen=True)
class _Line:
    words: tuple[Word, ...]


@dataclass(frozen=True)
class _Read:
    """What `caption` takes: words, those of a line of the script by themselves."""

    parts: tuple[_Line, ...]
    language: str
    duration: float

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for part in self.parts for word in part.words)

    @classmethod
    def of(cls, script: Script, words: Sequence[Word], heard: Recognition) -> _Read:
        """Return the words of a script, line by line."""
        parts, first = [], 0
        for line in script.lines:
            last = first + len(line.words)
            parts.append(_Line(tuple(words[first:last])))
            first = last
        return cls(tuple(part for part in parts if part.words), heard.language, heard.duration)

    @classmethod
    def heard(cls, heard: Recognition) -> _Read:
        """Return the words that were heard; a segment without times for them shares its own."""
        if heard.words:
            return cls((_Line(heard.words),), heard.language, heard.duration)
        parts = tuple(_Line(_shared(segment)) for segment in heard.segments)
        return cls(tuple(part for part in parts if part.words), heard.language, heard.duration)


def _shared(segment: Segment) -> tuple[Word, ...]:
    """Return the words of a segment, its time shared by letters."""
    from workbench.script import tokenize
    from workbench.timing import Word

    tokens = tokenize(segment.text)
    total: Any = sum(len(token.text) for token in tokens) or 1
    words, done = [], 0
    for token in tokens:
        start = segment.start + segment.duration * done / total
        done += len(token.text)
        end = segment.start + segment.duration * done / total
        words.append(Word(text=token.text, start=start, end=end, space=token.space))
    return tuple(words)
