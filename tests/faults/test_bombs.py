"""Small files that describe enormous media: refused by name, limit and value, in little memory.

752 kB of H.264 take 870 MB to decode, 64 kB of FLAC are ten hours and 1.15 GB of samples
(spec/faults.md, F12).
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

import workbench as wb
from workbench.errors import MediaError, MediaTooLarge
from workbench.media.ffmpeg import encode
from workbench.media.frames import clip_frames
from workbench.media.graph import Canvas
from workbench.media.limits import Limits
from workbench.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.media]

SMALL = Canvas(width=16, height=16, fps=5)


def remainder(data: bytes, polynomial: int, bits: int) -> int:
    """Return the check sum that FLAC puts behind its headers and frames."""
    crc, top, most = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        crc ^= byte << (bits - 8)
        for _ in range(8):
            crc = ((crc << 1) ^ polynomial if crc & top else crc << 1) & most
    return crc


def silent_flac(hours: int, *, declared: bool = True) -> bytes:
    """Return hours of silence: 14 bytes for each 8 s, every one of them valid."""
    rate, block = 8000, 65_535
    count = hours * 3600 * rate // block
    length = count * block if declared else 0
    info = struct.pack(">HH", block, block) + bytes(6)
    info += (rate << 44 | 15 << 36 | length).to_bytes(8, "big") + bytes(16)
    out = bytearray(b"fLaC\x80" + len(info).to_bytes(3, "big") + info)
    for index in range(count):
        if index < 0x80:
            number = bytes([index])
        elif index < 0x800:
            number = bytes([0xC0 | index >> 6, 0x80 | index & 63])
        else:
            number = bytes([0xE0 | index >> 12, 0x80 | index >> 6 & 63, 0x80 | index & 63])
        head = b"\xff\xf8\x74\x08" + number + struct.pack(">H", block - 1)
        head += bytes([remainder(head, 0x07, 8)])
        frame = head + b"\x00\x00\x10"  # one subframe: a constant
        out += frame + remainder(frame, 0x8005, 16).to_bytes(2, "big")
    return bytes(out)


def lying_clip(data: bytes) -> bytes:
    """Return an MP4 whose header says 64x64 of a stream that says 16000x16000."""
    place = data.index(b"avc1", data.index(b"stsd")) + 28
    assert data[place : place + 4] == struct.pack(">HH", 16_000, 16_000)
    return data[:place] + struct.pack(">HH", 64, 64) + data[place + 4 :]


def empty_png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rest = chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rest


def bitmap(side: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, side, side, 1, 24, *[0] * 6)


@pytest.fixture(scope="module")
def bombs(media, tmp_path_factory) -> dict[str, tuple[Path, str]]:
    """Return each bomb and what must be said of it."""
    folder = tmp_path_factory.mktemp("bombs")
    hostile = media / "hostile"
    made = {
        "ten_hours.flac": silent_flac(10),
        "undeclared.flac": silent_flac(10, declared=False),
        "lying.mp4": lying_clip((hostile / "h264_16000x16000.mp4").read_bytes()),
        "empty.png": empty_png(100_000),
        "empty.bmp": bitmap(30_000),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    seconds = "35,995 s, over the limit of 14,400 s"
    return {
        "flac": (folder / "ten_hours.flac", seconds),
        "undeclared flac": (folder / "undeclared.flac", seconds),
        "lying clip": (folder / "lying.mp4", "16000x16000, 256 megapixels, over the limit of 40"),
        "clip": (hostile / "h264_16000x16000.mp4", "256 megapixels, over the limit of 40"),
        "picture": (hostile / "png_30000x30000.png", "900 megapixels, over the limit of 40"),
        "png": (folder / "empty.png", "10,000 megapixels, over the limit of 40"),
        "bmp": (folder / "empty.bmp", "900 megapixels, over the limit of 40"),
    }


CHILD = """
    import json, sys
    from pathlib import Path
    import workbench as wb
    from workbench.errors import WorkbenchError
    from workbench.media.frames import clip_frames, clip_sound, frame_at
    from workbench.media.graph import Canvas
    from workbench.media.probe import length, probe
    from workbench.media.stills import load

    small = Canvas(width=16, height=16, fps=5)
    openers = {
        "probe": probe,
        "length": length,
        "load": load,
        "frame_at": frame_at,
        "clip_frames": lambda p: list(clip_frames(p, small, "cover", 2)),
        "clip_sound": lambda p: clip_sound(p, 1.0),
        "scene": lambda p: wb.Video("16x16").scene(p).render(p.parent / "a.mp4"),
    }

    def memory(what):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(what))

    told = []
    warm, *paths = map(Path, sys.argv[1:])
    openers["frame_at"](warm), openers["clip_sound"](warm)  # libraries are loaded now
    for path in paths:
        for name, opener in openers.items():
            Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
            before = memory("VmRSS")
            try:
                text = repr(opener(path))
            except WorkbenchError as error:
                text = f"{error.code} {error}"
            told.append([str(path), name, text, memory("VmHWM") - before])
    print(json.dumps(told))
