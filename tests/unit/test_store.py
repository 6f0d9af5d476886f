"""A store in a folder: nothing leads out of it, nothing half is in it, nothing foreign is swept."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contracts.store import left_over, lettered, write
from workbench.errors import (
    FileGone,
    ParameterError,
    QuotaExceeded,
    StorageError,
    StorageFull,
    WorkbenchError,
)
from workbench.storage import leases, problems, shelf
from workbench.storage.ids import EXTENSIONS, FileId
from workbench.storage.store import Store, open_store, store_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

DEAD = 2**22 + 1  # above the largest process id that Linux gives
KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", judge=lettered)


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return everything below a folder and what is in it, links as what they say."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_bytes()
        else:
            found[name] = "a folder"
    return found


# -- where it is --------------------------------------------------------------------------------


def test_the_folder_is_the_named_one_or_the_users(tmp_path: Path, monkeypatch):
    """The old server kept its files below the folder in which it was started."""
    monkeypatch.delenv("STORAGE_PATH", raising=False)
    monkeypatch.delenv("WORKBENCH_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert store_folder().name == "media"
    assert "workbench" in store_folder().parts
    monkeypatch.setenv("STORAGE_PATH", "/srv/old")
    assert store_folder() == Path("/srv/old")
    monkeypatch.setenv("WORKBENCH_STORE", "~/new")
    assert store_folder() == Path.home() / "new"
    assert open_store(None, judge=lettered).folder == Path.home() / "new"


def test_the_working_directory_may_change(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = Store(Path("here"), judge=lettered)
    file = store.put(b"Ax")
    monkeypatch.chdir("/")
    assert store.get(file.id) == b"Ax"
    assert (tmp_path / "here" / "audio").is_dir()


def test_the_path_is_for_telling(store: Store):
    file = store.put(b"Ax")
    assert store.path(file.id).read_bytes() == b"Ax"
    assert store.path(file.id) == store.folder / FileId.parse(file.id).path


# -- keys ---------------------------------------------------------------------------------------

PIECES = [
    "..", "../", "/", "\\", "..\\", "%2e%2e%2f", "%00", "\0", "．．／", "．", "∕", "C:", "C:\\",
    "~", "store_evil", "../store_evil/audio/", "/etc/passwd", "audio_", "video_", "image_", "tmp_",
    "AUDIO_", KEY, KEY.upper(), KEY.replace("0", "０"), KEY[:-1], ".wav", ".mp4", ".png", ".html",
    ".WAV", ".wav\n", ".tmp", ".part", ".", "-", "_", " ", "\n", "\r\n", "'", '"', "`", "$(id)",
    "a" * 300, "é" * 200, "\ud800", "\u202e", "audio/", "audio//", "audio/..", ".store/names/", "%",
]  # fmt: skip


def keys(number: int) -> Iterator[str]:
    """Yield as many keys, from wild ones to some that differ from an id in one letter."""
    chance = random.Random(11)  # noqa: S311 - the same keys in every run
    for _ in range(number):
        way = chance.random()
        if way < 0.5:
            yield "".join(chance.choices(PIECES, k=chance.randint(1, 6)))
        elif way < 0.6:
            yield "".join(chr(chance.randint(0, 0x2FFFF)) for _ in range(chance.randint(0, 40)))
        else:
            one = list(f"{chance.choice([*EXTENSIONS, 'tmp'])}_{KEY}{chance.choice(PIECES[30:38])}")
            place = chance.randrange(len(one))
            one[place : place + chance.randint(0, 2)] = chance.choice(["", *PIECES, "0", "f"])
            yield "".join(one)


LIKE_AN_ID = re.compile(rf"(?:image|video|audio)_{KEY[:8]}[0-9a-f-]{{28}}\.[a-z0-9]+")


def test_10_000_keys_lead_nowhere(tmp_path: Path):
    """Of the old server's 10,000, a NUL came to the system in 478, and 5 were a folder.

    Its test for what is inside was `startswith(root)` without a separator, so that
    ``/srv/media_evil`` was inside ``/srv/media``.
    """
    store = Store(tmp_path / "store", judge=lettered)
    kept = store.put(b"Akept")
    evil = tmp_path / "store_evil" / "audio"
    evil.mkdir(parents=True)
    (evil / f"{KEY}.wav").write_bytes(b"Aevil")
    (tmp_path / f"{KEY}.wav").write_bytes(b"Aevil")
    before = tree(tmp_path)
    refused = near = 0
    for key in keys(10_000):
        for ask in (store.get, store.open, store.stat, store.delete, store.exists, store.path):
            try:
                assert ask(key) is False
            except (ParameterError, FileGone) as error:
                assert str(tmp_path) not in str(error)  # noqa: PT017 - any of them may come
                refused += 1
        try:
            with store.reading(key):
                pytest.fail("there is none")
        except (ParameterError, FileGone):
            refused += 1
        if not LIKE_AN_ID.fullmatch(key):
            with pytest.raises(ParameterError):
                store.put(b"Ax", file_id=key)
            with pytest.raises(ParameterError), store.writing(key):
                pytest.fail("it is no id")
        else:
            near += 1
    assert 10 < near < 2000
    assert refused > 50_000
    assert tree(tmp_path) == before
    assert store.get(kept.id) == b"Akept"


@pytest.mark.parametrize(
    ("type", "extension"),
    [("audio", ".mp4"), ("audio", "wav"), ("tmp", ".tmp"), ("image", ".html"), ("", ""),
     ("image", ".svg"), ("audio/..", ".wav"), ("audio", ".wav/../x")],
)  # fmt: skip
def test_extensions_are_of_a_list(store: Store, type: str, extension: str):  # noqa: A002
    """The old server stored ``evil.html`` as an image, and ``.tmp`` was a file's legal end."""
    with pytest.raises(ParameterError):
        store.new_id(type, extension)


