"""``workbench media``: each option reaches its function, each mistake is one line."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lavfi import beeps, clip, counter, numbers, samples
from PIL import Image

from workbench import cli
from workbench.audio import Audio
from workbench.media.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Command = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.media

COMMANDS = (
    "merge", "trim", "frames", "sheet", "grid", "imperfect", "gif", "fonts", "audio", "wav",
    "waveform", "spectrum", "waveform-video", "loudness", "speed",
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a counter, two colours and a tone."""
    home = tmp_path_factory.mktemp("made")
    counter(home / "count.mp4")
    clip(home / "red.mp4", "red", seconds=0.5)
    clip(home / "wide.mp4", "blue", size="80x40", seconds=0.5, tone=None)
    tone = 0.25 * np.sin(2 * np.pi * 1000 * np.arange(2 * 48_000) / 48_000)
    Audio(samples=tone, rate=48_000).write(home / "tone.wav")
    Image.new("RGB", (40, 20), "red").save(home / "a.png")
    return home


@pytest.fixture
def command(made: Path, tmp_path: Path, monkeypatch, capsys) -> Iterator[Command]:
    """``workbench media ARGUMENTS`` in this process; @ stands for the folder of what was made."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        given = [str(each).replace("@", f"{made}{os.sep}") for each in arguments]
        monkeypatch.setattr(sys, "argv", ["workbench", "media", *given])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    handler = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, handler)


def told(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out)


def test_every_command_explains_itself(command):
    code, out, err = command()
    assert (code, err) == (0, "")
    assert all(f"  {name} " in out for name in COMMANDS)
    for name in COMMANDS:
        code, out, err = command(name, "--help")
        assert (code, err) == (0, "")
        assert "--json" in out


def test_merge(command, tmp_path):
    answer = told(command("merge", "@red.mp4", "@wide.mp4", "-o", "a.mp4", "--size", "96x64",
                          "--fps", "20", "--fit", "cover", "--json"))  # fmt: skip
    assert (answer["width"], answer["fps"], answer["copied"]) == (96, 20, False)
    assert answer["starts"] == [0, 0.5]
    assert probe("a.mp4").duration == pytest.approx(1, abs=0.1)
    code, out, _ = command("merge", "@red.mp4", "@red.mp4", "-o", "b.mp4")
    assert (code, out) == (0, "b.mp4: 1.00 s, 2 clips, copied\n")
    code, out, _ = command("merge", "@red.mp4", "@red.mp4", "-o", "b.mp4", "--encode")
    assert "encoded: copying was not allowed" in out
    loud = told(command("merge", "@wide.mp4", "-o", "c.mp4", "--music", "@tone.wav",
                        "--music-volume", "1", "--json"))  # fmt: skip
    assert loud["copied"]
    assert np.abs(samples(tmp_path / "c.mp4")).max() == pytest.approx(0.25, abs=0.04)


def test_trim(command, tmp_path):
    answer = told(command("trim", "@count.mp4", "-o", "a.mp4", "-s", "0:01.2", "-e", "3", "--json"))
    assert (answer["start"], answer["end"], answer["copied"]) == (1.2, 3, False)
    assert numbers(tmp_path / "a.mp4") == list(range(12, 30))
    code, out, _ = command("trim", "@count.mp4", "-o", "b.mp4", "-s", "1.2", "-e", "3", "--quick")
    assert (code, out) == (0, "b.mp4: 2.00 s, cut at 1.000 and 3.000 s\n")


def test_frames(command, tmp_path):
    answer = told(command("frames", "@count.mp4", "-o", "in", "-t", "1", "-t", "0:03", "-f", "png",
                          "-w", "32", "--json"))  # fmt: skip
    assert [each["seconds"] for each in answer] == [1, 3]
    assert (tmp_path / "in/frame-0002.png").is_file()
    code, out, _ = command("frames", "@count.mp4", "-o", "in", "-n", "3")
    assert (code, len(out.splitlines())) == (0, 3)


def test_sheets_and_grids(command, tmp_path):
    answer = told(command("sheet", "@count.mp4", "-o", "a.png", "-n", "4", "--columns", "4", "-w",
                          "200", "--gap", "4", "--no-stamps", "--background", "lime",
                          "--json"))  # fmt: skip
    assert (answer["width"], answer["height"]) == (200, 53)
    assert tuple(np.asarray(Image.open(tmp_path / "a.png"))[0, 0]) == (0, 255, 0)
    told(command("sheet", "@count.mp4", "-o", "b.png", "-t", "1", "-t", "2", "--colour", "red",
                 "--json"))  # fmt: skip
    answer = told(command("grid", "@a.png", "@a.png", "-o", "g.png", "--columns", "1", "--cell",
                          "40x20", "--gap", "1", "--background", "blue", "--json"))  # fmt: skip
    assert (answer["width"], answer["height"]) == (42, 43)
    answer = told(command("grid", "@a.png", "-o", "g.png", "--max-size", "100x50", "--json"))
    assert answer["width"] <= 100
    command("imperfect", "@a.png", "-o", "i.png", "--noise", "30", "--seed", "2", "--colour", "0",
            "--contrast", "0.5")  # fmt: skip
    assert np.asarray(Image.open(tmp_path / "i.png")).std() > 10


def test_gif(command, tmp_path):
    answer = told(command("gif", "@count.mp4", "-o", "a.gif", "-s", "1", "-d", "1", "--fps", "5",
                          "-w", "32", "--colours", "16", "--dither", "none", "--once",
                          "--json"))  # fmt: skip
    assert (answer["frames"], answer["duration"], answer["width"]) == (5, 1, 32)
    assert answer["size"] == (tmp_path / "a.gif").stat().st_size
    with Image.open(tmp_path / "a.gif") as image:
        assert "loop" not in image.info


def test_fonts(command):
    answer = told(command("fonts", "dejavu sans mono", "--json"))
    assert answer[0]["family"] == "DejaVu Sans Mono"
    code, out, err = command("fonts", "no such font")
    assert (code, out) == (2, "")
    assert "no font has that" in err


def test_sounds(command, tmp_path):
    answer = told(command("audio", "@count.mp4", "-o", "a.m4a", "--json"))
    assert answer["copied"]
    assert not told(command("audio", "@count.mp4", "-o", "a.m4a", "--encode", "--json"))["copied"]
    assert beeps(samples(tmp_path / "a.m4a")) == pytest.approx(range(4), abs=0.02)
    raw = (np.arange(8000) % 100).astype("<f4") / 200
    answer = told(command("wav", "-", "-o", "a.wav", "-r", "8000", "-c", "2", "-f", "f32le",
                          "--target-rate", "16000", "--target-channels", "1", "--json",
                          stdin=raw.tobytes()))  # fmt: skip
    assert (answer["rate"], answer["channels"], answer["duration"]) == (16_000, 1, 0.5)
    (tmp_path / "a.pcm").write_bytes(bytes(4800))
    assert told(command("wav", "a.pcm", "-o", "b.wav", "--json"))["duration"] == 0.1


def test_loudness_and_speed(command, tmp_path):
    answer = told(command("loudness", "@tone.wav", "--json"))
    assert answer["integrated"] == pytest.approx(-15.1, abs=0.3)
    answer = told(command("loudness", "@tone.wav", "-o", "a.wav", "-t", "audiobook", "--json"))
    assert answer["after"]["integrated"] == pytest.approx(-20, abs=0.2)
    command("loudness", "@tone.wav", "-o", "b.mp3", "-t", "-9", "--true-peak", "-6")
    assert np.abs(samples(tmp_path / "b.mp3")).max() < 10 ** (-5.5 / 20)
    assert "LUFS" in command("loudness", "@count.mp4")[1]
    answer = told(command("speed", "@tone.wav", "-o", "c.flac", "-f", "2", "--json"))
    assert answer["duration"] == 1
    assert Audio.read(tmp_path / "c.flac").duration == 1


def test_pictures_of_sounds(command, tmp_path):
    answer = told(command("waveform", "@tone.wav", "-o", "a.png", "-w", "100", "--height", "60",
                          "--colour", "red", "--background", "blue", "--split", "--scale", "db",
                          "--floor", "-30", "--normalize", "--json"))  # fmt: skip
    assert (answer["width"], answer["height"]) == (100, 60)
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    assert tuple(picture[30, 50]) == (255, 0, 0)
    assert tuple(picture[0, 50]) == (0, 0, 255)
    told(command("spectrum", "@tone.wav", "-o", "b.png", "-w", "100", "--height", "101", "--scale",
                 "linear", "--lowest", "500", "--highest", "1500", "--floor", "-60", "--window",
                 "4096", "--colours", "gray", "--no-axes", "--json"))  # fmt: skip
    column = np.asarray(Image.open(tmp_path / "b.png"))[:, 50, 0]
    assert np.argmax(column) == pytest.approx(50, abs=2)
    answer = told(command("waveform-video", "@tone.wav", "-o", "c.mp4", "--size", "64x32", "--fps",
                          "12", "--style", "progress", "--window", "2", "--colour", "red",
                          "--background", "blue", "--json"))  # fmt: skip
    assert (answer["width"], answer["height"], answer["fps"]) == (64, 32, 12)


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("merg",), 2, "No such command 'merg'"),
        (("merge",), 2, "Missing argument"),
        (("merge", "@red.mp4"), 2, "Missing option"),
        (("merge", "@red.mp4", "-o", "a.avi"), 2, "a.avi: must end in .mp4"),
        (("merge", "@none.mp4", "-o", "a.mp4"), 2, "there is no such file"),
        (("merge", "@red.mp4", "-o", "a.mp4", "--size", "64"), 2, "--size: is no size: '64'"),
        (("merge", "@red.mp4", "-o", "a.mp4", "--size", "63x64"), 2, "needs even sides"),
        (("merge", "@red.mp4", "-o", "a.mp4", "--fps", "nan"), 2, "fps: must be a number"),
        (("merge", "@red.mp4", "-o", "a.mp4", "--fit", "pad"), 2, "fit: 'pad' is not one of"),
        (("merge", "@tone.wav", "-o", "a.mp4"), 1, "is audio, not a video"),
        (("trim", "@red.mp4", "-o", "a.mp4", "-s", "nan"), 2, "--start: is no time: 'nan'"),
        (("trim", "@red.mp4", "-o", "a.mp4", "-s", "-1"), 2, "--start: is no time: '-1'"),
        (("trim", "@red.mp4", "-o", "a.mp4", "-e", "1:2:3:4"), 2, "--end: is no time"),
        (("trim", "@red.mp4", "-o", "a.mp4", "-s", "9"), 2, "start: is 9 s, and red.mp4 ends at"),
        (("frames", "@red.mp4", "-o", "in"), 2, "--at: is missing; give times, or a --count"),
        (("frames", "@red.mp4", "-o", "in", "-n", "1", "-t", "1"), 2, "either times or a count"),
        (("frames", "@red.mp4", "-o", "in", "-n", "1", "-f", "bmp"), 2, "suffix: '.bmp'"),
        (("sheet", "@red.mp4", "-o", "a.png", "--colour", "red:x"), 2, "colour: is no colour"),
        (("grid", "@a.png", "-o", "a.png", "--cell", "0x9"), 2, "cell: must be from 1"),
        (("gif", "@red.mp4", "-o", "a.gif", "--dither", "x"), 2, "dither: 'x' is not one of"),
        (("wav", "@a.png", "-o", "a.wav", "-f", "s16"), 2, "did you mean 's16le'?"),
        (("wav", "-", "-o", "a.wav"), 2, "pcm: 0 bytes are not whole frames"),
        (("waveform", "@a.png", "-o", "b.png"), 1, "has no sound"),
        (("spectrum", "@tone.wav", "-o", "b.png", "--scale", "x"), 2, "scale: 'x' is not one of"),
        (("waveform-video", "@tone.wav", "-o", "b.mp4", "--style", "x"), 2, "style: 'x'"),
        (("loudness", "@tone.wav", "-o", "b.wav"), 2, "--output: needs a --target"),
        (("loudness", "@tone.wav", "-t", "podcast"), 2, "--target: needs an --output"),
        (("loudness", "@tone.wav", "--true-peak", "-3"), 2, "--true-peak: is for an --output"),
        (("loudness", "@tone.wav", "-t", "podcst", "-o", "b.wav"), 2, "did you mean 'podcast'?"),
        (("loudness", "@tone.wav", "-t", "nan", "-o", "b.wav"), 2, "not nan"),
        (("loudness", "@tone.wav", "-t", "podcast", "-o", "b.m4a"), 2, "must end in"),
        (("speed", "@tone.wav", "-o", "b.wav", "-f", "9"), 2, "--factor: must be from 0.25 to 4"),
        (("speed", "@tone.wav", "-o", "@tone.wav", "-f", "2"), 2, "is what is read"),
    ],
)
def test_a_mistake_is_one_line(command, tmp_path, arguments, code, said):
    ended, out, err = command(*arguments)
    assert (ended, out) == (code, "")
    assert err.startswith("workbench: ")
    assert len(err.splitlines()) == 1
    assert said in err
    assert not [p for p in tmp_path.iterdir() if p.is_file()]


@pytest.mark.faults
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_in_one_line_and_leaves_nothing(made, tmp_path, sign):
    """The old system's ffmpeg went on by itself, or left half a file under the final name."""
    files = [str(made / "count.mp4")] * 40
    program = [sys.executable, "-c", "from workbench.cli import main; main()"]
    with subprocess.Popen(
        [*program, "media", "merge", *files, "-o", "out.mp4", "--encode"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        for _ in range(600):
            if list(tmp_path.glob(".wb-*")):
                break
            time.sleep(0.05)
        child.send_signal(sign)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, b"", b"workbench: stopped\n")
    assert list(tmp_path.iterdir()) == []


def test_the_group_loads_nothing_heavy():
    code = (
        "import sys, workbench.commands.media; "
        "print(sorted(set(sys.modules) & {'numpy', 'cv2', 'av', 'PIL', 'matplotlib', 'ffmpeg'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"
