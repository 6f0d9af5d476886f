# ruff: noqa: INP001, SLF001 - a script that reads the two tables of public names
"""The pages of the site that no file in `docs/` holds: README, notebooks, the API.

A hook of mkdocs. What a notebook or the README says is said once, where it stands. Links between
them become links between pages, and a link to a file without a page leads to the repository.
"""

from __future__ import annotations

import json
import logging
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files

import workbench
from workbench import media

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
log = logging.getLogger("mkdocs.workbench")

# What of the repository is a page, and which.
_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
_NOTEBOOKS = ("tour", "jobs", "dashboards")
_ROOMS = {
    "values": "Values",
    "speech": "Speech",
    "captions": "Captions",
    "media": "Video and sound",
    "widgets": "Widgets",
    "production": "Production",
    "service": "Service",
    "text": "Text",
    "engines": "Engines",
    "errors": "Errors",
}
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
# A badge is fetched from whoever draws it; on the site its text does.
_BADGE = re.compile(r"!\[([^\]]*)\]\[[\w-]+-badge\]")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill in the parts of the menu that follow from what is there."""
    listed = json.dumps(config.nav)
    guides = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    for entry in config.nav or []:
        ((title, value),) = entry.items()
        if value == "api":
            entry[title] = [{_ROOMS[room]: f"api/{room}.md"} for room in _rooms()]
        elif value in _NOTEBOOKS:
            entry[title] = [f"{value}/{path.stem}.md" for path in _notebooks(value)]
        elif title == "Guides":  # one that nobody has put into the order is still found
            entry[title] = [name for name in value if name in guides]
            entry[title] += [name for name in guides if f'"{name}"' not in listed]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made here."""
    made = {page: _read(source) for source, page in _PAGES.items()}
    for kind in _NOTEBOOKS:
        for path in _notebooks(kind):
            made[f"{kind}/{path.stem}.md"] = _notebook(path, config)
    for room, names in _rooms().items():
        made[f"api/{room}.md"] = _api(room, names)
    for page, content in made.items():
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Lead links to where their file's page lies."""
    source = _source(page.file.src_uri)
    if source is None:
        return markdown

    def lead(match: re.Match[str]) -> str:
        target, mark, anchor = match[2].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return match[0]
        lies = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        to = _page(lies)
        if to is None:
            if not (ROOT / lies).exists():
                log.warning("%s links to %s, which is not there", source, target)
            return f"{match[1]}{_repository(config)}/blob/main/{lies}{mark}{anchor}{match[3]}"
        here = posixpath.dirname(page.file.src_uri) or "."
        return f"{match[1]}{posixpath.relpath(to, here)}{mark}{anchor}{match[3]}"

    parts = _CODE.split(_BADGE.sub(r"\1", markdown))
    return "".join(part if n % 2 else _LINK.sub(lead, part) for n, part in enumerate(parts))


def _repository(config: MkDocsConfig) -> str:
    return str(config.extra["repository"])


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _source(page: str) -> str | None:
    """Return the file of the repository that a page is made from."""
    for source, made in _PAGES.items():
        if made == page:
            return source
    kind, _, name = page.partition("/")
    if kind in _NOTEBOOKS:
        return f"notebooks/{kind}/{name.removesuffix('.md')}.ipynb"
    return None if kind == "api" else f"docs/{page}"


def _page(path: str) -> str | None:
    """Return the page that a file of the repository has become."""
    if path in _PAGES:
        return _PAGES[path]
    first, _, rest = path.partition("/")
    if first == "notebooks" and rest.endswith(".ipynb") and (ROOT / path).is_file():
        return rest.removesuffix(".ipynb") + ".md"
    return rest if first == "docs" and (ROOT / path).is_file() else None


def _notebooks(kind: str) -> list[Path]:
    return sorted((ROOT / "notebooks" / kind).glob("*.ipynb"))


def _notebook(path: Path, config: MkDocsConfig) -> str:
    """Return what a notebook says and does, with the ways to open it under its title."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join(_cell(cell) for cell in cells)
    title, _, rest = text.partition("\n")
    lies = path.relative_to(ROOT).as_posix()
    project = _repository(config).removeprefix("https://github.com/")
    hub = "voila/render" if path.parent.name == "dashboards" else "lab/tree"
    ways = (
        f"[Open in Binder](https://mybinder.org/v2/gh/{project}/HEAD?urlpath={hub}/{lies})"
        f" · [in Colab](https://colab.research.google.com/github/{project}/blob/main/{lies})"
        f" · [the notebook]({_repository(config)}/blob/main/{lies})"
    )
    return f"{title}\n\n{ways}\n{{: .ways }}\n{rest}\n"


def _cell(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"]).rstrip()
    return source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"


def _rooms() -> dict[str, list[tuple[str, str]]]:
    """Return every public name of the package and its module, by room."""
    found: dict[str, list[tuple[str, str]]] = {room: [] for room in _ROOMS}
    for name, module in workbench._PUBLIC.items():  # type: ignore[attr-defined]  # the .pyi has no table
        if name == "media":
            continue  # a room, whose own names follow below
        room = module.split(".")[1]
        found[room if room in found else "values"].append((name, f"{module}.{name}"))
    return {room: sorted(names, key=_order) for room, names in found.items()}


def _order(named: tuple[str, str]) -> tuple[bool, str]:
    name, _ = named
    return name[0].isupper(), name.lower()  # what is called first, then what comes of it


def _api(room: str, names: Iterable[tuple[str, str]]) -> str:
    parts = [f"# {_ROOMS[room]}"]
    if room == "errors":
        said = "Each names the thing (`subject`), what is wrong with it (`problem`), "
        said += "and what to do (`cure`)."
        parts.append(said)
    # Methods of a base class count as the class's own, but an error has no others than its base.
    parts += [_entry(f"workbench.{name}", path, whole=room != "errors") for name, path in names]
    if room == "media":
        parts.append(_toolbox())
    return "\n\n".join(parts) + "\n"


def _entry(name: str, path: str, *, whole: bool = True) -> str:
    """Return the entry of a public name, under that name wherever it is written."""
    short = name.removeprefix("workbench.")
    options = f"    options:\n      heading: {short}\n      toc_label: {short}"
    options += f"\n      inherited_members: {str(whole).lower()}"
    return f'<a id="{name}"></a>\n\n::: {path}\n{options}'


def _toolbox() -> str:
    """Return the entries of `workbench.media`, which holds the tools for clips and sounds."""
    parts = ['## The toolbox, `workbench.media`\n\n<a id="workbench.media"></a>']
    for name in sorted(media.__all__, key=lambda name: (name[0].isupper(), name)):
        module, _, other = media._PUBLIC[name].partition(".")
        parts.append(_entry(f"workbench.media.{name}", f"workbench.media.{module}.{other or name}"))
    return "\n\n".join(parts)
