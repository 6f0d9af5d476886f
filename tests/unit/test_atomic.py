from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from workbench.storage import atomic
from workbench.storage.atomic import replacing, sweep, workspace, write_bytes

DEAD = 2**22 + 1  # above the largest process id that Linux gives


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run(code: str, *arguments: object, **more: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, **more)  # type: ignore[call-overload]


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process that has not written anywhere yet."""
    monkeypatch.setattr(atomic, "_swept", set())


def test_the_old_content_stays_until_the_new_one_is_whole(tmp_path: Path):
    target = tmp_path / "new" / "a.txt"
    write_bytes(target, b"old")
    with replacing(target) as part:
        part.write_bytes(b"new")
        assert target.read_bytes() == b"old"
        assert part.parent == target.parent
        assert part.suffix == ".txt"
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["a.txt"]


def test_a_failure_leaves_the_old_content_and_nothing_else(tmp_path: Path):
    target = tmp_path / "a.txt"
    write_bytes(target, b"old")

    def fail() -> None:
        with replacing(target) as part:
            part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with pytest.raises(FileNotFoundError), replacing(target):
        pass  # nothing was written at all
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_the_block_may_change_the_working_directory(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    with replacing(Path("a.txt")) as part:
        part.write_bytes(b"x")
        monkeypatch.chdir("elsewhere")
    assert (tmp_path / "a.txt").read_bytes() == b"x"


@pytest.mark.parametrize(
    "name",
    ["é" * 125 + ".wav", "a" * 255, ".hidden", "a\n'\" b", "a." + "ü" * 120, "-a.mp4", "%d.png"],
)
def test_any_name_that_the_disk_takes_is_written(tmp_path: Path, name: str):
    write_bytes(tmp_path / name, b"x")
    assert names(tmp_path) == [name]


def test_a_name_too_long_leaves_nothing(tmp_path: Path):
    with pytest.raises(OSError, match="too long"):
        write_bytes(tmp_path / ("é" * 128), b"x")
    assert names(tmp_path) == []


# -- what killed processes leave ----------------------------------------------------------------


def left_over(folder: Path, pid: int, machine: str = "", age: float = 0) -> Path:
    path = folder / f".wb-{pid}-{machine or atomic.machine()}-0123abcd-part.mp4"
    path.write_bytes(b"half")
    os.utime(path, (path.stat().st_mtime - age,) * 2)
    return path


@pytest.mark.usefixtures("fresh")
def test_the_next_writer_removes_what_an_ended_process_left(tmp_path: Path):
    gone = left_over(tmp_path, DEAD)
    kept = left_over(tmp_path, os.getpid())
    write_bytes(tmp_path / "a", b"x")
    assert not gone.exists()
    assert kept.exists()


def test_only_what_is_provably_ours_is_removed(tmp_path: Path):
    machine = atomic.machine()
    others = [
        ".wb-notes",
        f".wb-{DEAD}",
        f"wb-{DEAD}-{machine}-0123abcd-part",
        f".wb-x-{machine}-0-",
    ]
    for name in others:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / f".wb-{DEAD}-{machine}-0123abcd-part").mkdir()  # a folder is none of ours
    left_over(tmp_path, DEAD)
    assert sweep(tmp_path) == 1
    assert len(names(tmp_path)) == len(others) + 1


def test_process_ids_of_another_machine_mean_nothing_here(tmp_path: Path):
    young = left_over(tmp_path, DEAD, machine="ffffffff")
    old = left_over(tmp_path, os.getpid(), machine="eeeeeeee", age=90_000)
    assert sweep(tmp_path) == 1
    assert young.exists()
    assert not old.exists()


def test_a_folder_that_is_not_there_has_nothing_to_sweep(tmp_path: Path):
    assert sweep(tmp_path / "none") == 0


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from workbench.storage import atomic
target, moment = Path(sys.argv[1]), sys.argv[2]
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
flush = atomic.flush
def dying(path):
    if (moment == "before the rename") == (path != target.parent):
        die()
    flush(path)
atomic.flush = dying
with atomic.replacing(target) as part:
    with part.open("wb") as file:
        file.write(b"B" * 50_000)
        file.flush()
        if moment == "half-way":
            die()
        file.write(b"B" * 50_000)
"""


@pytest.mark.faults
@pytest.mark.parametrize(
    ("moment", "content", "left"),
    [("half-way", b"A", 1), ("before the rename", b"A", 1), ("after the rename", b"B", 0)],
)
@pytest.mark.usefixtures("fresh")
def test_kill_9_leaves_the_old_or_the_new_file_whole(
    tmp_path: Path, moment: str, content: bytes, left: int
):
    """The old system wrote in place: 10 of 10 kills left a torn file that counted as there."""
    target = tmp_path / "a.bin"
    write_bytes(target, b"A" * 100_000)
    assert run(WRITE_AND_DIE, target, moment).returncode == -signal.SIGKILL
    assert target.read_bytes() == content * 100_000
    assert len(names(tmp_path)) == 1 + left
    run("import sys; from workbench.storage.atomic import *; from pathlib import Path\n"
        "write_bytes(Path(sys.argv[1]), b'C')", tmp_path / "b.bin")  # fmt: skip
    assert names(tmp_path) == ["a.bin", "b.bin"]


WRITE_ON_AND_ON = """
import sys
from pathlib import Path
from workbench.storage.atomic import write_bytes
target = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for letter in b"BC":
        write_bytes(target, bytes([letter]) * 300_000)
"""


