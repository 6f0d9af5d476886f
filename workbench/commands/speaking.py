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


def speak(text: str, voice: str | None, option: list[str] | None, how: dict[str, Any]) -> Narration:
    """Speak a script that a command line gives; with ``-O help``, list the options and end.

    Raises
    ------
    WorkbenchError
        As `workbench.speak` does.
    """
    from workbench.speech.speak import speak as say
    from workbench.speech.speaker import Speaker

    if option == ["help"]:
        show_options(Speaker(voice).engine.options.describe())
        raise typer.Exit
    read = script(text)
    # `speak` has keywords of its own, such as gap: only the engine's are set here
    values = option_values(option or [], Speaker(voice).engine.options)
    said = say(read, voice, **how, **values)
    note(narrations=said.describe())
    return said
