"""Imports go only downwards; what may speak is known by name."""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import workbench

HOME = Path(workbench.__file__).parent

# Room of a module or package under workbench, and its level. Rooms of one level do not know each
# other; within a room, modules may.
LEVELS = {
    "values": 0,
    "text": 1,
    "storage": 1,
    "engines": 2,
    "ledger": 2,
    "speech": 3,
    "captions": 3,
    "media": 4,
    "production": 5,
    "service": 5,
    "widgets": 6,
    "commands": 7,
}
VALUES = {
    "disk",
    "errors",
    "audio",
    "timing",
    "voice",
    "script",
    "take",
    "options",
    "paths",
    "processors",
    "progress",
    "recognition",
    "formats",
    "ogg",
    "soundfiles",
    "wording",
}
ROOMS = dict.fromkeys(VALUES, "values") | {
    "display": "widgets",
    "cli": "commands",
    "doctor": "commands",
    "__main__": "commands",
}

# Module, what it imports, inside which function, and why that is right.
EXCEPTIONS = {
    ("audio", "storage.atomic", "write"): "a value that is saved appears whole or not at all",
    ("voice", "storage.atomic", "save"): "as above",
    ("text.lexicon", "storage.atomic", "save"): "as above",
    ("media.video.speech", "speech.speak", "spoken"): "a video may be given text instead of speech",
    ("__init__", "display", ""): "imported by name, in a notebook only, to show values there",
}
# Captions and media take values; they ask no engine for a voice.
SILENT = {"captions", "media"}
VOICES = {"engines", "speech"}


@dataclass(frozen=True)
class Import:
    module: str
    target: str
    function: str


def module_name(path: Path) -> str:
    parts = path.relative_to(HOME).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def room(module: str) -> str:
    top = module.split(".", maxsplit=1)[0]
    return ROOMS.get(top, top)


def is_module(name: str) -> bool:
    path = HOME.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports_of(source: str, module: str, package: str) -> list[Import]:
    """Every import of this package in a module, at its top or in its functions."""
    found = []

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            name = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            inner = [f"{name}.{alias.name}" for alias in node.names]
            modules = [i for i in inner if is_module(i.removeprefix("workbench."))]
            names = modules or [name]
        ours = [name.removeprefix("workbench.") for name in names if name.startswith("workbench.")]
        found.extend(Import(module, name, function) for name in ours)
        for child in ast.iter_child_nodes(node):
            visit(child, function)

    visit(ast.parse(source), "")
    return found


@cache
def all_imports() -> list[Import]:
    found = []
    for path in sorted(HOME.rglob("*.py")):
        module = module_name(path)
        inside = path.name == "__init__.py"
        package = f"workbench.{module}" if inside and module != "__init__" else "workbench"
        if not inside and "." in module:
            package = f"workbench.{module.rpartition('.')[0]}"
        found += imports_of(path.read_text(encoding="utf-8"), module, package)
    return found


def faults(found: list[Import]) -> list[str]:
    told = []
    for item in found:
        here, there = room(item.module), room(item.target)
        if (item.module, item.target, item.function) in EXCEPTIONS:
            continue
        if item.module == "__init__":
            told.append(f"the package itself imports {item.target}")
        elif here != there and LEVELS[there] >= LEVELS[here]:
            told.append(f"{item.module} ({here}) imports {item.target} ({there})")
        elif here in SILENT and there in VOICES:
            told.append(f"{item.module} asks {item.target} for a voice")
    return told


def test_imports_go_only_downwards():
    assert faults(all_imports()) == []


def test_every_module_has_a_room():
    rooms = {room(module_name(path)) for path in HOME.rglob("*.py")} - {"__init__"}
    assert rooms <= set(LEVELS)


def test_no_exception_is_left_over():
    used = {(i.module, i.target, i.function) for i in all_imports()}
    assert set(EXCEPTIONS) - used <= {("__init__", "display", "")}


def test_only_the_show_window_is_imported_by_name():
    """`importlib.import_module` would get around this test."""
    users = {
        module_name(path)
        for path in HOME.rglob("*.py")
        if "import_module" in path.read_text(encoding="utf-8")
    }
    # Tables of public names; and what a person asks a fork server to load.
    assert users <= {"__init__", "media", "widgets", "production.kernels.preload"}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("errors", "from workbench.storage.atomic import sweep"),
        ("take", "def f():\n    from workbench.engines.registry import engine"),
        ("captions.cues", "from workbench.speech.speak import speak"),
        ("captions.cues", "def f():\n    import workbench.media.probe"),
        ("media.probe", "from workbench.engines import engine"),
        ("media.video", "def render():\n    from workbench.speech.speak import speak"),
        ("speech.speak", "from workbench.captions.cues import Cues"),
        ("production.job", "from workbench.widgets.player import Player"),
        ("widgets.player", "from workbench import cli"),
        ("media.probe", "from ..engines import registry"),
        ("__init__", "import workbench.audio"),
    ],
)
def test_an_import_upwards_is_found(module: str, source: str):
    package = ".".join(["workbench", *module.split(".")[:-1]])
    assert len(faults(imports_of(source, module, package))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("production.job", "from workbench import errors\nfrom workbench.media.probe import probe"),
        ("media.video.speech", "def spoken():\n    from workbench.speech.speak import speak"),
        ("widgets.player", "from workbench.widgets.clip import Clip"),
        ("display", "from workbench.widgets import twin"),
        ("storage.cache", "import workbench"),
    ],
)
def test_an_import_downwards_is_none_of_our_business(module: str, source: str):
    assert faults(imports_of(source, module, "workbench")) == []
