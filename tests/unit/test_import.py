from __future__ import annotations

import ast
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import workbench

HOME = Path(workbench.__file__).parent
HEAVY = {
    "IPython",
    "PIL",
    "av",
    "chatterbox",
    "cv2",
    "faster_whisper",
    "httpx",
    "huggingface_hub",
    "ipywidgets",
    "jupyter_client",
    "jupyter_server",
    "kokoro",
    "matplotlib",
    "nbclient",
    "nbformat",
    "numpy",
    "papermill",
    "pydantic",
    "pysubs2",
    "rich",
    "scipy",
    "soundfile",
    "soxr",
    "spacy",
    "torch",
    "transformers",
    "typer",
}
# Reading a script and speaking it need no notebook, no picture and no command line.
SPEAKING = HEAVY - {"numpy"}


def loaded(code: str, **variables: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running `code`."""
    code += "\nimport sys, json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **variables},
    )
    assert done.stderr == ""
    return set(json.loads(done.stdout))


def stub() -> tuple[dict[str, str], list[str]]:
    """What the stub declares: names and where they are from, and its ``__all__``."""
    tree = ast.parse((HOME / "__init__.pyi").read_text(encoding="utf-8"))
    names, listed = {}, []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or "": node.module or "" for alias in node.names}
            assert all(alias.asname == alias.name for alias in node.names)
        elif isinstance(node, ast.AnnAssign):
            names[ast.unparse(node.target)] = "workbench"
        elif isinstance(node, ast.Assign):
            listed = ast.literal_eval(node.value)
    return names, listed


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded("import workbench") & HEAVY


def test_values_load_numpy_and_no_more():
    code = (
        "import workbench as wb\n"
        "wb.Audio, wb.Span, wb.Word, wb.Voice, wb.Preset, wb.Script, wb.Take, wb.Narration\n"
        "wb.WorkbenchError\n"
        "wb.Script.parse('[voice:x] a [pause 1s] b')"
    )
    assert not loaded(code) & SPEAKING


def test_eager_import_loads_every_public_name():
    modules = loaded("import workbench; assert set(workbench._PUBLIC) <= set(vars(workbench))",
                     EAGER_IMPORT="1")  # fmt: skip
    assert "numpy" in modules
    assert not modules & {"torch", "kokoro", "chatterbox", "faster_whisper"}


def test_every_public_name_resolves_and_is_listed():
    assert workbench.__all__ == sorted(workbench.__all__)
    assert dir(workbench) == workbench.__all__
    for name in workbench.__all__:
        assert getattr(workbench, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'speek'"):
        workbench.speek  # type: ignore[attr-defined]  # noqa: B018


def test_the_stub_says_what_the_package_does():
    names, listed = stub()
    assert listed == workbench.__all__
    assert sorted(names) == workbench.__all__
    assert {n: m for n, m in names.items() if n != "__version__"} == workbench._PUBLIC


def test_public_names_are_where_they_are_said_to_be():
    for name, module in workbench._PUBLIC.items():
        assert name in importlib.import_module(module).__all__


def test_every_module_of_the_package_can_be_imported():
    """The newest commit of both systems before this one could not be: an IndentationError."""
    names = [info.name for info in pkgutil.walk_packages([str(HOME)], "workbench.")]
    assert len(names) > 40
    for name in names:
        module = importlib.import_module(name)
        assert sorted(set(getattr(module, "__all__", []))) == sorted(getattr(module, "__all__", []))
        assert all(hasattr(module, public) for public in getattr(module, "__all__", []))


def test_nothing_is_logged_on_a_terminal_unasked():
    code = "import workbench, logging; logging.getLogger('workbench.x').warning('unseen')"
    loaded(code)
