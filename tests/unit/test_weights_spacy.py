from __future__ import annotations

import importlib.util
import stat
import subprocess
import sys
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from workbench.engines import weights
from workbench.engines.weights import activate_spacy, spacy_folder
from workbench.engines.weights import spacy as weights_spacy
from workbench.engines.weights.wheel import unpacked
from workbench.errors import StorageError, WeightsCorrupt, WeightsMissing

if TYPE_CHECKING:
    from pathlib import Path

NAME = "en_core_web_sm-any-py3-none-any.whl"
MEMBERS = {
    "en_core_web_sm/__init__.py": b"ANSWER = 42\n",
    "en_core_web_sm/en_core_web_sm-3.8.0/meta.json": b'{"lang": "en"}',
    "en_core_web_sm-3.8.0.dist-info/METADATA": b"Name: en_core_web_sm\nVersion: 3.8.0\n",
}


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Folders of the test's own, and no such package on this machine."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [p for p in sys.path if "unpacked-" not in p])
    return tmp_path / "models" / "spacy-english"


def wheel(folder: Path, members: dict[str, bytes] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / NAME, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members or MEMBERS).items():
            archive.writestr(name, data)
    return folder / NAME


def test_python_finds_the_package_and_the_path_has_it_once(here: Path):
    """Misaki downloads it at the first English sentence, unless Python finds it."""
    wheel(here)
    if weights_spacy.spacy_installed():
        pytest.skip("en_core_web_sm is installed on this machine")
    before = list(sys.path)
    for _ in range(3):
        activate_spacy()
    assert sys.path == [*before, str(spacy_folder())]
    assert weights_spacy.spacy_installed()
    code = f"import sys; sys.path.append({sys.path[-1]!r})\nimport en_core_web_sm as m"
    code += "\nprint(m.ANSWER)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"42\n"


def test_what_is_installed_already_is_used(here: Path, monkeypatch):
    monkeypatch.setattr(weights_spacy, "distribution", lambda _: object())
    before = list(sys.path)
    activate_spacy()
    assert sys.path == before
    assert not here.exists()


def test_without_the_wheel_the_command_is_told():
    with pytest.raises(WeightsMissing) as caught:
        spacy_folder()
    assert caught.value.cure == "workbench models pull spacy-english"


def test_it_is_unpacked_once_by_however_many(here: Path):
    wheel(here)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(spacy_folder())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 8
    assert sorted(path.name for path in here.iterdir()) == sorted([NAME, found[0].name])
    made = {
        path.relative_to(found[0]).as_posix(): path.read_bytes()
        for path in found[0].rglob("*")
        if path.is_file()
    }
    assert made == MEMBERS


def test_another_wheel_is_unpacked_beside_the_first(here: Path):
    wheel(here)
    first = spacy_folder()
    wheel(here, {**MEMBERS, "en_core_web_sm/__init__.py": b"ANSWER = 43\n"})
    assert spacy_folder() != first
    assert (spacy_folder() / "en_core_web_sm/__init__.py").read_bytes() == b"ANSWER = 43\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../evil.py", "would write to"),
        ("en_core_web_sm/../../evil.py", "would write to"),
        ("/tmp/evil.py", "would write to"),
        ("en_core_web_sm\\..\\evil.py", "would write to"),
        ("C:evil.py", "would write to"),
        ("evil.py", "is not of en_core_web_sm"),
        ("evil.pth", "is not of en_core_web_sm"),
        ("numpy/__init__.py", "is not of en_core_web_sm"),
        ("en_core_web_sm-3.8.0.data/scripts/evil", "is not of en_core_web_sm"),
    ],
)
def test_a_wheel_writes_nowhere_else(here: Path, tmp_path: Path, name: str, says: str):
    """Nothing of it is unpacked, not even what comes first."""
    wheel(here, {**MEMBERS, name: b"evil"})
    before = sorted(tmp_path.rglob("*evil*"))
    with pytest.raises(WeightsCorrupt, match=says):
        spacy_folder()
    assert sorted(tmp_path.rglob("*evil*")) == before == []
    assert [path.name for path in here.iterdir()] == [NAME]


def test_a_wheel_with_a_link_is_refused(here: Path):
    path = wheel(here)
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("en_core_web_sm/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(WeightsCorrupt, match="holds a link"):
        spacy_folder()


def test_a_wheel_that_grows_beyond_belief_is_refused(here: Path):
    wheel(here, {**MEMBERS, "en_core_web_sm/zeros": bytes(64 << 20)})
    with pytest.raises(WeightsCorrupt, match="more than a model has"):
        spacy_folder()


def test_what_is_no_wheel_is_told(tmp_path: Path):
    path = tmp_path / NAME
    path.write_bytes(b"PK\x03\x04rubbish")
    with pytest.raises(WeightsCorrupt, match="cannot be unpacked"):
        unpacked(path, "en_core_web_sm")
    with pytest.raises(StorageError):
        unpacked(tmp_path / "none.whl", "en_core_web_sm")


MISAKI = """
import socket, sys, zipfile
from pathlib import Path
import spacy

made, wheel = Path(sys.argv[1]), Path(sys.argv[2])
home = made / "en_core_web_sm"
home.mkdir(parents=True)
wheel.parent.mkdir(parents=True)
pipeline = spacy.blank("en")
pipeline.meta.update({"name": "core_web_sm", "version": "3.8.0"})
pipeline.to_disk(home / "en_core_web_sm-3.8.0")
(home / "meta.json").write_bytes((home / "en_core_web_sm-3.8.0" / "meta.json").read_bytes())
(home / "__init__.py").write_text(
    "from spacy.util import load_model_from_init_py\\n"
    "def load(**overrides):\\n    return load_model_from_init_py(__file__, **overrides)\\n"
)
with zipfile.ZipFile(wheel, "w") as archive:
    for path in home.rglob("*"):
        archive.write(path, path.relative_to(made))
    archive.writestr(
        "en_core_web_sm-3.8.0.dist-info/METADATA",
        "Metadata-Version: 2.1\\nName: en_core_web_sm\\nVersion: 3.8.0\\n",
    )

def refuse(*a, **k): raise AssertionError("a connection")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from misaki import en
try:
    en.G2P(trf=False, british=False, fallback=None)
except BaseException as error:
    print(type(error).__name__)
from workbench.engines.weights import activate_spacy
activate_spacy()
assert spacy.util.is_package("en_core_web_sm")
phonemes, tokens = en.G2P(trf=False, british=False, fallback=None)("Hello world")
print([token.text for token in tokens])
"""


@pytest.mark.model
def test_misaki_reads_english_with_it_and_downloads_nothing(here: Path, tmp_path: Path):
    """Misaki asks the network for the package at its first English sentence, and dies without.

    A blank pipeline stands in the place of the real one, packed as spaCy packs its models.
    """
    if importlib.util.find_spec("misaki") is None or importlib.util.find_spec("spacy") is None:
        pytest.skip("the extra kokoro is not installed")
    if weights_spacy.spacy_installed():
        pytest.skip("en_core_web_sm is installed on this machine")
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        MISAKI,
        str(tmp_path / "made"),
        str(here / NAME),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.splitlines()[-2:]
    assert before in {"AssertionError", "ConnectionError", "SystemExit"}
    assert after == "['Hello', 'world']"
    assert weights.state("spacy-english").state == "ready"