@pytest.mark.faults
def test_kill_9_at_any_moment_leaves_no_torn_file(tmp_path: Path):
    target = tmp_path / "a.bin"
    write_bytes(target, b"A" * 300_000)
    moments = random.Random(7)  # noqa: S311 - the same moments in every run
    for _ in range(8):
        command = [sys.executable, "-c", WRITE_ON_AND_ON, str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            threading.Event().wait(moments.uniform(0, 0.05))
            child.kill()
        content = target.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1
    sweep(tmp_path)
    assert names(tmp_path) == ["a.bin"]


WRITE_KEYS = """
import sys
from pathlib import Path
from workbench.storage.atomic import write_bytes
folder, letter = Path(sys.argv[1]), sys.argv[2].encode()
for i in range(60):
    write_bytes(folder / f"{i % 4}.bin", letter * (1000 * (i % 7 + 1)))
"""


@pytest.mark.faults
def test_writers_of_one_name_never_show_a_reader_half_a_file(tmp_path: Path):
    for key in range(4):
        write_bytes(tmp_path / f"{key}.bin", b"A" * 1000)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_KEYS, str(tmp_path), letter])
        for letter in "BCD"
    ]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        for key in range(4):
            content = (tmp_path / f"{key}.bin").read_bytes()
            assert len(set(content)) == 1
            assert len(content) % 1000 == 0
            reads += 1
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert reads > 100
    assert names(tmp_path) == ["0.bin", "1.bin", "2.bin", "3.bin"]


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
from workbench.audio import Audio
from workbench.errors import StorageFull
from workbench.voice import Preset, Voice
folder = Path(sys.argv[1])
voice = Voice(engine="espeak", name="es")
Audio.silence(0.1, 8000).write(folder / "a.wav")
Preset(name="p", voice=voice).save(folder)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
for work in (lambda: Audio.silence(1, 8000).write(folder / "a.wav"),
             lambda: Preset(name="p", voice=voice, note="x" * 5000).save(folder)):
    try:
        work()
    except StorageFull as error:
        print(error)
"""


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_full_disk_is_said_and_the_old_files_stay(tmp_path: Path):
    """The old system left a stump of 2 MB that counted as a file."""
    done = run(FILL_THE_DISK, tmp_path)
    told = done.stdout.decode().splitlines()
    assert len(told) == 2
    assert all("no space left to write it" in line for line in told)
    assert names(tmp_path) == ["a.wav", "p.toml"]
    assert (tmp_path / "a.wav").stat().st_size == 44 + 1600
    assert (tmp_path / "p.toml").read_text().startswith('voice = "espeak:es"')


# -- workspaces -------------------------------------------------------------------------------


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_workspace_is_gone_afterwards_whatever_happened(temporary: Path):
    with workspace() as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "a.txt").write_text("x")
        assert folder.parent == temporary

    def fail() -> None:
        with workspace() as folder:
            (folder / "a.txt").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(temporary) == []


@pytest.mark.parametrize("call", ["mkdir", "open", "scandir", "unlink", "rmdir"])
def test_an_interrupt_right_after_any_call_leaves_no_workspace(
    call: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
):
    """There a thread has waited for the system, so that is where most interrupts arrive.

    The error is kept, as a notebook keeps its last traceback.
    """
    real, left = getattr(os, call), 0

    def interrupted(*arguments: object, **more: object) -> object:
        nonlocal left
        given = real(*arguments, **more)
        left -= 1
        if left == 0:
            if call == "open":
                os.close(given)
            if call == "scandir":
                given.close()
            raise KeyboardInterrupt
        return given

    def work() -> None:
        with workspace() as folder:
            for name in ("a.txt", "b.txt"):
                folder.joinpath(name).touch()
            folder.joinpath("deep").mkdir()

    monkeypatch.setattr(os, call, interrupted)
    moments, errors = 0, []
    while left <= 0:  # until there are not as many calls of that kind
        moments += 1
        left = moments
        try:
            work()
        except KeyboardInterrupt as error:
            errors.append(error)
        assert names(temporary) == [], f"after call {moments}"
    assert len(errors) == moments - 1 > 0


def test_workspaces_of_killed_processes_go_and_no_other_folder(temporary: Path):
    machine = atomic.machine()
    gone = temporary / f"workbench-{DEAD}-{machine}-abcd1234"
    kept = [
        temporary / "workbench-2024-backup",  # a folder that somebody keeps in /tmp
        temporary / f"workbench-{DEAD}-{machine}-of-mine",
        temporary / f"workbench-{os.getpid()}-{machine}-abcd1234",
        temporary / f"workbench-{DEAD}-ffffffff-abcd1234",
    ]
    for folder in (gone, *kept):
        folder.mkdir()
        (folder / "a.txt").write_text("x")
    link = temporary / f"workbench-{DEAD}-{machine}-link0000"
    link.symlink_to(kept[0])
    with workspace():
        assert not gone.exists()
    assert all((folder / "a.txt").exists() for folder in kept)


def test_a_workspace_of_a_killed_process_is_removed_by_the_next(temporary: Path):
    code = (
        "import os, signal; from workbench.storage.atomic import workspace\n"
        "with workspace(): os.kill(os.getpid(), signal.SIGKILL)"
    )
    run(code, env={**os.environ, "TMPDIR": str(temporary)})
    assert len(names(temporary)) == 1
    with workspace() as folder:
        assert names(temporary) == [folder.name]
