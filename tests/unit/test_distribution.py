"""What is published: built twice, the same both ways, and at work in an environment of its own."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

import workbench as wb
from workbench.audio import Audio

ROOT = Path(__file__).parents[2]
NOT_SOURCE = (
    ".git",
    ".venv*",
    "out",
    "dist",
    "build",
    "site",
    ".*_cache",
    "__pycache__",
    ".hypothesis",
)
# What lies about in a tree that is worked in, and belongs to nobody else.
LEFT_BEHIND = (
    "out/film.mp4",
    "notebooks/jobs/.ipynb_checkpoints/captioned_short-checkpoint.ipynb",
    "notebooks/jobs/out/film.mp4",
    "notebooks/jobs/presets/narrator.toml",
    "presets/narrator.toml",
    "workbench/notes.log",
    "workbench/__pycache__/audio.cpython-311.pyc",
)
VERSION = wb.__version__
DATA = f"media_workbench-{VERSION}.dist-info"


def build(tree: Path, kind: str, folder: Path) -> Path:
    """Build one kind with the pinned hatchling of this environment: nothing is fetched."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", folder, tree],
        capture_output=True, text=True, check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, with what a working day leaves in them."""
    copy = tmp_path_factory.mktemp("tree") / "source"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    for name in LEFT_BEHIND:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(b"mine")
    return copy


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tree, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tree, "sdist", tmp_path_factory.mktemp("sdist"))


def files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def sources(sdist: Path) -> dict[str, int]:
    with tarfile.open(sdist) as archive:
        return {entry.name.partition("/")[2]: entry.size for entry in archive if entry.isfile()}


def test_the_wheel_holds_what_runs_and_nothing_else(wheel: Path):
    held = files(wheel)
    for kind in ("*.py", "*.pyi", "*.js", "*.css", "py.typed"):
        for path in (ROOT / "workbench").rglob(kind):
            if "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in held, path
    for path in (ROOT / "notebooks" / "jobs").glob("*.ipynb"):
        assert f"workbench/notebooks/jobs/{path.name}" in held
    assert "workbench/requirements/chatterbox.txt" in held
    assert {name.split("/")[0] for name in held} == {"workbench", DATA}
    left = [name for name in held if any(name.endswith(Path(one).name) for one in LEFT_BEHIND)]
    assert not left
    assert wheel.stat().st_size < 3 << 20


def test_the_sdist_holds_what_builds_tests_and_documents_it(sdist: Path):
    held = sources(sdist)
    for name in (
        "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE",
        "Makefile", "mkdocs.yml", "conftest.py", "requirements/base.txt", "requirements/test.txt",
        "requirements/chatterbox.txt", "binder/postBuild", "tools/pages.py", "docs/video.md",
        "docs/player.png", "tests/conftest.py", "notebooks/tour/01_say.ipynb",
        "tests/models/tiny_whisper/model.bin",  # 1.7 MB: no recognition is tested without it
    ):  # fmt: skip
        assert name in held, name
    assert not [name for name in held if name in LEFT_BEHIND]
    large = {name for name, size in held.items() if size > 1 << 20}
    assert large <= {"tests/models/tiny_whisper/model.bin"}
    assert sdist.stat().st_size < 6 << 20


def test_built_again_it_has_the_same_bytes(tree: Path, wheel: Path, sdist: Path, tmp_path: Path):
    for kind, first in (("wheel", wheel), ("sdist", sdist)):
        again = build(tree, kind, tmp_path / kind)
        assert again.name == first.name
        assert again.read_bytes() == first.read_bytes(), kind


def test_the_sdist_gives_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert build(unpacked, "wheel", tmp_path / "made").read_bytes() == wheel.read_bytes()


def test_what_the_wheel_says_of_itself_is_true(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        told = archive.read(f"{DATA}/METADATA").decode()
        points = archive.read(f"{DATA}/entry_points.txt").decode()
        for name, digest, _ in csv.reader(io.StringIO(archive.read(f"{DATA}/RECORD").decode())):
            if digest:
                made = hashlib.sha256(archive.read(name)).digest()
                expected = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
                assert digest == f"sha256={expected}", name
    assert f"\nVersion: {VERSION}\n" in told
    assert "\nLicense-Expression: Apache-2.0\n" in told
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for group, named in {**project["entry-points"], "console_scripts": project["scripts"]}.items():
        section = points.partition(f"[{group}]\n")[2].partition("\n[")[0]
        for name, target in named.items():
            assert f"{name} = {target}" in section


def environment(folder: Path, wheel: Path) -> Path:
    """Return the scripts of an empty environment in which the wheel and its pins were installed."""
    uv = [Path(sys.executable).with_name("uv"), "pip", "install", "-q", "--offline", "--no-deps"]
    subprocess.run([uv[0], "venv", "-q", "--python", sys.executable, folder], check=True)
    into = ["--python", folder / "bin" / "python"]
    pins = ["--require-hashes", "-r", ROOT / "requirements" / "base.txt"]
    # From uv's own cache, by hard links: a second. Without one, this environment's packages serve.
    if subprocess.run([*uv, *into, *pins], capture_output=True, check=False).returncode:
        (packages,) = (folder / "lib").glob("python3*/site-packages")
        (packages / "pins.pth").write_text(str(Path(np.__file__).parents[1]))
    subprocess.run([*uv, *into, wheel], check=True)
    return folder / "bin"


@pytest.mark.media
@pytest.mark.notebook
def test_in_an_empty_environment_it_speaks_and_runs_its_notebooks(wheel: Path, tmp_path: Path):
    scripts = environment(tmp_path / "environment", wheel)
    home = tmp_path / "home"
    home.mkdir()
    # Its own Jupyter, its own cache, and no way back to this tree.
    apart = {"JUPYTER_PATH": "", "JUPYTER_DATA_DIR": str(home / "jupyter"), "PYTHONPATH": ""}
    apart |= {"PATH": f"{scripts}:/usr/bin:/bin", "WORKBENCH_CACHE": str(home / "cache")}

    def told(*words: str) -> str:
        done = subprocess.run(
            [scripts / words[0], *words[1:]], cwd=home, env={**os.environ, **apart},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    lies = told("python", "-c", "import workbench; print(workbench.__file__)").strip()
    assert Path(lies).is_relative_to(tmp_path / "environment")
    assert VERSION in told("workbench", "--version")
    told("workbench", "say", "Hello there.", "--voice", "espeak:en-us", "-o", "hello.wav")
    assert np.abs(Audio.read(home / "hello.wav").samples).max() > 0.1
    names = told("workbench", "run", "captioned_short", "--explain")
    assert "script" in names
    told(
        "workbench", "run", "captioned_short", "-p", "script=One line.",
        "-p", "output=short.mp4", "-p", "preset=draft",
    )  # fmt: skip
    assert wb.probe(home / "short.mp4").duration > 0.5
    points = "from importlib.metadata import entry_points as e; import json;"
    points += "print(sorted(x.name for x in e(group='workbench.engines')))"
    assert told("python", "-c", points).strip() == "['chatterbox', 'espeak', 'kokoro', 'remote']"


def test_what_ci_runs_is_pinned_and_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = {
        path.stem: path.read_text(encoding="utf-8") for path in (ROOT / ".github").rglob("*.yml")
    }
    assert set(found) == {"test", "docs", "dist"}
    for told in found.values():
        steps = yaml.safe_load(told)
        assert steps["permissions"] == {"contents": "read"}
        for action in re.findall(r"uses: (\S+)", told):
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action), "a tag can be moved"
        for target in re.findall(r"run: make (\w+)", told):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