"""


def test_no_bomb_goes_off(bombs, made, tmp_path):
    """In a process of its own, whose peak is measured anew for each: 100 MB and no more."""
    import textwrap

    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    paths = [str(path) for path, _ in bombs.values()]
    done = subprocess.run(
        [sys.executable, script, str(made["clip.mp4"]), *paths],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    told = json.loads(done.stdout)
    assert len(told) == 7 * len(bombs)
    by_path = {str(path): text for path, text in bombs.values()}
    for path, name, text, grown in told:
        assert grown < 100_000, f"{name} of {path}: {grown} kB"
        if name == "probe" and path.endswith("undeclared.flac"):
            continue  # nothing is decoded, and nothing said how long it lasts
        if text.startswith("media_too_large "):
            assert by_path[path] in text, text
            assert path in text
        else:  # a sound has no picture, a picture no sound: that is said first
            assert text.startswith("media "), text
    refused = {(path, name) for path, name, text, _ in told if text.startswith("media_too_large")}
    for path in paths:
        assert {name for p, name in refused if p == path} & {"scene", "clip_sound"}, path


def test_a_frame_that_grows_on_the_way_meets_the_limit(tmp_path):
    """The first frame passes the probe; a later one may not be larger, in either decoder."""
    parts = []
    for side in (64, 512):
        part = tmp_path / f"{side}.ts"
        source = ["-f", "lavfi", "-i", f"testsrc2=s={side}x{side}:r=5:d=1"]
        encode([*source, "-c:v", "libx264", f"file:{part}"], folder=tmp_path, limit=60)
        parts.append(part.read_bytes())
    path = tmp_path / "grows.ts"
    path.write_bytes(b"".join(parts))
    limits = Limits(pixels=100_000)
    assert probe(path, limits=limits).video.width == 64
    with pytest.raises(MediaError, match=r"grows\.ts"):
        list(clip_frames(path, SMALL, "cover", 10, limits=limits))


def test_memory_that_is_asked_for_and_not_given(media):
    """The limit is the child's; ours stays; the file is named."""
    clip = media / "odd" / "vfr_screenrec.mp4"
    for megabytes in (100, 250):
        limits = Limits(memory=megabytes << 20)
        with pytest.raises(MediaError, match=r"vfr_screenrec\.mp4: (takes more memory|makes|is)"):
            list(clip_frames(clip, SMALL, "cover", 3, limits=limits))
    assert len(list(clip_frames(clip, SMALL, "cover", 3))) == 3


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "avi"])
def test_more_streams_than_the_limit_are_refused(suffix, tmp_path):
    """Of 40 streams 32 were looked at, as if there were no more; an MP4 was "no video"."""
    source = ["-f", "lavfi", "-i", "anullsrc=r=8000:d=0.1"]
    for count in (32, 33, 40):
        path = tmp_path / f"{count}.{suffix}"
        maps = ["-map", "0"] * count
        encode([*source, *maps, "-c:a", "aac", f"file:{path}"], folder=tmp_path, limit=60)
    assert probe(tmp_path / f"32.{suffix}").audios == 32
    for count in (33, 40):
        with pytest.raises(MediaTooLarge, match=r"has more than 32 streams"):
            probe(tmp_path / f"{count}.{suffix}")


def test_limits_hold_for_what_comes_as_a_value():
    """A narration of five hours, a picture of 81 megapixels: the same limits, named the same."""
    with pytest.raises(MediaTooLarge, match=r"81 megapixels, over the limit of 40"):
        wb.Video().scene(np.zeros((9000, 9000, 3), np.uint8))
    with pytest.raises(MediaTooLarge, match=r"lasts 36 s, over the limit of 30 s"):
        wb.Video(limits=Limits(seconds=30)).narrate(wb.Audio.silence(36, 8000))
