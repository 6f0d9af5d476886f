"""Encoders are tried by encoding: fake ones that break in every way, and the real ones here."""

from __future__ import annotations

import os
import subprocess
import textwrap
from itertools import product
from typing import TYPE_CHECKING

import pytest

from workbench.errors import Cancelled, FfmpegError
from workbench.media.binaries import VARIABLE, ffmpeg
from workbench.media.encoders import CANDIDATES, PRESETS, choose, trial, works
from workbench.media.encoders.table import settings
from workbench.media.ffmpeg import encode

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media

# What a broken encoder does in place of encoding; "$@" are its arguments, the last one the file.
BROKEN = {
    "fails": "echo '[x @ 0x1] [error] Cannot load libfake.so.1' >&2; exit 1",
    "fails in silence": "exit 3",
    "writes nothing": "exit 0",
    "writes garbage": 'last="${@: -1}"; head -c 20000 /dev/urandom > "${last#file:}"; exit 0',
    "writes an empty file": 'last="${@: -1}"; : > "${last#file:}"; exit 0',
    "writes too few frames": 'exec "$real" "${@:1:$#-1}" -frames:v 2 "${@: -1}"',
    "writes another size": 'exec "$real" "${@:1:$#-1}" -s 32x32 "${@: -1}"',
    "writes green frames": (
        'exec "$real" "${@//setparams=/drawbox=color=green:t=fill,setparams=}"'
    ),
    "tears the file": (
        'last="${@: -1}"; "$real" "$@" || exit; '
        'truncate -s $(( $(stat -c %s "${last#file:}") / 2 )) "${last#file:}"; exit 0'
    ),
    "ends itself": "kill -SEGV $$",
    "hangs": 'echo $$ > "$home/pid"; exec sleep 600',
}
WHY = {
    "fails": "Cannot load libfake.so.1",
    "fails in silence": "failed with exit code 3",
    "writes nothing": "wrote a file that cannot be opened (there is no such file)",
    "writes too few frames": "gave 2 frames of 5",
    "writes another size": "wrote a picture of another size",
    "writes green frames": "gave other pictures than it was given",
    "ends itself": "was ended by signal 11",
    "hangs": "did not finish within 2 s",
}


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Name an ffmpeg in which one encoder does something else, and count how often it is used."""
    real = ffmpeg()

    def install(encoder, action):
        script = tmp_path / "ffmpeg"
        script.write_text(
            textwrap.dedent(f"""\
                #!/bin/bash
                real='{real}' home='{tmp_path}'
                case " $* " in *" -c:v {encoder} "*)
                    echo "$*" >> "$home/used"
                    {action}
                esac
                exec "$real" "$@"
                """)
        )
        script.chmod(0o755)
        monkeypatch.setenv(VARIABLE, str(script))
        return tmp_path / "used"

    monkeypatch.setattr(trial, "_known", {})
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return install


@pytest.mark.faults
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_encoder_is_found_out_whatever_it_does(how, broken, monkeypatch, tmp_path):
    """The exit code of most of these is 0, and ffmpeg lists the encoder in every case.

    The old system asked neither: "Cannot load libcuda.so.1" and no video.
    """
    if how == "hangs":
        monkeypatch.setattr(trial, "_LIMIT", 2.0)
    used = broken("libx265", BROKEN[how])
    listed = subprocess.run([ffmpeg(), "-encoders"], capture_output=True, text=True, check=True)
    assert "libx265" in listed.stdout
    why = works("libx265", 64, 64)
    assert why
    assert WHY.get(how, "") in why
    assert "\n" not in why
    chosen = choose("preview", width=64, height=64, encoder="x265")
    assert chosen.note == f"libx265 does not work here ({why}); libx264 is used"
    assert chosen.name == "libx264"
    assert len(used.read_text().splitlines()) == 1, "it is asked once"
    assert works("libx264", 64, 64) == "", "the others work"
    if how == "hangs":
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.faults
def test_a_driver_that_comes_later_is_found(broken, monkeypatch):
    used = broken("libx265", BROKEN["fails"])
    assert works("libx265", 64, 64)
    monkeypatch.setattr(trial, "_known", {})
    assert works("libx265", 64, 64), "kept on disk"
    assert len(used.read_text().splitlines()) == 1
    broken("libx265", "true")  # the program has changed: its time of change is part of the key
    os.utime(os.environ[VARIABLE], (1, 1))
    monkeypatch.setattr(trial, "_known", {})
    assert works("libx265", 64, 64) == ""
    assert len(used.read_text().splitlines()) == 2


def test_a_trial_is_made_at_the_size_that_is_wanted(broken):
    """A card may refuse what its list promises: NVENC wants 145 pixels, others stop at 4096."""
    small = '[[ " $* " == *" 64x64 "* ]] && { echo "[x @ 0x1] [error] too small" >&2; exit 1; }'
    broken("libx265", small)
    assert works("libx265", 64, 64) == "too small"
    assert works("libx265", 160, 160) == ""


def test_a_full_disk_says_nothing_of_the_encoder(broken, monkeypatch):
    broken("libx265", "echo '[x @ 0x1] [error] No space left on device' >&2; exit 1")
    with pytest.raises(Exception, match="no space left"):
        works("libx265", 64, 64)
    broken("libx265", "true")
    assert works("libx265", 64, 64) == ""


def test_asking_can_be_cancelled(broken):
    from threading import Event

    broken("libx265", BROKEN["hangs"])
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        works("libx265", 64, 64, cancel=stop)
    with pytest.raises(Cancelled):
        choose("production", width=64, height=64, encoder="x265", cancel=stop)


def test_frames_are_uploaded_where_the_card_wants_them(broken):
    used = broken("h264_vaapi", BROKEN["fails"])
    assert works("vaapi", 64, 64) == "Cannot load libfake.so.1"
    line = used.read_text()
    assert " -vaapi_device /dev/dri/renderD" in line
    assert line.index("-vaapi_device") < line.index("-i pipe:0")
    assert "format=nv12" in line
    assert "hwupload" in line
    assert " -pix_fmt yuv420p -i" in " ".join(line.split()) or "-pix_fmt yuv420p" in line
    assert line.count("-pix_fmt") == 1, "of the input alone"


@pytest.mark.parametrize("name", [n for n in CANDIDATES if not n.startswith("lib")])
def test_hardware_answers_whatever_the_machine(name):
    """It works, or it says why; either way within the limit, and `choose` has an encoder."""
    why = works(name, 320, 240)
    chosen = choose("draft", width=320, height=240, encoder=name)
    assert chosen.name == ("libx264" if why else name)
    assert bool(chosen.note) == bool(why)


_MOTION = {"draft": b"subme=0 ", "preview": b"subme=1 ", "production": b"subme=2 "}
"""How x264's own presets search: ultrafast, superfast, veryfast."""


