"""``workbench normalize``: how a text is spoken, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.commands.output import AsJson, show, standard_input, warn

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(normalize)


def normalize(
    *,
    text: Annotated[str, typer.Argument(help="The text; - reads standard input.")] = "",
    language: Annotated[str, typer.Option("--language", "-l", help="Such as es-mx.")] = "en-us",
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="RULE", help="Switch a rule off.")
    ] = None,
    lexicon: Annotated[
        str | None, typer.Option("--lexicon", help="A TOML file; without it, lexicon.toml here.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how a text is written out before it is spoken, and which rule changed what."""
    from workbench.errors import ParameterError
    from workbench.text.lexicon import Lexicon
    from workbench.text.normalize import RULES
    from workbench.text.normalize import normalize as write_out

    if rules:
        told = [
            f"{rule.name:<14} {rule.help}"
            + (f" ({', '.join(rule.languages)})" if rule.languages else "")
            for rule in RULES
        ]
        show([rule._asdict() for rule in RULES], "\n".join(told), as_json=as_json)
        return
    if not text:
        raise ParameterError("is missing", subject="TEXT", cure="write it, or - for standard input")
    words = Lexicon.load(lexicon) if lexicon is not None else Lexicon.project()
    ready = write_out(
        standard_input() if text == "-" else text,
        language,
        rules=dict.fromkeys(without or [], False),
        lexicon=words,
    )
    warn(ready.notes)
    changes = [f"  {c.original!r} → {c.spoken!r}  ({c.rule})" for c in ready.changes]
    show(ready.to_dict(), "\n".join([ready.spoken, *changes]), as_json=as_json)