def test_ids_are_of_122_random_bits(store: Store):
    found = {store.new_id("audio", ".wav").key for _ in range(2000)}
    assert len(found) == 2000
    assert all(key[14] == "4" and key[19] in "89ab" for key in found)


# -- links and other things that are no files ---------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.wav").write_bytes(b"Asecret")
    (folder / f"{KEY}.wav").write_bytes(b"Asecret")
    return folder


def put_in_place(kind: str, place: Path, outside: Path) -> None:
    if kind == "a file":
        place.symlink_to(outside / "secret.wav")
    elif kind == "a folder":
        place.symlink_to(outside)
    elif kind == "nothing":
        place.symlink_to(outside / "none")
    elif kind == "itself":
        place.symlink_to(place)
    elif kind == "no link but a folder":
        place.mkdir()
    elif kind == "no link but a pipe":
        os.mkfifo(place)
    else:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(place))


@pytest.mark.parametrize(
    "kind",
    ["a file", "a folder", "nothing", "itself", "no link but a folder", "no link but a pipe",
     "no link but a socket"],
)  # fmt: skip
def test_a_link_in_the_store_is_not_followed(tmp_path: Path, outside: Path, kind: str, monkeypatch):
    """The old server returned the file outside."""
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    store = Store(Path("s"), judge=lettered)
    one = store.put(b"Ax")
    file_id = f"audio_{KEY}.wav"
    put_in_place(kind, Path("s/audio") / f"{KEY}.wav", outside)
    before = tree(outside)
    for ask in (store.get, store.open, store.stat, store.path):
        with pytest.raises(StorageError) as told:
            ask(file_id)
        assert told.value.subject == file_id
        assert str(tmp_path) not in str(told.value)
    with pytest.raises(FileGone), store.reading(file_id):
        pytest.fail("it is no file")
    with pytest.raises(StorageError, match="taken by"):
        store.put(b"Anew", file_id=file_id)
    with pytest.raises(StorageError, match="taken by"), store.writing(file_id) as path:
        path.write_bytes(b"Anew")
    assert not store.exists(file_id)
    assert not store.delete(file_id)
    assert len(store.list()) == 1
    assert store.usage() == 2
    assert store.sweep(older=-100) == [one.id]
    assert tree(outside) == before
    assert os.path.lexists(f"s/audio/{KEY}.wav")
    assert left_over(store) == []


