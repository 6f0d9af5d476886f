"""Files that name other files, and strings that name protocols: nothing but the file is opened.

With a list of protocols alone, 4 of 8 such files read other files of the machine, and PyAV follows
ffconcat, ``concat:`` and ``subfile,``; ffmpeg's tty demuxer draws any .txt, /etc/passwd as a
picture (spec/faults.md, F3).
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults.watch import watched
from PIL import Image

import workbench as wb
from workbench.audio import Audio
from workbench.captions.cues import Cues
from workbench.errors import WorkbenchError
from workbench.media import graph
from workbench.media.ffmpeg import read
from workbench.media.frames import clip_frames, clip_sound, frame_at
from workbench.media.graph import Canvas
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS
from workbench.media.probe import length, probe
from workbench.media.stills import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.faults, pytest.mark.media]

SMALL = Canvas(width=16, height=16, fps=5)

LISTS = {
    "concat": "ffconcat version 1.0\nfile 'secret.mp4'\n",
    "concat_abs": "ffconcat version 1.0\nfile '{folder}/secret.mp4'\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.mp4\n#EXT-X-ENDLIST\n",
    "hls_abs": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{folder}/secret.mp4\n",
    "hls_http": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://{host}/a.ts\n",
    "hls_subfile": "#EXTM3U\n#EXTINF:2,\nsubfile,,start,0,end,0,,:{folder}/secret.mp4\n",
    "dash": (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'profiles="urn:mpeg:dash:profile:isoff-main:2011" mediaPresentationDuration="PT2S">'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">'
        "<BaseURL>secret.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"
    ),
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="secret.png"/></svg>',
    "text": "root:x:0:0:root:/root:/bin/bash\n" * 40,
}
STRINGS = [
    "concat:secret.mp4|secret.mp4",
    "subfile,,start,0,end,0,,:secret.mp4",
    "file:secret.mp4",
    "crypto:secret.mp4",
    "cache:secret.mp4",
    "async:file:secret.mp4",
    "http://{host}/a.mp4",
    "tcp://{host}",
    "data:video/mp4;base64,AAAA",
    "pipe:0",
    "fd:0",
    "-",
    "/dev/stdin",
    "/dev/zero",
    "glob:*.mp4",
    "testsrc=s=16x16",
]


def runner(arguments: list[str], path: Path) -> object:
    """Give the one runner what a graph makes of a path, without the probe before it."""
    return list(read(arguments, 1 << 16, folder=Path.cwd(), limit=20))


def pictures(path: Path) -> object:
    arguments = graph.clip_frames(path, SMALL, "cover", 2, start=0, limits=DEFAULT_LIMITS)
    return runner(arguments, path)


OPENERS: dict[str, Callable[[Path], object]] = {
    "probe": probe,
    "length": length,
    "check_intact": check_intact,
    "frame_at": frame_at,
    "clip_frames": lambda p: list(clip_frames(p, SMALL, "cover", 2)),
    "clip_sound": lambda p: clip_sound(p, 1.0),
    "load": load,
    "Audio.read": Audio.read,
    "Cues.read": Cues.read,
    "scene": lambda p: wb.Video().scene(p),
    "captions": lambda p: wb.Video().captions(cues=p),
    "font": lambda p: wb.Video().captions(font=str(p)).style.font and font(p),
    "the runner's pictures": pictures,
    "the runner's sound": lambda p: runner(graph.clip_sound(p, 8000, 1.0, start=0), p),
}


def font(path: Path) -> object:
    from workbench.captions.fonts import find_font

    return find_font(f"{os.curdir}{os.sep}{path}")


@pytest.fixture
def secrets(tmp_path, made, monkeypatch) -> Iterator[str]:
    """Put secret files into the working folder; return a host that nothing may connect to."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(made["clip.mp4"], tmp_path / "secret.mp4")
    Image.new("RGB", (16, 16), "white").save(tmp_path / "secret.png")
    # An address of this test alone: on the usual one somebody may look for an earlier server.
    alone = f"127.{'.'.join(str(1 + byte % 254) for byte in os.urandom(3))}"
    with socket.create_server((alone, 0)) as server:
        server.settimeout(0)
        yield f"{alone}:{server.getsockname()[1]}"
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_opens_nothing_but_itself(secrets, tmp_path, kind):
    for suffix in (".mp4", ".srt" if kind != "text" else ".png"):
        path = Path(f"list{suffix}")
        path.write_text(LISTS[kind].format(folder=tmp_path, host=secrets))
        for name, opener in OPENERS.items():
            with watched(tmp_path) as opened, pytest.raises(WorkbenchError) as caught:
                opener(path)
            assert set(opened) <= {path.name}, name
            assert "secret" not in str(caught.value), name
            assert "\n" not in str(caught.value), name


@pytest.mark.parametrize("text", STRINGS)
def test_a_protocol_is_the_name_of_no_file(secrets, tmp_path, text):
    text = text.format(host=secrets)
    for name, opener in OPENERS.items():
        with watched(tmp_path) as opened, pytest.raises(WorkbenchError):
            opener(Path(text) if name.startswith("the runner") else text)
        assert opened == [], name


def test_the_watch_bites(secrets, tmp_path):
    """Without the list of formats the same program opens the other file."""
    path = Path("list.mp4")
    path.write_text(LISTS["concat"])
    arguments = graph.clip_sound(path, 8000, 1.0, start=0)
    place = arguments.index("-format_whitelist")
    with watched(tmp_path) as opened:
        runner(arguments[:place] + arguments[place + 2 :], path)
    assert "secret.mp4" in opened


def test_every_opening_of_foreign_media_has_its_list_of_formats():
    """By the source: PyAV and Pillow guess otherwise, and soundfile reads its own few formats."""
    import ast

    root = Path(wb.__file__).parent
    found = 0
    for file in root.rglob("*.py"):
        text = file.read_text()
        if not any(word in text for word in ("av.open", "Image.open", "VideoCapture", "imread")):
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            keys = {keyword.arg for keyword in node.keywords}
            ours = bool(node.args) and "part" in ast.unparse(node.args[0])  # what was just written
            if (owner, node.func.attr) == ("av", "open") and "mode" not in keys and not ours:
                assert keys & {"options", "format"}, f"{file}:{node.lineno}"
                found += 1
            if (owner, node.func.attr) == ("Image", "open"):
                assert "formats" in keys, f"{file}:{node.lineno}"
                found += 1
            assert (owner, node.func.attr) not in {
                ("cv2", "VideoCapture"),
                ("cv2", "imread"),
                ("imageio", "imread"),
            }, f"{file}:{node.lineno}"
    assert found >= 6
