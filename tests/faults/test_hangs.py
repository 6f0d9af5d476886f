"""What never ends by itself is ended: at its limit, all of it, and the caller is told."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from faults.processes import gone, running

from workbench.errors import FfmpegError, MediaNotFound, WorkbenchError
from workbench.media import ffmpeg
from workbench.media.binaries import VARIABLE
from workbench.media.binaries import ffmpeg as program
from workbench.media.ffmpeg import encode, read
from workbench.media.frames import clip_frames, clip_sound, frame_at
from workbench.media.graph import Canvas
from workbench.media.probe import probe
from workbench.media.stills import load

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.faults, pytest.mark.media]

LIMIT = 1.0
NULL = ["-f", "null", "-"]
RAW = ["-f", "rawvideo", "-pix_fmt", "gray", "-video_size", "64x64"]
FRAME = bytes(64 * 64)

# Each of these is still running after a day: the old system had no limit at all, and its merge of a
# silent clip with music (`apad` without an end) filled the disk.
ENDLESS = {
    "a pipe that nobody writes to": ["-i", "file:fifo", *NULL],
    "/dev/zero": [*RAW, "-i", "/dev/zero", *NULL],
    "a loop": ["-stream_loop", "-1", "-i", "file:tone.wav", *NULL],
    "padding": ["-i", "file:tone.wav", "-af", "apad", *NULL],
    "a source": ["-f", "lavfi", "-i", "anullsrc", *NULL],
    "a realtime source": ["-re", "-f", "lavfi", "-i", "anullsrc", *NULL],
    "the old merge": [
        *("-f", "lavfi", "-i", "color=s=16x16:d=1", "-stream_loop", "-1", "-i", "file:tone.wav"),
        *("-filter_complex", "[1:a]volume=0.1[m]", "-map", "0:v", "-map", "[m]", *NULL),
    ],
    "a network": ["-i", "tcp://127.0.0.1:{port}", *NULL],
}


def ended(work: Callable[[], object]) -> list[BaseException]:
    """Run something that must be over at its limit and two seconds; return its error."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except WorkbenchError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(LIMIT + 2)
    assert not thread.is_alive(), "it hangs"
    return errors


@pytest.mark.parametrize("name", ENDLESS)
def test_each_endless_run_is_ended_at_its_limit(name, made, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    shutil.copyfile(made["tone.wav"], tmp_path / "tone.wav")
    mark = f"title={tmp_path}"
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = str(mute.getsockname()[1])
        arguments = [a.replace("{port}", port) for a in ENDLESS[name]]
        marked = [*arguments[:-3], "-metadata", mark, *NULL]
        errors = ended(lambda: encode(marked, folder=tmp_path, limit=LIMIT))
    assert [type(e) for e in errors] == [ffmpeg.TimedOut]
    assert "did not finish within 1 s" in str(errors[0])
    assert gone(mark)


def test_a_feeder_that_is_mute(tmp_path):
    """ffmpeg waits for frames, and the frames for another ffmpeg that waits for a pipe."""
    os.mkfifo(tmp_path / "fifo")

    def frames():
        for piece in read(
            [*RAW, "-i", "file:fifo", "-f", "rawvideo", "pipe:1"],
            len(FRAME),
            folder=tmp_path,
            limit=LIMIT,
        ):
            yield bytes(piece)

    errors = ended(
        lambda: encode([*RAW, "-i", "pipe:0", *NULL], frames(), folder=tmp_path, limit=60)
    )
    assert [type(e) for e in errors] == [ffmpeg.TimedOut]


def test_a_feeder_that_is_mute_does_not_keep_the_process(tmp_path):
    """Python waits where it cannot be woken; the process does not wait with it."""
    mark = f"title={tmp_path}"
    fed, go_on = threading.Event(), threading.Event()

    def frames():
        yield FRAME
        fed.set()  # there is an ffmpeg, and it took that one
        go_on.wait()
        yield FRAME

    errors: list[Exception] = []

    def run() -> None:
        try:
            encode(
                [*RAW, "-i", "pipe:0", "-metadata", mark, *NULL],
                frames(),
                folder=tmp_path,
                limit=0.5,
            )
        except FfmpegError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert fed.wait(60)
    assert gone(mark), "the process outlives its limit"
    go_on.set()
    thread.join()
    assert [type(e) for e in errors] == [ffmpeg.TimedOut]


def test_a_reader_that_sleeps_does_not_keep_the_process(tmp_path):
    """A full pipe: ffmpeg waits to be read, beyond its limit."""
    mark = f"title={tmp_path}"
    source = ["-f", "lavfi", "-i", "testsrc=s=640x480", "-metadata", mark]
    pieces = read([*source, "-f", "rawvideo", "pipe:1"], 1 << 16, folder=tmp_path, limit=0.5)
    next(pieces)
    assert running(mark)
    assert gone(mark)
    with pytest.raises(ffmpeg.TimedOut):
        list(pieces)


def test_a_stopped_process_is_ended_as_well(tmp_path):
    """SIGTERM waits until a stopped process goes on; SIGKILL does not."""
    mark = f"title={tmp_path}"
    source = ["-f", "lavfi", "-i", "anullsrc", "-metadata", mark]

    stopped: list[int] = []
    over = threading.Event()

    def stop() -> None:
        while not (stopped or over.is_set()):
            for pid in running(mark):
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
            over.wait(0.01)

    thread = threading.Thread(target=stop)
    thread.start()
    errors = ended(lambda: encode([*source, *NULL], folder=tmp_path, limit=LIMIT))
    over.set()
    thread.join()
    assert stopped
    assert [type(e) for e in errors] == [ffmpeg.TimedOut]
    assert gone(mark)


def test_a_program_around_ffmpeg_that_leaves_it_running(tmp_path, monkeypatch):
    """``WORKBENCH_FFMPEG`` may name a script: its child held the messages open for ever."""
    wrapper = tmp_path / "ffmpeg"
    mark = f"sleep-{tmp_path.name}"
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *leave*) (exec -a {mark} sleep 600) & exit 0;; esac\n'
        f'exec {program()} "$@"\n'.replace("#!/bin/sh", "#!/bin/bash")
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(wrapper))
    program()
    done = threading.Thread(
        target=lambda: encode(["-metadata", "title=leave"], folder=tmp_path, limit=60)
    )
    done.start()
    done.join(5)
    assert not done.is_alive()
    assert gone(mark)


@pytest.mark.parametrize("name", ["fifo", "folder", "/dev/zero", "/dev/stdin", "socket", "loop"])
def test_what_is_no_plain_file_is_never_opened(name, tmp_path, monkeypatch):
    """A pipe, a device or a socket is refused before anything could wait for it."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for opener in (
            probe,
            frame_at,
            load,
            lambda p: clip_sound(p, 1.0),
            lambda p: list(clip_frames(p, Canvas(width=16, height=16, fps=5), "cover", 1)),
        ):
            with pytest.raises(MediaNotFound):
                opener(name)


def test_the_time_a_decoder_gets_grows_with_what_is_asked_of_it(made, monkeypatch):
    """It was 16 hours for any clip: what hung was never ended."""
    limits: list[float] = []

    def spy(*arguments: object, limit: float, **options: object):
        limits.append(limit)
        return iter(())

    monkeypatch.setattr("workbench.media.frames.read", spy)
    for count in (1, 100):
        with pytest.raises(WorkbenchError):
            list(clip_frames(made["clip.mp4"], Canvas(width=16, height=16, fps=10), "cover", count))
    assert limits[0] < limits[1] < 30 * 60
