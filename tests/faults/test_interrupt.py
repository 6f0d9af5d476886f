"""Stopped in the middle, by whatever: no process, no half file, the older file untouched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from workbench.errors import Cancelled, StorageFull
from workbench.media.backdrop import backdrop
from workbench.media.ffmpeg import encode

pytestmark = [pytest.mark.faults, pytest.mark.media]

RENDER = """
    import signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
    import workbench as wb
    from workbench.media.backdrop import backdrop
    def report(done):
        if done > 0.002:
            print("going", flush=True)
    video = wb.Video("16:9").scene(backdrop(1), motion="zoom-in", duration=600)
    video.render(sys.argv[1], progress=report)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_render_leaves_nothing(tmp_path, how):
    """The old system left a playable 3.7 s file under the final name, and ffmpeg running."""
    target = tmp_path / "out" / "short.mp4"
    target.parent.mkdir()
    target.write_bytes(b"the older file")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RENDER), str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    with child:
        assert child.stdout.readline() == b"going\n"
        mark = str(tmp_path).encode()
        child.send_signal(how)
    gone = threading.Event()
    for _ in range(200):
        if not any(mark in cmdline(p) for p in pids()):
            break
        gone.wait(0.05)
    assert not any(mark in cmdline(p) for p in pids())
    assert target.read_bytes() == b"the older file"
    if how == signal.SIGINT:
        assert [p.name for p in target.parent.iterdir()] == ["short.mp4"]
        assert list(scratch.iterdir()) == []
    else:  # no time to clean up: the next render here does it
        old, tempfile.tempdir = tempfile.tempdir, str(scratch)
        try:
            wb.Video("64x64").scene(backdrop(1, width=64, height=64), duration=0.2).render(
                target.with_name("next.mp4")
            )
        finally:
            tempfile.tempdir = old
        names = sorted(p.name for p in target.parent.iterdir())
        assert names == ["next.mp4", "next.mp4.json", "short.mp4"]
        assert list(scratch.iterdir()) == []


@pytest.mark.notebook
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_job_leaves_nothing(tmp_path, how):
    """Ctrl-C in the terminal: the notebook's cell is interrupted and undoes what it began.

    nbclient's own answer is to kill the kernel, which leaves the half video and the encoder.
    """
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    out = tmp_path / "out"
    script = " ".join(["This sentence is spoken again and again."] * 12)
    child = subprocess.Popen(
        [
            Path(sys.executable).with_name("workbench"),
            *("run", "captioned_short", "-p", f"script={script}", "-p", "voice=espeak:en-us"),
            *("-p", f"output={out}/a.mp4"),
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    with child:
        ticks = threading.Event()
        for _ in range(1200):
            if list(scratch.glob("workbench-*/00000.mp4")):
                break
            assert child.poll() is None, child.stderr.read()
            ticks.wait(0.05)
        else:
            raise AssertionError("the render never began")
        child.send_signal(how)
        told = child.stderr.read().decode()
    assert child.returncode == 130
    assert told.splitlines() == ["workbench: stopped"]
    assert list(out.iterdir()) == []
    assert list(scratch.iterdir()) == []
    mark = str(tmp_path).encode()
    assert not [p for p in pids() if mark in cmdline(p)]


def pids() -> list[Path]:
    return [p for p in Path("/proc").glob("[0-9]*") if int(p.name) != os.getpid()]


def cmdline(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def test_cancel_from_another_thread(tmp_path):
    cancel = threading.Event()
    seen: list[float] = []

    def report(done: float) -> None:
        seen.append(done)
        if len(seen) == 2:
            cancel.set()

    video = wb.Video("64x64").scene(backdrop(1, width=64, height=64), duration=60)
    with pytest.raises(Cancelled):
        video.render(tmp_path / "a.mp4", progress=report, cancel=cancel, cache=False)
    assert list(tmp_path.iterdir()) == []
    assert seen == sorted(seen)


def test_an_exception_of_the_callback_is_the_caller_s(tmp_path):
    def report(done: float) -> None:
        raise ZeroDivisionError

    video = wb.Video("64x64").scene(backdrop(1, width=64, height=64), duration=1)
    with pytest.raises(ZeroDivisionError):
        video.render(tmp_path / "a.mp4", progress=report)
    assert list(tmp_path.iterdir()) == []


FULL = """
    import resource, sys
    import numpy as np
    import workbench as wb
    from workbench.errors import StorageFull
    noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3), dtype=np.uint8)
    video = wb.Video("640x360").scene(noise, motion="zoom-in", duration=4)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        video.render(sys.argv[1])
    except StorageFull as error:
        print("full:", error)
"""


def test_a_file_that_may_not_grow(tmp_path):
    """A limit on the size of files stands in for a full disk where nothing can be mounted."""
    target = tmp_path / "a.mp4"
    target.write_bytes(b"older")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("full: "), done.stderr
    assert "no space left" in done.stdout
    assert target.read_bytes() == b"older"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(full_disk):
    noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3), dtype=np.uint8)
    video = wb.Video("640x360").scene(noise, motion="zoom-in", duration=4)
    with pytest.raises(StorageFull, match="no space left"):
        video.render(full_disk / "a.mp4")
    assert list(full_disk.iterdir()) == []
    narration = wb.speak("A sentence that is too long for what is left on this disk. " * 4)
    with pytest.raises(StorageFull, match=r"a\.wav: no space left"):
        narration.save(full_disk / "a.wav")
    assert list(full_disk.iterdir()) == []


def test_a_folder_that_may_not_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    video = wb.Video("64x64").scene(backdrop(1, width=64, height=64), duration=0.2)
    with pytest.raises(wb.StorageError, match="file"):
        video.render(tmp_path / "file" / "a.mp4")


def test_the_runner_s_own_full_disk(full_disk):
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", "320x240", "-framerate", "30"]
    noise = os.urandom(320 * 240 * 3 // 2)
    with pytest.raises(StorageFull):
        encode(
            [*raw, "-i", "pipe:0", "-c:v", "rawvideo", "-f", "rawvideo", f"file:{full_disk}/a.yuv"],
            [noise] * 30,
            folder=full_disk,
            limit=60,
        )