@pytest.mark.parametrize("name", ["libx264", "libx265", "libsvtav1"])
def test_the_software_encoders_are_set_by_every_preset(name, tmp_path):
    import av

    frames = trial._pictures(128, 512)  # high enough for x264 to use threads
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", "128x512", "-i", "pipe:0"]
    seen = set()
    for preset, held in product(PRESETS.values(), (False, True)):
        made = settings(name, preset).single() if held else settings(name, preset)
        options = [x for key, value in made.options.items() for x in (f"-{key}", str(value))]
        target = tmp_path / f"{preset.name}{held}.mp4"
        arguments = [*raw, "-vf", tags, *options, f"file:{target}"]
        messages = encode(arguments, [f.data for f in frames], folder=tmp_path, limit=60)
        assert "[warning]" not in messages, "an option that the encoder does not know"
        with av.open(str(target)) as video:
            context = video.streams.video[0].codec_context
            assert context.name in {"h264", "hevc", "av1", "libdav1d"}
            assert (context.pix_fmt, context.color_primaries) == ("yuv420p", 1), "BT.709"
            assert made.codec != "hevc" or context.codec_tag == "hvc1"
            assert sum(1 for _ in video.decode(video=0)) == 5
        text = target.read_bytes()
        seen.add(text[text.index(b"mdat") :])
        if name == "libx264":  # it writes its settings into the file
            assert f"crf={preset.crf}.0".encode() in text
            assert _MOTION[preset.name] in text
            assert not held or b"threads=1 " in text
    assert len(seen) >= 3, "a preset that changes no byte does nothing"


def test_no_ffmpeg_is_not_a_broken_encoder(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(FfmpegError, match="does not run"):
        works("libx265", 64, 64)
