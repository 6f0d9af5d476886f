"""The one runner: what it passes on, what it refuses, and that nothing survives it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from workbench.errors import Cancelled, FfmpegError, MediaError
from workbench.media import graph
from workbench.media.binaries import VARIABLE, binaries, ffmpeg
from workbench.media.ffmpeg import command, encode, read
from workbench.media.frames import clip_frames, clip_sound
from workbench.media.graph import Canvas
from workbench.media.limits import DEFAULT_LIMITS
from workbench.media.probe import probe

pytestmark = pytest.mark.media

CANVAS = Canvas(width=64, height=48, fps=10)
FRAME = bytes(64 * 48) + b"\x80" * (64 * 24)
RAW = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", "64x48", "-framerate", "10"]
ENDLESS = ["-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"]


def running(mark: str) -> list[int]:
    """Return the processes that have `mark` among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in text and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def wait_gone(mark: str) -> bool:
    """Whether all processes with `mark` are gone before the patience of a test is."""
    done = threading.Event()
    return any(not running(mark) or done.wait(0.05) for _ in range(200)) and not running(mark)


def test_frames_become_a_file(tmp_path):
    target = tmp_path / "a.mp4"
    seen: list[int] = []
    encode(
        [*RAW, "-i", "pipe:0", "-c:v", "libx264", graph.file_url(target)],
        [FRAME] * 25,
        folder=tmp_path,
        limit=60,
        on_frame=seen.append,
    )
    info = probe(target)
    assert info.duration == pytest.approx(2.5, abs=0.01)
    assert (info.video.width, info.video.height) == (64, 48)
    assert seen == list(range(1, 26))


def test_the_terminal_is_never_read(tmp_path):
    """The old system's ffmpeg ate what was typed into the notebook's process."""
    assert "-nostdin" in command(["x"])
    code = f"""
        import sys
        from pathlib import Path
        from workbench.media.ffmpeg import encode
        encode(["-f", "lavfi", "-i", "anullsrc", "-t", "0.1", "-f", "null", "-"],
               folder=Path({str(tmp_path)!r}), limit=60)
        sys.stdout.write(sys.stdin.read())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input=b"typed",
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"typed"


def test_cancel_ends_the_process(tmp_path):
    cancel = threading.Event()
    mark = f"title={tmp_path.name}-cancel"

    def frames():
        for count in range(10_000_000):
            if count == 20:
                cancel.set()
            yield FRAME

    with pytest.raises(Cancelled):
        encode(
            [*RAW, "-i", "pipe:0", "-metadata", mark, "-f", "null", "-"],
            frames(),
            folder=tmp_path,
            limit=600,
            cancel=cancel,
        )
    assert not running(mark)


def test_a_run_over_its_time_is_ended(tmp_path):
    with pytest.raises(FfmpegError, match="did not finish within 0 s"):
        encode(ENDLESS, folder=tmp_path, limit=0.3)


def test_the_reason_is_told_and_not_the_broken_pipe(tmp_path):
    many = (FRAME for _ in range(100_000))
    with pytest.raises(FfmpegError, match="Unknown encoder 'nonesuch'"):
        encode(
            [*RAW, "-i", "pipe:0", "-c:v", "nonesuch", "-f", "null", "-"],
            many,
            folder=tmp_path,
            limit=60,
        )


def test_a_report_to_a_closed_pipe_is_not_taken_for_ffmpeg_s_end(tmp_path):
    """`workbench run … | head -1` waited for ever, and so did ffmpeg, each for the other."""

    def report(count: int) -> None:
        raise BrokenPipeError(count)

    with pytest.raises(BrokenPipeError, match="1"):
        encode(
            [*RAW, "-i", "pipe:0", "-f", "null", "-"],
            (FRAME for _ in range(3)),
            folder=tmp_path,
            limit=60,
            on_frame=report,
        )


def test_messages_in_any_encoding(tmp_path):
    """The old system decoded them as UTF-8 and lost a good conversion to a Latin-1 title."""
    name = os.fsdecode(b"caf\xe9.mp4")
    with pytest.raises(FfmpegError, match="No such file"):
        encode(["-i", f"file:{name}", "-f", "null", "-"], folder=tmp_path, limit=60)


def test_nothing_survives_a_killed_parent(tmp_path):
    """SIGKILL leaves no time to clean up; the kernel does it."""
    mark = f"title={tmp_path.name}-orphan"
    code = f"""
        from pathlib import Path
        from workbench.media.ffmpeg import encode
        def frames():
            for count in range(10**9):
                if count == 5: print("going", flush=True)
                yield {FRAME!r}
        encode({[*RAW, "-i", "pipe:0", "-metadata", mark, "-f", "null", "-"]!r}, frames(),
               folder=Path({str(tmp_path)!r}), limit=600)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    with child:
        assert child.stdout.readline() == b"going\n"
        assert running(mark)
        child.send_signal(signal.SIGKILL)
    assert wait_gone(mark)


def test_a_run_outlives_the_thread_that_began_it(tmp_path):
    """The parent-death signal follows the thread that forked: a notebook's worker ends early."""
    arguments = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=10", "-frames:v", "40"]
    frames = read(
        [*arguments, "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"],
        CANVAS.frame_bytes,
        folder=tmp_path,
        limit=60,
    )
    first: list[bytes] = []
    thread = threading.Thread(target=lambda: first.append(bytes(next(frames))))
    thread.start()
    thread.join()
    assert len(first) + sum(1 for _ in frames) == 40


