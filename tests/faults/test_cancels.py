"""30 cancels, each in its own way: no ffmpeg after two seconds, nothing under a final name.

Of the old system SIGINT, SIGTERM and SIGKILL left ffmpeg running, and SIGINT to the group left a
film of 3.7 s that plays under the final name (spec/faults.md, E7). There are several
scenes, a clip among them, so that several ffmpegs run at once.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from faults.film import long_video
from faults.processes import children, gone, running

import workbench as wb
from workbench.errors import Cancelled
from workbench.media import encode as encoding
from workbench.media.backdrop import backdrop
from workbench.media.ffmpeg import encode, read
from workbench.media.frames import clip_frames
from workbench.media.graph import Canvas

pytestmark = [pytest.mark.faults, pytest.mark.media]

SMALL = Canvas(width=64, height=64, fps=10)
LARGE = Canvas(width=640, height=480, fps=100)  # no pipe holds a second of it: its decoder waits
MOMENTS = (0.0, 0.002, 0.005, 0.01, 0.03)  # shares of the work that are done when it is stopped


CHILD = """
    import os, signal, sys, threading
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
    from pathlib import Path
    import workbench as wb
    from faults.film import long_video
    target, clip = map(Path, sys.argv[1:3])
    moment, way = float(sys.argv[3]), sys.argv[4]
    said = False
    def report(done):
        global said
        if done >= moment and not said:
            said = True
            print("going", flush=True)
    def work():
        long_video(clip).render(target, progress=report)
    if way == "thread":  # the signal comes to the main thread, and the work is in another
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join()
    else:
        work()
"""


@pytest.mark.parametrize("moment", MOMENTS[1::3])
@pytest.mark.parametrize("how", ["INT", "INT to the group", "TERM", "KILL", "KILL in a thread"])
def test_a_signal_leaves_nothing(how, moment, made, tmp_path):
    """10 of the 30: what a killed process could not remove, the next start removes."""
    target = tmp_path / "out" / "film.mp4"
    target.parent.mkdir()
    target.write_bytes(b"the older film")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    way = "thread" if "thread" in how else "main"
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["WORKBENCH_CACHE"] = str(tmp_path / "cache")
    with subprocess.Popen(
        [sys.executable, script, str(target), str(made["clip.mp4"]), str(moment), way],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    ) as child:
        assert child.stdout.readline() == b"going\n"
        number = getattr(signal, f"SIG{how.split()[0]}")
        (os.killpg if "group" in how else os.kill)(child.pid, number)
    assert child.returncode != 0
    assert gone(str(tmp_path)), "an orphan"
    assert target.read_bytes() == b"the older film"
    assert not list(target.parent.glob("*.json"))
    if how.startswith("INT"):
        assert [p.name for p in target.parent.iterdir()] == ["film.mp4"]
        assert list(scratch.iterdir()) == []
        return
    old, tempfile.tempdir = tempfile.tempdir, str(scratch)
    try:
        short = wb.Video("64x64", fps=5).scene(backdrop(1, width=64, height=64), duration=0.2)
        short.render(target.with_name("next.mp4"))
    finally:
        tempfile.tempdir = old
    names = sorted(p.name for p in target.parent.iterdir())
    assert names == ["film.mp4", "next.mp4", "next.mp4.json"]
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_event_stops_it(moment, made, tmp_path):
    cancel = threading.Event()
    seen: list[float] = []

    def report(done: float) -> None:
        seen.append(done)
        if done >= moment:
            cancel.set()

    with pytest.raises(Cancelled):
        long_video(made["clip.mp4"]).render(tmp_path / "a.mp4", progress=report, cancel=cancel)
    assert gone()
    assert list(tmp_path.iterdir()) == []
    assert seen[-1] < 0.5


def test_an_event_that_is_set_before_stops_it_before(made, tmp_path):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        long_video(made["clip.mp4"]).render(tmp_path / "a.mp4", cancel=cancel)
    assert gone()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_in_a_worker_thread(moment, made, tmp_path):
    """As notebooks do it: an exception is set into the thread, at whatever it does just then.

    The error is kept, as a notebook keeps its last traceback: nothing may run for as long.
    """
    errors: list[BaseException] = []
    going = threading.Event()

    def report(done: float) -> None:
        if done >= moment:
            going.set()

    def work() -> None:
        try:
            long_video(made["clip.mp4"]).render(tmp_path / "a.mp4", progress=report)
        except BaseException as error:  # noqa: BLE001 - it is what is tested
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    going.wait()
    raised = ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
    )
    assert raised == 1
    thread.join(30)
    assert not thread.is_alive()
    assert [type(e) for e in errors] == [KeyboardInterrupt]
    assert gone()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_segments_are_handed_over(made, tmp_path, monkeypatch):
    """Each waits for its thread to begin; the segments that were begun went on to their end."""
    stopped: list[bool] = []
    began = threading.Event()

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *given, **more):
            super().submit(*given, **more)
            assert began.wait(20.0)
            raise KeyboardInterrupt

    def one(self, index):
        began.set()
        stopped.append(self.stop.wait(20.0))

    monkeypatch.setattr(encoding, "ThreadPoolExecutor", Interrupted)
    monkeypatch.setattr(encoding._Batch, "one", one)
    with pytest.raises(KeyboardInterrupt):
        long_video(made["clip.mp4"]).render(tmp_path / "a.mp4")
    assert stopped == [True]
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_out_of_the_report(made, tmp_path):
    """Ctrl-C arrives in the middle of whatever Python runs: here, the caller's own function."""

    def report(done: float) -> None:
        if done > 0.01:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as kept:
        long_video(made["clip.mp4"]).render(tmp_path / "a.mp4", progress=report)
    assert gone(), "a decoder waits for as long as the error is kept"
    assert list(tmp_path.iterdir()) == []
    assert kept.value is not None


