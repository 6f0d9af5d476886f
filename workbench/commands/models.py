"""``workbench models``: which weights are here, and how to get, check and remove them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands.output import AsJson, show
from workbench.errors import ParameterError, WorkbenchError
from workbench.wording import file_size

if TYPE_CHECKING:
    from workbench.engines.weights import Model, State

__all__ = ["app"]

app = typer.Typer(
    name="models",
    help="The weights that engines use: list, pull, verify, remove.",
    rich_markup_mode=None,
)

Names = Annotated[
    list[str], typer.Argument(metavar="NAME", help="Such as kokoro, whisper-small or small.")
]
_MARKS = {"ready": "✓", "partial": "…", "damaged": "✗", "absent": "·"}
_NAMED = 3


@app.callback(invoke_without_command=True)
def _help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_models(
    *,
    engine: Annotated[str, typer.Option("--engine", "-e", help="Such as whisper.")] = "",
    here: Annotated[bool, typer.Option("--here", help="Only what is on this machine.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say which models there are, which are on this machine, and where.

    Sizes are those on disk, or what is to be fetched. WORKBENCH_MODELS names another folder; the
    cache of the hub (HF_HOME) is looked at as well.
    """
    from workbench.engines import weights

    found = [weights.state(one) for one in weights.models() if engine in {"", one.engine}]
    if not found:
        known = sorted({one.engine for one in weights.models()})
        raise ParameterError(
            "has no models", subject=engine, cure=f"there are those of {', '.join(known)}"
        )
    if here:
        found = [one for one in found if one.state != "absent"]
    rows = [_row(one) for one in found] or [f"none in {weights.models_folder()}"]
    show([one.to_dict() for one in found], "\n".join(rows), as_json=as_json)


@app.command()
def pull(
    *,
    names: Names,
    voice: Annotated[
        list[str] | None,
        typer.Option("--voice", "-v", help="Only this voice; repeat it for several."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where models go; engines look in WORKBENCH_MODELS."),
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Without what it needs, such as spacy-english.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch models, or what is missing or damaged of them, and check every byte.

    A fetch that was cut or stopped goes on where it ended. Kokoro is fetched with spaCy's English
    model, which its English pronunciation needs. HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are
    heeded.
    """
    from workbench.engines import weights
    from workbench.paths import user_path

    chosen = [weights.find_model(name) for name in names]
    voices = list(dict.fromkeys(voice or ()))
    if voices and len(chosen) > 1:
        raise ParameterError("is for one model", subject="--voice", cure="name one model only")
    root = None if folder is None else user_path(str(folder)).absolute()
    done = []
    for model in _with_needs(chosen, alone=alone):
        own = voices if model in chosen else []
        where = weights.pull(model, voices=own, folder=root)
        done.append({"name": model.name, "folder": str(where)})
    show(done, "\n".join(f"{one['name']}: {one['folder']}" for one in done), as_json=as_json)


def _with_needs(chosen: list[Model], *, alone: bool) -> list[Model]:
    from workbench.engines import weights
    from workbench.engines.weights.spacy import spacy_installed

    found = list(chosen)
    for model in chosen if not alone else ():
        for name in model.needs:
            needed = weights.find_model(name)
            if name == "spacy-english" and spacy_installed():
                continue
            if needed not in found:
                found.append(needed)
    return found


@app.command()
def verify(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="All that are here by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read every file of models through, and compare it with what it should be.

    Exits with 1 when a file is missing or damaged. Files that were copied by hand have no list to
    be compared with: there, only what their format tells is checked.
    """
    from workbench.engines import weights

    if names:
        chosen = [weights.find_model(name) for name in names]
    else:
        chosen = [one for one in weights.models() if weights.state(one).state != "absent"]
    results: list[dict[str, Any]] = []
    lines = []
    for model in chosen:
        try:
            found = weights.verify(model)
        except WorkbenchError as error:
            results.append({"name": model.name, "ok": False, **error.to_dict()})
            lines.append(f"✗ {model.name}: {error}")
        else:
            results.append({"name": model.name, "ok": True, "folder": str(found.folder)})
            lines.append(f"✓ {model.name}: {len(found.files)} files, {file_size(found.size)}")
    show(results, "\n".join(lines) or f"none in {weights.models_folder()}", as_json=as_json)
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


@app.command()
def remove(
    *,
    names: Names,
    cache: Annotated[
        bool,
        typer.Option("--cache", help="Also from the hub's cache, which other programs share."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove models from this machine, and say how much room that made.

    Exits with 1 when one of them is not there or cannot be removed; the others are removed.
    """
    from workbench.engines import weights

    chosen = [weights.find_model(name) for name in names]
    results: list[dict[str, Any]] = []
    lines = []
    for model in dict.fromkeys(chosen):
        try:
            gone = weights.remove(model, cache=cache)
        except WorkbenchError as error:
            results.append({"name": model.name, "ok": False, **error.to_dict()})
            lines.append(f"✗ {model.name}: {error}")
        else:
            folders = [str(path) for path in gone.folders]
            told = {"folders": folders, "size": gone.size}
            results.append({"name": model.name, "ok": True, **told})
            lines.append(f"✓ {model.name}: removed {', '.join(folders)}, {file_size(gone.size)}")
    show(results, "\n".join(lines), as_json=as_json)
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


def _row(found: State) -> str:
    model = found.model
    mark = _MARKS[found.state]
    size = file_size(found.size if found.files else model.size)
    head = f"{mark} {model.name:<26} {size:>8}  {model.licence:<11}"
    if found.state == "absent":
        from workbench.engines.weights.spacy import spacy_installed

        if model.name == "spacy-english" and spacy_installed():
            return f"{_MARKS['ready']}{head[1:]} installed as a package"
        return f"{head} {model.about}"
    voices = f", {len(found.voices)} of {len(model.voices)} voices" if model.voices else ""
    if found.damaged:
        name, why = found.damaged[0]
        return f"{head} {found.folder}  {name} {why}  → {model.command}"
    if found.missing:
        listed = ", ".join(found.missing[:_NAMED])
        return f"{head} {found.folder}  lacks {listed}  → {model.command}"
    shared = " (the cache of the hub)" if found.layout == "cache" else ""
    return f"{head} {found.folder}{shared}{voices}"
