"""``workbench clone``: voices to be cloned, each with the consent of the person it belongs to."""

from __future__ import annotations

import warnings
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from workbench.commands.output import AsJson, show
from workbench.errors import ParameterError, WorkbenchError, WorkbenchWarning

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("clone")(_clone)


def _clone(
    *,
    name: Annotated[
        str | None, typer.Argument(help="What to call the voice; without it they are listed.")
    ] = None,
    file: Annotated[
        Path | None, typer.Argument(help="3 to 60 s of one person's clear speech.")
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Whose voice it is.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="What they agreed to.")] = "",
    consent: Annotated[bool, typer.Option("--i-have-consent", help="They agreed to it.")] = False,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="What they speak, such as es.")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="A line for people.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Record a voice of that name again.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the voice.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a recording as a voice that chatterbox:NAME speaks with; list, show or remove one."""
    from workbench.engines.reference import ReferenceVoice

    given = {
        "--who": who,
        "--purpose": purpose,
        "--i-have-consent": consent,
        "--language": language,
        "--note": note,
        "--replace": replace,
    }
    if file is None:
        for flag, value in given.items():
            if value:
                raise ParameterError("is for a recording, and none is named", subject=flag)
    if name is None:
        if remove:
            raise ParameterError("needs the name of a voice", subject="--remove")
        _show_all(as_json=as_json)
    elif remove:
        if file is not None:
            raise ParameterError("takes a name alone", subject="--remove")
        path = ReferenceVoice.discard(name)
        show({"voice": path.stem, "removed": True}, f"removed {path}", as_json=as_json)
    elif file is None:
        _show_one(ReferenceVoice.load(name), as_json=as_json)
    else:
        voice = ReferenceVoice.record(
            name,
            file,
            who=who,
            purpose=purpose,
            consent=consent,
            language=language or "en",
            note=note,
            replace=replace,
        )
        text = f"{voice.path}: {voice.seconds:.1f} s; speak with chatterbox:{voice.name}"
        show(_told(voice), text, as_json=as_json)


def _show_all(*, as_json: bool) -> None:
    from workbench.engines.reference import ReferenceVoice

    voices = []
    for name in ReferenceVoice.names():
        try:
            voice = ReferenceVoice.load(name)
            voice.verify()
        except WorkbenchError as error:  # one that is damaged does not hide the others
            warnings.warn(f"{name} is left out: {error}", WorkbenchWarning, stacklevel=2)
        else:
            voices.append(voice)
    rows = [f"{v.name:<16} {v.language:<8} {v.date}  {v.who}: {v.purpose}" for v in voices]
    show([_told(voice) for voice in voices], "\n".join(rows), as_json=as_json)


def _show_one(voice: Any, *, as_json: bool) -> None:
    voice.verify()
    rows = [f"{name:<9} {value}" for name, value in _told(voice).items() if value]
    show(_told(voice), "\n".join(rows), as_json=as_json)


def _told(voice: Any) -> dict[str, Any]:
    return {
        **voice.consent(),
        "language": voice.language,
        "seconds": voice.seconds,
        "path": str(voice.path),
    }
