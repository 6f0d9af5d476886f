"""Files that lie about what they are, or are larger than they look, and names that are code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import workbench as wb
from workbench.errors import MediaError, MediaNotFound, MediaTooLarge
from workbench.media.frames import clip_frames, frame_at
from workbench.media.graph import Canvas
from workbench.media.probe import probe

pytestmark = [pytest.mark.faults, pytest.mark.media]

PLAYLISTS = [
    "evil_concat_abs.mp4",
    "evil_concat_rel.mp4",
    "evil_hls_abs.mp4",
    "evil_hls_http.mp4",
    "evil_hls_rel.mp4",
    "evil_sdp.mp4",
]
SMALL = Canvas(width=64, height=64, fps=10)


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_that_poses_as_a_clip_is_not_opened(media, name):
    """With a protocol list alone, 4 of 8 such files read other files of the machine."""
    path = media / "hostile" / name
    with pytest.raises(MediaError, match="is not a picture, sound or video"):
        probe(path)
    with pytest.raises(MediaError):
        wb.Video().scene(path)
    with pytest.raises(MediaError):  # and the decoder by itself, without the probe before it
        list(clip_frames(path, SMALL, "cover", 5))


def test_protocol_strings_are_file_names(media):
    clip = media / "speech" / "en_nasa_webb_2v2a2s.mp4"
    for text in (f"concat:{clip}|{clip}", f"subfile,,start,0,end,0,,:{clip}", "/dev/zero", "-"):
        with pytest.raises(MediaNotFound):
            probe(text)


def test_a_text_is_not_a_picture(tmp_path):
    """ffmpeg's tty demuxer draws any .txt: /etc/passwd as a picture."""
    (tmp_path / "a.txt").write_text("root:x:0:0\n" * 40)
    for suffix in (".png", ".jpg", ".mp4", ".txt"):
        target = tmp_path / f"b{suffix}"
        target.write_bytes((tmp_path / "a.txt").read_bytes())
        with pytest.raises(MediaError):
            wb.Video().scene(target)


@pytest.mark.parametrize("name", ["png_30000x30000.png", "h264_16000x16000.mp4"])
def test_bombs_are_refused_before_they_go_off(media, name):
    """900 megapixels in 109 kB: the limit and the size are told, and memory stays where it was."""
    code = (
        "import resource, sys\n"
        "from workbench.media.probe import probe\n"
        "from workbench.errors import MediaTooLarge\n"
        f"probe({str(media / 'speech' / 'en_nasa_webb_2v2a2s.mp4')!r})\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        f"    probe({str(media / 'hostile' / name)!r})\n"
        "except MediaTooLarge as error:\n"
        "    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, grown = done.stdout.splitlines()
    assert "megapixels, over the limit of 40" in told
    assert int(grown) < 100_000, "kilobytes"


def test_a_bomb_that_passes_the_probe_meets_the_decoder_s_limit(media):
    """Asked in a process of its own: another test's children may be larger."""
    path = media / "hostile" / "h264_16000x16000.mp4"
    code = (
        "import resource\n"
        "from pathlib import Path\n"
        "from workbench.errors import MediaError\n"
        "from workbench.media.frames import clip_frames\n"
        "from workbench.media.graph import Canvas\n"
        "small = Canvas(width=64, height=36, fps=5)\n"
        "try:\n"
        f"    list(clip_frames(Path({str(path)!r}), small, 'cover', 2))\n"
        "except MediaError:\n"
        "    print('refused')\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, peak = done.stdout.splitlines()
    assert told == "refused"
    assert int(peak) < 2 << 20, "kilobytes"


def test_every_name_as_input_and_output(media, tmp_path, monkeypatch):
    """24 names with quotes, colons, percent signs, newlines, dashes: each is just a name."""
    names = json.loads((media / "hostile" / "filenames.json").read_text())
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("out").mkdir()
    for index, name in enumerate(names):
        source = Path("in") / name.replace(".ass", ".png")
        source = source.with_name(
            source.name.rstrip() if source.name.endswith(" ") else source.name
        )
        Image.new("RGB", (64, 64), (index * 10, 200, 40)).save(source, "PNG")
        target = Path("out") / f"{name}.mp4"
        video = wb.Video("64x64", fps=10).scene(source, duration=0.3).render(target)
        red, green, _ = frame_at(video.path, 0.1).reshape(-1, 3).mean(0)
        assert (red, green) == pytest.approx((index * 10, 200), abs=8), name
    left = sorted(p.name for p in Path("out").iterdir())
    assert left == sorted(f"{n}{s}" for n in names for s in (".mp4", ".mp4.json"))


def test_limits_are_told_with_their_values():
    with pytest.raises(MediaTooLarge, match="81 megapixels, over the limit of 40"):
        wb.Video().scene(np.zeros((9000, 9000, 3), np.uint8))
