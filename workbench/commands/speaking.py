"""What the commands that speak share: who speaks, how, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.facts import note
from workbench.commands.output import option_values, show_options, standard_input

if TYPE_CHECKING:
    from workbench.script import Script
    from workbench.take import Narration

__all__ = [
    "LexiconFile",
    "Seed",
    "Verify",
    "VoiceName",
    "Without",
    "engine_values",
    "script",
    "speak",
    "ways",
]

VoiceName = Annotated[
    str | None, typer.Option("--voice", "-v", help="engine:voice, or the name of a preset.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="For voices that use chance.")]
Verify = Annotated[
    str | None,
    typer.Option("--verify", metavar="STT", help="Who listens to each line: stt, or stt:MODEL."),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without", metavar="RULE", help="Don't write this out (dates, money …); all for none."
    ),
]
LexiconFile = Annotated[
    Path | None,
    typer.Option("--lexicon", help="How words are said; without it, lexicon.toml here."),
]


def script(text: str) -> Script:
    """Return the script that an argument means: a file, standard input, or the text itself.

    Raises
    ------
    TextError
        When it cannot be read.
    """
    from workbench.script import Script

    if text != "-":
        return Script.load(text)
    return Script.parse(standard_input())


def ways(
    seed: int | None, verify: str | None, without: list[str] | None, lexicon: Path | None
) -> dict[str, Any]:
    """Return how a script is to be spoken, as the keywords of `workbench.speak`.

    Raises
    ------
    TextError
        When the lexicon cannot be read.
    """
    from workbench.text.lexicon import Lexicon

    off = without or []
    return {
        "seed": seed,
        "verify": verify,
        "normalize": "all" not in off and (dict.fromkeys(off, False) or True),
        "lexicon": None if lexicon is None else Lexicon.load(lexicon),
    }


def engine_values(voice: str | None, option: list[str] | None) -> dict[str, Any]:
    """Return the options of a voice's engine; with ``-O help``, list them and end.

    Raises
    ------
    ParameterError, ModelError
        When it has no such option, or there is no such voice.
    """
    from workbench.speech.speaker import Speaker

    options = Speaker(voice).engine.options
    if option == ["help"]:
        show_options(options.describe())
        raise typer.Exit
    # What speaks has keywords of its own, such as gap: only the engine's are set here.
    return option_values(option or [], options)


def speak(text: str, voice: str | None, option: list[str] | None, how: dict[str, Any]) -> Narration:
    """Speak a script that a command line gives; with ``-O help``, list the options and end.

    Raises
    ------
    WorkbenchError
        As `workbench.speak` does.
    """
    from workbench.speech.speak import speak as say

    values = engine_values(voice, option)
    read = script(text)
    said = say(read, voice, **how, **values)
    note(narrations=said.describe())
    return said