def test_a_folder_of_the_store_that_is_a_link_is_not_followed(tmp_path: Path, outside: Path):
    store = Store(tmp_path / "s", judge=lettered)
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "audio").symlink_to(outside)
    file_id = f"audio_{KEY}.wav"
    before = tree(outside)
    for ask in (store.get, store.open, store.stat):
        with pytest.raises(FileGone, match="link"):
            ask(file_id)
    with pytest.raises(FileGone), store.reading(file_id):
        pytest.fail("it is outside")
    assert store.list() == []
    assert store.usage() == 0
    assert not store.exists(file_id)
    assert not store.delete(file_id)
    assert store.sweep(older=-100) == []
    with pytest.raises(StorageError):
        store.put(b"Anew")
    assert tree(outside) == before


@pytest.mark.parametrize("which", [".store", ".store/work", ".store/names", ".store/lock"])
def test_the_stores_own_folder_is_not_followed_where_it_is_a_link(
    tmp_path: Path, outside: Path, which: str
):
    store = Store(tmp_path / "s", judge=lettered, quota=1000)
    place = tmp_path / "s" / which
    place.parent.mkdir(parents=True)
    place.symlink_to(outside / "none.txt" if which.endswith("lock") else outside)
    before = tree(outside)
    with pytest.raises(StorageError):
        store.put(b"Anew", name="a.wav")
    store.sweep(older=0)
    assert tree(outside) == before


def test_the_root_itself_may_be_a_link(tmp_path: Path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "s").symlink_to(tmp_path / "disk")
    store = Store(tmp_path / "s", judge=lettered)
    assert store.get(store.put(b"Ax").id) == b"Ax"


# -- usage, names, time -------------------------------------------------------------------------


def test_usage_is_the_sum_of_the_files_after_1_000_random_operations(tmp_path: Path):
    chance = random.Random(3)  # noqa: S311 - the same operations in every run
    store = Store(tmp_path / "s", judge=lettered, quota=200_000)
    there: dict[str, int] = {}
    full = 0
    for _ in range(1000):
        way, size = chance.random(), chance.randint(1, 9000)
        data = chance.choice([b"A", b"V", b"I"]) + bytes(size - 1)
        try:
            if way < 0.45 or not there:
                there[store.put(data, name=chance.choice(["", "n"])).id] = size
            elif way < 0.6:
                name = chance.choice(list(there))
                data = name[:1].upper().encode() + data[1:]
                store.put(data, file_id=name)
                there[name] = size
            elif way < 0.7:
                name = chance.choice(list(there))
                with store.writing(name) as path:
                    path.write_bytes(name[:1].upper().encode() + data[1:])
                there[name] = size
            elif way < 0.8:
                with pytest.raises(WorkbenchError):
                    store.put(b"<" + data)
            else:
                name = chance.choice(list(there))
                assert store.delete(name)
                del there[name]
        except QuotaExceeded:
            full += 1
        if chance.random() < 0.1:
            assert store.usage() == sum(there.values()) <= 200_000
    files = [p for kind in EXTENSIONS for p in (tmp_path / "s" / kind).iterdir()]
    assert store.usage() == sum(p.stat().st_size for p in files) == sum(there.values())
    assert full > 20
    assert {f.id: f.size for f in store.list()} == there
    assert left_over(store) == []


def test_a_name_is_whole_or_not_there(store: Store):
    file = store.put(b"Ax", name="talk.wav")
    entry = store.folder / ".store" / "names" / f"{file.id}.json"
    whole = entry.read_bytes()
    for torn in (b"", whole[:-3], b"[]", b'{"name": 7}', b"\xff", b"[" * 100_000):
        entry.write_bytes(torn)
        assert store.stat(file.id).name == ""
    entry.unlink()
    entry.mkdir()
    assert store.stat(file.id).name == ""