def test_closing_early_ends_the_process(tmp_path):
    mark = f"title={tmp_path.name}-early"
    arguments = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=10", "-metadata", mark]
    frames = read([*arguments, "-f", "rawvideo", "pipe:1"], 1000, folder=tmp_path, limit=60)
    next(frames)
    assert running(mark)
    frames.close()
    assert not running(mark)


def test_memory_of_a_decoder_is_limited(tmp_path):
    """The same frames come under a high limit and do not under a low one; ours stays as it was."""
    large = ["-f", "lavfi", "-i", "color=s=8000x8000:r=10", "-frames:v", "2", "-f", "rawvideo"]
    before = resource.getrlimit(resource.RLIMIT_AS)

    def frames(memory: int) -> int:
        pieces = read([*large, "pipe:1"], 1 << 20, folder=tmp_path, limit=60, memory=memory)
        return sum(len(piece) for piece in pieces)

    assert frames(8 << 30) == 2 * 8000 * 8000 * 3 // 2
    with pytest.raises(FfmpegError):
        frames(300 << 20)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize("fit", ["cover", "contain", "blur"])
@pytest.mark.parametrize(
    "name",
    ["speech/en_nasa_webb_2v2a2s.mp4", "odd/phone_rotated90.mov", "odd/vfr_derived_nasa.mp4"],
)
def test_clips_give_as_many_frames_as_asked(media, fit, name):
    count = 60  # the phone's clip has three frames, and is begun again
    frames = [
        bytes(f) for f in clip_frames(media / name, CANVAS, fit, count, limits=DEFAULT_LIMITS)
    ]
    assert len(frames) == count
    assert {len(f) for f in frames} == {CANVAS.frame_bytes}


def test_the_sound_of_a_clip(media):
    sound = clip_sound(media / "speech/en_nasa_webb_2v2a2s.mp4", 20.0)
    assert sound.duration == pytest.approx(20.0, abs=0.05)
    assert sound.channels == 2
    assert abs(sound.cut(14, 20).samples).max() > 0.01, "it is not begun again"


@pytest.mark.parametrize("name", ["truncated_faststart.mp4", "bitflips_seed7.mp4"])
def test_damage_is_an_error_and_names_the_file(media, name):
    """ffmpeg ends with 0 on all four damaged files; only strict decoding tells."""
    with pytest.raises(MediaError, match=f"{name}: is damaged"):
        list(clip_frames(media / "broken" / name, CANVAS, "cover", 390))


def test_only_a_decoder_s_own_word_is_damage(media, monkeypatch):
    """A missing or hung ffmpeg is not the clip's fault."""
    clip = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    monkeypatch.setenv(VARIABLE, "/bin/true")
    with pytest.raises(FfmpegError, match="does not run"):
        list(clip_frames(clip, CANVAS, "cover", 3))
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("workbench.media.frames._WAIT", -4 * DEFAULT_LIMITS.seconds)
    with pytest.raises(FfmpegError, match="did not finish"):
        list(clip_frames(clip, CANVAS, "cover", 390))


def test_a_sound_shorter_than_its_picture_is_not_begun_again(tmp_path):
    """1 s of tone under 2 s of picture: it is heard once, and again only where the picture is."""
    clip = tmp_path / "clip.mp4"
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=2"]
    encode([*tone, *picture, "-c:a", "aac", str(clip)], folder=tmp_path, limit=60)
    sound = clip_sound(clip, 3.0).mono()

    def level(start: float, end: float) -> float:
        return float(abs(sound.cut(start, end).samples).max())

    assert sound.duration == pytest.approx(3.0, abs=0.01)
    assert level(0.1, 0.9) > 0.05
    assert level(1.1, 1.9) < 0.001
    assert level(2.1, 2.9) > 0.05


def test_what_feeds_a_run_is_closed_with_it(tmp_path):
    """A kept error kept the generator, and that its decoder, waiting on a full pipe for hours."""
    closed = threading.Event()

    def frames():
        try:
            while True:
                yield FRAME
        finally:
            closed.set()

    def report(count: int) -> None:
        if count == 3:
            raise KeyboardInterrupt

    arguments = [*RAW, "-i", "pipe:0", "-f", "null", "-"]
    with pytest.raises(KeyboardInterrupt) as kept:
        encode(arguments, frames(), folder=tmp_path, limit=60, on_frame=report)
    assert closed.is_set()
    assert kept.tb is not None


def test_a_hang_over_a_file_names_the_file(media, monkeypatch):
    """`did not finish` of ffmpeg alone does not say which of ten clips it was."""
    monkeypatch.setattr("workbench.media.frames._WAIT", 0.0)
    monkeypatch.setattr("workbench.media.frames._PATIENCE", 0.0)
    clip = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    with pytest.raises(FfmpegError, match=r"en_nasa_webb_2v2a2s\.mp4: ffmpeg did not finish"):
        list(clip_frames(clip, CANVAS, "cover", 390))


def test_which_ffmpeg_runs(monkeypatch, tmp_path):
    assert ffmpeg() == next(b.path for b in binaries() if b.usable)
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(fake))
    with pytest.raises(FfmpegError, match=f"{VARIABLE}=.*does not run"):
        ffmpeg()
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg() != fake, "the embedded one comes before PATH"
