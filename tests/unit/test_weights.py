from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import workbench
from workbench.engines import weights
from workbench.engines.kokoro.voices import find as find_kokoro_voice
from workbench.engines.weights import Model, digest, find_model, folder, locate, remove, state
from workbench.engines.weights import files as weights_files
from workbench.engines.weights.catalog import KOKORO_VOICES
from workbench.engines.weights.files import Entry, Lock, safe_path
from workbench.engines.weights.forms import form
from workbench.engines.weights.places import hub_cache
from workbench.errors import ParameterError, WeightsCorrupt, WeightsMissing

HOME = Path(workbench.__file__).parent
BIG = bytes(range(256)) * 40
FILES = {"config.json": b'{"layers": 2}', "model.big": BIG, "vocabulary.txt": b"a\nb\n"}
SMALL = Model(
    name="small",
    repository="someone/small",
    engine="test",
    files=("config.json", "model.big", "vocabulary.*"),
    voices=("anna", "bert", "carl", "dora"),
    licence="MIT",
    about="a test",
    size=10_240,
)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Folders of the test's own."""
    for name in list(os.environ):
        if name.startswith(("HF_", "HUGGINGFACE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("WORKBENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "models" / "small"


def plain(home: Path) -> Path:
    """A model's folder as `pull` leaves it."""
    for name, data in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
    entries = {
        name: Entry(size=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in FILES.items()
    }
    Lock(repository="someone/small", revision="0" * 40, files=entries).write(home)
    return home


def cached(commit: str = "a" * 40, *, branch: bool = True) -> Path:
    """The same in the cache of the hub: blobs by content, links for the commit."""
    home = hub_cache() / "models--someone--small"
    snapshot = home / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (home / "blobs").mkdir(exist_ok=True)
    for name, data in FILES.items():
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324
        blob = hashlib.sha256(data).hexdigest() if len(data) > 1000 else git
        (home / "blobs" / blob).write_bytes(data)
        (snapshot / name).symlink_to(Path("../../blobs") / blob)
    if branch:
        (home / "refs").mkdir()
        (home / "refs" / "main").write_text(commit)
    return snapshot


# --- the catalogue ---


def test_kokoro_has_the_voices_that_its_engine_speaks_with():
    voices = find_model("kokoro").voices
    assert len(voices) == len(set(voices)) == 54
    for language, names in KOKORO_VOICES.items():
        assert {find_kokoro_voice(name).info.language for name in names} == {language}


def test_whisper_is_every_model_that_faster_whisper_knows():
    from faster_whisper.utils import _MODELS

    ours = {one.name.removeprefix("whisper-"): one.repository for one in weights.models()}
    for size, repository in _MODELS.items():
        assert find_model(size).repository == repository
        assert find_model(f"whisper-{size}").repository == repository
        assert size in ours or size in {"large", "turbo"}


def test_spacy_s_model_is_the_one_misaki_asks_for():
    import importlib.util

    found = importlib.util.find_spec("misaki")
    if found is None or found.origin is None:
        pytest.skip("misaki is not installed")
    source = Path(found.origin).with_name("en.py").read_text(encoding="utf-8")
    assert "en_core_web_{'trf' if trf else 'sm'}" in source
    assert find_model("kokoro").needs == ("spacy-english",)


@pytest.mark.parametrize("name", ["kokorro", "whisper-tny", "", "../kokoro", "large-v9"])
def test_a_name_that_is_none_gets_the_nearest(name: str):
    with pytest.raises(ParameterError, match="is not a model"):
        locate(name)


# --- where it lies ---


def test_a_plain_folder_comes_before_the_cache(here: Path):
    assert folder(SMALL) == here
    snapshot = cached()
    assert locate(SMALL) == folder(SMALL) == snapshot
    assert state(SMALL).layout == "cache"
    plain(here)
    assert locate(SMALL) == folder(SMALL) == here
    assert state(SMALL).layout == "plain"


def test_the_commit_of_the_branch_comes_first_then_whatever_has_the_files(here: Path):
    first = cached("b" * 40, branch=False)
    main = cached("a" * 40)
    os.utime(first, (2e9, 2e9))
    assert locate(SMALL) == main
    (main / "vocabulary.txt").unlink()
    assert locate(SMALL) == first


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HOME": "{}/a"}, "a/hub"),
        ({"HF_HOME": "{}/a", "HF_HUB_CACHE": "{}/b"}, "b"),
        ({"HF_HOME": "{}/a", "HUGGINGFACE_HUB_CACHE": "{}/c"}, "c"),
        ({"HF_HOME": "", "XDG_CACHE_HOME": "{}/x"}, "x/huggingface/hub"),
        ({"HF_HOME": "", "XDG_CACHE_HOME": "", "HOME": "{}/me"}, "me/.cache/huggingface/hub"),
    ],
)
def test_the_cache_is_where_the_hub_s_own_library_has_it(
    monkeypatch, tmp_path: Path, variables: dict[str, str], expected: str
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    assert hub_cache() == tmp_path / expected
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    environment = {name: value for name, value in os.environ.items() if value}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == str(tmp_path / expected)


def test_a_name_does_not_lead_out_of_the_folder(here: Path, tmp_path: Path):
    plain(here)
    (tmp_path / "secret.txt").write_text("x")
    for name in ("../../secret.txt", "/etc/passwd", "voices/../../x", "a\0b", "", ".", "C:x"):
        with pytest.raises(ParameterError):
            locate(SMALL, [name])
        with pytest.raises(ParameterError):
            safe_path(name)


def test_what_is_not_there_is_told_with_folder_and_command(here: Path):
    """A dead network took 23.6 seconds before the hub's own library gave up."""
    with pytest.raises(WeightsMissing) as caught:
        locate(SMALL)
    assert str(caught.value) == (
        f"small: config.json, model.big, vocabulary.* of small are not in {here}, "
        "nor in the cache of the hub; workbench models pull small"
    )
    with pytest.raises(WeightsMissing, match=r"voices/anna\.pt of small is not in") as caught:
        locate(SMALL, ["voices/anna.pt"])
    assert caught.value.cure == "workbench models pull small --voice anna"
    many = SMALL.voice_files()
    with pytest.raises(WeightsMissing, match="and 1 more of small are not in") as caught:
        locate(SMALL, many)
    assert caught.value.cure == "workbench models pull small"


def test_every_model_that_is_absent_says_so_and_has_a_digest():
    for model in weights.models():
        assert digest(model.name) == "absent"
        assert state(model.name).state == "absent"
        with pytest.raises(WeightsMissing, match=f"workbench models pull {model.name}"):
            locate(model.name)


@pytest.mark.parametrize("layout", ["plain", "cache", "copied"])
@pytest.mark.parametrize("name", ["voices/anna.pt", "conds.pt"])
def test_a_changed_voice_or_optional_file_is_another_digest(here: Path, layout: str, name: str):
    """Only what a model cannot do without was looked at, and of that the lock was believed."""
    model = Model(**{**vars(SMALL), "optional": ("conds.pt",)})
    home = cached() if layout == "cache" else plain(here)
    if layout == "copied":
        (home / "workbench-lock.json").unlink()
    told = [digest(model)]
    (home / name).parent.mkdir(exist_ok=True)
    for data in (b"one", b"two", b"three"):
        (home / name).write_bytes(data)
        told.append(digest(model))
    (home / "README.md").write_bytes(b"no file of the model")
    told.append(digest(model))
    assert len(set(told)) == 4
    assert told[-1] == told[-2]
    (home / name).unlink()
    assert digest(model) == told[0]


def test_what_came_after_the_lock_is_read(here: Path):
    """Of the same length as the lock says, and nothing remembered of it."""
    home = plain(here)
    before = digest(SMALL)
    (home / "model.big").write_bytes(BIG[::-1])
    assert digest(SMALL) not in {before, "absent"}


def test_every_model_is_one_that_an_engine_loads():
    """One more was fetched for Kokoro, 382 MB that nothing read."""
    kokoro = {one.name for one in weights.models() if one.engine == "kokoro"}
    assert kokoro == {"kokoro", "spacy-english"}


# --- damages ---


def damage(path: Path, kind: str) -> None:
    data = bytearray(path.read_bytes())
    match kind:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "truncated":
            path.write_bytes(data[: len(data) // 2])
        case "one bit":
            data[len(data) // 2] ^= 4
            path.write_bytes(data)
        case "another file":
            path.write_bytes(FILES["vocabulary.txt"])
        case "incomplete":
            path.rename(path.with_name(f"{path.name}.incomplete"))


DAMAGES = ["missing", "empty", "truncated", "one bit", "another file", "incomplete"]


@pytest.mark.parametrize("layout", ["plain", "cache"])
@pytest.mark.parametrize("name", ["model.big", "config.json"])
@pytest.mark.parametrize("kind", DAMAGES)
def test_each_damage_names_the_file_and_what_to_do(here: Path, layout: str, name: str, kind: str):
    """faster-whisper says of most of these: RuntimeError, with no file in it."""
    home = plain(here) if layout == "plain" else cached()
    assert locate(SMALL) == home  # and remembers that all was well
    path = (home / name).resolve()
    damage(path, kind)
    expected = WeightsMissing if kind in {"missing", "incomplete"} else WeightsCorrupt
    for check in (lambda: locate(SMALL), lambda: weights.verify(SMALL)):
        with pytest.raises(expected, match=name.replace(".", r"\.")) as caught:
            check()
        assert caught.value.cure.endswith("workbench models pull small")
        assert "\n" not in str(caught.value)
    if layout == "plain" and kind != "one bit":
        assert state(SMALL).state in {"damaged", "partial"}


@pytest.mark.parametrize("layout", ["plain", "cache"])
def test_a_bit_that_turns_unseen_is_found_by_verify(here: Path, layout: str):
    """A digest is remembered for a size and a time; a disk may change a bit and keep both."""
    home = plain(here) if layout == "plain" else cached()
    locate(SMALL)
    path = (home / "model.big").resolve()
    times = path.stat().st_mtime_ns
    damage(path, "one bit")
    os.utime(path, ns=(times, times))
    assert locate(SMALL) == home
    with pytest.raises(WeightsCorrupt, match=r"model\.big"):
        weights.verify(SMALL)
    with pytest.raises(WeightsCorrupt, match=r"model\.big"):
        locate(SMALL)


def test_a_digest_is_read_once_for_a_state_of_a_file(here: Path, monkeypatch):
    plain(here)
    read: list[str] = []
    original = weights_files.content_digest

    def counted(path: Path) -> str:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(weights_files, "content_digest", counted)
    for _ in range(3):
        locate(SMALL)
    assert sorted(read) == sorted(FILES)
    (here / "model.big").write_bytes(BIG)  # the same bytes at another time
    locate(SMALL)
    assert sorted(read) == sorted([*FILES, "model.big"])


@pytest.mark.parametrize("memory", ["", "{", "[]", '{"x": 1}', "\udcff"])
def test_a_memory_that_cannot_be_read_costs_time_and_no_more(here: Path, tmp_path: Path, memory):
    plain(here)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "weights.json").write_bytes(memory.encode("utf-8", "surrogateescape"))
    assert locate(SMALL) == here


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"files": []}', '{"files": {"../x": {"size": 1, "sha256": ""}}}']
)
def test_a_lock_that_cannot_be_read_is_told(here: Path, text: str):
    plain(here)
    (here / "workbench-lock.json").write_text(text)
    with pytest.raises(WeightsCorrupt, match=r"workbench-lock\.json: cannot be read"):
        locate(SMALL)
    assert state(SMALL).state == "damaged"
    assert digest(SMALL) == "absent"


# --- files that somebody copied by hand ---


def test_files_without_a_list_are_taken_when_their_form_is_whole(here: Path):
    plain(here)
    (here / "workbench-lock.json").unlink()
    assert locate(SMALL) == here
    assert weights.verify(SMALL).state == "ready"
    (here / "config.json").write_bytes(b'{"layers"')
    with pytest.raises(WeightsCorrupt, match=r"config\.json is not JSON"):
        locate(SMALL)


def torch_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + bytes(200))
        archive.writestr("archive/data/0", BIG)


def safetensors(path: Path) -> None:
    header = json.dumps(
        {"__metadata__": {"a": "b"}, "w": {"dtype": "U8", "shape": [9], "data_offsets": [0, 9]}}
    ).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(9))