def test_the_names_of_files_that_are_gone_go(store: Store):
    file, gone = store.put(b"Ax", name="n"), store.new_id("audio", ".wav")
    names = store.folder / ".store" / "names"
    for name in (f"{gone}.json", "notes.txt"):
        (names / name).write_bytes(b'{"name": "x"}')
    store.sweep()
    assert len(list(names.iterdir())) == 3  # it may just be written
    for path in names.iterdir():
        os.utime(path, (0, 0))
    store.sweep()
    assert sorted(p.name for p in names.iterdir()) == sorted([f"{file.id}.json", "notes.txt"])


def test_a_file_is_as_young_as_its_id(store: Store, tmp_path: Path):
    """What is moved into the store may be years old, and would be swept at once."""
    old = tmp_path / "old"
    old.write_bytes(b"Aold")
    os.utime(old, (1, 1))
    file_id = store.new_id("audio", ".wav")
    with store.writing(file_id) as path:
        old.rename(path)
    assert store.sweep(older=60) == []
    assert time.time() - store.stat(file_id).created < 60


# -- what ended processes leave -----------------------------------------------------------------


def work_of(store: Store, pid: int, began: str, machine: str = "") -> Path:
    folder = (
        store.folder / ".store" / "work" / f"{pid}-{began}-{machine or leases.machine()}-{'0' * 12}"
    )
    folder.mkdir(parents=True)
    (folder / "part").write_bytes(b"half")
    return folder


def test_only_folders_of_ended_processes_are_removed(store: Store):
    me = leases._began(os.getpid())
    assert re.fullmatch("[0-9a-f]{8}", me)
    gone = [work_of(store, DEAD, "00000000"), work_of(store, os.getpid(), "deadbeef")]
    kept = [work_of(store, os.getpid(), me), work_of(store, DEAD, "00000001", machine="ffffffff")]
    foreign = [
        store.folder / ".store" / "work" / name for name in ("notes", f"{DEAD}-x", "1-2-3-4")
    ]
    for folder in foreign:
        folder.mkdir()
        (folder / "thesis").write_bytes(b"x")
    assert store.sweep() == []
    assert not any(folder.exists() for folder in gone), "a process of that id, but another one"
    assert all((folder / "part").exists() for folder in kept)
    assert all((folder / "thesis").exists() for folder in foreign)


def test_a_process_of_another_machine_is_given_a_day(store: Store):
    folder = work_of(store, 1, "00000000", machine="ffffffff")
    for path in (folder / "part", folder):
        os.utime(path, (time.time() - 90_000,) * 2)
    (folder / "new").write_bytes(b"x")
    store.sweep()
    assert folder.exists()
    for path in (folder / "new", folder):
        os.utime(path, (time.time() - 90_000,) * 2)
    store.sweep()
    assert not folder.exists()


def test_a_link_among_the_folders_of_work_is_not_followed(store: Store, outside: Path):
    store.put(b"Ax")
    link = store.folder / ".store" / "work" / f"{DEAD}-00000000-{leases.machine()}-{'1' * 12}"
    link.symlink_to(outside)
    inner = work_of(store, DEAD, "00000000")
    (inner / "link").symlink_to(outside)
    store.sweep(older=0)
    assert link.is_symlink()
    assert not inner.exists()
    assert (outside / "secret.wav").exists()


def test_a_process_that_has_ended_but_was_not_asked_how_holds_nothing(store: Store):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        folder = work_of(store, child.pid, leases._began(child.pid))
        store.sweep()
        assert folder.exists()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        store.sweep()
        assert not folder.exists()


def test_foreign_files_are_never_swept_nor_shown(store: Store):
    file = store.put(b"Ax")
    foreign = [
        store.folder / "notes.txt",
        store.folder / "jobs.sqlite",
        store.folder / "audio" / "notes.txt",
        store.folder / "audio" / f"{KEY}.mp4",
        store.folder / "audio" / f"{KEY.upper()}.wav",
        store.folder / "audio" / f".{KEY}.wav",
        store.folder / "other" / f"{KEY}.wav",
    ]
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert [f.id for f in store.list()] == [file.id]
    assert store.usage() == 2
    assert store.sweep(older=-100) == [file.id]
    assert all(path.exists() for path in foreign)