@pytest.mark.parametrize("count", [0, 1, 40])
def test_closing_an_iterator_ends_its_decoder(count, made):
    frames = clip_frames(made["clip.mp4"], LARGE, "cover", 100_000)
    for _ in range(count):
        next(frames)
    assert len(children()) == min(count, 1)
    frames.close()
    assert gone()


def test_dropping_an_iterator_ends_its_decoder(made):
    frames = clip_frames(made["clip.mp4"], LARGE, "cover", 100_000)
    next(frames)
    assert children()
    del frames
    assert gone()


def test_the_thread_that_started_it_may_end(made, tmp_path):
    """The kernel ends a child with the *thread* that started it: measured, -9 at once."""
    first: list[bytes] = []
    frames = clip_frames(made["clip.mp4"], SMALL, "cover", 200)
    starter = threading.Thread(target=lambda: first.append(bytes(next(frames))))
    starter.start()
    starter.join()
    assert len(first) + sum(1 for _ in frames) == 200
    rendered: list[float] = []
    video = wb.Video("64x64", fps=5).scene(made["clip.mp4"], duration=0.4)
    video = video.scene(backdrop(1, width=64, height=64), duration=0.4)
    worker = threading.Thread(
        target=lambda: rendered.append(video.render(tmp_path / "a.mp4").duration)
    )
    worker.start()
    worker.join()
    assert rendered == [pytest.approx(0.8, abs=0.05)]


def test_a_forked_process_has_a_launcher_of_its_own(tmp_path):
    """Kernels are forked from a warm one: its thread is not there, its children are not ours."""
    encode(["-f", "lavfi", "-i", "anullsrc=d=0.1", "-f", "null", "-"], folder=tmp_path, limit=60)
    code = f"""
        import os, sys
        from pathlib import Path
        from workbench.media.ffmpeg import encode
        null = ["-f", "lavfi", "-i", "anullsrc=d=0.1", "-f", "null", "-"]
        encode(null, folder=Path({str(tmp_path)!r}), limit=60)
        pid = os.fork()
        if not pid:
            encode(null, folder=Path({str(tmp_path)!r}), limit=60)
            os._exit(7)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=60)
    assert done.returncode == 7


def test_an_interrupt_while_its_reader_begins(tmp_path, monkeypatch):
    """The pipe was closed before the thread that reads it had a number, and it died aloud."""
    from workbench.media import ffmpeg

    class Interrupted(threading.Thread):
        def start(self):
            raise KeyboardInterrupt  # before the thread has a number; it begins after all

    begun: list[threading.Thread] = []
    heard: list[object] = []
    monkeypatch.setattr(threading, "excepthook", heard.append)
    keep = ffmpeg._Run._keep_stderr

    class Late(ffmpeg._Run):
        def __init__(self, *given, **more):
            super().__init__(*given, **more)
            begun.append(threading.Thread(target=lambda: keep(self)))
            self._reader = Interrupted()

    monkeypatch.setattr(ffmpeg, "_Run", Late)
    source = ["-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"]
    with pytest.raises(KeyboardInterrupt):
        encode(source, folder=tmp_path, limit=60)
    for thread in begun:
        thread.start()
        thread.join()
    assert heard == []


def test_an_interrupt_while_it_starts(tmp_path, monkeypatch):
    """What another thread was just starting for us is ended by it when nobody waits any more.

    A start takes 10 ms, a render makes dozens of them: the process was left running.
    """
    from workbench.media import ffmpeg

    mark = f"title={tmp_path}"
    launcher = ffmpeg._launcher

    class Interrupted:
        def start(self, child):
            launcher._thread.submit(child)
            raise KeyboardInterrupt

    monkeypatch.setattr(ffmpeg, "_launcher", Interrupted())
    source = ["-f", "lavfi", "-i", "anullsrc", "-metadata", mark, "-f", "null", "-"]
    with pytest.raises(KeyboardInterrupt):
        encode(source, folder=tmp_path, limit=60)
    launcher.start(lambda: None)
    assert gone(mark)
    with pytest.raises(KeyboardInterrupt):
        next(read(source, 10, folder=tmp_path, limit=60))
    launcher.start(lambda: None)
    assert not running(mark)