def ctranslate2(path: Path) -> None:
    import ctranslate2.specs
    import numpy as np

    class Spec(ctranslate2.specs.ModelSpec):
        def __init__(self) -> None:
            self.weight = ctranslate2.specs.model_spec.NumpyVariable(np.ones((3, 4), np.float32))
            self.other = ctranslate2.specs.model_spec.NumpyVariable(np.ones((3, 4), np.float32))

        @property
        def name(self) -> str:
            return "Spec"

    spec = Spec()
    spec.optimize()
    spec._serialize(path)


FORMS = {
    "model.pth": torch_zip,
    "voice.pt": torch_zip,
    "en.whl": torch_zip,
    "model.safetensors": safetensors,
    "model.bin": ctranslate2,
    "config.json": lambda path: path.write_bytes(b'{"a": [1, 2]}'),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_form_of_a_file_tells_that_it_was_cut(tmp_path: Path, name: str):
    path = tmp_path / name
    FORMS[name](path)
    assert form(path) == ""
    whole = path.read_bytes()
    for length in (*range(1, min(40, len(whole))), len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert form(path), f"{name} cut at {length}"
    path.write_bytes(b"version https://git-lfs/spec/v1\noid sha256:0\n")
    assert "pointer" in form(path)
    path.write_bytes(b"<html>not found</html>" * 9)
    assert form(path)


def test_a_bit_in_a_checkpoint_is_told_by_its_checksum(tmp_path: Path):
    path = tmp_path / "model.pth"
    torch_zip(path)
    damage(path, "one bit")
    assert form(path) == "is damaged in archive/data/0"


def test_the_first_years_of_torch_wrote_bare_pickles(tmp_path: Path):
    path = tmp_path / "ve.pt"
    path.write_bytes(b"\x80\x02rest")
    assert form(path) == ""


def test_nothing_here_unpickles():
    """CVE-2025-32434: what loads a pickle may run what is in it."""
    for path in (*HOME.glob("engines/weights*.py"), HOME / "commands" / "models.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not names & {"pickle", "torch", "joblib", "marshal", "shelve"}


# --- digest, state, remove ---


def test_the_digest_is_of_the_content_in_every_layout(here: Path):
    first = cached()
    by_cache = digest(SMALL)
    plain(here)
    by_lock = digest(SMALL)
    (here / "workbench-lock.json").unlink()
    by_reading = digest(SMALL)
    assert by_cache == by_lock == by_reading
    assert len(by_cache) == 12
    assert first.is_dir()
    (here / "vocabulary.txt").write_bytes(b"other")
    assert digest(SMALL) != by_cache


def test_the_state_counts_what_is_there(here: Path):
    plain(here)
    (here / "voices").mkdir()
    (here / "voices" / "bert.pt").write_bytes(b"\x80bert")
    (here / "voices" / "carl.pt.incomplete").write_bytes(b"\x80")
    (here / ".partial").mkdir()
    (here / ".partial" / "x.incomplete").write_bytes(b"half")
    found = state(SMALL)
    assert (found.state, found.voices) == ("ready", ("bert",))
    assert found.size == sum(map(len, FILES.values())) + 5
    assert json.loads(json.dumps(found.to_dict()))["voices"] == ["bert"]
    (here / "vocabulary.txt").unlink()
    assert (state(SMALL).state, state(SMALL).missing) == ("partial", ("vocabulary.*",))


def test_removing_takes_the_folder_and_says_what_it_had(here: Path):
    plain(here)
    sibling = here.with_name("small-too")
    sibling.mkdir()
    gone = remove(SMALL)
    assert gone.folders == (here,)
    assert gone.size > sum(map(len, FILES.values()))
    assert sibling.is_dir()
    with pytest.raises(WeightsMissing, match="small: is not in"):
        remove(SMALL)


def test_the_shared_cache_is_left_alone_unless_it_is_named(here: Path):
    snapshot = cached()
    other = hub_cache() / "models--someone--else"
    other.mkdir()
    with pytest.raises(WeightsMissing, match="--cache removes it"):
        remove(SMALL)
    assert snapshot.is_dir()
    assert remove(SMALL, cache=True).size >= sum(map(len, FILES.values()))
    assert other.is_dir()
    assert not snapshot.parents[1].exists()


def test_a_link_is_removed_and_not_what_is_behind_it(here: Path, tmp_path: Path):
    elsewhere = plain(tmp_path / "elsewhere")
    here.parent.mkdir()
    here.symlink_to(elsewhere)
    assert locate(SMALL) == here
    assert remove(SMALL).size == 0
    assert not here.exists()
    assert (elsewhere / "model.big").read_bytes() == BIG


def test_weights_that_cannot_be_written_to_are_used(here: Path, tmp_path: Path, monkeypatch):
    plain(here)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no folder")
    assert locate(SMALL) == here
    shutil.rmtree(here)


OFFLINE = """
import os, sys, time
import workbench.engines.weights as w
from workbench.errors import WeightsMissing
import socket
def refuse(*a, **k): raise AssertionError("a connection")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
for model in w.models():
    try: w.locate(model.name)
    except WeightsMissing as error: assert model.name in str(error)
    else: raise SystemExit("found")
heavy = {"httpx", "huggingface_hub", "torch", "spacy"} & set(sys.modules)
assert not heavy, heavy
"""


def test_looking_for_weights_asks_no_network_and_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


CONNECTIONS = """
import importlib, pkgutil, socket, sys
made = []
def record(*a, **k):
    made.append(a)
    raise OSError("no network in this test")
socket.socket.connect = socket.socket.connect_ex = record
socket.getaddrinfo = socket.create_connection = record
import workbench
for info in pkgutil.walk_packages(workbench.__path__, "workbench."):
    importlib.import_module(info.name)
from workbench.engines.registry import engine, engines, transcriber, transcribers
from workbench.errors import WorkbenchError
count = 0
for make, names in ((engine, engines()), (transcriber, transcribers())):
    for name in names:
        try:
            one = make(name)
            one.version
            count += 1
        except WorkbenchError as error:
            print(name, error)
heavy = {"torch", "kokoro", "chatterbox", "faster_whisper", "transformers", "spacy"}
print(count, sorted(heavy & set(sys.modules)), made)
"""


def test_importing_and_making_engines_makes_no_connection():
    """nltk.download at an import was the first thing the system before this one did."""
    done = subprocess.run(
        [sys.executable, "-c", CONNECTIONS], capture_output=True, text=True, check=True
    )
    *_, last = done.stdout.splitlines()
    count, rest = last.split(" ", 1)
    assert int(count) >= 1
    assert rest == "[] []", done.stdout