# -- what the system refuses ----------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(shelf._NO_LINKS))
def test_without_second_names_a_file_is_copied_to_be_read(store: Store, monkeypatch, code: int):
    file = store.put(b"A" * 3_000_000)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    with store.reading(file.id) as path:
        store.delete(file.id)
        assert path.read_bytes() == b"A" * 3_000_000


def test_a_folder_that_cannot_be_used_is_told_without_its_path(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper", Path("/proc/none/store")):
        store = Store(folder, judge=lettered)
        with pytest.raises(StorageError, match=r"cannot be used|is no folder") as told:
            store.put(b"Ax")
        assert "/" not in str(told.value)
        with pytest.raises(StorageError), store.scratch():
            pytest.fail("there is nowhere to work")


READ_ONLY = """
import os, sys
from pathlib import Path
from workbench.errors import StorageError
from workbench.storage.store import Store
store = Store(Path(sys.argv[1]), judge=lambda *a: ("audio", ".wav"))
file = store.list()[0]
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
def writing():
    with store.writing(store.new_id("audio", ".wav")): pass
for do in (lambda: store.put(b"Ax"), writing, lambda: store.delete(file.id)):
    try:
        do()
        print("nothing")
    except StorageError as error:
        print(error)
print(store.get(file.id))
"""


def test_a_store_that_may_only_be_read_says_so(tmp_path: Path):
    store = Store(tmp_path / "s", judge=lettered)
    store.put(b"Ax")
    folders = [p for p in (tmp_path / "s").rglob("*") if p.is_dir()]
    for folder in [*tmp_path.parents, tmp_path, tmp_path / "s", *folders]:
        if str(folder).startswith(str(tmp_path.parents[1])):
            folder.chmod(0o755)  # another user may come here
    for folder in [tmp_path / "s", *folders]:
        folder.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(tmp_path / "s")], capture_output=True, check=False
    )
    for folder in [tmp_path / "s", *folders]:
        folder.chmod(0o755)
    told = done.stdout.decode().splitlines()
    assert len(told) == 4, done.stderr.decode()
    assert all("cannot be used: Permission denied" in line for line in told[:3])
    assert str(tmp_path) not in done.stdout.decode()
    assert told[3] == "b'Ax'"


def test_a_full_disk_is_told_before_the_first_byte_where_the_size_is_known(
    store: Store, monkeypatch
):
    monkeypatch.setattr(problems.shutil, "disk_usage", lambda _: os_usage(free=1000))
    with pytest.raises(StorageFull, match=r"5,000 bytes are needed, 1,000 bytes are free"):
        store.put(iter([]), size=5000)
    assert left_over(store) == []


def os_usage(*, free: int) -> object:
    import shutil

    return shutil._ntuple_diskusage(10**9, 10**9 - free, free)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_that_is_full_for_the_block_is_told_as_one(store: Store, code: int):
    file_id = store.new_id("audio", ".wav")
    with pytest.raises(StorageFull, match="101 bytes are needed"):
        write(store, file_id, b"A" * 100, OSError(code, os.strerror(code), "x"))
    with pytest.raises(FileExistsError):  # the block's own business
        write(store, file_id, b"A" * 100, FileExistsError())
    assert left_over(store) == []


def test_files_are_not_for_everyone_to_write(store: Store):
    file = store.put(b"Ax")
    assert not stat.S_IMODE(store.path(file.id).stat().st_mode) & 0o133


def test_what_is_told_of_an_id_is_json(store: Store):
    with pytest.raises(FileGone) as told:
        store.get(f"audio_{KEY}.wav")
    assert json.loads(json.dumps(told.value.to_dict()))["code"] == "file_gone"
